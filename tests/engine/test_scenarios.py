"""Stories are played as they are told, and say what went otherwise."""

from datetime import UTC, datetime
from typing import Any

import pytest
from diagrams import diagram, end, message, process, service, start, throw, user

from engine import definitions, scenarios
from engine.scenarios import BadScenario

FILES = {
    "p.bpmn": diagram(
        process(
            start("asked", message("help.asked")),
            service("look_up", "help.look_up", result="level"),
            user("answer", dueAt='"PT4H"'),
            throw("told", message("help.given")),
            end("done"),
            flows="asked > look_up > answer > told > done",
        )
    )
}
NOW = datetime(2027, 1, 14, 10, 5, tzinfo=UTC)
ASK = {"message": {"name": "help.asked", "payload": {"who": "k1"}}}


def played(*steps: dict[str, Any], **more: Any) -> list[str]:
    told = {"story": "help", "now": NOW, "steps": list(steps)} | more
    found = scenarios.play(definitions.check(FILES), told)
    return [f"{failure.step}: {failure.message}" for failure in found]


def test_a_story_that_goes_as_it_says_has_nothing_to_say() -> None:
    told = [
        ASK,
        {"expect": {"tasks": ["answer"], "due_at": {"answer": '=now() + duration("PT4H")'}}},
        {"complete": {"task": "answer", "data": {"given": True}}},
        {"expect": {"tasks": [], "ended": ["p"], "messages": ["help.given"]}},
        {"expect": {"variables": {"p": {"given": True, "level": {"of": "k1"}}}}},
    ]
    results = {"help.look_up": [{"of": "k1"}]}

    assert played(*told, operations=results) == []


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        ({"tasks": []}, "2: Open are ['answer'], not []."),
        ({"open": ["call_back"]}, "2: call_back not open; open are ['answer']."),
        ({"due_at": {"answer": NOW}}, "2: answer is due at 2027-01-14 14:05:00+00:00, not"),
        ({"variables": {"p": {"who": "k2"}}}, "2: who of p is ['k1'], not 'k2'."),
        ({"ended": ["p"]}, "2: p has not ended."),
        ({"messages": ["help.given"]}, "2: Nobody was sent help.given."),
        ({"never": ["look_up"]}, "2: look_up was reached."),
        ({"incidents": 1}, "2: There are 0 incidents."),
    ],
)
def test_what_went_otherwise_is_said(expected: dict[str, Any], said: str) -> None:
    [failure] = played(ASK, {"expect": expected})
    assert failure.startswith(said)


def test_a_task_that_is_not_open_is_said_to_be_missing() -> None:
    told = played(ASK, {"complete": {"task": "call_back"}})
    assert told == ["2: There is no open task call_back; open are ['answer']."]


def test_the_results_of_an_operation_follow_each_other_and_the_last_repeats() -> None:
    told = [ASK, ASK, ASK, {"expect": {"variables": {"p": {"level": {"n": 3}}}}}]
    assert played(*told, operations={"help.look_up": [{"n": 1}, {"n": 2}]}) == [
        "4: level of p is [{'n': 1}, {'n': 2}, {'n': 2}], not {'n': 3}."
    ]


def test_an_operation_that_fails_by_the_rules_is_an_incident_nobody_expected() -> None:
    told = played(ASK, operations={"help.look_up": [{"business_error": "not_found"}]})
    assert len(told) == 1


@pytest.mark.parametrize(
    "more",
    [
        {"now": datetime(2027, 1, 14, 10, 5)},
        {"operations": {"help.unknown": [{}]}},
        {"steps": [{"wait": 3}]},
        {"steps": [ASK, {"expect": {"task": ["answer"]}}]},
        {"steps": [ASK, {"expect": {"ended": ["q"]}}]},
    ],
)
def test_a_story_that_makes_no_sense_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(BadScenario):
        played(**more)
