"""People: look for somebody. By POST, so that no name stands in an address or a log."""

from typing import Any

from flask import Blueprint
from marshmallow import Schema, ValidationError, fields, validate
from sqlalchemy import select

from api.auth import actor
from api.rest.bodies import body
from api.rest.guard import programme
from api.work import now, session
from engine import releases
from workflows.access.policy import visible_cases
from workflows.cases.models import Case
from workflows.people import searching
from workflows.people.description import describe
from workflows.people.matching import Candidate
from workflows.people.tables import deciding
from workflows.programmes.tokens import Scope

blueprint = Blueprint("rest_people", __name__)

NAME = validate.Length(1, 200)
MOST = validate.Length(max=20)
PURPOSE = validate.Length(1, 200)


class AddressIn(Schema):
    """A door: its UPRN, or lines and postcode."""

    uprn = fields.String(validate=validate.Length(1, 20))
    lines = fields.List(fields.String(validate=NAME), validate=MOST)
    postcode = fields.String(validate=validate.Length(1, 12))


class SearchIn(Schema):
    """Whom one looks for, and why. Everything but the purpose may be missing; not all of it."""

    purpose = fields.String(required=True, validate=PURPOSE)
    given_name = fields.String(validate=NAME)
    family_name = fields.String(validate=NAME)
    known_as = fields.String(validate=NAME)
    organisation_name = fields.String(validate=NAME)
    aliases = fields.List(fields.String(validate=NAME), validate=MOST)
    born_on = fields.Date()
    phones = fields.List(fields.String(validate=NAME), validate=MOST)
    emails = fields.List(fields.String(validate=NAME), validate=MOST)
    crime_references = fields.List(fields.String(validate=NAME), validate=MOST)
    addresses = fields.List(fields.Nested(AddressIn), validate=MOST)


class PasswordIn(Schema):
    """The password that somebody without a name has given us, and why it is looked for."""

    purpose = fields.String(required=True, validate=PURPOSE)
    client_password = fields.String(required=True, validate=validate.Length(3, 30))


@blueprint.post("/people/search")
@programme(Scope.CASEWORK, takes=SearchIn, reads=True)
def search() -> dict[str, Any]:
    """Look for somebody by description: whom it may be (at most five), and why. Recorded.

    Nobody is named here: a candidate is an id, with those of its cases that the caller may see.
    What stands behind a wall is answered like somebody nobody knows.
    """
    given = body()
    purpose = given.pop("purpose")
    lists = {name: tuple(value) for name, value in given.items() if isinstance(value, list)}
    described = describe(**{**given, **lists})
    if described.is_empty:
        raise ValidationError({"_schema": ["Say something of whom you look for."]})
    release = releases.effective(session(), actor().tenant_id, now())
    definitions = releases.definitions(session(), release.id)
    found = searching.search(
        session(),
        actor(),
        described,
        decide=deciding(definitions, definitions.settings, now=now()),
        purpose=purpose,
        now=now(),
    )
    return {"band": found.band, "candidates": [shown(c) for c in found.candidates]}


@blueprint.post("/people/search-by-password")
@programme(Scope.CASEWORK, takes=PasswordIn, reads=True)
def search_by_password() -> dict[str, Any]:
    """Look for somebody who gave no name by the password they chose. Recorded."""
    given = body()
    found = searching.find_anonymous(
        session(), actor(), given["client_password"], purpose=given["purpose"], now=now()
    )
    return {"people": [str(person_id) for person_id in found]}


def shown(candidate: Candidate) -> dict[str, Any]:
    cases = session().execute(
        select(Case.id, Case.case_number)
        .where(
            Case.person_id == candidate.person_id,
            visible_cases(actor(), now(), with_reason=False),
        )
        .order_by(Case.opened_at.desc())
        .limit(20)
    )
    return {
        "person_id": str(candidate.person_id),
        "band": candidate.band,
        "reasons": list(candidate.reasons),
        "cases": [{"id": str(case.id), "case_number": case.case_number} for case in cases],
    }
