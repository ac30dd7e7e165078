"""The SQL of the inbox: each view is a few scopes over `user_task` that an index can walk.

A scope is the text of a condition on `t`. What is large (all that is offered in a service) is
asked group by group, each in the order of the list and each cut off: PostgreSQL then reads some
fifty entries of an index instead of sorting a hundred thousand rows. Counts read as many rows as
the screen can say and stop.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from workflows.tasks.standing import Reach

PAGE = 50
COUNTED = 100  # and no further: the screen says 99+
DEEPEST_PAGE = 200

# The forms of tasks in which somebody rings a client: such a task opens with the window and is due
# when it closes (`contact_attempt.bpmn`).
CALLS = ("contact_attempt",)

OPEN = "t.tenant_id = %(tenant)s AND t.completed_at IS NULL"
CLEAR = "(t.business_key IS NULL OR t.business_key <> ALL(%(closed)s::uuid[]))"
# put aside until then; what is due comes back by itself
AWAKE = (
    "(t.follow_up_at IS NULL OR t.follow_up_at <= %(now)s OR coalesce(t.due_at <= %(now)s, false))"
)
NOT_EXCLUDED = "NOT t.excluded_owners @> ARRAY[%(me)s]::text[]"
MINE = "t.actual_owner = %(me)s"
OVERDUE = "t.due_at <= %(now)s"
CALL = "t.form_id = ANY(%(calls)s::text[])"
MY_TEAMS = """(t.actual_owner IS NULL OR t.actual_owner IN
    (SELECT m.staff_id::text FROM team_member m WHERE m.team_id = ANY(%(teams)s::uuid[])))"""
# of a concern about staff: for those to whom it is offered, not for those who lead
UNRESTRICTED = "(t.instance_id IS NULL OR t.instance_id <> ALL(%(closed)s::uuid[]))"
# null is unlike all of an empty list, so it has to be said
ELSEWHERE = "t.service_id IS NOT NULL AND t.service_id <> ALL(%(services)s::uuid[])"
ROLES = "%(queue_roles)s"
COLUMNS = """t.id, t.name, t.process_id, t.element_id, t.form_id, t.service_id, t.business_key,
    t.instance_id, t.actual_owner, t.priority, t.risk_rank, t.safety_critical, t.due_at,
    t.follow_up_at, t.created_at, t.completed_at, t.state, t.team"""
# What is offered to roles that few tasks are for. All of it, once: PostgreSQL expects to find a
# hundred of them early and, where there are none, reads every task there is.
SELDOM = f"""seldom AS MATERIALIZED (
    SELECT {COLUMNS} FROM user_task t
    WHERE {OPEN} AND {ELSEWHERE} AND {NOT_EXCLUDED} AND {CLEAR}
      AND t.potential_owners && %(few)s::text[] AND NOT t.potential_owners && %(many)s::text[]),"""
ORDER = "risk_rank DESC, due_at, created_at, id"

# Each group: its number, and the condition that holds for nothing else.
GROUPS = (
    (0, OVERDUE),
    (1, f"{CALL} AND (t.due_at > %(now)s OR t.due_at IS NULL)"),
    (2, f"NOT coalesce({CALL}, false) AND t.due_at > %(now)s AND t.due_at < %(tomorrow)s"),
    (3, f"NOT coalesce({CALL}, false) AND (t.due_at >= %(tomorrow)s OR t.due_at IS NULL)"),
)


class View(StrEnum):
    """What a list shows."""

    MINE = "mine"
    UNCLAIMED = "unclaimed"
    OVERDUE = "overdue"
    CALLS = "calls"
    SNOOZED = "snoozed"
    DONE = "done"
    QUEUE = "queue"


@dataclass(frozen=True, slots=True)
class Shape:
    """What the text depends on beside the view; the rest are values.

    ``services``: how many the actor has roles in. ``many`` and ``few``: whether they have roles in
    all others, to which many tasks are offered (workers) or few (the safeguarding lead).
    """

    services: int
    many: bool
    few: bool


@dataclass(frozen=True, slots=True)
class Scope:
    """Part of a view. ``is_large``: worth asking for group by group."""

    where: str
    is_large: bool = False
    source: str = "user_task"


def scopes(view: View, shape: Shape, queue: tuple[Scope, ...] = ()) -> list[Scope]:
    """Return the parts of a view; no task is in two of them. ``queue``: those of `View.QUEUE`."""
    mine = Scope(f"{OPEN} AND {MINE} AND {CLEAR} AND {AWAKE}")
    match view:
        case View.MINE:
            return [mine]
        case View.UNCLAIMED:
            return _unclaimed(shape)
        case View.OVERDUE:
            return [_also(scope, OVERDUE) for scope in (mine, *_unclaimed(shape))]
        case View.CALLS:
            due = f"{CALL} AND (t.due_at < %(tomorrow)s OR t.due_at IS NULL)"
            return [_also(scope, due) for scope in (mine, *_unclaimed(shape))]
        case View.SNOOZED:
            return [Scope(f"{OPEN} AND {MINE} AND {CLEAR} AND NOT {AWAKE}")]
        case View.DONE:
            done = "t.completed_by = %(me)s AND t.completed_at >= %(today)s"
            return [Scope(f"t.tenant_id = %(tenant)s AND {done} AND {CLEAR}")]
        case View.QUEUE:
            return list(queue)


def queue_scopes(
    shape: Shape, reach: Reach, *, is_own: bool, service: str = "%(queue)s", roles: str = ROLES
) -> tuple[Scope, ...]:
    """Return the open tasks of a service that the policy lets through, whoever has them.

    ``is_own``: the actor has roles in this service beside those held everywhere.
    """
    here = f"{OPEN} AND t.service_id = {service} AND {CLEAR}"
    offered = f"t.potential_owners && {roles}::text[] AND {NOT_EXCLUDED}"
    match reach:
        case Reach.SERVICE:
            return (Scope(f"{here} AND ({UNRESTRICTED} OR {MINE} OR {offered})", is_large=True),)
        case Reach.TEAM:
            return (
                Scope(f"{here} AND ({MY_TEAMS} AND {UNRESTRICTED} OR {offered})", is_large=True),
            )
    if is_own:
        return (Scope(f"{here} AND {offered}", is_large=True),)
    many = f"{here} AND t.potential_owners && %(many)s::text[] AND {NOT_EXCLUDED}"
    few = Scope(f"t.service_id = {service}", source="seldom")
    return (Scope(many, is_large=True),) * shape.many + (few,) * shape.few


def statement(
    view: View, shape: Shape, queue: tuple[Scope, ...] = (), filters: Iterable[str] = ()
) -> str:
    """Return the one statement of a page: its rows, each with the counts of all views."""
    parts = [
        branch for scope in scopes(view, shape, queue) for branch in _branches(scope, view, filters)
    ]
    counts = ",\n".join(
        f"'{each}', {_count(scopes(each, shape))}" for each in View if each is not View.QUEUE
    )
    order = "completed_at DESC, id" if view is View.DONE else f"grp, {ORDER}"
    union = (
        "\nUNION ALL\n".join(parts) or f"SELECT {COLUMNS}, 3 AS grp FROM user_task t WHERE false"
    )
    return f"""
WITH {SELDOM if shape.few else ""}
picked AS MATERIALIZED (
    SELECT * FROM ({union}) u ORDER BY {order} OFFSET %(skip)s LIMIT {PAGE + 1}
), counted AS MATERIALIZED (
    SELECT json_build_object({counts}) AS counts, {_queues(shape)} AS queues
)
SELECT counted.counts, counted.queues, p.*, s.name AS service_name,
    coalesce(c.case_number, k.reference) AS reference, w.display_name AS owner_name
FROM counted LEFT JOIN picked p ON true
LEFT JOIN service s ON s.id = p.service_id
LEFT JOIN case_file c ON c.id = p.business_key
LEFT JOIN contact k ON k.id = p.business_key
LEFT JOIN staff w ON w.id::text = p.actual_owner
ORDER BY {order}"""


def _unclaimed(shape: Shape) -> list[Scope]:
    """What is offered and nobody has: in each service, in all others, in none."""
    found = [
        f"t.service_id = %(service_{n})s AND t.potential_owners && %(roles_{n})s::text[]"
        for n in range(shape.services)
    ]
    if shape.many:
        found.append(f"{ELSEWHERE} AND t.potential_owners && %(many)s::text[]")
    found.append("t.service_id IS NULL AND t.potential_owners && %(anywhere)s::text[]")
    free = f"t.actual_owner IS NULL AND {NOT_EXCLUDED}"
    large = [
        Scope(f"{OPEN} AND {free} AND {where} AND {CLEAR} AND {AWAKE}", is_large=True)
        for where in found
    ]
    few = Scope(f"t.actual_owner IS NULL AND {AWAKE}", source="seldom")
    return large + [few] * shape.few


def _branches(scope: Scope, view: View, filters: Iterable[str]) -> list[str]:
    for condition in filters:
        scope = _also(scope, condition)
    if view is View.DONE:
        return [f"(SELECT {COLUMNS}, 3 AS grp FROM user_task t WHERE {scope.where})"]
    if not scope.is_large:
        grp = "CASE " + " ".join(f"WHEN {where} THEN {n}" for n, where in GROUPS) + " END"
        return [f"(SELECT {COLUMNS}, {grp} AS grp FROM {scope.source} t WHERE {scope.where})"]
    return [
        f"(SELECT {COLUMNS}, {n} AS grp FROM {scope.source} t WHERE {scope.where} AND {where} "
        f"ORDER BY {', '.join('t.' + part for part in ORDER.split(', '))} LIMIT %(depth)s)"
        for n, where in GROUPS
    ]


def _queues(shape: Shape) -> str:
    """Count the queue of every service in which the actor has work.

    One count for each reach, of which CASE runs one: an OR of them could use no index.
    """
    rows = [
        f"(%(service_{n})s::uuid, %(roles_{n})s::text[], %(reach_{n})s::text)"
        for n in range(shape.services)
    ]
    listed = f"(VALUES {', '.join(rows)})" if rows else "(SELECT NULL::uuid, NULL::text[], '')"
    others = "OR true" if shape.many or shape.few else ""
    counts = " ".join(
        f"WHEN {'' if is_own else 'NOT '}q.is_own AND q.reach = '{reach}' THEN {_count(parts)}"
        for reach in Reach
        for is_own in (True, False)
        if (parts := queue_scopes(shape, reach, is_own=is_own, service="q.id", roles="q.roles"))
    )
    return f"""(
    SELECT coalesce(json_agg(
        json_build_array(q.id, q.name, CASE {counts} ELSE 0 END) ORDER BY q.name), '[]'::json)
    FROM (SELECT q.id, q.name, v.id IS NOT NULL AS is_own,
                 coalesce(v.roles, %(everywhere)s::text[]) AS roles,
                 coalesce(v.reach, %(reach_everywhere)s::text) AS reach
          FROM service q LEFT JOIN {listed} AS v(id, roles, reach) ON v.id = q.id
          WHERE q.tenant_id = %(tenant)s AND (v.id IS NOT NULL {others})) q)"""


def _count(parts: Iterable[Scope]) -> str:
    rows = " UNION ALL ".join(
        f"(SELECT 1 FROM {scope.source} t WHERE {scope.where} LIMIT {COUNTED})" for scope in parts
    )
    return f"(SELECT count(*) FROM (SELECT 1 FROM ({rows}) y LIMIT {COUNTED}) x)"


def _also(scope: Scope, condition: str) -> Scope:
    return replace(scope, where=f"{scope.where} AND {condition}")
