"""People join, get roles and skills, are away and leave."""

from datetime import date, timedelta

import pytest
from people import Organisation, make_oak
from sqlalchemy import Engine, select

from engine import history
from workflows.staff import absences, employment
from workflows.staff.matrix import Scope
from workflows.staff.models import SkillKind, Staff, StaffRole


def test_a_new_member_of_staff_can_do_nothing(ark: Organisation) -> None:
    with ark.work() as session:
        staff = employment.take_on(
            session, ark.tenant_id, " Zoe ", "Zoë de Winter", by="system", now=ark.now
        )
        assert (staff.login_name, staff.initials) == ("zoe", "ZDW")
        assert session.scalars(select(StaffRole).where(StaffRole.staff_id == staff.id)).all() == []


def test_login_names_are_unique_over_all_organisations(ark: Organisation, database: Engine) -> None:
    oak = make_oak(database, ark.now)
    with oak.work() as session:
        with pytest.raises(employment.LoginNameTaken):
            employment.take_on(
                session, oak.tenant_id, "Amina", "Amina Other", by="system", now=ark.now
            )
        assert session.scalar(select(Staff).where(Staff.login_name == "amina")) is None


def test_a_role_given_twice_is_held_once_with_the_later_scope(ark: Organisation) -> None:
    support = ark.services["support"]
    with ark.work() as session:
        for scope in (None, Scope.OWN):
            employment.grant(
                session,
                ark.amina,
                "spoc_admin",
                service_id=support,
                scope=scope,
                by=str(ark.admin),
                now=ark.now,
            )
        held = select(StaffRole).where(
            StaffRole.staff_id == ark.amina, StaffRole.role == "spoc_admin"
        )
        assert session.scalars(held).one().scope == "own"
        employment.revoke(
            session, ark.amina, "spoc_admin", service_id=support, by=str(ark.admin), now=ark.now
        )
        assert session.scalars(held).all() == []
        told = [entry.payload["concept_name"] for entry in history.read(session, "admin")]
        assert told == ["role.granted", "role.granted", "role.revoked"]


def test_a_role_that_does_not_exist_is_refused(ark: Organisation) -> None:
    with ark.work() as session, pytest.raises(employment.UnknownRole):
        employment.grant(session, ark.amina, "overlord", by="system", now=ark.now)


def test_a_skill_counts_until_its_last_day(ark: Organisation) -> None:
    last_day = date(2027, 3, 31)
    with ark.work() as session:
        for key, until in (("idva", last_day), ("dbs", None)):
            employment.add_skill(
                session,
                ark.dana,
                SkillKind.TRAINING,
                key,
                valid_until=until,
                by="system",
                now=ark.now,
            )
        on_last = employment.skills(session, ark.dana, SkillKind.TRAINING, on=last_day)
        after = employment.skills(
            session, ark.dana, SkillKind.TRAINING, on=last_day + timedelta(days=1)
        )
    assert (on_last, after) == ({"idva", "dbs"}, {"dbs"})


def test_an_absence_lasts_until_somebody_is_back(ark: Organisation) -> None:
    with ark.work() as session:
        absences.start_absence(session, ark.dana, ark.now, by="system", now=ark.now)
        tomorrow = ark.now + timedelta(days=1)
        assert absences.absent(session, [ark.dana, ark.priya], at=tomorrow) == {ark.dana}
        assert absences.end_absences(session, ark.dana, by="system", now=tomorrow) == 1
        assert absences.absent(session, [ark.dana], at=tomorrow) == frozenset()
        assert absences.absent(session, [ark.dana], at=ark.now) == {ark.dana}


def test_an_absence_ends_after_it_starts(ark: Organisation) -> None:
    with ark.work() as session, pytest.raises(absences.AbsenceEndsBeforeItStarts):
        absences.start_absence(session, ark.dana, ark.now, ark.now, by="system", now=ark.now)


def test_whoever_leaves_holds_no_role(ark: Organisation) -> None:
    with ark.work() as session:
        employment.let_go(session, ark.ben, by=str(ark.admin), now=ark.now)
        assert not session.get_one(Staff, ark.ben).active
        assert session.scalars(select(StaffRole).where(StaffRole.staff_id == ark.ben)).all() == []
