"""Why a task is there, in a sentence: what the author of the deciding table wrote beside the rule.

The words stand in the decision table of the release, not in the record: they are looked up when
somebody reads them. Rule and table are for whoever looks into the history.
"""

from collections.abc import Iterator, Mapping
from textwrap import shorten
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select

from api.language import gettext, ngettext, say
from api.pages.values import MOST_SAID, ended, value_words
from api.words import plain
from api.work import session
from engine import payloads, releases
from engine.decisions.words import outputs_of, said_by
from engine.definitions import Definitions
from engine.following import follows
from engine.models import DecisionRecord, ProcessInstance, UserTask
from engine.states import UserTaskState
from workflows.decisions import UNSAID

MOST_LOOKED_AT = 20  # decisions before the task; most say something at once
MOST_RULES = 3
LONGEST = 300  # characters of one rule


def why(task: UserTask) -> str:
    """Say what the decision says that led to the task; nothing if none did, or if it is silent."""
    if task.instance_id is None:
        return gettext("No process took a message; somebody has to look at it.")
    for record, instance in session().execute(_decided_before(task, task.instance_id)):
        definitions = releases.definitions(session(), instance.release_id)
        if _leads_to(record, instance.process_id, task, definitions):
            words = words_of(record, definitions)
            if words:
                return words
    return ""


def _decided_before(task: UserTask, instance_id: UUID) -> Select[DecisionRecord, ProcessInstance]:
    """Select what was decided before the task opened, the last first, back to the last task done.

    What one command did has one time; the ids are in the order in which it was done.
    """
    last_done = (
        select(func.max(UserTask.completed_at))
        .where(
            UserTask.instance_id == instance_id,
            UserTask.state == UserTaskState.COMPLETED,
            UserTask.completed_at <= task.created_at,
        )
        .scalar_subquery()
    )
    together = and_(DecisionRecord.decided_at == task.created_at, DecisionRecord.id < task.id)
    return (
        select(DecisionRecord, ProcessInstance)
        .join(ProcessInstance, ProcessInstance.id == DecisionRecord.instance_id)
        .where(
            DecisionRecord.instance_id == instance_id,
            DecisionRecord.decision_id.not_in(UNSAID),
            or_(DecisionRecord.decided_at < task.created_at, together),
            or_(last_done.is_(None), DecisionRecord.decided_at >= last_done),
        )
        .order_by(DecisionRecord.decided_at.desc(), DecisionRecord.id.desc())
        .limit(MOST_LOOKED_AT)
    )


def _leads_to(
    record: DecisionRecord, process_id: str, task: UserTask, definitions: Definitions
) -> bool:
    """Say whether the task comes of the decision: in one command, or later in the same flow."""
    return record.decided_at == task.created_at or follows(
        definitions, process_id, record.element_id, task.process_id, task.element_id
    )


def words_of(record: DecisionRecord, definitions: Definitions) -> str:
    """Say a decision in sentences: those of its rules, else its outputs by their names."""
    said = rules_said(record, definitions)
    if said is None:
        return " ".join(_outputs_said(record, definitions))
    shown = [ended(_begun(shorten(text, LONGEST, placeholder=" ..."))) for text in said]
    if len(shown) > MOST_RULES:
        more = len(shown) - MOST_RULES
        one, many = "And %d more reason.", "And %d more reasons."
        shown = [*shown[:MOST_RULES], ngettext(one, many, more) % more]
    return " ".join(shown)


def rules_said(record: DecisionRecord, definitions: Definitions) -> list[str] | None:
    """Return what the author wrote beside the rules that matched, as `said_by` does.

    A process that was moved to another release may have been decided by another version of the
    table: its rules are not those of today, so nothing is said in their name.
    """
    if not _is_this_version(record, definitions):
        return None
    model = definitions.decisions[record.decision_id]
    return said_by(model, record.decision_id, record.matched_rows)


def _is_this_version(record: DecisionRecord, definitions: Definitions) -> bool:
    return definitions.decision_files.get(record.decision_id) == record.file_sha256


def _outputs_said(record: DecisionRecord, definitions: Definitions) -> list[str]:
    """Say "Risk level is high." of each output, in the order of the columns."""
    labels: Mapping[str, str] = {}
    if _is_this_version(record, definitions):
        labels = outputs_of(definitions.decisions[record.decision_id], record.decision_id)
    value = payloads.from_json(record.outputs)
    if not isinstance(value, Mapping):
        single = next(iter(labels), "") or record.decision_id
        value = {single: value}
    names = [name for name in labels if name in value] or sorted(value)
    found = ((labels.get(name) or plain(name), value[name]) for name in names)
    return list(_said(found))[:MOST_SAID]


def _said(named: Iterator[tuple[str, Any]]) -> Iterator[str]:
    for name, value in named:
        if value in (None, [], {}):
            continue
        if isinstance(value, list):
            if not any(isinstance(each, Mapping) for each in value):
                yield ended(say("%(name)s: %(value)s", name=_begun(name), value=value_words(value)))
        else:
            yield ended(say("%(name)s is %(value)s", name=_begun(name), value=value_words(value)))


def _begun(words: str) -> str:
    """Return words with a capital at the beginning; the others stay as they were written."""
    return words[:1].upper() + words[1:]
