"""The traps of events (engine notes, 31 to 46)."""

import pytest
from diagrams import (
    boundary,
    catch,
    condition,
    end,
    error,
    escalation,
    event_gateway,
    message,
    parallel,
    process,
    receive,
    script,
    service,
    signal,
    start,
    sub,
    timer,
    user,
)
from rehearsing import HOUR, do, names, rehearse

from engine.operations import BusinessError


def handler(begin: str, *, interrupting: bool = True) -> str:
    first = start("hs", begin, interrupting=interrupting)
    return sub("h", first, user("fix"), end("he"), flows="hs > fix > he", event=True)


@pytest.mark.parametrize("begin", [error("E1"), error(), escalation("E1"), escalation()])
def test_trap_31_no_handler_runs_at_the_start_of_the_process(begin: str) -> None:
    drawn = rehearse(start("s"), user("a"), end("e"), handler(begin), flows="s > a > e")
    drawn.start("p")
    assert names(drawn) == ["a"]


@pytest.mark.parametrize(("interrupting", "open_then"), [(True, ["fix"]), (False, ["a", "fix"])])
def test_trap_32_whether_a_handler_interrupts_is_obeyed(
    interrupting: bool, open_then: list[str]
) -> None:
    made = handler(message("stop"), interrupting=interrupting)
    drawn = rehearse(start("s"), user("a"), end("e"), made, flows="s > a > e")
    drawn.start("p")
    drawn.send_message("stop")
    assert names(drawn) == open_then


def test_trap_33_a_handler_inside_a_subprocess_is_triggered() -> None:
    inside = sub(
        "sp", start("s1"), user("a"), end("e1"), handler(message("stop")), flows="s1 > a > e1"
    )
    drawn = rehearse(start("s"), inside, user("after"), end("e"), flows="s > sp > after > e")
    drawn.start("p")
    drawn.send_message("stop")
    assert names(drawn) == ["fix"]
    do(drawn, "fix")
    assert names(drawn) == ["after"]


def test_trap_34_a_boundary_event_that_does_not_interrupt_hears_the_second_message() -> None:
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
    drawn.send_message("news")
    drawn.send_message("news")
    assert names(drawn) == ["a", "b", "b"]


def test_trap_35_a_signal_end_event_throws() -> None:
    drawn = rehearse(
        start("s"),
        parallel("f"),
        catch("c", signal("done")),
        user("a"),
        end("e", signal("done")),
        end("e2"),
        flows="s > f > a > e; f > c > e2",
    )
    instance = drawn.start("p")
    do(drawn, "a")
    assert drawn.has_ended(instance)


LINKS = (
    '<bpmn:intermediateThrowEvent id="out"><bpmn:linkEventDefinition name="page two"/>'
    "</bpmn:intermediateThrowEvent>"
    '<bpmn:intermediateCatchEvent id="into"><bpmn:linkEventDefinition name="page two"/>'
    "</bpmn:intermediateCatchEvent>"
)


def test_trap_36_a_link_goes_on_at_its_partner() -> None:
    drawn = rehearse(start("s"), LINKS, user("a"), end("e"), flows="s > out; into > a > e")
    instance = drawn.start("p")
    assert names(drawn) == ["a"]
    assert drawn.trace(instance) == ["s", "out", "into"]


def test_trap_37_a_referenced_event_definition_counts() -> None:
    shared = (
        '<bpmn:timerEventDefinition id="in_an_hour">'
        "<bpmn:timeDuration>PT1H</bpmn:timeDuration></bpmn:timerEventDefinition>"
    )
    waits = catch("t", "<bpmn:eventDefinitionRef>in_an_hour</bpmn:eventDefinitionRef>")
    drawn = rehearse(start("s"), waits, end("e"), flows="s > t > e", defs=shared)
    instance = drawn.start("p")
    assert not drawn.has_ended(instance)
    drawn.advance(HOUR)
    assert drawn.has_ended(instance)


def test_trap_38_what_an_instance_throws_reaches_the_others() -> None:
    drawn = rehearse(
        start("s"),
        end("e", message("hello", payload="{to: who}") + signal("alarm")),
        flows="s > e",
        others=(
            process(
                start("s2"),
                parallel("f"),
                catch("c", message("hello", correlationKey="to")),
                catch("d", signal("alarm")),
                end("e2"),
                end("e3"),
                flows="s2 > f > c > e2; f > d > e3",
                id="q",
            ),
        ),
    )
    ben, chidi = drawn.start("q", {"to": "ben"}), drawn.start("q", {"to": "chidi"})
    drawn.start("p", {"who": "chidi"})
    assert "c" not in drawn.trace(ben) and "d" in drawn.trace(ben)
    assert "c" in drawn.trace(chidi) and "d" in drawn.trace(chidi)


def test_trap_39_a_message_nobody_waits_for_is_kept() -> None:
    drawn = rehearse(start("s"), user("a"), receive("r", "news"), end("e"), flows="s > a > r > e")
    instance = drawn.start("p")
    assert drawn.send_message("news") == []
    do(drawn, "a")
    assert drawn.has_ended(instance)


def test_trap_40_correlation_is_checked_without_a_payload_too() -> None:
    drawn = rehearse(
        start("s"),
        catch("c", message("paid", correlationKey="case_id")),
        end("e"),
        flows="s > c > e",
    )
    instance = drawn.start("p", {"case_id": "A"})
    assert drawn.send_message("paid", correlation={"case_id": "B"}) == []
    assert drawn.send_message("paid") == []
    assert drawn.send_message("paid", correlation={"case_id": "A"}) == [instance]


def test_trap_41_events_of_one_name_meet_whoever_throws_them() -> None:
    drawn = rehearse(start("s"), catch("c", signal("alarm")), end("e"), flows="s > c > e")
    instance = drawn.start("p")
    assert drawn.send_signal("alarm") == [instance]


def test_trap_42_a_business_error_is_caught_and_any_other_is_not() -> None:
    def ring(how: str) -> None:
        raise BusinessError("busy") if how == "busy" else KeyError(how)

    drawn = rehearse(
        start("s"),
        service("call", "phone.ring", how="how"),
        boundary("b", "call", error()),
        end("e"),
        end("e2"),
        flows="s > call > e; b > e2",
        operations={"phone.ring": ring},
    )
    assert drawn.trace(drawn.start("p", {"how": "busy"})) == ["s", "b", "e2"]
    drawn.start("p", {"how": "broken"})
    assert [incident.error for incident in drawn.incidents()] == ["KeyError"]


def test_trap_43_conditions_are_weighed_when_data_change() -> None:
    drawn = rehearse(
        start("s"),
        parallel("f"),
        catch("c", condition("n > 2")),
        user("a"),
        script("b", "{n: m}"),
        end("e"),
        end("e2"),
        flows="s > f > c > e2; f > a > b > e",
    )
    instance = drawn.start("p", {"n": 0})
    do(drawn, "a", m=3)
    assert drawn.has_ended(instance)


def test_trap_45_a_message_behind_an_event_gateway_keeps_its_payload() -> None:
    drawn = rehearse(
        start("s"),
        event_gateway("g"),
        catch("m", message("paid")),
        catch("t", timer("PT1H")),
        end("e"),
        end("e2"),
        flows="s > g > m > e; g > t > e2",
    )
    instance = drawn.start("p")
    drawn.send_message("paid", {"amount": 5})
    assert drawn.variables(instance) == {"amount": 5}


def test_trap_46_a_failing_call_keeps_its_cause() -> None:
    def broken() -> None:
        raise TimeoutError

    drawn = rehearse(
        start("s"), service("a", "x.y"), end("e"), flows="s > a > e", operations={"x.y": broken}
    )
    drawn.start("p")
    (incident,) = drawn.incidents()
    assert (incident.error, incident.operation) == ("TimeoutError", "x.y")
    assert "'x.y'" in incident.cause
