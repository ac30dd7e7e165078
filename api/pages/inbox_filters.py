"""What narrows the inbox: quick filters, the form with all of them, and the address that keeps it.

Nothing in the address is personal; a list can be sent to a colleague, who sees their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import request
from sqlalchemy import select

from api.auth import actor
from api.language import gettext, ngettext
from api.work import now, session
from engine import releases
from engine.errors import Refusal
from workflows.tasks.filters import DUE, Filters
from workflows.tenants.models import Service

NAMES = ("risk", "due", "service", "process", "waiting")
CHIPS: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("All", {}),
    ("High risk", {"risk": "3"}),
    ("Overdue", {"due": "overdue"}),
    ("Due today", {"due": "today"}),
    ("No due time", {"due": "none"}),
)
RISKS = {"2": "Medium and above", "3": "High"}
DUES = {"overdue": "Overdue", "today": "Today", "week": "Within a week", "none": "No due time"}
WAITS = {"1": "A day or longer", "3": "3 days or longer", "7": "A week or longer"}


@dataclass(frozen=True)
class Choice:
    """A select of the form: its options as value, words, whether it is the present one."""

    name: str
    label: str
    options: list[tuple[str, str, bool]]


def asked_for() -> Filters:
    """Return the filters of the address; what it names wrongly is passed over."""
    given = request.args
    waiting = given.get("waiting", "")
    return Filters(
        least_risk=int(given["risk"]) if given.get("risk") in RISKS else None,
        due=given["due"] if given.get("due") in DUE else None,
        service_id=uuid_of(given.get("service")),
        process_id=given.get("process", "")[:100] or None,
        waiting_days=int(waiting) if waiting in WAITS else None,
    )


def address(**changed: str | None) -> str:
    """Return the address of this list with ``changed`` parameters; None takes one away."""
    kept = {**request.args.to_dict(), "page": None, **changed}
    pairs = {name: value for name, value in kept.items() if value}
    return f"/tasks?{urlencode(pairs)}" if pairs else "/tasks"


def without_any() -> str:
    return address(**dict.fromkeys(NAMES))


def chips() -> list[tuple[str, str, bool]]:
    """Return the quick filters: words, address, whether it is the present one."""
    given = {name: request.args[name] for name in NAMES if request.args.get(name)}
    return [
        (gettext(words), address(**{**dict.fromkeys(NAMES), **wanted}), given == wanted)
        for words, wanted in CHIPS
    ]


def choices() -> list[Choice]:
    """Return the questions of the form with all filters."""
    services = session().execute(select(Service.id, Service.name).order_by(Service.name))
    asked: list[tuple[str, str, Mapping[str, str]]] = [
        ("risk", "Risk", RISKS),
        ("due", "Due", DUES),
        ("service", "Service", {str(i): name for i, name in services}),
        ("process", "Kind of work", _processes()),
        ("waiting", "Has waited", WAITS),
    ]
    return [
        Choice(name, gettext(label), [(v, gettext(w), request.args.get(name) == v) for v, w in o])
        for name, label, found in asked
        for o in [found.items()]
    ]


def words(filters: Filters) -> str:
    """Say how many filters are in force, where the quick ones do not say it themselves."""
    return ngettext("%d filter", "%d filters", filters.count) % filters.count


def kept() -> dict[str, Any]:
    """Return what the form must send along: which list it is."""
    return {name: request.args[name] for name in ("view", "queue") if request.args.get(name)}


def _processes() -> dict[str, str]:
    try:
        release = releases.effective(session(), actor().tenant_id, now())
    except Refusal:  # nothing is published yet
        return {}
    found = releases.definitions(session(), release.id).processes.values()
    return {process.id: process.name for process in sorted(found, key=lambda p: p.name)}


def uuid_of(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
