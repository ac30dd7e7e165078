"""Plausible answers to any form: whatever is required, some of the rest, with a lean per question.

Deterministic for one `random.Random`. Telephone numbers come from Ofcom's range for drama.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from forms import Form, Kind, Option
from forms.definition import Question, Rows
from forms.visibility import Lists, options_of, scope_of

Leans = Mapping[str, Mapping[str, float]]

# How likely an optional question is answered at all.
TALKATIVE = 0.35
WORDS = (
    "She sounded calmer than last week.",
    "He would rather be called in the morning.",
    "We went through everything twice; nothing was forgotten.",
    "Agreed to speak again. She has the number of the helpline.",
    "Nothing new since the last contact.",
    "Her sister is with her this week.",
)
# Weights of options by question and value; an option that is not named weighs 1.
LEAN: Leans = {
    "outcome": {
        "spoke_client": 16,
        "no_answer": 6,
        "busy": 1,
        "asked_later": 1,
        "answered_by_other": 0.6,
        "answered_by_alleged_person": 0.15,
        "voicemail_left": 0.0,
        "deceased": 0.0,
        "client_unsafe_now": 0.3,
        "wrong_number": 0.3,
        "invalid": 0.1,
        "declined": 0.5,
        "language_barrier": 0.3,
        "interpreter_absent": 0.1,
    },
    "method": {"phone": 20},
    "match_decision": {"new": 8, "same": 2},
    "judgement": {"agree": 12, "raise": 2, "lower": 0.7},
    "safe_now": {"yes": 9, "no": 1, "unknown": 0.5, "silent": 0},
    "immediate_danger": {"no": 14, "yes": 1, "unknown": 2},
    "danger_now": {"no": 6, "unsure": 2, "yes": 1},
    "about_staff": {"no": 20, "here": 0.2, "partner": 0.5, "unsure": 0.3},
    "can_talk": {"yes": 9, "no": 1},
    "time_available": {"yes": 9},
    "wants_support": {"yes": 18, "info_only": 1, "not_now": 1, "declined": 1, "cannot_decide": 0.4},
    "consent_to_service": {"yes": 14, "no": 1},
    "under_18": {"no": 20, "yes": 1, "unknown": 1},
    "capacity_doubt": {"no": 20, "yes": 1},
    "accepted": {"yes": 12, "no": 1},
    "client_told": {"yes": 9},
    "route": {"victim_support": 14, "information": 2, "other_service": 1, "police_incident": 0},
    "decision": {"given": 5, "refused": 1, "not_needed": 0},
    "interpreter_relation": {"none": 9, "professional": 2, "family": 0, "friend": 0, "child": 0},
    "conduct_kind": {"none": 40},
    "identity_verified": {"yes": 20},
    "safe_to_talk": {"yes": 12},
    "lower_approved": {"yes": 1, "no": 1},
    "goals_met": {"no": 3, "yes": 1},
    "outside_window": {"no": 30, "yes": 0},
    "children_at_risk": {"no": 9, "yes": 1, "unknown": 1},
    "suicide_intent": {"no": 20, "yes": 0.5, "unknown": 1},
    "serious_offence": {"no": 12, "yes": 1, "unknown": 1},
    "repeat_pair_12m": {"no": 12, "yes": 1, "unknown": 1},
    "agency_outcome": {"s17": 2, "s47": 1, "early_help": 2, "nfa": 1},
}
ITEM_YES, RARE_YES = 0.4, 0.05
RARE = {"q05", "q09", "plan", "means", "suicide_intent", "q15", "q14", "q17"}
# Sensible by themselves, whatever the chance says.
FIXED: Mapping[str, Any] = {"again": False, "goals": "To feel safe at home", "no_name": False}


class Replier:
    """Answers forms as the staff of the demonstration would."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def answer(
        self, form: Form, *, now: datetime, lists: Lists, known: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return raw answers to what is asked; ``known`` ones are given as they are."""
        given: dict[str, Any] = {}
        for key, asked in form.questions.items():
            if key in scope_of(form, given, lists=lists).hidden:
                continue
            value = known[key] if key in known else self._reply(asked, now, lists)
            if value is not None:
                given[key] = value
        return given

    def _reply(self, asked: Question | Rows, now: datetime, lists: Lists) -> Any:
        if isinstance(asked, Rows):
            return self._rows(asked, now, lists)
        if asked.key in FIXED:
            return FIXED[asked.key]
        if not asked.required and self.chance.random() > self._appetite(asked):
            return None
        if asked.kind.is_choice:
            return self._choose(asked, options_of(asked, lists))
        return self._of_kind(asked, now)

    def _appetite(self, asked: Question) -> float:
        return 1.0 if asked.key in LEAN or asked.variable else TALKATIVE

    def _rows(self, rows: Rows, now: datetime, lists: Lists) -> list[dict[str, Any]] | None:
        count = max(rows.fewest, self.chance.choice((0, 0, 1, 2)))
        made = []
        for _ in range(min(count, rows.most)):
            row = {key: self._reply(asked, now, lists) for key, asked in rows.questions.items()}
            made.append({key: value for key, value in row.items() if value is not None})
        return made or None

    def _choose(self, asked: Question, options: Sequence[Option]) -> Any:
        values = [option.value for option in options]
        if not values:
            return None
        if asked.list_name:
            return values[0]  # the best candidate stands first
        if asked.kind is Kind.CHECKLIST:
            return self.chance.sample(values, min(len(values), self.chance.choice((1, 1, 2))))
        if {"yes", "no", "dont_know", "not_asked"} <= set(values):
            return self._item(asked.key)
        leaning = LEAN.get(asked.key, {})
        weights = [leaning.get(value, 1.0) for value in values]
        if not any(weights):
            weights = [1.0] * len(values)
        return self.chance.choices(values, weights)[0]

    def _item(self, key: str) -> str:
        """Answer an item of a risk tool; those that always raise a concern are rarely yes."""
        yes = RARE_YES if key in RARE else ITEM_YES
        return self.chance.choices(("yes", "no", "dont_know"), (yes, 0.9 - yes, 0.1))[0]

    def _of_kind(self, asked: Question, now: datetime) -> Any:
        makers: Mapping[Kind, Callable[[], Any]] = {
            Kind.CHECKBOX: lambda: True,
            Kind.NUMBER: lambda: self._number(asked),
            Kind.DATE: lambda: self._day(asked, now),
            Kind.DATETIME: lambda: self._instant(asked, now).isoformat(),
            Kind.TIME: lambda: "10:00",
            Kind.FILES: lambda: None,
        }
        maker = makers.get(asked.kind)
        return maker() if maker else self._words(asked)

    def _number(self, asked: Question) -> str:
        low = int(asked.lowest or 0)
        high = int(asked.highest if asked.highest is not None else low + 9)
        return str(self.chance.randint(low, min(high, low + 9)))

    def _day(self, asked: Question, now: datetime) -> str:
        away = timedelta(days=self.chance.randint(1, 20))
        return (now + away if asked.dates == "future" else now - away).date().isoformat()

    def _instant(self, asked: Question, now: datetime) -> datetime:
        hours = timedelta(hours=self.chance.randint(1, 3))
        planned = asked.dates == "future" or asked.key.startswith("next") or "follow" in asked.key
        if planned:
            return now + timedelta(days=self.chance.randint(2, 9))
        return now - hours / 4

    def _words(self, asked: Question) -> str:
        if asked.shape == "phone":
            return f"07700 900{self.chance.randrange(1000):03}"
        if asked.shape == "email":
            return f"person{self.chance.randrange(1000)}@example.org"
        said = self.chance.choice(WORDS)
        while len(said) < asked.shortest:
            said += " " + self.chance.choice(WORDS)
        return said[: asked.longest]
