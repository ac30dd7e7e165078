"""Diagrams as other tools write them open; what stands in the way of running them is said."""

from pathlib import Path

import pytest
from drawing import findings_of
from lxml import etree

from engine.definitions import check, read_diagrams, release_of
from engine.files import load
from engine.findings import Severity
from engine.lint import lint

FOLDER = Path(__file__).parent / "other_tools"
# What stands in these in the words of their own engine cannot be carried out: all of it is told.
REFUSED = {"camunda_7", "camunda_8"}
TOOLS = sorted({path.stem for path in FOLDER.glob("*.bpmn")} - REFUSED)
CONDITION = "=ok = true"


def drawn(tool: str) -> str:
    return (FOLDER / f"{tool}.bpmn").read_text(encoding="utf-8")


@pytest.mark.parametrize("tool", TOOLS)
def test_a_diagram_of_another_tool_opens_and_is_kept_as_it_was(tool):
    definitions = check({"diagram.bpmn": drawn(tool)})
    assert len(definitions.processes) == (2 if tool == "two_pools" else 1)
    assert definitions.files["diagram.bpmn"].content == drawn(tool).encode()


@pytest.mark.parametrize("tool", [*TOOLS, *sorted(REFUSED)])
def test_looking_at_a_diagram_changes_nothing_in_it(tool):
    loaded = load({"diagram.bpmn": drawn(tool)})
    [diagram] = read_diagrams(loaded)
    lint(release_of(loaded, [diagram]))
    untouched = etree.fromstring(drawn(tool).encode())
    assert etree.tostring(diagram.root, method="c14n") == etree.tostring(untouched, method="c14n")


def foreign(tool: str) -> dict[str, set[str]]:
    """Return what another engine's words are found on each step, by the step's id."""
    found: dict[str, set[str]] = {}
    for finding in findings_of(drawn(tool)):
        if finding.rule == "foreign_behaviour":
            assert finding.remedy and finding.severity == Severity.UNSAFE
            found.setdefault(finding.element_id, set()).add(finding.message.split("'")[-2])
    return found


def test_everything_that_is_said_to_camunda_7_alone_is_told_at_once():
    assert foreign("camunda_7") == {
        "s": {"formKey"},
        "u": {"assignee", "candidateGroups", "formKey", "dueDate", "taskListener", "inputOutput"},
        "c": {"class"},
        "x": {"topic"},
        "r": {"decisionRef", "resultVariable"},
        "g": {"resultVariable"},
        "ca": {"in", "collection", "elementVariable"},
    }
    refused = {f.rule for f in findings_of(drawn("camunda_7")) if f.severity == "cannot_execute"}
    assert refused == {"no_decision", "other_language", "no_cardinality", "unknown_process"}


def test_everything_that_is_said_to_camunda_8_alone_is_told_at_once():
    assert foreign("camunda_8") == {
        "Activity_1ask": {"formDefinition", "assignmentDefinition", "taskSchedule", "ioMapping"},
        "Activity_tell": {"taskDefinition"},
        "Activity_rule": {"calledDecision"},
        "Activity_call": {"calledElement"},
        "Activity_script": {"script"},
        "Message_1": {"subscription"},
    }


def test_what_is_said_in_our_words_as_well_is_left_alone():
    ours = '<spiffworkflow:properties xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/'
    ours += '1.0/core"><spiffworkflow:property name="{}" value="{}"/></spiffworkflow:properties>'
    text = drawn("camunda_7").replace(
        "<camunda:taskListener", ours.format("dueAt", "PT1H") + "<camunda:taskListener"
    )
    assert text != drawn("camunda_7")
    found = [f.message for f in findings_of(text) if f.rule == "foreign_behaviour"]
    assert not any("dueDate" in message for message in found)


def test_two_pools_that_only_document_run_both_with_their_message_flows():
    rules = {finding.rule for finding in check({"d": drawn("two_pools")}).findings}
    assert rules == {"not_executable", "data_store", "loose_end"}


def test_what_is_left_out_or_doubtful_is_told_in_full():
    rules = {finding.rule for finding in check({"d": drawn("bpmn_io")}).findings}
    assert rules == {"not_executable", "data_store", "made_up_ids"}
    rules = {finding.rule for finding in check({"d": drawn("signavio")}).findings}
    assert rules == {"not_executable", "unknown_reference", "made_up_ids"}
    rules = {finding.rule for finding in check({"d": drawn("trisotech")}).findings}
    assert rules == {"no_form", "role_without_effect", "data_store", "file_language"}
    rules = {finding.rule for finding in check({"d": drawn("w4")}).findings}
    assert rules == {"file_language"}, "empty conditions are in no language"


def test_an_expression_of_another_engine_is_refused_with_its_remedy():
    found = findings_of(drawn("camunda_modeler").replace(CONDITION, "${ok}"))
    refused = [finding for finding in found if finding.severity == Severity.CANNOT_EXECUTE]
    assert [finding.remedy for finding in refused] == ["Write the expression without '${' and '}'."]


def test_data_items_of_two_steps_may_have_one_name():
    found = findings_of(drawn("spiff_arena"))
    assert [f.severity for f in found if f.rule == "duplicate_id"] == [Severity.WARNING]


FLOWS = """<bpmn:messageFlow id="m" sourceRef="{}" targetRef="{}"/>"""


@pytest.mark.parametrize(
    ("source", "target", "fine"),
    [
        ("Activity_0approve", "them", True),
        ("them", "Activity_0approve", True),
        ("Activity_0approve", "us", False),
        ("Event_0a", "them", False),
        ("them", "Event_0end", False),
        ("them", "Event_0a", False),
        ("Event_0end", "them", False),
    ],
)
def test_message_flows_lead_from_who_sends_to_who_receives(source, target, fine):
    pools = '<bpmn:collaboration id="c"><bpmn:participant id="us" processRef="invoice"/>'
    pools += (
        '<bpmn:participant id="them"/>' + FLOWS.format(source, target) + "</bpmn:collaboration>"
    )
    text = drawn("camunda_modeler").replace("  <bpmn:process ", pools + "<bpmn:process ")
    rules = {finding.rule for finding in findings_of(text)}
    assert ("message_flow" in rules) is not fine
