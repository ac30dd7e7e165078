"""Who leads colleagues says that they are away; rota, lists and allocation keep to it."""

from datetime import timedelta

import pytest
from factories import make_case, make_task
from people import Organisation, make_oak
from sqlalchemy import Engine

from engine import history
from engine.errors import NotFound
from workflows.access.actor import actor_for
from workflows.allocation import candidates
from workflows.cases.models import Case
from workflows.staff import leading, rota
from workflows.staff.leading import AbsenceInThePast, AlreadyAway
from workflows.staff.models import Position
from workflows.tasks import worklist
from workflows.tasks.worklist import NotForThem

DAY = timedelta(days=1)


def led(ark: Organisation, who: str) -> set[str]:
    with ark.work() as session:
        actor = actor_for(session, ark.staff[who], ark.now)
        found = leading.colleagues(session, actor, now=ark.now)
        by_id = {staff_id: name for name, staff_id in ark.staff.items()}
        return {by_id[each.id] for each in found}


def send_home(ark: Organisation, who: str, by: str = "femi", **about: object) -> None:
    given = {"starts_at": ark.now, "ends_at": None, **about}
    with ark.work() as session:
        actor = actor_for(session, ark.staff[by], ark.now)
        leading.record_absence(session, actor, ark.staff[who], **given, now=ark.now)


def bring_back(ark: Organisation, who: str, by: str = "femi") -> None:
    with ark.work() as session:
        actor = actor_for(session, ark.staff[by], ark.now)
        leading.end_absence(session, actor, ark.staff[who], now=ark.now)


def test_a_team_leader_leads_the_teams_and_a_manager_the_service(ark: Organisation) -> None:
    assert led(ark, "femi") == {"dana", "priya"}
    assert led(ark, "chidi") == {"amina", "ben", "sol"}
    assert led(ark, "mara") == {"dana", "priya", "femi", "ines"}
    for nobody in ("dana", "ines", "dsl", "admin", "owner", "auditor", "iggy"):
        assert led(ark, nobody) == set(), nobody


def test_nobody_says_it_of_whom_they_do_not_lead(ark: Organisation, database: Engine) -> None:
    oak = make_oak(database, ark.now)
    for who, by in (("ines", "femi"), ("femi", "femi"), ("dana", "ines"), ("amina", "mara")):
        with pytest.raises(NotFound):
            send_home(ark, who, by)
    stranger = next(iter(oak.staff.values()))
    with ark.work() as session, pytest.raises(NotFound):
        actor = actor_for(session, ark.femi, ark.now)
        leading.record_absence(session, actor, stranger, ark.now, None, now=ark.now)


def test_the_duty_passes_on_and_comes_back(ark: Organisation) -> None:
    with ark.work() as session:
        rota.put_on_rota(
            session,
            ark.services["support"],
            Position.DUTY_WORKER,
            ark.dana,
            ark.now,
            ark.now + DAY,
            by="system",
            now=ark.now,
        )

    def on_duty(name: str) -> bool:
        with ark.work() as session:
            actor = actor_for(session, ark.staff[name], ark.now)
            return "duty_worker" in actor.role_keys(ark.services["support"])

    assert (on_duty("dana"), on_duty("femi")) == (True, False)
    send_home(ark, "dana")
    assert (on_duty("dana"), on_duty("femi")) == (False, True)
    bring_back(ark, "dana")
    assert (on_duty("dana"), on_duty("femi")) == (True, False)


def test_allocation_leaves_out_who_is_away_and_nobody_hands_them_work(ark: Organisation) -> None:
    send_home(ark, "dana")
    with ark.work() as session:
        case = session.get_one(Case, make_case(session, ark))
        assert candidates.gather(session, case, now=ark.now).absent == {ark.dana}
        task_id = make_task(session, ark, actual_owner=str(ark.priya))
        femi = actor_for(session, ark.femi, ark.now)
        with pytest.raises(NotForThem):
            worklist.delegate(session, task_id, to=ark.dana, actor=femi, now=ark.now)


def test_what_is_in_their_hands_is_counted(ark: Organisation) -> None:
    with ark.work() as session:
        for rank in (1, 2, 3):
            make_task(session, ark, actual_owner=str(ark.dana), risk_rank=rank)
        make_task(session, ark, actual_owner=str(ark.dana), completed_at=ark.now, risk_rank=3)
        femi = actor_for(session, ark.femi, ark.now)
        found = {c.id: c for c in leading.colleagues(session, femi, now=ark.now)}
    assert (found[ark.dana].open_tasks, found[ark.dana].high_risk) == (3, 1)
    assert (found[ark.priya].open_tasks, found[ark.priya].high_risk) == (0, 0)


def test_one_absence_at_a_time(ark: Organisation) -> None:
    send_home(ark, "dana", starts_at=ark.now + DAY, ends_at=ark.now + 3 * DAY)
    with pytest.raises(AlreadyAway):
        send_home(ark, "dana", starts_at=ark.now + 2 * DAY)
    with pytest.raises(AlreadyAway):
        send_home(ark, "dana")
    send_home(ark, "dana", ends_at=ark.now + DAY)  # today; the other one begins tomorrow
    with pytest.raises(AbsenceInThePast):
        send_home(ark, "priya", starts_at=ark.now - 2 * DAY, ends_at=ark.now - DAY)


def test_what_is_still_to_come_is_called_off(ark: Organisation) -> None:
    send_home(ark, "dana", starts_at=ark.now + DAY)
    bring_back(ark, "dana")
    with ark.work() as session:
        later = ark.now + 2 * DAY
        assert not actor_for(session, ark.dana, later).is_absent
        femi = actor_for(session, ark.femi, ark.now)
        assert all(c.away is None for c in leading.colleagues(session, femi, now=ark.now))
        told = [e.payload["concept_name"] for e in history.read(session, "admin", limit=500)]
    assert told[-2:] == ["absence.started", "absence.called_off"]
    send_home(ark, "dana", starts_at=ark.now + DAY)  # and can be recorded anew
