"""Who is away: recorded by whoever leads them; the rota and the allocation of cases keep to it."""

from datetime import date, datetime, time, timedelta
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from api.auth import actor, signed_in
from api.language import gettext, say
from api.words import zone
from api.work import now, session
from engine.errors import NotFound
from workflows.staff import leading
from workflows.staff.absences import AbsenceEndsBeforeItStarts
from workflows.staff.leading import AbsenceInThePast, AlreadyAway

blueprint = Blueprint("absences", __name__, url_prefix="/absences")

Errors = list[tuple[str, str]]  # field, words


@blueprint.get("")
@signed_in
def show() -> str:
    return _page([])


@blueprint.post("")
@signed_in
def record() -> Response | tuple[str, int]:
    """Say that a colleague is away, from a day on and until a day, both in full."""
    _require_leading()
    staff_id, starts_at, ends_at, errors = _typed()
    if errors or staff_id is None or starts_at is None:
        return _page(errors), 422
    try:
        with session().begin_nested():
            leading.record_absence(session(), actor(), staff_id, starts_at, ends_at, now=now())
    except (AlreadyAway, AbsenceInThePast, AbsenceEndsBeforeItStarts) as refusal:
        field = "staff" if isinstance(refusal, AlreadyAway) else "until"
        return _page([(field, str(refusal))]), 422
    found = {each.id: each for each in leading.colleagues(session(), actor(), now=now())}[staff_id]
    words = say("%(name)s is recorded as away.", name=found.name)
    if found.open_tasks:
        words += " " + say(
            "%(tasks)s tasks are in their hands, %(high)s of high risk: see who takes them over.",
            tasks=found.open_tasks,
            high=found.high_risk,
        )
    flash(words, "warn" if found.high_risk else "good")
    return redirect("/absences", 303)


@blueprint.post("/<uuid:staff_id>/end")
@signed_in
def end(staff_id: UUID) -> Response:
    _require_leading()
    leading.end_absence(session(), actor(), staff_id, now=now())
    flash(gettext("They are back, and are offered work again."), "good")
    return redirect("/absences", 303)


def _require_leading() -> None:
    if not leading.leads(actor()):
        raise NotFound


def _typed() -> tuple[UUID | None, datetime | None, datetime | None, Errors]:
    """Return what was typed, with what is wrong: a last day belongs to the absence."""
    errors: Errors = []
    try:
        staff_id = UUID(request.form.get("staff", ""))
    except ValueError:
        staff_id = None
        errors.append(("staff", gettext("Select who is away.")))
    first, last = _day("from", errors), _day("until", errors)
    if first is None and not any(field == "from" for field, _ in errors):
        errors.append(("from", gettext("Enter the first day.")))
    today = now().astimezone(zone()).date()
    starts_at = now() if first == today else _midnight(first)
    return staff_id, starts_at, _midnight(last and last + timedelta(days=1)), errors


def _day(name: str, errors: Errors) -> date | None:
    typed = [request.form.get(part, "").strip() for part in _parts(name)]
    try:
        day, month, year = (int(part) for part in typed) if any(typed) else (0, 0, 0)
        return date(year, month, day) if any(typed) else None
    except ValueError:
        errors.append((name, gettext("Enter a real day, for example 27 3 2027.")))
        return None


def _parts(name: str) -> list[str]:
    """Return the names of the boxes of a day: a browser's own date field swaps day and month."""
    return [f"{name}-{part}" for part in ("day", "month", "year")]


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), zone()) if day else None


def _page(errors: Errors) -> str:
    _require_leading()
    today = now().astimezone(zone()).date()
    given = dict(zip(_parts("from"), map(str, (today.day, today.month, today.year)), strict=True))
    return render_template(
        "absences.html",
        colleagues=leading.colleagues(session(), actor(), now=now()),
        errors=errors,
        typed=request.form if request.method == "POST" else given,
        section="absences",
    )
