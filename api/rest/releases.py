"""Releases: list, look, hand in changed files, publish what somebody else handed in."""

import base64
import binascii
from typing import Any
from uuid import UUID

from flask import Blueprint, Response
from marshmallow import Schema, ValidationError, fields, validate

from api.auth import actor
from api.rest.bodies import body, listed, text
from api.rest.guard import programme
from api.work import now, session
from engine import bases, rebasing, releases
from engine.findings import Finding
from engine.models import Release
from engine.states import ReleaseState
from workflows.access.reading import NotAllowed, may, require
from workflows.programmes.tokens import Scope
from workflows.releases import queries
from workflows.releases.checks import checks_for

blueprint = Blueprint("rest_releases", __name__)
CAPABILITY = "edit_definitions"


class FileIn(Schema):
    """One file of a release: its text, or its bytes in base64."""

    name = fields.String(required=True, validate=validate.Length(1, 300))
    text = fields.String()
    base64 = fields.String()


class ReleaseIn(Schema):
    """Changed files; what is not named stays as in ``base`` (default: the newest published)."""

    base = fields.UUID(load_default=None, allow_none=True)

    files = fields.List(
        fields.Nested(FileIn), required=True, validate=validate.Length(min=1, max=500)
    )
    complete = fields.Boolean(load_default=False)


def shown(release: Release) -> dict[str, Any]:
    return {
        "id": str(release.id),
        "number": release.number,
        "state": str(release.state),
        "sha256": release.sha256,
        "base": str(release.base_id) if release.base_id else None,
        "author": release.author,
        "reviewer": release.reviewer,
        "created_at": text(release.created_at),
        "effective_from": text(release.effective_from),
    }


def said(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "severity": str(finding.severity),
        "message": finding.message,
        "remedy": finding.remedy,
        "file": finding.file,
        "element_id": finding.element_id,
        "line": finding.line,
        "path": list(finding.path),
    }


@blueprint.get("/releases")
@programme(Scope.PROCESSES)
def index() -> dict[str, Any]:
    """List releases, newest first."""
    _may_look()
    return listed(
        lambda limit, offset: queries.releases_of(
            session(), actor().tenant_id, limit=limit + offset
        )[offset:],
        shown,
    )


@blueprint.get("/releases/<uuid:release_id>")
@programme(Scope.PROCESSES)
def show(release_id: UUID) -> dict[str, Any]:
    """Show a release with its files and findings."""
    _may_look()
    release = releases.get(session(), release_id)
    return {
        **shown(release),
        "files": sorted(releases.export(session(), release.id)),
        "findings": [said(finding) for finding in releases.findings(release)],
        "undoes": _undoes(release),
    }


def _undoes(release: Release) -> list[str]:
    """Return the files of which publishing a draft would take back what is published by now."""
    if release.state != ReleaseState.DRAFT:
        return []
    return sorted(bases.standing(session(), release).undone)


@blueprint.get("/releases/<uuid:release_id>/files/<path:name>")
@programme(Scope.PROCESSES)
def file(release_id: UUID, name: str) -> Response:
    """Give one file as it was handed in."""
    _may_look()
    content = queries.content(session(), release_id, name)
    return Response(content, content_type="application/octet-stream")


@blueprint.post("/releases")
@programme(Scope.PROCESSES, takes=ReleaseIn)
def hand_in() -> tuple[dict[str, Any], int]:
    """Check files together and keep them as a draft; every finding at once when refused."""
    require(actor(), CAPABILITY)
    given = body()
    files: dict[str, str | bytes] = {}
    base = releases.base_of(session(), actor().tenant_id, given["base"])
    if not given["complete"]:
        files.update(releases.export(session(), releases.required(base).id))
    files.update({file["name"]: _content(file) for file in given["files"]})
    release = releases.import_files(
        session(),
        actor().tenant_id,
        files,
        by=actor().by,
        now=now(),
        base_id=base.id if base else None,
        extra_checks=checks_for(session(), actor().tenant_id, now()),
    )
    return _made(release), 201


@blueprint.post("/releases/<uuid:release_id>/rebase")
@programme(Scope.PROCESSES)
def rebase(release_id: UUID) -> tuple[dict[str, Any], int]:
    """Make a draft of one's own draft's changes upon what is published by now; it takes its place.

    409 where both changed the same file.
    """
    require(actor(), CAPABILITY)
    made = rebasing.rebase(
        session(),
        release_id,
        by=actor().by,
        now=now(),
        extra_checks=checks_for(session(), actor().tenant_id, now()),
    )
    return _made(made), 201


def _made(release: Release) -> dict[str, Any]:
    findings = [said(finding) for finding in releases.findings(release)]
    return {**shown(release), "findings": findings}


@blueprint.post("/releases/<uuid:release_id>/publish")
@programme(Scope.PROCESSES)
def publish(release_id: UUID) -> dict[str, Any]:
    """Put a draft in force. Whoever handed it in may not; 409 where it would undo a newer one."""
    if not may(actor(), CAPABILITY, act="approve"):
        require(actor(), CAPABILITY)
    return shown(releases.publish(session(), release_id, by=actor().by, now=now()))


def _may_look() -> None:
    """Whoever has anything to do with definitions may read them: they hold no client data."""
    if not actor().permissions(CAPABILITY):
        raise NotAllowed


def _content(file: dict[str, Any]) -> str | bytes:
    if "text" in file:
        return str(file["text"])
    try:
        return base64.b64decode(file.get("base64", ""), validate=True)
    except binascii.Error as wrong:
        raise ValidationError({"files": [f"{file['name']} is not base64."]}) from wrong
