"""What a construct of BPMN is to do, as a row of a table: a drawing, and the steps that it takes.

Steps to look at are called by one letter, `a` to `d`; everything else in a drawing has a longer
name. A row that is refused names the rule instead.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from diagrams import diagram, process, script, start
from rehearsing import NOW

from engine.definitions import ReleaseRefused
from engine.findings import Finding, Severity
from engine.rehearsal import Rehearsal

HOUR = timedelta(hours=1)


def step(id: str, inside: str = "") -> str:
    return script(id, "{}", inside)


A, B, C, D = (step(id) for id in "abcd")


@dataclass(frozen=True)
class Row:
    """``takes`` are the steps in order; ``then`` is done after the start; ``others`` also run.

    ``stuck`` is the error of the incident in which it ends, ``waits`` says that it goes on
    waiting, and ``refused`` is the rule by which it is refused.
    """

    inside: tuple[str, ...]
    flows: str
    takes: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    then: Callable[[Rehearsal], Any] | None = None
    others: tuple[str, ...] = ()
    defs: str = ""
    operations: Mapping[str, Callable[..., Any]] | None = None
    stuck: str | None = None
    waits: bool = False
    refused: str | None = None


def row(*inside: str, flows: str, **more: Any) -> Row:
    """A row that begins at the start event ``go``, if nothing else begins it."""
    begins = () if "go" not in flows else (start("go"),)
    return Row((*begins, *inside), flows, **more)


def later(hours: float = 1) -> Callable[[Rehearsal], Any]:
    return lambda rehearsal: rehearsal.advance(HOUR * hours)


def rows(tables: Mapping[str, Mapping[str, Row]]) -> list[Any]:
    """The rows as test parameters whose ids read as a list of what is carried out."""
    return [
        pytest.param(each, id=f"{area}: {name}: {'refused' if each.refused else 'carried out'}")
        for area, table in tables.items()
        for name, each in table.items()
    ]


def conforms(each: Row) -> None:
    drawn = diagram(process(*each.inside, flows=each.flows), *each.others, defs=each.defs)
    if each.refused:
        found = refusals(drawn)
        assert {finding.rule for finding in found} == {each.refused}, found
        assert all(finding.element_id and finding.remedy for finding in found), found
        return
    rehearsal = Rehearsal({"p.bpmn": drawn}, NOW, each.operations)
    instance = rehearsal.start("p", each.data)
    if each.then:
        each.then(rehearsal)
    taken = [id for id in rehearsal.trace() if len(id) == 1]
    assert "".join(taken) == each.takes, taken
    errors = {incident.error for incident in rehearsal.incidents()}
    assert errors == ({each.stuck} if each.stuck else set()), rehearsal.incidents()
    assert rehearsal.has_ended(instance) is not (each.waits or bool(each.stuck))


def refusals(drawn: str) -> list[Finding]:
    with pytest.raises(ReleaseRefused) as refused:
        Rehearsal({"p.bpmn": drawn}, NOW)
    return [f for f in refused.value.findings if f.severity == Severity.CANNOT_EXECUTE]
