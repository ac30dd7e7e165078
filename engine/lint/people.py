"""Who does the steps, and with which form."""

from collections.abc import Collection, Iterator

from lxml import etree

from engine import xml
from engine.checked import Definitions
from engine.findings import Finding
from engine.lint.extra import ExtraCheck, diagram_of
from engine.lint.model import Diagram, Release
from engine.lint.words import meant

# The lane in which the engine works and no person (domain conventions of every release).
NOBODY = "system"


# Resource roles (BPMN 2.0.2 10.3.1), which say it in other words than a release does.
ROLES = ("performer", "humanPerformer", "potentialOwner", "resourceRole")


def check(diagram: Diagram, release: Release) -> Iterator[Finding]:
    yield from two_lanes(diagram)
    yield from resource_roles(diagram)
    lanes = lane_of_step(diagram)
    for task in xml.bpmn_descendants(diagram.root, "userTask"):
        if not diagram.is_left_out(task):
            yield from form(diagram, release, task)
            yield from owner(diagram, task, lanes)


def resource_roles(diagram: Diagram) -> Iterator[Finding]:
    for role in xml.bpmn_descendants(diagram.root, *ROLES):
        step = role.getparent()
        if step is not None and not diagram.is_left_out(step):
            yield diagram.warning(
                "role_without_effect",
                step,
                f"{xml.label(step)} has a {xml.local(role)}, which is kept in the file and not "
                "carried out: its lane says who does it.",
                "Draw it in the lane of a role, or name its potentialOwners as a property.",
            )


def two_lanes(diagram: Diagram) -> Iterator[Finding]:
    """Lanes divide a process (BPMN 2.0.2 10.8): a step stands in one lane of a set, and inside

    those around that lane. Whose it is would hang on the order in the file otherwise.
    """
    for lanes in xml.bpmn_descendants(diagram.root, "laneSet"):
        if diagram.is_left_out(lanes):
            continue
        found: dict[str, etree._Element] = {}
        for lane in xml.bpmn_children(lanes, "lane"):
            inside = xml.bpmn_descendants(lane, "flowNodeRef")
            for step_id in sorted({xml.text_of(each).rpartition(":")[2] for each in inside}):
                if step_id in found and step_id in diagram.by_id:
                    yield diagram.refused(
                        "two_lanes",
                        diagram.by_id[step_id],
                        f"{xml.label(diagram.by_id[step_id])} stands in the lanes "
                        f"{xml.label(found[step_id])} and {xml.label(lane)}, so it is not clear "
                        "whose it is.",
                        "Draw it in one of them.",
                    )
                found.setdefault(step_id, lane)


def lane_of_step(diagram: Diagram) -> dict[str, etree._Element]:
    """Return the innermost lane of each step by the step's id."""
    found: dict[str, etree._Element] = {}
    for lane in xml.bpmn_descendants(diagram.root, "lane"):
        for reference in xml.bpmn_children(lane, "flowNodeRef"):
            found[xml.text_of(reference).rpartition(":")[2]] = lane
    return found


def lane_for(element: etree._Element, lanes: dict[str, etree._Element]) -> etree._Element | None:
    """Return the lane of a step; steps in a subprocess lie in the lane of the subprocess."""
    at: etree._Element | None = element
    while at is not None:
        if (at.get("id") or "") in lanes:
            return lanes[at.get("id") or ""]
        at = at.getparent()
    return None


def form(diagram: Diagram, release: Release, task: etree._Element) -> Iterator[Finding]:
    form_id = xml.properties(task).get("form", "")
    if not form_id:
        yield diagram.unsafe(
            "no_form",
            task,
            f"User task {xml.label(task)} has no form, so nobody is asked anything.",
            "Choose a form of the release.",
        )
    elif form_id not in release.forms:
        yield diagram.unsafe(
            "unknown_form",
            task,
            f"User task {xml.label(task)} shows the form '{form_id}', which is not in this "
            f"release{meant(form_id, release.forms)}",
            "Add the form to the release, or choose another.",
        )


def owner(
    diagram: Diagram, task: etree._Element, lanes: dict[str, etree._Element]
) -> Iterator[Finding]:
    given = xml.properties(task)
    if given.get("potentialOwners") or given.get("assignee"):
        return
    lane = lane_for(task, lanes)
    name = (lane.get("name") or "") if lane is not None else ""
    if not name:
        yield diagram.unsafe(
            "no_owner",
            task,
            f"User task {xml.label(task)} stands in no lane, so nobody would get it.",
            "Draw it in the lane of a role, or name its potential owners.",
        )
    elif name == NOBODY:
        yield diagram.unsafe(
            "no_owner",
            task,
            f"User task {xml.label(task)} stands in the lane 'system', where nobody works.",
            "Draw it in the lane of a role.",
        )


def roles(known: Collection[str]) -> ExtraCheck:
    """Return an extra check: every lane and potential owner is a role, or a set of the release.

    Which roles there are is known above the engine.
    """

    def check_roles(definitions: Definitions) -> Iterator[Finding]:
        names = {*known, *definitions.role_sets, NOBODY}
        for process in definitions.processes.values():
            diagram = diagram_of(process)
            for lane in xml.bpmn_descendants(process.element, "lane"):
                if not any(True for _ in xml.bpmn_children(lane, "childLaneSet")):
                    yield from known_role(diagram, lane, lane.get("name") or "", names)
            for task in xml.bpmn_descendants(process.element, "userTask"):
                for name in xml.properties(task).get("potentialOwners", "").split(","):
                    yield from known_role(diagram, task, name.strip(), names)

    return check_roles


def known_role(
    diagram: Diagram, element: etree._Element, name: str, known: set[str]
) -> Iterator[Finding]:
    if name and name not in known:
        what = "Lane" if xml.is_bpmn(element, "lane") else "The owner of " + label(diagram, element)
        yield diagram.unsafe(
            "unknown_role",
            element,
            f"{what} '{name}' is no role and no set of roles{meant(name, known)}",
            "Name a role, or add the set to the roles file.",
        )


def label(diagram: Diagram, element: etree._Element) -> str:
    return xml.label_of(element, diagram.author_id(element)) + ","
