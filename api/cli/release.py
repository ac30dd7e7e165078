"""`signpost release`: diagrams, decisions and forms in and out as files."""

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.cli.common import Failure, in_tenant, settings, staff_named
from engine import rebasing, releases
from engine.db import unit_of_work
from engine.definitions import ReleaseRefused
from engine.errors import Refusal
from engine.findings import Finding
from engine.models import Release
from workflows import registry
from workflows.releases.checks import casework_checks
from workflows.releases.queries import releases_of

SUFFIXES = (".bpmn", ".dmn", ".form", ".json", ".yaml", ".yml")


def add(commands: Any) -> None:
    parser = commands.add_parser("release", help="diagrams, decisions and forms, in and out")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, does, words in (
        ("list", show, "list the releases of an organisation"),
        ("install", install, "put the shipped definitions in force in a fresh organisation"),
        ("export", export, "write the files of a release into a folder"),
        ("import", import_, "make a draft of the files in a folder"),
        ("rebase", rebase, "make one's own draft again, upon what was published since"),
        ("publish", publish, "put a draft in force; not by its author"),
    ):
        verb = verbs.add_parser(name, help=words)
        verb.add_argument("organisation")
        if name in ("export", "rebase", "publish"):
            verb.add_argument("number", type=int)
        if name in ("export", "import"):
            verb.add_argument("folder", type=Path)
        if name in ("import", "rebase", "publish"):
            verb.add_argument("--by", required=True, help="who does it: a login name")
        if name == "import":
            verb.add_argument("--note", default="")
            words = "the release that the files were exported from (default: the newest)"
            verb.add_argument("--base", type=int, help=words)
        verb.set_defaults(run=does)


def show(given: argparse.Namespace) -> None:
    with (
        in_tenant(settings(), given.organisation) as (database, tenant_id),
        unit_of_work(database, tenant_id) as session,
    ):
        for each in releases_of(session, tenant_id):
            since = f" from {each.effective_from:%Y-%m-%d %H:%M} UTC" if each.effective_from else ""
            print(f"{each.number:>4}  {each.state}{since}  {each.sha256[:16]}  {each.note}")


def install(given: argparse.Namespace) -> None:
    registry.load()
    with in_tenant(settings(), given.organisation) as (database, tenant_id):
        try:
            with unit_of_work(database, tenant_id) as session:
                release = releases.install_shipped(
                    session, tenant_id, now=datetime.now(UTC), extra_checks=casework_checks()
                )
        except ReleaseRefused as refused:
            raise Failure(said(refused.findings)) from None
    print(f"Release {release.number} is in force.")


def export(given: argparse.Namespace) -> None:
    with (
        in_tenant(settings(), given.organisation) as (database, tenant_id),
        unit_of_work(database, tenant_id) as session,
    ):
        files = releases.export(session, numbered(session, given.number).id)
    for name, content in files.items():
        path = inside(given.folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    print(f"{len(files)} files are in {given.folder}. Bring them back with --base {given.number}.")


def import_(given: argparse.Namespace) -> None:
    registry.load()
    paths = [p for p in sorted(given.folder.rglob("*")) if p.suffix in SUFFIXES and p.is_file()]
    if not paths:
        raise Failure(f"There are no definitions in {given.folder}.")
    files = {str(path.relative_to(given.folder)): path.read_bytes() for path in paths}
    with in_tenant(settings(), given.organisation) as (database, tenant_id):
        try:
            with unit_of_work(database, tenant_id) as session:
                release = releases.import_files(
                    session,
                    tenant_id,
                    files,
                    by=str(staff_named(session, given.by)),
                    now=datetime.now(UTC),
                    note=given.note,
                    base_id=numbered(session, given.base).id if given.base else None,
                    extra_checks=casework_checks(),
                )
        except ReleaseRefused as refused:
            raise Failure(said(refused.findings)) from None
        except Refusal as refusal:
            raise Failure(str(refusal)) from None
    made(release)


def made(release: Release) -> None:
    if findings := releases.findings(release):
        print(said(findings))
    print(f"Draft {release.number} is made. A second person publishes it.")


def rebase(given: argparse.Namespace) -> None:
    registry.load()
    with in_tenant(settings(), given.organisation) as (database, tenant_id):
        try:
            with unit_of_work(database, tenant_id) as session:
                release = rebasing.rebase(
                    session,
                    numbered(session, given.number).id,
                    by=str(staff_named(session, given.by)),
                    now=datetime.now(UTC),
                    extra_checks=casework_checks(),
                )
        except ReleaseRefused as refused:
            raise Failure(said(refused.findings)) from None
        except Refusal as refusal:
            raise Failure(str(refusal)) from None
    made(release)


def publish(given: argparse.Namespace) -> None:
    with in_tenant(settings(), given.organisation) as (database, tenant_id):
        try:
            with unit_of_work(database, tenant_id) as session:
                release_id = numbered(session, given.number).id
                by = str(staff_named(session, given.by))
                releases.publish(session, release_id, by=by, now=datetime.now(UTC))
        except Refusal as refusal:
            raise Failure(str(refusal)) from None
    print(f"Release {given.number} is in force.")


def numbered(session: Session, number: int) -> Release:
    found = session.scalar(select(Release).where(Release.number == number))
    if found is None:
        raise Failure(f"There is no release {number}.")
    return found


def inside(folder: Path, name: str) -> Path:
    """Return the path of a file of a release below ``folder``, and never beside it."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise Failure(f"The file name '{name}' leads out of the folder.")
    return path


def said(findings: list[Finding] | tuple[Finding, ...]) -> str:
    return "\n".join(
        f"{finding.severity}: {finding.file or '-'}"
        f"{f':{finding.line}' if finding.line else ''}: {finding.message} {finding.remedy}".rstrip()
        + (f" The way there: {' -> '.join(finding.path)}." if len(finding.path) > 1 else "")
        for finding in findings
    )
