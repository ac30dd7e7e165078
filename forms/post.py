"""From what a page posts to raw answers, kept as typed.

Names are those of the render model: ``name``, ``dob-day``, ``children-1-age``. Rows are numbered
anew from 1. Names that begin with ``_`` belong to the page and are passed over; any other name
that the form does not have is kept under itself, so that `check_answers` refuses it.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from marshmallow import ValidationError

from forms.definition import Form, Kind, Question, Rows, asking
from forms.values import DATE_PARTS, TICKED, is_blank

PARTS = {Kind.DATE: DATE_PARTS, Kind.DATETIME: (*DATE_PARTS, "time")}
_ROW_NUMBER = re.compile(r"[0-9]{1,6}")

Tree = dict[str, Any]  # name part -> values, or deeper; the key "" holds the values


def from_post(
    form: Form,
    pairs: Iterable[tuple[str, str]],
    *,
    step: str | None = None,
    keep_blank_rows: bool = False,
    ignore: Collection[str] = ("csrf_token",),
) -> dict[str, Any]:
    """Return the raw answers of a posted page.

    What was on the page and is missing from the post was left empty; ``step`` names the page of
    a form in steps. Rows without any answer fall away unless ``keep_blank_rows``.
    """
    posted = [(n, v) for n, v in pairs if not n.startswith("_") and n not in ignore]
    tree = _tree(posted)
    taken: set[str] = set()
    reader = _Reader(taken, keep_blank_rows)
    nodes = form.nodes if step is None else _page(form, step)
    on_page = {node.key for node in asking(nodes)}
    answers = {
        key: reader.read(node, tree.get(key, {}), key)
        for key, node in form.questions.items()
        if key in on_page or key in tree
    }
    for name, value in posted:
        if name not in taken:
            answers[name] = value
    return answers


def add_row(form: Form, answers: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return ``answers`` with one more empty row in the repeated group ``name``."""
    copy, rows, holder = _find_rows(form, answers, name.split("-"))
    given = holder.setdefault(rows.key, [])
    if len(given) < rows.most:
        given.append({})
    return copy


def remove_row(form: Form, answers: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return ``answers`` without the row ``name`` ("children-2")."""
    *path, number = name.split("-")
    copy, rows, holder = _find_rows(form, answers, path)
    given = holder.setdefault(rows.key, [])
    if _ROW_NUMBER.fullmatch(number) and 1 <= int(number) <= len(given):
        del given[int(number) - 1]
    return copy


class _Reader:
    def __init__(self, taken: set[str], keep_blank_rows: bool) -> None:
        self._taken = taken
        self._keep_blank_rows = keep_blank_rows

    def read(self, node: Question | Rows, tree: Tree, name: str) -> Any:
        if isinstance(node, Rows):
            return self._read_rows(node, tree, name)
        if node.kind in PARTS:
            return self._read_parts(node, tree, name)
        values = self._values(tree, name)
        if node.kind is Kind.CHECKBOX:
            return TICKED.get(values[0], values[0]) if values else False
        if node.kind in (Kind.CHECKLIST, Kind.FILES):
            return [value for value in values if value]
        return values[0] if values else ""

    def _read_parts(self, node: Question, tree: Tree, name: str) -> Any:
        parts = {
            part: (self._values(tree[part], f"{name}-{part}") or [""])[0]
            for part in PARTS[node.kind]
            if part in tree
        }
        whole = self._values(tree, name)  # one box: a client that sends ISO 8601
        return parts or (whole[0] if whole else "")

    def _read_rows(self, rows: Rows, tree: Tree, name: str) -> list[dict[str, Any]]:
        numbers = sorted((n for n in tree if _ROW_NUMBER.fullmatch(n)), key=int)
        found = []
        for number in numbers:
            row = {
                key: self.read(node, tree[number].get(key, {}), f"{name}-{number}-{key}")
                for key, node in rows.questions.items()
            }
            if self._keep_blank_rows or not is_blank_row(rows, row):
                found.append(row)
        return found

    def _values(self, tree: Tree, name: str) -> list[str]:
        values = tree.get("", [])
        if values:
            self._taken.add(name)
        return list(values)


def is_blank_row(rows: Rows, row: Mapping[str, Any]) -> bool:
    """Say whether nothing was answered in a row beyond what it began with."""
    return all(
        is_blank(row.get(key))
        or row.get(key) is False
        or (isinstance(node, Question) and row.get(key) == node.default)
        for key, node in rows.questions.items()
    )


def _tree(pairs: Iterable[tuple[str, str]]) -> Tree:
    root: Tree = {}
    for name, value in pairs:
        place = root
        for part in name.split("-", 8):
            place = place.setdefault(part or " ", {})
        place.setdefault("", []).append(value)
    return root


def _page(form: Form, step: str) -> Any:
    return next(page for page in form.steps if page.step == step).nodes


def _find_rows(
    form: Form, answers: Mapping[str, Any], path: list[str]
) -> tuple[dict[str, Any], Rows, dict[str, Any]]:
    """Return a copy of ``answers``, the repeated group at ``path`` and the dict that holds it."""
    copy = _copied(answers)
    owner: Form | Rows = form
    holder = copy
    for at in range(0, len(path), 2):
        node = owner.questions.get(path[at])
        if not isinstance(node, Rows):
            break
        if at == len(path) - 1:
            if not isinstance(holder.get(node.key, []), list):
                holder[node.key] = []
            return copy, node, holder
        rows = holder.get(node.key, [])
        number = int(path[at + 1]) if _ROW_NUMBER.fullmatch(path[at + 1]) else 0
        if not (isinstance(rows, list) and 1 <= number <= len(rows)):
            break
        owner, holder = node, rows[number - 1]
    raise ValidationError("This form has no such repeated group")


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copied(inner) for key, inner in value.items()}
    return [_copied(inner) for inner in value] if isinstance(value, list) else value
