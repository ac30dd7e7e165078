"""The list of candidates on the form of allocation: who fits best stands first, with why."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.models import UserTask
from forms import Option
from workflows.allocation import offers
from workflows.allocation.models import AllocationCandidate
from workflows.staff.models import Staff
from workflows.tasks.lists import named_list

# How each criterion of the decision `worker_score` is said.
WORDS = {
    "skill": "has the skill",
    "language": "speaks the language",
    "continuity": "worked with this person before",
    "locality": "works in the area",
}


@named_list("candidates")
def candidates(session: Session, task: UserTask, *, now: datetime) -> Sequence[Option]:
    """Return the eligible workers of the newest search; who is excluded is not named."""
    if task.business_key is None:
        return []
    found = offers.last_search(session, task.business_key)
    wanted = [candidate.staff_id for candidate in found]
    names = {
        row.id: row.display_name
        for row in session.execute(select(Staff.id, Staff.display_name).where(Staff.id.in_(wanted)))
    }
    return [Option(str(c.staff_id), f"{names[c.staff_id]}: {_why(c)}") for c in found]


def _why(candidate: AllocationCandidate) -> str:
    reasons = [words for name, words in WORDS.items() if float(candidate.parts.get(name, 0)) > 0]
    return f"{candidate.score:.0f} points ({', '.join(reasons) or 'free'})"
