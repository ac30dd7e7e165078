"""Named lists: options of a form that are known only when it is asked, such as candidates.

    @named_list("candidates")
    def candidates(session, task, *, now) -> list[Option]: ...

A component names one in its custom property `list`.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from engine.models import UserTask
from forms import Form, Option


class ListMaker(Protocol):
    """Makes the options for the form of one task; nothing that its reader may not see."""

    def __call__(
        self, session: Session, task: UserTask, /, *, now: datetime
    ) -> Sequence[Option]: ...


_lists: dict[str, ListMaker] = {}


def named_list(name: str) -> Callable[[ListMaker], ListMaker]:
    """Register the decorated function as the maker of the list ``name``."""

    def register(maker: ListMaker) -> ListMaker:
        if name in _lists:
            raise ValueError(f"there is a list {name} already")
        _lists[name] = maker
        return maker

    return register


def known_lists() -> frozenset[str]:
    """Return the names of all lists, for checks of a release."""
    return frozenset(_lists)


def lists_for(
    session: Session, form: Form, task: UserTask, *, now: datetime
) -> dict[str, Sequence[Option]]:
    """Return the named lists of ``form``. One that nobody makes is missing."""
    return {
        name: _lists[name](session, task, now=now) for name in sorted(form.lists) if name in _lists
    }
