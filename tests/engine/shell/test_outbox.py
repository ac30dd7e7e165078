"""What must leave is sent after the commit, at least once, and never lost in silence."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from desk import Desk
from sqlalchemy import Engine, select

from engine import outbox
from engine.models import Outbox
from engine.outbox import Delivery, NoSuchDelivery, Sender
from engine.states import OutboxState


class Post:
    """A post office that can be closed."""

    def __init__(self) -> None:
        self.sent: list[Delivery] = []
        self.is_closed = False

    def __call__(self, session: object, delivery: Delivery) -> None:
        if self.is_closed:
            raise ConnectionError("a name that must not be kept")
        self.sent.append(delivery)


@pytest.fixture
def post() -> Post:
    return Post()


Deliver = Callable[..., int]


@pytest.fixture
def deliver(desk: Desk, worker_database: Engine, post: Post) -> Deliver:
    senders: dict[str, Sender] = {"mail": post}
    return lambda: outbox.deliver_due(worker_database, desk.now, senders)


def put(desk: Desk, kind: str = "mail") -> UUID:
    with desk.work() as session:
        return outbox.put(session, kind, {"case_id": "C-1"}, tenant_id=desk.tenant_id, now=desk.now)


def entry(desk: Desk, id: UUID) -> Outbox:
    with desk.work() as session:
        return session.get_one(Outbox, id)


def test_an_entry_is_sent_once_with_its_delivery_id(
    desk: Desk, deliver: Deliver, post: Post
) -> None:
    id = put(desk)
    assert deliver() == 1
    assert deliver() == 0
    assert post.sent == [Delivery(id, desk.tenant_id, "mail", {"case_id": "C-1"}, 1)]
    sent = entry(desk, id)
    assert (sent.state, sent.finished_at) == (OutboxState.SENT, desk.now)


def test_what_is_rolled_back_is_never_sent(desk: Desk, deliver: Deliver, post: Post) -> None:
    with pytest.raises(ValueError, match="no"), desk.work() as session:
        outbox.put(session, "mail", {}, tenant_id=desk.tenant_id, now=desk.now)
        raise ValueError("no")
    assert (deliver(), post.sent) == (0, [])


def test_a_receiver_that_is_down_is_tried_for_hours_with_the_same_id(
    desk: Desk, deliver: Deliver, post: Post
) -> None:
    id = put(desk)
    began = desk.now
    post.is_closed = True
    while entry(desk, id).state == OutboxState.PENDING:
        desk.clock.travel_to(entry(desk, id).next_at)
        assert deliver() == 0
    dead = entry(desk, id)
    assert dead.state == OutboxState.DEAD
    assert dead.error == "ConnectionError"
    assert desk.now - began >= timedelta(hours=4)
    assert deliver() == 0

    post.is_closed = False
    with desk.work() as session:
        outbox.replay(session, id, now=desk.now)
    assert deliver() == 1
    assert post.sent[0].id == id


def test_one_receiver_that_is_down_holds_up_no_other(
    desk: Desk, worker_database: Engine, post: Post
) -> None:
    closed = Post()
    closed.is_closed = True
    put(desk, "webhook"), put(desk), put(desk, "unknown")
    senders: dict[str, Sender] = {"mail": post, "webhook": closed}
    assert outbox.deliver_due(worker_database, desk.now, senders) == 1
    assert len(post.sent) == 1
    with desk.work() as session:
        errors = session.scalars(select(Outbox.error).where(Outbox.error.is_not(None)))
        assert set(errors) == {"ConnectionError", "KeyError"}


def test_what_a_failing_sender_wrote_is_undone(desk: Desk, worker_database: Engine) -> None:
    id = put(desk)

    def half_way(session: object, delivery: Delivery) -> None:
        outbox.put(session, "mail", {"n": 2}, tenant_id=desk.tenant_id, now=desk.now)  # type: ignore[arg-type]
        raise TimeoutError

    outbox.deliver_due(worker_database, desk.now, {"mail": half_way})
    with desk.work() as session:
        assert session.scalars(select(Outbox.id)).all() == [id]


def test_an_unknown_delivery_is_not_found(desk: Desk) -> None:
    with pytest.raises(NoSuchDelivery), desk.work() as session:
        outbox.replay(session, desk.tenant_id, now=desk.now)
