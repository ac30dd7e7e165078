"""What people and programmes type at the edge: kept under a key, logged never, repeated safely."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from browsing import Browser
from leaks import leaks
from sqlalchemy import Engine, select
from stories import AMARA
from story import Story

from api.pages.purposes import PURPOSES
from engine.models import IdempotencyKey
from workflows import audit, keys
from workflows.access import conflicts
from workflows.cases.models import Case

MARK, NUMBER = "zqxmark", "7700900777"
MARKED = [MARK, NUMBER, "900 777"]
KEY = "0123456789abcdef"
WORDS = f"{MARK} was at the door"
WRITTEN: dict[str, Any] = {
    **AMARA,
    "given_name": f"{MARK}one",
    "family_name": f"{MARK}two",
    "what_happened": WORDS,
    "immediate_danger": "no",
    "route": "victim_support",
    "channels": [{**AMARA["channels"][0], "value": "07700 900777"}],
}
FIVE = {"at_risk": "child", "verbatim_words": WORDS, "danger_now": "no", "about_staff": "no"}


@pytest.fixture
def case_id(story: Story) -> str:
    """The case of somebody all of whose words carry the mark."""
    given = {"service": "support", "channel": "email", "source": "mash", "external_id": "1"}
    sent = story["ines"].post("/contacts", {**given, "answers": WRITTEN}, Idempotency_Key=KEY)
    assert sent.status_code == 201
    with story.org.work() as session:
        return str(session.scalars(select(Case.id)).one())


def to_attempt(story: Story) -> dict[str, Any]:
    story.travel(timedelta(minutes=70))
    return story.task("ines", "task_attempt")


def test_programmes_leave_nothing_in_plain(
    story: Story, case_id: str, owner_database: Engine, lines: StringIO
) -> None:
    ines, search = story["ines"], {"family_name": f"{MARK}two", "given_name": f"{MARK}one"}
    once: dict[str, str] = {"Idempotency_Key": KEY}
    task = to_attempt(story)
    path = f"/user-tasks/{task['id']}"
    asked = [
        ines.post("/people/search", {**search, "purpose": WORDS}, **once),
        ines.get(f"/cases/{case_id}?purpose={WORDS}&reason={WORDS}"),
        ines.get(f"/history/cases/{case_id}?purpose={WORDS}&reason={WORDS}"),
        story["auditor"].get(f"/cases/{case_id}?purpose={WORDS}&reason={WORDS}"),
        ines.post(f"{path}/claim", None, **once),
        ines.get(f"{path}/safe-contact"),
        ines.post(f"/cases/{case_id}/concerns", FIVE, **once),
        story["mara"].put(f"{path}/due", {"due_at": "2027-02-01T10:00:00Z", "reason": WORDS}),
        ines.post(f"{path}/complete", {"answers": {"note": WORDS, MARK: MARK}}, **once),
        ines.post("/contacts", {"answers": {MARK: WORDS}}, **once),
        ines.get(f"/cases/{MARK}"),
        ines.post(f"/forms/{MARK}", {}),
    ]
    sha = story.gets("ines", path)["form_sha256"]
    asked.append(ines.put(f"{path}/draft", {"answers": {"note": WORDS}, "form_sha256": sha}))
    lines_of = ines.get(f"{path}/safe-contact").json["lines"]
    number = {"what": "number", "channel_id": lines_of[0]["channel_id"]}
    shown = ines.post(f"{path}/safe-contact/reveal", number, **once)
    assert NUMBER in shown.get_data(as_text=True)
    conflict = ines.post(f"/cases/{case_id}/conflicts", {"reason": WORDS}, **once)

    assert [answer.status_code for answer in (*asked, conflict)] == [
        *(200, 200, 200, 200, 200, 200, 201, 200, 422, 422, 404, 404, 200),
        204,
    ]
    assert leaks(owner_database, MARKED) == []
    assert [word for word in MARKED if word in lines.getvalue().casefold()] == []


def test_pages_leave_nothing_in_plain(
    story: Story,
    case_id: str,
    owner_database: Engine,
    lines: StringIO,
    sign_in: Callable[[str], Browser],
) -> None:
    task, ines = to_attempt(story), sign_in("ines")
    here = f"/tasks/{task['id']}"
    ines.post(f"{here}/claim")
    page = ines.get(here).text
    form = page.partition('name="_form" value="')[2].partition('"')[0]
    answers = {"_form": form, "_key": KEY, "note": WORDS, "card_read": "true"}
    asked = [
        ines.post(f"{here}/draft", answers),
        ines.post(f"{here}/complete", answers),  # the method is missing
        ines.post(f"{here}/alert", {"reason": WORDS, "_key": KEY}),
        ines.post(f"{here}/safeguarding", {**FIVE, "_key": KEY}),
        ines.post(f"/cases/{case_id}/notes", {"text": WORDS, "_key": KEY}),
        ines.post("/search", {"q": f"{MARK}one {MARK}two 07700 900777"}),
        ines.post(f"/cases/{case_id}/reason", {"purpose": "cover", "words": WORDS}),
        ines.post("/sign-in", {"name": MARK, "password": WORDS, "code": "1"}),
        ines.post("/account/pin", {"pin": MARK}),
        ines.get(f"/tasks?owner={MARK}"),
        ines.get(f"/{MARK}"),
        ines.post(f"{here}/conflict", {"reason": WORDS}),
    ]

    statuses = [answer.status_code for answer in asked]
    assert statuses == [303, 422, 303, 303, 303, 200, 303, 422, 422, 200, 404, 303]
    assert leaks(owner_database, MARKED) == []
    assert [word for word in MARKED if word in lines.getvalue().casefold()] == []


def test_why_somebody_read_a_case_is_read_by_the_auditor(story: Story, case_id: str) -> None:
    story.gets("femi", f"/cases/{case_id}?purpose={WORDS}&reason={WORDS}")

    path = f"/history/access/{story.org.femi}/{story.now.date().isoformat()}?purpose=audit"
    (entry,) = story.gets("auditor", path)["items"]
    assert (entry["payload"]["purpose"], entry["payload"]["reason"]) == (WORDS, WORDS)
    assert story["auditor"].post("/history/verify").json["sound"] is True


def test_what_pages_offer_to_choose_from_needs_no_key() -> None:
    assert {*PURPOSES, *PURPOSES.values()} <= audit.CHOSEN


def test_a_kept_answer_is_given_again_and_opens_nowhere_else(story: Story, case_id: str) -> None:
    given = {"service": "support", "channel": "email", "source": "mash", "external_id": "1"}
    again = story["ines"].post("/contacts", {**given, "answers": WRITTEN}, Idempotency_Key=KEY)
    assert again.json["id"] == story.gets("ines", "/contacts")["items"][0]["id"]

    with story.org.work() as session:
        row = session.scalars(select(IdempotencyKey)).one()
        assert row.body is not None
        place = f"{row.actor}|{row.route}|{row.key}"
        assert str(again.json["id"]).encode() in keys.open_kept(place, row.body)
        for other in (f"{story.org.dana}|{row.route}|{row.key}", f"{place}x"):
            with pytest.raises(keys.Tampered):
                keys.open_kept(other, row.body)


def test_a_key_of_somebody_else_gives_nobody_their_answer(story: Story, case_id: str) -> None:
    given = {"service": "support", "channel": "email", "source": "mash", "external_id": "1"}
    theirs = story["femi"].post("/contacts", {**given, "answers": WRITTEN}, Idempotency_Key=KEY)
    mine = story["ines"].post("/contacts", {**given, "answers": WRITTEN}, Idempotency_Key=KEY)

    assert theirs.status_code == mine.status_code == 201
    assert theirs.json["id"] != mine.json["id"]


def test_what_was_revealed_once_is_not_given_again_from_what_was_kept(
    story: Story, case_id: str
) -> None:
    task, ines = to_attempt(story), story["ines"]
    path = f"/user-tasks/{task['id']}/safe-contact"
    ines.post(f"/user-tasks/{task['id']}/claim")
    line = ines.get(path).json["lines"][0]["channel_id"]
    asked = {"what": "number", "channel_id": line}
    search = {"family_name": f"{MARK}two", "given_name": f"{MARK}one", "born_on": "1995-05-02"}
    search["purpose"] = "x"
    assert ines.post(f"{path}/reveal", asked, Idempotency_Key=KEY).status_code == 200
    assert ines.post("/people/search", search, Idempotency_Key=KEY).json["candidates"]

    with story.org.work() as session:
        conflicts.declare(
            session, story.org.ines, case_id=UUID(case_id), by="system", now=story.now
        )

    assert ines.post(f"{path}/reveal", asked, Idempotency_Key=KEY).status_code == 404
    again = ines.post("/people/search", search, Idempotency_Key=KEY)
    assert again.json == {"band": "none", "candidates": []}
