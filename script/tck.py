"""Run the public DMN compatibility suite against our decisions, and print a table by level.

A folder of the suite is a group: models (``*.dmn``) and files of test cases, which name a model,
inputs and expected results. A result agrees, differs, or is refused: its model, or the decision
itself, cannot be loaded. Source: https://github.com/dmn-tck/tck, ``TestCases/testCases.xsd``.
"""

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from lxml import etree

import feel
from engine import decisions, xml
from engine.decisions.item_types import ItemType, Types
from feel.operators import equal
from feel.scope import Run

NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
NUMBERS = frozenset("decimal double float integer int long short byte".split())
TEMPORAL = {
    "date": "date(text)",
    "time": "time(text)",
    "dateTime": "date and time(text)",
    "duration": "duration(text)",
    "dayTimeDuration": "duration(text)",
    "yearMonthDuration": "duration(text)",
}
WRITTEN = {
    "date": "date(text)",
    "time": "time(text)",
    "date and time": "date and time(text)",
    "days and time duration": "duration(text)",
    "years and months duration": "duration(text)",
}
CLOSE = Decimal("0.00000001")  # the precision to which the suite's own runner compares numbers
LEVEL = re.compile(r"compliance-level-\d+$")
FAULTS = (decisions.DecisionError, decisions.DecisionRefused, feel.FeelError)


# -- values --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Untyped:
    """A value without a type: whatever the text may stand for."""

    text: str

    @property
    def value(self) -> Any:
        """The value it most likely is."""
        if self.text in ("true", "false"):
            return self.text == "true"
        found = number_of(self.text)
        return self.text if found is None else found


def number_of(text: str) -> Decimal | None:
    try:
        return Decimal(text.strip())
    except InvalidOperation:
        return None


def value_of(holder: etree._Element | None) -> Any:
    """Return what a node, component, item or expectation holds."""
    children = [] if holder is None else [child for child in holder if xml.local(child)]
    if not children or children[0].get(NIL) == "true":
        return None
    kind = xml.local(children[0])
    if kind == "component":
        return {child.get("name"): value_of(child) for child in children}
    if kind == "list":
        return [value_of(item) for item in children[0] if xml.local(item) == "item"]
    return simple(children[0])


def simple(element: etree._Element) -> Any:
    text, kind = element.text or "", (element.get(TYPE) or "").rpartition(":")[2]
    if kind == "string":
        return text
    if kind == "boolean":
        return text.strip() == "true"
    if kind in NUMBERS:
        return number_of(text)
    if kind in TEMPORAL:
        return feel.evaluate(TEMPORAL[kind], {"text": text.strip()})
    return Untyped(text) if text else None


def given(value: Any, types: Types | None = None, kind: str = "") -> Any:
    """Return an input as FEEL takes it; ``kind`` is its declared type, for what says no type."""
    found = types.find(kind) if types is not None else None
    if found is not None:
        return given_as(value, *found)
    if isinstance(value, dict):
        return {name: given(item) for name, item in value.items()}
    if isinstance(value, list):
        return [given(item, types, kind) for item in value]
    if not isinstance(value, Untyped):
        return value
    if kind == "string":
        return value.text
    return feel.evaluate(WRITTEN[kind], {"text": value.text}) if kind in WRITTEN else value.value


def given_as(value: Any, types: Types, item: ItemType) -> Any:
    """Return an input as FEEL takes it, by a type that the model declares."""
    if isinstance(value, list):
        return [given_as(each, types, item) for each in value]
    if isinstance(value, dict) and item.members:
        known = item.members
        return {
            name: given_as(each, types, known[name]) if name in known else given(each)
            for name, each in value.items()
        }
    return given(value, types, item.base or "")


def same(wanted: Any, found: Any) -> bool:
    """Say whether a result is the expected one, with the types of everything in it."""
    if isinstance(wanted, Untyped):
        return same_text(wanted.text, found)
    if isinstance(wanted, Decimal) and isinstance(found, Decimal):
        return abs(wanted - found) <= CLOSE
    if type(wanted) is not type(found):
        return False
    if isinstance(wanted, list):
        return len(wanted) == len(found) and all(map(same, wanted, found))
    if isinstance(wanted, dict):
        return wanted.keys() == found.keys() and all(same(wanted[k], found[k]) for k in wanted)
    return wanted is None or equal(wanted, found, Run(None, None)) is True


def same_text(text: str, found: Any) -> bool:
    if isinstance(found, Decimal):
        wanted = number_of(text)
        return wanted is not None and abs(wanted - found) <= CLOSE
    return found is not None and shown(found).strip('"') == text


def shown(value: Any) -> str:
    if isinstance(value, Untyped):
        return value.text
    if isinstance(value, list):
        return f"[{', '.join(map(shown, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name}: {shown(item)}' for name, item in value.items())}}}"
    text: str = feel.evaluate("string([value])", {"value": value})
    return text[1:-1]


# -- models --------------------------------------------------------------------------------------


@dataclass
class Model:
    """A loaded model, or None, and why; ``left_out`` are the names of nodes that were refused."""

    model: decisions.DecisionModel | None
    why: str = ""
    left_out: dict[str, str] = field(default_factory=dict)


def load(path: Path) -> Model:
    """Load a model with what it imports; a node that is refused is left out and the rest kept."""
    root = etree.parse(path).getroot()
    others = [other.read_bytes() for other in sorted(path.parent.rglob("*.dmn")) if other != path]
    found = Model(None)
    while found.model is None:
        try:
            found.model = decisions.load(etree.tostring(root), file=path.name, imports=others)
        except decisions.DecisionRefused as refused:
            found.why = str(refused)
            if not leave_out(root, refused.findings, found.left_out):
                break
    return found


def leave_out(root: etree._Element, findings: Iterable[Any], left_out: dict[str, str]) -> bool:
    """Take the logic of refused nodes out of a model; say whether there was any."""
    by_id = {element.get("id"): element for element in root.iter() if element.get("id")}
    was_any = False
    for finding in findings:
        node = by_id.get(finding.element_id)
        while node is not None and node.getparent() not in (root, None):
            node = node.getparent()
        if node is None or node is root:
            continue
        for part in list(node):
            if xml.local(part) not in ("variable", "informationRequirement", "description"):
                node.remove(part)
                was_any = True
        left_out.setdefault(node.get("name") or "", finding.message)
    return was_any


# -- running -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """One result of one test case."""

    level: str
    group: str
    case: str
    verdict: str  # "agreed", "differ" or "refused"
    said: str = ""


def outcomes(folder: Path, beginnings: Iterable[str] = ()) -> Iterator[Outcome]:
    """Yield every result of the groups below ``folder``, in order."""
    starts = tuple(beginnings)
    for path in sorted(folder.rglob("*.xml")):
        root = etree.parse(path).getroot()
        if xml.local(root) != "testCases" or (starts and not path.parent.name.startswith(starts)):
            continue
        level = next((p for p in reversed(path.resolve().parts) if LEVEL.search(p)), "elsewhere")
        model = load(model_path(path, root))
        for case in named(root, "testCase"):
            yield from (
                Outcome(level, path.parent.name, f"{case.get('id')} {name}", *rest)
                for name, *rest in run_case(model, case)
            )


def model_path(path: Path, root: etree._Element) -> Path:
    """Return the model that a file of test cases names; old ones name it by its title."""
    written = next((element.text or "" for element in named(root, "modelName")), "")
    beside = path.parent / written.strip()
    return beside if beside.is_file() else path.parent / f"{path.parent.name}.dmn"


def named(element: etree._Element, name: str) -> Iterator[etree._Element]:
    return (child for child in element if xml.local(child) == name)


def run_case(model: Model, case: etree._Element) -> Iterator[tuple[str, str, str]]:
    """Yield the name of each result, the verdict on it, and what is to be said of it."""
    nodes = {} if model.model is None else {n.name: n for n in model.model.nodes.values()}
    inputs = {}
    for node in named(case, "inputNode"):
        name = node.get("name") or ""
        declared = nodes.get(name)
        if declared is None:
            inputs[name] = given(value_of(node))
        else:
            inputs[name] = given(value_of(node), declared.types, declared.type or "")
    for result in named(case, "resultNode"):
        name = result.get("name") or ""
        expected = next(named(result, "expected"), None)
        if expected is None:
            expected = next(named(result, "computed"), None)
        wanted, is_error = value_of(expected), result.get("errorResult") == "true"
        yield name, *verdict(model, case, name, inputs, wanted, is_error)


def verdict(
    model: Model,
    case: etree._Element,
    name: str,
    inputs: Mapping[str, Any],
    wanted: Any,
    is_error: bool,
) -> tuple[str, str]:
    """Compare one result. Where an error is expected, null and a refusal are errors too."""
    is_error = is_error and wanted is None
    refusal = model.why if model.model is None else model.left_out.get(name)
    if model.model is None or refusal is not None:
        return ("agreed", "") if is_error else ("refused", refusal or "")
    try:
        found = evaluate(model.model, case, name, inputs)
    except FAULTS as error:
        return ("agreed", "") if is_error else ("differ", f"expected {shown(wanted)}: {error}")
    if found is None and is_error:
        return "agreed", ""
    if same(wanted, found):
        return "agreed", ""
    return "differ", f"expected {shown(wanted)}, got {shown(found)}"


def evaluate(
    model: decisions.DecisionModel, case: etree._Element, name: str, inputs: Mapping[str, Any]
) -> Any:
    """Return a result: of a decision, or of the service or knowledge model that a case calls."""
    called = case.get("invocableName")
    if called is None or case.get("type") in (None, "decision"):
        return model.evaluate(name, inputs).outputs
    found = model.evaluate(called, inputs).outputs
    if len(model.find(called).outputs) > 1:
        return None if found is None else found.get(name)
    return found


# -- telling -------------------------------------------------------------------------------------


def table(found: list[Outcome]) -> Iterator[str]:
    """Yield the counts by level and by group, and every result that does not agree."""
    row = "{:<44} {:>7} {:>8} {:>7} {:>8}"
    yield row.format("", "results", "agreed", "differ", "refused")
    for level in sorted({outcome.level for outcome in found}):
        of_level = [outcome for outcome in found if outcome.level == level]
        groups = sorted({outcome.group for outcome in of_level})
        yield row.format(f"{level}, {len(groups)} groups", *counts(of_level))
        for group in groups:
            of_group = [outcome for outcome in of_level if outcome.group == group]
            yield row.format(f"  {group}"[:44], *counts(of_group))
    yield row.format("all", *counts(found))
    for outcome in found:
        if outcome.verdict != "agreed":
            said = " ".join(outcome.said.split())
            yield f"{outcome.verdict}: {outcome.group} {outcome.case}: {said}"


def counts(found: list[Outcome]) -> tuple[int, ...]:
    by_verdict = Counter(outcome.verdict for outcome in found)
    return len(found), *(by_verdict[verdict] for verdict in ("agreed", "differ", "refused"))


def main(arguments: list[str]) -> int:
    """Print the table; the exit status is 0 only if there are results and all agree."""
    if not arguments or not Path(arguments[0]).is_dir():
        sys.stderr.write("usage: script/tck FOLDER [GROUP...]\n")
        return 2
    found = list(outcomes(Path(arguments[0]), arguments[1:]))
    sys.stdout.write("".join(f"{line}\n" for line in table(found)))
    return 0 if found and all(outcome.verdict == "agreed" for outcome in found) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
