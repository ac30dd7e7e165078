"""Why somebody reads a case: the task at hand, or a reason chosen when they are not on it.

The choice is kept in the signed page cookie for the visit, so that it is asked once; every page
shown is recorded with it.
"""

from collections.abc import Mapping
from uuid import UUID

from flask import session as page_cookie
from sqlalchemy import select

from api.auth import actor
from api.language import gettext
from api.work import now, session
from engine.models import UserTask
from workflows.access import reading
from workflows.access.reading import ReasonNeeded
from workflows.cases.models import Case

KEY, MOST = "purposes", 12
PURPOSES: Mapping[str, str] = {
    "supervision": "Supervising the work",
    "cover": "Covering for a colleague",
    "contact": "The client or a professional is in touch now",
    "safeguarding": "A safeguarding matter",
    "review": "Quality, a complaint or an audit",
    "other": "Something else",
}
OWN = "own case"


def chosen(case_id: UUID) -> str | None:
    """Return the reason that was chosen for a case in this visit."""
    kept: dict[str, str] = page_cookie.get(KEY, {})
    found = kept.get(str(case_id))
    return found if found in PURPOSES else None


def choose(case_id: UUID, purpose: str) -> None:
    """Keep the reason for this visit; the oldest ones make room."""
    kept = {k: v for k, v in page_cookie.get(KEY, {}).items() if k != str(case_id)}
    newest = list(kept.items())[-(MOST - 1) :]
    page_cookie[KEY] = {**dict(newest), str(case_id): purpose}


def require_case(case_id: UUID, what: str) -> Case:
    """Return a case that the viewer may see, and record that ``what`` of it is shown.

    Raises ``NotFound``, and `ReasonNeeded` when it is not the viewer's own and no reason has been
    chosen yet.
    """
    reason = chosen(case_id)
    case = reading.require_case(session(), actor(), case_id, now(), reason=reason)
    if reason is None and not _is_on(case):
        raise ReasonNeeded
    words = gettext(PURPOSES[reason]) if reason else OWN
    reading.record_read(session(), actor(), words, [case.id], now(), what, reason=reason)
    return case


def _is_on(case: Case) -> bool:
    """Whether the case is the viewer's work: by their role, or by a task of it that they hold."""
    if case.owner_id == actor().staff_id or reading.may(actor(), "read_case", case=case):
        return True
    held = select(UserTask.id).where(
        UserTask.business_key == case.id,
        UserTask.actual_owner == actor().by,
        UserTask.completed_at.is_(None),
    )
    return session().scalar(held.limit(1)) is not None
