"""What the engine may hold: choices and numbers that are declared C0, ids, and nothing typed."""

import json
import re

import pytest

import forms
from engine import releases
from forms import Kind
from forms.definition import Form, Question, Rows

TYPED = {Kind.TEXT, Kind.LONG_TEXT}
# What a handler hands on to the engine although it is typed; a pattern says what it can be.
HANDED_ON = {("contact", "urn"), ("contact_route", "urn")}


def shipped() -> list[Form]:
    files = releases.shipped_files()
    return [forms.load(text) for name, text in files.items() if name.endswith(".form")]


def questions(form: Form) -> list[Question]:
    found = []
    for asked in form.questions.values():
        found += list(asked.questions.values()) if isinstance(asked, Rows) else [asked]
    return found


def test_no_variable_is_typed_in_words() -> None:
    for form in shipped():
        for asked in questions(form):
            if asked.variable:
                assert asked.kind not in TYPED, (form.id, asked.key)


@pytest.mark.parametrize("name", ["Her ex, John", "zqxmark", "Flat 7 Elm Road", "07700 900123"])
def test_what_is_typed_and_handed_on_can_be_no_name(name: str) -> None:
    for form in shipped():
        for asked in questions(form):
            if (form.id, asked.key) in HANDED_ON:
                assert asked.pattern, (form.id, asked.key)
                assert not re.search(asked.pattern, name)
                for number in ("L-17", "WM-1234-010127", "20270114/0017"):
                    assert re.search(asked.pattern, number)


def test_every_question_says_of_which_class_its_answer_is() -> None:
    for name, text in releases.shipped_files().items():
        if not name.endswith(".form"):
            continue
        for component in components(json.loads(text)):
            if "key" in component and component["type"] not in ("button", "dynamiclist"):
                declared = component.get("properties", {}).get("class")
                assert declared in ("C0", "C1", "C2", "C3", "C4"), (name, component["key"])


def components(part: dict) -> list[dict]:
    found = []
    for each in part.get("components", []):
        found += [each, *components(each)]
    return found
