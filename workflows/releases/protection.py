"""Lint that protects people: what casework asks of every diagram.

Source: domain specification 4.0 (calendars), 4.1 (consent before sharing), P22 `lint`.
"""

from engine.lint import order, urgency
from engine.lint.extra import ExtraCheck

# Levels for which nothing may stand still while the office is closed.
URGENT = frozenset({"high", "high_child", "emergency"})
ALWAYS_OPEN = frozenset({"cal_247", "cal_oncall"})

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
    )
