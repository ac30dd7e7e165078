"""The one policy: SQL conditions for what somebody may see.

    visible(case) =  same tenant
                 AND no conflict of interest                        beats everything
                 AND (in scope by a role, or holder of an open task of it,
                      or handler of a contact of it in the last 24 hours, or break-glass)
                 AND (not sealed, or named member, or break-glass)

Used alike by lists, counts, search, exports and single objects. What may not be seen does not
exist. Row-level security in the database is the second lock behind it.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Text, and_, cast, exists, false, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, array

from engine.models import UserTask
from workflows.access.actor import Actor, Grant
from workflows.access.walls import Id, Instant, broken_glass, open_to, restricted_instances
from workflows.cases.models import Case
from workflows.contact.models import Contact, ContactStatus
from workflows.people.models import Person
from workflows.risk.models import RiskAssessment
from workflows.staff.matrix import Permission, Scope
from workflows.staff.models import TeamMember

# A contact stays open to whoever handled it for so long.
OWN_CONTACT = timedelta(hours=24)

# Limits under which the rows are reached another way: by the task of the review, by the portal.
NOT_BY_LIST = frozenset({"sampled", "shared_items", "status_class"})


def visible_cases(actor: Actor, now: datetime, *, with_reason: bool = True) -> ColumnElement[bool]:
    """The condition on `Case` that the actor may see it.

    ``with_reason=False`` leaves out what may be seen only for a stated reason.
    """
    ways = [
        _case_in_scope(actor, grant, given, now)
        for grant, given in actor.permissions("read_case")
        if with_reason or not given.needs_reason
    ]
    if actor.permissions("read_case"):
        ways += [_holds_task(actor, Case.id), broken_glass(actor, Case.id, now)]
    return and_(
        Case.tenant_id == actor.tenant_id, open_to(actor, Case.id, now), or_(false(), *ways)
    )


def visible_contacts(
    actor: Actor, now: datetime, *, with_reason: bool = True
) -> ColumnElement[bool]:
    """The condition on `Contact` that the actor may see it."""
    ways: list[ColumnElement[bool]] = []
    for grant, given in actor.permissions("read_case"):
        if given.limits & NOT_BY_LIST or (given.needs_reason and not with_reason):
            continue
        if grant.reach(given) in (Scope.SERVICE, Scope.TENANT) and "hate" not in given.limits:
            ways.append(_in_service(Contact.service_id, grant))
        elif grant.reach(given) is Scope.TEAM:
            ways.append(_by_my_team(actor, Contact.handler_id))
    if actor.permissions("read_case"):
        in_case = exists().where(
            Case.id == Contact.case_id, visible_cases(actor, now, with_reason=with_reason)
        )
        ways += [_handled(actor, now), _holds_task(actor, Contact.id), in_case]
    ways += [
        and_(Contact.handler_id.is_(None), _in_service(Contact.service_id, grant))
        for grant, _ in actor.permissions("create_contact")
    ]
    return and_(
        Contact.tenant_id == actor.tenant_id,
        open_to(actor, Contact.id, now),
        or_(false(), *ways),
    )


def visible_tasks(actor: Actor, now: Instant) -> ColumnElement[bool]:
    """The condition on the engine's `UserTask` that the actor may see it.

    One's own, those offered to one's roles (also when a colleague was faster, so that one can be
    told who), and those of the people one leads.
    """
    return and_(
        UserTask.tenant_id == actor.tenant_id,
        open_to(actor, UserTask.business_key, now),
        or_(UserTask.actual_owner == actor.by, offered_to(actor), _led(actor)),
    )


def offered_to(actor: Actor) -> ColumnElement[bool]:
    """The condition on `UserTask` that it is offered to one of the actor's roles or duties.

    Whether somebody has claimed it is another question, and walls are: `visible_tasks`.
    """
    services = {grant.service_id for grant in actor.grants} | {s for _, s in actor.positions}
    everywhere = frozenset(g.role for g in actor.grants if g.service_id is None)
    offers = [_offered(everywhere)]
    for service_id in sorted(services - {None}, key=str):
        offers.append(
            and_(UserTask.service_id == service_id, _offered(actor.role_keys(service_id)))
        )
    # what belongs to no service, such as a message nobody took, is offered to the role anywhere
    offers.append(and_(UserTask.service_id.is_(None), _offered(actor.role_keys())))
    return and_(or_(*offers), ~UserTask.excluded_owners.contains([actor.by]))


def led_by(actor: Actor) -> ColumnElement[bool]:
    """The condition on `UserTask` that the actor leads those whose work it is."""
    return _led(actor)


def findable_people(actor: Actor, now: datetime) -> ColumnElement[bool]:
    """The condition on `Person` that a search may say that they exist.

    Wider than the cases one may read, so that nobody is entered twice; but never beyond a wall.
    """
    if not actor.permissions("create_contact") and not actor.permissions("read_case"):
        return false()
    return and_(Person.tenant_id == actor.tenant_id, open_to(actor, Person.id, now))


def _case_in_scope(
    actor: Actor, grant: Grant, given: Permission, now: datetime
) -> ColumnElement[bool]:
    if given.limits & NOT_BY_LIST:
        return false()
    if "contact_24h" in given.limits:
        return exists().where(Contact.case_id == Case.id, _handled(actor, now))
    reach = grant.reach(given)
    if "hate" in given.limits:
        graded = exists().where(RiskAssessment.case_id == Case.id, RiskAssessment.tool == "hate")
        own_service = Case.service_id == grant.service_id if grant.service_id else false()
        return or_(graded, own_service)
    if reach is Scope.OWN:
        return Case.owner_id == actor.staff_id
    if reach is Scope.TEAM:
        in_team = Case.team_id.in_(actor.team_ids)
        return and_(
            _in_service(Case.service_id, grant), or_(in_team, _by_my_team(actor, Case.owner_id))
        )
    return _in_service(Case.service_id, grant)


def _in_service(service_id: Id, grant: Grant) -> ColumnElement[bool]:
    return service_id == grant.service_id if grant.service_id else service_id.is_not(None)


def _by_my_team(actor: Actor, staff_id: Id) -> ColumnElement[bool]:
    """The person, or somebody of a team of the actor's."""
    colleagues = select(TeamMember.staff_id).where(TeamMember.team_id.in_(actor.team_ids))
    return or_(staff_id == actor.staff_id, staff_id.in_(colleagues))


def _handled(actor: Actor, now: datetime) -> ColumnElement[bool]:
    """A contact that the actor handles now or has handled in the last 24 hours."""
    recent = func.coalesce(Contact.ended_at, Contact.received_at) > now - OWN_CONTACT
    return and_(
        Contact.handler_id == actor.staff_id, or_(Contact.status == ContactStatus.LIVE, recent)
    )


def _holds_task(actor: Actor, business_key: Id) -> ColumnElement[bool]:
    return exists().where(
        UserTask.tenant_id == actor.tenant_id,
        UserTask.business_key == business_key,
        UserTask.actual_owner == actor.by,
        UserTask.completed_at.is_(None),
    )


def _offered(roles: Iterable[str]) -> ColumnElement[bool]:
    keys = sorted(roles)
    if not keys:
        return false()
    return UserTask.potential_owners.overlap(cast(array(keys), ARRAY(Text)))  # type: ignore[attr-defined]


def _led(actor: Actor) -> ColumnElement[bool]:
    """Tasks of those whom the actor leads: of a team, a service, or everywhere."""
    ways: list[ColumnElement[bool]] = []
    for grant, given in actor.permissions("read_history"):
        reach = grant.reach(given)
        if reach is Scope.OWN or "structure_only" in given.limits or grant.role == "auditor":
            continue
        here = UserTask.service_id == grant.service_id if grant.service_id else None
        if reach is Scope.TEAM:
            members = select(cast(TeamMember.staff_id, Text)).where(
                TeamMember.team_id.in_(actor.team_ids)
            )
            team = or_(UserTask.actual_owner.is_(None), UserTask.actual_owner.in_(members))
            ways.append(team if here is None else and_(here, team))
        else:
            ways.append(UserTask.id.is_not(None) if here is None else here)
    restricted = restricted_instances(actor)
    anybodys = or_(UserTask.instance_id.is_(None), UserTask.instance_id.not_in(restricted))
    return and_(or_(false(), *ways), anybodys)
