"""Rehearsing the shipped diagrams with stand-ins: what a test does not name gives nothing."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

from engine import definitions, releases, scenarios
from engine.definitions import Definitions
from engine.rehearsal import Rehearsal

FILES = releases.shipped_files()
THURSDAY = datetime(2027, 1, 14, 10, 5, tzinfo=UTC)


@cache
def shipped() -> Definitions:
    """The release as it is shipped, checked once."""
    return definitions.check(FILES)


class Rehearsed:
    """A rehearsal of the shipped release; ``results`` are those of operations, one after another.

    An operation's last result repeats. `results` may be changed while it runs. ``settings`` are
    those of a service.
    """

    def __init__(
        self, results: Mapping[str, list[Any]], now: datetime = THURSDAY, **settings: Any
    ) -> None:
        self.results = {name: list(given) for name, given in results.items()}
        stand_ins = {name: self._stand_in(name) for name in scenarios.operations_of(shipped())}
        release = replace(shipped(), settings={**shipped().settings, **settings})
        self.rehearsal = Rehearsal(release, now, stand_ins)

    def _stand_in(self, name: str) -> Any:
        def operation(**parameters: Any) -> Any:
            given = self.results.get(name) or [{}]
            result = given.pop(0) if len(given) > 1 else given[0]
            return result(self.rehearsal.now) if callable(result) else result

        return operation

    def tell(self, name: str, **payload: Any) -> "Rehearsed":
        """Send a message."""
        self.rehearsal.send_message(name, payload)
        return self

    def do(self, element_id: str, **data: Any) -> "Rehearsed":
        """Complete the open task of an element."""
        opened = self.rehearsal.open_tasks()
        found = [task for task in opened if task.element_id == element_id]
        assert found, (element_id, self.open(), self.rehearsal.incidents())
        self.rehearsal.complete(found[0].id, data)
        assert self.rehearsal.incidents() == []
        return self

    def open(self) -> list[str]:
        return sorted(task.element_id for task in self.rehearsal.open_tasks())

    def sent(self, name: str) -> int:
        """How many messages of a name nobody has taken."""
        return self.rehearsal.waiting_messages().count(name)

    def ends(self, process_id: str) -> list[str]:
        """The end events that a process has reached."""
        ids = [i for i in self.rehearsal.instances() if self.rehearsal.process_of(i) == process_id]
        return [e for i in ids for e in self.rehearsal.trace(i) if e.startswith("end_")]
