"""What somebody has typed, claimed and promised survives the move of their process."""

import json
from datetime import timedelta

import pytest
from office import FILES, GRADE, Office, open_office
from sqlalchemy import Engine

from engine import releases
from engine.clock import TravellingClock
from engine.states import UserTaskState
from workflows.living import migrating
from workflows.tasks import completing, drafts, worklist
from workflows.tasks.asked import StaleForm, asked_by, subject_of
from workflows.tasks.drafts import Written

TYPED = {"level": "high", "danger": "He has her keys"}


@pytest.fixture
def office(database: Engine, clock: TravellingClock) -> Office:
    return open_office(database, clock)


def test_a_draft_a_claim_and_a_due_time_survive_a_changed_form(
    office: Office, clock: TravellingClock
) -> None:
    task_id = office.start()
    with office.as_("dana") as (session, dana):
        worklist.start(session, task_id, actor=dana, now=office.now)
    with office.as_("dana") as (session, dana):
        task = worklist.start(session, task_id, actor=dana, now=office.now)
        asked = asked_by(session, task, now=office.now)
        assert asked is not None
        old_form = asked.form.sha256
        written = Written("grade", old_form, subject_of(session, task))
        drafts.save_task(session, task, TYPED, written, actor=dana, now=office.now, version=None)
    before = office.task(task_id)
    clock.advance(timedelta(hours=1))

    move_all(office)

    after = office.task(task_id)
    assert (after.actual_owner, after.state) == (str(office.dana), UserTaskState.IN_PROGRESS)
    assert after.due_at == before.due_at
    with office.as_("dana") as (session, dana):
        draft = drafts.of_task(session, task_id)
        assert draft is not None
        assert draft.answers == TYPED
        asked = asked_by(session, after, now=office.now)
        assert asked is not None
        assert asked.form.sha256 != old_form
    with pytest.raises(StaleForm), office.as_("dana") as (session, dana):
        completing.complete(
            session, task_id, TYPED, actor=dana, now=office.now, form_sha256=old_form
        )
    done = office.complete("dana", task_id, TYPED)
    assert done.task.state == UserTaskState.COMPLETED


def move_all(office: Office) -> None:
    """Publish the same process with another wording of its form, and move what runs."""
    changed = json.dumps(GRADE).replace("How high is the risk?", "How high do you find the risk?")
    with office.as_("owner") as (session, owner):
        old = releases.effective(session, office.org.tenant_id, office.now)
        new = releases.install_shipped(
            session,
            office.org.tenant_id,
            now=office.now,
            files={**FILES, "grade.form": changed},
        )
        made = migrating.plan(
            session, "p", old.id, new.id, {}, "Clearer words", actor=owner, now=office.now
        )
        migration_id = made.id
    with office.as_("owner") as (session, owner):
        batch = migrating.execute(
            office.org.database, session, migration_id, actor=owner, now=office.now
        )
    assert [result.outcome for result in batch.results] == ["migrated"]
    remarks = {finding["element_id"]: finding for finding in batch.results[0].findings}
    assert remarks["task_grade"]["changed"] == ["form"]
