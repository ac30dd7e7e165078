"""Ways into a process that are drawn as something else: receive tasks, and global tasks."""

import copy

from lxml import etree

from engine import xml
from engine.normalise.flows import add_flow, add_node, flows_of, nodes_of
from engine.normalise.ids import Ids

GLOBAL_TASKS = {
    "globalTask": "task",
    "globalUserTask": "userTask",
    "globalManualTask": "manualTask",
    "globalScriptTask": "scriptTask",
    "globalBusinessRuleTask": "businessRuleTask",
}


def receive_starts(process: etree._Element) -> None:
    """Turn a receive task that begins a process into the message start event that it acts as.

    It keeps its id, so histories show the task that was drawn. Source: BPMN 2.0.2, 10.3.3.
    """
    entered = {flow.get("targetRef") for flow in flows_of(process)}
    for node in nodes_of(process):
        begins = xml.is_bpmn(node, "receiveTask") and node.get("instantiate") in ("true", "1")
        if begins and node.get("id") not in entered:
            node.tag = f"{{{xml.BPMN}}}startEvent"
            definition = etree.SubElement(node, f"{{{xml.BPMN}}}messageEventDefinition")
            for attribute in ("messageRef", "operationRef"):
                if attribute in node.attrib:
                    definition.set(attribute, node.attrib.pop(attribute) or "")
            node.attrib.pop("instantiate", "")


def global_tasks(root: etree._Element, ids: Ids) -> None:
    """Turn a global task into a process of that id with the one step: that is how it is called."""
    for task in list(xml.bpmn_children(root, *GLOBAL_TASKS)):
        task_id = task.get("id") or ids.new("unnamed_task", None)
        process = task.makeelement(f"{{{xml.BPMN}}}process", nsmap=None)
        process.set("id", task_id)
        process.set("isExecutable", "true")
        if task.get("name"):
            process.set("name", task.get("name") or "")
        start = add_node(process, ids, "startEvent", "implicit_start", None)
        step = add_node(process, ids, GLOBAL_TASKS[xml.local(task)], "global_step", task_id)
        ids.made.discard(step.get("id") or "")  # the author drew it, outside of any process
        step.set("name", task.get("name") or task_id)
        for child in task:
            step.append(copy.deepcopy(child))
        end = add_node(process, ids, "endEvent", "implicit_end", None)
        add_flow(process, ids, "implicit_flow", start, step, None)
        add_flow(process, ids, "implicit_flow", step, end, None)
        root.replace(task, process)
