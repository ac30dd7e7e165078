"""Bring the good rows of a cohort in as contacts; nothing is taken twice, nobody is dropped unseen.

A row becomes a contact of the channel `police_feed` and goes through the intake like any other.
Who is not contacted, and who is contacted first, the release's decisions say.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from workflows import keys
from workflows.cohort.reading import Row
from workflows.contact import intake
from workflows.contact.models import Contact
from workflows.decisions import OutsideProcess, decide

ONE_AFTER_THE_OTHER = text("SELECT pg_advisory_xact_lock(hashtextextended(:about, 0))")
BATCH = 100  # rows in one transaction; a file that breaks off is sent again and goes on
CHANNEL, SOURCE = "police_feed", "police"
ABUSE_OF_GROUP = {
    "homicide": "homicide",
    "rape": "sexual",
    "serious_sexual": "sexual",
    "stalking": "stalking",
    "hba": "hba",
    "trafficking": "trafficking",
    "domestic_abuse": "domestic",
    "hate": "hate",
    "violence_injury": "violence",
    "violence_other": "violence",
    "robbery": "violence",
    "fraud": "fraud",
    "burglary_dwelling": "property",
    "vehicle": "property",
    "criminal_damage_low": "property",
}
SENSITIVE = {"rape", "serious_sexual", "domestic_abuse", "stalking", "hba", "trafficking"}


class State(StrEnum):
    """What became of a row."""

    TAKEN = "taken"
    KNOWN = "known"  # an earlier file brought it
    EXCLUDED = "excluded"  # by the decision `cohort_exclusion`, with its reason
    BROKEN = "broken"  # comes back with reasons


@dataclass(frozen=True, slots=True)
class Outcome:
    """One row and what became, or in a dry run would become, of it."""

    row: Row
    state: State
    reason: str | None = None
    priority: str | None = None
    contact_id: UUID | None = None


def batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Cut a file into what one transaction takes."""
    source = iter(rows)
    while batch := list(islice(source, BATCH)):
        yield batch


def take(
    session: Session,
    tenant_id: UUID,
    service_id: UUID,
    rows: Sequence[Row],
    *,
    by: str,
    now: datetime,
) -> list[Outcome]:
    """Bring in the good rows of a batch; the caller's unit of work holds all of it or nothing.

    Two who bring in the same rows take turns, so that the second finds them known.
    """
    session.execute(ONE_AFTER_THE_OTHER, {"about": f"cohort {tenant_id}"})
    asking = OutsideProcess.of(session, tenant_id, service_id, by=by, now=now)
    marks = _marks(session, tenant_id, rows)
    known = _known(session, tenant_id, marks.values())
    outcomes = []
    for row in rows:
        if not row.is_good:
            outcomes.append(Outcome(row, State.BROKEN))
        elif marks[row.number] in known:
            outcomes.append(Outcome(row, State.KNOWN, contact_id=known[marks[row.number]]))
        else:
            outcomes.append(_take(asking, service_id, row, marks[row.number]))
    return outcomes


def preview(
    session: Session,
    tenant_id: UUID,
    service_id: UUID,
    rows: Sequence[Row],
    *,
    by: str,
    now: datetime,
) -> list[Outcome]:
    """Say what `take` would do, and do none of it."""
    asking = OutsideProcess.of(session, tenant_id, service_id, by=by, now=now)
    marks = _marks(session, tenant_id, rows)
    known = _known(session, tenant_id, marks.values())
    return [
        Outcome(row, State.BROKEN)
        if not row.is_good
        else Outcome(row, State.KNOWN, contact_id=known[marks[row.number]])
        if marks[row.number] in known
        else _outlook(asking, row)
        for row in rows
    ]


def _outlook(asking: OutsideProcess, row: Row) -> Outcome:
    excluded, reason = _evaluate(asking, "cohort_exclusion", exclusion_inputs(row.values))
    if excluded:
        return Outcome(row, State.EXCLUDED, reason)
    priority, _ = _evaluate(
        asking, "cohort_priority", priority_inputs(row.values, asking.now.date())
    )
    return Outcome(row, State.TAKEN, reason, priority)


def _evaluate(
    asking: OutsideProcess, decision_id: str, inputs: Mapping[str, Any]
) -> tuple[Any, Any]:
    """Ask a decision without a record: nothing has happened."""
    result = asking.definitions.decisions[decision_id].evaluate(
        decision_id,
        {**inputs, "settings": asking.settings},
        now=asking.now,
        calendars=asking.calendars,
    )
    result.require_complete(decision_id)
    outputs = result.outputs
    if decision_id == "cohort_exclusion":
        # one for whom a person decides is taken in, so that a person can
        return outputs["excluded"] and not outputs["review_task"], outputs["reason"]
    return outputs["priority"], outputs["first_attempt_due"]


def _take(asking: OutsideProcess, service_id: UUID, row: Row, mark: str) -> Outcome:
    outlook = _outlook(asking, row)
    if outlook.state is State.EXCLUDED:
        return outlook
    contact = intake.receive(
        asking.session,
        asking.tenant_id,
        service_id,
        channel=CHANNEL,
        source=SOURCE,
        answers=answers_of(row.values),
        by=asking.actor,
        now=asking.now,
        external_id=mark,
        received_at=row.values["recorded_at"],
    )
    asking.session.flush()
    subject = {"subject_id": contact.subject_id}
    decide(asking, "cohort_exclusion", exclusion_inputs(row.values), **subject)
    decide(asking, "cohort_priority", priority_inputs(row.values, asking.now.date()), **subject)
    return Outcome(row, State.TAKEN, outlook.reason, outlook.priority, contact.id)


def _marks(session: Session, tenant_id: UUID, rows: Iterable[Row]) -> dict[int, str]:
    """Return by row number what a row is known by: a token, since references are personal."""
    good = [row for row in rows if row.is_good]
    said = [
        "|".join(str(row.values.get(name) or "") for name in IDENTITY).casefold() for row in good
    ]
    tokens = keys.blind_indexes(session, tenant_id, "cohort_row", said)
    return {row.number: token.hex() for row, token in zip(good, tokens, strict=True)}


IDENTITY = ("crime_ref", "given_name", "family_name", "business_name", "dob")


def _known(session: Session, tenant_id: UUID, marks: Iterable[str]) -> dict[str, UUID]:
    rows = session.execute(
        select(Contact.external_id, Contact.id).where(
            Contact.tenant_id == tenant_id, Contact.external_id.in_(list(marks))
        )
    )
    return {mark: contact_id for mark, contact_id in rows if mark is not None}


def exclusion_inputs(values: Mapping[str, Any]) -> dict[str, bool]:
    """Return the inputs of the decision `cohort_exclusion`."""
    group = values["offence_group"]
    return {
        "deceased": values["deceased"],
        "fatal_offence": group == "homicide",
        "victimless": values["victimless"],
        "sensitive_investigation_marker": values["sensitive_investigation"],
        "police_employee_on_duty": values["officer_on_duty"],
        "opted_out_at_report": values["opted_out"],
        "out_of_area": values["out_of_area"],
        "da_sv_high": group in SENSITIVE or values["da_level"] is not None,
    }


def priority_inputs(values: Mapping[str, Any], today: date) -> dict[str, Any]:
    """Return the inputs of the decision `cohort_priority`."""
    born = values["dob"]
    before_birthday = born is not None and (today.month, today.day) < (born.month, born.day)
    return {
        "offence_group": values["offence_group"],
        "da_level": values["da_level"],
        "age": None if born is None else today.year - born.year - before_birthday,
        "hate_flag": values["hate_flag"],
        "repeat_12m": values["repeat_12m"] or 0,
        "vulnerable_intimidated": values["vulnerable_intimidated"],
        "victim_kind": values["victim_kind"],
        "digital_opt_in": values["digital_opt_in"],
    }


def answers_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Say a row in the questions of the form `contact`.

    The next of kin stands for somebody who was killed, who is never a person to be contacted.
    """
    bereaved = values["deceased"] and values["offence_group"] == "homicide"
    abuse = {ABUSE_OF_GROUP.get(values["offence_group"], "other")}
    if values["da_level"] is not None:
        abuse.add("domestic")
    said = {
        "source": SOURCE,
        "immediate_danger": "unknown",
        **(_next_of_kin(values) if bereaved else _victim(values)),
        "language": values["language"],
        "crime_reference": values["crime_ref"],
        "what_happened": values["offence"] or values["offence_group"].replace("_", " "),
        "abuse_types": sorted(abuse),
        "vulnerable": "yes" if values["vulnerable_intimidated"] else "unknown",
        "referrer_grade": values["da_level"] or "none",
        "reported_to_police": "yes",
        "referrer_verified": "yes",
        "sharing_basis_known": "yes",
        "alleged": [{"name": values["alleged_name"]}] if values["alleged_name"] else None,
        "route": "victim_support",
    }
    return {name: value for name, value in said.items() if value is not None}


def _victim(values: Mapping[str, Any]) -> dict[str, Any]:
    business = values["victim_kind"] == "business"
    return {
        "caller_role": "business_contact" if business else "victim",
        "given_name": values["given_name"],
        "family_name": values["business_name"] if business else values["family_name"],
        "born_on": values["dob"].isoformat() if values["dob"] else None,
        "channels": _channels(values, values["phone"]) or None,
    }


def _next_of_kin(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "caller_role": "bereaved_relative",
        "known_as": values["next_of_kin_name"] or "Next of kin",
        "channels": _channels({**values, "email": None}, values["next_of_kin_phone"]) or None,
    }


def _channels(values: Mapping[str, Any], phone: str | None) -> list[dict[str, Any]]:
    """Return the ways to reach somebody. Only what the file calls safe is, and only for calls."""
    unsaid = {"safe_voicemail": "unknown", "safe_sms": "unknown", "caller_id_ok": "unknown"}
    ways: list[dict[str, Any]] = []
    if phone:
        given = values["phone_given_as_safe_by"]
        way = {"kind": "mobile", "value": phone, "safe_call": values["phone_safe"], **unsaid}
        ways.append(way | ({"given_as_safe_by": given} if given else {}))
    if values["email"]:
        ways.append({"kind": "email", "value": values["email"], "safe_email": "unknown"})
    return ways
