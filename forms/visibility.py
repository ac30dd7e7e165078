"""Which questions are asked, given what has been answered.

A question is hidden when its condition, or that of a group around it, is exactly true. A hidden
answer counts as not given wherever another condition reads it, so the questions of a scope are
gone through in the order in which they hang on each other (`evaluation_order`).
"""

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from forms.definition import Form, Kind, Node, Option, Question, Rows
from forms.values import UNITED_KINGDOM, Unreadable, is_blank, read

Lists = Mapping[str, Sequence[Option]]
NO_LISTS: Lists = {}
LONGEST_READ = 50_000  # characters; FEEL has limits, and no condition compares with as much


class MissingList(LookupError):
    """The form takes options from a named list that the caller did not give."""


class Scope:
    """What is hidden among the questions of a form, or of one row of a repeated group.

    Answers are read only where a condition asks for them: most are long and in no condition.
    """

    def __init__(
        self,
        owner: Form | Rows,
        answers: Mapping[str, Any],
        outer: "Scope | None",
        lists: Lists,
        zone: ZoneInfo,
    ) -> None:
        self.answers = answers
        self.hidden: set[str] = set()
        self._outer, self._lists, self._zone = outer, lists, zone
        self._asked: dict[str, Question] = {}
        self._values: dict[str, Any] = {}
        for node, hides in owner.order:
            if any(hide.holds(self._read_by(hide.names)) for hide in hides):
                self.hidden.add(node.key)
            if isinstance(node, Question):
                options_of(node, lists)  # says at once which list is missing
                self._asked[node.key] = node

    def value(self, name: str) -> Any:
        """Return an answer as FEEL reads it: of this scope, else of the one around the row.

        Unreadable and hidden answers are null, an untouched tick box is false, an untouched
        checklist is empty.
        """
        if name not in self._values:
            self._values[name] = self._read(name)
        return self._values[name]

    def _read(self, name: str) -> Any:
        question = self._asked.get(name)
        if question is None:
            return None if self._outer is None else self._outer.value(name)
        raw = None if name in self.hidden else self.answers.get(name)
        return _in_feel(question, raw, self._zone, options_of(question, self._lists))

    def hides(self, node: Node) -> bool:
        """Say whether the node's own condition hides it; what is around it is not looked at."""
        return node.hide is not None and node.hide.holds(self._read_by(node.hide.names))

    def row(self, rows: Rows, answers: Any) -> "Scope":
        """Return the scope of one row, which sees the answers around it as well."""
        given = answers if isinstance(answers, Mapping) else {}
        return Scope(rows, given, self, self._lists, self._zone)

    def _read_by(self, names: frozenset[str]) -> dict[str, Any]:
        return {name: self.value(name) for name in names}


def scope_of(
    form: Form,
    answers: Mapping[str, Any],
    *,
    lists: Lists = NO_LISTS,
    zone: ZoneInfo = UNITED_KINGDOM,
) -> Scope:
    """Return what ``answers`` (raw or checked) hide of ``form``."""
    return Scope(form, answers, None, lists, zone)


def options_of(question: Question, lists: Lists) -> Sequence[Option]:
    """Return the options of a choice. Raises ``MissingList``."""
    if not question.list_name:
        return question.options
    try:
        return lists[question.list_name]
    except KeyError:
        raise MissingList(question.list_name) from None


def dropped(
    form: Form,
    answers: Mapping[str, Any],
    *,
    lists: Lists = NO_LISTS,
    zone: ZoneInfo = UNITED_KINGDOM,
) -> list[str]:
    """Return the labels of questions that were answered and are not asked, in form order."""
    return list(_dropped(form, scope_of(form, answers, lists=lists, zone=zone)))


def _dropped(owner: Form | Rows, scope: Scope) -> list[str]:
    found = []
    for key, node in owner.questions.items():
        raw = scope.answers.get(key)
        if key in scope.hidden:
            if not is_blank(raw) and raw is not False:
                found.append(node.label)
        elif isinstance(node, Rows) and isinstance(raw, list):
            for number, row in enumerate(raw, 1):
                inner = _dropped(node, scope.row(node, row))
                found += [f"{node.label} {number}: {label}" for label in inner]
    return found


def _in_feel(question: Question, raw: Any, zone: ZoneInfo, options: Sequence[Option]) -> Any:
    untouched = {Kind.CHECKBOX: False, Kind.CHECKLIST: []}.get(question.kind)
    if is_blank(raw) or question.kind is Kind.FILES:
        return untouched
    if isinstance(raw, str) and len(raw) > LONGEST_READ:
        return untouched
    try:
        return read(question, raw, zone, options)
    except Unreadable:
        return untouched
