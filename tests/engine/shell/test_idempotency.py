"""The same key, the same answer."""

from datetime import timedelta

import pytest
from desk import Desk
from sqlalchemy import Engine, func, select

from engine import idempotency
from engine.idempotency import Answer, KeyReused
from engine.models import IdempotencyKey

BODY, OTHER = "a" * 64, "b" * 64


def ask(
    desk: Desk, body: str = BODY, *, actor: str = "amina", route: str = "send"
) -> Answer | None:
    """Ask with the key ``k``; whoever is first answers 201."""
    with desk.work() as session:
        given = idempotency.replay(
            session, "k", actor=actor, route=route, body_sha256=body, now=desk.now
        )
        if given is None:
            idempotency.store(
                session,
                "k",
                actor=actor,
                route=route,
                status=201,
                body=b"{}",
                headers={"ETag": '"1"'},
            )
        return given


def test_a_repetition_gets_the_first_answer(desk: Desk) -> None:
    assert ask(desk) is None
    assert ask(desk) == Answer(201, {"ETag": '"1"'}, b"{}")


def test_another_body_under_the_same_key_is_refused(desk: Desk) -> None:
    ask(desk)
    with pytest.raises(KeyReused) as refused:
        ask(desk, OTHER)
    assert refused.value.status == 422


def test_a_key_belongs_to_one_person_and_one_route(desk: Desk) -> None:
    ask(desk)
    assert ask(desk, OTHER, actor="ben") is None
    assert ask(desk, OTHER, route="complete") is None


def test_a_request_that_failed_may_be_repeated(desk: Desk) -> None:
    with pytest.raises(RuntimeError, match="down"), desk.work() as session:
        idempotency.replay(
            session, "k", actor="amina", route="send", body_sha256=BODY, now=desk.now
        )
        raise RuntimeError("down")
    assert ask(desk) is None


def test_keys_are_forgotten_after_a_while(desk: Desk, worker_database: Engine) -> None:
    ask(desk)
    idempotency.forget_old(worker_database, desk.now + idempotency.KEPT_FOR)
    assert ask(desk) is not None
    idempotency.forget_old(worker_database, desk.now + idempotency.KEPT_FOR + timedelta(seconds=1))
    with desk.work() as session:
        assert session.scalar(select(func.count()).select_from(IdempotencyKey)) == 0
