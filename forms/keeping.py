"""What is kept when a form has to end as it stands: whatever is right, and the rest as typed.

Somebody who ends a call in danger is asked for nothing more. Answers that cannot be read, and
those to questions that are no longer asked, are kept as text for whoever goes on.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import ValidationError

from forms.definition import Form, Question, Rows
from forms.schema import check_answers
from forms.values import UNITED_KINGDOM, is_blank
from forms.visibility import Scope, scope_of


@dataclass(frozen=True)
class AsTyped:
    """One answer that could not be taken as one."""

    key: str  # of the question, or of the repeated group that it stands in
    question: str
    text: str


@dataclass(frozen=True)
class Kept:
    """Checked answers, and what else was typed."""

    answers: dict[str, Any]
    as_typed: list[AsTyped] = field(default_factory=list)


def keep_all(
    form: Form,
    answers: Mapping[str, Any],
    instead: Mapping[str, Any],
    *,
    now: datetime,
    zone: ZoneInfo = UNITED_KINGDOM,
) -> Kept:
    """Return all of ``answers``: checked where they are right, in text where not. Refuses none.

    ``instead``: answers that stand in the place of what was typed, which is kept in text.
    """
    changed = {name: raw for name, raw in answers.items() if raw != instead.get(name, raw)}
    as_typed = list(_given(form, changed))
    rest = {**answers, **instead}
    while True:
        try:
            checked = check_answers(form, rest, partial=True, now=now, zone=zone)
        except ValidationError as error:
            rest, wrong = _apart(form, rest, error.messages_dict, "", "")
            if not wrong:  # the fault is in no answer: never go round for ever
                raise
            as_typed += wrong
        else:
            unasked = _unasked(form, scope_of(form, rest, zone=zone), "", "")
            return Kept(checked, as_typed + list(unasked))


def _apart(
    owner: Form | Rows, answers: Mapping[str, Any], faults: Mapping[Any, Any], key: str, place: str
) -> tuple[dict[str, Any], list[AsTyped]]:
    """Return ``answers`` without those that have ``faults``, and these in text."""
    right: dict[str, Any] = {}
    wrong: list[AsTyped] = []
    for name, raw in answers.items():
        node, fault = owner.questions.get(name), faults.get(name)
        label = f"{place}{node.label if node else name}"
        if not fault:
            right[name] = raw
        elif isinstance(node, Rows) and isinstance(fault, Mapping):
            right[name] = []
            for number, row in enumerate(raw):
                where = f"{label} {number + 1}: "
                kept, left = _apart(node, row, fault.get(number, {}), key or name, where)
                right[name].append(kept)
                wrong += left
        else:
            wrong.append(AsTyped(key or name, label, _words(node, raw)))
    return right, wrong


def _unasked(owner: Form | Rows, scope: Scope, key: str, place: str) -> Iterator[AsTyped]:
    """Yield the answers to questions that are hidden by now; a checked form leaves them out."""
    for name, node in owner.questions.items():
        raw, label = scope.answers.get(name), f"{place}{node.label}"
        if name in scope.hidden:
            if not is_blank(raw) and raw is not False:
                yield AsTyped(key or name, label, _words(node, raw))
        elif isinstance(node, Rows) and isinstance(raw, list):
            for number, row in enumerate(raw, 1):
                inner = scope.row(node, row)
                yield from _unasked(node, inner, key or name, f"{label} {number}: ")


def _given(form: Form, answers: Mapping[str, Any]) -> Iterator[AsTyped]:
    for name, raw in answers.items():
        node = form.questions.get(name)
        if node and not is_blank(raw):
            yield AsTyped(name, node.label, _words(node, raw))


def _words(node: Question | Rows | None, raw: Any) -> str:
    """Return what was chosen by its label, and all else as it was typed."""
    options = node.options if isinstance(node, Question) else ()
    labels = {option.value: option.label for option in options}
    chosen = raw if isinstance(raw, list) else [raw]
    if labels and all(isinstance(each, str) for each in chosen):
        return ", ".join(str(labels.get(each, each)) for each in chosen)
    return _text(raw)


def _text(raw: Any) -> str:
    """Return an answer as it was typed; the boxes of a date with spaces between."""
    if isinstance(raw, Mapping):
        return " ".join(_text(part) for part in raw.values() if not is_blank(part))
    if isinstance(raw, list):
        return ", ".join(_text(part) for part in raw)
    return str(raw)
