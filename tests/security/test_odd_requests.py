"""Whatever is sent, nothing fails: what is wrong is said to be wrong, and every header is there."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from browsing import Browser
from flask import Flask
from marshmallow import fields as kinds
from routes import Route, routes
from sqlalchemy import select
from stories import AMARA
from story import Story

from engine.models import ProcessInstance, Release, UserTask
from workflows.cases.models import Case

WRITTEN = {**AMARA, "immediate_danger": "no", "route": "victim_support"}
ODD_VALUES = ["a\0b", "\ud800", "𝕏" * 2000, "' OR 1=1 --", None, 10**40, 1.5, ["\0"], {"\0": "\0"}]
ODD_QUERIES = [
    "page=99999999999999999999999&per_page=200&after=99999999999999999999&limit=500",
    "page=-1&per_page=0&after=-1&limit=0&before=x&step=99999999999999999999",
    "page=%00&case=%00&of=%00&only=%00&show=%00&diagram=%00&release=%00&view=%00&queue=%00",
    "page=٣&after=٣&risk=٣&due=x&service=%F0%9F%92%A9&process=%00&owner=%00&team=%00&step=٣",
    "purpose=%00&reason=%00&as=%00&next=%00&channel=%00&q=%00&before=9999-99-99",
    "page=&per_page=&purpose=x&purpose=y&before=2027-01-14T10:00:00%2B99:00&after=&of=" + "9" * 99,
]
DECLARES = ("/conflict", "/conflicts", "/lock", "/sign-out", "/account/password")


@pytest.fixture
def ids(story: Story) -> dict[str, UUID]:
    """The ids of what Ines sees, by their names in addresses."""
    contact = story.refer("ines", WRITTEN, external_id="1")
    with story.org.work() as session:
        case = session.scalars(select(Case)).one()
        mine = UserTask.business_key == case.id
        found = {
            "case_id": case.id,
            "contact_id": UUID(contact["id"]),
            "task_id": session.scalars(select(UserTask.id).where(mine)).first(),
            "instance_id": session.scalars(
                select(ProcessInstance.id).where(ProcessInstance.business_key == case.id)
            ).first(),
            "release_id": session.scalars(select(Release.id)).one(),
            "staff_id": story.org.ines,
        }
    return {name: value for name, value in found.items() if value is not None}


def address(route: Route, ids: dict[str, UUID]) -> str:
    return route.address({name: ids.get(name, uuid4()) for name in route.ids}).partition("?")[0]


def tried(app: Flask, method: str = "", *, is_api: bool | None = None) -> Iterator[Route]:
    for route in routes(app):
        if (not method or route.method == method) and not route.rule.rule.endswith(DECLARES):
            if is_api is None or route.is_api == is_api:
                yield route


def test_no_query_makes_a_page_fail(
    app: Flask, story: Story, ids: dict[str, UUID], sign_in: Callable[[str], Browser]
) -> None:
    ines, owner = sign_in("ines"), sign_in("owner")
    for route in tried(app, "GET"):
        browser = owner if "/library" in route.rule.rule else ines
        for query in ODD_QUERIES:
            answer = browser.client.get(f"{address(route, ids)}?{query}")
            assert answer.status_code < 500, (str(route), query)


def test_no_body_makes_a_programme_fail(app: Flask, story: Story, ids: dict[str, UUID]) -> None:
    for route in tried(app, is_api=True):
        if route.method == "GET":
            continue
        somebody = story["owner" if "/releases" in route.rule.rule else "ines"]
        headers = somebody._headers({"Content-Type": "application/json"})
        for raw in odd_bodies(route):
            answer = somebody.client.open(
                address(route, ids), method=route.method, data=raw, headers=headers
            )
            assert answer.status_code < 500, (str(route), raw[:200])


def odd_bodies(route: Route) -> Iterator[bytes]:
    """Bodies that are no JSON, no object, too deep, and with each field odd in turn."""
    yield from (b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"a": NaN}')
    yield b"[" * 100_000
    yield b'{"answers": ' + b'{"a":' * 3000 + b"1" + b"}" * 3000 + b"}"
    takes = getattr(route.view, "takes", None)
    if takes is None:
        return
    for name, field in takes().fields.items():
        for odd in ODD_VALUES:
            yield as_json({**route.body, name: odd})
            if isinstance(field, kinds.List):
                yield as_json({**route.body, name: [odd]})
            if isinstance(field, kinds.Dict):
                yield as_json({**route.body, name: {"given_name": odd, "channels": [odd]}})


def as_json(body: Any) -> bytes:
    return json.dumps(body).encode()  # a lone surrogate is escaped, as a careless client would


def test_no_form_makes_a_page_fail(
    app: Flask, story: Story, ids: dict[str, UUID], sign_in: Callable[[str], Browser]
) -> None:
    ines, owner = sign_in("ines"), sign_in("owner")
    names = (
        "task act back to until reason purpose words text note q name password code next secret"
        " pin theme lock_minutes channel service case source given_name case_number route of"
        " _step _version _form _key _add _remove _to _match_decision _match_person uuid value"
    ).split()
    for route in tried(app, "POST", is_api=False):
        for odd in ("\0", "\u202e", "٣", "-1", "9" * 50, "children-9999999-age", "x" * 5000):
            browser = owner if "library" in route.rule.rule else ines
            posted = dict.fromkeys(names, odd) | {"csrf_token": browser.token}
            answer = browser.client.post(address(route, ids), data=posted)
            assert answer.status_code < 500, (str(route), odd[:20])


@pytest.mark.parametrize(
    "kind", ["text/plain", "text/xml", "multipart/form-data", "application/x-www-form-urlencoded"]
)
def test_another_type_of_content_is_refused(kind: str, story: Story) -> None:
    ines = story["ines"]
    body = b'{"name": "owner.absent"}'
    headers = ines._headers({"Content-Type": kind})

    answer = ines.client.post("/api/v1/messages", data=body, headers=headers)

    assert answer.status_code in (400, 415, 422)
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize(
    "path",
    [
        "/library/releases/{release_id}/files/%00",
        "/library/releases/{release_id}/files/..%2f..%2f..%2fetc%2fpasswd",
        "/library/releases/{release_id}/files/../../../../etc/passwd",
        "/library/processes/%00",
        "/library/processes/%F0%9F%92%A9",
        "/static/x/..%2f..%2fapp.py",
        "/static/x/../../../pyproject.toml",
        "/static/x/%00",
        "/cases/{release_id}/history/{release_id}/diagram/%00",
        "/cases/not-a-uuid",
        "//evil.example/tasks",
        "/tasks/%2e%2e/",
        "/api/v1/forms/%00/versions/%00",
        "/api/v1/forms/%/versions/_",
        "/api/v1/releases/{release_id}/files/%00",
        "/api/v1/history/access/{staff_id}/%00",
        "/api/v1/history/access/{staff_id}/2027-99-99",
    ],
)
def test_a_trick_in_the_path_finds_nothing(
    path: str, story: Story, ids: dict[str, UUID], sign_in: Callable[[str], Browser]
) -> None:
    address = path.format(**ids)
    owner = story["owner"]
    if address.startswith("/api"):
        answer = owner.client.get(address + "?purpose=x", headers=owner._headers({}))
    else:
        answer = sign_in("owner").client.get(address)

    assert answer.status_code in (303, 308, 400, 403, 404), answer.status_code
    assert "root:" not in answer.text
    assert "evil" not in answer.headers.get("Location", "")


@pytest.mark.parametrize(
    "headers",
    [
        {"Idempotency-Key": "x" * 5000},
        {"Idempotency-Key": "\xe9\xff"},
        {"Idempotency-Key": ""},
        {"X-Request-ID": "\xe9" * 20},
        {"X-Request-ID": "x" * 5000},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer \xe9"},
        {"Authorization": "Basic YTpi"},
        {"Authorization": "Digest " + "x" * 9000},
        {"Accept": "\xff/*;q=x"},
        {"Accept-Language": "\xff;q=99"},
        {"Accept-Encoding": "gzip;q=x, *"},
        {"If-None-Match": 'W/"\xff", *, "'},
        {"Cookie": "signpost=\xff; signpost_page=x.y.z"},
        {"Range": "bytes=9999999-0"},
        {"X-HTTP-Method-Override": "DELETE"},
    ],
)
def test_an_odd_header_fails_nothing(headers: dict[str, str], story: Story) -> None:
    ines = story["ines"]
    message = {"name": "owner.absent", "payload": {}}
    for known in ({}, ines._headers({})):
        sent = {**known, **headers}
        for answer in (
            ines.client.get("/api/v1/cases", headers=sent),
            ines.client.get("/tasks", headers=sent),
            ines.client.post("/api/v1/messages", json=message, headers=sent),
        ):
            assert answer.status_code < 500
            assert len(answer.headers["X-Request-ID"]) <= 64
            assert answer.headers["X-Request-ID"].isascii()


def test_every_answer_says_what_a_browser_may_do_with_it(
    app: Flask, story: Story, ids: dict[str, UUID], sign_in: Callable[[str], Browser]
) -> None:
    ines = sign_in("ines")
    for route in tried(app):
        for client in (ines.client, app.test_client()):
            answer = client.open(address(route, ids), method=route.method)
            about = (str(route), answer.status_code)
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy, about
            assert "unsafe" not in policy, about
            assert "frame-ancestors 'none'" in policy, about
            assert answer.headers["X-Content-Type-Options"] == "nosniff", about
            assert answer.headers["Referrer-Policy"] == "no-referrer", about
            assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin", about
            if not route.rule.rule.startswith("/static/"):
                assert answer.headers["Cache-Control"] == "no-store", about


def test_other_methods_tell_nothing(app: Flask, story: Story, ids: dict[str, UUID]) -> None:
    ines = story["ines"]
    for method in ("OPTIONS", "HEAD", "TRACE", "PATCH", "DELETE", "PROPFIND"):
        for path in (f"/cases/{ids['case_id']}", f"/api/v1/cases/{ids['case_id']}"):
            there = ines.client.open(path, method=method)
            absent = ines.client.open(
                path.replace(str(ids["case_id"]), str(uuid4())), method=method
            )
            assert there.status_code == absent.status_code < 500
            assert there.get_data() == b"" or there.status_code >= 400


def test_a_huge_body_is_refused_before_it_is_read(story: Story) -> None:
    ines = story["ines"]
    headers = ines._headers({"Content-Type": "application/json"})
    huge = ines.client.post("/api/v1/messages", data=b" " * (17 * 1024 * 1024), headers=headers)

    assert huge.status_code == 413
    assert huge.mimetype == "application/problem+json"
