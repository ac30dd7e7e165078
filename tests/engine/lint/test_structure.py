"""What the standard forbids and its schema cannot say.

The cases follow the constraints of BPMN 2.0.2 chapter 10, as conformance suites list them.
"""

import pytest
from drawing import bpmn, findings_of, flow, flows, one, refusals, straight

MESSAGE = '<bpmn:message id="m" name="asked"/><bpmn:signal id="s" name="changed"/>'
ERROR = '<bpmn:error id="e" errorCode="E1"/><bpmn:escalation id="c" escalationCode="C1"/>'
TASK = '<bpmn:task id="a" name="Ring"/>'
EVENT_SUBPROCESS = (
    '<bpmn:subProcess id="sub" triggeredByEvent="true"><bpmn:startEvent id="s1" {attributes}>'
    "{definition}</bpmn:startEvent>"
    '<bpmn:endEvent id="s2"/>' + flows("s1", "s2") + "</bpmn:subProcess>"
)


def definition(kind: str) -> str:
    references = {
        "message": 'messageRef="m"',
        "signal": 'signalRef="s"',
        "error": 'errorRef="e"',
        "escalation": 'escalationRef="c"',
        "link": 'name="there"',
    }
    inner = {
        "timer": "<bpmn:timeDuration>PT1H</bpmn:timeDuration>",
        "conditional": "<bpmn:condition>n > 1</bpmn:condition>",
    }
    return (
        f"<bpmn:{kind}EventDefinition {references.get(kind, '')}>{inner.get(kind, '')}"
        f"</bpmn:{kind}EventDefinition>"
    )


def rules(body: str) -> set[str]:
    return {
        finding.rule
        for finding in findings_of(bpmn(body, defs=MESSAGE + ERROR))
        if finding.severity == "cannot_execute"
    }


# -- starts and ends --------------------------------------------------------------------------


def test_an_end_event_needs_a_start_event_on_its_level():
    found = findings_of(bpmn(f'{TASK}<bpmn:endEvent id="z"/>' + flows("a", "z")))
    assert one(found, "no_start_event").severity == "unsafe"


def test_a_start_event_needs_an_end_event_on_its_level():
    found = findings_of(bpmn(f'{TASK}<bpmn:startEvent id="z"/>' + flows("z", "a")))
    assert one(found, "no_end_event").severity == "unsafe"


def test_leaving_out_both_is_fine():
    assert rules(TASK) == set()


def test_a_subprocess_is_entered_at_one_start_event():
    inner = '<bpmn:startEvent id="x"/><bpmn:startEvent id="y"/><bpmn:endEvent id="z"/>'
    body = f'<bpmn:subProcess id="sub">{inner}{flows("x", "z")}{flows("y", "z")}</bpmn:subProcess>'
    assert rules(body + straight("sub")) == {"several_starts"}


def test_no_flow_leads_into_a_start_event():
    found = one(findings_of(bpmn(straight("a") + TASK + flow("a", "begin"))), "flow_into_event")
    assert found.message.startswith("A flow leads into 'begin', which is a start event.")


def test_no_flow_leaves_an_end_event():
    assert "flow_out_of_end" in rules(straight("a") + TASK + flow("finish", "a"))


def test_no_flow_leads_into_a_boundary_event():
    event = f'<bpmn:boundaryEvent id="b" attachedToRef="a">{definition("signal")}'
    body = straight("a") + TASK + event + "</bpmn:boundaryEvent>" + flows("b", "finish")
    assert rules(body) == set()
    assert rules(body + flow("a", "b")) == {"flow_into_event"}


def test_something_follows_a_boundary_event():
    event = f'<bpmn:boundaryEvent id="b" attachedToRef="a">{definition("signal")}'
    assert rules(straight("a") + TASK + event + "</bpmn:boundaryEvent>") == {
        "boundary_without_flow"
    }


def test_where_there_are_end_events_every_path_leads_to_one():
    body = straight("a") + TASK + '<bpmn:task id="b" name="Write"/>' + flow("a", "b")
    found = one(findings_of(bpmn(body)), "dead_end")
    assert found.message == "Nothing follows 'Write' (b), and it is not an end event."
    assert found.path == ("begin", "a", "b")


def test_a_circle_without_a_beginning_is_refused():
    body = '<bpmn:userTask id="a" name="A"/><bpmn:userTask id="b" name="B"/>'
    assert "no_way_in" in rules(body + flows("a", "b", "a"))


def test_a_circle_without_an_end_may_not_be_published():
    body = (
        '<bpmn:startEvent id="begin"/><bpmn:endEvent id="finish"/>'
        '<bpmn:userTask id="a" name="A"/><bpmn:parallelGateway id="g"/>'
        + flows("begin", "g", "a", "a")
        + flows("g", "finish")
    )
    found = one(findings_of(bpmn(body)), "no_way_out")
    assert found.severity == "unsafe"
    assert found.path == ("begin", "g", "a")


# -- flows ------------------------------------------------------------------------------------


def test_a_flow_does_not_cross_the_border_of_a_subprocess():
    inner = '<bpmn:subProcess id="sub"><bpmn:task id="inside"/></bpmn:subProcess>'
    body = straight("sub") + inner + flow("sub", "inside")
    assert "crossing_flow" in rules(body)


def test_a_default_flow_leaves_the_step_that_names_it():
    body = straight("g", "a") + TASK + '<bpmn:exclusiveGateway id="g" default="flow_a_finish"/>'
    body += '<bpmn:task id="b"/>' + flow("g", "b", "n > 1") + flows("b", "finish")
    assert "foreign_default" in rules(body)


def test_a_default_flow_with_a_condition_is_a_warning():
    body = straight("g") + TASK + '<bpmn:exclusiveGateway id="g" default="flow_g_finish"/>'
    body = body.replace(flow("g", "finish"), flow("g", "finish", "n > 1"))
    found = findings_of(bpmn(body + flow("g", "a", "n > 2") + flows("a", "finish")))
    assert one(found, "default_with_condition").severity == "warning"


def test_a_gateway_flow_without_a_condition_must_be_the_default():
    body = straight("g") + TASK + '<bpmn:exclusiveGateway id="g"/>'
    assert rules(body + flow("g", "a", "n > 2") + flows("a", "finish")) == {"no_condition"}


@pytest.mark.parametrize("gateway", ["parallelGateway", "eventBasedGateway"])
def test_a_condition_behind_a_gateway_that_does_not_choose_is_refused(gateway):
    body = straight("g") + TASK + f'<bpmn:{gateway} id="g"/>' + flows("a", "finish")
    assert "useless_condition" in rules(body + flow("g", "a", "n > 2"))


def test_a_condition_behind_an_event_is_refused():
    body = '<bpmn:startEvent id="x"/><bpmn:endEvent id="y"/>' + flow("x", "y", "n > 1")
    assert rules(body) == {"condition_behind_event"}


def test_a_lone_conditional_flow_out_of_a_step_is_refused():
    body = straight("a").replace(flow("a", "finish"), flow("a", "finish", "n > 1"))
    assert rules(body + TASK) == {"lone_condition"}


# -- gateways ---------------------------------------------------------------------------------


@pytest.mark.parametrize("gateway", ["exclusiveGateway", "parallelGateway", "inclusiveGateway"])
def test_a_gateway_splits_or_joins(gateway):
    found = findings_of(bpmn(straight("g") + f'<bpmn:{gateway} id="g"/>'))
    assert "has 1 flow in and 1 flow out" in one(found, "idle_gateway").message


def test_the_direction_of_a_gateway_must_fit_its_flows():
    split = '<bpmn:parallelGateway id="g" gatewayDirection="{}"/>'
    body = straight("g") + TASK + flows("g", "a", "finish")
    assert rules(body + split.format("Diverging")) == set()
    assert rules(body + split.format("Converging")) == {"gateway_direction"}
    assert rules(body + split.format("Mixed")) == {"gateway_direction"}
    assert rules(body + split.format("Unspecified")) == set()


def event_gateway(*targets: str, extra: str = "") -> str:
    body = '<bpmn:startEvent id="begin"/><bpmn:endEvent id="finish"/>'
    body += '<bpmn:eventBasedGateway id="g"/>' + flows("begin", "g") + extra
    for number, target in enumerate(targets):
        body += target.replace('id="t"', f'id="t{number}"') + flows("g", f"t{number}", "finish")
    return body


def catch(kind: str) -> str:
    return f'<bpmn:intermediateCatchEvent id="t">{definition(kind)}</bpmn:intermediateCatchEvent>'


RECEIVE = '<bpmn:receiveTask id="t" messageRef="m"/>'


def test_an_event_gateway_waits_for_events():
    assert rules(event_gateway(catch("message"), catch("timer"), catch("timer"))) == set()
    assert rules(event_gateway(RECEIVE, catch("signal"), catch("conditional"))) == set()


def test_an_event_gateway_needs_two_events():
    assert rules(event_gateway(catch("message"))) >= {"lonely_event_gateway"}


def test_a_step_behind_an_event_gateway_is_refused():
    found = rules(event_gateway(catch("message"), '<bpmn:userTask id="t" name="x"/>'))
    assert found == {"event_gateway_target"}


def test_receive_tasks_and_message_events_do_not_mix_behind_an_event_gateway():
    assert rules(event_gateway(catch("message"), RECEIVE)) == {"mixed_event_gateway"}


def test_a_receive_task_behind_an_event_gateway_has_no_boundary_event():
    boundary = f'<bpmn:boundaryEvent id="b" attachedToRef="t0">{definition("timer")}'
    boundary += "</bpmn:boundaryEvent>" + flows("b", "finish")
    assert rules(event_gateway(RECEIVE, catch("timer"), extra=boundary)) == {
        "event_gateway_boundary"
    }


def test_an_event_behind_an_event_gateway_is_reached_from_there_only():
    second = TASK + flows("a", "t0") + '<bpmn:parallelGateway id="p"/>'
    body = event_gateway(catch("message"), catch("timer"), extra=second)
    body = body.replace(flows("begin", "g"), flows("begin", "p", "g") + flows("p", "a"))
    assert rules(body) == {"event_gateway_second_way"}


# -- which event may stand where --------------------------------------------------------------

START = "message timer conditional signal".split()
ALL = "message timer conditional signal error escalation link terminate compensate cancel".split()


def refused_kinds(draw) -> set[str]:
    """Return the kinds that are out of place; what is merely not carried out does not count."""
    return {
        kind
        for kind in ALL
        if "event_out_of_place"
        in {f.rule for f in findings_of(bpmn(draw(kind), defs=MESSAGE + ERROR))}
    }


def test_what_may_start_a_process():
    draw = lambda kind: straight().replace(  # noqa: E731 - the test is the table
        '<bpmn:startEvent id="begin"/>',
        f'<bpmn:startEvent id="begin">{definition(kind)}</bpmn:startEvent>',
    )
    assert set(ALL) - refused_kinds(draw) == set(START)


def test_a_subprocess_starts_without_a_trigger():
    def draw(kind):
        inner = f'<bpmn:startEvent id="x">{definition(kind)}</bpmn:startEvent>'
        inner += '<bpmn:endEvent id="y"/>' + flows("x", "y")
        return straight("sub") + f'<bpmn:subProcess id="sub">{inner}</bpmn:subProcess>'

    assert refused_kinds(draw) == set(ALL)


def test_what_may_start_an_event_subprocess():
    def draw(attributes):
        return lambda kind: (
            straight() + EVENT_SUBPROCESS.format(attributes=attributes, definition=definition(kind))
        )

    interrupting = set(ALL) - refused_kinds(draw(""))
    assert interrupting == {*START, "error", "escalation", "compensate"}
    assert set(ALL) - refused_kinds(draw('isInterrupting="false"')) == {*START, "escalation"}


def test_an_event_subprocess_waits_for_something():
    body = straight() + EVENT_SUBPROCESS.format(attributes="", definition="")
    found = one(findings_of(bpmn(body)), "event_out_of_place")
    assert "waits for nothing" in found.message


def test_an_event_subprocess_has_a_start_and_no_flows():
    body = '<bpmn:subProcess id="sub" triggeredByEvent="true"><bpmn:task id="x"/></bpmn:subProcess>'
    assert rules(straight() + body) == {"event_subprocess_start"}
    whole = EVENT_SUBPROCESS.format(attributes="", definition=definition("message"))
    assert "event_subprocess_flow" in rules(straight("sub") + whole)


def test_what_may_be_caught_in_the_flow():
    draw = lambda kind: straight("t") + catch(kind)  # noqa: E731 - the test is the table
    assert set(ALL) - refused_kinds(draw) == {*START, "link"}


def test_what_may_be_thrown_in_the_flow():
    draw = lambda kind: straight("t") + catch(kind).replace("Catch", "Throw")  # noqa: E731 - same
    assert set(ALL) - refused_kinds(draw) == {
        "message",
        "signal",
        "escalation",
        "link",
        "compensate",
    }


def test_what_may_sit_on_a_step():
    def draw(attributes):
        return lambda kind: (
            straight("a")
            + TASK
            + f'<bpmn:boundaryEvent id="b" attachedToRef="a" {attributes}>{definition(kind)}'
            + "</bpmn:boundaryEvent>"
            + flows("b", "finish")
        )

    interrupting = set(ALL) - refused_kinds(draw(""))
    assert interrupting == {*START, "error", "escalation", "cancel", "compensate"}
    assert set(ALL) - refused_kinds(draw('cancelActivity="false"')) == {*START, "escalation"}


def test_what_may_end_a_path():
    draw = lambda kind: straight().replace(  # noqa: E731 - the test is the table
        '<bpmn:endEvent id="finish"/>',
        f'<bpmn:endEvent id="finish">{definition(kind)}</bpmn:endEvent>',
    )
    assert refused_kinds(draw) == {"timer", "conditional", "link"}


# -- what events say --------------------------------------------------------------------------


def test_a_boundary_event_sits_on_an_activity_of_its_level():
    event = f'<bpmn:boundaryEvent id="b" attachedToRef="{{}}">{definition("timer")}'
    event += "</bpmn:boundaryEvent>" + flows("b", "finish")
    assert "wrong_reference" in rules(straight("a") + TASK + event.format("finish"))
    inner = '<bpmn:subProcess id="sub"><bpmn:task id="inside"/></bpmn:subProcess>'
    assert "distant_boundary" in rules(straight("sub") + inner + event.format("inside"))


def test_a_thrown_escalation_has_a_code():
    end = '<bpmn:endEvent id="finish"><bpmn:escalationEventDefinition escalationRef="c"/>'
    body = straight().replace('<bpmn:endEvent id="finish"/>', end + "</bpmn:endEvent>")
    assert refusals(bpmn(body, defs=ERROR)) == []
    assert "which has no code" in refusals(bpmn(body, defs='<bpmn:escalation id="c"/>'))[0]


def test_a_conditional_event_has_a_condition():
    body = straight("t") + catch("conditional").replace("n > 1", "")
    assert rules(body) == {"no_condition"}


def test_a_timer_says_when_exactly_once():
    none = straight("t") + catch("timer").replace("<bpmn:timeDuration>PT1H</bpmn:timeDuration>", "")
    assert rules(none) == {"no_time"}
    both = straight("t") + catch("timer").replace(
        "<bpmn:timeDuration>", "<bpmn:timeDate>2026-01-01</bpmn:timeDate><bpmn:timeDuration>"
    )
    assert rules(both) == {"several_times"}


def link(kind: str, element_id: str, name: str) -> str:
    return (
        f'<bpmn:intermediate{kind}Event id="{element_id}"><bpmn:linkEventDefinition name="{name}"/>'
        f"</bpmn:intermediate{kind}Event>"
    )


LINKED = '<bpmn:startEvent id="begin"/><bpmn:endEvent id="finish"/>' + flows("begin", "out")


def test_links_pair_by_name_on_one_level():
    pair = link("Throw", "out", "L") + link("Catch", "in", "L") + flows("in", "finish")
    assert rules(LINKED + pair) == set()
    other = link("Throw", "out", "L") + link("Catch", "in", "M") + flows("in", "finish")
    assert "link_without_partner" in rules(LINKED + other)
    twice = pair + link("Catch", "in2", "L") + flows("in2", "finish")
    assert "several_link_targets" in rules(LINKED + twice)


def test_a_link_is_no_step_in_a_line():
    pair = link("Throw", "out", "L") + link("Catch", "in", "L") + flows("out", "in", "finish")
    assert "link_flow" in rules(LINKED + pair)


# -- references and the schema ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ('<bpmn:boundaryEvent id="b"/>', "missing_attribute"),
        ('<bpmn:sequenceFlow id="f" sourceRef="a"/>', "missing_attribute"),
        ('<bpmn:usertask id="b"/>', "unknown_element"),
        ('<bpmn:task id="b" colour="red"/>', "unknown_attribute"),
        ('<bpmn:task id="b" isForCompensation="maybe"/>', "wrong_value"),
        ('<bpmn:subProcess id="b"><bpmn:message id="m2"/></bpmn:subProcess>', "misplaced_element"),
        ('<bpmn:task id="b"><bpmn:ioSpecification/></bpmn:task>', "missing_element"),
        ('<bpmn:task id="1st"/>', "not_an_id"),
        ('<bpmn:textAnnotation id="n"/>' + flow("a", "n"), "flow_end"),
        ('<bpmn:sendTask id="b" messageRef="a"/>', "wrong_reference"),
        ('<bpmn:subProcess id="b"><bpmn:ioSpecification><bpmn:inputSet/><bpmn:outputSet/>'
         "</bpmn:ioSpecification></bpmn:subProcess>", "subprocess_data"),
        ('<bpmn:task id="b"><bpmn:dataOutputAssociation><bpmn:targetRef>begin</bpmn:targetRef>'
         "</bpmn:dataOutputAssociation></bpmn:task>", "wrong_reference"),
    ],
)  # fmt: skip
def test_what_the_schema_or_a_reference_forbids_is_refused(body, rule):
    assert rule in rules(straight("a") + TASK + body)


def test_the_nearest_name_is_offered():
    found = one(findings_of(bpmn(TASK + '<bpmn:usertask id="b"/>')), "unknown_element")
    assert "did you mean 'userTask'?" in found.message


def test_the_order_of_elements_means_nothing():
    diagram = bpmn(
        straight("a") + '<bpmn:task id="a"><bpmn:outgoing>flow_a_finish</bpmn:outgoing>'
        "<bpmn:extensionElements/><bpmn:documentation>Say why.</bpmn:documentation></bpmn:task>"
    )
    assert refusals(diagram) == []


def test_a_stale_list_of_flows_is_a_warning():
    body = straight("a") + '<bpmn:task id="a"><bpmn:incoming>gone</bpmn:incoming></bpmn:task>'
    assert one(findings_of(bpmn(body)), "stale_flow_list").severity == "warning"


def test_a_missing_namespace_of_the_file_is_a_warning():
    diagram = bpmn(TASK).replace(' targetNamespace="http://example.org/bpmn"', "")
    assert one(findings_of(diagram), "missing_attribute").severity == "warning"


def test_foreign_behaviour_may_not_be_published():
    body = straight("a") + '<bpmn:task id="a"><bpmn:extensionElements><camunda:inputOutput/>'
    found = findings_of(bpmn(body + "</bpmn:extensionElements></bpmn:task>"))
    assert one(found, "foreign_behaviour").severity == "unsafe"
    assert "for Camunda 7" in one(found, "foreign_behaviour").message


# -- joins ------------------------------------------------------------------------------------

SPLIT = (
    '<bpmn:startEvent id="begin"/><bpmn:endEvent id="finish"/><bpmn:{} id="split" {}/>'
    '<bpmn:userTask id="a" name="A"/><bpmn:userTask id="b" name="B"/>'
    '<bpmn:parallelGateway id="join"/>'
    + flows("begin", "split")
    + flows("a", "join", "finish")
    + flows("b", "join")
)


def test_a_join_behind_a_choice_waits_for_ever():
    choice = SPLIT.format("exclusiveGateway", 'default="flow_split_b"')
    found = findings_of(bpmn(choice + flow("split", "a", "n > 1") + flow("split", "b")))
    assert one(found, "stuck_join").message == (
        "The join 'join' can wait for ever for 'B' (b), because 'split' takes only one of its ways."
    )


def test_a_join_behind_an_inclusive_split_can_wait_for_ever():
    choice = SPLIT.format("inclusiveGateway", 'default="flow_split_b"')
    assert "stuck_join" in rules(choice + flow("split", "a", "n > 1") + flow("split", "b"))


def test_a_join_behind_a_split_is_fine():
    both = SPLIT.format("parallelGateway", "") + flow("split", "a") + flow("split", "b")
    assert rules(both) == set()


def test_a_branch_may_end_the_whole_process_instead_of_joining():
    both = SPLIT.format("parallelGateway", "") + flow("split", "a") + flow("split", "b")
    leave = f'<bpmn:boundaryEvent id="late" attachedToRef="b">{definition("signal")}'
    leave += '</bpmn:boundaryEvent><bpmn:endEvent id="stop">{}</bpmn:endEvent>' + flows(
        "late", "stop"
    )
    assert rules(both + leave.format(definition("terminate"))) == set()
    assert rules(both + leave.format("")) == {"stuck_join"}


def test_a_reminder_beside_the_flow_does_not_disturb_a_join():
    both = SPLIT.format("parallelGateway", "") + flow("split", "a") + flow("split", "b")
    reminder = '<bpmn:boundaryEvent id="late" attachedToRef="b" cancelActivity="false">'
    reminder += definition("timer") + '</bpmn:boundaryEvent><bpmn:endEvent id="reminded"/>'
    assert rules(both + reminder + flows("late", "reminded")) == set()


def test_an_inclusive_join_waits_for_what_can_come_and_no_longer():
    choice = SPLIT.format("inclusiveGateway", 'default="flow_split_b"')
    choice = choice.replace("parallelGateway", "inclusiveGateway")
    assert rules(choice + flow("split", "a", "n > 1") + flow("split", "b")) == set()


def test_a_join_inside_a_loop_is_fine():
    body = (
        '<bpmn:startEvent id="begin"/><bpmn:endEvent id="finish"/>'
        '<bpmn:exclusiveGateway id="merge"/><bpmn:parallelGateway id="split"/>'
        '<bpmn:userTask id="a" name="A"/><bpmn:userTask id="b" name="B"/>'
        '<bpmn:parallelGateway id="join"/>'
        '<bpmn:exclusiveGateway id="again" default="flow_again_finish"/>'
        + flows("begin", "merge", "split", "a", "join", "again", "finish")
        + flows("split", "b", "join")
        + flow("again", "merge", "n > 1")
    )
    assert rules(body) == set()


def test_many_choices_in_a_row_are_answered_in_time():
    body = '<bpmn:startEvent id="begin"/><bpmn:endEvent id="finish"/>'
    body += '<bpmn:parallelGateway id="split"/><bpmn:parallelGateway id="join"/>'
    body += flows("begin", "split") + flows("join", "finish")
    for branch in "xyz":
        previous = "split"
        for number in range(12):
            g, m = f"{branch}g{number}", f"{branch}m{number}"
            a, b = f"{branch}a{number}", f"{branch}b{number}"
            body += f'<bpmn:exclusiveGateway id="{g}" default="flow_{g}_{a}"/>'
            body += f'<bpmn:exclusiveGateway id="{m}"/>'
            body += f'<bpmn:task id="{a}"/><bpmn:task id="{b}"/>' + flows(previous, g, a, m)
            body += flow(g, b, "n > 1") + flow(b, m)
            previous = m
        body += flow(previous, "join")
    assert rules(body) == set()


def test_a_level_of_very_many_steps_is_refused_and_answered():
    ids = [f"n{number}" for number in range(1_200)]
    body = straight("n0") + "".join(f'<bpmn:task id="{step}"/>' for step in ids)
    found = findings_of(bpmn(body + "".join(flow("n0", step) for step in ids[1:])))
    assert one(found, "too_many_steps").message.startswith("'case_work' has ")
