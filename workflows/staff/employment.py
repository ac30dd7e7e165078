"""Take people on, give them roles, teams and skills, let them go."""

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from engine.errors import NotFound, Refusal
from workflows import audit, keys
from workflows.keys import SubjectKind
from workflows.staff.matrix import PORTAL_ROLES, ROLES, Scope
from workflows.staff.models import SkillKind, Staff, StaffRole, StaffSkill, TeamMember


class UnknownRole(Refusal):
    """There is no such role."""

    status = 422


class LoginNameTaken(Refusal):
    """Somebody already signs in with this name. Choose another."""


class StaffNotFound(NotFound):
    """There is no such member of staff."""


def take_on(
    session: Session,
    tenant_id: UUID,
    login_name: str,
    display_name: str,
    *,
    initials: str | None = None,
    by: str,
    now: datetime,
) -> Staff:
    """Take on a member of staff, who can do nothing until given a role and a login."""
    staff = Staff(
        id=uuid4(),
        tenant_id=tenant_id,
        login_name=login_name.strip().casefold(),
        display_name=display_name,
        initials=initials or "".join(word[0] for word in display_name.split()).upper(),
        created_at=now,
    )
    try:
        with session.begin_nested():  # unique over all tenants, whose rows cannot be looked at
            session.add(staff)
    except IntegrityError as error:
        raise LoginNameTaken from error
    keys.new_subject(session, tenant_id, staff.id, SubjectKind.STAFF, now=now)
    audit.of_admin(session, tenant_id, "staff.taken_on", by=by, at=now, staff_id=staff.id)
    return staff


def grant(
    session: Session,
    staff_id: UUID,
    role: str,
    *,
    service_id: UUID | None = None,
    scope: Scope | None = None,
    by: str,
    now: datetime,
) -> None:
    """Give a role, in one service or in all; ``scope`` can only narrow what the matrix gives."""
    if role not in (*ROLES, *PORTAL_ROLES):
        raise UnknownRole(f"There is no role called “{role}”.")
    staff = _staff(session, staff_id)
    given = {
        "tenant_id": staff.tenant_id,
        "staff_id": staff_id,
        "role": role,
        "service_id": service_id,
        "scope": scope,
        "granted_at": now,
        "granted_by": by,
    }
    session.execute(
        insert(StaffRole)
        .values(id=uuid4(), **given)
        .on_conflict_do_update(
            index_elements=[StaffRole.staff_id, StaffRole.role, StaffRole.service_id],
            set_={"scope": scope, "granted_at": now, "granted_by": by},
        )
    )
    about = {"staff_id": staff_id, "role": role, "service_id": service_id, "scope": scope}
    audit.of_admin(session, staff.tenant_id, "role.granted", by=by, at=now, **about)


def revoke(
    session: Session,
    staff_id: UUID,
    role: str,
    *,
    service_id: UUID | None = None,
    by: str,
    now: datetime,
) -> None:
    """Take a role away. It is gone at the person's next request: nothing remembers rights."""
    staff = _staff(session, staff_id)
    session.execute(
        delete(StaffRole).where(
            StaffRole.staff_id == staff_id,
            StaffRole.role == role,
            StaffRole.service_id.is_not_distinct_from(service_id),
        )
    )
    about = {"staff_id": staff_id, "role": role, "service_id": service_id}
    audit.of_admin(session, staff.tenant_id, "role.revoked", by=by, at=now, **about)


def join_team(session: Session, staff_id: UUID, team_id: UUID, *, by: str, now: datetime) -> None:
    """Put somebody into a team."""
    staff = _staff(session, staff_id)
    row = {"team_id": team_id, "staff_id": staff_id, "tenant_id": staff.tenant_id}
    session.execute(insert(TeamMember).values(**row).on_conflict_do_nothing())
    about = {"staff_id": staff_id, "team_id": team_id}
    audit.of_admin(session, staff.tenant_id, "team.joined", by=by, at=now, **about)


def add_skill(
    session: Session,
    staff_id: UUID,
    kind: SkillKind,
    key: str,
    *,
    valid_until: date | None = None,
    by: str,
    now: datetime,
) -> None:
    """Record a language, need, training, area or gender; ``valid_until`` is its last day."""
    staff = _staff(session, staff_id)
    row = {"staff_id": staff_id, "kind": kind, "key": key, "tenant_id": staff.tenant_id}
    session.execute(
        insert(StaffSkill)
        .values(**row, valid_until=valid_until)
        .on_conflict_do_update(
            index_elements=[StaffSkill.staff_id, StaffSkill.kind, StaffSkill.key],
            set_={"valid_until": valid_until},
        )
    )
    about = {"staff_id": staff_id, "kind": kind, "key": key}
    audit.of_admin(session, staff.tenant_id, "skill.recorded", by=by, at=now, **about)


def skills(session: Session, staff_id: UUID, kind: SkillKind, *, on: date) -> frozenset[str]:
    """Return the skills of one kind that count on a day."""
    valid = (StaffSkill.valid_until.is_(None)) | (StaffSkill.valid_until >= on)
    found = select(StaffSkill.key).where(
        StaffSkill.staff_id == staff_id, StaffSkill.kind == kind, valid
    )
    return frozenset(session.scalars(found))


def let_go(session: Session, staff_id: UUID, *, by: str, now: datetime) -> None:
    """End somebody's work here. `identity.disable` ends the sign-in with it."""
    staff = _staff(session, staff_id)
    staff.active = False
    session.execute(delete(StaffRole).where(StaffRole.staff_id == staff_id))
    audit.of_admin(session, staff.tenant_id, "staff.let_go", by=by, at=now, staff_id=staff_id)


def _staff(session: Session, staff_id: UUID) -> Staff:
    staff = session.get(Staff, staff_id)
    if staff is None:
        raise StaffNotFound
    return staff
