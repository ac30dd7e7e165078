"""How answers look: in the boxes of a page, and in words."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from forms.definition import Kind, Option, Question
from forms.values import DATE_PARTS, Unreadable, is_blank, read, read_date, read_moment
from forms.words import day_in_words

NOT_ANSWERED = "Not answered"


def messages(errors: Any) -> tuple[str, ...]:
    """Return the messages of one field, whatever shape marshmallow gave them."""
    if isinstance(errors, str):
        return (errors,)
    if isinstance(errors, Sequence):
        return tuple(str(error) for error in errors)
    return ()


def value(question: Question, raw: Any, options: Sequence[Option], zone: ZoneInfo) -> Any:
    """Return what the input of ``question`` holds. Given ``options``, their labels are typed."""
    match question.kind:
        case Kind.CHECKBOX:
            return raw is True or raw in ("true", "on", "1")
        case Kind.CHECKLIST | Kind.FILES:
            return [str(chosen) for chosen in raw] if isinstance(raw, list) else []
        case Kind.DATE | Kind.DATETIME:
            return ""  # it has parts
    text = _typed(raw)
    return next((option.label for option in options if option.value == text), text)


def parts(kind: Kind, raw: Any, zone: ZoneInfo) -> dict[str, str]:
    """Return the texts of the boxes of a date, as typed where they were typed."""
    names = {Kind.DATE: DATE_PARTS, Kind.DATETIME: (*DATE_PARTS, "time")}.get(kind, ())
    if not names:
        return {}
    if isinstance(raw, Mapping):
        return {name: _typed(raw.get(name)) for name in names}
    try:
        found = read_moment(raw, zone) if kind is Kind.DATETIME else read_date(raw)
    except Unreadable:  # as typed into one box
        return {name: _typed(raw) if name == "day" else "" for name in names}
    local: Any = found.astimezone(zone) if isinstance(found, datetime) else found
    written = {"day": str(local.day), "month": str(local.month), "year": str(local.year)}
    return written | ({"time": f"{local:%H:%M}"} if kind is Kind.DATETIME else {})


def in_words(question: Question, raw: Any, options: Sequence[Option], zone: ZoneInfo) -> str:
    """Return an answer as a person reads it: labels instead of values, dates written out."""
    if question.kind is Kind.CHECKBOX:
        return "Yes" if raw in (True, "true") else "No"
    if is_blank(raw):
        return NOT_ANSWERED
    labels = {option.value: option.label for option in options}
    if question.kind.is_choice:  # by hand: the option may have left the catalogue since
        chosen = raw if isinstance(raw, list) else [raw]
        return ", ".join(labels.get(str(one), str(one)) for one in chosen)
    try:
        answer = read(question, raw, zone, options)
    except Unreadable:
        return _typed(raw)
    match answer:
        case datetime():
            local = answer.astimezone(zone)
            return f"{day_in_words(local)} at {local:%H:%M}"
        case date():
            return day_in_words(answer)
        case list():
            return f"{len(answer)} file{'s' if len(answer) > 1 else ''}"
    return " ".join(filter(None, (question.prefix, _typed(answer), question.suffix)))


def to_json(checked: Any) -> Any:
    """Return checked answers as JSON can hold them; `forms` reads them back as they were."""
    match checked:
        case dict():
            return {key: to_json(inner) for key, inner in checked.items()}
        case list():
            return [to_json(inner) for inner in checked]
        case datetime():
            return re.sub(r"\+00:00$", "Z", checked.isoformat())
        case date() | time():
            return checked.isoformat()
        case Decimal():
            return _typed(checked)
    return checked


def _typed(raw: Any) -> str:
    match raw:
        case None | bool():
            return ""
        case str():
            return raw
        case Decimal():
            return f"{raw:f}"
        case time():
            return f"{raw:%H:%M}"
        case int() | float():
            return str(raw)
    return ""
