"""Two invented organisations: a large one with five services, a small one that must see nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from workflows.identity import enrolment, passwords
from workflows.staff import employment, rota
from workflows.staff.models import Position, SkillKind, Team
from workflows.tenants.organisation import open_service, open_tenant

SYSTEM = "system"
ROTA_BEFORE, ROTA_AFTER = timedelta(days=60), timedelta(days=120)


@dataclass(frozen=True)
class Person:
    """A member of staff as the demonstration takes them on."""

    login: str
    name: str
    role: str
    services: tuple[str, ...] = ()  # none: all of them
    languages: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """An organisation to be opened."""

    slug: str
    name: str
    services: Mapping[str, tuple[str, str]]  # key -> name, calendar
    people: tuple[Person, ...]


SUPPORT = ("support", "outreach")
HALLAM = Plan(
    "hallam",
    "Hallam Support Partnership",
    {
        "helpline": ("Helpline", "cal_247"),
        "support": ("Domestic abuse support", "cal_office_ew"),
        "outreach": ("Sexual violence outreach", "cal_office_ew"),
        "victim_care": ("Victim care", "cal_office_ew"),
        "hate_crime": ("Hate crime advocacy", "cal_office_ew"),
    },
    (
        Person("amina", "Amina Yusuf", "contact_handler", ("helpline",)),
        Person("ben", "Ben Carter", "contact_handler", ("helpline",)),
        Person("grace", "Grace Hughes", "helpline_operator", ("helpline",)),
        Person("omar", "Omar Farouk", "helpline_operator", ("helpline",)),
        Person("chidi", "Chidi Okafor", "team_leader", ("helpline",)),
        Person("sol", "Sol Reyes", "support_coordinator", ("helpline",)),
        Person("ines", "Inês Costa", "spoc_admin", SUPPORT),
        Person("molly", "Molly Jones", "spoc_admin", SUPPORT),
        Person("dana", "Dana Novak", "case_worker", SUPPORT, ("pol",), ("idva", "da_outreach")),
        Person("priya", "Priya Shah", "case_worker", SUPPORT, ("hin",), ("idva", "isva_rsv")),
        Person("tariq", "Tariq Aziz", "case_worker", SUPPORT, ("urd",), ("da_outreach",)),
        Person("ewa", "Ewa Zielińska", "case_worker", SUPPORT, ("pol",), ("stalking", "idva")),
        Person("lena", "Lena Fox", "case_worker", SUPPORT, (), ("chisva", "cyp")),
        Person("femi", "Femi Adeyemi", "team_leader", SUPPORT),
        Person("mara", "Mara Quinn", "service_manager"),
        Person("vic", "Vic Harper", "victim_care_coordinator", ("victim_care",)),
        Person("noor", "Noor Haddad", "victim_care_coordinator", ("victim_care",)),
        Person("joss", "Joss Bell", "case_worker", ("victim_care", "hate_crime", "helpline")),
        Person("ruth", "Ruth Eland", "team_leader", ("victim_care", "hate_crime")),
        Person("hana", "Hana Kim", "hate_crime_coordinator", ("hate_crime",)),
        Person("rev", "Rev Lund", "quality_reviewer", ("helpline",)),
        Person("iggy", "Iggy Moss", "info_governance"),
        Person("dsl", "Efua Mensah", "safeguarding_lead"),
        Person("dsl2", "Peter Nowak", "safeguarding_lead"),
        Person("owner", "Olu Bello", "process_owner"),
        Person("owner2", "Pat Reed", "process_owner"),
        Person("auditor", "Uma Frost", "auditor"),
        Person("admin", "Abe Stone", "system_admin"),
    ),
)
OAKVALE = Plan(
    "oakvale",
    "Oakvale Listening Line",
    {"line": ("Listening line", "cal_247")},
    (
        Person("kim", "Kim Aldous", "safeguarding_lead"),
        Person("lee", "Lee Marsh", "contact_handler"),
        Person("may", "May Tran", "team_leader"),
        Person("pip", "Pip Oakes", "case_worker"),
    ),
)


class Password(NamedTuple):
    """The one that all share, hashed once."""

    words: str
    hashed: str


@dataclass(frozen=True)
class Organisation:
    """An opened organisation."""

    plan: Plan
    tenant_id: UUID
    services: Mapping[str, UUID]
    staff: Mapping[str, UUID]


def open_organisation(
    session: Session, plan: Plan, tenant_id: UUID, *, password: str, now: datetime
) -> Organisation:
    """Open ``plan`` with logins, teams and rota. The unit of work is inside the tenant already."""
    open_tenant(session, tenant_id, plan.slug, plan.name, by=SYSTEM, now=now)
    services = {
        key: open_service(session, tenant_id, key, name, calendar=calendar, by=SYSTEM, now=now).id
        for key, (name, calendar) in plan.services.items()
    }
    first = Password(password, passwords.hash_password(password))
    staff = {
        person.login: _take_on(session, tenant_id, person, services, first, now)
        for person in plan.people
    }
    organisation = Organisation(plan, tenant_id, services, staff)
    for key in services:
        _team(session, organisation, key, now)
        _duties(session, organisation, key, now)
    return organisation


def _take_on(
    session: Session,
    tenant_id: UUID,
    person: Person,
    services: Mapping[str, UUID],
    first: Password,
    now: datetime,
) -> UUID:
    hired = employment.take_on(session, tenant_id, person.login, person.name, by=SYSTEM, now=now)
    places: list[UUID | None] = [services[key] for key in person.services]
    for service in places or [None]:
        employment.grant(session, hired.id, person.role, service_id=service, by=SYSTEM, now=now)
    skills = [(SkillKind.LANGUAGE, key) for key in person.languages]
    skills += [(SkillKind.NEED, key) for key in person.needs]
    for kind, key in skills:
        employment.add_skill(session, hired.id, kind, key, by=SYSTEM, now=now)
    enrolment.enrol(session, hired.id, first.words, by=SYSTEM, now=now, hashed=first.hashed)
    return hired.id


def _serving(organisation: Organisation, key: str, *roles: str) -> list[UUID]:
    """Return who works in a service in one of ``roles``, in the order of the plan."""
    return [
        organisation.staff[person.login]
        for person in organisation.plan.people
        if person.role in roles and (key in person.services or not person.services)
    ]


def _team(session: Session, organisation: Organisation, key: str, now: datetime) -> None:
    name = organisation.plan.services[key][0]
    team = Team(
        id=uuid4(),
        tenant_id=organisation.tenant_id,
        service_id=organisation.services[key],
        name=f"{name} team",
    )
    session.add(team)
    session.flush()
    for person in organisation.plan.people:
        if key in person.services:
            staff_id = organisation.staff[person.login]
            employment.join_team(session, staff_id, team.id, by=SYSTEM, now=now)


def _duties(session: Session, organisation: Organisation, key: str, now: datetime) -> None:
    """Put the duty positions on the rota, a week at a time, in turn."""
    holders = {
        Position.DUTY_WORKER: _serving(organisation, key, "case_worker", "victim_care_coordinator"),
        Position.DUTY_MANAGER: _serving(organisation, key, "team_leader", "service_manager"),
    }
    week = timedelta(days=7)
    for position, people in holders.items():
        everybody = people or _serving_anywhere(organisation, position)
        begins = now - ROTA_BEFORE
        for number in range((ROTA_BEFORE + ROTA_AFTER) // week):
            rota.put_on_rota(
                session,
                organisation.services[key],
                position,
                everybody[number % len(everybody)],
                begins + number * week,
                begins + (number + 1) * week,
                by=SYSTEM,
                now=now,
            )


def _serving_anywhere(organisation: Organisation, position: Position) -> list[UUID]:
    """Return who can hold a duty of a service that has nobody of its own for it."""
    roles = rota.ROLES_FOR[position]
    return [organisation.staff[p.login] for p in organisation.plan.people if p.role in roles]
