"""The form of a contact on one page: its steps are sections, in any order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import render_template, request
from marshmallow import ValidationError

import forms
from api.auth import actor
from api.language import gettext
from api.work import now, session
from engine import releases
from forms import Form
from forms.definition import Group, Node, Question
from forms.model import RenderModel, Section
from workflows.tasks.asked import form_in

FORM = "contact"
# Asked of a voice, never of paper.
ONLY_LIVE = frozenset({"safe_now", "dropped_call_wish"})


@dataclass(frozen=True)
class Part:
    """A section of the page, as the list at its side shows it."""

    number: int
    section: Section

    @property
    def anchor(self) -> str:
        return f"part-{self.number}"


def parts_of(model: RenderModel) -> list[Part]:
    """Return the sections of the form in order; all of them are on one page."""
    sections = [item for item in model.pages[0].items if isinstance(item, Section)]
    return [Part(number, section) for number, section in enumerate(sections, 1)]


def contact_form() -> Form:
    release = releases.effective(session(), actor().tenant_id, now())
    form = form_in(releases.definitions(session(), release.id), FORM)
    nodes = tuple(
        replace(node, label=node.step or node.label, step="") if isinstance(node, Group) else node
        for node in form.nodes
    )
    return replace(form, nodes=nodes)


def written_form() -> Form:
    """Return the form as it is asked of a letter: what the text says, nothing of a voice."""
    form = contact_form()
    return replace(form, nodes=tuple(_of_paper(form.nodes)))


def _of_paper(nodes: Iterable[Node]) -> Iterable[Node]:
    for node in nodes:
        if isinstance(node, Group):
            inner = tuple(_of_paper(node.nodes))
            asks_safety = any(isinstance(n, Question) and n.key in ONLY_LIVE for n in node.nodes)
            label = gettext("What it says of danger") if asks_safety else node.label
            yield replace(node, nodes=inner, label=label)
        elif isinstance(node, Question) and node.key == "immediate_danger":
            says = gettext("Does the text say danger, high risk or a child?")
            yield replace(node, label=says, hint="")
        elif not (isinstance(node, Question) and node.key in ONLY_LIVE):
            yield node


def rows_page(form: Form, typed: dict[str, Any]) -> str:
    """Return the form with one row more or less, for the script to take the group from."""
    given = request.form
    name = given.get("_add") or given.get("_remove", "").rpartition("-")[0]
    model = forms.render(form, with_row(form, typed))
    items = model.pages[0].items
    return render_template("_form_page.html", items=items, wanted=name, mostly_optional=True)


def with_row(form: Form, typed: dict[str, Any]) -> dict[str, Any]:
    """Return what was typed with the row that was asked for, or without it."""
    if name := request.form.get("_add"):
        return forms.add_row(form, typed, name)
    if name := request.form.get("_remove"):
        return forms.remove_row(form, typed, name)
    return typed


def sound(form: Form, typed: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers that are right by themselves; what is half typed is left out."""
    try:
        return forms.check_answers(form, typed, partial=True, now=now())
    except ValidationError as error:
        right = {key: value for key, value in typed.items() if key not in error.messages}
    return (
        forms.check_answers(form, right, partial=True, now=now()) if len(right) < len(typed) else {}
    )
