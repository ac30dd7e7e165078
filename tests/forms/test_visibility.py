"""Which questions are asked."""

import json
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import condition_tree
import pytest
from form_files import REQUIRED, choice, definition, form, group, question, rows
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

import forms
from forms.conditions import parse_condition
from forms.visibility import scope_of

SHARED = json.loads((Path(__file__).parent / "conditions.json").read_text(encoding="utf-8"))


def asked(hide: str, *more: dict[str, Any]) -> forms.Form:
    subject = question("textfield", "subject", hide=hide)
    return form(*SHARED["questions"], *more, subject)


def as_a_page_sees(value: Any) -> Any:
    """What the server read, as the texts and numbers that a browser compares."""
    match value:
        case date() | time():
            return value.isoformat()
        case Decimal():
            return float(value)
    return value


@pytest.mark.parametrize("case", SHARED["cases"])
def test_server_and_browser_decide_alike(case):
    shared = asked(case["hide"])
    hide = shared.questions["subject"].hide
    tree = hide.tree(lambda name: ["key", name, shared.questions[name].kind.value])
    assert tree == case["tree"]

    scope = scope_of(shared, forms.from_post(shared, map(tuple, case["post"])))
    assert ("subject" in scope.hidden) is case["hidden"]
    seen = condition_tree.decide(tree, lambda name, kind: as_a_page_sees(scope.value(name)))
    assert (seen is True) is case["hidden"]


TESTS = st.sampled_from(
    [
        'level = "high"',
        'level != "low"',
        'level in ("low", "medium")',
        "level = null",
        "age < 18",
        "age >= years",
        "age between 3 and 40",
        "age in [13..17)",
        "age in (<2, 7, >50)",
        "interpreter",
        "interpreter = false",
        '"bsl" in needs',
        'born < @"2000-02-29"',
        'rang >= @"12:00:00"',
        "met = null",
        "true",
    ]
)
CONDITIONS = st.recursive(
    TESTS,
    lambda inner: st.one_of(
        st.builds("not({})".format, inner),
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
    ),
    max_leaves=6,
)
POSTS = st.fixed_dictionaries(
    {},
    optional={
        "level": st.sampled_from(["", "low", "medium", "high", "none"]),
        "age": st.sampled_from(["", "0", "7", "17", "1 000", "x"]),
        "years": st.sampled_from(["", "7", "20.5"]),
        "interpreter": st.just("true"),
        "needs": st.sampled_from(["bsl", "ramp"]),
        "born-day": st.sampled_from(["", "29"]),
        "born-month": st.just("2"),
        "born-year": st.sampled_from(["1999", "2000"]),
        "rang": st.sampled_from(["", "11:59", "12.00", "noon"]),
    },
)


@given(condition=CONDITIONS, post=POSTS)
def test_any_condition_is_decided_alike_by_server_and_browser(condition, post):
    shared = asked(f"={condition}")
    scope = scope_of(shared, forms.from_post(shared, post.items()))
    hide = shared.questions["subject"].hide
    tree = hide.tree(lambda name: ["key", name, shared.questions[name].kind.value])
    seen = condition_tree.decide(tree, lambda name, kind: as_a_page_sees(scope.value(name)))
    assert (seen is True) is ("subject" in scope.hidden)


@pytest.mark.parametrize(
    ("hide", "said"),
    [
        ('level = "high"', "does not begin with ="),
        ("=level =", "is not FEEL"),
        ("=age + 1 > 5", "uses more than a form may"),
        ("=count(needs) > 1", "uses more than a form may"),
        ('=if level = "low" then true else false', "uses more than a form may"),
        ("=some x in needs satisfies x = 1", "uses more than a form may"),
        ("=person.level = 1", "uses more than a form may"),
        ("=now() > 1", "uses more than a form may"),
        ('=level in [years.."x"]', "uses more than a form may"),
        ('=met > @"2027-01-01T00:00:00Z"', "uses more than a form may"),
        ('=born < @"2026-13-01"', 'holds an @"..." that is neither a date nor a time'),
        ("=age < null", "orders null"),
        ("=age between null and 5", "orders null"),
        ("=age in [1..null]", "orders null"),
        ("=age = 1e999", "too large to be typed"),
        ("=levle = 1", "reads levle, which this form does not ask. Did you mean level?"),
        ('=age = "5"', "compares a number with text, which is never equal"),
        ('=interpreter = "yes"', "compares true or false with text"),
        ("=level", "takes level as true or false, but it is text"),
        ('=level = "hihg"', "which is not one of its options"),
        ('=level < "high"', "Only numbers, dates and times have an order"),
        ('=needs = "bsl"', "compares a list"),
        ("=needs = null", "it is never null"),
        ("=interpreter = null", "it is never null"),
        ("=met = rang", "compares a date and time"),
        ("=kids = null", "which is not one answer"),
        ("=subject = null", "in a circle with itself"),
    ],
)
def test_a_condition_that_cannot_be_decided_is_refused(hide, said):
    kids = rows("kids", "Child", question("textfield", "kid_name"))
    found = forms.findings(
        definition(*SHARED["questions"], kids, question("textfield", "subject", hide=hide))
    )
    assert [finding.component for finding in found] == ["subject"]
    assert said in found[0].reason


def test_a_refusal_says_where():
    (found,) = forms.findings(
        definition(
            choice("radio", "level", "low"),
            question("textfield", "subject", hide='=level = "low" and\n  count(level) > 1'),
        )
    )
    assert "line 2, column 3" in found.reason


def test_a_circle_is_refused_and_named():
    (found,) = forms.findings(
        definition(
            question("number", "first", hide="=second > 1"),
            question("number", "second", hide="=first > 1"),
        )
    )
    assert (found.component, "in a circle with second" in found.reason) == ("first", True)


def test_a_page_may_not_read_a_later_one():
    first = group("A", question("textfield", "a", hide="=b > 1"), properties={"step": "One"})
    second = group("B", question("number", "b"), properties={"step": "Two"})
    (found,) = forms.findings(definition(first, second))
    assert "reads b of a later page" in found.reason


CHAIN = form(
    choice("radio", "interpreter", "yes", "no"),
    choice("radio", "known", "yes", "no", hide='=interpreter != "yes"'),
    question("textfield", "who", validate=REQUIRED, hide='=known != "yes"'),
)


def test_a_hidden_question_is_neither_required_nor_kept():
    given_answers = {"interpreter": "no", "known": "yes", "who": "Anna"}
    assert forms.check_answers(CHAIN, given_answers) == {"interpreter": "no"}
    assert forms.dropped(CHAIN, given_answers) == ["known", "who"]


def test_a_hidden_answer_counts_as_not_given_for_other_conditions():
    assert scope_of(CHAIN, {"interpreter": "no", "known": "yes"}).hidden == {"known", "who"}
    assert scope_of(CHAIN, {"interpreter": "yes", "known": "yes"}).hidden == set()


def test_the_order_of_questions_does_not_matter_to_their_conditions():
    backwards = form(
        question("textfield", "who", hide='=known != "yes"'),
        choice("radio", "known", "yes", "no", hide='=interpreter != "yes"'),
        choice("radio", "interpreter", "yes", "no"),
    )
    assert scope_of(backwards, {"interpreter": "no", "known": "yes"}).hidden == {"who", "known"}


def test_null_means_shown():
    adult = form(question("number", "age"), question("textfield", "school", hide="=age >= 18"))
    assert scope_of(adult, {}).hidden == set()


def test_a_hidden_group_hides_all_that_is_in_it():
    home = form(
        question("checkbox", "shares_home"),
        group(
            "Home",
            question("textfield", "address", validate=REQUIRED),
            rows("people", "Person", question("textfield", "person", validate=REQUIRED)),
            conditional={"hide": "=not(shares_home)"},
        ),
    )
    assert forms.check_answers(home, {"address": "1 High Street", "people": [{}]}) == {}
    with pytest.raises(ValidationError):
        forms.check_answers(home, {"shares_home": True, "people": [{}]})


def test_a_row_sees_its_own_answers_and_those_around_it():
    family = form(
        choice("radio", "level", "low", "high"),
        rows(
            "kids",
            "Child",
            question("number", "age"),
            question(
                "textfield",
                "school",
                validate=REQUIRED,
                hide='=age < 5 or level != "high"',
            ),
        ),
    )
    kids = [{"age": 3, "school": "None"}, {"age": 9, "school": "Elm"}]
    assert forms.check_answers(family, {"level": "high", "kids": kids}) == {
        "level": "high",
        "kids": [{"age": 3}, {"age": 9, "school": "Elm"}],
    }
    assert forms.dropped(family, {"level": "high", "kids": kids}) == ["Child 1: school"]
    low = forms.check_answers(family, {"level": "low", "kids": kids})
    assert low["kids"] == [{"age": 3}, {"age": 9}]


def test_a_condition_is_true_or_it_does_not_hide():
    assert parse_condition("=true").holds({})
    assert not parse_condition("=age < 18").holds({"age": None})
