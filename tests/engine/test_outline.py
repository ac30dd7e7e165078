"""The text twin of a diagram."""

import glob
from collections import Counter

import pytest
from drawing import bpmn, flow, flows, straight
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import xml
from engine.definitions import Process
from engine.normalise import normalise
from engine.normalise.flows import FLOW_NODES
from engine.outline import Outline, outline
from engine.outline_words import duration_words


def read(text: str, process_id: str = "case_work") -> Process:
    """Return a process as `check` would, also where the linter would refuse it."""
    normalised = normalise(xml.parse(text.encode(), "a.bpmn"), "a.bpmn")
    element = normalised.root.find(f".//*[@id='{process_id}']")
    assert element is not None
    return Process(
        process_id,
        element.get("name") or process_id,
        "a.bpmn",
        "",
        element,
        author_ids=normalised.author_ids,
        made=normalised.made,
    )


def lines(body: str, **states: str) -> list[str]:
    return outline(read(bpmn(body)), states).lines()


LANES = (
    '<bpmn:laneSet id="lanes"><bpmn:lane id="lane_1" name="handler">'
    "<bpmn:flowNodeRef>task_ring</bpmn:flowNodeRef></bpmn:lane></bpmn:laneSet>"
)
RING = '<bpmn:userTask id="task_ring" name="Ring the client"/>'
CHOICE = (
    '<bpmn:startEvent id="begin" name="Asked"/><bpmn:endEvent id="finish" name="Done"/>'
    '<bpmn:exclusiveGateway id="choice" name="Reached?" default="flow_choice_letter"/>'
    '<bpmn:userTask id="letter" name="Write a letter"/>'
)


def test_steps_stand_in_order_with_lane_and_state():
    body = LANES + straight("task_ring") + RING
    assert lines(body, task_ring="now, 40 min overdue") == [
        "Start",
        "[handler] Ring the client (now, 40 min overdue)",
        "End",
    ]


def test_a_gateway_is_a_question_with_a_list_for_each_answer():
    body = CHOICE + RING + flows("begin", "task_ring", "choice") + flows("letter", "finish")
    body += flow("choice", "finish", "reached").replace(
        "<bpmn:sequenceFlow", '<bpmn:sequenceFlow name="Yes"'
    )
    assert lines(body + flow("choice", "letter")) == [
        "Asked",
        "Ring the client",
        "Reached?",
        "  Yes: goes on below",
        "  Otherwise:",
        "    Write a letter",
        "End: Done",
    ]


def test_a_loop_is_a_reference():
    body = CHOICE + RING + flows("begin", "task_ring", "choice") + flows("letter", "task_ring")
    assert lines(body + flow("choice", "finish", "reached") + flow("choice", "letter")) == [
        "Asked",
        "Ring the client",
        "Reached?",
        "  If reached:",
        "    End: Done",
        "  Otherwise:",
        "    Write a letter",
        "    back to Ring the client",
    ]


def test_a_boundary_event_is_an_if():
    event = '<bpmn:boundaryEvent id="late" name="No answer" attachedToRef="task_ring" {}>'
    event += "<bpmn:timerEventDefinition><bpmn:timeDuration>PT4H</bpmn:timeDuration>"
    event += (
        '</bpmn:timerEventDefinition></bpmn:boundaryEvent><bpmn:userTask id="letter" name="Write"/>'
    )
    body = straight("task_ring") + RING + flows("late", "letter", "finish")
    assert lines(body + event.format("")) == [
        "Start",
        "Ring the client",
        "  If 4 hours pass (No answer)",
        "    Write",
        "    goes on at finish",
        "End",
    ]
    assert lines(body + event.format('cancelActivity="false"'))[2] == (
        "  If 4 hours pass (No answer), while it goes on"
    )


def test_parallel_branches_come_together_in_a_join():
    body = (
        '<bpmn:startEvent id="begin"/><bpmn:endEvent id="finish"/>'
        '<bpmn:parallelGateway id="split"/><bpmn:parallelGateway id="join"/>'
        '<bpmn:task id="a" name="Ring"/><bpmn:task id="b" name="Write"/>'
        + flows("begin", "split", "a", "join", "finish")
        + flows("split", "b", "join")
    )
    assert lines(body) == [
        "Start",
        "At the same time",
        "  Ring",
        "  Write",
        "Then, from both",
        "End",
    ]


def test_what_nobody_drew_is_not_shown():
    body = '<bpmn:task id="a" name="Ring"/><bpmn:task id="b" name="Write"/>'
    body += '<bpmn:task id="c" name="Go"/>'
    assert lines(body + flow("a", "b", "sure") + flow("a", "c")) == [
        "Ring",
        "  If sure:",
        "    Write",
        "  Always:",
        "    Go",
    ]


def test_a_subprocess_holds_its_steps_and_a_handler_says_when():
    body = straight("sub") + '<bpmn:subProcess id="sub" name="Plan">' + RING + "</bpmn:subProcess>"
    body += '<bpmn:subProcess id="h" name="Client rings" triggeredByEvent="true">'
    body += '<bpmn:startEvent id="s"><bpmn:signalEventDefinition/></bpmn:startEvent>'
    body += '<bpmn:endEvent id="e"/>' + flows("s", "e") + "</bpmn:subProcess>"
    assert lines(body) == [
        "Start",
        "Plan",
        "  Ring the client",
        "End",
        "When a signal is given: Client rings",
        "  When a signal is given",
        "  End",
    ]


def test_repetitions_say_how_often():
    loop = "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopDataInputRef>agencies"
    loop += "</bpmn:loopDataInputRef></bpmn:multiInstanceLoopCharacteristics>"
    body = straight("a") + f'<bpmn:userTask id="a" name="Tell">{loop}</bpmn:userTask>'
    assert lines(body)[1] == "Tell (once for each of agencies, together)"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("PT4H", "4 hours"),
        ("P1D", "1 day"),
        ("P2W", "2 weeks"),
        ("P1DT2H", "1 day and 2 hours"),
        ("PT90M", "90 minutes"),
        ("PT0.5S", "0.5 seconds"),
        ("P1Y6M", "1 year and 6 months"),
        ("due_hours(2)", None),
    ],
)
def test_durations_are_written_in_words(text, words):
    assert duration_words(text) == words


# -- properties -------------------------------------------------------------------------------


def drawn_nodes(process: Process) -> set[str]:
    return {
        process.author_ids.get(element.get("id") or "", element.get("id")) or ""
        for element in xml.bpmn_descendants(process.element, *FLOW_NODES)
        if element.get("id") not in process.made
    }


def shown(found: Outline) -> Counter[str]:
    return Counter(
        item.element_id or ""
        for item in found.walk()
        if item.kind != "reference" and item.element_id
    )


KINDS = ["task", "userTask", "exclusiveGateway", "parallelGateway", "intermediateThrowEvent"]


@st.composite
def diagrams(draw) -> str:
    """Draw any graph at all: loops, dead ends, steps that nothing leads to, boundary events."""
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=9))
    ids = [f"n{number}" for number in range(len(kinds))]
    body = "".join(f'<bpmn:{kind} id="{i}"/>' for kind, i in zip(kinds, ids, strict=True))
    hosts = [i for i, kind in zip(ids, kinds, strict=True) if kind.lower().endswith("task")]
    for host in draw(st.lists(st.sampled_from(hosts), max_size=2)) if hosts else []:
        event = f"e{len(ids)}"
        ids.append(event)
        body += f'<bpmn:boundaryEvent id="{event}" attachedToRef="{host}">'
        body += "<bpmn:signalEventDefinition/></bpmn:boundaryEvent>"
    if draw(st.booleans()):
        body += '<bpmn:startEvent id="begin"/><bpmn:endEvent id="finish"/>'
    inner = [i for i in ids if not i.startswith("e")]
    ends = [*inner, "finish"] if "finish" in body else inner
    starts = [*ids, "begin"] if "begin" in body else ids
    pairs = draw(st.sets(st.tuples(st.sampled_from(starts), st.sampled_from(ends)), max_size=14))
    return bpmn(body + "".join(flow(a, b) for a, b in sorted(pairs)))


@settings(max_examples=150, deadline=None)
@given(diagrams())
def test_every_step_is_an_item_exactly_once(text):
    process = read(text)
    assert shown(outline(process)) == Counter(drawn_nodes(process))


@settings(max_examples=60, deadline=None)
@given(diagrams())
def test_every_reference_names_a_step_that_is_shown(text):
    found = outline(read(text))
    items = shown(found)
    for item in found.walk():
        if item.kind == "reference":
            assert item.element_id is None or items[item.element_id] == 1


@pytest.mark.parametrize("file", sorted(glob.glob("bpmn/processes/*.bpmn")))
def test_shipped_diagrams_show_every_step_once(file):
    with open(file, encoding="utf-8") as opened:
        text = opened.read()
    process_id = file.rpartition("/")[2].removesuffix(".bpmn")
    process = read(text, process_id)
    assert shown(outline(process)) == Counter(drawn_nodes(process))
