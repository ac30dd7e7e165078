"""The inbox: what to do, why it is next, and starting it with one key."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from api.auth import actor, signed_in
from api.language import gettext, ngettext, say
from api.pages import inbox_filters, names, task_view
from api.pages.acts import outcome_words, snooze_times
from api.pages.due import leads_any
from api.pages.inbox_filters import uuid_of
from api.pages.inbox_rows import Row, about_cases, row_of
from api.pages.sign_in import own_path
from api.pages.subjects import strip_of
from api.words import zone
from api.work import now, session
from engine.models import UserTask
from engine.user_tasks import AlreadyClaimed, UserTaskNotOpen
from workflows.access import reading
from workflows.access.policy import visible_contacts, visible_tasks
from workflows.contact.models import Contact, ContactStatus
from workflows.staff.models import Staff, TeamMember
from workflows.tasks import worklist
from workflows.tasks.inbox import Inbox, inbox
from workflows.tasks.inbox_sql import PAGE, View

blueprint = Blueprint("tasks", __name__)

TITLES: Mapping[View, str] = {
    View.MINE: "My tasks",
    View.UNCLAIMED: "Unclaimed in my teams",
    View.OVERDUE: "Overdue",
    View.CALLS: "Call-backs today",
    View.SNOOZED: "Snoozed",
    View.DONE: "Done today",
}
LONGEST_CALL = timedelta(days=7)  # what is left open for longer stands in the list of contacts
NOTHING: Mapping[View, str] = {
    View.MINE: "You have no tasks",
    View.UNCLAIMED: "No task is waiting for somebody",
    View.OVERDUE: "Nothing is overdue",
    View.CALLS: "No calls today",
    View.SNOOZED: "Nothing is put aside",
    View.DONE: "Nothing done yet today",
    View.QUEUE: "This queue is empty",
}
# In these it varies who has a task.
SHARED = frozenset({View.OVERDUE, View.CALLS, View.QUEUE})


@dataclass(frozen=True)
class Link:
    """A view, a queue or a quick filter."""

    label: str
    address: str
    count: str
    current: bool
    is_late: bool = False


@dataclass(frozen=True)
class Paging:
    """Where a page lies in a list."""

    first: int
    last: int
    total: str
    previous: str | None
    next: str | None


@blueprint.get("/")
@signed_in
def start() -> AnyResponse:
    return redirect("/tasks", 302)


@blueprint.get("/tasks")
@signed_in
def home() -> str:
    found = _asked_for()
    return render_template("inbox.html", **_page(found), section="tasks")


def _page(found: Inbox) -> dict[str, Any]:
    about = about_cases(found.rows)
    shared = found.view in SHARED
    groups = [
        (group.title, [row_of(listed, about, shared=shared) for listed in rows])
        for group, rows in found.grouped()
    ]
    return {
        "title": _title(found),
        "groups": groups,
        "shows_holder": shared,
        "views": _views(found),
        "queues": _queues(found),
        "chips": _chips(found),
        "choices": inbox_filters.choices(),
        "kept": inbox_filters.kept(),
        "filters": inbox_filters.words(found.filters) if found.filters.count else "",
        "unfiltered": inbox_filters.without_any(),
        "may_change_due": leads_any(),
        "paging": _paging(found),
        "empty": _empty(found),
        "colleagues": _colleagues(),
        "shift": f"{now().astimezone(zone()):%A} {now().astimezone(zone()).day} "
        f"{now().astimezone(zone()):%B}",
        "is_done": found.view is View.DONE,
        "on_the_line": _on_the_line(),
    }


def _on_the_line() -> list[Contact]:
    """Return the contacts that one holds and has not ended: also what a colleague handed over."""
    if not actor().permissions("create_contact"):
        return []
    held = select(Contact.id).where(
        Contact.handler_id == actor().staff_id,
        Contact.received_at > now() - LONGEST_CALL,
        Contact.status == ContactStatus.LIVE,
    )
    ids = list(session().scalars(held))
    if not ids:
        return []  # nearly always: the policy is not asked about nothing
    seen = visible_contacts(actor(), now(), with_reason=False)
    theirs = select(Contact).where(Contact.id.in_(ids), seen).order_by(Contact.received_at)
    return list(session().scalars(theirs))


def _asked_for() -> Inbox:
    """Return the list that the address names; what it names wrongly is passed over."""
    given = request.args
    view = View(given["view"]) if given.get("view") in list(View) else View.MINE
    queue = uuid_of(given.get("queue"))
    if view is View.QUEUE and queue is None:
        view = View.MINE
    page = int(given["page"]) if given.get("page", "").isdecimal() else 1
    return inbox(
        session(),
        actor(),
        view,
        inbox_filters.asked_for(),
        page,
        now=now(),
        queue=queue,
        zone=zone(),
    )


def _title(found: Inbox) -> str:
    if found.view is View.QUEUE:
        wanted = uuid_of(request.args.get("queue"))
        name = next((q.name for q in found.queues if q.service_id == wanted), "")
        return say("Queue: %(name)s", name=name) if name else gettext("Queue")
    return gettext(TITLES[found.view])


def _views(found: Inbox) -> list[Link]:
    return [
        Link(
            label=gettext(words),
            address="/tasks" if view is View.MINE else f"/tasks?view={view}",
            count=str(found.counts[view]),
            current=view is found.view,
            is_late=view is View.OVERDUE and found.counts[view] > 0,
        )
        for view, words in TITLES.items()
    ]


def _queues(found: Inbox) -> list[Link]:
    here = request.args.get("queue") if found.view is View.QUEUE else None
    return [
        Link(
            label=queue.name,
            address=f"/tasks?view=queue&queue={queue.service_id}",
            count=str(queue.count),
            current=str(queue.service_id) == here,
        )
        for queue in found.queues
    ]


def _chips(found: Inbox) -> list[Link]:
    return [
        Link(
            label=words,
            address=address,
            count=str(found.counts.get(found.view, "")) if number == 0 else "",
            current=current,
        )
        for number, (words, address, current) in enumerate(inbox_filters.chips())
    ]


def _paging(found: Inbox) -> Paging:
    first = (found.page - 1) * PAGE + 1
    return Paging(
        first=first,
        last=first + len(found.rows) - 1,
        total=str(found.counts.get(found.view, "")) if not found.filters.count else "",
        previous=inbox_filters.address(page=str(found.page - 1)) if found.page > 1 else None,
        next=inbox_filters.address(page=str(found.page + 1)) if found.has_more else None,
    )


def _empty(found: Inbox) -> dict[str, str]:
    """Say why the list is empty and what to do."""
    if found.filters.count:
        words = ngettext(
            "No tasks match %d filter", "No tasks match %d filters", found.filters.count
        )
        return {
            "title": words % found.filters.count,
            "words": gettext("Take the filters away to see everything in this list."),
            "label": gettext("Clear"),
            "address": inbox_filters.without_any(),
        }
    waiting, title = found.counts[View.UNCLAIMED], gettext(NOTHING[found.view])
    if found.view is not View.UNCLAIMED and waiting:
        return {
            "title": title,
            "words": gettext("1 task in your teams is waiting for somebody.")
            if str(waiting) == "1"
            else say("%(count)s tasks in your teams are waiting for somebody.", count=waiting),
            "label": gettext("Show unclaimed"),
            "address": "/tasks?view=unclaimed",
        }
    return {
        "title": title,
        "words": gettext("When something needs you, it appears by itself."),
        "label": gettext("New contact") if actor().permissions("create_contact") else "",
        "address": "/contacts/new",
    }


def _colleagues() -> list[tuple[str, str]]:
    """Return whom one may reassign to: the people of one's own teams."""
    team = (
        select(Staff.id, Staff.display_name)
        .join(TeamMember, TeamMember.staff_id == Staff.id)
        .where(TeamMember.team_id.in_(actor().team_ids), Staff.active)
        .where(Staff.id != actor().staff_id)
        .distinct()
        .order_by(Staff.display_name)
    )
    return [(str(staff_id), name) for staff_id, name in session().execute(team)]


# -- acting on one -----------------------------------------------------------------------------


@blueprint.post("/tasks/<uuid:task_id>/claim")
@signed_in
def claim(task_id: UUID) -> AnyResponse | str:
    """Claim a task. A list gets the row as it is now: mine, or who was faster."""
    from_list = "HX-Request" in request.headers
    try:
        with session().begin_nested():
            task = worklist.claim(session(), task_id, actor=actor(), now=now())
    except (AlreadyClaimed, UserTaskNotOpen) as refusal:
        if not from_list:
            raise
        task = reading.require_task(session(), actor(), task_id, now())
        return _one_row(task, gone=_gone_words(task) or str(refusal))
    if from_list:
        return _one_row(task, just_claimed=True)
    if request.form.get("back"):
        flash(say("You have claimed “%(task)s”.", task=task.name), "good")
    return redirect(f"/tasks/{task_id}", 303)


def _one_row(task: UserTask, *, gone: str = "", just_claimed: bool = False) -> str:
    strip = strip_of(task.business_key)
    row = Row(
        id=task.id,
        name=task.name,
        reference=strip.reference if strip else "",
        case_address=strip.address if strip else None,
        initials=strip.initials if strip else "",
        service=strip.service if strip else "",
        reason="",
        window="",
        risk_level=strip.risk_level if strip else None,
        due_at=task.due_at,
        holder=gettext("you") if request.form.get("shared") else None,
        may_claim=False,
        gone=gone,
        just_claimed=just_claimed,
    )
    return render_template("_task_row.html", row=row)


def _gone_words(task: UserTask) -> str:
    if not task.is_open:
        return task_view.closed_words(task)
    if task.actual_owner not in (None, actor().by):
        return say("Claimed by %(name)s", name=names.name_of(task.actual_owner))
    return ""


# -- acting on several -------------------------------------------------------------------------


@blueprint.post("/tasks/bulk")
@signed_in
def bulk() -> AnyResponse:
    """Do one thing with several tasks, and say for each that was refused why it was."""
    chosen = [i for i in (uuid_of(text) for text in request.form.getlist("task")) if i]
    act = _bulk_act(request.form.get("act", ""))
    back = own_path(request.form.get("back"))
    if not chosen or act is None:
        flash(gettext("Select tasks, and what to do with them."), "warn")
        return redirect(back, 303)
    done_words, do = act
    flash(*outcome_words(done_words, worklist.each(session(), chosen[:PAGE], do)))
    return redirect(back, 303)


def _bulk_act(act: str) -> tuple[str, Callable[[UUID], Any]] | None:
    to, tomorrow = uuid_of(request.form.get("to")), snooze_times()["tomorrow"]
    acts: dict[str, tuple[str, Callable[[UUID], Any]]] = {
        "claim": (
            gettext("claimed"),
            lambda i: worklist.claim(session(), i, actor=actor(), now=now()),
        ),
        "release": (
            gettext("released"),
            lambda i: worklist.release(session(), i, actor=actor(), now=now()),
        ),
        "snooze": (
            gettext("put aside until tomorrow"),
            lambda i: worklist.snooze(session(), i, tomorrow, actor=actor(), now=now()),
        ),
    }
    if to is not None:
        acts["reassign"] = (
            gettext("reassigned"),
            lambda i: worklist.delegate(session(), i, to=to, actor=actor(), now=now()),
        )
    return acts.get(act)


# -- news --------------------------------------------------------------------------------------


@blueprint.post("/tasks/changes")
@signed_in
def changes() -> Response:
    """Say what has changed on a list that somebody looks at: what is new, what has gone."""
    shown = [i for i in (uuid_of(text) for text in request.form.getlist("shown")[:PAGE]) if i]
    listed = [str(row.id) for row in _asked_for().rows]
    lost = [i for i in shown if str(i) not in listed]
    seen = select(UserTask).where(UserTask.id.in_(lost), visible_tasks(actor(), now()))
    tasks = list(session().scalars(seen)) if lost else []
    names.load({t.actual_owner for t in tasks if t.actual_owner})
    gone = {str(task.id): _gone_words(task) or gettext("No longer in this list") for task in tasks}
    gone |= {str(i): gettext("No longer in this list") for i in lost if str(i) not in gone}
    return jsonify(listed=listed, gone=gone)
