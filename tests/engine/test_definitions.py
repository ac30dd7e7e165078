"""Files in, checked definitions out."""

import pytest

from engine.definitions import ReleaseRefused, check
from engine.files import FileKind
from engine.findings import Finding, Severity

HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core" '
    'id="definitions_1" targetNamespace="http://example.org/bpmn">'
)

CALL_BACK = f"""{HEAD}
  <bpmn:message id="message_asked" name="callback.asked"/>
  <bpmn:process id="call_back" name="Call back" isExecutable="true">
    <bpmn:extensionElements><spiffworkflow:properties>
      <spiffworkflow:property name="riskRank" value="risk"/>
    </spiffworkflow:properties></bpmn:extensionElements>
    <bpmn:startEvent id="start_asked">
      <bpmn:messageEventDefinition messageRef="message_asked"/>
    </bpmn:startEvent>
    <bpmn:userTask id="task_call" name="Call the client"/>
    <bpmn:endEvent id="end_called"/>
    <bpmn:sequenceFlow id="flow_1" sourceRef="start_asked" targetRef="task_call"/>
    <bpmn:sequenceFlow id="flow_2" sourceRef="task_call" targetRef="end_called"/>
  </bpmn:process>
</bpmn:definitions>"""


def test_a_process_knows_its_starts_properties_and_file():
    process = check({"call_back.bpmn": CALL_BACK}).processes["call_back"]
    assert process.name == "Call back"
    assert [(start.kind, start.name, start.element_id) for start in process.starts] == [
        ("message", "callback.asked", "start_asked")
    ]
    assert process.properties == {"riskRank": "risk"}


def test_the_kind_of_a_file_is_decided_by_its_content():
    files = {
        "a": CALL_BACK,
        "b": '{"type": "default", "id": "contact", "components": []}',
        "c": "sets:\n  handler: [contact_handler]\n",
        "d": "settings:\n  reach_days: 3\n",
        "e": "story: Amina takes a call\nsteps: []\n",
        "f": '{"england-and-wales": {"division": "england-and-wales", "events": []}}',
        "g": '{"zone": "Europe/London", "hours": {"monday": [["09:00", "17:00"]]}}',
    }
    definitions = check(files)
    assert {name: file.kind for name, file in definitions.files.items()} == {
        "a": FileKind.PROCESS,
        "b": FileKind.FORM,
        "c": FileKind.ROLES,
        "d": FileKind.SETTINGS,
        "e": FileKind.SCENARIO,
        "f": FileKind.HOLIDAYS,
        "g": FileKind.CALENDAR,
    }
    assert definitions.role_sets == {"handler": ("contact_handler",)}
    assert definitions.calendars["g"].key == "g"
    assert definitions.settings == {"reach_days": 3}


def test_one_broken_file_does_not_hide_the_others():
    with pytest.raises(ReleaseRefused) as refused:
        check({"a.bpmn": "<nothing/>", "b.bpmn": "", "c.json": "{", "d.bpmn": CALL_BACK})
    refused_files = {
        finding.file
        for finding in refused.value.findings
        if finding.severity == Severity.CANNOT_EXECUTE
    }
    assert refused_files == {"a.bpmn", "b.bpmn", "c.json"}


def test_the_hash_covers_names_and_contents():
    one = check({"a.bpmn": CALL_BACK}).sha256
    assert one == check({"a.bpmn": CALL_BACK.encode()}).sha256
    assert one != check({"b.bpmn": CALL_BACK}).sha256
    assert one != check({"a.bpmn": CALL_BACK.replace("Call the client", "Ring")}).sha256


DECISION = """<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="grades"
  namespace="http://example.org/grades"><decision id="grade" name="Grade">
  <literalExpression><text>{}</text></literalExpression></decision></definitions>"""


def test_decisions_are_loaded_by_id():
    definitions = check({"grade.dmn": DECISION.format("1 + 1")})
    assert definitions.decisions["grade"].evaluate("grade", {}).outputs == 2
    assert definitions.decision_files["grade"] == definitions.files["grade.dmn"].sha256


def test_a_decision_that_cannot_be_read_is_refused_with_its_file():
    with pytest.raises(ReleaseRefused) as refused:
        check({"grade.dmn": DECISION.format("1 +"), "call_back.bpmn": CALL_BACK})
    severe = [f for f in refused.value.findings if f.severity == Severity.CANNOT_EXECUTE]
    assert [finding.file for finding in severe] == ["grade.dmn"]


def test_two_decisions_of_one_id_are_refused():
    with pytest.raises(ReleaseRefused) as refused:
        check({"a.dmn": DECISION.format("1"), "b.dmn": DECISION.format("2")})
    assert refused.value.findings[0].message == (
        "The files 'a.dmn' and 'b.dmn' both have a decision with the id 'grade'."
    )


def test_extra_checks_see_the_finished_definitions():
    def nothing_is_good_enough(definitions):
        assert "call_back" in definitions.processes
        return [Finding("strict", Severity.CANNOT_EXECUTE, "No.")]

    with pytest.raises(ReleaseRefused) as refused:
        check({"a.bpmn": CALL_BACK}, extra_checks=[nothing_is_good_enough])
    assert "strict" in {finding.rule for finding in refused.value.findings}
    assert refused.value.extra["findings"] == refused.value.findings


TABLE = """<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="grades"
  namespace="http://example.org/grades"><decision id="grade" name="Grade">
  <decisionTable hitPolicy="UNIQUE">
  <input><inputExpression typeRef="number"><text>score</text></inputExpression></input>
  <output name="grade" typeRef="string"/>
  <rule><inputEntry><text>&lt; 14</text></inputEntry>
  <outputEntry><text>"standard"</text></outputEntry></rule>
  <rule><inputEntry><text>&gt; 20</text></inputEntry>
  <outputEntry><text>"high"</text></outputEntry></rule>
  </decisionTable></decision></definitions>"""


def test_a_gap_in_a_decision_table_is_told_once_and_may_not_be_published():
    found = [f for f in check({"grade.dmn": TABLE}).findings if f.severity != Severity.WARNING]
    assert [finding.severity for finding in found] == [Severity.UNSAFE]
    assert "score" in found[0].message
