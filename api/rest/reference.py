"""Reference data: services, roles, channels, what problems there are."""

from collections.abc import Iterator
from typing import Any

from flask import Blueprint
from sqlalchemy import select

from api.auth import actor
from api.rest.contacts import CHANNELS, SOURCES
from api.rest.guard import programme
from api.work import now, session
from engine import releases
from engine.errors import Refusal
from workflows.programmes.tokens import Scope
from workflows.staff.matrix import ROLES
from workflows.tenants.models import Service

blueprint = Blueprint("rest_reference", __name__)


@blueprint.get("/reference")
@programme(Scope.REFERRALS)
def show() -> dict[str, Any]:
    """Give the words that other requests may use."""
    services = session().scalars(
        select(Service).where(Service.tenant_id == actor().tenant_id).order_by(Service.name)
    )
    definitions = releases.in_force(session(), actor().tenant_id, now())
    return {
        "services": [
            {"id": str(s.id), "key": s.key, "name": s.name, "zone": s.zone} for s in services
        ],
        "roles": sorted(ROLES),
        "channels": list(CHANNELS),
        "sources": list(SOURCES),
        "calendars": sorted(definitions.calendars) if definitions else [],
        "processes": sorted(definitions.processes) if definitions else [],
    }


@blueprint.get("/problems")
@programme(Scope.REFERRALS)
def problems() -> dict[str, Any]:
    """Give every type of problem that an answer may name, with its status and its title."""
    found = {kind.problem_type(): kind for kind in _all(Refusal)}
    return {
        "items": [
            {"type": name, "status": kind.status, "title": kind.title()}
            for name, kind in sorted(found.items())
        ]
    }


def _all(kind: type[Refusal]) -> Iterator[type[Refusal]]:
    for below in kind.__subclasses__():
        yield below
        yield from _all(below)
