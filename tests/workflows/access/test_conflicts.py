"""Declaring a conflict closes the case in the same transaction (scenario S-05)."""

from uuid import UUID, uuid4

import pytest
from factories import make_case, make_contact, make_person, make_task
from people import Organisation, give_role
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from engine import history
from engine.errors import NotFound
from engine.models import MessageInbox, UserTask
from workflows.access import (
    NotAllowed,
    actor_for,
    conflicts,
    require_case,
    sealing,
    visible_cases,
    visible_tasks,
)
from workflows.access.models import BreakGlass, CaseConflict, SealedMember
from workflows.access.walls import in_conflict_with
from workflows.cases.models import Case, PartyRole
from workflows.cases.opening import add_party
from workflows.contact.models import Contact

REASON = "Her cousin's former husband is the client."


def priyas_case(session: Session, ark: Organisation) -> tuple[UUID, UUID]:
    case_id = make_case(session, ark, owner_id=ark.priya)
    task_id = make_task(
        session, ark, business_key=case_id, actual_owner=str(ark.priya), state="reserved"
    )
    return case_id, task_id


def make_alleged(session: Session, ark: Organisation, case_id: UUID, person_id: UUID) -> None:
    case = session.get_one(Case, case_id)
    add_party(session, case, person_id, PartyRole.ALLEGED, by="system", now=ark.now)


def declare(session: Session, ark: Organisation, **about: object) -> CaseConflict:
    return conflicts.declare(
        session, ark.priya, reason=REASON, by=str(ark.priya), now=ark.now, **about
    )  # type: ignore[arg-type]


def sees(session: Session, ark: Organisation, name: str, case_id: UUID) -> bool:
    visible = visible_cases(actor_for(session, ark.staff[name], ark.now), ark.now)
    return session.scalar(select(Case.id).where(Case.id == case_id, visible)) is not None


def test_access_is_gone_in_the_same_transaction(ark: Organisation) -> None:
    with ark.work() as session:
        case_id, task_id = priyas_case(session, ark)
        priya = actor_for(session, ark.priya, ark.now)
        assert require_case(session, priya, case_id, ark.now).owner_id == ark.priya

        declare(session, ark, case_id=case_id)

        with pytest.raises(NotFound):
            require_case(session, priya, case_id, ark.now)
        task = session.get_one(UserTask, task_id, populate_existing=True)
        assert (task.actual_owner, task.state) == (None, "ready")
        hidden = select(UserTask.id).where(UserTask.id == task_id, visible_tasks(priya, ark.now))
        assert session.scalar(hidden) is None
        dana = actor_for(session, ark.dana, ark.now)
        for_dana = select(UserTask.id).where(UserTask.id == task_id, visible_tasks(dana, ark.now))
        assert session.scalar(for_dana) == task_id
        assert session.get_one(Case, case_id, populate_existing=True).owner_id is None


def test_a_conflict_with_a_case_is_one_with_every_case_of_its_client(ark: Organisation) -> None:
    with ark.work() as session:
        person_id = make_person(session, ark)
        here = make_case(session, ark, person_id=person_id, owner_id=ark.priya)
        there = make_case(session, ark, person_id=person_id, owner_id=ark.priya)
        declare(session, ark, case_id=here)
        assert not sees(session, ark, "priya", there)
        assert session.get_one(Case, there, populate_existing=True).owner_id is None


def test_a_conflict_over_a_contact_closes_its_case_too(ark: Organisation) -> None:
    with ark.work() as session:
        case_id = make_case(session, ark, owner_id=ark.priya)
        contact_id = make_contact(session, ark, case_id=case_id, handler_id=ark.priya)
        declare(session, ark, contact_id=contact_id)
        assert not sees(session, ark, "priya", case_id)
        assert session.get_one(Contact, contact_id, populate_existing=True).handler_id is None


def test_a_conflict_over_a_contact_closes_the_case_that_is_made_of_it(ark: Organisation) -> None:
    """Nobody knew yet whom the contact was about."""
    with ark.work() as session:
        contact_id = make_contact(session, ark)
        declare(session, ark, contact_id=contact_id)
        person_id = make_person(session, ark)
        case_id = make_case(session, ark, person_id=person_id, owner_id=ark.priya)
        other = make_case(session, ark, person_id=person_id, owner_id=ark.priya)
        contact = session.get_one(Contact, contact_id, populate_existing=True)
        contact.case_id, contact.person_id = case_id, person_id
        session.flush()
        assert not sees(session, ark, "priya", case_id)
        assert not sees(session, ark, "priya", other)


def test_a_conflict_with_somebody_alleged_takes_everything_away_that_they_are_in(
    ark: Organisation,
) -> None:
    with ark.work() as session:
        alleged = make_person(session, ark)
        case_id, task_id = priyas_case(session, ark)
        make_alleged(session, ark, case_id, alleged)
        declare(session, ark, person_id=alleged)
        assert not sees(session, ark, "priya", case_id)
        assert session.get_one(Case, case_id, populate_existing=True).owner_id is None
        task = session.get_one(UserTask, task_id, populate_existing=True)
        assert task.actual_owner is None  # nobody could have done it any more
        (told,) = session.scalars(select(MessageInbox)).all()
        assert told.payload == {"case_id": str(case_id), "user_id": str(ark.priya)}


def test_every_case_that_loses_its_worker_is_told(ark: Organisation) -> None:
    with ark.work() as session:
        person_id = make_person(session, ark)
        here = make_case(session, ark, person_id=person_id, owner_id=ark.priya)
        there = make_case(session, ark, person_id=person_id, owner_id=ark.priya)
        make_case(session, ark, person_id=person_id, owner_id=ark.dana)
        declare(session, ark, case_id=here)
        told = session.scalars(select(MessageInbox.payload)).all()
        assert {each["case_id"] for each in told} == {str(here), str(there)}


def test_who_has_a_conflict_with_a_case_is_known_however_they_have_it(ark: Organisation) -> None:
    with ark.work() as session:
        alleged, case_id = make_person(session, ark), make_case(session, ark)
        contact_id = make_contact(session, ark, case_id=case_id)
        make_alleged(session, ark, case_id, alleged)
        about = {"dana": {"person_id": alleged}, "femi": {"contact_id": contact_id}}
        for name, with_whom in {**about, "priya": {"case_id": case_id}}.items():
            conflicts.declare(session, ark.staff[name], by="system", now=ark.now, **with_whom)
        known = set(session.scalars(in_conflict_with(case_id)))
        assert known == {ark.dana, ark.femi, ark.priya}


def test_the_conflict_is_recorded_and_told_without_saying_why(
    ark: Organisation, owner_database: Engine
) -> None:
    with ark.work() as session:
        case_id, _ = priyas_case(session, ark)
        conflict_id = declare(session, ark, case_id=case_id).id
    with ark.work() as session:
        (entry,) = history.read(session, f"case:{case_id}")
        assert entry.payload["concept_name"] == "conflict.declared"
        assert entry.payload["staff_id"] == str(ark.priya)
        message = session.scalars(select(MessageInbox)).one()
        assert (message.name, message.payload) == (
            "conflict.declared",
            {"case_id": str(case_id), "user_id": str(ark.priya)},
        )
        assert session.get_one(CaseConflict, conflict_id).reason == REASON
    with owner_database.connect() as connection:
        for table in ("history_event", "message_inbox", "case_conflict"):
            rows = connection.execute(text(f"SELECT {table}::text FROM {table}")).scalars().all()
            assert rows and not any("cousin" in row for row in rows)


def test_membership_and_broken_glass_end_with_a_conflict(ark: Organisation) -> None:
    with ark.work() as session:
        case_id, _ = priyas_case(session, ark)
        sealing.seal(
            session,
            session.get_one(Case, case_id),
            [ark.priya, ark.dsl],
            by=str(ark.dsl),
            now=ark.now,
        )
        priya = actor_for(session, ark.priya, ark.now)
        why = "She is at the door of the refuge now."
        sealing.break_glass(session, priya, case_id, why, now=ark.now)
        declare(session, ark, case_id=case_id)
        members = select(SealedMember.staff_id).where(SealedMember.subject_id == case_id)
        assert session.scalars(members).all() == [ark.dsl]
        opened = session.scalars(select(BreakGlass).execution_options(populate_existing=True)).one()
        assert opened.ends_at == ark.now
        with pytest.raises(NotFound):
            sealing.break_glass(session, priya, case_id, why, now=ark.now)


def test_a_task_that_a_colleague_has_stays_with_the_colleague(ark: Organisation) -> None:
    with ark.work() as session:
        case_id, _ = priyas_case(session, ark)
        other = make_task(session, ark, business_key=case_id, actual_owner=str(ark.dana))
        declare(session, ark, case_id=case_id)
        assert session.get_one(UserTask, other).actual_owner == str(ark.dana)


def test_only_another_safeguarding_lead_lifts_a_conflict(ark: Organisation) -> None:
    with ark.work() as session:
        case_id, _ = priyas_case(session, ark)
        conflict_id = declare(session, ark, case_id=case_id).id
        for name in ("priya", "femi", "mara"):
            with pytest.raises(NotAllowed):
                who = actor_for(session, ark.staff[name], ark.now)
                conflicts.lift(session, who, conflict_id, "Not related after all.", now=ark.now)
        give_role(session, ark, ark.priya, "safeguarding_lead")
        priya = actor_for(session, ark.priya, ark.now)
        with pytest.raises(conflicts.ConflictStandsForOneself):
            conflicts.lift(session, priya, conflict_id, "Not related after all.", now=ark.now)
        dsl = actor_for(session, ark.dsl, ark.now)
        with pytest.raises(NotAllowed):
            conflicts.lift(session, dsl, conflict_id, " ", now=ark.now)
        conflicts.lift(session, dsl, conflict_id, "Not related after all.", now=ark.now)
        with pytest.raises(NotFound):
            conflicts.lift(session, dsl, conflict_id, "Again.", now=ark.now)
        assert sees(session, ark, "priya", case_id)


def test_a_conflict_with_nothing_is_refused(ark: Organisation) -> None:
    with ark.work() as session, pytest.raises(NotFound):
        declare(session, ark, case_id=uuid4())


def test_broken_glass_needs_a_reason_and_is_reviewed_by_another(ark: Organisation) -> None:
    with ark.work() as session:
        case_id = make_case(session, ark)
        priya = actor_for(session, ark.priya, ark.now)
        with pytest.raises(sealing.ReasonTooShort):
            sealing.break_glass(session, priya, case_id, "urgent", now=ark.now)
        opened = sealing.break_glass(
            session, priya, case_id, "She is at the door of the refuge now.", now=ark.now
        )
        assert sees(session, ark, "priya", case_id)
        with pytest.raises(NotAllowed):
            sealing.review(session, opened.id, by=priya.by, now=ark.now)
        for _ in range(2):  # a step may be repeated
            reviewed = sealing.review(session, opened.id, by=str(ark.dsl), now=ark.now)
            assert reviewed.reviewed_by == str(ark.dsl)
        told = session.scalars(select(MessageInbox.name)).all()
        assert told == ["glass.broken"]
        names = [e.payload["concept_name"] for e in history.read(session, f"case:{case_id}")]
        assert names == ["glass.broken", "glass.reviewed"]


@pytest.mark.parametrize("name", ["owner", "admin", "ana"])
def test_those_who_see_no_client_data_break_no_glass(ark: Organisation, name: str) -> None:
    with ark.work() as session:
        case_id = make_case(session, ark)
        with pytest.raises(NotFound):
            sealing.break_glass(
                session,
                actor_for(session, ark.staff[name], ark.now),
                case_id,
                "I should like to see what is in here.",
                now=ark.now,
            )


def test_a_seal_needs_members(ark: Organisation) -> None:
    with ark.work() as session, pytest.raises(sealing.SealNeedsMembers):
        case = session.get_one(Case, make_case(session, ark))
        sealing.seal(session, case, [], by=str(ark.dsl), now=ark.now)
