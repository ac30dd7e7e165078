"""The answers to a form, checked: only what was asked comes out, and it is of its kind."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import RAISE, Schema, ValidationError
from marshmallow.experimental.context import Context

from forms.definition import Form, Question, Rows, asking
from forms.fields import Answer, Circumstances
from forms.values import UNITED_KINGDOM, is_blank
from forms.visibility import NO_LISTS, Lists, Scope, scope_of
from forms.wording import lowered

UNKNOWN = "This form does not ask for it"
MOST_UNKNOWN = 20  # names are told apart, a flood of them is not repeated


def check_answers(
    form: Form,
    answers: Mapping[str, Any],
    *,
    partial: bool = False,
    step: str | None = None,
    now: datetime | None = None,
    zone: ZoneInfo = UNITED_KINGDOM,
    lists: Lists = NO_LISTS,
) -> dict[str, Any]:
    """Return the valid answers to the questions that were asked.

    A hidden question is not asked: it is neither required nor kept. A name that the form does
    not have is an error, so that a stale page cannot write a field that the process no longer
    asks for. Blank answers are left out. What comes out is text, bool, int, ``Decimal``, date,
    time, UTC date and time, list, and for repeated groups a list of dicts.

    ``partial``: nothing is required. ``step``: only this page (its title) is checked and comes
    out. ``now`` is needed by forms that limit dates, ``lists`` by forms that name one.
    Raises ``marshmallow.ValidationError``; its messages never hold an answer.
    """
    if not isinstance(answers, Mapping):
        raise ValidationError("The answers must be an object of names and values")
    scope = scope_of(form, answers, lists=lists, zone=zone)
    wanted = _keys_of(form, step)
    with Context(Circumstances(zone=zone, lists=lists, now=now)):
        return _Checker(partial=partial).load(form, scope, wanted)


def _keys_of(form: Form, step: str | None) -> frozenset[str]:
    if step is None:
        return frozenset(form.questions)
    page = next(page for page in form.steps if page.step == step)
    return frozenset(node.key for node in asking(page.nodes))


class _Checker:
    """Goes down the form; each scope has a flat schema, rows are scopes of their own."""

    def __init__(self, *, partial: bool) -> None:
        self._partial = partial

    def load(self, owner: Form | Rows, scope: Scope, wanted: frozenset[str]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        errors: dict[Any, Any] = {}
        asked = wanted - scope.hidden
        rows = {k: n for k, n in owner.questions.items() if isinstance(n, Rows)}
        given = {
            key: raw
            for key, raw in scope.answers.items()
            if key not in owner.questions
            or (key in asked and key not in rows and not is_blank(raw))
        }
        schema = _schema(owner, asked, self._partial)
        try:
            found = schema.load(given)
        except ValidationError as refused:
            errors = _readable(refused.messages_dict, owner)
        for key in rows:
            if key in asked:
                self._load_rows(rows[key], scope, found, errors)
        if errors:
            raise ValidationError(_in_order(errors, owner))
        return {key: found[key] for key in owner.questions if key in found}

    def _load_rows(
        self, rows: Rows, scope: Scope, found: dict[str, Any], errors: dict[Any, Any]
    ) -> None:
        raw = scope.answers.get(rows.key)
        given = [] if raw is None or raw == "" else raw
        if problem := self._rows_fault(rows, given):
            errors[rows.key] = [problem]
            return
        checked = []
        wrong: dict[int, Any] = {}
        for number, row in enumerate(given):
            try:
                inner = scope.row(rows, row)
                checked.append(self.load(rows, inner, frozenset(rows.questions)))
            except ValidationError as refused:
                wrong[number] = refused.messages
        if wrong:
            errors[rows.key] = wrong
        elif checked:
            found[rows.key] = checked

    def _rows_fault(self, rows: Rows, given: Any) -> str:
        name = lowered(rows.label)
        if not isinstance(given, list) or not all(isinstance(row, Mapping) for row in given):
            return f"The answers under “{rows.label}” must be a list of rows"
        if len(given) > rows.most:
            return f"Remove some under “{rows.label}”: at most {rows.most} can be recorded"
        if len(given) < rows.fewest and not self._partial:
            return f"Add at least {rows.fewest} {name}" if rows.fewest > 1 else f"Add {name}"
        return ""


@lru_cache(maxsize=1024)
def _schema(owner: Form | Rows, asked: frozenset[str], partial: bool) -> Schema:
    """Return the schema of the questions ``asked``; rows stand beside it."""
    questions = {
        key: Answer(node, required=node.required and not partial)
        for key, node in owner.questions.items()
        if key in asked and isinstance(node, Question)
    }
    return Schema.from_dict({**questions}, name="Answers")(unknown=RAISE)


def _readable(messages: Mapping[str, Any], owner: Form | Rows) -> dict[Any, Any]:
    unknown = sorted(str(key) for key in messages if key not in owner.questions)
    return {key: value for key, value in messages.items() if key in owner.questions} | {
        key: [UNKNOWN] for key in unknown[:MOST_UNKNOWN]
    }


def _in_order(errors: Mapping[Any, Any], owner: Form | Rows) -> dict[Any, Any]:
    known = {key: errors[key] for key in owner.questions if key in errors}
    return {**known, **{key: errors[key] for key in errors if key not in known}}
