"""JSON for programmes: one module per resource, under /api/v1.

Every view carries the guard of `api.rest.guard`, answers problems as RFC 9457 (`api.problems`),
versions with ETags (`api.rest.etags`) and repetitions by idempotency key.
"""

from flask import Blueprint, Flask

from api.rest import (
    absences,
    case_records,
    cases,
    contacts,
    drafts,
    forms,
    history,
    incidents,
    instance_acts,
    live_contacts,
    messages,
    migrations,
    openapi,
    people,
    process_instances,
    reference,
    releases,
    safe_contact,
    task_acts,
    user_tasks,
)

RESOURCES: tuple[Blueprint, ...] = (
    absences.blueprint,
    case_records.blueprint,
    cases.blueprint,
    contacts.blueprint,
    drafts.blueprint,
    forms.blueprint,
    history.blueprint,
    incidents.blueprint,
    instance_acts.blueprint,
    live_contacts.blueprint,
    messages.blueprint,
    migrations.blueprint,
    openapi.blueprint,
    people.blueprint,
    process_instances.blueprint,
    reference.blueprint,
    releases.blueprint,
    safe_contact.blueprint,
    task_acts.blueprint,
    user_tasks.blueprint,
)


def register(app: Flask) -> None:
    """Register every resource. A new one adds its blueprint to `RESOURCES`."""
    for resource in RESOURCES:
        app.register_blueprint(resource, url_prefix=openapi.PREFIX)
