"""What the record of a case holds: its processes, decisions, attempts, disclosures, concerns."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from flask import Blueprint, request
from sqlalchemy import ColumnElement, or_, select

from api.auth import actor
from api.rest.bodies import listed, text
from api.rest.guard import programme
from api.work import now, session
from engine.db import Base
from engine.models import DecisionRecord, ProcessInstance, Release
from workflows.access.instances import reads_all_history, unrestricted
from workflows.access.reading import record_read, require, require_case
from workflows.access.walls import not_theirs
from workflows.cases.models import Case
from workflows.consent.models import Disclosure
from workflows.contact.models import Contact
from workflows.decisions import ABOUT_STAFF
from workflows.follow_up.models import AttemptDecision, ContactAttempt
from workflows.programmes.tokens import Scope
from workflows.safeguarding.models import SafeguardingConcern

blueprint = Blueprint("rest_case_records", __name__)

Row = TypeVar("Row", bound=Base)
HISTORY = "read_history"


def _read(case_id: UUID, what: str) -> Case:
    """Let through a case that the caller may see; that its record was read is recorded."""
    reason = request.args.get("reason")
    case = require_case(session(), actor(), case_id, now(), reason=reason)
    purpose = request.args.get("purpose", "")
    record_read(session(), actor(), purpose, [case.id], now(), what, reason=reason)
    return case


def _subjects(case: Case) -> Any:
    """Return whose processes belong to a case: its own, and those of its contacts."""
    contacts = select(Contact.id).where(Contact.case_id == case.id)
    return select(Case.id).where(Case.id == case.id).union(contacts)


def _processes(case: Case) -> Any:
    return select(ProcessInstance.id).where(ProcessInstance.business_key.in_(_subjects(case)))


@blueprint.get("/cases/<uuid:case_id>/instances")
@programme(Scope.CASEWORK)
def instances(case_id: UUID) -> dict[str, Any]:
    """List the processes of a case and of its contacts, oldest first, with their releases."""
    require(actor(), HISTORY, act="do")
    case = _read(case_id, "instances")

    def find(limit: int, offset: int) -> Sequence[Any]:
        oldest = (
            select(ProcessInstance, Release.number)
            .join(Release, Release.id == ProcessInstance.release_id)
            .where(
                ProcessInstance.business_key.in_(_subjects(case)),
                unrestricted(actor(), ProcessInstance.id),
            )
            .order_by(ProcessInstance.started_at, ProcessInstance.id)
        )
        return session().execute(oldest.limit(limit).offset(offset)).all()

    return listed(find, lambda row: shown_instance(*row))


def shown_instance(instance: ProcessInstance, release_number: int) -> dict[str, Any]:
    return {
        "id": str(instance.id),
        "process_id": instance.process_id,
        "release": {"id": str(instance.release_id), "number": release_number},
        "status": str(instance.status),
        "started_at": text(instance.started_at),
        "ended_at": text(instance.ended_at),
    }


@blueprint.get("/cases/<uuid:case_id>/decisions")
@programme(Scope.CASEWORK)
def decisions(case_id: UUID) -> dict[str, Any]:
    """List every decision of a case: which table in which version, which rows, what came out.

    `inputs` is null where they are personal; what was decided about members of staff is not shown.
    """
    require(actor(), HISTORY, act="do")
    case = _read(case_id, "decisions")

    def find(limit: int, offset: int) -> Sequence[DecisionRecord]:
        oldest = (
            select(DecisionRecord)
            .where(
                # what a process decides before it knows whom it is about names the process alone
                or_(
                    DecisionRecord.business_key.in_(_subjects(case)),
                    DecisionRecord.instance_id.in_(_processes(case)),
                ),
                unrestricted(actor(), DecisionRecord.instance_id),
            )
            .order_by(DecisionRecord.decided_at, DecisionRecord.id)
        )
        return session().scalars(oldest.limit(limit).offset(offset)).all()

    return listed(find, _decision)


def _decision(record: DecisionRecord) -> dict[str, Any]:
    closed = record.decision_id in ABOUT_STAFF and not reads_all_history(actor())
    return {
        "id": str(record.id),
        "decision_id": record.decision_id,
        "table_sha256": record.file_sha256,
        "matched_rows": None if closed else list(record.matched_rows),
        "outputs": None if closed else record.outputs,
        "inputs": record.inputs,
        "decided_at": text(record.decided_at),
        "actor": record.actor,
        "instance_id": str(record.instance_id) if record.instance_id else None,
        "element_id": record.element_id,
    }


@blueprint.get("/cases/<uuid:case_id>/attempts")
@programme(Scope.CASEWORK)
def attempts(case_id: UUID) -> dict[str, Any]:
    """List the attempts to reach the client, newest first. No number, no note."""
    case = _read(case_id, "attempts")

    def find(limit: int, offset: int) -> Sequence[Any]:
        newest = (
            select(ContactAttempt, AttemptDecision.next_action)
            .outerjoin(AttemptDecision, AttemptDecision.attempt_id == ContactAttempt.id)
            .where(ContactAttempt.case_id == case.id)
            .order_by(ContactAttempt.ended_at.desc(), ContactAttempt.id)
        )
        return session().execute(newest.limit(limit).offset(offset)).all()

    return listed(find, lambda row: _attempt(*row))


def _attempt(attempt: ContactAttempt, next_action: str | None) -> dict[str, Any]:
    return {
        "id": str(attempt.id),
        "method": attempt.method,
        "outcome": attempt.outcome,
        "next_action": next_action,
        "started_at": text(attempt.started_at),
        "ended_at": text(attempt.ended_at),
        "daypart": attempt.daypart,
        "card_version": attempt.card_version,
        "outside_window": attempt.outside_window,
        "by": attempt.by,
    }


@blueprint.get("/cases/<uuid:case_id>/disclosures")
@programme(Scope.CASEWORK)
def disclosures(case_id: UUID) -> dict[str, Any]:
    """List what was decided about sharing, newest first: to whom, on what basis, whom to tell."""
    case = _read(case_id, "disclosures")
    mine = unrestricted(actor(), Disclosure.instance_id)
    return _rows(Disclosure, case, mine, Disclosure.decided_at.desc(), _disclosure)


def _disclosure(row: Disclosure) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "purpose": row.purpose,
        "recipient_class": row.recipient_class,
        "decision": row.decision,
        "basis": row.basis,
        "tell": row.tell,
        "consent_id": str(row.consent_id) if row.consent_id else None,
        "concern_id": str(row.concern_id) if row.concern_id else None,
        "decided_at": text(row.decided_at),
        "decided_by": row.decided_by,
    }


@blueprint.get("/cases/<uuid:case_id>/concerns")
@programme(Scope.CASEWORK)
def concerns(case_id: UUID) -> dict[str, Any]:
    """List the safeguarding concerns of a case, newest first: how each stands, not what it says."""
    case = _read(case_id, "concerns")
    newest = SafeguardingConcern.raised_at.desc()
    return _rows(SafeguardingConcern, case, ~not_theirs(actor()), newest, _concern)


def _concern(row: SafeguardingConcern) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "found_by": row.found_by,
        "danger_now": row.danger_now,
        "raised_at": text(row.raised_at),
        "raised_by": row.raised_by,
        "acknowledged_at": text(row.acknowledged_at),
        "acknowledged_by": row.acknowledged_by,
        "told_client": row.told_client,
        "fed_back_at": text(row.fed_back_at),
        "closed_at": text(row.closed_at),
    }


def _rows(
    model: Any,
    case: Case,
    condition: ColumnElement[bool],
    newest: ColumnElement[Any],
    show: Callable[[Any], dict[str, Any]],
) -> dict[str, Any]:
    """Answer with a page of rows of one case, in order of ``newest``."""

    def find(limit: int, offset: int) -> Sequence[Any]:
        rows = select(model).where(model.case_id == case.id, condition).order_by(newest, model.id)
        return session().scalars(rows.limit(limit).offset(offset)).all()

    return listed(find, show)
