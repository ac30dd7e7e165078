"""Whether a task follows from a decision, as far as the diagrams tell."""

from collections.abc import Iterator

from lxml import etree

from engine import xml
from engine.definitions import Definitions, Process
from engine.normalise.flows import is_event_subprocess


def follows(
    definitions: Definitions, instance_of: str, decided_at: str, process_id: str, task_at: str
) -> bool:
    """Say whether a task is drawn in the flow of a decision, or somewhere inside of that flow.

    ``instance_of`` is the process of the instance, ``process_id`` that of the task: the same, or
    one that is called. ``decided_at`` and ``task_at`` are ids that the author gave. What an event
    subprocess does has nothing to do with what was decided outside of it, whenever that was. A
    decision that an operation asked for is not drawn; it is taken as one of the process's own flow.
    """
    own, caller = definitions.processes.get(process_id), definitions.processes.get(instance_of)
    if own is None or caller is None:
        return False
    places = [(own, element) for element in _drawn(own, task_at)]
    if caller is not own:
        calls = xml.bpmn_descendants(caller.element, "callActivity")
        places += [(caller, call) for call in calls if _calls(call, process_id)]
    is_drawn = any(_drawn(process, decided_at) for process in (own, caller))
    return any(
        _is_inside(element, scope)
        for process, element in places
        for scope in (_scopes(process, decided_at) if is_drawn else [process.element])
    )


def _calls(call: etree._Element, process_id: str) -> bool:
    return (call.get("calledElement") or "").rpartition(":")[2] == process_id


def _scopes(process: Process, author_id: str) -> Iterator[etree._Element]:
    """Yield the process or subprocess in which an element is drawn."""
    for element in _drawn(process, author_id):
        around = element.getparent()
        if around is not None:
            yield around


def _is_inside(element: etree._Element, scope: etree._Element) -> bool:
    """Say whether an element lies in a scope, and not in an event subprocess of it."""
    for around in element.iterancestors():
        if around is scope:
            return True
        if is_event_subprocess(around):
            return False
    return False


def _drawn(process: Process, author_id: str) -> list[etree._Element]:
    return [
        element
        for element in xml.bpmn_descendants(process.element)
        if process.author_ids.get(made := element.get("id") or "", made) == author_id
    ]
