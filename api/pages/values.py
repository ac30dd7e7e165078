"""Values of processes in words: what a decision gave, what a variable holds."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from api.language import gettext
from api.words import lasting, plain, then
from engine import payloads

ISO_LENGTH = re.compile(
    r"P(?=.)(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?"
)
MOST_SAID = 2  # of the outputs of one decision


def result_words(outputs: Any) -> str:
    """Say the outputs of a decision as they are stored: a value, the first few, a list."""
    return value_words(payloads.from_json(outputs))


def value_words(value: Any) -> str:
    """Say one value."""
    match value:
        case None:
            return gettext("nothing")
        case bool():
            return gettext("yes") if value else gettext("no")
        case datetime():
            return then(value)
        case timedelta():
            return lasting(value)
        case str() if ISO_LENGTH.fullmatch(value):
            return _length_words(value)
        case Mapping():
            named = [f"{key.replace('_', ' ')}: {value_words(v)}" for key, v in value.items()]
            return ", ".join(named[:MOST_SAID])
        case list():
            return ", ".join(value_words(each) for each in value[:5]) or gettext("nothing")
    return plain(value)


def _length_words(text: str) -> str:
    """Say an ISO 8601 length: "PT10M" is "10 min"."""
    found = ISO_LENGTH.fullmatch(text)
    parts = {name: int(n) for name, n in found.groupdict("0").items()} if found else {}
    length = timedelta(**parts)
    return lasting(length) if length else gettext("at once")


def ended(words: str) -> str:
    """Return words as a sentence."""
    return words if words.endswith((".", "!", "?")) else f"{words}."
