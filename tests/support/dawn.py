"""The story of Dawn Pike over HTTP: in support since Friday 19 February 2027, medium risk.

case_id = support_her(story)      # that Friday, 16:00; Dana has the case
ring_her(story)                   # a fortnight on, Friday 5 March, 16:30: Dana is on the line
"""

from datetime import UTC, datetime
from typing import Any

from stories import AGREE, BEFORE_ASKING, CONSENT, NEEDS_NOW, PLAN, SPOKE, checklist, needs
from story import Story

DAWN: dict[str, Any] = {
    "given_name": "Dawn",
    "family_name": "Pike",
    "born_on": "1991-08-30",
    "source": "gp",
    "caller_role": "victim",
    "referrer_verified": "yes",
    "sharing_basis_known": "yes",
    "referrer_grade": "none",
    "immediate_danger": "no",
    "interpreter": "no",
    "abuse_types": ["domestic"],
    "what_happened": "Shouting and broken doors, for a year.",
    "children": [{"name": "Alfie", "age": 4, "lives_with": "her", "seen_today": "yes"}],
    "channels": [
        {
            "kind": "mobile",
            "value": "07700 900777",
            "safe_call": "yes",
            "given_as_safe_by": "Dr Rao",
            "given_as_safe_on": "2027-02-18",
        }
    ],
    "route": "victim_support",
}


def on(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2027, month, day, hour, minute, tzinfo=UTC)


def at(month: int, day: int, hour: int, minute: int = 0) -> str:
    return on(month, day, hour, minute).isoformat().replace("+00:00", "Z")


def support_her(story: Story) -> str:
    """Her practice refers her, Ines reaches and grades her, Dana takes the case. Returns its id."""
    story.travel(on(2, 19, 9, 30))
    contact = story.refer(
        "ines", DAWN, channel="agency_referral", source="gp", external_id="practice-1"
    )
    story.travel(on(2, 19, 10))
    story.does("ines", "task_attempt", SPOKE)
    known = {"identity_verified": "yes", "verified_how": "two_facts"}
    story.does("ines", "task_verify_identity", known)
    story.does("ines", "task_check_safe", {"safe_now": "yes", "stop_word": "parcel"})
    story.does("ines", "task_immediate_needs", NEEDS_NOW)
    story.does("ines", "task_ask_before", BEFORE_ASKING)
    asked = {"q05": "no", "q08": "no", "q09": "no", "q12": "yes", "q13": "yes"}
    ticks = {**checklist(11), **asked, "children_at_risk": "no"}
    story.does("ines", "task_ask_checklist", ticks)
    story.does("ines", "task_judge", {**AGREE, "reasonable_grounds": "no"})
    story.does("ines", "task_plan_safety", {"exit_plan": "To her mother."})
    story.does("ines", "task_ask_wish", {"wants_support": "yes"})
    story.does("ines", "task_record_consent", CONSENT)
    story.does("ines", "task_assess_needs", needs())
    story.does("ines", "task_draft_plan", PLAN)
    allocate_to_dana(story)
    found: str = story.gets("ines", f"/contacts/{contact['id']}?purpose=referral")["case_id"]
    return found


def allocate_to_dana(story: Story) -> None:
    dana = str(story.org.dana)
    chosen = {"worker": dana, "override_reason": "She knows the family."}
    story.does("ines", "task_allocate", chosen)
    story.does("dana", "task_accept", {"accepted": "yes"})
    story.travel(on(2, 19, 16))
    story.does("ines", "task_hand_over", {"handover_note": "Quiet calls.", "client_told": "yes"})


def ring_her(story: Story) -> dict[str, Any]:
    """Friday 5 March, 16:30: Dana has claimed the attempt and is on the line. Returns the task."""
    story.travel(on(3, 5, 16, 30))
    task = story.task("dana", "task_attempt")
    claimed: dict[str, Any] = story.posts("dana", f"/user-tasks/{task['id']}/claim")
    return claimed
