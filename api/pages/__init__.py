"""HTML for people: one module per screen. Views are thin; the words and the order are theirs."""

from typing import Any
from uuid import uuid4

from flask import Flask, g, request
from flask_wtf.csrf import generate_csrf

from api import words
from api.assets import asset
from api.language import language
from api.pages import (
    absences,
    account,
    acts,
    case_history,
    case_tabs,
    cases,
    cohort,
    contacts,
    due,
    inbox,
    incidents,
    instance_acts,
    instances,
    intake,
    library,
    migrations,
    preview,
    privacy,
    search,
    shortcuts,
    sign_in,
    task,
)
from forms import model

BLUEPRINTS = (
    sign_in.blueprint,
    privacy.blueprint,
    account.blueprint,
    library.blueprint,
    migrations.blueprint,
    inbox.blueprint,
    incidents.blueprint,
    instances.blueprint,
    instance_acts.blueprint,
    task.blueprint,
    preview.blueprint,
    due.blueprint,
    acts.blueprint,
    cases.blueprint,
    case_tabs.blueprint,
    case_history.blueprint,
    intake.blueprint,
    contacts.blueprint,
    search.blueprint,
    cohort.blueprint,
    absences.blueprint,
)


def register(app: Flask) -> None:
    """Register every screen, and what the templates may use."""
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.jinja_env.filters.update(
        when=words.when,
        then=words.then,
        day=words.day,
        full=words.full,
        moment=words.moment,
        moment_seconds=words.moment_seconds,
        iso=words.iso,
        late=words.late,
        clock=words.clock_time,
        lasting=words.lasting,
        plain=words.plain,
    )
    app.jinja_env.tests.update(
        form_field=lambda item: isinstance(item, model.Field),
        form_rows=lambda item: isinstance(item, model.RowGroup),
        form_section=lambda item: isinstance(item, model.Section),
    )
    app.context_processor(frame)


def frame() -> dict[str, Any]:
    """Return what the frame of every page needs."""
    return {
        "viewer": g.get("viewer"),
        "now": g.get("now"),
        "language": language(),
        "asset": asset,
        "csrf_token": generate_csrf,
        "new_key": lambda: uuid4().hex,
        "here": here,
        "unlock_error": "",
        "bands": list,
        "section": request.blueprint,
        "shortcuts": shortcuts.TABLE,
        "places": shortcuts.PLACES,
    }


def here() -> str:
    """Return the address of this page, to come back to; of the start where it cannot be read."""
    return request.full_path.rstrip("?") if request.method == "GET" else "/"
