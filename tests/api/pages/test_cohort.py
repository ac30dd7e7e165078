"""The page of imports: a dry run first, then the good rows, and the broken ones back."""

import csv
import io
import threading
from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from browsing import Browser
from people import Organisation, give_role
from sqlalchemy import delete, func, select
from werkzeug.test import TestResponse

from engine import history, messages, releases
from engine.clock import TravellingClock
from workflows import registry
from workflows.cohort.generator import generate
from workflows.cohort.models import CohortFile
from workflows.contact.models import Contact
from workflows.staff.models import StaffRole

SignIn = Callable[[str], Browser]


@pytest.fixture
def ark(ark: Organisation, clock: TravellingClock) -> Organisation:
    registry.load()
    with ark.work() as session:
        releases.install_shipped(session, ark.tenant_id, now=clock.now())
    return ark


@pytest.fixture
def sample(clock: TravellingClock) -> bytes:
    return generate(60, seed=5, now=clock.now()).encode()


def upload(
    browser: Browser, ark: Organisation, content: bytes, service: str = "victim_care"
) -> TestResponse:
    browser.get("/cohort")
    given = {"service": str(ark.services[service]), "file": (io.BytesIO(content), "today.csv")}
    return browser.post("/cohort", given)


def checked(browser: Browser, ark: Organisation, content: bytes) -> str:
    """Upload a file and return the address of its dry run."""
    answer = upload(browser, ark, content)
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def contacts(ark: Organisation) -> int:
    with ark.work() as session:
        return session.scalar(select(func.count()).select_from(Contact)) or 0


def take_all(browser: Browser, address: str) -> int:
    """Press the button until it is gone; return how often."""
    presses = 0
    while "data-import" in browser.get(address).text:
        assert browser.post(f"{address}/take").status_code == 303
        presses += 1
    return presses


def test_a_dry_run_shows_each_row_and_brings_nothing_in(
    ark: Organisation, sign_in: SignIn, sample: bytes
) -> None:
    vic = sign_in("vic")
    address = checked(vic, ark, sample)

    text = vic.get(address).text
    assert "Checked, nothing has happened yet" in text
    assert "Would come in" in text
    assert 'Broken <span class="count">8</span>' in text
    assert contacts(ark) == 0


def test_the_table_says_nothing_of_what_the_rows_say(
    ark: Organisation, sign_in: SignIn, sample: bytes
) -> None:
    vic = sign_in("vic")
    text = vic.get(checked(vic, ark, sample)).text

    for said in ("Siobh", "07700", "42/1/", "mischief", "perhaps"):
        assert said not in text


def test_rows_are_filtered_and_paged(ark: Organisation, sign_in: SignIn, sample: bytes) -> None:
    vic = sign_in("vic")
    address = checked(vic, ark, sample)

    broken = vic.get(f"{address}?show=broken").text
    assert broken.count("Comes back") == 8
    assert "Date of birth is not a date. Write it as day/month/year" in broken
    assert (
        "Opted out" in vic.get(f"{address}?show=excluded").text
        or "Out of area" in vic.get(f"{address}?show=excluded").text
    )
    assert "1 to 50 of 60" in vic.get(address).text
    assert "51 to 60 of 60" in vic.get(f"{address}?page=2").text
    assert "No rows here" in vic.get(f"{address}?show=known").text
    for odd in ("?page=0", "?page=x", "?page=99999999999", "?show=what"):
        assert vic.get(address + odd).status_code == 200


def test_the_good_rows_come_in_and_the_worker_takes_them_up(
    ark: Organisation, sign_in: SignIn, sample: bytes
) -> None:
    vic = sign_in("vic")
    address = checked(vic, ark, sample)

    assert take_all(vic, address) == 1

    text = vic.get(address).text
    assert f"{contacts(ark)} rows are in." in text
    assert "data-import" not in text
    with ark.work() as session:
        waiting = len(list(session.scalars(select(Contact.queue).where(Contact.queue.is_(None)))))
    assert waiting == contacts(ark)
    messages.drain(ark.database, ark.tenant_id, now=ark.now)
    with ark.work() as session:
        assert session.scalar(select(func.count(Contact.queue))) == contacts(ark)


def test_a_large_file_comes_in_by_hundreds_and_says_how_far_it_is(
    ark: Organisation, sign_in: SignIn, clock: TravellingClock
) -> None:
    vic = sign_in("vic")
    address = checked(vic, ark, generate(160, seed=6, now=clock.now()).encode())
    json = {"Accept": "application/json", "X-CSRFToken": vic.token}

    first = vic.client.post(f"{address}/take", headers=json).get_json()
    half_way = vic.get(address).text
    last = vic.client.post(f"{address}/take", headers=json).get_json()
    more = vic.client.post(f"{address}/take", headers=json).get_json()

    assert first["done"] == 100
    assert first["left"] == first["all"] - 100 > 0
    assert f"100 of {first['all']} good rows are done" in half_way
    assert last == more == {"done": first["all"], "all": first["all"], "left": 0}
    assert contacts(ark) == first["all"]


def test_the_same_file_again_is_known(ark: Organisation, sign_in: SignIn, sample: bytes) -> None:
    vic = sign_in("vic")
    take_all(vic, checked(vic, ark, sample))
    before = contacts(ark)

    text = vic.get(checked(vic, ark, sample)).text

    assert "There is nothing to bring in." in text
    assert "Known from an earlier file" in text
    assert contacts(ark) == before


def test_two_who_press_at_once_bring_in_every_row_once(
    ark: Organisation, sign_in: SignIn, sample: bytes
) -> None:
    vic, ines = sign_in("vic"), sign_in("ines")
    with ark.work() as session:
        give_role(session, ark, ark.ines, "spoc_admin", "victim_care")
    hers, his = checked(vic, ark, sample), checked(ines, ark, sample)
    start = threading.Barrier(2)
    statuses: list[int] = []

    def press(browser: Browser, address: str) -> None:
        start.wait()
        statuses.append(browser.post(f"{address}/take").status_code)

    both = [threading.Thread(target=press, args=each) for each in ((vic, hers), (ines, his))]
    for each in both:
        each.start()
    for each in both:
        each.join()

    assert statuses == [303, 303]
    texts = vic.get(hers).text + ines.get(his).text
    assert f"{contacts(ark)} rows are in." in texts
    assert "0 rows are in." in texts


def test_broken_rows_go_back_with_reasons_and_leave_a_trace(
    ark: Organisation, sign_in: SignIn, sample: bytes
) -> None:
    vic = sign_in("vic")
    address = checked(vic, ark, sample)

    answer = vic.get(f"{address}/broken.csv")

    assert answer.headers["Content-Disposition"] == 'attachment; filename="broken-rows.csv"'
    assert answer.headers["Cache-Control"] == "no-store"
    rows = list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert len(rows) == 8
    assert all(row["reasons"] for row in rows)
    with ark.work() as session:
        entries = history.read(session, f"access:{ark.vic}:2027-01-14", limit=100)
        lines = [(e.payload["concept_name"], e.payload["ids"]) for e in entries]
    assert lines == [("cohort.broken_rows", [address.removeprefix("/cohort/")])]


def test_mended_rows_come_in(ark: Organisation, sign_in: SignIn, sample: bytes) -> None:
    vic = sign_in("vic")
    address = checked(vic, ark, sample)
    take_all(vic, address)
    before = contacts(ark)
    returned = vic.get(f"{address}/broken.csv").get_data().decode("utf-8-sig")
    mended = returned.replace("31/02/1990", "28/02/1990")

    take_all(vic, checked(vic, ark, mended.encode("utf-8-sig")))

    assert contacts(ark) == before + 1


def test_a_sample_can_be_downloaded_and_checked(ark: Organisation, sign_in: SignIn) -> None:
    vic = sign_in("vic")
    answer = vic.get("/cohort/sample.csv")

    assert answer.content_type == "text/csv; charset=utf-8"
    text = vic.get(checked(vic, ark, answer.get_data())).text
    assert "200 rows" in text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The file is empty."),
        (b"a,b\n1,2\n", "The first line lacks: crime_ref"),
        (b"\xff\xfe\x00", "The file is not in UTF-8."),
        (b"\x00PK\x03\x04", "This is not a text file."),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(
    ark: Organisation, sign_in: SignIn, content: bytes, said: str
) -> None:
    answer = upload(sign_in("vic"), ark, content)

    assert answer.status_code == 422
    assert said in answer.text
    assert "<title>Error: Imports - Signpost</title>" in answer.text
    with ark.work() as session:
        assert session.scalars(select(CohortFile)).all() == []


def test_a_file_that_is_too_large_is_refused_before_it_is_read(
    ark: Organisation, sign_in: SignIn
) -> None:
    vic = sign_in("vic")
    kind = "multipart/form-data; boundary=edge"

    answer = vic.client.post("/cohort", data=b"x" * (17 * 1024 * 1024), content_type=kind)

    assert answer.status_code == 413
    assert "The file or the text is too large." in answer.text


def test_nothing_chosen_is_said(ark: Organisation, sign_in: SignIn) -> None:
    vic = sign_in("vic")
    vic.get("/cohort")

    answer = vic.post("/cohort", {})

    assert answer.status_code == 422
    assert "Choose a file." in answer.text


def test_of_several_services_one_is_selected(
    ark: Organisation, sign_in: SignIn, sample: bytes
) -> None:
    vic = sign_in("vic")
    with ark.work() as session:
        give_role(session, ark, ark.vic, "spoc_admin", "support")
    vic.get("/cohort")

    answer = vic.post("/cohort", {"file": (io.BytesIO(sample), "x.csv")})

    assert answer.status_code == 422
    assert "Select the service the file is for." in answer.text


# -- who may -------------------------------------------------------------------------------------


# who takes in no contacts; who takes in one at a time; who signs them beside a trainee
NOBODY = ["admin", "owner", "auditor", "ana", "rev", "tess", "amina", "dana", "sol", "hana", "dsl"]


@pytest.mark.parametrize("who", NOBODY)
def test_to_who_brings_in_no_files_there_is_no_such_page(
    ark: Organisation, sign_in: SignIn, sample: bytes, who: str
) -> None:
    browser = sign_in(who)

    assert browser.get("/cohort").status_code == 404
    assert browser.get("/cohort/sample.csv").status_code == 404
    assert upload(browser, ark, sample).status_code == 404
    assert 'href="/cohort"' not in browser.get("/account").text


@pytest.mark.parametrize("who", ["vic", "ines", "chidi", "femi", "mara"])
def test_who_shares_the_work_out_brings_in_files(
    ark: Organisation, sign_in: SignIn, who: str
) -> None:
    browser = sign_in(who)

    assert browser.get("/cohort").status_code == 200
    assert 'href="/cohort"' in browser.get("/account").text


def test_nobody_brings_in_for_a_service_that_is_not_theirs(
    ark: Organisation, sign_in: SignIn, sample: bytes
) -> None:
    answer = upload(sign_in("ines"), ark, sample, "victim_care")

    assert answer.status_code == 422
    assert contacts(ark) == 0


def test_a_role_that_is_gone_brings_nothing_in(
    ark: Organisation, sign_in: SignIn, sample: bytes
) -> None:
    vic = sign_in("vic")
    address = checked(vic, ark, sample)
    with ark.work() as session:
        session.execute(delete(StaffRole).where(StaffRole.staff_id == ark.vic))

    assert vic.post(f"{address}/take").status_code == 404
    assert contacts(ark) == 0


def test_a_file_is_for_who_uploaded_it_alone(
    ark: Organisation, sign_in: SignIn, sample: bytes
) -> None:
    vic, femi = sign_in("vic"), sign_in("femi")
    address = checked(vic, ark, sample)
    femi.get("/cohort")

    for answer in (
        femi.get(address),
        femi.get(f"{address}/broken.csv"),
        femi.post(f"{address}/take"),
        femi.post(f"{address}/drop"),
    ):
        assert (answer.status_code, answer.location) == (303, "/cohort")
    assert contacts(ark) == 0
    assert "Would come in" in vic.get(address).text


# -- for a short time ----------------------------------------------------------------------------


def test_after_a_day_one_is_asked_for_it_again(
    ark: Organisation, sign_in: SignIn, sample: bytes, clock: TravellingClock
) -> None:
    vic = sign_in("vic")
    address = checked(vic, ark, sample)
    clock.advance(timedelta(days=1))

    answer = vic.get(address)

    assert (answer.status_code, answer.location) == (303, "/cohort")
    assert "That file is no longer kept. Choose it again." in vic.get("/cohort").text


def test_one_lets_go_of_a_file(ark: Organisation, sign_in: SignIn, sample: bytes) -> None:
    vic = sign_in("vic")
    address = checked(vic, ark, sample)
    vic.get(address)

    vic.post(f"{address}/drop")

    assert address not in vic.get("/cohort").text
    with ark.work() as session:
        assert session.scalars(select(CohortFile)).all() == []


def test_nothing_of_the_file_stands_in_the_log(
    ark: Organisation, sign_in: SignIn, sample: bytes, lines: StringIO
) -> None:
    vic = sign_in("vic")
    take_all(vic, checked(vic, ark, sample))

    for said in ("Siobh", "07700", "today.csv", "Kaur", "Mill Lane"):
        assert said not in lines.getvalue()
