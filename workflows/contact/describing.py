"""Who a contact is about, as far as its answers say: for the search and for a new person."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from workflows.contact import said
from workflows.people import numbers, safe_contact
from workflows.people.description import Description
from workflows.people.numbers import BadEmail, BadNumber
from workflows.people.safe_contact import Card

Answers = Mapping[str, Any]


def described(answers: Answers) -> Description:
    """Describe the person. What cannot be read as a number or an address is left out here: it
    stays in the answers, and the search must not fail on it."""
    channels = answers.get("channels") or ()
    phones = [c.get("value") for c in channels if c.get("kind") in safe_contact.PHONES]
    emails = [c.get("value") for c in channels if c.get("kind") == "email"]
    found: dict[str, Any] = {
        "phones": _readable(numbers.e164, (*phones, answers.get("phone_now"))),
        "emails": _readable(numbers.email, emails),
        "crime_references": tuple(filter(None, (answers.get("crime_reference"),))),
        "alleged_names": alleged_names(answers),
    }
    if said.is_anonymous(answers):
        return Description(**found)
    born = answers.get("born_on")
    return Description(
        given_name=answers.get("given_name"),
        family_name=answers.get("family_name"),
        known_as=answers.get("known_as"),
        aliases=tuple(a.strip() for a in (answers.get("aliases") or "").split(",") if a.strip()),
        born_on=date.fromisoformat(born) if isinstance(born, str) else born,
        **found,
    )


def alleged_names(answers: Answers) -> tuple[str, ...]:
    return tuple(row["name"] for row in answers.get("alleged") or () if row.get("name"))


def card(answers: Answers) -> Card | None:
    """Return the safe-contact card that the answers speak of; None if they speak of none."""
    lines = [line for line in answers.get("channels") or () if _is_readable(line)]
    given = {**answers, "channels": lines}
    named = any(answers.get(name) for name in ("windows", *safe_contact.WORDS))
    return safe_contact.from_answers(given) if lines or named else None


def _is_readable(line: Mapping[str, Any]) -> bool:
    try:
        safe_contact.in_one_form(line["kind"], line["value"])
    except (BadNumber, BadEmail):
        return False
    return True


def _readable(read: Callable[[str], str], values: Iterable[str | None]) -> tuple[str, ...]:
    found = []
    for value in values:
        try:
            found.append(read(value or ""))
        except (BadNumber, BadEmail):
            continue
    return tuple(dict.fromkeys(found))
