"""A duty that nobody holds passes on: high-risk work is never nobody's."""

from datetime import timedelta

from factories import make_task
from people import Organisation, give_role

from workflows.access.actor import actor_for
from workflows.staff import absences, rota
from workflows.staff.models import Position
from workflows.staff.stand_ins import stand_ins
from workflows.tasks.inbox import View, inbox
from workflows.tasks.seeing import lock_visible

DAY = timedelta(days=1)


def on_duty(ark: Organisation, position: Position, service: str = "support") -> set[str]:
    """Return who would be offered the work of a duty now."""
    found = set()
    with ark.work() as session:
        for name, staff_id in ark.staff.items():
            actor = actor_for(session, staff_id, ark.now)
            if str(position) in actor.role_keys(ark.services[service]):
                found.add(name)
        if not rota.holders(session, position, service_id=ark.services[service], at=ark.now):
            listed = stand_ins(session, ark.services[service], position, at=ark.now)
            assert set(listed) == {ark.staff[name] for name in found}
    return found


def put(ark: Organisation, name: str, position: Position) -> None:
    with ark.work() as session:
        rota.put_on_rota(
            session,
            ark.services["support"],
            position,
            ark.staff[name],
            ark.now,
            ark.now + DAY,
            by="system",
            now=ark.now,
        )


def send_home(ark: Organisation, *names: str) -> None:
    with ark.work() as session:
        for name in names:
            absences.start_absence(session, ark.staff[name], ark.now, by="system", now=ark.now)


def test_who_holds_the_duty_has_it_alone(ark: Organisation) -> None:
    put(ark, "dana", Position.DUTY_WORKER)
    assert on_duty(ark, Position.DUTY_WORKER) == {"dana"}


def test_without_a_duty_worker_the_duty_manager_has_it(ark: Organisation) -> None:
    put(ark, "mara", Position.DUTY_MANAGER)
    assert on_duty(ark, Position.DUTY_WORKER) == {"mara"}
    assert on_duty(ark, Position.DUTY_MANAGER) == {"mara"}


def test_without_a_rota_the_team_leader_then_the_manager_then_every_worker(
    ark: Organisation,
) -> None:
    for position in (Position.DUTY_WORKER, Position.DUTY_MANAGER):
        assert on_duty(ark, position) == {"femi"}
    send_home(ark, "femi")
    assert on_duty(ark, Position.DUTY_WORKER) == {"mara"}
    send_home(ark, "mara")
    assert on_duty(ark, Position.DUTY_WORKER) == {"dana", "priya", "ines"}
    send_home(ark, "dana", "priya", "ines")
    assert on_duty(ark, Position.DUTY_WORKER) == set()


def test_whoever_goes_home_ill_leaves_the_duty_to_the_next(ark: Organisation) -> None:
    put(ark, "dana", Position.DUTY_WORKER)
    send_home(ark, "dana")
    assert on_duty(ark, Position.DUTY_WORKER) == {"femi"}


def test_a_role_held_everywhere_counts_in_each_service(ark: Organisation) -> None:
    assert on_duty(ark, Position.DUTY_WORKER, "victim_care") == {"vic"}
    with ark.work() as session:
        give_role(session, ark, ark.sol, "team_leader", None)
    assert on_duty(ark, Position.DUTY_WORKER, "victim_care") == {"sol"}


def test_named_positions_pass_to_nobody(ark: Organisation) -> None:
    assert on_duty(ark, Position.DUTY_WORKER, "helpline") == {"chidi"}
    with ark.work() as session:
        chidi = actor_for(session, ark.chidi, ark.now)
    assert "alternate_recipient" not in chidi.role_keys()
    assert "second_reviewer" not in chidi.role_keys()


def test_the_work_is_in_the_list_of_whoever_stands_in(ark: Organisation) -> None:
    with ark.work() as session:
        about = {"service_id": ark.services["victim_care"], "created_at": ark.now}
        task_id = make_task(session, ark, potential_owners=["duty_worker"], **about)
        vic = actor_for(session, ark.vic, ark.now)
        listed = inbox(session, vic, View.UNCLAIMED, now=ark.now)
        assert [row.id for row in listed.rows] == [task_id]
        assert lock_visible(session, vic, task_id, now=ark.now).id == task_id
        dana = actor_for(session, ark.dana, ark.now)
        assert not inbox(session, dana, View.UNCLAIMED, now=ark.now).rows
