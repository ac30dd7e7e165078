"""What a task is, beside the list: enough to decide whether to take it, and nothing to reveal."""

from dataclasses import replace
from itertools import chain, islice
from uuid import UUID

from flask import Blueprint, render_template

from api.auth import actor, signed_in
from api.language import say
from api.pages import task_view
from api.pages.names import name_of
from api.pages.safe_contact import CardView, Masked, card_of
from api.pages.subjects import strip_of
from api.pages.timeline import Entry, timeline_of
from api.words import then
from api.work import now, session
from engine.models import UserTask
from workflows.access import reading
from workflows.cases.models import Case
from workflows.tasks import drafts

blueprint = Blueprint("preview", __name__, url_prefix="/tasks/<uuid:task_id>")

MOST_EVENTS = 3


@blueprint.get("/preview")
@signed_in
def show(task_id: UUID) -> str:
    """Show the case in short. That is a read of the case, and recorded as one."""
    task = reading.require_task(session(), actor(), task_id, now())
    ids = [key for key in (task.id, task.business_key) if key is not None]
    reading.record_read(session(), actor(), f"task {task.id}", ids, now(), "task.previewed")
    strip = strip_of(task.business_key)
    case = session().get(Case, task.business_key) if task.business_key else None
    readable = case if strip is not None and strip.address else None
    return render_template(
        "_preview.html",
        task=task_view.view_of(task, strip),
        strip=strip,
        card=_card(readable),
        events=_events(readable),
        draft=_draft(task),
    )


def _card(case: Case | None) -> CardView | None:
    found = card_of(case, during_contact=False) if case is not None else None
    if found is None:
        return None
    call = _covered(found.call) if found.call else None
    return replace(found, call=call, words=[_covered(line) for line in found.words])


def _covered(value: Masked) -> Masked:
    return replace(value, key=None)


def _events(case: Case | None) -> list[Entry]:
    if case is None:
        return []
    every = chain.from_iterable(entries for _, entries in timeline_of(case).days)
    return list(islice(every, MOST_EVENTS))


def _draft(task: UserTask) -> str:
    found = drafts.of_task(session(), task.id)
    if found is None:
        return ""
    at = then(found.saved_at)
    return say("Draft by %(name)s, %(at)s", name=name_of(found.staff_id), at=at)
