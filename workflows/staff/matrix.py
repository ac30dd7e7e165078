"""The matrix of roles and capabilities, read from `matrix.yaml`."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import yaml


class Scope(StrEnum):
    """How far a permission reaches, narrowest first."""

    OWN = "own"
    TEAM = "team"
    SERVICE = "service"
    TENANT = "tenant"

    @property
    def reach(self) -> int:
        return list(Scope).index(self)


ACTS = frozenset({"do", "propose", "contribute", "request", "approve", "review", "read"})
LIMITS = frozenset(
    {
        "co_sign",  # a member of staff signs beside
        "contact_24h",  # cases of a contact handled in the last 24 hours
        "during_contact",  # while the contact or the attempt lasts
        "hate",  # hate cases
        "sampled",  # contacts drawn for review
        "masked",  # names and values covered until a reason is given
        "metadata",  # that it is there, not what it says
        "shared_items",  # what was shared with this partner
        "status_class",  # contact made, unable, closed
        "danger_to_life",  # row 1 of `sharing_basis`
        "sharing_rows_1_to_5",
        "not_author",  # not of what one has written
        "not_own",  # not of one's own contacts
        "small",  # few rows
        "district",
        "quality",
        "structure_only",  # diagrams and figures, no case
        "no_case_data",
    }
)


@dataclass(frozen=True, slots=True)
class Permission:
    """One cell: what a role may do with a capability, how far, under which limits."""

    acts: frozenset[str]
    scope: Scope | None  # None: as far as the grant reaches
    needs_reason: bool
    limits: frozenset[str]

    @classmethod
    def parse(cls, cell: str) -> "Permission":
        words = frozenset(cell.split())
        scopes = words & set(Scope)
        limits = words - scopes - ACTS - {"reason"}
        if len(scopes) > 1 or limits - LIMITS:
            raise ValueError(f"no such cell: {cell!r}")
        # "danger_to_life" alone is the whole of the permission, not an act beside it
        return cls(
            acts=(words & ACTS) or frozenset({"do"}),
            scope=Scope(next(iter(scopes))) if scopes else None,
            needs_reason="reason" in words,
            limits=limits,
        )


def _load() -> Mapping[str, Mapping[str, Permission]]:
    text = Path(__file__).with_name("matrix.yaml").read_text(encoding="utf-8")
    return {
        capability: {role: Permission.parse(cell) for role, cell in row.items()}
        for capability, row in yaml.safe_load(text).items()
    }


MATRIX = _load()

# Roles of people who work here; `partner` and `referrer` come in through the portals.
ROLES = (
    "contact_handler",
    "helpline_operator",
    "spoc_admin",
    "victim_care_coordinator",
    "case_worker",
    "support_coordinator",
    "hate_crime_coordinator",
    "team_leader",
    "safeguarding_lead",
    "quality_reviewer",
    "analyst",
    "info_governance",
    "service_manager",
    "process_owner",
    "auditor",
    "system_admin",
    "trainee",
)
PORTAL_ROLES = ("partner", "referrer")


def permission(role: str, capability: str) -> Permission | None:
    """Return what ``role`` may do with ``capability``; None for nothing."""
    return MATRIX[capability].get(role)
