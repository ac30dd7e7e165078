"""The constructs of BPMN 2.0.2 one by one: steps, flows, data, gateways and patterns of them.

Each row is named as a reader of the standard would; its verdict stands in the name of the test.
Events have a table of their own. How each construct behaves in the round is tested beside it.
"""

import pytest
from conforming import A, B, C, D, Row, conforms, later, row, rows, step
from diagrams import (
    ad_hoc,
    boundary,
    call,
    catch,
    complex_gateway,
    element,
    end,
    error,
    event_gateway,
    inclusive,
    loop,
    many,
    marked,
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
    task,
    text,
    throw,
    timer,
    user,
    xor,
)
from rehearsing import do, names

from engine.rehearsal import BusinessError, Rehearsal

END = end("end")
LINE = "go > a > b > end"
COUNT = script("a", "{n: n + 1}", loop("n < 3"))
INNER = (start("in"), A, end("out"))


def behaving(kind: str, reference: str = "") -> str:
    named = f' {reference}="told"' if reference else ""
    return many(times="3", sequential=True).replace(
        " isSequential", f' behavior="{kind}"{named} isSequential'
    )


TOLD = (
    '<bpmn:signal id="tell" name="tell"/><bpmn:signalEventDefinition id="told" signalRef="tell"/>'
)
HEARD = boundary("on", "a", '<bpmn:signalEventDefinition signalRef="tell"/>', interrupting=False)


def telling(takes: str, kind: str, reference: str = "") -> Row:
    """Three repetitions; `c` is what hears of them."""
    flows = f"{LINE}; on > c > heard"
    made = (step("a", behaving(kind, reference)), HEARD, B, C, END, end("heard"))
    return row(*made, flows=flows, takes=takes, defs=TOLD)


def called(*inside: str, flows: str) -> tuple[str, ...]:
    return (process(start("in"), *inside, end("out"), flows=flows, id="other"),)


def in_parallel(rehearsal: Rehearsal) -> None:
    assert names(rehearsal) == ["a", "b"]
    do(rehearsal, "b")
    do(rehearsal, "a")


ACTIVITIES = {
    "a process that is called": row(
        call("do", "other"), B, END, flows="go > do > b > end", takes="ab",
        others=called(A, flows="in > a > out"),
    ),
    "a global task that is called": row(
        call("a", "global"), B, END, flows=LINE, takes="ab",
        defs=element("globalScriptTask", "global", text("script", "{}"), scriptLanguage="feel"),
    ),
    "a subprocess": row(
        sub("do", *INNER, flows="in > a > out"), B, END, flows="go > do > b > end", takes="ab"
    ),
    "a transaction": row(
        sub("do", *INNER, flows="in > a > out", tag="transaction"), B, END,
        flows="go > do > b > end", takes="ab",
    ),
    "an ad hoc subprocess, one step after the other": row(
        ad_hoc("do", A, B, ordering="Sequential"), C, END, flows="go > do > c > end", takes="abc"
    ),
    "an ad hoc subprocess, all steps at once": row(
        ad_hoc("do", A, B, ordering="Parallel"), C, END, flows="go > do > c > end", takes="abc"
    ),
    "repeated one after the other": row(
        step("a", many(times="3", sequential=True)), B, END, flows=LINE, takes="aaab"
    ),
    "repeated at once": row(step("a", many(times="3")), B, END, flows=LINE, takes="aaab"),
    "repeated as often as the data say": row(
        step("a", many(times="n")), B, END, flows=LINE, takes="aaab", data={"n": 3}
    ),
    "a repeated subprocess": row(
        sub("do", *INNER, many(times="3", sequential=True), flows="in > a > out"), B, END,
        flows="go > do > b > end", takes="aaab",
    ),
    "an event for each repetition": telling("acacacb", "None", "noneBehaviorEventRef"),
    "an event for the first repetition": telling("acaab", "One", "oneBehaviorEventRef"),
    "no event for repetitions": telling("aaab", "All"),
    "a loop that asks afterwards": row(COUNT, B, END, flows=LINE, takes="aab", data={"n": 1}),
    "a loop that asks afterwards runs once": row(
        COUNT, B, END, flows=LINE, takes="ab", data={"n": 7}
    ),
    "a loop that asks before": row(
        step("a", loop("false", before=True)), B, END, flows=LINE, takes="b"
    ),
    "a loop with a largest number": row(
        step("a", loop("true", maximum=3)), B, END, flows=LINE, takes="aaab"
    ),
    "a loop in a subprocess": row(
        sub("do", start("in"), script("a", "{n: n + 1}"), end("out"), loop("n < 3"),
            flows="in > a > out"),
        B, END, flows="go > do > b > end", takes="aaab", data={"n": 0},
    ),
    "several tokens given and taken": row(
        marked(A, "a", completionQuantity=2), B, marked(C, "c", startQuantity=2), END,
        flows="go > a > b > c > end", takes="abbc",
    ),
    "two flows out of a step, a step for each token": row(
        A, B, C, D, END, flows="go > a > b > d > end; a > c > d", takes="abcdd"
    ),
    "two flows out of a step, a step for both tokens": row(
        A, B, C, marked(D, "d", startQuantity=2), END,
        flows="go > a > b > d > end; a > c > d", takes="abcd",
    ),
    "tokens that never suffice": row(
        A, marked(B, "b", startQuantity=2), END, flows=LINE, takes="a", stuck="StuckJoin"
    ),
    "a send task": row(
        send("tell", "m"), END, flows="go > tell > end", takes="a",
        others=(process(start("in", message("m")), A, end("out"), flows="in > a > out", id="q"),),
    ),
    "a receive task": row(
        receive("hear", "m"), A, END, flows="go > hear > a > end", takes="a",
        then=lambda rehearsal: rehearsal.send_message("m"),
    ),
    "a receive task that begins a process": row(
        throw("tell", message("m")), END, flows="go > tell > end", takes="a",
        others=(process(marked(receive("hear", "m"), "hear", instantiate="true"), A,
                        flows="hear > a", id="q"),),
    ),
    "a loop that may run less than once": row(
        step("a", loop("true", maximum=-1)), END, flows="go > a > end", refused="wrong_cardinality"
    ),
    "fewer repetitions than none": row(
        step("a", many(times="-1")), END, flows="go > a > end", refused="wrong_cardinality"
    ),
    "a step that takes no token": row(
        marked(A, "a", startQuantity=0), END, flows="go > a > end", refused="quantity"
    ),
    "a step that gives no token": row(
        marked(A, "a", completionQuantity=0), END, flows="go > a > end", refused="quantity"
    ),
}  # fmt: skip

WAYS = "go > a; a > b [n = 1]; a > c; b > end; c > end"
FLOWS = {
    "one step after the other": row(A, B, END, flows=LINE, takes="ab"),
    "a process that ends by itself": row(A, flows="go > a", takes="a"),
    "lanes and a pool": row(
        '<bpmn:laneSet id="lanes"><bpmn:lane id="lane" name="desk"><bpmn:flowNodeRef>a'
        "</bpmn:flowNodeRef></bpmn:lane></bpmn:laneSet>", A, B, END, flows=LINE, takes="ab",
        defs='<bpmn:collaboration id="us"><bpmn:participant id="pool" processRef="p"/>'
        "</bpmn:collaboration>",
    ),
    "a flow with a condition, and it holds": row(
        A, B, C, END, flows=WAYS, takes="abc", data={"n": 1}
    ),
    "a flow with a condition, and it does not hold": row(
        A, B, C, END, flows=WAYS, takes="ac", data={"n": 2}
    ),
    "a default flow out of a step": row(
        marked(A, "a", default="a__c"), B, C, END, flows=WAYS, takes="ac", data={"n": 2}
    ),
    "a default flow beside a plain one": row(
        marked(A, "a", default="a__c"), B, C, D, END, flows=f"{WAYS}; a > d > end", takes="acd",
        data={"n": 2},
    ),
}  # fmt: skip

SEEN = xor("seen", "no")
DATA_FLOWS = 'go > write > read > seen; seen > a [saw = "it"]; a > end; seen > no'
WRITE, READ = script("write", '{kept: "it"}'), script("read", "{saw: kept}")
COMPUTED = (
    '<bpmn:ioSpecification><bpmn:dataInput id="d" name="given"/><bpmn:inputSet>'
    "<bpmn:dataInputRefs>d</bpmn:dataInputRefs></bpmn:inputSet><bpmn:outputSet/>"
    '</bpmn:ioSpecification><bpmn:dataInputAssociation id="x"><bpmn:sourceRef>kept'
    "</bpmn:sourceRef><bpmn:targetRef>d</bpmn:targetRef>"
    "<bpmn:transformation>= kept</bpmn:transformation></bpmn:dataInputAssociation>"
)
DATA = {
    "a data object": row(
        '<bpmn:dataObject id="kept"/>', WRITE, READ, SEEN, A, END, end("no"),
        flows=DATA_FLOWS, takes="a",
    ),
    "a transformation, as other tools write it": row(
        '<bpmn:dataObject id="kept"/>', WRITE, script("read", "{saw: given}", COMPUTED), SEEN, A,
        END, end("no"), flows=DATA_FLOWS, takes="a",
    ),
    "a property": row(
        '<bpmn:property id="kept" name="kept"/>', WRITE, READ, SEEN, A, END, end("no"),
        flows=DATA_FLOWS, takes="a",
    ),
}  # fmt: skip


def two_ways(split: str, join: str, **more: object) -> Row:
    """`a` if n is 1, `b` if m is 1; both lead to `c`."""
    flows = "go > split; split > a [n = 1]; split > b [m = 1]; a > join; b > join; join > c > end"
    return row(split, join, A, B, C, END, flows=flows, **more)


def three_ways(split: str, join: str, **more: object) -> Row:
    """The same with `d` as the default."""
    flows = "go > split; split > a [n = 1]; split > b [m = 1]; split > d; a > join; b > join;"
    return row(split, join, A, B, C, D, END, flows=f"{flows} d > join; join > c > end", **more)


BOTH, FIRST, NONE = {"n": 1, "m": 1}, {"n": 1, "m": 0}, {"n": 0, "m": 0}
SPLITS = "go > split > a > join > c > end; split > b > join"
EITHER = "go > gate; gate > hear_x > a > end_x; gate > hear_y > b > end_y"
HEAR_X, HEAR_Y = catch("hear_x", signal("x")), catch("hear_y", signal("y"))
ENDS = (end("end_x"), end("end_y"))


def failing(**_: object) -> None:
    raise BusinessError("bad")


GATEWAYS = {
    "exclusive, the first that holds": two_ways(xor("split"), xor("join"), takes="ac", data=BOTH),
    "exclusive, nothing holds": two_ways(
        xor("split"), xor("join"), data=NONE, stuck="NoPathTaken"
    ),
    "exclusive, the default": three_ways(
        xor("split", "d"), xor("join"), takes="dc", data=NONE
    ),
    "inclusive, all that hold": two_ways(
        inclusive("split"), inclusive("join"), takes="abc", data=BOTH
    ),
    "inclusive, nothing holds": two_ways(
        inclusive("split"), inclusive("join"), data=NONE, stuck="NoPathTaken"
    ),
    "inclusive, the default": three_ways(
        inclusive("split", "d"), inclusive("join"), takes="dc", data=NONE
    ),
    "inclusive, one is not waited for": two_ways(
        inclusive("split"), inclusive("join"), takes="ac", data=FIRST
    ),
    "inclusive behind exclusive": two_ways(
        xor("split"), inclusive("join"), takes="ac", data=BOTH
    ),
    "exclusive behind inclusive goes on for each": two_ways(
        inclusive("split"), xor("join"), takes="abcc", data=BOTH
    ),
    "parallel": row(parallel("split"), parallel("join"), A, B, C, END, flows=SPLITS, takes="abc"),
    "parallel, people work at once": row(
        parallel("split"), parallel("join"), user("a"), user("b"), C, END, flows=SPLITS,
        takes="bac", then=in_parallel,
    ),
    "exclusive behind parallel goes on for each": row(
        parallel("split"), xor("join"), A, B, C, END, flows=SPLITS, takes="abcc"
    ),
    "inclusive behind parallel": row(
        parallel("split"), inclusive("join"), A, B, C, END, flows=SPLITS, takes="abc"
    ),
    "complex, as a split": three_ways(
        complex_gateway("split", default="d"), inclusive("join"), takes="abc", data=BOTH
    ),
    "complex, goes on with the first": row(
        parallel("split"), complex_gateway("join", "activationCount >= 1"), A, B, C, END,
        flows=SPLITS, takes="abc",
    ),
    "complex, its condition as other tools write it": row(
        parallel("split"), complex_gateway("join", "= activationCount >= 2"), A, B, C, END,
        flows=SPLITS, takes="abc",
    ),
    "events, the signal that is heard": row(
        event_gateway("gate"), HEAR_X, HEAR_Y, A, B, *ENDS, flows=EITHER, takes="b",
        then=lambda rehearsal: rehearsal.send_signal("y"),
    ),
    "events, the time that is up": row(
        event_gateway("gate"), HEAR_X, catch("hear_y", timer("PT1H")), A, B, *ENDS, flows=EITHER,
        takes="b", then=later(),
    ),
    "cycles with several ways in": row(
        xor("one"), A, xor("two"), script("count", "{n: n + 1}"), xor("if_a", "b"), B,
        xor("if_b", "end"), END,
        flows="go > one > a > two > count > if_a; if_a > one [n < 2]; if_a > b > if_b;"
        "if_b > two [n < 3]; if_b > end",
        takes="aabb", data={"n": 0},
    ),
    "a failing step is left by its boundary": row(
        service("try", "fail"), boundary("on", "try", error("bad")), A, B, *ENDS,
        flows="go > try > a > end_x; on > b > end_y", takes="b", operations={"fail": failing},
    ),
    "parallel behind exclusive waits for ever": two_ways(
        xor("split"), parallel("join"), refused="stuck_join"
    ),
    "parallel behind inclusive may wait for ever": two_ways(
        inclusive("split"), parallel("join"), refused="stuck_join"
    ),
    "conditions behind a parallel gateway": two_ways(
        parallel("split"), parallel("join"), refused="useless_condition"
    ),
    "a step behind an event gateway": row(
        event_gateway("gate"), task("hear_x"), HEAR_Y, A, B, *ENDS, flows=EITHER,
        refused="event_gateway_target",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    "each", rows({"activities": ACTIVITIES, "flows": FLOWS, "data": DATA, "gateways": GATEWAYS})
)
def test_a_construct_is_carried_out_as_the_standard_says_or_refused(each: Row) -> None:
    conforms(each)
