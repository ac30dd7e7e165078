"""A form that ends as it stands: nothing that was typed is lost, and nothing is refused."""

from datetime import UTC, datetime

from form_files import REQUIRED, choice, form, question, rows

import forms

NOW = datetime(2027, 1, 14, 23, 30, tzinfo=UTC)


def test_what_is_right_is_an_answer_and_what_is_not_is_text():
    asked = form(
        question("textfield", "name", "Name", validate=REQUIRED),
        question("number", "age", "Age", validate=REQUIRED),
        question("datetime", "born", "Date of birth"),
        rows("children", "Child", question("textfield", "called"), question("number", "old")),
    )
    kept = forms.keep_all(
        asked,
        {
            "age": "old",
            "born": {"day": "40", "month": "", "year": "1990"},
            "children": [{"called": "Bea", "old": "nine"}, {"called": "Al", "old": "7"}],
            "strange": "from another page",
        },
        {},
        now=NOW,
    )
    assert kept.answers == {"children": [{"called": "Bea"}, {"called": "Al", "old": 7}]}
    assert [(each.key, each.text) for each in kept.as_typed] == [
        ("age", "old"),
        ("born", "40 1990"),
        ("children", "nine"),
        ("strange", "from another page"),
    ]
    assert kept.as_typed[2].question.startswith("Child 1: ")


def test_an_answer_that_is_replaced_and_one_that_is_hidden_by_it_are_kept_as_text():
    asked = form(
        choice("radio", "safe", "yes", "no", label="Safe?"),
        question("textfield", "where", "Where?", conditional={"hide": '=safe != "yes"'}),
    )
    kept = forms.keep_all(asked, {"safe": "yes", "where": "Here"}, {"safe": "no"}, now=NOW)
    assert kept.answers == {"safe": "no"}
    assert [(each.question, each.text) for each in kept.as_typed] == [
        ("Safe?", asked.questions["safe"].options[0].label),
        ("Where?", "Here"),
    ]
    same = forms.keep_all(asked, {"safe": "no"}, {"safe": "no"}, now=NOW)
    assert same.as_typed == []
