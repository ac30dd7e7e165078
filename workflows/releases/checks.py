"""What a release must pass beyond the engine's own lint."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cache
from uuid import UUID

from sqlalchemy.orm import Session

import forms
from engine import operations
from engine.definitions import Check, Definitions
from engine.findings import Finding, Severity
from engine.lint import separation, services
from engine.lint.people import roles
from forms.findings import Finding as FormFinding
from forms.findings import FormRefused
from workflows.releases import staffing
from workflows.releases.handed_in import HANDED_IN
from workflows.releases.protection import protecting_checks
from workflows.staff.matrix import PORTAL_ROLES, ROLES
from workflows.staff.models import Position


@cache
def casework_checks() -> tuple[Check, ...]:
    """Return the checks in the order in which their findings are shown."""
    known = {*ROLES, *PORTAL_ROLES, *Position}
    return (known_operations, usable_forms, roles(known), *protecting_checks())


def checks_for(session: Session, tenant_id: UUID, now: datetime) -> tuple[Check, ...]:
    """Return the checks together with those that ask who is there to do the work."""
    staffed = separation.somebody_is_left(staffing.held(session, tenant_id, now))
    return (*casework_checks(), staffed)


def known_operations(definitions: Definitions) -> Iterator[Finding]:
    """Refuse what calls an operation that does not exist, or with other parameters; say what reads
    something that none of them returns."""
    yield from services.operations(operations.registry(), HANDED_IN)(definitions)


def usable_forms(definitions: Definitions) -> Iterator[Finding]:
    """Refuse forms that could not be shown, and warn of those that ask too much at once."""
    for form_id, source in definitions.forms.items():
        file = _file_of(definitions, form_id)
        try:
            form = forms.load(source)
        except FormRefused as refused:
            yield from _said(form_id, file, refused.findings, Severity.CANNOT_EXECUTE)
        else:
            yield from _said(form_id, file, forms.warnings(form), Severity.WARNING)


def _said(
    form_id: str, file: str | None, found: Iterable[FormFinding], severity: Severity
) -> Iterator[Finding]:
    for component, reason in found:
        # a reason may go on and say what to do
        wrong, _, remedy = reason.rstrip(".").partition(". ")
        message = f"Form '{form_id}': '{component}' {wrong}."
        yield Finding("form", severity, message, f"{remedy or 'Correct the question'}.", file)


def _file_of(definitions: Definitions, form_id: str) -> str | None:
    source = definitions.forms[form_id]
    stem = f"/{form_id}.form"
    return next((n for n in definitions.files if n.endswith(stem)), source.get("id"))
