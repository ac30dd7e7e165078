"""The process library: what runs, what it looks like, and how a change goes live."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from api import headers
from api.auth import actor, signed_in
from api.language import say
from api.pages.findings import grouped
from api.pages.names import name_of
from api.work import now, session
from engine import bases, rebasing, releases
from engine.definitions import FileKind, Process, ReleaseRefused
from engine.errors import NotFound
from engine.findings import Finding, Severity
from engine.models import Release
from engine.outline import outline
from engine.states import ReleaseState
from workflows.access.reading import may, require
from workflows.releases import queries
from workflows.releases.checks import checks_for

blueprint = Blueprint("library", __name__, url_prefix="/library")

CAPABILITY = "edit_definitions"
MOST_FILES = 200


@dataclass(frozen=True)
class Listed:
    """A process as the library lists it."""

    id: str
    name: str
    file: str
    live: int
    findings: int


@blueprint.get("")
@signed_in
def home() -> str:
    _may_look()
    release = releases.effective(session(), actor().tenant_id, now())
    definitions = releases.definitions(session(), release.id)
    live = queries.live_by_process(session(), actor().tenant_id)
    found = releases.findings(release)
    processes = [
        Listed(p.id, p.name, p.file, live.get(p.id, 0), sum(f.file == p.file for f in found))
        for p in sorted(definitions.processes.values(), key=lambda p: p.name)
    ]
    return render_template(
        "library.html",
        release=release,
        processes=processes,
        decisions=queries.names_of(definitions, FileKind.DECISION),
        forms=queries.names_of(definitions, FileKind.FORM),
        others=[
            name
            for kind in (FileKind.CALENDAR, FileKind.HOLIDAYS, FileKind.ROLES, FileKind.SETTINGS)
            for name in queries.names_of(definitions, kind)
        ],
        releases=queries.releases_of(session(), actor().tenant_id),
        may_edit=may(actor(), CAPABILITY),
        base_id=_base().id,
        name_of=name_of,
    )


@blueprint.get("/processes/<process_id>")
@signed_in
def process(process_id: str) -> str:
    _may_look()
    release = _release_asked_for()
    found = _process(release, process_id)
    findings = [f for f in releases.findings(release) if f.file == found.file]
    return render_template(
        "library_process.html",
        process=found,
        outline=outline(found),
        states={},
        release=release,
        versions=queries.versions(session(), actor().tenant_id, found.file, process_id),
        findings=grouped(findings),
        may_edit=may(actor(), CAPABILITY),
        base_id=_base().id,
        name_of=name_of,
    )


@blueprint.get("/releases/<uuid:release_id>/files/<path:name>")
@signed_in
def file(release_id: UUID, name: str) -> Response:
    """Send a file of a release: the diagram viewer asks for it, and people may keep it."""
    _may_look()
    releases.get(session(), release_id)
    answer = make_response(queries.content(session(), release_id, name))
    is_xml = name.endswith((".bpmn", ".dmn"))
    answer.content_type = "application/xml" if is_xml else "text/plain; charset=utf-8"
    # opened by itself, a file that somebody has handed in is nothing but text
    answer.headers["Content-Security-Policy"] = f"{headers.POLICY}; sandbox"
    if "save" in request.args:
        bare = name.rsplit("/", 1)[-1]
        answer.headers["Content-Disposition"] = headers.kept_as(bare)
    return answer


@blueprint.get("/releases/<uuid:release_id>")
@signed_in
def release(release_id: UUID) -> str:
    _may_look()
    found = releases.get(session(), release_id)
    is_draft = found.state == ReleaseState.DRAFT
    standing = bases.standing(session(), found) if is_draft else None
    before = standing.base if standing else queries.before(session(), found)
    return render_template(
        "library_release.html",
        release=found,
        before=before,
        changes=queries.changes(session(), found, before),
        findings=grouped(releases.findings(found)),
        is_draft=is_draft,
        standing=standing,
        may_publish=is_draft and _may_publish() and found.author != actor().by,
        is_author=found.author == actor().by,
        blocked=any(f.severity != Severity.WARNING for f in releases.findings(found)),
        name_of=name_of,
    )


@blueprint.post("/upload")
@signed_in
def upload() -> AnyResponse | tuple[str, int]:
    """Make a draft of the release in force and the uploaded files, or say all that is wrong."""
    require(actor(), CAPABILITY)
    uploaded = {
        given.filename: given.read()
        for given in request.files.getlist("files")[:MOST_FILES]
        if given.filename
    }
    if not uploaded:
        flash(say("Choose at least one file."), "danger")
        return redirect("/library", 303)
    base = _base(request.form.get("base"))
    try:
        draft = releases.import_files(
            session(),
            actor().tenant_id,
            queries.replaced(session(), base.id, uploaded),
            by=actor().by,
            now=now(),
            note=request.form.get("note", "")[:500],
            base_id=base.id,
            extra_checks=checks_for(session(), actor().tenant_id, now()),
        )
    except releases.NothingDiffers as refusal:
        flash(refusal.title(), "warn")
        return redirect("/library", 303)
    except ReleaseRefused as refused:
        page = render_template(
            "library_refused.html",
            findings=grouped(_of_upload(refused.findings, uploaded)),
            files=sorted(uploaded),
            base_id=base.id,
        )
        return page, 422
    flash(
        say("Draft %(number)s is made. A second person publishes it.", number=draft.number), "good"
    )
    return redirect(f"/library/releases/{draft.id}", 303)


def _of_upload(findings: Iterable[Finding], uploaded: Collection[str]) -> list[Finding]:
    """Return what keeps the files out; what is merely worth a look, only where they are meant."""
    return [
        finding
        for finding in findings
        if finding.severity != Severity.WARNING
        or (finding.file or "").rpartition("/")[2] in uploaded
    ]


@blueprint.post("/releases/<uuid:release_id>/publish")
@signed_in
def publish(release_id: UUID) -> AnyResponse:
    if not _may_publish():
        require(actor(), CAPABILITY)
    try:
        published = releases.publish(session(), release_id, by=actor().by, now=now())
    except bases.ReleaseStale as refusal:  # the page of the draft says what, whose and what to do
        flash(refusal.title(), "danger")
    else:
        flash(say("Release %(number)s is in force.", number=published.number), "good")
    return redirect(f"/library/releases/{release_id}", 303)


@blueprint.post("/releases/<uuid:release_id>/rebase")
@signed_in
def rebase(release_id: UUID) -> AnyResponse | tuple[str, int]:
    """Make the author's changes again, upon what is published by now."""
    require(actor(), CAPABILITY)
    try:
        draft = rebasing.rebase(
            session(),
            release_id,
            by=actor().by,
            now=now(),
            extra_checks=checks_for(session(), actor().tenant_id, now()),
        )
    except bases.FilesClash as refusal:
        flash(refusal.title(), "danger")
        return redirect(f"/library/releases/{release_id}", 303)
    except ReleaseRefused as refused:
        own = queries.changes(session(), releases.get(session(), release_id), _base())
        page = render_template(
            "library_refused.html",
            findings=grouped(refused.findings),
            files=[change.name.rpartition("/")[2] for change in own],
            base_id=_base().id,
        )
        return page, 422
    flash(
        say("Draft %(number)s is made. A second person publishes it.", number=draft.number), "good"
    )
    return redirect(f"/library/releases/{draft.id}", 303)


@blueprint.post("/releases/<uuid:release_id>/reject")
@signed_in
def reject(release_id: UUID) -> AnyResponse | tuple[str, int]:
    if not _may_publish():
        require(actor(), CAPABILITY)
    reason = request.form.get("reason", "").strip()[:1000]
    if not reason:
        flash(say("Say why you send it back."), "danger")
        return redirect(f"/library/releases/{release_id}", 303)
    releases.reject(session(), release_id, by=actor().by, now=now(), reason=reason)
    flash(say("The draft is sent back to its author."), "good")
    return redirect(f"/library/releases/{release_id}", 303)


def _may_look() -> None:
    """The library holds no client data; whoever has anything to do with definitions may read it."""
    if not actor().permissions(CAPABILITY):
        raise NotFound


def _may_publish() -> bool:
    return may(actor(), CAPABILITY) or may(actor(), CAPABILITY, act="approve")


def _base(asked: str | None = None) -> Release:
    """Return what an upload changes: the release whose page it was sent from, else the newest."""
    try:
        base_id = UUID(asked) if asked else None
    except ValueError:
        raise NotFound from None
    return releases.required(releases.base_of(session(), actor().tenant_id, base_id))


def _release_asked_for() -> Release:
    asked = request.args.get("release")
    if not asked:
        return releases.effective(session(), actor().tenant_id, now())
    try:
        return releases.get(session(), UUID(asked))
    except ValueError:
        raise NotFound from None


def _process(release: Release, process_id: str) -> Process:
    found = releases.definitions(session(), release.id).processes.get(process_id)
    if found is None:
        raise NotFound
    return found
