"""Signing in and out, the guards of a request, and the privacy screen."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from browsing import PASSWORD, Browser
from flask.testing import FlaskClient
from people import Organisation

from workflows.identity import totp
from workflows.identity.enrolment import SecondFactor

SignIn = Callable[[str], Browser]


def test_a_page_sends_strangers_to_the_sign_in_page_and_back(client: FlaskClient) -> None:
    answer = client.get("/account?x=1")
    assert answer.status_code == 303
    assert answer.location == "/sign-in?next=%2Faccount%3Fx%3D1"


def test_a_programme_without_a_login_is_told_so_as_a_problem(client: FlaskClient) -> None:
    answer = client.get("/account", headers={"Accept": "application/json"})
    assert answer.status_code == 401
    assert answer.content_type == "application/problem+json"
    assert answer.get_json()["type"] == "/problems/not-signed-in"


def test_amina_signs_in_and_gets_the_page_she_wanted(
    client: FlaskClient, factors: dict[str, SecondFactor]
) -> None:
    browser = Browser(client)
    browser.get("/sign-in?next=/account")
    given = {"name": "Amina ", "password": PASSWORD, "next": "/account"}
    code = totp.next_code(factors["amina"].secret, datetime.now(UTC))
    answer = browser.post("/sign-in", {**given, "code": code})
    assert (answer.status_code, answer.location) == (303, "/account")
    assert "Amina Yusuf" in browser.get("/account").text


def test_a_wrong_name_and_a_wrong_password_give_the_same_bytes(
    client: FlaskClient, factors: dict[str, SecondFactor]
) -> None:
    browser = Browser(client)
    browser.get("/sign-in")
    pages = []
    for name, password in (("amina", "wrong-wrong-wrong"), ("nobody", PASSWORD)):
        answer = browser.post("/sign-in", {"name": name, "password": password, "code": "123456"})
        assert answer.status_code == 422
        text = re.sub(r'(csrf_token" value=|name="name" value=)"[^"]*"', "", answer.text)
        pages.append(re.sub(r"as=\w+|aria-current=\S+", "", text))
    assert pages[0] == pages[1]


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example"]
)
def test_nobody_is_led_elsewhere_after_signing_in(
    client: FlaskClient, factors: dict[str, SecondFactor], elsewhere: str
) -> None:
    browser = Browser(client)
    browser.get("/sign-in")
    code = totp.next_code(factors["ben"].secret, datetime.now(UTC))
    given = {"name": "ben", "password": PASSWORD, "code": code, "next": elsewhere}
    assert browser.post("/sign-in", given).location == "/"


def test_the_tenth_failure_names_the_time_of_the_next_attempt(
    client: FlaskClient, factors: dict[str, SecondFactor]
) -> None:
    browser = Browser(client)
    browser.get("/sign-in")
    wrong = {"name": "amina", "password": "wrong-wrong-wrong", "code": "000000"}
    statuses = [browser.post("/sign-in", wrong).status_code for _ in range(10)]
    answer = browser.post("/sign-in", wrong)
    assert statuses == [422] * 10
    assert answer.status_code == 429
    assert re.search(r"Try again at \d\d:\d\d\.", answer.text)


def test_a_post_without_the_pages_token_is_refused(sign_in: SignIn) -> None:
    browser = sign_in("amina")
    answer = browser.client.post("/account/look", data={"theme": "dark"})
    assert answer.status_code == 400
    assert "out of date" in answer.text


def test_a_post_from_another_site_is_refused_whatever_its_token(sign_in: SignIn) -> None:
    browser = sign_in("amina")
    answer = browser.post(
        "/account/look", {"theme": "dark"}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 400


def test_signing_out_ends_every_copy_of_the_cookie(sign_in: SignIn) -> None:
    browser = sign_in("amina")
    copy = browser.client.get_cookie("signpost")
    assert copy is not None
    answer = browser.post("/sign-out")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    browser.client.set_cookie("signpost", copy.value)
    assert browser.get("/account").status_code == 303


def test_a_locked_screen_gets_nothing_until_the_password_opens_it(sign_in: SignIn) -> None:
    browser = sign_in("amina")
    assert browser.post("/lock").status_code == 303
    locked = browser.get("/account")
    assert locked.status_code == 423
    assert "Amina" not in locked.text
    assert browser.post("/unlock", {"secret": "not it"}).status_code == 422
    assert browser.post("/unlock", {"secret": PASSWORD, "next": "/account"}).location == "/account"
    assert browser.get("/account").status_code == 200


def test_five_wrong_pins_and_only_the_password_counts(sign_in: SignIn) -> None:
    browser = sign_in("amina")
    assert browser.post("/account/pin", {"pin": "1111"}).status_code == 422
    assert browser.post("/account/pin", {"pin": "2580"}).status_code == 303
    browser.post("/lock")
    for _ in range(5):
        assert browser.post("/unlock", {"secret": "0000"}).status_code == 422
    assert browser.post("/unlock", {"secret": "2580"}).status_code == 422
    assert browser.post("/unlock", {"secret": PASSWORD}).status_code == 303


def test_a_changed_password_signs_out_everywhere(sign_in: SignIn, ark: Organisation) -> None:
    browser, other = sign_in("amina"), sign_in("ben")
    given = {"present": PASSWORD, "password": "harbour-lantern-quiet"}
    assert browser.post("/account/password", given).location == "/sign-in"
    assert browser.get("/account").status_code == 303
    assert other.get("/account").status_code == 200


def test_how_the_screen_looks_is_kept(sign_in: SignIn) -> None:
    browser = sign_in("amina")
    browser.post("/account/look", {"theme": "dark", "density": "compact", "lock_minutes": "99"})
    page = browser.get("/account").text
    assert 'data-theme="dark"' in page
    assert 'data-density="compact"' in page
    assert 'data-shortcuts="off"' in page
    assert 'data-lock-after="900"' in page
