"""Global tasks (BPMN 2.0.2 10.3.7): drawn outside of any process, and held to the same rules."""

from collections.abc import Iterator

from lxml import etree

from engine import xml
from engine.findings import Finding
from engine.lint import people, services
from engine.lint.model import Diagram, Release


def check(diagram: Diagram, release: Release) -> Iterator[Finding]:
    rules = {
        "globalScriptTask": services.script,
        "globalBusinessRuleTask": services.decision,
        "globalUserTask": user_task,
    }
    for task in xml.bpmn_children(diagram.root, *rules):
        yield from rules[xml.local(task)](diagram, release, task)


def user_task(diagram: Diagram, release: Release, task: etree._Element) -> Iterator[Finding]:
    """It stands in no lane, wherever it is called from, so it names its owners itself."""
    yield from people.form(diagram, release, task)
    yield from people.owner(diagram, task, {})
