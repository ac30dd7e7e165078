"""Answers checked: what comes out, and what people are told."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from form_files import REQUIRED, choice, form, group, question, rows
from marshmallow import ValidationError

import forms

NOW = datetime(2027, 1, 14, 23, 30, tzinfo=UTC)


def refused(asked: forms.Form, answers, **more) -> dict:
    with pytest.raises(ValidationError) as error:
        forms.check_answers(asked, answers, **more)
    return error.value.messages


def one(component, answer, **more):
    """Check one answer and return what came of it, or the one message."""
    asked = form(component)
    (key,) = asked.questions
    try:
        return forms.check_answers(asked, {key: answer}, **more).get(key)
    except ValidationError as error:
        (message,) = error.messages[key]
        return message


@pytest.mark.parametrize(
    ("component", "said"),
    [
        (question("textfield", "a", "Name"), "Enter name"),
        (question("textfield", "a", "NHS number"), "Enter NHS number"),
        (question("textfield", "a", "7. Where is she now?"), "Answer “Where is she now?”"),
        (question("number", "a", "Age"), "Enter age"),
        (question("datetime", "a", "Date of birth"), "Enter date of birth"),
        (choice("radio", "a", "x", label="2. Is she hurt?"), "Select an answer to “Is she hurt?”"),
        (choice("select", "a", "x", label="Language"), "Select language"),
        (choice("checklist", "a", "x", label="Needs"), "Select needs"),
        (question("checkbox", "a", "I have read this"), "Tick “I have read this” to go on"),
        (question("filepicker", "a", "Court order"), "Choose a file for court order"),
        (
            question("textfield", "a", "Name", properties={"error_required": "Say who rang"}),
            "Say who rang",
        ),
    ],
)  # fmt: skip
def test_a_missing_answer_is_asked_for_in_words(component, said):
    component["validate"] = REQUIRED
    for blank in ({}, {"a": None}, {"a": "  "}, {"a": []}, {"a": {"day": "", "month": " "}}):
        assert refused(form(component), blank) == {"a": [said]}


def test_an_unticked_box_is_missing_where_it_must_be_ticked():
    read = question("checkbox", "card_read", "I have read this", validate=REQUIRED)
    assert one(read, False) == "Tick “I have read this” to go on"
    assert one(read, True) is True


def test_blank_answers_are_left_out_unless_they_are_required():
    asked = form(question("textfield", "name"), question("textfield", "alias"))
    assert forms.check_answers(asked, {"name": " Anna ", "alias": "   "}) == {"name": "Anna"}


def test_names_that_the_form_does_not_have_are_refused():
    asked = form(question("textfield", "name"), rows("kids", "Child", question("number", "age")))
    answers = {"name": "Anna", "owner": "ben", "kids": [{"age": 3, "risk": "low"}]}
    assert refused(asked, answers) == {
        "kids": {0: {"risk": ["This form does not ask for it"]}},
        "owner": ["This form does not ask for it"],
    }


def test_a_flood_of_unknown_names_is_answered_briefly():
    asked = form(question("textfield", "name"))
    assert len(refused(asked, {f"x{n}": "" for n in range(10_000)})) == 20


def test_no_message_repeats_an_answer():
    asked = form(
        question("number", "age"),
        choice("radio", "level", "low"),
        question("textfield", "mail", validate={"validationType": "email"}),
    )
    messages = refused(asked, {"age": "SECRET", "level": "SECRET", "mail": "SECRET"})
    assert len(messages) == 3
    assert "SECRET" not in str(messages)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("12", 12),
        (" 1 234 ", 1234),
        ("1,234.50", Decimal("1234.50")),
        ("1\u00a0000", 1000),
        ("-3", -3),
        (7, 7),
        (7.5, Decimal("7.5")),
        (2.0, 2),
        ("0.10", Decimal("0.10")),
    ],
)
def test_numbers_are_read_as_people_type_them(typed, read):
    found = one(question("number", "n"), typed)
    assert (found, type(found)) == (read, type(read))


@pytest.mark.parametrize(
    "typed",
    ["x", "1e3", "0x10", "12,34", "1.2.3", "١٢", "1" * 16, True, [1], {"n": 1}, float("nan"), 1e300,
     "1/2", "½", "+-1", 0.1 + 1e-12],
)  # fmt: skip
def test_what_is_no_number_is_said_to_be_none(typed):
    assert one(question("number", "n", "Age"), typed) == "Age must be a number"


@pytest.mark.parametrize(
    ("rules", "typed", "said"),
    [
        ({"min": 0, "max": 17}, 18, "Age must be between 0 and 17"),
        ({"min": 1000}, 5, "Age must be 1,000 or more"),
        ({"max": 0.5}, 5, "Age must be 0.5 or less"),
    ],
)
def test_limits_are_named(rules, typed, said):
    assert one(question("number", "n", "Age", validate=rules), typed) == said


def test_decimal_places_are_counted():
    assert one(question("number", "n", "Age", decimalDigits=0), "1.5") == (
        "Age must be a whole number"
    )
    assert one(question("number", "n", "Rate", decimalDigits=2), "1.505") == (
        "Rate must have 2 decimal places or fewer"
    )
    assert one(question("number", "n", decimalDigits=2), "1.50") == Decimal("1.50")


@pytest.mark.parametrize(
    "typed",
    [
        {"day": "1", "month": "2", "year": "2000"},
        {"day": "01", "month": "02", "year": " 2000 "},
        {"day": "1/2/2000", "month": "", "year": ""},
        {"day": 1, "month": 2, "year": 2000},
        "2000-02-01",
        "1/2/2000",
        date(2000, 2, 1),
    ],
)
def test_dates_are_read_as_they_come(typed):
    assert one(question("datetime", "born"), typed) == date(2000, 2, 1)


@pytest.mark.parametrize(
    ("typed", "ending"),
    [
        ({"day": "31", "month": "2", "year": "2000"}, "must be a real date"),
        ({"day": "1", "month": "13", "year": "2000"}, "must be a real date"),
        ({"day": "x", "month": "1", "year": "2000"}, "must be a real date"),
        ({"day": "1", "month": "", "year": "2000"}, "must include a month"),
        ({"day": "", "month": "", "year": "2000"}, "must include a day and a month"),
        ({"day": "1", "month": "2", "year": "99"}, "must include a year of 4 numbers"),
        ({"day": "1", "month": "2", "year": "0099"}, "must be between 1900 and 2199"),
        ({"day": -1, "month": 2, "year": 2000}, "must be a real date"),
        ("2000-02-30", "must be a real date"),
        ("yesterday", "must be a real date"),
        (20000201, "must be a real date"),
        ("٢٠٠٠-02-01", "must be a real date"),
    ],
)
def test_what_is_no_date_is_told_what_is_wrong(typed, ending):
    assert one(question("datetime", "born", "Date of birth"), typed) == f"Date of birth {ending}"


@pytest.mark.parametrize(
    ("typed", "read"), [("9:05", time(9, 5)), ("09.05", time(9, 5)), ("23:59:30", time(23, 59, 30))]
)
def test_times_are_read(typed, read):
    rang = question("datetime", "rang", subtype="time", timeLabel="Rang at")
    assert one(rang, typed) == read
    assert one(rang, "24:00") == "Rang at must be a time, like 09:30"


MET = question("datetime", "met", "Met", subtype="datetime")
LOCAL = {"day": "1", "month": "7", "year": "2027"}


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        (LOCAL | {"time": "10:05"}, datetime(2027, 7, 1, 9, 5, tzinfo=UTC)),
        ("2027-07-01T10:05", datetime(2027, 7, 1, 9, 5, tzinfo=UTC)),
        ("2027-07-01T10:05:00Z", datetime(2027, 7, 1, 10, 5, tzinfo=UTC)),
        ("2027-07-01T10:05+02:00", datetime(2027, 7, 1, 8, 5, tzinfo=UTC)),
        # the hour that comes twice: the first of the two
        ("2027-10-31T01:30", datetime(2027, 10, 31, 0, 30, tzinfo=UTC)),
    ],
)
def test_moments_are_local_and_come_out_in_utc(typed, read):
    found = one(MET, typed)
    assert (found, found.tzinfo) == (read, UTC)


def test_moments_follow_the_zone_of_the_service():
    found = one(MET, "2027-07-01T10:05", zone=ZoneInfo("Europe/Paris"))
    assert found == datetime(2027, 7, 1, 8, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "ending"),
    [
        (LOCAL, "must include a time"),
        (LOCAL | {"time": "25:00"}, "must be a time, like 09:30"),
        ("2027-07-01", "must be a real date and time"),
        ("2027-13-01T10:00", "must be a real date and time"),
        ("2027-03-28T01:30", "is in the hour that is left out when the clocks go forward"),
        ("9999-12-31T23:59:59-23:00", "must be a real date and time"),
    ],
)
def test_what_is_no_moment_is_told_what_is_wrong(typed, ending):
    assert one(MET, typed) == f"Met {ending}"


def test_limits_in_time_follow_the_day_where_the_service_is():
    born = question("datetime", "born", "Date of birth", properties={"dates": "past"})
    assert one(born, "2027-01-14", now=NOW) == date(2027, 1, 14)
    assert one(born, "2027-01-15", now=NOW) == "Date of birth must be today or in the past"
    assert one(born, "2027-01-15", now=NOW, zone=ZoneInfo("Europe/Paris")) == date(2027, 1, 15)
    expires = question("datetime", "expires", "Expiry", disallowPassedDates=True)
    assert one(expires, "2027-01-13", now=NOW) == "Expiry must be today or in the future"
    met = question("datetime", "met", "Met", subtype="datetime", properties={"dates": "past"})
    assert one(met, "2027-01-14T23:31", now=NOW) == "Met must be in the past"


def test_a_form_that_limits_dates_is_not_checked_without_the_present():
    born = form(question("datetime", "born", properties={"dates": "past"}))
    with pytest.raises(TypeError, match="give `now`"):
        forms.check_answers(born, {"born": "2000-01-01"})


def test_choices_are_checked_against_the_options():
    level = choice("radio", "level", "low", "high", label="Risk")
    assert one(level, "high") == "high"
    for wrong in ("extreme", 1, ["low"], {"a": 1}, True):
        assert one(level, wrong) == "Select an answer to “Risk” from the list"


def test_a_checklist_comes_out_in_the_order_of_its_options_each_once():
    needs = choice("checklist", "needs", "bsl", "ramp", "large", label="Needs")
    assert one(needs, ["large", "bsl", "large"]) == ["bsl", "large"]
    for wrong in (["x"], "bsl", [1], [["bsl"]], {"bsl": True}):
        assert one(needs, wrong) == "Select an answer to “Needs” from the list"


LANGUAGES = [{"value": f"l{n:02}", "label": f"Language {n}"} for n in range(13)]


def test_a_long_list_is_typed_and_checked_exactly():
    spoken = question("select", "language", "Language", values=LANGUAGES)
    assert one(spoken, "Language 7") == "l07"
    assert one(spoken, "  language 7 ") == "l07"
    assert one(spoken, "l07") == "l07"
    assert one(spoken, "Language") == "Select an answer to “Language” from the list"


def test_a_long_list_must_tell_its_options_apart():
    same = [*LANGUAGES, {"value": "other", "label": "language 3"}]
    with pytest.raises(forms.FormRefused, match="two options that read “language 3”"):
        form(question("select", "language", values=same))


def test_a_named_list_gives_the_options():
    agency = question("select", "agency", "Agency", properties={"list": "agencies"})
    assert form(agency).lists == {"agencies"}
    known = {"agencies": [forms.Option("refuge", "Refuge")]}
    assert one(agency, "refuge", lists=known) == "refuge"
    assert one(agency, "bank", lists=known) == "Select an answer to “Agency” from the list"
    with pytest.raises(forms.MissingList):
        one(agency, "refuge")


def test_lengths_are_named():
    reason = question("textarea", "why", "Reason", validate={"minLength": 30, "maxLength": 2000})
    assert one(reason, "short") == "Reason must be 30 characters or more"
    assert one(reason, "x" * 2001) == "Reason must be 2,000 characters or fewer"
    assert one(question("textfield", "n", "Name"), "x" * 501).endswith("500 characters or fewer")


def test_text_keeps_its_lines_and_loses_what_surrounds_them():
    assert one(question("textarea", "n"), "  one\r\ntwo\rthree \n") == "one\ntwo\nthree"


@pytest.mark.parametrize("wrong", ["a\x00b", "a\x1bb", "\ud800"])
def test_text_holds_no_control_characters(wrong):
    assert one(question("textfield", "n", "Name"), wrong).startswith("Name must not include")


@pytest.mark.parametrize("wrong", [5, True, ["a"], {"a": "b"}])
def test_text_is_text(wrong):
    assert one(question("textfield", "n", "Name"), wrong) == "Name must be text"


def test_shapes():
    mail = question("textfield", "mail", "E-mail", validate={"validationType": "email"})
    assert one(mail, "ann@library.example") == "ann@library.example"
    assert one(mail, "ann@").startswith("E-mail must be an email address")
    phone = question("textfield", "phone", "Phone", validate={"validationType": "phone"})
    assert one(phone, "07700 900123") == "07700 900123"
    assert one(phone, "12").startswith("Phone must be a telephone number")


def test_uploads_are_ids_and_never_bytes():
    letter = question("filepicker", "letter", "Letter")
    upload = "0d0f9a4e-2f41-4b53-9d5b-111122223333"
    assert one(letter, [upload.upper()]) == [upload]
    assert one(letter, [upload, upload]) == "Letter must be one file"
    for wrong in ("bytes", [b"x"], [{"name": "x"}], ["../../etc/passwd"], [1]):
        assert one(letter, wrong) == "Letter must be files that were uploaded here"


KIDS = rows(
    "kids",
    "Child",
    question("textfield", "name", "Name"),
    question("number", "age", "Age", validate={"required": True, "max": 17}),
    properties={"min": "1", "max": "3"},
)


def test_rows_are_checked_one_by_one():
    assert refused(form(KIDS), {"kids": [{"age": 3}, {"name": "Jo"}, {"age": 30}]}) == {
        "kids": {1: {"age": ["Enter age"]}, 2: {"age": ["Age must be 17 or less"]}}
    }


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "Add child"),
        (None, "Add child"),
        ([{"age": 1}] * 4, "Remove some under “Child”: at most 3 can be recorded"),
        ("Jo", "The answers under “Child” must be a list of rows"),
        ([1], "The answers under “Child” must be a list of rows"),
        ({"0": {}}, "The answers under “Child” must be a list of rows"),
    ],
)
def test_rows_are_counted(given, said):
    assert refused(form(KIDS), {"kids": given}) == {"kids": [said]}


def test_rows_may_nest():
    nested = form(rows("kids", "Child", rows("toys", "Toy", question("textfield", "toy"))))
    answers = {"kids": [{"toys": [{"toy": "Bear"}]}, {}]}
    assert forms.check_answers(nested, answers) == answers
    wrong = {"kids": [{"toys": [{"toy": 5}]}]}
    assert refused(nested, wrong) == {"kids": {0: {"toys": {0: {"toy": ["toy must be text"]}}}}}


def test_partial_requires_nothing_and_still_checks_what_is_there():
    asked = form(question("textfield", "title", validate=REQUIRED), KIDS)
    assert forms.check_answers(asked, {}, partial=True) == {}
    assert refused(asked, {"kids": [{"age": "x"}]}, partial=True)


def test_a_step_is_checked_alone():
    stepped = form(
        group("A", question("textfield", "a", validate=REQUIRED), properties={"step": "One"}),
        group("B", question("textfield", "b", validate=REQUIRED), properties={"step": "Two"}),
    )
    assert forms.check_answers(stepped, {"a": "x", "b": ""}, step="One") == {"a": "x"}
    assert refused(stepped, {"a": "x"}, step="Two") == {"b": ["Enter b"]}
    assert [*refused(stepped, {})] == ["a", "b"]


@pytest.mark.parametrize("answers", [None, [], "x", 5])
def test_answers_are_an_object(answers):
    with pytest.raises(ValidationError):
        forms.check_answers(form(question("textfield", "name")), answers)


def test_errors_come_in_the_order_of_the_form():
    asked = form(
        question("textfield", "first", validate=REQUIRED),
        KIDS,
        question("textfield", "last", validate=REQUIRED),
    )
    assert [*refused(asked, {"bogus": 1})] == ["first", "kids", "last", "bogus"]
