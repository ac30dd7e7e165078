"""The live contact: begun with one press, drafted while somebody listens, ended into a process."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from browsing import Browser
from factories import make_case, make_person
from house import House
from people import Organisation
from sqlalchemy import select

from engine import history
from workflows.access import sealing
from workflows.cases.models import Case
from workflows.contact.models import Contact
from workflows.people import cards, index
from workflows.people.models import Person
from workflows.people.safe_contact import Card, Channel
from workflows.safeguarding.models import SafeguardingConcern
from workflows.staff import absences
from workflows.tasks.models import Draft

SignIn = Callable[[str], Browser]
ON_THE_LINE = "is open on your line"
AS_JSON = {"Accept": "application/json"}


@pytest.fixture
def amina(sign_in: SignIn, house: House) -> Browser:
    return sign_in("amina")


def begin(browser: Browser, org: Organisation, channel: str = "phone", **more: str) -> str:
    """Begin a contact; return the address of it."""
    browser.get("/contacts/new")
    given = {"channel": channel, "service": str(org.services["helpline"]), **more}
    answer = browser.post("/contacts", given)
    assert answer.status_code == 303, answer.text
    found: str = answer.location
    return found.removesuffix("/live")


def contacts(house: House) -> list[Contact]:
    with house.look() as session:
        return list(session.scalars(select(Contact).order_by(Contact.reference)))


# -- beginning -----------------------------------------------------------------------------------


def test_a_call_is_open_with_one_press(amina: Browser, ark: Organisation, house: House) -> None:
    address = begin(amina, ark)
    page = amina.get(f"{address}/live").text
    (contact,) = contacts(house)
    assert contact.handler_id == ark.amina
    assert page.index("Is it safe to talk now?") < page.index("Given name")
    assert "Danger now" in page
    assert "data-line-open" in page or "data-lock-after" in page


def test_what_is_pressed_twice_begins_one_contact(
    amina: Browser, ark: Organisation, house: House
) -> None:
    again = {"_key": "pressed-twice"}
    assert begin(amina, ark, **again) == begin(amina, ark, **again)
    assert len(contacts(house)) == 1


def test_whoever_may_not_take_contacts_has_no_such_page(sign_in: SignIn, house: House) -> None:
    for who in ("ana", "auditor", "owner"):
        browser = sign_in(who)
        assert browser.get("/contacts/new").status_code == 403, who
        for page in ("/tasks", "/cases"):
            assert 'href="/contacts/new"' not in browser.get(page).text, who


def test_an_odd_channel_or_service_begins_nothing(
    amina: Browser, ark: Organisation, house: House
) -> None:
    amina.get("/contacts/new")
    for given in (
        {"channel": "pigeon", "service": str(ark.services["helpline"])},
        {"channel": "phone", "service": str(ark.services["support"])},
        {"channel": "phone"},
    ):
        assert amina.post("/contacts", given).status_code == 422
    assert contacts(house) == []


# -- drafts --------------------------------------------------------------------------------------


def test_no_word_is_lost_when_the_page_is_opened_again(amina: Browser, ark: Organisation) -> None:
    address = begin(amina, ark)
    said = "He came back last night. " * 80
    typed = {"what_happened": said, "given_name": "Gwen", "_version": "0"}
    saved = amina.post(f"{address}/draft", typed, headers=AS_JSON).get_json()
    assert saved["version"] == 1
    page = amina.get(f"{address}/live").text
    assert said.strip() in page
    assert 'name="_version" value="1"' in page


def test_the_second_window_does_not_write_over_the_first(
    amina: Browser, ark: Organisation, house: House
) -> None:
    address = begin(amina, ark)
    amina.post(f"{address}/draft", {"note": "", "given_name": "Gwen", "_version": "0"})
    stale = amina.post(f"{address}/draft", {"given_name": "Bea", "_version": "0"}, headers=AS_JSON)
    assert stale.status_code == 409
    with house.look() as session:
        assert session.scalars(select(Draft)).one().answers["given_name"] == "Gwen"


def test_a_row_is_added_without_leaving_the_page(amina: Browser, ark: Organisation) -> None:
    address = begin(amina, ark)
    fragment = amina.post(f"{address}/rows", {"_add": "children", "given_name": "Gwen"}).text
    assert "<html" not in fragment
    assert 'name="children-1-name"' in fragment
    whole = amina.post(f"{address}/end", {"_add": "children", "given_name": "Gwen"})
    assert whole.status_code == 200
    assert 'name="children-1-name"' in whole.text
    assert 'value="Gwen"' in whole.text


# -- danger --------------------------------------------------------------------------------------


def test_danger_goes_out_before_anything_is_filled_in_and_once(
    amina: Browser, ark: Organisation, house: House
) -> None:
    address = begin(amina, ark)
    first = amina.post(f"{address}/danger", {}, headers=AS_JSON)
    amina.post(f"{address}/danger", {}, headers=AS_JSON)
    assert first.get_json() == {"at": "10:05"}
    with house.look() as session:
        assert len(session.scalars(select(SafeguardingConcern.id)).all()) == 1
    assert "Danger sent 10:05" in amina.get(f"{address}/live").text


# -- who it may be -------------------------------------------------------------------------------


@pytest.fixture
def gwen(ark: Organisation, house: House) -> dict[str, UUID]:
    """Gwen Pryce, who is known: a case in Amina's service."""
    with ark.work() as session:
        person = make_person(
            session, ark, given_name="Gwen", family_name="Pryce", born_on=date(1990, 2, 11)
        )
        card = Card(channels=(Channel("mobile", "+447700900123"),))
        cards.record(session, person, card, by="system", now=ark.now)
        index.of_person(session, session.get_one(Person, person))
        return {"person": person, "case": make_case(session, ark, "helpline", person_id=person)}


WHO = {
    "given_name": "Gwen",
    "family_name": "Price",
    "born_on-day": "11",
    "born_on-month": "2",
    "born_on-year": "1990",
}


def test_somebody_who_is_known_is_found_while_it_is_typed(
    amina: Browser, ark: Organisation, gwen: dict[str, UUID]
) -> None:
    address = begin(amina, ark)
    found = amina.post(f"{address}/matches", WHO).text
    assert "Gwen Pryce" in found
    assert "same date of birth" in found
    half = amina.post(f"{address}/matches", {**WHO, "born_on-year": "19"})
    assert half.status_code == 200
    with ark.work() as session:
        stream = f"access:{ark.amina}:{ark.now.date()}"
        said = [entry.payload["concept_name"] for entry in history.read(session, stream)]
    assert any("search" in action or "match" in action for action in said), said


def test_who_is_sealed_looks_exactly_like_nobody(
    amina: Browser, ark: Organisation, gwen: dict[str, UUID]
) -> None:
    address = begin(amina, ark)
    nobody = amina.post(f"{address}/matches", {**WHO, "given_name": "Zed", "family_name": "Quux"})
    seal(ark, gwen["case"])
    sealed = amina.post(f"{address}/matches", WHO)
    assert sealed.data == nobody.data


def test_who_was_recognised_is_the_person_of_the_contact(
    amina: Browser, ark: Organisation, house: House, gwen: dict[str, UUID]
) -> None:
    address = begin(amina, ark)
    chosen = {"_match_decision": "same", "_match_person": str(gwen["person"])}
    answer = amina.post(f"{address}/end", {**WHO, "source": "self", **chosen})
    assert answer.status_code == 303, answer.text
    house.drain()
    assert contacts(house)[0].person_id == gwen["person"]


def test_nobody_is_recognised_who_cannot_be_found(
    amina: Browser, ark: Organisation, house: House, gwen: dict[str, UUID]
) -> None:
    address = begin(amina, ark)
    seal(ark, gwen["case"])
    for who in (str(gwen["person"]), "0" * 32, "nobody"):
        chosen = {"_match_decision": "same", "_match_person": who}
        answer = amina.post(f"{address}/end", {**WHO, "source": "self", **chosen})
        assert answer.status_code == 404, who
    assert contacts(house)[0].is_live


def seal(org: Organisation, case_id: UUID) -> None:
    with org.work() as session:
        case = session.get_one(Case, case_id)
        sealing.seal(session, case, [org.dsl], by=str(org.dsl), now=org.now)


# -- ending --------------------------------------------------------------------------------------


def test_what_is_missing_is_asked_for_with_everything_kept(
    amina: Browser, ark: Organisation, house: House
) -> None:
    address = begin(amina, ark)
    answer = amina.post(f"{address}/end", {"what_happened": "He is at the door."})
    assert answer.status_code == 422
    assert 'href="#f-source"' in answer.text
    assert "He is at the door." in answer.text
    assert contacts(house)[0].is_live


def test_a_row_that_was_left_blank_stands_in_nobodys_way(
    amina: Browser, ark: Organisation, house: House
) -> None:
    address = begin(amina, ark)
    rows = {"channels-1-kind": "", "channels-1-safe_call": "unknown", "windows-1-from_time": ""}
    half = {**rows, "channels-2-value": "07700 900123"}
    wrong = amina.post(f"{address}/end", {"source": "self", **half})
    assert wrong.status_code == 422
    assert "Select what it is: a mobile, a landline, an address" in wrong.text
    assert amina.post(f"{address}/end", {"source": "self", **rows}).location == address
    with house.look() as session:
        answers = session.scalars(select(Contact)).one().answers
    assert not answers.get("channels")
    assert not answers.get("windows")


def test_a_contact_ends_into_its_process_and_its_page_says_what_is_next(
    amina: Browser, ark: Organisation, house: House
) -> None:
    address = begin(amina, ark)
    said = {"given_name": "Gwen", "source": "self", "safe_now": "yes", "route": "victim_support"}
    said |= {"what_happened": "Her number is 07700 900123.", "stop_word": "parcel"}
    amina.post(f"{address}/draft", {**said, "_version": "0"})
    assert amina.post(f"{address}/end", said).location == address
    page = amina.get(address).text
    assert "has ended" in page
    assert "Her number is" in page
    assert "parcel" not in page
    with house.look() as session:
        assert session.scalars(select(Draft)).all() == []
    assert amina.get(f"{address}/live").location == address
    assert amina.post(f"{address}/draft", said, headers=AS_JSON).status_code == 409


@pytest.mark.parametrize(("end", "expected"), [("cannot_talk", "no"), ("silent", "silent")])
def test_a_call_that_cannot_go_on_ends_whatever_is_typed_and_keeps_it(
    amina: Browser, ark: Organisation, house: House, end: str, expected: str
) -> None:
    address = begin(amina, ark)
    typed = {
        "given_name": "Gwen",
        "safe_now": "yes",
        "born_on-day": "40",
        "born_on-month": "13",
        "route": "existing_case",
        "case_number": "27-999999",
        "urn": "no such log!",
        "children-1-name": "Bea",
        "children-1-age": "nine",
        "channels-1-value": "07700 900123",
    }
    answer = amina.post(f"{address}/end", {"_end": end, **typed})
    assert answer.location == address, answer.text
    with house.look() as session:
        answers = session.get_one(Contact, UUID(address.rpartition("/")[2])).answers
    assert (answers["safe_now"], answers["route"]) == (expected, "unclear")
    assert answers["given_name"] == "Gwen"
    assert answers["children"] == [{"name": "Bea"}]
    assert answers["channels"] == [{"value": "07700 900123"}]
    said = {each["key"]: each["text"] for each in answers["_as_typed"]}
    assert said == {
        "safe_now": "Yes",
        "born_on": "40 13",
        "route": "Add to a case that is open",
        "case_number": "27-999999",
        "urn": "no such log!",
        "children": "nine",
    }
    page = amina.get(address).text
    assert "Typed before it was cut short" in page
    assert "40 13" in page


def test_a_call_ends_early_though_who_was_recognised_is_closed_to_the_handler_by_now(
    amina: Browser, ark: Organisation, house: House, gwen: dict[str, UUID]
) -> None:
    address = begin(amina, ark)
    seal(ark, gwen["case"])
    chosen = {"_match_decision": "same", "_match_person": str(gwen["person"])}
    assert amina.post(f"{address}/end", {"_end": "cannot_talk", **chosen}).location == address
    assert contacts(house)[0].person_id is None


def test_a_contact_about_an_open_case_begins_with_its_number(
    amina: Browser, ark: Organisation, house: House, gwen: dict[str, UUID]
) -> None:
    with house.look() as session:
        number = session.get_one(Case, gwen["case"]).case_number
    address = begin(amina, ark, case=number)
    assert f'value="{number}"' in amina.get(f"{address}/live").text
    wrong = amina.post(
        f"{address}/end", {"source": "self", "route": "existing_case", "case_number": "27-999999"}
    )
    assert wrong.status_code == 422
    assert 'href="#f-case_number"' in wrong.text


# -- handing over --------------------------------------------------------------------------------


def test_a_colleague_takes_the_call_with_every_word(
    amina: Browser, sign_in: SignIn, ark: Organisation, house: House
) -> None:
    address = begin(amina, ark)
    given = {"what_happened": "She speaks Polish.", "_to": str(ark.ben), "_version": "0"}
    assert amina.post(f"{address}/hand-over", given).location == "/tasks"
    assert amina.get(f"{address}/live").status_code == 404
    assert ON_THE_LINE not in amina.get("/tasks").text
    ben = sign_in("ben")
    list_ = ben.get("/tasks").text
    assert ON_THE_LINE in list_
    assert f'href="{address}/live"' in list_
    assert "She speaks Polish." in ben.get(f"{address}/live").text
    assert contacts(house)[0].handler_id == ark.ben


def test_a_call_that_was_left_is_found_again_from_the_list_of_tasks(
    amina: Browser, ark: Organisation
) -> None:
    address = begin(amina, ark)
    assert f'href="{address}/live"' in amina.get("/tasks").text
    amina.post(f"{address}/end", {"_end": "silent"})
    assert ON_THE_LINE not in amina.get("/tasks").text


def test_only_who_takes_contacts_is_offered_a_call(amina: Browser, ark: Organisation) -> None:
    page = amina.get(f"{begin(amina, ark)}/live").text
    offered = page[page.index('id="to"') : page.index("</select>", page.index('id="to"'))]
    assert str(ark.ben) in offered
    with ark.work() as session:
        absences.start_absence(session, ark.ben, starts_at=ark.now, by="chidi", now=ark.now)
    assert str(ark.ben) not in amina.get(f"{begin(amina, ark)}/live").text


def test_a_call_is_not_handed_to_who_takes_none(
    amina: Browser, ark: Organisation, house: House
) -> None:
    address = begin(amina, ark)
    for to in (str(ark.ana), str(ark.dana), "nobody"):
        amina.post(f"{address}/hand-over", {"_to": to})
    assert contacts(house)[0].handler_id == ark.amina


def test_somebody_elses_call_does_not_exist_here(
    amina: Browser, sign_in: SignIn, ark: Organisation
) -> None:
    address = begin(amina, ark)
    ben = sign_in("ben")
    ben.get("/contacts/new")
    assert ben.get(f"{address}/live").status_code == 404
    for act in ("draft", "danger", "matches", "end", "rows"):
        assert ben.post(f"{address}/{act}", {"source": "self"}).status_code == 404, act


# -- written contacts ----------------------------------------------------------------------------


def written(browser: Browser, org: Organisation, **said: Any) -> Any:
    address = f"/contacts/written?channel=email&service={org.services['helpline']}"
    page = browser.get(address)
    assert page.status_code == 200
    return page if not said else browser.post(address, said)


def test_paper_is_asked_no_question_of_a_voice(amina: Browser, ark: Organisation) -> None:
    page = written(amina, ark).text
    assert "safe_now" not in page
    assert "Does the text say danger, high risk or a child?" in page


def test_a_letter_comes_in_with_its_first_deadline(
    amina: Browser, ark: Organisation, house: House
) -> None:
    assert written(amina, ark, what_happened="A letter.").status_code == 422
    said = {"source": "self", "what_happened": "A letter.", "immediate_danger": "no"}
    address = written(amina, ark, **said).location
    (contact,) = contacts(house)
    assert address == f"/contacts/{contact.id}"
    assert contact.channel == "email"
    assert "First answer due" in amina.get(address).text


# -- the list ------------------------------------------------------------------------------------


def test_the_list_shows_what_is_on_the_line_and_nothing_of_others(
    amina: Browser, sign_in: SignIn, ark: Organisation
) -> None:
    begin(amina, ark)
    page = amina.get("/contacts?show=live").text
    assert re.search(r"R\d\d-\d+", page)
    assert "on the line" in page
    dana = sign_in("dana")
    assert "on the line" not in dana.get("/contacts?show=all").text
