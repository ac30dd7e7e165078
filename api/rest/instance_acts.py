"""What is done to a running instance: suspend, resume, move, skip, correct, end it.

Each with a reason, by whoever leads the work. Reasons are kept encrypted under the key of the case.
"""

from typing import Any
from uuid import UUID

from flask import Blueprint
from marshmallow import Schema, fields, validate

from api.auth import actor
from api.rest.bodies import body, text
from api.rest.guard import programme
from api.work import now, session
from engine.core.standing import Standing
from engine.errors import NotFound
from engine.living import holding, repairing
from engine.models import ProcessInstance
from engine.states import InstanceStatus
from workflows.living import acts, seeing
from workflows.programmes.tokens import Scope

blueprint = Blueprint("rest_instance_acts", __name__)
AT = "/process-instances/<uuid:instance_id>"


class WhyIn(Schema):
    """Why."""

    reason = fields.String(required=True, validate=validate.Length(1, 2000))


class SuspendIn(WhyIn):
    """Why, and when somebody has to look at it again."""

    review_at = fields.AwareDateTime(required=True)


class MoveIn(WhyIn):
    """Which token, and before which element of the same part of the process it goes."""

    token_id = fields.UUID(required=True)
    element_id = fields.String(required=True, validate=validate.Length(1, 200))


class PassOverIn(WhyIn):
    """Which token, and the decision variables that the step would have set."""

    token_id = fields.UUID(required=True)
    variables = fields.Dict(keys=fields.String(), load_default=dict)


class CorrectIn(WhyIn):
    """Decision variables with their right values."""

    variables = fields.Dict(keys=fields.String(), required=True, validate=validate.Length(1, 50))


@blueprint.get(f"{AT}/tokens")
@programme(Scope.PROCESSES)
def tokens(instance_id: UUID) -> dict[str, Any]:
    """Say where an instance stands, and which tokens can be moved or passed over."""
    _led(instance_id)
    return {"items": [_token(each) for each in repairing.standing(session(), instance_id)]}


@blueprint.get(f"{AT}/tokens/<uuid:token_id>/targets")
@programme(Scope.PROCESSES)
def targets(instance_id: UUID, token_id: UUID) -> dict[str, Any]:
    """List the elements before which a token can be put."""
    _led(instance_id)
    found = repairing.targets(session(), instance_id, token_id)
    return {
        "items": [
            {"element_id": each.element_id, "name": each.name, "kind": each.kind} for each in found
        ]
    }


@blueprint.post(f"{AT}/suspend")
@programme(Scope.PROCESSES, takes=SuspendIn)
def suspend(instance_id: UUID) -> dict[str, Any]:
    """Stop an instance: nobody can work on its tasks, timers keep their times, messages wait.

    At `review_at` an incident asks whether that is still right. Where somebody's safety may hang
    on it that is within four hours; processes that watch over somebody are never suspended.
    """
    _led(instance_id)
    given = body()
    acts.suspend(session(), instance_id, given["reason"], given["review_at"], **_who())
    return _shown(instance_id)


@blueprint.post(f"{AT}/prolong")
@programme(Scope.PROCESSES, takes=SuspendIn)
def prolong(instance_id: UUID) -> dict[str, Any]:
    """Say until when an instance stays suspended from now on."""
    _led(instance_id)
    given = body()
    acts.prolong(session(), instance_id, given["reason"], given["review_at"], **_who())
    return _shown(instance_id)


@blueprint.post(f"{AT}/resume")
@programme(Scope.PROCESSES, takes=WhyIn)
def resume(instance_id: UUID) -> dict[str, Any]:
    """Let an instance go on: what fell due meanwhile happens now, each once."""
    _led(instance_id)
    acts.resume(session(), instance_id, body()["reason"], **_who())
    return _shown(instance_id)


@blueprint.post(f"{AT}/move")
@programme(Scope.PROCESSES, takes=MoveIn)
def move(instance_id: UUID) -> dict[str, Any]:
    """Take a token away from where it stands and put it before another element."""
    _led(instance_id)
    given = body()
    acts.move(
        session(), instance_id, given["token_id"], given["element_id"], given["reason"], **_who()
    )
    return _shown(instance_id)


@blueprint.post(f"{AT}/skip")
@programme(Scope.PROCESSES, takes=PassOverIn)
def skip(instance_id: UUID) -> dict[str, Any]:
    """Leave a step that waits undone and go on behind it."""
    _led(instance_id)
    given = body()
    acts.skip(
        session(), instance_id, given["token_id"], given["variables"], given["reason"], **_who()
    )
    return _shown(instance_id)


@blueprint.post(f"{AT}/variables")
@programme(Scope.PROCESSES, takes=CorrectIn)
def correct(instance_id: UUID) -> dict[str, Any]:
    """Correct decision variables; not ids, and not what says how high the risk is."""
    _led(instance_id)
    given = body()
    acts.correct(session(), instance_id, given["variables"], given["reason"], **_who())
    return _shown(instance_id)


@blueprint.post(f"{AT}/cancel")
@programme(Scope.PROCESSES, takes=WhyIn)
def cancel(instance_id: UUID) -> dict[str, Any]:
    """End an instance; what is open in it becomes obsolete."""
    _led(instance_id)
    acts.cancel(session(), instance_id, body()["reason"], **_who())
    return _shown(instance_id)


def _who() -> dict[str, Any]:
    return {"actor": actor(), "now": now()}


def _led(instance_id: UUID) -> ProcessInstance:
    """Return an instance whose work the caller leads: to everybody else it does not exist here."""
    instance, leads = seeing.find(session(), actor(), instance_id, now())
    if not leads:
        raise NotFound
    return instance


def _token(each: Standing) -> dict[str, Any]:
    return {
        "id": str(each.token_id),
        "element_id": each.element_id,
        "name": each.name,
        "kind": each.kind,
        "waits": each.waits,
        "within": list(each.within),
        "due_at": text(each.due_at),
        "may_move": each.may_move,
        "may_skip": each.may_skip,
    }


def _shown(instance_id: UUID) -> dict[str, Any]:
    instance = session().get_one(ProcessInstance, instance_id, populate_existing=True)
    shown: dict[str, Any] = {"id": str(instance.id), "status": str(instance.status)}
    if instance.status == InstanceStatus.SUSPENDED:
        suspension = holding.current(session(), instance_id)
        if suspension is not None:
            shown["suspended"] = {
                "by": suspension.suspended_by,
                "at": text(suspension.suspended_at),
                "review_at": text(suspension.review_at),
            }
    return shown
