"""`signpost user`: organisations, members of staff and their logins."""

import argparse
import getpass
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from api.cli.common import (
    Failure,
    application_database,
    in_tenant,
    settings,
    staff_named,
)
from engine.db import unit_of_work
from engine.errors import Refusal
from workflows.identity import enrolment
from workflows.identity.enrolment import SecondFactor
from workflows.staff import employment
from workflows.tenants import organisation

BY = "system"


def add(commands: Any) -> None:
    parser = commands.add_parser("user", help="organisations, members of staff, logins")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    tenant = verbs.add_parser("organisation", help="open an organisation")
    tenant.add_argument("slug")
    tenant.add_argument("name")
    tenant.set_defaults(run=open_organisation)
    new = verbs.add_parser("add", help="take on a member of staff, with a login")
    new.add_argument("organisation")
    new.add_argument("login_name")
    new.add_argument("display_name")
    new.add_argument("roles", nargs="+", help="for example system_admin, team_leader:helpline")
    new.set_defaults(run=take_on)
    for name, does, words in (
        ("grant", grant, "give roles to somebody who works here"),
        ("revoke", revoke, "take roles away; they are gone at the next request"),
    ):
        verb = verbs.add_parser(name, help=words)
        verb.add_argument("organisation")
        verb.add_argument("login_name")
        verb.add_argument("roles", nargs="+", help="as with add")
        verb.set_defaults(run=does)
    lost = verbs.add_parser("factor", help="replace a lost second factor; two others agree")
    lost.add_argument("organisation")
    lost.add_argument("login_name")
    lost.add_argument("--asked-by", required=True, help="an administrator, by login name")
    lost.add_argument("--approved-by", required=True, help="another one")
    lost.set_defaults(run=replace_factor)
    off = verbs.add_parser("disable", help="end a login at once")
    off.add_argument("organisation")
    off.add_argument("login_name")
    off.set_defaults(run=disable)


def open_organisation(given: argparse.Namespace) -> None:
    tenant_id = uuid4()
    with application_database(settings()) as database, unit_of_work(database, tenant_id) as session:
        organisation.open_tenant(session, tenant_id, given.slug, given.name, by=BY, now=real_now())
    print(f"{given.name} is open. Give it people with: signpost user add {given.slug} ...")


def take_on(given: argparse.Namespace) -> None:
    password = new_password()
    with in_tenant(settings(), given.organisation) as (database, tenant_id):
        try:
            with unit_of_work(database, tenant_id) as session:
                factor = with_login(session, tenant_id, given, password)
        except Refusal as refusal:
            raise Failure(str(refusal)) from None
    show(given.login_name, factor)


def show(login_name: str, factor: SecondFactor) -> None:
    print(f"{login_name} can sign in. This is shown once:")
    print(f"  authenticator  {factor.secret}")
    print(f"  address        {factor.uri}")
    print(f"  recovery codes {' '.join(factor.recovery_codes)}")


def with_login(
    session: Session, tenant_id: UUID, given: argparse.Namespace, password: str
) -> SecondFactor:
    now = real_now()
    staff = employment.take_on(
        session, tenant_id, given.login_name, given.display_name, by=BY, now=now
    )
    for name, service_id in places(session, given.roles):
        employment.grant(session, staff.id, name, service_id=service_id, by=BY, now=now)
    return enrolment.enrol(session, staff.id, password, by=BY, now=now)


def places(session: Session, roles: Iterable[str]) -> Iterator[tuple[str, UUID | None]]:
    """Yield each role with the service it is meant for: "team_leader:helpline", or all."""
    for role in roles:
        name, _, service_key = role.partition(":")
        service = organisation.service_by_key(session, service_key) if service_key else None
        yield name, service.id if service else None


def grant(given: argparse.Namespace) -> None:
    _change_roles(given, employment.grant)
    print(f"{given.login_name} is now also {', '.join(given.roles)}.")


def revoke(given: argparse.Namespace) -> None:
    _change_roles(given, employment.revoke)
    print(f"{given.login_name} is no longer {', '.join(given.roles)}.")


def _change_roles(given: argparse.Namespace, change: Callable[..., None]) -> None:
    with in_tenant(settings(), given.organisation) as (database, tenant_id):
        try:
            with unit_of_work(database, tenant_id) as session:
                staff_id = staff_named(session, given.login_name)
                for name, service_id in places(session, given.roles):
                    change(session, staff_id, name, service_id=service_id, by=BY, now=real_now())
        except Refusal as refusal:
            raise Failure(str(refusal)) from None


def replace_factor(given: argparse.Namespace) -> None:
    with in_tenant(settings(), given.organisation) as (database, tenant_id):
        try:
            with unit_of_work(database, tenant_id) as session:
                factor = enrolment.reset_second_factor(
                    session,
                    staff_named(session, given.login_name),
                    by=str(staff_named(session, given.asked_by)),
                    approved_by=str(staff_named(session, given.approved_by)),
                    now=real_now(),
                )
        except Refusal as refusal:
            raise Failure(str(refusal)) from None
    show(given.login_name, factor)


def disable(given: argparse.Namespace) -> None:
    with (
        in_tenant(settings(), given.organisation) as (database, tenant_id),
        unit_of_work(database, tenant_id) as session,
    ):
        staff_id = staff_named(session, given.login_name)
        enrolment.disable(session, staff_id, by=BY, now=real_now())
    print(f"{given.login_name} can no longer sign in.")


def new_password() -> str:
    """Return a first password: from the environment for scripts, else asked for twice."""
    given = os.environ.get("SIGNPOST_NEW_PASSWORD")
    if given:
        return given
    if not sys.stdin.isatty():
        raise Failure("Set SIGNPOST_NEW_PASSWORD, or run this at a terminal.")
    first, again = getpass.getpass("Password: "), getpass.getpass("Again: ")
    if first != again:
        raise Failure("The two are not the same.")
    return first


def real_now() -> datetime:
    return datetime.now(UTC)
