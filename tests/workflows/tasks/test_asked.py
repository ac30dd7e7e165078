"""What a task asks, with the options and the clock of its place."""

import json
from datetime import UTC, datetime

import pytest
from diagrams import diagram, end, process, start, user
from form_files import definition, question
from marshmallow import ValidationError

import forms
from engine import releases
from engine.models import UserTask
from workflows.tasks import lists
from workflows.tasks.asked import FormMissing, asked_by, form_in
from workflows.tenants.models import Service

VISIT = definition(
    question("select", "worker", "Who goes?", properties={"list": "candidates"}),
    question("datetime", "at", "When", subtype="datetime"),
    question("datetime", "seen", "Seen on", properties={"dates": "past"}),
    id="visit",
)
ASKS = user("task_visit", form="visit", potentialOwners="case_worker")
DRAWN = process(start("begin"), ASKS, end("done"), flows="begin > task_visit > done")


@pytest.fixture
def visit(office, monkeypatch):
    """The id of a task that asks for a visit, in a service in Paris."""
    monkeypatch.setattr(lists, "_lists", {})
    lists.named_list("candidates")(
        lambda session, task, *, now: [forms.Option(str(office.priya), "Priya Shah")]
    )
    with office.org.work() as session:
        session.get_one(Service, office.org.services["support"]).zone = "Europe/Paris"
        files = {"p.bpmn": diagram(DRAWN), "visit.form": json.dumps(VISIT)}
        releases.install_shipped(session, office.org.tenant_id, now=office.now, files=files)
    return office.start()


def test_options_come_from_the_named_list(office, visit):
    with office.org.work() as session:
        asked = asked_by(session, session.get_one(UserTask, visit), now=office.now)
        (field, *_) = asked.render().pages[0].items
        assert [option.label for option in field.options] == ["Priya Shah"]
    with pytest.raises(ValidationError):
        office.complete("dana", visit, {"worker": str(office.ben)})
    assert office.complete("dana", visit, {"worker": str(office.priya)}).answers == {
        "worker": str(office.priya)
    }


def test_times_are_those_of_the_service(office, visit):
    done = office.complete("dana", visit, {"at": "2027-01-15T09:00"})
    assert done.answers == {"at": datetime(2027, 1, 15, 8, 0, tzinfo=UTC)}


def test_today_is_that_of_the_service(office, visit):
    office.clock.travel_to(datetime(2027, 1, 14, 23, 30, tzinfo=UTC))
    assert office.complete("dana", visit, {"seen": "2027-01-15"}).answers


def test_a_list_has_one_maker(office, visit):
    assert lists.known_lists() == {"candidates"}
    with pytest.raises(ValueError, match="a list candidates already"):
        lists.named_list("candidates")(lambda session, task, *, now: [])


def test_a_form_is_read_once_for_a_release(office):
    with office.org.work() as session:
        release = releases.effective(session, office.org.tenant_id, office.now)
        known = releases.definitions(session, release.id)
        assert form_in(known, "grade") is form_in(known, "grade")
        with pytest.raises(FormMissing):
            form_in(known, "nothing")
