"""The same request twice is carried out once: the key comes from a header or from the form.

    @blueprint.post("/tasks/<uuid:task_id>/complete")
    @signed_in
    @once
    def complete(task_id: UUID) -> Response: ...

Inside the guard, because the answer is kept in the transaction of what it answers. A refusal takes
the key back with everything else. An answer may be a page about somebody, so it is kept sealed.
"""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Response, make_response, request
from sqlalchemy import delete

from api.auth import actor as signed_in_actor
from api.work import now, session
from engine import idempotency
from engine.errors import Refusal
from engine.models import IdempotencyKey
from workflows import keys

View = TypeVar("View", bound=Callable[..., Any])

HEADER, FIELD = "Idempotency-Key", "_key"
LONGEST = 100
KEPT = ("Content-Type", "Location", "ETag")


class BadKey(Refusal):
    """An idempotency key has 8 to 100 printable characters."""

    status = 422


def once(view: View) -> View:
    """Answer a repeated request with the answer of the first."""

    @wraps(view)
    def inside(**values: Any) -> Response:
        key = request.headers.get(HEADER) or request.form.get(FIELD)
        if not key:
            return make_response(view(**values))
        if not (8 <= len(key) <= LONGEST and key.isascii() and key.isprintable()):
            raise BadKey
        name = {"actor": signed_in_actor().by, "route": f"{request.method} {request.path}"}
        try:
            given = idempotency.replay(session(), key, body_sha256=body_hash(), now=now(), **name)
        except idempotency.KeyReused:
            # somebody went back and changed what they had sent: that is another request
            return make_response(view(**values))
        if given is not None:
            body = keys.open_kept(bound(key, **name), given.body)
            return Response(body, given.status, dict(given.headers))
        answer = make_response(view(**values))
        if answer.status_code >= 400:
            forget(key, **name)  # shown again to be mended; nothing was carried out
            return answer
        headers = {h: answer.headers[h] for h in KEPT if h in answer.headers}
        body = keys.seal_kept(bound(key, **name), answer.get_data())
        idempotency.store(
            session(), key, status=answer.status_code, body=body, headers=headers, **name
        )
        return answer

    return cast(View, inside)


def bound(key: str, *, actor: str, route: str) -> str:
    """Return what binds a kept answer to its place: whose it is, to what, under which key."""
    return f"{actor}|{route}|{key}"


def forget(key: str, *, actor: str, route: str) -> None:
    session().execute(
        delete(IdempotencyKey).where(
            IdempotencyKey.key == key, IdempotencyKey.actor == actor, IdempotencyKey.route == route
        )
    )


def body_hash() -> str:
    """Return a hash of what was asked. A form's token, key and boundary are not part of it."""
    if request.mimetype not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        return hashlib.sha256(request.get_data()).hexdigest()
    digest = hashlib.sha256()
    for name, value in request.form.items(multi=True):
        if name not in ("csrf_token", FIELD):
            digest.update(f"{len(name)}:{name}={len(value)}:{value}\n".encode())
    return digest.hexdigest()
