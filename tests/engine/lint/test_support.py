"""The table of what is executed is complete, and the runtime's parser agrees with it."""

import pytest

from engine.lint.schema import schema
from engine.lint.support import (
    ELEMENTS,
    EVENT_DEFINITIONS,
    KINDS,
    LEGAL,
    How,
    Place,
    event,
)
from engine.normalise.flows import FLOW_NODES
from engine.parser import DiagramParser, bpmn

ABSTRACT = {"callableElement", "eventDefinition", "globalTask"}


def test_every_element_of_the_standard_is_in_the_table():
    drawn = {
        name
        for name, head in schema().heads.items()
        if head in ("flowElement", "rootElement", "artifact", "loopCharacteristics")
    }
    missing = drawn - set(ELEMENTS) - set(EVENT_DEFINITIONS) - ABSTRACT - {"event"}
    assert missing == set()


def test_what_is_refused_says_why_and_what_to_do():
    for treated in ELEMENTS.values():
        if treated.how is How.REFUSED:
            assert treated.why.endswith(".") and treated.remedy.endswith(".")


def test_the_runtime_parses_exactly_the_flow_nodes_that_are_executed():
    executed = {bpmn(name) for name in FLOW_NODES if ELEMENTS[name].how is How.EXECUTED}
    assert set(DiagramParser.OVERRIDE_PARSER_CLASSES) == executed


@pytest.mark.parametrize("place", Place)
def test_every_event_is_executed_or_told_why_not(place):
    for kind in KINDS:
        treated = event(place, kind)
        if treated.how in (How.REFUSED, How.ILLEGAL):
            assert treated.why.endswith(".") and treated.remedy.endswith(".")
        else:
            assert kind.replace(" ", "_") in LEGAL[place].split()
