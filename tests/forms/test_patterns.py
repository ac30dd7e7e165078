"""Regular expressions that process owners write."""

import time

import pytest
from form_files import form, question
from marshmallow import ValidationError

import forms
from forms import patterns


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("(a+)+$", "takes too long"),
        ("(x+x+)+y", "takes too long"),
        ("a" * 201, "201 characters"),
        ("[", "cannot be read"),
        ("(?R)", "uses a group"),
        ("(?P<n>a)", "uses a group"),
        (r"\p{L}", r"uses \p"),
        (r"(a)\1", r"uses \1"),
        ("x{,3}", "uses { or }"),
        ("[[:alpha:]]", "set inside"),
        ("a++", "do not mean the same"),
        ("(((a{1000}){1000}){1000})", "counts to more than 5000"),
    ],
)
def test_a_dangerous_or_odd_pattern_is_refused(pattern, said):
    started = time.perf_counter()
    assert said in patterns.fault(pattern, 500)
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize(
    "pattern",
    [r"^[0-9 +()]{7,20}$", r"^[A-Z]{2}\d{6}[A-D]?$", r"^\{x\}$", "(?:a|b)+", "[{}]", "^(?!0).*$"],
)
def test_an_ordinary_pattern_is_accepted(pattern):
    assert patterns.fault(pattern, 500) == ""


def test_digits_are_those_of_javascript():
    assert patterns.matches(r"^\d+$", "123")
    assert not patterns.matches(r"^\d+$", "\u0663")


def test_a_pattern_that_grows_slow_takes_the_answer_as_not_matching():
    started = time.perf_counter()
    assert not patterns.matches("(a+)+$", "a" * 5000 + "!")
    assert time.perf_counter() - started < 1


def test_the_message_is_the_authors():
    asked = form(
        question(
            "textfield",
            "crime_ref",
            "Crime reference",
            validate={"pattern": r"^\d{2}/\d{6}$"},
            properties={"error_format": "Enter a reference like 27/123456"},
        )
    )
    assert forms.check_answers(asked, {"crime_ref": "27/123456"}) == {"crime_ref": "27/123456"}
    with pytest.raises(ValidationError) as refused:
        forms.check_answers(asked, {"crime_ref": "12"})
    assert refused.value.messages == {"crime_ref": ["Enter a reference like 27/123456"]}
