"""What somebody has typed so far."""

import threading
from datetime import timedelta

import pytest
from factories import make_contact
from form_files import choice, definition, question
from office import GRADE, Office
from sqlalchemy import text

import forms
from engine import history
from engine.models import UserTask
from engine.user_tasks import NotActualOwner
from workflows import keys
from workflows.keys import Erased
from workflows.tasks import drafts, worklist
from workflows.tasks.asked import Asked, subject_of
from workflows.tasks.drafts import DraftConflict, DraftTooLarge, Written

SHA256 = forms.load(GRADE).sha256
TYPED = {"level": "hi", "danger": "  He has her keys and "}  # half a word, as it was


def save(office: Office, login_name: str, task_id, answers, version=None) -> int:
    """Save a draft and return its version."""
    with office.as_(login_name) as (session, actor):
        task = session.get_one(UserTask, task_id)
        written = Written("grade", SHA256, subject_of(session, task))
        saved = drafts.save_task(
            session, task, answers, written, actor=actor, now=office.now, version=version
        )
        return saved.version


def stored(office: Office, task_id) -> tuple:
    """Return whose the draft is, its version and what it says."""
    with office.org.work() as session:
        draft = drafts.of_task(session, task_id)
        return draft.staff_id, draft.version, draft.answers


def test_what_was_typed_is_kept_as_it_was(office):
    task_id = office.start()
    assert save(office, "dana", task_id, TYPED) == 1
    assert stored(office, task_id) == (office.dana, 1, TYPED)
    assert save(office, "dana", task_id, {"level": "high"}, version=1) == 2
    assert stored(office, task_id) == (office.dana, 2, {"level": "high"})


def test_nothing_of_it_is_checked_but_the_size(office):
    task_id = office.start()
    save(office, "dana", task_id, {"level": "nonsense", "strange": [1, {"a": None}]})
    with pytest.raises(DraftTooLarge):
        save(office, "dana", task_id, {"danger": "x" * 600_000}, version=1)
    assert stored(office, task_id)[1] == 1


def test_it_lies_encrypted_and_goes_with_the_key(office, owner_database):
    task_id = office.start()
    save(office, "dana", task_id, TYPED)
    with owner_database.connect() as connection:
        assert "keys" not in connection.scalar(text("SELECT d::text FROM draft d"))
    with office.org.work() as session:
        keys.erase(session, office.task(task_id).business_key, now=office.now)
    with office.org.work() as session, pytest.raises(Erased):
        _ = drafts.of_task(session, task_id).answers


def test_who_saves_over_a_colleague_is_told_and_nothing_is_lost(office):
    task_id = office.start()
    save(office, "dana", task_id, TYPED)
    office.clock.advance(timedelta(minutes=2))
    with pytest.raises(DraftConflict) as refused:
        save(office, "priya", task_id, {"level": "low"})
    assert refused.value.extra == {
        "by": str(office.dana),
        "at": office.now - timedelta(minutes=2),
        "version": 1,
    }
    assert stored(office, task_id) == (office.dana, 1, TYPED)
    # having seen both, she saves over the version she was shown
    assert save(office, "priya", task_id, {"level": "low"}, version=1) == 2


def test_what_a_colleague_has_claimed_is_theirs_to_write(office):
    task_id = office.start()
    with office.as_("priya") as (session, actor):
        worklist.claim(session, task_id, actor=actor, now=office.now)
    with pytest.raises(NotActualOwner):
        save(office, "dana", task_id, TYPED)


def test_what_was_typed_too_late_is_still_kept(office):
    task_id = office.start()
    office.complete("priya", task_id, {"level": "low"})
    assert save(office, "dana", task_id, TYPED) == 1


@pytest.mark.parametrize("version", [None, 1, 3])
def test_two_windows_of_one_person_do_not_overwrite_each_other(office, version):
    task_id = office.start()
    save(office, "dana", task_id, TYPED)
    save(office, "dana", task_id, TYPED, version=1)
    with pytest.raises(DraftConflict):
        save(office, "dana", task_id, {}, version=version)


def test_of_two_first_saves_at_once_one_is_told(office):
    for _ in range(5):
        task_id = office.start()
        ready, outcomes = threading.Barrier(2), []

        def attempt(name, task_id=task_id, ready=ready, outcomes=outcomes):
            ready.wait()
            try:
                outcomes.append(save(office, name, task_id, {"by": name}))
            except DraftConflict as conflict:
                outcomes.append(conflict.extra["by"])

        threads = [threading.Thread(target=attempt, args=(name,)) for name in ("dana", "priya")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        staff_id, version, _ = stored(office, task_id)
        assert version == 1
        assert sorted(map(str, outcomes)) == sorted(["1", str(staff_id)])


def test_both_sides_stand_beside_each_other_in_words():
    form = forms.load(
        definition(
            choice("radio", "level", "low", "high", label="Risk"),
            question("textfield", "who", "Who rang?"),
            question("textarea", "note", "Note"),
        )
    )
    asked = Asked(form, forms.UNITED_KINGDOM, {}, None)
    mine = {"level": "high", "who": "Ann", "note": "same"}
    theirs = {"level": "low", "who": "", "note": "same"}
    assert [(d.question, d.mine, d.theirs) for d in drafts.side_by_side(asked, mine, theirs)] == [
        ("Risk", "High", "Low"),
        ("Who rang?", "Ann", "Not answered"),
    ]


def test_a_draft_is_taken_over_on_hand_over_and_that_is_recorded(office):
    task_id = office.start()
    save(office, "dana", task_id, TYPED)
    with office.as_("priya") as (session, actor):
        drafts.adopt(session, drafts.of_task(session, task_id), actor=actor, now=office.now)
    assert stored(office, task_id) == (office.priya, 2, TYPED)
    with pytest.raises(DraftConflict):  # dana's page is one version behind
        save(office, "dana", task_id, {}, version=1)
    with office.org.work() as session:
        day = office.now.date().isoformat()
        (entry,) = history.read(session, f"access:{office.priya}:{day}")
    assert entry.payload["concept_name"] == "draft.adopted"
    assert (entry.payload["ids"], entry.payload["before"]) == ([str(task_id)], str(office.dana))


def test_a_live_contact_has_a_draft_of_its_own(office):
    with office.as_("amina") as (session, actor):
        contact_id = make_contact(session, office.org)
        written = Written("contact", SHA256, contact_id)
        for version, answers in ((None, {"what": "He"}), (1, {"what": "He said"})):
            drafts.save_contact(
                session,
                contact_id,
                answers,
                written,
                actor=actor,
                now=office.now,
                version=version,
            )
    with office.org.work() as session:
        assert drafts.of_contact(session, contact_id).answers == {"what": "He said"}
        drafts.discard_contact(session, contact_id)
        assert drafts.of_contact(session, contact_id) is None
