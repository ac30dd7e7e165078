"""Variables: which step writes which, and where two could write one at the same time."""

from collections.abc import Iterator, Mapping
from typing import Any

import feel
from engine import xml
from engine.findings import Finding
from engine.lint.graph import reachable
from engine.lint.model import Diagram, Node, Release, Scope
from engine.lint.texts import bare
from engine.lint.words import listing
from feel.syntax import Conditional, ContextLiteral


def check(diagram: Diagram, release: Release) -> Iterator[Finding]:
    for scope in diagram.graphs:
        for split in scope.of_kind("parallelGateway", "inclusiveGateway"):
            if len(scope.outgoing[split.id]) > 1:
                yield from set_twice(diagram, release, scope, split)


def set_twice(diagram: Diagram, release: Release, scope: Scope, split: Node) -> Iterator[Finding]:
    branches = [reachable([flow.target], scope.successors) for flow in scope.outgoing[split.id]]
    writers: dict[str, dict[int, Node]] = {}
    for number, branch in enumerate(branches):
        others = set().union(*branches[:number], *branches[number + 1 :])
        for node_id in branch - others:
            node = scope.nodes[node_id]
            for name in written_by(node, release):
                writers.setdefault(name, {}).setdefault(number, node)
    for name, by_branch in writers.items():
        if len(by_branch) > 1:
            nodes = [by_branch[number] for number in sorted(by_branch)]
            yield diagram.warning(
                "set_in_parallel",
                nodes[0].element,
                f"'{name}' is set in two parallel branches ({listing([n.label for n in nodes])}); "
                "whichever comes last would decide.",
                "Give each branch a name of its own, and decide behind the join.",
            )


def written_by(node: Node, release: Release) -> set[str]:
    """Return the names that a step is known to write."""
    given = xml.properties(node.element)
    names = {given["resultVariable"]} if given.get("resultVariable") else set()
    if node.kind == "scriptTask" and not names:
        names |= context_keys(xml.child_text(node.element, "script") or "")
    elif node.kind == "businessRuleTask" and not names:
        called = xml.extension(node.element, "calledDecisionId")
        names |= {xml.text_of(called)} if called is not None else set()
    elif node.kind == "serviceTask":
        operator = xml.extension(node.element, "serviceTaskOperator")
        if operator is not None and operator.get("resultVariable"):
            names.add(operator.get("resultVariable") or "")
    elif node.kind == "userTask":
        names |= form_variables(release, given.get("form", ""))
    for loop in xml.bpmn_children(node.element, "multiInstanceLoopCharacteristics"):
        if output := xml.child_text(loop, "loopDataOutputRef"):
            names.add(output)
    return names


def context_keys(text: str) -> set[str]:
    """Return the keys of a FEEL context, whichever way an ``if`` goes."""
    try:
        nodes = [feel.parse(bare(text)).node]
    except feel.FeelSyntaxError:
        return set()
    keys: set[str] = set()
    while nodes:
        node = nodes.pop()
        if isinstance(node, ContextLiteral):
            keys |= {key for key, _ in node.entries}
        elif isinstance(node, Conditional):
            nodes += [node.then, node.otherwise]
    return keys


def form_variables(release: Release, form_id: str) -> set[str]:
    """Return the keys of a form that become variables of the process: they are copied into it."""
    return {str(question.get("key") or "") for question in form_questions(release, form_id)} - {""}


def form_questions(release: Release, form_id: str) -> Iterator[Mapping[str, Any]]:
    """Yield the components of a form whose answers become variables of the process."""
    components = list(release.forms.get(form_id, {}).get("components") or [])
    while components:
        component = components.pop()
        if not isinstance(component, dict):
            continue
        properties = component.get("properties")
        if isinstance(properties, dict) and str(properties.get("variable")).lower() == "true":
            yield component
        inner = component.get("components")
        components += inner if isinstance(inner, list) else []
