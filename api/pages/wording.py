"""Answers in the words in which they were asked: the labels of the options of a form.

They stand in the release, so that whoever changes a form changes what pages say of its answers.
"""

from collections.abc import Mapping

from flask import g

from api.auth import actor
from api.words import plain
from api.work import now, session
from engine import releases
from engine.errors import Refusal
from forms.definition import every_question
from workflows.tasks.asked import form_in

Labels = Mapping[tuple[str, str], str]


def answer(form_id: str, key: str, value: str | None) -> str:
    """Say ``value`` as the form says it; as plain words where the form has no such option."""
    return _labels(form_id).get((key, value or ""), plain(value or ""))


def inside(form_id: str, key: str, value: str | None) -> str:
    """Say it inside a sentence: "spoke to the client", but "MARAC"."""
    words = answer(form_id, key, value)
    return words[:1].lower() + words[1:] if words[1:2].islower() or words[1:2] == " " else words


def _labels(form_id: str) -> Labels:
    known: dict[str, Labels] = g.setdefault("wording", {})
    if form_id not in known:
        known[form_id] = _read(form_id)
    return known[form_id]


def _read(form_id: str) -> Labels:
    try:
        release = releases.effective(session(), actor().tenant_id, now())
        form = form_in(releases.definitions(session(), release.id), form_id)
    except Refusal:  # nothing is published, or no longer with this form
        return {}
    return {
        (question.key, option.value): option.label
        for question in every_question(form.nodes)
        for option in question.options
    }
