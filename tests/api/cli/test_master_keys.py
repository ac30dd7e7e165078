"""A new master key: data keys move to it in batches, beside the running service."""

from base64 import b64encode
from collections.abc import Callable, Iterator

import pytest
from people import Organisation
from sqlalchemy import Engine

from engine import history
from workflows import keys
from workflows.keys import KeyRing

Command = Callable[..., str]
NEW = bytes(range(100, 132))


@pytest.fixture
def rotated(ark: Organisation) -> Iterator[KeyRing]:
    """A new master key before the one under which the organisation was made."""
    old = keys.ring()
    keys.use_ring(KeyRing.of([NEW, *old.keys.values()]))
    yield old
    keys.use_ring(old)


def counts(said: str) -> dict[str, int]:
    return {line.split()[0]: int(line.split()[1].replace(",", "")) for line in said.splitlines()}


def test_every_data_key_moves_and_one_sees_how_far_it_is(
    signpost: Command, ark: Organisation, rotated: KeyRing
) -> None:
    before = counts(signpost("keys", "status"))
    assert before[keys.ring().current] == 0
    total = before[rotated.current]
    assert total > 5

    said = signpost("keys", "rewrap", "--batch", "5")
    assert f"ark: 5 of {total} data keys are moved" in said
    assert f"ark: {total} of {total} data keys are moved" in said
    assert "Every data key is under the newest master key" in said
    assert counts(signpost("keys", "status")) == {keys.ring().current: total, rotated.current: 0}
    with ark.work() as session:
        told = [e.payload for e in history.read(session, "admin", limit=500)]
    assert [e["count"] for e in told if e["concept_name"] == "keys.rewrapped"] == [total]


def test_it_goes_on_where_it_was_stopped(
    signpost: Command, ark: Organisation, rotated: KeyRing
) -> None:
    total = counts(signpost("keys", "status"))[rotated.current]
    with ark.work() as session:
        assert keys.rewrap(session, limit=4) == 4
    assert f"ark: {total - 4} of {total - 4} data keys" in signpost("keys", "rewrap")
    assert "Every data key" in signpost("keys", "rewrap")  # once more: nothing to do


def test_what_somebody_holds_is_left_for_the_next_time(
    signpost: Command, ark: Organisation, rotated: KeyRing, owner_database: Engine
) -> None:
    with owner_database.begin() as held:
        held.exec_driver_sql("SELECT id FROM subject_key LIMIT 1 FOR UPDATE")
        refused = signpost("keys", "rewrap", status=1)
    assert refused == ""  # what is left is said where the progress is
    assert "Every data key" in signpost("keys", "rewrap")


def test_a_master_key_that_is_gone_is_named(
    signpost: Command, ark: Organisation, rotated: KeyRing
) -> None:
    keys.use_ring(KeyRing.parse(b64encode(NEW).decode()))
    assert rotated.current in signpost("keys", "rewrap", status=1)
    assert "NOT KNOWN" in signpost("keys", "status")


def test_a_batch_has_a_size(signpost: Command, rotated: KeyRing) -> None:
    assert "at least one" in signpost("keys", "rewrap", "--batch", "0", status=1)
