"""Rules that are put together above the engine: what comes before what, and what must not wait."""

import json
from datetime import timedelta

import pytest
from drawing import bpmn, flow, flows, one, properties, straight

from engine.definitions import check
from engine.findings import Finding
from engine.lint import escalation, messages, order, separation, urgency

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


def test_a_safety_critical_task_does_not_wait_for_office_hours():
    office = urgent(straight("ring") + task(OFFICE, safetyCritical="true"))
    assert office[0].message.startswith("'Ring' (ring) is safety critical, but its time runs on")
    assert urgent(straight("ring") + task(ONCALL, safetyCritical="true")) == []
    asked = f'if level = "high" or asked then {ONCALL} else {OFFICE}'
    assert urgent(straight("ring") + task(asked, safetyCritical="true")) == []
    asked = f'if level = "high" and asked then {ONCALL} else {OFFICE}'
    assert len(urgent(straight("ring") + task(asked, safetyCritical="true"))) == 1


def called(conditions: list[str], due: str) -> list[tuple[str, str | None]]:
    """One process that calls another behind each condition; what is found in the other."""
    body = '<bpmn:startEvent id="begin"/><bpmn:endEvent id="finish"/>' + flows("begin", "choice")
    body += '<bpmn:exclusiveGateway id="choice" default="flow_choice_finish"/>'
    body += flows("choice", "finish")
    for number, condition in enumerate(conditions):
        body += f'<bpmn:callActivity id="call_{number}" calledElement="ringing"/>'
        body += flow("choice", f"call_{number}", condition) + flows(f"call_{number}", "finish")
    inner = bpmn(straight("ring") + task(due), process_id="ringing")
    found = check({"d": bpmn(body), "e": inner, **OFFICE_FILE}, extra_checks=[URGENT, TOLD])
    rules = ("urgent_on_office_time", "urgent_told_too_late", "urgent_wait_unchased")
    return [(f.rule, f.element_id) for f in found.findings if f.rule in rules]


def test_a_process_that_only_urgent_steps_call_is_urgent():
    both = [("urgent_on_office_time", "ring"), ("urgent_told_too_late", "ring")]
    assert called(['level = "high"'], OFFICE) == both
    assert called(['level = "high"', 'level in ("high")'], OFFICE) == both
    assert called(['level = "high"', 'level = "low"'], OFFICE) == []
    assert called(['level = "high"'], ONCALL) == []


# -- escalation -------------------------------------------------------------------------------

TOLD = escalation.reached_in_time(urgent=("high",), within=timedelta(hours=24))
OFFICE_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
OFFICE_FILE = {
    "cal.json": json.dumps(
        {
            "key": "cal_office",
            "name": "Office",
            "zone": "Europe/London",
            "hours": dict.fromkeys(OFFICE_DAYS, [["09:00", "17:00"]]),
        }
    )
}


def told(body: str, defs: str = "") -> list[tuple[str, str | None]]:
    files = {"d": bpmn(body, defs=defs), **OFFICE_FILE}
    found = check(files, extra_checks=[TOLD]).findings
    rules = ("urgent_wait_unchased", "urgent_told_too_late")
    return [(finding.rule, finding.element_id) for finding in found if finding.rule in rules]


def edge(host: str, text: str) -> str:
    event = f'<bpmn:boundaryEvent id="late" attachedToRef="{host}" cancelActivity="false">'
    event += f"<bpmn:timerEventDefinition><bpmn:timeDuration>{text}</bpmn:timeDuration>"
    return event + "</bpmn:timerEventDefinition></bpmn:boundaryEvent>" + flows("late", "finish")


@pytest.mark.parametrize(
    ("due", "rule"),
    [
        ("due_hours(4)", None),
        ("PT24H", None),
        ("PT25H", "urgent_told_too_late"),
        ('duration("P2D")', "urgent_told_too_late"),
        ('if level = "high" then due_hours(1) else duration("P9D")', None),
        ('if level = "high" then due_hours(30) else due_hours(1)', "urgent_told_too_late"),
        ('due_working_hours(2, "cal_office")', "urgent_told_too_late"),
        ('due_working_hours(2, "cal_oncall")', None),
        ('due_same_day("cal_oncall")', None),
        ("agreed_at", None),
        ("", "urgent_wait_unchased"),
    ],
)
def test_urgent_work_is_chased_in_time(due, rule):
    found = told(behind_a_choice('level = "high"', due))
    assert found == ([(rule, "ring")] if rule else [])
    assert told(behind_a_choice('level = "low"', due)) == []


def test_the_worst_moment_is_named():
    body = behind_a_choice('level = "high"', 'due_working_hours(2, "cal_office")')
    files = {"d": bpmn(body), **OFFICE_FILE}
    found = one(list(check(files, extra_checks=[TOLD]).findings), "urgent_told_too_late")
    assert "for up to 6" in found.message and "(from Friday" in found.message
    assert found.path == ("begin", "choice", "ring")


def test_a_timer_on_the_edge_chases_too():
    body = behind_a_choice('level = "high"', "")
    assert told(body + edge("ring", "PT4H")) == []
    assert told(body + edge("ring", "P3D")) == [("urgent_told_too_late", "ring")]


RECEIVE = '<bpmn:receiveTask id="ring" messageRef="m"/>'
MESSAGE = '<bpmn:message id="m" name="answered"/>'


def test_what_else_waits_on_an_urgent_path_needs_a_timer():
    body = behind_a_choice('level = "high"', "x").replace(task("x"), RECEIVE)
    assert told(body, MESSAGE) == [("urgent_wait_unchased", "ring")]
    assert told(body + edge("ring", "PT4H"), MESSAGE) == []


def test_a_timer_around_the_step_is_enough():
    inner = f'<bpmn:subProcess id="ring">{RECEIVE.replace("ring", "inner")}</bpmn:subProcess>'
    critical = properties(safetyCritical="true")
    inner = inner.replace('messageRef="m"/>', f'messageRef="m">{critical}</bpmn:receiveTask>')
    body = straight("ring") + inner
    assert told(body, MESSAGE) == [("urgent_wait_unchased", "inner")]
    assert told(body + edge("ring", "PT4H"), MESSAGE) == []


# -- who sends what is waited for -------------------------------------------------------------


def unsent(*names: str, thrown: str = "") -> list[str]:
    body = straight("wait") + RECEIVE.replace("ring", "wait")
    sending = straight("say") + '<bpmn:sendTask id="say" messageRef="m"/>'
    files = {"d": bpmn(body, defs=MESSAGE)}
    if thrown:
        files["e"] = bpmn(sending, defs=MESSAGE.replace("answered", thrown), process_id="other")
    found = check(files, extra_checks=[messages.senders(names)]).findings
    return [finding.message for finding in found if finding.rule == "no_sender"]


def test_a_message_that_nobody_sends_is_told():
    (said,) = unsent("answred", thrown="something")
    assert said == (
        "'wait' waits for the message 'answered', which nobody sends; did you mean 'answred'?"
    )
    assert unsent("answered") == []
    assert unsent(thrown="answered") == []


# -- separation of duties ---------------------------------------------------------------------


def eligible(held: dict[str, list[str]], **given: str) -> list[tuple[str, str]]:
    text = f'<bpmn:userTask id="check" name="Check">{properties(**given)}</bpmn:userTask>'
    files = {"d": bpmn(straight("check") + text), "r": "sets:\n  leads: [chief, deputy]\n"}
    checks = [separation.somebody_is_left(held), separation.not_for_the_excluded()]
    found = check(files, extra_checks=checks).findings
    return [(f.rule, f.severity) for f in found if f.rule.startswith("nobody_")]


def test_four_eyes_need_a_second_pair():
    four_eyes = {"potentialOwners": "leads", "excludedOwners": "[assessor_id]"}
    assert eligible({"chief": ["amina"], "deputy": ["ben"]}, **four_eyes) == []
    alone = {"chief": ["amina"], "deputy": ["amina"]}
    assert eligible(alone, **four_eyes) == [("nobody_eligible", "warning")]
    assert eligible(alone, potentialOwners="leads") == []
    assert eligible({}, potentialOwners="leads") == [("nobody_holds", "warning")]
    assert eligible({"leads": ["amina"]}, potentialOwners="other, chief") == [
        ("nobody_holds", "warning")
    ]


def test_a_task_for_the_very_person_it_excludes_may_not_be_published():
    own = {"assignee": "owner_id", "excludedOwners": "owner_id"}
    assert eligible({}, **own) == [("nobody_eligible", "unsafe")]
    own["assignee"] = "if away then lead_id else owner_id"
    assert eligible({}, **own) == [("nobody_eligible", "unsafe")]
    own["assignee"] = "lead_id"
    assert eligible({}, **own) == []
