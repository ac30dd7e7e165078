"""Diagrams as other tools write them open; what stands in the way of running them is said."""

from pathlib import Path

import pytest
from drawing import findings_of

from engine.definitions import check
from engine.findings import Severity

FOLDER = Path(__file__).parent / "other_tools"
TOOLS = sorted(path.stem for path in FOLDER.glob("*.bpmn"))
CONDITION = "=ok = true"


def drawn(tool: str) -> str:
    return (FOLDER / f"{tool}.bpmn").read_text(encoding="utf-8")


@pytest.mark.parametrize("tool", TOOLS)
def test_a_diagram_of_another_tool_opens_and_is_kept_as_it_was(tool):
    definitions = check({"diagram.bpmn": drawn(tool)})
    assert len(definitions.processes) == 1
    assert definitions.files["diagram.bpmn"].content == drawn(tool).encode()


def test_what_is_left_out_or_doubtful_is_told_in_full():
    rules = {finding.rule for finding in check({"d": drawn("bpmn_io")}).findings}
    assert rules == {"not_executable", "data_store", "made_up_ids"}
    rules = {finding.rule for finding in check({"d": drawn("signavio")}).findings}
    assert rules == {"not_executable", "unknown_reference", "made_up_ids"}


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
