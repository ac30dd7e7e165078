"""The policy written out once says what the policy says."""

from datetime import timedelta

import pytest
from factories import make_case, make_task
from office import Office
from people import give_role
from sqlalchemy import select

from engine.models import UserTask
from engine.user_tasks import UserTaskNotFound
from workflows.access.policy import visible_tasks
from workflows.cases.models import Case
from workflows.staff import employment, rota
from workflows.staff.models import Position
from workflows.tasks.seeing import lock_visible

ROLES = ["case_worker", "team_leader", "safeguarding_lead", "contact_handler", "duty_manager"]


def seen(office: Office, login_name: str, task_id) -> bool:
    with office.as_(login_name) as (session, actor):
        try:
            return lock_visible(session, actor, task_id, now=office.now).id == task_id
        except UserTaskNotFound:
            return False


def test_everybody_gets_exactly_the_tasks_of_the_policy(office):
    with office.org.work() as session:
        sealed = make_case(session, office.org, sealed=True)
        tasks = [
            make_task(
                session,
                office.org,
                service,
                potential_owners=[role],
                actual_owner=owner,
                business_key=key,
            )
            for service in ("support", "helpline")
            for role in ROLES
            for owner in (None, str(office.dana))
            for key in (None, sealed)
        ]
    for login_name in ("dana", "amina", "chidi", "femi", "dsl", "mara", "owner", "auditor"):
        with office.as_(login_name) as (session, actor):
            wanted = set(
                session.scalars(select(UserTask.id).where(visible_tasks(actor, office.now)))
            )
        assert {task_id for task_id in tasks if seen(office, login_name, task_id)} == wanted


def test_what_is_written_out_follows_roles_and_duties_at_once(office):
    with office.org.work() as session:
        grade = make_task(session, office.org)
        duty = make_task(session, office.org, "helpline", potential_owners=["duty_manager"])
    assert not seen(office, "amina", grade)
    with office.org.work() as session:
        give_role(session, office.org, office.amina, "case_worker", "support")
    assert seen(office, "amina", grade)
    with office.org.work() as session:
        employment.revoke(
            session,
            office.amina,
            "case_worker",
            service_id=office.org.services["support"],
            by="system",
            now=office.now,
        )
    assert not seen(office, "amina", grade)

    hour = timedelta(hours=1)
    with office.org.work() as session:
        give_role(session, office.org, office.amina, "team_leader", "helpline")
        rota.put_on_rota(
            session,
            office.org.services["helpline"],
            Position.DUTY_MANAGER,
            office.amina,
            office.now,
            office.now + hour,
            by="system",
            now=office.now,
        )
        employment.revoke(
            session,
            office.amina,
            "team_leader",
            service_id=office.org.services["helpline"],
            by="system",
            now=office.now,
        )
    assert seen(office, "amina", duty)
    office.clock.advance(hour)
    assert not seen(office, "amina", duty)


@pytest.mark.parametrize("login_name", ["dana", "dsl"])
def test_a_case_that_is_sealed_later_is_gone_at_once(office, login_name):
    with office.org.work() as session:
        case_id = make_case(session, office.org)
        roles = ["case_worker", "safeguarding_lead"]
        task_id = make_task(session, office.org, potential_owners=roles, business_key=case_id)
    assert seen(office, login_name, task_id)
    with office.org.work() as session:
        session.get_one(Case, case_id).sealed = True
    assert not seen(office, login_name, task_id)
