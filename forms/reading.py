"""Read one JSON object of a form, noting every mistake instead of stopping at the first."""

import re
from collections.abc import Mapping, Set
from decimal import Decimal
from typing import Any

from forms.findings import Finding
from forms.prose import faults, plain_faults

KEY = re.compile(r"[a-z][a-z0-9_]{0,63}")
# The last line: what FEEL reads as its own words, so that no expression could name the answer.
RESERVED_KEYS = frozenset(
    {"id", "typename"}
    | {"if", "then", "else", "for", "return", "some", "every", "satisfies", "in", "between"}
    | {"and", "or", "not", "function", "external", "true", "false", "null"}
)
_TRUTH = {"true": True, "false": False}


class Reader:
    """Gives the members of ``raw``, an object of ``component``, each checked for its type.

    What is wrong goes to ``findings`` and reads as if it had not been there. ``loose`` is for
    custom properties, which form-js keeps as texts: there "true" and "3" are meant as written.
    """

    def __init__(
        self,
        raw: Mapping[str, Any],
        component: str,
        findings: list[Finding],
        *,
        where: str = "",
        loose: bool = False,
    ) -> None:
        self.raw = raw
        self.component = component
        self.findings = findings
        self._where = f"{where}." if where else ""
        self._loose = loose

    def refuse(self, reason: str) -> None:
        self.findings.append(Finding(self.component, reason))

    def only(self, known: Set[str]) -> None:
        """Refuse members that are not in ``known``: nothing is accepted and then ignored."""
        for name in self.raw:
            if name not in known:
                allowed = ", ".join(sorted(known)) or "none"
                self.refuse(f"has {self._where}{name}, which is not one of: {allowed}")

    def inner(self, name: str, *, loose: bool = False) -> "Reader":
        """Return a reader of the object ``name``; of an empty one when it is missing."""
        value = self.raw.get(name, {})
        if not isinstance(value, Mapping):
            self._wrong(name, "an object")
            value = {}
        return Reader(value, self.component, self.findings, where=name, loose=loose)

    def items(self, name: str, most: int) -> list[Any]:
        value = self.raw.get(name, [])
        if not isinstance(value, list):
            self._wrong(name, "a list")
            return []
        if len(value) > most:
            self.refuse(f"has {len(value)} {self._where}{name}. At most {most} are allowed")
            return []
        return value

    def text(self, name: str, longest: int = 500) -> str:
        value = self.raw.get(name, "")
        if value is None:
            return ""
        if not isinstance(value, str):
            self._wrong(name, "a text")
            return ""
        if len(value) > longest:
            self.refuse(f"has a {self._where}{name} of {len(value)} characters, over {longest}")
            return ""
        return value.strip()

    def words(self, name: str, longest: int = 500) -> str:
        """Return a text that people read: never an expression, a template or a tag."""
        return self._without(plain_faults, name, longest)

    def prose(self, name: str) -> str:
        return self._without(faults, name, 10_000)

    def one_of(self, name: str, choices: Set[str]) -> str:
        value = self.text(name)
        if value and value not in choices:
            self.refuse(
                f"has {self._where}{name} “{value}”, which is not one of: "
                + ", ".join(sorted(choices))
            )
            return ""
        return value

    def flag(self, name: str) -> bool:
        value = self.raw.get(name, False)
        if self._loose and isinstance(value, str):
            value = _TRUTH.get(value, value)
        if not isinstance(value, bool):
            self._wrong(name, "true or false")
            return False
        return value

    def whole(self, name: str, lowest: int, highest: int) -> int | None:
        """Return a whole number from ``lowest`` to ``highest``, or None."""
        value = self.raw.get(name)
        if self._loose and isinstance(value, str) and re.fullmatch(r"\d{1,9}", value):
            value = int(value)
        if value is None:
            return None
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        if not is_whole or not lowest <= value <= highest:
            self._wrong(name, f"a whole number from {lowest} to {highest}")
            return None
        return int(value)

    def number(self, name: str) -> Decimal | None:
        value = self.raw.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            self._wrong(name, "a number (expressions are not allowed here)")
            return None
        number = Decimal(str(value))
        if not number.is_finite() or abs(number) >= Decimal("1e15"):
            self._wrong(name, "a number below 1,000,000,000,000,000")
            return None
        return number

    def key(self, name: str) -> str:
        """Return the key under which an answer is kept, or "" when it cannot be one."""
        value = self.text(name)
        if not KEY.fullmatch(value) or value in RESERVED_KEYS:
            self.refuse(
                f"has the {name} “{value[:80]}”. A {name} is a small letter followed by small "
                "letters, digits and _ (64 at most), and not id, typename or a word of FEEL"
            )
            return ""
        return value

    def _without(self, check: Any, name: str, longest: int) -> str:
        value = self.text(name, longest)
        for problem in check(value):
            self.refuse(f"has a {self._where}{name} that {problem}")
        return value

    def _wrong(self, name: str, wanted: str) -> None:
        self.refuse(f"has a {self._where}{name} that is not {wanted}")
