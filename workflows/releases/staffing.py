"""Who could do the work of a release today: what its checks compare lanes and exclusions with."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from workflows.staff.models import Appointment, RotaShift, Staff, StaffRole
from workflows.staff.rota import ROLES_FOR


def held(session: Session, tenant_id: UUID, now: datetime) -> Mapping[str, frozenset[str]]:
    """Return the ids of those who hold each role or position, now or on a shift still to come.

    A duty without a shift to come falls to those who may have it (service specification 4.0).
    """
    on_rota = select(RotaShift.position.label("key"), RotaShift.staff_id).where(
        RotaShift.tenant_id == tenant_id, RotaShift.ends_at > now
    )
    named = select(Appointment.position, Appointment.staff_id).where(
        Appointment.tenant_id == tenant_id
    )
    granted = select(StaffRole.role, StaffRole.staff_id).where(StaffRole.tenant_id == tenant_id)
    all_of_them = union(on_rota, named, granted).subquery()
    active = select(all_of_them).join(Staff, Staff.id == all_of_them.c.staff_id).where(Staff.active)
    found: dict[str, set[str]] = {}
    for key, staff_id in session.execute(active):
        found.setdefault(str(key), set()).add(str(staff_id))
    for position, roles in ROLES_FOR.items():
        if position not in found:
            found[position] = {person for role in roles for person in found.get(role, ())}
    return {key: frozenset(people) for key, people in found.items()}
