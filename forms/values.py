"""Answers as they are typed or sent, and what they mean.

A raw answer is what a page posts or a JSON client sends: texts, true and false, numbers, lists of
texts, and for a date the texts of its boxes (``{"day": "21", "month": "11", "year": "2026"}``,
with ``"time"``) or an ISO 8601 text. Nothing raw is trusted; what cannot be read raises
``Unreadable`` with the end of a sentence that begins with the question's label.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from forms.definition import Kind, Option, Question

UNITED_KINGDOM = ZoneInfo("Europe/London")
FIRST_YEAR, LAST_YEAR = 1900, 2199
DATE_PARTS = ("day", "month", "year")
TICKED = {True: True, False: False, "true": True, "on": True, "1": True, "false": False, "0": False}

_SPACES = re.compile(r"[\s\u00a0\u2009\u202f]+")
# ASCII digits only: other scripts' digits would be read here and not by the browser's evaluator
_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3}){1,4}|\d{1,15})(?:\.\d{1,10})?", re.ASCII)
_PASTED_DATE = re.compile(r"(\d{1,2})[/. -](\d{1,2})[/. -](\d{4})", re.ASCII)
_ISO_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
_ISO_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", re.ASCII)
_CLOCK = re.compile(r"([01]?\d|2[0-3])[:.]([0-5]\d)(?:[:.]([0-5]\d))?", re.ASCII)
_YEAR = re.compile(r"\d{4}", re.ASCII)
_DAY_OR_MONTH = re.compile(r"\d{1,2}", re.ASCII)


class Unreadable(ValueError):
    """The answer is not of its kind. ``str()`` goes on after the question's label."""


def is_blank(raw: Any) -> bool:
    """Say whether nothing was answered: nothing typed, chosen or added."""
    if raw is None:
        return True
    if isinstance(raw, str):
        return not raw.strip()
    if isinstance(raw, Mapping):
        return all(is_blank(part) for part in raw.values())
    return raw == []


def read(question: Question, raw: Any, zone: ZoneInfo, options: Iterable[Option]) -> Any:
    """Return what a raw answer that is not blank means: a text, bool, number, date, time, list.

    A number is an ``int`` when it is whole, else a ``Decimal``; a date and time is in UTC.
    Lengths, limits and patterns are not looked at. Raises ``Unreadable``.
    """
    match question.kind:
        case Kind.TEXT | Kind.LONG_TEXT:
            return read_text(raw)
        case Kind.NUMBER:
            return read_number(raw)
        case Kind.DATE:
            return read_date(raw)
        case Kind.TIME:
            return read_time(raw)
        case Kind.DATETIME:
            return read_moment(raw, zone)
        case Kind.CHECKBOX:
            return read_tick(raw)
        case Kind.RADIO | Kind.SELECT:
            return read_choice(raw, options)
        case Kind.CHECKLIST:
            return read_choices(raw, options)
        case Kind.FILES:
            return read_files(raw)


def read_text(raw: Any) -> str:
    if not isinstance(raw, str):
        raise Unreadable("must be text")
    text = raw.replace("\r\n", "\n").replace("\r", "\n").strip()
    if any((ord(c) < 32 and c not in "\n\t") or 0xD800 <= ord(c) <= 0xDFFF for c in text):
        raise Unreadable("must not include control characters. Type it again")
    return text


def read_number(raw: Any) -> int | Decimal:
    if isinstance(raw, str):
        text = _SPACES.sub("", raw)
        number = Decimal(text.replace(",", "")) if _NUMBER.fullmatch(text) else None
    elif isinstance(raw, int | float | Decimal) and not isinstance(raw, bool):
        number = _finite(raw)
    else:
        number = None
    if number is None:
        raise Unreadable("must be a number")
    return int(number) if number == number.to_integral_value() else number


def read_date(raw: Any) -> date:
    if isinstance(raw, date) and not isinstance(raw, datetime):
        return raw
    day, month, year = _date_parts(raw)
    missing = [name for name, part in zip(DATE_PARTS, (day, month, year), strict=True) if not part]
    if missing:
        raise Unreadable(f"must include a {' and a '.join(missing)}")
    if not _YEAR.fullmatch(year):
        raise Unreadable("must include a year of 4 numbers")
    try:
        found = date(int(year), _small(month), _small(day))
    except ValueError:
        raise Unreadable("must be a real date") from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise Unreadable(f"must be between {FIRST_YEAR} and {LAST_YEAR}")
    return found


def read_time(raw: Any) -> time:
    if isinstance(raw, time):
        return raw.replace(tzinfo=None)
    if isinstance(raw, Mapping):
        raw = raw.get("time", "")
    match = _CLOCK.fullmatch(raw.strip()) if isinstance(raw, str) else None
    if match is None:
        raise Unreadable("must be a time, like 09:30")
    return time(int(match[1]), int(match[2]), int(match[3] or 0))


def read_moment(raw: Any, zone: ZoneInfo) -> datetime:
    """Read a date and time of the clock on the wall of ``zone``; one with an offset as it is."""
    if isinstance(raw, Mapping):
        if is_blank(raw.get("time")):
            raise Unreadable("must include a time")
        local = datetime.combine(read_date(raw), read_time(raw))
    else:
        local = _iso_moment(raw)
    if local.tzinfo is not None:
        try:
            return local.astimezone(UTC)
        except OverflowError:
            raise Unreadable("must be a real date") from None
    moment = local.replace(tzinfo=zone).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) != local:
        raise Unreadable("is in the hour that is left out when the clocks go forward")
    return moment


def read_tick(raw: Any) -> bool:
    if isinstance(raw, bool | str) and raw in TICKED:
        return TICKED[raw]
    raise Unreadable("must be ticked or left empty")


def read_choice(raw: Any, options: Iterable[Option]) -> str:
    """Return the value of the one option that ``raw`` names by its value or, typed, its label."""
    if isinstance(raw, str):
        typed = raw.strip()
        given = list(options)
        for option in given:
            if option.value == typed:
                return option.value
        by_label = [o.value for o in given if o.label.casefold() == typed.casefold()]
        if len(by_label) == 1:
            return by_label[0]
    raise Unreadable("must be one of the choices")


def read_choices(raw: Any, options: Iterable[Option]) -> list[str]:
    """Return the chosen values in the order of the options, each once."""
    values = [option.value for option in options]
    if not isinstance(raw, list) or any(not isinstance(c, str) or c not in values for c in raw):
        raise Unreadable("must be some of the choices")
    return [value for value in values if value in raw]


def read_files(raw: Any) -> list[str]:
    """Return the ids of uploads. Bytes never travel in an answer."""
    if not isinstance(raw, list) or len(raw) > 50:
        raise Unreadable("must be files that were uploaded here")
    try:
        return [str(UUID(upload)) for upload in raw]
    except (ValueError, TypeError, AttributeError):
        raise Unreadable("must be files that were uploaded here") from None


def _finite(raw: float | Decimal) -> Decimal | None:
    number = Decimal(str(raw))
    if not number.is_finite() or abs(number) >= Decimal("1e15"):
        return None
    exponent = number.normalize().as_tuple().exponent
    return number if isinstance(exponent, int) and exponent >= -10 else None


def _date_parts(raw: Any) -> tuple[str, str, str]:
    if isinstance(raw, Mapping):
        day, month, year = (_part(raw.get(name)) for name in DATE_PARTS)
        if not month and not year and (pasted := _PASTED_DATE.fullmatch(day)):
            return pasted[1], pasted[2], pasted[3]
        return day, month, year
    if isinstance(raw, str):
        text = raw.strip()
        if iso := _ISO_DATE.fullmatch(text):
            return iso[3], iso[2], iso[1]
        if typed := _PASTED_DATE.fullmatch(text):
            return typed[1], typed[2], typed[3]
    raise Unreadable("must be a real date")


def _part(raw: Any) -> str:
    if isinstance(raw, int) and not isinstance(raw, bool):
        return str(raw) if 0 <= raw <= 9999 else "x"
    return raw.strip() if isinstance(raw, str) else ""


def _small(part: str) -> int:
    if not _DAY_OR_MONTH.fullmatch(part):
        raise ValueError(part)
    return int(part)


def _iso_moment(raw: Any) -> datetime:
    if isinstance(raw, datetime):
        return raw
    if isinstance(raw, str) and _ISO_MOMENT.match(raw.strip()):
        try:
            found = datetime.fromisoformat(raw.strip())
        except ValueError:
            raise Unreadable("must be a real date and time") from None
        if FIRST_YEAR <= found.year <= LAST_YEAR:
            return found
    raise Unreadable("must be a real date and time")
