"""The description of the JSON interface is OpenAPI, and leaves nothing out."""

import re
from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient

PREFIX = "/api/v1"


@pytest.fixture
def document(client: FlaskClient) -> Any:
    answer = client.get(f"{PREFIX}/openapi.json")
    assert answer.status_code == 200
    return answer.json


def test_it_is_openapi_3_1(document: Any) -> None:
    assert document["openapi"].startswith("3.1.")
    schemathesis.openapi.from_dict(document).validate()


def test_every_route_is_described(app: Flask, document: Any) -> None:
    served = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), verb.lower())
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(f"{PREFIX}/") and rule.rule != f"{PREFIX}/openapi.json"
        for verb in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    described = {(path, verb) for path, verbs in document["paths"].items() for verb in verbs}
    assert described == served


def test_every_operation_has_a_name_of_its_own_and_says_what_it_does(document: Any) -> None:
    operations = [each for verbs in document["paths"].values() for each in verbs.values()]
    ids = [each["operationId"] for each in operations]
    assert len(set(ids)) == len(ids)
    assert [each["operationId"] for each in operations if not each["summary"].endswith(".")] == []
