"""From one form-js component to one node of the form, or to the reasons why not."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from forms.conditions import Condition, ConditionRefused, parse_condition
from forms.definition import Group, Node, Prose, Rows
from forms.findings import Finding
from forms.prose import blocks
from forms.questions import CUSTOM, read_question
from forms.reading import Reader

REFUSED_TYPES = {
    "html": "Pages hold no HTML of their own. Use a text component",
    "iframe": "It would load another site into the page. Put a link into a text component",
    "image": "It would fetch a file from elsewhere. Describe it in a text component",
    "table": "It shows data that the form does not ask for. The task page shows the case",
    "documentPreview": "It would fetch a file from elsewhere. Documents are on the case page",
    "expression": "It computes on the page. Compute in the diagram or in a decision table",
    "taglist": "It cannot be used by keyboard and screen reader alike. Use a checklist",
}
MOST_ROWS = 100
MOST_COMPONENTS = 500
DEEPEST_GROUP, DEEPEST_ROWS = 6, 2

COMMON = {"type", "id", "layout", "conditional"}
ASKED = COMMON | {"key", "label", "description", "validate", "properties", "disabled", "readonly"}
CHOSEN = ASKED | {"values", "defaultValue", "valuesKey", "valuesExpression"}
CONTAINER = COMMON | {"label", "path", "components", "properties"}
OUTLINED = CONTAINER | {"showOutline", "verticalAlignment"}
# Members that only arrange or format what the form-js viewer draws are known and of no effect.
KNOWN: dict[str, set[str]] = {
    "textfield": ASKED | {"defaultValue", "appearance"},
    "textarea": ASKED | {"defaultValue"},
    "number": ASKED
    | {"defaultValue", "appearance", "decimalDigits", "increment", "serializeToString"},
    "datetime": ASKED
    | {"subtype", "dateLabel", "timeLabel", "disallowPassedDates"}
    | {"use24h", "timeInterval", "timeSerializingFormat"},
    "radio": CHOSEN,
    "select": CHOSEN | {"searchable"},
    "checklist": CHOSEN,
    "checkbox": ASKED | {"defaultValue"},
    "filepicker": ASKED | {"accept", "multiple"},
    "group": OUTLINED,
    "dynamiclist": OUTLINED
    | {"isRepeating", "defaultRepetitions", "allowAddRemove"}
    | {"disableCollapse", "nonCollapsedItems"},
    "text": COMMON | {"text"},
    "separator": COMMON,
    "spacer": COMMON | {"height"},
    "button": COMMON | {"label", "action"},
}


@dataclass
class Reading:
    """What is gathered over the whole form."""

    findings: list[Finding] = field(default_factory=list)
    components: int = 0
    buttons: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a component stands: how many groups and repeated groups are around it."""

    reading: Reading
    depth: int = 0
    rows: int = 0


def read_nodes(raw: list[Any], place: Place) -> tuple[Node, ...]:
    """Read a list of components; what is refused is left out and noted in ``place.reading``."""
    nodes = []
    reading = place.reading
    for number, component in enumerate(raw, 1):
        reading.components += 1
        if reading.components > MOST_COMPONENTS:
            break
        if not isinstance(component, Mapping):
            reading.findings.append(Finding(f"component {number}", "is not an object"))
            continue
        reader = Reader(component, _label(component, number), reading.findings)
        node = _read(reader, place)
        if node is not None:
            nodes.append(node)
    return tuple(nodes)


def _read(reader: Reader, place: Place) -> Node | None:
    kind = reader.raw.get("type")
    if not isinstance(kind, str) or kind not in KNOWN:
        reader.refuse(_why_refused(kind))
        return None
    reader.only(KNOWN[kind])
    node = _READERS[kind](reader, place)
    condition = _condition(reader)
    return replace(node, hide=condition) if node is not None and condition else node


def _condition(reader: Reader) -> Condition | None:
    conditional = reader.inner("conditional")
    conditional.only({"hide"})
    text = conditional.text("hide", 1000)
    if not text:
        return None
    try:
        return parse_condition(text)
    except ConditionRefused as refused:
        reader.refuse(f"has a condition that {refused}")
        return None


def _why_refused(kind: Any) -> str:
    reason = REFUSED_TYPES.get(kind) if isinstance(kind, str) else None
    if reason:
        return f"is of type {kind}, which is not allowed. {reason}"
    return f"is of type {str(kind)[:60]!r}, which is not one of: {', '.join(sorted(KNOWN))}"


def _label(component: Mapping[str, Any], number: int) -> str:
    for name in ("label", "dateLabel", "timeLabel", "key", "path", "text", "id"):
        value = component.get(name)
        if isinstance(value, str) and value.strip():
            return value.strip()[:80]
    return f"component {number}"


def _question(reader: Reader, place: Place) -> Node:
    return read_question(reader, repeated=place.rows > 0)


def _group(reader: Reader, place: Place) -> Group:
    custom = reader.inner("properties", loose=True)
    custom.only({"step"})
    step = custom.words("step", 100)
    if step and (place.depth or place.rows):
        reader.refuse("is a page (property step) inside another group. Move it to the top")
    if reader.raw.get("path"):
        reader.refuse("has a path. Answers in a group lie beside the others: remove the path")
    return Group(
        label=reader.words("label"),
        id=reader.text("id", 100),
        step=step,
        nodes=_inside(reader, place),
    )


def _rows(reader: Reader, place: Place) -> Rows:
    custom = reader.inner("properties", loose=True)
    custom.only({"min", "max"})
    first = reader.whole("defaultRepetitions", 0, MOST_ROWS)
    most = custom.whole("max", 1, MOST_ROWS) or 20
    fewest = custom.whole("min", 0, MOST_ROWS) or 0
    if reader.raw.get("isRepeating", True) is not True:
        reader.refuse("does not repeat. Use a group")
    if reader.raw.get("allowAddRemove", True) is False:
        fewest = most = first or 1
    if fewest > most:
        reader.refuse(f"has a min of {fewest} above its max of {most}")
    if place.rows >= DEEPEST_ROWS:
        reader.refuse(f"repeats inside {place.rows} repetitions. At most {DEEPEST_ROWS} may nest")
    label = reader.words("label", 100)
    if not label:
        reader.refuse("has no label. Name one of the things, such as Child")
    return Rows(
        key=reader.key("path"),
        label=label,
        nodes=_inside(reader, replace(place, rows=place.rows + 1)),
        fewest=fewest,
        most=most,
        shown_first=min(max(1 if first is None else first, fewest), most),
    )


def _inside(reader: Reader, place: Place) -> tuple[Node, ...]:
    if place.depth >= DEEPEST_GROUP:
        reader.refuse(f"lies more than {DEEPEST_GROUP} groups deep")
        return ()
    raw = reader.items("components", MOST_COMPONENTS)
    if not raw:
        reader.refuse("holds nothing. Put components into it or remove it")
    return read_nodes(raw, replace(place, depth=place.depth + 1))


def _prose(reader: Reader, place: Place) -> Prose:
    return Prose(blocks=blocks(reader.prose("text")))


def _line(reader: Reader, place: Place) -> Prose:
    return Prose()


def _spacer(reader: Reader, place: Place) -> None:
    return None


def _button(reader: Reader, place: Place) -> None:
    if reader.one_of("action", {"submit", "reset"}) == "reset":
        reader.refuse("is a button that resets the form. Nothing typed may be lost: remove it")
    place.reading.buttons += 1
    if place.reading.buttons > 1:
        reader.refuse("is a second button. The page has its own")


_READERS: dict[str, Callable[[Reader, Place], Node | None]] = {
    **dict.fromkeys(CUSTOM, _question),
    "group": _group,
    "dynamiclist": _rows,
    "text": _prose,
    "separator": _line,
    "spacer": _spacer,
    "button": _button,
}
