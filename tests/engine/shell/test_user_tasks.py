"""What people do to tasks, and what they are told when they may not."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from desk import Desk
from diagrams import diagram, end, process, start, user
from sqlalchemy import select

from engine import user_tasks
from engine.models import Timer, UserTask
from engine.states import TimerKind, UserTaskState
from engine.user_tasks import (
    AlreadyClaimed,
    ExcludedOwner,
    NotActualOwner,
    NotPotentialOwner,
    ReasonMissing,
    UserTaskNotFound,
    UserTaskNotOpen,
)

REVIEW = diagram(
    process(
        start("begin"),
        user(
            "review",
            name="Review the grade",
            potentialOwners="contact_handler, team_leader",
            excludedOwners="[author_id]",
            dueAt='"PT4H"',
            priority="1",
        ),
        user("file", assignee="author_id"),
        end("done"),
        flows="begin > review > file > done",
    )
)


@pytest.fixture
def task_id(desk: Desk) -> UUID:
    desk.publish({"p.bpmn": REVIEW})
    return desk.task(desk.start(variables={"author_id": "dana"}))


@pytest.fixture
def act(desk: Desk, task_id: UUID) -> Callable[..., UserTask]:
    def acting(verb: Callable[..., Any], *, by: str = "amina", **options: Any) -> UserTask:
        with desk.work() as session:
            task: UserTask = verb(session, task_id, by=by, now=desk.now, **options)
            return task

    return acting


Act = Callable[..., UserTask]


def lines(desk: Desk, task_id: UUID) -> list[tuple[str, str | None]]:
    with desk.work() as session:
        instance_id = user_tasks.get(session, task_id).instance_id
    assert instance_id is not None
    return [line[1:] for line in desk.lines(instance_id) if line[0] == "Review the grade"][1:]


def test_a_task_is_offered_as_drawn(desk: Desk, task_id: UUID) -> None:
    with desk.work() as session:
        task = user_tasks.get(session, task_id)
    assert task.potential_owners == ["contact_handler", "team_leader"]
    assert (task.excluded_owners, task.priority) == (["dana"], 1)
    assert (task.state, task.due_at) == (UserTaskState.READY, desk.now + timedelta(hours=4))


def test_amina_claims_and_ben_is_told_who_and_when(desk: Desk, act: Act) -> None:
    claimed = act(user_tasks.claim)
    assert (claimed.actual_owner, claimed.state) == ("amina", UserTaskState.RESERVED)
    assert act(user_tasks.claim).claimed_at == desk.now  # again: nothing changes
    with pytest.raises(AlreadyClaimed) as refused:
        act(user_tasks.claim, by="ben")
    assert refused.value.extra == {"by": "amina", "at": desk.now}
    assert refused.value.status == 409


def test_ben_cannot_complete_what_amina_claimed(desk: Desk, task_id: UUID, act: Act) -> None:
    act(user_tasks.claim)
    with pytest.raises(NotActualOwner) as refused:
        desk.complete(task_id, by="ben")
    assert (refused.value.status, refused.value.extra["by"]) == (403, "amina")


def test_completing_an_unclaimed_task_claims_it(desk: Desk, task_id: UUID) -> None:
    desk.complete(task_id, by="ben")
    with desk.work() as session:
        task = user_tasks.get(session, task_id)
    assert (task.actual_owner, task.completed_by) == ("ben", "ben")
    assert lines(desk, task_id) == [("complete", "ben")]


def test_whoever_is_late_is_told_who_and_when(desk: Desk, task_id: UUID, act: Act) -> None:
    desk.complete(task_id)
    then = desk.now
    desk.clock.advance(timedelta(minutes=5))
    for late in (
        lambda: desk.complete(task_id, by="ben"),
        lambda: act(user_tasks.claim, by="ben"),
        lambda: act(user_tasks.release, by="amina"),
        lambda: act(user_tasks.delegate, to="ben"),
    ):
        with pytest.raises(UserTaskNotOpen) as refused:
            late()
        assert refused.value.extra == {"state": "completed", "by": "amina", "at": then}


def test_dana_cannot_review_her_own_grade(desk: Desk, task_id: UUID, act: Act) -> None:
    for attempt in (
        lambda: act(user_tasks.claim, by="dana"),
        lambda: desk.complete(task_id, by="dana"),
        lambda: act(user_tasks.delegate, to="dana", by="chidi"),
    ):
        with pytest.raises(ExcludedOwner) as refused:
            attempt()
        assert refused.value.status == 403


def test_a_role_is_needed_where_roles_are_given(desk: Desk, act: Act) -> None:
    with pytest.raises(NotPotentialOwner):
        act(user_tasks.claim, roles={"analyst"})
    assert act(user_tasks.claim, roles={"team_leader"}).actual_owner == "amina"


def test_release_gives_the_task_back(desk: Desk, task_id: UUID, act: Act) -> None:
    assert act(user_tasks.release).state == UserTaskState.READY  # nobody has it: nothing to do
    act(user_tasks.claim)
    with pytest.raises(NotActualOwner):
        act(user_tasks.release, by="ben")
    assert act(user_tasks.release).actual_owner is None
    act(user_tasks.claim, by="ben")
    assert act(user_tasks.release, by="chidi", overrule=True).actual_owner is None
    assert [line[0] for line in lines(desk, task_id)] == [
        "assign",
        "reassign",
        "assign",
        "reassign",
    ]


def test_delegating_moves_the_task_and_not_its_clock(desk: Desk, act: Act) -> None:
    due = act(user_tasks.claim).due_at
    moved = act(user_tasks.delegate, to="ben", by="chidi")
    assert (moved.actual_owner, moved.state, moved.due_at) == ("ben", "reserved", due)


def test_forwarding_offers_the_task_to_others(desk: Desk, act: Act) -> None:
    act(user_tasks.claim)
    moved = act(user_tasks.forward, to=["safeguarding_lead"], team="north")
    assert (moved.potential_owners, moved.team) == (["safeguarding_lead"], "north")
    assert (moved.actual_owner, moved.state) == (None, UserTaskState.READY)


def test_beginning_says_so_and_claims(desk: Desk, task_id: UUID, act: Act) -> None:
    assert act(user_tasks.start).state == UserTaskState.IN_PROGRESS
    with pytest.raises(NotActualOwner):
        act(user_tasks.start, by="ben")
    desk.complete(task_id)
    assert lines(desk, task_id) == [("assign", "amina"), ("start", "amina"), ("complete", "amina")]


def test_a_task_put_aside_keeps_its_due_time(desk: Desk, act: Act) -> None:
    tomorrow = desk.now + timedelta(days=1)
    put_aside = act(user_tasks.set_follow_up, follow_up_at=tomorrow)
    assert put_aside.follow_up_at == tomorrow
    assert put_aside.due_at == desk.now + timedelta(hours=4)
    assert act(user_tasks.set_follow_up, follow_up_at=None).follow_up_at is None


def test_a_new_due_time_moves_its_timer_and_needs_a_reason(
    desk: Desk, task_id: UUID, act: Act
) -> None:
    def due() -> list[Any]:
        with desk.work() as session:
            rows = select(Timer.due_at).where(Timer.kind == TimerKind.OVERDUE)
            return list(session.scalars(rows))

    assert due() == [desk.now + timedelta(hours=4)]
    tomorrow = desk.now + timedelta(days=1)
    with pytest.raises(ReasonMissing):
        act(user_tasks.set_due, due_at=tomorrow, reason=" ")
    act(user_tasks.set_due, due_at=tomorrow, reason="Client is in hospital", by="chidi")
    assert due() == [tomorrow]
    act(user_tasks.set_due, due_at=None, reason="No deadline any more", by="chidi")
    assert due() == []
    act(user_tasks.set_due, due_at=tomorrow, reason="A deadline after all", by="chidi")
    assert due() == [tomorrow]
    desk.complete(task_id)
    assert due() == []
    assert desk.is_consistent()


def test_a_priority_is_changed_with_a_reason(desk: Desk, act: Act) -> None:
    assert act(user_tasks.set_priority, priority=0, reason="She rang twice").priority == 0
    with pytest.raises(ReasonMissing):
        act(user_tasks.set_priority, priority=3, reason="")
    with pytest.raises(ValueError, match="0 to 3"):
        act(user_tasks.set_priority, priority=4, reason="x")


def test_an_assigned_task_is_reserved_from_the_beginning(desk: Desk, task_id: UUID) -> None:
    desk.complete(task_id)
    [filing] = desk.open_tasks()
    assert (filing.actual_owner, filing.state, filing.claimed_at) == ("dana", "reserved", desk.now)
    desk.complete(filing.id, by="dana")


def test_a_task_that_does_not_exist_is_not_found(desk: Desk, task_id: UUID) -> None:
    for verb in (user_tasks.get, user_tasks.lock):
        with pytest.raises(UserTaskNotFound), desk.work() as session:
            verb(session, uuid4())


def test_an_object_read_before_shows_what_has_become_of_it(desk: Desk, task_id: UUID) -> None:
    with desk.work() as session:
        task = user_tasks.get(session, task_id)
        user_tasks.complete(session, task_id, {}, by="amina", now=desk.now)
        assert (task.state, task.is_open) == (UserTaskState.COMPLETED, False)
