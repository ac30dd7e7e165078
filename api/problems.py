"""What is answered when something is refused or fails: problem JSON or the right page.

A programme gets RFC 9457; a person gets a page that says what is so and what to do. What may not
be seen and what does not exist are the same page, to the byte.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import orjson
import structlog
from flask import Flask, Response, g, make_response, redirect, render_template, request
from marshmallow import ValidationError
from sqlalchemy.exc import DataError, DBAPIError, OperationalError
from werkzeug.exceptions import HTTPException, SecurityError

from api.language import say
from engine.errors import Refusal

logger = structlog.stdlib.get_logger("signpost.problems")

JSON = "application/problem+json"
# What a person reads when the refusal itself says nothing kinder.
PAGES: Mapping[int, tuple[str, str]] = {
    400: ("This page was out of date", "Go back, reload the page and try again."),
    401: ("Sign in to go on", "You were signed out. What you wrote is kept as a draft."),
    403: ("You do not have access to this", "Ask your team leader if you need it."),
    404: ("Page not found", "This page does not exist or you may not see it."),
    405: ("Page not found", "This page does not exist or you may not see it."),
    409: ("This was not done", "What you wanted to do is no longer possible."),
    410: ("No longer needed", "The work went on without this step."),
    413: ("Too much at once", "The file or the text is too large."),
    422: ("There is a problem", "Some answers need changing."),
    429: ("Too many attempts", "Wait a little and try again."),
    500: ("Something failed", "What you wrote is kept as a draft. Nothing was half done."),
    503: ("Signpost cannot answer just now", "Wait a minute and try again. Nothing was half done."),
}
FASTER = "Somebody was faster"  # where a refusal names who


@dataclass(frozen=True)
class Problem:
    """One problem in the words of RFC 9457."""

    status: int
    title: str
    type: str = "about:blank"
    detail: str = ""
    extra: Mapping[str, Any] = ()  # type: ignore[assignment]  # an empty tuple has no entries

    def as_json(self) -> dict[str, Any]:
        return {
            **dict(self.extra),
            "type": self.type,
            "title": self.title,
            "status": self.status,
            **({"detail": self.detail} if self.detail else {}),
            "request_id": g.get("request_id"),
        }


def of_refusal(refusal: Refusal) -> Problem:
    """Return what ``refusal`` says. Nothing is told about what may not be seen."""
    if refusal.status == 404:
        return of_status(404)
    return Problem(
        refusal.status, refusal.title(), refusal.problem_type(), str(refusal), refusal.extra
    )


def of_status(status: int, detail: str = "") -> Problem:
    title, words = PAGES.get(status, (HTTPStatus(status).phrase, ""))
    return Problem(status, title, detail=detail or words)


def of_answers(error: ValidationError) -> Problem:
    """Return what marshmallow found, one entry with a JSON pointer for each field."""
    errors = [{"pointer": pointer, "detail": words} for pointer, words in pointers(error.messages)]
    return Problem(
        422,
        "Some answers need changing.",
        "/problems/invalid-answers",
        extra={"errors": errors},
    )


def pointers(messages: Any, path: str = "#") -> Iterator[tuple[str, str]]:
    """Yield each message with the JSON pointer of the value it is about."""
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            step = "" if key == "_schema" else "/" + str(key).replace("~", "~0").replace("/", "~1")
            yield from pointers(inner, path + step)
    elif isinstance(messages, list | tuple):
        for inner in messages:
            yield from pointers(inner, path)
    else:
        yield path, str(messages)


def is_for_programmes() -> bool:
    """Say whether this request came from a programme rather than from somebody's page."""
    return request.path.startswith("/api/") or (
        request.accept_mimetypes.best_match(["text/html", "application/json"], "text/html")
        == "application/json"
    )


def answer(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with ``problem`` in the form that suits the caller."""
    if is_for_programmes():
        body = orjson.dumps(problem.as_json(), default=str)
        response = Response(body, problem.status, content_type=JSON)
    elif problem.status == 401:
        here = request.full_path.rstrip("?") if request.method == "GET" else "/"
        response = make_response(redirect(f"/sign-in?{urlencode({'next': here})}", 303))
    else:
        response = make_response(page(problem), problem.status)
    response.headers.extend(headers or {})
    return response


def page(problem: Problem) -> str:
    if problem.status == 423:
        return render_template("locked.html", unlock_error="")
    title, words = PAGES.get(problem.status, PAGES[500])
    known = problem.type != "about:blank"
    if problem.status == 409 and problem.extra.get("by"):
        title = FASTER
    return render_template(
        "problem.html",
        layout="base.html" if g.get("viewer") else "alone.html",
        title=say(title),
        words=problem.detail if known else say(words),
        lead=problem.title if known and problem.title != problem.detail else "",
        reference=g.get("request_id") if problem.status >= 500 else None,
        links=problem.extra.get("links", ()) if known else (),
        section=None,
    )


def install(app: Flask) -> None:
    """Turn everything that is raised into an answer."""

    @app.errorhandler(Refusal)
    def refused(refusal: Refusal) -> Response:
        retry = refusal.extra.get("retry_after")
        return answer(of_refusal(refusal), {"Retry-After": str(retry)} if retry else None)

    @app.errorhandler(ValidationError)
    def invalid(error: ValidationError) -> Response:
        return answer(of_answers(error))

    @app.errorhandler(SecurityError)
    def unknown_host(error: SecurityError) -> Response:
        """Whoever calls us by a wrong name gets no page: where its links lead is not known."""
        words = "This service is not called by this name (SIGNPOST_HOSTS).\n"
        return Response(words, 400, content_type="text/plain; charset=utf-8")

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        if error.response is not None:  # a redirect
            return make_response(error.response)
        return answer(of_status(404 if error.code == 405 else error.code or 500))

    _install_faults(app)


def _install_faults(app: Flask) -> None:
    """Turn what nobody raised on purpose into an answer."""

    @app.errorhandler(DBAPIError)
    def database(error: DBAPIError) -> Response:
        """The connection is gone, the disk is full, somebody holds a lock: try again later."""
        if isinstance(error, DataError):
            return unfit(error)
        if not isinstance(error, OperationalError):
            return failed(error)
        logger.error("database_unavailable", request_id=g.get("request_id"), exc_info=error)
        return answer(of_status(503), {"Retry-After": "5"})

    @app.errorhandler(UnicodeEncodeError)
    def unfit(error: Exception) -> Response:
        """A text or number that no column can hold, such as one with a NUL: there is no such."""
        return answer(of_status(404 if request.method in ("GET", "HEAD") else 422))

    @app.errorhandler(Exception)
    def failed(error: Exception) -> Response:
        logger.error("failed", request_id=g.get("request_id"), exc_info=error)
        return answer(of_status(500))
