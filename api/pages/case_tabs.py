"""The tabs of a case beside the overview: contacts and attempts, risk, consent and sharing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import Blueprint, render_template
from sqlalchemy import select

from api.auth import actor, signed_in
from api.language import gettext
from api.pages import names, purposes, wording
from api.pages.cases import ask_for_reason, head_of
from api.pages.names import name_of
from api.words import plain
from api.work import now, session
from workflows.access.instances import unrestricted
from workflows.access.reading import ReasonNeeded, Shown, shown
from workflows.cases.models import Case
from workflows.consent import recording
from workflows.consent.models import ConsentRecord, Disclosure
from workflows.contact.models import Contact
from workflows.follow_up.models import ContactAttempt
from workflows.keys import DataClass
from workflows.risk import grading

blueprint = Blueprint("case_tabs", __name__, url_prefix="/cases/<uuid:case_id>")
blueprint.register_error_handler(ReasonNeeded, ask_for_reason)

MOST = 100


@dataclass(frozen=True)
class Line:
    """A row of a table: a time, words, and who."""

    at: datetime
    words: str
    by: str
    more: str = ""
    level: str | None = None
    decision: str = ""


@blueprint.get("/contacts")
@signed_in
def contacts(case_id: UUID) -> str:
    case = purposes.require_case(case_id, "case.contacts_shown")
    came = select(Contact).where(Contact.case_id == case.id)
    tried = select(ContactAttempt).where(ContactAttempt.case_id == case.id)
    return render_template(
        "case_contacts.html",
        said=wording.answer,
        case=head_of(case, "contacts"),
        contacts=list(session().scalars(came.order_by(Contact.received_at.desc()).limit(MOST))),
        attempts=list(
            _attempts(
                case, session().scalars(tried.order_by(ContactAttempt.ended_at.desc()).limit(MOST))
            )
        ),
        name_of=name_of,
        section="cases",
    )


def _attempts(case: Case, attempts: Iterable[ContactAttempt]) -> Iterable[Line]:
    readable = shown(actor(), DataClass.C3, case=case) is Shown.PLAIN
    for attempt in attempts:
        yield Line(
            at=attempt.ended_at,
            words=wording.answer("contact_attempt", "outcome", attempt.outcome),
            by=name_of(attempt.by),
            more=(attempt.note or "") if readable else "",
            decision=wording.inside("contact_attempt", "method", attempt.method),
        )


@blueprint.get("/risk")
@signed_in
def risk(case_id: UUID) -> str:
    case = purposes.require_case(case_id, "case.risk_shown")
    readable = shown(actor(), DataClass.C2, case=case) is Shown.PLAIN
    grades = grading.history(session(), case.id)
    names.load({grade.graded_by for grade in grades})
    return render_template(
        "case_risk.html",
        case=head_of(case, "risk"),
        grades=[
            Line(
                at=grade.graded_at,
                words=_judged(grade.judgement),
                by=name_of(grade.graded_by),
                more=(grade.reason or "") if readable else "",
                level=grade.level,
                decision=name_of(grade.approved_by) if grade.approved_by else "",
            )
            for grade in grades
        ],
        section="cases",
    )


def _judged(judgement: str | None) -> str:
    words = {
        "agree": gettext("as the rules gave it"),
        "raise": gettext("raised by judgement"),
        "lower": gettext("lowered, with a second person"),
    }
    return words.get(judgement or "", gettext("by the rules"))


@blueprint.get("/consent")
@signed_in
def consent(case_id: UUID) -> str:
    case = purposes.require_case(case_id, "case.consent_shown")
    readable = shown(actor(), DataClass.C2, case=case) is Shown.PLAIN
    newest = select(Disclosure).where(
        Disclosure.case_id == case.id, unrestricted(actor(), Disclosure.instance_id)
    )
    disclosures = session().scalars(newest.order_by(Disclosure.decided_at.desc()).limit(MOST))
    return render_template(
        "case_consent.html",
        case=head_of(case, "consent"),
        records=[_record(record, readable) for record in recording.overview(session(), case.id)],
        disclosures=[
            Line(
                at=each.decided_at,
                words=plain(each.purpose),
                by=name_of(each.decided_by),
                more=(each.recipient or "") if readable else plain(each.recipient_class),
                decision=plain(each.decision),
            )
            for each in disclosures
        ],
        section="cases",
    )


def _record(record: ConsentRecord, readable: bool) -> dict[str, object]:
    expired = record.expires_at is not None and record.expires_at <= now()
    kind = wording.answer("consent", "recipient_class", record.recipient_class)
    decided = wording.inside("consent", "decision", record.decision)
    return {
        "purpose": wording.answer("consent", "purpose", record.purpose),
        "recipient": (record.recipient if readable else "") or kind,
        "decision": gettext("expired") if expired else decided,
        "look": {"given": "badge-good", "withdrawn": "badge-high", "refused": "badge-high"}.get(
            "" if expired else record.decision, ""
        ),
        "at": record.recorded_at,
        "until": record.expires_at,
        "by": name_of(record.recorded_by),
        "method": wording.inside("consent", "method", record.method),
    }
