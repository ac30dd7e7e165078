"""Plain things for tests: each factory gives defaults, the test says only what matters to it."""

from typing import Any
from uuid import UUID, uuid4

from people import Organisation
from sqlalchemy.orm import Session

from workflows import keys
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
