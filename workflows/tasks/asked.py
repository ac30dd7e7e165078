"""What a task asks: its form, in the version of the release that its instance runs on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

import forms
from engine import instances, releases
from engine.definitions import Definitions, FileKind
from engine.errors import NotFound, Refusal
from engine.models import FileContent, ReleaseFile, UserTask
from forms import Form, Option
from workflows.keys import SubjectUnknown, is_erased
from workflows.tasks.lists import lists_for
from workflows.tenants.models import Service

# A message that nobody took becomes a task without a process, and so without a release.
UNCLAIMED = forms.load(
    {
        "type": "default",
        "id": "unclaimed_message",
        "schemaVersion": 19,
        "components": [
            {
                "type": "text",
                "text": "No process took this message. Do by hand what it asks for, and close it; "
                "or send it once more, if its receiver has been put right since.",
            },
            {
                "type": "checkbox",
                "key": "again",
                "label": "Send the message once more",
                "properties": {"class": "C0", "variable": True},
            },
        ],
    }
)


# Forms by the hash of their release and their id. Two threads may read one at once; both are right.
_read: dict[tuple[str, str], Form] = {}
MOST_READ = 2048


class StaleForm(Refusal):
    """This form has changed since the page was opened. What you typed is kept."""


class FormMissing(NotFound):
    """The release of this task has no such form."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A task's form with what it is read and checked against."""

    form: Form
    zone: ZoneInfo
    lists: Mapping[str, Sequence[Option]]
    now: datetime

    def check(self, answers: Mapping[str, Any], **how: Any) -> dict[str, Any]:
        """Return the checked answers; see `forms.check_answers`."""
        return forms.check_answers(
            self.form, answers, now=self.now, zone=self.zone, lists=self.lists, **how
        )

    def render(
        self, answers: Mapping[str, Any] | None = None, errors: Mapping[Any, Any] | None = None
    ) -> forms.RenderModel:
        """Return what the page draws; see `forms.render`."""
        return forms.render(self.form, answers, errors, zone=self.zone, lists=self.lists)

    def dropped(self, answers: Mapping[str, Any]) -> list[str]:
        """Return the labels of what was answered and is no longer asked."""
        return forms.dropped(self.form, answers, zone=self.zone, lists=self.lists)


def asked_by(session: Session, task: UserTask, *, now: datetime) -> Asked | None:
    """Return what ``task`` asks; None for a task that only needs to be done.

    The release of the task's instance says which version of the form it is.
    """
    form = form_of(session, task)
    if form is None:
        return None
    lists = lists_for(session, form, task, now=now) if form.lists else {}
    zone = zone_of(session, task) if form.needs_zone else forms.UNITED_KINGDOM
    return Asked(form, zone, lists, now)


def form_of(session: Session, task: UserTask) -> Form | None:
    """Return the form of ``task``. Raises ``FormMissing`` when its release does not hold it."""
    if task.instance_id is None:
        return UNCLAIMED
    if task.form_id is None:
        return None
    definitions = releases.definitions(session, instances.release_of(session, task.instance_id))
    return form_in(definitions, task.form_id)


def form_in(definitions: Definitions, form_id: str) -> Form:
    """Return a form of a release, read once for all that run on these definitions."""
    if form_id not in definitions.forms:
        raise FormMissing(f"There is no form “{form_id}”.")
    name = (definitions.sha256, form_id)
    form = _read.get(name)
    if form is None:
        if len(_read) >= MOST_READ:
            _read.clear()
        form = _read[name] = forms.load(definitions.forms[form_id])
    return form


def version(session: Session, form_id: str, sha256: str) -> Form | None:
    """Return the version of a form that was asked once, from whichever release held it.

    For the page that shows a stale form beside the present one, and for auditors.
    """
    stored = (
        select(FileContent.content)
        .join(ReleaseFile, ReleaseFile.sha256 == FileContent.sha256)
        .where(ReleaseFile.kind == FileKind.FORM, ReleaseFile.name.endswith(f"{form_id}.form"))
        .distinct()
    )
    for content in session.scalars(stored):
        form = forms.load(bytes(content))
        if (form.id, form.sha256) == (form_id, sha256):
            return form
    return UNCLAIMED if sha256 == UNCLAIMED.sha256 else None


def require_current(form: Form, sha256: str | None) -> None:
    """Refuse answers to another version of ``form`` than ``sha256``, where that is given."""
    if sha256 is not None and sha256 != form.sha256:
        raise StaleForm(form_id=form.id, yours=sha256, current=form.sha256)


def zone_of(session: Session, task: UserTask) -> ZoneInfo:
    """Return where the clocks of the task's service hang."""
    service = session.get(Service, task.service_id) if task.service_id else None
    return ZoneInfo(service.zone) if service else forms.UNITED_KINGDOM


def subject_of(session: Session, task: UserTask) -> UUID:
    """Return whose key seals what is written for ``task``: its case or contact, else the tenant.

    What belongs to no case is about no person, so it may lie under the tenant's own key.
    """
    if task.business_key is not None:
        try:
            is_erased(session, task.business_key)
        except SubjectUnknown:
            return task.tenant_id
        return task.business_key
    return task.tenant_id
