"""Taking, giving back, passing on and putting aside."""

import base64
from datetime import timedelta
from uuid import uuid4

import pytest
from office import Office
from people import give_role

from engine import user_tasks
from engine.errors import NotFound
from engine.models import Timer, UserTask
from workflows import keys
from workflows.access import conflicts
from workflows.access.reading import NotAllowed
from workflows.staff import absences, employment
from workflows.tasks import worklist
from workflows.tasks.worklist import NotForThem, SnoozedIntoThePast, SnoozedPastDue, UnknownQueue

HOUR = timedelta(hours=1)


def do(office: Office, login_name: str, verb, task_id, **more) -> UserTask:
    with office.as_(login_name) as (session, actor):
        return verb(session, task_id, actor=actor, now=office.now, **more)


def owner(office: Office, task_id):
    return office.task(task_id).actual_owner


def test_a_case_worker_takes_what_is_offered_and_gives_it_back(office):
    task_id = office.start()
    assert do(office, "dana", worklist.claim, task_id).actual_owner == str(office.dana)
    assert do(office, "dana", worklist.start, task_id).state == "in_progress"
    assert do(office, "dana", worklist.release, task_id).actual_owner is None


def test_the_second_to_claim_is_told_who_was_first(office):
    task_id = office.start()
    do(office, "priya", worklist.claim, task_id)
    with pytest.raises(user_tasks.AlreadyClaimed) as refused:
        do(office, "dana", worklist.claim, task_id)
    assert refused.value.extra["by"] == str(office.priya)


@pytest.mark.parametrize(
    "verb", [worklist.claim, worklist.start, worklist.release], ids=lambda verb: verb.__name__
)
def test_what_may_not_be_seen_cannot_be_touched(office, verb):
    task_id = office.start()
    for somebody in ("amina", "vic", "owner", "auditor"):
        with pytest.raises(NotFound):
            do(office, somebody, verb, task_id)
    with pytest.raises(NotFound):
        do(office, "dana", verb, uuid4())


def test_a_leader_sees_the_work_and_does_not_claim_it(office):
    task_id = office.start()
    with pytest.raises(user_tasks.NotPotentialOwner):
        do(office, "femi", worklist.claim, task_id)
    with pytest.raises(user_tasks.NotPotentialOwner):
        do(office, "femi", worklist.start, task_id)


def test_nobody_gives_back_a_colleagues_task_but_whoever_leads_them(office):
    task_id = office.start()
    do(office, "priya", worklist.claim, task_id)
    with pytest.raises(user_tasks.NotActualOwner):
        do(office, "dana", worklist.release, task_id)
    assert do(office, "femi", worklist.release, task_id).actual_owner is None


def test_ones_own_task_goes_to_a_colleague_and_keeps_its_clock(office):
    task_id = office.start()
    due = office.task(task_id).due_at
    do(office, "dana", worklist.claim, task_id)
    office.clock.advance(HOUR)
    do(office, "dana", worklist.delegate, task_id, to=office.priya)
    task = office.task(task_id)
    assert (task.actual_owner, task.due_at) == (str(office.priya), due)


def test_what_nobody_has_is_given_by_those_it_is_offered_to_or_who_lead_them(office):
    first, second = office.start(), office.start()
    do(office, "dana", worklist.delegate, first, to=office.priya)
    do(office, "femi", worklist.delegate, second, to=office.priya)
    assert owner(office, first) == owner(office, second) == str(office.priya)


def test_a_colleagues_task_is_not_given_away(office):
    task_id = office.start()
    do(office, "priya", worklist.claim, task_id)
    with pytest.raises(user_tasks.NotActualOwner):
        do(office, "dana", worklist.delegate, task_id, to=office.dana)
    do(office, "femi", worklist.delegate, task_id, to=office.dana)
    assert owner(office, task_id) == str(office.dana)


def test_it_goes_to_nobody_who_may_not_do_it(office):
    task_id = office.start(author=str(office.priya))
    for login_name in ("amina", "femi", "priya", "owner"):
        with pytest.raises(NotForThem):
            do(office, "femi", worklist.delegate, task_id, to=office.org.staff[login_name])


def test_it_goes_to_nobody_who_is_away_or_has_a_conflict(office):
    task_id = office.start()
    with office.org.work() as session:
        absences.start_absence(
            session, office.priya, office.now - HOUR, by="system", now=office.now
        )
    with pytest.raises(NotForThem):
        do(office, "femi", worklist.delegate, task_id, to=office.priya)
    with office.org.work() as session:
        case_id = office.task(task_id).business_key
        conflicts.declare(session, office.dana, case_id=case_id, by="system", now=office.now)
    with pytest.raises(NotForThem):
        do(office, "femi", worklist.delegate, task_id, to=office.dana)


def test_a_task_is_offered_to_another_role(office):
    task_id = office.start()
    do(office, "dana", worklist.claim, task_id)
    task = do(office, "dana", worklist.forward, task_id, to=["team_leader", "duty_manager"])
    assert (task.potential_owners, task.actual_owner) == (["team_leader", "duty_manager"], None)
    with pytest.raises(NotFound):
        do(office, "dana", worklist.claim, task_id)


@pytest.mark.parametrize("to", [[], ["emperor"], ["team_leader", "emperor"]])
def test_it_is_offered_to_roles_that_exist(office, to):
    task_id = office.start()
    with pytest.raises(UnknownQueue):
        do(office, "dana", worklist.forward, task_id, to=to)


def test_a_task_is_put_aside_and_fetched_back(office):
    task_id = office.start()
    do(office, "dana", worklist.claim, task_id)
    until = office.now + HOUR
    assert do(office, "dana", worklist.snooze, task_id, until=until).follow_up_at == until
    assert do(office, "dana", worklist.snooze, task_id, until=None).follow_up_at is None
    assert do(office, "femi", worklist.snooze, task_id, until=until).follow_up_at == until
    with pytest.raises(user_tasks.NotActualOwner):
        do(office, "priya", worklist.snooze, task_id, until=until)
    with pytest.raises(SnoozedIntoThePast):
        do(office, "dana", worklist.snooze, task_id, until=office.now)


@pytest.mark.parametrize("columns", [{"risk_rank": 3}, {"safety_critical": True}])
def test_a_high_risk_task_is_not_put_aside_beyond_its_due_time(office, columns):
    task_id = office.start()
    with office.org.work() as session:
        task = session.get_one(UserTask, task_id)
        for name, value in columns.items():
            setattr(task, name, value)
        due = task.due_at
    do(office, "dana", worklist.snooze, task_id, until=due)
    with pytest.raises(SnoozedPastDue) as refused:
        do(office, "dana", worklist.snooze, task_id, until=due + timedelta(minutes=1))
    assert refused.value.extra == {"due_at": due}


def test_whoever_leads_the_work_changes_when_it_is_due_and_says_why(office):
    task_id = office.start()
    later = office.now + 9 * HOUR
    with pytest.raises(NotAllowed):
        do(office, "dana", worklist.set_due, task_id, due_at=later, reason="She is at work.")
    with pytest.raises(user_tasks.ReasonMissing):
        do(office, "femi", worklist.set_due, task_id, due_at=later, reason="  ")
    do(office, "femi", worklist.set_due, task_id, due_at=later, reason="She is at work.")
    with office.org.work() as session:
        assert session.get_one(UserTask, task_id).due_at == later
        assert session.get_one(Timer, task_id).due_at == later


def test_the_reason_is_sealed_in_the_history(office):
    task_id = office.start()
    later = office.now + 9 * HOUR
    do(office, "femi", worklist.set_due, task_id, due_at=later, reason="Mrs Pryce is at work.")
    task = office.task(task_id)
    (line,) = [line for line in office.lines(task.instance_id) if "reason" in line]
    assert "Pryce" not in str(line)
    with office.org.work() as session:
        sealed = base64.b64decode(line["reason"])
        place = (task.tenant_id, "history_event", task.id, "reason", sealed)
        assert keys.decrypt(session, task.business_key, *place) == "Mrs Pryce is at work."


def test_of_many_each_is_answered_for_itself(office):
    mine, theirs, done, hidden = (office.start() for _ in range(4))
    do(office, "priya", worklist.claim, theirs)
    office.complete("priya", done, {"level": "low"})
    with office.org.work() as session:
        case_id = session.get_one(UserTask, hidden).business_key
        conflicts.declare(session, office.dana, case_id=case_id, by="system", now=office.now)
    with office.as_("dana") as (session, actor):
        outcomes = worklist.each(
            session,
            [mine, theirs, done, hidden, mine],
            lambda task_id: worklist.claim(session, task_id, actor=actor, now=office.now),
        )
    said = {outcome.task_id: type(outcome.refusal) for outcome in outcomes}
    assert said == {
        mine: type(None),
        theirs: user_tasks.AlreadyClaimed,
        done: user_tasks.UserTaskNotOpen,
        hidden: user_tasks.UserTaskNotFound,
    }
    assert [owner(office, task_id) for task_id in (mine, theirs)] == [
        str(office.dana),
        str(office.priya),
    ]


def test_a_role_that_was_taken_away_is_gone_at_the_next_request(office):
    task_id = office.start()
    with office.org.work() as session:
        give_role(session, office.org, office.amina, "case_worker", "support")
    do(office, "amina", worklist.claim, task_id)
    do(office, "amina", worklist.release, task_id)
    with office.org.work() as session:
        employment.revoke(
            session,
            office.amina,
            "case_worker",
            service_id=office.org.services["support"],
            by="system",
            now=office.now,
        )
    with pytest.raises(NotFound):
        do(office, "amina", worklist.claim, task_id)
