"""Who sees which case, contact and task; and that what may not be seen is not there."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from factories import make_case, make_contact, make_person, make_task
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from people import Organisation, give_role, make_oak
from sqlalchemy import Engine, delete, func, select
from sqlalchemy.orm import Session

from engine import history
from engine.errors import NotFound
from engine.models import UserTask
from workflows.access.actor import Actor, Grant, NotSignedIn, actor_for
from workflows.access.models import BreakGlass, CaseConflict, SealedMember
from workflows.access.policy import (
    findable_people,
    offered_to,
    visible_cases,
    visible_contacts,
    visible_tasks,
)
from workflows.access.reading import (
    NotAllowed,
    PurposeNeeded,
    ReasonNeeded,
    Shown,
    may,
    record_read,
    require,
    require_case,
    require_contact,
    require_task,
    shown,
)
from workflows.cases.models import Case, CaseParty
from workflows.contact.models import Contact
from workflows.keys import DataClass
from workflows.people.models import Person
from workflows.risk.models import RiskAssessment
from workflows.staff import absences, rota
from workflows.staff.matrix import ROLES, Scope
from workflows.staff.models import Position, StaffRole

EVERYBODY = (
    "amina ben chidi dana priya femi ines vic sol hana dsl rev ana iggy mara owner auditor "
    "admin tess"
).split()


def actor(session: Session, org: Organisation, name: str) -> Actor:
    return actor_for(session, org.staff[name], org.now)


def who_sees(
    session: Session, org: Organisation, case_id: UUID, *, reason: bool = True
) -> set[str]:
    found = set()
    for name in EVERYBODY:
        visible = visible_cases(actor(session, org, name), org.now, with_reason=reason)
        if session.scalar(select(Case.id).where(Case.id == case_id, visible)):
            found.add(name)
    return found


def conflict(session: Session, org: Organisation, name: str, **about: UUID) -> CaseConflict:
    row = CaseConflict(
        tenant_id=org.tenant_id,
        staff_id=org.staff[name],
        source="declared",
        declared_at=org.now,
        declared_by="system",
        **about,
    )
    session.add(row)
    session.flush()
    return row


def glass(session: Session, org: Organisation, name: str, case_id: UUID, minutes: int) -> None:
    opened = BreakGlass(
        tenant_id=org.tenant_id,
        staff_id=org.staff[name],
        case_id=case_id,
        opened_at=org.now,
        ends_at=org.now + timedelta(minutes=minutes),
    )
    session.add(opened)
    session.flush()


def seal(session: Session, org: Organisation, case_id: UUID, members: Iterable[str]) -> None:
    session.get_one(Case, case_id).sealed = True
    for name in members:
        session.add(
            SealedMember(
                subject_id=case_id,
                staff_id=org.staff[name],
                tenant_id=org.tenant_id,
                added_at=org.now,
                added_by="system",
            )
        )
    session.flush()


# -- scope ------------------------------------------------------------------------------------


def test_a_case_is_seen_by_its_owner_its_service_and_those_who_state_a_reason(
    ark: Organisation,
) -> None:
    with ark.work() as session:
        case_id = make_case(session, ark, owner_id=ark.dana, team_id=ark.teams["North"])
        freely = who_sees(session, ark, case_id, reason=False)
        assert freely == {"dana", "femi", "ines"}
        assert who_sees(session, ark, case_id) - freely == {"dsl", "iggy", "mara", "auditor"}


def test_a_case_without_owner_and_team_is_seen_by_its_service_only(ark: Organisation) -> None:
    with ark.work() as session:
        case_id = make_case(session, ark)
        assert who_sees(session, ark, case_id, reason=False) == {"ines"}


def test_a_team_leader_sees_what_a_member_owns_outside_the_team(ark: Organisation) -> None:
    with ark.work() as session:
        case_id = make_case(session, ark, owner_id=ark.priya)
        assert "femi" in who_sees(session, ark, case_id)


def test_a_handler_sees_the_case_of_a_contact_for_a_day(ark: Organisation) -> None:
    with ark.work() as session:
        case_id = make_case(session, ark)
        make_contact(session, ark, case_id=case_id, handler_id=ark.amina)
        old = ark.now - timedelta(hours=24)
        make_contact(session, ark, case_id=case_id, handler_id=ark.ben, received_at=old)
        assert who_sees(session, ark, case_id, reason=False) == {"amina", "ines"}


def test_holding_a_task_of_a_case_opens_it_until_the_task_is_done(ark: Organisation) -> None:
    with ark.work() as session:
        case_id = make_case(session, ark, service="victim_care")
        make_task(session, ark, business_key=case_id, actual_owner=str(ark.dana))
        done = {"state": "completed", "completed_at": ark.now}
        make_task(session, ark, business_key=case_id, actual_owner=str(ark.priya), **done)
        assert {"dana", "priya"} & who_sees(session, ark, case_id) == {"dana"}


def test_those_who_see_no_client_data_see_none_even_with_a_task(ark: Organisation) -> None:
    with ark.work() as session:
        case_id = make_case(session, ark)
        for name in ("owner", "admin", "ana"):
            make_task(session, ark, business_key=case_id, actual_owner=str(ark.staff[name]))
        assert not {"owner", "admin", "ana"} & who_sees(session, ark, case_id)


def test_a_hate_crime_coordinator_sees_hate_cases_only(ark: Organisation) -> None:
    with ark.work() as session:
        plain = make_case(session, ark)
        hate = make_case(session, ark)
        own_service = make_case(session, ark, service="hate_crime")
        session.add(
            RiskAssessment(
                tenant_id=ark.tenant_id,
                case_id=hate,
                subject_id=hate,
                instance_id=uuid4(),
                user_task_id=uuid4(),
                tool="hate",
                assessed_at=ark.now,
                assessed_by="system",
            )
        )
        session.flush()
        give_role(session, ark, ark.hana, "hate_crime_coordinator")
        seen = [c for c in (plain, hate, own_service) if "hana" in who_sees(session, ark, c)]
        assert seen == [hate, own_service]


def test_a_grant_can_be_narrower_than_the_matrix(ark: Organisation) -> None:
    with ark.work() as session:
        case_id = make_case(session, ark)
        session.scalars(select(StaffRole).where(StaffRole.staff_id == ark.ines)).one().scope = "own"
        session.flush()
        assert "ines" not in who_sees(session, ark, case_id)
        session.get_one(Case, case_id).owner_id = ark.ines
        session.flush()
        assert "ines" in who_sees(session, ark, case_id)


def test_rights_are_read_afresh(ark: Organisation) -> None:
    with ark.work() as session:
        case_id = make_case(session, ark, owner_id=ark.dana)
        session.execute(delete(StaffRole).where(StaffRole.staff_id == ark.dana))
        assert "dana" not in who_sees(session, ark, case_id)


def test_another_organisation_sees_nothing(ark: Organisation, database: Engine) -> None:
    oak = make_oak(database, ark.now)
    with ark.work() as session:
        make_case(session, ark)
    with oak.work() as session:
        kim = actor_for(session, oak.kim, oak.now)
        count = select(func.count()).select_from(Case)
        assert session.scalar(count.where(visible_cases(kim, oak.now))) == 0
        with pytest.raises(NotSignedIn):
            actor_for(session, ark.amina, oak.now)


# -- walls ------------------------------------------------------------------------------------


@given(
    roles=st.sets(st.sampled_from(ROLES), min_size=1),
    owner=st.booleans(),
    member=st.booleans(),
    task=st.booleans(),
    broken=st.booleans(),
    handled=st.booleans(),
    about=st.sampled_from(["case_id", "person_id", "contact_id", "party_id"]),
    is_sealed=st.booleans(),
)
@settings(
    max_examples=40,
    deadline=None,
    # every example is rolled back, so that they may share one organisation
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_a_conflict_beats_every_permission(
    ark: Organisation,
    roles: set[str],
    owner: bool,
    member: bool,
    task: bool,
    broken: bool,
    handled: bool,
    about: str,
    is_sealed: bool,
) -> None:
    with ark.work() as session, session.begin_nested() as savepoint:
        client, alleged = make_person(session, ark), make_person(session, ark)
        case_id = make_case(session, ark, person_id=client, owner_id=ark.priya if owner else None)
        session.add(
            CaseParty(
                tenant_id=ark.tenant_id,
                case_id=case_id,
                person_id=alleged,
                role="alleged",
                added_at=ark.now,
                added_by="system",
            )
        )
        contact_id = make_contact(
            session,
            ark,
            case_id=case_id,
            person_id=client,
            handler_id=ark.priya if handled else None,
        )
        task_id = make_task(
            session, ark, business_key=case_id, actual_owner=str(ark.priya) if task else None
        )
        for role in roles:
            give_role(session, ark, ark.priya, role, None)
        if is_sealed:
            seal(session, ark, case_id, ["priya"] if member else ["dsl"])
        if broken:
            glass(session, ark, "priya", case_id, 60)
        ids = {"case_id": case_id, "person_id": client, "contact_id": contact_id}
        named = {"person_id": alleged} if about == "party_id" else {about: ids[about]}
        if about == "contact_id":
            named |= {"person_id": client}  # as `conflicts.declare` does
        conflict(session, ark, "priya", **named)

        priya = actor(session, ark, "priya")
        for model, row_id, visible in (
            (Case, case_id, visible_cases(priya, ark.now)),
            (Contact, contact_id, visible_contacts(priya, ark.now)),
            (UserTask, task_id, visible_tasks(priya, ark.now)),
            (Person, client, findable_people(priya, ark.now)),
        ):
            found = session.scalar(select(model.id).where(model.id == row_id, visible))
            assert found is None, (model, about)
        savepoint.rollback()


def test_a_conflict_closes_what_hangs_on_the_case_and_nothing_else(ark: Organisation) -> None:
    with ark.work() as session:
        case_id = make_case(session, ark, owner_id=ark.dana)
        other = make_case(session, ark, owner_id=ark.dana)
        conflict(session, ark, "dana", case_id=case_id)
        assert "dana" not in who_sees(session, ark, case_id)
        assert "dana" in who_sees(session, ark, other)
        assert {"femi", "ines"} <= who_sees(session, ark, case_id)
        people = {session.get_one(Case, c).person_id: c for c in (case_id, other)}
        findable = findable_people(actor(session, ark, "dana"), ark.now)
        found = session.scalars(select(Person.id).where(Person.id.in_(people), findable)).all()
        assert [people[person_id] for person_id in found] == [other]


def test_a_lifted_conflict_closes_nothing(ark: Organisation) -> None:
    with ark.work() as session:
        case_id = make_case(session, ark, owner_id=ark.dana)
        conflict(session, ark, "dana", case_id=case_id).lifted_at = ark.now
        session.flush()
        assert "dana" in who_sees(session, ark, case_id)


def test_a_sealed_case_exists_for_its_members_alone(ark: Organisation) -> None:
    with ark.work() as session:
        case_id = make_case(session, ark, owner_id=ark.dana)
        person_id = session.get_one(Case, case_id).person_id
        contact_id = make_contact(session, ark, case_id=case_id, handler_id=ark.amina)
        task_id = make_task(session, ark, business_key=case_id)
        seal(session, ark, case_id, ["dana"])
        assert who_sees(session, ark, case_id) == {"dana"}
        for name, sees in (("dana", True), ("priya", False), ("amina", False), ("dsl", False)):
            who = actor(session, ark, name)
            rows = [
                (Person, person_id, findable_people(who, ark.now)),
                (UserTask, task_id, visible_tasks(who, ark.now)),
            ]
            if name != "dana":
                rows.append((Contact, contact_id, visible_contacts(who, ark.now)))
            found = {
                session.scalar(select(model.id).where(model.id == row_id, visible)) is not None
                for model, row_id, visible in rows
            }
            assert found == {sees}, name


def test_a_sealed_person_is_found_by_members_alone(ark: Organisation) -> None:
    with ark.work() as session:
        person_id = make_person(session, ark, sealed=True)
        findable = findable_people(actor(session, ark, "amina"), ark.now)
        there = select(Person.id).where(Person.id == person_id)
        assert session.scalar(there.where(findable)) is None
        session.add(
            SealedMember(
                subject_id=person_id,
                staff_id=ark.amina,
                tenant_id=ark.tenant_id,
                added_at=ark.now,
                added_by="system",
            )
        )
        session.flush()
        assert session.scalar(there.where(findable)) == person_id


def test_broken_glass_opens_a_case_for_an_hour(ark: Organisation) -> None:
    with ark.work() as session:
        case_id = make_case(session, ark)
        seal(session, ark, case_id, ["dsl"])
        glass(session, ark, "priya", case_id, minutes=60)
        assert who_sees(session, ark, case_id) == {"dsl", "priya"}
        later = ark.now + timedelta(minutes=60)
        visible = visible_cases(actor(session, ark, "priya"), later)
        assert session.scalar(select(Case.id).where(Case.id == case_id, visible)) is None


# -- contacts and tasks -----------------------------------------------------------------------


def sees_contact(session: Session, org: Organisation, name: str, contact_id: UUID) -> bool:
    visible = visible_contacts(actor(session, org, name), org.now)
    return session.scalar(select(Contact.id).where(Contact.id == contact_id, visible)) is not None


def test_a_contact_nobody_opened_is_seen_by_those_who_may_take_it(ark: Organisation) -> None:
    with ark.work() as session:
        contact_id = make_contact(session, ark)
        seen = {name for name in EVERYBODY if sees_contact(session, ark, name, contact_id)}
        assert {"amina", "ben", "chidi", "sol", "tess"} <= seen
        assert not seen & {"dana", "vic", "rev", "ana", "owner", "admin"}


def test_a_handled_contact_is_closed_to_other_handlers(ark: Organisation) -> None:
    with ark.work() as session:
        contact_id = make_contact(session, ark, handler_id=ark.amina)
        assert sees_contact(session, ark, "amina", contact_id)
        assert not sees_contact(session, ark, "ben", contact_id)
        assert sees_contact(session, ark, "chidi", contact_id)


def test_a_live_contact_stays_with_its_handler_however_long_it_lasts(ark: Organisation) -> None:
    with ark.work() as session:
        old = ark.now - timedelta(hours=30)
        ended = make_contact(session, ark, handler_id=ark.amina, received_at=old)
        live = make_contact(session, ark, handler_id=ark.amina, received_at=old, status="live")
        assert [sees_contact(session, ark, "amina", c) for c in (ended, live)] == [False, True]


def is_offered(session: Session, org: Organisation, name: str, task_id: UUID) -> bool:
    offered = offered_to(actor(session, org, name))
    return session.scalar(select(UserTask.id).where(UserTask.id == task_id, offered)) is not None


def test_a_task_is_offered_to_its_roles_in_its_service(ark: Organisation) -> None:
    with ark.work() as session:
        here = make_task(session, ark)
        elsewhere = make_task(session, ark, service="victim_care")
        nowhere = make_task(session, ark, service_id=None)
        offered = {name for name in EVERYBODY if is_offered(session, ark, name, here)}
        assert offered == {"dana", "priya"}
        assert not is_offered(session, ark, "dana", elsewhere)
        assert is_offered(session, ark, "dana", nowhere)


def test_a_task_is_not_offered_to_whom_it_excludes(ark: Organisation) -> None:
    with ark.work() as session:
        task_id = make_task(session, ark, excluded_owners=[str(ark.dana)])
        assert not is_offered(session, ark, "dana", task_id)
        assert is_offered(session, ark, "priya", task_id)


def test_a_duty_is_offered_to_whoever_is_on_shift_and_there(ark: Organisation) -> None:
    support = ark.services["support"]
    with ark.work() as session:
        task_id = make_task(session, ark, potential_owners=["duty_manager"])
        rota.put_on_rota(
            session,
            support,
            Position.DUTY_MANAGER,
            ark.mara,
            ark.now,
            ark.now + timedelta(hours=8),
            by="system",
            now=ark.now,
        )
        assert is_offered(session, ark, "mara", task_id)
        assert not is_offered(session, ark, "femi", task_id)
        absences.start_absence(session, ark.mara, ark.now, by="system", now=ark.now)
        assert not is_offered(session, ark, "mara", task_id)
        assert is_offered(session, ark, "femi", task_id)  # who leads the team stands in


def test_a_leader_sees_what_the_team_does_and_what_waits(ark: Organisation) -> None:
    with ark.work() as session:
        tasks = {
            "dana's": make_task(session, ark, actual_owner=str(ark.dana)),
            "waiting": make_task(session, ark, potential_owners=["spoc_admin"]),
            "outsider's": make_task(session, ark, actual_owner=str(ark.ines)),
            "elsewhere": make_task(session, ark, service="helpline"),
        }

        def seen(name: str) -> set[str]:
            visible = visible_tasks(actor(session, ark, name), ark.now)
            ids = set(session.scalars(select(UserTask.id).where(visible)))
            return {label for label, task_id in tasks.items() if task_id in ids}

        assert seen("femi") == {"dana's", "waiting"}
        assert seen("mara") == {"dana's", "waiting", "outsider's"}
        assert seen("dsl") == set(tasks)
        assert seen("priya") == seen("dana") == {"dana's", "outsider's"}  # offered to both
        assert seen("owner") == seen("admin") == seen("auditor") == set()


# -- single objects, fields, reads --------------------------------------------------------------


def test_hidden_and_missing_are_told_alike(ark: Organisation) -> None:
    with ark.work() as session:
        amina = actor(session, ark, "amina")
        hidden = {
            require_case: make_case(session, ark),
            require_contact: make_contact(session, ark, handler_id=ark.ben),
            require_task: make_task(session, ark),
        }
        for ask, row_id in hidden.items():
            answers = []
            for asked in (row_id, uuid4()):
                with pytest.raises(NotFound) as refused:
                    ask(session, amina, asked, ark.now)
                answers.append((type(refused.value), str(refused.value), refused.value.extra))
            assert answers[0] == answers[1]


def test_some_have_to_say_why(ark: Organisation) -> None:
    with ark.work() as session:
        case_id = make_case(session, ark, owner_id=ark.dana)
        dsl, dana = actor(session, ark, "dsl"), actor(session, ark, "dana")
        for reason in (None, "  "):
            with pytest.raises(ReasonNeeded):
                require_case(session, dsl, case_id, ark.now, reason=reason)
        assert require_case(session, dsl, case_id, ark.now, reason="Concern 12").id == case_id
        assert require_case(session, dana, case_id, ark.now).id == case_id


def test_what_a_role_may_do_depends_on_act_and_reach(ark: Organisation) -> None:
    with ark.work() as session:
        own = session.get_one(Case, make_case(session, ark, owner_id=ark.dana))
        other = session.get_one(Case, make_case(session, ark, owner_id=ark.priya))
        dana, femi, amina = (actor(session, ark, name) for name in ("dana", "femi", "amina"))
        assert may(dana, "grade_risk", case=own)
        assert not may(dana, "grade_risk", case=other)
        assert may(amina, "grade_risk", act="propose") and not may(amina, "grade_risk")
        assert may(dana, "grade_risk", act="propose", case=own)
        assert may(femi, "override_down", act="approve") and not may(dana, "override_down")
        assert may(femi, "allocate", service_id=ark.services["support"])
        assert not may(femi, "allocate", service_id=ark.services["helpline"])
        with pytest.raises(NotAllowed, match="contact_handler"):
            require(amina, "allocate", service_id=ark.services["helpline"])


@pytest.mark.parametrize(
    ("name", "data_class", "kwargs", "expected"),
    [
        ("owner", DataClass.C0, {}, Shown.PLAIN),
        ("owner", DataClass.C1, {}, Shown.HIDDEN),
        ("admin", DataClass.C3, {"during_contact": True}, Shown.HIDDEN),
        ("dana", DataClass.C3, {}, Shown.PLAIN),
        ("priya", DataClass.C3, {}, Shown.MASKED),
        ("priya", DataClass.C3, {"during_contact": True}, Shown.PLAIN),
        ("amina", DataClass.C3, {}, Shown.HIDDEN),  # her grant is in another service
        ("auditor", DataClass.C1, {}, Shown.MASKED),
        ("auditor", DataClass.C1, {"reason": "Audit 7"}, Shown.PLAIN),
        ("auditor", DataClass.C3, {"reason": "Audit 7"}, Shown.MASKED),
        ("auditor", DataClass.C4, {"reason": "Audit 7"}, Shown.HIDDEN),
        ("dana", DataClass.C4, {}, Shown.HIDDEN),
        ("femi", DataClass.C4, {"reason": "Complaint"}, Shown.PLAIN),
    ],
)
def test_fields_are_shown_by_class(
    ark: Organisation, name: str, data_class: DataClass, kwargs: dict[str, object], expected: Shown
) -> None:
    with ark.work() as session:
        case_id = make_case(session, ark, owner_id=ark.dana, team_id=ark.teams["North"])
        case = session.get_one(Case, case_id)
        who = actor(session, ark, name)
        assert shown(who, data_class, case=case, **kwargs) is expected  # type: ignore[arg-type]


def test_a_handler_reads_safe_contact_during_the_contact_only(ark: Organisation) -> None:
    with ark.work() as session:
        amina = actor(session, ark, "amina")
        assert shown(amina, DataClass.C3) is Shown.MASKED
        assert shown(amina, DataClass.C3, during_contact=True) is Shown.PLAIN


def test_a_read_stands_in_the_history_with_its_purpose(ark: Organisation) -> None:
    with ark.work() as session:
        case_id = make_case(session, ark, owner_id=ark.dana)
        dana = actor(session, ark, "dana")
        with pytest.raises(PurposeNeeded):
            record_read(session, dana, " ", [case_id], ark.now, "case")
        record_read(session, dana, "own case", [case_id], ark.now, "case")
        (entry,) = history.read(session, f"access:{ark.dana}:2027-01-14")
        told = {"concept_name": "case", "ids": [str(case_id)], "purpose": "own case"}
        assert told.items() <= entry.payload.items()
        assert entry.payload["org_role"] == "case_worker"


def test_a_read_that_is_not_recorded_did_not_happen(ark: Organisation) -> None:
    with pytest.raises(RuntimeError), ark.work() as session:
        record_read(session, actor(session, ark, "dana"), "task", [uuid4()], ark.now, "case")
        raise RuntimeError
    with ark.work() as session:
        assert history.read(session, f"access:{ark.dana}:2027-01-14") == []


def test_a_grant_never_reaches_beyond_its_service() -> None:
    (given,) = {
        g
        for _, g in Actor(
            uuid4(), uuid4(), (Grant("safeguarding_lead", None, None),), (), frozenset()
        ).permissions("read_safe_contact")
    }
    here = Grant("safeguarding_lead", uuid4(), None)
    assert here.reach(given) is Scope.SERVICE
    assert Grant("safeguarding_lead", None, None).reach(given) is Scope.TENANT
