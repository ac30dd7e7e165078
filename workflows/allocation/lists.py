"""The lists on the forms of allocation: who could take the case, and what its file lacks."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import instances, providers, releases
from engine.models import UserTask
from forms import Option
from workflows.allocation import file, offers
from workflows.allocation.models import AllocationCandidate
from workflows.cases.models import Case
from workflows.people.tables import deciding
from workflows.staff.models import Staff
from workflows.tasks.lists import named_list

# How each item of the decision `file_ready` is said.
ITEMS = {
    "identity": "Who they are",
    "safe_contact": "How to reach them safely",
    "risk": "A grade of risk from the last three days",
    "consent": "Their consent to the service",
    "reason": "Why they came to us",
    "children": "Whether there are children",
    "interpreter": "Whether an interpreter is needed",
}

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


@named_list("file_items")
def file_items(session: Session, task: UserTask, *, now: datetime) -> Sequence[Option]:
    """Return what the file lacks now; for a task about one item, that item alone."""
    if task.business_key is None or task.instance_id is None:
        return []
    case = session.get_one(Case, task.business_key)
    definitions = releases.definitions(session, instances.release_of(session, task.instance_id))
    settings = providers.settings(session, task.tenant_id, task.service_id, definitions)
    decide = deciding(definitions, settings, now=now)
    missing = decide("file_ready", file.inputs(session, case, now)) or []
    item = instances.task_variables(session, task.instance_id, task.id).get("item")
    shown = [item] if item is not None else missing
    return [Option(name, ITEMS.get(name, name)) for name in shown]
