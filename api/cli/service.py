"""`signpost service`: the services of an organisation, with their teams and duties."""

import argparse
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.cli.common import Failure, in_tenant, settings, staff_named
from engine import releases
from engine.db import unit_of_work
from engine.errors import Refusal
from workflows.staff import employment, rota
from workflows.staff.models import Position, SkillKind, Team
from workflows.tenants import organisation
from workflows.tenants.models import Service

BY = "system"
BUILT_IN = ("cal_247", "cal_oncall")  # of `feel.opening_hours`
APPOINTED = (Position.SECOND_REVIEWER, Position.ALTERNATE_RECIPIENT)


def add(commands: Any) -> None:
    parser = commands.add_parser("service", help="services, their teams, duties and settings")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, does, words in (
        ("list", show, "list the services of an organisation"),
        ("open", open_service, "open a service"),
        ("set", change, "change settings: NAME=VALUE, or NAME= for the release's value"),
        ("team", join_team, "put people into a team; makes the team if there is none"),
        ("duty", assign, "give somebody a duty, for a shift or until further notice"),
        ("skill", add_skill, "record what somebody can do, for allocation"),
    ):
        verb = verbs.add_parser(name, help=words)
        verb.add_argument("organisation")
        if name in ("open", "set", "team", "duty"):
            verb.add_argument("key", help="the short name of the service, as in 'helpline'")
        verb.set_defaults(run=does)
        _arguments[name](verb)


def _of_open(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("name")
    verb.add_argument("--calendar", required=True, help="of the release, as in cal_office_ew")
    verb.add_argument("--zone", default="Europe/London")


def _of_set(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("settings", nargs="+", metavar="NAME=VALUE")


def _of_team(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("name")
    verb.add_argument("login_names", nargs="+")


def _of_duty(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("position", choices=sorted(Position))
    verb.add_argument("login_name")
    verb.add_argument("start", nargs="?", type=datetime.fromisoformat, help="2027-01-04T09:00")
    verb.add_argument("end", nargs="?", type=datetime.fromisoformat)


def _of_skill(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("login_name")
    verb.add_argument("kind", choices=sorted(SkillKind))
    verb.add_argument("value", help="as in pol, idva")


_arguments: dict[str, Any] = {
    "list": lambda verb: None,
    "open": _of_open,
    "set": _of_set,
    "team": _of_team,
    "duty": _of_duty,
    "skill": _of_skill,
}


def show(given: argparse.Namespace) -> None:
    def act(session: Session, tenant_id: UUID) -> None:
        for each in session.scalars(select(Service).order_by(Service.key)):
            print(f"{each.key}  {each.name}  {each.calendar}  {each.zone}")
            for name, value in sorted(each.settings.items()):
                print(f"    {name}={value}")

    within(given, act)


def open_service(given: argparse.Namespace) -> None:
    try:
        ZoneInfo(given.zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise Failure(f"There is no time zone '{given.zone}'.") from None

    def act(session: Session, tenant_id: UUID) -> None:
        require_calendar(session, tenant_id, given.calendar)
        if session.scalar(select(Service.id).where(Service.key == given.key)):
            raise Failure(f"There is a service '{given.key}' already.")
        organisation.open_service(
            session,
            tenant_id,
            given.key,
            given.name,
            calendar=given.calendar,
            zone=given.zone,
            by=BY,
            now=real_now(),
        )

    within(given, act)
    print(f"{given.name} is open.")


def require_calendar(session: Session, tenant_id: UUID, key: str) -> None:
    """Refuse a calendar that the release in force has not: every deadline would fail."""
    definitions = releases.in_force(session, tenant_id, real_now())
    if definitions is None:
        raise Failure("No release is in force yet. First: signpost release install ...")
    known = sorted({*definitions.calendars, *BUILT_IN})
    if key not in known:
        raise Failure(f"There is no calendar '{key}'. There are: {', '.join(known)}.")


def change(given: argparse.Namespace) -> None:
    wanted = {}
    for pair in given.settings:
        name, equals, value = pair.partition("=")
        if not (name and equals):
            raise Failure(f"'{pair}' is not of the form NAME=VALUE.")
        wanted[name] = yaml.safe_load(value) if value else None

    def act(session: Session, tenant_id: UUID) -> None:
        service = organisation.service_by_key(session, given.key)
        organisation.change_settings(session, service.id, wanted, by=BY, now=real_now())

    within(given, act)
    print(f"Changed: {', '.join(sorted(wanted))}.")


def join_team(given: argparse.Namespace) -> None:
    def act(session: Session, tenant_id: UUID) -> None:
        service = organisation.service_by_key(session, given.key)
        named = select(Team.id).where(Team.service_id == service.id, Team.name == given.name)
        team_id = session.scalar(named)
        if team_id is None:
            team_id = uuid4()
            session.add(
                Team(id=team_id, tenant_id=tenant_id, service_id=service.id, name=given.name)
            )
            session.flush()
        for login_name in given.login_names:
            employment.join_team(
                session, staff_named(session, login_name), team_id, by=BY, now=real_now()
            )

    within(given, act)
    print(f"{given.name}: {', '.join(given.login_names)}")


def assign(given: argparse.Namespace) -> None:
    """Put somebody on the rota; the two named positions last until further notice."""
    position = Position(given.position)
    if (position in APPOINTED) == (given.end is not None):
        raise Failure(
            f"{position} lasts until further notice: leave start and end out."
            if position in APPOINTED
            else f"{position} needs a start and an end."
        )

    def act(session: Session, tenant_id: UUID) -> None:
        service = organisation.service_by_key(session, given.key)
        who = staff_named(session, given.login_name)
        if position in APPOINTED:
            rota.appoint(session, service.id, position, who, by=BY, now=real_now())
            return
        zone = ZoneInfo(service.zone)
        start, end = (
            at if at.tzinfo else at.replace(tzinfo=zone) for at in (given.start, given.end)
        )
        rota.put_on_rota(session, service.id, position, who, start, end, by=BY, now=real_now())

    within(given, act)
    print(f"{given.login_name} is {position} of {given.key}.")


def add_skill(given: argparse.Namespace) -> None:
    def act(session: Session, tenant_id: UUID) -> None:
        who = staff_named(session, given.login_name)
        kind = SkillKind(given.kind)
        employment.add_skill(session, who, kind, given.value, by=BY, now=real_now())

    within(given, act)
    print(f"{given.login_name}: {given.kind} {given.value}")


def within(given: argparse.Namespace, act: Any) -> None:
    """Do ``act`` in one unit of work of the organisation, and say a refusal in its words."""
    with in_tenant(settings(), given.organisation) as (database, tenant_id):
        try:
            with unit_of_work(database, tenant_id) as session:
                act(session, tenant_id)
        except Refusal as refusal:
            raise Failure(str(refusal)) from None


def real_now() -> datetime:
    return datetime.now(UTC)
