"""What the diagrams of risk grading may call."""

from datetime import datetime, timedelta
from typing import Any, NotRequired, TypedDict
from uuid import UUID

from sqlalchemy import select

from engine.models import DecisionRecord
from engine.operations import OperationContext, operation
from workflows.cases import facts
from workflows.cases.models import Case
from workflows.decisions import decide
from workflows.risk import assessing, grading, levels
from workflows.risk.models import GradeOrigin, RiskAssessment

Tools = list[str]
UNCHECKED_FOR = timedelta(days=7)  # how long a grade may stand that nobody could ask about


def case_of(context: OperationContext, case_id: str) -> Case:
    return context.session.get_one(Case, UUID(case_id))


class ToolChoice(TypedDict):
    tool_choice: list[str]
    risk_level: NotRequired[str]


@operation("risk.choose_tools")
def choose_tools(context: OperationContext, *, case_id: str) -> ToolChoice:
    """Say which tools are asked: decision `tool_choice` on what is known of the case.

    The grade so far comes with it: what is asked in a high-risk case is listed and due as such,
    also where a review begins that was told nothing but the case.
    """
    case = case_of(context, case_id)
    known = facts.of(context.session, case)
    inputs = {
        "domestic_abuse": facts.flag(known, "domestic_abuse"),
        "age": known.get("age"),
        "hate": facts.flag(known, "hate"),
        "stalking": facts.flag(known, "stalking"),
        "self_harm_indicated": facts.flag(known, "self_harm_indicated"),
        "external_assessment": known.get("external_level") is not None,
    }
    tools = decide(context, "tool_choice", inputs, subject_id=case.subject_id)
    chosen: ToolChoice = {"tool_choice": tools or []}
    if case.risk_level:
        chosen["risk_level"] = case.risk_level
    return chosen


class BroughtTogether(TypedDict):
    """What `risk_level` is asked; ``dash`` is null where no checklist was answered."""

    highest: str | None
    any_unknown: bool
    grade_origin: str
    professional_raise: str
    asked: bool
    marac_kind: str | None
    dash: NotRequired[None]


@operation("risk.provisional")
def provisional(
    context: OperationContext, *, case_id: str, professional_raise: str | None = None
) -> BroughtTogether:
    """Bring together what is known when nobody can be asked now.

    ``professional_raise``: to what a member of staff has raised the risk (medium, high).
    """
    case = case_of(context, case_id)
    external = facts.of(context.session, case).get("external_level")
    level, origin = grading.provisional_level(case.risk_level, external)
    return {
        "highest": levels.for_table(level),
        "any_unknown": True,
        "grade_origin": str(origin),
        "professional_raise": professional_raise or "none",
        "asked": False,
        "dash": None,
        "marac_kind": marac_kind(context, case),
    }


@operation("risk.score_dash", decision="dash")
def score_dash(context: OperationContext, *, case_id: str) -> dict[str, Any]:
    """Score the checklist: decision `dash`. Its answers stay with the case."""
    case = case_of(context, case_id)
    assessment = assessing.latest(context.session, case.id, "dash", "yp_dash")
    if assessment is None:
        raise LookupError("no checklist has been answered for this case")
    age = facts.of(context.session, case).get("age")
    inputs = assessing.checklist_inputs(assessment.answers or {}, age)
    result: dict[str, Any] = decide(context, "dash", inputs, subject_id=case.subject_id)
    return result


@operation("risk.score_hate", decision="hate_level")
def score_hate(context: OperationContext, *, case_id: str) -> dict[str, Any]:
    """Score the hate-crime items: decisions `hate_score` and `hate_level`."""
    case = case_of(context, case_id)
    assessment = assessing.latest(context.session, case.id, "hate")
    if assessment is None:
        raise LookupError("no hate-crime items have been answered for this case")
    answers = assessment.answers or {}
    score = decide(
        context, "hate_score", assessing.hate_inputs(answers), subject_id=case.subject_id
    )
    inputs = assessing.hate_level_inputs(answers, score or 0)
    result: dict[str, Any] = decide(context, "hate_level", inputs, subject_id=case.subject_id)
    return result


@operation("risk.levels")
def bring_together(context: OperationContext, *, case_id: str, tools: Tools) -> BroughtTogether:
    """Return the highest level of all tools and whether anything is unknown, for `risk_level`."""
    case = case_of(context, case_id)
    found = {tool: _level_of(context, case, tool) for tool in tools}
    external = facts.of(context.session, case).get("external_level")
    known = [level for level, _ in found.values()]
    incomplete = not tools or any(level is None or open_ for level, open_ in found.values())
    result: BroughtTogether = {
        "highest": levels.for_table(levels.highest([*known, external])),
        "any_unknown": incomplete,
        "grade_origin": str(GradeOrigin.GRADED),
        "professional_raise": "none",
        "asked": True,
        "marac_kind": marac_kind(context, case),
    }
    if not {"dash", "yp_dash"} & set(tools):
        result["dash"] = None
    return result


def _level_of(context: OperationContext, case: Case, tool: str) -> tuple[str | None, bool]:
    """Return the level a tool gave and whether it is only provisional."""
    session = context.session
    name = "dash" if tool == "yp_dash" else tool
    assessment = assessing.latest(session, case.id, name, tool)
    answers = (assessment.answers if assessment else None) or {}
    if assessment is None:
        return None, True
    if name in SCORED:
        result = _scored(context, SCORED[name])
        return result["level"], result["provisional"]
    if name == "stalking_screen":
        return assessing.stalking_level(answers), False
    if name == "self_harm_screen":
        return assessing.self_harm_level(answers), False
    return answers.get("external_level"), False


# Which decision has scored the answers to a tool, in the step before.
SCORED = {"dash": "dash", "hate": "hate_level"}


def _scored(context: OperationContext, decision_id: str) -> dict[str, Any]:
    """Return what this grading has decided already: each decision is asked, and recorded, once."""
    newest = (
        select(DecisionRecord.outputs)
        .where(
            DecisionRecord.instance_id == context.instance_id,
            DecisionRecord.decision_id == decision_id,
        )
        .order_by(DecisionRecord.decided_at.desc())
        .limit(1)
    )
    outputs: dict[str, Any] = context.session.scalars(newest).one()
    return outputs


class Graded(TypedDict):
    risk_level: str
    level_moved: bool
    concern_assessed: bool


@operation("risk.record")
def record(
    context: OperationContext,
    *,
    case_id: str,
    mode: str,
    table_level: str,
    grade_origin: str,
    judgement: str | None = None,
    raise_to: str | None = None,
    lower_to: str | None = None,
    lower_approved: str | None = None,
) -> Graded:
    """Write the grade; say what it is, whether it moved and whether safeguarding must hear."""
    case = case_of(context, case_id)
    before = case.risk_level
    said = assessing.latest(context.session, case.id, "judgement")
    approver = _approver(context, case.id, said) if lower_approved == "yes" else None
    grade = grading.record(
        context.session,
        case,
        instance_id=context.instance_id,
        mode=mode,
        table_level=table_level,
        origin=grade_origin,
        judgement=grading.Judgement(
            judgement, raise_to, lower_to, approver is not None, _reason(said, judgement)
        ),
        by=said.assessed_by if said and judgement else "system",
        approved_by=approver,
        now=context.now,
    )
    return {
        "risk_level": grade.level,
        "level_moved": before != grade.level,
        "concern_assessed": mode == "with_client" and _concern_found(context, case),
    }


def _approver(
    context: OperationContext, case_id: UUID, judged: RiskAssessment | None
) -> str | None:
    """Return who approved the lower level that was asked for in this very grading, if anybody did.

    A variable that says so is not enough: the answers of a second person are.
    """
    approval = assessing.latest(context.session, case_id, "approval")
    if judged is None or approval is None:
        return None
    holds = (
        approval.instance_id == judged.instance_id == context.instance_id
        and approval.assessed_at >= judged.assessed_at
        and approval.assessed_by != judged.assessed_by
        and (approval.answers or {}).get("lower_approved") == "yes"
    )
    return approval.assessed_by if holds else None


def _reason(said: RiskAssessment | None, judgement: str | None) -> str | None:
    reason: str | None = (said.answers or {}).get("reason") if said and judgement else None
    return reason


def _concern_found(context: OperationContext, case: Case) -> bool:
    asked = {
        tool: assessing.latest(context.session, case.id, tool)
        for tool in ("dash", "self_harm_screen", "hate")
    }
    return assessing.concern_found(
        {tool: (found.answers if found else None) or {} for tool, found in asked.items()}
    )


class Review(TypedDict):
    review_at: datetime


@operation("risk.schedule_review")
def schedule_review(
    context: OperationContext, *, case_id: str, risk_level: str, grade_origin: str
) -> Review:
    """Say when the grade is looked at again: high 7 days, medium 28, standard 90.

    A provisional grade is looked at again at the first contact, and after a week at the latest.
    """
    wait = levels.REVIEW_AFTER[risk_level]
    if grade_origin == GradeOrigin.PROVISIONAL:
        wait = min(wait, UNCHECKED_FOR)
    return {"review_at": context.now + wait}


@operation("marac.route", decision="marac_route")
def route_marac(
    context: OperationContext,
    *,
    case_id: str,
    dash: dict[str, Any] | None,
    risk_level: str,
    grade_origin: str,
    reasonable_grounds: str | None = None,
) -> dict[str, Any]:
    """Decide whether the case goes to MARAC: decision `marac_route`."""
    case = case_of(context, case_id)
    inputs = {
        "kind": marac_kind(context, case),
        "dash": dash or {"marac": "no", "reason_code": None},
        "age": facts.of(context.session, case).get("age"),
        "professional_judgement": reasonable_grounds == "yes",
        "risk_level": risk_level,
        "grade_origin": grade_origin,
        "retain_interval": None,
        "repeat": False,
    }
    result: dict[str, Any] = decide(context, "marac_route", inputs, subject_id=case.subject_id)
    return result


def marac_kind(context: OperationContext, case: Case) -> str | None:
    """Return "da", "hate" or nothing: MARAC exists for these two."""
    known = facts.of(context.session, case)
    if facts.flag(known, "domestic_abuse"):
        return "da"
    return "hate" if facts.flag(known, "hate") else None
