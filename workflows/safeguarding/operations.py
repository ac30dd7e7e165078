"""What the diagram of safeguarding may call."""

from typing import TypedDict
from uuid import UUID

from engine.operations import OperationContext, operation
from workflows.cases.models import Case
from workflows.consent import sharing
from workflows.decisions import decide
from workflows.safeguarding import concerns
from workflows.safeguarding.models import SafeguardingConcern

# Inputs of the decision `safeguarding_route`; the lead's ticks carry the same names.
SIGNS = (
    "child_significant_harm",
    "child_in_need",
    "unborn_or_infant",
    "adult_three_tests",
    "da_high",
    "staff_with_children",
    "staff_with_adults",
    "fgm_under_18",
    "forced_marriage",
    "trafficking",
    "suicide_plan",
    "terrorism",
    "missing_child",
    "animals",
)
CHILD_SIGNS = {"child_significant_harm", "unborn_or_infant", "fgm_under_18", "missing_child"}
PURPOSE, RECIPIENT = "share_safeguarding", "statutory"
# What the decision `sharing_basis` is asked about a contact that has become no case.
WITHOUT_CASE = {
    "legal_duty": False,
    "high_risk": "none",
    "consent": "none",
    "purpose": PURPOSE,
    "recipient_class": RECIPIENT,
    "necessary_items": True,
}
# A rule cannot ask: danger is unsure, which the lead hears within the hour; not about staff.
FOUND_BY_RULE = ("unsure", "no")


def concern_of(context: OperationContext, concern_id: str) -> SafeguardingConcern:
    return context.session.get_one(SafeguardingConcern, UUID(concern_id))


class Concern(TypedDict):
    concern_id: str
    case_id: str | None
    contact_id: str | None
    refer_now: bool
    filled: bool
    danger_now: str | None
    about_staff: str | None
    about_child_or_adult: bool
    raiser_id: str | None


@operation("safeguarding.open")
def open_concern(
    context: OperationContext,
    *,
    case_id: str | None = None,
    contact_id: str | None = None,
    concern_id: str | None = None,
    found_by: str | None = None,
    danger_now: str | None = None,
    about_staff: str | None = None,
    refer_now: bool | None = None,
) -> Concern:
    """Find the concern that was raised, or make one when a rule or a review found it.

    ``refer_now``: whoever raised it judges that waiting for the lead is unsafe.
    """
    if concern_id is not None:
        concern = concern_of(context, concern_id)
    else:
        concern = _found(context, case_id, contact_id, found_by or "rule")
        concern.danger_now = danger_now or concern.danger_now
        concern.about_staff = about_staff or concern.about_staff
        concern.restricted = concerns.about_somebody_here(concern.about_staff)
        if concern.danger_now == "yes":  # nobody fills in a form while somebody is in danger
            concern.filled_at = concern.filled_at or context.now
    concern.instance_id = context.instance_id
    context.session.flush()
    return {
        "concern_id": str(concern.id),
        "case_id": str(concern.case_id) if concern.case_id else None,
        "contact_id": str(concern.contact_id) if concern.contact_id else None,
        "refer_now": refer_now is True,
        "filled": concern.filled_at is not None,
        "danger_now": concern.danger_now,
        "about_staff": concern.about_staff,
        "about_child_or_adult": concern.at_risk in ("child", "adult", "unborn"),
        "raiser_id": concern.raised_by if _is_person(concern.raised_by) else None,
    }


def _found(
    context: OperationContext, case_id: str | None, contact_id: str | None, found_by: str
) -> SafeguardingConcern:
    """Make the record of a concern that nobody has written down yet."""
    about = concerns.About.of(
        context.session,
        case_id=UUID(case_id) if case_id else None,
        contact_id=UUID(contact_id) if contact_id else None,
    )
    by = context.actor or "system"
    concern = concerns.open_concern(
        context.session, about, found_by=found_by, by=by, now=context.now
    )
    if found_by == "rule":
        concern.danger_now, concern.about_staff = FOUND_BY_RULE
        concern.filled_at = context.now
    return concern


def _is_person(by: str) -> bool:
    return by != "system"


class LockedOut(TypedDict):
    restricted: bool


@operation("safeguarding.lock_out")
def lock_out(context: OperationContext, *, concern_id: str) -> LockedOut:
    """Restrict a concern about staff to the alternate recipient and the lead who is not named."""
    concern = concern_of(context, concern_id)
    concern.restricted = True
    return {"restricted": True}


class Routes(TypedDict):
    routes: list[str]
    route_time: dict[str, str]


@operation("safeguarding.routes")
def find_routes(context: OperationContext, *, concern_id: str) -> Routes:
    """Say along which routes it goes: decision `safeguarding_route` on the lead's ticks.

    ``route_time`` says for each route how soon: now, same_day or one_wd.
    """
    concern = concern_of(context, concern_id)
    ticked = set((concern.assessment or {}).get("concerns") or [])
    inputs = {name: name in ticked for name in SIGNS}
    inputs["none_of_these"] = not ticked
    routes = decide(context, "safeguarding_route", inputs, subject_id=concern.subject_id)
    return {
        "routes": [row["route"] for row in routes or []],
        "route_time": {row["route"]: row["time"] or "one_wd" for row in routes or []},
    }


class Basis(TypedDict):
    sharing_basis: str


@operation("safeguarding.basis")
def find_basis(context: OperationContext, *, concern_id: str, routes: list[str]) -> Basis:
    """Find on what basis the concern may be shared: decision `sharing_basis`, once.

    A contact without a case has no consent to read and no log of its own: the decision record is
    what is kept of it.
    """
    concern = concern_of(context, concern_id)
    ticked = set((concern.assessment or {}).get("concerns") or [])
    danger = {
        "immediate_danger": concern.danger_now == "yes",
        "child_at_risk": bool(ticked & CHILD_SIGNS),
        "adult_p18": "adult_three_tests" in ticked,
        "serious_harm": concern.danger_now in ("yes", "unsure"),
    }
    if concern.case_id is None:
        inputs = {**danger, **WITHOUT_CASE}
        decided = decide(context, "sharing_basis", inputs, subject_id=concern.subject_id)
        return {"sharing_basis": decided["decision"]}
    disclosure = sharing.find_basis(
        context,
        context.session.get_one(Case, concern.case_id),
        purpose=PURPOSE,
        recipient_class=RECIPIENT,
        consent=None,
        danger=danger,
        concern_id=concern.id,
    )
    return {"sharing_basis": disclosure.decision}


@operation("safeguarding.close")
def close(context: OperationContext, *, concern_id: str) -> None:
    """Close the concern when every route has been followed and whoever raised it was told."""
    concern_of(context, concern_id).closed_at = context.now
