"""Forms in the version that was asked once: so that a stale page can show both versions."""

from typing import Any

from flask import Blueprint

from api.rest.guard import programme
from api.work import session
from engine.errors import NotFound
from workflows.programmes.tokens import Scope
from workflows.tasks import asked

blueprint = Blueprint("rest_forms", __name__)


@blueprint.get("/forms/<form_id>/versions/<sha256>")
@programme(Scope.CASEWORK)
def show(form_id: str, sha256: str) -> dict[str, Any]:
    """Give a form as form-js JSON in one version, from whichever release held it."""
    form = asked.version(session(), form_id, sha256)
    if form is None:
        raise NotFound
    return {"form_id": form.id, "form_sha256": form.sha256, "form": form.source}
