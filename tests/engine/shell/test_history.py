"""Chains hold, and whoever alters a row is found."""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from engine import history
from engine.db import unit_of_work

TENANT = UUID("11111111-1111-4111-8111-111111111111")
NOW = datetime(2027, 1, 14, 10, 5, tzinfo=UTC)
STREAM = "case:5"


def write(database: Engine, count: int, stream: str = STREAM) -> None:
    with unit_of_work(database, TENANT) as session:
        for number in range(count):
            payload = {"concept_name": "note", "lifecycle_transition": "complete", "n": number}
            history.append(session, stream, payload, tenant_id=TENANT, at=NOW)


def tamper(owner_database: Engine, change: Callable[[Connection], object]) -> None:
    with owner_database.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        change(connection)


def verify(database: Engine, stream: str | None = None) -> history.Verification:
    with unit_of_work(database, TENANT) as session:
        return history.verify(session, stream)


def test_the_database_and_the_verifier_agree_on_the_rule(database: Engine) -> None:
    write(database, 5)
    report = verify(database)
    assert (report.streams, report.entries, report.breaks) == (1, 5, [])


def test_an_auditor_can_check_the_chain_with_a_standard_library(database: Engine) -> None:
    write(database, 3)
    with unit_of_work(database, TENANT) as session:
        entries = history.read(session, STREAM)
    previous = "0" * 64
    for entry in entries:
        linked = json.dumps(
            {"payload": entry.payload, "seq": entry.seq},
            sort_keys=True,
            separators=(",", ":"),
            ensure_ascii=False,
        )
        previous = hashlib.sha256(f"{previous}\n{linked}".encode()).hexdigest()
        assert entry.hash.hex() == previous


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
        ("UPDATE history_event SET payload = replace(payload, '\"n\":2', '\"n\":9')", 3, "altered"),
        ("UPDATE history_event SET at = at + interval '1 s' WHERE seq = 2", 2, "altered"),
        ("DELETE FROM history_event WHERE seq = 2", 2, "missing"),
        ("DELETE FROM history_event WHERE seq = 5", 5, "missing"),
        ("DELETE FROM history_event", 1, "missing"),
        (
            "UPDATE history_event e SET payload = o.payload, hash = o.hash FROM history_event o "
            "WHERE (e.seq, o.seq) IN ((2, 3), (3, 2))",
            2,
            "altered",
        ),
        (
            "INSERT INTO history_event SELECT tenant_id, stream, 6, at, payload, hash, hash "
            "FROM history_event WHERE seq = 5",
            6,
            "altered",
        ),
        ("UPDATE history_head SET hash = prev_hash", 6, "head differs"),
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
    assert [(b.stream, b.seq, b.fault) for b in report.breaks] == [(STREAM, seq, fault)]


def _only(change: str) -> str:
    """Confine a change to one of the two streams."""
    table = "e.stream" if "history_event e " in change else "stream"
    both = f"{table} = '{STREAM}'" + (f" AND o.stream = '{STREAM}'" if table != "stream" else "")
    return change + (" AND " if "WHERE" in change else " WHERE ") + both


def test_a_forger_who_knows_the_rule_is_stopped_by_the_head(
    database: Engine, owner_database: Engine
) -> None:
    write(database, 2)
    with unit_of_work(database, TENANT) as session:
        last = history.read(session, STREAM)[1]
        first = history.read(session, STREAM)[0]
    forged = history.canonical({**last.payload, "n": 7})
    values = {"p": forged, "h": history.chained(first.hash, 2, forged)}
    change = text("UPDATE history_event SET payload = :p, hash = :h WHERE seq = 2")
    tamper(owner_database, lambda c: c.execute(change, values))
    assert [b.fault for b in verify(database).breaks] == ["head differs"]


def test_an_entry_moved_to_another_stream_is_found(
    database: Engine, owner_database: Engine
) -> None:
    write(database, 1)
    tamper(owner_database, lambda c: c.execute(text("UPDATE history_event SET stream = 'case:7'")))
    assert {(b.stream, b.fault) for b in verify(database).breaks} == {
        ("case:7", "altered"),
        (STREAM, "missing"),
    }


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE history_event SET payload = ''",
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
        assert history.verify(session).is_sound


def test_what_is_rolled_back_leaves_no_gap(database: Engine) -> None:
    write(database, 1)
    with pytest.raises(ValueError, match="refused"), unit_of_work(database, TENANT) as session:
        history.append(session, STREAM, {"n": 1}, tenant_id=TENANT, at=NOW)
        raise ValueError("refused")
    with unit_of_work(database, TENANT) as session:
        later = NOW + timedelta(minutes=1)
        assert history.append(session, STREAM, {"n": 2}, tenant_id=TENANT, at=later) == 2
    assert verify(database, STREAM).is_sound
