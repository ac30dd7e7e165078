"""What the diagrams of access may call."""

from uuid import UUID

from engine.operations import OperationContext, operation
from workflows.access import sealing


@operation("access.record_review")
def record_review(context: OperationContext, *, break_glass_id: str) -> None:
    """Record that the emergency opening was reviewed by whoever has completed the task."""
    sealing.review(
        context.session, UUID(break_glass_id), by=context.actor or "system", now=context.now
    )
