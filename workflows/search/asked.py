"""What somebody typed into the search box: numbers, and what is known of a person.

One line may hold several things in any order: "Sian O'Dowd 27/03/1985 07700 900123".
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeVar

from workflows.people import names, numbers
from workflows.people.description import Description
from workflows.people.numbers import BadEmail, BadNumber

Value = TypeVar("Value")

LONGEST = 100  # characters of a search
DAYS = ("%d/%m/%Y", "%Y-%m-%d", "%d.%m.%Y", "%d-%m-%Y", "%d %b %Y", "%d %B %Y")
EARLIEST = date(1900, 1, 1)

EMAIL = re.compile(r"\S*@\S*")
REFERENCE = re.compile(r"(?<![\w/+-])R?\d{2}-\d{1,6}(?![\w/-])", re.IGNORECASE)
DAY = re.compile(
    r"(?<![\w/])(?:\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[/.-]\d{1,2}[/.-]\d{4}|\d{1,2} [a-z]{3,9} \d{4})"
    r"(?![\w/])",
    re.IGNORECASE,
)
CRIME = re.compile(r"(?<!\w)\w*\d\w*/\w+(?:/\w+)*")
PHONE = re.compile(r"\+?\(?\d[\d ()-]{5,}\d")
FEWEST_LETTERS = 2


@dataclass(frozen=True, slots=True)
class Asked:
    """What was understood. ``problems`` are sentences that say what was not, and what to do."""

    numbers: tuple[str, ...] = ()  # of cases and contacts, in their one form
    described: Description = field(default_factory=Description)
    words: str = ""  # what is left: a name, or words of the name of a task
    problems: tuple[str, ...] = ()


class _Reader:
    """Takes out of a line what it recognises."""

    def __init__(self, text: str, today: date) -> None:
        self.text, self.today = " ".join(text.split()), today
        self.problems: list[str] = []

    def take(self, pattern: re.Pattern[str]) -> list[str]:
        found = pattern.findall(self.text)
        self.text = " ".join(pattern.sub(" ", self.text).split())
        return found

    def each(
        self, pattern: re.Pattern[str], read: Callable[[str], Value | None]
    ) -> tuple[Value, ...]:
        return tuple(value for text in self.take(pattern) if (value := read(text)) is not None)

    def email(self, text: str) -> str | None:
        try:
            return numbers.email(text.strip(",;<>"))
        except BadEmail:
            self.problems.append("This is not an e-mail address. It looks like name@example.org.")
            return None

    def phone(self, text: str) -> str | None:
        try:
            return numbers.e164(text)
        except BadNumber:
            self.problems.append("This is not a telephone number. Check the digits.")
            return None

    def day(self, text: str) -> date | None:
        found = next((day for shape in DAYS if (day := _day(text, shape))), None)
        if found is None:
            self.problems.append("This is not a date. Write day/month/year, such as 27/03/1985.")
        elif not EARLIEST <= found <= self.today:
            self.problems.append("Nobody was born on that day. Check the year.")
            return None
        return found


def read(text: str, *, now: datetime) -> Asked:
    """Understand a line. Says in ``problems`` what cannot be looked for."""
    if len(text) > LONGEST:
        return Asked(problems=(f"Use {LONGEST} characters at most.",))
    reader = _Reader(text, now.date())
    if not reader.text.strip(" ,;"):
        said = "Enter a case number, or a name, telephone number or e-mail address."
        return Asked(problems=(said,))
    emails = reader.each(EMAIL, reader.email)
    found = reader.each(REFERENCE, _reference)
    born = reader.each(DAY, reader.day)
    crimes = tuple(reader.take(CRIME))
    phones = reader.each(PHONE, reader.phone)
    words = " ".join(re.split(r"[\s,;]+", reader.text)).strip()
    described = Description(
        given_name=words if names.parts(words) else None,
        born_on=born[0] if born else None,
        phones=phones,
        emails=emails,
        crime_references=crimes,
    )
    problems = tuple(dict.fromkeys([*reader.problems, *_left_over(words, described)]))
    return Asked(found, described, words, problems)


def _left_over(words: str, described: Description) -> list[str]:
    """Say why what is left cannot be looked for."""
    found = []
    if re.search(r"\d", words):
        found.append(
            "A number that short finds nothing. A case number looks like 27-000123, a telephone "
            "number has at least seven digits."
        )
    elif words and not _is_name(words):
        found.append("Enter at least two letters of a name.")
    only_born = described.born_on is not None and not (
        words or described.phones or described.emails or described.crime_references
    )
    if only_born:
        found.append("A date of birth alone finds nobody. Add a name or a telephone number.")
    return found


def _is_name(words: str) -> bool:
    """Whether there is enough of a name: titles and particles alone are none."""
    return len(re.findall(r"[^\W\d_]", words)) >= FEWEST_LETTERS and bool(names.parts(words))


def _reference(text: str) -> str:
    """Return a number of a case or contact in its one form: "r27-123" is R27-000123."""
    year, _, number = text.upper().partition("-")
    return f"{year}-{int(number):06}"


def _day(text: str, shape: str) -> date | None:
    try:
        return datetime.strptime(text, shape).date()
    except ValueError:
        return None
