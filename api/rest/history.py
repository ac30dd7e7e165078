"""The audit trail: entries of a stream, and whether its chain holds."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, request
from marshmallow import Schema, fields, validate

from api.auth import actor
from api.rest.bodies import text
from api.rest.guard import programme
from api.work import now, session
from engine import history, releases, verification
from engine.errors import NotFound
from engine.history import Entry
from workflows import audit
from workflows.access.instances import reads_all_history, require_instance
from workflows.access.reading import NotAllowed, record_read, require, require_case
from workflows.programmes.tokens import Scope

blueprint = Blueprint("rest_history", __name__)
CAPABILITY = "read_history"


class EntriesAsked(Schema):
    """From which entry on, and how many."""

    after = fields.Integer(load_default=0, validate=validate.Range(min=0))
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 500))


def _stream() -> dict[str, Any]:
    known = {name: request.args[name] for name in ("after", "limit") if name in request.args}
    asked: dict[str, Any] = EntriesAsked().load(known)
    return asked


def _entries(stream: str) -> dict[str, Any]:
    asked = _stream()
    found = history.read(session(), stream, asked["after"], asked["limit"] + 1)
    shown = found[: asked["limit"]]
    return {
        "stream": stream,
        "items": [
            {"seq": e.seq, "at": text(e.at), "payload": _said(stream, e), "hash": e.hash.hex()}
            for e in shown
        ],
        "next": shown[-1].seq if len(found) > len(shown) else None,
    }


def _said(stream: str, entry: Entry) -> Mapping[str, Any]:
    """Return what an entry says; why somebody has read something is opened for who audits."""
    if not stream.startswith(audit.ACCESS):
        return entry.payload
    return audit.opened(session(), actor().tenant_id, entry.payload)


@blueprint.get("/history/cases/<uuid:case_id>")
@programme(Scope.PROCESSES)
def of_case(case_id: UUID) -> dict[str, Any]:
    """Entries of a case's own stream, oldest first. The reading is recorded."""
    require(actor(), CAPABILITY, act="do")
    reason = request.args.get("reason")
    case = require_case(session(), actor(), case_id, now(), reason=reason)
    purpose = request.args.get("purpose", "")
    record_read(session(), actor(), purpose, [case.id], now(), "history", reason=reason)
    return _entries(f"case:{case.id}")


@blueprint.get("/history/instances/<uuid:instance_id>")
@programme(Scope.PROCESSES)
def of_instance(instance_id: UUID) -> dict[str, Any]:
    """Entries of a process instance, oldest first, with the release that drew its steps.

    As visible as the case or contact it is about; then the reading is recorded.
    """
    require(actor(), CAPABILITY, act="do")
    reason = request.args.get("reason")
    instance = require_instance(session(), actor(), instance_id, now(), reason=reason)
    if instance.business_key is not None:
        purpose, about = request.args.get("purpose", ""), [instance.business_key]
        record_read(session(), actor(), purpose, about, now(), "history", reason=reason)
    release = releases.get(session(), instance.release_id)
    return {
        **_entries(f"{history.INSTANCE}{instance.id}"),
        "process_id": instance.process_id,
        "release": {"id": str(release.id), "number": release.number, "sha256": release.sha256},
    }


@blueprint.get("/history/access/<uuid:staff_id>/<day>")
@programme(Scope.PROCESSES)
def of_access(staff_id: UUID, day: str) -> dict[str, Any]:
    """What a member of staff was shown on a day (UTC, `2027-01-14`), for whoever audits.

    For those who read the history of the whole organisation. This reading is recorded as well.
    """
    if not reads_all_history(actor()):
        raise NotAllowed("Auditors and information governance read who has read what.")
    try:
        on = date.fromisoformat(day)
    except ValueError as wrong:
        raise NotFound from wrong
    purpose = request.args.get("purpose", "")
    record_read(session(), actor(), purpose, [staff_id], now(), "history.access")
    return _entries(f"access:{staff_id}:{on.isoformat()}")


@blueprint.post("/history/verify")
@programme(Scope.PROCESSES)
def verify() -> dict[str, Any]:
    """Check every chain of the organisation; the first bad entry of each stream is named.

    For those who read the history of the whole organisation: it counts and names every stream.
    """
    require(actor(), CAPABILITY, act="do")
    if not reads_all_history(actor()):
        raise NotAllowed("Auditors and information governance check every chain.")
    report = verification.verify(session())
    return {
        "sound": report.is_sound,
        "streams": report.streams,
        "entries": report.entries,
        "breaks": [{"stream": b.stream, "seq": b.seq, "fault": b.fault} for b in report.breaks],
    }
