"""What is personal is unreadable without its subject's key, and only in its own place."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select, text, update
from sqlalchemy.orm import Session

from engine.clock import TravellingClock
from engine.db import unit_of_work
from workflows import keys
from workflows.keys import KeyRing, SubjectKind
from workflows.keys.cipher import PADDED_TO, Place, Tampered, seal, unseal
from workflows.people.models import Person
from workflows.tenants.models import Tenant

KEY = bytes(32)
VALUES = st.one_of(
    st.text(max_size=60),
    st.binary(max_size=60),
    st.booleans(),
    st.integers(),
    st.lists(st.text(max_size=8), max_size=4),
    st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=4),
)


def place(**other: object) -> Place:
    given = {"tenant_id": UUID(int=1), "table": "person", "row_id": UUID(int=2), "column": "name"}
    return Place(**(given | other))  # type: ignore[arg-type]


@dataclass
class House:
    """One tenant, and a way to open units of work in it."""

    database: Engine
    clock: TravellingClock
    tenant_id: UUID

    def work(self) -> Iterator[Session]:
        return unit_of_work(self.database, self.tenant_id)  # type: ignore[return-value]


@pytest.fixture
def house(database: Engine, clock: TravellingClock) -> House:
    house = House(database, clock, uuid4())
    with house.work() as session:
        session.add(Tenant(id=house.tenant_id, slug="ark", name="Ark", created_at=clock.now()))
        keys.new_subject(
            session, house.tenant_id, house.tenant_id, SubjectKind.INDEX, now=clock.now()
        )
    return house


def make_person(house: House, **columns: object) -> UUID:
    person_id = uuid4()
    with house.work() as session:
        keys.new_subject(
            session, house.tenant_id, person_id, SubjectKind.PERSON, now=house.clock.now()
        )
        session.add(
            Person(
                id=person_id,
                tenant_id=house.tenant_id,
                kind="person",
                created_at=house.clock.now(),
                created_by="system",
                **columns,
            )
        )
    return person_id


@pytest.fixture
def another_master_key() -> Iterator[KeyRing]:
    before = keys.ring()
    yield KeyRing.of([os.urandom(32), *before.keys.values()])
    keys.use_ring(before)


@given(VALUES)
@settings(max_examples=60)
def test_what_is_sealed_opens_again_in_its_place(value: object) -> None:
    assert unseal(KEY, place(), seal(KEY, UUID(int=3), place(), value)) == value


@given(st.lists(st.text(min_size=50), min_size=20, max_size=60))
@settings(max_examples=30)
def test_long_answers_are_compressed_and_open_again(answers: list[str]) -> None:
    long = {f"question_{number}": ["What was said", text] for number, text in enumerate(answers)}
    stored = seal(KEY, UUID(int=3), place(), long)
    assert unseal(KEY, place(), stored) == long
    assert len(stored) < len(json.dumps(long, ensure_ascii=False).encode())


@given(st.text(max_size=PADDED_TO - 3), st.text(max_size=PADDED_TO - 3))
@settings(max_examples=40)
def test_short_texts_are_equally_long_once_sealed(one: str, other: str) -> None:
    lengths = {
        len(seal(KEY, UUID(int=3), place(), value))
        for value in (one, other)
        if len(repr(value)) < PADDED_TO // 2 and value.isascii() and value.isprintable()
    }
    assert len(lengths) <= 1


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"tenant_id": UUID(int=9)},
        {"table": "case_note"},
        {"row_id": UUID(int=9)},
        {"column": "alias"},
    ],
)
def test_a_value_that_was_moved_does_not_open(elsewhere: dict[str, object]) -> None:
    stored = seal(KEY, UUID(int=3), place(), "Gwen")
    with pytest.raises(Tampered):
        unseal(KEY, place(**elsewhere), stored)


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
@settings(max_examples=60)
def test_a_changed_byte_is_noticed(at: int, by: int) -> None:
    stored = bytearray(seal(KEY, UUID(int=3), place(), "Gwen"))
    stored[at % len(stored)] ^= by
    with pytest.raises(Tampered):
        unseal(KEY, place(), bytes(stored))


def test_two_seals_of_one_value_differ() -> None:
    assert seal(KEY, UUID(int=3), place(), "x") != seal(KEY, UUID(int=3), place(), "x")


def test_an_encrypted_column_reads_like_any_other(house: House) -> None:
    person_id = make_person(house, family_name="Pryce", born_on=date(1990, 2, 1), aliases=["Jo"])
    with house.work() as session:
        person = session.get_one(Person, person_id)
        assert (person.family_name, person.born_on, person.aliases) == (
            "Pryce",
            date(1990, 2, 1),
            ["Jo"],
        )
        assert person.known_as is None
        person.family_name = "Rees"
        assert person.family_name == "Rees"
    with house.work() as session:
        assert session.get_one(Person, person_id).family_name == "Rees"


def test_an_encrypted_column_can_be_emptied(house: House) -> None:
    person_id = make_person(house, family_name="Pryce")
    with house.work() as session:
        session.get_one(Person, person_id).family_name = None
    with house.work() as session:
        assert session.get_one(Person, person_id).family_name is None


def test_what_was_rolled_back_is_not_remembered(house: House) -> None:
    person_id = make_person(house, family_name="Pryce")
    with house.work() as session:
        person = session.get_one(Person, person_id)
        with session.begin_nested() as savepoint:
            person.family_name = "Rees"
            session.flush()
            savepoint.rollback()
        assert person.family_name == "Pryce"


def test_the_database_holds_no_plain_text(house: House, owner_database: Engine) -> None:
    make_person(house, family_name="Pryceworth", addresses=[{"postcode": "WS1 1AA"}])
    with owner_database.connect() as connection:
        row = connection.execute(
            text(
                "SELECT person::text, encode(family_name, 'escape'), "
                "encode(addresses, 'escape') FROM person"
            )
        ).one()
    assert "Pryceworth" not in "".join(row)
    assert "WS1 1AA" not in "".join(row)


def test_two_ciphertexts_swapped_between_rows_are_refused(
    house: House, owner_database: Engine
) -> None:
    one, other = (make_person(house, family_name=name) for name in ("Pryce", "Rees"))
    with owner_database.begin() as connection:
        stolen = select(Person.__table__.c.family_name).where(Person.__table__.c.id == other)
        connection.execute(
            update(Person.__table__)
            .where(Person.__table__.c.id == one)
            .values(family_name=stolen.scalar_subquery())
        )
    with house.work() as session, pytest.raises(Tampered):
        _ = session.get_one(Person, one).family_name


def test_an_erased_person_cannot_be_read(house: House) -> None:
    person_id = make_person(house, family_name="Pryce")
    kept = make_person(house, family_name="Rees")
    with house.work() as session:
        keys.erase(session, person_id, now=house.clock.now())
        assert keys.is_erased(session, person_id)
    with house.work() as session:
        with pytest.raises(keys.Erased):
            _ = session.get_one(Person, person_id).family_name
        with pytest.raises(keys.Erased):
            keys.encrypt(session, person_id, house.tenant_id, "person", person_id, "x", "new")
        assert session.get_one(Person, kept).family_name == "Rees"
    with house.work() as session:
        row = session.scalar(select(keys.SubjectKey).where(keys.SubjectKey.subject == person_id))
        assert row is not None
        assert (row.wrapped, row.destroyed_at) == (None, house.clock.now())


def test_erasure_holds_in_the_same_unit_of_work(house: House) -> None:
    person_id = make_person(house, family_name="Pryce")
    with house.work() as session:
        stored = session.get_one(Person, person_id).family_name_sealed  # type: ignore[attr-defined]
        keys.erase(session, person_id, now=house.clock.now())
        with pytest.raises(keys.Erased):
            keys.decrypt(
                session, person_id, house.tenant_id, "person", person_id, "family_name", stored
            )


def contact_in_case(house: House, session: Session) -> tuple[UUID, UUID, bytes]:
    contact_id, case_id = uuid4(), uuid4()
    for subject, kind in ((contact_id, SubjectKind.CONTACT), (case_id, SubjectKind.CASE)):
        keys.new_subject(session, house.tenant_id, subject, kind, now=house.clock.now())
    stored = keys.encrypt(
        session, contact_id, house.tenant_id, "contact", contact_id, "answers", {"a": 1}
    )
    session.flush()
    keys.wrap_into(session, contact_id, case_id)
    return contact_id, case_id, stored


def read_contact(house: House, session: Session, contact_id: UUID, stored: bytes) -> object:
    return keys.decrypt(
        session, contact_id, house.tenant_id, "contact", contact_id, "answers", stored
    )


def test_a_linked_contact_is_read_through_its_case(house: House) -> None:
    with house.work() as session:
        contact_id, _, stored = contact_in_case(house, session)
    with house.work() as session:
        assert read_contact(house, session, contact_id, stored) == {"a": 1}


def test_erasing_a_case_takes_its_contacts_along(house: House) -> None:
    with house.work() as session:
        contact_id, case_id, stored = contact_in_case(house, session)
    with house.work() as session:
        keys.erase(session, case_id, now=house.clock.now())
    with house.work() as session, pytest.raises(keys.Erased):
        read_contact(house, session, contact_id, stored)


def test_a_contact_linked_to_the_wrong_case_can_be_moved(house: House) -> None:
    with house.work() as session:
        contact_id, wrong, stored = contact_in_case(house, session)
        right = uuid4()
        keys.new_subject(session, house.tenant_id, right, SubjectKind.CASE, now=house.clock.now())
        session.flush()
        keys.wrap_into(session, contact_id, right)
        session.flush()
        keys.erase(session, wrong, now=house.clock.now())
    with house.work() as session:
        assert read_contact(house, session, contact_id, stored) == {"a": 1}


def test_the_master_key_is_rotated_by_rewrapping(house: House, another_master_key: KeyRing) -> None:
    people = [make_person(house, family_name=name) for name in ("Pryce", "Rees", "Onwu")]
    old = keys.ring().current
    keys.use_ring(another_master_key)
    with house.work() as session:
        assert keys.rewrap_status(session) == {old: 4, another_master_key.current: 0}
        assert keys.rewrap(session, limit=3) == 3
    with house.work() as session:
        assert keys.rewrap(session, limit=3) == 1
        assert keys.rewrap(session, limit=3) == 0
        assert keys.rewrap_status(session) == {old: 0, another_master_key.current: 4}

    keys.use_ring(KeyRing.of([another_master_key.keys[another_master_key.current]]))
    with house.work() as session:
        assert session.get_one(Person, people[0]).family_name == "Pryce"


def test_a_key_under_an_unknown_master_key_is_refused(house: House) -> None:
    person_id = make_person(house, family_name="Pryce")
    before = keys.ring()
    keys.use_ring(KeyRing.of([os.urandom(32)]))
    try:
        with house.work() as session, pytest.raises(Tampered):
            _ = session.get_one(Person, person_id).family_name
    finally:
        keys.use_ring(before)


def test_blind_indexes_agree_within_a_field_and_tenant_only(house: House) -> None:
    other = House(house.database, house.clock, uuid4())
    with other.work() as session:
        session.add(
            Tenant(id=other.tenant_id, slug="oak", name="Oak", created_at=house.clock.now())
        )
        keys.new_subject(
            session, other.tenant_id, other.tenant_id, SubjectKind.INDEX, now=house.clock.now()
        )
        elsewhere = keys.blind_index(session, other.tenant_id, "phone", "+441632960001")
    with house.work() as session:
        token = keys.blind_index(session, house.tenant_id, "phone", "+441632960001")
        assert len(token) == 16
        assert token == keys.blind_index(session, house.tenant_id, "phone", "+441632960001")
        assert token != keys.blind_index(session, house.tenant_id, "email", "+441632960001")
        assert token != keys.blind_index(session, house.tenant_id, "phone", "+441632960002")
        assert token != elsewhere


def test_another_tenants_keys_cannot_be_loaded(house: House) -> None:
    person_id = make_person(house, family_name="Pryce")
    with unit_of_work(house.database, uuid4()) as session, pytest.raises(keys.SubjectUnknown):
        keys.load(session, [person_id])
        keys.is_erased(session, person_id)


@pytest.mark.parametrize("given_text", ["", "c2hvcnQ=", "not base64!"])
def test_an_unusable_master_key_is_refused(given_text: str) -> None:
    with pytest.raises(keys.MasterKeyMissing):
        KeyRing.parse(given_text)
    with pytest.raises(keys.MasterKeyMissing):
        KeyRing.from_environment({})


def test_a_value_reads_alike_after_the_flush_and_in_another_session(house: House) -> None:
    given = [{"name": "Jo", "since": date(2027, 1, 2)}]
    person_id = make_person(house, family_name="Pryce")
    with house.work() as session:
        person = session.get_one(Person, person_id)
        person.aliases = given
        session.flush()
        at_once = person.aliases
    with house.work() as session:
        assert session.get_one(Person, person_id).aliases == at_once
