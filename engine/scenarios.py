"""Stories that a release has to pass: played in a rehearsal, with stand-ins for the operations.

    story: "S-01 ..."
    now: 2027-01-14T10:05:00Z
    operations:                       # successive results; the last one repeats
      contact.queue: [{queue: spoc_high, first_response_due: '=now() + duration("PT2H")'}]
    steps:
      - message: {name: contact.received, payload: {contact_id: c1}}   # and correlation
      - expect: {tasks: [task_read_written], due_at: {task_read_written: 2027-01-14T12:05:00Z}}
      - complete: {task: task_read_written, data: {immediate_danger: "no"}}
      - advance_to: 2027-01-14T14:00:00Z
      - signal: {name: risk.changed, payload: {case_id: k1}}
      - start: {process: first_contact, data: {case_id: k1}}

``expect`` may say: ``tasks`` (element ids, exactly those open), ``open`` (at least these),
``due_at`` by element, ``variables`` by process, ``ended`` (processes), ``messages`` (names nobody
has taken), ``incidents`` (how many; none where it is not said) and ``never`` (element ids that
were not reached). A text that begins with "=" is FEEL. An operation that is not named gives
nothing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import feel
from engine.definitions import Definitions
from engine.rehearsal import BusinessError, Rehearsal

STEPS = ("start", "message", "signal", "complete", "advance_to", "expect")
EXPECTED = ("tasks", "open", "due_at", "variables", "ended", "messages", "incidents", "never")


@dataclass(frozen=True, slots=True)
class Failure:
    """What did not happen as the story says. ``step`` counts from 1; 0 is the story itself."""

    story: str
    step: int
    message: str


class BadScenario(ValueError):
    """The scenario itself makes no sense."""


def operations_of(definitions: Definitions) -> set[str]:
    """Return the names of the operations that the diagrams of a release call."""
    return {
        operator.get("id") or ""
        for process in definitions.processes.values()
        for operator in process.element.iter("{*}serviceTaskOperator")
    }


def play(definitions: Definitions, scenario: Mapping[str, Any]) -> list[Failure]:
    """Play one story on a release and return what went otherwise; nothing is good.

    Raises `BadScenario`.
    """
    return _Play(definitions, scenario).run()


def play_all(definitions: Definitions) -> list[Failure]:
    """Play every story of a release; one that makes no sense has failed as well."""
    return [
        failure
        for scenario in definitions.scenarios.values()
        for failure in _played(definitions, scenario)
    ]


def _played(definitions: Definitions, scenario: Mapping[str, Any]) -> list[Failure]:
    try:
        return play(definitions, scenario)
    except BadScenario as wrong:
        return [Failure(str(scenario.get("story", "")), 0, str(wrong))]


class _Play:
    """One story while it is played."""

    def __init__(self, definitions: Definitions, scenario: Mapping[str, Any]) -> None:
        self.story = str(scenario.get("story", ""))
        self.steps = scenario.get("steps") or []
        given = scenario.get("operations") or {}
        now = scenario.get("now")
        if not self.story or not isinstance(now, datetime) or now.tzinfo is None:
            raise BadScenario("A scenario has a story and an aware 'now'.")
        unknown = sorted(set(given) - operations_of(definitions))
        if unknown:
            raise BadScenario(f"{self.story}: no diagram calls {', '.join(unknown)}.")
        stand_ins = {
            name: self._stand_in(list(given.get(name) or [{}]))
            for name in operations_of(definitions)
        }
        self.rehearsal = Rehearsal(definitions, now, stand_ins)

    def _stand_in(self, results: list[Any]) -> Callable[..., Any]:
        def operation(**parameters: Any) -> Any:
            result = results.pop(0) if len(results) > 1 else results[0]
            if isinstance(result, Mapping) and "business_error" in result:
                raise BusinessError(result["business_error"])
            return self._value(result)

        return operation

    def run(self) -> list[Failure]:
        failures = []
        for number, step in enumerate(self.steps, 1):
            if len(step) != 1 or next(iter(step)) not in STEPS:
                raise BadScenario(f"{self.story}, step {number}: one of {', '.join(STEPS)}.")
            [(kind, about)] = step.items()
            problems = self._expect(about) if kind == "expect" else self._do(kind, about)
            failures += [Failure(self.story, number, problem) for problem in problems]
            if failures:
                break  # what follows would only repeat it
        return failures

    def _do(self, kind: str, about: Any) -> Iterator[str]:
        rehearsal = self.rehearsal
        if kind == "advance_to":
            rehearsal.advance_to(self._value(about))
        elif kind == "start":
            rehearsal.start(about["process"], self._value(about.get("data") or {}))
        elif kind == "signal":
            rehearsal.send_signal(about["name"], self._value(about.get("payload") or {}))
        elif kind == "message":
            payload = self._value(about.get("payload") or {})
            rehearsal.send_message(about["name"], payload, about.get("correlation"))
        else:
            found = [t for t in rehearsal.open_tasks() if t.element_id == about["task"]]
            if not found:
                yield f"There is no open task {about['task']}; open are {self._open()}."
                return
            rehearsal.complete(found[0].id, self._value(about.get("data") or {}))
        if rehearsal.incidents():
            yield from (f"{i.element_id}: {i.cause}" for i in rehearsal.incidents())

    def _expect(self, about: Mapping[str, Any]) -> Iterator[str]:
        unknown = sorted(set(about) - set(EXPECTED))
        if unknown:
            raise BadScenario(f"{self.story}: nothing is known of {', '.join(unknown)}.")
        yield from self._expect_tasks(about)
        yield from self._expect_variables(about.get("variables") or {})
        for process_id in about.get("ended") or ():
            if not all(self.rehearsal.has_ended(id) for id in self._instances(process_id)):
                yield f"{process_id} has not ended."
        waiting = self.rehearsal.waiting_messages()
        missing = [name for name in about.get("messages") or () if name not in waiting]
        if missing:
            yield f"Nobody was sent {', '.join(missing)}."
        reached = {*self.rehearsal.trace(), *self._open()}
        for element_id in about.get("never") or ():
            if element_id in reached:
                yield f"{element_id} was reached."
        if len(self.rehearsal.incidents()) != about.get("incidents", 0):
            yield f"There are {len(self.rehearsal.incidents())} incidents."

    def _expect_tasks(self, about: Mapping[str, Any]) -> Iterator[str]:
        opened = self._open()
        if "tasks" in about and sorted(about["tasks"]) != opened:
            yield f"Open are {opened}, not {sorted(about['tasks'])}."
        missing = sorted(set(about.get("open") or ()) - set(opened))
        if missing:
            yield f"{', '.join(missing)} not open; open are {opened}."
        due = {task.element_id: task.due_at for task in self.rehearsal.open_tasks()}
        for element_id, expected in (about.get("due_at") or {}).items():
            if due.get(element_id) != self._value(expected):
                yield f"{element_id} is due at {due.get(element_id)}, not {expected}."

    def _expect_variables(self, expected: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
        for process_id, values in expected.items():
            found = [self.rehearsal.variables(id) for id in self._instances(process_id)]
            for name, value in values.items():
                if not any(variables.get(name) == self._value(value) for variables in found):
                    seen = [variables.get(name) for variables in found]
                    yield f"{name} of {process_id} is {seen}, not {value!r}."

    def _instances(self, process_id: str) -> Sequence[Any]:
        found = [
            id for id in self.rehearsal.instances() if self.rehearsal.process_of(id) == process_id
        ]
        if not found:
            raise BadScenario(f"{self.story}: no instance of {process_id} was started.")
        return found

    def _open(self) -> list[str]:
        return sorted(task.element_id for task in self.rehearsal.open_tasks())

    def _value(self, given: Any) -> Any:
        """Return what a scenario says, with its FEEL evaluated at this instant."""
        if isinstance(given, Mapping):
            return {name: self._value(entry) for name, entry in given.items()}
        if isinstance(given, list):
            return [self._value(entry) for entry in given]
        if isinstance(given, str) and given.startswith("="):
            return feel.evaluate(given[1:], {}, now=self.rehearsal.now)
        return given
