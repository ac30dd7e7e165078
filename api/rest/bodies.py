"""What comes in and what goes out: checked bodies, pages of lists, instants as text."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

import orjson
from flask import current_app, request
from marshmallow import Schema, fields, validate

from engine.errors import Refusal

Item = TypeVar("Item")
PAGE = 50
LARGEST_PAGE = 200
MOST_PAGES = 2_000


class BodyRefused(Refusal):
    """The body is not a JSON object."""

    status = 400


def body() -> dict[str, Any]:
    """Return the body as the view's guard says that it must be; unknown names are refused."""
    view: Any = current_app.view_functions[request.endpoint or ""]
    loaded: dict[str, Any] = _schema(view.takes).load(json_object())
    return loaded


@cache
def _schema(takes: type[Schema]) -> Schema:
    return takes()  # a schema keeps nothing of what it loads


def json_object() -> dict[str, Any]:
    """Return the body, read strictly: UTF-8, no lone surrogates, no NaN, no bottomless nesting."""
    if not request.is_json:
        raise BodyRefused
    try:
        given = orjson.loads(request.get_data())
    except orjson.JSONDecodeError as wrong:
        raise BodyRefused from wrong
    if not isinstance(given, dict):
        raise BodyRefused
    return given


class PageSchema(Schema):
    """Which part of a list."""

    page = fields.Integer(load_default=1, validate=validate.Range(1, MOST_PAGES))
    per_page = fields.Integer(load_default=PAGE, validate=validate.Range(1, LARGEST_PAGE))


def page_asked() -> tuple[int, int]:
    """Return limit and offset of the page that the query asks for."""
    known = {name: request.args[name] for name in ("page", "per_page") if name in request.args}
    asked = PageSchema().load(known)
    return asked["per_page"], (asked["page"] - 1) * asked["per_page"]


def listed(
    find: Callable[[int, int], Sequence[Item]], show: Callable[[Item], dict[str, Any]]
) -> dict[str, Any]:
    """Answer with one page. One row more than asked for is read, to know whether there is more."""
    limit, offset = page_asked()
    found = find(limit + 1, offset)
    return {
        "items": [show(item) for item in found[:limit]],
        "page": offset // limit + 1,
        "per_page": limit,
        "has_more": len(found) > limit,
    }


def text(at: datetime | None) -> str | None:
    """Return an instant as ISO 8601 in UTC."""
    return None if at is None else at.isoformat().replace("+00:00", "Z")
