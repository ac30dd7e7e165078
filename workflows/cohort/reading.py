"""Read a cohort file: every row is either good or comes back with all its reasons.

The file is read as a stream and never held whole; what it may cost is bounded before it is paid.
"""

import csv
import io
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import IO, Any

from engine.errors import Refusal
from workflows.cohort.columns import BY_NAME, COLUMNS, REQUIRED, BadValue, Column

MOST_ROWS = 20_000
MOST_BYTES = 20 * 1024 * 1024
LONGEST_LINE = 20_000
MOST_LINES_OF_A_CELL = 20  # of text with line breaks between quotation marks
# Spreadsheets run a cell that begins with one of these; what we give back must not.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class CohortRefused(Refusal):
    """This file cannot be read as a cohort."""

    status = 422


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a row. ``column`` None: with the row as a whole."""

    column: str | None
    message: str
    remedy: str

    @property
    def sentence(self) -> str:
        return f"{self.message}. {self.remedy}"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the file, numbered as a spreadsheet numbers it (the head is 1)."""

    number: int
    raw: Mapping[str, str]
    values: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    @property
    def is_good(self) -> bool:
        return not self.problems


UNCLOSED = Problem(
    None, "opens a quotation mark and does not close it", "Close it, or leave it out."
)


def read(file: IO[bytes], *, now: datetime) -> Iterator[Row]:
    """Yield every row of a CSV file in UTF-8 (with or without a byte order mark).

    Raises ``CohortRefused`` for what no row can mend: an encoding, a head without the columns
    that every row needs, too many rows or bytes. A broken row never stops the ones behind it.
    """
    records = _records(_lines(file))
    head = _head(next(records, None))
    seen: dict[tuple[Any, ...], int] = {}
    for count, cells in enumerate(records, 1):
        if count > MOST_ROWS:
            raise CohortRefused(f"The file has more than {MOST_ROWS:,} rows. Split it.")
        if cells is None:
            yield Row(count + 1, {}, problems=(UNCLOSED,))
        elif any(cell.strip() for cell in cells):
            yield _row(count + 1, head, cells, seen, now)


def _records(lines: Iterator[str]) -> Iterator[list[str] | None]:
    """Yield the cells of each record; None where a quotation mark is opened and not closed.

    A lost quotation mark would otherwise swallow every row behind it into one cell.
    """
    waiting: deque[str] = deque()
    while True:
        line = waiting.popleft() if waiting else next(lines, None)
        if line is None:
            return
        taken = [line]
        while sum(part.count('"') for part in taken) % 2 and len(taken) <= MOST_LINES_OF_A_CELL:
            following = waiting.popleft() if waiting else next(lines, None)
            if following is None:
                break
            taken.append(following)
        record = "".join(taken)
        if record.count('"') % 2:
            waiting.extendleft(reversed(taken[1:]))
            yield None
        else:
            yield next(csv.reader(io.StringIO(record, newline="")), [])


def _lines(file: IO[bytes]) -> Iterator[str]:
    """Decode line by line; a line break inside quotes stays in its cell."""
    stream = io.TextIOWrapper(file, encoding="utf-8-sig", errors="strict", newline="")
    taken = 0
    try:
        while line := stream.readline(LONGEST_LINE + 1):
            taken += len(line)
            if len(line) > LONGEST_LINE:
                raise CohortRefused(f"A line is longer than {LONGEST_LINE:,} characters.")
            if taken > MOST_BYTES:
                raise CohortRefused("The file is larger than 20 MB. Split it.")
            if "\0" in line:
                raise CohortRefused("This is not a text file. Save the sheet as CSV (UTF-8).")
            yield line
    except UnicodeDecodeError as wrong:
        raise CohortRefused("The file is not in UTF-8. Save the sheet as CSV (UTF-8).") from wrong
    finally:
        if not file.closed:
            stream.detach()  # the file is the caller's to close


def _head(cells: list[str] | None) -> list[Column | None]:
    """Match the names in the first line; a name we do not know is left out, a needed one is not."""
    if cells is None:
        raise CohortRefused("The file is empty.")
    names = [cell.strip().casefold().replace(" ", "_") for cell in cells]
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise CohortRefused(f"The first line lacks: {', '.join(missing)}.")
    twice = sorted({name for name in names if name in BY_NAME and names.count(name) > 1})
    if twice:
        raise CohortRefused(f"The first line names twice: {', '.join(twice)}.")
    return [BY_NAME.get(name) for name in names]


def _row(
    number: int,
    head: list[Column | None],
    cells: list[str],
    seen: dict[tuple[Any, ...], int],
    now: datetime,
) -> Row:
    raw = {
        column.name: cell.strip()
        for column, cell in zip(head, cells, strict=False)
        if column is not None
    }
    if len(cells) > len(head):
        extra = Problem(
            None,
            f"has {len(cells)} cells, the head has {len(head)}",
            "Put text that holds a comma between double quotes.",
        )
        return Row(number, raw, problems=(extra,))
    values: dict[str, Any] = {}
    problems = list(_values(raw, values))
    problems += _whole(values, now)
    key = (values.get("crime_ref"), _name_of(values), values.get("dob"))
    if not problems and key in seen:
        problems.append(
            Problem(None, f"says the same as row {seen[key]}", "Leave one of the two out.")
        )
    seen.setdefault(key, number)
    return Row(number, raw, values, tuple(problems))


def again(number: int, raw: Mapping[str, str], *, now: datetime) -> Row:
    """Read the cells of one row once more, by themselves: they were kept meanwhile."""
    values: dict[str, Any] = {}
    problems = [*_values(raw, values), *_whole(values, now)]
    return Row(number, raw, values, tuple(problems))


def _values(raw: Mapping[str, str], values: dict[str, Any]) -> Iterator[Problem]:
    for column in COLUMNS:
        given = raw.get(column.name, "")
        if column.required and not given:
            yield Problem(column.name, f"{column.label} is empty", "Every row needs it.")
            continue
        try:
            values[column.name] = column.read(given)
        except BadValue as wrong:
            # the value itself is not repeated: reasons are read by people who may not see it
            yield Problem(column.name, f"{column.label} {wrong.problem}", wrong.remedy)


def _whole(values: Mapping[str, Any], now: datetime) -> Iterator[Problem]:
    """What can only be seen when the row is read together."""
    recorded, born = values.get("recorded_at"), values.get("dob")
    if recorded is not None and recorded > now:
        yield Problem("recorded_at", "Recorded at lies in the future", "Check day and month.")
    if born is not None and born > now.date():
        yield Problem("dob", "Date of birth lies in the future", "Check the year.")
    if born is not None and born < date(1900, 1, 1):
        yield Problem("dob", "Date of birth lies before 1900", "Check the year.")
    if values.get("victim_kind") == "business" and not values.get("business_name"):
        yield Problem("business_name", "A business has no name", "Fill in its name.")
    if values.get("victim_kind") == "person" and not _name_of(values):
        if not values.get("victimless"):
            yield Problem(
                "family_name", "A person has no name", "Fill in a name, or mark it as victimless."
            )


def _name_of(values: Mapping[str, Any]) -> str:
    names = ("given_name", "family_name", "business_name")
    return " ".join(values[name].casefold() for name in names if values.get(name))


def reasons_csv(rows: Iterable[Row]) -> str:
    """Return the bad rows as CSV, each with its number and reasons, to be mended and sent again."""
    return returned_csv(
        (row.number, row.raw, [problem.sentence for problem in row.problems]) for row in rows
    )


def returned_csv(rows: Iterable[tuple[int, Mapping[str, str], Iterable[str]]]) -> str:
    """Return rows, each given as its number, its cells and its reasons, as `reasons_csv` does."""
    out = io.StringIO()
    names = [column.name for column in COLUMNS]
    writer = csv.writer(out)
    writer.writerow([*names, "row", "reasons"])
    for number, raw, reasons in rows:
        cells = [harmless(raw.get(name, "")) for name in names]
        writer.writerow([*cells, number, "; ".join(reasons)])
    return out.getvalue()


def harmless(cell: str) -> str:
    """Return ``cell`` so that no spreadsheet takes it for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell
