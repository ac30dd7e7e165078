"""The privacy screen: locking, unlocking, and saying that somebody is still there."""

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from api.auth import actor, living, real_now, signed_in
from api.language import say
from api.pages.sign_in import own_path
from api.problems import Problem, answer, is_for_programmes
from api.work import session
from workflows.desk import screen
from workflows.identity import signing_in
from workflows.identity.models import Login

blueprint = Blueprint("privacy", __name__)

WRONG = "That is not your PIN or password."


@blueprint.post("/lock")
@signed_in(behind_lock=True)
def lock() -> Response:
    screen.lock(session(), living().id, actor().tenant_id, now=real_now())
    return Response(status=204) if is_for_programmes() else redirect("/locked", 303)


@blueprint.get("/locked")
@signed_in(behind_lock=True)
def locked() -> str | Response:
    if not screen.is_locked(session(), living().id):
        return redirect("/", 303)
    return page()


@blueprint.post("/unlock")
@signed_in(behind_lock=True)
def unlock() -> Response | tuple[str, int]:
    login = session().get_one(Login, actor().staff_id)
    opened = screen.unlock(
        session(),
        living().id,
        actor().staff_id,
        actor().tenant_id,
        request.form.get("secret", "")[:200],
        is_password=lambda secret: signing_in.prove_password(
            session(), login, secret, now=real_now()
        ),
    )
    if opened:
        to = own_path(request.form.get("next"))
        return Response(status=204) if is_for_programmes() else redirect(to, 303)
    if is_for_programmes():
        return answer(Problem(422, say(WRONG), detail=say(WRONG)))
    return page(say(WRONG)), 422


@blueprint.post("/here")
@signed_in
def here() -> Response:
    """Keep the login alive while somebody reads, or a line is open."""
    return Response(status=204)


def page(error: str = "") -> str:
    return render_template("locked.html", unlock_error=error)
