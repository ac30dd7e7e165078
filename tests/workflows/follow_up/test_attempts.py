"""What must hold before an attempt is on record, whoever asks and through whichever door."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from factories import make_case, make_person
from house import House
from marshmallow import ValidationError
from sqlalchemy import select
from sqlalchemy.exc import ProgrammingError

from engine import providers, releases
from engine.clock import TravellingClock
from workflows.cases import facts
from workflows.cases.models import Case
from workflows.follow_up import attempts
from workflows.follow_up.models import ContactAttempt
from workflows.people import cards, suspension
from workflows.people.safe_contact import Card, Channel
from workflows.people.windows import Window

TRIED: dict[str, Any] = {"card_read": True, "method": "phone", "outcome": "no_answer"}
MOBILE = Channel("mobile", "+447700900111", safe_call="yes")
LANDLINE = Channel("landline", "+441632960111", safe_call="unknown")
UNSAFE = Channel("mobile", "+447700900112", safe_call="no")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")


@pytest.fixture
def clock() -> TravellingClock:
    return TravellingClock(datetime(2027, 1, 14, 10, 5, tzinfo=UTC))


class Client:
    """A client with a case and a card; attempts are recorded straight away."""

    def __init__(self, house: House, *channels: Channel, windows: tuple[Window, ...] = ()) -> None:
        self.house = house
        with house.look() as session:
            person_id = make_person(session, house.org, given_name="Amara")
            if channels:
                card = Card(channels=channels, windows=windows)
                cards.record(session, person_id, card, by="system", now=house.now)
            self.case_id = make_case(session, house.org, person_id=person_id)
            self.person_id = person_id

    def is_sensitive(self) -> None:
        with self.house.look() as session:
            facts.learn(session, session.get_one(Case, self.case_id), domestic_abuse=True)

    def attempt(self, by: str = "dana", **given: Any) -> ContactAttempt:
        org, now = self.house.org, self.house.now
        with self.house.look() as session:
            release = releases.effective(session, org.tenant_id, now)
            definitions = releases.definitions(session, release.id)
            service = org.services["support"]
            settings = providers.settings(session, org.tenant_id, service, definitions)
            calendars = providers.calendars(session, org.tenant_id, definitions, settings)
            return attempts.record(
                session,
                session.get_one(Case, self.case_id),
                TRIED | given,
                hours=attempts.Hours(calendars, "cal_service"),
                task_id=None,
                started_at=now,
                by=str(org.staff[by]),
                now=now,
            )


def refused(client: Client, **given: Any) -> dict[str, Any]:
    with pytest.raises(ValidationError) as error:
        client.attempt(**given)
    return dict(error.value.messages_dict)


def test_an_attempt_says_what_was_rung_when_and_by_whom(house: House) -> None:
    made = Client(house, LANDLINE, MOBILE).attempt()

    assert made.channel_id == str(MOBILE.id)  # said to be safe, before unknown
    assert (made.daypart, made.outside_window, made.card_version) == ("am", False, 1)
    assert made.by == str(house.org.dana)


def test_nobody_is_spoken_with_whose_identity_was_not_made_sure_of(house: House) -> None:
    client = Client(house, MOBILE)
    assert "identity_verified" in refused(client, outcome="spoke_client")
    assert client.attempt(outcome="spoke_client", identity_verified="yes").identity_verified


def test_a_number_that_she_said_is_not_safe_is_not_rung(house: House) -> None:
    assert "channel_id" in refused(Client(house, UNSAFE), channel_id=str(UNSAFE.id))
    assert "method" in refused(Client(house, UNSAFE))


def test_a_line_that_is_not_on_her_card_is_not_rung(house: House) -> None:
    client = Client(house, MOBILE)
    for line in (str(uuid4()), "07700 900999"):
        assert "channel_id" in refused(client, channel_id=line)


def test_a_suspended_number_is_not_rung_and_another_one_may_be(house: House) -> None:
    client = Client(house, MOBILE, LANDLINE)
    with house.look() as session:
        suspension.suspend(
            session, client.person_id, MOBILE.value, "unsafe", by="system", now=house.now
        )

    assert "channel_id" in refused(client, channel_id=str(MOBILE.id))
    assert client.attempt().channel_id == str(LANDLINE.id)


def test_a_visit_needs_no_number(house: House) -> None:
    assert Client(house).attempt(method="visit").channel_id is None


AFTERNOON = Window(UUID(int=7), WEEKDAYS, time(14), time(16))
AGREED = {"outside_window": "yes", "outside_reason": "Femi agreed: the hospital has just rung."}


def test_outside_her_window_somebody_has_to_say_why(house: House) -> None:
    client = Client(house, MOBILE, windows=(AFTERNOON,))

    assert "outside_window" in refused(client)
    assert client.attempt(**AGREED).outside_window


def test_where_it_is_dangerous_only_a_team_leader_rings_outside_it(house: House) -> None:
    client = Client(house, MOBILE, windows=(AFTERNOON,))
    client.is_sensitive()

    assert "outside_window" in refused(client, **AGREED)
    assert client.attempt(by="femi", **AGREED).outside_window


def test_inside_her_window_nothing_has_to_be_said(house: House) -> None:
    client = Client(house, MOBILE, windows=(AFTERNOON,))
    house.travel(timedelta(hours=4))

    assert client.attempt().window_id == str(AFTERNOON.id)


def test_a_window_that_was_agreed_once_is_one(house: House) -> None:
    client = Client(house, MOBILE, windows=(AFTERNOON,))
    with house.look() as session:
        case = session.get_one(Case, client.case_id)
        begins = house.now - timedelta(minutes=5)
        ends = house.now + timedelta(minutes=30)
        attempts.agree_window(
            session, case, begins, ends, "by her friend", by="system", now=house.now
        )

    assert not client.attempt().outside_window


def test_a_window_in_the_past_cannot_be_agreed(house: House) -> None:
    client = Client(house, MOBILE)
    with house.look() as session, pytest.raises(ValidationError):
        case = session.get_one(Case, client.case_id)
        yesterday = house.now - timedelta(days=1)
        attempts.agree_window(
            session, case, yesterday, yesterday, "by her friend", by="system", now=house.now
        )


def test_what_happened_on_an_attempt_is_never_rewritten(house: House) -> None:
    made = Client(house, MOBILE).attempt()

    with pytest.raises(ProgrammingError, match="permission denied"), house.look() as session:
        session.get_one(ContactAttempt, made.id).outcome = "spoke_client"


def test_a_note_is_closed_under_the_key_of_the_case(house: House) -> None:
    made = Client(house, MOBILE).attempt(note="A dog barked.")

    with house.look() as session:
        row = session.scalars(select(ContactAttempt)).one()
        assert row.note == "A dog barked."
        assert b"dog" not in made.note_sealed  # type: ignore[attr-defined]  # the column
