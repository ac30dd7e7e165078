"""Every route there is: who may come in, and that what is hidden is the same as what is not there.

The routes are read from the application, so one that is added later is tried as well.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from browsing import Browser
from factories import make_case, make_contact, make_person, make_task
from flask import Flask
from flask.testing import FlaskClient
from people import make_oak
from programmes import make_programme
from routes import Route, routes
from sqlalchemy import Engine, select
from stories import AMARA
from story import Story
from werkzeug.test import TestResponse

from engine.clock import TravellingClock
from engine.models import Incident, ProcessInstance, UserTask
from workflows.access import conflicts, sealing
from workflows.cases.models import Case
from workflows.consent.models import ConsentRecord
from workflows.contact.models import Contact

# Addresses that anybody may ask for; everything else has a guard that asks who comes.
PUBLIC = {
    "GET /api/v1/openapi.json",
    "GET /health",
    "GET /metrics",
    "GET /ready",
    "GET /sign-in",
    "POST /sign-in",
    "POST /sign-out",
}
FILES = {"GET /static/<version>/<path:name>"}
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
# Who operates the system sees that a step failed, and nothing of the person it failed for.
OPERATED = ("/incidents/<uuid:incident_id>", "/instances/<uuid:instance_id>")
# About staff, releases and forms: they hold nobody's data and are asked about elsewhere.
NO_CASE = (
    "/absences/",
    "/releases/<uuid:release_id>",
    "/history/access/",
    "/messages/",
    "/cohort/",
    "/migrations/<uuid:migration_id>",
)


def test_every_route_has_a_guard(app: Flask) -> None:
    found = {str(route): route.guard for route in routes(app)}

    assert {name for name, guard in found.items() if guard is None} == FILES
    assert {name for name, guard in found.items() if guard == "public"} == PUBLIC
    assert set(found.values()) == {None, "public", "signed_in", "programme"}


def test_pages_are_for_the_signed_in_and_programmes_for_tokens(app: Flask) -> None:
    for route in routes(app):
        if route.guard in ("signed_in", "programme"):
            assert (route.guard == "programme") == route.is_api, str(route)


def test_nobody_gets_in_without_a_login(app: Flask, client: FlaskClient) -> None:
    for route in routes(app):
        if route.guard not in ("signed_in", "programme"):
            continue
        address = route.address({name: uuid4() for name in route.ids})
        answer = client.open(address, method=route.method)
        if route.is_api:
            assert answer.status_code == 401, str(route)
        else:
            assert answer.status_code == 303, str(route)
            assert answer.headers["Location"].startswith("/sign-in?"), str(route)


def test_an_unknown_token_opens_nothing(app: Flask, client: FlaskClient) -> None:
    for route in routes(app):
        if route.guard == "programme":
            address = route.address({name: uuid4() for name in route.ids})
            shown = {"Authorization": "Bearer sp_nothing"}
            answer = client.open(address, method=route.method, headers=shown)
            assert answer.status_code == 401, str(route)


def test_a_token_is_good_for_its_scopes_alone(app: Flask, story: Story) -> None:
    for scope in ("referrals", "messages", "casework", "processes"):
        narrow = make_programme(story.client, story.org, "ines", scope)
        for route in routes(app):
            if route.guard != "programme" or scope in (route.view.scope, route.view.also):
                continue
            address = route.address({name: uuid4() for name in route.ids})
            answer = narrow.client.open(
                address, method=route.method, headers=narrow._headers({}), json=route.body
            )
            assert answer.status_code == 403, (scope, str(route))


def test_no_page_changes_anything_without_its_token(
    app: Flask, story: Story, sign_in: Callable[[str], Browser]
) -> None:
    browser = sign_in("ines")
    for route in routes(app):
        if route.method not in UNSAFE:
            continue
        address = route.address({name: uuid4() for name in route.ids})
        without = browser.client.open(address, method=route.method, data=route.fields)
        assert without.status_code == 400, str(route)


def test_no_page_is_posted_to_from_another_site(
    app: Flask, story: Story, sign_in: Callable[[str], Browser]
) -> None:
    browser = sign_in("ines")
    for route in routes(app):
        if route.method != "POST" or str(route) in ("POST /sign-in", "POST /sign-out"):
            continue
        address = route.address({name: uuid4() for name in route.ids})
        for site in ("cross-site", "same-site"):
            headers = {"Sec-Fetch-Site": site, "X-CSRFToken": browser.token}
            answer = browser.client.post(address, data=route.fields, headers=headers)
            assert answer.status_code == 400, (site, str(route))


# -- what is hidden and what is not there ------------------------------------------------------


@dataclass(frozen=True)
class Hidden:
    """What nobody but Amara's own people may see: by the names of ids in addresses."""

    story: Story
    ids: Mapping[str, UUID]

    @property
    def case_id(self) -> UUID:
        return self.ids["case_id"]


@pytest.fixture
def hidden(story: Story) -> Hidden:
    """Amara's case in the support service, with everything that can hang on one."""
    written = {**AMARA, "immediate_danger": "no", "route": "victim_support"}
    contact = story.refer("ines", written, external_id="1")
    with story.org.work() as session:
        case = session.scalars(select(Case)).one()
        about = {"tenant_id": case.tenant_id, "business_key": case.id}
        task = session.scalars(
            select(UserTask).where(
                UserTask.business_key == case.id, UserTask.completed_at.is_(None)
            )
        ).first()
        instance = session.scalars(
            select(ProcessInstance).where(ProcessInstance.business_key == case.id)
        ).first()
        consent = ConsentRecord(
            id=uuid4(),
            tenant_id=case.tenant_id,
            person_id=case.person_id,
            case_id=case.id,
            purpose="share_referral",
            recipient_class="voluntary",
            recipient_token=b"t",
            decision="given",
            method="verbal_recorded",
            given_by="client",
            recorded_at=story.now,
            recorded_by="system",
        )
        incident = Incident(
            id=uuid4(),
            instance_id=instance.id,
            service_id=case.service_id,
            element_id="x",
            error="LookupError",
            cause="x",
            created_at=story.now,
            **about,
        )
        session.add_all([consent, incident])
        session.flush()
        ids = {
            "case_id": case.id,
            "contact_id": UUID(contact["id"]),
            "task_id": task.id,
            "token_id": task.id,
            "instance_id": instance.id,
            "incident_id": incident.id,
            "consent_id": consent.id,
        }
        return Hidden(story, ids)


def told(answer: TestResponse, ids: Mapping[str, UUID]) -> tuple[int, str, dict[str, str]]:
    """Return what an answer says, with the ids that stood in the question taken out."""
    text = answer.get_data(as_text=True)
    for name, value in ids.items():
        text = text.replace(str(value), name)
    text = re.sub(r'name="(csrf_token|_key)" value="[^"]*"|name="csrf"[^>]*', "", text)
    said = {
        name: value
        for name, value in answer.headers.items()
        if name not in ("Date", "X-Request-ID", "Set-Cookie", "ETag")
    }
    said["Location"] = said.get("Location", "").replace(str(ids.get("case_id")), "case_id")
    return answer.status_code, text, said


def ask(client: FlaskClient, route: Route, ids: Mapping[str, UUID], **how: object) -> TestResponse:
    headers = {"X-Request-ID": "0123456789", **how.pop("headers", {})}  # type: ignore[dict-item]
    sent = {"json": route.body} if route.is_api else {"data": {**route.fields, **how}}
    if route.method == "GET":
        sent = {}
    return client.open(route.address(ids), method=route.method, headers=headers, **sent)


def about_cases(app: Flask) -> list[Route]:
    return [
        route
        for route in routes(app)
        if route.ids and not any(part in route.rule.rule for part in NO_CASE)
    ]


def compare_api(app: Flask, hidden: Hidden, who: str, statuses: set[int]) -> None:
    """Whatever ``who`` asks about a hidden id is answered like an id that was never given out."""
    programme = hidden.story[who]
    nothing = {name: uuid4() for name in hidden.ids}
    for route in about_cases(app):
        if not route.is_api:
            continue
        bearer = programme._headers({})
        there = told(ask(programme.client, route, hidden.ids, headers=bearer), hidden.ids)
        absent = told(ask(programme.client, route, nothing, headers=bearer), nothing)
        assert there == absent, str(route)
        assert there[0] in statuses, (str(route), there[1])


def compare_pages(app: Flask, hidden: Hidden, browser: Browser, *, operates: bool = False) -> None:
    nothing = {name: uuid4() for name in hidden.ids}
    for route in about_cases(app):
        if route.is_api:
            continue
        token = {"csrf_token": browser.token}
        there = told(ask(browser.client, route, hidden.ids, **token), hidden.ids)
        if operates and there[0] != 404 and route.rule.rule.startswith(OPERATED):
            assert not any(word in there[1] for word in ("Amara", "case_id")), there[1]
            continue
        absent = told(ask(browser.client, route, nothing, **token), nothing)
        assert there == absent, str(route)
        assert there[0] == 404, (str(route), there[1])


def declare(hidden: Hidden, who: str) -> None:
    with hidden.story.org.work() as session:
        conflicts.declare(
            session,
            hidden.story.org.staff[who],
            case_id=hidden.case_id,
            by="system",
            now=hidden.story.now,
        )


def test_a_conflict_hides_everything_from_programmes(app: Flask, hidden: Hidden) -> None:
    declare(hidden, "ines")

    compare_api(app, hidden, "ines", {404})


def test_a_conflict_hides_everything_on_pages(
    app: Flask, hidden: Hidden, sign_in: Callable[[str], Browser]
) -> None:
    declare(hidden, "ines")

    compare_pages(app, hidden, sign_in("ines"))


def test_a_conflict_beats_every_right(app: Flask, hidden: Hidden) -> None:
    for who in ("dsl", "mara", "femi"):
        declare(hidden, who)

        compare_api(app, hidden, who, {404})


def test_a_sealed_case_exists_for_its_members_alone(
    app: Flask, hidden: Hidden, sign_in: Callable[[str], Browser]
) -> None:
    with hidden.story.org.work() as session:
        case = session.get_one(Case, hidden.case_id)
        members = {hidden.story.org.dsl}
        sealing.seal(session, case, members, by="system", now=hidden.story.now)

    compare_api(app, hidden, "ines", {404})
    compare_pages(app, hidden, sign_in("femi"))


def test_another_service_sees_nothing(app: Flask, hidden: Hidden) -> None:
    for who in ("vic", "sol", "tess"):
        # 403: they may not do that with any case at all
        compare_api(app, hidden, who, {404, 403})


def test_whoever_has_no_client_data_sees_none(
    app: Flask, hidden: Hidden, sign_in: Callable[[str], Browser]
) -> None:
    for who in ("admin", "owner", "ana"):
        compare_api(app, hidden, who, {404, 403})
        compare_pages(app, hidden, sign_in(who), operates=who == "admin")


def test_another_organisation_sees_nothing(
    app: Flask, hidden: Hidden, database: Engine, clock: TravellingClock
) -> None:
    oak = make_oak(database, clock.now())
    for who in ("kim", "lee"):
        hidden.story._programmes[who] = make_programme(hidden.story.client, oak, who)
        compare_api(app, hidden, who, {404, 403})


def test_what_is_hidden_is_in_no_list_and_no_count(
    app: Flask, hidden: Hidden, sign_in: Callable[[str], Browser]
) -> None:
    story = hidden.story
    browser = sign_in("ines")
    number = story.case("ines", str(hidden.case_id))["case_number"]
    lists = ["/cases", "/contacts", "/user-tasks", "/incidents"]
    pages = ["/tasks", "/tasks?view=unclaimed", "/cases", "/cases?show=all", "/contacts"]
    before = [story.gets("femi", path)["items"] for path in lists]
    assert all(before)
    assert any(number in browser.get(path).text for path in pages)

    declare(hidden, "ines")
    declare(hidden, "femi")

    assert [story.gets("femi", path)["items"] for path in lists] == [[], [], [], []]
    seen = "".join(browser.get(path).text for path in pages)
    assert number not in seen
    assert not any(str(value) in seen for value in hidden.ids.values())


def test_a_conflict_with_a_contact_holds_for_the_case_that_is_made_of_it(story: Story) -> None:
    """Ines knows the voice before anybody knows the name: later there is a name, and a case."""
    org = story.org
    with org.work() as session:
        contact_id = make_contact(session, org, "support")
        conflicts.declare(session, org.ines, contact_id=contact_id, by="system", now=story.now)
    with org.work() as session:
        person_id = make_person(session, org)
        case_id = make_case(session, org, person_id=person_id, opened_by_contact_id=contact_id)
        contact = session.get_one(Contact, contact_id)
        contact.case_id, contact.person_id = case_id, person_id
        task_id = make_task(session, org, business_key=case_id, potential_owners=["spoc_admin"])

    assert story["femi"].get(f"/cases/{case_id}?purpose=x&reason=x").status_code in (200, 404)
    assert story["ines"].get(f"/cases/{case_id}?purpose=x").status_code == 404
    assert story["ines"].get(f"/user-tasks/{task_id}").status_code == 404
