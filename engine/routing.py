"""What an instance throws: messages into the inbox, signals to everybody who waits for them."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from lxml import etree
from sqlalchemy.orm import Session

import feel
from engine import inbox, releases, xml
from engine.changes import Thrown
from engine.core.triggers import MessageTrigger, Trigger
from engine.deeds import Held
from engine.definitions import Definitions, Process
from engine.inbox import Message
from engine.references import References


def throw(
    session: Session, held: Held, thrown: Iterable[Thrown], *, by: str, now: datetime
) -> None:
    """Post what an instance has thrown. Its own catchers of a signal have it already."""
    posted: list[Message] = []
    for each in thrown:
        if each.kind == "message":
            posted.append(
                Message(
                    each.name,
                    each.payload,
                    each.correlation,
                    message_id=each.message_id,
                    service_id=held.service_id,
                    origin_id=held.id,
                )
            )
        else:
            posted += signals(
                session,
                held.tenant_id,
                each.name,
                each.payload,
                now=now,
                service_id=held.service_id,
                origin_id=held.id,
            )
    inbox.post(session, held.tenant_id, posted, by=by, now=now)


def signals(
    session: Session,
    tenant_id: UUID,
    name: str,
    payload: Mapping[str, Any],
    *,
    now: datetime,
    service_id: UUID | None = None,
    origin_id: UUID | None = None,
    message_id: str | None = None,
) -> Iterator[Message]:
    """Yield one message for each instance that waits for a signal and each process it starts."""

    def to(who: str, **target: Any) -> Message:
        return Message(
            name,
            payload,
            kind="signal",
            message_id=None if message_id is None else f"{message_id}/{who}",
            service_id=service_id,
            origin_id=origin_id,
            **target,
        )

    waiting = inbox.catchers(session, tenant_id, "signal", name, None, payload)
    for instance_id in sorted({catcher.instance_id for catcher in waiting} - {origin_id}):
        yield to(str(instance_id), target_id=instance_id)
    definitions = releases.in_force(session, tenant_id, now)
    if definitions is not None:
        for process_id, _ in starts(definitions, "signal", name):
            yield to(process_id, start_process=process_id)


def starts(definitions: Definitions, kind: str, name: str) -> list[tuple[str, str]]:
    """Return the processes, with the start event, that a message or signal of the name starts."""
    return [
        (process.id, start.element_id)
        for process in definitions.processes.values()
        for start in process.starts
        if start.kind == kind and start.name == name
    ]


# -- who could take a message ------------------------------------------------------------------

Retrievals = Mapping[str, str]  # name of a correlation property -> FEEL over the payload

_receivers: OrderedDict[str, dict[str, Retrievals]] = OrderedDict()
MOST_KEPT = 32  # releases


def receivers(definitions: Definitions) -> Mapping[str, Retrievals]:
    """Return every message that some process of a release can take, by name."""
    found = _receivers.get(definitions.sha256)
    if found is None:
        found = {}
        for process in definitions.processes.values():
            for trigger in _caught(process):
                name = trigger.name or ""
                found[name] = {**found.get(name, {}), **trigger.keys.retrievals}
        _receivers[definitions.sha256] = found
        while len(_receivers) > MOST_KEPT:
            _receivers.popitem(last=False)
    return found


def _caught(process: Process) -> Iterator[MessageTrigger]:
    references = References(process.element.getroottree().getroot())
    catching = ("startEvent", "intermediateCatchEvent", "boundaryEvent", "receiveTask")
    for element in xml.bpmn_descendants(process.element, *catching):
        for trigger in _triggers(references, element):
            if isinstance(trigger, MessageTrigger) and trigger.kind == "message":
                yield trigger


def _triggers(references: References, element: etree._Element) -> tuple[Trigger, ...]:
    if xml.is_bpmn(element, "receiveTask"):
        return (references.message("message", element.get("messageRef"), element),)
    return references.triggers_of(element)


def can_be_caught(definitions: Definitions | None, name: str) -> bool:
    """Say whether any process of the release could ever take a message of this name."""
    return definitions is not None and name in receivers(definitions)


def retrieved(
    definitions: Definitions | None, name: str, payload: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what the standard's correlation properties read out of a message."""
    retrievals = receivers(definitions).get(name, {}) if definitions is not None else {}
    found = {key: feel.evaluate(text, payload) for key, text in retrievals.items()}
    return {key: value for key, value in found.items() if value is not None}
