"""Decisions over personal inputs: the inputs stay encrypted, only the outputs leave.

A business rule task may see nothing personal, so an operation asks here instead. The record says
which version of the table was asked, which rows fired and what came out; what it was asked about
is encrypted under the subject's key (domain specification 4.4).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from engine import providers, releases
from engine.decisions import DecisionResult
from engine.definitions import Definitions
from engine.ids import new_id
from engine.models import DecisionRecord
from engine.operations import OperationContext
from workflows import keys

# Who is excluded from a case, and why, is for the auditor: not even without a name is it shown to
# those who allocate.
ABOUT_STAFF = frozenset({"worker_exclusion", "worker_score"})
# What is never said as the reason of a task, to everybody who may see its name: what was found out
# about colleagues, likenesses (of which some stand behind a wall), how somebody can be reached
# safely, and the single items of a checklist.
UNSAID = ABOUT_STAFF | {
    "match_score",
    "match_band",
    "contact_method",
    "contact_recipient",
    "first_call",
    "leave_message",
    "hate_score",
}


@dataclass(frozen=True, slots=True)
class OutsideProcess:
    """What a decision needs to know when no process asks it: an import, a page, a command."""

    session: Session
    tenant_id: UUID
    actor: str
    now: datetime
    definitions: Definitions
    settings: Mapping[str, Any]
    calendars: Any
    instance_id: None = None
    business_key: UUID | None = None

    @classmethod
    def of(
        cls, session: Session, tenant_id: UUID, service_id: UUID, *, by: str, now: datetime
    ) -> "OutsideProcess":
        """Take the release in force and the service's settings and calendars."""
        release = releases.effective(session, tenant_id, now)
        definitions = releases.definitions(session, release.id)
        settings = providers.settings(session, tenant_id, service_id, definitions)
        calendars = providers.calendars(session, tenant_id, definitions, settings)
        return cls(session, tenant_id, by, now, definitions, settings, calendars)


Asking = OperationContext | OutsideProcess


def decide(
    context: Asking, decision_id: str, inputs: Mapping[str, Any], *, subject_id: UUID
) -> Any:
    """Evaluate a decision of the asking instance's release and record it.

    ``subject_id`` is whose key closes the inputs: a person, a case or a contact. Returns the
    outputs as they become variables: one output is its value, several are a context. Raises
    `DecisionError` when a rule needs something that has no value.
    """
    model = context.definitions.decisions[decision_id]
    result: DecisionResult = model.evaluate(
        decision_id,
        {**inputs, "settings": context.settings},
        now=context.now,
        calendars=context.calendars,
    )
    result.require_complete(decision_id)
    record = DecisionRecord(
        id=new_id(),  # in order: what is said of a task is the last thing decided before it
        tenant_id=context.tenant_id,
        instance_id=context.instance_id,
        business_key=context.business_key,
        element_id=decision_id,
        decision_id=decision_id,
        file_sha256=context.definitions.decision_files[decision_id],
        matched_rows=list(result.matched_rows),
        outputs=_plain(result.outputs),
        decided_at=context.now,
        actor=context.actor,
    )
    record.inputs_encrypted = _sealed(context, record.id, inputs, subject_id)
    context.session.add(record)
    return result.outputs


def _sealed(context: Asking, record_id: UUID, inputs: Mapping[str, Any], subject_id: UUID) -> bytes:
    plain = {name: _plain(value) for name, value in inputs.items()}
    table = DecisionRecord.__tablename__
    return keys.encrypt(
        context.session, subject_id, context.tenant_id, table, record_id, "inputs", plain
    )


def _plain(value: Any) -> Any:
    """Return ``value`` as JSON can hold it; what it cannot hold, as FEEL writes it."""
    if isinstance(value, Mapping):
        return {str(name): _plain(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return value if value is None or isinstance(value, bool | int | str) else str(value)
