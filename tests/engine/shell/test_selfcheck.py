"""Rows and states say the same; where they do not, it is found."""

import pytest
from desk import Desk
from diagrams import boundary, catch, diagram, end, message, process, start, timer, user
from sqlalchemy import Engine, text

from engine import selfcheck
from engine.db import unit_of_work

FULL = diagram(
    process(
        start("begin"),
        user("ask", name="Ask"),
        boundary("late", "ask", timer("PT1H"), interrupting=False),
        catch("answer", message("answered", correlationKey="case_id")),
        end("done"),
        flows="begin > ask > done; late > done; begin > answer > done",
    )
)


def faults(desk: Desk) -> list[tuple[str, str]]:
    with desk.work() as session:
        return [(found.table, found.fault) for found in selfcheck.check(session)]


def test_untouched_rows_are_sound(desk: Desk) -> None:
    desk.publish({"p.bpmn": FULL})
    desk.start(variables={"case_id": "C-1"})
    assert faults(desk) == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("DELETE FROM user_task", ("user_task", "row missing")),
        ("UPDATE user_task SET name = 'Another'", ("user_task", "row differs")),
        ("UPDATE timer SET due_at = due_at + interval '1 s'", ("timer", "row differs")),
        ("DELETE FROM timer", ("timer", "row missing")),
        (
            "UPDATE message_subscription SET correlation_key = 'x'",
            ("message_subscription", "row differs"),
        ),
        (
            "INSERT INTO message_subscription SELECT gen_random_uuid(), tenant_id, instance_id, "
            "element_id, kind, name, correlation, correlation_key FROM message_subscription",
            ("message_subscription", "row too many"),
        ),
    ],
)
def test_a_row_that_does_not_fit_its_state_is_found(
    desk: Desk, owner_database: Engine, change: str, found: tuple[str, str]
) -> None:
    desk.publish({"p.bpmn": FULL})
    desk.start(variables={"case_id": "C-1"})
    with owner_database.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text(change))
    assert faults(desk) == [found]


def test_looking_changes_nothing(desk: Desk) -> None:
    desk.publish({"p.bpmn": FULL})
    instance_id = desk.start(variables={"case_id": "C-1"})
    before = desk.instance(instance_id).version
    faults(desk)
    assert desk.instance(instance_id).version == before
    with unit_of_work(desk.database, desk.tenant_id) as session:
        assert list(selfcheck.check_instance(session, instance_id)) == []
