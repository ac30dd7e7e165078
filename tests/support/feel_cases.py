"""Expressions and their values, both written in FEEL, compared as FEEL compares."""

from datetime import UTC, datetime

import feel
from feel.operators import equal
from feel.scope import Run

NOW = datetime(2027, 3, 9, 12, tzinfo=UTC)
CONTEXT = {"nothing": None, "index": 1, "\U0001f40e": 7}


def cases(groups):
    """Return (category, text, expected) for every case of every category."""
    return [(category, *case) for category, group in groups.items() for case in group]


def assert_value(text, expected):
    """``expected`` is a FEEL text, None for null; the type has to agree as well."""
    value = feel.evaluate(text, CONTEXT, now=NOW)
    if expected is None:
        assert value is None
    else:
        wanted = feel.evaluate(expected, CONTEXT, now=NOW)
        assert type(value) is type(wanted)
        assert equal(value, wanted, Run()) is True
