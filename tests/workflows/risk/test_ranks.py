"""A list shows the grade and is sorted by the rank of the work: they never say different things."""

from datetime import timedelta

from house import House
from sqlalchemy import select
from stories import AMARA

from engine.models import UserTask
from workflows.cases.models import Case
from workflows.risk import grading
from workflows.risk.levels import TASK_RANK

WRITTEN = {**AMARA, "immediate_danger": "no", "route": "victim_support"}


def grade(house: House, level: str) -> None:
    """Record a grade as a process of the case does that is none of those that wait."""
    with house.org.work() as session:
        case = session.scalars(select(Case)).one()
        grading.record(
            session,
            case,
            instance_id=case.id,
            mode="with_client",
            table_level=level,
            origin="provisional",
            judgement=grading.Judgement("lower", lower_to=level, lower_approved=True),
            by="system",
            approved_by=None,
            now=house.now,
        )


def test_open_work_of_a_case_stands_where_its_grade_is_recorded(house: House) -> None:
    house.receive(channel="agency_referral", answers=WRITTEN)
    house.travel(timedelta(minutes=30))
    for level in ("standard", "high", "medium"):
        grade(house, level)
        with house.org.work() as session:
            case = session.scalars(select(Case)).one()
            assert case.risk_level == level
            open_ones = select(UserTask.name, UserTask.risk_rank).where(
                UserTask.business_key == case.id, UserTask.completed_at.is_(None)
            )
            found = session.execute(open_ones).all()
        assert found
        assert {rank for _, rank in found} == {TASK_RANK[level]}, found
