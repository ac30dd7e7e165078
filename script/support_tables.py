"""Print the tables of docs/ that would rot if somebody typed them: elements, functions, operations.

What is executed and what is refused comes from the linter's own table, each FEEL result is
computed here, and the operations are those that are registered. A test compares.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import feel
from engine import definitions, operations, releases
from engine.lint.support import ELEMENTS, KINDS, LEGAL, How, Place, event
from feel.calendars import Calendars
from feel.functions import BuiltIn
from workflows import registry

ROOT = Path(__file__).resolve().parent.parent
MADE = "Written by `script/support_tables` from the code; do not edit."
# Thursday before Easter, 14:00 in London: the next working day is five days off.
NOW = datetime(2027, 3, 25, 14, 0, tzinfo=UTC)

HOW = {
    How.EXECUTED: "carried out",
    How.NORMALISED: "drawn out, then carried out",
    How.DOCUMENTATION: "kept, without effect",
    How.REFUSED: "refused",
}
FAMILIES = {
    "working_time": "Deadlines and ages (ours)",
    "conversion": "Making values",
    "texts": "Texts",
    "numbers": "Numbers",
    "dates": "Dates and times",
    "lists": "Lists",
    "statistics": "Figures over lists",
    "contexts": "Contexts",
    "ranges": "Ranges",
}


def row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """Yield a Markdown table, line by line, with an empty line behind it."""
    names = list(heads)
    yield row(*names)
    yield "|" + "---|" * len(names)
    yield from (row(*cells) for cells in rows)
    yield ""


# -- BPMN ----------------------------------------------------------------------------------------


def bpmn_support() -> Iterator[str]:
    yield "# What of BPMN 2.0 is carried out"
    yield f"\n{MADE}\n"
    yield "Nothing is accepted and then ignored. What is refused is refused when a file is checked,"
    yield "with the element's name and what to draw instead. An element that stands in none of these"
    yield "tables is refused as unknown. The words are those that the checks use."
    yield "\n## Elements\n"
    for how, words in HOW.items():
        found = [(tag, s) for tag, s in ELEMENTS.items() if s.how is how]
        yield f"### {words[0].upper()}{words[1:]}\n"
        if how is How.REFUSED:
            heads = ("element", "what it is", "why", "instead")
            yield from table(heads, ((f"`{t}`", s.what, s.why, s.remedy) for t, s in found))
        else:
            yield from table(("element", "what it is"), ((f"`{t}`", s.what) for t, s in found))
    yield "## Events\n"
    yield "Each kind of event at each place. `yes`: carried out. `drawn out`: joined to its target"
    yield "before it runs. Empty: BPMN 2.0.2 itself does not allow it (tables 10.83 to 10.93), and"
    yield "so the checks refuse it. A process that starts by a timer or a condition runs in a"
    yield "rehearsal, but it cannot be published: nothing starts it by itself.\n"
    places = list(Place)
    said = {How.EXECUTED: "yes", How.NORMALISED: "drawn out"}
    yield from table(
        ("event", *(str(place) for place in places)),
        (
            (kind, *(said.get(event(place, kind).how, "") for place in places))
            for kind in KINDS
            if any(kind.replace(" ", "_") in LEGAL[place].split() for place in places)
        ),
    )


# -- FEEL ----------------------------------------------------------------------------------------


def feel_support() -> Iterator[str]:
    shipped = definitions.check(releases.shipped_files())
    calendars = Calendars(shipped.calendars, shipped.holidays)
    yield "# The functions of FEEL"
    yield f"\n{MADE}\n"
    yield "FEEL is the expression language of DMN 1.5. Conditions, deadlines, assignments,"
    yield "mappings, cells of decision tables and the visibility of questions are written in it."
    yield "A `?` behind a type: may be left out. `...`: may be repeated. What the standard leaves"
    yield "undefined gives `null`. Each result was computed when this page was written, at"
    yield f"{NOW:%Y-%m-%dT%H:%M}Z, the Thursday before Easter, over the shipped calendars and"
    yield "bank holidays."
    yield ""
    for family, functions in by_family().items():
        yield f"## {FAMILIES[family]}\n"
        yield from table(
            ("function", "example", "gives"),
            (cells for each in functions for cells in feel_rows(each, calendars)),
        )


def by_family() -> Mapping[str, list[BuiltIn]]:
    found: dict[str, list[BuiltIn]] = {family: [] for family in FAMILIES}
    for function in feel.functions.values():
        found[function.signatures[0].call.__module__.rpartition(".")[2]].append(function)
    return found


def feel_rows(function: BuiltIn, calendars: Calendars) -> Iterator[tuple[str, str, str]]:
    """Yield one row for each example; the first also says how the function is called."""
    ways = " or ".join(f"`{function.name}{signature}`" for signature in function.signatures)
    for text in examples()[function.name]:
        value = feel.evaluate(text, now=NOW, calendars=calendars)
        given = feel.evaluate("string([value])", {"value": value})
        yield ways, f"`{text}`", f"`{str(given)[1:-1]}`"
        ways = ""


def examples() -> Mapping[str, list[str]]:
    """Return the example lines by the function that each one calls first."""
    found: dict[str, list[str]] = {name: [] for name in feel.functions}
    lines = (ROOT / "script" / "feel_examples.txt").read_text(encoding="utf-8").splitlines()
    for text in lines:
        found[text.partition("(")[0]].append(text)
    return found


# -- operations ----------------------------------------------------------------------------------


def operation_list() -> Iterator[str]:
    registry.load()
    yield "# Service operations"
    yield f"\n{MADE}\n"
    yield "What a service task may call. Every parameter is given in FEEL; those in brackets may"
    yield "be left out. The result goes to the step's `resultVariable`; without one, its entries"
    yield "become variables."
    yield ""
    found = sorted(operations.registry().values(), key=lambda operation: operation.name)
    for capability in dict.fromkeys(each.name.partition(".")[0] for each in found):
        yield f"## {capability}\n"
        of_it = [each for each in found if each.name.startswith(f"{capability}.")]
        yield from table(
            ("operation", "parameters", "what it does"),
            ((f"`{o.name}`", parameters_of(o), first_sentence(o.function)) for o in of_it),
        )


def parameters_of(operation: operations.Operation) -> str:
    said = (f"`{p.name}`" if p.required else f"(`{p.name}`)" for p in operation.parameters)
    return ", ".join(said) or "none"


def first_sentence(function: Callable[..., object]) -> str:
    return (inspect.getdoc(function) or "").split("\n\n")[0]


PAGES: Mapping[str, Callable[[], Iterator[str]]] = {
    "bpmn-support.md": bpmn_support,
    "feel-support.md": feel_support,
    "operations.md": operation_list,
}


def text_of(page: str) -> str:
    """Return what the page should hold."""
    return "\n".join(PAGES[page]()).rstrip() + "\n"


if __name__ == "__main__":
    for name in PAGES:
        (ROOT / "docs" / name).write_text(text_of(name), encoding="utf-8")
