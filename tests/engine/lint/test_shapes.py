"""Types between forms, decisions, scripts and what reads their variables."""

import pytest
from dmn import decision, input_data, model, table
from drawing import bpmn, findings_of, flow, one, properties, straight

from engine.findings import Finding

FORM = """{"id": "answer", "components": [
  {"key": "outcome", "type": "radio", "properties": {"variable": "true"},
   "values": [{"label": "Yes", "value": "answered"}, {"label": "No", "value": "no_answer"}]},
  {"key": "count", "type": "number", "properties": {"variable": "true"}},
  {"key": "at", "type": "datetime", "subtype": "datetime", "properties": {"variable": "true"}}]}"""


def choosing(condition: str, more: str = "", **props: str) -> list[Finding]:
    """A user task with the form, then a gateway with one condition."""
    task = f'<bpmn:userTask id="ask" name="Ask">{properties(form="answer", **props)}'
    body = straight("ask", "choose") + task + "</bpmn:userTask>" + more
    body += '<bpmn:exclusiveGateway id="choose" default="flow_choose_finish"/>'
    body += '<bpmn:endEvent id="other"/>' + flow("choose", "other", condition)
    return findings_of(bpmn(body), files={"answer.form": FORM})


def rules(found: list[Finding]) -> set[str]:
    return {finding.rule for finding in found} & {"types_clash", "value_never_given", "not_a_time"}


@pytest.mark.parametrize(
    "condition",
    ['outcome = "answered"', "count > 3", "unheard > 3", 'settings.x = "a"', "at > now()"],
)
def test_what_fits_is_fine(condition):
    assert rules(choosing(condition)) == set()


def test_a_condition_that_no_answer_can_meet_is_told_with_the_answers():
    found = one(choosing('outcome = "answerd"'), "value_never_given")
    assert found.element_id == "flow_choose_other"
    assert 'it can be "answered", "no_answer"' in found.message


@pytest.mark.parametrize("condition", ['count > "3"', "outcome > 3", "outcome and count > 1"])
def test_types_that_do_not_fit_may_not_be_published(condition):
    assert one(choosing(condition), "types_clash").severity == "unsafe"


def test_what_a_script_writes_counts_and_what_it_raises_keeps_its_type():
    script = '<bpmn:scriptTask id="{}"><bpmn:script>{}</bpmn:script></bpmn:scriptTask>'
    steps = script.format("s1", "{tries: 0}") + script.format("s2", "{tries: tries + 1}")
    assert rules(choosing('tries = "3"', steps)) == {"types_clash"}
    assert rules(choosing("tries = 3", steps)) == set()
    steps += script.format("s3", '{tries: "many"}')
    assert rules(choosing('tries = "3"', steps)) == set()  # a text is written as well
    assert rules(choosing("tries = 3", script.format("s1", "{tries: null}"))) == set()


@pytest.mark.parametrize(("due", "fine"), [("count", False), ("at", True), ('"PT1H"', True)])
def test_a_due_time_is_a_time(due, fine):
    found = rules(choosing("count > 1", dueAt=due.replace('"', "&quot;")))
    assert (found == set()) is fine


def deciding(condition: str, decision: str, written: str = "1") -> list[Finding]:
    steps = f'<bpmn:scriptTask id="s"><bpmn:script>{{score: {written}}}</bpmn:script>'
    steps += '</bpmn:scriptTask><bpmn:businessRuleTask id="rule"><bpmn:extensionElements>'
    steps += "<spiffworkflow:calledDecisionId>level</spiffworkflow:calledDecisionId>"
    steps += "</bpmn:extensionElements></bpmn:businessRuleTask>"
    body = straight("s", "rule", "choose") + steps
    body += '<bpmn:exclusiveGateway id="choose" default="flow_choose_finish"/>'
    body += '<bpmn:endEvent id="other"/>' + flow("choose", "other", condition)
    return findings_of(bpmn(body), files={"level.dmn": decision})


ONE = model(
    decision("level", table(["score"], [""], ['>= 3|"high"', '< 3|"low"'], types=["number"]))
)
TWO = model(decision("level", table(["score"], ["at", "by"], ['-|1|"x"'], types=["number"])))


def test_what_a_table_gives_is_known():
    assert rules(deciding('level = "high"', ONE)) == set()
    assert rules(deciding('level = "hgih"', ONE)) == {"value_never_given"}
    assert rules(deciding("level > 3", ONE)) == {"types_clash"}
    assert rules(deciding('level.by = "x" and level.at > 0', TWO)) == set()
    assert rules(deciding('level.at = "x"', TWO)) == {"types_clash"}


def test_what_a_table_takes_is_compared_with_what_it_is_given():
    found = one(deciding('level = "high"', ONE, written='"many"'), "types_clash")
    assert found.element_id == "rule"
    assert "hands 'score' to the decision 'level'" in found.message
    drawn = decision("level", table(["score"], [""], ["-|1"]), inputs="score")
    drawn = model(input_data("score", "number"), drawn)
    assert rules(deciding("level = 1", drawn, written='"many"')) == {"types_clash"}
    assert rules(deciding("level = 1", drawn)) == set()


def test_a_list_of_matches_and_a_sum_are_no_single_value():
    listed = model(decision("level", table(["score"], [""], ['-|"a"'], policy="COLLECT")))
    assert rules(deciding('level = "b"', listed)) == set()
    summed = table(["score"], [""], ["-|1", "-|2"], policy="COLLECT", aggregation="SUM")
    assert rules(deciding("level = 3", model(decision("level", summed)))) == set()
    assert rules(deciding('level = "3"', model(decision("level", summed)))) == {"types_clash"}


def test_an_answer_without_a_path_is_named_with_the_way_to_it():
    task = f'<bpmn:userTask id="ask" name="Ask">{properties(form="answer")}</bpmn:userTask>'
    body = straight("ask", "choose") + task + '<bpmn:exclusiveGateway id="choose" name="Reached?"/>'
    body = body.replace(flow("choose", "finish"), flow("choose", "finish", 'outcome = "answered"'))
    other = '<bpmn:endEvent id="other"/>' + flow("choose", "other", 'outcome = "answered" and true')
    found = one(findings_of(bpmn(body + other), files={"answer.form": FORM}), "no_default_flow")
    assert found.message == (
        "Gateway 'Reached?' (choose) has no path for outcome = \"no_answer\": the case stops there."
    )
    assert found.path == ("begin", "ask", "choose")
    both = other.replace('outcome = "answered" and true', "outcome = count")
    found = one(findings_of(bpmn(body + both), files={"answer.form": FORM}), "no_default_flow")
    assert "has no default flow" in found.message
