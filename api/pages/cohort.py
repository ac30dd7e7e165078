"""Imports: a cohort file, what would become of each of its rows, and then the good ones."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import (
    Blueprint,
    Response,
    flash,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
)
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from api.auth import actor, signed_in
from api.language import gettext
from api.pages.subjects import service_name
from api.problems import answer as answer_problem
from api.problems import is_for_programmes, of_refusal
from api.work import now, session
from engine import messages
from engine.errors import NotFound
from workflows.access import reading
from workflows.cohort import keeping
from workflows.cohort.generator import generate
from workflows.cohort.importing import State
from workflows.cohort.keeping import FileGone, Summary
from workflows.cohort.models import CohortRow
from workflows.cohort.reading import CohortRefused
from workflows.tenants.models import Service

blueprint = Blueprint("cohort", __name__, url_prefix="/cohort")

PAGE = 50
SAMPLE_ROWS = 200
# What the filters of the address are called, and what they show.
FILTERS: tuple[tuple[str, str, State | None], ...] = (
    ("all", "All", None),
    ("good", "Good", State.TAKEN),
    ("known", "Known", State.KNOWN),
    ("excluded", "Excluded", State.EXCLUDED),
    ("broken", "Broken", State.BROKEN),
)


@dataclass(frozen=True)
class Row:
    """One row of the file: its number and what would, or did, become of it. Nothing it says."""

    number: int
    words: str
    look: str
    priority: str
    reasons: list[str]


@dataclass(frozen=True)
class Chip:
    """A filter, with how many rows it shows."""

    words: str
    count: int
    address: str
    current: bool


@blueprint.errorhandler(FileGone)
def gone(refusal: FileGone) -> AnyResponse:
    """Lead back to where a file is chosen: its day is over, or it was let go of elsewhere."""
    if is_for_programmes():
        return answer_problem(of_refusal(refusal))
    flash(gettext("That file is no longer kept. Choose it again."), "warn")
    return redirect("/cohort", 303)


@blueprint.get("")
@signed_in
def home() -> str:
    _may()
    return _home()


@blueprint.get("/sample.csv")
@signed_in
def sample() -> Response:
    """Send a file of invented people; everybody gets the same one on the same day."""
    _may()
    today = now().toordinal()
    return _csv(generate(SAMPLE_ROWS, seed=today, now=now()), "cohort-sample.csv")


@blueprint.post("")
@signed_in
def upload() -> AnyResponse | tuple[str, int]:
    """Read a file, keep it, and lead to what would become of its rows."""
    _may()
    services = {str(service.id): service for service in _services()}
    service = services.get(request.form.get("service", ""))
    given = request.files.get("file")
    errors = []
    if given is None or not given.filename:
        errors.append(("file", gettext("Choose a file.")))
    if service is None:
        first = next(iter(services), "")
        errors.append((f"service-{first}", gettext("Select the service the file is for.")))
    if errors or given is None or service is None:
        return _home(errors), 422
    try:
        with session().begin_nested():
            file_id = keeping.keep(
                session(),
                actor().tenant_id,
                service.id,
                given.stream.read(),
                staff_id=actor().staff_id,
                now=now(),
            )
    except CohortRefused as refused:
        return _home([("file", str(refused))]), 422
    return redirect(f"/cohort/{file_id}", 303)


@blueprint.get("/<uuid:file_id>")
@signed_in
def show(file_id: UUID) -> str:
    found = _summary(file_id)
    only = request.args.get("show", "all")
    state = next((state for key, _, state in FILTERS if key == only), None)
    asked = request.args.get("page", "")
    page = max(int(asked), 1) if asked.isdecimal() and len(asked) < 6 else 1
    offset = (page - 1) * PAGE
    rows = keeping.rows(session(), found.file, state, offset=offset, limit=PAGE)
    total = found.states.get(state, 0) if state else found.rows
    return render_template(
        "cohort_file.html",
        found=found,
        service=service_name(found.file.service_id),
        counts={str(each): found.states.get(each, 0) for each in State},
        chips=_chips(found, only),
        rows=[_row(row) for row in rows],
        paging=_paging(file_id, only, page, len(rows), total),
        only=only,
    )


@blueprint.post("/<uuid:file_id>/take")
@signed_in
def take(file_id: UUID) -> AnyResponse:
    """Bring in the next rows. Asked once more, the ones after them; at the end, nothing.

    One transaction each, so that a large file never holds a page up and may break off anywhere.
    """
    _summary(file_id)
    keeping.take_next(session(), file_id, staff_id=actor().staff_id, now=now())
    # the worker starts what follows: a hundred intakes would take this answer a minute
    messages.produced(session())
    if not is_for_programmes():
        return redirect(f"/cohort/{file_id}", 303)
    found = _summary(file_id)
    return jsonify(done=found.done, all=found.done + found.waiting, left=found.waiting)


@blueprint.get("/<uuid:file_id>/broken.csv")
@signed_in
def broken(file_id: UUID) -> Response:
    """Send the rows that cannot be read, with their reasons. Reading them is recorded."""
    found = _summary(file_id)
    if not found.states.get(State.BROKEN):
        raise NotFound
    reading.record_read(session(), actor(), "import", [file_id], now(), "cohort.broken_rows")
    return _csv(keeping.broken_csv(session(), found.file), "broken-rows.csv")


@blueprint.post("/<uuid:file_id>/drop")
@signed_in
def drop(file_id: UUID) -> AnyResponse:
    _may()
    keeping.drop(session(), file_id, staff_id=actor().staff_id, now=now())
    flash(gettext("The file is no longer kept. What was brought in stays."), "good")
    return redirect("/cohort", 303)


def _may() -> None:
    if not keeping.may_bring_in(actor()):
        raise NotFound


def _services() -> list[Service]:
    found = session().scalars(select(Service).order_by(Service.name))
    return [service for service in found if keeping.may_bring_in(actor(), service.id)]


def _summary(file_id: UUID) -> Summary:
    """Return a file of the viewer's, who may still bring in rows for its service."""
    _may()
    found = keeping.summary(session(), file_id, actor().staff_id, now=now())
    if not keeping.may_bring_in(actor(), found.file.service_id):
        raise reading.NotAllowed
    return found


def _home(errors: Iterable[tuple[str, str]] = ()) -> str:
    files = keeping.summaries(session(), actor().staff_id, now=now())
    return render_template(
        "cohort.html",
        services=_services(),
        chosen=request.form.get("service", ""),
        files=[(found, service_name(found.file.service_id)) for found in files],
        errors=list(errors),
        most=keeping.MOST_ROWS,
    )


def _chips(found: Summary, only: str) -> list[Chip]:
    here = f"/cohort/{found.file.id}"
    return [
        Chip(
            words=gettext(words),
            count=found.states.get(state, 0) if state else found.rows,
            address=here if key == "all" else f"{here}?show={key}",
            current=key == only,
        )
        for key, words, state in FILTERS
    ]


def _row(row: CohortRow) -> Row:
    becomes = {
        State.TAKEN: gettext("Is in") if row.is_done else gettext("Would come in"),
        State.KNOWN: gettext("Known from an earlier file"),
        State.EXCLUDED: gettext("Not contacted, by the rules"),
        State.BROKEN: gettext("Comes back"),
    }
    looks = {State.TAKEN: "badge-good", State.BROKEN: "badge-medium"}
    state = State(row.state)
    reason = [f"{row.reason.replace('_', ' ')}."] if row.reason else []
    return Row(
        number=row.number,
        words=becomes[state],
        look=looks.get(state, ""),
        priority=row.priority or "",
        reasons=[f"{words[:1].upper()}{words[1:]}" for words in reason + row.problems],
    )


def _paging(file_id: UUID, only: str, page: int, shown: int, total: int) -> dict[str, Any]:
    def address(number: int) -> str:
        show = "" if only == "all" else f"show={only}&"
        return f"/cohort/{file_id}?{show}page={number}"

    first = (page - 1) * PAGE + 1
    return {
        "first": first,
        "last": first + shown - 1,
        "total": str(total),
        "previous": address(page - 1) if page > 1 else None,
        "next": address(page + 1) if first + shown - 1 < total else None,
    }


def _csv(text: str, name: str) -> Response:
    # with a mark that tells spreadsheets the encoding; the reader takes it as well
    answer = make_response(text.encode("utf-8-sig"))
    answer.content_type = "text/csv; charset=utf-8"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
