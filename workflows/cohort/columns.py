"""The columns of a cohort file: what each may hold, and what to say when it does not."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers
from email_validator import EmailNotValidError, validate_email

OFFENCE_GROUPS = (
    "homicide",
    "rape",
    "serious_sexual",
    "stalking",
    "hba",
    "trafficking",
    "domestic_abuse",
    "violence_injury",
    "violence_other",
    "robbery",
    "burglary_dwelling",
    "vehicle",
    "criminal_damage_low",
    "hate",
    "fraud",
    "other_personal",
)
YES, NO = {"yes", "y", "true", "1"}, {"no", "n", "false", "0", ""}
DATE_SHAPES = ("%d/%m/%Y", "%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y", "%d %b %Y", "%d %B %Y")
TIME_SHAPES = ("%H:%M", "%H:%M:%S")
CRIME_REF = re.compile(r"[A-Z0-9]+(?:[/-][A-Z0-9]+)*")
LOCAL = ZoneInfo("Europe/London")


class BadValue(ValueError):
    """What is wrong with a value and what to do, in a sentence each."""

    def __init__(self, problem: str, remedy: str):
        super().__init__(problem)
        self.problem, self.remedy = problem, remedy


def text(longest: int) -> Callable[[str], str | None]:
    def read(value: str) -> str | None:
        if len(value) > longest:
            raise BadValue(
                f"has {len(value)} characters", f"Shorten it to {longest} characters at most."
            )
        return value or None

    return read


def choice(*allowed: str) -> Callable[[str], str | None]:
    def read(value: str) -> str | None:
        found = value.casefold().replace(" ", "_").replace("-", "_")
        if found and found not in allowed:
            raise BadValue("is not one of the known words", f"Use one of: {', '.join(allowed)}.")
        return found or None

    return read


def yes_no(value: str) -> bool:
    """Read a yes or no; nothing means no."""
    found = value.casefold()
    if found not in YES | NO:
        raise BadValue("is neither yes nor no", "Write yes or no, or leave it empty for no.")
    return found in YES


def yes_no_unknown(value: str) -> str:
    """Read whether something is safe. Nothing means unknown, and unknown is never safe."""
    found = value.casefold()
    if found in ("", "unknown", "u", "not known"):
        return "unknown"
    return "yes" if yes_no(value) else "no"


def day(value: str) -> date | None:
    """Read a day as a British hand writes it, or as ISO 8601."""
    if not value:
        return None
    for shape in DATE_SHAPES:
        try:
            return datetime.strptime(value, shape).date()
        except ValueError:
            continue
    raise BadValue("is not a date", "Write it as day/month/year, for example 27/03/1985.")


def instant(value: str) -> datetime | None:
    """Read a date and time; without a zone it is local time in England and Wales."""
    if not value:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        found = _british_instant(value)
    return (found if found.tzinfo else found.replace(tzinfo=LOCAL)).astimezone(UTC)


def _british_instant(value: str) -> datetime:
    when, _, clock = value.rpartition(" ")
    for shape in TIME_SHAPES:
        try:
            hour = datetime.strptime(clock, shape).time()
        except ValueError:
            continue
        on = day(when)
        if on is not None:
            return datetime.combine(on, hour)
    raise BadValue(
        "is not a date and time",
        "Write it as day/month/year hour:minute, for example 03/02/2027 20:15.",
    )


def whole_number(value: str) -> int | None:
    if not value:
        return None
    if not value.isdecimal() or len(value) > 6:
        raise BadValue("is not a whole number", "Write digits only, for example 2.")
    return int(value)


def phone(value: str) -> str | None:
    """Read a telephone number as E.164. Drama numbers count: validity is not asked, shape is."""
    if not value:
        return None
    try:
        number = phonenumbers.parse(value, "GB")
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        raise BadValue("is not a telephone number", "Check the digits, or leave it empty.")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def email(value: str) -> str | None:
    if not value:
        return None
    try:
        return validate_email(value, check_deliverability=False).normalized.casefold()
    except EmailNotValidError as wrong:
        raise BadValue("is not an e-mail address", "Check it, or leave it empty.") from wrong


def crime_reference(value: str) -> str | None:
    found = value.upper().replace(" ", "")
    if found and not CRIME_REF.fullmatch(found):
        raise BadValue("is not a crime reference", "Use letters, digits, / and - only.")
    return found or None


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name in the head of the file, how it is read, whether it must be filled."""

    name: str
    label: str
    read: Callable[[str], Any]
    required: bool = False


COLUMNS: tuple[Column, ...] = (
    Column("crime_ref", "Crime reference", crime_reference, required=True),
    Column("recorded_at", "Recorded at", instant, required=True),
    Column("offence_group", "Offence group", choice(*OFFENCE_GROUPS), required=True),
    Column("offence", "Offence", text(200)),
    Column("victim_kind", "Kind of victim", choice("person", "business"), required=True),
    Column("given_name", "Given name", text(120)),
    Column("family_name", "Family name", text(120)),
    Column("business_name", "Name of the business", text(200)),
    Column("dob", "Date of birth", day),
    Column("language", "Language", text(60)),
    Column("phone", "Telephone", phone),
    Column("phone_safe", "Is the telephone safe?", yes_no_unknown),
    Column("phone_given_as_safe_by", "Who gave it as safe?", text(120)),
    Column("email", "E-mail", email),
    Column("address", "Address", text(300)),
    Column("postcode", "Postcode", text(10)),
    Column("da_level", "Domestic abuse level", choice("standard", "medium", "high")),
    Column("hate_flag", "Hate crime?", yes_no),
    Column("repeat_12m", "Events in 12 months", whole_number),
    Column("vulnerable_intimidated", "Vulnerable or intimidated?", yes_no),
    Column("deceased", "Has the person died?", yes_no),
    Column("next_of_kin_name", "Next of kin", text(200)),
    Column("next_of_kin_phone", "Telephone of the next of kin", phone),
    Column("victimless", "No victim?", yes_no),
    Column("sensitive_investigation", "Sensitive investigation?", yes_no),
    Column("officer_on_duty", "Police employee on duty?", yes_no),
    Column("opted_out", "Opted out?", yes_no),
    Column("out_of_area", "Out of area?", yes_no),
    Column("digital_opt_in", "Digital offer accepted?", yes_no),
    Column("alleged_name", "Alleged person", text(200)),
)
BY_NAME: Mapping[str, Column] = {column.name: column for column in COLUMNS}
REQUIRED = tuple(column.name for column in COLUMNS if column.required)
