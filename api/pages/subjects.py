"""Whom a task is about: the strip above it, and the little of it that a list may show."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from api.auth import actor
from api.language import gettext, say
from api.pages.names import name_of
from api.work import now, session
from workflows.access.policy import visible_cases, visible_contacts
from workflows.cases.models import Case
from workflows.contact.models import Contact
from workflows.people.models import Person, PersonKind
from workflows.tenants.models import Service

SHORT = 5  # digits of a reference that a page title may show


@dataclass(frozen=True)
class Strip:
    """A case (or a contact that is none yet) in one line."""

    kind: str  # "case" or "contact"
    id: UUID
    reference: str
    initials: str
    risk_level: str | None
    sealed: bool
    service: str
    owner: str
    address: str | None  # None: the viewer may not open it

    @property
    def short_reference(self) -> str:
        return short(self.reference)


def short(reference: str) -> str:
    """Return as much of a reference as a page title may carry: tabs must be told apart."""
    return "".join(c for c in reference if c.isdigit())[-SHORT:]


def strip_of(business_key: UUID | None) -> Strip | None:
    """Return the strip of a case or contact; names nobody to those who may not see it."""
    if business_key is None:
        return None
    case = session().get(Case, business_key)
    if case is not None:
        return _of_case(case)
    contact = session().get(Contact, business_key)
    return _of_contact(contact) if contact is not None else None


def _of_case(case: Case) -> Strip:
    seen = select(Case.id).where(Case.id == case.id, visible_cases(actor(), now()))
    may_see = session().scalar(seen) is not None
    owner = say("with %(name)s", name=name_of(case.owner_id)) if case.owner_id else ""
    return Strip(
        kind="case",
        id=case.id,
        reference=case.case_number,
        initials=initials_of(session().get(Person, case.person_id)) if may_see else "",
        risk_level=case.risk_level,
        sealed=case.sealed,
        service=service_name(case.service_id),
        owner=owner or gettext("not allocated"),
        address=f"/cases/{case.id}" if may_see else None,
    )


def _of_contact(contact: Contact) -> Strip:
    seen = select(Contact.id).where(Contact.id == contact.id, visible_contacts(actor(), now()))
    may_see = session().scalar(seen) is not None
    person = session().get(Person, contact.person_id) if contact.person_id else None
    return Strip(
        kind="contact",
        id=contact.id,
        reference=contact.reference,
        initials=initials_of(person) if may_see and person else "",
        risk_level=None,
        sealed=False,
        service=service_name(contact.service_id),
        owner="",
        address=f"/contacts/{contact.id}" if may_see else None,
    )


def initials_of(person: Person | None) -> str:
    """Return "R.K."; words for people without a name, who are full citizens here."""
    if person is None or person.kind == PersonKind.ANONYMOUS:
        return gettext("No name given")
    if person.kind == PersonKind.BUSINESS:
        return gettext("Business")
    letters = [
        n.strip()[0].upper() for n in (person.given_name, person.family_name) if n and n.strip()
    ]
    return "".join(f"{letter}." for letter in letters) or gettext("No name given")


def service_name(service_id: UUID | None) -> str:
    service = session().get(Service, service_id) if service_id else None
    return service.name if service else ""
