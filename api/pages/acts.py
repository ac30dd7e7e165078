"""What can be done from a task or a case besides its form: put aside, alert, raise, declare."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request
from marshmallow import ValidationError
from sqlalchemy import select
from werkzeug.wrappers import Response

import forms
from api.auth import actor, signed_in
from api.idempotency import once
from api.language import gettext, say
from api.pages import names, task_view
from api.pages.subjects import Strip, strip_of
from api.words import then, when, zone
from api.work import now, session
from engine import releases
from engine.errors import NotFound, Refusal
from engine.models import UserTask
from forms.model import Page
from workflows.access import conflicts, reading
from workflows.access.policy import visible_tasks
from workflows.cases import alerts
from workflows.cases.models import Case
from workflows.safeguarding import concerns
from workflows.tasks import worklist
from workflows.tasks.asked import form_in
from workflows.tasks.worklist import Outcome

blueprint = Blueprint("acts", __name__)

CONCERN = "safeguarding_concern"
LONGEST = 4000
MORNING = time(9)


@dataclass(frozen=True)
class Subject:
    """What an act is about, and where its page goes back to."""

    case_id: UUID | None
    contact_id: UUID | None
    service_id: UUID | None
    strip: Strip | None
    back: str


# -- after completing --------------------------------------------------------------------------


@blueprint.get("/tasks/<uuid:task_id>/done")
@signed_in
def done(task_id: UUID) -> str:
    """Say what happens next, and lead to the next task."""
    task = reading.require_task(session(), actor(), task_id, now())
    return render_template(
        "task_done.html",
        task=task,
        closed=task_view.closed_words(task),
        strip=strip_of(task.business_key),
        opened=_opened_since(task),
        next_task=_next_of_mine(),
        section="tasks",
    )


def _opened_since(task: UserTask) -> list[UserTask]:
    """Return what has opened since; only what the viewer may see, so that silent tasks stay so."""
    if task.completed_at is None or task.business_key is None:
        return []
    opened = (
        select(UserTask)
        .where(
            UserTask.business_key == task.business_key,
            UserTask.completed_at.is_(None),
            UserTask.created_at >= task.completed_at,
            visible_tasks(actor(), now()),
        )
        .order_by(UserTask.due_at.asc().nulls_last())
        .limit(5)
    )
    return list(session().scalars(opened))


def _next_of_mine() -> UserTask | None:
    mine = (
        select(UserTask)
        .where(
            UserTask.actual_owner == actor().by,
            UserTask.completed_at.is_(None),
            visible_tasks(actor(), now()),
        )
        .order_by(UserTask.risk_rank.desc(), UserTask.due_at.asc().nulls_last())
        .limit(1)
    )
    return session().scalar(mine)


# -- putting aside -----------------------------------------------------------------------------


@blueprint.get("/tasks/<uuid:task_id>/snooze")
@signed_in
def snooze_form(task_id: UUID) -> str:
    task = reading.require_task(session(), actor(), task_id, now())
    return _snooze_page(task)


@blueprint.post("/tasks/<uuid:task_id>/snooze")
@signed_in
def snooze(task_id: UUID) -> Response | tuple[str, int]:
    until = snooze_times().get(request.form.get("until", ""))
    if until is None:
        task = reading.require_task(session(), actor(), task_id, now())
        return _snooze_page(task, gettext("Select until when")), 422
    try:
        with session().begin_nested():
            task = worklist.snooze(session(), task_id, until, actor=actor(), now=now())
    except (worklist.SnoozedPastDue, worklist.SnoozedIntoThePast) as refusal:
        task = reading.require_task(session(), actor(), task_id, now())
        return _snooze_page(task, str(refusal)), 422
    flash(say("“%(task)s” is put aside until %(at)s.", task=task.name, at=then(until)), "good")
    return redirect("/tasks", 303)


def snooze_times() -> dict[str, datetime]:
    """Return the choices: in an hour, this afternoon, tomorrow morning, on Monday."""
    local = now().astimezone(zone())
    tomorrow = datetime.combine(local.date() + timedelta(days=1), MORNING, zone())
    monday = datetime.combine(local.date() + timedelta(days=7 - local.weekday()), MORNING, zone())
    return {
        "hour": now() + timedelta(hours=1),
        "later": now() + timedelta(hours=4),
        "tomorrow": tomorrow,
        "monday": monday,
    }


def _snooze_page(task: UserTask, error: str = "") -> str:
    return render_template(
        "act_snooze.html",
        task=task,
        strip=strip_of(task.business_key),
        times=[(key, when(at)) for key, at in snooze_times().items()],
        error=error,
        section="tasks",
    )


# -- alerting the manager ----------------------------------------------------------------------


@blueprint.get("/tasks/<uuid:task_id>/alert")
@signed_in
def alert_form(task_id: UUID) -> str:
    task = reading.require_task(session(), actor(), task_id, now())
    return _reason_page(task, "alert")


@blueprint.post("/tasks/<uuid:task_id>/alert")
@signed_in
@once
def alert(task_id: UUID) -> Response | tuple[str, int]:
    """Send the message that gives the team leader a task; what is written goes to the record."""
    task = reading.require_task(session(), actor(), task_id, now())
    reason = request.form.get("reason", "").strip()[:LONGEST]
    if not reason:
        return _reason_page(task, "alert", gettext("Write what stands in the way")), 422
    alerts.alert(
        session(),
        task.tenant_id,
        task.service_id,
        task_id=task.id,
        about=task.business_key,
        reason=reason,
        by=actor().by,
        now=now(),
    )
    flash(gettext("Your team leader has been alerted. The task stays with you."), "good")
    return redirect(f"/tasks/{task_id}", 303)


# -- declaring a conflict ----------------------------------------------------------------------


@blueprint.get("/tasks/<uuid:task_id>/conflict")
@signed_in
def conflict_form(task_id: UUID) -> str:
    task = reading.require_task(session(), actor(), task_id, now())
    return _reason_page(task, "conflict")


@blueprint.post("/tasks/<uuid:task_id>/conflict")
@signed_in
def conflict(task_id: UUID) -> Response | tuple[str, int]:
    """Close the case to oneself, at once. Nothing of it can be seen afterwards."""
    task = reading.require_task(session(), actor(), task_id, now())
    reason = request.form.get("reason", "").strip()[:LONGEST]
    if not reason:
        return _reason_page(task, "conflict", gettext("Write how you are connected")), 422
    is_case = task.business_key is not None and session().get(Case, task.business_key) is not None
    conflicts.declare(
        session(),
        actor().staff_id,
        case_id=task.business_key if is_case else None,
        contact_id=None if is_case else task.business_key,
        reason=reason,
        by=actor().by,
        now=now(),
    )
    flash(
        gettext("The case is closed to you from now on, and somebody else will take over."), "good"
    )
    return redirect("/tasks", 303)


def _reason_page(task: UserTask, act: str, error: str = "") -> str:
    return render_template(
        f"act_{act}.html",
        task=task,
        strip=strip_of(task.business_key),
        error=error,
        reason=request.form.get("reason", ""),
        section="tasks",
    )


# -- raising a concern -------------------------------------------------------------------------


@blueprint.route("/tasks/<uuid:task_id>/safeguarding", methods=["GET", "POST"])
@signed_in
@once
def concern_from_task(task_id: UUID) -> Response | str | tuple[str, int]:
    task = reading.require_task(session(), actor(), task_id, now())
    is_case = task.business_key is not None and session().get(Case, task.business_key) is not None
    return _concern(
        Subject(
            case_id=task.business_key if is_case else None,
            contact_id=None if is_case else task.business_key,
            service_id=task.service_id,
            strip=strip_of(task.business_key),
            back=f"/tasks/{task_id}",
        )
    )


@blueprint.route("/cases/<uuid:case_id>/safeguarding", methods=["GET", "POST"])
@signed_in
@once
def concern_from_case(case_id: UUID) -> Response | str | tuple[str, int]:
    case = reading.require_case(
        session(), actor(), case_id, now(), reason=gettext("raising a safeguarding concern")
    )
    return _concern(Subject(case.id, None, case.service_id, strip_of(case.id), f"/cases/{case_id}"))


def _concern(subject: Subject) -> Response | str | tuple[str, int]:
    """Ask the five questions and raise the concern; the work it was raised from stays as it is."""
    if subject.case_id is None and subject.contact_id is None:
        raise NotFound
    form = _concern_form()
    if request.method == "GET":
        return _concern_page(subject, forms.render(form).pages[0], ())
    typed = forms.from_post(form, list(request.form.items(multi=True)))
    try:
        given = forms.check_answers(form, typed, now=now())
    except ValidationError as error:
        model = forms.render(form, typed, error.normalized_messages())
        return _concern_page(subject, model.pages[0], model.errors), 422
    concerns.raise_concern(
        session(),
        case_id=subject.case_id,
        contact_id=subject.contact_id,
        given=given,
        refer_now="_refer_now" in request.form,
        by=actor().by,
        now=now(),
    )
    words = gettext("The safeguarding lead has the concern now. What you were doing is unchanged.")
    if "_refer_now" in request.form:
        words += " " + gettext("The task to refer it yourself is in your list: phone them now.")
    flash(words, "good")
    return redirect(subject.back, 303)


def _concern_form() -> forms.Form:
    release = releases.effective(session(), actor().tenant_id, now())
    return form_in(releases.definitions(session(), release.id), CONCERN)


def _concern_page(subject: Subject, page: Page, errors: Any) -> str:
    return render_template(
        "act_safeguarding.html",
        subject=subject,
        strip=subject.strip,
        page=page,
        errors=errors,
        section="tasks",
    )


def outcome_words(done_words: str, outcomes: Iterable[Outcome]) -> tuple[str, str]:
    """Say what became of several tasks, each refusal with its reason; and how it looks."""
    outcomes = list(outcomes)
    refused = [outcome.refusal for outcome in outcomes if outcome.refusal is not None]
    names.load({str(refusal.extra["by"]) for refusal in refused if refusal.extra.get("by")})
    words = [f"{len(outcomes) - len(refused)} {done_words}."]
    words += [f"{gettext('1 not:')} {_refusal_words(refusal)}" for refusal in refused]
    return " ".join(words), "warn" if refused else "good"


def _refusal_words(refusal: Refusal) -> str:
    """Say a refusal in a list of outcomes: with who was faster, where that is known."""
    by = refusal.extra.get("by")
    return f"{refusal} ({names.name_of(by)})" if by else str(refusal)
