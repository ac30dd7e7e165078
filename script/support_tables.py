"""Write the tables of docs/ that would rot if somebody typed them.

What is executed and what is refused comes from the linter's own table, each FEEL result is
computed here, operations and requests are those that are registered. A test compares.
"""

import ast
import inspect
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from sqlalchemy import create_engine

import feel
from api.app import create_app
from api.rest import openapi
from api.settings import Settings
from engine import definitions, operations, releases
from engine.clock import SystemClock
from engine.lint.support import ELEMENTS, KINDS, LEGAL, How, Place, event
from engine.results import Entry
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
DIFFERENCES = (
    ("Seconds are kept to a millionth", 'string(time("10:00:00.123456789"))'),
    ("Years go from 1 to 9999", 'date("12027-01-01")'),
    (
        "Functions in other languages are not called",
        'function(x) external {java: {class: "java.lang.Math"}}',
    ),
    ("A computation has a budget", "count(for x in 1..1000000 return x)"),
)
# What `script/tck` printed over what could be had of the suite, and the results that differ.
SUITE = (
    "Of the public compatibility suite (`dmn-tck/tck`), all 28 groups of level 2 and 70 groups of",
    "level 3, some of them in part, were run with `script/tck`: all 126 results of level 2 agree,",
    "and 1258 of 1262 of level 3. The four others:\n",
)
CELL = 'string length("x") = 1'
APART = (
    ("Equality is written with one sign", "1 == 1"),
    ("A parameter that a function does not have", "is(value1: 1, value2: 1, value3: 1)"),
    (
        "A list of functions is of a type if each of them is",
        "[(function(a: number) 1), (function(a: string) 1)]"
        " instance of list<function<number>->number>",
    ),
)
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
    yield "with the element's name and what to draw instead. An element that stands in none of"
    yield "these tables is refused as unknown. The words are those that the checks use."
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
    yield "## Where we differ from the standard\n"
    yield from table(
        ("what", "example", "gives"),
        ((what, f"`{text}`", given_by(text, calendars)) for what, text in DIFFERENCES),
    )
    yield "## Where we differ from the compatibility suite\n"
    yield from SUITE
    holds = str(feel.unary_test(CELL, "foo")).lower()
    what = "A cell that is a condition without `?` holds when the condition does"
    yield from table(
        ("what", "example", "gives"),
        [
            (what, f'`{CELL}` over `"foo"`', f"`{holds}`"),
            *((what, f"`{text}`", given_by(text, calendars)) for what, text in APART),
        ],
    )


def given_by(text: str, calendars: Calendars) -> str:
    try:
        value = feel.evaluate(text, now=NOW, calendars=calendars)
    except feel.FeelError as error:
        return f"refused: {str(error).partition(' (')[0]}"
    return f"`{str(feel.evaluate('string([value])', {'value': value}))[1:-1]}`"


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
    yield "become variables. An entry in square brackets is not always there. What reads another"
    yield "entry is found by the checks; a result that does not fit becomes an incident."
    yield ""
    found = sorted(operations.registry().values(), key=lambda operation: operation.name)
    for capability in dict.fromkeys(each.name.partition(".")[0] for each in found):
        yield f"## {capability}\n"
        of_it = [each for each in found if each.name.startswith(f"{capability}.")]
        yield from table(
            ("operation", "parameters", "gives", "what it does"),
            (
                (f"`{o.name}`", parameters_of(o), gives(o), first_sentence(o.function))
                for o in of_it
            ),
        )


def parameters_of(operation: operations.Operation) -> str:
    said = (f"`{p.name}`" if p.required else f"(`{p.name}`)" for p in operation.parameters)
    return ", ".join(said) or "none"


def gives(operation: operations.Operation) -> str:
    """Say the entries of a result; each may be null that says so."""
    if operation.decision is not None:
        return f"the outputs of `{operation.decision}`"
    if operation.results is None:
        raise LookupError(f"operation {operation.name} does not say what it returns")
    return ", ".join(entry_words(each) for each in operation.results.entries) or "nothing"


def entry_words(entry: Entry) -> str:
    or_null = " or null" if entry.may_be_null else ""
    kind = "" if entry.kind == "any" else f" ({entry.kind}{or_null})"
    name = f"`{entry.name}`"
    return f"{name}{kind}" if entry.is_required else f"[{name}{kind}]"


def first_sentence(function: Callable[..., object]) -> str:
    return (inspect.getdoc(function) or "").split("\n\n")[0]


# -- HTTP ----------------------------------------------------------------------------------------


def http_resources() -> Iterator[str]:
    nowhere = create_engine("postgresql+psycopg://")  # connects to nothing: nobody asks it
    app = create_app(Settings(secret_key="of-a-page", demo=True), nowhere, SystemClock())
    yield "# The JSON interface, request by request"
    yield f"\n{MADE}\n"
    yield "All paths lie under `/api/v1`. [http.md](http.md) says how to ask;"
    yield "`/api/v1/openapi.json` says the same as this page for machines, with every body."
    yield ""
    asked: dict[str, list[tuple[str, str, str]]] = {}
    for path, verbs in openapi.describe(app)["paths"].items():
        for verb, about in verbs.items():
            request = f"`{verb.upper()} {path.removeprefix(openapi.PREFIX)}`"
            scope = ", ".join(way["token"][0] for way in about["security"])
            asked.setdefault(about["tags"][0], []).append((request, scope, about["summary"]))
    for resource, rows in sorted(asked.items()):
        yield f"## {resource.replace('_', ' ').capitalize()}\n"
        yield from table(("request", "scope", "what it does"), rows)


# -- the tree ------------------------------------------------------------------------------------

# What has no docstring of its own. Folders end with a slash.
LINES = {
    ".ci/": "What continuous integration runs",
    "api/static/": "Style sheet, scripts and icons; `dist/` holds the bundle that `web/` builds",
    "benchmarks/definitions/": "The processes and forms that are measured",
    "benchmarks/peers/": "The same process, as the engines we compare with take it",
    "bpmn/calendars/": "Opening hours, one calendar a file",
    "bpmn/decisions/": "Decision tables (DMN), one decision a file",
    "bpmn/holidays/": "Bank holidays in the format of GOV.UK, loaded and never computed",
    "bpmn/processes/": "Diagrams (BPMN 2.0), one process a file",
    "bpmn/scenarios/": "Stories that the diagrams have to pass",
    "docs/": "Guides, glossary, tables of what is supported; `why/` explains",
    "forms/definitions/": "Forms (form-js JSON), one record a file",
    "migrations/versions/": "One migration a file, numbered",
    "requirements/": "What is needed, and the lock files: versions and hashes, no addresses",
    "script/": "Server, tests, figures, lock files, generated pages",
    "tests/": "Follows the tree; `support/` holds the people, diagrams and browsers of the tests",
    "web/": "npm source of the diagram viewer's bundle",
}
DRAWN = ("api", "bpmn", "engine", "feel", "forms", "workflows", "benchmarks", "migrations")


def tree() -> Iterator[str]:
    yield "# The tree"
    yield f"\n{MADE}\n"
    yield "Imports point down: `api` -> `workflows` -> `engine` -> `feel`, and `workflows` ->"
    yield "`forms` -> `feel`. A test proves it. The line of a module is the first sentence of its"
    yield "docstring."
    yield "\n## Folders\n"
    yield from table(("folder", "what"), ((f"`{n}`", line) for n, line in folders()))
    for name in DRAWN:
        yield f"## {name}\n"
        yield from table(("module", "what"), ((f"`{n}`", line) for n, line in inside(ROOT / name)))


def folders() -> Iterator[tuple[str, str]]:
    known = {line.partition("/")[0] for line in tracked() if "/" in line}
    for name in sorted(known):
        yield f"{name}/", line_of(ROOT / name)


def inside(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield folders and modules directly below ``folder``; data files stand with their folder."""
    start = f"{folder.name}/"
    below = [line.removeprefix(start) for line in tracked() if line.startswith(start)]
    for name in sorted({line.partition("/")[0] for line in below}):
        path = folder / name
        is_shown = path.is_dir() or (path.suffix == ".py" and path.exists())
        if is_shown and not name.startswith("__"):
            yield name + ("/" if path.is_dir() else ""), line_of(path)


@cache
def tracked() -> tuple[str, ...]:
    """Return the paths of the files that belong to the project, as git has them."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return tuple(listed.stdout.splitlines())


def line_of(path: Path) -> str:
    name = str(path.relative_to(ROOT)) + ("/" if path.is_dir() else "")
    if name in LINES:
        return LINES[name]
    module = path / "__init__.py" if path.is_dir() else path
    text = module.read_text(encoding="utf-8") if module.exists() else ""
    said = ast.get_docstring(ast.parse(text)) or ""
    sentence = re.split(r"(?<=[.?])\s", " ".join(said.split("\n\n")[0].split()))[0]
    if not sentence:
        raise LookupError(f"{name} has no docstring and no line in script/support_tables.py")
    return sentence.rstrip(".")


PAGES: Mapping[str, Callable[[], Iterator[str]]] = {
    "bpmn-support.md": bpmn_support,
    "feel-support.md": feel_support,
    "http-resources.md": http_resources,
    "operations.md": operation_list,
    "tree.md": tree,
}


def text_of(page: str) -> str:
    """Return what the page should hold."""
    return "\n".join(PAGES[page]()).rstrip() + "\n"


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs"
    for name in PAGES:
        (folder / name).write_text(text_of(name), encoding="utf-8")
