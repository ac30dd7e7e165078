"""Tasks over HTTP: the comparison process from its start to its end."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from people import Organisation
from sqlalchemy import Engine, event

from workflows.programmes.tokens import Scope

HIGH = {"risk_level": 4, "note": "first contact"}
MOST_STATEMENTS = 8


def start(dana) -> str:
    answer = dana.post("/process-instances", {"process_id": "Process_three_tasks"})
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return answer.json["id"]


def open_task(dana) -> dict:
    (task,) = dana.get("/user-tasks").json["items"]
    return task


@pytest.fixture
def dana(comparison: None, programme: Callable):
    return programme("dana")


def test_a_process_goes_from_its_first_task_to_its_end(dana) -> None:
    start(dana)
    for answers in (HIGH, {"b_note": "seen", "b_ok": True}, {"c_note": "done", "c_ok": True}):
        done = dana.post(f"/user-tasks/{open_task(dana)['id']}/complete", {"answers": answers})
        assert done.status_code == 200, done.get_data(as_text=True)

    assert done.json["ended"] is True
    assert dana.get("/user-tasks").json["items"] == []


def test_a_low_risk_goes_straight_on(dana) -> None:
    start(dana)
    answers = {**HIGH, "risk_level": 1}

    done = dana.post(f"/user-tasks/{open_task(dana)['id']}/complete", {"answers": answers})

    assert [task["name"] for task in done.json["opened_tasks"]] == ["C Close case"]


def test_a_task_shows_the_form_it_asks(dana) -> None:
    start(dana)

    task = dana.get(f"/user-tasks/{open_task(dana)['id']}").json

    assert task["form"]["id"] == "bench_a"
    assert len(task["form_sha256"]) == 64


def test_every_answer_to_change_is_named_by_its_pointer(dana) -> None:
    start(dana)

    answer = dana.post(
        f"/user-tasks/{open_task(dana)['id']}/complete",
        {"answers": {"risk_level": "very", "surprise": 1}},
    )

    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert {e["pointer"] for e in answer.json["errors"]} == {"#/risk_level", "#/surprise"}


def test_the_same_key_gives_the_same_answer(dana) -> None:
    start(dana)
    path = f"/user-tasks/{open_task(dana)['id']}/complete"
    key = str(uuid4())

    first = dana.post(path, {"answers": HIGH}, Idempotency_Key=key)
    again = dana.post(path, {"answers": HIGH}, Idempotency_Key=key)
    other = dana.post(path, {"answers": {**HIGH, "risk_level": 1}}, Idempotency_Key=key)

    assert first.status_code == again.status_code == 200
    assert first.data == again.data
    assert other.status_code == 422


def test_without_a_key_the_second_is_told_who_was_faster(dana, ark: Organisation) -> None:
    start(dana)
    path = f"/user-tasks/{open_task(dana)['id']}/complete"
    dana.post(path, {"answers": HIGH})

    second = dana.post(path, {"answers": HIGH})

    assert second.status_code == 409
    assert second.json["type"] == "/problems/user-task-not-open"
    assert second.json["by"] == str(ark.dana)


def test_amina_does_not_see_what_is_offered_to_case_workers(dana, programme: Callable) -> None:
    start(dana)
    path = f"/user-tasks/{open_task(dana)['id']}"
    amina = programme("amina")

    unknown = amina.get(f"/user-tasks/{uuid4()}")
    hidden = amina.get(path)

    assert hidden.status_code == unknown.status_code == 404
    assert {**hidden.json, "request_id": 0} == {**unknown.json, "request_id": 0}
    assert amina.post(f"{path}/complete", {"answers": HIGH}).status_code == 404


def test_claim_and_give_back(dana, programme: Callable, ark: Organisation) -> None:
    start(dana)
    path = f"/user-tasks/{open_task(dana)['id']}"

    assert dana.post(f"{path}/claim").json["actual_owner"] == str(ark.dana)
    refused = programme("priya").post(f"{path}/claim")
    assert (refused.status_code, refused.json["by"]) == (409, str(ark.dana))
    assert dana.post(f"{path}/release").json["actual_owner"] is None


def test_a_completion_is_one_commit_and_few_statements(dana, database: Engine) -> None:
    start(dana)
    path = f"/user-tasks/{open_task(dana)['id']}/complete"
    statements, commits = [], []
    event.listen(database, "before_cursor_execute", lambda c, u, s, *_: statements.append(s))
    event.listen(database, "commit", lambda c: commits.append(c))

    done = dana.post(path, {"answers": HIGH}, Idempotency_Key="k")

    assert done.status_code == 200
    assert len(commits) == 1
    assert len(statements) <= MOST_STATEMENTS, "\n".join(s[:100] for s in statements)


def test_a_token_without_the_scope_opens_nothing(comparison: None, programme: Callable) -> None:
    partner = programme("dana", Scope.REFERRALS)

    assert partner.get("/user-tasks").status_code == 403


def test_nobody_without_a_token(dana, client) -> None:
    assert client.get("/api/v1/user-tasks").status_code == 401
    wrong = {"Authorization": "Bearer sp_wrong"}
    assert client.get("/api/v1/user-tasks", headers=wrong).status_code == 401


def test_what_has_not_changed_is_not_sent_again(dana) -> None:
    start(dana)
    first = dana.get("/user-tasks")

    again = dana.get("/user-tasks", If_None_Match=first.headers["ETag"])

    assert (again.status_code, again.data) == (304, b"")
