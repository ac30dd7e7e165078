"""Versions of the safe-contact card, their proof, and suspended numbers."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from factories import make_person
from people import Organisation
from sqlalchemy import Engine, select, text

from engine import history
from engine.errors import NotFound
from workflows.people import cards, suspension
from workflows.people.cards import Proof
from workflows.people.models import CardState, PersonIndex, SafeContact
from workflows.people.safe_contact import BadCard, Card, Channel

OLD, NEW = "+447700900123", "+447700900456"
FIRST = Card(channels=(Channel("mobile", OLD, safe_call="yes"),), client_password="blue kettle")
SECOND = Card(channels=(Channel("mobile", NEW, safe_call="yes"),), client_password="blue kettle")


@pytest.fixture
def gwen(ark: Organisation) -> UUID:
    with ark.work() as session:
        return make_person(session, ark, given_name="Gwen", family_name="Pryce")


def numbers(ark: Organisation, person_id: UUID) -> list[str]:
    with ark.work() as session:
        in_force = cards.current(session, person_id)
        return [c.value for c in in_force.card.channels] if in_force else []


def record(ark: Organisation, person_id: UUID, card: Card, **how: object) -> UUID:
    with ark.work() as session:
        row = cards.record(session, person_id, card, by=str(ark.amina), now=ark.now, **how)  # type: ignore[arg-type]
        return row.id


def test_without_a_card_nothing_is_agreed(ark: Organisation, gwen: UUID) -> None:
    with ark.work() as session:
        assert cards.current(session, gwen) is None


def test_the_first_card_is_in_force_at_once(ark: Organisation, gwen: UUID) -> None:
    record(ark, gwen, FIRST)
    with ark.work() as session:
        in_force = cards.current(session, gwen)
        assert in_force is not None
        assert (in_force.version, in_force.card, in_force.confirmed_at) == (1, FIRST, ark.now)


def test_a_change_without_proof_leaves_the_old_card_in_force(ark: Organisation, gwen: UUID) -> None:
    record(ark, gwen, FIRST)
    proposed = record(ark, gwen, SECOND)
    assert numbers(ark, gwen) == [OLD]
    with ark.work() as session:
        (waiting,) = cards.proposed(session, gwen)
        assert (waiting.id, waiting.state, cards.card_of(waiting)) == (
            proposed,
            CardState.PROPOSED,
            SECOND,
        )


@pytest.mark.parametrize("proof", Proof)
def test_a_change_with_proof_counts(ark: Organisation, gwen: UUID, proof: Proof) -> None:
    record(ark, gwen, FIRST)
    record(ark, gwen, SECOND, proof=proof)
    assert numbers(ark, gwen) == [NEW]
    with ark.work() as session:
        rows = session.scalars(select(SafeContact).order_by(SafeContact.version)).all()
        assert [(row.state, row.change_proof) for row in rows] == [
            (CardState.SUPERSEDED, None),
            (CardState.CURRENT, proof),
        ]


def test_a_wrong_password_changes_nothing(ark: Organisation, gwen: UUID) -> None:
    record(ark, gwen, FIRST)
    with pytest.raises(cards.WrongPassword):
        record(ark, gwen, SECOND, proof=Proof.CLIENT_PASSWORD, said_password="green kettle")
    assert numbers(ark, gwen) == [OLD]
    record(ark, gwen, SECOND, proof=Proof.CLIENT_PASSWORD, said_password=" Blue KETTLE")
    assert numbers(ark, gwen) == [NEW]


def test_no_password_is_right_where_none_was_agreed(ark: Organisation, gwen: UUID) -> None:
    record(ark, gwen, Card())
    with pytest.raises(cards.WrongPassword):
        record(ark, gwen, SECOND, proof=Proof.CLIENT_PASSWORD, said_password="")


def test_a_proposed_card_is_accepted_or_dropped_once(ark: Organisation, gwen: UUID) -> None:
    record(ark, gwen, FIRST)
    one, other = record(ark, gwen, SECOND), record(ark, gwen, Card())
    later = ark.now + timedelta(days=1)
    with ark.work() as session:
        cards.reject(session, other, by="system", now=later)
        cards.accept(session, one, Proof.OLD_ROUTE, by="system", now=later)
        for decided in (one, other):
            with pytest.raises(NotFound):
                cards.accept(session, decided, Proof.IN_PERSON, by="system", now=later)
        in_force = cards.current(session, gwen)
        assert in_force is not None
        assert (in_force.card, in_force.confirmed_at) == (SECOND, later)


def test_confirming_makes_the_card_young_again(ark: Organisation, gwen: UUID) -> None:
    record(ark, gwen, FIRST)
    later = ark.now + timedelta(days=80)
    with ark.work() as session:
        cards.confirm(session, gwen, by=str(ark.dana), now=later)
        in_force = cards.current(session, gwen)
        assert in_force is not None
        assert (in_force.version, in_force.confirmed_at) == (1, later)


def test_her_name_is_no_password(ark: Organisation, gwen: UUID) -> None:
    with pytest.raises(BadCard):
        record(ark, gwen, Card(client_password="gwen"))


def test_numbers_in_force_and_proposed_find_her_dropped_ones_do_not(
    ark: Organisation, gwen: UUID
) -> None:
    def indexed() -> int:
        with ark.work() as session:
            return len(
                session.scalars(select(PersonIndex).where(PersonIndex.field == "phone")).all()
            )

    record(ark, gwen, FIRST)
    proposed = record(ark, gwen, SECOND)
    assert indexed() == 2
    with ark.work() as session:
        cards.reject(session, proposed, by="system", now=ark.now)
    assert indexed() == 1


def test_two_proved_changes_at_once_leave_one_card_in_force(ark: Organisation, gwen: UUID) -> None:
    record(ark, gwen, FIRST)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: record(ark, gwen, SECOND, proof=Proof.IN_PERSON), range(4)))
    with ark.work() as session:
        rows = session.scalars(select(SafeContact).order_by(SafeContact.version)).all()
        assert [row.version for row in rows] == [1, 2, 3, 4, 5]
        assert [row.state for row in rows] == [CardState.SUPERSEDED] * 4 + [CardState.CURRENT]


def test_nothing_of_a_card_is_plain_in_the_database(
    ark: Organisation, gwen: UUID, owner_database: Engine
) -> None:
    record(ark, gwen, FIRST)
    with owner_database.connect() as connection:
        for table in ("safe_contact", "person_index", "history_event", "subject_key"):
            rows = connection.execute(text(f"SELECT {table}::text FROM {table}")).scalars().all()
            assert rows
            for secret in ("7700900123", "kettle", "safe_call", "yes"):
                assert not any(secret in row for row in rows), (table, secret)
        stored = connection.execute(text("SELECT encode(card, 'escape') FROM safe_contact"))
        assert "7700900123" not in stored.scalar_one()


def test_what_happened_to_the_card_stands_in_the_history(ark: Organisation, gwen: UUID) -> None:
    record(ark, gwen, FIRST)
    record(ark, gwen, SECOND)
    with ark.work() as session:
        cards.confirm(session, gwen, by="system", now=ark.now)
        told = [e.payload["concept_name"] for e in history.read(session, f"person:{gwen}")]
        assert told == ["card.recorded", "card.proposed", "card.confirmed"]


# -- suspended numbers --------------------------------------------------------------------------


def suspended(ark: Organisation, person_id: UUID, *asked: str) -> set[str]:
    with ark.work() as session:
        return set(suspension.suspended(session, ark.tenant_id, person_id, asked))


def test_a_number_is_suspended_for_this_person_alone(ark: Organisation, gwen: UUID) -> None:
    with ark.work() as session:
        other = make_person(session, ark, given_name="Dai")
        for _ in range(2):
            suspension.suspend(session, gwen, OLD, "alleged_answered", by="system", now=ark.now)
        told = history.read(session, f"person:{gwen}")
        assert [e.payload["concept_name"] for e in told] == ["number.suspended"]
    assert suspended(ark, gwen, OLD, NEW) == {OLD}
    assert suspended(ark, other, OLD, NEW) == set()
    assert suspended(ark, gwen) == set()


def test_a_suspension_holds_on_every_card_of_hers(ark: Organisation, gwen: UUID) -> None:
    record(ark, gwen, FIRST)
    with ark.work() as session:
        suspension.suspend(session, gwen, OLD, "alleged_answered", by="system", now=ark.now)
    record(ark, gwen, Card(channels=(Channel("landline", OLD),)), proof=Proof.IN_PERSON)
    assert suspended(ark, gwen, OLD) == {OLD}


def test_a_suspension_is_lifted_and_can_be_set_again(ark: Organisation, gwen: UUID) -> None:
    with ark.work() as session:
        suspension.suspend(session, gwen, OLD, "alleged_answered", by="system", now=ark.now)
        assert suspension.lift(session, gwen, OLD, by="system", now=ark.now)
        assert not suspension.lift(session, gwen, OLD, by="system", now=ark.now)
    assert suspended(ark, gwen, OLD) == set()
    with ark.work() as session:
        suspension.suspend(session, gwen, OLD, "alleged_answered", by="system", now=ark.now)
    assert suspended(ark, gwen, OLD) == {OLD}
