"""What the answers of a contact say: pure readings of the form `contact`.

Nothing is guessed from silence. Only what stands in `gateway_variables` leaves for the process,
and that is operational (class C0).
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, TypedDict

Answers = Mapping[str, Any]

LIVE_CHANNELS = frozenset({"phone", "text_relay", "webchat", "app", "walk_in"})
PROFESSIONALS = frozenset({"mash", "marac", "police", "gp", "other_agency", "tprc"})

# By how much they decide about the method of contact (decision `contact_method`): first wins.
OFFENCES = (
    ("homicide", "homicide"),
    ("sexual", "sexual"),
    ("domestic", "da"),
    ("stalking", "stalking"),
    ("hba", "hba"),
    ("hate", "hate"),
)
FACT_OF_ABUSE = {
    "domestic": "domestic_abuse",
    "sexual": "sexual_violence",
    "stalking": "stalking",
    "hba": "honour_based",
    "hate": "hate",
    "trafficking": "trafficking",
}


def is_anonymous(answers: Answers) -> bool:
    return bool(answers.get("no_name"))


def external_level(answers: Answers, dash_high: int) -> str | None:
    """Return the grade that came with the contact: the referrer's, or by the ticks they counted."""
    ticks = answers.get("referrer_ticks")
    if ticks is not None and int(ticks) >= dash_high:
        return "high"
    grade = answers.get("referrer_grade")
    return grade if grade in ("standard", "medium", "high") else None


def is_stated_high(answers: Answers, dash_high: int) -> bool:
    return answers.get("stated_high") == "yes" or external_level(answers, dash_high) == "high"


def is_vulnerable(answers: Answers) -> bool:
    """True until somebody has recorded otherwise."""
    return answers.get("vulnerable") != "no"


def source_kind(source: str, answers: Answers) -> str:
    """Say whom one may write to about the contact: a verified professional with a basis, the
    client, or nobody ("other")."""
    verified = answers.get("referrer_verified") == "yes"
    if source in PROFESSIONALS and verified and answers.get("sharing_basis_known") == "yes":
        return "professional"
    return "self" if source == "self" else "other"


def has_way_to_reach(answers: Answers) -> bool:
    if any(row.get("value") for row in answers.get("channels") or ()):
        return True
    return bool(answers.get("phone_now") or answers.get("referrer_contact"))


def has_reason(answers: Answers) -> bool:
    return bool(answers.get("what_happened") or answers.get("abuse_types"))


class GatewayVariables(TypedDict):
    immediate_danger: str
    stated_high_risk: bool
    conduct_kind: str
    route: str | None
    urn: str | None


def gateway_variables(answers: Answers, dash_high: int) -> GatewayVariables:
    """Return what the process of the intake reads of the answers."""
    return {
        "immediate_danger": answers.get("immediate_danger") or "unknown",
        "stated_high_risk": is_stated_high(answers, dash_high),
        "conduct_kind": answers.get("conduct_kind") or "none",
        "route": answers.get("route"),
        "urn": answers.get("urn"),
    }


def age(answers: Answers, today: date) -> int | None:
    """Return whole years by the date of birth, else the lower end of the band of ages."""
    born = answers.get("born_on")
    if isinstance(born, str):
        born = date.fromisoformat(born)
    if isinstance(born, date):
        return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    band = answers.get("age_band")
    return int(band.rstrip("+").partition("-")[0]) if band else None


def facts(answers: Answers, *, today: date, dash_high: int) -> dict[str, Any]:
    """Return what is known for the decisions about a case (`workflows/cases/facts.py`).

    What is not said stays out: absent means that nobody knows.
    """
    abuse = set(answers.get("abuse_types") or ())
    known: dict[str, Any] = {fact: True for kind, fact in FACT_OF_ABUSE.items() if kind in abuse}
    if answers.get("strands"):
        known["hate"] = True
    role = answers.get("caller_role")
    known |= {
        "age": age(answers, today),
        "offence_kind": next((kind for said, kind in OFFENCES if said in abuse), None),
        "person_role": role,
        "victim_kind": "business" if role == "business_contact" else "person",
        "communication_need": _first(answers.get("access_needs"), ("hearing", "speech")),
        "external_level": external_level(answers, dash_high),
        "reason_known": has_reason(answers) or None,
        "referrer_verified": answers.get("referrer_verified") == "yes"
        and answers.get("sharing_basis_known") == "yes",
        "children_asked": "children" in answers,
        "interpreter_asked": answers.get("interpreter") is not None,
    }
    return {name: value for name, value in known.items() if value is not None}


def _first(given: Iterable[str] | None, wanted: Iterable[str]) -> str | None:
    return next((kind for kind in wanted if kind in (given or ())), None)


def mentions_child(answers: Answers) -> bool:
    return bool(answers.get("children")) or answers.get("children_mentioned") == "yes"
