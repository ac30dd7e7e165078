"""What a diagram means: people, forms, names, messages, services, expressions, repetition."""

import pytest
from drawing import bpmn, checked, findings_of, flow, flows, one, properties, refusals, straight

from engine.definitions import ReleaseRefused, check
from engine.lint import people, services
from engine.operations import Operation, Parameter
from engine.operations import parameters_of as signature

FORM = '{"id": "contact", "components": [{"key": "safe", "type": "checkbox"}]}'
LANE = (
    '<bpmn:laneSet id="lanes"><bpmn:lane id="lane_1" name="{}">'
    "<bpmn:flowNodeRef>task_ring</bpmn:flowNodeRef></bpmn:lane></bpmn:laneSet>"
)


def user_task(inner: str = "", lane: str = "handler", name: str = "Ring back") -> str:
    lanes = LANE.format(lane) if lane else ""
    task = f'<bpmn:userTask id="task_ring" name="{name}">{inner}</bpmn:userTask>'
    return bpmn(lanes + straight("task_ring") + task)


def script(text: str) -> str:
    body = (
        f'<bpmn:scriptTask id="s"><bpmn:script><![CDATA[{text}]]></bpmn:script></bpmn:scriptTask>'
    )
    return bpmn(straight("s") + body)


def rules(*diagrams: str, **files: str) -> set[str]:
    return {finding.rule for finding in findings_of(*diagrams, files=files)}


# -- people and forms -------------------------------------------------------------------------


def test_a_user_task_with_form_and_lane_has_no_finding():
    assert rules(user_task(properties(form="contact")), form=FORM) == set()


def test_a_user_task_without_a_form_may_not_be_published():
    found = one(findings_of(user_task()), "no_form")
    assert found.severity == "unsafe" and found.element_id == "task_ring"


def test_a_form_that_is_not_in_the_release_is_told_with_the_nearest():
    found = one(
        findings_of(user_task(properties(form="contct")), files={"f": FORM}), "unknown_form"
    )
    assert found.message.endswith("which is not in this release; did you mean 'contact'?")


@pytest.mark.parametrize("lane", ["", "system"])
def test_a_user_task_that_nobody_owns_may_not_be_published(lane):
    assert one(findings_of(user_task(properties(form="contact"), lane)), "no_owner")


def test_an_owner_may_be_named_on_the_task():
    given = properties(form="contact", potentialOwners="team_leader")
    assert rules(user_task(given, ""), form=FORM) == set()


def test_the_lane_of_a_subprocess_holds_for_what_is_in_it():
    inner = user_task(properties(form="contact"), "")
    task = inner[inner.index("<bpmn:userTask") : inner.index("</bpmn:userTask>")]
    lanes = LANE.format("handler").replace("task_ring", "sub")
    body = f'<bpmn:subProcess id="sub">{task}</bpmn:userTask></bpmn:subProcess>'
    assert rules(bpmn(lanes + straight("sub") + body), form=FORM) == set()


def test_a_step_stands_in_one_lane():
    lane = '<bpmn:lane id="{0}" name="{0}"><bpmn:flowNodeRef>a</bpmn:flowNodeRef>{1}</bpmn:lane>'
    inner = f'<bpmn:childLaneSet id="inner">{lane.format("inside", "")}</bpmn:childLaneSet>'
    steps = straight("a") + '<bpmn:task id="a"/>'
    both = lane.format("one", "") + lane.format("other", "")
    assert refusals(bpmn(f'<bpmn:laneSet id="l">{both}</bpmn:laneSet>{steps}')) == [
        "'a' stands in the lanes 'one' and 'other', so it is not clear whose it is."
    ]
    nested = f'<bpmn:laneSet id="l">{lane.format("one", inner)}</bpmn:laneSet>'
    assert refusals(bpmn(nested + steps)) == []
    apart = f'<bpmn:laneSet id="k">{lane.format("by_place", "")}</bpmn:laneSet>'
    assert refusals(bpmn(nested + apart + steps)) == []


def test_lanes_are_roles_that_are_known_above_the_engine():
    files = {"a": user_task(properties(form="contact"), "contact_handlr"), "form": FORM}
    found = check(files, extra_checks=[people.roles({"contact_handler"})]).findings
    assert [finding.rule for finding in found] == ["unknown_role"]
    assert found[0].message == (
        "Lane 'contact_handlr' is no role and no set of roles; did you mean 'contact_handler'?"
    )
    files["roles"] = "sets:\n  contact_handlr: [contact_handler]\n"
    assert check(files, extra_checks=[people.roles({"contact_handler"})]).findings == ()


# -- names ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("Ring Mrs Patel", "a person's name"),
        ("Write to a.patel@example.org", "an e-mail address"),
        ("Ring 07700 900123", "a telephone number"),
        ("Visit LS1 4AP", "a postcode"),
        ("Born 21/11/1990", "a date"),
        ("Claim of QQ123456C", "a National Insurance number"),
    ],
)
def test_names_that_carry_personal_data_may_not_be_published(name, what):
    found = one(findings_of(user_task(name=name)), "personal_name")
    assert what in found.message and found.severity == "unsafe"
    assert name not in found.message


@pytest.mark.parametrize(
    "name", ["Ring within 24 hours", "Grade DA-1", "Step 10 of 12", "Dr visit"]
)
def test_ordinary_names_are_fine(name):
    assert "personal_name" not in rules(user_task(name=name))


def test_a_name_is_not_a_template():
    assert "name_with_template" in rules(user_task(name="Ring ${client}"))


def test_a_task_has_a_name():
    assert one(findings_of(user_task(name="")), "task_without_name").severity == "unsafe"


def test_ids_that_say_nothing_are_one_warning():
    ids = ["Activity_0abc12d", "Gateway_1x2y3z4", "sid-0A1B2C3D-AAAA"]
    body = straight(*ids) + "".join(f'<bpmn:task id="{i}"/>' for i in ids)
    found = one(findings_of(bpmn(body)), "made_up_ids")
    assert found.message.startswith("The ids of 3 steps say nothing")
    assert "made_up_ids" not in rules(user_task())


def test_two_tasks_of_one_name_are_a_warning():
    body = (
        straight("a", "b")
        + '<bpmn:userTask id="a" name="Ring"/><bpmn:userTask id="b" name="Ring"/>'
    )
    assert one(findings_of(bpmn(body)), "same_name").severity == "warning"


# -- messages ---------------------------------------------------------------------------------

SEND = bpmn(
    straight("send") + '<bpmn:sendTask id="send" name="Tell them" messageRef="m"/>',
    defs='<bpmn:message id="m" name="referral.requested"/>',
    process_id="sender",
)
RECEIVE = bpmn(
    straight("wait") + '<bpmn:receiveTask id="wait" messageRef="other"/>',
    defs='<bpmn:message id="other" name="referral.requested"/>',
    process_id="receiver",
)


def test_a_message_that_nobody_receives_is_a_warning():
    found = one(findings_of(SEND), "no_receiver")
    assert found.severity == "warning"
    assert "sends the message 'referral.requested', which nothing in this release" in found.message


def test_files_mean_the_same_message_by_its_name():
    assert findings_of(SEND, RECEIVE.replace("definitions_1", "definitions_2")) == []


def test_an_event_that_names_no_message_may_not_be_published():
    body = '<bpmn:intermediateCatchEvent id="w" {}><bpmn:messageEventDefinition/>'
    body = straight("w") + body + "</bpmn:intermediateCatchEvent>"
    named = one(findings_of(bpmn(body.format('name="Answer came"'))), "unnamed_message")
    assert named.severity == "unsafe"
    assert refusals(bpmn(body.format(""))) == ["'w' does not say which message it means."]


# -- what steps do ----------------------------------------------------------------------------

OPERATOR = (
    '<bpmn:serviceTask id="service" name="Match"><bpmn:extensionElements>'
    '<spiffworkflow:serviceTaskOperator id="{name}"><spiffworkflow:parameters>{parameters}'
    "</spiffworkflow:parameters></spiffworkflow:serviceTaskOperator></bpmn:extensionElements>"
    "</bpmn:serviceTask>"
)
KNOWN = {
    "people.match": Operation(
        "people.match", lambda context: None, (Parameter("contact_id", True),)
    )
}


def service(name: str, **parameters: str) -> str:
    given = "".join(
        f'<spiffworkflow:parameter id="{key}" value="{value}"/>'
        for key, value in parameters.items()
    )
    return bpmn(straight("service") + OPERATOR.format(name=name, parameters=given))


def operation_findings(diagram: str) -> list[str]:
    from_extra = [services.operations(KNOWN)]
    try:
        return [f.message for f in check({"a": diagram}, extra_checks=from_extra).findings]
    except ReleaseRefused as refused:
        return [finding.message for finding in refused.findings]


def test_an_operation_with_its_parameters_is_fine():
    assert operation_findings(service("people.match", contact_id="contact_id")) == []


def test_an_unknown_operation_is_refused_with_the_nearest():
    assert operation_findings(service("people.mach", contact_id="contact_id")) == [
        "'Match' (service) calls the operation 'people.mach', which does not exist; did you mean "
        "'people.match'?"
    ]


def test_wrong_parameters_are_refused():
    assert "needs contact_id" in operation_findings(service("people.match"))[0]
    both = service("people.match", contact_id="contact_id", depth="1")
    assert "does not take depth" in operation_findings(both)[0]


def typed(operation: str, **parameters: str) -> list[str]:
    def match(context: object, *, contact_id: str, tools: list[str] | None = None) -> None: ...

    known = {"people.match": Operation("people.match", match, signature("people.match", match))}
    diagram = service(operation, **parameters)
    found = check({"a": diagram}, extra_checks=[services.operations(known)]).findings
    return [finding.message for finding in found if finding.rule == "wrong_parameter_type"]


def test_an_operation_is_given_the_types_that_it_takes():
    assert typed("people.match", contact_id="contact_id") == []
    assert typed("people.match", contact_id="&quot;c1&quot;", tools="[]") == []
    assert typed("people.match", contact_id="1") == [
        "'Match' (service) gives the operation 'people.match' a number as 'contact_id', which "
        "takes a text."
    ]
    assert typed("people.match", contact_id="x", tools="&quot;dash&quot;") == [
        "'Match' (service) gives the operation 'people.match' a text as 'tools', which takes a "
        "list."
    ]


def test_a_service_task_without_an_operation_may_only_be_rehearsed():
    found = findings_of(bpmn(straight("a") + '<bpmn:serviceTask id="a"/>'))
    assert one(found, "no_operation").severity == "unsafe"


def test_a_parameter_that_is_not_feel_is_refused():
    message = refusals(service("people.match", contact_id="contact_id +"))[0]
    assert message.startswith("Parameter 'contact_id' of 'Match' (service) is not FEEL")


def test_a_business_rule_task_asks_a_decision_of_the_release():
    body = straight("d") + '<bpmn:businessRuleTask id="d">{}</bpmn:businessRuleTask>'
    named = (
        "<bpmn:extensionElements><spiffworkflow:calledDecisionId>grade"
        "</spiffworkflow:calledDecisionId></bpmn:extensionElements>"
    )
    assert "no_decision" in rules(bpmn(body.format("")))
    assert "unknown_decision" in rules(bpmn(body.format(named)))


CALLED = bpmn(straight("x") + '<bpmn:task id="x"/>', process_id="called")


def call(name: str) -> str:
    return bpmn(straight("c") + f'<bpmn:callActivity id="c" calledElement="{name}"/>')


def test_a_called_process_is_in_the_release():
    assert refusals(call("called"), CALLED) == []
    assert "calls the process 'caled'" in refusals(call("caled"), CALLED)[0]
    assert "does not say which process" in refusals(call(""), CALLED)[0]


def test_a_called_process_has_a_plain_start():
    start = (
        '<bpmn:startEvent id="begin"><bpmn:signalEventDefinition signalRef="s"/></bpmn:startEvent>'
    )
    by_signal = CALLED.replace('<bpmn:startEvent id="begin"/>', start)
    by_signal = by_signal.replace("\n<bpmn:process", '<bpmn:signal id="s" name="s"/><bpmn:process')
    assert "can be started by its events only" in refusals(call("called"), by_signal)[0]


def test_two_processes_of_one_id_are_refused():
    assert "both have a process with the id 'called'" in refusals(CALLED, CALLED)[0]


# -- expressions ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("{x: a == b}", "Compare with a single '='."),
        ("{x: a && b}", "Write 'and'."),
        ("${x}", "Write the expression without '${' and '}'."),
        ("{x: 'a'}", "Texts stand in double quotes."),
    ],
)
def test_habits_of_other_languages_get_their_remedy(text, remedy):
    assert one(findings_of(script(text)), "not_feel").remedy == remedy


@pytest.mark.parametrize("text", ["x = 1", "12", '"text"', "[1, 2]", "a and b"])
def test_a_script_gives_names(text):
    assert "not_a_context" in rules(script(text))


def test_a_condition_can_be_true():
    body = (
        straight("g") + '<bpmn:exclusiveGateway id="g" default="flow_g_finish"/><bpmn:task id="a"/>'
    )
    never = body + flow("g", "a", '"high"') + flows("a", "finish")
    assert "not_a_test" in rules(bpmn(never))


def test_an_unknown_function_gets_the_nearest():
    found = one(findings_of(script("{n: cuont([1])}")), "unknown_function")
    assert "did you mean 'count'?" in found.message


def test_a_function_of_the_texts_own_is_known():
    assert rules(script("{f: function(n) n + 1, x: f(2)}")) == set()


def test_a_name_read_once_and_nearly_known_is_told():
    body = straight("s", "g") + '<bpmn:scriptTask id="s"><bpmn:script>{score: 1}</bpmn:script>'
    body += '</bpmn:scriptTask><bpmn:exclusiveGateway id="g" default="flow_g_finish"/>'
    body += '<bpmn:task id="a"/>' + flows("a", "finish")
    found = one(findings_of(bpmn(body + flow("g", "a", "scor > 1"))), "unknown_name")
    assert "'scor' is not known here. Did you mean 'score'?" in found.message
    assert "unknown_name" not in rules(bpmn(body + flow("g", "a", "score > 1")))
    assert "unknown_name" not in rules(bpmn(body + flow("g", "a", "elsewhere > 1")))


def test_a_calendar_that_is_not_in_the_release_may_not_be_published():
    found = findings_of(user_task(properties(dueAt="due_working_hours(2, &quot;cal_ofice&quot;)")))
    assert one(found, "unknown_calendar").severity == "unsafe"
    built_in = properties(dueAt="due_working_hours(2, &quot;cal_oncall&quot;)")
    assert "unknown_calendar" not in rules(user_task(built_in))


def test_a_due_time_may_be_an_iso_text():
    assert refusals(user_task(properties(dueAt="PT4H"))) == []
    assert refusals(user_task(properties(dueAt="PT4H +"))) != []


# -- repetition -------------------------------------------------------------------------------


def repeated(loop: str) -> str:
    return bpmn(straight("a") + f'<bpmn:userTask id="a" name="A">{loop}</bpmn:userTask>')


@pytest.mark.parametrize(
    "loop",
    [
        "<bpmn:standardLoopCharacteristics/>",
        '<bpmn:standardLoopCharacteristics loopMaximum="0"/>',
        "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>5000</bpmn:loopCardinality>"
        "</bpmn:multiInstanceLoopCharacteristics>",
        "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>1.5</bpmn:loopCardinality>"
        "</bpmn:multiInstanceLoopCharacteristics>",
        "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopDataInputRef>xs</bpmn:loopDataInputRef>"
        "<bpmn:completionCondition>n &gt;</bpmn:completionCondition>"
        "</bpmn:multiInstanceLoopCharacteristics>",
    ],
)
def test_repetitions_that_make_no_sense_are_refused(loop):
    assert refusals(repeated(loop)) != []


@pytest.mark.parametrize(
    "loop",
    [
        '<bpmn:standardLoopCharacteristics loopMaximum="3"/>',
        "<bpmn:standardLoopCharacteristics><bpmn:loopCondition>n &lt; 3</bpmn:loopCondition>"
        "</bpmn:standardLoopCharacteristics>",
        "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>count(xs)"
        "</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics>",
    ],
)
def test_repetitions_that_say_how_often_are_fine(loop):
    assert refusals(repeated(loop)) == []


def test_definitions_keep_unsafe_findings_and_warnings():
    assert {finding.rule for finding in checked(user_task()).findings} == {"no_form"}
