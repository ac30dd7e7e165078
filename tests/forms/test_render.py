"""The model that templates draw."""

import json
from datetime import UTC, date, datetime, time
from decimal import Decimal

from form_files import REQUIRED, choice, form, group, question, rows
from form_pages import fields, items, posted
from marshmallow import ValidationError

import forms
from forms.model import RowGroup, Section, Words


def model_of(asked: forms.Form, answers, **more):
    """Draw a form with the errors of its answers."""
    try:
        forms.check_answers(asked, answers, **more)
    except ValidationError as error:
        return forms.render(asked, answers, error.messages)
    raise AssertionError("nothing to complain of")


def test_what_was_typed_comes_back_exactly():
    asked = form(
        question("textfield", "name"),
        question("number", "age"),
        question("datetime", "born"),
        question("datetime", "met", subtype="datetime"),
        choice("checklist", "needs", "bsl", "ramp"),
        question("checkbox", "agreed"),
    )
    raw = {
        "name": " Anna ",
        "age": "1 2x",
        "born": {"day": "31", "month": "Feb", "year": ""},
        "met": {"day": "", "month": "", "year": "", "time": "nine"},
        "needs": ["ramp"],
        "agreed": True,
    }
    assert forms.from_post(asked, posted(forms.render(asked, raw))) == raw


def test_checked_answers_fill_the_boxes():
    asked = form(
        question("datetime", "born"),
        question("datetime", "met", subtype="datetime"),
        question("datetime", "rang", subtype="time"),
        question("number", "rate"),
    )
    checked = {
        "born": date(2000, 2, 1),
        "met": datetime(2027, 7, 1, 9, 5, tzinfo=UTC),
        "rang": time(9, 30),
        "rate": Decimal("1.50"),
    }
    for answers in (checked, forms.to_json(checked)):
        drawn = fields(forms.render(asked, answers))
        assert [part.value for part in drawn["born"].parts] == ["1", "2", "2000"]
        assert [part.value for part in drawn["met"].parts] == ["1", "7", "2027", "10:05"]
        assert (drawn["rang"].value[:5], drawn["rate"].value) == ("09:30", "1.50")


def test_a_date_is_three_inputs_with_their_own_labels():
    drawn = fields(forms.render(form(question("datetime", "born", "Date of birth"))))["born"]
    assert [(part.name, part.id, part.label) for part in drawn.parts] == [
        ("born-day", "f-born-day", "Day"),
        ("born-month", "f-born-month", "Month"),
        ("born-year", "f-born-year", "Year"),
    ]
    assert drawn.id == "f-born-day"


def test_defaults_show_until_something_is_answered():
    asked = form(
        choice("radio", "heard", "yes", "no", "not_asked", defaultValue="not_asked"),
        question("checkbox", "withhold", defaultValue=True),
    )
    fresh = fields(forms.render(asked))
    assert [option.chosen for option in fresh["heard"].options] == [False, False, True]
    assert fresh["withhold"].value is True
    assert fields(forms.render(asked, {"withhold": False}))["withhold"].value is False


def test_errors_stand_at_their_fields_and_in_the_summary():
    asked = form(
        question("textfield", "name", "Name", description="As she says it", validate=REQUIRED),
        rows("kids", "Child", question("number", "age", "Age")),
        choice("radio", "level", "low", "high", label="Risk", validate=REQUIRED),
        question("datetime", "born", "Date of birth"),
    )
    drawn = model_of(asked, {"kids": [{"age": 3}, {"age": "x"}], "born": "never", "bogus": 1})
    assert [(link.text, link.target) for link in drawn.errors] == [
        ("Enter name", "f-name"),
        ("Age must be a number", "f-kids-2-age"),
        ("Select risk", "f-level"),
        ("Date of birth must be a real date", "f-born-day"),
        ("bogus: This form does not ask for it", ""),
    ]
    name = fields(drawn)["name"]
    assert name.described_by == f"{name.hint_id} {name.error_id}"
    assert fields(drawn)["kids-1-age"].described_by == ""


NINE = range(9)


def test_more_than_ten_errors_are_counted():
    parts = [
        group(f"Part {n}", *(question("textfield", f"q{n}_{i}", validate=REQUIRED) for i in NINE))
        for n in range(3)
    ]
    drawn = model_of(form(*parts), {})
    assert (len(drawn.errors), drawn.more_errors) == (10, 17)


def test_a_conditional_question_says_when_it_is_asked_and_who_controls_it():
    asked = form(
        choice("radio", "level", "low", "high", label="How high is the risk?"),
        question("textfield", "danger", hide='=level != "high"'),
    )
    hidden = fields(forms.render(asked, {"level": "low"}))["danger"]
    assert not hidden.visible
    assert hidden.visible_if == "Answer only if “How high is the risk?” is High"
    assert json.loads(hidden.show) == ["!=", ["key", "level", "radio"], "high"]
    drawn = fields(forms.render(asked, {"level": "high"}))
    assert drawn["danger"].visible
    assert drawn["level"].controls == drawn["danger"].box == "box-danger"


def test_rows_have_legends_buttons_and_names_of_their_own():
    kids = rows(
        "kids",
        "Child",
        question("number", "age"),
        question("textfield", "school", hide='=age < 5 or level = "low"'),
        properties={"min": "1", "max": "2"},
    )
    asked = form(choice("radio", "level", "low", "high"), kids)
    (_, drawn) = items(forms.render(asked, {"kids": [{"age": 3}]}))
    assert isinstance(drawn, RowGroup)
    assert [(row.name, row.legend, row.remove) for row in drawn.rows] == [("kids-1", "Child 1", "")]
    assert drawn.add == "Add another child"
    school = drawn.rows[0].items[1]
    assert json.loads(school.show) == [
        "or",
        ["<", ["key", "kids-1-age", "number"], 5],
        ["=", ["key", "level", "radio"], "low"],
    ]
    assert (school.visible, school.box) == (False, "box-kids-1-school")

    full = items(forms.render(asked, {"kids": [{}, {}]}))[1]
    assert (full.add, full.rows[1].remove) == ("", "Remove child 2")


def test_the_first_rows_are_there_to_be_filled_in():
    asked = form(
        rows("kids", "Child", question("textfield", "name"), defaultRepetitions=2),
        rows("pets", "Pet", question("textfield", "pet"), defaultRepetitions=0),
    )
    kids, pets = items(forms.render(asked))
    assert (len(kids.rows), len(pets.rows)) == (2, 0)
    assert len(items(forms.render(asked, {"kids": []}))[0].rows) == 0


def test_one_row_is_drawn_alone_for_a_fragment():
    asked = form(rows("kids", "Child", question("textfield", "name")))
    answers = forms.add_row(asked, {"kids": [{"name": "Al"}]}, "kids")
    row = forms.render_row(asked, answers, "kids-2")
    assert row is not None
    assert (row.legend, row.items[0].name) == ("Child 2", "kids-2-name")
    assert forms.render_row(asked, answers, "kids-3") is None


def test_pages_read_what_other_pages_answered():
    first = group("Who", question("number", "age"), question("checkbox", "agreed"),
                  properties={"step": "Who"})  # fmt: skip
    second = group(
        "School",
        question("textfield", "school", hide="=age >= 18 or agreed"),
        properties={"step": "School"},
        conditional={"hide": "=age >= 60"},
    )
    drawn = forms.render(form(first, second), {"age": "61"})
    assert [(page.number, page.title, page.visible) for page in drawn.pages] == [
        (1, "Who", True),
        (2, "School", False),
    ]
    (section,) = drawn.pages[1].items
    assert isinstance(section, Section)
    assert json.loads(section.show) == [">=", 61, 60]
    assert json.loads(section.items[0].show) == ["or", [">=", 61, 18], False]


def test_short_options_stand_side_by_side():
    asked = form(
        choice("radio", "a", "yes", "no", "unsure"),
        choice("radio", "b", "yes", "no", "unsure", "unasked"),
        choice("radio", "c", "yes", "a_rather_long_answer"),
        choice("checklist", "d", "yes", "no"),
    )
    assert [field.inline for field in fields(forms.render(asked)).values()] == [
        True, False, False, False,
    ]  # fmt: skip


def test_a_long_list_is_typed_and_shows_labels():
    options = [{"value": f"l{n:02}", "label": f"Language {n}"} for n in range(13)]
    asked = form(question("select", "language", values=options))
    field = fields(forms.render(asked, {"language": "l07"}))["language"]
    assert (field.kind, field.value) == ("typed", "Language 7")


def test_named_lists_give_the_options():
    asked = form(question("radio", "agency", properties={"list": "agencies"}))
    drawn = forms.render(asked, lists={"agencies": [forms.Option("refuge", "Refuge")]})
    assert [option.label for option in fields(drawn)["agency"].options] == ["Refuge"]


def test_prose_becomes_blocks_and_never_markup():
    asked = form(
        {"type": "text", "text": "# Before you ring\nRead **the card** & [guidance]"
         "(https://www.gov.uk/x).\n\n- one\n- two\n\n1. first"},
        {"type": "separator"},
        question("textfield", "name"),
    )  # fmt: skip
    words, line, _ = items(forms.render(asked))
    assert isinstance(words, Words)
    assert [(block.kind, block.level, len(block.lines)) for block in words.blocks] == [
        ("heading", 1, 1),
        ("paragraph", 0, 1),
        ("bullets", 0, 2),
        ("numbered", 0, 1),
    ]
    spans = words.blocks[1].lines[0]
    assert [(s.text, s.bold, s.href) for s in spans] == [
        ("Read ", False, ""),
        ("the card", True, ""),
        (" & ", False, ""),
        ("guidance", False, "https://www.gov.uk/x"),
        (".", False, ""),
    ]
    assert isinstance(line, Words)
    assert line.blocks == ()


def test_ids_are_unique_on_the_page():
    asked = form(
        {"type": "text", "text": "One"},
        group("Home", {"type": "text", "text": "Two"}, question("textfield", "p1")),
        rows("kids", "Child", {"type": "text", "text": "Three"}, question("textfield", "name")),
        {"type": "text", "text": "Four"},
    )
    drawn = forms.render(asked, {"kids": [{}, {}]})

    def boxes(found):
        for item in found:
            yield item.box
            yield from boxes(getattr(item, "items", ()))
            for row in getattr(item, "rows", ()):
                yield from boxes(row.items)

    ids = list(boxes(items(drawn)))
    assert len(ids) == len(set(ids)) == 10


def test_what_is_no_longer_asked_is_named():
    asked = form(
        choice("radio", "level", "low", "high"),
        question("textfield", "danger", "Danger", hide='=level != "high"'),
    )
    assert forms.render(asked, {"level": "low", "danger": "x"}).dropped == ("Danger",)
