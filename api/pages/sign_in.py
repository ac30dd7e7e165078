"""Signing in and out. One page, one message for every failure, neutral to look at."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from flask import Blueprint, Response, g, jsonify, make_response, redirect, render_template, request
from flask import session as page_cookie
from flask_wtf.csrf import generate_csrf
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from api import viewer, work
from api.auth import cookie_name, give_cookie, public, real_now, take_cookie
from api.demonstration import PASSWORD
from api.language import say
from api.problems import Problem, answer, is_for_programmes
from api.words import clock_time, plain
from engine.db import unit_of_work
from workflows.access.actor import actor_for
from workflows.demonstration.organisation import HALLAM, OAKVALE
from workflows.identity import signing_in
from workflows.identity.models import Login
from workflows.identity.throttle import TooManyAttempts

blueprint = Blueprint("sign_in", __name__)

# Of the demonstration: whom its guide names, and what everybody is.
FIRST = ("amina", "ben", "chidi", "dana", "dsl", "owner", "owner2", "auditor", "admin")
ROLES = {person.login: person.role for plan in (HALLAM, OAKVALE) for person in plan.people}
WRONG = "The name, the password or the code is wrong. Check all three."


@dataclass(frozen=True)
class Demonstration:
    """What a demonstration shows on its sign-in page: invented people and the code of one."""

    people: list[tuple[str, str]]  # login, and what they are
    password: str
    chosen: str
    code: str


@blueprint.get("/sign-in")
@public
def form() -> str:
    chosen = request.args.get("as", "")[:100]
    return page(name=chosen, next_page=own_path(request.args.get("next")), chosen=chosen)


@blueprint.post("/sign-in")
@public
def enter() -> AnyResponse:
    given = request.form
    name = given.get("name", "")[:200]
    next_page = own_path(given.get("next"))
    try:
        with unit_of_work(work.database()) as session:
            opened = signing_in.sign_in(
                session,
                name,
                given.get("password", "")[:200],
                given.get("code", "")[:40],
                address=request.remote_addr or "",
                now=real_now(),
            )
            if opened is not None:
                page_cookie.clear()
                actor = actor_for(session, opened.session.staff_id, work.now())
                viewer.remember(session, actor)
    except TooManyAttempts as refusal:
        again = clock_time(datetime.fromisoformat(refusal.extra["retry_at"]))
        return refused(say("Try again at %(time)s.", time=again), 429, name, next_page)
    if opened is None:
        return refused(say(WRONG), 422, name, next_page)
    g.pop("csrf_token", None)
    done: AnyResponse = (
        jsonify(csrf_token=generate_csrf()) if is_for_programmes() else redirect(next_page, 303)
    )
    give_cookie(done, opened.secret)  # type: ignore[arg-type]  # both are Flask's
    return done


@blueprint.post("/sign-out")
@public
def out() -> AnyResponse:
    """End the session for every copy of its cookie, and leave nothing in the browser."""
    with unit_of_work(work.database()) as session:
        signing_in.sign_out(session, request.cookies.get(cookie_name(), ""), now=real_now())
    page_cookie.clear()
    done = redirect("/sign-in", 303)
    take_cookie(done)  # type: ignore[arg-type]  # it is Flask's
    done.headers["Clear-Site-Data"] = '"cache", "storage"'
    return done


def refused(words: str, status: int, name: str, next_page: str) -> Response:
    """Say ``words`` and nothing that tells a wrong name from a wrong password."""
    if is_for_programmes():
        return answer(Problem(status, words, detail=words))
    return make_response(page(error=words, name=name, next_page=next_page), status)


def page(*, error: str = "", name: str = "", next_page: str = "/", chosen: str = "") -> str:
    return render_template(
        "sign_in.html",
        error=error,
        name=name,
        next=next_page,
        demonstration=demonstration(chosen) if work.settings().demo else None,
    )


def demonstration(chosen: str) -> Demonstration:
    """Return the logins of the demonstration, and a code that is good now for the chosen one."""
    with unit_of_work(work.database()) as session:
        names = list(session.scalars(select(Login.name)))
        code = signing_in.code_to_show(session, chosen, now=real_now()) if chosen else None
    people = sorted(((name, plain(ROLES.get(name, ""))) for name in names), key=_as_named)
    return Demonstration(people, PASSWORD, chosen if code else "", code or "")


def _as_named(person: tuple[str, str]) -> tuple[int, str]:
    """Return where somebody stands: those whom the guide names first, then by name."""
    name = person[0]
    return (FIRST.index(name) if name in FIRST else len(FIRST), name)


def own_path(given: str | None) -> str:
    """Return ``given`` if it is a path of ours, else the start: nobody is led elsewhere."""
    if not given or not given.isprintable():  # browsers leave tabs and line ends out of addresses
        return "/"
    if not given.startswith("/") or given.startswith(("//", "/\\")):
        return "/"
    parts = urlsplit(given)
    return given if not parts.scheme and not parts.netloc else "/"
