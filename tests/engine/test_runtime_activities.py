"""Tasks of every kind, repetition, and what the engine says about user tasks."""

from datetime import timedelta
from decimal import Decimal

import pytest
from diagrams import (
    boundary,
    call,
    catch,
    element,
    end,
    error,
    loop,
    manual,
    many,
    message,
    process,
    receive,
    script,
    service,
    start,
    sub,
    task,
    timer,
    user,
)
from rehearsing import HOUR, NOW, do, names, rehearse

from engine.operations import BusinessError
from engine.rehearsal import ReleaseRefused

# -- tasks ------------------------------------------------------------------------------------


def test_a_task_without_a_type_is_passed_and_a_manual_task_waits_for_somebody() -> None:
    drawn = rehearse(start("s"), task("t"), manual("m"), end("e"), flows="s > t > m > e")
    instance = drawn.start("p")
    assert drawn.trace(instance) == ["s", "t"]
    do(drawn, "m")
    assert drawn.has_ended(instance)


def test_a_script_writes_the_entries_of_its_context() -> None:
    drawn = rehearse(
        start("s"),
        script("a", '{n: 1.5, words: ["x"], deep: {y: null}}'),
        end("e"),
        flows="s > a > e",
    )
    instance = drawn.start("p")
    assert drawn.variables(instance) == {"n": Decimal("1.5"), "words": ["x"], "deep": {"y": None}}


def test_a_script_that_gives_no_context_is_an_incident() -> None:
    drawn = rehearse(start("s"), script("a", "1 + n"), end("e"), flows="s > a > e")
    drawn.start("p", {"n": 1})
    assert [incident.error for incident in drawn.incidents()] == ["NotAContext"]


def test_a_script_may_name_the_variable_for_its_value() -> None:
    drawn = rehearse(
        start("s"), script("a", "n + 1", resultVariable="m"), end("e"), flows="s > a > e"
    )
    assert drawn.variables(drawn.start("p", {"n": 1})) == {"n": 1, "m": 2}


def test_a_service_task_gives_feel_parameters_and_takes_the_result() -> None:
    asked = []

    def grade(**given: object) -> dict[str, object]:
        asked.append(given)
        return {"level": "high", "points": 3}

    drawn = rehearse(
        start("s"),
        service("a", "risk.grade", score="n + 1", case_id="case_id"),
        service("b", "risk.grade", result="risk", score="1"),
        end("e"),
        flows="s > a > b > e",
        operations={"risk.grade": grade},
    )
    instance = drawn.start("p", {"n": 1, "case_id": "A"})
    assert asked == [{"score": 2, "case_id": "A"}, {"score": 1}]
    assert drawn.variables(instance)["level"] == "high"
    assert drawn.variables(instance)["risk"] == {"level": "high", "points": 3}


def test_an_unknown_operation_is_refused_before_anything_runs() -> None:
    with pytest.raises(ReleaseRefused) as refused:
        rehearse(start("s"), service("a", "no.such"), end("e"), flows="s > a > e")
    assert [finding.rule for finding in refused.value.findings if "no.such" in finding.message]


def test_a_result_that_feel_has_no_type_for_is_an_incident() -> None:
    drawn = rehearse(
        start("s"),
        service("a", "x.y", result="r"),
        end("e"),
        flows="s > a > e",
        operations={"x.y": lambda: {1, 2}},
    )
    drawn.start("p")
    assert [incident.error for incident in drawn.incidents()] == ["NotAValue"]


def test_retrying_an_incident_runs_the_step_again() -> None:
    attempts = []

    def ring() -> None:
        attempts.append(1)
        if len(attempts) < 3:
            raise ConnectionError

    drawn = rehearse(
        start("s"), service("a", "x.y"), end("e"), flows="s > a > e", operations={"x.y": ring}
    )
    instance = drawn.start("p")
    for _ in range(2):
        assert not drawn.has_ended(instance)
        (incident,) = drawn.incidents()
        assert incident.id is not None
        drawn.retry(incident.id)
    assert drawn.has_ended(instance)
    assert drawn.trace(instance) == ["s", "a", "e"]


def test_skipping_an_incident_goes_on_with_what_a_person_sets() -> None:
    def broken() -> None:
        raise ConnectionError

    drawn = rehearse(
        start("s"),
        service("a", "x.y", result="r"),
        script("b", "{m: r + 1}"),
        end("e"),
        flows="s > a > b > e",
        operations={"x.y": broken},
    )
    instance = drawn.start("p")
    incident = drawn.incidents()[0].id
    assert incident is not None
    drawn.skip(incident, {"r": 4})
    assert drawn.variables(instance) == {"r": 4, "m": 5}
    assert drawn.trace(instance) == ["s", "b", "e"]


# -- user tasks -------------------------------------------------------------------------------

LANES = """
<bpmn:laneSet id="lanes"><bpmn:lane id="l1" name="handler"><bpmn:flowNodeRef>a</bpmn:flowNodeRef>
</bpmn:lane><bpmn:lane id="l2" name="team_leader"><bpmn:flowNodeRef>b</bpmn:flowNodeRef>
</bpmn:lane></bpmn:laneSet>
"""
ROLES = "sets:\n  handler: [contact_handler, duty_worker]\n"


def test_a_user_task_says_who_when_and_what() -> None:
    drawn = rehearse(
        LANES,
        start("s"),
        user(
            "a",
            name="Ring back",
            form="contact",
            assignee="worker",
            excludedOwners="[assessor, null]",
            dueAt="PT2H",
            followUpAt="now() + duration(&quot;PT1H&quot;)".replace("&quot;", '"'),
            priority="if urgent then 0 else 3",
            team="null",
        ),
        user("b", potentialOwners="handler, volunteer"),
        end("e"),
        flows="s > a > b > e",
        files={"roles.yaml": ROLES},
    )
    drawn.start("p", {"worker": "amina", "assessor": "ben", "urgent": True})
    (a,) = drawn.open_tasks()
    assert (a.name, a.lane, a.form, a.assignee) == ("Ring back", "handler", "contact", "amina")
    assert a.potential_owners == ("contact_handler", "duty_worker")
    assert a.excluded_owners == ("ben",)
    assert (a.due_at, a.follow_up_at, a.priority) == (NOW + 2 * HOUR, NOW + HOUR, 0)
    do(drawn, "a")
    (b,) = drawn.open_tasks()
    assert b.potential_owners == ("contact_handler", "duty_worker", "volunteer")
    assert (b.name, b.due_at, b.priority) == ("b", None, 2)


# -- repetition -------------------------------------------------------------------------------


def test_parallel_instances_run_at_once_and_collect_in_order() -> None:
    drawn = rehearse(
        start("s"),
        user("ask", many(over="people", each="person", into="answers", output="answer")),
        end("e"),
        flows="s > ask > e",
    )
    instance = drawn.start("p", {"people": ["x", "y", "z"]})
    tasks = drawn.open_tasks()
    seen = [drawn.task_variables(task.id) for task in tasks]
    assert [(each["person"], each["loopCounter"]) for each in seen] == [
        ("x", 1),
        ("y", 2),
        ("z", 3),
    ]
    for index in (2, 0, 1):
        drawn.complete(tasks[index].id, {"answer": seen[index]["person"] * 2})
    assert drawn.has_ended(instance)
    assert drawn.variables(instance) == {"people": ["x", "y", "z"], "answers": ["xx", "yy", "zz"]}
    assert drawn.trace(instance) == ["s", "ask", "ask", "ask", "e"]


def test_sequential_instances_run_one_after_the_other() -> None:
    drawn = rehearse(
        start("s"), user("ask", many(times="3", sequential=True)), end("e"), flows="s > ask > e"
    )
    instance = drawn.start("p")
    for number in (1, 2, 3):
        (open_task,) = drawn.open_tasks()
        counters = drawn.task_variables(open_task.id)
        assert counters["loopCounter"] == number
        assert counters["numberOfInstances"] == 3
        assert counters["numberOfActiveInstances"] == 1
        assert counters["numberOfCompletedInstances"] == number - 1
        drawn.complete(open_task.id)
    assert drawn.has_ended(instance)


def test_a_completion_condition_cancels_the_remaining_instances() -> None:
    drawn = rehearse(
        start("s"),
        user(
            "vote",
            many(times="5", until="numberOfCompletedInstances / numberOfInstances >= 0.6"),
        ),
        user("next"),
        end("e"),
        flows="s > vote > next > e",
    )
    instance = drawn.start("p")
    for _ in range(3):
        do(drawn, "vote")
    assert names(drawn) == ["next"]
    assert drawn.trace(instance).count("vote") == 3


def test_an_empty_collection_is_passed() -> None:
    drawn = rehearse(
        start("s"), user("ask", many(over="people", each="x")), end("e"), flows="s > ask > e"
    )
    assert drawn.has_ended(drawn.start("p", {"people": []}))


def test_a_collection_that_is_no_list_is_an_incident() -> None:
    drawn = rehearse(
        start("s"), user("ask", many(over="people", each="x")), end("e"), flows="s > ask > e"
    )
    drawn.start("p", {"people": 3})
    assert [incident.error for incident in drawn.incidents()] == ["NotACollection"]


def test_a_subprocess_can_be_repeated_with_variables_of_its_own() -> None:
    drawn = rehearse(
        start("s"),
        sub(
            "each",
            start("s1"),
            script("a", "{y: x * x}"),
            end("e1"),
            many(over="xs", each="x", into="ys", output="y"),
            flows="s1 > a > e1",
        ),
        end("e"),
        flows="s > each > e",
    )
    instance = drawn.start("p", {"xs": [1, 2, 3]})
    assert drawn.variables(instance) == {"xs": [1, 2, 3], "ys": [1, 4, 9]}
    assert drawn.trace(instance).count("each") == 3


def test_a_boundary_event_sits_on_all_instances_together() -> None:
    drawn = rehearse(
        start("s"),
        user("ask", many(times="3")),
        boundary("t", "ask", timer("PT1H")),
        end("e"),
        end("e2"),
        flows="s > ask > e; t > e2",
    )
    instance = drawn.start("p")
    do(drawn, "ask")
    drawn.advance(HOUR)
    assert names(drawn) == []
    assert drawn.trace(instance) == ["s", "ask", "t", "e2"]


def test_an_error_in_one_instance_cancels_all() -> None:
    def ring(number: int) -> None:
        if number == 2:
            raise BusinessError("E1")

    drawn = rehearse(
        start("s"),
        service("a", "x.y", many(times="3"), number="loopCounter"),
        boundary("caught", "a", error("E1")),
        end("e"),
        end("e2"),
        flows="s > a > e; caught > e2",
        operations={"x.y": ring},
    )
    assert drawn.trace(drawn.start("p")) == ["s", "a", "caught", "e2"]


def test_a_call_can_be_repeated() -> None:
    called = process(start("s2"), script("a", "{y: x + 1}"), end("e2"), flows="s2 > a > e2", id="q")
    drawn = rehearse(
        start("s"),
        call("c", "q", many(over="xs", each="x", into="ys", output="y", sequential=True)),
        end("e"),
        flows="s > c > e",
        others=(called,),
    )
    instance = drawn.start("p", {"xs": [1, 2]})
    assert drawn.variables(instance)["ys"] == [2, 3]


def test_a_receive_task_can_be_repeated() -> None:
    drawn = rehearse(
        start("s"),
        receive("r", "paid", many(times="2", sequential=True)),
        end("e"),
        flows="s > r > e",
    )
    instance = drawn.start("p")
    drawn.send_message("paid")
    assert not drawn.has_ended(instance)
    drawn.send_message("paid")
    assert drawn.has_ended(instance)


@pytest.mark.parametrize(
    ("made", "rounds"),
    [
        (loop("n < 3"), 3),
        (loop("n < 3", before=True), 3),
        (loop("n < 0"), 1),
        (loop("n < 0", before=True), 0),
        (loop("true", maximum=2), 2),
        (loop("true", before=True, maximum=2), 2),
        (loop("loopCounter < 4"), 4),
    ],
)
def test_a_standard_loop_runs_while_its_condition_holds(made: str, rounds: int) -> None:
    drawn = rehearse(start("s"), script("a", "{n: n + 1}", made), end("e"), flows="s > a > e")
    instance = drawn.start("p", {"n": 0})
    assert drawn.trace(instance) == ["s", *["a"] * rounds, "e"]
    assert drawn.variables(instance) == {"n": rounds}


def test_a_loop_of_user_tasks() -> None:
    drawn = rehearse(start("s"), user("a", loop("again")), end("e"), flows="s > a > e")
    instance = drawn.start("p")
    do(drawn, "a", again=True)
    do(drawn, "a", again=True)
    do(drawn, "a", again=False)
    assert drawn.trace(instance) == ["s", "a", "a", "a", "e"]


# -- data objects -----------------------------------------------------------------------------


def test_data_objects_are_variables() -> None:
    objects = element("dataObject", "order") + element(
        "dataObjectReference", "order_here", dataObjectRef="order"
    )
    drawn = rehearse(
        objects,
        start("s"),
        script("a", "{order: {n: 2}}"),
        script("b", "{twice: order.n * 2}"),
        end("e"),
        flows="s > a > b > e",
    )
    assert drawn.variables(drawn.start("p")) == {"order": {"n": 2}, "twice": 4}


def test_a_collection_may_be_a_data_object() -> None:
    objects = element("dataObject", "people") + element(
        "dataObjectReference", "people_here", dataObjectRef="people"
    )
    drawn = rehearse(
        objects,
        start("s"),
        script("a", "{n: n + x}", many(over="people_here", each="x", sequential=True)),
        end("e"),
        flows="s > a > e",
    )
    assert drawn.variables(drawn.start("p", {"people": [1, 2], "n": 0}))["n"] == 3


def test_time_stands_in_the_expressions() -> None:
    drawn = rehearse(
        start("s"),
        catch("t", timer("PT1H")),
        script("a", "{at: now()}"),
        end("e"),
        flows="s > t > a > e",
    )
    instance = drawn.start("p")
    drawn.advance(timedelta(hours=3))
    assert drawn.variables(instance) == {"at": NOW + HOUR}


def test_a_message_can_be_caught_while_tasks_are_open() -> None:
    drawn = rehearse(
        start("s"),
        user("a"),
        boundary("m", "a", message("news"), interrupting=False),
        user("b"),
        end("e"),
        end("e2"),
        flows="s > a > e; m > b > e2",
    )
    drawn.start("p")
    drawn.send_message("news", {"n": 1})
    assert names(drawn) == ["a", "b"]
