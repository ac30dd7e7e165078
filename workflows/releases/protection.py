"""Lint that protects people: what casework asks of every diagram.

Source: domain specification 4.0 (calendars), 4.1 (consent before sharing), P22 `lint`.
"""

from datetime import timedelta

from engine.lint import escalation, messages, order, separation, urgency
from engine.lint.extra import ExtraCheck
from workflows.programmes.inbound import FROM_OUTSIDE

# Levels for which nothing may stand still while the office is closed.
URGENT = frozenset({"high", "high_child", "emergency"})
ALWAYS_OPEN = frozenset({"cal_247", "cal_oncall"})
# The longest that an urgent step may wait before the ladder of domain specification 4.3 begins.
TOLD_WITHIN = timedelta(hours=24)

# What pages and operations send, and what the engine sends when a task falls due or is over.
SENT_INSIDE = frozenset(
    {
        "case.merge",
        "conflict.declared",
        "consent.withdraw",
        "contact.received",
        "glass.broken",
        "legal_hold.cleared",
        "manager.alert",
        "safeguarding.raise",
        "search.walled",
        "task.closed",
        "task.overdue",
    }
)

# What tells somebody outside about a person, and what has to be found out before. The operation
# `referral.status` is left out: it says one of a few words, to a verified referrer only.
SHARES = order.any_of(
    order.sends_message("referral.requested"),
    order.calls_operation("referral.send"),
    order.shows_form("safeguarding_refer"),
)
FINDS_BASIS = order.any_of(
    order.calls_operation("sharing.find_basis", "safeguarding.basis", "referral.may_answer"),
    order.asks_decision("sharing_basis"),
)


def protecting_checks() -> tuple[ExtraCheck, ...]:
    """Return the checks over paths and times that a release of casework must pass."""
    return (
        order.never_without(
            "shared_without_basis",
            step=SHARES,
            guard=FINDS_BASIS,
            message="{step} can be reached without a consent or a legal basis before it.",
            remedy="Record consent or find the basis on every way to it.",
        ),
        urgency.urgent_deadlines(urgent=URGENT, always_open=ALWAYS_OPEN),
        urgency.critical_tasks_have_deadlines(),
        escalation.reached_in_time(urgent=URGENT, within=TOLD_WITHIN),
        separation.not_for_the_excluded(),
        messages.senders(SENT_INSIDE | FROM_OUTSIDE),
    )
