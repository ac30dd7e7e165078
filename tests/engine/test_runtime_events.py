"""Messages, signals, timers, conditions, errors and escalations in the flow and on boundaries."""

from datetime import timedelta

import pytest
from diagrams import (
    TERMINATE,
    boundary,
    call,
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
    send,
    service,
    signal,
    start,
    sub,
    throw,
    timer,
    user,
)
from rehearsing import DAY, HOUR, NOW, do, names, rehearse

from engine.operations import BusinessError

MINUTE = timedelta(minutes=1)


# -- messages ---------------------------------------------------------------------------------


def test_a_message_resumes_its_catcher_and_its_payload_becomes_variables() -> None:
    drawn = rehearse(start("s"), catch("c", message("paid")), end("e"), flows="s > c > e")
    instance = drawn.start("p")
    assert drawn.send_message("unpaid") == []
    assert drawn.send_message("paid", {"amount": 5}) == [instance]
    assert drawn.variables(instance) == {"amount": 5}
    assert drawn.has_ended(instance)


def test_a_payload_can_be_kept_under_one_name() -> None:
    drawn = rehearse(
        start("s"), catch("c", message("paid", resultVariable="pay")), end("e"), flows="s > c > e"
    )
    instance = drawn.start("p")
    drawn.send_message("paid", {"amount": 5})
    assert drawn.variables(instance) == {"pay": {"amount": 5}}


def test_a_message_nobody_waits_for_is_kept_until_its_catcher_arms() -> None:
    drawn = rehearse(
        start("s"), user("a"), catch("c", message("paid")), end("e"), flows="s > a > c > e"
    )
    instance = drawn.start("p")
    assert drawn.send_message("paid", {"amount": 1}) == []
    assert drawn.waiting_messages() == ["paid"]
    do(drawn, "a")
    assert drawn.has_ended(instance)
    assert drawn.waiting_messages() == []


def test_a_message_start_event_makes_an_instance() -> None:
    drawn = rehearse(start("s", message("called")), user("a"), end("e"), flows="s > a > e")
    (instance,) = drawn.send_message("called", {"number": "7"})
    assert drawn.variables(instance) == {"number": "7"}
    assert drawn.trace(instance) == ["s"]


def test_start_uses_the_only_event_start_with_the_data_as_payload() -> None:
    drawn = rehearse(start("s", message("called")), end("e"), flows="s > e")
    assert drawn.trace(drawn.start("p", {"number": "7"})) == ["s", "e"]


def test_correlation_finds_the_one_instance() -> None:
    drawn = rehearse(
        start("s"),
        catch("c", message("paid", correlationKey="case_id")),
        end("e"),
        flows="s > c > e",
    )
    first, second = drawn.start("p", {"case_id": "A"}), drawn.start("p", {"case_id": "B"})
    assert drawn.send_message("paid", {}, {"case_id": "C"}) == []
    assert drawn.send_message("paid", {}, {"case_id": "B"}) == [second]
    assert drawn.send_message("paid", {}, "A") == [first]


def test_two_candidates_are_an_incident_and_never_a_guess() -> None:
    drawn = rehearse(start("s"), catch("c", message("paid")), end("e"), flows="s > c > e")
    first, second = drawn.start("p"), drawn.start("p")
    assert drawn.send_message("paid") == []
    assert [incident.error for incident in drawn.incidents()] == ["AmbiguousMessage"]
    assert not drawn.has_ended(first) and not drawn.has_ended(second)


def test_a_missing_correlation_variable_is_an_incident() -> None:
    drawn = rehearse(
        start("s"),
        catch("c", message("paid", correlationKey="case_id")),
        end("e"),
        flows="s > c > e",
    )
    drawn.start("p")
    assert [incident.error for incident in drawn.incidents()] == ["MissingCorrelation"]


CORRELATION = """
<bpmn:correlationProperty id="prop_order" name="order_id">
  <bpmn:correlationPropertyRetrievalExpression messageRef="message_paid">
    <bpmn:messagePath>order.id</bpmn:messagePath>
  </bpmn:correlationPropertyRetrievalExpression>
</bpmn:correlationProperty>
"""


def test_the_standards_correlation_properties_are_read_out_of_the_payload() -> None:
    drawn = rehearse(
        start("s"),
        send("ask", "paid", payload="{order: {id: order_id}}"),
        end("e"),
        flows="s > ask > e",
        others=(
            process(
                start("s2"), catch("c2", message("paid")), end("e2"), flows="s2 > c2 > e2", id="q"
            ),
        ),
        defs=CORRELATION,
    )
    first = drawn.start("q", {"order_id": "1"})
    second = drawn.start("q", {"order_id": "2"})
    drawn.start("p", {"order_id": "2"})
    assert not drawn.has_ended(first)
    assert drawn.has_ended(second)


def test_messages_travel_between_instances() -> None:
    drawn = rehearse(
        start("s"),
        send("ask", "question", payload="{from: me}"),
        receive("wait", "answer", correlationKey="me"),
        end("e"),
        flows="s > ask > wait > e",
        others=(
            process(
                start("s2", message("question")),
                throw("reply", message("answer", payload='{me: from, text: "yes"}')),
                end("e2"),
                flows="s2 > reply > e2",
                id="q",
            ),
        ),
    )
    instance = drawn.start("p", {"me": "amina"})
    assert drawn.has_ended(instance)
    assert drawn.variables(instance)["text"] == "yes"
    assert drawn.trace() == ["s", "ask", "s2", "reply", "e2", "wait", "e"]


def test_a_message_end_event_throws() -> None:
    drawn = rehearse(
        start("s"),
        end("e", message("done", payload="{n: 1}")),
        flows="s > e",
        others=(process(start("s2", message("done")), end("e2"), flows="s2 > e2", id="q"),),
    )
    drawn.start("p")
    assert drawn.trace() == ["s", "e", "s2", "e2"]


# -- signals ----------------------------------------------------------------------------------


def test_a_signal_reaches_every_catcher_of_every_instance() -> None:
    drawn = rehearse(start("s"), catch("c", signal("alarm")), end("e"), flows="s > c > e")
    instances = [drawn.start("p"), drawn.start("p")]
    assert drawn.send_signal("alarm", {"level": 2}) == instances
    assert [drawn.variables(instance) for instance in instances] == [{"level": 2}] * 2


def test_a_signal_thrown_inside_reaches_the_other_branch() -> None:
    drawn = rehearse(
        start("s"),
        parallel("f"),
        catch("c", signal("alarm")),
        user("a"),
        throw("t", signal("alarm", payload="{n: 3}")),
        end("e1"),
        end("e2"),
        flows="s > f > c > e1; f > a > t > e2",
    )
    instance = drawn.start("p")
    do(drawn, "a")
    assert drawn.trace(instance) == ["s", "f", "a", "t", "c", "e1", "e2"]
    assert drawn.variables(instance) == {"n": 3}


def test_a_signal_is_not_kept_for_those_who_come_later() -> None:
    drawn = rehearse(
        start("s"),
        throw("t", signal("alarm")),
        catch("c", signal("alarm")),
        end("e"),
        flows="s > t > c > e",
    )
    instance = drawn.start("p")
    assert not drawn.has_ended(instance)


def test_a_signal_end_event_throws_and_a_signal_start_event_starts() -> None:
    drawn = rehearse(
        start("s"),
        end("e", signal("alarm")),
        flows="s > e",
        others=(process(start("s2", signal("alarm")), end("e2"), flows="s2 > e2", id="q"),),
    )
    drawn.start("p")
    assert drawn.trace() == ["s", "e", "s2", "e2"]


def test_a_signal_with_a_key_reaches_only_those_it_is_about() -> None:
    drawn = rehearse(
        start("s"),
        catch("c", signal("withdrawn", correlationKey="case_id")),
        end("e"),
        flows="s > c > e",
    )
    first, second = drawn.start("p", {"case_id": "A"}), drawn.start("p", {"case_id": "B"})
    assert drawn.send_signal("withdrawn", {"case_id": "B"}) == [second]
    assert not drawn.has_ended(first)


# -- timers -----------------------------------------------------------------------------------


def test_a_timer_waits_for_its_time() -> None:
    drawn = rehearse(start("s"), catch("t", timer("PT2H")), end("e"), flows="s > t > e")
    instance = drawn.start("p")
    assert [armed.due_at for armed in drawn.timers(instance)] == [NOW + 2 * HOUR]
    drawn.advance(2 * HOUR - MINUTE)
    assert not drawn.has_ended(instance)
    drawn.advance(MINUTE)
    assert drawn.has_ended(instance)


def test_a_timer_may_be_feel() -> None:
    drawn = rehearse(
        start("s"), catch("t", timer('duration("PT1H") * hours')), end("e"), flows="s > t > e"
    )
    instance = drawn.start("p", {"hours": 3})
    assert drawn.timers(instance)[0].due_at == NOW + 3 * HOUR


def test_a_date_in_the_past_is_due_at_once() -> None:
    drawn = rehearse(
        start("s"), catch("t", timer("2020-01-01T00:00:00Z")), end("e"), flows="s > t > e"
    )
    assert drawn.has_ended(drawn.start("p"))


def test_timers_fire_in_order_each_at_its_own_instant() -> None:
    drawn = rehearse(
        start("s"),
        parallel("f"),
        catch("late", timer("PT3H")),
        catch("soon", timer("PT1H")),
        catch("then", timer("PT1H")),
        end("e1"),
        end("e2"),
        flows="s > f > late > e1; f > soon > then > e2",
    )
    instance = drawn.start("p")
    drawn.advance(5 * HOUR)
    assert drawn.trace(instance) == ["s", "f", "soon", "then", "e2", "late", "e1"]


def test_a_non_interrupting_cycle_fires_its_number_of_times() -> None:
    drawn = rehearse(
        start("s"),
        user("a"),
        boundary("t", "a", timer("R3/PT1H"), interrupting=False),
        script("b", "{n: n + 1}"),
        end("e"),
        end("e2"),
        flows="s > a > e; t > b > e2",
    )
    instance = drawn.start("p", {"n": 0})
    drawn.advance(10 * HOUR)
    assert drawn.variables(instance) == {"n": 3}
    assert drawn.timers(instance) == []
    do(drawn, "a")
    assert drawn.has_ended(instance)


def test_completing_the_activity_disarms_its_timers() -> None:
    drawn = rehearse(
        start("s"),
        user("a"),
        boundary("t", "a", timer("PT1H")),
        user("b"),
        end("e"),
        end("e2"),
        flows="s > a > b > e; t > e2",
    )
    instance = drawn.start("p")
    do(drawn, "a")
    assert drawn.timers(instance) == []
    drawn.advance(2 * HOUR)
    assert names(drawn) == ["b"]


def test_what_a_reminder_opened_outlives_the_task() -> None:
    for how in ("PT1H", "R/PT1H"):
        drawn = rehearse(
            start("s"),
            user("a"),
            boundary("t", "a", timer(how), interrupting=False),
            user("remind"),
            end("e"),
            end("e2"),
            flows="s > a > e; t > remind > e2",
        )
        instance = drawn.start("p")
        drawn.advance(HOUR)
        do(drawn, "a")
        assert names(drawn) == ["remind"]
        do(drawn, "remind")
        assert drawn.has_ended(instance)


# -- conditions -------------------------------------------------------------------------------


def test_a_conditional_event_fires_when_its_condition_becomes_true() -> None:
    drawn = rehearse(start("s"), catch("c", condition("n > 3")), end("e"), flows="s > c > e")
    instance = drawn.start("p")
    drawn.set_variables(instance, {"n": 3})
    assert not drawn.has_ended(instance)
    drawn.set_variables(instance, {"n": 4})
    assert drawn.has_ended(instance)


def test_a_condition_that_holds_already_fires_at_once() -> None:
    drawn = rehearse(start("s"), catch("c", condition("n > 3")), end("e"), flows="s > c > e")
    assert drawn.has_ended(drawn.start("p", {"n": 4}))


def test_a_non_interrupting_condition_fires_on_each_change_to_true() -> None:
    drawn = rehearse(
        start("s"),
        user("a"),
        boundary("c", "a", condition("n > 3"), interrupting=False),
        end("e"),
        end("e2"),
        flows="s > a > e; c > e2",
    )
    instance = drawn.start("p", {"n": 0})
    for n in (4, 5, 1, 6):
        drawn.set_variables(instance, {"n": n})
    assert drawn.trace(instance) == ["s", "c", "e2", "c", "e2"]


def test_a_condition_sees_what_a_step_has_written() -> None:
    drawn = rehearse(
        start("s"),
        parallel("f"),
        user("a"),
        boundary("c", "a", condition("stop = true")),
        script("b", "{stop: true}"),
        end("e"),
        end("e2"),
        end("e3"),
        flows="s > f > a > e; f > b > e3; c > e2",
    )
    instance = drawn.start("p")
    assert drawn.has_ended(instance)
    assert names(drawn) == []


# -- errors, escalations ----------------------------------------------------------------------


def refuse(**given: object) -> None:
    raise BusinessError("no_answer")


def break_down(**given: object) -> None:
    raise RuntimeError("0161 496 0000")


def test_a_business_error_is_caught_on_the_boundary() -> None:
    drawn = rehearse(
        start("s"),
        service("call", "phone.call"),
        boundary("none", "call", error("no_answer", resultVariable="why")),
        end("e"),
        end("e2"),
        flows="s > call > e; none > e2",
        operations={"phone.call": refuse},
    )
    instance = drawn.start("p")
    assert drawn.trace(instance) == ["s", "none", "e2"]
    assert drawn.variables(instance)["why"]["code"] == "no_answer"


def test_a_catcher_with_the_code_wins_over_one_without() -> None:
    drawn = rehearse(
        start("s"),
        service("call", "phone.call"),
        boundary("any", "call", error()),
        boundary("none", "call", error("no_answer")),
        end("e"),
        end("e2"),
        end("e3"),
        flows="s > call > e; any > e2; none > e3",
        operations={"phone.call": refuse},
    )
    assert drawn.trace(drawn.start("p")) == ["s", "none", "e3"]


def test_an_uncaught_business_error_is_an_incident_that_names_the_operation() -> None:
    drawn = rehearse(
        start("s"),
        service("call", "phone.call"),
        boundary("other", "call", error("busy")),
        end("e"),
        end("e2"),
        flows="s > call > e; other > e2",
        operations={"phone.call": refuse},
    )
    drawn.start("p")
    (incident,) = drawn.incidents()
    assert (incident.error, incident.operation) == ("UncaughtError", "phone.call")


def test_a_failing_operation_is_an_incident_without_what_it_said() -> None:
    drawn = rehearse(
        start("s"),
        parallel("f"),
        service("call", "phone.call"),
        boundary("any", "call", error()),
        user("a"),
        end("e"),
        end("e2"),
        flows="s > f > call > e; f > a > e; any > e2",
        operations={"phone.call": break_down},
    )
    drawn.start("p")
    (incident,) = drawn.incidents()
    assert (incident.error, incident.operation) == ("RuntimeError", "phone.call")
    assert "0161" not in incident.cause
    assert names(drawn) == ["a"], "the other branch goes on"


def test_an_error_end_event_ends_the_subprocess_and_is_caught_on_its_boundary() -> None:
    drawn = rehearse(
        start("s"),
        sub(
            "sp",
            start("s1"),
            parallel("f"),
            user("a"),
            user("b"),
            end("bad", error("E1")),
            end("e1"),
            flows="s1 > f > a > bad; f > b > e1",
        ),
        boundary("caught", "sp", error("E1")),
        end("e"),
        end("e2"),
        flows="s > sp > e; caught > e2",
    )
    instance = drawn.start("p")
    do(drawn, "a")
    assert drawn.trace(instance) == ["s", "s1", "f", "a", "bad", "caught", "e2"]
    assert drawn.has_ended(instance)


def test_errors_travel_through_scopes_and_called_processes() -> None:
    drawn = rehearse(
        start("s"),
        sub("outer", start("s1"), call("inner", "q"), end("e1"), flows="s1 > inner > e1"),
        boundary("caught", "outer", error("E1")),
        end("e"),
        end("e2"),
        flows="s > outer > e; caught > e2",
        others=(
            process(
                start("s2"),
                sub("deep", start("s3"), end("bad", error("E1")), flows="s3 > bad"),
                boundary("wrong", "deep", error("E2")),
                end("e3"),
                end("e4"),
                flows="s2 > deep > e3; wrong > e4",
                id="q",
            ),
        ),
    )
    instance = drawn.start("p")
    assert drawn.trace(instance) == ["s", "s1", "s2", "s3", "bad", "caught", "e2"]


def test_an_uncaught_error_end_event_is_an_incident() -> None:
    drawn = rehearse(start("s"), end("bad", error("E1")), flows="s > bad")
    instance = drawn.start("p")
    assert [incident.error for incident in drawn.incidents()] == ["UncaughtError"]
    assert not drawn.has_ended(instance)


def test_a_non_interrupting_escalation_leaves_the_subprocess_running() -> None:
    drawn = rehearse(
        start("s"),
        sub(
            "sp",
            start("s1"),
            throw("up", escalation("help")),
            user("a"),
            end("e1"),
            flows="s1 > up > a > e1",
        ),
        boundary("caught", "sp", escalation("help"), interrupting=False),
        user("chief"),
        end("e"),
        end("e2"),
        flows="s > sp > e; caught > chief > e2",
    )
    instance = drawn.start("p")
    assert sorted(names(drawn)) == ["a", "chief"]
    do(drawn, "a")
    do(drawn, "chief")
    assert drawn.has_ended(instance)


def test_an_interrupting_escalation_ends_the_subprocess() -> None:
    drawn = rehearse(
        start("s"),
        sub(
            "sp",
            start("s1"),
            throw("up", escalation("help")),
            user("a"),
            end("e1"),
            flows="s1 > up > a > e1",
        ),
        boundary("caught", "sp", escalation("help")),
        user("chief"),
        end("e"),
        end("e2"),
        flows="s > sp > e; caught > chief > e2",
    )
    drawn.start("p")
    assert names(drawn) == ["chief"]


def test_an_uncaught_escalation_changes_nothing() -> None:
    drawn = rehearse(start("s"), throw("up", escalation("help")), end("e"), flows="s > up > e")
    instance = drawn.start("p")
    assert drawn.trace(instance) == ["s", "up", "e"]
    assert drawn.incidents() == []


def test_terminate_ends_its_own_scope_only() -> None:
    drawn = rehearse(
        start("s"),
        sub(
            "sp",
            start("s1"),
            parallel("f"),
            user("a"),
            user("b"),
            end("stop", TERMINATE),
            end("e1"),
            flows="s1 > f > a > stop; f > b > e1",
        ),
        user("after"),
        end("e"),
        flows="s > sp > after > e",
    )
    instance = drawn.start("p")
    do(drawn, "a")
    assert names(drawn) == ["after"]
    assert drawn.trace(instance) == ["s", "s1", "f", "a", "stop", "sp"]


# -- event-based gateways -----------------------------------------------------------------------


def test_the_first_event_behind_the_gateway_wins() -> None:
    drawn = rehearse(
        start("s"),
        event_gateway("g"),
        catch("m", message("answer")),
        catch("soon", timer("PT1H")),
        catch("late", timer("PT5H")),
        catch("r", message("letter")),
        end("e1"),
        end("e2"),
        end("e3"),
        end("e4"),
        flows="s > g > m > e1; g > soon > e2; g > late > e3; g > r > e4",
    )
    by_message, by_letter, by_time = drawn.start("p"), None, None
    drawn.send_message("answer")
    assert drawn.trace(by_message) == ["s", "g", "m", "e1"]
    by_letter = drawn.start("p")
    drawn.send_message("letter")
    assert drawn.trace(by_letter) == ["s", "g", "r", "e4"]
    by_time = drawn.start("p")
    assert len(drawn.timers(by_time)) == 2
    drawn.advance(DAY)
    assert drawn.trace(by_time) == ["s", "g", "soon", "e2"]


# -- several definitions in one event -------------------------------------------------------------


def test_a_multiple_event_takes_the_first_and_a_parallel_multiple_one_needs_all() -> None:
    for all_needed, ended_after_one in ((False, True), (True, False)):
        drawn = rehearse(
            start("s"),
            catch("c", message("one") + signal("two"), all_needed=all_needed),
            end("e"),
            flows="s > c > e",
        )
        instance = drawn.start("p")
        drawn.send_message("one")
        assert drawn.has_ended(instance) is ended_after_one
        drawn.send_signal("two")
        assert drawn.has_ended(instance)


@pytest.mark.parametrize("rest", [timer("PT2H"), message("heard"), timer("R2/PT2H")])
def test_what_needs_a_time_and_something_else_fires_once(rest: str) -> None:
    """A time that is past would count for ever: the event would fire again without end."""
    drawn = rehearse(
        start("s"),
        user("ask"),
        boundary("late", "ask", timer("PT1H") + rest, interrupting=False, all_needed=True),
        user("chase"),
        end("e"),
        end("e2"),
        flows="s > ask > e; late > chase > e2",
    )
    drawn.start("p")
    drawn.advance(3 * HOUR)
    for _ in range(2):
        drawn.send_message("heard")
    assert names(drawn) == ["ask", "chase"]


def test_what_needs_two_cycles_fires_each_time_both_have_come() -> None:
    drawn = rehearse(
        start("s"),
        user("ask"),
        boundary(
            "late",
            "ask",
            timer("R/PT1H") + timer("R/PT2H"),
            interrupting=False,
            all_needed=True,
        ),
        user("chase"),
        end("e"),
        end("e2"),
        flows="s > ask > e; late > chase > e2",
    )
    drawn.start("p")
    drawn.advance(2 * HOUR)
    assert names(drawn) == ["ask", "chase"]
    drawn.advance(2 * HOUR)
    assert names(drawn) == ["ask", "chase", "chase"]


def test_a_multiple_throw_event_throws_everything() -> None:
    drawn = rehearse(
        start("s"),
        throw("t", signal("one") + message("two")),
        end("e"),
        flows="s > t > e",
        others=(
            process(start("s2", signal("one")), end("e2"), flows="s2 > e2", id="q"),
            process(start("s3", message("two")), end("e3"), flows="s3 > e3", id="r"),
        ),
    )
    drawn.start("p")
    assert drawn.trace() == ["s", "t", "e", "s2", "e2", "s3", "e3"]


# -- boundaries that fire again ------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["message", "signal"])
def test_a_non_interrupting_boundary_event_fires_every_time(kind: str) -> None:
    made = {"message": message, "signal": signal}[kind]
    drawn = rehearse(
        start("s"),
        user("a"),
        boundary("b", "a", made("news"), interrupting=False),
        end("e"),
        end("e2"),
        flows="s > a > e; b > e2",
    )
    instance = drawn.start("p")
    for _ in range(3):
        (drawn.send_message if kind == "message" else drawn.send_signal)("news")
    assert drawn.trace(instance) == ["s", "b", "e2", "b", "e2", "b", "e2"]
    do(drawn, "a")
    assert drawn.has_ended(instance)


def test_an_interrupting_boundary_event_on_a_call_cancels_everything_inside() -> None:
    drawn = rehearse(
        start("s"),
        call("c", "q"),
        boundary("stop", "c", message("stop")),
        end("e"),
        end("e2"),
        flows="s > c > e; stop > e2",
        others=(
            process(
                start("s2"),
                sub("sp", start("s3"), user("deep"), end("e3"), flows="s3 > deep > e3"),
                boundary("t", "sp", timer("PT1H")),
                end("e4"),
                end("e5"),
                flows="s2 > sp > e4; t > e5",
                id="q",
            ),
        ),
    )
    instance = drawn.start("p")
    assert names(drawn) == ["deep"]
    drawn.send_message("stop")
    assert names(drawn) == []
    assert drawn.timers(instance) == []
    assert drawn.has_ended(instance)
