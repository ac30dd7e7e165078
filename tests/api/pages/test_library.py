"""The process library: what runs, a changed file with all its findings, and the second person."""

import re
from collections.abc import Callable
from io import BytesIO

import pytest
from browsing import Browser
from house import House
from people import Organisation
from werkzeug.test import TestResponse

from engine import releases

SignIn = Callable[[str], Browser]
CONSENT = "bpmn/processes/consent.bpmn"


@pytest.fixture
def owner(sign_in: SignIn, house: House) -> Browser:
    return sign_in("owner")


def shipped(name: str) -> str:
    return releases.shipped_files()[name].decode()


def upload(browser: Browser, **files: str) -> TestResponse:
    browser.get("/library")
    given = [(BytesIO(text.encode()), f"{name}.bpmn") for name, text in files.items()]
    return browser.post("/library/upload", {"files": given, "note": "Ask it sooner."})


def changed() -> str:
    """Return the consent process with another name for one of its steps."""
    return re.sub(r'(<bpmn:userTask id="[^"]+" name=")[^"]+', r"\1Ask it sooner", shipped(CONSENT))


def test_the_library_lists_every_process_and_what_runs_of_it(owner: Browser, house: House) -> None:
    page = owner.get("/library").text
    for name in ("Contact intake", "First contact", "Risk grading", "Case lifecycle"):
        assert name in page
    assert "Release 1" in page


def test_a_process_is_shown_in_words_and_as_a_picture(owner: Browser, house: House) -> None:
    page = owner.get("/library/processes/first_contact").text
    assert "The same in words" in page
    assert "Reach the client" in page
    address = re.search(r'data-diagram="([^"]+)"', page)
    assert address
    drawn = owner.get(address[1])
    assert drawn.content_type == "application/xml"
    assert b"bpmndi:BPMNPlane" in drawn.data
    assert "attachment" in owner.get(f"{address[1]}?save").headers["Content-Disposition"]


def test_a_changed_file_becomes_a_draft_and_a_second_person_publishes_it(
    owner: Browser, sign_in: SignIn, house: House, ark: Organisation
) -> None:
    made = upload(owner, consent=changed())
    assert made.status_code == 303, made.text
    draft = made.location
    page = owner.get(draft).text
    assert "Draft 2 is made. A second person publishes it." in page
    assert f'action="{draft}/publish"' not in page
    assert owner.post(f"{draft}/publish").status_code in (403, 409)
    second = sign_in("owner2")
    assert f'action="{draft}/publish"' in second.get(draft).text
    published = second.post(f"{draft}/publish")
    assert published.status_code == 303, published.text
    assert "Release 2 is in force." in second.get(draft).text
    with ark.work() as session:
        assert releases.effective(session, ark.tenant_id, house.now).number == 2


def test_a_file_in_which_nothing_differs_makes_no_draft(owner: Browser, house: House) -> None:
    answer = upload(owner, consent=shipped(CONSENT))
    assert answer.location == "/library"
    page = owner.get("/library").text
    assert "Nothing differs from the release that this was made from. No draft was made." in page
    assert "Draft 2" not in page
    assert "Draft 2 is made." in owner.get(upload(owner, consent=changed()).location).text


def test_a_draft_may_be_sent_back_with_a_reason(
    owner: Browser, sign_in: SignIn, house: House
) -> None:
    draft = upload(owner, consent=changed()).location
    second = sign_in("owner2")
    second.get(draft)
    second.post(f"{draft}/reject", {"reason": " "})
    assert "Say why you send it back." in second.get(draft).text
    second.post(f"{draft}/reject", {"reason": "The name says less than before."})
    page = second.get(draft).text
    assert "The draft is sent back to its author." in page
    assert f'action="{draft}/publish"' not in page


def test_a_file_that_cannot_be_carried_out_comes_back_with_everything_that_is_wrong(
    owner: Browser, house: House
) -> None:
    broken = shipped(CONSENT)
    broken = re.sub(r'signpost:operation="[^"]+"|operation="[^"]+"', 'operation="no.such"', broken)
    broken = broken.replace("<bpmn:endEvent", "<bpmn:noSuchThing", 1).replace(
        "</bpmn:endEvent>", "</bpmn:noSuchThing>", 1
    )
    answer = upload(owner, consent=broken)
    assert answer.status_code == 422
    assert "consent" in answer.text
    assert owner.get("/library").text.count("Draft") == 0


def test_a_file_with_an_entity_is_refused_before_it_is_read(owner: Browser, house: House) -> None:
    bomb = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
    answer = upload(owner, consent=bomb)
    assert answer.status_code == 422
    assert "DOCTYPE" in answer.text or "document type" in answer.text.lower()


def test_a_name_in_a_diagram_is_text_and_nothing_else(owner: Browser, house: House) -> None:
    evil = re.sub(
        r'(<bpmn:userTask id="[^"]+" name=")[^"]+',
        r"\1&lt;script src=//evil.example&gt;",
        shipped(CONSENT),
    )
    made = upload(owner, consent=evil)
    assert made.status_code in (303, 422)
    page = made.text if made.status_code == 422 else owner.get(made.location).text
    assert "<script src=//evil" not in page


def test_the_library_does_not_exist_for_those_who_work_cases(sign_in: SignIn, house: House) -> None:
    for who in ("dana", "amina", "femi"):
        browser = sign_in(who)
        assert browser.get("/library").status_code == 404, who
        assert browser.post("/library/upload", {}).status_code in (403, 404), who
        assert 'href="/library"' not in browser.get("/tasks").text


def test_a_draft_that_would_undo_another_says_whose_and_is_brought_up_to_date(
    owner: Browser, sign_in: SignIn, house: House, ark: Organisation
) -> None:
    second = sign_in("owner2")
    ours = upload(owner, consent=changed()).location
    theirs = upload(second, marac_judgement=shipped("bpmn/processes/marac_judgement.bpmn") + "\n")
    assert second.post(f"{ours}/publish").status_code == 303
    page = second.get(theirs.location).text
    assert "Something else was published since this draft was made" in page
    assert "consent.bpmn" in page
    assert f'action="{theirs.location}/publish"' not in page
    owner.get(theirs.location)
    owner.post(f"{theirs.location}/publish")
    assert "publishing it would undo that" in owner.get(theirs.location).text
    second.get(theirs.location)
    made = second.post(f"{theirs.location}/rebase")
    assert "Draft 4 is made." in second.get(made.location).text
    owner.get(made.location)
    assert owner.post(f"{made.location}/publish").status_code == 303
    with ark.work() as session:
        now_in_force = releases.effective(session, ark.tenant_id, house.now)
        assert now_in_force.number == 4
        assert b"Ask it sooner" in releases.export(session, now_in_force.id)[CONSENT]


def test_a_file_changed_twice_is_given_to_a_person(
    owner: Browser, sign_in: SignIn, house: House
) -> None:
    second = sign_in("owner2")
    ours = upload(owner, consent=changed()).location
    theirs = upload(second, consent=shipped(CONSENT) + "\n").location
    second.post(f"{ours}/publish")
    page = second.get(theirs).text
    assert "changed in this draft too" in page
    assert f'action="{theirs}/rebase"' not in page
    second.post(f"{theirs}/rebase")
    assert "The same file was changed in this draft" in second.get(theirs).text
