"""Why a task stands where it stands, in a few words."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

HIGH, MEDIUM = 3, 2


def why(task: Any, group: str, now: datetime, zone: ZoneInfo) -> str:
    """Say the reasons in the order in which they weigh: "High risk, 40 min overdue"."""
    reasons = [risk(task.risk_rank), _time(task, group, now, zone)]
    if task.safety_critical and task.risk_rank < HIGH:
        reasons.insert(0, "safety")
    said = ", ".join(reason for reason in reasons if reason)
    return said[:1].upper() + said[1:]


def risk(rank: int) -> str:
    """Say the risk that a rank stands for; nothing for what is standard or not graded."""
    if rank > HIGH:
        return "danger now"
    return {HIGH: "high risk", MEDIUM: "medium risk"}.get(rank, "")


def _time(task: Any, group: str, now: datetime, zone: ZoneInfo) -> str:
    if task.completed_at is not None:
        return f"done {task.completed_at.astimezone(zone):%H:%M}"
    if task.due_at is None:
        return f"waiting {lasting(now - task.created_at)}"
    if group == "Overdue":
        return f"{lasting(now - task.due_at)} overdue"
    local = task.due_at.astimezone(zone)
    if group == "Now callable":
        return f"window open until {local:%H:%M}"
    if group == "Today":
        return f"due {local:%H:%M}"
    return f"due {local.day} {local:%B}"


def lasting(time: timedelta) -> str:
    """Say how long: "40 min", "3 h", "2 d"."""
    minutes = max(int(time.total_seconds() // 60), 0)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // (24 * 60)} d"
