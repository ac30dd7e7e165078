"""How a contact ends."""

from datetime import datetime

from workflows.contact.models import Contact, ContactStatus


def close(contact: Contact, outcome: str, *, now: datetime) -> None:
    """Close ``contact`` with the outcome of its process; the first outcome stays."""
    if contact.status == ContactStatus.CLOSED:
        return
    contact.status, contact.outcome = ContactStatus.CLOSED, outcome
    contact.closed_at = now
    contact.ended_at = contact.ended_at or now
