"""What every answer carries, whatever it says: headers, health, figures, log lines, files."""

import gzip
import json
import re
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from uuid import uuid4

import pytest
from browsing import Browser
from factories import make_case, make_person
from flask import Flask
from flask.testing import FlaskClient
from people import Organisation
from sqlalchemy import Engine, text

from api import metrics
from api.assets import FOLDER, assets
from api.settings import Settings, SettingsRefused

SignIn = Callable[[str], Browser]
STRICT = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:"


# -- headers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/sign-in", "/health", "/nothing-here", "/tasks", "/api/v1/x"])
def test_every_answer_is_kept_by_nobody_and_loads_only_our_own(
    client: FlaskClient, path: str
) -> None:
    answer = client.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith(STRICT)
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "Server" not in answer.headers
    assert "Strict-Transport-Security" not in answer.headers  # a demonstration runs without HTTPS


def test_a_page_travels_compressed_where_the_browser_can_read_it(client: FlaskClient) -> None:
    answer = client.get("/sign-in", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert b"<h1" in gzip.decompress(answer.data)


def test_a_reference_is_taken_over_and_sent_back(client: FlaskClient) -> None:
    given = client.get("/health", headers={"X-Request-ID": "trace-0123456789"})
    made = client.get("/health", headers={"X-Request-ID": "x" * 900})
    assert given.headers["X-Request-ID"] == "trace-0123456789"
    assert re.fullmatch(r"[0-9a-f]{32}", made.headers["X-Request-ID"])


# -- pages of refusal ----------------------------------------------------------------------------


def test_what_is_not_there_and_what_may_not_be_seen_are_one_page(
    sign_in: SignIn, ark: Organisation
) -> None:
    with ark.work() as session:
        sealed = make_case(session, ark, person_id=make_person(session, ark), sealed=True)
    amina = sign_in("amina")
    pages = [amina.get(f"/cases/{sealed}"), amina.get(f"/cases/{uuid4()}")]
    assert {page.status_code for page in pages} == {404}
    hidden, absent = (re.sub(r'(value|content|href)="[^"]+"', "", page.text) for page in pages)
    assert hidden == absent
    assert pages[0].content_length == pages[1].content_length


def test_a_fault_becomes_a_reference_and_no_more(
    app: Flask, sign_in: SignIn, lines: StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    amina = sign_in("amina")

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("Gwen Pryce 07700 900123")

    monkeypatch.setattr("api.pages.account.desk.of", fail)
    answer = amina.get("/account", headers={"X-Request-ID": "reference-1234"})
    assert answer.status_code == 500
    assert "reference-1234" in answer.text
    assert "RuntimeError" not in answer.text
    assert "Pryce" not in answer.text + lines.getvalue()
    logged = [json.loads(line) for line in lines.getvalue().splitlines() if '"failed"' in line]
    assert logged[0]["fault"] == "RuntimeError"
    assert logged[0]["request_id"] == "reference-1234"
    assert any("account.py" in place for place in logged[0]["places"])


# -- lines of the log ----------------------------------------------------------------------------


def test_a_line_of_the_log_names_the_rule_and_never_the_address(
    sign_in: SignIn, lines: StringIO, ark: Organisation
) -> None:
    amina = sign_in("amina")
    amina.get("/contacts/new?service=Gwen+Pryce")
    amina.post("/search", {"q": "Gwen Pryce 11/02/1990"})
    written = [json.loads(line) for line in lines.getvalue().splitlines()]
    by_route = {line["route"]: line for line in written if line.get("event") == "answered"}
    assert by_route["/contacts/new"]["status"] == 200
    assert by_route["/contacts/new"]["actor"] == str(ark.amina)
    assert by_route["/contacts/new"]["milliseconds"] > 0
    assert not {"path", "url", "query", "ip", "agent"} & by_route["/contacts/new"].keys()
    assert "Pryce" not in lines.getvalue()
    assert "amina" not in lines.getvalue()


# -- health and figures --------------------------------------------------------------------------


def test_health_asks_nobody_and_ready_asks_the_database(client: FlaskClient) -> None:
    assert client.get("/health").data == b"ok\n"
    assert client.get("/ready").data == b"ok\n"


def test_a_schema_that_is_not_ours_is_not_ready(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.health.newest", lambda: "0099")
    answer = client.get("/ready")
    assert (answer.status_code, answer.data) == (503, b"not ready\n")


def test_figures_are_for_the_machine_itself(client: FlaskClient, sign_in: SignIn) -> None:
    sign_in("amina").get("/tasks")
    here = client.get("/metrics").text
    through_a_proxy = client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"})
    elsewhere = client.get("/metrics", environ_overrides={"REMOTE_ADDR": "203.0.113.9"})
    assert 'route="/tasks"' in here
    assert "signpost_timers_late_seconds" in here
    assert set(metrics.FIGURES) <= set(re.findall(r"^(\w+)", here, re.MULTILINE))
    assert [through_a_proxy.status_code, elsewhere.status_code] == [404, 404]


def test_a_timer_that_is_held_is_not_late(client: FlaskClient, owner_database: Engine) -> None:
    late = "signpost_timers_late_seconds 0.0"
    due = """
        INSERT INTO timer (id, tenant_id, kind, element_id, due_at, attempts, risk_rank, held)
        VALUES (gen_random_uuid(), gen_random_uuid(), 'bpmn', 'x', '2020-01-01Z', 0, 0, :held)"""
    with owner_database.begin() as connection:
        connection.execute(text(due), {"held": True})
    assert late in client.get("/metrics").text
    with owner_database.begin() as connection:
        connection.execute(text(due), {"held": False})
    assert late not in client.get("/metrics").text


# -- files ---------------------------------------------------------------------------------------


def test_files_are_addressed_by_their_content_and_kept_for_ever(client: FlaskClient) -> None:
    page = client.get("/sign-in").text
    addresses = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    assert addresses
    for address in addresses:
        assert f"/static/{assets.version}/" in address
        answer = client.get(address)
        answer.close()
        assert answer.status_code == 200, address
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_a_file_of_an_older_version_is_the_present_one_and_kept_by_nobody(
    client: FlaskClient,
) -> None:
    answer = client.get("/static/000000000000/app.css")
    answer.close()
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-cache"


def test_nothing_outside_of_the_folder_is_sent(client: FlaskClient) -> None:
    for name in ("../app.py", "%2e%2e/app.py", "dist/../../app.py", ".", "no-such-file.css"):
        assert client.get(f"/static/{assets.version}/{name}").status_code == 404, name


def test_what_a_style_sheet_and_a_module_name_is_there() -> None:
    for path in FOLDER.glob("*.*"):
        text = path.read_text(encoding="utf-8")
        named = re.findall(r'url\("([^")]+)"\)', text) + re.findall(r"from '(\./[^']+)'", text)
        for name in named:
            assert (FOLDER / name.removeprefix("./")).is_file(), (path.name, name)


# -- settings ------------------------------------------------------------------------------------


SAFE = {
    "SIGNPOST_SECRET_KEY": "0123456789abcdef" * 4,
    "SIGNPOST_MASTER_KEY_FILE": "/run/keys/master",
    "SIGNPOST_HOSTS": "signpost.example, www.signpost.example",
}


def test_safe_settings_are_taken() -> None:
    settings = Settings.from_environment(SAFE)
    assert settings.hosts == ("signpost.example", "www.signpost.example")
    assert not settings.demo
    assert SAFE["SIGNPOST_SECRET_KEY"] not in repr(settings)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"SIGNPOST_SECRET_KEY": ""}, "SIGNPOST_SECRET_KEY"),
        ({"SIGNPOST_SECRET_KEY": "a" * 64}, "too easy to guess"),
        ({"SIGNPOST_MASTER_KEY_FILE": None}, "SIGNPOST_MASTER_KEY_FILE must name"),
        ({"SIGNPOST_HOSTS": ""}, "SIGNPOST_HOSTS must list"),
        ({"SIGNPOST_METRICS_TOKEN": "short"}, "SIGNPOST_METRICS_TOKEN must have"),
        ({"SIGNPOST_PROXIES": "one"}, "SIGNPOST_PROXIES must be a whole number"),
        ({"SIGNPOST_DEMO": "perhaps"}, "SIGNPOST_DEMO must be 1 or 0"),
        ({"SIGNPOST_SECRET_KEY_FILE": "/nowhere"}, "cannot be read"),
    ],
)
def test_what_is_unsafe_is_refused(changed: dict[str, str | None], words: str) -> None:
    given = {name: value for name, value in (SAFE | changed).items() if value is not None}
    with pytest.raises(SettingsRefused, match=words):
        Settings.from_environment(given)


def test_everything_that_is_unsafe_is_said_at_once() -> None:
    with pytest.raises(SettingsRefused) as refused:
        Settings.from_environment({})
    assert len(refused.value.problems) == 3


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("fedcba9876543210" * 4 + "\n")
    given = {**SAFE, "SIGNPOST_SECRET_KEY": "", "SIGNPOST_SECRET_KEY_FILE": str(file)}
    assert Settings.from_environment(given).secret_key == "fedcba9876543210" * 4
