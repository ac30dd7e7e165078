"""Headers on every answer: what a browser may load, keep and tell others."""

import gzip
from urllib.parse import quote

from flask import Flask, Response, request

# Measured: the pages, the diagram viewer and htmx need nothing beyond this.
POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
ALWAYS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "accelerometer=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), "
        "gyroscope=(), magnetometer=(), microphone=(), payment=(), usb=()"
    ),
}
A_YEAR = 31_536_000
WORTH_COMPRESSING = 1024
COMPRESSIBLE = {"text/html", "application/json", "application/problem+json", "application/xml"}


def install(app: Flask, *, secure: bool) -> None:
    """Set the headers on every answer of ``app``; ``secure``: it is served over HTTPS only."""

    always = {**ALWAYS, "Cache-Control": "no-store"}
    if secure:
        always["Strict-Transport-Security"] = f"max-age={A_YEAR}; includeSubDomains"
    unless_given = [(name.casefold(), (name, value)) for name, value in always.items()]

    @app.after_request
    def protect(answer: Response) -> Response:
        given = {name.casefold() for name, _ in answer.headers}
        answer.headers.extend([header for name, header in unless_given if name not in given])
        return compress(answer)


def kept_as(name: str) -> str:
    """Return the header that lets a browser keep an answer as ``name`` (RFC 6266)."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\' else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def compress(answer: Response) -> Response:
    """Compress a page that is worth it, for a browser that says it understands."""
    if (
        answer.mimetype not in COMPRESSIBLE
        or answer.is_streamed
        or "Content-Encoding" in answer.headers
        or "gzip" not in request.accept_encodings
        or len(answer.get_data()) < WORTH_COMPRESSING
    ):
        return answer
    answer.set_data(gzip.compress(answer.get_data(), 5, mtime=0))
    answer.headers["Content-Encoding"] = "gzip"
    answer.vary.add("Accept-Encoding")
    return answer
