"""Releases: stored once, published by a second person, in force from an instant."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from lxml import etree
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import DBAPIError

from engine import history, releases
from engine.db import unit_of_work
from engine.definitions import Definitions, ReleaseRefused, check, read
from engine.findings import Finding, Severity
from engine.models import FileContent, Release, ReleaseFile
from engine.states import ReleaseState

TENANT = UUID("11111111-1111-4111-8111-111111111111")
NOW = datetime(2027, 1, 14, 10, 5, tzinfo=UTC)
AMINA, BEN = "amina", "ben"

CALL = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t">
  <process id="call" isExecutable="true">
    <startEvent id="start_call"/>
    <sequenceFlow id="flow_1" sourceRef="start_call" targetRef="task_ring"/>
    <task id="task_ring" name="Ring back"/>
    <sequenceFlow id="flow_2" sourceRef="task_ring" targetRef="end_call"/><endEvent id="end_call"/>
  </process>
</definitions>"""
SETTINGS = "settings:\n  attempts: 3\n"
FILES = {"bpmn/processes/call.bpmn": CALL, "bpmn/settings.yaml": SETTINGS}


def no_owner(definitions: Definitions) -> list[Finding]:
    return [Finding("no_owner", Severity.UNSAFE, "Nobody may do 'Ring back'.", path=("a", "b"))]


def draft(
    database: Engine, tenant: UUID = TENANT, files: dict[str, str] = FILES, **options: object
) -> UUID:
    with unit_of_work(database, tenant) as session:
        made = releases.import_files(session, tenant, files, by=AMINA, now=NOW, **options)
        return made.id


def publish(database: Engine, release_id: UUID, **options: object) -> None:
    with unit_of_work(database, TENANT) as session:
        releases.publish(session, release_id, by=BEN, now=NOW, **options)


def test_tenants_with_the_same_files_share_what_was_read(
    database: Engine, statements: Callable[[], list[str]]
) -> None:
    """Also when there are more of them than releases that are kept."""
    ids = {tenant: draft(database, tenant) for tenant in (uuid4() for _ in range(40))}
    statements()
    read = set()
    for tenant, release_id in ids.items():
        with unit_of_work(database, tenant) as session:
            read.add(id(releases.definitions(session, release_id)))
    assert len(read) == 1
    assert not any("file_content" in statement for statement in statements())


def test_a_release_comes_out_as_it_went_in(database: Engine) -> None:
    release_id = draft(database)
    with unit_of_work(database, TENANT) as session:
        assert releases.export(session, release_id) == {
            name: content.encode() for name, content in FILES.items()
        }
        assert set(releases.definitions(session, release_id).processes) == {"call"}
        assert releases.get(session, release_id).number == 1
    assert draft(database) != release_id
    with unit_of_work(database, TENANT) as session:
        assert session.scalar(select(func.max(Release.number))) == 2


def test_bytes_are_stored_once_and_shared_objects_are_too(
    database: Engine, owner_database: Engine
) -> None:
    other = uuid4()
    mine, theirs = draft(database), draft(database, other)
    with owner_database.connect() as connection:
        named = select(ReleaseFile.sha256)
        stored = select(func.count()).where(FileContent.sha256.in_(named))
        assert connection.scalar(stored) == 2
    with unit_of_work(database, TENANT) as session:
        ours = releases.definitions(session, mine)
    with unit_of_work(database, other) as session:
        assert releases.definitions(session, theirs) is ours


def test_another_tenant_sees_neither_names_nor_bytes(database: Engine) -> None:
    release_id = draft(database)
    with unit_of_work(database, uuid4()) as session:
        assert session.scalar(text("SELECT count(*) FROM release_file")) == 0
        assert session.scalar(text("SELECT count(*) FROM file_content")) == 0
        with pytest.raises(releases.ReleaseNotFound):
            releases.export(session, release_id)
        with pytest.raises(releases.ReleaseNotFound):
            releases.publish(session, release_id, by=BEN, now=NOW)


def test_other_bytes_cannot_be_put_under_a_hash(database: Engine) -> None:
    forged = FileContent(sha256="0" * 64, content=b"<definitions/>")
    with pytest.raises(DBAPIError), unit_of_work(database, TENANT) as session:
        session.add(forged)


def test_the_author_cannot_publish_and_a_second_person_can(database: Engine) -> None:
    release_id = draft(database)
    with unit_of_work(database, TENANT) as session:
        with pytest.raises(releases.OwnRelease):
            releases.publish(session, release_id, by=AMINA, now=NOW)
        with pytest.raises(releases.NoReleaseInForce):
            releases.effective(session, TENANT, NOW)
        published = releases.publish(session, release_id, by=BEN, now=NOW)
        assert (published.state, published.reviewer) == (ReleaseState.PUBLISHED, BEN)
        assert releases.effective(session, TENANT, NOW).id == release_id
        lines = [
            (e.payload["lifecycle_transition"], e.payload["org_resource"])
            for e in history.read(session, "admin")
        ]
        assert lines == [("schedule", AMINA), ("complete", BEN)]


def test_a_release_takes_effect_at_its_instant(database: Engine) -> None:
    first, second = draft(database), draft(database)
    publish(database, first)
    tomorrow = NOW + timedelta(days=1)
    publish(database, second, effective_from=tomorrow)
    with unit_of_work(database, TENANT) as session:
        assert releases.effective(session, TENANT, NOW).id == first
        assert releases.effective(session, TENANT, tomorrow).id == second
        with pytest.raises(releases.NoReleaseInForce):
            releases.effective(session, TENANT, NOW - timedelta(seconds=1))


def test_what_is_unsafe_is_stored_and_cannot_be_published(database: Engine) -> None:
    release_id = draft(database, extra_checks=[no_owner])
    with unit_of_work(database, TENANT) as session:
        stored = releases.findings(releases.get(session, release_id))
        assert no_owner(releases.definitions(session, release_id))[0] in stored
        with pytest.raises(releases.ReleaseUnsafe, match="Nobody may do 'Ring back'") as refused:
            releases.publish(session, release_id, by=BEN, now=NOW)
        assert refused.value.extra["findings"]


def test_a_story_that_goes_otherwise_keeps_a_draft_from_publication(database: Engine) -> None:
    story = """
    story: A call is asked for
    now: 2027-01-14T10:05:00Z
    steps:
      - start: {process: call}
      - expect: {tasks: [task_nobody_drew]}
    """
    release_id = draft(database, files={**FILES, "call.yaml": story})
    with unit_of_work(database, TENANT) as session:
        with pytest.raises(releases.ScenariosFailed, match="A call is asked for, step 2"):
            releases.publish(session, release_id, by=BEN, now=NOW)
        assert releases.get(session, release_id).state == ReleaseState.DRAFT


def test_what_cannot_be_carried_out_is_refused_whole(database: Engine) -> None:
    broken = {"a.bpmn": "<!DOCTYPE x><definitions/>", "b.bpmn": "<nonsense"}
    with unit_of_work(database, TENANT) as session:
        with pytest.raises(ReleaseRefused) as refused:
            releases.import_files(session, TENANT, broken, by=AMINA, now=NOW)
        assert {finding.file for finding in refused.value.findings} == {"a.bpmn", "b.bpmn"}
        assert session.scalar(text("SELECT count(*) FROM release")) == 0


def test_a_decided_draft_is_decided(database: Engine) -> None:
    release_id = draft(database)
    with unit_of_work(database, TENANT) as session:
        releases.reject(session, release_id, by=BEN, now=NOW, reason="The ladder is missing.")
        with pytest.raises(releases.ReleaseNotDraft):
            releases.publish(session, release_id, by=BEN, now=NOW)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE release SET sha256 = ''",
        "UPDATE release SET author = 'ben'",
        "UPDATE release_file SET sha256 = ''",
        "DELETE FROM release_file",
        "DELETE FROM release",
        "UPDATE file_content SET content = ''",
        "DELETE FROM file_content",
    ],
)
def test_the_application_cannot_change_what_was_released(database: Engine, statement: str) -> None:
    draft(database)
    with pytest.raises(DBAPIError), unit_of_work(database, TENANT) as session:
        session.execute(text(statement))


def test_a_fresh_tenant_gets_the_shipped_files_in_force(database: Engine) -> None:
    with unit_of_work(database, TENANT) as session:
        made = releases.install_shipped(session, TENANT, now=NOW, files=FILES)
        assert releases.effective(session, TENANT, NOW).id == made.id
        assert made.note == releases.SHIPPED_NOTE


def test_the_next_tenant_gets_what_the_first_ones_checks_found(database: Engine) -> None:
    looked: list[str] = []

    def look(definitions: Definitions) -> list[Finding]:
        looked.append(definitions.sha256)
        return no_owner(definitions)

    for tenant in (TENANT, uuid4()):
        with unit_of_work(database, tenant) as session:
            made = releases.install_shipped(
                session, tenant, now=NOW, files=FILES, extra_checks=[look]
            )
            assert [finding.rule for finding in releases.findings(made)] == ["no_owner"]
    assert len(looked) == 1


def test_a_stored_release_is_read_as_it_was_checked() -> None:
    checked, stored = check(FILES), read(FILES)
    assert stored.sha256 == checked.sha256
    assert stored.settings == checked.settings
    assert [etree.tostring(process.element) for process in stored.processes.values()] == [
        etree.tostring(process.element) for process in checked.processes.values()
    ]


def test_a_stored_release_that_newer_checks_would_refuse_goes_on() -> None:
    unknown = CALL.replace("</process>", '<task id="task_alone" name="Not reached"/></process>')
    files = {"call.bpmn": unknown.replace('targetRef="task_ring"', 'targetRef="nowhere"', 1)}
    with pytest.raises(ReleaseRefused):
        check(files)
    assert list(read(files).processes) == ["call"]


def test_shipped_files_are_found_by_their_folders() -> None:
    names = releases.shipped_files().keys()
    assert all(name.startswith(("bpmn/", "forms/definitions/")) for name in names)
