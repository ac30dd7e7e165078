"""Open a case from a contact: the person, the card, who else is in it, what is known."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import keys
from workflows.cases import facts, numbers
from workflows.cases.models import Case, CaseParty, PartyRole
from workflows.contact import closing, describing, said
from workflows.contact.models import Contact
from workflows.keys import SubjectKind
from workflows.people import cards, matching, persons, searching
from workflows.people.description import Description
from workflows.people.rules import Decide
from workflows.staff.models import Team

Answers = Mapping[str, Any]


class KnownMeanwhile(Exception):
    """Somebody like this has been entered since the contact was searched for: look again."""


def open_case(
    session: Session, contact: Contact, *, decide: Decide, dash_high: int, by: str, now: datetime
) -> Case:
    """Open the case that a contact asks for; the same one however often it is asked.

    Raises ``KnownMeanwhile``.
    """
    known = select(Case).where(
        Case.tenant_id == contact.tenant_id, Case.opened_by_contact_id == contact.id
    )
    if (opened := session.scalar(known)) is not None:
        return opened
    answers: Answers = contact.answers or {}
    person_id = _client(session, contact, answers, decide=decide, by=by, now=now)
    case = _case(session, contact, person_id, now=now)
    add_party(session, case, person_id, PartyRole.CLIENT, by=by, now=now)
    for name in describing.alleged_names(answers):
        alleged = _named(session, contact.tenant_id, name, decide=decide, by=by, now=now)
        add_party(session, case, alleged, PartyRole.ALLEGED, by=by, now=now)
    learned = said.facts(answers, today=now.date(), dash_high=dash_high)
    facts.learn(session, case, **learned)
    contact.case_id, contact.person_id = case.id, person_id
    session.flush()
    keys.wrap_into(session, contact.id, case.id)
    closing.close(contact, "case_opened", now=now)
    return case


def add_party(
    session: Session, case: Case, person_id: UUID, role: PartyRole, *, by: str, now: datetime
) -> None:
    """Say that a person is in the case, and as what."""
    session.add(
        CaseParty(
            tenant_id=case.tenant_id,
            case_id=case.id,
            person_id=person_id,
            role=role,
            added_at=now,
            added_by=by,
        )
    )
    session.flush()


def _case(session: Session, contact: Contact, person_id: UUID, *, now: datetime) -> Case:
    case_id = uuid4()
    keys.new_subject(session, contact.tenant_id, case_id, SubjectKind.CASE, now=now)
    case = Case(
        id=case_id,
        tenant_id=contact.tenant_id,
        service_id=contact.service_id,
        case_number=numbers.case_number(session, contact.tenant_id, now=now),
        person_id=person_id,
        team_id=_team_of(session, contact.service_id),
        source=contact.source,
        subject_id=case_id,
        opened_by_contact_id=contact.id,
        opened_at=now,
    )
    session.add(case)
    session.flush()
    return case


def _team_of(session: Session, service_id: UUID) -> UUID | None:
    """Return the team that a case of the service belongs to until it is allocated: its first.

    Without a team nobody whose role reaches their team alone could see a new case.
    """
    return session.scalar(
        select(Team.id).where(Team.service_id == service_id).order_by(Team.name).limit(1)
    )


def _client(
    session: Session,
    contact: Contact,
    answers: Answers,
    *,
    decide: Decide,
    by: str,
    now: datetime,
) -> UUID:
    card = describing.card(answers)
    if contact.person_id is not None:
        if card is not None:
            # without proof a known client's card stays, and this one waits as proposed
            cards.record(session, contact.person_id, card, by=by, now=now)
        return contact.person_id
    described = describing.described(answers)
    found = matching.match(
        session, contact.tenant_id, described, decide=decide, actor=None, now=now
    )
    if found.band == "likely" and not answers.get("match_reason"):
        raise KnownMeanwhile
    person_id = persons.create(
        session,
        contact.tenant_id,
        described,
        token=searching.sign(session, contact.tenant_id, described, found, by=by, now=now),
        reason=answers.get("match_reason"),
        card=card,
        more=_more(answers),
        by=by,
        now=now,
    )
    household = answers.get("household_of")
    if household:
        persons.link_household(session, person_id, UUID(household), by=by, now=now)
    return person_id


def _named(
    session: Session, tenant_id: UUID, name: str, *, decide: Decide, by: str, now: datetime
) -> UUID:
    """Enter somebody who is named in a contact and of whom nothing else is known."""
    given, _, family = name.strip().rpartition(" ")
    described = Description(given_name=given or None, family_name=family)
    found = matching.match(session, tenant_id, described, decide=decide, actor=None, now=now)
    token = searching.sign(session, tenant_id, described, found, by=by, now=now)
    reason = "named in a contact"
    return persons.create(session, tenant_id, described, token=token, reason=reason, by=by, now=now)


def _more(answers: Answers) -> dict[str, Any]:
    more = {name: answers.get(name) for name in ("age_band", "gender", "language")}
    if answers.get("interpreter") == "yes":
        more["interpreter"] = {"language": answers.get("language")}
    return {name: value for name, value in more.items() if value is not None}
