"""S-07: a caller who gives no name, only a word by which she is known again."""

from typing import Any

from house import House
from sqlalchemy import select

from workflows.people.models import Person

ANONYMOUS: dict[str, Any] = {
    "safe_now": "yes",
    "immediate_danger": "no",
    "no_name": True,
    "source": "self",
    "what_happened": "Abused on the bus every week.",
    "strands": ["transgender"],
    "client_password": "lighthouse",
    "route": "victim_support",
}


def test_nothing_forces_a_name_a_birth_date_or_a_number(house: House) -> None:
    contact_id = house.call()
    house.hang_up(contact_id, ANONYMOUS)

    assert house.incidents() == []
    assert house.contact(contact_id).outcome == "case_opened"
    with house.look() as session:
        person = session.scalars(select(Person)).one()
        assert (person.kind, person.given_name, person.born_on) == ("anonymous", None, None)


def test_two_of_them_are_never_brought_together(house: House) -> None:
    house.hang_up(house.call(), ANONYMOUS)
    house.hang_up(house.call(), ANONYMOUS)

    assert "task_resolve_match" not in house.open_elements()
    with house.look() as session:
        assert len(session.scalars(select(Person)).all()) == 2


def test_nobody_tries_to_ring_somebody_who_left_no_number(house: House) -> None:
    house.hang_up(house.call(), ANONYMOUS)

    assert "task_attempt" not in house.open_elements()
    assert len(house.messages("first_contact.done")) == 1
