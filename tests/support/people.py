"""The people every test knows: an organisation with its services, staff and grants.

    ark = make_ark(database, now)
    with ark.work() as session:
        ...                       # as the application, inside Ark
    ark.amina                     # the id of a member of staff
    ark.services["helpline"]      # the id of a service

Amina and Ben are contact handlers, Chidi is their team leader, Dana is a case worker. `make_oak`
makes the small second organisation that must never see anything of Ark.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from engine.db import unit_of_work
from workflows import keys
from workflows.keys import SubjectKind
from workflows.staff.models import Staff, StaffRole, Team, TeamMember
from workflows.tenants.models import Service, Tenant

# login name -> name, role, service (None: all of them)
ARK_STAFF: Mapping[str, tuple[str, str, str | None]] = {
    "amina": ("Amina Yusuf", "contact_handler", "helpline"),
    "ben": ("Ben Carter", "contact_handler", "helpline"),
    "chidi": ("Chidi Okafor", "team_leader", "helpline"),
    "dana": ("Dana Novak", "case_worker", "support"),
    "priya": ("Priya Shah", "case_worker", "support"),
    "femi": ("Femi Adeyemi", "team_leader", "support"),
    "ines": ("Ines Costa", "spoc_admin", "support"),
    "vic": ("Vic Harper", "victim_care_coordinator", "victim_care"),
    "sol": ("Sol Reyes", "support_coordinator", "helpline"),
    "hana": ("Hana Kim", "hate_crime_coordinator", "hate_crime"),
    "dsl": ("Efua Mensah", "safeguarding_lead", None),
    "rev": ("Rev Lund", "quality_reviewer", "helpline"),
    "ana": ("Ana Lopez", "analyst", None),
    "iggy": ("Iggy Moss", "info_governance", None),
    "mara": ("Mara Quinn", "service_manager", "support"),
    "owner": ("Olu Bello", "process_owner", None),
    "owner2": ("Pat Reed", "process_owner", None),
    "auditor": ("Uma Frost", "auditor", None),
    "admin": ("Abe Stone", "system_admin", None),
    "tess": ("Tess Hall", "trainee", "helpline"),
}
ARK_TEAMS: Mapping[str, tuple[str, Sequence[str]]] = {
    "Days": ("helpline", ["amina", "ben", "chidi", "sol"]),
    "North": ("support", ["dana", "priya", "femi"]),
    "York": ("victim_care", ["vic"]),
}
ARK_SERVICES = {
    "helpline": "cal_shuk_coord",
    "support": "cal_office_ew",
    "victim_care": "cal_office_ew",
    "hate_crime": "cal_office_ew",
    "contact_centre": "cal_247",
}


@dataclass(frozen=True)
class Organisation:
    """A tenant of the tests. `org.amina` is the id of the member of staff of that login name."""

    database: Engine
    now: datetime
    tenant_id: UUID
    services: Mapping[str, UUID]
    staff: Mapping[str, UUID]
    teams: Mapping[str, UUID]

    def __getattr__(self, login_name: str) -> UUID:
        try:
            return self.staff[login_name]
        except KeyError:
            raise AttributeError(login_name) from None

    def work(self) -> AbstractContextManager[Session]:
        """Open a unit of work in this tenant."""
        return unit_of_work(self.database, self.tenant_id)


def make_ark(database: Engine, now: datetime) -> Organisation:
    """Make the organisation of most tests: five services and twenty members of staff."""
    return make_organisation(
        database, now, "ark", services=ARK_SERVICES, staff=ARK_STAFF, teams=ARK_TEAMS
    )


def make_oak(database: Engine, now: datetime) -> Organisation:
    """Make the other organisation, with Kim, who leads its safeguarding, and Lee, who answers."""
    return make_organisation(
        database,
        now,
        "oak",
        services={"line": "cal_office_ew"},
        staff={
            "kim": ("Kim Aldous", "safeguarding_lead", None),
            "lee": ("Lee Marsh", "contact_handler", "line"),
        },
        teams={},
    )


def make_organisation(
    database: Engine,
    now: datetime,
    slug: str,
    *,
    services: Mapping[str, str],
    staff: Mapping[str, tuple[str, str, str | None]],
    teams: Mapping[str, tuple[str, Sequence[str]]],
) -> Organisation:
    """Make a tenant with ``services`` (key -> calendar), ``staff`` and ``teams``."""
    org = Organisation(
        database,
        now,
        tenant_id=uuid4(),
        services={key: uuid4() for key in services},
        staff={name: uuid4() for name in staff},
        teams={name: uuid4() for name in teams},
    )
    with org.work() as session:
        session.add(Tenant(id=org.tenant_id, slug=slug, name=slug.title(), created_at=now))
        session.flush()
        keys.new_subject(session, org.tenant_id, org.tenant_id, SubjectKind.INDEX, now=now)
        session.add_all(
            Service(
                id=org.services[key],
                tenant_id=org.tenant_id,
                key=key,
                name=key.replace("_", " ").capitalize(),
                calendar=calendar,
                zone="Europe/London",
                created_at=now,
            )
            for key, calendar in services.items()
        )
        session.flush()
        for login_name, (name, _, _) in staff.items():
            add_staff(session, org, login_name, name)
        session.flush()
        session.add_all(
            Team(
                id=org.teams[name],
                tenant_id=org.tenant_id,
                service_id=org.services[service],
                name=name,
            )
            for name, (service, _) in teams.items()
        )
        for login_name, (_, role, service) in staff.items():
            add_role(session, org, org.staff[login_name], role, service)
        session.flush()
        session.add_all(
            TeamMember(team_id=org.teams[name], staff_id=org.staff[member], tenant_id=org.tenant_id)
            for name, (_, members) in teams.items()
            for member in members
        )
    return org


def add_staff(session: Session, org: Organisation, login_name: str, name: str) -> None:
    """Take on one member of staff."""
    staff_id = org.staff[login_name]
    session.add(
        Staff(
            id=staff_id,
            tenant_id=org.tenant_id,
            login_name=login_name,
            display_name=name,
            initials="".join(word[0] for word in name.split()),
            created_at=org.now,
        )
    )
    keys.new_subject(session, org.tenant_id, staff_id, SubjectKind.STAFF, now=org.now)


def give_role(
    session: Session, org: Organisation, staff_id: UUID, role: str, service: str | None = None
) -> None:
    """Give a further role, in one service or in all."""
    add_role(session, org, staff_id, role, service)
    session.flush()


def add_role(
    session: Session, org: Organisation, staff_id: UUID, role: str, service: str | None
) -> None:
    session.add(
        StaffRole(
            tenant_id=org.tenant_id,
            staff_id=staff_id,
            role=role,
            service_id=org.services[service] if service else None,
            granted_at=org.now,
            granted_by="system",
        )
    )
