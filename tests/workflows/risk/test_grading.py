"""Raising is free, lowering takes a second person, and what nobody knows is never standard."""

from hypothesis import given
from hypothesis import strategies as st

from workflows.risk import levels
from workflows.risk.grading import Judgement, final_level, provisional_level

LEVELS = st.sampled_from(levels.ORDER)
TABLE = st.sampled_from(("standard", "medium", "high"))
MODES = st.sampled_from(("with_client", "on_papers"))
JUDGEMENTS = st.builds(
    Judgement,
    kind=st.sampled_from((None, "agree", "raise", "lower")),
    raise_to=st.sampled_from((None, "medium", "high")),
    lower_to=st.sampled_from((None, "standard", "medium")),
    lower_approved=st.booleans(),
)


@given(st.none() | LEVELS, TABLE, JUDGEMENTS, MODES)
def test_nothing_lowers_the_table_but_an_approved_request(
    previous: str | None, table: str, judgement: Judgement, mode: str
) -> None:
    level = final_level(previous, table, judgement, mode)
    approved = judgement.kind == "lower" and judgement.lower_approved and judgement.lower_to

    assert approved or levels.rank(level) >= levels.rank(table)


@given(st.none() | LEVELS, TABLE, MODES)
def test_a_request_to_lower_that_was_not_approved_changes_nothing(
    previous: str | None, table: str, mode: str
) -> None:
    asked = Judgement("lower", lower_to="standard", lower_approved=False)

    assert final_level(previous, table, asked, mode) == final_level(
        previous, table, Judgement("agree"), mode
    )


@given(LEVELS, TABLE)
def test_papers_never_lower(previous: str, table: str) -> None:
    level = final_level(previous, table, Judgement(), "on_papers")

    assert levels.rank(level) >= levels.rank(previous)


@given(st.none() | LEVELS, TABLE, st.sampled_from(("medium", "high")), MODES)
def test_raising_needs_nobody(previous: str | None, table: str, to: str, mode: str) -> None:
    assert levels.rank(final_level(previous, table, Judgement("raise", to), mode)) >= levels.rank(
        to
    )


@given(st.none() | LEVELS, st.none() | st.sampled_from(("standard", "medium", "high")))
def test_before_anybody_could_ask_the_grade_is_at_least_medium(
    previous: str | None, external: str | None
) -> None:
    level, origin = provisional_level(previous, external)

    assert levels.rank(level) >= levels.rank("medium")
    assert levels.rank(level) >= levels.rank(previous) or previous is None
    assert (origin == "external") == (external is not None)


def test_a_high_child_stays_one() -> None:
    assert final_level("high_child", "high", Judgement("agree"), "with_client") == "high_child"


def test_high_is_looked_at_first() -> None:
    waits = [levels.REVIEW_AFTER[level] for level in ("high", "medium", "standard")]

    assert waits == sorted(waits)
