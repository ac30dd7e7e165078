"""`signpost token`: what programmes show instead of a login."""

import argparse
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from api.cli.common import Failure, in_tenant, settings, staff_named
from engine.db import unit_of_work
from engine.errors import Refusal
from workflows.programmes import tokens
from workflows.programmes.models import AccessToken
from workflows.programmes.tokens import Scope
from workflows.staff.models import Staff

BY = "system"


def add(commands: Any) -> None:
    parser = commands.add_parser("token", help="access tokens of programmes")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    new = verbs.add_parser("issue", help="make a token; it is shown once")
    new.add_argument("organisation")
    new.add_argument("login_name", help="as whom the programme acts: what they may, it may")
    new.add_argument("name", help="what it is for, for example 'Hallam council portal'")
    new.add_argument("scopes", nargs="+", help=", ".join(Scope))
    new.add_argument("--days", type=int, default=tokens.LONGEST_LIFE.days)
    new.set_defaults(run=issue)
    known = verbs.add_parser("list", help="list the tokens of an organisation")
    known.add_argument("organisation")
    known.set_defaults(run=show)
    off = verbs.add_parser("revoke", help="end a token at once")
    off.add_argument("organisation")
    off.add_argument("id", type=UUID)
    off.set_defaults(run=revoke)


def issue(given: argparse.Namespace) -> None:
    if given.days < 1:
        raise Failure("A token lives for at least one day.")
    with (
        in_tenant(settings(), given.organisation) as (database, tenant_id),
        unit_of_work(database, tenant_id) as session,
    ):
        try:
            secret = tokens.issue(
                session,
                tenant_id,
                staff_named(session, given.login_name),
                given.name,
                given.scopes,
                life=timedelta(days=given.days),
                by=BY,
                now=real_now(),
            )
        except Refusal as refusal:
            raise Failure(str(refusal)) from None
    print(f"This is shown once:\n{secret}")


def show(given: argparse.Namespace) -> None:
    with (
        in_tenant(settings(), given.organisation) as (database, tenant_id),
        unit_of_work(database, tenant_id) as session,
    ):
        # tokens stand outside row-level security, so the organisation is asked for by name
        found = session.execute(
            select(AccessToken, Staff.login_name)
            .join(Staff, Staff.id == AccessToken.staff_id)
            .where(AccessToken.tenant_id == tenant_id)
            .order_by(AccessToken.created_at)
        )
        for token, login_name in found:
            print(f"{token.id}  {login_name}  {' '.join(token.scopes)}  {_life(token)}")
            print(f"    {token.name}")


def _life(token: AccessToken) -> str:
    if token.revoked_at:
        return f"revoked on {token.revoked_at:%Y-%m-%d}"
    over = "expired" if token.expires_at <= real_now() else "until"
    return f"{over} {token.expires_at:%Y-%m-%d}"


def revoke(given: argparse.Namespace) -> None:
    with (
        in_tenant(settings(), given.organisation) as (database, tenant_id),
        unit_of_work(database, tenant_id) as session,
    ):
        token = session.get(AccessToken, given.id)
        if token is None or token.tenant_id != tenant_id:
            raise Failure("There is no such token.")
        tokens.revoke(session, token, by=BY, now=real_now())
    print("The token opens nothing any more.")


def real_now() -> datetime:
    return datetime.now(UTC)
