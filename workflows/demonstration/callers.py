"""Invented people who get in touch, in the questions of the form `contact`."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from workflows.cohort.generator import FAMILY, GIVEN

SAID: Mapping[str, tuple[str, ...]] = {
    "domestic": (
        "He has her keys and turned up at work twice this week.",
        "He checks her phone every evening and stopped her seeing her sister.",
        "She left on Sunday with the children and does not know where to go next.",
    ),
    "stalking": ("A man from her old job waits outside the house and leaves notes.",),
    "sexual": ("She wants to talk to somebody who knows about this, not to the police yet.",),
    "hate": ("Neighbours shout at the family and last night a window was broken.",),
    "violence": ("He was attacked at the bus station and has not slept since.",),
    "property": ("The house was broken into while they were asleep upstairs.",),
    "antisocial": ("The shouting on the landing goes on until three every night.",),
}
# How each service hears of people.
DOORS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "helpline": (("phone", "self"), ("phone", "family"), ("webchat", "self"), ("email", "self")),
    "support": (
        ("agency_referral", "mash"),
        ("agency_referral", "police"),
        ("agency_referral", "other_agency"),
        ("phone", "self"),
    ),
    "outreach": (("agency_referral", "gp"), ("web_form", "self"), ("phone", "self")),
    "victim_care": (("police_feed", "police"), ("agency_referral", "police"), ("letter", "self")),
    "hate_crime": (("tprc", "tprc"), ("agency_referral", "police"), ("phone", "self")),
}
KINDS: Mapping[str, tuple[str, ...]] = {
    "helpline": ("domestic", "hate", "stalking", "violence", "antisocial"),
    "support": ("domestic", "domestic", "domestic", "stalking"),
    "outreach": ("sexual",),
    "victim_care": ("violence", "property", "property", "domestic"),
    "hate_crime": ("hate",),
}


@dataclass(frozen=True)
class Caller:
    """One contact to come: through which door, about what."""

    service: str
    channel: str
    source: str
    answers: Mapping[str, Any]

    def at(self, service: str) -> "Caller":
        """The same caller at another service's door."""
        return replace(self, service=service)


def invent(chance: random.Random, service: str, today: date) -> Caller:
    """Invent somebody who gets in touch with a service."""
    channel, source = chance.choice(DOORS[service])
    kind = chance.choice(KINDS[service])
    answers: dict[str, Any] = {
        "immediate_danger": chance.choices(("no", "unknown", "yes"), (16, 2, 1))[0],
        "source": source,
        "caller_role": "professional" if source in ("mash", "gp", "other_agency") else "victim",
        "what_happened": chance.choice(SAID[kind]),
        "abuse_types": [kind],
        "vulnerable": chance.choice(("yes", "no", "unknown")),
        "referrer_grade": chance.choice(("none", "standard", "medium", "high")),
        "interpreter": chance.choices(("no", "yes", "unknown"), (12, 2, 1))[0],
        "consent_to_record": "yes",
        "channels": [_telephone(chance)],
        "route": "victim_support",
        **_name(chance, today),
    }
    if source in ("mash", "police", "gp", "other_agency", "tprc"):
        answers |= {"referrer_verified": "yes", "sharing_basis_known": "yes"}
    else:
        answers["referrer_grade"] = "none"
    if channel in ("phone", "webchat"):
        answers["safe_now"] = chance.choices(("yes", "no"), (14, 1))[0]
    if chance.random() < 0.4:
        answers["children"] = [{"age": str(chance.randint(0, 16)), "lives_with": "the client"}]
    return Caller(service, channel, source, answers)


def _name(chance: random.Random, today: date) -> dict[str, Any]:
    if chance.random() < 0.05:
        return {"no_name": True, "known_as": chance.choice(GIVEN)}
    born = today - timedelta(days=chance.randint(19 * 365, 70 * 365))
    return {
        "given_name": chance.choice(GIVEN),
        "family_name": chance.choice(FAMILY),
        "born_on": born.isoformat(),
    }


def _telephone(chance: random.Random) -> dict[str, Any]:
    way = {
        "kind": "mobile",
        "value": f"07700 900{chance.randrange(1000):03}",
        "safe_call": chance.choices(("yes", "unknown", "no"), (14, 3, 1))[0],
        "safe_voicemail": chance.choices(("no", "unknown", "yes"), (5, 3, 1))[0],
        "safe_sms": chance.choices(("no", "unknown", "yes"), (4, 3, 2))[0],
        "caller_id_ok": "unknown",
    }
    if chance.random() < 0.85:
        way["given_as_safe_by"] = "the client, to the referrer"
    return way
