"""Rules that are put together above the engine: what comes before what, and what must not wait."""

from drawing import bpmn, flow, flows, properties, straight

from engine.definitions import check
from engine.findings import Finding
from engine.lint import order, urgency

SHARED = order.never_without(
    "sharing_without_basis",
    step=order.calls_operation("referral.send"),
    guard=order.any_of(order.shows_form("consent"), order.asks_decision("sharing_basis")),
    message="{step} shares what was said before its basis is recorded.",
    remedy="Record consent or find the legal basis first.",
)
URGENT = urgency.urgent_deadlines(
    urgent=("high", "high_child"), always_open=("cal_247", "cal_oncall")
)


def service(element_id: str, operation: str) -> str:
    return (
        f'<bpmn:serviceTask id="{element_id}"><bpmn:extensionElements>'
        f'<spiffworkflow:serviceTaskOperator id="{operation}"/></bpmn:extensionElements>'
        "</bpmn:serviceTask>"
    )


SEND = service("send", "referral.send")
ASK = f'<bpmn:userTask id="ask" name="Ask">{properties(form="consent")}</bpmn:userTask>'


def shared(*diagrams: str) -> list[Finding]:
    files = {f"d{number}": text for number, text in enumerate(diagrams)}
    found = check(files, extra_checks=[SHARED]).findings
    return [finding for finding in found if finding.rule == "sharing_without_basis"]


# -- order ------------------------------------------------------------------------------------


def test_sharing_behind_consent_is_fine():
    assert shared(bpmn(straight("ask", "send") + ASK + SEND)) == []


def test_sharing_before_consent_is_told_with_the_path():
    found = shared(bpmn(straight("send", "ask") + ASK + SEND))
    assert found[0].message == "'send' shares what was said before its basis is recorded."
    assert found[0].path == ("begin", "send")
    assert found[0].severity == "unsafe"


def test_one_way_round_the_consent_is_enough():
    body = straight("choice") + '<bpmn:exclusiveGateway id="choice" default="flow_choice_finish"/>'
    body += '<bpmn:exclusiveGateway id="merge"/>' + ASK + SEND + flows("ask", "merge", "send")
    body += flow("choice", "ask", "known") + flow("choice", "merge", "not(known)")
    found = shared(bpmn(body + flows("send", "finish")))
    assert found[0].path == ("begin", "choice", "merge", "send")


def test_a_boundary_event_is_a_way_round():
    body = straight("ask") + ASK + SEND + '<bpmn:boundaryEvent id="late" attachedToRef="ask">'
    body += "<bpmn:timerEventDefinition><bpmn:timeDuration>P1D</bpmn:timeDuration>"
    body += "</bpmn:timerEventDefinition></bpmn:boundaryEvent>" + flows("late", "send", "finish")
    assert shared(bpmn(body))[0].path == ("begin", "ask", "late", "send")


def test_what_a_called_process_asks_counts():
    call = '<bpmn:callActivity id="call" calledElement="asking"/>'
    caller = bpmn(straight("call", "send") + call + SEND)
    assert shared(caller, bpmn(straight("ask") + ASK, process_id="asking")) == []
    silent = bpmn(straight("x") + '<bpmn:task id="x"/>', process_id="asking")
    assert shared(caller, silent)[0].path == ("begin", "call", "send")


def test_what_a_called_process_does_is_looked_at_from_its_callers():
    call = '<bpmn:callActivity id="call" calledElement="sending"/>'
    sending = bpmn(straight("send") + SEND, process_id="sending")
    assert shared(bpmn(straight("ask", "call") + ASK + call), sending) == []
    found = shared(bpmn(straight("call") + call), sending)
    assert [finding.element_id for finding in found] == ["send"]


def test_what_a_subprocess_does_is_looked_at_in_its_place():
    sub = f'<bpmn:subProcess id="sub">{SEND}</bpmn:subProcess>'
    assert shared(bpmn(straight("ask", "sub") + ASK + sub)) == []
    assert shared(bpmn(straight("sub", "ask") + ASK + sub))[0].path == ("begin", "sub", "send")


def test_processes_that_call_each_other_are_answered():
    one = bpmn(straight("c") + '<bpmn:callActivity id="c" calledElement="two"/>', process_id="one")
    two = bpmn(straight("c") + '<bpmn:callActivity id="c" calledElement="one"/>', process_id="two")
    assert shared(one, two) == []


# -- urgency ----------------------------------------------------------------------------------


def urgent(body: str) -> list[Finding]:
    found = check({"d": bpmn(body)}, extra_checks=[URGENT]).findings
    return [finding for finding in found if finding.rule == "urgent_on_office_time"]


OFFICE = 'due_working_hours(2, "cal_office")'
ONCALL = 'due_working_hours(2, "cal_oncall")'


def task(due: str, **more: str) -> str:
    given = properties(dueAt=due.replace('"', "&quot;").replace("<", "&lt;"), **more)
    return f'<bpmn:userTask id="ring" name="Ring">{given}</bpmn:userTask>'


def test_a_safety_critical_task_has_a_due_time():
    without = f'<bpmn:userTask id="ring" name="Ring">{properties(safetyCritical="true")}'
    files = {"d": bpmn(straight("ring") + without + "</bpmn:userTask>")}
    found = check(files, extra_checks=[urgency.critical_tasks_have_deadlines()]).findings
    assert "critical_without_deadline" in {finding.rule for finding in found}
    files = {"d": bpmn(straight("ring") + task(ONCALL, safetyCritical="true"))}
    found = check(files, extra_checks=[urgency.critical_tasks_have_deadlines()]).findings
    assert "critical_without_deadline" not in {finding.rule for finding in found}


def test_the_urgent_way_through_an_expression_counts():
    swapped = f'if level = "high" then {OFFICE} else {ONCALL}'
    right = f'if level = "high" then {ONCALL} else {OFFICE}'
    listed = f'if level in ("high", "high_child") then {OFFICE} else {ONCALL}'
    assert len(urgent(straight("ring") + task(swapped))) == 1
    assert len(urgent(straight("ring") + task(listed))) == 1
    assert urgent(straight("ring") + task(right)) == []


def behind_a_choice(condition: str, due: str) -> str:
    body = straight("choice") + '<bpmn:exclusiveGateway id="choice" default="flow_choice_finish"/>'
    return body + flow("choice", "ring", condition) + task(due) + flows("ring", "finish")


def test_a_step_on_an_urgent_path_does_not_wait_for_office_hours():
    found = urgent(behind_a_choice('level = "high"', OFFICE))
    assert found[0].path == ("begin", "choice", "ring")
    assert urgent(behind_a_choice('level = "low"', OFFICE)) == []
    assert urgent(behind_a_choice('level = "high" or asked', OFFICE)) == []
    assert urgent(behind_a_choice('level = "high" and asked', OFFICE)) != []


def test_a_timer_on_an_urgent_step_counts():
    boundary = '<bpmn:boundaryEvent id="late" attachedToRef="ring"><bpmn:timerEventDefinition>'
    boundary += f"<bpmn:timeDuration>{OFFICE}</bpmn:timeDuration></bpmn:timerEventDefinition>"
    boundary += "</bpmn:boundaryEvent>" + flows("late", "finish")
    body = behind_a_choice('level = "high"', ONCALL) + boundary
    assert [finding.element_id for finding in urgent(body)] == ["late"]
    assert urgent(behind_a_choice('level = "low"', ONCALL) + boundary) == []
