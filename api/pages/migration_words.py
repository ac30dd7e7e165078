"""What becomes of running instances when they move, in words: "2 call-backs keep their time"."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from api.language import gettext, say
from api.words import plain, then
from engine import xml
from engine.core.remarks import Remark
from engine.definitions import Process
from engine.states import MigrationOutcome

OUTCOME = {
    MigrationOutcome.MIGRATED: "moved",
    MigrationOutcome.UNDECIDED: "needs a decision",
    MigrationOutcome.ENDED: "had ended or moved",
    MigrationOutcome.FAILED: "failed, and is as it was",
}
KEEPS = {
    "task": "“%(name)s” stays with who has it, with its due time and what was typed",
    "time": "“%(name)s” keeps its time",
    "message": "“%(name)s” goes on waiting for its message",
    "condition": "“%(name)s” goes on waiting",
    "join": "“%(name)s” keeps who has arrived",
    "inside": "“%(name)s” keeps what runs in it",
    "incident": "“%(name)s” has failed and goes on waiting for somebody",
    "held": "“%(name)s” goes on when it is resumed",
}
WHY = {
    "gone": "“%(name)s” is not in the new diagram: say where it goes on",
    "other_kind": "“%(name)s” is a step of another kind now: say where it goes on",
    "repeats_otherwise": "“%(name)s” repeats in another way now: let it finish, or say where it "
    "goes on",
    "calls_other": "“%(name)s” calls another process now: let it finish, or say where it goes on",
    "path_gone": "the way by which it came to “%(name)s” is gone: say where it goes on",
    "events_gone": "nothing that “%(name)s” waited for is left: say where it goes on",
    "unreadable": "its state cannot be read",
}
CHANGED = {
    "name": "it is called otherwise",
    "form": "its form has changed: what was typed is kept and looked through again",
    "people": "other people can do it",
    "message": "it waits for another message",
}
# Elements that take a token over: what a person would call a step.
STEPS = (
    "task userTask manualTask scriptTask serviceTask businessRuleTask sendTask receiveTask "
    "callActivity subProcess adHocSubProcess transaction intermediateCatchEvent "
    "intermediateThrowEvent exclusiveGateway parallelGateway inclusiveGateway eventBasedGateway "
    "endEvent"
).split()
FAULTS = {"busy": "somebody was working in it; try again", "ended": "it has ended"}


def of(remark: Remark) -> str:
    """Say what becomes of one token."""
    name = remark.name or plain(remark.element_id)
    if remark.what == "undecided":
        return say(WHY.get(remark.why or "gone", WHY["gone"]), name=name)
    if remark.what == "falls_away":
        return say("“%(name)s” falls away", name=name)
    if remark.what == "new":
        return say("“%(name)s” is new and counts from the move on", name=name)
    if remark.what == "restarts":
        return say(
            "“%(name)s” starts anew at “%(to)s”", name=name, to=remark.to_name or plain(remark.to)
        )
    words = say(KEEPS[remark.waits], name=name)
    if remark.due_at is not None and remark.waits == "time":
        words += f", {then(remark.due_at)}"
    more = [gettext(CHANGED[each]) for each in remark.changed]
    if remark.to is not None:
        more.insert(0, say("it is “%(to)s” now", to=remark.to_name or plain(remark.to)))
    return f"{words} ({'; '.join(more)})" if more else words


def of_finding(finding: Mapping[str, Any]) -> str:
    """Say a remark that was kept, or why an instance could not be tried at all."""
    if "what" not in finding:
        why = str(finding.get("why", ""))
        return gettext(FAULTS.get(why, "")) or why
    due_at = finding.get("due_at")
    return of(
        Remark(
            what=finding["what"],
            element_id=finding.get("element_id", ""),
            name=finding.get("name", ""),
            waits=finding["waits"],
            to=finding.get("to"),
            to_name=finding.get("to_name"),
            due_at=datetime.fromisoformat(due_at) if due_at else None,
            why=finding.get("why"),
            changed=tuple(finding.get("changed", ())),
        )
    )


SUMMARY = {
    ("keeps", "task"): ("%d task keeps its time and owner", "%d tasks keep their time and owner"),
    ("keeps", "time"): ("%d timer keeps its time", "%d timers keep their time"),
    ("keeps", "message"): ("%d goes on waiting", "%d go on waiting"),
    ("falls_away", ""): ("%d falls away", "%d fall away"),
    ("new", ""): ("%d counts from now", "%d count from now"),
    ("restarts", ""): ("%d starts anew elsewhere", "%d start anew elsewhere"),
    ("undecided", ""): ("%d needs a decision", "%d need a decision"),
}


def summary(previews: Iterable[Iterable[Remark]]) -> list[tuple[str, list[str]]]:
    """Say of each step how many keep what they have, and how many need a decision."""
    steps: dict[str, Counter[tuple[str, str]]] = {}
    for remarks in previews:
        for remark in remarks:
            waits = remark.waits if remark.what == "keeps" else ""
            kind = (remark.what, waits if waits in ("task", "time") else waits and "message")
            name = remark.name or plain(remark.element_id)
            steps.setdefault(name, Counter())[kind] += 1
    return [
        (name, [_counted(kind, number) for kind, number in sorted(counted.items())])
        for name, counted in sorted(steps.items())
    ]


def _counted(kind: tuple[str, str], number: int) -> str:
    one, many = SUMMARY[kind]
    return gettext(one if number == 1 else many) % number


def steps(process: Process) -> list[tuple[str, str]]:
    """Return the steps of a process that can take a token over, with their names."""
    found: dict[str | None, str | None] = {}
    for element in process.element.iter("{*}*"):
        id = element.get("id") or ""
        if id and id not in process.made and xml.local(element) in STEPS:
            found[process.author_ids.get(id, id)] = element.get("name")
    return sorted(
        ((id, " ".join((name or "").split()) or plain(id)) for id, name in found.items() if id),
        key=lambda each: each[1],
    )
