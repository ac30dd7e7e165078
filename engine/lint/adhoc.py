"""Ad hoc subprocesses: what may stand in them.

Source: BPMN 2.0.2 10.3.6: activities they must have; start and end events, they must not.
"""

from collections.abc import Iterator

from engine import xml
from engine.findings import Finding
from engine.lint.model import Diagram, Release


def check(diagram: Diagram, release: Release) -> Iterator[Finding]:
    for scope in diagram.drawn:
        if not xml.is_bpmn(scope.element, "adHocSubProcess"):
            continue
        if not any(node.is_activity for node in scope.nodes.values()):
            yield diagram.refused(
                "no_steps",
                scope.element,
                f"The ad hoc subprocess {xml.label(scope.element)} has no steps.",
                "Draw the steps that can be done in it.",
            )
        for node in scope.of_kind("startEvent", "endEvent"):
            yield diagram.refused(
                "event_in_ad_hoc",
                node.element,
                f"{node.label} stands in an ad hoc subprocess, whose steps begin and end by "
                "themselves.",
                "Remove it, or make it an ordinary subprocess.",
            )
