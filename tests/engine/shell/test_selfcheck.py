"""Rows and states say the same; where they do not, it is found and named."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from desk import Desk
from diagrams import (
    boundary,
    catch,
    diagram,
    end,
    message,
    parallel,
    process,
    start,
    timer,
    user,
    xor,
)
from sqlalchemy import Engine, text

from api.cli import main
from engine import selfcheck, timers
from engine.db import snapshot, unit_of_work
from engine.living import suspending

FULL = diagram(
    process(
        start("begin"),
        parallel("split"),
        user("ask", name="Ask", dueAt="PT4H"),
        boundary("late", "ask", timer("PT1H"), interrupting=False),
        catch("answer", message("answered", correlationKey="case_id")),
        xor("decide", default="no"),
        end("yes"),
        end("no"),
        end("done"),
        flows="begin > split; split > ask > done; late > done; split > answer > done;"
        "split > decide; decide > yes [missing > 1]; decide > no",
        riskRank="2",
    )
)
ONE = diagram(process(start("begin"), user("ask"), end("done"), flows="begin > ask > done", id="q"))

Damage = Callable[[str], None]


@pytest.fixture
def damage(owner_database: Engine) -> Damage:
    """Change rows behind the back of the product."""

    def do(statement: str) -> None:
        with owner_database.begin() as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            connection.execute(text(statement))

    return do


def faults(desk: Desk) -> list[tuple[str, str]]:
    with snapshot(desk.database, desk.tenant_id) as session:
        return [(found.table, found.fault) for found in selfcheck.check(session)]


def test_untouched_rows_are_sound(desk: Desk) -> None:
    desk.publish({"p.bpmn": FULL, "q.bpmn": ONE})
    desk.start(variables={"case_id": "C-1"})
    desk.complete(desk.task(desk.start("q")))
    desk.start("q")
    assert faults(desk) == []
    with desk.work() as session:
        assert selfcheck.count(session) == 2


TASK = "UPDATE user_task SET"
TIMER = "UPDATE timer SET"
COPY = """
INSERT INTO message_subscription SELECT gen_random_uuid(), tenant_id, instance_id,
    element_id, kind, name, correlation, correlation_key FROM message_subscription
"""
DAMAGE = {
    "no task": ("DELETE FROM user_task", {("user_task", "row missing"), ("timer", "row too many")}),
    "another task": (f"{TASK} name = 'Another'", {("user_task", "row differs")}),
    "another form": (f"{TASK} form_id = 'another'", {("user_task", "row differs")}),
    "less risk of a task": (f"{TASK} risk_rank = 0", {("user_task", "row differs")}),
    "a closed task": (
        f"{TASK} completed_at = created_at",
        {("user_task", "row missing"), ("timer", "row too many")},
    ),
    "a task too many": (
        "INSERT INTO user_task (id, tenant_id, instance_id, process_id, element_id, name, "
        "potential_owners, excluded_owners, state, created_at, priority, risk_rank, "
        "safety_critical) SELECT gen_random_uuid(), tenant_id, instance_id, process_id, "
        "element_id, name, '{}', '{}', state, created_at, priority, risk_rank, safety_critical "
        "FROM user_task",
        {("user_task", "row too many")},
    ),
    "a later timer": (
        f"{TIMER} due_at = due_at + interval '1 s' WHERE kind = 'bpmn'",
        {("timer", "row differs")},
    ),
    "no timer": ("DELETE FROM timer WHERE kind = 'bpmn'", {("timer", "row missing")}),
    "less risk of a timer": (
        f"{TIMER} risk_rank = 0 WHERE kind = 'bpmn'",
        {("timer", "row differs")},
    ),
    "never overdue": ("DELETE FROM timer WHERE kind = 'overdue'", {("timer", "row missing")}),
    "overdue later": (
        f"{TIMER} due_at = due_at + interval '1 s' WHERE kind = 'overdue'",
        {("timer", "row differs")},
    ),
    "another key": (
        "UPDATE message_subscription SET correlation_key = 'x'",
        {("message_subscription", "row differs")},
    ),
    "no catcher": (
        "DELETE FROM message_subscription",
        {("message_subscription", "row missing")},
    ),
    "a catcher too many": (COPY, {("message_subscription", "row too many")}),
    "no incident": ("DELETE FROM incident", {("incident", "row missing")}),
    "a settled incident": ("UPDATE incident SET state = 'skipped'", {("incident", "row missing")}),
    "another incident": ("UPDATE incident SET error = 'Other'", {("incident", "row differs")}),
    "less risk": (
        "UPDATE process_instance SET risk_rank = 0",
        {("process_instance", "row differs: risk")},
    ),
    "an unreadable state": (
        "UPDATE process_instance SET state = substr(state, 1, 100)",
        {("process_instance", "state unreadable: The state is damaged.")},
    ),
    "an end that did not come": (
        "UPDATE process_instance SET status = 'completed', ended_at = started_at",
        {
            ("user_task", "row too many"),
            ("timer", "row too many"),
            ("message_subscription", "row too many"),
            ("incident", "row too many"),
        },
    ),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_each_kind_of_damage_is_found_and_named(desk: Desk, damage: Damage, kind: str) -> None:
    statement, found = DAMAGE[kind]
    desk.publish({"p.bpmn": FULL})
    desk.start(variables={"case_id": "C-1"})
    damage(statement)
    assert set(faults(desk)) == found


def test_an_instance_that_nothing_can_move_any_more_is_found(desk: Desk, damage: Damage) -> None:
    """As if the state of an ended instance had been saved without its end."""
    desk.publish({"q.bpmn": ONE})
    instance_id = desk.start("q")
    desk.complete(desk.task(instance_id))
    damage("UPDATE process_instance SET status = 'active', ended_at = NULL")
    assert faults(desk) == [("process_instance", "ended, but the row says that it runs")]


def test_a_message_about_which_nobody_is_asked_is_found(desk: Desk, damage: Damage) -> None:
    desk.publish({"q.bpmn": ONE})
    desk.send("unheard.of", {"n": 1})  # becomes a human task at once
    assert faults(desk) == []
    damage("UPDATE user_task SET completed_at = created_at; DELETE FROM timer")
    assert faults(desk) == [("message_inbox", "nobody is asked about it")]


SUSPENDED = {
    "a task that stays put": (
        "UPDATE user_task SET state = 'suspended'",
        False,
        [("user_task", "row differs: suspended")],
    ),
    "a timer that never fires": (
        "UPDATE timer SET held = true WHERE kind = 'bpmn'",
        False,
        [("timer", "row differs: suspended")],
    ),
    "a task that goes on": (
        "UPDATE user_task SET state = 'ready'",
        True,
        [("user_task", "row differs: suspended")],
    ),
    "a timer that fires": (
        "UPDATE timer SET held = false WHERE kind = 'bpmn'",
        True,
        [("timer", "row differs: suspended")],
    ),
    "nobody who has done it": (
        "DELETE FROM suspension",
        True,
        [("suspension", "row missing: nobody would resume it")],
    ),
}


@pytest.mark.parametrize("kind", SUSPENDED)
def test_what_keeps_still_is_what_somebody_has_suspended(
    desk: Desk, damage: Damage, kind: str
) -> None:
    statement, is_suspended, found = SUSPENDED[kind]
    desk.publish({"p.bpmn": FULL})
    instance_id = desk.start(variables={"case_id": "C-1"})
    if is_suspended:
        review_at = desk.now + timedelta(days=1)
        with desk.work() as session:
            suspending.suspend(
                session, instance_id, reason="Wait", review_at=review_at, by="femi", now=desk.now
            )
    assert faults(desk) == []
    damage(statement)
    assert faults(desk) == found


def test_a_due_time_that_has_been_told_needs_no_timer_any_more(
    desk: Desk, worker_database: Engine
) -> None:
    desk.publish({"p.bpmn": FULL})
    desk.start(variables={"case_id": "C-1"})
    desk.clock.advance(timedelta(hours=5))
    assert timers.fire_due(worker_database, desk.now) == 2
    assert faults(desk) == []


def test_one_damaged_instance_hides_no_other(desk: Desk, damage: Damage) -> None:
    desk.publish({"p.bpmn": FULL})
    bad, other = sorted(desk.start(variables={"case_id": f"C-{n}"}) for n in (1, 2))
    damage(f"UPDATE process_instance SET state = 'x' WHERE id = '{bad}'")
    damage(f"DELETE FROM message_subscription WHERE instance_id = '{other}'")
    with snapshot(desk.database, desk.tenant_id) as session:
        found = [(each.instance_id, each.table) for each in selfcheck.check(session)]
    assert found == [(bad, "process_instance"), (other, "message_subscription")]


def test_looking_changes_nothing_and_locks_nobody_out(desk: Desk) -> None:
    desk.publish({"p.bpmn": FULL})
    instance_id = desk.start(variables={"case_id": "C-1"})
    before = desk.instance(instance_id).version
    with snapshot(desk.database, desk.tenant_id) as session:
        assert list(selfcheck.check(session)) == []
        desk.complete(desk.task(instance_id))  # meanwhile somebody works
        assert list(selfcheck.check(session)) == []  # it is still the picture of the beginning
    assert desk.instance(instance_id).version == before + 1
    with unit_of_work(desk.database, desk.tenant_id) as session:
        assert list(selfcheck.check_instance(session, instance_id)) == []


def test_more_instances_than_are_read_at_once_are_all_looked_at(
    desk: Desk, damage: Damage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.selfcheck.AT_ONCE", 2)
    desk.publish({"q.bpmn": ONE})
    ids = {desk.start("q") for _ in range(5)}
    damage("DELETE FROM user_task")
    with snapshot(desk.database, desk.tenant_id) as session:
        assert {found.instance_id for found in selfcheck.check(session)} == ids


def test_the_command_says_which_row_of_which_instance(
    database_url: str,
    database: Engine,
    damage: Damage,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    desk: Desk,
) -> None:
    monkeypatch.setenv("SIGNPOST_DATABASE_URL", database_url)
    monkeypatch.setenv("SIGNPOST_DEMO", "1")
    desk.publish({"q.bpmn": ONE})
    damage(f"INSERT INTO tenant (id, slug, name, created_at) VALUES "
           f"('{desk.tenant_id}', 'ark', 'Ark', now())")  # fmt: skip
    instance_id = desk.start("q")
    task_id = desk.task(instance_id)
    assert main(["verify"]) == 0
    said = capsys.readouterr().out
    assert "1 running instances rebuilt from their states: no difference" in said

    damage("UPDATE user_task SET name = 'Another'")
    assert main(["verify"]) == 1
    said = capsys.readouterr().out
    assert f"ark: instance {instance_id}: user_task {task_id}: row differs" in said
    assert "1 DIFFERENCES" in said
