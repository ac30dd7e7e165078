"""A form in plain text, and what of it becomes variables."""

from datetime import UTC, date, datetime
from decimal import Decimal

from form_files import choice, form, question, rows

import forms

KNOWN = {"class": "C0", "variable": True}
ASKED = form(
    choice("radio", "level", "low", "high", label="Risk", properties=KNOWN),
    question("textfield", "danger", "Danger", hide='=level != "high"'),
    question("datetime", "met", "Met", subtype="datetime"),
    question("checkbox", "agreed", "Agreed", properties={"class": "C0", "variable": "true"}),
    choice("checklist", "needs", "bsl", "ramp", label="Needs"),
    question("number", "owed", "Owed", appearance={"prefixAdorner": "£"}),
    question("filepicker", "letters", "Letters", multiple=True),
    question("select", "agency", "Agency", properties={"list": "agencies"}),
    rows("kids", "Child", question("datetime", "born", "Date of birth")),
)
ANSWERS = {
    "level": "high",
    "met": datetime(2027, 7, 1, 9, 5, tzinfo=UTC),
    "needs": ["bsl", "ramp"],
    "owed": Decimal("12.50"),
    "letters": ["0d0f9a4e-2f41-4b53-9d5b-111122223333"],
    "agency": "refuge",
    "kids": [{"born": date(2020, 2, 1)}],
}


def test_the_twin_says_in_words_what_was_asked_and_answered():
    lists = {"agencies": [forms.Option("refuge", "Westside Refuge")]}
    assert forms.text_twin(ASKED, forms.to_json(ANSWERS), lists=lists) == [
        ("Risk", "High"),
        ("Danger", "Not answered"),
        ("Met", "1 July 2027 at 10:05"),
        ("Agreed", "No"),
        ("Needs", "Bsl, Ramp"),
        ("Owed", "£ 12.50"),
        ("Letters", "1 file"),
        ("Agency", "Westside Refuge"),
        ("Child 1: Date of birth", "1 February 2020"),
    ]


def test_the_twin_leaves_out_what_was_not_asked_and_needs_no_list():
    twin = dict(forms.text_twin(ASKED, {"level": "low", "agency": "refuge"}))
    assert "Danger" not in twin
    assert twin["Agency"] == "refuge"


def test_only_marked_answers_become_variables_and_missing_ones_are_null():
    assert forms.variables(ASKED, ANSWERS) == {"level": "high", "agreed": None}


def test_stored_answers_are_json_and_mean_the_same():
    stored = forms.to_json(ANSWERS)
    assert stored["met"] == "2027-07-01T09:05:00Z"
    lists = {"agencies": [forms.Option("refuge", "Westside Refuge")]}
    assert forms.check_answers(ASKED, stored, lists=lists) == ANSWERS
