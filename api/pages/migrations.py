"""Moving running instances to another release: choose, look at what becomes of each, run, results.

In the process library, for whoever answers for the diagrams. No page says of whom an instance is.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from api import work
from api.auth import actor, signed_in
from api.idempotency import once
from api.language import gettext, ngettext, say
from api.pages import migration_words
from api.pages.names import name_of
from api.work import now, session
from engine import releases
from engine.errors import NotFound
from engine.living import migrating as engine_migrating
from engine.living.migrating import MigrationRefused, Preview
from engine.living.models import InstanceMigration, MigrationResult
from engine.models import Release
from engine.states import MigrationOutcome, ReleaseState
from workflows.living import migrating
from workflows.releases import queries

blueprint = Blueprint("migrations", __name__, url_prefix="/library/migrations")

SHOWN = 100  # instances on one page, and in one batch
LONGEST = 1000
OUTCOMES = {
    MigrationOutcome.MIGRATED: "moved",
    MigrationOutcome.UNDECIDED: "need a decision",
    MigrationOutcome.ENDED: "had ended or moved",
    MigrationOutcome.FAILED: "failed and are as they were",
}


@dataclass(frozen=True)
class Plan:
    """A plan as lists and headings name it."""

    id: UUID
    process: str
    before: int
    after: int
    reason: str
    by: str
    at: datetime

    @property
    def address(self) -> str:
        return f"/library/migrations/{self.id}"


@dataclass(frozen=True)
class Row:
    """One instance: its reference, and what becomes or became of it in words."""

    reference: str
    words: list[str]
    state: str
    look: str  # "good", "medium" or "high"


@blueprint.get("")
@signed_in
def home() -> str:
    _may_look()
    return _home()


def _home(errors: Iterable[tuple[str, str]] = ()) -> str:
    found = queries.releases_of(session(), actor().tenant_id)
    published = [each for each in found if each.state == ReleaseState.PUBLISHED]
    return render_template(
        "migrations.html",
        plans=[_plan(each) for each in migrating.plans(session(), actor())],
        releases=published,
        processes=_processes(published),
        may_migrate=migrating.may_migrate(actor()),
        errors=list(errors),
        typed=request.form,
        section="library",
    )


@blueprint.post("")
@signed_in
@once
def plan() -> Response | tuple[str, int]:
    """Keep a plan and show what it would do; nothing moves."""
    migrating.require(actor())
    given = request.form
    reason = given.get("reason", "").strip()[:LONGEST]
    ends = [_uuid(given.get(name, "")) for name in ("before", "after")]
    errors = [] if reason else [("reason", gettext("Say why."))]
    for name, end in zip(("before", "after"), ends, strict=True):
        if end is None:
            errors.insert(0, (name, gettext("Select a release.")))
    if errors or ends[0] is None or ends[1] is None:
        return _home(errors), 422
    try:
        made = migrating.plan(
            session(), given.get("process", ""), ends[0], ends[1], {}, reason, **_who()
        )
    except MigrationRefused as refused:
        return _home([("process", str(refused))]), 422
    return redirect(f"/library/migrations/{made.id}", 303)


@blueprint.get("/<uuid:migration_id>")
@signed_in
def show(migration_id: UUID) -> str:
    _may_look()
    migration = migrating.get(session(), actor(), migration_id)
    return _page(migration)


@blueprint.post("/<uuid:migration_id>/decide")
@signed_in
def decide(migration_id: UUID) -> Response | tuple[str, int]:
    """Say where those go that stand on a step which the new diagram does not have."""
    migration = migrating.get(session(), actor(), migration_id)
    mapping = dict(migration.mapping)
    for name, value in request.form.items():
        if name.startswith("at-"):
            mapping.pop(name.removeprefix("at-"), None)
            if value:
                mapping[name.removeprefix("at-")] = value
    try:
        with session().begin_nested():
            migrating.decide(session(), migration_id, mapping, **_who())
    except MigrationRefused as refused:
        return _page(migration, [("decisions", str(refused))]), 422
    return redirect(f"/library/migrations/{migration_id}", 303)


@blueprint.post("/<uuid:migration_id>/run")
@signed_in
@once
def execute(migration_id: UUID) -> Response:
    """Move the next instances, each for itself, and show what became of them."""
    after = _uuid(request.form.get("after", ""))
    batch = migrating.execute(
        work.database(), session(), migration_id, after=after, limit=SHOWN, **_who()
    )
    counted = Counter(MigrationOutcome(result.outcome) for result in batch.results)
    words = ", ".join(f"{number} {gettext(OUTCOMES[o])}" for o, number in counted.items())
    looks = "good" if counted.keys() <= {MigrationOutcome.MIGRATED} else "warn"
    flash(f"{words or gettext('Nothing was left to move')}.", looks)
    more = f"?after={batch.following}" if batch.following else ""
    return redirect(f"/library/migrations/{migration_id}{more}", 303)


def _who() -> dict[str, Any]:
    return {"actor": actor(), "now": now()}


def _may_look() -> None:
    """Whoever may read definitions may see where instances run, also without moving any."""
    if not actor().permissions(migrating.CAPABILITY):
        raise NotFound


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _plan(migration: InstanceMigration) -> Plan:
    before, after = (
        releases.get(session(), id) for id in (migration.from_release_id, migration.to_release_id)
    )
    definitions = releases.definitions(session(), before.id)
    process = definitions.processes.get(migration.process_id)
    return Plan(
        id=migration.id,
        process=process.name if process else migration.process_id,
        before=before.number,
        after=after.number,
        reason=migration.reason,
        by=name_of(migration.created_by),
        at=migration.created_at,
    )


def _processes(published: Iterable[Release]) -> list[tuple[str, str]]:
    """Return every process of the newest release, with its name."""
    newest = next(iter(published), None)
    if newest is None:
        return []
    found = releases.definitions(session(), newest.id).processes.values()
    return sorted(((p.id, p.name) for p in found), key=lambda each: each[1])


def _page(migration: InstanceMigration, errors: Iterable[tuple[str, str]] = ()) -> str:
    after = _uuid(request.args.get("after", ""))
    seen = migrating.look(session(), migration, actor=actor(), after=after, limit=SHOWN)
    results = engine_migrating.results(session(), migration.id, limit=SHOWN)
    to_move = migrating.count(session(), migration, actor=actor())
    return render_template(
        "migration.html",
        plan=_plan(migration),
        to_move=to_move,
        summary=_summary(seen, to_move),
        details=migration_words.summary(each.remarks for each in seen),
        rows=[_preview(each) for each in seen],
        decisions=_decisions(migration, seen),
        targets=_targets(migration),
        results=[_result(each) for each in results],
        outcomes=_outcomes(migration),
        after=after,
        may_migrate=migrating.may_migrate(actor()),
        errors=list(errors),
        section="library",
    )


def _summary(seen: list[Preview], to_move: int) -> str:
    """Say in one line how it would go: "12 run on the old release. 10 move, 2 need a decision." """
    clean = sum(preview.is_decided for preview in seen)
    one, many = ("%d runs on the old release.", "%d run on the old release.")
    words = [ngettext(one, many, to_move) % to_move]
    if to_move > len(seen):
        words.append(say("Of the next %(number)s:", number=len(seen)))
    if seen:
        one, many = ("%d moves as it is", "%d move as they are")
        words.append(ngettext(one, many, clean) % clean)
    if clean < len(seen):
        one, many = ("%d needs a decision", "%d need a decision")
        left = len(seen) - clean
        words[-1] += f", {ngettext(one, many, left) % left}"
    return " ".join(words) + ("" if words[-1].endswith((".", ":")) else ".")


def _preview(preview: Preview) -> Row:
    decided = preview.is_decided
    return Row(
        reference=_reference(preview.instance_id),
        words=[migration_words.of(remark) for remark in preview.remarks],
        state=gettext("moves") if decided else gettext("needs a decision"),
        look="good" if decided else "medium",
    )


def _result(result: MigrationResult) -> Row:
    outcome = MigrationOutcome(result.outcome)
    looks = {MigrationOutcome.MIGRATED: "good", MigrationOutcome.FAILED: "high"}
    return Row(
        reference=_reference(result.instance_id),
        words=[migration_words.of_finding(finding) for finding in result.findings],
        state=gettext(migration_words.OUTCOME[outcome]),
        look=looks.get(outcome, "medium"),
    )


def _reference(instance_id: UUID) -> str:
    return instance_id.hex[-8:].upper()


def _outcomes(migration: InstanceMigration) -> list[str]:
    counted = engine_migrating.outcomes(session(), migration.id)
    return [
        f"{counted[outcome]} {gettext(words)}" for outcome, words in OUTCOMES.items()
        if outcome in counted
    ]  # fmt: skip


def _decisions(
    migration: InstanceMigration, seen: list[Preview]
) -> list[tuple[str, str, int, str]]:
    """Return the steps at which somebody stands who cannot go: id, name, how many, chosen."""
    counted: Counter[tuple[str, str]] = Counter()
    for preview in seen:
        for remark in preview.remarks:
            if remark.what == "undecided" and remark.element_id:
                counted[remark.element_id, remark.name] += 1
    chosen: Mapping[str, str] = migration.mapping
    found = [(id, name, number, chosen.get(id, "")) for (id, name), number in counted.items()]
    waiting = {id for id, *_ in found}
    names = engine_migrating.elements(releases.definitions(session(), migration.from_release_id))
    kept = [(id, names.get(id, id), 0, to) for id, to in chosen.items() if id not in waiting]
    return found + kept


def _targets(migration: InstanceMigration) -> list[tuple[str, str]]:
    """Return the steps of the new diagram that can take somebody over."""
    definitions = releases.definitions(session(), migration.to_release_id)
    process = definitions.processes.get(migration.process_id)
    return migration_words.steps(process) if process else []
