"""What a form may hold, and what its author is told when it may not."""

import json

import pytest
from form_files import choice, definition, form, group, question, rows

import forms

VARIABLE = {"class": "C0", "variable": True}


def reasons(*components, **head) -> list[tuple[str, str]]:
    return [tuple(finding) for finding in forms.findings(definition(*components, **head))]


def refusal(*components, **head) -> str:
    """The one finding, as a sentence."""
    found = forms.findings(definition(*components, **head))
    assert len(found) == 1, found
    return str(found[0])


def test_every_allowed_component_is_accepted():
    accepted = form(
        {"type": "text", "text": "# Before you ring\n- read the card"},
        question("textfield", "name"),
        question("textarea", "notes"),
        question("number", "age"),
        question("datetime", "born", subtype="date"),
        question("datetime", "rang", subtype="time", timeLabel="Rang at"),
        question("datetime", "met", subtype="datetime"),
        choice("radio", "level", "low", "high"),
        choice("checklist", "needs", "bsl", "ramp"),
        choice("select", "language", "welsh", "polish"),
        question("checkbox", "agreed"),
        question("filepicker", "letter"),
        group("Household", question("textfield", "partner")),
        rows("children", "Child", question("number", "child_age")),
        {"type": "separator"},
        {"type": "spacer", "height": 20},
        {"type": "button", "label": "Send", "action": "submit"},
    )
    assert [*accepted.questions] == [
        "name", "notes", "age", "born", "rang", "met", "level", "needs", "language", "agreed",
        "letter", "partner", "children",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "kind",
    ["html", "iframe", "image", "table", "documentPreview", "expression", "taglist"],
)
def test_components_that_leak_script_or_data_are_refused_with_label_and_reason(kind):
    label, reason = reasons({"type": kind, "label": "Nice picture", "key": "x"})[0]
    assert label == "Nice picture"
    assert f"is of type {kind}, which is not allowed" in reason
    assert len(reason) > len(f"is of type {kind}, which is not allowed. ") + 20


@pytest.mark.parametrize(
    ("component", "said"),
    [
        ({"type": "video"}, "is of type 'video', which is not one of"),
        ({"type": ["text"]}, "is not one of"),
        (question("textfield", "Name"), "has the key “Name”"),
        (question("textfield", "_name"), "has the key “_name”"),
        (question("textfield", "id"), "has the key “id”"),
        (question("textfield", "typename"), "has the key “typename”"),
        (question("textfield", "person.name"), "has the key “person.name”"),
        (question("textfield", "for"), "a word of FEEL"),
        (question("textfield", "name", "=label"), "begins with =, which is an expression"),
        (question("textfield", "name", "Name of {{person}}"), "holds a template"),
        (question("textfield", "name", "<b>Name</b>"), "holds an HTML tag"),
        (question("textfield", "name", "Na\u202eme"), "invisible control characters"),
        (question("textfield", "name", description="=x"), "begins with ="),
        (question("textfield", "name", disabled=True), "is disabled"),
        (question("textfield", "name", readonly="=x"), "is readonly"),
        (question("textfield", "name", tooltip="x"), "has tooltip, which is not one of"),
        (question("textfield", "name", properties={"colour": "red"}), "has properties.colour"),
        (question("textfield", "name", properties={"class": "C9"}), "C9"),
        (question("textfield", "name", properties={"reveal": "hover"}), "hover"),
        (question("textfield", "name", validate={"requird": True}), "has validate.requird"),
        (question("textfield", "name", validate={"required": "yes"}), "not true or false"),
        (question("textfield", "name", validate={"maxLength": 10**6}), "from 1 to 2000"),
        (question("textarea", "name", validate={"pattern": "x"}), "has validate.pattern"),
        (question("number", "age", validate={"min": "=5"}), "not a number"),
        (question("number", "age", validate={"min": 5, "max": 4}), "above its highest"),
        (question("datetime", "born", subtype="month"), "month"),
        (choice("radio", "level"), "has no options"),
        (choice("radio", "level", "low", "low"), "two options of the value “low”"),
        (choice("select", "level", "low", valuesKey="data"), "from data (valuesKey)"),
        (choice("select", "level", "low", valuesExpression="=x"), "by expression"),
        (choice("select", "level", "low", properties={"list": "agencies"}), "Keep one of them"),
        (choice("radio", "level", "low", defaultValue="high"), "not one of its options"),
        ({"type": "text", "text": "See {{url}}"}, "holds a template"),
        ({"type": "text", "text": "<script>alert(1)</script>"}, "holds an HTML tag"),
        ({"type": "text", "text": "[here](http://evil.example/x)"}, "http://evil.example/x"),
        ({"type": "text", "text": "[here](javascript:alert)"}, "javascript:alert"),
        ({"type": "text", "text": "[here](//evil.example)"}, "//evil.example"),
        ({"type": "button", "label": "Clear", "action": "reset"}, "resets the form"),
        (group("Empty"), "holds nothing"),
        (group("Home", question("textfield", "name"), path="home"), "has a path"),
        (rows("kids", "Child", question("textfield", "name"), isRepeating=False), "not repeat"),
        (rows("kids", "", question("textfield", "name")), "has no label"),
        (rows("kids", "Child", question("textfield", "name"), properties={"max": "0"}), "max"),
        (
            rows("kids", "Child", question("textfield", "n"), properties={"min": "4", "max": "3"}),
            "has a min of 4 above its max of 3",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_with_a_reason(component, said):
    assert said in refusal(component)


def test_a_field_must_say_how_sensitive_it_is():
    component = question("textfield", "name")
    component["properties"] = {}
    assert "has no property class" in refusal(component)


@pytest.mark.parametrize(
    ("component", "said"),
    [
        (question("number", "age", properties={"class": "C2", "variable": "true"}), "class C0"),
        (question("textfield", "name", properties={"variable": True}), "properties.variable"),
        (choice("checklist", "n", "a", properties={"variable": True}), "properties.variable"),
        (
            question("datetime", "at", subtype="time", properties=VARIABLE),
            "only a yes or no, a choice, a number or a date may be",
        ),
        (rows("kids", "Child", question("number", "a", properties=VARIABLE)), "is repeated"),
    ],
)
def test_only_harmless_answers_may_become_variables(component, said):
    assert said in refusal(component)


def test_all_findings_come_at_once():
    found = reasons(
        {"type": "html", "label": "Banner", "content": "<b>x</b>"},
        question("textfield", "Bad Key", "Name"),
        question("textfield", "twice"),
        question("textfield", "twice"),
        question("textfield", "notes", "Notes", hide="=nothing = 1"),
        schemaVersion=18,
    )
    assert [label for label, _ in found] == ["form", "Banner", "Name", "twice", "Notes"]


def test_two_rows_may_use_one_key_but_no_row_may_take_one_from_around_it():
    name = question("textfield", "name")
    form(rows("kids", "Child", name), rows("pets", "Pet", name))
    assert "has the key name, which another component has too" in refusal(
        name, rows("kids", "Child", name)
    )


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{", "is not JSON: "),
        ("[]", "is not a JSON object"),
        (b"\xff\xfe", "is not UTF-8"),
        ('{"a": NaN}', "holds NaN"),
        ('{"components": [], "components": []}', "two members named 'components'"),
        ("[" * 100_000 + "]" * 100_000, "nested too deeply"),
        ('{"a": ' + "9" * 5000 + "}", ""),
        ("x" * 1_000_001, "is larger than"),
    ],
)
def test_a_file_that_is_no_form_is_refused(source, said):
    with pytest.raises(forms.FormRefused) as refused:
        forms.load(source)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ({"schemaVersion": 20}, "Only 19 has been tested"),
        ({"id": "Form 1"}, "has the id “Form 1”"),
        ({"type": "wizard"}, "type other than default"),
        ({"script": "x"}, "has script"),
    ],
)
def test_the_head_of_the_file_is_checked(head, said):
    assert said in refusal(question("textfield", "name"), **head)


def test_a_file_without_components_is_refused():
    assert "has no components" in refusal()


def test_components_and_nesting_are_capped():
    many = [{"type": "separator"}] * 501
    assert "501 components" in refusal(*many) or "more than 500" in refusal(*many)
    deep = question("textfield", "name")
    for _ in range(8):
        deep = group("Level", deep)
    assert "groups deep" in refusal(deep)
    nested = question("textfield", "name")
    for path in ("c", "b", "a"):
        nested = rows(path, "Thing", nested)
    assert "repeats inside 2 repetitions" in refusal(nested)


def test_a_form_is_split_in_pages_wholly_or_not_at_all():
    first = group("One", question("textfield", "name"), properties={"step": "Who"})
    second = group("Two", question("textfield", "place"), properties={"step": "Where"})
    assert [step.step for step in form(first, second).steps] == ["Who", "Where"]
    assert "lies on none" in refusal(first, question("textfield", "other"))
    assert "inside another group" in refusal(group("Outer", first))


def test_too_many_questions_at_once_are_refused_and_many_are_warned_of():
    def page(title: str, count: int):
        questions = [question("textfield", f"{title.lower()}_{n}") for n in range(count)]
        return group(title, *questions, properties={"step": title})

    assert "asks 26 questions at once" in refusal(page("Long", 26))
    (warning,) = forms.warnings(form(page("Middling", 13), page("Short", 12)))
    assert warning.component == "Middling"


def test_the_live_call_may_be_one_long_page_in_sections():
    sections = [
        group(f"Part {n}", *(question("textfield", f"q{n}_{i}") for i in range(10)))
        for n in range(5)
    ]
    assert form(*sections).steps == ()


def test_the_hash_does_not_depend_on_spaces_or_order():
    component = question("textfield", "name")
    loose = json.dumps(definition(component), indent=4)
    reordered = dict(reversed(list(definition(component).items())))
    assert forms.load(loose).sha256 == forms.load(reordered).sha256
    assert forms.load(loose).sha256 != form(question("textfield", "other")).sha256


def test_decimals_of_a_file_stay_exact():
    text = json.dumps(definition(question("number", "rate", validate={"min": 0.1})))
    assert forms.load(text).sha256 == forms.load(json.loads(text)).sha256
