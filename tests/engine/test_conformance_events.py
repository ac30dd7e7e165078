"""The events of BPMN 2.0.2 one by one, each at the places where it may stand.

The verdict stands in the name of the test, as in the table of the other constructs.
"""

from typing import Any

import pytest
from conforming import A, B, C, D, Row, conforms, later, row, rows
from diagrams import (
    CANCEL,
    TERMINATE,
    boundary,
    call,
    catch,
    compensation,
    condition,
    definition,
    end,
    error,
    escalation,
    marked,
    message,
    parallel,
    process,
    signal,
    start,
    sub,
    task,
    throw,
    timer,
    undone_by,
    user,
)

END = end("end")
HEARD = end("heard")


def guarded(event: str, *inside: str, flows: str, interrupting: bool = True, **more: Any) -> Row:
    """A subprocess with an event on its boundary: `d` is what follows it, `c` the event."""
    tag = more.pop("tag", "subProcess")
    made = sub("do", start("in"), *inside, flows=flows, tag=tag)
    guard = boundary("on", "do", event, interrupting=interrupting)
    return row(made, guard, C, D, END, HEARD, flows="go > do > d > end; on > c > heard", **more)


def handled(event: str, *inside: str, flows: str, interrupting: bool = True, **more: Any) -> Row:
    """A subprocess with an event subprocess in it: `d` is what follows, `c` the handler."""
    begins = start("when", event, interrupting=interrupting)
    handler = sub("handle", begins, C, end("done"), flows="when > c > done", event=True)
    made = sub("do", start("in"), *inside, handler, flows=flows)
    return row(made, D, END, flows="go > do > d > end", **more)


def thrown_inside(event: str) -> tuple[str, ...]:
    return (A, throw("shout", event), B, end("out"))


SHOUTS = "in > a > shout > b > out"


def by_itself(event: str, interrupting: bool) -> Row:
    takes = "acd" if interrupting else "abcd"
    inside = thrown_inside(event)
    return handled(event, *inside, flows=SHOUTS, interrupting=interrupting, takes=takes)


def on_boundary(event: str, interrupting: bool) -> Row:
    takes = "ac" if interrupting else "acbd"
    inside = thrown_inside(event)
    return guarded(event, *inside, flows=SHOUTS, interrupting=interrupting, takes=takes)


def at_end(event: str, takes: str, **more: Any) -> Row:
    return guarded(event, A, end("out", event), flows="in > a > out", takes=takes, **more)


def elsewhere(event: str) -> tuple[str, ...]:
    return (process(start("in", event), B, end("out"), flows="in > b > out", id="q"),)


def across(event: str) -> dict[str, Row]:
    return {
        "thrown, and it begins another process": row(
            throw("shout", event), A, END, flows="go > shout > a > end", takes="ab",
            others=elsewhere(event),
        ),
        "thrown at the end, and it begins another process": row(
            A, end("end", event), flows="go > a > end", takes="ab", others=elsewhere(event)
        ),
        "caught on the way": row(
            parallel("split"), catch("hear", event), A, END, catch("wait", timer("PT1H")),
            throw("shout", event), HEARD,
            flows="go > split > hear > a > end; split > wait > shout > heard", takes="a",
            then=later(),
        ),
    }  # fmt: skip


def waiting(more: str) -> tuple[str, ...]:
    return (catch("wait", timer(more)), A, end("out"))


SLOW = {"flows": "in > wait > a > out", "then": later(3)}
TIMERS = {
    "on the way": row(
        catch("wait", timer("PT1H")), A, END, flows="go > wait > a > end", takes="a", then=later()
    ),
    "a cycle on the way": row(
        catch("wait", timer("R4/PT1H")), A, END, flows="go > wait > a > end", takes="aaaa",
        then=later(5),
    ),
    "on a boundary": guarded(timer("PT1H"), *waiting("PT2H"), **SLOW, takes="c"),
    "on a boundary, while a person works": guarded(
        timer("PT1H"), user("b"), end("out"), flows="in > b > out", takes="c", then=later()
    ),
    "on a boundary, not interrupting": guarded(
        timer("PT1H"), *waiting("PT2H"), **SLOW, interrupting=False, takes="cad"
    ),
    "a cycle on a boundary": guarded(
        timer("R4/PT10M"), *waiting("PT1H"), flows="in > wait > a > out", then=later(),
        interrupting=False, takes="ccccad",
    ),
    "begins an event subprocess": handled(timer("PT1H"), *waiting("PT2H"), **SLOW, takes="cd"),
    "begins an event subprocess, not interrupting": handled(
        timer("PT1H"), *waiting("PT2H"), **SLOW, interrupting=False, takes="cad"
    ),
    "a cycle begins an event subprocess": handled(
        timer("R4/PT10M"), *waiting("PT1H"), flows="in > wait > a > out", then=later(),
        interrupting=False, takes="ccccad",
    ),
}  # fmt: skip

HOLDS, FAILS = {"n": 1}, {"n": 2}
ONE = condition("n = 1")
PLAIN = {"flows": "in > a > out"}
CONDITIONS = {
    "on the way, and it holds": row(
        catch("wait", ONE), A, END, flows="go > wait > a > end", takes="a", data=HOLDS
    ),
    "on the way, and it does not hold": row(
        catch("wait", ONE), A, END, flows="go > wait > a > end", data=FAILS, waits=True
    ),
    "on a boundary": guarded(ONE, A, end("out"), **PLAIN, takes="c", data=HOLDS),
    "on a boundary, not interrupting": guarded(
        ONE, A, end("out"), **PLAIN, takes="cad", data=HOLDS, interrupting=False
    ),
    "on a boundary, and it does not hold": guarded(
        ONE, A, end("out"), **PLAIN, takes="ad", data=FAILS
    ),
    "begins an event subprocess": handled(ONE, A, end("out"), **PLAIN, takes="cd", data=HOLDS),
    "begins an event subprocess, not interrupting": handled(
        ONE, A, end("out"), **PLAIN, takes="acd", data=HOLDS, interrupting=False
    ),
}  # fmt: skip

BAD = error("bad")
ERRORS = {
    "on the boundary of a subprocess": at_end(BAD, "ac"),
    "on the boundary of a transaction": at_end(BAD, "ac", tag="transaction"),
    "begins an event subprocess": handled(BAD, A, end("out", BAD), **PLAIN, takes="acd"),
    "of a process, and nobody catches it": row(
        A, end("end", BAD), flows="go > a > end", takes="a", stuck="UncaughtError"
    ),
}
UP = escalation("up")
ESCALATIONS = {
    "on a boundary": on_boundary(UP, True),
    "on a boundary, not interrupting": on_boundary(UP, False),
    "begins an event subprocess": by_itself(UP, True),
    "begins an event subprocess, not interrupting": by_itself(UP, False),
    "thrown at the end": at_end(UP, "ac"),
    "thrown at the end of a called process": row(
        call("do", "q"), boundary("on", "do", UP, interrupting=False), A, END, HEARD,
        flows="go > do > end; on > a > heard", takes="a",
        others=(process(start("in"), end("out", UP), flows="in > out", id="q"),),
    ),
    "of a process, and nobody catches it": row(
        A, end("end", UP), flows="go > a > end", takes="a"
    ),
}  # fmt: skip
LOUD = signal("loud")
SIGNALS = {
    "on a boundary": on_boundary(LOUD, True),
    "on a boundary, not interrupting": on_boundary(LOUD, False),
    "begins an event subprocess": by_itself(LOUD, True),
    "begins an event subprocess, not interrupting": by_itself(LOUD, False),
    "thrown at the end of a subprocess": at_end(LOUD, "ac"),
    **across(LOUD),
}

UNDONE = undone_by("on", "a", B, "b")
BACK = throw("back", compensation())
HANDLER = sub(
    "handle", start("when", compensation()), throw("all", compensation()), end("done"),
    flows="when > all > done", event=True,
)  # fmt: skip


def undone_inside(handler: str) -> Row:
    made = sub("do", start("in"), A, UNDONE, end("out"), handler, flows="in > a > out")
    return row(made, BACK, END, flows="go > do > back > end", takes="ab")


UNDOING = {
    "thrown on the way": row(A, UNDONE, BACK, END, flows="go > a > back > end", takes="ab"),
    "thrown at the end": row(
        A, UNDONE, end("end", compensation()), flows="go > a > end", takes="ab"
    ),
    "thrown at the end of a subprocess": row(
        sub("do", start("in"), A, UNDONE, end("out", compensation()), flows="in > a > out"), END,
        flows="go > do > end", takes="ab",
    ),
    "of a subprocess as a whole": row(
        sub("do", start("in"), A, end("out"), flows="in > a > out"),
        undone_by("on", "do", B, "b"), BACK, END, flows="go > do > back > end", takes="ab",
    ),
    "begins an event subprocess": undone_inside(HANDLER),
    "begins an event subprocess that is marked so": undone_inside(
        marked(HANDLER, "handle", isForCompensation="true")
    ),
    "by the cancelling of a transaction": guarded(
        CANCEL, A, UNDONE.replace('"on"', '"taken"'), end("out", CANCEL), flows="in > a > out",
        tag="transaction", takes="abc",
    ),
    "cancelling without anything to undo": at_end(CANCEL, "ac", tag="transaction"),
    "cancelling outside of a transaction": row(
        A, end("end", CANCEL), flows="go > a > end", refused="cancel_outside"
    ),
    "an event subprocess of a process": row(
        A, END, HANDLER, flows="go > a > end", refused="compensation_start"
    ),
}  # fmt: skip


def several(all_needed: bool, *thrown: str, **more: Any) -> Row:
    hears = catch("hear", signal("x") + signal("y"), all_needed=all_needed)
    shouts = [throw(f"shout_{name}", signal(name)) for name in thrown]
    way = " > ".join(["split", *(f"shout_{name}" for name in thrown), "heard"])
    flows = f"go > split > hear > a > end; {way}"
    return row(parallel("split"), hears, A, END, *shouts, HEARD, flows=flows, **more)


SEVERAL = {
    "one of two, the first": several(False, "x", takes="a"),
    "one of two, the last": several(False, "y", takes="a"),
    "one of two, and none comes": several(False, "z", waits=True),
    "all of two": several(True, "y", "x", takes="a"),
    "all of two, and one is missing": several(True, "x", waits=True),
    "two thrown at once": row(
        parallel("split"), catch("hear_x", signal("x")), A, END, catch("hear_y", signal("y")), B,
        HEARD, throw("shout", signal("x") + signal("y")), end("told"),
        flows="go > split > hear_x > a > end; split > hear_y > b > heard; split > shout > told",
        takes="ab",
    ),
}  # fmt: skip

MEANT = "<bpmn:eventDefinitionRef>meant</bpmn:eventDefinitionRef>"
CODE = '<bpmn:error id="error_bad" errorCode="bad"/>'


def named(made: str) -> str:
    return made.replace("EventDefinition", 'EventDefinition id="meant"', 1)


REFERENCES = {
    "an error at the end": row(
        A, end("end", MEANT), flows="go > a > end", takes="a", stuck="UncaughtError",
        defs=CODE + named(BAD),
    ),
    "an error that begins an event subprocess": handled(
        MEANT, A, end("out", BAD), **PLAIN, takes="acd", defs=named(BAD)
    ),
    "a signal on a boundary": guarded(
        MEANT, A, throw("shout", LOUD), B, end("out"), flows="in > a > shout > b > out",
        interrupting=False, takes="acbd", defs=named(LOUD),
    ),
    "a timer on the way": row(
        catch("wait", MEANT), A, END, flows="go > wait > a > end", takes="a", then=later(),
        defs=named(timer("PT1H")),
    ),
}  # fmt: skip

LINK = definition("link", name="on")
OTHERS = {
    "a link": row(
        throw("leave", LINK), catch("come", LINK), A, END, flows="go > leave; come > a > end",
        takes="a",
    ),
    "a link without its other end": row(
        throw("leave", LINK), flows="go > leave", refused="link_without_partner"
    ),
    "terminate": row(
        parallel("split"), user("a"), END, end("all", TERMINATE),
        flows="go > split > a > end; split > all",
    ),
    "none, thrown": row(throw("pass"), A, END, flows="go > pass > a > end", takes="a"),
    "none, on a boundary": row(
        task("b"), boundary("on", "b", ""), END, HEARD, flows="go > b > end; on > heard",
        refused="event_out_of_place",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    "each",
    rows(
        {
            "message": across(message("m")),
            "signal": SIGNALS,
            "timer": TIMERS,
            "condition": CONDITIONS,
            "error": ERRORS,
            "escalation": ESCALATIONS,
            "compensation": UNDOING,
            "several events": SEVERAL,
            "by reference": REFERENCES,
            "other events": OTHERS,
        }
    ),
)
def test_an_event_is_carried_out_as_the_standard_says_or_refused(each: Row) -> None:
    conforms(each)
