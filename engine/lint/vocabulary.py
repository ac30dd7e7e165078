"""Variables that an expression reads and nothing in the release writes.

What a process is started with, what a message carries and what an operation returns is not drawn,
so a name that nobody writes is no mistake by itself (`outcomes` knows more). Two kinds are: prose,
which FEEL reads as one long name, and a name that is read once and nearly one that is well known.
"""

from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

from rapidfuzz import fuzz, process

import feel
from engine import xml
from engine.findings import Finding
from engine.lint.model import Diagram, Release
from engine.lint.texts import feel_texts
from engine.lint.variables import context_keys, form_variables, written_by

NEAR = 86  # of 100; 'scor' and 'score' are 89 alike
SHORTEST = 4  # letters; short names are alike by chance

# What the runtime gives to the expressions of a repeated step, and to every expression.
COUNTERS = frozenset(
    {
        "loopCounter",
        "numberOfInstances",
        "numberOfActiveInstances",
        "numberOfCompletedInstances",
        "numberOfTerminatedInstances",
    }
)
GATEWAYS = frozenset({"activationCount", "waitingForStart"})  # of complex ones
GIVEN = COUNTERS | GATEWAYS | {"settings"}


def check(diagram: Diagram, release: Release) -> Iterator[Finding]:
    written, read = names_of(release)
    known = written | {name for name, times in read.items() if times > 1}
    for text in feel_texts(diagram):
        try:
            names = feel.parse(text.text).names
        except feel.FeelSyntaxError:
            continue  # `expressions` says so
        for name in sorted(names - written):
            if " " in name:
                yield diagram.refused(
                    "prose",
                    text.owner,
                    f"{text.what} of {xml.label(text.owner)} is prose, or reads a variable that "
                    f"nothing writes: '{name[:60]}'.",
                    "Write it in FEEL, as in 'risk_level = \"high\"'.",
                )
            elif read[name] == 1 and (near := nearest(name, frozenset(known - {name}))):
                yield diagram.warning(
                    "unknown_name",
                    text.owner,
                    f"{text.what} of {xml.label(text.owner)}: '{name}' is not known here. Did you "
                    f"mean '{near}'?",
                    "Correct the name, or leave it if the value comes from outside.",
                )


def nearest(name: str, known: frozenset[str]) -> str | None:
    if len(name) < SHORTEST:
        return None
    found = process.extractOne(name, known, scorer=fuzz.ratio, score_cutoff=NEAR)
    return str(found[0]) if found else None


@lru_cache(maxsize=1)
def names_of(release: Release) -> tuple[set[str], Counter[str]]:
    """Return the names that something writes, and how many texts read each name."""
    written = set(GIVEN) | set(release.decisions)
    read: Counter[str] = Counter()
    for form_id in release.forms:
        written |= form_variables(release, form_id)
    for diagram in release.diagrams:
        written |= declared(diagram)
        for scope in diagram.executed:
            for node in scope.nodes.values():
                written |= written_by(node, release)
        for text in feel_texts(diagram):
            read.update(read_names(text.text))
            if text.is_context:
                written |= context_keys(text.text)
    return written, read


def read_names(text: str) -> frozenset[str]:
    try:
        return feel.parse(text).names
    except feel.FeelSyntaxError:
        return frozenset()


def declared(diagram: Diagram) -> set[str]:
    """Return what is drawn as data, and the variables of repetitions and correlations."""
    names: set[str] = set()
    for element in xml.bpmn_descendants(
        diagram.root,
        "dataObject",
        "dataObjectReference",
        "dataInput",
        "dataOutput",
        "property",
        "inputDataItem",
        "outputDataItem",
        "correlationProperty",
    ):
        names |= {element.get("id") or "", element.get("name") or ""}
    for element in xml.bpmn_descendants(diagram.root, "loopDataOutputRef"):
        names.add(xml.text_of(element))
    for element in xml.bpmn_descendants(diagram.root):
        if xml.is_bpmn(element, "extensionElements"):
            parent = element.getparent()
            given = xml.properties(parent) if parent is not None else {}
            names |= {part.strip() for part in given.get("correlationKey", "").split(",")}
    return names - {""}
