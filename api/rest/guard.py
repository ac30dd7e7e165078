"""The guard of the JSON views: who asks, for what, and a repeated request answered once.

    @blueprint.post("/user-tasks/<uuid:task_id>/complete")
    @programme(Scope.CASEWORK)
    def complete(task_id: UUID) -> Answer: ...

A caller shows an access token (`Authorization: Bearer ...`) or the login cookie of a page of ours,
which then needs the page's token as well. A change may carry an `Idempotency-Key`.
"""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast
from uuid import UUID

import orjson
from flask import Response, g, request
from marshmallow import Schema
from sqlalchemy.orm import Session

from api import auth, work
from api.idempotency import bound
from api.rest import etags
from engine import idempotency, messages
from engine.db import unit_of_work
from engine.errors import Forbidden, Refusal
from workflows import keys
from workflows.access.actor import NotSignedIn
from workflows.programmes import tokens
from workflows.programmes.tokens import Scope

View = TypeVar("View", bound=Callable[..., Any])
LONGEST_KEY = 200
CHANGES = {"POST", "PUT", "PATCH", "DELETE"}


class ScopeMissing(Forbidden):
    """This access token may not be used for that."""


class KeyTooLong(Refusal):
    """An idempotency key has 1 to 200 characters."""

    status = 400


def programme(
    scope: Scope,
    *,
    also: Scope | None = None,
    takes: type[Schema] | None = None,
    reads: bool = False,
) -> Callable[[View], View]:
    """Let in whoever has a token of ``scope``, or is signed in to a page of ours.

    ``also``: a scope that opens a part of the view, which asks `has_scope` for what. ``takes``:
    what the body must be; `bodies.body` gives it to the view, checked. ``reads``: it changes
    nothing although it is posted to, so a repeated request is answered afresh, by what the caller
    may see by then.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def inside(**values: Any) -> Response:
            def once() -> tuple[Response, list[UUID]]:
                with unit_of_work(work.database()) as session:
                    g.session = session
                    _enter(session, {scope, also} - {None})
                    return _answer(session, view, values, reads), messages.produced(session)

            answer, sent = work.repeated(once)
            work.deliver_sent(sent, g.tenant_id)
            return answer

        inside.guard = "programme"  # type: ignore[attr-defined]  # a function may carry a note
        inside.scope, inside.takes = scope, takes  # type: ignore[attr-defined]
        inside.also = also  # type: ignore[attr-defined]
        return cast(View, inside)

    return guard


def has_scope(scope: Scope) -> bool:
    """Whether the caller may use all of what ``scope`` opens; a page of ours may."""
    return g.get("scopes") is None or scope in g.scopes


def _enter(session: Session, scopes: set[Scope | None]) -> None:
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    if not secret:
        auth.enter(session)
        return
    token = None
    if kind.casefold() == "bearer":
        token = tokens.find(session, secret.strip(), now=work.now(), real_now=auth.real_now())
    if token is None:
        raise NotSignedIn
    if not scopes & token.scopes:
        wanted = " or ".join(f"“{scope}”" for scope in sorted(map(str, scopes)))
        raise ScopeMissing(f"It needs the scope {wanted}.")
    g.scopes = token.scopes
    g.actor, g.tenant_id = token.actor, token.actor.tenant_id


def _answer(session: Session, view: View, values: dict[str, Any], reads: bool) -> Response:
    """Carry the request out, or give the answer that was given to it before."""
    key = request.headers.get("Idempotency-Key")
    if key is None or reads or request.method not in CHANGES:
        return etags.conditional(as_response(view(**values)))
    if not 1 <= len(key) <= LONGEST_KEY:
        raise KeyTooLong
    name = {"actor": auth.actor().by, "route": f"{request.method} {request.path}"}
    digest = hashlib.sha256(request.get_data()).hexdigest()
    given = idempotency.replay(session, key, body_sha256=digest, now=work.now(), **name)
    if given is not None:
        body = keys.open_kept(bound(key, **name), given.body)
        return Response(body, given.status, given.headers, content_type="application/json")
    answer = as_response(view(**values))
    kept = {name: answer.headers[name] for name in ("ETag", "Location") if name in answer.headers}
    body = keys.seal_kept(bound(key, **name), answer.get_data())
    idempotency.store(session, key, status=answer.status_code, body=body, headers=kept, **name)
    return answer


def as_response(answer: Any) -> Response:
    """Make a response of what a view returns: a body, (body, status), (body, status, headers)."""
    if isinstance(answer, Response):
        return answer
    body, status, headers = (
        (*answer, None, None)[:3] if isinstance(answer, tuple) else (answer, 200, None)
    )
    return Response(
        b"" if body is None else orjson.dumps(body, default=str),
        status or 200,
        headers,
        content_type="application/json",
    )
