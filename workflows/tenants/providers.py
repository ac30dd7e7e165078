"""What the engine asks of a service: its settings, its calendar and its zone."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from engine.providers import provides_holidays, provides_settings
from feel.opening_hours import Division
from workflows.tenants import holidays
from workflows.tenants.models import Service


@provides_settings
def settings_of(session: Session, tenant_id: UUID, service_id: UUID | None) -> Mapping[str, Any]:
    """Return what a service lays over the release's settings; nothing without a service."""
    service = session.get(Service, service_id) if service_id else None
    if service is None:
        return {}
    return {**service.settings, "calendar": service.calendar, "zone": service.zone}


@provides_holidays
def holidays_of(session: Session, tenant_id: UUID) -> Mapping[str, Division]:
    """Return the bank holidays that an organisation has loaded."""
    return holidays.loaded(session, tenant_id)
