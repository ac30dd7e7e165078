"""Whoever judges that waiting for the lead is unsafe refers it themselves, from the start."""

from datetime import timedelta

from house import House

from workflows.safeguarding import concerns

SAID = {
    "at_risk": "child",
    "verbatim_words": "“He is alone with them tonight.”",
    "danger_now": "unsure",
    "about_staff": "no",
}


def raised(house: House, *, refer_now: bool) -> None:
    contact_id = house.call()
    with house.look() as session:
        concerns.raise_concern(
            session,
            contact_id=contact_id,
            given=SAID,
            refer_now=refer_now,
            by=str(house.org.ines),
            now=house.now,
        )
    house.drain()


def test_waiting_is_unsafe_and_both_have_it_at_once(house: House) -> None:
    raised(house, refer_now=True)

    assert house.open_elements() == ["task_acknowledge", "task_refer_direct"]
    task = house.task("task_refer_direct")
    assert task.actual_owner == str(house.org.ines)
    assert task.safety_critical
    assert task.due_at == house.now + timedelta(minutes=10)


def test_after_25_minutes_nobody_is_told_a_second_time(house: House) -> None:
    raised(house, refer_now=True)
    house.travel(timedelta(minutes=26))

    assert house.open_elements().count("task_refer_direct") == 1
    assert house.incidents() == []


def test_otherwise_it_comes_when_nobody_has_acknowledged_it(house: House) -> None:
    raised(house, refer_now=False)
    assert "task_refer_direct" not in house.open_elements()
    house.travel(timedelta(minutes=26))

    assert house.open_elements().count("task_refer_direct") == 1
    assert house.incidents() == []


def test_a_concern_that_a_rule_found_is_referred_by_nobody_before_the_time(house: House) -> None:
    contact_id = house.call()
    about = {"case_id": None, "contact_id": str(contact_id), "found_by": "rule"}
    house.send("safeguarding.raise", about)

    assert "task_refer_direct" not in house.open_elements()
    assert house.incidents() == []
