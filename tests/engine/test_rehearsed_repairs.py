"""A rehearsal can be suspended and repaired like an instance in the product."""

from datetime import timedelta

import pytest
from diagrams import boundary, catch, end, message, script, signal, start, timer, user
from rehearsing import HOUR, do, names, rehearse

from engine import runtime
from engine.changes import CancelInstance, MoveToken, Resume, SetVariables, SkipStep, Suspend
from engine.rehearsal import Rehearsal


def ringing() -> Rehearsal:
    return rehearse(
        start("s"), user("ask"), boundary("late", "ask", timer("PT1H"), interrupting=False),
        boundary("news", "ask", message("news"), interrupting=False), user("chase"),
        boundary("over", "ask", signal("over")), script("t", "{done: true}"), user("close"),
        end("e"),
        flows="s > ask > t > close > e; late > chase > e; news > chase; over > close",
    )  # fmt: skip


def test_while_it_is_suspended_nothing_happens_and_nothing_is_lost() -> None:
    rehearsal = ringing()
    instance = rehearsal.start("p")
    rehearsal.repair(instance, Suspend("A pause"))
    with pytest.raises(runtime.InstanceSuspended):
        do(rehearsal, "ask")
    rehearsal.advance(2 * HOUR)
    assert rehearsal.send_message("news") == []
    assert names(rehearsal) == ["ask"]
    assert rehearsal.waiting_messages() == ["news"]

    rehearsal.repair(instance, Resume("On again"))
    assert names(rehearsal) == ["ask", "chase", "chase"]
    assert rehearsal.waiting_messages() == []
    rehearsal.advance(timedelta(days=1))
    assert names(rehearsal) == ["ask", "chase", "chase"]


def test_a_signal_that_came_meanwhile_is_taken_afterwards() -> None:
    rehearsal = ringing()
    instance, other = rehearsal.start("p"), rehearsal.start("p")
    rehearsal.repair(instance, Suspend("A pause"))
    rehearsal.send_signal("over")
    assert names(rehearsal) == ["ask", "close"]
    rehearsal.repair(instance, Resume("On again"))
    assert names(rehearsal) == ["close", "close"]
    assert rehearsal.trace(other) == ["s", "over"]


def test_tokens_are_moved_steps_passed_over_and_values_corrected() -> None:
    rehearsal = ringing()
    instance = rehearsal.start("p")
    [stands] = rehearsal.standing(instance)
    rehearsal.repair(instance, MoveToken(stands.token_id, "t", "Done by telephone"))
    assert names(rehearsal) == ["close"]
    assert rehearsal.variables(instance)["done"] is True
    rehearsal.repair(instance, SetVariables({"done": False}, "It was not"))
    assert rehearsal.variables(instance)["done"] is False
    [stands] = rehearsal.standing(instance)
    rehearsal.repair(instance, SkipStep(stands.token_id, "Nothing to close"))
    assert rehearsal.has_ended(instance)


def test_an_instance_is_ended() -> None:
    rehearsal = ringing()
    instance = rehearsal.start("p")
    rehearsal.repair(instance, CancelInstance("Twice"))
    assert rehearsal.has_ended(instance)


def test_a_message_for_a_suspended_instance_starts_no_other_one() -> None:
    rehearsal = rehearse(
        start("s"), start("heard", message("news")), catch("h", message("news")), user("u"),
        end("e"), flows="s > h > u > e; heard > u",
    )  # fmt: skip
    instance = rehearsal.start("p")
    rehearsal.repair(instance, Suspend("A pause"))
    assert rehearsal.send_message("news") == []
    rehearsal.repair(instance, Resume("On again"))
    assert names(rehearsal) == ["u"]
