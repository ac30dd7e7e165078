"""Form, answers and errors to the model that the templates draw."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from forms import shown, words
from forms.conditions import literal
from forms.definition import (
    LONGEST_SELECT,
    Form,
    Group,
    Kind,
    Node,
    Option,
    Prose,
    Question,
    Rows,
    asking,
)
from forms.model import (
    Choice,
    ErrorLink,
    Field,
    Item,
    Page,
    Part,
    RenderModel,
    Row,
    RowGroup,
    Section,
    Words,
)
from forms.values import UNITED_KINGDOM
from forms.visibility import NO_LISTS, Lists, Scope, dropped, options_of, scope_of
from forms.wording import lowered

MOST_ERRORS = 10
SCHEMA = "_schema"  # where marshmallow puts what is about no field
MOST_INLINE, SHORT_LABEL = 3, 16
PART_LABELS = {"day": ("Day", 2), "month": ("Month", 2), "year": ("Year", 4), "time": ("Time", 5)}


def render(
    form: Form,
    answers: Mapping[str, Any] | None = None,
    errors: Mapping[Any, Any] | None = None,
    *,
    zone: ZoneInfo = UNITED_KINGDOM,
    lists: Lists = NO_LISTS,
) -> RenderModel:
    """Return the whole form with ``answers`` (raw as typed, or checked) and ``errors``.

    ``errors`` are the messages of the ``ValidationError`` that `check_answers` raised. A question
    that ``answers`` say nothing about shows its default.
    """
    given = with_defaults(form, answers or {})
    drawer = _Drawer(form, zone, lists, scope_of(form, given, lists=lists, zone=zone))
    wrong = errors or {}
    root = _Place(prefix="", scope=drawer.root, names={}, errors=wrong)
    pages = tuple(
        Page(
            number=number,
            title=title,
            visible=not all(drawer.root.hides(node) for node in nodes),
            items=tuple(drawer.items(nodes, root, number)),
        )
        for number, (title, nodes) in enumerate(_pages(form), 1)
    )
    links = list(_links(pages)) + _unplaced(form, wrong)
    return RenderModel(
        form_id=form.id,
        form_sha256=form.sha256,
        pages=pages,
        errors=tuple(links[:MOST_ERRORS]),
        more_errors=max(len(links) - MOST_ERRORS, 0),
        dropped=tuple(dropped(form, given, lists=lists, zone=zone)),
    )


def render_row(
    form: Form,
    answers: Mapping[str, Any],
    name: str,
    *,
    zone: ZoneInfo = UNITED_KINGDOM,
    lists: Lists = NO_LISTS,
) -> Row | None:
    """Return the row ``name`` ("children-2") alone, for a fragment; None if it is not there."""
    for page in render(form, answers, zone=zone, lists=lists).pages:
        for row in _rows_in(page.items):
            if row.name == name:
                return row
    return None


def with_defaults(owner: Form | Rows, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``answers`` with defaults and first rows where they say nothing."""
    given = dict(answers)
    for key, node in owner.questions.items():
        if isinstance(node, Rows):
            rows = given.get(key)
            if not isinstance(rows, list):
                rows = [{}] * node.shown_first
            rows = rows + [{}] * (node.fewest - len(rows))
            given[key] = [
                with_defaults(node, row if isinstance(row, Mapping) else {}) for row in rows
            ]
        elif key not in given and node.default is not None:
            given[key] = node.default
    return given


@dataclass(frozen=True, slots=True)
class _Place:
    """Where drawing has come to: the scope, the names of inputs in it, and its errors."""

    prefix: str  # of names: "" or "children-2-"
    scope: Scope
    names: Mapping[str, tuple[str, Question | Rows, int]]  # key -> name on page, node, page
    errors: Mapping[Any, Any]


class _Drawer:
    def __init__(self, form: Form, zone: ZoneInfo, lists: Lists, root: Scope) -> None:
        self.root = root
        self._form, self._zone, self._lists = form, zone, lists
        self._page_of = {
            node.key: number
            for number, (_, nodes) in enumerate(_pages(form), 1)
            for node in asking(nodes)
        }

    def items(self, nodes: tuple[Node, ...], place: _Place, page: int) -> Iterator[Item]:
        """Draw the top of a page or of a row."""
        owner_names = dict(place.names)
        for node in asking(nodes):
            owner_names[node.key] = (place.prefix + node.key, node, page)
        if not place.prefix:  # conditions may read other pages
            for key, node in self._form.questions.items():
                owner_names.setdefault(key, (key, node, self._page_of[key]))
        inner = _Place(place.prefix, place.scope, owner_names, place.errors)
        boxes = dict(_boxes(nodes, place.prefix, page))
        controls = {node.key: _controlled(node.key, nodes, boxes) for node in asking(nodes)}
        yield from self._items(nodes, inner, page, boxes, controls)

    def _items(
        self,
        nodes: tuple[Node, ...],
        place: _Place,
        page: int,
        boxes: dict[int, str],
        controls: dict[str, str],
    ) -> Iterator[Item]:
        for node in nodes:
            common = self._common(node, place, page, boxes)
            match node:
                case Question():
                    yield self._field(node, place, common, controls[node.key])
                case Rows():
                    yield self._row_group(node, place, page, common)
                case Group():
                    inner = tuple(self._items(node.nodes, place, page, boxes, controls))
                    yield Section(label=node.label, items=inner, **common)
                case Prose():
                    yield Words(blocks=node.blocks, **common)

    def _common(
        self, node: Node, place: _Place, page: int, boxes: dict[int, str]
    ) -> dict[str, Any]:
        if node.hide is None:
            return {"box": boxes[id(node)]}
        known = {key: entry[1] for key, entry in place.names.items()}
        tree = node.hide.tree(lambda name: self._leaf(name, place, page))
        return {
            "box": boxes[id(node)],
            "visible": not place.scope.hides(node),
            "visible_if": f"Answer only if {words.when_asked(node.hide, known)}",
            "show": json.dumps(tree, separators=(",", ":")),
        }

    def _leaf(self, key: str, place: _Place, page: int) -> Any:
        name, node, its_page = place.names[key]
        if its_page != page or not isinstance(node, Question):
            return literal(place.scope.value(key))  # not on this page: what was answered
        return ["key", name, node.kind.value]

    def _field(self, node: Question, place: _Place, common: dict[str, Any], controls: str) -> Field:
        name = place.prefix + node.key
        raw = place.scope.answers.get(node.key)
        errors = shown.messages(place.errors.get(node.key))
        options = options_of(node, self._lists) if node.kind.is_choice else ()
        is_typed = node.kind is Kind.SELECT and len(options) > LONGEST_SELECT
        first = f"f-{name}"
        described = [f"{first}-hint"] * bool(node.hint) + [f"{first}-error"] * bool(errors)
        return Field(
            name=name,
            id=f"{first}-day" if node.kind in (Kind.DATE, Kind.DATETIME) else first,
            kind="typed" if is_typed else node.kind.value,
            label=node.label,
            hint=node.hint,
            required=node.required,
            value=shown.value(node, raw, options if is_typed else (), self._zone),
            options=_choices(node, raw, options, first),
            parts=_parts(node, name, raw, self._zone),
            errors=errors,
            described_by=" ".join(described),
            controls=controls,
            inline=_is_inline(node, options),
            data_class=node.data_class,
            reveal=node.reveal,
            prefix=node.prefix,
            suffix=node.suffix,
            autocomplete=node.autocomplete,
            inputmode=node.inputmode or ("numeric" if node.kind is Kind.NUMBER else ""),
            longest=node.longest if node.kind in (Kind.TEXT, Kind.LONG_TEXT) else 0,
            multiple=node.multiple,
            accept=node.accept,
            **common,
        )

    def _row_group(self, node: Rows, place: _Place, page: int, common: dict[str, Any]) -> RowGroup:
        name = place.prefix + node.key
        wrong = place.errors.get(node.key)
        by_row = wrong if isinstance(wrong, Mapping) else {}
        errors = () if by_row else shown.messages(wrong)
        given = place.scope.answers.get(node.key) or []
        rows = tuple(
            self._row(node, place, page, number, raw, by_row) for number, raw in enumerate(given, 1)
        )
        return RowGroup(
            name=name,
            id=f"f-{name}",
            label=node.label,
            rows=rows,
            add=_add(lowered(node.label), bool(rows)) if len(rows) < node.most else "",
            errors=errors,
            described_by=f"f-{name}-error" if errors else "",
            **common,
        )

    def _row(
        self,
        node: Rows,
        place: _Place,
        page: int,
        number: int,
        raw: Any,
        errors: Mapping[Any, Any],
    ) -> Row:
        name = f"{place.prefix}{node.key}-{number}"
        wrong = errors.get(number - 1, {})
        inner = _Place(
            prefix=f"{name}-",
            scope=place.scope.row(node, raw),
            names=place.names,
            errors=wrong if isinstance(wrong, Mapping) else {},
        )
        legend = f"{node.label} {number}"
        removable = len(place.scope.answers.get(node.key) or []) > node.fewest
        return Row(
            name=name,
            id=f"f-{name}",
            legend=legend,
            items=tuple(self.items(node.nodes, inner, page)),
            remove=f"Remove {lowered(legend)}" if removable else "",
        )


def _pages(form: Form) -> list[tuple[str, tuple[Node, ...]]]:
    if form.steps:
        return [(step.step, (step,)) for step in form.steps]
    return [("", form.nodes)]


def _boxes(nodes: tuple[Node, ...], prefix: str, page: int) -> Iterator[tuple[int, str]]:
    """Give every node of the scope the id of its box, by the node's identity."""
    numbers = count(1)

    def walk(inner: tuple[Node, ...]) -> Iterator[tuple[int, str]]:
        for node in inner:
            name = node.key if isinstance(node, Question | Rows) else f"p{page}-{next(numbers)}"
            yield id(node), f"box-{prefix}{name}"
            if isinstance(node, Group):
                yield from walk(node.nodes)

    return walk(nodes)


def _controlled(key: str, nodes: tuple[Node, ...], boxes: Mapping[int, str]) -> str:
    """Return the ids of the boxes in this scope that the answer under ``key`` shows and hides."""
    found = []
    for node in nodes:
        if node.hide is not None and key in node.hide.names:
            found.append(boxes[id(node)])
        if isinstance(node, Group):
            found += _controlled(key, node.nodes, boxes).split()
    return " ".join(found)


def _choices(node: Question, raw: Any, options: Sequence[Option], first: str) -> tuple[Choice, ...]:
    chosen = raw if isinstance(raw, list) else [raw]
    return tuple(
        Choice(o.value, o.label, first if number == 1 else f"{first}-{number}", o.value in chosen)
        for number, o in enumerate(options, 1)
    )


def _parts(node: Question, name: str, raw: Any, zone: ZoneInfo) -> tuple[Part, ...]:
    texts = shown.parts(node.kind, raw, zone)
    return tuple(
        Part(
            name=f"{name}-{part}",
            id=f"f-{name}-{part}",
            label=(node.time_label if part == "time" else "") or PART_LABELS[part][0],
            value=text,
            width=PART_LABELS[part][1],
        )
        for part, text in texts.items()
    )


def _add(one: str, has_some: bool) -> str:
    """Return the words of the button that adds a row: "Add a child", "Add another child"."""
    if has_some:
        return f"Add another {one}"
    return f"Add {'an' if one[:1] in 'aeiou' else 'a'} {one}"


def _is_inline(node: Question, options: Sequence[Option]) -> bool:
    """Two or three short options stand side by side."""
    return (
        node.kind is Kind.RADIO
        and 0 < len(options) <= MOST_INLINE
        and all(len(option.label) <= SHORT_LABEL for option in options)
    )


def _links(pages: tuple[Page, ...]) -> Iterator[ErrorLink]:
    for page in pages:
        yield from _links_in(page.items, page.number)


def _links_in(items: tuple[Item, ...], page: int) -> Iterator[ErrorLink]:
    for item in items:
        match item:
            case Field():
                yield from (ErrorLink(error, item.id, page) for error in item.errors)
            case Section():
                yield from _links_in(item.items, page)
            case RowGroup():
                yield from (ErrorLink(error, item.id, page) for error in item.errors)
                for row in item.rows:
                    yield from _links_in(row.items, page)


def _unplaced(form: Form, errors: Mapping[Any, Any]) -> list[ErrorLink]:
    """Errors about what the form does not have: there is no field to lead to."""
    return [
        ErrorLink(f"{key}: {text}" if key != SCHEMA else text, "", 1)
        for key, wrong in errors.items()
        if key not in form.questions
        for text in shown.messages(wrong)
    ]


def _rows_in(items: tuple[Item, ...]) -> Iterator[Row]:
    for item in items:
        if isinstance(item, Section):
            yield from _rows_in(item.items)
        elif isinstance(item, RowGroup):
            for row in item.rows:
                yield row
                yield from _rows_in(row.items)
