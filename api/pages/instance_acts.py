"""Suspend, resume, move, pass over, correct, end: a page that says what will happen, and the act.

Each asks why. Nothing is done by opening the page.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request
from marshmallow import ValidationError
from werkzeug.wrappers import Response

from api.auth import actor, signed_in
from api.idempotency import once
from api.language import gettext, ngettext
from api.pages import instances
from api.words import when, zone
from api.work import now, session
from engine.core.standing import Standing
from engine.errors import NotFound
from engine.living import holding, repairing, suspending
from engine.models import ProcessInstance
from engine.runtime import InstanceEnded, TokenNotThere
from workflows.living import acts, seeing

blueprint = Blueprint("instance_acts", __name__, url_prefix="/instances/<uuid:instance_id>")

LONGEST = 2000
MORNING = time(9)


@dataclass
class Act:
    """One act: its words, what it asks besides the reason, and how it is done."""

    title: str
    verb: str
    done: str
    do: Callable[[ProcessInstance, str], Any]
    needs: str = ""  # "until", "target", "values"
    on_token: str = ""  # "may_move" or "may_skip": of the token that the address names
    leading: bool = False
    is_grave: bool = False


@dataclass
class Page:
    """What the page of an act shows."""

    act: Act
    instance: instances.Shown
    happens: list[str]
    warning: str = ""
    step: str = ""
    times: list[tuple[str, str]] = field(default_factory=list)
    targets: list[tuple[str, str]] = field(default_factory=list)
    values: list[tuple[str, str, str]] = field(default_factory=list)  # name, kind, as typed


@blueprint.route("/<act>", methods=["GET", "POST"])
@signed_in
@once
def act(instance_id: UUID, act: str) -> Response | str | tuple[str, int]:
    """Ask for the reason and what else is needed, or do it and go back to the instance."""
    instance, leads = seeing.find(session(), actor(), instance_id, now())
    chosen = ACTS.get(act)
    if chosen is None:
        raise NotFound
    seeing.require(session(), actor(), instance_id, now(), leading=chosen.leading)
    page = _page(instance, leads, chosen)
    if request.method == "GET":
        return _shown(page)
    reason = request.form.get("reason", "").strip()[:LONGEST]
    errors = _missing(page, reason)
    if not errors:
        try:
            with session().begin_nested():
                chosen.do(instance, reason)
        except (suspending.ReviewTimeRefused, acts.NotCorrectable) as refusal:
            errors = [(_field(chosen), str(refusal))]
        except ValidationError:
            errors = [(_field(chosen), gettext("Give one word, a number, or yes or no."))]
    if errors:
        return _shown(page, errors), 422
    flash(gettext(chosen.done), "good")
    return redirect(f"/instances/{instance_id}", 303)


def _shown(page: Page, errors: Any = ()) -> str:
    return render_template(
        "instance_act.html",
        page=page,
        act=page.act,
        instance=page.instance,
        errors=list(errors),
        typed=request.form,
        address=request.full_path.rstrip("?"),
        section="incidents",
    )


def _missing(page: Page, reason: str) -> list[tuple[str, str]]:
    errors = []
    if page.act.needs == "until" and request.form.get("until") not in dict(page.times):
        errors.append(("until", gettext("Select until when.")))
    if page.act.needs == "target" and request.form.get("target") not in dict(page.targets):
        errors.append(("target", gettext("Select where it goes on.")))
    if page.act.needs == "values" and not _changed(page):
        errors.append((_field(page.act), gettext("Change a value first.")))
    if not reason:
        errors.append(("reason", gettext("Say why.")))
    return errors


def _field(act: Act) -> str:
    """Return the field that a refusal is about."""
    if act.needs == "values":
        return next((name for name in request.form if name.startswith("value-")), "reason")
    return act.needs or "reason"


# -- what will happen -----------------------------------------------------------------------------


def _page(instance: ProcessInstance, leads: bool, act: Act) -> Page:
    seen = instances.shown(instance, leads)
    if not seen.is_running:
        raise InstanceEnded
    standing = repairing.standing(session(), instance.id)
    page = Page(act, seen, HAPPENS[act.title](standing))
    if act.on_token:
        token = _token(standing, act)
        page.step = token.name
        if act.needs == "target":
            found = repairing.targets(session(), instance.id, token.token_id)
            page.targets = [(each.element_id, each.name) for each in found]
    if act.needs == "until":
        most = suspending.longest(session(), instance.id, instance.risk_rank)
        page.times = [(key, when(at)) for key, at in times(most).items()]
        page.warning = _warning(most)
    if act.needs == "values":
        page.values = [
            (name, _kind(value), _as_typed(value))
            for name, value in instances.values_of(instance)
            if value is not None  # of what kind it would be, nobody knows yet
        ]
    return page


def _token(standing: list[Standing], act: Act) -> Standing:
    """Return the token that the address names, if it still stands there."""
    for each in standing:
        if str(each.token_id) == request.args.get("token") and getattr(each, act.on_token):
            return each
    raise TokenNotThere


def _warning(most: timedelta) -> str:
    if most > holding.LONGEST_WATCHED:
        return ""
    return gettext(
        "Somebody's safety may hang on this work. Suspend it only if going on does more harm, and "
        "see that somebody keeps an eye on the person meanwhile. It is looked at again within four "
        "hours."
    )


def times(most: timedelta) -> dict[str, datetime]:
    """Return until when it may stay suspended: one hour to a week, no longer than ``most``."""
    local = now().astimezone(zone())
    morning = datetime.combine(local.date() + timedelta(days=1), MORNING, zone())
    wanted = {
        "hour": now() + timedelta(hours=1),
        "hours": now() + timedelta(hours=4),
        "morning": morning,
        "days": morning + timedelta(days=2),
        "week": morning + timedelta(days=6),
    }
    return {key: at for key, at in wanted.items() if at - now() <= most}


def _tasks(standing: list[Standing]) -> int:
    return sum(each.waits == "task" for each in standing)


def _on_suspending(standing: list[Standing]) -> list[str]:
    tasks = _tasks(standing)
    one, many = (
        "%d task stays where it is; nobody can claim or complete it.",
        "%d tasks stay where they are; nobody can claim or complete them.",
    )
    return [
        *([ngettext(one, many, tasks) % tasks] if tasks else []),
        gettext("Timers keep their times. What falls due meanwhile happens on resuming, once."),
        gettext("Messages for it wait. Nothing that is sent to it is lost."),
        gettext("Due times of its tasks still raise the alarm when they pass."),
        gettext("Everything else of the same case goes on."),
    ]


def _on_resuming(standing: list[Standing]) -> list[str]:
    late = sum(each.due_at is not None and each.due_at <= now() for each in standing)
    one, many = ("%d thing has fallen due meanwhile.", "%d things have fallen due meanwhile.")
    return [
        gettext("Its tasks are again what they were, with those who had them."),
        *([ngettext(one, many, late) % late] if late else []),
        gettext("Timers that have passed fire now, and messages that waited arrive now."),
    ]


def _on_moving(standing: list[Standing]) -> list[str]:
    return [
        gettext("What it leaves stays undone. Its task, timers and what runs in it go."),
        gettext("The process goes on at once from where you put it."),
    ]


def _on_skipping(standing: list[Standing]) -> list[str]:
    return [
        gettext("The step stays undone, and what it would have recorded is missing."),
        gettext("The process goes on behind it at once."),
    ]


def _on_correcting(standing: list[Standing]) -> list[str]:
    return [
        gettext("The process decides by the new value from now on. What was decided stays."),
        gettext("Events that wait for such a value happen at once."),
    ]


def _on_ending(standing: list[Standing]) -> list[str]:
    return [
        gettext("The whole process ends here. Its open tasks and timers go."),
        gettext("Nothing of it can be taken up again. What was done stays in the record."),
    ]


# -- values ---------------------------------------------------------------------------------------


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "yes_no"
    return "number" if isinstance(value, int | float | Decimal) else "text"


def _as_typed(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _changed(page: Page) -> dict[str, Any]:
    """Return the values that were typed otherwise than they are."""
    found: dict[str, Any] = {}
    for name, kind, before in page.values:
        typed = request.form.get(f"value-{name}", before).strip()
        if typed != before:
            found[name] = _value(typed, kind)
    return found


def _value(typed: str, kind: str) -> Any:
    if typed == "":
        return None
    if kind == "yes_no":
        return typed == "yes"
    if kind == "number":
        try:
            number = Decimal(typed)
        except InvalidOperation:
            return typed  # refused as of another kind
        return int(number) if number == number.to_integral_value() else typed
    return typed


# -- doing ----------------------------------------------------------------------------------------


def _who() -> dict[str, Any]:
    return {"actor": actor(), "now": now()}


def _until() -> datetime:
    return times(suspending.LONGEST)[request.form["until"]]


def _token_id() -> UUID:
    return UUID(request.args["token"])


def _suspend(instance: ProcessInstance, reason: str) -> None:
    acts.suspend(session(), instance.id, reason, _until(), **_who())


def _prolong(instance: ProcessInstance, reason: str) -> None:
    acts.prolong(session(), instance.id, reason, _until(), **_who())


def _resume(instance: ProcessInstance, reason: str) -> None:
    acts.resume(session(), instance.id, reason, **_who())


def _move(instance: ProcessInstance, reason: str) -> None:
    target = request.form["target"]
    acts.move(session(), instance.id, _token_id(), target, reason, **_who())


def _skip(instance: ProcessInstance, reason: str) -> None:
    acts.skip(session(), instance.id, _token_id(), {}, reason, **_who())


def _correct(instance: ProcessInstance, reason: str) -> None:
    changed = _changed(_page(instance, True, ACTS["correct"]))
    acts.correct(session(), instance.id, changed, reason, **_who())


def _cancel(instance: ProcessInstance, reason: str) -> None:
    acts.cancel(session(), instance.id, reason, **_who())


ACTS = {
    "suspend": Act("Suspend", "Suspend", "It is suspended.", _suspend, needs="until"),
    "prolong": Act(
        "Keep it suspended", "Keep suspended", "It stays suspended.", _prolong, needs="until"
    ),
    "resume": Act("Resume", "Resume", "It goes on.", _resume),
    "move": Act(
        "Move to another step",
        "Move",
        "It stands at the other step.",
        _move,
        needs="target",
        on_token="may_move",
    ),
    "skip": Act(
        "Pass over this step", "Pass over", "The step is passed over.", _skip, on_token="may_skip"
    ),
    "correct": Act(
        "Correct a value",
        "Correct",
        "The value is corrected.",
        _correct,
        needs="values",
        leading=True,
    ),
    "cancel": Act("End this process", "End it", "It is ended.", _cancel, is_grave=True),
}
HAPPENS: dict[str, Callable[[list[Standing]], list[str]]] = {
    "Suspend": _on_suspending,
    "Keep it suspended": _on_suspending,
    "Resume": _on_resuming,
    "Move to another step": _on_moving,
    "Pass over this step": _on_skipping,
    "Correct a value": _on_correcting,
    "End this process": _on_ending,
}
