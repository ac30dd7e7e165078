"""The person in front of the screen, as the page frame needs them.

Name, organisation and how the screen looks are kept in the signed page cookie from sign-in on, so
that a request asks the database for none of it. Rights are never kept there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import session as page_cookie
from sqlalchemy.orm import Session

from api.language import gettext
from workflows.access.actor import Actor
from workflows.cohort.keeping import may_bring_in
from workflows.desk import desk
from workflows.desk.models import Desk
from workflows.incidents.operating import looks_after_any
from workflows.staff.leading import leads
from workflows.staff.models import Staff
from workflows.tenants.models import Tenant

KEY = "viewer"
AS_SHIPPED: Mapping[str, Any] = {
    "name": "",
    "initials": "",
    "place": "",
    "theme": "system",
    "density": "comfortable",
    "shortcuts": True,
    "lock_minutes": 5,
}


def holding(capability: str) -> Callable[[Actor], bool]:
    return lambda actor: bool(actor.permissions(capability))


# key, words, address, and to whom it is open
SECTIONS: tuple[tuple[str, str, str, Callable[[Actor], bool]], ...] = (
    ("tasks", "Tasks", "/tasks", lambda actor: True),
    ("contacts", "Contacts", "/contacts", holding("create_contact")),
    ("cases", "Cases", "/cases", holding("read_case")),
    ("cohort", "Imports", "/cohort", may_bring_in),
    ("absences", "Absences", "/absences", leads),
    ("library", "Processes", "/library", holding("edit_definitions")),
    ("incidents", "Incidents", "/incidents", looks_after_any),
)


@dataclass(frozen=True)
class Place:
    """An entry of the main navigation."""

    key: str
    label: str
    address: str


@dataclass(frozen=True)
class Viewer:
    """Who looks, and how they want it to look."""

    name: str
    initials: str
    place: str
    theme: str
    density: str
    shortcuts: bool
    lock_minutes: int
    navigation: tuple[Place, ...]
    takes_contacts: bool

    @property
    def lock_after(self) -> int:
        return self.lock_minutes * 60


def of_request(actor: Actor) -> Viewer:
    """Return the viewer from the page cookie; the navigation from the rights of this moment."""
    kept = {**AS_SHIPPED, **page_cookie.get(KEY, {})}
    places = tuple(
        Place(key, gettext(words), address)
        for key, words, address, is_open_to in SECTIONS
        if is_open_to(actor)
    )
    return Viewer(
        **{name: kept[name] for name in AS_SHIPPED},
        navigation=places,
        takes_contacts=holding("create_contact")(actor),
    )


def remember(session: Session, actor: Actor) -> None:
    """Put name and look into the page cookie: at sign-in, and when they have been changed."""
    staff = session.get_one(Staff, actor.staff_id)
    tenant = session.get_one(Tenant, actor.tenant_id)
    page_cookie[KEY] = {
        "name": staff.display_name,
        "initials": staff.initials,
        "place": tenant.name,
        **look(desk.of(session, actor.staff_id, actor.tenant_id)),
    }


def look(own: Desk) -> dict[str, Any]:
    return {
        "theme": own.theme,
        "density": own.density,
        "shortcuts": own.shortcuts,
        "lock_minutes": own.lock_minutes,
    }
