"""What the engine asks casework about suspended instances."""

from sqlalchemy.orm import Session

from engine.living.holding import opens_reasons
from engine.living.models import Suspension
from engine.models import ProcessInstance
from workflows.living import reasons


@opens_reasons
def reason_of(session: Session, suspension: Suspension) -> str:
    """Return why an instance was suspended. Who may see a task of it may read that."""
    instance = session.get_one(ProcessInstance, suspension.instance_id)
    return reasons.opened(session, instance, suspension.reason)
