"""Two drafts of one release: whoever publishes second undoes nothing of the first."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine

from engine import bases, rebasing, releases
from engine.db import unit_of_work
from engine.definitions import ReleaseRefused
from engine.states import ReleaseState

TENANT = UUID("11111111-1111-4111-8111-111111111111")
NOW = datetime(2027, 1, 14, 10, 5, tzinfo=UTC)
AMINA, BEN, CHIDI = "amina", "ben", "chidi"


def diagram(name: str, step: str = "Ring back") -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t">
  <process id="{name}" isExecutable="true">
    <startEvent id="start_{name}"/>
    <sequenceFlow id="flow_1" sourceRef="start_{name}" targetRef="task_{name}"/>
    <task id="task_{name}" name="{step}"/>
    <sequenceFlow id="flow_2" sourceRef="task_{name}" targetRef="end_{name}"/>
    <endEvent id="end_{name}"/>
  </process>
</definitions>"""


CALL, VISIT = "bpmn/processes/call.bpmn", "bpmn/processes/visit.bpmn"
FILES = {CALL: diagram("call"), VISIT: diagram("visit")}


def draft(database: Engine, by: str, changed: dict[str, str | None], **options: object) -> UUID:
    """Hand in the first files with some changed; None takes a file away."""
    files = {name: text for name, text in {**FILES, **changed}.items() if text is not None}
    with unit_of_work(database, TENANT) as session:
        return releases.import_files(session, TENANT, files, by=by, now=NOW, **options).id


def publish(database: Engine, release_id: UUID, by: str = CHIDI, **options: object) -> None:
    with unit_of_work(database, TENANT) as session:
        releases.publish(session, release_id, by=by, now=NOW, **options)


@pytest.fixture
def first(database: Engine) -> UUID:
    made = draft(database, AMINA, {})
    publish(database, made)
    return made


@pytest.fixture
def two(database: Engine, first: UUID) -> tuple[UUID, UUID]:
    """Amina changes the call, Ben the visit; neither sees the other's draft."""
    return (
        draft(database, AMINA, {CALL: diagram("call", "Ring at noon")}),
        draft(database, BEN, {VISIT: diagram("visit", "Go by day")}),
    )


def test_the_second_of_two_drafts_is_refused_and_says_what_it_would_undo(
    database: Engine, two: tuple[UUID, UUID]
) -> None:
    amina, ben = two
    publish(database, amina)
    with pytest.raises(bases.ReleaseStale) as refused:
        publish(database, ben)
    said = refused.value.extra
    assert (said["base"], said["newest"]) == (1, 2)
    assert (said["undone"], said["clashes"]) == ([CALL], [])
    assert [(s["number"], s["author"], s["reviewer"], s["files"]) for s in said["since"]] == [
        (2, AMINA, CHIDI, [CALL])
    ]
    with unit_of_work(database, TENANT) as session:
        assert releases.effective(session, TENANT, NOW).id == amina


def test_a_draft_brought_up_to_date_holds_both_changes(
    database: Engine, two: tuple[UUID, UUID]
) -> None:
    amina, ben = two
    publish(database, amina)
    with unit_of_work(database, TENANT) as session:
        made = rebasing.rebase(session, ben, by=BEN, now=NOW)
        assert (made.author, made.base_id) == (BEN, amina)
        assert releases.get(session, ben).state == ReleaseState.REJECTED
        files = releases.export(session, made.id)
    assert b"Ring at noon" in files[CALL]
    assert b"Go by day" in files[VISIT]
    with unit_of_work(database, TENANT) as session, pytest.raises(releases.OwnRelease):
        releases.publish(session, made.id, by=BEN, now=NOW)
    publish(database, made.id)


def test_a_file_taken_away_stays_away(database: Engine, two: tuple[UUID, UUID]) -> None:
    without = draft(database, BEN, {VISIT: None})
    publish(database, two[0])
    with unit_of_work(database, TENANT) as session:
        made = rebasing.rebase(session, without, by=BEN, now=NOW)
        assert set(releases.export(session, made.id)) == {CALL}


def test_one_file_changed_twice_is_for_a_person(database: Engine, two: tuple[UUID, UUID]) -> None:
    clashing = draft(database, BEN, {CALL: diagram("call", "Ring in the evening")})
    publish(database, two[0])
    with pytest.raises(bases.ReleaseStale) as refused:
        publish(database, clashing)
    assert refused.value.extra["clashes"] == [CALL]
    with unit_of_work(database, TENANT) as session, pytest.raises(bases.FilesClash):
        rebasing.rebase(session, clashing, by=BEN, now=NOW)
    with unit_of_work(database, TENANT) as session:
        assert releases.get(session, clashing).state == ReleaseState.DRAFT


def test_only_its_author_brings_a_draft_up_to_date(
    database: Engine, two: tuple[UUID, UUID]
) -> None:
    publish(database, two[0])
    with unit_of_work(database, TENANT) as session, pytest.raises(bases.NotYourDraft):
        rebasing.rebase(session, two[1], by=AMINA, now=NOW)


def test_what_does_not_go_together_is_refused_with_its_findings(
    database: Engine, first: UUID
) -> None:
    again = draft(database, BEN, {"bpmn/processes/again.bpmn": diagram("second")})
    other = draft(database, AMINA, {"bpmn/processes/other.bpmn": diagram("second")})
    publish(database, other)
    with unit_of_work(database, TENANT) as session, pytest.raises(ReleaseRefused):
        rebasing.rebase(session, again, by=BEN, now=NOW)


def test_a_draft_that_holds_all_of_it_already_undoes_nothing(
    database: Engine, two: tuple[UUID, UUID], first: UUID
) -> None:
    both = draft(
        database,
        BEN,
        {CALL: diagram("call", "Ring at noon"), VISIT: diagram("visit", "Go by day")},
        base_id=first,
    )
    publish(database, two[0])
    publish(database, both)


def test_files_of_an_older_release_are_known_by_their_base(
    database: Engine, two: tuple[UUID, UUID], first: UUID
) -> None:
    publish(database, two[0])
    late = draft(database, BEN, {VISIT: diagram("visit", "Go by day")}, base_id=first)
    with pytest.raises(bases.ReleaseStale):
        publish(database, late)


def test_a_draft_is_no_base(database: Engine, two: tuple[UUID, UUID]) -> None:
    with pytest.raises(bases.BaseNotPublished):
        draft(database, BEN, {}, base_id=two[0])


def test_a_release_that_is_to_come_is_not_undone_either(
    database: Engine, two: tuple[UUID, UUID]
) -> None:
    tomorrow = NOW + timedelta(days=1)
    publish(database, two[0], effective_from=tomorrow)
    with pytest.raises(bases.ReleaseStale):
        publish(database, two[1])
    after = draft(
        database,
        BEN,
        {CALL: diagram("call", "Ring at noon"), VISIT: diagram("visit", "Go by day")},
    )
    publish(database, after)
    with unit_of_work(database, TENANT) as session:
        assert releases.get(session, after).effective_from == tomorrow
        assert releases.effective(session, TENANT, tomorrow).id == after
