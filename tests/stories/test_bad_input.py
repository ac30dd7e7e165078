"""What bad input gets over HTTP: a clear, complete error, and nothing lost."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from stories import (
    AGREE,
    AMARA,
    ATTACHED,
    BEFORE_ASKING,
    CONSENT,
    NEEDS_NOW,
    READ,
    SPOKE,
    checklist,
)
from story import Story

from workflows.staff import absences
from workflows.staff.models import Position
from workflows.staff.rota import put_on_rota

CALL: dict[str, Any] = {
    "safe_now": "yes",
    "immediate_danger": "no",
    "source": "self",
    "given_name": "Dawn",
    "what_happened": "Threatened by a neighbour.",
    "route": "information",
}
XXE = """<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><process id="p">&x;</process>
</definitions>"""
BROKEN = "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'><process id='q'>"


def referred(story: Story, **about: Any) -> dict[str, Any]:
    """A referral that Ines has to read."""
    story.refer("ines", {**AMARA, **about}, external_id="1")
    return story.task("ines", "task_read_written")


# -- mistyped and unknown fields ---------------------------------------------------------------


def test_a_referral_with_unknown_and_mistyped_fields_names_each_and_is_not_kept(
    story: Story,
) -> None:
    wrong = {**AMARA, "born_on": "2nd of May", "referrer_ticks": "many", "postcode": "B1"}
    body = {"service": "support", "source": "mash", "external_id": "1", "answers": wrong}

    refused = story["ines"].post("/contacts", body)

    assert refused.status_code == 422
    assert {e["pointer"] for e in refused.json["errors"]} == {
        "#/answers/born_on",
        "#/answers/referrer_ticks",
        "#/answers/postcode",
    }
    assert all(e["detail"] for e in refused.json["errors"])
    assert story.tasks("ines") == []
    story.refer("ines", AMARA, external_id="1")  # put right, under the same id
    assert "task_read_written" in story.elements("ines")


@pytest.mark.parametrize("sent", [b"{", b"[]", b'"a"', b"\xff"])
def test_a_body_that_is_no_json_object_is_said_to_be_none(story: Story, sent: bytes) -> None:
    headers = {"Authorization": f"Bearer {story['ines'].secret}"}

    refused = story.client.post(
        "/api/v1/contacts", data=sent, headers=headers, content_type="application/json"
    )

    assert (refused.status_code, refused.json["type"]) == (400, "/problems/body-refused")


def test_answers_that_are_refused_leave_the_task_and_the_draft(story: Story) -> None:
    task = referred(story)
    path = f"/user-tasks/{task['id']}"
    form = story.gets("ines", path)["form_sha256"]
    story["ines"].put(f"{path}/draft", {"answers": {"stated_high": "ye"}, "form_sha256": form})

    refused = story.tries("ines", task["id"], {**READ, "immediate_danger": "perhaps"})

    assert [e["pointer"] for e in refused.json["errors"]] == ["#/immediate_danger"]
    assert story.gets("ines", path)["state"] == task["state"]
    assert story.gets("ines", f"{path}/draft")["answers"] == {"stated_high": "ye"}


# -- stale forms -------------------------------------------------------------------------------


def change_contact_form(story: Story) -> None:
    """The process owners ask one question more: handed in by one, published by the other."""
    release = story.gets("owner", "/releases")["items"][0]
    name = "forms/definitions/contact.form"
    form = json.loads(story["owner"].get(f"/releases/{release['id']}/files/{name}").data)
    form["components"][-1]["components"].append(
        {
            "type": "textfield",
            "key": "shoe_size",
            "label": "Shoe size",
            "properties": {"class": "C1"},
        }
    )
    changed = {"files": [{"name": name, "text": json.dumps(form)}]}
    draft = story.posts("owner", "/releases", changed)
    story.posts("owner2", f"/releases/{draft['id']}/publish")


def test_answers_to_a_form_that_has_changed_meanwhile_are_shown_both_versions(
    story: Story,
) -> None:
    begun = story.posts("amina", "/contacts/live", {"service": "helpline", "channel": "phone"})
    path = f"/contacts/{begun['id']}"
    typed = {"answers": CALL, "form_sha256": begun["form_sha256"]}
    story["amina"].put(f"{path}/draft", typed)
    story.travel(timedelta(minutes=5))
    change_contact_form(story)

    stale = story["amina"].post(f"{path}/end", typed)

    assert (stale.status_code, stale.json["type"]) == (409, "/problems/stale-form")
    assert stale.json["yours"] == begun["form_sha256"]
    versions = [
        story["amina"].get(f"/forms/contact/versions/{stale.json[which]}").get_data(as_text=True)
        for which in ("yours", "current")
    ]
    assert ["shoe_size" in version for version in versions] == [False, True]
    assert story.gets("amina", f"{path}/draft")["answers"] == CALL  # nothing is lost
    again = {"answers": {**CALL, "shoe_size": "7"}, "form_sha256": stale.json["current"]}
    assert story.posts("amina", f"{path}/end", again)["status"] == "received"


def test_a_task_asks_in_the_version_it_was_opened_with_whatever_is_published(
    story: Story,
) -> None:
    task = referred(story)
    before = story.gets("ines", f"/user-tasks/{task['id']}")["form_sha256"]
    change_contact_form(story)
    body = {"answers": READ, "form_sha256": "0" * 64}

    stale = story["ines"].post(f"/user-tasks/{task['id']}/complete", body)

    assert (stale.status_code, stale.json["current"]) == (409, before)
    assert stale.json["form_id"] == "contact_reading"


# -- two at once, and those who may not --------------------------------------------------------


def test_the_second_of_two_is_told_who_was_faster_and_when(story: Story) -> None:
    task = referred(story)
    story.does("ines", "task_read_written", READ)
    story.travel(timedelta(minutes=1))

    second = story.tries("ines", task["id"], READ)

    assert (second.status_code, second.json["type"]) == (409, "/problems/user-task-not-open")
    assert second.json["by"] == str(story.org.ines)
    assert second.json["at"].startswith("2027-01-14T10:05")


def test_the_same_request_sent_twice_is_carried_out_once(story: Story) -> None:
    task = referred(story)
    path, body = f"/user-tasks/{task['id']}/complete", {"answers": READ}

    first = story["ines"].post(path, body, Idempotency_Key="press-1")
    again = story["ines"].post(path, body, Idempotency_Key="press-1")

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.data == again.data
    assert story.elements("ines") == ["task_choose_route"]


def test_the_same_referral_sent_twice_is_one(story: Story) -> None:
    first = story.refer("ines", AMARA, external_id="mash-1")
    again = story.refer("ines", AMARA, external_id="mash-1")

    assert first["id"] == again["id"]
    assert story.elements("ines") == ["task_read_written"]


def test_what_a_colleague_has_claimed_is_hers(story: Story) -> None:
    written = {**AMARA, "immediate_danger": "no", "route": "victim_support"}
    story.refer("ines", written, channel="agency_referral", external_id="1")
    task = story.task("dana", "task_attempt")
    story.posts("dana", f"/user-tasks/{task['id']}/claim")

    refused = story.tries("priya", task["id"], SPOKE)

    assert (refused.status_code, refused.json["type"]) == (403, "/problems/not-actual-owner")
    assert refused.json["by"] == str(story.org.dana)


def test_whoever_leads_may_look_and_not_do(story: Story) -> None:
    task = referred(story)

    refused = story.tries("mara", task["id"], READ)

    assert (refused.status_code, refused.json["type"]) == (403, "/problems/not-potential-owner")


def test_whoever_may_not_see_a_task_is_told_that_there_is_none(story: Story) -> None:
    task = referred(story)

    assert story.tries("vic", task["id"], READ).status_code == 404


def test_nobody_approves_a_lower_level_of_their_own(story: Story) -> None:
    """Femi grades as an assessor; as a team leader he could approve, if he had not graded."""
    story.refer("ines", AMARA, external_id="1")
    story.does("ines", "task_read_written", READ)
    story.does("ines", "task_choose_route", {"route": "victim_support"})
    grade_her_lower(story, "femi")

    task = story.task("mara", "task_approve_lower")
    assert "task_approve_lower" not in [t["element_id"] for t in offered_to(story, "femi")]
    refused = story.tries("femi", task["id"], {"lower_approved": "yes", "reason": "x" * 30})
    assert (refused.status_code, refused.json["type"]) == (403, "/problems/excluded-owner")


def grade_her_lower(story: Story, who: str) -> None:
    story.travel(timedelta(minutes=30))
    story.does("ines", "task_attempt", SPOKE)
    known = {"identity_verified": "yes", "verified_how": "two_facts"}
    story.does("ines", "task_verify_identity", known)
    story.does("ines", "task_check_safe", {"safe_now": "yes"})
    story.does("ines", "task_immediate_needs", NEEDS_NOW)
    story.does(who, "task_ask_before", BEFORE_ASKING)
    story.does(who, "task_ask_checklist", checklist(2))
    story.does(who, "task_attach_assessment", ATTACHED)
    lower = {
        "judgement": "lower",
        "lower_to": "medium",
        "reason": "She has moved away, and he does not know where.",
    }
    story.does(who, "task_judge", {**lower, "reasonable_grounds": "no"})


def offered_to(story: Story, who: str) -> list[dict[str, Any]]:
    return [t for t in story.tasks(who) if str(story.org.staff[who]) == t["actual_owner"]]


# -- messages ----------------------------------------------------------------------------------


def test_a_message_that_nobody_waits_for_is_kept_and_becomes_a_task(story: Story) -> None:
    about = {"name": "marac.listed", "payload": {"marac_ref": "M1"}, "message_id": "marac-7"}
    sent = story.posts("femi", "/messages", about)

    kept = story.gets("femi", f"/messages/{sent['id']}")
    assert kept["state"] in ("waiting", "unclaimed")
    story.travel(timedelta(days=8))

    assert story.gets("femi", f"/messages/{sent['id']}")["state"] == "unclaimed"
    task = story.task("femi", "task_unclaimed_message")
    assert task["name"].endswith("marac listed")
    assert story.posts("femi", "/messages", about)["id"] == sent["id"]  # delivered twice: once


# -- a step that fails -------------------------------------------------------------------------


@pytest.fixture
def failed(story: Story) -> str:
    """A high-risk case in a service in which nobody is there: allocation cannot hold it."""
    written = {**AMARA, "immediate_danger": "no", "route": "victim_support"}
    handed_in = {"service": "victim_care", "channel": "agency_referral", "external_id": "1"}
    contact = story.refer("vic", written, **handed_in)
    agree_in_victim_care(story)
    path = f"/contacts/{contact['id']}?purpose=x&reason=x"
    found: str = story.gets("dsl", path)["case_id"]
    return found


def agree_in_victim_care(story: Story) -> None:
    story.travel(timedelta(minutes=30))
    story.does("vic", "task_attempt", SPOKE)
    known = {"identity_verified": "yes", "verified_how": "two_facts"}
    story.does("vic", "task_verify_identity", known)
    story.does("vic", "task_check_safe", {"safe_now": "yes"})
    story.does("vic", "task_immediate_needs", NEEDS_NOW)
    story.does("vic", "task_ask_before", BEFORE_ASKING)
    story.does("vic", "task_ask_checklist", checklist(16))
    story.does("vic", "task_attach_assessment", ATTACHED)
    story.does("vic", "task_judge", AGREE)
    story.does("vic", "task_plan_safety", {"exit_plan": "To her sister."})
    story.does("vic", "task_ask_wish", {"wants_support": "yes"})
    with story.org.work() as session:  # he goes home, and is the only one of his service
        absences.start_absence(session, story.org.vic, story.now, by="system", now=story.now)
    story.does("vic", "task_record_consent", CONSENT)


def test_a_step_that_fails_is_an_incident_and_everything_else_goes_on(
    story: Story, failed: str
) -> None:
    (incident,) = story.gets("dsl", f"/incidents?case={failed}")["items"]

    assert incident["element_id"] == "service_hold_by_duty"
    assert incident["operation"] == "allocation.duty_owner"
    assert incident["error"] == "NobodyOnCall"
    assert "task_assess_needs" in story.elements("vic")  # her first contact goes on
    assert "task_acknowledge" in story.elements("dsl")  # and so does safeguarding
    story.refer("ines", AMARA, external_id="2")
    assert "task_read_written" in story.elements("ines")  # and everybody else's work


def test_when_the_cause_is_put_right_the_step_is_done_again(story: Story, failed: str) -> None:
    (incident,) = story.gets("dsl", f"/incidents?case={failed}")["items"]
    path, why = f"/incidents/{incident['id']}/retry", {"reason": "Vic is on the rota now."}
    with story.org.work() as session:
        absences.end_absences(session, story.org.vic, by="system", now=story.now)
        put_on_rota(
            session,
            story.org.services["victim_care"],
            Position.DUTY_WORKER,
            story.org.vic,
            story.now,
            story.now + timedelta(days=1),
            by="system",
            now=story.now,
        )

    assert story.posts("dsl", path, why)["state"] == "retried"
    assert story.gets("dsl", f"/incidents?case={failed}")["items"] == []
    assert story.case("dsl", failed)["owner_id"] == str(story.org.vic)


# -- hostile and broken definitions ------------------------------------------------------------


def hand_in(story: Story, **files: str) -> Any:
    named = [{"name": name.replace("__", "/"), "text": text} for name, text in files.items()]
    return story["owner"].post("/releases", {"files": named})


def test_hostile_and_broken_files_are_refused_with_every_finding(story: Story) -> None:
    before = story.gets("owner", "/releases")["items"]
    refused = hand_in(
        story,
        **{
            "bpmn/processes/hostile.bpmn": XXE,
            "bpmn/processes/broken.bpmn": BROKEN,
            "bpmn/decisions/broken.dmn": "<definitions",
            "forms/definitions/broken.form": "{",
        },
    )

    assert (refused.status_code, refused.json["type"]) == (422, "/problems/release-refused")
    worst = [f for f in refused.json["findings"] if f["severity"] == "cannot_execute"]
    assert {finding["file"] for finding in worst} == {
        "bpmn/processes/hostile.bpmn",
        "bpmn/processes/broken.bpmn",
        "bpmn/decisions/broken.dmn",
        "forms/definitions/broken.form",
    }
    assert refused.json["findings"][: len(worst)] == worst  # what stops it comes first
    assert all(finding["message"] for finding in worst)
    assert "root:" not in refused.get_data(as_text=True)
    assert story.gets("owner", "/releases")["items"] == before


def test_a_process_that_could_do_harm_is_kept_as_a_draft_and_not_published(
    story: Story, spoil: Callable[[str], str]
) -> None:
    draft = hand_in(story, **{"bpmn/processes/manager_alert.bpmn": spoil("manager_alert")})

    assert draft.status_code == 201
    unsafe = [f for f in draft.json["findings"] if f["severity"] == "unsafe"]
    assert {f["file"] for f in unsafe} == {"bpmn/processes/manager_alert.bpmn"}
    refused = story["owner2"].post(f"/releases/{draft.json['id']}/publish")
    assert (refused.status_code, refused.json["type"]) == (409, "/problems/release-unsafe")


@pytest.fixture
def spoil(story: Story) -> Callable[[str], str]:
    """Take a shipped diagram and let it name a form that there is none of."""

    def spoiled(name: str) -> str:
        release = story.gets("owner", "/releases")["items"][0]
        path = f"/releases/{release['id']}/files/bpmn/processes/{name}.bpmn"
        text = story["owner"].get(path).get_data(as_text=True)
        return text.replace('name="form" value="manager_alert"', 'name="form" value="no_such"')

    return spoiled


def test_nobody_publishes_what_they_handed_in_themselves(story: Story) -> None:
    change = {"bpmn/settings.yaml": "settings: {dash_high: 15}"}
    draft = hand_in(story, **change)
    assert draft.status_code == 201, draft.get_data(as_text=True)

    refused = story["owner"].post(f"/releases/{draft.json['id']}/publish")

    assert (refused.status_code, refused.json["type"]) == (403, "/problems/own-release")


def test_nobody_but_a_process_owner_hands_anything_in(story: Story) -> None:
    refused = story["ines"].post("/releases", {"files": [{"name": "p.bpmn", "text": XXE}]})

    assert refused.status_code == 403
