"""Chains hold, and whoever alters a row is found."""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from desk import Desk
from diagrams import diagram, end, process, start, user
from sqlalchemy import Connection, Engine, event, func, select, text
from sqlalchemy.exc import DBAPIError

from engine import history, verification
from engine.db import unit_of_work
from engine.models import HistoryEvent

TENANT = UUID("11111111-1111-4111-8111-111111111111")
NOW = datetime(2027, 1, 14, 10, 5, tzinfo=UTC)
STREAM = "case:5"
ASKING = diagram(process(start("begin"), user("ask"), end("done"), flows="begin > ask > done"))
STREAM_ID = history.stream_id(STREAM, TENANT)


def write(database: Engine, count: int, stream: str = STREAM) -> None:
    with unit_of_work(database, TENANT) as session:
        for number in range(count):
            payload = {"concept_name": "note", "lifecycle_transition": "complete", "n": number}
            history.append(session, stream, payload, tenant_id=TENANT, at=NOW)


def tamper(owner_database: Engine, change: Callable[[Connection], object]) -> None:
    with owner_database.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        change(connection)


def verify(database: Engine, stream: str | None = None) -> verification.Verification:
    with unit_of_work(database, TENANT) as session:
        return verification.verify(session, stream)


def test_the_database_and_the_verifier_agree_on_the_rule(database: Engine) -> None:
    write(database, 5)
    report = verify(database)
    assert (report.streams, report.entries, report.breaks) == (1, 5, [])


def test_an_auditor_can_check_the_chain_with_a_standard_library(
    database: Engine, owner_database: Engine
) -> None:
    write(database, 3)
    with owner_database.connect() as connection:
        rows = connection.execute(text("SELECT seq, entries, hash FROM history_event ORDER BY seq"))
        previous = "0" * 64
        for row in rows:
            said = {
                "entries": json.loads(row.entries),
                "seq": row.seq,
                "stream": STREAM,
                "tenant": str(TENANT),
                "time_timestamp": NOW.isoformat(),
                "v": 1,
            }
            linked = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            previous = hashlib.sha256(f"{previous}\n{linked}".encode()).hexdigest()
            assert row.hash.hex() == previous


def test_words_of_every_script_are_chained_as_they_are(database: Engine) -> None:
    with unit_of_work(database, TENANT) as session:
        payload = {"concept_name": 'Zoë "نور" \u2028 \x07', "data": {"ä": [1, None, True]}}
        history.append(session, STREAM, payload, tenant_id=TENANT, at=NOW)
        assert history.read(session, STREAM)[0].payload["concept_name"] == payload["concept_name"]
    assert verify(database).is_sound


def test_entries_are_read_page_by_page(database: Engine) -> None:
    write(database, 7)
    with unit_of_work(database, TENANT) as session:
        assert [e.seq for e in history.read(session, STREAM, after=2, limit=3)] == [3, 4, 5]


def test_floats_are_refused() -> None:
    with pytest.raises(TypeError):
        history.canonical({"score": 0.1})


@pytest.mark.parametrize(
    ("change", "seq", "fault"),
    [
        ("UPDATE history_event SET entries = replace(entries, '\"n\":2', '\"n\":9')", 3, "altered"),
        ("UPDATE history_event SET at = at + interval '1 s' WHERE seq = 2", 2, "altered"),
        ("DELETE FROM history_event WHERE seq = 2", 2, "missing"),
        ("DELETE FROM history_event WHERE seq = 5", 5, "missing"),
        ("DELETE FROM history_event", 1, "missing"),
        (
            "UPDATE history_event e SET entries = o.entries, hash = o.hash "
            "FROM history_event o "
            "WHERE (e.seq, o.seq) IN ((2, 3), (3, 2))",
            2,
            "altered",
        ),
        (
            "INSERT INTO history_event SELECT stream_id, 6, tenant_id, at, entries, hash "
            "FROM history_event WHERE seq = 5",
            6,
            "altered",
        ),
        ("UPDATE history_head SET hash = sha256(hash)", 6, "head differs"),
        ("DELETE FROM history_head", 5, "no head"),
    ],
)
def test_tampering_is_found(
    database: Engine, owner_database: Engine, change: str, seq: int, fault: str
) -> None:
    write(database, 5)
    write(database, 5, "case:6")
    tamper(owner_database, lambda c: c.exec_driver_sql(_only(change)))
    report = verify(database)
    name = str(STREAM_ID) if fault == "no head" else STREAM  # nothing says the name any more
    assert [(b.stream, b.seq, b.fault) for b in report.breaks] == [(name, seq, fault)]


def _only(change: str) -> str:
    """Confine a change to one of the two streams."""
    table = "e.stream_id" if "history_event e " in change else "stream_id"
    both = f"{table} = '{STREAM_ID}'"
    if table != "stream_id":
        both += f" AND o.stream_id = '{STREAM_ID}'"
    return change + (" AND " if "WHERE" in change else " WHERE ") + both


def test_a_forger_who_knows_the_rule_is_stopped_by_the_head(
    database: Engine, owner_database: Engine
) -> None:
    write(database, 2)
    with unit_of_work(database, TENANT) as session:
        last = history.read(session, STREAM)[1]
        first = history.read(session, STREAM)[0]
    forged = history.row_of(STREAM, [{**last.payload, "n": 7}], tenant_id=TENANT, at=NOW)["entries"]
    said = history.text_of(forged, 2, STREAM, TENANT, NOW)
    values = {"entries": forged, "hash": history.chained(first.hash, said)}
    change = text("UPDATE history_event SET entries = :entries, hash = :hash WHERE seq = 2")
    tamper(owner_database, lambda c: c.execute(change, values))
    assert [b.fault for b in verify(database).breaks] == ["head differs"]


def test_an_entry_moved_to_another_stream_is_found(
    database: Engine, owner_database: Engine
) -> None:
    write(database, 1)
    write(database, 1, "case:7")
    change = text("UPDATE history_event SET stream_id = :there, seq = 2 WHERE stream_id = :here")
    ids = {"here": STREAM_ID, "there": history.stream_id("case:7", TENANT)}
    tamper(owner_database, lambda c: c.execute(change, ids))
    assert {(b.stream, b.fault) for b in verify(database).breaks} == {
        ("case:7", "altered"),
        (STREAM, "missing"),
    }


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE history_event SET entries = ''",
        "DELETE FROM history_event",
        "TRUNCATE history_event",
    ],
)
def test_nobody_may_change_history(
    database: Engine, owner_database: Engine, worker_database: Engine, statement: str
) -> None:
    write(database, 1)
    for whoever in (database, owner_database, worker_database):
        with pytest.raises(DBAPIError), whoever.begin() as connection:
            connection.execute(text(statement))


def test_two_tenants_may_have_a_stream_of_one_name(database: Engine) -> None:
    other = uuid4()
    write(database, 2, "admin")
    with unit_of_work(database, other) as session:
        assert history.append(session, "admin", {"n": 1}, tenant_id=other, at=NOW) == 1
        assert len(history.read(session, "admin")) == 1
        assert verification.verify(session).is_sound


def test_what_is_rolled_back_leaves_no_gap(database: Engine) -> None:
    write(database, 1)
    with pytest.raises(ValueError, match="refused"), unit_of_work(database, TENANT) as session:
        history.append(session, STREAM, {"n": 1}, tenant_id=TENANT, at=NOW)
        raise ValueError("refused")
    with unit_of_work(database, TENANT) as session:
        later = NOW + timedelta(minutes=1)
        assert history.append(session, STREAM, {"n": 2}, tenant_id=TENANT, at=later) == 2
    assert verify(database, STREAM).is_sound


def test_what_a_step_says_stands_in_one_row_and_is_read_entry_by_entry(desk: Desk) -> None:
    desk.publish({"p.bpmn": ASKING})
    instance_id = desk.start()
    stream = f"instance:{instance_id}"
    with desk.work() as session:
        rows = select(func.count()).where(HistoryEvent.stream_id == instance_id)
        assert session.scalar(rows) == 1
        entries = history.read(session, stream)
        assert [entry.seq for entry in entries] == [1, 2, 3]
        assert history.read(session, stream, after=1, limit=1) == entries[1:2]
        each = history.entries()
        rows = session.execute(select(each).where(each.c.stream_id == instance_id)).all()
    for entry, row in zip(entries, rows, strict=True):
        assert (row.seq, row.at) == (entry.seq, entry.at)
        assert history.spelt_out(json.loads(row.text)).items() <= entry.payload.items()
        assert {entry.hash} == {each.hash for each in entries}  # they stand and fall together
    assert desk.is_consistent()


@pytest.mark.parametrize(
    ("change", "seq"),
    [
        ("entries = replace(entries, 'schedule', 'complete')", 1),
        ("entries = replace(entries, ',', ', ')", 1),  # no word is another, but it is not the text
        ("entries = '[]'", 1),
        ("entries = '[{}'", 1),
        ("hash = set_byte(hash, 4, get_byte(hash, 4) # 1)", 1),
    ],
)
def test_an_altered_entry_is_found_among_those_of_its_row(
    desk: Desk, owner_database: Engine, change: str, seq: int
) -> None:
    desk.publish({"p.bpmn": ASKING})
    id = desk.start()
    statement = text(f"UPDATE history_event SET {change} WHERE stream_id = :id")
    tamper(owner_database, lambda c: c.execute(statement, {"id": id}))
    with desk.work() as session:
        breaks = verification.verify(session, f"instance:{id}").breaks
    assert [(b.seq, b.fault) for b in breaks] == [(seq, "altered")]


def test_what_is_written_while_the_chains_are_checked_is_no_break(desk: Desk) -> None:
    """Heads are read first, rows after them: in between somebody completes a task."""
    desk.publish({"p.bpmn": ASKING})
    task_id = desk.task(desk.start())
    to_be_done = [task_id]

    def meanwhile(connection: object, cursor: object, statement: str, *rest: object) -> None:
        if "FROM history_event" in statement and to_be_done:
            desk.complete(to_be_done.pop())

    event.listen(desk.database, "before_cursor_execute", meanwhile)
    try:
        with desk.work() as session:
            report = verification.verify(session)
    finally:
        event.remove(desk.database, "before_cursor_execute", meanwhile)
    assert to_be_done == []
    assert report.breaks == []
