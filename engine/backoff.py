"""Pauses before something that failed is tried again: longer each time, and never for ever.

One incident says that it keeps failing; the trying goes on, because what was wrong may be mended.
"""

from datetime import timedelta

from engine.core.refusals import StateTooNew
from engine.db import may_be_repeated

INCIDENT_AFTER = 3  # failed attempts
# The incident of a timer. The core has one of its own for times that it cannot make out.
TIMER_NOT_FIRED = "TimerNotFired"
LONGEST_PAUSE = timedelta(hours=1)
MOST_COUNTED = 1_000  # attempts are counted no further: their column ends somewhere


def pause(attempts: int) -> timedelta:
    """Return how long to wait after so many failures: 1, 2, 4, ... minutes, at most an hour."""
    doublings = min(attempts - 1, 10)  # two days of failures would leave the calendar otherwise
    return min(timedelta(minutes=2**doublings), LONGEST_PAUSE)


def counted(attempts: int) -> int:
    """Return the number of attempts after one more."""
    return min(attempts + 1, MOST_COUNTED)


def is_no_failure(fault: Exception) -> bool:
    """Say whether the next tick, here or on another node, is to try again and nothing is counted.

    While one node after the other is brought up to date, an old one meets states that it cannot
    read: they are for the new one.
    """
    return may_be_repeated(fault) or isinstance(fault, StateTooNew)
