"""The history of a case: every entry, the diagram with its text twin, and the proof.

The table is the truth and is complete without script; the picture comes after it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from api import headers
from api.auth import actor, signed_in
from api.language import gettext, ngettext, say
from api.pages import decided, names, purposes
from api.pages.cases import ask_for_reason, head_of
from api.pages.instances import STATUS
from api.pages.sentences import sentence
from api.words import clock_time, late, plain, then, when
from api.work import now, session
from engine import releases, verification
from engine.definitions import Definitions, Process
from engine.errors import NotFound
from engine.models import ProcessInstance
from engine.outline import outline
from engine.states import RUNNING, InstanceStatus
from workflows.access.reading import ReasonNeeded
from workflows.cases import queries
from workflows.cases.models import Case
from workflows.living import reasons, seeing
from workflows.living.told import release_at

blueprint = Blueprint("case_history", __name__, url_prefix="/cases/<uuid:case_id>/history")
blueprint.register_error_handler(ReasonNeeded, ask_for_reason)

PAGE = 60
DONE = ("complete", "skip")
FAULTS: Mapping[str, str] = {
    "altered": "was altered after it was written",
    "missing": "is missing",
    "no head": "has no end that says how many entries there are",
    "head differs": "the end of the stream says otherwise",
}


@dataclass(frozen=True)
class Entry:
    """One row: when, what, who, why, under which version, at which place of the chain."""

    at: datetime
    words: str
    who: str
    version: str
    seq: int
    element: str | None
    technical: str


@dataclass(frozen=True)
class Run:
    """An instance of the case, as the list beside the history names it."""

    id: UUID
    name: str
    state: str
    started_at: datetime
    current: bool


@blueprint.get("")
@signed_in
def show(case_id: UUID) -> str:
    case = _case(case_id, "case.history_shown")
    instances = queries.instances_of(session(), actor(), case)
    chosen = _chosen(instances)
    return render_template(
        "case_history.html",
        case=head_of(case, "history"),
        runs=[_run(instance, instance is chosen) for instance in instances],
        chosen=chosen,
        section="cases",
        **_of_chosen(case_id, chosen),
    )


def _of_chosen(case_id: UUID, chosen: ProcessInstance | None) -> dict[str, Any]:
    """Return what is shown of one instance: its diagram, its outline, a page of its entries."""
    if chosen is None:
        nothing: dict[str, Any] = dict.fromkeys(("process", "outline", "following", "may_repair"))
        return nothing | {"entries": [], "decisions": [], "after": 0}
    definitions = releases.definitions(session(), chosen.release_id)
    process = _process(chosen, definitions)
    after = int(request.args["after"]) if request.args.get("after", "").isdecimal() else 0
    told = queries.of_instance(session(), chosen.id, after=after, limit=PAGE + 1)
    names.load({str(each.payload.get("org_resource", "")) for each in told})
    number = releases.get(session(), chosen.release_id).number
    version = release_at(session(), chosen.id, number)
    here = f"/cases/{case_id}/history/{chosen.id}"
    return {
        "process": process,
        "called": _called(process, definitions),
        "diagram_address": f"{here}/diagram/{process.id}" if process else None,
        "trace_address": f"{here}/trace",
        "outline": outline(process) if process else None,
        "states": _states(chosen),
        "entries": [_entry(each, chosen, str(version(each.seq))) for each in told[:PAGE]],
        "decisions": _decided(chosen, definitions, told[:PAGE]),
        "may_repair": not InstanceStatus(chosen.status).has_ended
        and seeing.may_act(session(), actor(), chosen.id, now()),
        "following": told[PAGE - 1].seq if len(told) > PAGE else None,
        "after": after,
    }


def _decided(
    chosen: ProcessInstance, definitions: Definitions, told: Sequence[queries.Told]
) -> list[decided.Decided]:
    """Return the decisions behind a page of entries."""
    if not told:
        return []
    return decided.between(chosen, definitions, told[0].at, told[-1].at)


def _case(case_id: UUID, what: str) -> Case:
    if not actor().permissions("read_history"):
        raise NotFound
    return purposes.require_case(case_id, what)


def _chosen(instances: list[ProcessInstance]) -> ProcessInstance | None:
    """Return the instance that the address names; else the one people most likely look for."""
    asked = request.args.get("of")
    for instance in instances:
        if str(instance.id) == asked:
            return instance
    telling = [i for i in instances if i.process_id not in ("case_lifecycle", "task_overdue")]
    return next(iter(telling or instances), None)


def _process(chosen: ProcessInstance, definitions: Definitions) -> Process | None:
    """Return the process to draw: the instance's own, or one that it calls."""
    wanted = request.args.get("diagram", "")
    return definitions.processes.get(wanted) or definitions.processes.get(chosen.process_id)


def _called(process: Process | None, definitions: Definitions | None) -> list[tuple[str, str]]:
    """Return the processes that the drawn one calls, so that one can look into them."""
    if process is None or definitions is None:
        return []
    ids = [
        e.get("calledElement", "").rpartition(":")[2]
        for e in process.element.iter("{*}callActivity")
    ]
    found = [definitions.processes[i] for i in dict.fromkeys(ids) if i in definitions.processes]
    return [(each.id, each.name) for each in found]


def _run(instance: ProcessInstance, current: bool) -> Run:
    definitions = releases.definitions(session(), instance.release_id)
    process = definitions.processes.get(instance.process_id)
    return Run(
        id=instance.id,
        name=process.name if process else plain(instance.process_id),
        state=gettext(STATUS[InstanceStatus(instance.status)]),
        started_at=instance.started_at,
        current=current,
    )


def _entry(told: queries.Told, instance: ProcessInstance, version: str) -> Entry:
    said = sentence(told.payload)
    why = str((told.payload.get("data") or {}).get("reason") or "")
    because = reasons.opened(session(), instance, why) if why else ""
    element = told.payload.get("element")
    return Entry(
        at=told.at,
        words=f"{said.words} ({because})" if because else said.words,
        who=said.who,
        version=version,
        seq=told.seq,
        element=str(element) if element else None,
        technical=f"{element or ''} {told.payload.get('lifecycle_transition', '')}".strip(),
    )


# -- the diagram ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class State:
    """How far an element is: "done", "now", "waits", "late" or "failed", and in words."""

    state: str
    words: str
    label: str


def _states(instance: ProcessInstance) -> dict[str, State]:
    """Return the state of every element that the instance has come to or waits at."""
    active = instance.status in RUNNING
    found: dict[str, State] = {}
    for element, (transition, at, by) in queries.states(session(), instance.id).items():
        if transition in DONE:
            who = f" {say('by %(name)s', name=names.name_of(by))}" if by else ""
            found[element] = State("done", say("done %(at)s", at=then(at)) + who, clock_time(at))
        elif transition == "start" and active:  # what it calls, or the subprocess it is in
            found[element] = State("now", say("since %(at)s", at=then(at)), gettext("now"))
    if active:
        found |= _waiting(instance)
    for incident in queries.open_incidents(session(), [instance.id]):
        found[incident.element_id] = State("failed", gettext("failed"), gettext("failed"))
    return found


def _waiting(instance: ProcessInstance) -> dict[str, State]:
    """Return what it waits for: a message, a point in time, a person."""
    found: dict[str, State] = {}
    for element, due_at in queries.waits_of_instance(session(), instance.id):
        words = say("waits until %(at)s", at=then(due_at)) if due_at else gettext("waits")
        found[element] = State("waits", words, when(due_at) if due_at else gettext("waits"))
    for task in queries.open_tasks_of_instance(session(), instance.id):
        overdue = task.due_at is not None and task.due_at <= now()
        words = late(task.due_at) if overdue and task.due_at else gettext("now")
        found[task.element_id] = State("late" if overdue else "now", words, words)
    return found


@blueprint.get("/<uuid:instance_id>/trace")
@signed_in
def trace(case_id: UUID, instance_id: UUID) -> Response:
    """Give the viewer the states of the elements. Nothing in it is personal."""
    instance = _instance(case_id, instance_id)
    nodes = {i: {"state": s.state, "label": s.label} for i, s in _states(instance).items()}
    return jsonify(nodes=nodes, flows=[])


@blueprint.get("/<uuid:instance_id>/diagram/<process_id>")
@signed_in
def diagram(case_id: UUID, instance_id: UUID, process_id: str) -> Response:
    """Give the viewer the diagram as it was drawn, in the version that the instance runs on."""
    instance = _instance(case_id, instance_id)
    definitions = releases.definitions(session(), instance.release_id)
    process = definitions.processes.get(process_id)
    if process is None:
        raise NotFound
    answer = Response(definitions.files[process.file].content, content_type="application/xml")
    answer.headers["Content-Security-Policy"] = f"{headers.POLICY}; sandbox"
    return answer


def _instance(case_id: UUID, instance_id: UUID) -> ProcessInstance:
    case = _case(case_id, "case.history_shown")
    for instance in queries.instances_of(session(), actor(), case):
        if instance.id == instance_id:
            return instance
    raise NotFound


# -- the proof -----------------------------------------------------------------------------------


@blueprint.post("/verify")
@signed_in
def verify(case_id: UUID) -> AnyResponse:
    """Check every chain of the case now and say what was found."""
    case = _case(case_id, "case.history_verified")
    streams = queries.streams_of(case, queries.instances_of(session(), actor(), case))
    reports = [verification.verify(session(), stream) for stream in streams]
    entries = sum(report.entries for report in reports)
    breaks = [broken for report in reports for broken in report.breaks]
    for broken in breaks:
        flash(
            say(
                "Entry %(seq)s of %(stream)s %(fault)s.",
                seq=broken.seq,
                stream=broken.stream,
                fault=gettext(FAULTS.get(broken.fault, broken.fault)),
            ),
            "danger",
        )
    if not breaks:
        one, many = (
            "%d entry checked: nothing was altered.",
            "%d entries checked: nothing was altered.",
        )
        flash(ngettext(one, many, entries) % entries, "good")
    return redirect(_back(case_id, request.form.to_dict()), 303)


def _back(case_id: UUID, given: Mapping[str, Any]) -> str:
    try:
        of = UUID(str(given.get("of", "")))
    except ValueError:
        return f"/cases/{case_id}/history"
    return f"/cases/{case_id}/history?of={of}"
