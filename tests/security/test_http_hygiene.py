"""Cookies, redirects, downloads, figures, guesses: the small things by which people get in."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from html.parser import HTMLParser
from io import BytesIO

import pytest
from browsing import PASSWORD, Browser
from diagrams import diagram, end, process, start, user
from factories import make_case, make_person
from flask import Flask
from flask.testing import FlaskClient
from form_files import choice, definition, question
from people import Organisation
from sqlalchemy import Engine, select, update
from story import Story
from werkzeug.test import TestResponse

from api.app import create_app
from api.pages.sign_in import own_path
from api.settings import Settings
from engine import instances, releases
from engine.clock import TravellingClock
from engine.definitions import ReleaseRefused, check
from engine.models import UserTask
from workflows.cases import notes
from workflows.cases.models import Case
from workflows.identity import enrolment
from workflows.people.models import Person
from workflows.staff.models import Staff
from workflows.tenants.models import Service

REAL = {"secret_key": "0123456789abcdefghijklmnopqrstuvwxyz", "hosts": ("help.example",)}


@pytest.fixture
def real(database: Engine, worker_database: Engine, clock: TravellingClock) -> FlaskClient:
    """The application as it runs where real people's data is."""
    app = create_app(Settings(**REAL), database, clock, worker_database=worker_database)
    return app.test_client()


def cookies(answer: TestResponse) -> dict[str, str]:
    return {each.partition("=")[0]: each for each in answer.headers.getlist("Set-Cookie")}


def enter(client: FlaskClient, ark: Organisation) -> TestResponse:
    from workflows.identity import totp

    with ark.work() as session:
        made = enrolment.enrol(session, ark.amina, PASSWORD, by="x", now=datetime.now(UTC))
    https = {"base_url": "https://help.example"}
    page = client.get("/sign-in", **https)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert token is not None
    code = totp.next_code(made.secret, datetime.now(UTC))
    fields = {"csrf_token": token[1], "name": "amina", "password": PASSWORD, "code": code}
    headers = {"Referer": "https://help.example/sign-in"}
    return client.post("/sign-in", data=fields, headers=headers, **https)


def test_cookies_are_for_this_host_over_https_and_for_no_script(
    real: FlaskClient, ark: Organisation
) -> None:
    set_here = cookies(enter(real, ark))

    assert set(set_here) == {"__Host-signpost", "__Host-signpost_page"}
    for cookie in set_here.values():
        words = {word.strip() for word in cookie.split(";")}
        assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= words
        assert "Domain" not in cookie


def test_a_session_that_was_there_before_signing_in_opens_nothing(
    real: FlaskClient, ark: Organisation
) -> None:
    https = {"base_url": "https://help.example"}
    real.set_cookie("__Host-signpost", "chosen-by-somebody-else", domain="help.example")
    before = cookies(real.get("/sign-in", **https))

    after = cookies(enter(real, ark))

    assert "chosen-by-somebody-else" not in after["__Host-signpost"]
    assert before["__Host-signpost_page"] != after["__Host-signpost_page"]


def test_https_is_insisted_on(real: FlaskClient) -> None:
    answer = real.get("/health", base_url="https://help.example")

    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")


@pytest.mark.parametrize("host", ["evil.example", "help.example.evil", "help.example@evil", "\xff"])
def test_another_host_is_refused(real: FlaskClient, host: str) -> None:
    answer = real.get("/sign-in", headers={"Host": host})

    assert answer.status_code == 400
    assert "evil" not in answer.text


def test_nobody_believes_a_caller_about_their_address(real: FlaskClient, ark: Organisation) -> None:
    """Otherwise each guess would come from an address of its own."""
    found = set()
    for n in range(12):
        headers = {"X-Forwarded-For": f"10.0.0.{n}", "Referer": "https://help.example/sign-in"}
        https = {"base_url": "https://help.example"}
        token = re.search(r'name="csrf_token" value="([^"]+)"', real.get("/sign-in", **https).text)
        assert token is not None
        fields = {"csrf_token": token[1], "name": f"n{n}", "password": "x", "code": "1"}
        found.add(real.post("/sign-in", data=fields, headers=headers, **https).status_code)

    assert found == {422, 429}


@pytest.mark.parametrize(
    "given",
    [
        "//evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "\t//evil.example",
        "/\n//evil.example",
        "https://evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "/\r\nSet-Cookie: x=1",
        "\\\\evil.example",
        " //evil.example",
        "evil.example",
        "",
        None,
    ],
)
def test_nobody_is_led_to_another_site(given: str | None) -> None:
    led = own_path(given)

    assert led.startswith("/")
    stripped = re.sub(r"[\t\r\n]", "", led)  # as browsers read an address
    assert not stripped.startswith(("//", "/\\"))
    assert "\n" not in led
    assert "\r" not in led


def test_no_method_makes_a_figure_of_its_own(client: FlaskClient) -> None:
    for n in range(5):
        client.open("/health", method=f"METHOD{n}")

    figures = client.get("/metrics", environ_base={"REMOTE_ADDR": "127.0.0.1"}).text
    assert "METHOD" not in figures
    assert 'method="other"' in figures


def test_figures_are_not_for_everybody(client: FlaskClient) -> None:
    asked = [
        client.get("/metrics", environ_base={"REMOTE_ADDR": "203.0.113.9"}),
        client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}),
    ]

    assert [answer.status_code for answer in asked] == [404, 404]


# -- guessing --------------------------------------------------------------------------------


def test_the_password_is_not_guessed_from_a_locked_screen(
    sign_in: Callable[[str], Browser],
) -> None:
    ines = sign_in("ines")
    ines.post("/lock")

    answers = [ines.post("/unlock", {"secret": f"guess {n}"}).status_code for n in range(12)]

    assert answers[0] == 422
    assert answers[-1] == 429
    assert ines.post("/unlock", {"secret": PASSWORD}).status_code == 429


def test_nor_by_changing_it(sign_in: Callable[[str], Browser]) -> None:
    ines = sign_in("ines")
    fields = {"password": "another-quiet-harbour"}

    for n in range(10):
        ines.post("/account/password", {**fields, "present": f"guess {n}"})
    last = ines.post("/account/password", {**fields, "present": PASSWORD})

    assert last.status_code == 422
    assert ines.get("/account").status_code == 200  # still signed in: nothing was changed


# -- what was typed, on pages ---------------------------------------------------------------------

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*7}}"
QUOTES = "\"' onmouseover=alert(1) x='"  # of a form; more of it is refused with the form
FORM = definition(
    question("textfield", "said", QUOTES, description=QUOTES, properties={"class": "C2"}),
    choice("radio", "level", "low", "high", label=QUOTES, properties={"class": "C0"}),
    id="hostile",
)


@pytest.fixture
def hostile(story: Story) -> Story:
    """Everything that has a name is called by something that a careless page would run."""
    org = story.org
    task = user("task_do", name=HOSTILE, form="hostile", potentialOwners="spoc_admin")
    drawn = diagram(
        process(start("begin"), task, end("done"), flows="begin > task_do > done", name=HOSTILE)
    )
    files = {"p.bpmn": drawn, "hostile.form": json.dumps(FORM)}
    with org.work() as session:
        releases.install_shipped(session, org.tenant_id, now=story.now, files=files)
        session.execute(update(Staff).values(display_name=HOSTILE, initials="<b>"))
        session.execute(update(Service).values(name=HOSTILE))
        person_id = make_person(session, org)
        person = session.get_one(Person, person_id)
        person.given_name = person.family_name = person.known_as = person.language = HOSTILE
        case_id = make_case(session, org, person_id=person_id, owner_id=org.ines)
        case = session.get_one(Case, case_id)
        notes.add_note(session, case, HOSTILE, by=str(org.ines), now=story.now)
        instances.start(
            session,
            org.tenant_id,
            "p",
            {},
            by=str(org.ines),
            now=story.now,
            service_id=org.services["support"],
            business_key=case_id,
        )
    return story


class Looking(HTMLParser):
    """Finds what a browser would run: handlers, styles, scripts of the page's own."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        self.found += [f"{tag} {name}" for name in given if name.startswith("on")]
        self.found += [f"{tag} {name}" for name in given if name in ("style", "srcdoc")]
        for name in ("href", "src", "action", "formaction"):
            if not (given.get(name) or "/").startswith(("/", "#", "?")):
                self.found.append(f"{tag} {name}={given[name]}")
        if tag == "script" and "src" not in given:
            self.found.append("script")


def test_nothing_that_somebody_typed_is_run(
    hostile: Story, sign_in: Callable[[str], Browser]
) -> None:
    with hostile.org.work() as session:
        task_id = session.scalars(select(UserTask.id)).one()
        case_id = session.scalars(select(Case.id)).one()
    ines, owner = sign_in("ines"), sign_in("owner")
    ines.post(f"/tasks/{task_id}/claim")
    pages = [
        ines.get(path)
        for path in (
            "/tasks",
            "/tasks?view=unclaimed",
            f"/tasks/{task_id}",
            f"/tasks/{task_id}/snooze",
            f"/tasks/{task_id}/conflict",
            "/cases",
            f"/cases/{case_id}",
            f"/cases/{case_id}/contacts",
            f"/cases/{case_id}/risk",
            f"/cases/{case_id}/consent",
            f"/cases/{case_id}/history",
            "/contacts",
            "/contacts/new",
            "/account",
            "/sign-in",
        )
    ]
    pages += [owner.get("/library"), owner.get("/library/processes/p")]
    pages.append(ines.post(f"/tasks/{task_id}/draft", {"said": HOSTILE}))
    pages.append(ines.post(f"/tasks/{task_id}/complete", {"said": HOSTILE}))
    pages.append(ines.post("/search", {"q": HOSTILE}))
    pages.append(ines.post("/sign-in", {"name": HOSTILE, "password": "x", "code": "x"}))

    seen = 0
    for page in pages:
        assert page.status_code < 500, page.request.path
        seen += "&lt;script&gt;" in page.text
        assert "<script>alert" not in page.text, page.request.path
        assert "<img src=x" not in page.text, page.request.path
        assert "'>49" not in page.text, page.request.path
        looked = Looking()
        looked.feed(page.text)
        assert looked.found == [], page.request.path
    assert seen > 8


# -- downloads -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        'a".bpmn',
        "a\r\nSet-Cookie: x=1.bpmn",
        "../../etc/passwd",
        "bpmn/../../x.bpmn",
        "/etc/x.bpmn",
        "a\\b.bpmn",
        "a\0.bpmn",
        "a\u202enmpb.exe",
        "",
        "a" * 300,
        ".hidden",
        "a//b",
    ],
)
def test_a_file_of_a_release_has_a_plain_name(name: str) -> None:
    drawn = diagram(process(start("begin"), end("done"), flows="begin > done"))

    with pytest.raises(ReleaseRefused) as refused:
        check({name: drawn})
    assert {finding.rule for finding in refused.value.findings} == {"file_name"}


def test_a_file_is_kept_under_its_name_and_opened_as_nothing_but_text(
    story: Story, sign_in: Callable[[str], Browser]
) -> None:
    owner = sign_in("owner")
    drawn = diagram(process(start("begin"), end("done"), flows="begin > done", id="größe"))
    given = {"files": (BytesIO(drawn.encode()), "Größe (neu).bpmn")}
    made = owner.post("/library/upload", given, content_type="multipart/form-data")
    assert made.status_code == 303, made.text

    path = f"{made.headers['Location']}/files/bpmn/processes/Größe (neu).bpmn"
    kept = owner.client.get(f"{path}?save=1")

    assert kept.status_code == 200
    disposition = kept.headers["Content-Disposition"]
    assert disposition.startswith("attachment;")
    assert disposition.isascii()
    assert "filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%28neu%29.bpmn" in disposition
    assert "sandbox" in kept.headers["Content-Security-Policy"]
    assert kept.headers["X-Content-Type-Options"] == "nosniff"


def test_the_pages_of_an_application_need_no_debugger(app: Flask) -> None:
    assert not app.debug
    assert app.test_client().get("/console").status_code == 404
