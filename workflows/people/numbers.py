"""Telephone numbers and e-mail addresses in one form, so that equal ones are equal.

A number counts when it is possible, not when it is in service: `is_valid_number` would refuse the
numbers that Ofcom keeps for drama, and ranges that are newer than the library.
"""

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from engine.errors import Refusal

HOME = "GB"  # how a number without a country code is read


class BadNumber(Refusal):
    """This cannot be a telephone number."""

    status = 422


class BadEmail(Refusal):
    """This cannot be an e-mail address."""

    status = 422


def e164(text: str, region: str = HOME) -> str:
    """Return a telephone number as "+441632960001". Raises ``BadNumber``."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        raise BadNumber from error
    if not phonenumbers.is_possible_number(number):
        raise BadNumber
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def spoken(number: str) -> str:
    """Return a number as people read it out: "01632 960001"."""
    parsed = phonenumbers.parse(number, HOME)
    home = parsed.country_code == phonenumbers.country_code_for_region(HOME)
    style = (
        phonenumbers.PhoneNumberFormat.NATIONAL
        if home
        else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    )
    return phonenumbers.format_number(parsed, style)


def email(text: str) -> str:
    """Return an address in one form: normalised and case-folded. Raises ``BadEmail``.

    Nothing is asked of the network.
    """
    try:
        found = validate_email(text.strip(), check_deliverability=False)
    except EmailNotValidError as error:
        raise BadEmail from error
    return found.normalized.casefold()
