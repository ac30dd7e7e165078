"""A case as services have them, in our dialect and in plain SpiffWorkflow's.

Some thirty nodes, three called processes, a decision table, a timer at a task, three tasks side by
side, a loop of call-backs, and forty fields of data. Both dialects are written from one drawing;
only the words of expressions differ.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

PROCESS = "case"
CALLED = {
    "risk_assess": ("dash", "severity"),
    "safeguard": ("refer", "strategy"),
    "follow_up": ("survey", "outcome"),
}
TASKS = (
    "first_contact identify_victim record_consent explain_services allocate chase send_letter "
    "needs referrals callback review close_letter"
).split()
FLOWS = (
    "start > first_contact > identify_victim > record_consent > g_consent > risk > grade > g_risk",
    "g_consent > explain_services > close_letter",
    "g_risk > safeguarding > allocate > fork",
    "g_risk > allocate",
    "sla > chase > chased",
    "fork > send_letter > join > plan > again > callback > count > g_reached > followup > review",
    "fork > needs > join",
    "fork > referrals > join",
    "g_reached > again",
    "review > closing > close_letter > end",
)
# the flows that are taken otherwise
DEFAULTS = {
    "g_consent": "explain_services",
    "g_risk": "allocate",
    "g_reached": "followup",
}
DEFINITIONS = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core" '
    'id="definitions_{name}" targetNamespace="https://signpost.example/benchmarks">'
    "{process}</bpmn:definitions>"
)
TABLE = (
    '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="grading" name="Grading" '
    'namespace="https://signpost.example/benchmarks"><decision id="risk_grade" name="risk_grade">'
    '<variable id="grade_variable" name="risk_grade"/>'
    '<decisionTable id="grades" hitPolicy="FIRST">'
    '<input id="in_1" label="Score"><inputExpression id="ex_1" typeRef="number"><text>score</text>'
    '</inputExpression></input><output id="out_1" label="Grade" name="grade" typeRef="string"/>'
    "{rules}</decisionTable></decision></definitions>"
)
RULE = (
    '<rule id="r{n}"><inputEntry id="i{n}"><text>{when}</text></inputEntry>'
    '<outputEntry id="o{n}"><text>"{grade}"</text></outputEntry></rule>'
)


@dataclass(frozen=True)
class Dialect:
    """How conditions and scripts are written; ``owners``: whether tasks name a role."""

    conditions: Mapping[tuple[str, str], str]
    scripts: Mapping[str, str]
    waits: str
    owners: bool
    otherwise: str  # the cell that asks nothing


FEEL = Dialect(
    conditions={
        ("g_consent", "risk"): 'consent = "yes"',
        ("g_risk", "safeguarding"): 'risk_grade = "high"',
        ("g_reached", "again"): 'reached != "yes"',
    },
    scripts={
        "plan": "{support_plan: {needs: n_needs, grade: risk_grade}}",
        "count": "{attempts: attempts + 1}",
        "closing": "{closed: true}",
        "noted": "{noted: 1}",
    },
    waits="PT4H",
    owners=True,
    otherwise="-",
)
PYTHON = Dialect(
    conditions={
        ("g_consent", "risk"): 'consent == "yes"',
        ("g_risk", "safeguarding"): 'grade == "high"',
        ("g_reached", "again"): 'reached != "yes"',
    },
    scripts={
        "plan": 'support_plan = {"needs": n_needs, "grade": grade}',
        "count": "attempts = attempts + 1",
        "closing": "closed = True",
        "noted": "noted = 1",
    },
    waits='"PT4H"',
    owners=False,
    otherwise="",
)


def files(dialect: Dialect) -> dict[str, bytes]:
    """Return the diagrams and the decision table by file name."""
    drawn = {PROCESS: _case(dialect)}
    for name, (first, second) in CALLED.items():
        nodes = [
            f'<bpmn:startEvent id="{name}_start"/>',
            _task(dialect, f"{name}_{first}"),
            _script(dialect, f"{name}_noted", "noted"),
            _task(dialect, f"{name}_{second}"),
            f'<bpmn:endEvent id="{name}_end"/>',
        ]
        way = f"{name}_start > {name}_{first} > {name}_noted > {name}_{second} > {name}_end"
        drawn[name] = "".join([*nodes, *_flows(dialect, (way,))])
    found = {f"{name}.bpmn": _diagram(name, inside) for name, inside in drawn.items()}
    return found | {"grading.dmn": _table(dialect)}


def data(number: int) -> dict[str, Any]:
    """Return the forty fields that a case begins with, some 2 KB."""
    texts = {f"field_{n:02}": f"value {n} of case {number} with a little text" for n in range(30)}
    return texts | {
        "case_no": number,
        "consent": "yes",
        "score": 16,
        "children": False,
        "n_needs": ["housing", "legal"],
        "attempts": 0,
        "reached": "no",
        "told": {"by": "letter", "about": {"what": "the services", "when": "2027-01-14"}},
        "words": "x" * 400,
        "flags": ["a", "b", "c"],
    }


def answers(element_id: str, calls: int) -> dict[str, Any]:
    """Return what completing a task says; the third call-back reaches somebody."""
    said = {f"f_{element_id}": "x"}
    return said | ({"reached": "yes" if calls > 2 else "no"} if element_id == "callback" else {})


def _case(dialect: Dialect) -> str:
    nodes = ['<bpmn:startEvent id="start"/>', *(_task(dialect, name) for name in TASKS)]
    nodes += [_script(dialect, name, name) for name in ("plan", "count", "closing")]
    called = {"risk": "risk_assess", "safeguarding": "safeguard", "followup": "follow_up"}
    nodes += [f'<bpmn:callActivity id="{id}" calledElement="{to}"/>' for id, to in called.items()]
    nodes += [
        f'<bpmn:exclusiveGateway id="{id}" default="{id}_{to}"/>' for id, to in DEFAULTS.items()
    ]
    nodes += [f'<bpmn:parallelGateway id="{id}"/>' for id in ("fork", "join")]
    nodes += [f'<bpmn:endEvent id="{id}"/>' for id in ("chased", "end")]
    nodes += [
        '<bpmn:exclusiveGateway id="again"/>',
        '<bpmn:businessRuleTask id="grade"><bpmn:extensionElements>'
        "<spiffworkflow:calledDecisionId>risk_grade</spiffworkflow:calledDecisionId>"
        "</bpmn:extensionElements></bpmn:businessRuleTask>",
        '<bpmn:boundaryEvent id="sla" cancelActivity="false" attachedToRef="allocate">'
        '<bpmn:timerEventDefinition id="sla_definition"><bpmn:timeDuration '
        f'xsi:type="bpmn:tFormalExpression">{dialect.waits}</bpmn:timeDuration>'
        "</bpmn:timerEventDefinition></bpmn:boundaryEvent>",
    ]
    return "".join([*nodes, *_flows(dialect, FLOWS)])


def _task(dialect: Dialect, id: str) -> str:
    owners = (
        "<bpmn:extensionElements><spiffworkflow:properties>"
        '<spiffworkflow:property name="potentialOwners" value="case_worker"/>'
        "</spiffworkflow:properties></bpmn:extensionElements>"
        if dialect.owners
        else ""
    )
    return f'<bpmn:userTask id="{id}" name="{id.replace("_", " ")}">{owners}</bpmn:userTask>'


def _script(dialect: Dialect, id: str, key: str) -> str:
    words = escape(dialect.scripts[key])
    return f'<bpmn:scriptTask id="{id}"><bpmn:script>{words}</bpmn:script></bpmn:scriptTask>'


def _flows(dialect: Dialect, ways: tuple[str, ...]) -> Iterator[str]:
    for way in ways:
        stops = way.split(" > ")
        for source, target in zip(stops, stops[1:], strict=False):
            condition = dialect.conditions.get((source, target))
            inside = (
                '<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">'
                f"{escape(condition)}</bpmn:conditionExpression>"
                if condition
                else ""
            )
            yield (
                f'<bpmn:sequenceFlow id="{source}_{target}" sourceRef="{source}" '
                f'targetRef="{target}">{inside}</bpmn:sequenceFlow>'
            )


def _diagram(name: str, inside: str) -> bytes:
    process = f'<bpmn:process id="{name}" name="{name}" isExecutable="true">{inside}</bpmn:process>'
    return DEFINITIONS.format(name=name, process=process).encode()


def _table(dialect: Dialect) -> bytes:
    rules = ((">= 14", "high"), (">= 7", "medium"), (dialect.otherwise, "standard"))
    written = (
        RULE.format(n=n, when=escape(when), grade=grade) for n, (when, grade) in enumerate(rules)
    )
    return TABLE.format(rules="".join(written)).encode()
