"""JSON for programmes: one module per resource, under /api/v1.

Every view carries the guard of `api.rest.guard`, answers problems as RFC 9457 (`api.problems`),
versions with ETags (`api.rest.etags`) and repetitions by idempotency key.
"""

from flask import Blueprint, Flask

from api.rest import (
    cases,
    contacts,
    history,
    messages,
    openapi,
    process_instances,
    reference,
    releases,
    user_tasks,
)

RESOURCES: tuple[Blueprint, ...] = (
    cases.blueprint,
    contacts.blueprint,
    history.blueprint,
    messages.blueprint,
    openapi.blueprint,
    process_instances.blueprint,
    reference.blueprint,
    releases.blueprint,
    user_tasks.blueprint,
)


def register(app: Flask) -> None:
    """Register every resource. A new one adds its blueprint to `RESOURCES`."""
    for resource in RESOURCES:
        app.register_blueprint(resource, url_prefix=openapi.PREFIX)
