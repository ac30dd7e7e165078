"""What SpiffWorkflow accepts and then does wrongly is refused before it runs.

One test for each row of the engine notes that is refused; the number is the row's. The run's list
of names is the list of what is refused.
"""

import pytest
from drawing import bpmn, findings_of, flow, flows, one, properties, refusals, straight

from engine.findings import Severity

PARALLEL = """
  <bpmn:startEvent id="begin"/><bpmn:parallelGateway id="split"/>
  <bpmn:userTask id="task_a" name="Ring"/><bpmn:userTask id="task_b" name="Write"/>
  <bpmn:parallelGateway id="join" name="Both done"/><bpmn:endEvent id="finish"/>
"""


def timer_boundary(timer: str, attributes: str = "") -> str:
    return bpmn(
        straight("task_a")
        + '<bpmn:userTask id="task_a" name="Ring"/>'
        + f'<bpmn:boundaryEvent id="timer_late" attachedToRef="task_a" {attributes}>'
        + f"<bpmn:timerEventDefinition>{timer}</bpmn:timerEventDefinition></bpmn:boundaryEvent>"
        + '<bpmn:endEvent id="finish_late"/>'
        + flows("timer_late", "finish_late")
    )


def catch_timer(timer: str) -> str:
    return bpmn(
        straight("timer_wait")
        + '<bpmn:intermediateCatchEvent id="timer_wait" name="Wait"><bpmn:timerEventDefinition>'
        + f"{timer}</bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>"
    )


def test_trap_02_more_than_300_steps_in_one_line_are_refused():
    ids = [f"step_{number}" for number in range(400)]
    body = straight(*ids) + "".join(f'<bpmn:task id="{step}"/>' for step in ids)
    found = one(findings_of(bpmn(body, name="Long")), "long_path")
    assert found.message == "'Long' (case_work) has 402 steps in one line; 300 are allowed."
    assert found.remedy == "Move a part into a called process."


def test_trap_02_300_steps_in_one_line_are_fine():
    ids = [f"step_{number}" for number in range(298)]
    assert refusals(bpmn(straight(*ids) + "".join(f'<bpmn:task id="{i}"/>' for i in ids))) == []


def test_trap_05_a_join_that_a_branch_can_miss_is_refused_with_a_path():
    diagram = bpmn(
        PARALLEL
        + '<bpmn:exclusiveGateway id="choice" default="flow_ok"/><bpmn:endEvent id="finish_early"/>'
        + flows("begin", "split", "task_a", "join", "finish")
        + flows("split", "task_b", "choice")
        + flow("choice", "finish_early", "stopped")
        + flow("choice", "join", id="flow_ok")
    )
    found = one(findings_of(diagram), "stuck_join")
    assert found.message == (
        "The join 'Both done' (join) can wait for ever: a branch can end at 'finish_early' "
        "without reaching it through 'choice'."
    )
    assert found.path[0] == "begin" and found.path[-1] == "join" and "finish_early" in found.path
    assert found.severity == Severity.CANNOT_EXECUTE


def test_trap_06_a_gateway_without_a_default_flow_may_not_be_published():
    diagram = bpmn(
        straight("choice")
        + '<bpmn:exclusiveGateway id="choice" name="Safe?"/><bpmn:task id="task_a"/>'
        + flow("choice", "task_a", 'answer = "no"')
        + flows("task_a", "finish")
    ).replace('targetRef="finish">', 'targetRef="finish"><!-- -->', 1)
    diagram = diagram.replace(
        '<bpmn:sequenceFlow id="flow_choice_finish" sourceRef="choice" targetRef="finish">',
        '<bpmn:sequenceFlow id="flow_choice_finish" sourceRef="choice" targetRef="finish">'
        '<bpmn:conditionExpression>answer = "yes"</bpmn:conditionExpression>',
    )
    found = one(findings_of(diagram), "no_default_flow")
    assert found.severity == Severity.UNSAFE
    assert found.message.startswith("Gateway 'Safe?' (choice) has no default flow")


def test_trap_11_a_loop_in_which_nothing_waits_is_refused_if_it_cannot_end():
    diagram = bpmn(
        '<bpmn:startEvent id="begin"/><bpmn:endEvent id="finish"/>'
        '<bpmn:exclusiveGateway id="merge"/>'
        '<bpmn:task id="a" name="A"/><bpmn:task id="b" name="B"/>'
        + '<bpmn:parallelGateway id="split"/>'
        + flows("begin", "split", "merge", "a", "b", "merge")
        + flows("split", "finish")
    )
    found = one(findings_of(diagram), "loop_without_wait")
    assert found.severity == Severity.CANNOT_EXECUTE
    assert "'A' (a)" in found.message and "'B' (b)" in found.message
    assert "form a loop without a task, timer or message" in found.message


def test_trap_11_a_loop_in_which_nothing_waits_but_that_can_end_may_only_be_rehearsed():
    diagram = bpmn(
        '<bpmn:startEvent id="begin"/><bpmn:endEvent id="finish"/><bpmn:task id="a"/>'
        '<bpmn:exclusiveGateway id="again" default="flow_out"/>'
        + flows("begin", "a", "again")
        + flow("again", "a", "n > 0")
        + flow("again", "finish", id="flow_out")
    )
    assert one(findings_of(diagram), "loop_without_wait").severity == Severity.UNSAFE
    assert refusals(diagram) == []


def test_trap_12_a_variable_set_in_two_parallel_branches_is_told():
    diagram = bpmn(
        PARALLEL.replace(
            '<bpmn:userTask id="task_a" name="Ring"/><bpmn:userTask id="task_b" name="Write"/>',
            '<bpmn:scriptTask id="task_a"><bpmn:script>{grade: 1}</bpmn:script></bpmn:scriptTask>'
            '<bpmn:scriptTask id="task_b"><bpmn:script>{grade: 2}</bpmn:script></bpmn:scriptTask>',
        )
        + flows("begin", "split", "task_a", "join", "finish")
        + flows("split", "task_b", "join")
    )
    found = one(findings_of(diagram), "set_in_parallel")
    assert found.message.startswith("'grade' is set in two parallel branches ('task_a' and")


@pytest.mark.parametrize(
    ("form", "text", "suggestion"),
    [
        ("timeDuration", "PT1H30", "did you mean PT1H30M?"),
        ("timeDuration", "P1H", "did you mean PT1H?"),
        ("timeDuration", "-P1D", "did you mean P1D?"),
        ("timeDuration", "P1WT2H", "is not a duration."),
        ("timeCycle", "R3/PT1H30", "did you mean R3/PT1H30M?"),
        ("timeCycle", "PT1H", "did you mean R/PT1H?"),
        ("timeDate", "2026-02-30", "is not a date and time."),
    ],
)
def test_trap_26_a_time_that_cannot_be_read_is_refused(form, text, suggestion):
    found = one(findings_of(catch_timer(f"<bpmn:{form}>{text}</bpmn:{form}>")), "wrong_time")
    assert found.message.startswith(f"'{text}' of timer 'Wait' (timer_wait)")
    assert suggestion in found.message


def test_trap_26_a_time_in_prose_is_refused():
    diagram = catch_timer("<bpmn:timeDate>next tuesday at nine</bpmn:timeDate>")
    assert "is prose" in one(findings_of(diagram), "prose").message


def test_trap_27_a_cycle_on_an_interrupting_boundary_event_is_refused():
    diagram = timer_boundary("<bpmn:timeCycle>R3/PT1H</bpmn:timeCycle>")
    found = one(findings_of(diagram), "interrupting_cycle")
    assert found.element_id == "timer_late"
    assert (
        refusals(
            timer_boundary("<bpmn:timeCycle>R3/PT1H</bpmn:timeCycle>", 'cancelActivity="false"')
        )
        == []
    )


def test_trap_27_a_period_under_a_minute_is_refused():
    diagram = catch_timer("<bpmn:timeCycle>R3/PT30S</bpmn:timeCycle>")
    assert "every 30 seconds" in one(findings_of(diagram), "short_period").message


@pytest.mark.parametrize("text", ["P11Y", "P9999Y", "R/P11Y"])
def test_trap_27_a_wait_of_more_than_ten_years_is_refused(text):
    form = "timeCycle" if text.startswith("R") else "timeDuration"
    found = findings_of(catch_timer(f"<bpmn:{form}>{text}</bpmn:{form}>"))
    assert "more than ten years" in one(found, "long_time").message


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ('<bpmn:task id="b" isForCompensation="true"/>', "undoes_nothing"),
        ('<bpmn:boundaryEvent id="on_a" attachedToRef="a"><bpmn:compensateEventDefinition/>'
         "</bpmn:boundaryEvent>", "no_undoing_step"),
        ('<bpmn:boundaryEvent id="on_a" attachedToRef="a"><bpmn:cancelEventDefinition/>'
         "</bpmn:boundaryEvent>" + flows("on_a", "finish"), "cancel_outside"),
        ('<bpmn:subProcess id="h" triggeredByEvent="true"><bpmn:startEvent id="hs">'
         '<bpmn:compensateEventDefinition/></bpmn:startEvent><bpmn:endEvent id="he"/>'
         + flows("hs", "he") + "</bpmn:subProcess>", "compensation_start"),
        ('<bpmn:endEvent id="no"><bpmn:cancelEventDefinition/></bpmn:endEvent>'
         + flows("a", "no"), "cancel_outside"),
        ('<bpmn:endEvent id="no"><bpmn:compensateEventDefinition/><bpmn:signalEventDefinition '
         'signalRef="x"/></bpmn:endEvent>' + flows("a", "no"), "undoing_and_more"),
    ],
)  # fmt: skip
def test_trap_44_what_would_undo_nothing_is_refused(body, rule):
    diagram = bpmn(
        straight("a") + '<bpmn:task id="a"/>' + body, defs='<bpmn:signal id="x" name="x"/>'
    )
    assert one(findings_of(diagram), rule)


def test_trap_44_a_step_on_another_level_cannot_be_undone():
    inside = straight("b").replace("begin", "begin_b").replace("finish", "finish_b")
    body = (
        straight("sub", "throw")
        + f'<bpmn:subProcess id="sub"><bpmn:task id="b"/>{inside}</bpmn:subProcess>'
        '<bpmn:intermediateThrowEvent id="throw"><bpmn:compensateEventDefinition activityRef="b"/>'
        "</bpmn:intermediateThrowEvent>"
    )
    assert one(findings_of(bpmn(body)), "undoing_elsewhere")


def test_trap_44_a_transaction_that_is_cancelled_needs_a_way_on():
    body = (
        straight("tx")
        + '<bpmn:transaction id="tx"><bpmn:startEvent id="b"/><bpmn:endEvent id="no">'
        "<bpmn:cancelEventDefinition/></bpmn:endEvent>" + flows("b", "no") + "</bpmn:transaction>"
    )
    assert one(findings_of(bpmn(body)), "no_cancel_boundary")


def test_trap_49_two_elements_with_one_id_are_refused_with_both_lines():
    found = one(
        findings_of(bpmn(straight("x") + '<bpmn:task id="x"/><bpmn:task id="x"/>')), "duplicate_id"
    )
    assert found.message.startswith("Two elements have the id 'x' (lines ")
    assert found.message.count(",") == 1


@pytest.mark.parametrize("kind", ["error", "escalation", "message", "signal"])
def test_trap_50_a_reference_to_what_does_not_exist_is_refused(kind):
    diagram = bpmn(
        f'<bpmn:startEvent id="begin"/><bpmn:endEvent id="finish" name="B">'
        f'<bpmn:{kind}EventDefinition {kind}Ref="e9"/></bpmn:endEvent>{flows("begin", "finish")}'
    )
    found = one(findings_of(diagram), "unknown_reference")
    assert found.message == f"'B' (finish) refers to {kind} 'e9', which does not exist."


def test_trap_51_a_step_that_is_never_reached_is_refused():
    diagram = bpmn(
        straight("task_a") + '<bpmn:task id="task_a"/>'
        '<bpmn:userTask id="task_check" name="Safeguarding check"/>' + flows("task_check", "finish")
    )
    found = one(findings_of(diagram), "unreachable")
    assert found.message == "'Safeguarding check' (task_check) can never be reached."


def test_trap_51_a_condition_that_is_not_feel_is_refused():
    diagram = bpmn(
        straight("choice")
        + '<bpmn:exclusiveGateway id="choice" default="flow_choice_finish"/><bpmn:task id="a"/>'
        + flow("choice", "a", "risk ==== ")
        + flows("a", "finish")
    )
    found = one(findings_of(diagram), "not_feel")
    assert "The condition of" in found.message and found.element_id == "flow_choice_a"


def test_trap_51_a_script_that_is_not_feel_is_refused():
    body = '<bpmn:scriptTask id="s"><bpmn:script>x = [</bpmn:script></bpmn:scriptTask>'
    assert one(findings_of(bpmn(straight("s") + body)), "not_feel").element_id == "s"


def test_trap_51_a_file_without_a_process_is_refused():
    diagram = bpmn("").replace(
        '<bpmn:process id="case_work" isExecutable="true"></bpmn:process>', ""
    )
    assert one(findings_of(diagram), "no_process")
    assert one(findings_of(bpmn("")), "no_steps")


@pytest.mark.parametrize("character", ["\u200b", "\u202e", "\u2066", "\ufeff", "\u00ad", "\x85"])
def test_trap_51_characters_that_nobody_sees_are_refused(character):
    diagram = bpmn(straight("task_a") + f'<bpmn:task id="task_a" name="Ring{character} back"/>')
    found = one(findings_of(diagram), "hidden_characters")
    assert f"U+{ord(character):04X}" in found.message


def test_trap_51_letters_that_look_like_others_are_refused_in_ids():
    cyrillic = "t\u0430sk"
    diagram = bpmn(straight(cyrillic) + f'<bpmn:task id="{cyrillic}"/>')
    assert [finding.rule for finding in findings_of(diagram)].count("mixed_alphabets") == 3


def test_trap_52_a_flow_to_nowhere_is_refused():
    diagram = bpmn(straight("a") + '<bpmn:task id="a"/>' + flow("a", "nope", id="f"))
    assert one(findings_of(diagram), "flow_end").message == (
        "Flow 'f' ends at 'nope', which does not exist."
    )


@pytest.mark.parametrize("attribute", ["startQuantity", "completionQuantity"])
@pytest.mark.parametrize("value", ["0", "101", "-5", "some"])
def test_trap_53_quantities_that_make_no_sense_are_refused(attribute, value):
    diagram = bpmn(straight("a") + f'<bpmn:task id="a" {attribute}="{value}"/>')
    assert one(findings_of(diagram), "quantity").element_id == "a"


def multi_instance(inner: str, attributes: str = "") -> str:
    return bpmn(
        straight("a") + '<bpmn:userTask id="a" name="Tell the client">'
        f"<bpmn:multiInstanceLoopCharacteristics {attributes}>{inner}"
        "</bpmn:multiInstanceLoopCharacteristics></bpmn:userTask>"
    )


def test_trap_53_a_negative_number_of_repetitions_is_refused():
    diagram = multi_instance("<bpmn:loopCardinality>-1</bpmn:loopCardinality>")
    assert one(findings_of(diagram), "wrong_cardinality")


@pytest.mark.parametrize("behaviour", ["None", "One"])
def test_trap_54_what_an_instance_throws_must_be_an_event(behaviour):
    reference = f'{behaviour.lower()}BehaviorEventRef="case_work"'
    diagram = multi_instance(
        "<bpmn:loopCardinality>2</bpmn:loopCardinality>", f'behavior="{behaviour}" {reference}'
    )
    assert one(findings_of(diagram), "multi_instance_behaviour")


@pytest.mark.parametrize("name", ["preScript", "postScript"])
def test_trap_57_scripts_around_a_step_are_refused(name):
    diagram = bpmn(
        straight("a") + f'<bpmn:task id="a"><bpmn:extensionElements><spiffworkflow:{name}>x = 1'
        f"</spiffworkflow:{name}></bpmn:extensionElements></bpmn:task>"
    )
    found = one(findings_of(diagram), "script_around_step")
    assert found.remedy.startswith("Use an assignment in FEEL")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('<bpmn:receiveTask id="x" instantiate="true"/>' + straight("x"), "start the process"),
        ('<bpmn:eventBasedGateway id="x" instantiate="true"/>', "start the process"),
        ('<bpmn:adHocSubProcess id="x"/>' + straight("x"), "has no steps"),
        ('<bpmn:adHocSubProcess id="x"><bpmn:task id="b"/><bpmn:startEvent id="s"/>'
         + flows("s", "b") + "</bpmn:adHocSubProcess>" + straight("x"), "begin and end by"),
        ('<bpmn:choreographyTask id="x" initiatingParticipantRef="p"/>' + straight("x"),
         "a choreography"),
    ],
)  # fmt: skip
def test_trap_58_what_is_not_carried_out_is_refused_in_words(body, words):
    assert words in " ".join(refusals(bpmn(body)))


def test_trap_58_black_box_pools_are_only_drawn():
    diagram = bpmn(
        straight("a") + '<bpmn:task id="a"/>',
        defs='<bpmn:collaboration id="c"><bpmn:participant id="us" processRef="case_work"/>'
        '<bpmn:participant id="police" name="Police"/>'
        '<bpmn:messageFlow id="m" sourceRef="a" targetRef="police"/></bpmn:collaboration>',
    )
    assert refusals(diagram) == []


def test_trap_59_multi_instance_without_a_number_or_list_is_refused():
    found = one(findings_of(multi_instance("")), "no_cardinality")
    assert found.message == "'Tell the client' (a) does not say how often it repeats."


def test_trap_61_a_script_in_python_is_refused():
    body = (
        '<bpmn:scriptTask id="s" scriptFormat="python"><bpmn:script>import os</bpmn:script>'
        "</bpmn:scriptTask>"
    )
    assert one(findings_of(bpmn(straight("s") + body)), "other_language")


def test_trap_61_a_call_of_a_python_function_is_refused():
    body = (
        '<bpmn:scriptTask id="s"><bpmn:script>{x: open("/etc/passwd")}</bpmn:script>'
        "</bpmn:scriptTask>"
    )
    found = one(findings_of(bpmn(straight("s") + body)), "unknown_function")
    assert "calls 'open', which is no function of FEEL" in found.message


def test_all_findings_come_at_once():
    diagram = bpmn(
        straight("a")
        + f'<bpmn:task id="a" startQuantity="0">{properties(dueAt="due(")}</bpmn:task>'
        + '<bpmn:task id="lost"/><bpmn:eventBasedGateway id="g" instantiate="true"/>'
        + flow("a", "nope", id="f")
    )
    rules = {finding.rule for finding in findings_of(diagram)}
    assert {"quantity", "not_feel", "unreachable", "dead_end", "unsupported", "flow_end"} <= rules
