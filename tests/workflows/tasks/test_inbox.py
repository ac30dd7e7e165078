"""What somebody has to do, in the order in which it matters."""

import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from factories import make_case, make_contact, make_task
from people import Organisation, give_role, make_oak
from sqlalchemy import and_, or_, select

from engine.models import UserTask
from workflows.access import conflicts
from workflows.access.actor import actor_for
from workflows.access.policy import led_by, offered_to, visible_tasks
from workflows.cases.models import Case
from workflows.staff import rota
from workflows.staff.models import Position
from workflows.tasks.filters import NO_FILTERS, NOBODY, Filters, UnknownFilter
from workflows.tasks.inbox import Count, Group, Inbox, View, inbox

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EVERYBODY = (
    "amina ben chidi dana priya femi ines vic sol hana dsl rev ana iggy mara owner owner2 auditor "
    "admin tess"
).split()


def opened(org: Organisation, login_name: str, view: View = View.MINE, **more: Any) -> Inbox:
    with org.work() as session:
        actor = actor_for(session, org.staff[login_name], org.now)
        return inbox(session, actor, view, **{"now": org.now} | more)


def names(page: Inbox) -> list[str]:
    return [row.name for row in page.rows]


def task(org: Organisation, name: str, **columns: Any) -> UUID:
    with org.work() as session:
        return make_task(session, org, name=name, **columns)


def mine(org: Organisation, name: str, **columns: Any) -> UUID:
    return task(org, name, actual_owner=str(org.dana), state="reserved", **columns)


def test_groups_come_in_order_and_risk_before_lateness_inside(ark):
    now = ark.now
    mine(ark, "later, low", due_at=now + 3 * DAY, risk_rank=1)
    mine(ark, "no date", risk_rank=3)
    mine(ark, "today, low", due_at=now + HOUR, risk_rank=1)
    mine(ark, "today, high", due_at=now + 5 * HOUR, risk_rank=3)
    mine(ark, "call", due_at=now + HOUR, form_id="contact_attempt")
    mine(ark, "late, low", due_at=now - 5 * HOUR, risk_rank=1)
    mine(ark, "late, high", due_at=now - HOUR, risk_rank=3)
    mine(ark, "later, high", due_at=now - HOUR + 5 * DAY, risk_rank=3)
    mine(ark, "late call", due_at=now - HOUR, form_id="contact_attempt", risk_rank=2)
    page = opened(ark, "dana")
    assert [(group, [row.name for row in rows]) for group, rows in page.grouped()] == [
        (Group.OVERDUE, ["late, high", "late call", "late, low"]),
        (Group.CALLABLE, ["call"]),
        (Group.TODAY, ["today, high", "today, low"]),
        (Group.LATER, ["later, high", "no date", "later, low"]),
    ]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"due_at": -40, "risk_rank": 3}, "High risk, 40 min overdue"),
        ({"due_at": -60 * 24 * 3, "risk_rank": 1}, "3 d overdue"),
        ({"due_at": 115, "form_id": "contact_attempt"}, "Window open until 12:00"),
        ({"due_at": 60, "risk_rank": 2}, "Medium risk, due 11:05"),
        ({"due_at": 60 * 24 * 3, "risk_rank": 1}, "Due 17 January"),
        ({"due_at": -5, "risk_rank": 4}, "Danger now, 5 min overdue"),
        ({"due_at": -5, "safety_critical": True}, "Safety, 5 min overdue"),
        ({"created_at": -60 * 30}, "Waiting 30 h"),
    ],
)
def test_each_row_says_why_it_stands_there(ark, columns, said):
    moments = {k: ark.now + timedelta(minutes=v) for k, v in columns.items() if k.endswith("_at")}
    mine(ark, "x", **columns | moments)
    assert opened(ark, "dana").rows[0].why == said


def test_today_ends_at_midnight_where_the_service_is(ark, clock):
    clock.travel_to(datetime.fromisoformat("2027-07-01T22:30:00Z"))  # 23:30 in London
    mine(ark, "tonight", due_at=clock.now() + timedelta(minutes=29))
    mine(ark, "tomorrow", due_at=clock.now() + timedelta(minutes=31))
    page = opened(ark, "dana", now=clock.now())
    assert [row.group for row in page.rows] == [Group.TODAY, Group.LATER]


def test_unclaimed_is_what_is_offered_to_ones_roles_in_ones_services(ark):
    task(ark, "for me")
    task(ark, "claimed", actual_owner=str(ark.priya))
    task(ark, "another role", potential_owners=["team_leader"])
    task(ark, "another service", service="helpline")
    task(ark, "not by me", excluded_owners=[str(ark.dana)])
    task(ark, "of no service", service_id=None)
    assert sorted(names(opened(ark, "dana", View.UNCLAIMED))) == ["for me", "of no service"]


def test_a_duty_is_offered_while_it_lasts_and_then_to_who_stands_in(ark):
    task(ark, "page the duty", potential_owners=["duty_manager"], service="helpline")
    assert names(opened(ark, "chidi", View.UNCLAIMED)) == ["page the duty"]
    with ark.work() as session:
        give_role(session, ark, ark.ben, "team_leader", "helpline")
        rota.put_on_rota(
            session,
            ark.services["helpline"],
            Position.DUTY_MANAGER,
            ark.ben,
            ark.now - HOUR,
            ark.now + HOUR,
            by="system",
            now=ark.now,
        )
    assert names(opened(ark, "ben", View.UNCLAIMED)) == ["page the duty"]
    assert names(opened(ark, "chidi", View.UNCLAIMED)) == []


def test_a_role_in_every_service_is_offered_work_in_every_service(ark):
    for service in ark.services:
        task(ark, service, service=service, potential_owners=["safeguarding_lead"])
    assert sorted(names(opened(ark, "dsl", View.UNCLAIMED))) == sorted(ark.services)


def test_overdue_is_mine_and_what_is_offered(ark):
    late = {"due_at": ark.now - HOUR}
    mine(ark, "mine", **late)
    mine(ark, "not yet", due_at=ark.now + HOUR)
    task(ark, "offered", **late)
    task(ark, "priya's", actual_owner=str(ark.priya), **late)
    assert sorted(names(opened(ark, "dana", View.OVERDUE))) == ["mine", "offered"]


def test_calls_are_those_of_today(ark):
    call = {"form_id": "contact_attempt"}
    mine(ark, "mine", due_at=ark.now + HOUR, **call)
    task(ark, "offered", due_at=ark.now - HOUR, **call)
    mine(ark, "tomorrow", due_at=ark.now + DAY, **call)
    mine(ark, "no call", due_at=ark.now + HOUR)
    assert names(opened(ark, "dana", View.CALLS)) == ["offered", "mine"]


def test_what_is_put_aside_is_out_of_sight_until_then_or_until_it_is_due(ark):
    mine(ark, "aside", follow_up_at=ark.now + HOUR)
    mine(ark, "aside and late", follow_up_at=ark.now + HOUR, due_at=ark.now - HOUR)
    mine(ark, "back", follow_up_at=ark.now - HOUR)
    assert names(opened(ark, "dana")) == ["aside and late", "back"]
    assert names(opened(ark, "dana", View.SNOOZED)) == ["aside"]


def test_done_today_is_what_i_did_since_midnight_newest_first(ark):
    for name, hours, by in (("first", 2, "dana"), ("last", 1, "dana"), ("hers", 1, "priya")):
        at = ark.now - hours * HOUR
        task(ark, name, completed_at=at, completed_by=str(ark.staff[by]), state="completed")
    task(ark, "yesterday", completed_at=ark.now - DAY, completed_by=str(ark.dana))
    page = opened(ark, "dana", View.DONE)
    assert names(page) == ["last", "first"]
    assert page.rows[0].why == "Done 09:05"


def test_the_queue_of_a_service_shows_who_has_what(ark):
    task(ark, "free")
    task(ark, "hers", actual_owner=str(ark.priya))
    task(ark, "for leaders", potential_owners=["team_leader"])
    task(ark, "elsewhere", service="helpline", potential_owners=["case_worker"])
    queue = {"queue": ark.services["support"]}
    seen = opened(ark, "dana", View.QUEUE, **queue)
    assert {row.name: row.owner_name for row in seen.rows} == {"free": None, "hers": "Priya Shah"}
    led = opened(ark, "femi", View.QUEUE, **queue)
    assert sorted(names(led)) == ["for leaders", "free", "hers"]
    assert [(q.name, q.count) for q in led.queues] == [("Support", 3)]


def test_rows_carry_the_number_of_the_case_or_contact_and_the_service(ark):
    with ark.work() as session:
        case_id, contact_id = make_case(session, ark), make_contact(session, ark, "support")
        case_number = session.get_one(Case, case_id).case_number
    mine(ark, "case", business_key=case_id)
    mine(ark, "contact", business_key=contact_id)
    rows = {row.name: row for row in opened(ark, "dana").rows}
    assert rows["case"].reference == case_number
    assert rows["contact"].reference.startswith("R27-")
    assert (rows["case"].service_name, rows["case"].owner_name) == ("Support", "Dana Novak")


def test_what_a_wall_stands_before_is_neither_listed_nor_counted(ark):
    with ark.work() as session:
        case_id = make_case(session, ark)
        sealed = make_case(session, ark, sealed=True)
    for name, key in (("conflict", case_id), ("sealed", sealed)):
        mine(ark, name, business_key=key)
        task(ark, name, business_key=key, due_at=ark.now - HOUR)
    with ark.work() as session:
        conflicts.declare(session, ark.dana, case_id=case_id, by="system", now=ark.now)
    for view in (View.MINE, View.UNCLAIMED, View.OVERDUE):
        assert names(opened(ark, "dana", view)) == []
    page = opened(ark, "dana", View.QUEUE, queue=ark.services["support"])
    assert names(page) == []
    assert set(page.counts.values()) == {0}
    assert [queue.count for queue in page.queues] == [0]
    assert len(names(opened(ark, "priya", View.UNCLAIMED))) == 2  # also what dana gave back


def test_another_organisation_sees_nothing(ark, database):
    oak = make_oak(database, ark.now)
    task(ark, "ark's", service_id=None, potential_owners=["safeguarding_lead"])
    page = opened(oak, "kim", View.UNCLAIMED)
    assert (names(page), page.counts[View.UNCLAIMED]) == ([], 0)


def test_counts_are_those_of_the_lists_and_stop_at_99(ark):
    with ark.work() as session:
        for n in range(120):
            make_task(session, ark, name=f"t{n}", due_at=ark.now - HOUR)
        for n in range(3):
            make_task(session, ark, name=f"m{n}", actual_owner=str(ark.dana))
    page = opened(ark, "dana")
    assert page.counts == {
        View.MINE: 3,
        View.UNCLAIMED: 100,
        View.OVERDUE: 100,
        View.CALLS: 0,
        View.SNOOZED: 0,
        View.DONE: 0,
    }
    assert [str(page.counts[view]) for view in (View.MINE, View.UNCLAIMED)] == ["3", "99+"]
    assert str(Count(99)) == "99"


def test_pages_hold_fifty_and_follow_on(ark):
    with ark.work() as session:
        for n in range(120):
            make_task(session, ark, name=f"t{n:03}", due_at=ark.now + n * HOUR, risk_rank=1)
    pages = [opened(ark, "dana", View.UNCLAIMED, page=page) for page in (1, 2, 3, 4)]
    assert [len(page.rows) for page in pages] == [50, 50, 20, 0]
    assert [page.has_more for page in pages] == [True, True, False, False]
    assert [name for page in pages for name in names(page)] == [f"t{n:03}" for n in range(120)]


@pytest.mark.parametrize(
    ("filters", "left"),
    [
        ({"least_risk": "3"}, ["high"]),
        ({"due": "overdue"}, ["late"]),
        ({"due": "today"}, ["late", "high"]),
        ({"due": "none"}, ["plain"]),
        ({"due": "week"}, ["late", "high", "friday"]),
        ({"form_id": "grade"}, ["plain"]),
        ({"owner": NOBODY}, []),
        ({"waiting_days": "2"}, ["late"]),
        ({"least_risk": "1", "due": "overdue"}, ["late"]),
        ({"process_id": "nothing"}, []),
        ({"owner": ""}, ["late", "high", "friday", "plain"]),
    ],
)
def test_filters_narrow_the_list_and_not_the_counts(ark, filters, left):
    mine(ark, "late", due_at=ark.now - HOUR, risk_rank=1, created_at=ark.now - 3 * DAY)
    mine(ark, "high", due_at=ark.now + HOUR, risk_rank=3)
    mine(ark, "friday", due_at=ark.now + DAY)
    mine(ark, "plain", form_id="grade")
    page = opened(ark, "dana", filters=Filters.parse(filters))
    assert names(page) == left
    assert page.counts[View.MINE] == 4


@pytest.mark.parametrize(
    "given",
    [{"due": "never"}, {"service_id": "x"}, {"least_risk": "-1"}, {"waiting_days": "1e9"},
     {"team": "x" * 2000}, {"owner": "a\0b"}, {"least_risk": "٣"}],
)  # fmt: skip
def test_a_filter_that_is_none_is_refused(given):
    with pytest.raises(UnknownFilter):
        Filters.parse(given)


def test_filters_are_counted_and_strange_names_passed_over():
    assert Filters.parse({"page": "2", "view": "mine"}) == NO_FILTERS
    assert Filters.parse({"due": "today", "least_risk": "3"}).count == 2


def test_a_page_takes_two_statements(ark, statements):
    mine(ark, "x")
    with ark.work() as session:
        actor = actor_for(session, ark.dana, ark.now)
        for view in View:
            statements.clear()
            inbox(session, actor, view, now=ark.now, queue=ark.services["support"])
            assert len(statements) == 2


ROLES = ["case_worker", "team_leader", "safeguarding_lead", "contact_handler", "duty_manager",
         "service_manager", "auditor"]  # fmt: skip


def scattered(org: Organisation, dice: random.Random, keys: list[UUID | None]) -> None:
    """Make tasks of every kind."""
    people: list[str | None] = [str(org.staff[name]) for name in EVERYBODY]
    services = [*org.services.values(), None]
    with org.work() as session:
        for _ in range(250):
            closed = dice.random() < 0.1
            make_task(
                session,
                org,
                service_id=dice.choice(services),
                potential_owners=dice.sample(ROLES, dice.randint(1, 3)),
                excluded_owners=dice.sample(people, dice.randint(0, 2)),
                actual_owner=dice.choice([None, None, *people]),
                business_key=dice.choice(keys),
                risk_rank=dice.randint(0, 4),
                due_at=dice.choice([None, *(org.now + n * HOUR for n in (-30, -1, 2, 30))]),
                follow_up_at=dice.choice([None, None, org.now - HOUR, org.now + HOUR]),
                form_id=dice.choice([None, "contact_attempt", "grade"]),
                completed_at=org.now - HOUR if closed else None,
                completed_by=dice.choice(people) if closed else None,
            )


def every_id(pages: Iterable[Inbox]) -> list[UUID]:
    return [row.id for page in pages for row in page.rows]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_lists_are_those_of_the_policy(ark, seed):
    dice = random.Random(seed)
    with ark.work() as session:
        keys = [None, uuid4(), make_case(session, ark), make_case(session, ark, sealed=True)]
        conflicts.declare(session, ark.femi, case_id=keys[2], by="system", now=ark.now)
        give_role(session, ark, ark.amina, "case_worker", "support")
        give_role(session, ark, ark.rev, "team_leader")
    scattered(ark, dice, keys)
    awake = or_(
        UserTask.follow_up_at.is_(None),
        UserTask.follow_up_at <= ark.now,
        UserTask.due_at <= ark.now,
    )
    is_open = UserTask.completed_at.is_(None)
    here = UserTask.service_id == ark.services["support"]
    for name in EVERYBODY:
        with ark.work() as session:
            actor = actor_for(session, ark.staff[name], ark.now)
            seen = and_(is_open, visible_tasks(actor, ark.now))
            free = and_(UserTask.actual_owner.is_(None), offered_to(actor))
            expected = {
                View.MINE: and_(seen, awake, UserTask.actual_owner == actor.by),
                View.UNCLAIMED: and_(seen, awake, free),
                View.QUEUE: and_(seen, here, or_(offered_to(actor), led_by(actor))),
            }
            for view, condition in expected.items():
                pages = [
                    inbox(
                        session,
                        actor,
                        view,
                        page=page,
                        now=ark.now,
                        queue=ark.services["support"],
                    )
                    for page in range(1, 6)
                ]
                listed = every_id(pages)
                assert len(listed) == len(set(listed)), (name, view)
                wanted = set(session.scalars(select(UserTask.id).where(condition)))
                assert set(listed) == wanted, (name, view)
                if view is not View.QUEUE:
                    assert pages[0].counts[view] == min(len(wanted), 100)
