"""May we ring, may we leave anything: the shipped tables row by row, and what always holds."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tables import decide, table

from workflows.people.rules import (
    FLAG_OF,
    LeaveMessage,
    first_call,
    may_leave_message,
    number_shown,
)
from workflows.people.safe_contact import FLAGS, Card, Channel, GivenAsSafe

NOW = datetime(2027, 1, 14, 10, 5, tzinfo=UTC)
GIVEN = GivenAsSafe("PC Lee", date(2027, 1, 12))
YNU = st.sampled_from(["yes", "no", "unknown"])
CHANNELS = st.builds(
    Channel,
    kind=st.sampled_from(["mobile", "landline", "email", "address", "webchat", "third_party"]),
    value=st.just("+447700900123"),
    given_as_safe=st.sampled_from([None, GIVEN]),
    **dict.fromkeys(FLAGS, YNU),
)


def leave(channel: Channel | None, method: str = "voicemail", **other: Any) -> LeaveMessage:
    given_ = {
        "confirmed_at": NOW - timedelta(days=10),
        "sender_neutral": True,
        "sv_or_da": False,
        "suspended": False,
    } | other
    return may_leave_message(decide, channel, method, now=NOW, **given_)


# -- the tables themselves --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("safe", "days", "neutral", "sensitive", "explicit", "row", "allowed", "overridable"),
    [
        ("no", 1, True, False, True, "r1", False, "never"),
        ("unknown", 1, True, False, True, "r1", False, "never"),
        ("yes", 1, False, False, True, "r2", False, "never"),
        ("yes", 1, True, True, False, "r3", False, "never"),
        ("yes", 91, True, False, False, "r4", False, "team_leader"),
        ("yes", 90, True, False, False, "r5", True, None),
        ("yes", 90, True, True, True, "r6", True, None),
        (None, 1, True, False, True, "r7", False, "never"),
        ("yes", None, True, False, True, "r7", False, "never"),
    ],
)
def test_leave_message_row_by_row(
    safe: str | None, days: int | None, neutral: bool, sensitive: bool, explicit: bool,
    row: str, allowed: bool, overridable: str | None,
) -> None:  # fmt: skip
    result = table("leave_message").evaluate(
        "leave_message",
        {
            "channel_safe": safe,
            "confirmed_days_ago": days,
            "sender_neutral": neutral,
            "sv_or_da": sensitive,
            "explicit_yes": explicit,
            "settings": {"card_valid_days": 90},
        },
    )
    assert result.matched_rows == (row,)
    assert result.outputs == {"allowed": allowed, "overridable": overridable}


@pytest.mark.parametrize(
    ("safe", "given_as_safe", "sensitive", "suspended", "row", "mode"),
    [
        ("yes", True, False, True, "r1", "never"),
        ("no", True, False, False, "r2", "never"),
        ("yes", False, True, False, "r3", "normal"),
        ("unknown", True, True, False, "r4", "cold"),
        ("unknown", False, True, False, "r5", "ask_first"),
        ("unknown", False, False, False, "r6", "cold"),
        (None, True, False, False, "r7", "ask_first"),
        ("unknown", None, False, False, "r7", "ask_first"),
    ],
)
def test_first_call_row_by_row(
    safe: str | None, given_as_safe: bool | None, sensitive: bool, suspended: bool,
    row: str, mode: str,
) -> None:  # fmt: skip
    result = table("first_call").evaluate(
        "first_call",
        {
            "call_safe": safe,
            "given_as_safe": given_as_safe,
            "sensitive": sensitive,
            "suspended": suspended,
        },
    )
    assert (result.matched_rows, result.outputs) == ((row,), mode)


# -- what always holds --------------------------------------------------------------------------


def allow_everything(decision_id: str, inputs: Mapping[str, Any]) -> Any:
    """Tables as a careless author might write them."""
    return "normal" if decision_id == "first_call" else {"allowed": True, "overridable": None}


@given(
    channel=st.none() | CHANNELS,
    method=st.sampled_from([*FLAG_OF, "phone", "pigeon"]),
    table_=st.sampled_from([decide, allow_everything]),
    days=st.none() | st.integers(0, 400),
    neutral=st.booleans(),
    sensitive=st.booleans(),
    suspended=st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_nothing_is_left_without_an_explicit_yes(
    channel: Channel | None, method: str, table_: Any, days: int | None, neutral: bool,
    sensitive: bool, suspended: bool,
) -> None:  # fmt: skip
    confirmed_at = None if days is None else NOW - timedelta(days=days)
    answer = may_leave_message(
        table_,
        channel,
        method,
        confirmed_at=confirmed_at,
        now=NOW,
        sender_neutral=neutral,
        sv_or_da=sensitive,
        suspended=suspended,
    )
    said_yes = channel is not None and method in FLAG_OF
    said_yes = said_yes and getattr(channel, FLAG_OF.get(method, "kind")) == "yes"
    if not said_yes or suspended:
        assert answer == LeaveMessage(False, "never")
    if answer.allowed:
        assert said_yes and not suspended and confirmed_at is not None
    if table_ is decide and answer.allowed:
        assert neutral and days is not None and days <= 90
        assert not sensitive or (channel is not None and channel.given_as_safe)


@given(
    channel=st.none() | CHANNELS,
    table_=st.sampled_from([decide, allow_everything]),
    sensitive=st.booleans(),
    suspended=st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_nobody_rings_an_unsafe_or_suspended_number(
    channel: Channel | None, table_: Any, sensitive: bool, suspended: bool
) -> None:
    mode = first_call(table_, channel, sensitive=sensitive, suspended=suspended)
    if suspended or channel is None or not channel.is_phone or channel.safe_call == "no":
        assert mode == "never"
    elif channel.safe_call == "unknown":
        assert mode in ("cold", "ask_first", "never")
        if table_ is decide and sensitive and channel.given_as_safe is None:
            assert mode == "ask_first"
    else:
        assert mode == "normal"


def test_an_unknown_answer_of_the_table_asks_first() -> None:
    channel = Channel("mobile", "+447700900123", safe_call="yes")
    assert first_call(lambda *_: "maybe", channel, sensitive=False, suspended=False) == "ask_first"


@given(CHANNELS, st.booleans())
@settings(max_examples=40)
def test_our_number_shows_only_after_a_yes(channel: Channel, withhold: bool) -> None:
    shows = number_shown(Card(withhold_number=withhold), channel)
    assert shows is (not withhold and channel.caller_id_ok == "yes")


def test_an_old_card_is_confirmed_first_unless_a_leader_says_why() -> None:
    channel = Channel("mobile", "+447700900123", safe_voicemail="yes")
    at = NOW - timedelta(days=90)
    assert leave(channel, confirmed_at=at) == LeaveMessage(True, None)
    older = NOW - timedelta(days=91)
    assert leave(channel, confirmed_at=older) == LeaveMessage(False, "team_leader")


@pytest.mark.parametrize("method", FLAG_OF)
def test_one_way_being_safe_says_nothing_of_another(method: str) -> None:
    channel = Channel("mobile", "+447700900123", **{FLAG_OF[method]: "yes"})
    assert [way for way in FLAG_OF if leave(channel, way).allowed] == [method]
