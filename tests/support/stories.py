"""What comes in, in the stories of the specification. All of it is made up."""

from typing import Any

# Amara Okafor, 31, Sandwell, two children; police counted 16 ticks. The number was given by
# herself to a constable as safe.
AMARA: dict[str, Any] = {
    "given_name": "Amara",
    "family_name": "Okafor",
    "born_on": "1995-05-02",
    "source": "mash",
    "caller_role": "victim",
    "referrer_name": "Jo Lee",
    "referrer_organisation": "Sandwell MASH",
    "referrer_verified": "yes",
    "sharing_basis_known": "yes",
    "referrer_grade": "high",
    "referrer_ticks": 16,
    "abuse_types": ["domestic"],
    "what_happened": "Assault at home on Tuesday night, seen by the children.",
    "children": [{"name": "Ada", "age": 6}, {"name": "Obi", "age": 3}],
    "channels": [
        {
            "kind": "mobile",
            "value": "07700 900123",
            "given_as_safe_by": "PC Lee",
            "given_as_safe_on": "2027-01-12",
        }
    ],
}
READ = {
    "immediate_danger": "no",
    "stated_high": "yes",
    "children_mentioned": "yes",
    "source": "mash",
    "referrer_grade": "high",
    "referrer_verified": "yes",
    "sharing_basis_known": "yes",
}
TRIED = {"card_read": True, "method": "phone", "outcome": "no_answer"}
SPOKE = TRIED | {"outcome": "spoke_client", "identity_verified": "yes"}
NEEDS_NOW = {
    "safe_tonight": "need",
    "locks": "urgent",
    "food": "ok",
    "money": "ok",
    "medication": "ok",
    "children": "ok",
    "pets": "not_asked",
    "concern_found": "no",
}
BEFORE_ASKING = {
    "time_available": "yes",
    "safe_now": "yes",
    "safe_contact_checked": "yes",
    "whereabouts": "He is at work until six, the children are at school.",
    "can_talk": "yes",
    "interpreter_relation": "none",
}
ATTACHED = {
    "external_kind": "dash",
    "external_level": "high",
    "external_on": "2027-01-12",
    "external_author": "PC Lee",
}
AGREE = {"judgement": "agree", "reasonable_grounds": "yes"}
CONSENT = {
    "explained": "yes",
    "method": "verbal_recorded",
    "given_by": "client",
    "consent_to_service": "yes",
    "decisions": [
        {
            "purpose": "service",
            "recipient_class": "own",
            "decision": "given",
            "items": "All that she tells us",
        },
        {
            "purpose": "share_referral",
            "recipient_class": "voluntary",
            "decision": "given",
            "items": "Name, number, that she needs a new lock",
        },
    ],
    "under_18": "no",
    "capacity_doubt": "no",
}
PLAN = {"goals": [{"goal": "Sleep through the night", "step": "New lock"}], "agreed": "yes"}


def checklist(yes: int) -> dict[str, str]:
    """Answers to the checklist with so many ticks, everything known."""
    items = {f"q{n:02}": "yes" if n <= yes else "no" for n in range(1, 25)}
    return items | {
        "source": "client",
        "events_12m": "2",
        "repeat_pair_12m": "no",
        "client_view": "9",
        "children_at_risk": "yes",
    }


def needs(**agreed: str) -> dict[str, str]:
    """Answers to the needs assessment: `needs(housing="agreed")`."""
    domains = (
        "safety emotional physical housing money work family immigration justice substances"
        " isolation online faith restorative"
    ).split()
    levels = {f"{name}_level": "2" if name in agreed else "0" for name in domains}
    options = {f"{name}_option": agreed.get(name, "none") for name in domains}
    words = {"wants": "To stay in her home.", "own_goals": "Sleep, and a lock."}
    return levels | options | words
