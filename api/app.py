"""Make the web application: everything that it is made of is named here, one after the other."""

from typing import Any

from flask import Flask
from jinja2 import StrictUndefined
from sqlalchemy import Engine
from werkzeug.middleware.proxy_fix import ProxyFix

from api import (
    assets,
    auth,
    headers,
    health,
    language,
    logs,
    metrics,
    pages,
    problems,
    rest,
    uploads,
    work,
)
from api.settings import Settings
from engine.clock import Clock
from workflows import registry

LARGEST_BODY = 16 * 1024 * 1024  # a cohort file; everything else is far smaller
LARGEST_FORM = 2 * 1024 * 1024
MOST_FIELDS = 2000


def create_app(
    settings: Settings, database: Engine, clock: Clock, *, worker_database: Engine | None = None
) -> Flask:
    """Return the application over ``database`` (the application's role) and ``clock``.

    ``worker_database`` is a connection in the worker's role, for figures over all tenants.
    """
    registry.load()
    app = Flask(__name__, static_folder=None, template_folder="pages/templates")
    app.request_class = uploads.InMemory
    app.extensions[work.KEY] = work.Parts(settings, database, worker_database or database, clock)
    app.config.update(_configuration(settings))
    if settings.proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]  # as its manual says
            app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies, x_host=settings.proxies
        )
    _templates(app)
    # answers pass these from the last to the first
    logs.install(app)
    metrics.count(app)
    headers.install(app, secure=not settings.demo)
    auth.csrf.init_app(app)
    language.install(app)
    problems.install(app)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(assets.blueprint)
    pages.register(app)
    rest.register(app)
    return app


def _configuration(settings: Settings) -> dict[str, Any]:
    return {
        "SECRET_KEY": settings.secret_key,
        "SESSION_COOKIE_NAME": "signpost_page" if settings.demo else "__Host-signpost_page",
        "SESSION_COOKIE_SECURE": not settings.demo,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "INSECURE_COOKIES": settings.demo,
        "MAX_CONTENT_LENGTH": LARGEST_BODY,
        "MAX_FORM_MEMORY_SIZE": LARGEST_FORM,
        "MAX_FORM_PARTS": MOST_FIELDS,
        "TRUSTED_HOSTS": list(settings.hosts) or None,
        # the guards call the check themselves, so that clients with a token of theirs need none
        "WTF_CSRF_CHECK_DEFAULT": False,
        "WTF_CSRF_TIME_LIMIT": None,  # it lasts as long as the login
        "WTF_CSRF_SSL_STRICT": False,  # it wants a referrer, and our pages send none
    }


def _templates(app: Flask) -> None:
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
