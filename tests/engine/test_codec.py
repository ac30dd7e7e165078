"""The state as bytes: exact types, and an error instead of anything else."""

import enum
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from diagrams import diagram, end, process, start, sub, timer, user
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rehearsing import step

from engine import codec, runtime
from engine.changes import CompleteTask, SetVariables, Start
from engine.core.variables import checked
from engine.definitions import Definitions, check
from feel.values import Range, YearsMonths

LONDON = ZoneInfo("Europe/London")


def defined() -> Definitions:
    inside = sub("sp", start("s1"), user("b"), end("e1"), flows="s1 > b > e1")
    handler = sub("h", start("hs", timer("PT1H")), end("he"), flows="hs > he", event=True)
    drawn = process(start("s"), user("a"), inside, end("e"), handler, flows="s > a > sp > e")
    return check({"p.bpmn": diagram(drawn)})


@pytest.fixture(scope="module")
def definitions() -> Definitions:
    return defined()


def same(a: Any, b: Any) -> bool:
    """Strict equality: unlike ``==``, 1, 1.0, True and Decimal(1) differ."""
    if type(a) is not type(b) or a != b:
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return all(same(x, y) for x, y in zip(a, b, strict=True))
    return str(a) == str(b)  # Decimal("1.0") and Decimal("1.00"), zones, folds


VALUES = [
    None, True, False, 0, 1, -1, 2**62, 1.0, 0.1, -0.0, "", "text", "\x00", "é", "$",
    Decimal(1), Decimal("1.00"), Decimal("1E+3"), Decimal("-0"),
    date(2026, 3, 29), time(9, 30), time(9, 30, tzinfo=UTC),
    datetime(2026, 3, 29, 1, 30), datetime(2026, 10, 25, 1, 30, fold=1, tzinfo=LONDON),
    datetime(2026, 1, 1, 1, 1, 1, 1, tzinfo=UTC),
    datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=5, minutes=45))),
    datetime(2026, 1, 1, tzinfo=timezone(-timedelta(hours=3))),
    timedelta(0), timedelta(days=-1, microseconds=5), YearsMonths(-14),
    Range(Decimal(1), None, False, True), Range(date(2026, 1, 1), date(2026, 2, 1)),
    [], [1, [True, {}]], {}, {"": 1}, {"$": ["n", "1"]}, {"$": 1, "typename": "note"},
    {"typename": "datetime", "value": "2020-01-01"},
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_every_value_comes_back_exactly(value: Any) -> None:
    assert same(codec.from_json(codec.to_json(value)), value)


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.dates(),
    st.datetimes(),
    st.datetimes(timezones=st.sampled_from([UTC, LONDON, timezone(timedelta(hours=-9))])),
    st.times(),
    st.timedeltas(),
    st.integers(-9999, 9999).map(YearsMonths),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.just("$"), st.text(max_size=3)), inner, max_size=4),
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(value=values)
def test_any_value_comes_back_exactly_from_a_stored_state(value: Any) -> None:
    definitions = defined()
    run, _ = runtime.start(definitions, Start("p", {"value": value}), step())
    restored = runtime.restore(definitions, run.state())
    assert same(restored.variables["value"], value)


def test_a_restored_run_is_the_run(definitions: Definitions) -> None:
    run, _ = runtime.start(definitions, Start("p"), step())
    run.apply(CompleteTask(run.open_tasks()[0].task_id, {"n": 1}), step())
    restored = runtime.restore(definitions, run.state())
    assert restored.open_tasks() == run.open_tasks()
    assert restored.timers() == run.timers() and len(run.timers()) == 1
    assert restored.variables == run.variables
    assert restored.state() == run.state()


def test_a_change_of_type_alone_survives(definitions: Definitions) -> None:
    run, _ = runtime.start(definitions, Start("p", {"consent": 1, "score": 1.0, "ok": 0}), step())
    run = runtime.restore(definitions, run.state())
    run.apply(SetVariables({"consent": True, "score": 1, "ok": False}), step())
    run = runtime.restore(definitions, run.state())
    assert same(run.variables, {"consent": True, "score": 1, "ok": False})


class Grade(enum.StrEnum):
    HIGH = "high"


def test_what_is_no_value_becomes_one_or_is_refused() -> None:
    id = UUID(int=7)
    assert same(checked((1, id, Grade.HIGH), "v"), [1, str(id), "high"])
    assert same(checked(10**20, "v"), Decimal(10**20))
    for value in ({1, 2}, object(), float("nan"), {1: 2}, b"bytes", 10**34, print):
        with pytest.raises(Exception, match="NotAValue"):
            checked(value, "v")


def test_values_are_copied_on_the_way_in(definitions: Definitions) -> None:
    given = {"people": ["x"]}
    run, _ = runtime.start(definitions, Start("p", given), step())
    given["people"].append("y")
    assert run.variables == {"people": ["x"]}


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_damaged_bytes_raise_one_error_and_run_nothing(
    definitions: Definitions, data: st.DataObject
) -> None:
    state = bytearray(GOLDEN)
    kind = data.draw(st.sampled_from(["flip", "cut", "add", "noise"]))
    if kind == "flip":
        state[data.draw(st.integers(0, len(state) - 1))] ^= data.draw(st.integers(1, 255))
    elif kind == "cut":
        del state[data.draw(st.integers(0, len(state) - 1)) :]
    elif kind == "add":
        state += data.draw(st.binary(min_size=1, max_size=20))
    else:
        state = bytearray(data.draw(st.binary(max_size=200)))
    with pytest.raises(runtime.StateUnreadable):
        runtime.restore(definitions, bytes(state))


def test_a_state_with_a_right_digest_that_fits_no_release_is_refused_too(
    definitions: Definitions,
) -> None:
    run, _ = runtime.start(definitions, Start("p"), step())
    other = process(start("s"), user("other"), end("e"), flows="s > other > e")
    with pytest.raises(runtime.StateUnreadable, match="another release"):
        runtime.restore(check({"p.bpmn": diagram(other)}), run.state())
    for rows in ([], None, ["p"], ["p", [], []], ["nobody", [0, False, 0, None, {}], [[]]]):
        with pytest.raises(runtime.StateUnreadable):
            runtime.restore(definitions, codec.sealed(rows, definitions.sha256))


# The first format. When the layout changes, this must still be readable.
GOLDEN = bytes.fromhex(
    "01384f51aef719af4fa286f9f7142469c628b52ffd60da002d0900b61239215067ac034863b25aa8"
    "41eb10c710d285d7005755bde01bf05b9291c146555558032e0030002e005094ec09472dc15842a2"
    "565dff245fa7fb2201e9fae68d1de0117bf3a83575335286811a5ded87e1831e4dbf780baf818947"
    "8dfd5119593e03af15911fe98c7455e909aeebc9484959bc0c6a59f6bdc282a82359cb62044194b7"
    "fa4d6707c9da02928ec505c5308e85571d3a51ef48d2dd5cf6d808048c520f3de856bfd72fdb24d0"
    "f4b2a1777d6c0594670fce39e7e65470cbab623f90303a302e16d04081c330cec135f6d70f620c06"
    "7df6ee06019f87130fcb43cfd72419f6356f1800798e45931ccf00aa2fbfd246305b446b8f276bfe"
    "56d6e6d5158c8c1b50586882eb4153cc1056a6864d104a3886043f840a310775d5a0ccceb1fb2a63"
)


def test_a_state_of_the_first_format_can_still_be_read(definitions: Definitions) -> None:
    run = runtime.restore(definitions, GOLDEN)
    assert [task.element_id for task in run.open_tasks()] == ["a"]
    assert same(run.variables, {"n": Decimal("1.50"), "at": date(2026, 3, 2), "ok": True})
    changes = run.apply(CompleteTask(run.open_tasks()[0].task_id), step())
    assert [task.element_id for task in changes.tasks_opened] == ["b"]
