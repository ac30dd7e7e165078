"""Somebody's own settings: how the screen looks, the PIN, the password."""

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from api import viewer
from api.auth import actor, real_now, signed_in
from api.language import say
from api.work import session
from engine.errors import Refusal
from workflows.desk import desk
from workflows.identity import enrolment

blueprint = Blueprint("account", __name__, url_prefix="/account")

THEMES = ("system", "light", "dark")
DENSITIES = ("comfortable", "compact")


@blueprint.get("")
@signed_in
def settings() -> str:
    return page()


@blueprint.post("/look")
@signed_in
def look() -> Response:
    given = request.form
    minutes = given.get("lock_minutes", "")
    desk.change(
        session(),
        actor().staff_id,
        actor().tenant_id,
        theme=given["theme"] if given.get("theme") in THEMES else "system",
        density=given["density"] if given.get("density") in DENSITIES else "comfortable",
        shortcuts=given.get("shortcuts") == "true",
        lock_minutes=min(max(int(minutes), 1), 15) if minutes.isdecimal() else 5,
    )
    viewer.remember(session(), actor())
    flash(say("Your settings are saved."), "good")
    return redirect("/account", 303)


@blueprint.post("/pin")
@signed_in
def pin() -> Response | tuple[str, int]:
    try:
        desk.set_pin(session(), actor().staff_id, actor().tenant_id, request.form.get("pin", ""))
    except desk.BadPin as refusal:
        return page({"pin": str(refusal)}), refusal.status
    flash(say("Your PIN is set. It opens a locked screen."), "good")
    return redirect("/account", 303)


@blueprint.post("/password")
@signed_in
def password() -> Response | tuple[str, int]:
    """Change the password; every session ends, so the sign-in page comes next."""
    given = request.form
    try:
        enrolment.change_password(
            session(),
            actor().staff_id,
            given.get("present", ""),
            given.get("password", ""),
            now=real_now(),
        )
    except Refusal as refusal:
        field = "present" if isinstance(refusal, enrolment.WrongPassword) else "password"
        return page({field: str(refusal)}), 422
    flash(say("Your password is changed. Sign in again."), "good")
    return redirect("/sign-in", 303)


def page(errors: dict[str, str] | None = None) -> str:
    return render_template(
        "account.html",
        own=desk.of(session(), actor().staff_id, actor().tenant_id),
        errors=errors or {},
        section=None,
    )
