"""JSON for programmes: one module per resource, under /api/v1.

Every view carries a guard, answers problems as RFC 9457 (`api.problems`), versions with ETags and
repetitions by idempotency key.
"""

from flask import Blueprint, Flask

PREFIX = "/api/v1"


def register(app: Flask) -> None:
    """Register every resource. A new one adds its blueprint to `RESOURCES`."""
    for resource in RESOURCES:
        app.register_blueprint(resource, url_prefix=PREFIX)


RESOURCES: tuple[Blueprint, ...] = ()
