"""One JSON object a line, in UTC, with an allow-list of keys: logs never hold a person's data.

The message of an exception may quote a value, so an unexpected fault is logged as its class and
the places it went through; the reference number leads from the page to the line.
"""

import logging
import sys
import time
import traceback
from collections.abc import MutableMapping
from typing import Any
from uuid import uuid4

import structlog
from flask import Flask, Response, g, request

ALLOWED = {
    "timestamp",
    "level",
    "event",
    "logger",
    "request_id",
    "method",
    "route",
    "status",
    "milliseconds",
    "bytes",
    "tenant",
    "actor",
    "fault",
    "places",
    "count",
    "process",
    "address",
}
Event = MutableMapping[str, Any]


def configure(level: str = "INFO", stream: Any = None) -> None:
    """Send our own logs and those of libraries to ``stream`` (default: standard output)."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        only_allowed,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(),
        ],
    )
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # it would tell of every tick, several times a second
    logging.getLogger("apscheduler").setLevel(max(logging.WARNING, root.level))
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def only_allowed(logger: Any, method: str, event: Event) -> Event:
    """Drop every key that is not known to be harmless; turn an exception into its places."""
    fault = event.pop("exc_info", None)
    record = event.get("_record")
    if fault is None and record is not None:
        fault = record.exc_info
        record.exc_info = record.exc_text = None
    if fault:
        event.update(describe(_error_of(fault)))
    return {key: value for key, value in event.items() if key in ALLOWED or key[0] == "_"}


def _error_of(fault: Any) -> BaseException | None:
    """Return the exception of what logging calls `exc_info`: itself, a triple or True."""
    if isinstance(fault, BaseException):
        return fault
    found: BaseException | None = sys.exc_info()[1] if fault is True else fault[1]
    return found


def describe(error: BaseException | None) -> dict[str, Any]:
    """Return the class of ``error`` and where it came from, without its words."""
    if error is None:
        return {}
    frames = traceback.extract_tb(error.__traceback__)
    return {
        "fault": type(error).__name__,
        "places": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-12:]],
    }


def install(app: Flask) -> None:
    """Give each request an id and write one line when it has been answered."""
    logger = structlog.stdlib.get_logger("signpost.request")

    @app.before_request
    def begin() -> None:
        g.started = time.perf_counter()
        given = request.headers.get("X-Request-ID", "")
        g.request_id = given if 8 <= len(given) <= 64 and given.isascii() else uuid4().hex

    @app.after_request
    def end(answer: Response) -> Response:
        answer.headers["X-Request-ID"] = g.request_id
        if request.blueprint != "static_files":
            # the rule, not the address: ids belong to the history, query strings to nobody
            logger.info(
                "answered",
                request_id=g.request_id,
                method=request.method,
                route=request.url_rule.rule if request.url_rule else None,
                status=answer.status_code,
                milliseconds=round((time.perf_counter() - g.started) * 1000, 1),
                bytes=answer.content_length,
                tenant=str(g.tenant_id) if g.get("tenant_id") else None,
                actor=str(g.actor.staff_id) if g.get("actor") else None,
            )
        return answer
