"""Rows of a cohort file are good or come back with all their reasons."""

import csv
import io
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.cohort.columns import COLUMNS
from workflows.cohort.reading import CohortRefused, Row, harmless, read, reasons_csv

NOW = datetime(2027, 1, 14, 10, 5, tzinfo=UTC)
GOOD = {
    "crime_ref": "42/1234/27",
    "recorded_at": "13/01/2027 20:15",
    "offence_group": "robbery",
    "victim_kind": "person",
    "given_name": "Siân",
    "family_name": "O'Dowd",
    "dob": "27/03/1985",
    "phone": "07700 900123",
}


def file_of(*rows: dict[str, str], names: list[str] | None = None) -> io.BytesIO:
    out = io.StringIO()
    writer = csv.DictWriter(out, names or sorted({key for row in rows for key in row}))
    writer.writeheader()
    writer.writerows(rows)
    return io.BytesIO(out.getvalue().encode())


def rows_of(*rows: dict[str, str]) -> list[Row]:
    return list(read(file_of(*rows), now=NOW))


def messages(row: Row) -> list[str]:
    return [problem.message for problem in row.problems]


def test_a_good_row_is_read_with_its_types() -> None:
    (row,) = rows_of(GOOD)

    assert row.is_good and row.number == 2
    assert row.values["recorded_at"] == datetime(2027, 1, 13, 20, 15, tzinfo=UTC)
    assert row.values["dob"] == date(1985, 3, 27)
    assert row.values["phone"] == "+447700900123"
    assert row.values["phone_safe"] == "unknown"  # nothing said is never safe


def test_a_local_time_in_summer_is_an_hour_behind_in_utc() -> None:
    summer = datetime(2027, 7, 1, tzinfo=UTC)
    row = next(read(file_of({**GOOD, "recorded_at": "30/06/2027 20:15"}), now=summer))

    assert row.values["recorded_at"] == datetime(2027, 6, 30, 19, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("crime_ref", "", "Crime reference is empty"),
        ("crime_ref", "<b>", "Crime reference is not a crime reference"),
        ("recorded_at", "yesterday", "Recorded at is not a date and time"),
        ("recorded_at", "14/01/2027 10:06", "Recorded at lies in the future"),
        ("offence_group", "mischief", "Offence group is not one of the known words"),
        ("dob", "31/02/1985", "Date of birth is not a date"),
        ("dob", "27/03/2035", "Date of birth lies in the future"),
        ("phone", "12", "Telephone is not a telephone number"),
        ("email", "nobody", "E-mail is not an e-mail address"),
        ("hate_flag", "perhaps", "Hate crime? is neither yes nor no"),
        ("repeat_12m", "two", "Events in 12 months is not a whole number"),
    ],
)
def test_a_bad_value_is_named_with_a_remedy(column: str, value: str, said: str) -> None:
    (row,) = rows_of({**GOOD, column: value})

    assert messages(row) == [said]
    assert row.problems[0].remedy


def test_all_reasons_of_a_row_come_back_at_once() -> None:
    (row,) = rows_of({**GOOD, "dob": "x", "phone": "1", "offence_group": ""})

    assert len(row.problems) == 3


def test_a_bad_row_does_not_stop_the_good_ones() -> None:
    first, second, third = rows_of(
        GOOD, {**GOOD, "crime_ref": "42/2/27", "dob": "x"}, {**GOOD, "crime_ref": "42/3/27"}
    )

    assert [first.is_good, second.is_good, third.is_good] == [True, False, True]


def test_the_same_person_of_the_same_crime_is_taken_once() -> None:
    first, second = rows_of(GOOD, GOOD)

    assert first.is_good
    assert messages(second) == ["says the same as row 2"]


def test_a_lost_quotation_mark_costs_one_row() -> None:
    names = sorted(GOOD)
    line = ",".join(GOOD[name] for name in names)
    broken = ",".join('"' + GOOD[name] if name == "family_name" else GOOD[name] for name in names)
    other = line.replace("42/1234/27", "42/9/27")
    text = "\n".join(
        [",".join(names), broken, *[other.replace("42/9", f"42/{n}") for n in range(30)]]
    )

    rows = list(read(io.BytesIO(text.encode()), now=NOW))

    assert messages(rows[0]) == ["opens a quotation mark and does not close it"]
    assert [row.is_good for row in rows[1:]] == [True] * 30


def test_a_business_needs_a_name_and_no_birth_date() -> None:
    business = {**GOOD, "victim_kind": "business", "given_name": "", "family_name": "", "dob": ""}
    bare, named = rows_of(business, {**business, "business_name": "Corner Shop"})

    assert messages(bare) == ["A business has no name"]
    assert named.is_good


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"a,b\n1,2\n", "lacks: crime_ref"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"crime_ref,\x00\n", "not a text file"),
        (b"crime_ref,crime_ref,recorded_at,offence_group,victim_kind\n", "names twice"),
    ],
)
def test_a_file_that_no_row_can_mend_is_refused_in_words(content: bytes, said: str) -> None:
    with pytest.raises(CohortRefused, match=said):
        list(read(io.BytesIO(content), now=NOW))


def test_what_is_given_back_never_runs_in_a_spreadsheet() -> None:
    (row,) = rows_of({**GOOD, "family_name": '=HYPERLINK("x")', "dob": "x"})

    returned = next(csv.DictReader(io.StringIO(reasons_csv([row]))))

    assert returned["family_name"].startswith("'=")
    assert returned["row"] == "2"
    assert "Date of birth is not a date" in returned["reasons"]


@given(st.lists(st.lists(st.text(max_size=30), max_size=35), max_size=5))
def test_whatever_the_cells_hold_every_row_is_answered(cells: list[list[str]]) -> None:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([column.name for column in COLUMNS])
    writer.writerows(cells)
    content = io.BytesIO(out.getvalue().encode("utf-8", "surrogatepass"))

    try:
        rows = list(read(content, now=NOW))
    except CohortRefused:
        return
    assert all(row.is_good or row.problems[0].message for row in rows)


@given(st.text(max_size=20))
def test_a_cell_given_back_begins_with_no_formula(cell: str) -> None:
    assert not harmless(cell).startswith(("=", "+", "-", "@", "\t", "\r"))
