"""Messages and signals into processes, from a service's own systems and its partners."""

from typing import Any

from flask import Blueprint
from marshmallow import Schema, fields, validate

from api.auth import actor
from api.rest.bodies import body, text
from api.rest.guard import programme
from api.work import now, session
from engine import messages as engine_messages
from engine.errors import NotFound
from engine.models import MessageInbox
from workflows.programmes import inbound
from workflows.programmes.tokens import Scope

blueprint = Blueprint("rest_messages", __name__)

NAME = validate.Regexp(r"^[a-z_]+\.[a-z_]+$", error="A name is domain.verb, in small letters.")


class MessageIn(Schema):
    """A message: exactly one instance takes it, or it waits in the inbox."""

    name = fields.String(required=True, validate=NAME)
    payload = fields.Dict(keys=fields.String(), load_default=dict)
    correlation = fields.Dict(keys=fields.String(), load_default=None, allow_none=True)
    message_id = fields.String(validate=validate.Length(1, 200), load_default=None)
    kind = fields.String(validate=validate.OneOf(["message", "signal"]), load_default="message")


@blueprint.post("/messages")
@programme(Scope.MESSAGES, takes=MessageIn)
def send() -> tuple[dict[str, object], int]:
    """Send a message or signal of those that come from outside, about what one may see.

    Ids and words of one piece only. The same message_id again changes nothing.
    """
    given = body()
    said = {**(given["correlation"] or {}), **given["payload"]}
    inbound.require_from_outside(given["name"])
    inbound.require_words("payload", said)
    inbound.require_visible(session(), actor(), said, now(), reason="message")
    about: dict[str, Any] = {
        "by": actor().by,
        "now": now(),
        "message_id": _own_id(given["message_id"]),
    }
    if given["kind"] == "signal":
        ids = engine_messages.broadcast(
            session(), actor().tenant_id, given["name"], given["payload"], **about
        )
        return {"ids": [str(row_id) for row_id in ids]}, 202
    row_id = engine_messages.send(
        session(),
        actor().tenant_id,
        given["name"],
        given["payload"],
        correlation=given["correlation"],
        **about,
    )
    return {"id": str(row_id)}, 202


def _own_id(message_id: str | None) -> str | None:
    """Keep the ids of one sender apart from everybody else's: nobody's message is held up."""
    return f"{actor().by}:{message_id}" if message_id else None


@blueprint.get("/messages/<uuid:message_id>")
@programme(Scope.MESSAGES)
def show(message_id: object) -> dict[str, object]:
    """Say what has become of a message that one has sent."""
    row = session().get(MessageInbox, message_id)
    if row is None or row.sent_by != actor().by:
        raise NotFound
    return {
        "id": str(row.id),
        "name": row.name,
        "state": str(row.state),
        "received_at": text(row.received_at),
        "consumed_at": text(row.consumed_at),
        "consumed_by": str(row.consumed_by) if row.consumed_by else None,
    }
