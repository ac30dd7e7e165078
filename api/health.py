"""Whether this process lives, whether it can serve, and its figures."""

from hmac import compare_digest

from flask import Blueprint, Response, current_app, request
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from api import metrics
from api.auth import public
from api.problems import answer, of_status
from api.work import clock, database, settings, worker_database
from migrations.run import newest

blueprint = Blueprint("health", __name__)


@blueprint.get("/health")
@public
def live() -> Response:
    """Answer without looking at the database: a slow database must not restart the process."""
    return plain("ok")


@blueprint.get("/ready")
@public
def ready() -> Response:
    """Say whether requests can be served. Outsiders get nothing but yes or no."""
    try:
        with database().connect() as connection:
            found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except SQLAlchemyError:
        return plain("not ready", 503)
    return plain("ok") if found == newest() else plain("not ready", 503)


@blueprint.get("/metrics")
@public
def figures() -> Response:
    """Give the figures to a caller with the token or, without one set, on the machine itself."""
    if not may_read_figures():
        return answer(of_status(404))
    body, kind = metrics.exposition(metrics.Figures(worker_database(), clock().now))
    return current_app.response_class(body, content_type=kind)


def may_read_figures() -> bool:
    token = settings().metrics_token
    if token is None:
        is_here = request.remote_addr in ("127.0.0.1", "::1")
        return is_here and "X-Forwarded-For" not in request.headers
    given = request.headers.get("Authorization", "")
    return compare_digest(given.encode(), f"Bearer {token}".encode())


def plain(words: str, status: int = 200) -> Response:
    return Response(f"{words}\n", status, content_type="text/plain; charset=utf-8")
