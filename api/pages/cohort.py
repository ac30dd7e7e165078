"""The daily cohort: a file, a dry run, the reasons row by row, and then the good rows."""

from collections import Counter
from dataclasses import dataclass

from flask import Blueprint, render_template, request
from sqlalchemy import select

from api.auth import actor, signed_in
from api.language import gettext
from api.work import now, session
from workflows.access import reading
from workflows.cohort import importing
from workflows.cohort.importing import Outcome, State
from workflows.cohort.keeping import may_bring_in
from workflows.cohort.reading import CohortRefused, read
from workflows.tenants.models import Service

blueprint = Blueprint("cohort", __name__, url_prefix="/cohort")

MOST_SHOWN = 300


@dataclass(frozen=True)
class Report:
    """What became, or would become, of a file."""

    dry: bool
    counts: list[tuple[str, int]]
    broken: list[Outcome]
    excluded: list[Outcome]
    first: list[Outcome]


@blueprint.get("")
@signed_in
def form() -> str:
    _may()
    return _page(None)


@blueprint.post("")
@signed_in
def act() -> str | tuple[str, int]:
    """Check a file, or bring in its good rows; the bad ones come back with all their reasons."""
    _may()
    service = next((s for s in _services() if str(s.id) == request.form.get("service")), None)
    given = request.files.get("file")
    if service is None or given is None or not given.filename:
        return _page(None, gettext("Choose a file, and the service it is for.")), 422
    dry = request.form.get("act") != "take"
    do = importing.preview if dry else importing.take
    outcomes: list[Outcome] = []
    try:
        with session().begin_nested():
            for batch in importing.batches(read(given.stream, now=now())):
                outcomes += do(
                    session(), actor().tenant_id, service.id, batch, by=actor().by, now=now()
                )
    except CohortRefused as refused:
        return _page(None, str(refused)), 422
    return _page(_report(outcomes, dry))


def _may() -> None:
    if not may_bring_in(actor()):
        raise reading.NotAllowed


def _services() -> list[Service]:
    every = session().scalars(select(Service).order_by(Service.name))
    return [service for service in every if may_bring_in(actor(), service.id)]


def _report(outcomes: list[Outcome], dry: bool) -> Report:
    words = {
        State.TAKEN: gettext("taken in"),
        State.KNOWN: gettext("known from an earlier file"),
        State.EXCLUDED: gettext("not contacted, by the rules"),
        State.BROKEN: gettext("cannot be read"),
    }
    counts = Counter(outcome.state for outcome in outcomes)
    return Report(
        dry=dry,
        counts=[(words[state], counts[state]) for state in State if counts[state]],
        broken=[o for o in outcomes if o.state is State.BROKEN][:MOST_SHOWN],
        excluded=[o for o in outcomes if o.state is State.EXCLUDED][:MOST_SHOWN],
        first=[o for o in outcomes if o.state is State.TAKEN][:10],
    )


def _page(report: Report | None, error: str = "") -> str:
    partial = "HX-Request" in request.headers and report is not None
    template = "_cohort_report.html" if partial else "cohort.html"
    return render_template(
        template,
        report=report,
        error=error,
        services=_services(),
        chosen=request.form.get("service", ""),
        section="cohort",
    )
