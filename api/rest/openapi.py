"""The description of the JSON interface, made from the views themselves."""

import re
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Blueprint, Flask, Response, current_app, json

from api.auth import public

blueprint = Blueprint("rest_openapi", __name__)
PREFIX = "/api/v1"
PROBLEM = "Problem"
ANSWERS = {
    "401": "Nobody is signed in, or the token is not known.",
    "403": "The caller may see this but not do it.",
    "404": "It does not exist, or the caller may not see it.",
    "409": "Somebody was faster, or it has changed; says who and when.",
    "422": "Something in the body needs changing; each by its JSON pointer.",
}


@blueprint.get("/openapi.json")
@public
def document() -> Response:
    """Describe this interface in OpenAPI 3.1."""
    return Response(json.dumps(describe(current_app)), content_type="application/json")


def describe(app: Flask) -> dict[str, Any]:
    """Return the description of every view under the prefix."""
    spec = APISpec(
        title="Signpost",
        version="1",
        openapi_version="3.1.0",
        info={"description": "Casework for helplines, victim support and contact centres."},
        plugins=[MarshmallowPlugin(schema_name_resolver=_schema_name)],
    )
    spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    spec.components.schema(PROBLEM, _problem())
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        view: Any = app.view_functions[rule.endpoint]
        if rule.rule.startswith(PREFIX) and hasattr(view, "scope"):
            verbs = (rule.methods or set()) - {"HEAD", "OPTIONS"}
            spec.path(
                path=re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule),
                operations={verb.lower(): _operation(view, rule.rule, verb) for verb in verbs},
            )
    described: dict[str, Any] = spec.to_dict()
    return described


def _schema_name(schema: Any) -> str:
    """Name a schema with its resource: two of them may call theirs alike."""
    kind = schema if isinstance(schema, type) else type(schema)
    return f"{kind.__module__.rpartition('.')[2]}.{kind.__name__}"


def _operation(view: Any, rule: str, verb: str) -> dict[str, Any]:
    first, _, rest = (view.__doc__ or "").strip().partition("\n")
    parameters: list[dict[str, Any]] = [
        {
            "in": "path",
            "name": name,
            "required": True,
            "schema": {"type": "string", **({"format": "uuid"} if kind == "uuid" else {})},
        }
        for kind, name in re.findall(r"<(?:(\w+):)?(\w+)>", rule)
    ]
    if verb != "GET":
        parameters.append(_key())
    operation = {
        "operationId": view.__name__ + "_" + view.__module__.rsplit(".", 1)[-1],
        "summary": first,
        "description": " ".join(rest.split()),
        "tags": [view.__module__.rsplit(".", 1)[-1]],
        "security": [
            {"token": [str(scope)]} for scope in (view.scope, view.also) if scope is not None
        ],
        "parameters": parameters,
        "responses": {
            "2XX": {"description": "Done."},
            **{status: _answer(words) for status, words in ANSWERS.items()},
        },
    }
    if view.takes is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": view.takes}},
        }
    return operation


def _key() -> dict[str, Any]:
    return {
        "in": "header",
        "name": "Idempotency-Key",
        "required": False,
        "description": "The same key with the same body gets the first answer again.",
        "schema": {"type": "string", "maxLength": 200},
    }


def _answer(words: str) -> dict[str, Any]:
    return {
        "description": words,
        "content": {
            "application/problem+json": {"schema": {"$ref": f"#/components/schemas/{PROBLEM}"}}
        },
    }


def _problem() -> dict[str, Any]:
    return {
        "type": "object",
        "description": "RFC 9457",
        "required": ["type", "title", "status"],
        "properties": {
            "type": {"type": "string", "format": "uri-reference"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "request_id": {"type": ["string", "null"]},
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "pointer": {"type": "string"},
                        "detail": {"type": "string"},
                    },
                },
            },
        },
    }
