"""Whether a case goes to MARAC is judged once at a time: the newest grade decides."""

from datetime import timedelta
from uuid import uuid4

from house import House
from stories import AGREE, AMARA, ATTACHED, BEFORE_ASKING, NEEDS_NOW, SPOKE, checklist

JUDGED = {
    "marac_decision": "yes",
    "reason": "He has bought another knife, says her sister, and waits outside the school.",
}
REFERRED = {**AMARA, "immediate_danger": "no", "route": "victim_support"}


def grade_with_her(house: House, ticks: int) -> None:
    house.travel(timedelta(minutes=30))
    house.do("ines", "task_attempt", SPOKE)
    known = {"identity_verified": "yes", "verified_how": "two_facts"}
    house.do("ines", "task_verify_identity", known)
    house.do("ines", "task_check_safe", {"safe_now": "yes"})
    house.do("ines", "task_immediate_needs", NEEDS_NOW)
    house.do("ines", "task_ask_before", BEFORE_ASKING)
    house.do("ines", "task_ask_checklist", checklist(ticks))
    house.do("ines", "task_attach_assessment", ATTACHED)
    house.do("ines", "task_judge", {**AGREE, "reasonable_grounds": "no"})


def test_a_referral_leaves_nothing_to_judge(house: House) -> None:
    house.receive(channel="agency_referral", answers=REFERRED)
    assert "task_judge_marac" in house.open_elements()
    grade_with_her(house, ticks=16)

    assert "task_judge_marac" not in house.open_elements()
    assert len(house.messages("marac.requested")) == 1
    assert house.incidents() == []


def test_another_grade_on_the_papers_asks_for_one_judgement(house: House) -> None:
    house.receive(channel="agency_referral", answers=REFERRED)
    case_id = str(house.case().id)
    house.send("risk.review_due", {"case_id": case_id, "mode": "on_papers"})

    assert house.open_elements().count("task_judge_marac") == 1


def test_the_police_counted_more_than_she_says_now_and_the_judgement_stays(house: House) -> None:
    house.receive(channel="agency_referral", answers=REFERRED)
    grade_with_her(house, ticks=1)

    assert house.case().risk_level == "high"
    assert house.open_elements().count("task_judge_marac") == 1


def test_a_case_is_referred_once_however_often_it_is_graded(house: House) -> None:
    house.receive(channel="agency_referral", answers=REFERRED)
    grade_with_her(house, ticks=16)
    case_id = str(house.case().id)
    judged = {"case_id": case_id, "kind": "da", "grade_origin": "graded", "risk_level": "high"}
    house.send("marac.judgement_requested", judged)
    house.do("ines", "task_judge_marac", JUDGED)

    assert len(house.messages("marac.requested")) == 1
    assert house.incidents() == []


def test_another_case_is_another_referral(house: House) -> None:
    graded = {"kind": "da", "grade_origin": "graded", "risk_level": "high"}
    for case_id in (uuid4(), uuid4()):
        house.send("marac.judgement_requested", {**graded, "case_id": str(case_id)})
    for _ in range(2):
        house.do_first("ines", "task_judge_marac", JUDGED)

    assert len(house.messages("marac.requested")) == 2
