"""Who could take a case, how well each would fit, and who cannot: explained and kept."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.operations import OperationContext
from workflows.access.walls import in_conflict_with
from workflows.allocation.models import AllocationCandidate
from workflows.cases import facts
from workflows.cases.models import Case
from workflows.decisions import decide
from workflows.staff import absences
from workflows.staff.models import SkillKind, Staff, StaffRole, StaffSkill

# Roles that hold cases; the matrix of domain specification 6.1 gives them "read case: own".
CASE_HOLDERS = ("case_worker", "victim_care_coordinator", "support_coordinator")
CHECKS = ("dbs", "safeguarding")  # trainings without which nobody meets a client


@dataclass(frozen=True, slots=True)
class Workload:
    """What is asked of everybody at once, so that a search is a handful of statements."""

    staff: list[Staff]
    open_cases: Counter[UUID]
    absent: frozenset[UUID]
    conflicted: frozenset[UUID]
    skills: Mapping[UUID, list[StaffSkill]]
    worked_before: frozenset[UUID]


def search(context: OperationContext, case: Case, service: str) -> list[AllocationCandidate]:
    """Exclude, score and keep every worker of the case's service; best first.

    Decisions `worker_exclusion` and `worker_score`. Excluded ones come last and have no score.
    """
    load = gather(context.session, case, now=context.now)
    known = facts.of(context.session, case)
    search_id = uuid4()
    found = []
    for worker in load.staff:
        reasons = decide_exclusion(context, case, worker, load, known)
        parts = {} if reasons else fit(worker, load, known, service)
        found.append(
            AllocationCandidate(
                tenant_id=case.tenant_id,
                case_id=case.id,
                search_id=search_id,
                staff_id=worker.id,
                score=None if reasons else score(context, case, parts),
                parts={name: str(value) for name, value in parts.items()},
                excluded_because=reasons,
                searched_at=context.now,
            )
        )
    context.session.add_all(found)
    context.session.flush()
    return sorted(found, key=lambda c: (c.score is None, -(c.score or 0), str(c.staff_id)))


def gather(session: Session, case: Case, *, now: datetime) -> Workload:
    """Read everybody who holds cases in the service, and what counts for or against them."""
    staff = list(
        session.scalars(
            select(Staff)
            .where(
                Staff.active,
                Staff.id.in_(
                    select(StaffRole.staff_id).where(
                        StaffRole.role.in_(CASE_HOLDERS),
                        (StaffRole.service_id == case.service_id)
                        | (StaffRole.service_id.is_(None)),
                    )
                ),
            )
            .order_by(Staff.id)
        )
    )
    ids = [worker.id for worker in staff]
    return Workload(
        staff=staff,
        open_cases=_open_cases(session, ids),
        absent=absences.absent(session, ids, at=now),
        conflicted=_conflicted(session, case),
        skills=_skills(session, ids, now),
        worked_before=frozenset(
            session.scalars(
                select(Case.owner_id).where(
                    Case.person_id == case.person_id, Case.owner_id.in_(ids), Case.id != case.id
                )
            )
        ),
    )


def _open_cases(session: Session, ids: Iterable[UUID]) -> Counter[UUID]:
    rows = session.execute(
        select(Case.owner_id, func.count())
        .where(Case.owner_id.in_(list(ids)), Case.closed_at.is_(None))
        .group_by(Case.owner_id)
    )
    return Counter({owner: number for owner, number in rows if owner is not None})


def _conflicted(session: Session, case: Case) -> frozenset[UUID]:
    return frozenset(session.scalars(in_conflict_with(case.id)))


def _skills(
    session: Session, ids: Iterable[UUID], now: datetime
) -> Mapping[UUID, list[StaffSkill]]:
    found: dict[UUID, list[StaffSkill]] = {}
    for skill in session.scalars(select(StaffSkill).where(StaffSkill.staff_id.in_(list(ids)))):
        found.setdefault(skill.staff_id, []).append(skill)
    return found


def decide_exclusion(
    context: OperationContext, case: Case, worker: Staff, load: Workload, known: facts.Facts
) -> list[str]:
    """Return why ``worker`` cannot take the case; an empty list when they can."""
    skills = load.skills.get(worker.id, [])
    today = context.now.date()
    wanted = known.get("worker_gender")
    genders = {skill.key for skill in skills if skill.kind == SkillKind.GENDER}
    areas = {skill.key for skill in skills if skill.kind == SkillKind.AREA}
    inputs = {
        "conflict": worker.id in load.conflicted,
        "checks_expired": any(
            skill.kind == SkillKind.TRAINING
            and skill.key in CHECKS
            and skill.valid_until is not None
            and skill.valid_until < today
            for skill in skills
        ),
        "absent": worker.id in load.absent,
        "at_cap": load.open_cases[worker.id] >= worker.caseload_cap,
        "gender_not_met": wanted is not None and wanted not in genders,
        "same_area": known.get("home_area") is not None and f"home:{known['home_area']}" in areas,
        "walled": worker.id in {UUID(other) for other in known.get("walled_staff", [])},
    }
    reasons = decide(context, "worker_exclusion", inputs, subject_id=case.subject_id)
    return [str(reason) for reason in reasons or []]


def fit(worker: Staff, load: Workload, known: facts.Facts, service: str) -> dict[str, Decimal]:
    """Return each criterion of the score, from 0 to 1."""
    keys = {(skill.kind, skill.key) for skill in load.skills.get(worker.id, [])}
    language = known.get("language")
    room = Decimal(worker.caseload_cap - load.open_cases[worker.id])
    return {
        "skill": Decimal(
            (SkillKind.NEED, service) in keys or (SkillKind.TRAINING, service) in keys
        ),
        "language": Decimal(language in (None, "eng") or (SkillKind.LANGUAGE, language) in keys),
        "continuity": Decimal(worker.id in load.worked_before),
        "locality": Decimal((SkillKind.AREA, known.get("area")) in keys),
        "load": round(room / max(worker.caseload_cap, 1), 2),
    }


def score(context: OperationContext, case: Case, parts: Mapping[str, Decimal]) -> Decimal:
    points: Any = decide(context, "worker_score", parts, subject_id=case.subject_id)
    return Decimal(points or 0)
