"""Which catcher a message is for. The same rule on the database and in a rehearsal.

A catcher has a key: names and values, taken from its variables when it was armed. A message says
for whom it is by its correlation, and beside it by its payload. It fits when every name of the key
has the same value there; a catcher without a key takes every message of the name. A correlation
that is a bare value instead of a mapping fits a key of one name with that value.
"""

import math
from collections.abc import Mapping
from decimal import Decimal
from itertools import combinations
from typing import Any
from uuid import UUID

import orjson

BARE = ""  # the name under which a bare value is kept
NO_KEY = ""  # the text of a catcher without a key
LONG_KEY = "*"  # of one with more names than are listed: such are compared one by one
MOST_NAMES, LONGEST_KEY = 12, 3

Correlation = Mapping[str, Any]


def as_mapping(correlation: Any) -> Correlation | None:
    """Return a given correlation as a mapping; a bare value stands under `BARE`."""
    if correlation is None or isinstance(correlation, Mapping):
        return correlation
    return {BARE: correlation}


def key_text(key: Correlation | None) -> str:
    """Return the one text of a catcher's key, by which it is found."""
    if not key:
        return NO_KEY
    if len(key) > LONGEST_KEY:
        return LONG_KEY
    return orjson.dumps(
        {name: _comparable(value) for name, value in key.items()}, option=orjson.OPT_SORT_KEYS
    ).decode()


def fits(key: Correlation | None, correlation: Correlation | None, payload: Correlation) -> bool:
    """Say whether a message with ``correlation`` and ``payload`` is for the catcher of ``key``."""
    if not key:
        return True
    said = {**payload, **(correlation or {})}
    if BARE in said and len(key) == 1:
        return _comparable(said[BARE]) == _comparable(next(iter(key.values())))
    return all(
        name in said and _comparable(said[name]) == _comparable(value)
        for name, value in key.items()
    )


def possible_keys(correlation: Correlation | None, payload: Correlation) -> list[str] | None:
    """Return the text of every key that such a message can fit; None: compare with every one."""
    said = {**payload, **(correlation or {})}
    if BARE in said:
        return None
    names = [name for name, value in said.items() if not isinstance(value, Mapping | list)]
    if len(names) > MOST_NAMES:
        return None
    return [LONG_KEY] + [
        key_text({name: said[name] for name in chosen})
        for length in range(min(len(names), LONGEST_KEY) + 1)
        for chosen in combinations(names, length)
    ]


def _comparable(value: Any) -> Any:
    """Return a value as JSON that is equal exactly when FEEL calls the values equal."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, float) and math.isfinite(value):
        value = Decimal(repr(value))
    if isinstance(value, int | Decimal):
        return ["number", format(Decimal(value).normalize(), "f")]
    if isinstance(value, str | UUID):
        return str(value)
    if isinstance(value, Mapping):
        return {str(name): _comparable(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_comparable(item) for item in value]
    return [type(value).__name__, str(value)]
