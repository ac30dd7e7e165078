"""A form in plain text, and what of it the engine may know."""

from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from forms import shown
from forms.definition import Form, Rows
from forms.values import UNITED_KINGDOM
from forms.visibility import Lists, Scope, scope_of


def text_twin(
    form: Form,
    answers: Mapping[str, Any],
    *,
    zone: ZoneInfo = UNITED_KINGDOM,
    lists: Lists | None = None,
) -> list[tuple[str, str]]:
    """Return every question that was asked with its answer in words, in form order.

    ``answers`` are checked ones, or those that were stored. A named list may be missing: what was
    chosen from it is then given by its value.
    """
    known = {name: (lists or {}).get(name, ()) for name in form.lists}
    scope = scope_of(form, answers, lists=known, zone=zone)
    return list(_twin(form, scope, known, zone, ""))


def variables(form: Form, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the engine may know of checked ``answers``: those marked ``variable: true``.

    One that was not asked or not answered is null, so that an older value does not stay in force.
    """
    return {question.key: answers.get(question.key) for question in form.variables}


def _twin(
    owner: Form | Rows, scope: Scope, lists: Lists, zone: ZoneInfo, prefix: str
) -> Iterator[tuple[str, str]]:
    for key, node in owner.questions.items():
        if key in scope.hidden:
            continue
        raw = scope.answers.get(key)
        if isinstance(node, Rows):
            for number, row in enumerate(raw if isinstance(raw, list) else [], 1):
                inner = scope.row(node, row)
                yield from _twin(node, inner, lists, zone, f"{prefix}{node.label} {number}: ")
            continue
        options = lists.get(node.list_name, node.options)
        yield f"{prefix}{node.label}", shown.in_words(node, raw, options, zone)
