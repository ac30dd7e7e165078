"""Plain SpiffWorkflow in memory: what our storage is measured against.

A: the specification is shared and instances stay in memory. B: the stock form of keeping an
instance, deserialised before and serialised after each task, still without a database. The
diagrams are the comparison process and the case of `case_drawing.py`, in SpiffWorkflow's own
dialect, where expressions are Python.
"""

import time
from pathlib import Path
from typing import Any

from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.spiff.parser.process import SpiffBpmnParser
from SpiffWorkflow.spiff.serializer.config import SPIFF_CONFIG
from SpiffWorkflow.util.task import TaskState

from benchmarks import case_drawing

DIAGRAM = Path(__file__).parent / "peers" / "three_tasks.bpmn"
PROCESS = "Process_three_tasks"


def started(count: int) -> list[BpmnWorkflow]:
    """Return instances that wait at their first task."""
    parser = SpiffBpmnParser()
    parser.add_bpmn_file(str(DIAGRAM))
    spec, inner = parser.get_spec(PROCESS), parser.get_subprocess_specs(PROCESS)
    workflows = [BpmnWorkflow(spec, inner) for _ in range(count)]
    for workflow in workflows:
        workflow.do_engine_steps()
    return workflows


def complete(workflow: BpmnWorkflow, variables: dict[str, Any]) -> None:
    (task,) = workflow.get_tasks(state=TaskState.READY, manual=True)
    task.set_data(**variables)
    task.run()
    workflow.do_engine_steps()


def in_memory_cpu(count: int, answers: tuple[dict[str, Any], ...]) -> float:
    """Return CPU seconds of a completion: yardstick A."""
    workflows = started(count)
    began = time.process_time()
    for variables in answers:
        for workflow in workflows:
            complete(workflow, variables)
    cpu = time.process_time() - began
    assert all(workflow.is_completed() for workflow in workflows)
    return cpu / (count * len(answers))


def stock_cpu(count: int, answers: tuple[dict[str, Any], ...]) -> float:
    """Return CPU seconds of a completion with a round trip through the stock form: yardstick B."""
    serializer = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure(SPIFF_CONFIG))
    states = [serializer.serialize_json(workflow) for workflow in started(count)]
    began = time.process_time()
    for variables in answers:
        for number, state in enumerate(states):
            workflow = serializer.deserialize_json(state)
            complete(workflow, variables)
            states[number] = serializer.serialize_json(workflow)
    return (time.process_time() - began) / (count * len(answers))


def case_cpu(count: int, *, stock: bool = False) -> float:
    """Return CPU seconds of a completion in a whole case: yardstick A, or B if ``stock``."""
    parser = SpiffBpmnParser()
    for name, content in case_drawing.files(case_drawing.PYTHON).items():
        add = parser.add_dmn_str if name.endswith(".dmn") else parser.add_bpmn_str
        add(content, name)
    spec = parser.get_spec(case_drawing.PROCESS)
    inner = parser.get_subprocess_specs(case_drawing.PROCESS)
    serializer = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure(SPIFF_CONFIG))
    cpu, completions = 0.0, 0
    for number in range(count):
        workflow, calls = BpmnWorkflow(spec, inner), 0
        workflow.task_tree.data.update(case_drawing.data(number))
        workflow.do_engine_steps()
        state = serializer.serialize_json(workflow) if stock else ""
        while not workflow.is_completed():
            began = time.process_time()
            if stock:
                workflow = serializer.deserialize_json(state)
            cpu += time.process_time() - began
            task = next(iter(workflow.get_tasks(state=TaskState.READY, manual=True)))
            calls += task.task_spec.bpmn_id == "callback"
            began = time.process_time()
            task.set_data(**case_drawing.answers(task.task_spec.bpmn_id, calls))
            task.run()
            workflow.do_engine_steps()
            if stock:
                state = serializer.serialize_json(workflow)
            cpu += time.process_time() - began
            completions += 1
    return cpu / completions
