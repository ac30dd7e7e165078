"""Conditions in words."""

import pytest
from form_files import choice, form, question

from forms.words import when_asked

QUESTIONS = [
    choice("radio", "level", "low", "high", label="Risk"),
    question("number", "age", "Age"),
    question("checkbox", "agreed", "She agreed"),
    choice("checklist", "needs", "bsl", "ramp", label="Needs"),
    question("datetime", "born", "Date of birth"),
    question("datetime", "rang", "Rang", subtype="time"),
]


@pytest.mark.parametrize(
    ("hide", "words"),
    [
        ('level != "high"', "“Risk” is High"),
        ('level = "low"', "“Risk” is not Low"),
        ("level = null", "“Risk” is answered"),
        ("level != null", "“Risk” is not answered"),
        ("not(agreed)", "“She agreed” is ticked"),
        ("agreed", "“She agreed” is not ticked"),
        ("agreed = true", "“She agreed” is not ticked"),
        ("agreed != true", "“She agreed” is ticked"),
        ("agreed = false", "“She agreed” is ticked"),
        ("age < 18", "“Age” is at least 18"),
        ("18 > age", "“Age” is at least 18"),
        ("age >= 1000", "“Age” is less than 1,000"),
        ("age = -5", "“Age” is not -5"),
        ("not(age between 3 and 5)", "“Age” is 3 to 5"),
        ("age in [3..5)", "“Age” is not at least 3 and less than 5"),
        ("not(age in (<3, 9))", "“Age” is less than 3 or 9"),
        ('not(level in ("low", "high"))', "“Risk” is Low or High"),
        ('level in ["low", "high"]', "“Risk” is not Low or High"),
        ('not("bsl" in needs)', "“Needs” includes Bsl"),
        ('"bsl" in needs', "“Needs” does not include Bsl"),
        ('born >= @"2009-01-14"', "“Date of birth” is before 14 January 2009"),
        ('rang < @"09:00:00"', "“Rang” is from 09:00"),
        ('level = "low" and not(agreed)', "“Risk” is not Low or “She agreed” is ticked"),
        ('level != "high" or age < 18', "“Risk” is High and “Age” is at least 18"),
        (
            'level != "high" or (age < 18 and agreed)',
            "“Risk” is High and (“Age” is at least 18 or “She agreed” is not ticked)",
        ),
        ("false", "always"),
    ],
)
def test_the_words_say_when_a_question_is_asked(hide, words):
    asked = form(*QUESTIONS, question("textfield", "subject", hide=f"={hide}"))
    assert when_asked(asked.questions["subject"].hide, asked.questions) == words
