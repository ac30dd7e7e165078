"""Who asks: login cookies, the guards that every route carries, and what a guarded view may use.

    @blueprint.get("/tasks")
    @signed_in
    def home() -> str:
        tasks.inbox(session(), actor(), ...)

A guard opens the request's one unit of work, finds out who asks, calls the view and ends the unit
of work; only then is the answer sent, so nobody is told of what was not committed. A test looks
that every route has a guard.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any, TypeVar, cast
from uuid import UUID

from flask import Response, current_app, g, make_response, request
from flask_wtf.csrf import CSRFError, CSRFProtect
from sqlalchemy.orm import Session

from api import viewer, work
from engine import messages
from engine.db import unit_of_work
from workflows.access.actor import Actor, NotSignedIn, actor_for
from workflows.desk import screen
from workflows.identity import sessions
from workflows.identity.models import LoginSession

View = TypeVar("View", bound=Callable[..., Any])

csrf = CSRFProtect()
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
SAME_SITE = {"same-origin", "none"}


def signed_in(view: View | None = None, *, behind_lock: bool = False) -> Any:
    """Let members of staff in who are signed in; ``behind_lock``: with a locked screen as well."""

    def guard(view: View) -> View:
        @wraps(view)
        def inside(**values: Any) -> Response:
            def once() -> tuple[Response, list[UUID]]:
                with unit_of_work(work.database()) as session:
                    g.session = session
                    enter(session, behind_lock=behind_lock)
                    return make_response(view(**values)), messages.produced(session)

            answer, sent = work.repeated(once)
            work.deliver_sent(sent, g.tenant_id)
            return answer

        inside.guard = "signed_in"  # type: ignore[attr-defined]  # a function may carry a note
        return cast(View, inside)

    return guard if view is None else guard(view)


def public(view: View) -> View:
    """Let everybody in. The view opens a unit of work itself if it needs one."""

    @wraps(view)
    def inside(**values: Any) -> Any:
        require_own_page()
        return view(**values)

    inside.guard = "public"  # type: ignore[attr-defined]  # a function may carry a note
    return cast(View, inside)


def enter(session: Session, *, behind_lock: bool = False) -> None:
    """Find out who asks and open their tenant's rows. Raises `NotSignedIn` or `ScreenLocked`."""
    living = sessions.resume(session, request.cookies.get(cookie_name(), ""), now=real_now())
    if living is None:
        raise NotSignedIn
    require_own_page()
    if "X-Signpost-Background" in request.headers:
        session.expire(living, ["seen_at"])  # looking for news is not being there
    g.living, g.tenant_id = living, living.tenant_id
    if not behind_lock and screen.is_locked(session, living.id):
        raise screen.ScreenLocked
    g.actor = actor_for(session, living.staff_id, work.now())
    g.viewer = viewer.of_request(g.actor)


def require_own_page() -> None:
    """Refuse a change that did not come from a page of ours: token, and what the browser says."""
    if request.method in SAFE_METHODS:
        return
    if request.headers.get("Sec-Fetch-Site", "none") not in SAME_SITE:
        raise CSRFError("This did not come from a page of Signpost.")
    csrf.protect()


def actor() -> Actor:
    return cast(Actor, g.actor)


def living() -> LoginSession:
    """Return the login session of this request."""
    return cast(LoginSession, g.living)


def real_now() -> datetime:
    """Return the machine's time: logins live in it, also when a demonstration travels."""
    return datetime.now(UTC)


def cookie_name() -> str:
    """Return the name of the login cookie; `__Host-` makes browsers insist on HTTPS and path."""
    return "signpost" if work.settings().demo else "__Host-signpost"


def give_cookie(answer: Response, secret: str) -> None:
    answer.set_cookie(
        cookie_name(),
        secret,
        secure=not current_app.config["INSECURE_COOKIES"],
        httponly=True,
        samesite="Lax",
        path="/",
    )


def take_cookie(answer: Response) -> None:
    secure = not current_app.config["INSECURE_COOKIES"]
    answer.delete_cookie(cookie_name(), path="/", secure=secure, httponly=True, samesite="Lax")
