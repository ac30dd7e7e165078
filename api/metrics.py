"""Figures for Prometheus. No label says anything about a person, an organisation or a case."""

import os
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from flask import Flask, Response, g, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    multiprocess,
)
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import Engine, text

from engine import timers
from engine.db import unit_of_work

REQUESTS = Counter("signpost_requests", "Requests answered", ["method", "route", "status"])
SECONDS = Histogram(
    "signpost_request_seconds",
    "How long an answer took",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)

METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})

TIMERS_LATE = ("signpost_timers_late_seconds", "How long the oldest due timer has waited")
# One number each; the worker's role may count rows of every tenant that are due.
FIGURES = {
    "signpost_outbox_waiting": (
        "What has not been sent yet",
        "SELECT count(*) FROM outbox WHERE state = 'pending'",
    ),
    "signpost_outbox_dead": (
        "What was given up",
        "SELECT count(*) FROM outbox WHERE state = 'dead'",
    ),
}


class Figures:
    """Asks the database when somebody scrapes."""

    def __init__(self, database: Engine, now: Callable[[], datetime]) -> None:
        self._database, self._now = database, now

    def collect(self) -> Iterable[GaugeMetricFamily]:
        with unit_of_work(self._database) as session:
            late = timers.lateness(session, self._now()).total_seconds()
            yield GaugeMetricFamily(*TIMERS_LATE, value=late)
            for name, (words, query) in FIGURES.items():
                value = session.execute(text(query)).scalar_one()
                yield GaugeMetricFamily(name, words, value=float(value))


def count(app: Flask) -> None:
    """Count every request and how long it took."""

    @app.after_request
    def counted(answer: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else "none"
        # a method may be any word, and every word would be a figure of its own for ever
        method = request.method if request.method in METHODS else "other"
        REQUESTS.labels(method, route, answer.status_code).inc()
        SECONDS.labels(method, route).observe(time.perf_counter() - g.started)
        return answer


def exposition(figures: Figures) -> tuple[bytes, str]:
    """Return all figures as Prometheus reads them, of every process that serves."""
    registry: Any = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # of theirs
    asked = CollectorRegistry()
    asked.register(figures)  # type: ignore[arg-type]  # it has `collect`, which is all it needs
    return generate_latest(registry) + generate_latest(asked), CONTENT_TYPE_LATEST
