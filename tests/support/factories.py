"""Plain things for tests: each factory gives defaults, the test says only what matters to it."""

from typing import Any
from uuid import UUID, uuid4

from people import Organisation
from sqlalchemy.orm import Session

from engine.models import UserTask
from workflows import keys
from workflows.cases.models import Case
from workflows.contact.models import Contact
from workflows.keys import SubjectKind
from workflows.people.models import Person


def make_person(session: Session, org: Organisation, **columns: Any) -> UUID:
    """Make a person without asking the matching first; return the id."""
    person_id = uuid4()
    keys.new_subject(session, org.tenant_id, person_id, SubjectKind.PERSON, now=org.now)
    given = {"kind": "person", "created_at": org.now, "created_by": "system"} | columns
    session.add(Person(id=person_id, tenant_id=org.tenant_id, **given))
    session.flush()
    return person_id


def make_case(
    session: Session, org: Organisation, service: str = "support", **columns: Any
) -> UUID:
    """Make a case without a process; return the id. Without ``person_id`` it gets a new person."""
    case_id = uuid4()
    keys.new_subject(session, org.tenant_id, case_id, SubjectKind.CASE, now=org.now)
    given = {
        "service_id": org.services[service],
        "case_number": f"27-{case_id.hex[:6]}",
        "person_id": columns.get("person_id") or make_person(session, org),
        "source": "self",
        "subject_id": case_id,
        "opened_at": org.now,
    }
    session.add(Case(id=case_id, tenant_id=org.tenant_id, **(given | columns)))
    session.flush()
    return case_id


def make_contact(
    session: Session, org: Organisation, service: str = "helpline", **columns: Any
) -> UUID:
    """Make a contact without a process; return the id."""
    contact_id = uuid4()
    keys.new_subject(session, org.tenant_id, contact_id, SubjectKind.CONTACT, now=org.now)
    given = {
        "service_id": org.services[service],
        "reference": f"R27-{contact_id.hex[:6]}",
        "channel": "phone",
        "source": "self",
        "received_at": org.now,
        "subject_id": contact_id,
    }
    session.add(Contact(id=contact_id, tenant_id=org.tenant_id, **(given | columns)))
    session.flush()
    return contact_id


def make_task(
    session: Session, org: Organisation, service: str = "support", **columns: Any
) -> UUID:
    """Make an open user task without a process, for what only reads tasks; return the id."""
    task_id = uuid4()
    given = {
        "service_id": org.services[service],
        "process_id": "first_contact",
        "element_id": "task_first_contact",
        "name": "Make first contact",
        "potential_owners": ["case_worker"],
        "excluded_owners": [],
        "created_at": org.now,
    }
    session.add(UserTask(id=task_id, tenant_id=org.tenant_id, **(given | columns)))
    session.flush()
    return task_id
