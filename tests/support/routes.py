"""Every address of the application with what it takes: so that a test can try all of them.

A new route is found by itself. One whose body has to be filled in before it looks at the object
that it is about gets an entry in `BODIES` or `FIELDS`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Flask
from werkzeug.routing import Rule

API = "/api/"
# bodies by the name of the schema that a view takes
BODIES: Mapping[str, dict[str, Any]] = {
    "BatchIn": {},
    "CompleteIn": {"answers": {}},
    "ConcernIn": {
        "at_risk": "child",
        "verbatim_words": "x",
        "danger_now": "no",
        "about_staff": "no",
    },
    "DelegateIn": {"to": str(UUID(int=7))},
    "DraftIn": {"answers": {}, "form_sha256": "0" * 64},
    "DueIn": {"due_at": "2027-02-01T10:00:00Z", "reason": "x"},
    "EndIn": {"answers": {}},
    "FollowUpIn": {"follow_up_at": "2027-02-01T10:00:00Z"},
    "ForwardIn": {"to": ["team_leader"]},
    "CorrectIn": {"reason": "x", "variables": {"a": 1}},
    "MappingIn": {"mapping": {}},
    "MoveIn": {"reason": "x", "token_id": str(UUID(int=7)), "element_id": "x"},
    "PassOverIn": {"reason": "x", "token_id": str(UUID(int=7))},
    "ReasonIn": {"reason": "x"},
    "RevealIn": {"what": "stop_word"},
    "SkipIn": {"reason": "x"},
    "SuspendIn": {"reason": "x", "review_at": "2027-01-14T12:00:00Z"},
    "WhyIn": {"reason": "x"},
    "WithdrawalIn": {"verified": True},
}
# fields of page forms by the end of the rule
FIELDS: Mapping[str, dict[str, str]] = {
    "/reason": {"purpose": "cover"},
    "/alert": {"reason": "x"},
    "/conflict": {"reason": "x"},
    "/snooze": {"until": "hour"},
}
TEXTS: Mapping[str, str] = {
    "process_id": "first_contact",
    "form_id": "contact",
    "sha256": "0" * 64,
    "name": "bpmn/processes/first_contact.bpmn",
    "day": "2027-01-14",
    "version": "0",
    "act": "suspend",
}


@dataclass(frozen=True)
class Route:
    """One method of one rule."""

    method: str
    rule: Rule
    view: Any

    def __str__(self) -> str:
        return f"{self.method} {self.rule.rule}"

    @property
    def is_api(self) -> bool:
        return self.rule.rule.startswith(API)

    @property
    def guard(self) -> str | None:
        return getattr(self.view, "guard", None)

    @property
    def ids(self) -> list[str]:
        """The names of the ids in the address."""
        return sorted(a for a in self.rule.arguments if a.endswith("_id") and a not in TEXTS)

    def address(self, ids: Mapping[str, UUID]) -> str:
        known = {**TEXTS, **{name: ids[name] for name in self.ids}}
        values = {name: known[name] for name in self.rule.arguments}
        _, path = self.rule.build(values, append_unknown=False) or ("", "")
        return path + ("?purpose=x" if self.is_api and self.method == "GET" else "")

    @property
    def body(self) -> dict[str, Any]:
        takes = getattr(self.view, "takes", None)
        return BODIES.get(takes.__name__, {}) if takes else {}

    @property
    def fields(self) -> dict[str, str]:
        return next((f for end, f in FIELDS.items() if self.rule.rule.endswith(end)), {})


def routes(app: Flask) -> Iterator[Route]:
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield Route(method, rule, app.view_functions[rule.endpoint])
