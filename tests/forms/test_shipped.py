"""The forms that come with the product."""

import json
from pathlib import Path

import pytest

import forms

DEFINITIONS = sorted((Path(forms.__file__).parent / "definitions").glob("*.form"))


@pytest.mark.parametrize("path", DEFINITIONS, ids=lambda path: path.stem)
def test_a_shipped_form_is_accepted_and_stored_as_written(path):
    text = path.read_text(encoding="utf-8")
    form = forms.load(text)
    assert form.id == path.stem
    assert text == json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"
    # it can be shown empty, with the options of its lists standing in
    lists = {name: [forms.Option("a", "A")] for name in form.lists}
    assert forms.render(form, lists=lists).errors == ()


def test_there_are_forms():
    assert DEFINITIONS
