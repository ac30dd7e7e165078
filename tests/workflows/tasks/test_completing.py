"""Completing a task: who may, with which answers, and what is kept."""

import hashlib
import json
import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from form_files import question
from marshmallow import ValidationError
from office import FILES, GRADE, Office
from sqlalchemy import select, text

import forms
from engine import instances, releases, user_tasks
from engine.errors import NotFound
from engine.models import UserTask
from workflows.access import conflicts
from workflows.tasks import answers as handlers
from workflows.tasks import asked, drafts
from workflows.tasks.models import Draft, FormAnswers

HIGH = {"level": "high", "danger": "He has her keys."}
LOW = {"level": "low"}
FORM_SHA256 = forms.load(GRADE).sha256


@pytest.fixture
def taken(monkeypatch):
    """A handler of the form, and what it was given."""
    given = []

    def grade(session, task, checked, *, by, now):
        given.append((task.id, dict(checked), by, now))
        return {"grade_id": "g-1"}

    monkeypatch.setattr(handlers, "_handlers", {"grade": grade})
    return given


def variables(office: Office, instance_id):
    with office.org.work() as session:
        return instances.restore(session, instance_id).variables


def kept(office: Office, task_id) -> FormAnswers | None:
    with office.org.work() as session:
        row = session.get(FormAnswers, task_id)
        if row is not None:
            assert row.answers is not None  # unsealed while the session is there
        return row


def test_answers_are_kept_the_handler_takes_over_and_the_process_moves_on(office, taken):
    task_id = office.start()
    done = office.complete("dana", task_id, HIGH, form_sha256=FORM_SHA256)

    assert [opened.name for opened in done.changes.tasks_opened] == ["Tell the client"]
    assert done.answers == HIGH
    assert taken == [(task_id, HIGH, str(office.dana), office.now)]
    task = office.task(task_id)
    assert (task.state, task.completed_by, task.actual_owner) == (
        "completed",
        str(office.dana),
        str(office.dana),
    )
    row = kept(office, task_id)
    assert (row.form_id, row.form_sha256.hex(), row.by) == ("grade", FORM_SHA256, office.dana)
    assert row.answers == HIGH
    assert row.subject_id == task.business_key


def test_only_declared_variables_and_what_the_handler_gives_reach_the_engine(office, taken):
    task_id = office.start()
    office.complete("dana", task_id, HIGH)
    known = variables(office, office.task(task_id).instance_id)
    assert (known["level"], known["grade_id"]) == ("high", "g-1")
    assert "danger" not in known


def test_no_answer_stands_in_plain_text_anywhere(office, owner_database):
    task_id = office.start()
    office.complete("dana", task_id, HIGH)
    with owner_database.connect() as connection:
        tables = connection.scalars(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        ).all()
        for table in tables:
            rows = connection.scalars(text(f'SELECT t::text FROM "{table}" t')).all()
            assert not [row for row in rows if "keys" in row and "He has" in row], table


def test_the_history_says_which_form_was_answered_and_pins_the_answers(office):
    task_id = office.start()
    office.complete("dana", task_id, LOW | {"danger": "none"})
    instance_id = office.task(task_id).instance_id
    (line,) = [one for one in office.lines(instance_id) if "form_id" in one]
    assert (line["concept_name"], line["lifecycle_transition"]) == ("Grade the risk", "complete")
    assert (line["task"], line["form_id"]) == (str(task_id), "grade")
    row = kept(office, task_id)
    signed = row.form_sha256 + row.answers_sealed
    assert line["answers_sha256"] == hashlib.sha256(signed).hexdigest()
    assert line["not_kept"] == 1
    assert line["org_resource"] == str(office.dana)


def test_an_answer_that_is_no_longer_asked_is_not_kept_and_named(office):
    task_id = office.start()
    done = office.complete("dana", task_id, LOW | {"danger": "He has her keys."})
    assert done.dropped == ("What is the danger now?",)
    assert kept(office, task_id).answers == LOW


@pytest.mark.parametrize(
    ("answers", "messages"),
    [
        ({}, {"level": ["Select an answer to “How high is the risk?”"]}),
        ({"level": "high"}, {"danger": ["Answer “What is the danger now?”"]}),
        (LOW | {"owner": "ben"}, {"owner": ["This form does not ask for it"]}),
        (LOW | {"priority": 0}, {"priority": ["This form does not ask for it"]}),
    ],
)
def test_wrong_answers_change_nothing(office, taken, answers, messages):
    task_id = office.start()
    with pytest.raises(ValidationError) as refused:
        office.complete("dana", task_id, answers)
    assert refused.value.messages == messages
    assert office.task(task_id).is_open
    assert taken == []
    assert kept(office, task_id) is None


def test_a_handler_may_refuse_the_answers(office, monkeypatch):
    def grade(session, task, checked, *, by, now):
        raise ValidationError({"level": ["Grade it again"]})

    monkeypatch.setattr(handlers, "_handlers", {"grade": grade})
    task_id = office.start()
    with pytest.raises(ValidationError):
        office.complete("dana", task_id, LOW)
    assert office.task(task_id).is_open
    assert kept(office, task_id) is None


def test_a_task_that_asks_nothing_takes_no_answers(office):
    task_id = office.start()
    office.complete("dana", task_id, LOW)
    second = office.open_task(office.task(task_id).instance_id).id
    with pytest.raises(ValidationError):
        office.complete("dana", second, {"note": "x"})
    assert office.complete("dana", second, {}).answers == {}
    assert kept(office, second) is None


def test_what_one_may_not_see_does_not_exist(office):
    task_id = office.start()
    for somebody in ("amina", "vic", "owner", "admin"):
        with pytest.raises(NotFound):
            office.complete(somebody, task_id, LOW)
    with pytest.raises(NotFound):
        office.complete("dana", uuid4(), LOW)


def test_a_conflict_of_interest_hides_the_task_at_once(office):
    task_id = office.start()
    with office.as_("dana") as (session, actor):
        case_id = session.get_one(UserTask, task_id).business_key
        conflicts.declare(session, office.dana, case_id=case_id, by=actor.by, now=office.now)
    with pytest.raises(NotFound):
        office.complete("dana", task_id, LOW)
    assert office.complete("priya", task_id, LOW).answers == LOW


def test_a_leader_sees_the_task_and_may_not_do_it_for_them(office):
    task_id = office.start()
    with pytest.raises(user_tasks.NotPotentialOwner):
        office.complete("femi", task_id, LOW)


def test_the_second_of_two_is_told_who_was_faster_and_when(office):
    task_id = office.start()
    office.complete("priya", task_id, LOW)
    office.clock.advance(timedelta(minutes=3))
    with pytest.raises(user_tasks.UserTaskNotOpen) as refused:
        office.complete("dana", task_id, LOW)
    assert refused.value.extra["by"] == str(office.priya)
    assert refused.value.extra["at"] == office.now - timedelta(minutes=3)


def test_what_a_colleague_has_claimed_is_theirs(office):
    task_id = office.start()
    with office.as_("priya") as (session, actor):
        user_tasks.claim(session, task_id, by=actor.by, now=office.now)
    with pytest.raises(user_tasks.NotActualOwner):
        office.complete("dana", task_id, LOW)


def test_whoever_is_excluded_is_refused_before_the_answers_are_looked_at(office, taken):
    task_id = office.start(author=str(office.dana))
    with office.as_("femi") as (session, actor):
        # a leader hands it over by mistake; the four-eyes rule still holds
        session.get_one(UserTask, task_id).actual_owner = str(office.dana)
    with pytest.raises(user_tasks.ExcludedOwner):
        office.complete("dana", task_id, {"level": "nonsense"})
    assert taken == []


def test_a_stale_form_is_refused_with_both_versions(office):
    older = GRADE | {"components": [*GRADE["components"], question("textfield", "more")]}
    with office.org.work() as session:
        release = releases.import_files(
            session,
            office.org.tenant_id,
            FILES | {"grade.form": json.dumps(older)},
            by="owner",
            now=office.now,
        )
        assert release.number == 2
    sha256 = forms.load(older).sha256
    task_id = office.start()
    with pytest.raises(asked.StaleForm) as refused:
        office.complete("dana", task_id, HIGH | {"more": "x"}, form_sha256=sha256)
    assert refused.value.extra == {"form_id": "grade", "yours": sha256, "current": FORM_SHA256}
    assert office.task(task_id).is_open
    with office.org.work() as session:
        assert "more" in asked.version(session, "grade", sha256).questions
        assert asked.version(session, "grade", "0" * 64) is None


def test_an_instance_keeps_the_form_of_its_release(office):
    task_id = office.start()
    newer = GRADE | {"components": [*GRADE["components"], question("textfield", "more")]}
    with office.org.work() as session:
        files = FILES | {"grade.form": json.dumps(newer)}
        releases.install_shipped(session, office.org.tenant_id, now=office.now, files=files)
    assert office.complete("dana", task_id, LOW, form_sha256=FORM_SHA256).answers == LOW
    with pytest.raises(asked.StaleForm):
        office.complete("dana", office.start(), LOW, form_sha256=FORM_SHA256)


def test_a_draft_of_ones_own_goes_with_the_completion_and_a_colleagues_stays(office):
    mine, theirs = office.start(), office.start()
    for name, task_id in (("dana", mine), ("priya", theirs)):
        with office.as_(name) as (session, actor):
            task = session.get_one(UserTask, task_id)
            written = drafts.Written("grade", FORM_SHA256, asked.subject_of(session, task))
            drafts.save_task(
                session, task, HIGH, written, actor=actor, now=office.now, version=None
            )
    office.complete("dana", mine, LOW)
    office.complete("dana", theirs, LOW)
    with office.org.work() as session:
        left = session.scalars(select(Draft)).all()
        assert [(draft.user_task_id, draft.staff_id) for draft in left] == [(theirs, office.priya)]


def test_of_two_at_once_one_wins_and_the_other_is_told(office):
    told = []
    for _ in range(5):
        task_id = office.start()
        ready = threading.Barrier(2)

        def attempt(name, task_id=task_id, ready=ready):
            ready.wait()
            try:
                office.complete(name, task_id, LOW)
                told.append("won")
            except user_tasks.UserTaskNotOpen as refusal:
                told.append(refusal.extra["by"])

        threads = [threading.Thread(target=attempt, args=(name,)) for name in ("dana", "priya")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert told.count("won") == 5
    assert set(told) <= {"won", str(office.dana), str(office.priya)}
    assert len(told) == 10


def test_a_message_nobody_took_has_a_form_of_its_own(office):
    with office.org.work() as session:
        task = UserTask(
            id=uuid4(),
            tenant_id=office.org.tenant_id,
            message_id=uuid4(),
            process_id="message_inbox",
            element_id="task_unclaimed_message",
            name="Message without a receiver",
            potential_owners=["team_leader"],
            excluded_owners=[],
            created_at=office.now,
        )
        assert [*asked.form_of(session, task).questions] == ["again"]


def test_a_completion_costs_few_statements(office, statements):
    first, second = office.start(), office.start()
    office.complete("dana", first, HIGH)
    statements.clear()
    office.complete("dana", second, HIGH)
    assert len(statements) <= 15, "\n".join(statements)


def test_one_handler_a_form(monkeypatch):
    monkeypatch.setattr(handlers, "_handlers", {})
    handlers.answers("a", "b")(test_one_handler_a_form)
    assert handlers.handled_forms() == {"a", "b"}
    with pytest.raises(ValueError, match="already go to"):
        handlers.answers("b")(test_one_handler_a_form)
