"""Processes that start one another without end are told before they run."""

import pytest
from diagrams import (
    catch,
    diagram,
    end,
    message,
    parallel,
    process,
    signal,
    start,
    sub,
    task,
    throw,
    timer,
    user,
)
from drawing import findings_of, one

LOUD, TOLD = signal("loud"), message("told")


def answering(id: str, hears: str, says: str, *between: str, wait: str = "") -> str:
    way = f"{id}_in > {wait} > {id}_out" if wait else f"{id}_in > {id}_out"
    return process(start(f"{id}_in", hears), *between, end(f"{id}_out", says), flows=way, id=id)


@pytest.mark.parametrize("event", [LOUD, TOLD])
def test_a_process_that_throws_what_starts_it_is_unsafe(event):
    found = one(findings_of(diagram(answering("p", event, event))), "endless_starts")
    assert (found.severity, found.element_id) == ("unsafe", "p_in")
    assert found.message.startswith("'p_in' would start new instances without end")


def test_two_that_answer_each_other_are_told_once_wherever_they_are_drawn():
    ping, pong = answering("p", LOUD, TOLD), answering("q", TOLD, LOUD)
    found = one(findings_of(diagram(ping), diagram(pong)), "endless_starts")
    assert found.message.startswith("'p_in' and 'q_in' would start")
    assert found.file == "diagram_1.bpmn"


@pytest.mark.parametrize("between", [user("w"), catch("w", timer("P1D"))])
def test_a_circle_in_which_something_waits_is_fine(between):
    made = diagram(answering("p", LOUD, LOUD, between, wait="w"))
    assert "endless_starts" not in {f.rule for f in findings_of(made)}


def test_what_is_thrown_inside_of_a_subprocess_counts_and_behind_a_wait_does_not():
    inside = sub("w", start("s"), throw("t", LOUD), end("e"), flows="s > t > e")
    assert one(findings_of(diagram(answering("p", LOUD, "", inside, wait="w"))), "endless_starts")
    made = process(
        start("p_in", LOUD), parallel("f"), user("w"), throw("t", LOUD), task("a"), end("e1"),
        end("e2"), flows="p_in > f > w > t > e1; f > a > e2",
    )  # fmt: skip
    assert "endless_starts" not in {f.rule for f in findings_of(diagram(made))}


def test_a_chain_that_ends_is_fine():
    made = diagram(answering("p", LOUD, TOLD), answering("q", TOLD, signal("done")))
    assert "endless_starts" not in {f.rule for f in findings_of(made)}
