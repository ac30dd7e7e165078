"""Subprocesses, called processes and event subprocesses (BPMN 2.0.2, 13.3.4 and 13.5.4)."""

import pytest
from diagrams import (
    boundary,
    call,
    condition,
    end,
    error,
    escalation,
    message,
    parallel,
    process,
    script,
    service,
    signal,
    start,
    sub,
    throw,
    timer,
    user,
)
from rehearsing import HOUR, NOW, do, names, rehearse

from engine.operations import BusinessError
from engine.rehearsal import Rehearsal

# -- subprocesses -----------------------------------------------------------------------------


def test_a_subprocess_ends_when_its_last_token_ends() -> None:
    drawn = rehearse(
        start("s"),
        sub(
            "sp",
            start("s1"),
            parallel("f"),
            user("a"),
            user("b"),
            end("e1"),
            end("e2"),
            flows="s1 > f > a > e1; f > b > e2",
        ),
        end("e"),
        flows="s > sp > e",
    )
    instance = drawn.start("p")
    do(drawn, "a")
    assert "sp" not in drawn.trace(instance)
    do(drawn, "b")
    assert drawn.trace(instance) == ["s", "s1", "f", "a", "e1", "b", "e2", "sp", "e"]


def test_a_subprocess_shares_the_variables_of_its_process() -> None:
    drawn = rehearse(
        start("s"),
        sub("sp", start("s1"), script("a", "{n: n + 1, m: 2}"), end("e1"), flows="s1 > a > e1"),
        end("e"),
        flows="s > sp > e",
    )
    assert drawn.variables(drawn.start("p", {"n": 1})) == {"n": 2, "m": 2}


def test_a_data_object_of_a_subprocess_stays_inside() -> None:
    inside = (
        '<bpmn:dataObject id="note"/>',
        start("s1"),
        script("a", "{note: 1, result: 2}"),
        end("e1"),
    )
    drawn = rehearse(
        start("s"), sub("sp", *inside, flows="s1 > a > e1"), end("e"), flows="s > sp > e"
    )
    assert drawn.variables(drawn.start("p")) == {"result": 2}


def test_a_subprocess_without_start_and_end_events_starts_what_nothing_enters() -> None:
    drawn = rehearse(
        start("s"),
        sub("sp", user("a"), user("b"), user("c"), flows="a > b"),
        end("e"),
        flows="s > sp > e",
    )
    instance = drawn.start("p")
    assert names(drawn) == ["a", "c"]
    for element_id in "acb":
        do(drawn, element_id)
    assert drawn.trace(instance) == ["s", "a", "c", "b", "sp", "e"]


def test_an_interrupting_boundary_event_cancels_the_inside_at_once() -> None:
    drawn = rehearse(
        start("s"),
        sub("sp", start("s1"), user("a"), end("e1"), flows="s1 > a > e1"),
        boundary("t", "sp", timer("PT1H")),
        user("b"),
        end("e"),
        end("e2"),
        flows="s > sp > e; t > b > e2",
    )
    instance = drawn.start("p")
    drawn.advance(HOUR)
    assert names(drawn) == ["b"]
    withdrawn = [line for line in drawn.history(instance) if line.transition == "withdraw"]
    assert [(line.element_id, line.data["by"]) for line in withdrawn] == [("a", "t"), ("sp", "t")]


# -- called processes -------------------------------------------------------------------------

CALLED = process(
    start("s2"),
    script("twice", "{y: x * 2, secret: 1}"),
    end("e2"),
    flows="s2 > twice > e2",
    id="q",
)


def test_a_call_passes_all_variables_in_and_out() -> None:
    drawn = rehearse(start("s"), call("c", "q"), end("e"), flows="s > c > e", others=(CALLED,))
    instance = drawn.start("p", {"x": 2})
    assert drawn.trace(instance) == ["s", "s2", "twice", "e2", "c", "e"]
    assert drawn.variables(instance) == {"x": 2, "y": 4, "secret": 1}


def test_mappings_bound_what_a_call_passes() -> None:
    drawn = rehearse(
        start("s"),
        call("c", "q", in_="{x: amount}", out="{double: y}"),
        end("e"),
        flows="s > c > e",
        others=(CALLED,),
    )
    assert drawn.variables(drawn.start("p", {"amount": 5})) == {"amount": 5, "double": 10}


def test_a_called_process_does_not_write_into_its_caller_while_it_runs() -> None:
    called = process(start("s2"), user("a"), user("b"), end("e2"), flows="s2 > a > b > e2", id="q")
    drawn = rehearse(start("s"), call("c", "q"), end("e"), flows="s > c > e", others=(called,))
    instance = drawn.start("p", {"n": 1})
    do(drawn, "a", n=2)
    assert drawn.variables(instance) == {"n": 1}
    do(drawn, "b")
    assert drawn.variables(instance) == {"n": 2}


def test_a_process_that_calls_itself_is_stopped_by_its_depth() -> None:
    drawn = rehearse(start("s"), call("c", "p"), end("e"), flows="s > c > e")
    drawn.start("p")
    (incident,) = drawn.incidents()
    assert incident.error == "CallsTooDeep"


# -- event subprocesses: every kind of start ------------------------------------------------------


def handled(begin: str, *, body: str = "", flows: str = "s > a > e") -> Rehearsal:
    handler = sub("h", begin, user("fix"), end("he"), flows="hs > fix > he", event=True)
    return rehearse(start("s"), user("a"), end("e"), handler, body, flows=flows)


def trigger(drawn: Rehearsal, kind: str, instance: object) -> None:
    if kind == "message":
        drawn.send_message("stop")
    elif kind == "signal":
        drawn.send_signal("stop")
    elif kind == "timer":
        drawn.advance(HOUR)
    else:
        drawn.set_variables(drawn.instances()[0], {"stop": True})


BEGINS = {
    "message": message("stop"),
    "signal": signal("stop"),
    "timer": timer("PT1H"),
    "condition": condition("stop = true"),
}


@pytest.mark.parametrize("kind", BEGINS)
def test_an_interrupting_event_subprocess_takes_over(kind: str) -> None:
    drawn = handled(start("hs", BEGINS[kind]))
    instance = drawn.start("p")
    assert names(drawn) == ["a"], "nothing is triggered at the start"
    trigger(drawn, kind, instance)
    assert names(drawn) == ["fix"]
    assert drawn.subscriptions(instance) == [] and drawn.timers(instance) == []
    do(drawn, "fix")
    assert drawn.trace(instance) == ["s", "hs", "fix", "he", "h"]
    assert drawn.has_ended(instance)


@pytest.mark.parametrize("kind", BEGINS)
def test_a_non_interrupting_event_subprocess_runs_beside(kind: str) -> None:
    drawn = handled(start("hs", BEGINS[kind], interrupting=False))
    instance = drawn.start("p")
    trigger(drawn, kind, instance)
    assert names(drawn) == ["a", "fix"]
    do(drawn, "a")
    assert not drawn.has_ended(instance), "the handler keeps the scope open"
    do(drawn, "fix")
    assert drawn.has_ended(instance)


@pytest.mark.parametrize("kind", ["message", "signal"])
def test_a_non_interrupting_event_subprocess_stays_armed(kind: str) -> None:
    drawn = handled(start("hs", BEGINS[kind], interrupting=False))
    instance = drawn.start("p")
    for _ in range(3):
        trigger(drawn, kind, instance)
    assert names(drawn) == ["a", "fix", "fix", "fix"]


def test_an_armed_start_never_keeps_a_scope_open() -> None:
    for begin in BEGINS.values():
        drawn = handled(start("hs", begin, interrupting=False))
        instance = drawn.start("p")
        do(drawn, "a")
        assert drawn.has_ended(instance)
        assert drawn.timers(instance) == []


def refuse(**given: object) -> None:
    raise BusinessError("E1")


def test_an_error_start_catches_what_its_scope_throws() -> None:
    handler = sub(
        "h", start("hs", error("E1")), user("fix"), end("he"), flows="hs > fix > he", event=True
    )
    drawn = rehearse(
        start("s"),
        parallel("f"),
        user("a"),
        user("go"),
        service("call", "phone.call"),
        end("e"),
        end("e2"),
        handler,
        flows="s > f > a > e; f > go > call > e2",
        operations={"phone.call": refuse},
    )
    instance = drawn.start("p")
    assert names(drawn) == ["a", "go"]
    do(drawn, "go")
    assert names(drawn) == ["fix"]
    do(drawn, "fix")
    assert drawn.trace(instance) == ["s", "f", "go", "hs", "fix", "he", "h"]


def test_an_event_subprocess_catches_before_the_boundary_of_its_scope() -> None:
    handler = sub(
        "h", start("hs", error("E1")), user("fix"), end("he"), flows="hs > fix > he", event=True
    )
    drawn = rehearse(
        start("s"),
        sub("sp", start("s1"), end("bad", error("E1")), handler, flows="s1 > bad"),
        boundary("outside", "sp", error("E1")),
        end("e"),
        end("e2"),
        flows="s > sp > e; outside > e2",
    )
    instance = drawn.start("p")
    assert names(drawn) == ["fix"]
    do(drawn, "fix")
    assert drawn.trace(instance) == ["s", "s1", "bad", "hs", "fix", "he", "h", "sp", "e"]


def test_an_error_out_of_a_handler_travels_outwards() -> None:
    handler = sub(
        "h", start("hs", error("E1")), end("he", error("E1")), flows="hs > he", event=True
    )
    drawn = rehearse(
        start("s"),
        sub("sp", start("s1"), end("bad", error("E1")), handler, flows="s1 > bad"),
        boundary("outside", "sp", error("E1")),
        end("e"),
        end("e2"),
        flows="s > sp > e; outside > e2",
    )
    assert drawn.trace(drawn.start("p")) == ["s", "s1", "bad", "hs", "he", "outside", "e2"]


@pytest.mark.parametrize(("interrupting", "open_after"), [(True, ["fix"]), (False, ["a", "fix"])])
def test_an_escalation_start(interrupting: bool, open_after: list[str]) -> None:
    handler = sub(
        "h",
        start("hs", escalation("help"), interrupting=interrupting),
        user("fix"),
        end("he"),
        flows="hs > fix > he",
        event=True,
    )
    drawn = rehearse(
        start("s"),
        throw("up", escalation("help")),
        user("a"),
        end("e"),
        handler,
        flows="s > up > a > e",
    )
    drawn.start("p")
    assert sorted(names(drawn)) == open_after


def test_event_subprocesses_are_armed_with_their_scope_and_nest() -> None:
    inner = sub(
        "h2",
        start("hs2", message("inner")),
        user("fix2"),
        end("he2"),
        flows="hs2 > fix2 > he2",
        event=True,
    )
    outer = sub(
        "h1",
        start("hs1", message("outer")),
        user("fix1"),
        end("he1"),
        flows="hs1 > fix1 > he1",
        event=True,
    )
    drawn = rehearse(
        start("s"),
        user("before"),
        sub("sp", start("s1"), user("a"), end("e1"), inner, flows="s1 > a > e1"),
        user("after"),
        end("e"),
        outer,
        flows="s > before > sp > after > e",
    )
    instance = drawn.start("p")
    assert [armed.name for armed in drawn.subscriptions(instance)] == ["outer"]
    do(drawn, "before")
    assert sorted(armed.name for armed in drawn.subscriptions(instance)) == ["inner", "outer"]
    drawn.send_message("inner")
    assert names(drawn) == ["fix2"]
    do(drawn, "fix2")
    assert names(drawn) == ["after"]
    assert [armed.name for armed in drawn.subscriptions(instance)] == ["outer"]
    drawn.send_message("outer")
    assert names(drawn) == ["fix1"]


def test_the_handler_sees_and_writes_the_variables_of_its_scope() -> None:
    handler = sub(
        "h",
        start("hs", message("stop")),
        script("fix", "{n: n + more}"),
        end("he"),
        flows="hs > fix > he",
        event=True,
    )
    drawn = rehearse(start("s"), user("a"), end("e"), handler, flows="s > a > e")
    instance = drawn.start("p", {"n": 1})
    drawn.send_message("stop", {"more": 4})
    assert drawn.variables(instance)["n"] == 5


def test_an_event_subprocess_in_a_called_process() -> None:
    handler = sub(
        "h", start("hs", message("stop")), user("fix"), end("he"), flows="hs > fix > he", event=True
    )
    called = process(start("s2"), user("a"), end("e2"), handler, flows="s2 > a > e2", id="q")
    drawn = rehearse(start("s"), call("c", "q"), end("e"), flows="s > c > e", others=(called,))
    instance = drawn.start("p")
    drawn.send_message("stop")
    assert names(drawn) == ["fix"]
    do(drawn, "fix")
    assert drawn.has_ended(instance)


def test_a_timer_start_counts_from_the_entry_of_its_scope() -> None:
    handler = sub(
        "h", start("hs", timer("PT1H")), user("fix"), end("he"), flows="hs > fix > he", event=True
    )
    drawn = rehearse(
        start("s"),
        user("before"),
        sub("sp", start("s1"), user("a"), end("e1"), handler, flows="s1 > a > e1"),
        end("e"),
        flows="s > before > sp > e",
    )
    instance = drawn.start("p")
    assert drawn.timers(instance) == []
    drawn.advance(5 * HOUR)
    do(drawn, "before")
    assert [armed.due_at for armed in drawn.timers(instance)] == [NOW + 6 * HOUR]
    assert [armed.element_id for armed in drawn.timers(instance)] == ["hs"]


def test_a_cycle_starts_a_handler_each_time() -> None:
    handler = sub(
        "h",
        start("hs", timer("R3/PT1H"), interrupting=False),
        script("tick", "{n: n + 1}"),
        end("he"),
        flows="hs > tick > he",
        event=True,
    )
    drawn = rehearse(start("s"), user("a"), end("e"), handler, flows="s > a > e")
    instance = drawn.start("p", {"n": 0})
    drawn.advance(5 * HOUR)
    assert drawn.variables(instance) == {"n": 3}


def test_a_handler_waits_for_its_message_as_soon_as_its_key_is_known() -> None:
    handler = sub(
        "h",
        start("hs", message("stop", correlationKey="case_id")),
        user("fix"),
        end("he"),
        flows="hs > fix > he",
        event=True,
    )
    drawn = rehearse(start("s"), user("a"), user("b"), end("e"), handler, flows="s > a > b > e")
    instance = drawn.start("p")
    assert drawn.incidents() == [] and drawn.subscriptions(instance) == []
    do(drawn, "a", case_id="A")
    assert [armed.correlation for armed in drawn.subscriptions(instance)] == [{"case_id": "A"}]
    assert drawn.send_message("stop", {}, "A") == [instance]
    assert names(drawn) == ["fix"]
