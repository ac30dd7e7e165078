"""What a page posts, kept as typed."""

import pytest
from form_files import choice, form, group, question, rows
from marshmallow import ValidationError

import forms

KIDS = rows(
    "kids",
    "Child",
    question("textfield", "name"),
    choice("select", "school", "none", "elm", defaultValue="none"),
    question("datetime", "born"),
    rows("toys", "Toy", question("textfield", "toy")),
)
ASKED = form(
    question("textfield", "title"),
    question("checkbox", "agreed"),
    choice("checklist", "needs", "bsl", "ramp"),
    question("datetime", "met", subtype="datetime"),
    KIDS,
)
NOTHING = {"title": "", "agreed": False, "needs": [], "met": "", "kids": []}


def test_answers_are_kept_as_typed():
    answers = forms.from_post(
        ASKED,
        [
            ("title", "  Mrs "),
            ("agreed", "true"),
            ("needs", "ramp"),
            ("needs", "bsl"),
            ("met-day", "1 "),
            ("met-month", "xx"),
            ("met-year", ""),
            ("met-time", "9.30"),
        ],
    )
    assert answers == {
        "title": "  Mrs ",
        "agreed": True,
        "needs": ["ramp", "bsl"],
        "met": {"day": "1 ", "month": "xx", "year": "", "time": "9.30"},
        "kids": [],
    }


def test_what_is_missing_was_left_empty():
    assert forms.from_post(ASKED, []) == NOTHING


def test_the_pages_own_fields_are_passed_over_and_strange_ones_kept_to_be_refused():
    answers = forms.from_post(ASKED, [("csrf_token", "x"), ("_draft", "1"), ("owner", "ben")])
    assert answers == NOTHING | {"owner": "ben"}
    with pytest.raises(ValidationError) as refused:
        forms.check_answers(ASKED, answers)
    assert refused.value.messages == {"owner": ["This form does not ask for it"]}


@pytest.mark.parametrize(
    "name",
    ["title-day", "kids", "kids-1", "kids-x-name", "kids-1-age", "met-hour", "", "-", "title-",
     "kids-1-toys-1", "kids-1-name-1", "a-b-c-d-e-f-g-h-i-j-k", "needs-1"],
)  # fmt: skip
def test_a_name_that_no_input_has_is_kept_to_be_refused(name):
    answers = forms.from_post(ASKED, [(name, "x")])
    assert answers[name] == "x"
    with pytest.raises(ValidationError):
        forms.check_answers(ASKED, answers)


def test_rows_are_numbered_anew_and_blank_ones_fall_away():
    pairs = [
        ("kids-10-name", "Jo"),
        ("kids-2-name", " "),
        ("kids-2-school", "none"),  # as it came
        ("kids-2-born-day", ""),
        ("kids-3-name", "Al"),
        ("kids-3-toys-7-toy", "Bear"),
        ("kids-3-toys-1-toy", ""),
    ]
    kids = forms.from_post(ASKED, pairs)["kids"]
    assert [kid["name"] for kid in kids] == ["Al", "Jo"]
    assert kids[0]["toys"] == [{"toy": "Bear"}]
    kept = forms.from_post(ASKED, pairs, keep_blank_rows=True)["kids"]
    assert [kid["name"] for kid in kept] == [" ", "Al", "Jo"]


def test_a_row_is_added_and_removed_without_script():
    answers = {"title": "Mrs", "kids": [{"name": "Al"}, {"name": "Jo"}]}
    more = forms.add_row(ASKED, answers, "kids")
    assert more["kids"] == [{"name": "Al"}, {"name": "Jo"}, {}]
    assert len(answers["kids"]) == 2  # the given ones stay
    fewer = forms.remove_row(ASKED, more, "kids-1")
    assert fewer["kids"] == [{"name": "Jo"}, {}]
    inner = forms.add_row(ASKED, fewer, "kids-2-toys")
    assert inner["kids"][1] == {"toys": [{}]}
    assert forms.remove_row(ASKED, inner, "kids-2-toys-1")["kids"][1] == {"toys": []}


def test_no_row_is_added_beyond_the_most():
    few = form(rows("kids", "Child", question("textfield", "name"), properties={"max": "2"}))
    answers = {"kids": [{}, {}]}
    assert forms.add_row(few, answers, "kids") == answers


@pytest.mark.parametrize("name", ["pets", "title", "kids-9-toys", "kids-1", "", "kids-x-toys"])
def test_a_row_of_nothing_is_refused(name):
    with pytest.raises(ValidationError):
        forms.add_row(ASKED, {"kids": [{}]}, name)


def test_a_step_posts_its_own_page():
    stepped = form(
        group("A", question("checkbox", "a"), properties={"step": "One"}),
        group("B", question("checkbox", "b"), properties={"step": "Two"}),
    )
    assert forms.from_post(stepped, [("b", "true")], step="Two") == {"b": True}
    assert forms.from_post(stepped, [], step="One") == {"a": False}
