"""Why somebody suspended or repaired an instance: kept sealed, because it may speak of a person."""

import base64
from uuid import UUID

from sqlalchemy.orm import Session

from engine.models import ProcessInstance
from engine.user_tasks import ReasonMissing
from workflows import keys
from workflows.keys import Erased, SubjectUnknown

SEALED = "sealed:"


def seal(session: Session, instance: ProcessInstance, reason: str) -> str:
    """Close a reason under the key of the case or contact. Raises ``ReasonMissing``."""
    if not reason.strip():
        raise ReasonMissing
    subject = _subject(session, instance)
    closed = keys.encrypt(session, subject, *_place(instance), reason.strip())
    return f"{SEALED}{subject}:{base64.b64encode(closed).decode()}"


def opened(session: Session, instance: ProcessInstance, reason: str) -> str:
    """Return a reason as it was said; nothing is left of it when its subject was erased."""
    if not reason.startswith(SEALED):
        return reason
    subject, _, closed = reason.removeprefix(SEALED).partition(":")
    try:
        stored = base64.b64decode(closed)
        text: str = keys.decrypt(session, UUID(subject), *_place(instance), stored)
    except Erased:
        return ""
    return text


def _subject(session: Session, instance: ProcessInstance) -> UUID:
    if instance.business_key is None:
        return instance.tenant_id
    try:
        keys.is_erased(session, instance.business_key)
    except SubjectUnknown:
        return instance.tenant_id
    return instance.business_key


def _place(instance: ProcessInstance) -> tuple[UUID, str, UUID, str]:
    return instance.tenant_id, ProcessInstance.__tablename__, instance.id, "reason"
