"""What becomes of the answers to a form: each capability takes over its own.

    @answers("risk_assessment")
    def risk_assessment(session, task, given, *, by, now) -> dict | None: ...

``task`` is the user task, locked; ``given`` are the checked answers. What the handler returns
are further variables of the process: ids and decision variables only. It may raise a `Refusal`,
or ``marshmallow.ValidationError`` for what only it can see to be wrong; then nothing has happened.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session

from engine.models import UserTask


class Handler(Protocol):
    """Takes over the answers to one form."""

    __name__: str

    def __call__(
        self,
        session: Session,
        task: UserTask,
        given: Mapping[str, Any],
        /,
        *,
        by: str,
        now: datetime,
    ) -> dict[str, Any] | None: ...


_handlers: dict[str, Handler] = {}


def answers(*form_ids: str) -> Callable[[Handler], Handler]:
    """Register the decorated function for the answers to these forms; one function for each."""

    def register(handler: Handler) -> Handler:
        for form_id in form_ids:
            if form_id in _handlers:
                taken = _handlers[form_id].__name__
                raise ValueError(f"the answers to {form_id} already go to {taken}")
            _handlers[form_id] = handler
        return handler

    return register


def handler_of(form_id: str) -> Handler | None:
    """Return what takes over the answers to a form; None leaves them as they are stored."""
    return _handlers.get(form_id)


def handled_forms() -> frozenset[str]:
    """Return the ids of the forms that have a handler, for checks of a release."""
    return frozenset(_handlers)
