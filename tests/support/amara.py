"""The story of Amara Okafor, act by act, over HTTP: each act tells those before it.

tell.reach_her(story)      # 14:30 on Thursday 14 January 2027
tell.hand_over(story)      # 15:30; returns whose case it is
"""

from datetime import UTC, datetime
from typing import Any

from stories import AGREE, ATTACHED, BEFORE_ASKING, CONSENT, NEEDS_NOW, SPOKE, TRIED, checklist
from story import Story

CHILD_IN_NEED = {"concerns": ["child_in_need"], "note": "They saw him hit her."}
TOLD = {"told_client": "told", "said": "She agrees that the school is asked."}
HANDED_OVER = {"handover_note": "Ring before three; her sister knows.", "client_told": "yes"}
NO_INTERPRETER = {"interpreter": "no", "grade_again": "no", "tried": True}


def at(hour: int, minute: int = 0, day: int = 14) -> str:
    return f"2027-01-{day:02}T{hour:02}:{minute:02}:00Z"


def on(hour: int, minute: int = 0, day: int = 14) -> datetime:
    return datetime(2027, 1, day, hour, minute, tzinfo=UTC)


def try_in_the_morning(story: Story) -> dict[str, Any]:
    """11:10: Ines rings by the card; nobody answers. Returns the card."""
    story.travel(on(11, 10))
    path = f"/user-tasks/{story.task('ines', 'task_attempt')['id']}"
    story.posts("ines", f"{path}/claim")
    card: dict[str, Any] = story.gets("ines", f"{path}/safe-contact")
    line = {"what": "number", "channel_id": card["lines"][0]["channel_id"]}
    assert story.posts("ines", f"{path}/safe-contact/reveal", line)["value"] == "+447700900123"
    story.does("ines", "task_attempt", TRIED)
    return card


def reach_her(story: Story) -> None:
    """14:30: she answers, and agrees a word with which she can stop the call."""
    try_in_the_morning(story)
    story.travel(on(14, 30))
    story.does("ines", "task_attempt", SPOKE)
    known = {"identity_verified": "yes", "verified_how": "two_facts"}
    story.does("ines", "task_verify_identity", known)
    story.does("ines", "task_check_safe", {"safe_now": "yes", "stop_word": "parcel"})
    story.does("ines", "task_immediate_needs", NEEDS_NOW)


def grade_her(story: Story) -> None:
    """14:45: sixteen ticks by her own answers, two of them about the children."""
    reach_her(story)
    story.travel(on(14, 45))
    story.does("ines", "task_ask_before", BEFORE_ASKING)
    story.does("ines", "task_ask_checklist", checklist(16))
    story.does("ines", "task_attach_assessment", ATTACHED)
    story.does("ines", "task_judge", AGREE)


def acknowledge(story: Story) -> None:
    """14:55: the safeguarding lead has heard of the children."""
    grade_her(story)
    story.travel(on(14, 55))
    story.does("dsl", "task_acknowledge", CHILD_IN_NEED)


def agree(story: Story) -> None:
    """15:00: she wants support, and consents."""
    acknowledge(story)
    story.travel(on(15, 0))
    story.does("ines", "task_plan_safety", {"exit_plan": "To her sister."})
    story.does("ines", "task_ask_wish", {"wants_support": "yes"})
    story.does("ines", "task_record_consent", CONSENT)


def candidates(story: Story) -> list[dict[str, str]]:
    task = story.task("ines", "task_allocate")
    found: list[dict[str, str]] = story.gets("ines", f"/user-tasks/{task['id']}")["lists"][
        "candidates"
    ]
    return found


def allocate(story: Story) -> str:
    """15:10: the best of the list is offered the case. Returns her login name."""
    agree(story)
    story.travel(on(15, 10))
    best = candidates(story)[0]["value"]
    story.does("ines", "task_allocate", {"worker": best, "handover": "Ring before three."})
    return next(name for name, staff_id in story.org.staff.items() if str(staff_id) == best)


def hand_over(story: Story) -> str:
    """15:30: the worker has accepted, and the case is handed over. Returns her login name."""
    worker = allocate(story)
    story.travel(on(15, 30))
    story.does(worker, "task_accept", {"accepted": "yes"})
    story.does("ines", "task_hand_over", HANDED_OVER)
    return worker
