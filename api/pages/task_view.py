"""What the task page shows: made here, so that the template has nothing left to decide."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import forms
from api.auth import actor
from api.language import gettext, say
from api.pages.because import why
from api.pages.names import name_of
from api.pages.subjects import Strip
from api.pages.values import ended
from api.words import clock_time, then
from api.work import session
from engine.living import holding
from engine.models import UserTask
from engine.states import UserTaskState
from forms.definition import asking
from forms.model import ErrorLink, Page, RenderModel
from workflows.tasks.asked import Asked
from workflows.tasks.drafts import Difference
from workflows.tasks.models import Draft
from workflows.tasks.seeing import is_led_by

CHECK = "check"  # the last step of a form in steps


@dataclass(frozen=True)
class Act:
    """An entry of *More*."""

    key: str
    label: str
    address: str


@dataclass(frozen=True)
class Step:
    """A page of a form in steps, as the line above it shows them."""

    title: str
    address: str
    current: bool


@dataclass(frozen=True)
class Stale:
    """Two versions of what was typed, or of the form that asked."""

    words: str
    differences: Sequence[Difference]
    theirs: str  # whose the other version is
    keep_address: str | None  # saves mine over theirs
    version: int


@dataclass
class TaskView:
    """The task page. ``form`` is None for a task that only needs to be done."""

    id: UUID
    name: str
    short_reference: str
    due_at: datetime | None
    is_safety_critical: bool
    holding: str
    why: str
    may_complete: bool
    may_claim: bool
    reason_closed: str
    form: RenderModel | None = None
    page: Page | None = None
    steps: Sequence[Step] = ()
    twin: Sequence[tuple[str, str, str | None]] = ()  # question, answer, where to change it
    is_check: bool = False
    verb: str = ""
    saved: str = ""
    draft_version: int = 0
    form_sha256: str = ""
    errors: Sequence[ErrorLink] = ()
    more_errors: int = 0
    colleague: str = ""  # whose draft lies here
    stale: Stale | None = None
    acts: Sequence[Act] = field(default_factory=tuple)

    @property
    def address(self) -> str:
        return f"/tasks/{self.id}"


def view_of(task: UserTask, strip: Strip | None) -> TaskView:
    """Return what is shown of ``task`` before its form is looked at."""
    mine = task.actual_owner == actor().by
    offered = bool(actor().role_keys(task.service_id) & set(task.potential_owners))
    excluded = actor().by in task.excluded_owners
    free = task.actual_owner is None and offered and not excluded
    suspended = task.state == UserTaskState.SUSPENDED
    return TaskView(
        id=task.id,
        name=task.name,
        short_reference=strip.short_reference if strip else "",
        due_at=task.due_at,
        is_safety_critical=task.safety_critical,
        holding=_holding(task, mine),
        why=why(task),
        may_complete=task.is_open and mine and not suspended,
        may_claim=task.is_open and free and not suspended,
        reason_closed=_reason(task, mine, free, excluded),
        verb=gettext("Complete task"),
        acts=acts_of(task, mine, strip) if task.is_open else (),
    )


def _holding(task: UserTask, mine: bool) -> str:
    if not task.is_open or task.actual_owner is None or task.claimed_at is None:
        return ""
    at = then(task.claimed_at)
    if mine:
        return say("Claimed by you, %(at)s", at=at)
    return say("Claimed by %(name)s, %(at)s", name=name_of(task.actual_owner), at=at)


def _reason(task: UserTask, mine: bool, free: bool, excluded: bool) -> str:
    """Say why there is no form to fill in here, or nothing if there is."""
    if not task.is_open:
        return closed_words(task)
    if task.state == UserTaskState.SUSPENDED and task.instance_id is not None:
        return suspended_words(task.instance_id)
    if mine:
        return ""
    if free:
        return gettext("Nobody has claimed this task. Claim it to work on it.")
    if excluded:
        return gettext("A second person must do this task: you have done the step before it.")
    if task.actual_owner is not None:
        return say("%(name)s is working on this task.", name=name_of(task.actual_owner))
    return gettext("This task is for people with another role.")


def suspended_words(instance_id: UUID) -> str:
    """Say who has suspended the process of a task, when, why, and when that is looked at again."""
    suspension = holding.current(session(), instance_id)
    if suspension is None:
        return gettext("This is suspended: nothing moves in it until somebody resumes it.")
    return say(
        "%(name)s suspended this process %(at)s: %(why)s It is looked at again %(until)s. Nobody "
        "can work on it meanwhile.",
        name=name_of(suspension.suspended_by),
        at=then(suspension.suspended_at),
        why=ended(holding.reason_of(session(), suspension)),
        until=then(suspension.review_at),
    )


def closed_words(task: UserTask) -> str:
    """Say how a task ended: by whom and when, or that the work went on without it."""
    at = then(task.completed_at) if task.completed_at else ""
    if task.state == "completed":
        if task.completed_by == actor().by:
            return say("This task was completed by you, %(at)s.", at=at)
        return say(
            "This task was completed by %(name)s, %(at)s.", name=name_of(task.completed_by), at=at
        )
    return say("This task is no longer needed: the work went on without it, %(at)s.", at=at)


def acts_of(task: UserTask, mine: bool, strip: Strip | None) -> list[Act]:
    """Return what can be done with a task besides completing it."""
    here = f"/tasks/{task.id}"
    found = []
    if mine:
        found.append(Act("release", gettext("Release"), f"{here}/release"))
    found.append(Act("snooze", gettext("Put aside until later"), f"{here}/snooze"))
    found.append(Act("alert", gettext("Cannot be done, alert manager"), f"{here}/alert"))
    if is_led_by(session(), actor(), task):
        again = urlencode({"task": task.id, "back": here})
        found.append(Act("due", gettext("Change when it is due"), f"/tasks/due?{again}"))
    if strip is not None:
        found.append(Act("conflict", gettext("Declare a conflict"), f"{here}/conflict"))
    return found


def with_form(
    view: TaskView,
    asked: Asked,
    answers: Mapping[str, Any],
    *,
    draft: Draft | None,
    errors: Mapping[Any, Any] | None = None,
    step: str | None = None,
) -> TaskView:
    """Put the form, or one step of it, onto the page."""
    model = asked.render(answers, errors)
    view.form, view.form_sha256 = model, model.form_sha256
    view.errors, view.more_errors = model.errors, model.more_errors
    own = draft is not None and draft.staff_id == actor().staff_id
    view.draft_version = draft.version if draft is not None and own else 0
    if draft is not None:
        at = clock_time(draft.saved_at)
        view.saved = say("Saved %(at)s", at=at) if own else ""
        view.colleague = "" if own else name_of(draft.staff_id)
    view.is_check = bool(asked.form.steps) and step == CHECK
    view.page = None if view.is_check else page_of(model, step)
    if asked.form.steps:
        view.steps = _steps(view, model)
        view.verb = gettext("Complete task") if view.is_check else gettext("Save and continue")
    if view.is_check:
        view.twin = _checked(view, asked, answers, model)
    return view


def page_of(model: RenderModel, step: str | None) -> Page:
    """Return the page asked for; one that is not asked is passed over."""
    wanted = int(step) if step and step.isdecimal() else 1
    visible = [page for page in model.pages if page.visible] or list(model.pages)
    return next((page for page in visible if page.number >= wanted), visible[-1])


def next_step(model: RenderModel, number: int) -> str:
    """Return the step that follows page ``number``: the next one asked, else the check."""
    later = [page for page in model.pages if page.visible and page.number > number]
    return str(later[0].number) if later else CHECK


def _steps(view: TaskView, model: RenderModel) -> list[Step]:
    now_at = view.page.number if view.page else None
    found = [
        Step(page.title, f"{view.address}?step={page.number}", page.number == now_at)
        for page in model.pages
        if page.visible
    ]
    last = Step(gettext("Check your answers"), f"{view.address}?step={CHECK}", view.is_check)
    return [*found, last]


def _checked(
    view: TaskView, asked: Asked, answers: Mapping[str, Any], model: RenderModel
) -> list[tuple[str, str, str | None]]:
    """Return each question with its answer and the step on which it can be changed."""
    twin = forms.text_twin(asked.form, answers, zone=asked.zone, lists=asked.lists)
    step_of = {
        node.label: number
        for number, group in enumerate(asked.form.steps, 1)
        for node in asking(group.nodes)
    }
    return [
        (question, answer, _where(view, step_of.get(_label(question), 0)))
        for question, answer in twin
    ]


def _label(question: str) -> str:
    """Return the label as it stands in the form: of "Child 2: Age", "Child"."""
    row, colon, _ = question.partition(": ")
    return row.rstrip(" 0123456789") if colon else question


def _where(view: TaskView, number: int) -> str | None:
    return f"{view.address}?step={number}" if number else None
