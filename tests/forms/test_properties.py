"""What must hold for any form, any answers and anything that is sent in their place."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from form_files import REQUIRED, choice, definition, form, group, question, rows
from form_pages import posted
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

import forms
from forms.components import KNOWN, REFUSED_TYPES

NOW = datetime(2027, 1, 14, 10, 5, tzinfo=UTC)
LANGUAGES = [{"value": f"l{n:02}", "label": f"Language {n}"} for n in range(13)]
ASKED = form(
    question("textfield", "name", validate={"pattern": "^[A-Za-z ]+$", "maxLength": 40}),
    question("textarea", "notes", hide='=level != "high"'),
    question("number", "age", validate={"min": 0, "max": 120}),
    choice("radio", "level", "low", "high", validate=REQUIRED),
    choice("checklist", "needs", "bsl", "ramp", "large"),
    question("select", "language", values=LANGUAGES),
    question("checkbox", "agreed"),
    question("datetime", "born", properties={"dates": "past"}),
    question("datetime", "rang", subtype="time"),
    question("datetime", "met", subtype="datetime"),
    question("filepicker", "letters", multiple=True),
    group(
        "Home",
        question("textfield", "phone", validate={"validationType": "phone"}),
        question("textfield", "mail", validate={"validationType": "email"}),
        conditional={"hide": "=not(agreed)"},
    ),
    rows(
        "kids",
        "Child",
        question("number", "kid_age", validate={"required": True, "max": 17}),
        question("textfield", "school", hide="=kid_age < 5 or age > 60"),
        rows("toys", "Toy", question("textfield", "toy", validate=REQUIRED)),
        properties={"max": "4"},
    ),
)
TYPES = {
    "name": str, "notes": str, "age": int | Decimal, "level": str, "needs": list, "language": str,
    "agreed": bool, "born": date, "rang": time, "met": datetime, "letters": list, "phone": str,
    "mail": str, "kids": list, "kid_age": int | Decimal, "school": str, "toys": list, "toy": str,
}  # fmt: skip

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(
        ["high", "low", "l03", "2000-02-01", "2027-01-01T10:00", "07700 900123", "1 0"]
    ),
)
KEYS = st.one_of(
    st.sampled_from(sorted({*TYPES, "day", "month", "year", "time"})), st.text(max_size=10)
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=5)),
    max_leaves=20,
)
HOSTILE = st.one_of(ANYTHING, st.dictionaries(KEYS, ANYTHING, max_size=12))


def assert_declared(found: dict[str, Any], owner: Any) -> None:
    assert found.keys() <= owner.questions.keys()
    for key, value in found.items():
        assert isinstance(value, TYPES[key]), (key, value)
        if key in ("kids", "toys"):
            for row in value:
                assert_declared(row, owner.questions[key])


@given(answers=HOSTILE)
def test_only_what_is_declared_comes_out_and_only_validation_errors_are_raised(answers):
    try:
        found = forms.check_answers(ASKED, answers, now=NOW)
    except ValidationError:
        return
    assert_declared(found, ASKED)


@given(answers=st.dictionaries(KEYS, ANYTHING, max_size=12))
def test_anything_can_be_drawn_with_its_errors(answers):
    try:
        forms.check_answers(ASKED, answers, now=NOW)
        errors = {}
    except ValidationError as error:
        errors = error.messages_dict
    drawn = forms.render(ASKED, answers, errors)
    assert bool(drawn.errors) == bool(errors)
    forms.text_twin(ASKED, answers)
    forms.dropped(ASKED, answers)


NAMES = st.one_of(
    st.sampled_from(["name", "born-day", "kids-1-kid_age", "kids-1-toys-2-toy", "kids-0-school"]),
    st.lists(KEYS, min_size=1, max_size=5).map("-".join),
    st.text(max_size=20),
)


@given(pairs=st.lists(st.tuples(NAMES, st.text(max_size=20)), max_size=20))
def test_any_post_is_read_and_either_checked_or_refused(pairs):
    raw = forms.from_post(ASKED, pairs)
    try:
        assert_declared(forms.check_answers(ASKED, raw, now=NOW), ASKED)
    except ValidationError:
        pass
    forms.render(ASKED, raw)


DAYS = st.dates(date(1900, 1, 1), date(2027, 1, 14))
WORDS = st.text("abc XYZ", min_size=1, max_size=40).filter(str.strip)
# minutes, as the box holds them; not in the hours when the clocks change
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2030, 1, 1)).map(
    lambda at: at.replace(hour=12, second=0, microsecond=0, tzinfo=UTC)
)
KIDS = st.fixed_dictionaries(
    {"kid_age": st.integers(0, 17)},
    optional={
        "school": WORDS,
        "toys": st.lists(st.fixed_dictionaries({"toy": WORDS}), min_size=1, max_size=3),
    },
)
GOOD = st.fixed_dictionaries(
    {"level": st.sampled_from(["low", "high"])},
    optional={
        "name": WORDS,
        "notes": st.text("ab \n.", max_size=40),
        "age": st.one_of(st.integers(0, 120), st.decimals(0, 120, places=2)),
        "needs": st.lists(st.sampled_from(["bsl", "ramp", "large"]), unique=True),
        "language": st.sampled_from([option["value"] for option in LANGUAGES]),
        "agreed": st.booleans(),
        "born": DAYS,
        "rang": st.times().map(lambda at: at.replace(second=0, microsecond=0)),
        "met": MOMENTS,
        "letters": st.lists(st.uuids().map(str), max_size=3),
        "phone": st.just("07700 900123"),
        "mail": st.just("ann@library.example"),
        "kids": st.lists(KIDS, min_size=1, max_size=4),
    },
)


@given(answers=GOOD)
def test_checking_what_was_drawn_and_posted_again_changes_nothing(answers):
    checked = forms.check_answers(ASKED, answers, now=NOW)
    assert_declared(checked, ASKED)
    assert forms.dropped(ASKED, checked) == []
    for given_again in (checked, forms.to_json(checked)):
        assert forms.check_answers(ASKED, given_again, now=NOW) == checked
        raw = forms.from_post(ASKED, posted(forms.render(ASKED, given_again)))
        again = forms.check_answers(ASKED, raw, now=NOW)
        assert again == checked | {"agreed": checked.get("agreed", False)}


MEMBERS = st.sampled_from(
    ["type", "key", "label", "values", "validate", "properties", "conditional", "hide", "class",
     "required", "components", "path", "text", "pattern", "min", "max", "maxLength", "step",
     "defaultValue", "dateLabel", "subtype", "value", "appearance", "defaultRepetitions"]
)  # fmt: skip
PLAUSIBLE = st.one_of(
    SCALARS,
    st.sampled_from([*KNOWN, *REFUSED_TYPES]),
    st.sampled_from(["=a = 1", "=not(b)", "C0", "true", "(a+)+$", "{{x}}", "<b>", "id"]),
)
COMPONENTS = st.recursive(
    st.dictionaries(MEMBERS, PLAUSIBLE, max_size=6),
    lambda inner: st.dictionaries(
        MEMBERS, st.one_of(PLAUSIBLE, inner, st.lists(inner, max_size=3)), max_size=6
    ),
    max_leaves=12,
)


@given(components=st.lists(st.one_of(COMPONENTS, ANYTHING), max_size=4))
def test_any_definition_is_either_a_form_or_refused_with_reasons(components):
    source = definition(*components)
    found = forms.findings(source)
    assert all(component and reason for component, reason in found)
    if not found:
        forms.render(forms.load(source))


@given(source=st.one_of(st.text(max_size=200), st.binary(max_size=200)))
def test_any_file_is_either_a_form_or_refused_with_reasons(source):
    assert forms.findings(source)
