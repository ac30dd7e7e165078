"""The task page: one step of a case, with the rules for reaching the person in front of it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request
from marshmallow import ValidationError
from werkzeug.wrappers import Response as AnyResponse

import forms
from api.auth import actor, signed_in
from api.idempotency import once
from api.language import gettext, ngettext, say
from api.pages import safe_contact, task_view
from api.pages.alert import alert_of
from api.pages.concern import concern_of
from api.pages.late import late_of
from api.pages.names import name_of
from api.pages.safe_contact import ON_THE_LINE, CardView, card_of, with_lines
from api.pages.subjects import Strip, strip_of
from api.pages.task_view import CHECK, Stale, TaskView
from api.problems import is_for_programmes
from api.words import clock_time, then
from api.work import now, session
from engine.errors import NotFound, Refusal
from engine.models import UserTask
from engine.runtime import InstanceSuspended
from engine.user_tasks import UserTaskNotOpen
from workflows.access import reading
from workflows.cases.models import Case
from workflows.follow_up import reading_card
from workflows.tasks import completing, drafts, worklist
from workflows.tasks.asked import Asked, StaleForm, asked_by, subject_of
from workflows.tasks.drafts import DraftConflict, Written
from workflows.tasks.models import Draft, FormAnswers

blueprint = Blueprint("task", __name__, url_prefix="/tasks/<uuid:task_id>")

Answers = Mapping[str, Any]


class NoLongerNeeded(Refusal):
    """This task is no longer needed."""

    status = 410


@blueprint.get("")
@signed_in
def show(task_id: UUID) -> str | tuple[str, int]:
    task = _seen(task_id)
    strip = strip_of(task.business_key)
    view = task_view.view_of(task, strip)
    asked = asked_by(session(), task, now=now())
    if view.may_complete and asked is not None:
        draft = drafts.of_task(session(), task_id)
        task_view.with_form(view, asked, _own(draft), draft=draft, step=request.args.get("step"))
    elif asked is not None and _may_read_answers(task, strip):
        view.twin = _answered(task_id, asked)
    gone = not task.is_open and task.state != "completed"
    return (page(view, task), 410) if gone else page(view, task)


@blueprint.post("/complete")
@signed_in
@once
def complete(task_id: UUID) -> AnyResponse | str | tuple[str, int]:
    """Complete the task, go on to its next step, or show what stands in the way."""
    task = _seen(task_id)
    asked = asked_by(session(), task, now=now())
    if asked is None:
        return _finish(task_id, {}, None)
    draft = drafts.of_task(session(), task_id)
    if {"_add", "_remove"} & request.form.keys():
        rows = _with_rows(asked, _typed(asked, draft, blank_rows=True))
        return _again(task, asked, rows, draft)
    typed = _typed(asked, draft)
    step = request.form.get("_step", "")
    if asked.form.steps and step != CHECK:
        return _next_step(task, asked, typed, draft, step)
    return _finish(task_id, typed, asked)


def _finish(task_id: UUID, typed: Answers, asked: Asked | None) -> AnyResponse | tuple[str, int]:
    """Complete in a savepoint, so that what is refused leaves room for keeping the draft."""
    try:
        with session().begin_nested():
            done = completing.complete(
                session(),
                task_id,
                typed,
                actor=actor(),
                now=now(),
                form_sha256=request.form.get("_form"),
            )
    except ValidationError as error:
        return _wrong(task_id, typed, error)
    except (UserTaskNotOpen, StaleForm, InstanceSuspended) as refusal:
        return _too_late(task_id, typed, refusal)
    if done.dropped:
        words = ngettext(
            "%(num)s answer no longer applies and was not kept.",
            "%(num)s answers no longer apply and were not kept.",
            len(done.dropped),
        )
        flash(words % {"num": len(done.dropped)}, "warn")
    return redirect(f"/tasks/{task_id}/done", 303)


def _wrong(task_id: UUID, typed: Answers, error: ValidationError) -> tuple[str, int]:
    """Show the page again with everything as typed; of a form in steps, the step that is wrong."""
    task = _seen(task_id)
    asked = asked_by(session(), task, now=now())
    assert asked is not None  # only a form can be wrong
    draft = drafts.of_task(session(), task_id)
    view = task_view.view_of(task, strip_of(task.business_key))
    messages = error.normalized_messages()
    first = asked.render(typed, messages).errors
    step = str(first[0].page) if first else request.form.get("_step")
    task_view.with_form(view, asked, typed, draft=draft, errors=messages, step=step)
    return page(view, task), 422


def _too_late(task_id: UUID, typed: Answers, refusal: Refusal) -> tuple[str, int]:
    """Somebody completed it, or the form has changed: say so and show what was typed."""
    task = _seen(task_id)
    asked = asked_by(session(), task, now=now())
    view = task_view.view_of(task, strip_of(task.business_key))
    if isinstance(refusal, StaleForm) and asked is not None:
        draft = drafts.of_task(session(), task_id)
        known = {k: v for k, v in typed.items() if k in asked.form.questions}
        task_view.with_form(view, asked, known, draft=draft)
        words = gettext(
            "This form has changed since you opened it. What you typed is below; check it."
        )
        view.stale = Stale(words, (), "", None, 0)
    elif asked is not None:
        twin = forms.text_twin(asked.form, typed, zone=asked.zone, lists=asked.lists)
        view.twin = [(question, answer, None) for question, answer in twin]
    gone = isinstance(refusal, UserTaskNotOpen) and task.state != "completed"
    return page(view, task), 410 if gone else 409


def _next_step(
    task: UserTask, asked: Asked, typed: Answers, draft: Draft | None, step: str
) -> AnyResponse | tuple[str, int]:
    model = asked.render(typed)
    here = task_view.page_of(model, step)
    try:
        asked.check(typed, step=here.title)
    except ValidationError as error:
        view = task_view.view_of(task, strip_of(task.business_key))
        messages = error.normalized_messages()
        task_view.with_form(view, asked, typed, draft=draft, errors=messages, step=step)
        return page(view, task), 422
    try:
        _save(task, asked, typed)
    except DraftConflict as conflict:
        return _both(task, asked, typed, conflict)
    return redirect(f"/tasks/{task.id}?step={task_view.next_step(model, here.number)}", 303)


@blueprint.post("/draft")
@signed_in
def draft(task_id: UUID) -> AnyResponse | tuple[str, int]:
    """Keep what was typed, checked for its size only. 409 when a colleague has saved meanwhile."""
    task = _seen(task_id)
    asked = asked_by(session(), task, now=now())
    if asked is None or not task.is_open:
        raise _closed(task)
    typed = _typed(asked, drafts.of_task(session(), task_id), blank_rows=True)
    try:
        saved = _save(task, asked, typed)
    except DraftConflict as conflict:
        if is_for_programmes():
            raise
        return _both(task, asked, typed, conflict)
    at = clock_time(saved.saved_at)
    if is_for_programmes():
        return jsonify(version=saved.version, saved=at)
    flash(say("Draft saved at %(at)s.", at=at), "good")
    step = request.form.get("_step")
    return redirect(f"/tasks/{task_id}" + (f"?step={step}" if step else ""), 303)


def _both(task: UserTask, asked: Asked, typed: Answers, conflict: DraftConflict) -> tuple[str, int]:
    """Show both versions side by side, mine in the form, nothing lost."""
    theirs = drafts.of_task(session(), task.id)
    assert theirs is not None  # it is what the conflict is with
    view = task_view.view_of(task, strip_of(task.business_key))
    task_view.with_form(view, asked, typed, draft=None, step=request.form.get("_step"))
    view.draft_version = theirs.version
    who, at = name_of(theirs.staff_id), then(theirs.saved_at)
    view.stale = Stale(
        words=say("%(name)s saved another version, %(at)s. Yours is in the form.", name=who, at=at),
        differences=drafts.side_by_side(asked, typed, theirs.answers or {}),
        theirs=who,
        keep_address=f"/tasks/{task.id}/draft",
        version=theirs.version,
    )
    return page(view, task), 409


@blueprint.post("/rows")
@signed_in
def rows(task_id: UUID) -> str:
    """Return the page's form with one row more or less, for the script to take the group from."""
    task = _seen(task_id)
    asked = asked_by(session(), task, now=now())
    if asked is None or not task.is_open:
        raise _closed(task)
    draft = drafts.of_task(session(), task_id)
    typed = _with_rows(asked, _typed(asked, draft, blank_rows=True))
    model = asked.render(typed)
    shown = task_view.page_of(model, request.form.get("_step"))
    return render_template("_form_page.html", items=shown.items, wanted=_group_name())


@blueprint.post("/adopt")
@signed_in
def adopt(task_id: UUID) -> AnyResponse:
    """Take over a colleague's draft on hand-over; it is recorded."""
    _seen(task_id)
    found = drafts.of_task(session(), task_id)
    if found is not None:
        drafts.adopt(session(), found, actor=actor(), now=now())
    return redirect(f"/tasks/{task_id}", 303)


@blueprint.post("/release")
@signed_in
def release(task_id: UUID) -> AnyResponse:
    task = worklist.release(session(), task_id, actor=actor(), now=now())
    if is_for_programmes():
        return Response(status=204)
    flash(say("“%(task)s” is back in the queue.", task=task.name), "good")
    return redirect("/tasks", 303)


def page(view: TaskView, task: UserTask) -> str:
    card = _card(task)
    if card is not None and view.page is not None:
        view.page = with_lines(view.page, card)
    return render_template(
        "task.html",
        task=view,
        strip=strip_of(task.business_key),
        section="tasks",
        card=card,
        alert=alert_of(task, view),
        concern=concern_of(task, view),
        late=late_of(task),
    )


def _card(task: UserTask) -> CardView | None:
    """Return the safe-contact card when this task reaches the client or has her on the line."""
    if not task.is_open or task.form_id not in ON_THE_LINE or task.business_key is None:
        return None
    case = session().get(Case, task.business_key)
    holds = task.actual_owner == actor().by
    return card_of(case, during_contact=holds) if case is not None else None


@blueprint.post("/reveal")
@signed_in
def reveal(task_id: UUID) -> str:
    """Show one value of the card to whoever holds the task; it is recorded which."""
    task = reading.require_task(session(), actor(), task_id, now())
    case = session().get(Case, task.business_key) if task.business_key else None
    if case is None or not task.is_open or task.form_id not in ON_THE_LINE:
        raise NotFound
    key = request.form.get("value", "")
    if key.startswith("number:"):
        reading_card.begin(session(), actor(), task, now=now())
    value = safe_contact.reveal(
        case,
        key,
        f"task {task.id}",
        during_contact=task.actual_owner == actor().by,
    )
    return render_template("_revealed.html", value=value)


def _closed(task: UserTask) -> Refusal:
    """Say that a task is over: somebody did it, or the work went on without it."""
    words = task_view.closed_words(task)
    return UserTaskNotOpen(words) if task.state == "completed" else NoLongerNeeded(words)


def _seen(task_id: UUID) -> UserTask:
    """Return a task that the viewer may see; that it is shown to them is recorded."""
    task = reading.require_task(session(), actor(), task_id, now())
    ids = [key for key in (task.id, task.business_key) if key is not None]
    reading.record_read(session(), actor(), f"task {task.id}", ids, now(), "task.shown")
    return task


def _own(draft: Draft | None) -> dict[str, Any]:
    own = draft is not None and draft.staff_id == actor().staff_id
    return dict(draft.answers or {}) if draft is not None and own else {}


def _typed(asked: Asked, draft: Draft | None, *, blank_rows: bool = False) -> dict[str, Any]:
    """Return what was posted; of a form in steps, over what earlier steps have kept.

    ``blank_rows``: rows without an answer stay, because somebody may be about to fill them in.
    """
    pairs = list(request.form.items(multi=True))
    step = request.form.get("_step", "")
    if not asked.form.steps:
        return forms.from_post(asked.form, pairs, keep_blank_rows=blank_rows)
    if step == CHECK:
        return _own(draft)
    here = task_view.page_of(asked.render(_own(draft)), step)
    posted = forms.from_post(asked.form, pairs, step=here.title, keep_blank_rows=blank_rows)
    return {**_own(draft), **posted}


def _with_rows(asked: Asked, typed: Answers) -> dict[str, Any]:
    if name := request.form.get("_add"):
        return forms.add_row(asked.form, typed, name)
    if name := request.form.get("_remove"):
        return forms.remove_row(asked.form, typed, name)
    return dict(typed)


def _group_name() -> str:
    """Return the name of the repeated group that a button was about."""
    given = request.form
    return given.get("_add") or given.get("_remove", "").rpartition("-")[0]


def _again(task: UserTask, asked: Asked, typed: Answers, draft: Draft | None) -> str:
    view = task_view.view_of(task, strip_of(task.business_key))
    task_view.with_form(view, asked, typed, draft=draft, step=request.form.get("_step"))
    return page(view, task)


def _save(task: UserTask, asked: Asked, typed: Answers) -> Draft:
    version = request.form.get("_version", "0")
    written = Written(asked.form.id, asked.form.sha256, subject_of(session(), task))
    return drafts.save_task(
        session(),
        task,
        typed,
        written,
        actor=actor(),
        now=now(),
        version=int(version) if version.isdecimal() else 0,
    )


def _may_read_answers(task: UserTask, strip: Strip | None) -> bool:
    """Whoever answered, and whoever may open the case, may read what was answered."""
    return task.state == "completed" and (
        task.completed_by == actor().by or (strip is not None and strip.address is not None)
    )


def _answered(task_id: UUID, asked: Asked) -> list[tuple[str, str, str | None]]:
    """Return what was answered when the task was completed."""
    kept = session().get(FormAnswers, task_id)
    if kept is None:
        return []
    twin = forms.text_twin(asked.form, kept.answers or {}, zone=asked.zone, lists=asked.lists)
    return [(question, answer, None) for question, answer in twin]
