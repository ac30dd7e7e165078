"""Nothing that a diagram says is passed over in silence: it is carried out, refused or told."""

import pytest
from diagrams import (
    boundary,
    call,
    catch,
    compensation,
    complex_gateway,
    diagram,
    element,
    end,
    event_gateway,
    many,
    marked,
    message,
    parallel,
    process,
    script,
    signal,
    start,
    sub,
    task,
    text,
    throw,
    undone_by,
    user,
    xor,
)
from drawing import checked, findings_of, one, refusals

from engine.findings import Finding, Severity

XPATH = "http://www.w3.org/1999/XPath"
REFERENCE = "<bpmn:eventDefinitionRef>meant</bpmn:eventDefinitionRef>"


def drawn(*inside: str, flows: str = "s > a > e", defs: str = "") -> str:
    return diagram(process(start("s"), *inside, end("e"), flows=flows), defs=defs)


def refused(text: str) -> set[str]:
    found = [f for f in findings_of(text) if f.severity == Severity.CANNOT_EXECUTE]
    assert all(f.element_id and f.message and f.remedy for f in found)
    return {f.rule for f in found}


# -- languages --------------------------------------------------------------------------------


def in_xpath(condition: str) -> list[Finding]:
    flow = drawn(
        xor("x", "e"), task("a"), flows=f"s > x; x > a [{condition or 'true'}]; x > e; a > e"
    )
    said = (
        f'<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression" id="c1" language="{XPATH}">'
    )
    flow = flow.replace("<bpmn:conditionExpression>", said)
    return findings_of(flow if condition else flow.replace(">true<", "><"))


def test_another_language_is_told_on_the_flow_and_not_on_a_part_that_nobody_drew():
    found = one(in_xpath("a > 1"), "other_language")
    assert found.message == f"'x__a' is written in '{XPATH}'; only FEEL is carried out."
    assert found.element_id == "x__a"


def test_a_condition_without_a_text_is_in_no_language():
    assert [f for f in in_xpath("") if f.rule == "other_language"] == []


def test_the_script_of_a_global_task_has_a_language_too():
    made = element("globalScriptTask", "g", text("script", "{}"), scriptLanguage="groovy")
    assert "other_language" in refused(drawn(call("a", "g"), defs=made))


GLOBAL_SCRIPT = "<bpmn:globalScriptTask id='g'>{}</bpmn:globalScriptTask>"


@pytest.mark.parametrize(
    ("made", "rules"),
    [
        (GLOBAL_SCRIPT.format(""), {"no_script"}),
        (GLOBAL_SCRIPT.format(text("script", "((")), {"not_feel"}),
        (GLOBAL_SCRIPT.format(text("script", "12")), {"not_a_context"}),
        (GLOBAL_SCRIPT.format(text("script", "{n: 1}")), set()),
        ("<bpmn:globalUserTask id='g' name='Ring'/>", {"no_form", "no_owner"}),
        ("<bpmn:globalBusinessRuleTask id='g'/>", {"no_decision"}),
        ("<bpmn:globalManualTask id='g'/>", set()),
    ],
)
def test_a_global_task_is_held_to_the_rules_of_its_kind(made, rules):
    found = findings_of(drawn(call("a", "g"), defs=made))
    assert {f.rule for f in found if f.element_id == "g"} == rules


@pytest.mark.parametrize(("language", "told"), [(XPATH, 1), ("FEEL", 0), ("", 0)])
def test_the_language_of_the_file_is_told_once(language, told):
    made = drawn(xor("x", "e"), task("a"), flows="s > x; x > a [n > 1]; x > e; a > e")
    made = made.replace(' id="definitions_1"', f' id="d" expressionLanguage="{language}"', 1)
    found = [f for f in findings_of(made) if f.rule == "file_language"]
    assert len(found) == told
    assert all(f.severity == Severity.WARNING and f.element_id == "x__a" for f in found)


def test_every_habit_of_another_language_gets_its_remedy():
    made = drawn(xor("x", "e"), task("a"), flows="s > x; x > a [${n == 'yes'}]; x > e; a > e")
    assert one(findings_of(made), "not_feel").remedy == (
        "Compare with a single '='. Write the expression without '${' and '}'. "
        "Texts stand in double quotes."
    )


@pytest.mark.parametrize(
    ("made", "rule"),
    [
        (complex_gateway("j", "activationCount >="), "not_feel"),
        (complex_gateway("j", "12"), "not_a_test"),
        (complex_gateway("j", "= nr of arrivals"), "prose"),
    ],
)
def test_the_condition_of_a_complex_gateway_is_looked_at(made, rule):
    branches = "s > f > a > j > e; f > b > j"
    found = drawn(parallel("f"), task("a"), task("b"), made, flows=branches)
    assert refused(found) == {rule}


def test_a_complex_gateway_knows_its_counters():
    made = complex_gateway("j", "= activationCount >= 1 and waitingForStart")
    branches = "s > f > a > j > e; f > b > j"
    assert refusals(drawn(parallel("f"), task("a"), task("b"), made, flows=branches)) == []


@pytest.mark.parametrize(
    ("marker", "rule"),
    [
        (many(times='"three"'), "not_a_number"),
        (many(times="[1, 2]"), "not_a_number"),
        (many(over="all the open letters", each="letter"), "prose"),
        (many(over="letters[", each="letter"), "not_feel"),
    ],
)
def test_a_repetition_that_can_never_begin_is_refused(marker, rule):
    assert refused(drawn(task("a", marker))) == {rule}


RULE = "<bpmn:complexBehaviorDefinition>{}</bpmn:complexBehaviorDefinition>"
WHEN = text("condition", "numberOfCompletedInstances = 2")
WHAT = '<bpmn:event id="tell"><bpmn:signalEventDefinition signalRef="signal_y"/></bpmn:event>'


@pytest.mark.parametrize(
    ("inside", "rules"),
    [
        ("", {"multi_instance_behaviour"}),
        (RULE.format(WHEN), {"multi_instance_behaviour"}),
        (RULE.format(text("condition", "") + WHAT), {"multi_instance_behaviour"}),
        (RULE.format(text("condition", "((") + WHAT), {"not_feel"}),
        (RULE.format(text("condition", "12") + WHAT), {"not_a_test"}),
        (RULE.format(WHEN + WHAT), set()),
    ],
)
def test_complex_behaviour_says_when_and_what(inside, rules):
    marker = many(times="3").replace(" isSequential", ' behavior="Complex" isSequential')
    marker = marker.replace("</bpmn:multi", f"{inside}</bpmn:multi")
    assert refused(drawn(task("a", marker))) == rules


# -- what has no effect, or another one ----------------------------------------------------------


def test_an_event_gateway_that_waits_for_all_of_its_events_is_refused():
    gateway = marked(event_gateway("a"), "a", eventGatewayType="Parallel")
    made = drawn(gateway, catch("b", message("m")), catch("c", message("n")),
                 flows="s > a > b > e; a > c > e")  # fmt: skip
    assert refused(made) == {"parallel_event_gateway"}


@pytest.mark.parametrize(
    ("method", "rules"),
    [("##Compensate", set()), ("##compensate", set()), ("##Image", {"transaction_method"})],
)
def test_a_transaction_is_taken_back_by_compensation(method, rules):
    made = element("transaction", "a", task("b"), method=method)
    assert refused(drawn(made)) == rules


NEEDS = (
    '<bpmn:ioSpecification><bpmn:dataInput id="d"/><bpmn:inputSet><bpmn:dataInputRefs>d'
    "</bpmn:dataInputRefs></bpmn:inputSet><bpmn:outputSet/></bpmn:ioSpecification>"
    '<bpmn:dataInputAssociation id="x">{}<bpmn:targetRef>d</bpmn:targetRef>{}'
    "</bpmn:dataInputAssociation>"
)
TWO = text("sourceRef", "one") + text("sourceRef", "two")


def assigned(where: str) -> str:
    return f"<bpmn:assignment>{text('from', 'one + 1')}{text('to', where)}</bpmn:assignment>"


@pytest.mark.parametrize(
    ("sources", "computed", "rules"),
    [
        (TWO, "", {"several_sources"}),
        (TWO, text("transformation", "one + two"), set()),
        (text("sourceRef", "one"), "", set()),
        (text("sourceRef", "one"), assigned("d"), set()),
        (text("sourceRef", "one"), assigned("two"), {"assigned_elsewhere"}),
    ],
)
def test_a_data_association_has_one_source_and_one_target(sources, computed, rules):
    data = '<bpmn:dataObject id="one"/><bpmn:dataObject id="two"/>'
    computed = computed.replace("<bpmn:transformation>", "<bpmn:transformation>= ")
    if "transformation" in computed:  # it stands before the target; the order means nothing
        sources, computed = sources + computed, ""
    assert refused(drawn(data, task("a", NEEDS.format(sources, computed)))) == rules


@pytest.mark.parametrize("tag", ["performer", "humanPerformer", "potentialOwner"])
def test_roles_of_resources_are_told_to_have_no_effect(tag):
    who = element(tag, "who", text("resourceRef", "desk"))
    made = drawn(user("a", who), defs='<bpmn:resource id="desk" name="Front desk"/>')
    found = one(findings_of(made), "role_without_effect")
    assert (found.severity, found.element_id) == (Severity.WARNING, "a")


def test_a_signal_that_nobody_hears_waits_for_no_person():
    found = one(findings_of(drawn(throw("a", signal("y")))), "no_receiver")
    assert found.remedy == "Add the process that receives it; until then nobody hears it."


def test_a_start_by_a_condition_is_named_as_one():
    made = "<bpmn:conditionalEventDefinition><bpmn:condition>n > 1</bpmn:condition>"
    made = diagram(
        process(start("s", made + "</bpmn:conditionalEventDefinition>"), end("e"), flows="s > e")
    )
    assert "start the process by a condition," in one(findings_of(made), "unattended_start").message


def test_a_finding_about_a_part_without_an_id_is_shown_at_what_it_is_a_part_of():
    made = drawn(task("a", "<bpmn:note>x</bpmn:note>"))
    assert one(findings_of(made), "unknown_element").element_id == "a"


def test_what_a_tool_writes_out_in_full_takes_nothing_from_the_checks():
    step = element("task", "a", startQuantity="1", completionQuantity="1")
    split = "s > f; f > a [n > 1]; f > b [n < 1]; a > j; b > j; j > e"
    assert refused(drawn(xor("f"), step, task("b"), parallel("j"), flows=split)) == {"stuck_join"}


# -- definitions by reference -----------------------------------------------------------------


def undoing(*handlers: str) -> str:
    inside = sub("a", start("s1"), script("b", "{}"), end("e1"), *handlers, flows="s1 > b > e1")
    meant = '<bpmn:compensateEventDefinition id="meant"/>'
    return drawn(inside, throw("t", compensation()), flows="s > a > t > e", defs=meant)


def handler(id: str, begins: str, **attributes: str) -> str:
    inside = (start(f"{id}_s", begins), end(f"{id}_e"))
    made = sub(id, *inside, flows=f"{id}_s > {id}_e", event=True)
    return marked(made, id, **attributes) if attributes else made


@pytest.mark.parametrize("begins", [compensation(), REFERENCE])
def test_one_event_subprocess_undoes_a_subprocess_and_may_be_marked_so(begins):
    made = undoing(handler("h", begins, isForCompensation="true"))
    assert checked(made).processes
    assert refused(undoing(handler("h", begins), handler("i", begins))) == {"compensation_start"}


def test_an_event_subprocess_that_is_started_otherwise_undoes_nothing():
    made = undoing(handler("h", signal("y"), isForCompensation="true"))
    assert refused(made) == {"undoes_nothing"}


def test_a_transaction_may_be_cancelled_by_reference():
    inside = script("b", "{}") + undone_by("on", "b", script("undo", "{}"), "undo")
    made = sub("a", start("s1"), inside, end("e1", REFERENCE), flows="s1 > b > e1",
               tag="transaction")  # fmt: skip
    left = boundary("c", "a", REFERENCE), end("e2")
    meant = '<bpmn:cancelEventDefinition id="meant"/>'
    assert refused(drawn(made, *left, flows="s > a > e; c > e2", defs=meant)) == set()
    assert refused(drawn(made, defs=meant)) == {"no_cancel_boundary"}


@pytest.mark.parametrize(
    ("meant", "rule"),
    [
        ("<bpmn:timerEventDefinition id='meant'/>", "no_time"),
        ("<bpmn:signalEventDefinition id='meant'/>", "unnamed_message"),
        (
            "<bpmn:conditionalEventDefinition id='meant'><bpmn:condition/>"
            "</bpmn:conditionalEventDefinition>",
            "no_condition",
        ),
    ],
)
def test_a_definition_by_reference_says_what_it_means(meant, rule):
    assert refused(drawn(catch("a", REFERENCE), defs=meant)) == {rule}


def test_a_cancel_event_by_reference_stands_in_a_transaction():
    made = diagram(
        process(start("s"), end("e", REFERENCE), flows="s > e"),
        defs='<bpmn:cancelEventDefinition id="meant"/>',
    )
    assert refused(made) == {"cancel_outside"}
