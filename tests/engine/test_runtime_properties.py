"""Whatever is drawn and whatever happens: storing and compacting change nothing."""

import pytest
from blocks import Block, Choose, Played, any_move, blocks, defined, play, work_off
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import runtime
from engine.core.run import Run
from engine.definitions import Definitions

choices = st.lists(st.integers(0, 11), max_size=25)


def straight(definitions: Definitions, run: Run) -> Run:
    run.compacting = False
    return run


def stored(definitions: Definitions, run: Run) -> Run:
    return runtime.restore(definitions, run.state())


def compacted(definitions: Definitions, run: Run) -> Run:
    return run


def same_in_every_way(block: Block, chosen: list[int], choose: Choose = any_move) -> Played:
    definitions = defined(block)
    expected = play(definitions, chosen, straight, choose)
    assert play(definitions, chosen, stored, choose) == expected
    assert play(definitions, chosen, compacted, choose) == expected
    return expected


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(blocks, choices)
def test_a_diagram_runs_the_same_stored_after_every_step(block: Block, chosen: list[int]) -> None:
    same_in_every_way(block, chosen)


@pytest.mark.nightly
@settings(max_examples=2_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(blocks, choices)
def test_two_thousand_diagrams_run_the_same_stored_after_every_step(
    block: Block, chosen: list[int]
) -> None:
    same_in_every_way(block, chosen)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(blocks)
def test_an_instance_ends_when_everything_has_happened(block: Block) -> None:
    """With all work done and all timers fired nothing is left: no silent end, no lost token."""
    played = same_in_every_way(block, [0] * 400, work_off)
    assert [errors for *_, errors in played.looks if errors] == []
    assert played.ended
    assert "finish" in played.trace
