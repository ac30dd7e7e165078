"""S-01 as three people see it, by keyboard alone.

Ines reaches Amara, Efua leads safeguarding, a worker takes over.
"""

from uuid import UUID

import keyboard
from amara import CHILD_IN_NEED, HANDED_OVER, on
from browser import Stage, Visitor
from filling import do, fill, follow
from house import House
from playwright.sync_api import expect
from screens import IN_A_BROWSER, kept
from sqlalchemy import select
from stories import (
    AGREE,
    AMARA,
    ATTACHED,
    BEFORE_ASKING,
    CONSENT,
    NEEDS_NOW,
    READ,
    SPOKE,
    TRIED,
    checklist,
)

from workflows.cases.models import Case
from workflows.follow_up.models import ContactAttempt
from workflows.risk.models import RiskGrade

pytestmark = IN_A_BROWSER


def task_in_list(visitor: Visitor, name: str) -> None:
    """Claim a task where it stands in the list, with its key, and open it."""
    page = visitor.open("/tasks?view=unclaimed")
    keyboard.go_to(page, page.locator("[data-open]", has_text=name).first)
    page.keyboard.press("c")
    expect(page.locator("[data-toast]")).to_contain_text(f"You have claimed “{name}”")
    follow(visitor, page.locator("[data-open]", has_text=name).first)


def write_down_the_referral(ines: Visitor) -> None:
    """10:05: the e-mail of MASH, typed in as it is."""
    page = ines.open("/contacts/new")
    follow(ines, page.locator("button[value=agency_referral]"))
    fill(page, AMARA)
    kept(ines, "S-01: the referral, written down")
    follow(ines, ines.page.locator("[data-complete]"))
    assert "/contacts/" in page.url


def test_a_high_risk_referral_from_mash(stage: Stage, house: House) -> None:
    ines = stage.signed_in_by_keyboard("ines")
    write_down_the_referral(ines)
    house.travel(on(10, 20))
    do(ines, house.task("task_read_written").id, READ)
    do(ines, house.task("task_choose_route").id, {"route": "victim_support"})

    # the first attempt, from the list and by key: nobody answers
    house.travel(on(11, 10))
    attempt = house.task("task_attempt")
    task_in_list(ines, attempt.name)
    card = ines.page.locator(".safe")
    expect(card).to_contain_text("Cold call to the mobile")
    expect(card).to_contain_text("No voicemail")
    keyboard.press(ines.page, card.get_by_role("button", name="Reveal"))
    expect(card).to_contain_text("07700 900123")
    kept(ines, "S-01: the card before the first call")
    fill(ines.page, TRIED)
    follow(ines, ines.page.locator("[data-complete]"))

    # the second, in the afternoon: she answers
    house.travel(on(14, 30))
    reach(ines, house)
    grade(ines, house)
    case_id = the_case(house)

    # the children are with the safeguarding lead, who sees what she needs and no more
    efua = stage.signed_in_by_keyboard("dsl")
    house.travel(on(14, 55))
    do(efua, house.task("task_acknowledge").id, CHILD_IN_NEED)
    house.travel(on(15, 0))
    do(ines, house.task("task_plan_safety").id, {"exit_plan": "To her sister."})
    do(ines, house.task("task_ask_wish").id, {"wants_support": "yes"})
    do(ines, house.task("task_record_consent").id, CONSENT)

    worker = allocate(ines, stage, house)
    house.travel(on(15, 30))
    do(worker, house.task("task_accept").id, {"accepted": "yes"})
    do(ines, house.task("task_hand_over").id, HANDED_OVER)

    in_the_end(worker, house, case_id)


def reach(ines: Visitor, house: House) -> None:
    do(ines, house.task("task_attempt").id, SPOKE)
    known = {"identity_verified": "yes", "verified_how": "two_facts"}
    do(ines, house.task("task_verify_identity").id, known)
    do(ines, house.task("task_check_safe").id, {"safe_now": "yes", "stop_word": "parcel"})
    do(ines, house.task("task_immediate_needs").id, NEEDS_NOW)


def grade(ines: Visitor, house: House) -> None:
    house.travel(on(14, 45))
    do(ines, house.task("task_ask_before").id, BEFORE_ASKING)
    do(ines, house.task("task_ask_checklist").id, checklist(16))
    do(ines, house.task("task_attach_assessment").id, ATTACHED)
    do(ines, house.task("task_judge").id, AGREE)


def allocate(ines: Visitor, stage: Stage, house: House) -> Visitor:
    """Offer the case to the first of the list; return the window of who that is."""
    house.travel(on(15, 10))
    task_id = house.task("task_allocate").id
    best = house.options("task_allocate", "candidates")[0]
    do(ines, task_id, {"worker": best, "handover": "Ring before three."})
    name = next(n for n, staff_id in house.org.staff.items() if str(staff_id) == best)
    return stage.signed_in_by_keyboard(name)


def the_case(house: House) -> UUID:
    with house.look() as session:
        case = session.scalars(select(Case)).one()
        assert case.risk_level == "high"
        return case.id


def in_the_end(worker: Visitor, house: House, case_id: UUID) -> None:
    """Her case is the worker's, told in sentences, and nothing was altered."""
    page = worker.open(f"/cases/{case_id}")
    expect(page.locator("h1")).to_contain_text("A.O.")
    expect(page.locator(".line").first).to_contain_text("Ines Costa completed")
    kept(worker, "S-01: the case in the end")
    page = worker.open(f"/cases/{case_id}/history")
    page.wait_for_selector("[data-diagram][data-ready=true]")
    follow(worker, page.locator("form[action$='/verify'] button"))
    expect(page.locator(".note-good")).to_contain_text("nothing was altered")
    with house.look() as session:
        tried = session.scalars(select(ContactAttempt).order_by(ContactAttempt.ended_at)).all()
        assert [attempt.outcome for attempt in tried] == ["no_answer", "spoke_client"]
        assert session.scalars(select(RiskGrade)).all()[-1].level == "high"
    assert house.incidents() == []
