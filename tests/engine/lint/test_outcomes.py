"""What reads the results of operations: by the right names, with the right types."""

from dataclasses import replace

import pytest
from dmn import decision, model, table
from drawing import bpmn, checked, flow, straight

from engine.findings import Finding
from engine.lint import services
from engine.operations import Operation
from engine.results import Entry, Results
from feel.shapes import of_type

LEVEL = Entry("level", "string", of_type("string", ["high", "low"]), True, False, (str,))
COUNT = Entry("count", "number", of_type("number"), True, False, (int,))
SCORED = Operation("risk.score", lambda: None, (), results=Results((LEVEL, COUNT)))
ROWS = ['1 | "high" | 1', '- | "low" | 2']


def told(condition: str, operation: Operation = SCORED, variable: str = "", **files: str):
    """A service task, then a gateway that reads something of it."""
    named = f' resultVariable="{variable}"' if variable else ""
    service = (
        '<bpmn:serviceTask id="score" name="Score"><bpmn:extensionElements>'
        f'<spiffworkflow:serviceTaskOperator id="risk.score"{named}/>'
        "</bpmn:extensionElements></bpmn:serviceTask>"
        '<bpmn:exclusiveGateway id="choose" default="flow_choose_finish"/>'
        '<bpmn:endEvent id="other"/>'
    )
    body = straight("score", "choose") + service + flow("choose", "other", condition)
    definitions = checked(bpmn(body), files=files)
    return list(services.operations({"risk.score": operation}, frozenset({"given"}))(definitions))


def rules(found: list[Finding]) -> list[tuple[str, str]]:
    return [(finding.rule, finding.severity) for finding in found]


@pytest.mark.parametrize("condition", ['level = "high"', "count > 3", "given = 1", "level = null"])
def test_what_the_operation_returns_is_known(condition):
    assert rules(told(condition)) == []


def test_a_name_that_nothing_sets_is_a_hint_with_the_nearest():
    [found] = told("leve1 = given and leve1 != null")
    assert (found.rule, found.severity) == ("never_set", "warning")
    [found] = told("grade = 1")
    assert "reads 'grade', which no step, form, decision or operation sets." in found.message


@pytest.mark.parametrize(
    ("condition", "rule", "severity"),
    [
        ("count > level", "types_clash", "unsafe"),
        ('level = "medium"', "value_never_given", "warning"),
    ],
)
def test_results_are_compared_with_their_own_types(condition, rule, severity):
    assert rules(told(condition)) == [(rule, severity)]


def test_an_entry_that_the_result_does_not_have_may_not_be_published():
    [found] = told("scored.leve = 1", variable="scored")
    assert (found.rule, found.severity) == ("no_such_entry", "unsafe")
    assert "'scored.leve' is never there; 'level' is" in found.message
    assert rules(told('scored.level = "high"', variable="scored")) == []


def test_the_outputs_of_a_table_are_those_of_the_release():
    scored = replace(SCORED, results=None, decision="dash")
    dash = model(decision("dash", table(["given"], ["grade", "n"], ROWS, policy="FIRST")))
    files = {"dash.dmn": dash}
    assert rules(told('dash.grade = "high"', scored, "dash", **files)) == []
    assert rules(told("dash.level = 1", scored, "dash", **files)) == [("no_such_entry", "unsafe")]


def test_an_operation_that_does_not_say_leaves_every_name_open():
    untold = replace(SCORED, results=None)
    assert rules(told("anything = 1", untold)) == []
    assert rules(told("scored.anything = 1", untold, "scored")) == []
