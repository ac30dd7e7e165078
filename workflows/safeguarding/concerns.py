"""Raise a concern from any screen, in five fields; it never pauses the case."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

import forms
from engine import messages
from engine.models import UserTask
from workflows import audit
from workflows.cases.models import Case
from workflows.contact.models import Contact
from workflows.safeguarding.models import SafeguardingConcern, SafeguardingEntry

# The five fields of the form `safeguarding_concern`.
FIELDS = ("at_risk", "verbatim_words", "danger_now", "where_now", "about_staff")


@dataclass(frozen=True, slots=True)
class About:
    """What a concern is about: a case, or a contact that has no case yet."""

    case: Case | None
    contact: Contact | None

    @classmethod
    def of(cls, session: Session, *, case_id: UUID | None, contact_id: UUID | None) -> "About":
        case = session.get_one(Case, case_id) if case_id else None
        contact = session.get_one(Contact, contact_id) if contact_id and case is None else None
        if case is None and contact is None:
            raise LookupError("a concern is about a case or a contact")
        return cls(case, contact)

    @property
    def one(self) -> Case | Contact:
        found = self.case or self.contact
        assert found is not None  # `of` refuses anything else
        return found


def open_concern(
    session: Session, about: About, *, found_by: str, by: str, now: datetime
) -> SafeguardingConcern:
    """Make the record. What it says is filled in by whoever raised it."""
    concern = SafeguardingConcern(
        tenant_id=about.one.tenant_id,
        service_id=about.one.service_id,
        case_id=about.case.id if about.case else None,
        contact_id=about.contact.id if about.contact else None,
        subject_id=about.one.subject_id,
        found_by=found_by,
        raised_at=now,
        raised_by=by,
    )
    session.add(concern)
    session.flush()
    return concern


def fill(concern: SafeguardingConcern, given: Mapping[str, Any], *, now: datetime) -> None:
    """Write the five fields."""
    concern.at_risk = given.get("at_risk")
    concern.verbatim_words = given.get("verbatim_words")
    concern.where_now = given.get("where_now")
    concern.danger_now = given.get("danger_now")
    concern.about_staff = given.get("about_staff")
    # at once, not when the process comes to it: whoever it is about may be looking
    concern.restricted = concern.restricted or about_somebody_here(concern.about_staff)
    concern.filled_at = now


def about_somebody_here(about_staff: str | None) -> bool:
    """Whether a concern is, or may be, about somebody who works here or at a partner."""
    return about_staff not in (None, "no")


def raise_concern(
    session: Session,
    *,
    case_id: UUID | None = None,
    contact_id: UUID | None = None,
    given: Mapping[str, Any],
    refer_now: bool = False,
    by: str,
    now: datetime,
) -> SafeguardingConcern:
    """Raise a concern with its five fields, as any member of staff may from any screen.

    ``refer_now``: they judge that waiting for the lead is unsafe. They get the task to refer it
    themselves beside the lead's, at once; otherwise it comes when nobody has acknowledged it in
    25 minutes.
    """
    about = About.of(session, case_id=case_id, contact_id=contact_id)
    concern = open_concern(session, about, found_by="person", by=by, now=now)
    fill(concern, given, now=now)
    messages.send(
        session,
        concern.tenant_id,
        "safeguarding.raise",
        {
            "concern_id": str(concern.id),
            "case_id": str(concern.case_id) if concern.case_id else None,
            "contact_id": str(concern.contact_id) if concern.contact_id else None,
            "found_by": "person",
            "danger_now": concern.danger_now,
            "about_staff": concern.about_staff,
            "refer_now": refer_now,
        },
        by=by,
        now=now,
        service_id=concern.service_id,
    )
    _record(session, concern, by=by, now=now)
    return concern


def _record(session: Session, concern: SafeguardingConcern, *, by: str, now: datetime) -> None:
    """Say in the history that a concern was raised; of one about staff not where the case is read.

    The stream of a case is read by whoever may see the case, also by whom the concern is about.
    """
    if concern.restricted:
        about = {"concern_id": concern.id}
        audit.of_admin(session, concern.tenant_id, "safeguarding.raised", by=by, at=now, **about)
    elif concern.case_id is not None:
        audit.of_case(
            session, concern.tenant_id, concern.case_id, "safeguarding.raised", by=by, at=now
        )


def of_instance(session: Session, instance_id: UUID | None) -> SafeguardingConcern:
    """Return the concern that an escalation is about."""
    return session.scalars(
        select(SafeguardingConcern).where(SafeguardingConcern.instance_id == instance_id)
    ).one()


def of_escalation(session: Session, instance_id: UUID | None) -> SafeguardingConcern | None:
    """Return the concern that an instance escalates; None when it escalates none."""
    if instance_id is None:
        return None
    return session.scalar(
        select(SafeguardingConcern).where(SafeguardingConcern.instance_id == instance_id)
    )


def of_case(session: Session, case_id: UUID, *, limit: int = 50) -> list[SafeguardingConcern]:
    """Return the concerns of a case, newest first."""
    newest = (
        select(SafeguardingConcern)
        .where(SafeguardingConcern.case_id == case_id)
        .order_by(SafeguardingConcern.raised_at.desc())
        .limit(limit)
    )
    return list(session.scalars(newest))


def enter(
    session: Session,
    task: UserTask,
    kind: str,
    given: Mapping[str, Any],
    *,
    by: str,
    now: datetime,
) -> SafeguardingEntry:
    """Write down a step taken for the concern of the task's escalation."""
    concern = of_instance(session, task.instance_id)
    entry = SafeguardingEntry(
        tenant_id=concern.tenant_id,
        concern_id=concern.id,
        subject_id=concern.subject_id,
        user_task_id=task.id,
        kind=kind,
        at=now,
        by=by,
    )
    entry.answers = forms.to_json(given)
    session.add(entry)
    return entry


def agency_answered(
    session: Session, concern: SafeguardingConcern, route: str, *, by: str, now: datetime
) -> None:
    """An agency has answered on one route: its wait ends and the decision is recorded next."""
    messages.send(
        session,
        concern.tenant_id,
        "agency.acknowledged",
        {"concern_id": str(concern.id), "route": route},
        by=by,
        now=now,
        service_id=concern.service_id,
    )
