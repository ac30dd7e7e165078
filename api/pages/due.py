"""Change when work is due: one task or several, by whoever leads it, and with a reason."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from api.auth import actor, signed_in
from api.language import gettext
from api.pages.acts import LONGEST, outcome_words
from api.pages.sign_in import own_path
from api.words import when, zone
from api.work import now, session
from engine.models import UserTask
from workflows.access.policy import visible_tasks
from workflows.staff.matrix import Scope
from workflows.tasks import worklist

blueprint = Blueprint("due", __name__, url_prefix="/tasks/due")

MOST = 100
MORNING, NOON, EVENING = time(9), time(12), time(17)


@blueprint.route("", methods=["GET", "POST"])
@signed_in
def change() -> Response | str | tuple[str, int]:
    """Ask until when and why; with both, change it, and say of each task that was refused why."""
    tasks = _chosen()
    back = own_path(request.values.get("back"))
    if not tasks:
        flash(gettext("Select tasks, and what to do with them."), "warn")
        return redirect(back, 303)
    if "why" not in request.form:
        return _page(tasks, back)
    until = times().get(request.form.get("until", ""))
    reason = request.form["why"].strip()[:LONGEST]
    if until is None or not reason:
        return _page(tasks, back, gettext("Select until when, and write why")), 422
    outcomes = worklist.each(
        session(),
        [task.id for task in tasks],
        lambda i: worklist.set_due(session(), i, until, reason=reason, actor=actor(), now=now()),
    )
    flash(*outcome_words(gettext("due at another time"), outcomes))
    return redirect(back, 303)


def times() -> dict[str, datetime]:
    """Return the choices: at the end of today, tomorrow, in three days, in a week."""
    local = now().astimezone(zone())
    wanted = {
        "hours": local + timedelta(hours=2),
        "today": datetime.combine(local.date(), EVENING, zone()),
        "morning": datetime.combine(local.date() + timedelta(days=1), MORNING, zone()),
        "noon": datetime.combine(local.date() + timedelta(days=1), NOON, zone()),
        "evening": datetime.combine(local.date() + timedelta(days=1), EVENING, zone()),
        "days": datetime.combine(local.date() + timedelta(days=3), EVENING, zone()),
        "week": datetime.combine(local.date() + timedelta(days=7), EVENING, zone()),
    }
    return {key: at for key, at in wanted.items() if at > local}


def _chosen() -> Sequence[UserTask]:
    ids = []
    for text in request.values.getlist("task")[:MOST]:
        try:
            ids.append(UUID(text))
        except ValueError:
            continue
    wanted = select(UserTask).where(UserTask.id.in_(ids), visible_tasks(actor(), now()))
    return session().scalars(wanted.order_by(UserTask.due_at.asc().nulls_last())).all()


def _page(tasks: Sequence[UserTask], back: str, error: str = "") -> str:
    return render_template(
        "act_due.html",
        tasks=tasks,
        back=back,
        times=[(key, when(at)) for key, at in times().items()],
        chosen=request.form.get("until", ""),
        why=request.form.get("why", ""),
        error=error,
        section="tasks",
    )


def leads_any() -> bool:
    """Whether there is work whose times the viewer may change."""
    return any(
        grant.reach(given) is not Scope.OWN
        and "structure_only" not in given.limits
        and grant.role != "auditor"
        for grant, given in actor().permissions("read_history")
    )
