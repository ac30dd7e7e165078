"""The safe-contact card in front of a task: masked, and its values one at a time, recorded."""

from typing import Any
from uuid import UUID

from flask import Blueprint
from marshmallow import Schema, fields, validate

from api.auth import actor
from api.rest.bodies import body, text
from api.rest.guard import programme
from api.work import now, session
from workflows.access.reading import require_task
from workflows.follow_up import reading_card
from workflows.follow_up.reading_card import Line, Seen
from workflows.people.safe_contact import FLAGS, WORDS
from workflows.programmes.tokens import Scope

blueprint = Blueprint("rest_safe_contact", __name__)

ENDING = 3  # digits of a number that are shown, so that two lines can be told apart


class RevealIn(Schema):
    """Which value: a line's own (a number, an address), a word, or the other way agreed for now."""

    what = fields.String(required=True, validate=validate.OneOf(["number", *WORDS, "other_way"]))
    channel_id = fields.UUID(load_default=None, allow_none=True)


@blueprint.get("/user-tasks/<uuid:task_id>/safe-contact")
@programme(Scope.CASEWORK)
def show(task_id: UUID) -> dict[str, Any]:
    """Show how the client of a task may be reached now, with every value masked. Recorded.

    `mode` is the answer of the decision `first_call`, `may_leave` what the decision
    `leave_message` allows; what nobody knows is not safe.
    """
    task = require_task(session(), actor(), task_id, now())
    return shown(reading_card.look(session(), actor(), task, now=now()))


@blueprint.post("/user-tasks/<uuid:task_id>/safe-contact/reveal")
@programme(Scope.CASEWORK, takes=RevealIn, reads=True)
def reveal(task_id: UUID) -> dict[str, Any]:
    """Give one value of the card to whoever holds the task. Each is recorded by its kind."""
    given = body()
    task = require_task(session(), actor(), task_id, now())
    value = reading_card.reveal(
        session(), actor(), task, given["what"], given["channel_id"], now=now()
    )
    return {"what": given["what"], "value": value}


def shown(seen: Seen) -> dict[str, Any]:
    card = seen.card.card
    return {
        "version": seen.card.version,
        "confirmed_at": text(seen.card.confirmed_at),
        "may_reveal": seen.may_reveal,
        "withhold_number": card.withhold_number,
        "dropped_call": card.dropped_call,
        "other_way": seen.other_way,
        "words": [word for word in WORDS if getattr(card, word)],
        "window": seen.opening
        and {
            "is_open": seen.is_open,
            "opens_at": text(seen.opening.starts_at),
            "closes_at": text(seen.opening.ends_at),
        },
        "lines": [_line(line) for line in seen.lines],
    }


def _line(line: Line) -> dict[str, Any]:
    channel = line.channel
    given = channel.given_as_safe
    return {
        "channel_id": str(channel.id),
        "kind": channel.kind,
        "ending": channel.value[-ENDING:] if channel.is_phone else None,
        "mode": line.mode,
        "may_leave": list(line.may_leave),
        "is_suspended": line.is_suspended,
        "is_best": line.is_best,
        "given_as_safe_on": given.when.isoformat() if given else None,
        **{flag: getattr(channel, flag) for flag in FLAGS},
    }
