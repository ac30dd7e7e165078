"""Every operation of casework says what it returns, and the checks know all that is handed in."""

from shipped import shipped

import feel
from engine import operations
from engine.lint.extra import diagrams_of
from engine.lint.texts import feel_texts
from workflows import registry
from workflows.releases.checks import known_operations
from workflows.releases.handed_in import HANDED_IN


def test_every_operation_says_what_it_returns() -> None:
    registry.load()
    silent = [
        each.name
        for each in operations.registry().values()
        if each.function.__module__.startswith("workflows.")
        and each.results is None
        and each.decision is None
    ]
    assert silent == []


def test_an_operation_hands_on_the_outputs_of_a_table_that_is_there() -> None:
    registry.load()
    named = {each.decision for each in operations.registry().values() if each.decision}
    assert named and named <= set(shipped().decisions)


def test_the_shipped_diagrams_read_nothing_that_nobody_sets() -> None:
    registry.load()
    assert [finding.message for finding in known_operations(shipped())] == []


def test_what_is_handed_in_is_read_by_a_diagram() -> None:
    read: set[str] = set()
    diagrams = diagrams_of(shipped())
    assert len(diagrams) == len({process.file for process in shipped().processes.values()})
    for diagram in diagrams:
        for text in feel_texts(diagram):
            read |= feel.parse(text.text).names
    assert sorted(HANDED_IN - read) == []
