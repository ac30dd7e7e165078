"""States that earlier formats have written can be read for ever, and mean what they meant.

`golden/format_<n>.state` was written by the engine that had format n, from `golden/case.bpmn`, as
`new_state` does it. After raising `codec.VERSION`, write that state into a file of the new number.
"""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from rehearsing import HOUR, NOW, step

from engine import codec, runtime
from engine.changes import CompleteTask, DeliverMessage, FireTimers, SkipIncident, Start
from engine.core.refusals import StateUnreadable
from engine.core.run import Run
from engine.definitions import Definitions, check
from feel.values import Range, YearsMonths

GOLDEN = Path(__file__).parent / "golden"
FORMATS = range(1, codec.VERSION + 1)
CASE = "5f0a7c1e-0000-4000-8000-00000000c0de"
VARIABLES: dict[str, Any] = {
    "case_id": CASE,
    "people": ["amina", "ben"],
    "undone": [],
    "number": Decimal("1.50"),
    "whole": 7,
    "yes": True,
    "nothing": None,
    "text": "é $",
    "day": date(2026, 3, 29),
    "at": datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
    "clock": time(9, 30),
    "span": timedelta(days=1, microseconds=5),
    "months": YearsMonths(14),
    "between": Range(Decimal(1), Decimal(5)),
    "context": {"$": ["n", "1"], "inside": [1, {"deep": Decimal("-0")}]},
}
OPEN = ["ask", "inside", "rest", "ring", "ring"]


def definitions() -> Definitions:
    return check({"case.bpmn": (GOLDEN / "case.bpmn").read_text(encoding="utf-8")})


def the_task(run: Run, element_id: str) -> CompleteTask:
    return CompleteTask(next(t.task_id for t in run.open_tasks() if t.element_id == element_id))


def new_state() -> bytes:
    """Return a state with something of everything in it, in the newest format."""
    run, _ = runtime.start(definitions(), Start("p", VARIABLES), step())
    run.apply(the_task(run, "book"), step())  # leaves something that could be undone
    return run.state()


def looks(run: Run) -> dict[str, Any]:
    """Everything that can be seen of a run but the ids, which differ from one to the next."""
    return {
        "tasks": sorted((t.element_id, t.name, t.form, t.due_at) for t in run.open_tasks()),
        "timers": [(t.element_id, t.due_at) for t in run.timers()],
        "waiting": [(s.element_id, s.name, s.correlation) for s in run.subscriptions()],
        "incidents": [(i["error"], i["cause"]) for i in run.instance.incidents.values()],
        "variables": run.variables,
        "about": (run.instance.risk_rank, str(run.instance.business_key)),
    }


def stored(version: int) -> bytes:
    return (GOLDEN / f"format_{version}.state").read_bytes()


@pytest.mark.parametrize("version", FORMATS)
def test_a_state_of_every_format_is_read_and_means_the_same(version: int) -> None:
    state = stored(version)
    assert state[0] == version
    run = runtime.restore(definitions(), state)
    assert looks(run) == looks(runtime.restore(definitions(), new_state()))
    assert sorted(task.element_id for task in run.open_tasks()) == OPEN
    assert {name: str(value) for name, value in run.variables.items()} == {
        name: str(value) for name, value in VARIABLES.items()
    }


@pytest.mark.parametrize("version", FORMATS)
def test_a_state_of_every_format_runs_on_and_is_written_in_the_newest(version: int) -> None:
    drawn = definitions()
    run = runtime.restore(drawn, stored(version))
    assert run.apply(FireTimers(), step(NOW + HOUR)).tasks_opened[0].element_id == "remind"
    [incident] = run.instance.incidents
    run.apply(SkipIncident(incident, {}), step())
    [waiting] = run.subscriptions()
    run.apply(DeliverMessage(waiting.subscription_id, waiting.name, {}), step())

    state = run.state()
    assert state[0] == codec.VERSION
    run = runtime.restore(drawn, state)
    while run.open_tasks():
        run.apply(CompleteTask(run.open_tasks()[0].task_id), step())
    assert run.ended


def test_every_older_format_has_its_way_to_the_newest() -> None:
    assert sorted(codec.UPGRADES) == list(FORMATS)[:-1]
    assert sorted(path.name for path in GOLDEN.glob("*.state")) == [
        f"format_{version}.state" for version in FORMATS
    ]


def test_a_format_from_the_future_is_refused_in_words() -> None:
    state = bytes([codec.VERSION + 1]) + new_state()[1:]
    with pytest.raises(StateUnreadable, match="a newer Signpost has written") as refused:
        runtime.restore(definitions(), state)
    assert f"reads up to {codec.VERSION}" in str(refused.value)


@pytest.mark.parametrize("version", [0, *FORMATS])
def test_no_single_wrong_byte_makes_a_state_pass_for_another_format(version: int) -> None:
    """The format is part of what the checksum covers: nothing is read by the wrong rules."""
    for other in FORMATS:
        if other != version:
            with pytest.raises(StateUnreadable, match="damaged"):
                runtime.restore(definitions(), bytes([version]) + stored(other)[1:])
