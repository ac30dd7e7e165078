"""What operations return: read from the annotation, held to it at run time."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal, NotRequired, TypedDict

import pytest

from engine import operations
from engine.operations import OperationContext, WrongResult, operation
from engine.results import Results, kind_of, results_of, shape_of
from feel.shapes import ANYTHING, NULL, of_type


class Inner(TypedDict):
    level: str


class Outcome(TypedDict):
    name: str
    count: int
    at: datetime | None
    band: Literal["none", "likely"]
    tools: list[str]
    inner: Inner
    extra: NotRequired[bool]


GOOD: Mapping[str, Any] = {
    "name": "a",
    "count": 3,
    "at": None,
    "band": "none",
    "tools": [],
    "inner": {"level": "high"},
}


@pytest.fixture
def declared() -> Results:
    found = results_of(Outcome)
    assert found is not None
    return found


@operation("resulttest.wrong")
def wrong(context: OperationContext) -> Inner:
    return {}  # type: ignore[typeddict-item]  # what the check at run time is for


@operation("resulttest.nothing")
def nothing(context: OperationContext) -> None:
    return None


@operation("resulttest.untold")
def untold(context: OperationContext) -> dict[str, Any]:
    return {"anything": 1}


def test_the_annotation_tells_names_types_and_what_may_be_missing(declared: Results) -> None:
    assert [(e.name, e.kind, e.is_required, e.may_be_null) for e in declared.entries] == [
        ("name", "string", True, False),
        ("count", "number", True, False),
        ("at", "date and time", True, True),
        ("band", "string", True, False),
        ("tools", "list", True, False),
        ("inner", "context", True, False),
        ("extra", "boolean", False, False),
    ]


def test_shapes_hold_values_items_and_entries(declared: Results) -> None:
    members = declared.shape.members or {}
    assert declared.shape.is_closed
    assert members["band"].values == {"none", "likely"}
    assert members["tools"].item == of_type("string")
    assert (members["inner"].members or {})["level"] == of_type("string")
    assert shape_of(Any) is ANYTHING
    assert shape_of(type(None)) is NULL
    assert shape_of(str | int) is ANYTHING
    assert kind_of(Literal["a", 1]) == "any"


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"extra": True},
        {"at": datetime(2027, 1, 14, tzinfo=UTC)},
        {"count": Decimal("2.5")},
        {"tools": ["dash"]},
    ],
)
def test_what_fits_is_no_problem(declared: Results, given: Mapping[str, Any]) -> None:
    assert declared.problem_with({**GOOD, **given}) is None


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"name": None}, "has another 'name' than string"),
        ({"count": True}, "has another 'count' than number"),
        ({"count": "3"}, "has another 'count' than number"),
        ({"at": "2027"}, "has another 'at' than date and time"),
        ({"tools": "dash"}, "has another 'tools' than list"),
        ({"inner": []}, "has another 'inner' than context"),
        ({"extra": 1}, "has another 'extra' than boolean"),
        ({"besides": 1, "extra": True}, "has 'besides' besides"),
    ],
)
def test_what_does_not_fit_is_named_without_its_value(
    declared: Results, given: Mapping[str, Any], problem: str
) -> None:
    assert declared.problem_with({**GOOD, **given}) == problem


def test_an_entry_that_is_not_there_is_named(declared: Results) -> None:
    assert declared.problem_with({"name": "a"}) == "lacks 'count'"
    assert Results(()).problem_with(None) is None
    assert Results(()).problem_with({"a": 1}) == "has 'a' besides"


def test_a_wrong_result_is_refused_before_anything_is_decided_on_it() -> None:
    context: Any = None  # the operations above do not look at it
    with pytest.raises(WrongResult, match=r"'resulttest\.wrong' lacks 'level'"):
        operations.call(context, "resulttest.wrong", {})
    assert operations.call(context, "resulttest.nothing", {}) is None
    assert operations.call(context, "resulttest.untold", {}) == {"anything": 1}
    assert operations.registry()["resulttest.untold"].results is None
