"""Open an organisation and the services inside it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.errors import NotFound
from workflows import audit, keys
from workflows.keys import SubjectKind
from workflows.tenants.models import Service, Tenant


def open_tenant(
    session: Session, tenant_id: UUID, slug: str, name: str, *, by: str, now: datetime
) -> Tenant:
    """Open an organisation. The unit of work has to be inside ``tenant_id`` already."""
    tenant = Tenant(id=tenant_id, slug=slug, name=name, created_at=now)
    session.add(tenant)
    session.flush()
    # the tenant's own key, from which the keys of its blind indexes are made
    keys.new_subject(session, tenant_id, tenant_id, SubjectKind.INDEX, now=now)
    audit.of_admin(session, tenant_id, "tenant.opened", by=by, at=now, slug=slug)
    return tenant


def open_service(
    session: Session,
    tenant_id: UUID,
    key: str,
    name: str,
    *,
    calendar: str,
    zone: str = "Europe/London",
    settings: Mapping[str, Any] | None = None,
    by: str,
    now: datetime,
) -> Service:
    """Open a service. ``calendar`` is a key of the release's calendars.

    ``settings`` are laid over the release's: thresholds, `oncall_fallback`, opening hours.
    """
    service = Service(
        tenant_id=tenant_id,
        key=key,
        name=name,
        calendar=calendar,
        zone=zone,
        settings=dict(settings or {}),
        created_at=now,
    )
    session.add(service)
    session.flush()
    audit.of_admin(session, tenant_id, "service.opened", by=by, at=now, service_id=service.id)
    return service


def service_by_key(session: Session, key: str) -> Service:
    """Return the service of this tenant that is called ``key``."""
    service = session.scalar(select(Service).where(Service.key == key))
    if service is None:
        raise NotFound(f"There is no service called “{key}”.")
    return service


def change_settings(
    session: Session, service_id: UUID, settings: Mapping[str, Any], *, by: str, now: datetime
) -> None:
    """Lay ``settings`` over those the service has; None takes one away."""
    service = session.get_one(Service, service_id, with_for_update=True)
    merged = {**service.settings, **settings}
    service.settings = {name: value for name, value in merged.items() if value is not None}
    audit.of_admin(
        session,
        service.tenant_id,
        "service.settings_changed",
        by=by,
        at=now,
        service_id=service_id,
        changed=sorted(settings),
    )
