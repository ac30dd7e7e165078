"""One marshmallow field per kind of question, which says what is wrong in the words of the form."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from marshmallow import ValidationError, fields
from marshmallow.experimental.context import Context

from forms import patterns, wording
from forms.definition import Kind, Question
from forms.values import Unreadable, read
from forms.visibility import Lists, options_of


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What an answer is checked against beside the form."""

    zone: ZoneInfo
    lists: Lists
    now: datetime | None = None

    @property
    def instant(self) -> datetime:
        if self.now is None:
            raise TypeError("a question is limited to the past or the future: give `now`")
        return self.now

    @property
    def today(self) -> date:
        return self.instant.astimezone(self.zone).date()


class Answer(fields.Field[Any]):
    """The answer to one question; blank ones have been taken away before."""

    def __init__(self, question: Question, *, required: bool) -> None:
        message = wording.missing(question)
        super().__init__(required=required, error_messages={"required": message, "null": message})
        self.question = question

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Any:
        question = self.question
        now: Circumstances = Context.get()
        try:
            answer = read(question, value, now.zone, options_of(question, now.lists))
        except Unreadable as error:
            raise ValidationError(wording.malformed(question, str(error))) from None
        if problem := _fault(question, answer, now):
            raise ValidationError(problem)
        return answer


def _fault(question: Question, answer: Any, now: Circumstances) -> str:
    match question.kind:
        case Kind.TEXT | Kind.LONG_TEXT:
            return _text_fault(question, answer)
        case Kind.NUMBER:
            return _number_fault(question, Decimal(answer))
        case Kind.DATE | Kind.DATETIME:
            return _date_fault(question, answer, now)
        case Kind.CHECKBOX:
            return wording.missing(question) if question.required and not answer else ""
        case Kind.FILES:
            return _files_fault(question, answer)
    return ""


def _text_fault(question: Question, answer: str) -> str:
    if len(answer) > question.longest:
        return wording.length(question)
    if len(answer) < question.shortest:
        return wording.shortness(question)
    if question.shape == "email" and not _is_email(answer):
        return wording.malformed(question, "must be an email address, like name@example.org")
    if question.shape == "phone" and not _is_phone(answer):
        return wording.malformed(question, "must be a telephone number, like 07700 900123")
    if question.pattern and not patterns.matches(question.pattern, answer):
        return wording.malformed(question, "is not in the format asked for")
    return ""


def _number_fault(question: Question, answer: Decimal) -> str:
    exponent = answer.normalize().as_tuple().exponent
    if question.digits is not None and isinstance(exponent, int) and -exponent > question.digits:
        return wording.digits(question)
    too_low = question.lowest is not None and answer < question.lowest
    too_high = question.highest is not None and answer > question.highest
    return wording.limits(question) if too_low or too_high else ""


def _date_fault(question: Question, answer: date | datetime, now: Circumstances) -> str:
    if not question.dates:
        return ""
    is_moment = isinstance(answer, datetime)
    present: Any = now.instant if is_moment else now.today
    if question.dates == "past" and answer > present:
        return wording.sentence(question, "must be in the past" if is_moment else PAST)
    if question.dates == "future" and answer < present:
        return wording.sentence(question, "must be in the future" if is_moment else FUTURE)
    return ""


PAST, FUTURE = "must be today or in the past", "must be today or in the future"


def _files_fault(question: Question, answer: list[str]) -> str:
    return (
        ""
        if question.multiple or len(answer) == 1
        else wording.sentence(question, "must be one file")
    )


def _is_email(text: str) -> bool:
    try:
        validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return False
    return True


def _is_phone(text: str) -> bool:
    """Possible is enough: drama numbers, which demonstrations use, are not valid ones."""
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(text, "GB"))
    except phonenumbers.NumberParseException:
        return False
