"""What watches over somebody's safety is never stopped silently, whoever suspends what."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from house import House
from sqlalchemy import select
from sqlalchemy.orm import Session
from stories import AMARA, READ

from engine import releases
from engine.errors import NotFound
from engine.living import repairing, suspending
from engine.models import Incident, ProcessInstance, UserTask
from workflows.access import conflicts
from workflows.access.actor import Actor, actor_for
from workflows.access.reading import NotAllowed
from workflows.incidents import operating
from workflows.living import acts, migrating, seeing
from workflows.safeguarding import concerns

HOUR = timedelta(hours=1)
WATCHING = ("safeguarding_escalation", "manager_alert", "task_overdue", "break_glass")


@contextmanager
def as_(house: House, who: str) -> Iterator[tuple[Session, dict[str, Any]]]:
    with house.org.work() as session:
        actor = actor_for(session, house.org.staff[who], house.now)
        yield session, {"actor": actor, "now": house.now}


def running(house: House, process_id: str) -> UUID:
    with house.org.work() as session:
        wanted = select(ProcessInstance.id).where(
            ProcessInstance.process_id == process_id, ProcessInstance.ended_at.is_(None)
        )
        return session.scalars(wanted).one()


@pytest.fixture
def first_contact(house: House) -> UUID:
    """Amara's first contact, high risk, waiting for somebody to try."""
    house.receive(answers=AMARA)
    house.do("ines", "task_read_written", READ)
    house.do("ines", "task_choose_route", {"route": "victim_support"})
    house.travel(HOUR + timedelta(minutes=5))
    return running(house, "first_contact")


def suspend(house: House, instance_id: UUID, who: str = "femi") -> None:
    with as_(house, who) as (session, acting):
        acts.suspend(session, instance_id, "A pause", house.now + HOUR, **acting)


def test_the_processes_that_watch_say_so(house: House) -> None:
    with house.org.work() as session:
        release = releases.effective(session, house.org.tenant_id, house.now)
        for process_id in WATCHING:
            assert suspending.is_never_suspended(session, release.id, process_id), process_id


def test_a_concern_is_raised_and_escalated_while_the_case_is_suspended(
    house: House, first_contact: UUID
) -> None:
    suspend(house, first_contact)
    with house.org.work() as session:
        case_id = session.get_one(ProcessInstance, first_contact).business_key
    concern(house, case_id)
    escalation = running(house, "safeguarding_escalation")
    assert {t.state for t in house.open_tasks() if t.instance_id == escalation} == {"ready"}
    with pytest.raises(suspending.NeverSuspended):
        suspend(house, escalation, "dsl")


def concern(house: House, case_id: UUID | None) -> None:
    """Raise a concern about the case as a page does."""
    with house.org.work() as session:
        concerns.raise_concern(
            session,
            case_id=case_id,
            contact_id=None,
            given={
                "at_risk": "child",
                "verbatim_words": "He knows where she is",
                "danger_now": "no",
                "about_staff": "no",
            },
            by=str(house.org.ines),
            now=house.now,
        )
    house.drain()


def test_late_work_is_told_of_while_its_process_is_suspended(
    house: House, first_contact: UUID
) -> None:
    suspend(house, first_contact)
    due = house.task("task_attempt").due_at
    assert due is not None
    house.travel(due + timedelta(minutes=1))
    with house.org.work() as session:
        told = session.scalars(
            select(ProcessInstance).where(ProcessInstance.process_id == "task_overdue")
        ).all()
    assert told


def test_high_risk_comes_back_as_an_incident_within_hours(
    house: House, first_contact: UUID
) -> None:
    with pytest.raises(suspending.ReviewTimeRefused), as_(house, "femi") as (session, acting):
        acts.suspend(session, first_contact, "A pause", house.now + 5 * HOUR, **acting)
    suspend(house, first_contact)
    house.travel(HOUR)
    with house.org.work() as session:
        [incident] = session.scalars(select(Incident))
    assert (incident.error, incident.service_id) == (
        "StillSuspended",
        house.org.services["support"],
    )


def test_who_keeps_the_system_running_ends_nothing_that_watches(
    house: House, first_contact: UUID
) -> None:
    with house.org.work() as session:
        case_id = session.get_one(ProcessInstance, first_contact).business_key
    concern(house, case_id)
    escalation = running(house, "safeguarding_escalation")
    with house.org.work() as session:
        stands = repairing.standing(session, escalation)[0].token_id
    for act in (
        lambda s, a: acts.cancel(s, escalation, "x", **a),
        lambda s, a: acts.skip(s, escalation, stands, {}, "x", **a),
        lambda s, a: acts.move(s, escalation, stands, "end_done", "x", **a),
        lambda s, a: acts.correct(s, escalation, {"route": "none"}, "x", **a),
    ):
        with pytest.raises(NotAllowed), as_(house, "admin") as (session, acting):
            act(session, acting)


def test_nor_by_way_of_an_incident(house: House, first_contact: UUID) -> None:
    with house.org.work() as session:
        case_id = session.get_one(ProcessInstance, first_contact).business_key
    concern(house, case_id)
    escalation = running(house, "safeguarding_escalation")
    incident_id = uuid4()
    with house.org.work() as session:
        instance = session.get_one(ProcessInstance, escalation)
        session.add(
            Incident(
                id=incident_id,
                tenant_id=instance.tenant_id,
                service_id=instance.service_id,
                business_key=instance.business_key,
                instance_id=escalation,
                element_id="service_routes",
                error="OSError",
                cause="",
                created_at=house.now,
            )
        )
    for act in (operating.cancel, operating.skip):
        with (
            pytest.raises(operating.WatchesOverSafety),
            as_(house, "admin") as (session, acting),
        ):
            act(session, incident_id, "x", **acting)
    with house.org.work() as session:
        assert session.get_one(Incident, incident_id).state == "open"
        assert session.get_one(ProcessInstance, escalation).status == "active"


@pytest.mark.parametrize("who", ["dana", "ines", "amina", "owner", "ana", "rev", "tess"])
def test_who_only_does_the_work_sees_no_instance_here(
    house: House, first_contact: UUID, who: str
) -> None:
    with pytest.raises(NotFound), as_(house, who) as (session, acting):
        seeing.find(session, acting["actor"], first_contact, house.now)


def test_a_conflict_closes_it_to_who_leads_as_well(house: House, first_contact: UUID) -> None:
    with house.org.work() as session:
        case_id = session.get_one(ProcessInstance, first_contact).business_key
        conflicts.declare(session, house.org.femi, case_id=case_id, by="system", now=house.now)
    with pytest.raises(NotFound), as_(house, "femi") as (session, acting):
        acts.suspend(session, first_contact, "A pause", house.now + HOUR, **acting)


def test_work_is_done_and_recorded_under_the_name_of_who_did_it(
    house: House, first_contact: UUID
) -> None:
    suspend(house, first_contact)
    with as_(house, "femi") as (session, acting):
        acts.resume(session, first_contact, "On again", **acting)
    with house.org.work() as session:
        states = session.scalars(
            select(UserTask.state).where(
                UserTask.instance_id == first_contact, UserTask.completed_at.is_(None)
            )
        ).all()
    assert states == ["ready"]


def may(house: House, who: str) -> bool:
    with house.org.work() as session:
        actor: Actor = actor_for(session, house.org.staff[who], house.now)
        return migrating.may_migrate(actor)


def test_who_answers_for_the_diagrams_moves_instances(house: House) -> None:
    allowed = {who for who in house.org.staff if may(house, who)}
    assert allowed == {"owner", "owner2", "mara"}
