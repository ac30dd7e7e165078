"""The XML pass: what a diagram leaves out is drawn, and the author's ids are kept."""

from drawing import bpmn, findings_of, flow, flows, one, straight

from engine import xml
from engine.normalise import Normalised, normalise
from engine.normalise.flows import condition_of, flows_of


def pass_over(text: str) -> Normalised:
    return normalise(xml.parse(text.encode(), "a.bpmn"), "a.bpmn")


def edges(normalised: Normalised, scope_id: str = "case_work") -> set[tuple[str, str]]:
    scope = normalised.root.find(f".//*[@id='{scope_id}']")
    assert scope is not None
    return {(f.get("sourceRef") or "", f.get("targetRef") or "") for f in flows_of(scope)}


def conditions(normalised: Normalised) -> dict[str, str | None]:
    process = normalised.root.find(".//{*}process")
    assert process is not None
    return {f.get("targetRef") or "": condition_of(f) for f in flows_of(process)}


def kind(normalised: Normalised, element_id: str) -> str:
    element = normalised.root.find(f".//*[@id='{element_id}']")
    assert element is not None
    return xml.local(element)


def test_a_process_without_events_starts_and_ends_by_itself():
    normalised = pass_over(bpmn('<bpmn:task id="a"/><bpmn:task id="b"/>' + flows("a", "b")))
    assert edges(normalised) == {("implicit_start_1", "a"), ("a", "b"), ("b", "implicit_end_1")}
    assert normalised.author_ids["implicit_start_1"] is None
    assert {"implicit_start_1", "implicit_end_1"} <= normalised.made


def test_several_steps_without_a_way_in_start_in_parallel():
    normalised = pass_over(bpmn('<bpmn:task id="a"/><bpmn:task id="b"/>'))
    assert edges(normalised) == {
        ("implicit_start_1", "implicit_split_1"),
        ("implicit_split_1", "a"),
        ("implicit_split_1", "b"),
        ("a", "implicit_end_1"),
        ("b", "implicit_end_2"),
    }
    assert kind(normalised, "implicit_split_1") == "parallelGateway"


def test_an_empty_subprocess_is_entered_and_left():
    normalised = pass_over(bpmn(straight("s") + '<bpmn:subProcess id="s"/>'))
    assert edges(normalised, "s") == {("implicit_start_1", "implicit_end_1")}


def test_a_subprocess_may_leave_out_both_events():
    body = '<bpmn:subProcess id="s"><bpmn:task id="a"/></bpmn:subProcess>'
    normalised = pass_over(bpmn(straight("s") + body))
    assert edges(normalised, "s") == {("implicit_start_1", "a"), ("a", "implicit_end_1")}


def test_several_flows_out_of_a_step_are_all_taken():
    diagram = bpmn(
        '<bpmn:task id="a"/><bpmn:task id="b"/><bpmn:task id="c"/>'
        + flow("a", "b")
        + flow("a", "c")
    )
    normalised = pass_over(diagram)
    assert kind(normalised, "implicit_split_1") == "parallelGateway"
    assert normalised.author_ids["implicit_split_1"] == "a"
    assert {("a", "implicit_split_1"), ("implicit_split_1", "b")} <= edges(normalised)


def test_conditional_flows_out_of_a_step_split_inclusively_and_keep_the_default():
    diagram = bpmn(
        '<bpmn:task id="a" default="flow_a_c"/><bpmn:task id="b"/><bpmn:task id="c"/>'
        + flow("a", "b", "n > 1")
        + flow("a", "c")
    )
    normalised = pass_over(diagram)
    gateway = normalised.root.find(".//*[@id='implicit_split_1']")
    assert gateway is not None
    assert (xml.local(gateway), gateway.get("default")) == ("inclusiveGateway", "flow_a_c")
    assert "default" not in normalised.root.find(".//*[@id='a']").attrib


def test_a_default_beside_an_unconditional_flow_waits_for_the_conditions_only():
    diagram = bpmn(
        '<bpmn:task id="a" default="flow_a_d"/>'
        '<bpmn:task id="b"/><bpmn:task id="c"/><bpmn:task id="d"/>'
        + flow("a", "b")
        + flow("a", "c", "n > 1 // more")
        + flow("a", "d")
    )
    found = conditions(pass_over(diagram))
    assert found["b"] == "true"
    assert found["c"] == "n > 1 // more"
    assert found["d"] == "not(((\nn > 1 // more\n) = true))"


def test_a_boundary_event_with_two_flows_splits():
    diagram = bpmn(
        straight("a") + '<bpmn:task id="a"/><bpmn:boundaryEvent id="e" attachedToRef="a">'
        "<bpmn:signalEventDefinition/></bpmn:boundaryEvent>"
        '<bpmn:task id="b"/><bpmn:task id="c"/>' + flow("e", "b") + flow("e", "c")
    )
    assert ("e", "implicit_split_1") in edges(pass_over(diagram))


def test_flows_and_steps_without_an_id_get_one():
    diagram = bpmn(straight("a") + '<bpmn:task id="a"/>').replace(' id="flow_begin_a"', "")
    normalised = pass_over(diagram)
    assert ("begin", "a") in edges(normalised)
    assert normalised.author_ids["unnamed_flow_1"] is None


def test_link_events_become_plain_events_joined_by_a_flow():
    diagram = bpmn(
        '<bpmn:startEvent id="begin"/><bpmn:endEvent id="finish"/>'
        '<bpmn:intermediateThrowEvent id="out"><bpmn:linkEventDefinition name="L"/>'
        '</bpmn:intermediateThrowEvent><bpmn:intermediateCatchEvent id="in">'
        '<bpmn:linkEventDefinition name="L"/></bpmn:intermediateCatchEvent>'
        + flows("begin", "out")
        + flows("in", "finish")
    )
    normalised = pass_over(diagram)
    assert edges(normalised) == {("begin", "out"), ("out", "in"), ("in", "finish")}
    assert kind(normalised, "in") == kind(normalised, "out") == "intermediateThrowEvent"
    assert normalised.author_ids["link_1"] == "out"
    assert not list(normalised.root.iter(f"{{{xml.BPMN}}}linkEventDefinition"))


def test_event_definitions_by_reference_are_put_in_place():
    diagram = bpmn(
        straight("w") + '<bpmn:intermediateCatchEvent id="w">'
        "<bpmn:eventDefinitionRef>shared</bpmn:eventDefinitionRef></bpmn:intermediateCatchEvent>",
        defs='<bpmn:timerEventDefinition id="shared"><bpmn:timeDuration>PT1H</bpmn:timeDuration>'
        "</bpmn:timerEventDefinition>",
    )
    event = pass_over(diagram).root.find(".//*[@id='w']")
    assert event is not None
    definition = event.find(f"{{{xml.BPMN}}}timerEventDefinition")
    assert definition is not None and xml.child_text(definition, "timeDuration") == "PT1H"


def test_ids_that_the_runtime_keeps_are_renamed_inside_and_kept_outside():
    diagram = bpmn(
        '<bpmn:startEvent id="Start"/><bpmn:endEvent id="End"/><bpmn:task id="Root"/>'
        + flows("Start", "Root", "End")
    )
    normalised = pass_over(diagram)
    assert edges(normalised) == {
        ("authors_Start_1", "authors_Root_1"),
        ("authors_Root_1", "authors_End_1"),
    }
    assert normalised.author_ids["authors_Start_1"] == "Start"
    assert "authors_Start_1" not in normalised.made


def test_no_message_shows_an_id_that_the_author_did_not_draw():
    diagram = bpmn('<bpmn:startEvent id="Start"/><bpmn:endEvent id="End"/>')
    for finding in findings_of(diagram):
        assert "authors_" not in finding.message
        assert finding.element_id in (None, "Start", "End", "case_work")


def test_prefixed_references_mean_the_id():
    diagram = bpmn(
        straight("r") + '<bpmn:receiveTask id="r" messageRef="tns:m"/>',
        defs='<bpmn:message id="m" name="ready"/>',
    ).replace("<bpmn:definitions ", '<bpmn:definitions xmlns:tns="http://example.org/bpmn" ')
    root = pass_over(diagram).root
    assert root.find(".//*[@id='r']").get("messageRef") == "m"


def test_data_stores_are_dropped_with_a_warning():
    diagram = bpmn(
        straight("a")
        + '<bpmn:dataStoreReference id="ref" name="Client file" dataStoreRef="store"/>'
        '<bpmn:task id="a"><bpmn:dataInputAssociation><bpmn:sourceRef>ref</bpmn:sourceRef>'
        "<bpmn:targetRef>a</bpmn:targetRef></bpmn:dataInputAssociation></bpmn:task>",
        defs='<bpmn:dataStore id="store"/>',
    )
    normalised = pass_over(diagram)
    tags = {xml.local(element) for element in normalised.root.iter()}
    assert not tags & {"dataStore", "dataStoreReference", "dataInputAssociation"}
    assert [f.rule for f in normalised.findings] == ["data_store"]
    assert "'Client file' (ref)" in normalised.findings[0].message


def test_data_associations_that_lead_nowhere_are_dropped_with_a_warning():
    diagram = bpmn(
        straight("a") + '<bpmn:dataObject id="file"/><bpmn:task id="a">'
        "<bpmn:dataInputAssociation><bpmn:sourceRef>gone</bpmn:sourceRef>"
        "<bpmn:targetRef>p</bpmn:targetRef></bpmn:dataInputAssociation>"
        "<bpmn:dataOutputAssociation><bpmn:targetRef>file</bpmn:targetRef>"
        "</bpmn:dataOutputAssociation></bpmn:task>"
    )
    normalised = pass_over(diagram)
    tags = [xml.local(element) for element in normalised.root.iter()]
    assert "dataInputAssociation" not in tags and "dataOutputAssociation" in tags
    assert [f.rule for f in normalised.findings] == ["data_association"]


def test_feel_written_with_an_equals_sign_before_it_is_bare_inside():
    diagram = bpmn(
        '<bpmn:exclusiveGateway id="g" default="flow_g_c"/>'
        '<bpmn:task id="a"/><bpmn:task id="b"/><bpmn:task id="c"/>'
        + flow("a", "g")
        + flow("g", "b", '= risk = "high"')
        + flow("g", "c")
    )
    assert conditions(pass_over(diagram))["b"] == 'risk = "high"'


def test_the_authors_tree_is_not_touched():
    root = xml.parse(bpmn('<bpmn:task id="a"/><bpmn:task id="Start"/>').encode(), "a")
    before = [(e.tag, dict(e.attrib)) for e in root.iter()]
    normalise(root, "a")
    assert [(e.tag, dict(e.attrib)) for e in root.iter()] == before


def test_lists_of_flows_on_steps_are_written_anew():
    diagram = bpmn(
        straight("a") + '<bpmn:task id="a"><bpmn:incoming>stale</bpmn:incoming></bpmn:task>'
    )
    task = pass_over(diagram).root.find(".//*[@id='a']")
    assert task is not None
    assert [(xml.local(e), e.text) for e in task] == [
        ("incoming", "flow_begin_a"),
        ("outgoing", "flow_a_finish"),
    ]


# -- which processes run ----------------------------------------------------------------------

TWO = """<bpmn:process id="second" isExecutable="{}"><bpmn:task id="second_task"/></bpmn:process>"""


def two_processes(first: str, second: str) -> str:
    text = bpmn('<bpmn:task id="a"/>').replace('isExecutable="true"', f'isExecutable="{first}"')
    return text.replace("</bpmn:definitions>", TWO.format(second) + "</bpmn:definitions>")


def test_every_executable_process_of_a_file_runs():
    assert pass_over(two_processes("true", "true")).left_out == frozenset()


def test_a_process_marked_as_not_executable_is_documentation_beside_one_that_is():
    normalised = pass_over(two_processes("true", "false"))
    assert normalised.left_out == {"second"}
    assert normalised.findings[0].message.startswith("The process 'second' is not marked")


def test_a_called_process_runs_however_it_is_marked():
    root = xml.parse(two_processes("true", "false").encode(), "a")
    assert normalise(root, "a", frozenset({"second"})).left_out == frozenset()


def test_where_nothing_is_marked_executable_everything_runs_but_may_not_be_published():
    found = one(
        findings_of(bpmn('<bpmn:task id="a"/>').replace('"true"', '"false"')), "not_executable"
    )
    assert found.severity == "unsafe"
    absent = bpmn('<bpmn:task id="a"/>').replace(' isExecutable="true"', "")
    assert one(findings_of(absent), "not_executable").severity == "warning"
