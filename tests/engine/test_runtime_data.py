"""Data objects, inputs and outputs of activities (BPMN 2.0.2, 10.4)."""

from diagrams import call, element, end, many, process, script, start, user
from rehearsing import do, rehearse

ORDER = element("dataObject", "order") + element(
    "dataObjectReference", "order_here", dataObjectRef="order"
)
TOTAL = element("dataObject", "total") + element(
    "dataObjectReference", "total_here", dataObjectRef="total"
)


def io(inputs: dict[str, str], outputs: dict[str, str]) -> str:
    """An ioSpecification: ids of inputs and outputs with their names."""
    made = "".join(element("dataInput", id, name=name) for id, name in inputs.items())
    made += "".join(element("dataOutput", id, name=name) for id, name in outputs.items())
    sets = "<bpmn:inputSet>" + "".join(
        f"<bpmn:dataInputRefs>{id}</bpmn:dataInputRefs>" for id in inputs
    )
    sets += "</bpmn:inputSet><bpmn:outputSet>" + "".join(
        f"<bpmn:dataOutputRefs>{id}</bpmn:dataOutputRefs>" for id in outputs
    )
    return f"<bpmn:ioSpecification>{made}{sets}</bpmn:outputSet></bpmn:ioSpecification>"


def association(kind: str, source: str, target: str, more: str = "") -> str:
    tag = f"data{kind}Association"
    return (
        f"<bpmn:{tag}><bpmn:sourceRef>{source}</bpmn:sourceRef>"
        f"<bpmn:targetRef>{target}</bpmn:targetRef>{more}</bpmn:{tag}>"
    )


DOUBLED = (
    io({"in1": "amount"}, {"out1": "doubled"})
    + association("Input", "order_here", "in1")
    + association("Output", "out1", "total_here")
)


def test_inputs_and_outputs_of_a_task_have_names_of_their_own() -> None:
    drawn = rehearse(
        ORDER, TOTAL, start("s"), script("a", "{doubled: amount * 2}", DOUBLED), end("e"),
        flows="s > a > e",
    )  # fmt: skip
    assert drawn.variables(drawn.start("p", {"order": 4})) == {"order": 4, "total": 8}


def test_a_transformation_is_feel() -> None:
    more = "<bpmn:transformation>order.lines[1] + 1</bpmn:transformation>"
    inside = io({"in1": "amount"}, {}) + association("Input", "order_here", "in1", more)
    drawn = rehearse(
        ORDER, start("s"), script("a", "{n: amount}", inside), end("e"), flows="s > a > e"
    )
    assert drawn.variables(drawn.start("p", {"order": {"lines": [4, 5]}}))["n"] == 5


def test_a_person_sees_the_inputs_and_gives_the_outputs() -> None:
    drawn = rehearse(ORDER, TOTAL, start("s"), user("a", DOUBLED), end("e"), flows="s > a > e")
    instance = drawn.start("p", {"order": 4})
    assert drawn.task_variables(drawn.open_tasks()[0].id)["amount"] == 4
    do(drawn, "a", doubled=9)
    assert drawn.variables(instance) == {"order": 4, "total": 9}


def test_a_call_passes_what_is_associated_and_nothing_else() -> None:
    called = process(
        start("s2"), script("twice", "{doubled: amount * 2, secret: 1}"), end("e2"),
        flows="s2 > twice > e2", id="q",
    )  # fmt: skip
    drawn = rehearse(
        ORDER, TOTAL, start("s"), call("c", "q", DOUBLED), end("e"), flows="s > c > e",
        others=(called,),
    )  # fmt: skip
    assert drawn.variables(drawn.start("p", {"order": 4, "x": 1})) == {
        "order": 4, "x": 1, "total": 8
    }  # fmt: skip


def test_a_list_for_a_repeated_task_may_come_through_a_data_input() -> None:
    inside = io({"in1": "things"}, {}) + association("Input", "order_here", "in1")
    drawn = rehearse(
        ORDER,
        start("s"),
        script("a", "{n: n + x}", inside + many(over="in1", each="x", sequential=True)),
        end("e"),
        flows="s > a > e",
    )
    assert drawn.variables(drawn.start("p", {"order": [1, 2, 3], "n": 0}))["n"] == 6


def test_what_a_modeller_draws_to_a_placeholder_says_nothing() -> None:
    placeholder = (
        '<bpmn:property id="prop" name="__targetRef_placeholder"/>'
        "<bpmn:dataInputAssociation><bpmn:sourceRef>order_here</bpmn:sourceRef>"
        "<bpmn:targetRef>prop</bpmn:targetRef></bpmn:dataInputAssociation>"
        "<bpmn:dataOutputAssociation><bpmn:targetRef>total_here</bpmn:targetRef>"
        "</bpmn:dataOutputAssociation>"
    )
    drawn = rehearse(
        ORDER, TOTAL, start("s"), script("a", "{total: order}", placeholder), end("e"),
        flows="s > a > e",
    )  # fmt: skip
    assert drawn.variables(drawn.start("p", {"order": 4})) == {"order": 4, "total": 4}
