"""Who is found, who is only shown, and what never shows."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from factories import make_case
from people import Organisation, make_oak
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from tables import decide, table

from engine import history, verification
from engine.models import MessageInbox
from workflows import access, keys
from workflows.access.models import CaseConflict, SealedMember
from workflows.cases.models import Case, CaseParty
from workflows.people import cards, persons, searching
from workflows.people.description import Description, describe
from workflows.people.matching import Match, match
from workflows.people.models import Person, PersonIndex, PersonLink
from workflows.people.safe_contact import Card, Channel

GWEN = {
    "given_name": "Gwen",
    "family_name": "Pryce",
    "born_on": date(1990, 2, 11),
    "phones": ["07700 900123"],
    "crime_references": ("12/4567/27",),
    "addresses": ({"lines": ["12 High Street"], "postcode": "WS1 1AA"},),
}


def enter(session: Session, ark: Organisation, by: str = "system", **known: Any) -> UUID:
    described = describe(**known)
    found = look(session, ark, described)
    token = searching.sign(session, ark.tenant_id, described, found, by=by, now=ark.now)
    return persons.create(
        session, ark.tenant_id, described, token=token, reason="another", by=by, now=ark.now
    )


def look(
    session: Session, ark: Organisation, described: Description, actor: access.Actor | None = None
) -> Match:
    return match(session, ark.tenant_id, described, decide=decide, actor=actor, now=ark.now)


def found(session: Session, ark: Organisation, **known: Any) -> dict[UUID, tuple[str, int]]:
    matched = look(session, ark, describe(**known))
    return {c.person_id: (c.band, c.points) for c in matched.candidates}


# -- the tables ---------------------------------------------------------------------------------

NOTHING = dict.fromkeys(
    ["identifier_exact", "dob_exact", "dob_transposed", "name_phonetic", "alias", "address_same",
     "same_alleged"],
    False,
)  # fmt: skip


@pytest.mark.parametrize(
    ("alike", "rows", "points"),
    [
        ({}, (), None),
        ({"identifier_exact"}, ("r1",), 40),
        ({"dob_exact"}, ("r2",), 25),
        ({"dob_transposed"}, ("r3",), 15),
        ({"dob_exact", "dob_transposed"}, ("r2",), 25),  # they exclude each other
        ({"name_phonetic"}, ("r4",), 20),
        ({"alias"}, ("r5",), 20),
        ({"address_same"}, ("r6",), 20),
        ({"same_alleged"}, ("r7",), 0),
        ({"identifier_exact", "dob_exact", "name_phonetic"}, ("r1", "r2", "r4"), 85),
    ],
)
def test_match_score_row_by_row(alike: set[str], rows: tuple[str, ...], points: int | None) -> None:
    result = table("match_score").evaluate("match_score", NOTHING | dict.fromkeys(alike, True))
    assert (result.matched_rows, result.outputs) == (rows, points)


@pytest.mark.parametrize(
    ("walled", "score", "person_points", "row", "band"),
    [
        (True, 105, 65, "r1", "none"),
        (False, 60, 20, "r2", "likely"),
        (False, 59, 20, "r3", "possible"),
        (False, 35, 35, "r3", "possible"),
        (False, 34, 20, "r5", "none"),
        (False, 60, 0, "r4", "same_household"),
        (False, 20, 0, "r4", "same_household"),
        (False, 19, 0, "r5", "none"),
    ],
)
def test_match_band_row_by_row(
    walled: bool, score: int, person_points: int, row: str, band: str
) -> None:
    inputs = {"walled_hit": walled, "score": score, "person_points": person_points}
    result = table("match_band").evaluate("match_band", inputs)
    assert (result.matched_rows, result.outputs) == ((row,), band)


# -- finding ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "band", "points"),
    [
        ({"phones": ["+447700900123"], "given_name": "Gwenn", "family_name": "Price"},
         "likely", 60),
        ({"given_name": "Gwen", "family_name": "Pryce", "born_on": date(1990, 2, 11)},
         "possible", 45),
        ({"given_name": "Gwen", "family_name": "Pryce", "born_on": date(1990, 11, 2)},
         "possible", 35),
        ({"given_name": "Gwen", "born_on": date(1990, 11, 2)}, "possible", 35),
        ({"given_name": "Gwen", "family_name": "Pryce"}, None, None),
        ({"phones": ["07700 900123"]}, "same_household", 40),
        ({"phones": ["07700 900123"], "given_name": "Dai", "family_name": "Pugh"},
         "same_household", 40),
        ({"addresses": ({"lines": ["12 High Street,"], "postcode": "ws11aa"},)},
         "same_household", 20),
        ({"crime_references": ("12 4567 27",), "given_name": "Gwen", "family_name": "Pryce"},
         "likely", 60),
        ({"given_name": "Gwen", "family_name": "Rees", "born_on": date(1990, 2, 11)}, None, None),
        ({"addresses": ({"postcode": "WS1 1AA"},)}, None, None),
    ],
)  # fmt: skip
def test_what_two_people_have_in_common_decides(
    ark: Organisation, known: dict[str, Any], band: str | None, points: int | None
) -> None:
    with ark.work() as session:
        gwen = enter(session, ark, **GWEN)
        expected = {gwen: (band, points)} if band else {}
        assert found(session, ark, **known) == expected


def test_an_alias_finds_and_counts_once(ark: Organisation) -> None:
    with ark.work() as session:
        person_id = enter(
            session, ark, given_name="Robert", family_name="Doe", aliases=("Bobby Tables",),
            phones=["07700 900777"],
        )  # fmt: skip
        matched = look(
            session,
            ark,
            describe(given_name="Bobbie", family_name="Tables", phones=["07700 900777"]),
        )
        (candidate,) = matched.candidates
        assert candidate.person_id == person_id
        assert (candidate.points, candidate.person_points) == (60, 20)
        assert candidate.reasons == ("phone", "alias")


def test_the_most_telling_come_first_and_five_are_shown(ark: Organisation) -> None:
    with ark.work() as session:
        for number in range(6):
            enter(session, ark, given_name=f"Ann{number}", family_name="Lee",
                  phones=["07700 900123"])  # fmt: skip
        gwen = enter(session, ark, **GWEN)
        known = describe(given_name="Gwen", family_name="Pryce", phones=["07700 900123"])
        matched = look(session, ark, known)
        assert len(matched.candidates) == 5
        assert matched.candidates[0].person_id == gwen
        assert matched.band == "likely"


def test_a_person_is_found_by_what_is_known_now(ark: Organisation) -> None:
    with ark.work() as session:
        gwen = enter(session, ark, given_name="Gwen", family_name="Pryce")
        persons.amend(session, gwen, family_name="Rees", born_on=date(1990, 2, 11), by="system",
                      now=ark.now)  # fmt: skip
        born = {"born_on": date(1990, 2, 11)}
        assert gwen in found(session, ark, given_name="Gwen", family_name="Rees", **born)
        assert found(session, ark, given_name="Gwen", family_name="Pryce", **born) == {}


def test_who_are_alleged_to_have_harmed_her_are_shown_and_never_counted(
    ark: Organisation,
) -> None:
    with ark.work() as session:
        gwen, dai = enter(session, ark, **GWEN), enter(session, ark, given_name="Dai",
                                                       family_name="Pugh")  # fmt: skip
        case_id = make_case(session, ark, person_id=gwen)
        add_party(session, ark, case_id, dai)
        known = describe(phones=["07700 900123"], alleged_names=("Dai Pugh",))
        (candidate,) = look(session, ark, known).candidates
        assert candidate.reasons == ("phone", "same_alleged")
        assert candidate.points == 40


def test_another_organisation_is_never_compared(ark: Organisation, database: Engine) -> None:
    oak = make_oak(database, ark.now)
    with ark.work() as session:
        enter(session, ark, **GWEN)
    with oak.work() as session:
        assert found(session, oak, **GWEN) == {}


def test_the_index_holds_no_plain_value(ark: Organisation, owner_database: Engine) -> None:
    with ark.work() as session:
        enter(session, ark, **GWEN)
    with owner_database.connect() as connection:
        tokens = connection.execute(select(PersonIndex.token)).scalars().all()
    assert tokens and all(len(token) == 16 for token in tokens)
    assert not any(b"447700900123" in token or b"WS1" in token for token in tokens)


def test_an_erased_person_is_found_no_more(ark: Organisation) -> None:
    with ark.work() as session:
        gwen = enter(session, ark, **GWEN)
        persons.erase(session, gwen, authority="request 12", by="system", now=ark.now)
        assert found(session, ark, **GWEN) == {}
        with pytest.raises(keys.Erased):
            cards.current(session, gwen)
        assert verification.verify(session).is_sound


# -- walls --------------------------------------------------------------------------------------


def add_party(session: Session, ark: Organisation, case_id: UUID, person_id: UUID) -> None:
    session.add(
        CaseParty(
            tenant_id=ark.tenant_id,
            case_id=case_id,
            person_id=person_id,
            role="alleged",
            added_at=ark.now,
            added_by="system",
        )
    )
    session.flush()


def test_the_other_side_of_a_wall_shows_nothing(ark: Organisation) -> None:
    with ark.work() as session:
        gwen = enter(session, ark, **GWEN)
        dai = enter(session, ark, given_name="Dai", family_name="Pugh", phones=["07700 900555"])
        case_id = make_case(session, ark, person_id=gwen)
        add_party(session, ark, case_id, dai)
        known = describe(given_name="Dai", family_name="Pugh", phones=["07700 900555"])
        matched = look(session, ark, known)
        assert (matched.band, matched.candidates) == ("none", ())
        assert matched.walled_hit and matched.behind_walls == (dai,)
        session.get_one(Case, case_id).closed_at = ark.now
        session.flush()
        assert [c.person_id for c in look(session, ark, known).candidates] == [dai]


def test_a_wall_does_not_hide_others(ark: Organisation) -> None:
    with ark.work() as session:
        shared = {"phones": ["07700 900555"]}
        gwen = enter(session, ark, given_name="Gwen", family_name="Pryce", **shared)
        dai = enter(session, ark, given_name="Dai", family_name="Pugh", **shared)
        add_party(session, ark, make_case(session, ark, person_id=gwen), dai)
        matched = look(session, ark, describe(given_name="Gwen", family_name="Pryce", **shared))
        assert [c.person_id for c in matched.candidates] == [gwen]
        assert matched.behind_walls == (dai,)


def search(session: Session, ark: Organisation, name: str, **known: Any) -> searching.Found:
    actor = access.actor_for(session, ark.staff[name], ark.now)
    return searching.search(
        session, actor, describe(**known), decide=decide, purpose="contact", now=ark.now
    )


def conflict(session: Session, ark: Organisation, name: str, person_id: UUID) -> None:
    session.add(
        CaseConflict(
            tenant_id=ark.tenant_id,
            staff_id=ark.staff[name],
            person_id=person_id,
            source="declared",
            declared_at=ark.now,
            declared_by="system",
        )
    )
    session.flush()


@pytest.mark.parametrize("wall", ["conflict", "sealed_person", "sealed_case", "alleged"])
def test_a_search_behind_a_wall_is_like_one_for_nobody(ark: Organisation, wall: str) -> None:
    with ark.work() as session:
        gwen = enter(session, ark, **GWEN)
        case_id = make_case(session, ark, person_id=gwen)
        if wall == "conflict":
            conflict(session, ark, "priya", gwen)
        elif wall == "sealed_person":
            session.get_one(Person, gwen).sealed = True
        elif wall == "sealed_case":
            session.get_one(Case, case_id).sealed = True
            session.add(
                SealedMember(
                    subject_id=case_id,
                    staff_id=ark.dsl,
                    tenant_id=ark.tenant_id,
                    added_at=ark.now,
                    added_by="system",
                )
            )
        else:
            add_party(session, ark, make_case(session, ark), gwen)
        session.flush()

        walled = search(session, ark, "priya", **GWEN)
        nobody = search(session, ark, "priya", given_name="Nobody", family_name="Atall")
        assert (walled.band, walled.candidates) == (nobody.band, nobody.candidates) == ("none", ())
        assert len(walled.token) == len(nobody.token)

        told = session.scalars(select(MessageInbox)).all()
        assert [(m.name, m.payload) for m in told] == [
            ("search.walled", {"person_id": str(gwen), "searched_by": str(ark.priya)})
        ]
        reads = history.read(session, f"access:{ark.priya}:2027-01-14")
        assert [entry.payload["ids"] for entry in reads] == [[], []]


def test_the_lead_hears_once_a_day_of_one_who_searches_on(ark: Organisation) -> None:
    with ark.work() as session:
        gwen = enter(session, ark, **GWEN)
        conflict(session, ark, "priya", gwen)
        for _ in range(3):
            search(session, ark, "priya", **GWEN)
        assert len(session.scalars(select(MessageInbox)).all()) == 1


def test_a_search_is_recorded_with_whom_it_showed(ark: Organisation) -> None:
    with ark.work() as session:
        gwen = enter(session, ark, **GWEN)
        assert [c.person_id for c in search(session, ark, "amina", **GWEN).candidates] == [gwen]
        (entry,) = history.read(session, f"access:{ark.amina}:2027-01-14")
        assert entry.payload["concept_name"] == "people.searched"
        assert entry.payload["ids"] == [str(gwen)]
        assert "Pryce" not in str(entry.payload)


@pytest.mark.parametrize("name", ["owner", "admin", "ana"])
def test_those_who_see_no_client_data_search_nobody(ark: Organisation, name: str) -> None:
    with ark.work() as session, pytest.raises(access.NotAllowed):
        search(session, ark, name, **GWEN)


# -- creating -----------------------------------------------------------------------------------


def create(session: Session, ark: Organisation, token: str, **known: Any) -> UUID:
    by, reason = known.pop("by", str(ark.amina)), known.pop("reason", None)
    now = known.pop("now", ark.now)
    return persons.create(
        session, ark.tenant_id, describe(**known), token=token, reason=reason, by=by, now=now
    )


def test_nobody_is_created_without_a_search_for_exactly_them(ark: Organisation) -> None:
    with ark.work() as session:
        token = search(session, ark, "amina", given_name="Gwen", family_name="Pryce").token
        forged = token[:-1] + ("0" if token[-1] != "0" else "1")
        for wrong in ("", "x.y", forged, token.split(".")[0]):
            with pytest.raises(searching.SearchFirst):
                create(session, ark, wrong, given_name="Gwen", family_name="Pryce")
        with pytest.raises(searching.SearchFirst):
            create(session, ark, token, **GWEN)
        with pytest.raises(searching.SearchFirst):
            create(session, ark, token, given_name="Gwen", family_name="Pryce", by=str(ark.ben))
        late = ark.now + timedelta(hours=13)
        with pytest.raises(searching.SearchFirst):
            create(session, ark, token, given_name="Gwen", family_name="Pryce", now=late)
        gwen = create(session, ark, token, given_name=" gwen", family_name="PRYCE")
        assert session.get_one(Person, gwen).kind == "person"


def test_after_a_likely_match_one_says_why_it_is_another(ark: Organisation) -> None:
    with ark.work() as session:
        enter(session, ark, **GWEN)
        token = search(session, ark, "amina", **GWEN).token
        with pytest.raises(persons.SayWhyNew):
            create(session, ark, token, **GWEN)
        create(session, ark, token, reason="Her daughter, named after her.", **GWEN)


def test_a_number_from_a_feed_is_known_and_not_safe(ark: Organisation) -> None:
    with ark.work() as session:
        gwen = enter(session, ark, **GWEN)
        in_force = cards.current(session, gwen)
        assert in_force is not None
        (channel,) = in_force.card.channels
        assert (channel.kind, channel.value) == ("mobile", "+447700900123")
        assert channel.safe_call == channel.safe_voicemail == channel.safe_sms == "unknown"
        assert in_force.card.withhold_number


@pytest.mark.parametrize(
    ("known", "kind"),
    [
        ({"given_name": "Gwen"}, "person"),
        ({"born_on": date(1990, 2, 11)}, "person"),
        ({"organisation_name": "Corner Shop Ltd"}, "business"),
        ({"organisation_name": "Corner Shop Ltd", "given_name": "Gwen"}, "person"),
        ({"phones": ["07700 900123"]}, "anonymous"),
        ({}, "anonymous"),
    ],
)
def test_who_gives_no_name_is_anonymous(
    ark: Organisation, known: dict[str, Any], kind: str
) -> None:
    with ark.work() as session:
        assert session.get_one(Person, enter(session, ark, **known)).kind == kind


def test_two_anonymous_callers_are_never_brought_together(ark: Organisation) -> None:
    with ark.work() as session:
        enter(session, ark, phones=["07700 900123"])
        assert found(session, ark, phones=["07700 900123"]) == {}
        assert session.scalars(select(PersonLink)).all() == []


def test_an_anonymous_caller_is_found_again_by_her_password(ark: Organisation) -> None:
    with ark.work() as session:
        card = Card(client_password="Blue  Kettle", channels=(Channel("mobile", "+447700900123"),))
        described = describe()
        token = searching.sign(
            session, ark.tenant_id, described, look(session, ark, described), by="x", now=ark.now
        )
        person_id = persons.create(
            session, ark.tenant_id, described, token=token, card=card, by="x", now=ark.now
        )
        named = enter(session, ark, **GWEN)
        cards.record(session, named, card, proof=cards.Proof.IN_PERSON, by="x", now=ark.now)
        amina = access.actor_for(session, ark.amina, ark.now)

        def again(said: str) -> list[UUID]:
            return searching.find_anonymous(session, amina, said, purpose="contact", now=ark.now)

        assert again("blue kettle") == [person_id]
        assert again("green kettle") == []
        persons.amend(session, person_id, given_name="Jo", by="x", now=ark.now)
        assert session.get_one(Person, person_id).kind == "person"
        assert again("blue kettle") == []


def test_a_household_copies_nothing(ark: Organisation) -> None:
    with ark.work() as session:
        one, other = enter(session, ark, **GWEN), enter(session, ark, given_name="Dai")
        persons.link_household(session, other, one, by="system", now=ark.now)
        persons.link_household(session, one, other, by="system", now=ark.now)
        link = session.scalars(select(PersonLink)).one()
        assert {link.person_id, link.other_id} == {one, other}
        assert cards.current(session, other) is None
        with pytest.raises(persons.NotTwoPeople):
            persons.link_household(session, one, one, by="system", now=ark.now)


def test_only_what_a_person_has_can_be_changed(ark: Organisation) -> None:
    with ark.work() as session:
        gwen = enter(session, ark, **GWEN)
        with pytest.raises(ValueError, match="sealed"):
            persons.amend(session, gwen, sealed=False, by="system", now=ark.now)
