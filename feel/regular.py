"""Regular expressions as XPath has them, run by the ``regex`` package under a time limit.

The standard refers to XPath functions and operators (flags s, m, i, x, q). Their dialect differs
from Python's in classes, anchors and escapes, so a pattern is translated first; what XPath does
not know (lookaround, inline flags, possessive quantifiers) makes it invalid, which is null.
"""

from functools import lru_cache

import regex

from feel.errors import BudgetExceeded

TIMEOUT = 0.1  # seconds; a pattern that backtracks longer is stopped
MAX_PATTERN = 1_000  # characters
FLAGS = frozenset("smixq")
_NAME_START = ":A-Z_a-z\\u00c0-\\u00d6\\u00d8-\\u00f6\\u00f8-\\u02ff\\u0370-\\u037d\\u037f-\\u1fff"
_NAME_PART = _NAME_START + "\\-.0-9\\u00b7\\u0300-\\u036f"
_CLASSES = {
    "d": "\\p{Nd}",
    "D": "\\P{Nd}",
    "s": "[ \\t\\n\\r]",
    "S": "[^ \\t\\n\\r]",
    "w": "[^\\p{P}\\p{Z}\\p{C}]",
    "W": "[\\p{P}\\p{Z}\\p{C}]",
    "i": f"[{_NAME_START}]",
    "I": f"[^{_NAME_START}]",
    "c": f"[{_NAME_PART}]",
    "C": f"[^{_NAME_PART}]",
}
_ESCAPED = frozenset("nrt\\|.-^?*+{}()[]$")


class _Invalid(Exception):
    """The pattern is not one of XPath."""


class _Translator:
    def __init__(self, pattern: str, flags: str):
        self.pattern = pattern
        self.flags = flags
        self.at = 0
        self.out: list[str] = []

    def run(self) -> str:
        while self.at < len(self.pattern):
            self.out.append(self.one())
        return "".join(self.out)

    def peek(self, ahead: int = 0) -> str:
        place = self.at + ahead
        return self.pattern[place] if place < len(self.pattern) else ""

    def one(self) -> str:
        character = self.peek()
        if character == "\\":
            return self.escape(in_class=False)
        if character == "[":
            return self.set()
        self.at += 1
        if character == "." and "s" not in self.flags:
            return "[^\\n\\r]"
        if character == "$" and "m" not in self.flags:
            return "\\Z"
        if character == "(" and self.peek() == "?" and self.peek(1) != ":":
            raise _Invalid
        if character in "*+?}" and self.peek() == "+":
            raise _Invalid
        return "\\#" if character == "#" else character

    def escape(self, in_class: bool) -> str:
        following = self.peek(1)
        self.at += 2
        if following in _CLASSES:
            return _CLASSES[following]
        if following in ("p", "P"):
            return self.category(following)
        if following and following in _ESCAPED:
            return "\\" + following
        if following.isdigit() and following != "0" and not in_class:
            return f"(?:\\{following})"
        raise _Invalid

    def category(self, letter: str) -> str:
        end = self.pattern.find("}", self.at)
        if self.peek() != "{" or end < 0:
            raise _Invalid
        name = self.pattern[self.at + 1 : end]
        self.at = end + 1
        block = name.removeprefix("Is")
        return f"\\{letter}{{{'In' + block if block != name else name}}}"

    def set(self) -> str:
        """Translate ``[...]``, with XPath's subtraction ``[a-z-[aeiou]]``."""
        self.at += 1
        parts = ["["]
        if self.peek() == "^":
            self.at += 1
            parts.append("^")
        while self.peek() != "]":
            character = self.peek()
            if not character:
                raise _Invalid
            if character == "\\":
                parts.append(self.escape(in_class=True))
            elif character == "-" and self.peek(1) == "[":
                self.at += 1
                parts.append("--" + self.set())
            elif character == "[":
                raise _Invalid
            else:
                self.at += 1
                parts.append("\\" + character if character in "&|~#" else character)
        self.at += 1
        return "".join(parts) + "]"


def _translated(pattern: str, flags: str) -> str:
    return _Translator(_squeezed(pattern) if "x" in flags else pattern, flags).run()


def _squeezed(pattern: str) -> str:
    """Remove white space outside of character classes, as the flag x asks, before all else."""
    kept = []
    depth = 0
    escaped = False
    for character in pattern:
        if character in " \t\n\r" and depth == 0:
            continue
        kept.append(character)
        if not escaped:
            depth += (character == "[") - (character == "]")
        escaped = character == "\\" and not escaped
    return "".join(kept)


@lru_cache(maxsize=512)
def _compiled(pattern: str, flags: str) -> regex.Pattern | None:
    if not FLAGS.issuperset(flags):
        return None
    if len(pattern) > MAX_PATTERN:
        raise BudgetExceeded(f"A pattern has more than {MAX_PATTERN:,} characters")
    options = regex.V1
    for letter, option in (("s", regex.DOTALL), ("m", regex.MULTILINE), ("i", regex.IGNORECASE)):
        if letter in flags:
            options |= option
    try:
        translated = regex.escape(pattern) if "q" in flags else _translated(pattern, flags)
        return regex.compile(translated, options)
    except (_Invalid, regex.error, ValueError, OverflowError):
        return None


def matches(text: str, pattern: str, flags: str) -> bool | None:
    """Return whether ``pattern`` is found in ``text``; null if the pattern is invalid."""
    compiled = _compiled(pattern, flags)
    if compiled is None:
        return None
    try:
        return compiled.search(text, timeout=TIMEOUT) is not None
    except TimeoutError:
        raise _too_slow() from None


def replace(text: str, pattern: str, replacement: str, flags: str) -> str | None:
    """Return ``text`` with every match replaced; ``$1`` to ``$9`` stand for groups.

    Null if the pattern is invalid, if it matches the empty text, or if the replacement has a
    ``$`` or a backslash that means nothing (as in XPath).
    """
    compiled = _compiled(pattern, flags)
    if compiled is None:
        return None
    pieces: list[str | int] | None = [replacement]
    if "q" not in flags:
        pieces = _pieces(replacement, compiled.groups)
    if pieces is None:
        return None
    try:
        if compiled.search("", timeout=TIMEOUT) is not None:
            return None
        return compiled.sub(lambda match: _expand(pieces, match), text, timeout=TIMEOUT)
    except TimeoutError:
        raise _too_slow() from None


def _expand(pieces: list[str | int], match: regex.Match) -> str:
    return "".join(p if isinstance(p, str) else (match.group(p) or "") for p in pieces)


def _pieces(replacement: str, groups: int) -> list[str | int] | None:
    pieces: list[str | int] = []
    at = 0
    while at < len(replacement):
        character, following = replacement[at], replacement[at + 1 : at + 2]
        if character == "\\":
            if following not in ("\\", "$"):
                return None
            pieces.append(following)
            at += 2
        elif character == "$":
            if not following.isdigit():
                return None
            group = int(following)
            pieces.append(group if group <= groups else "")
            at += 2
        else:
            pieces.append(character)
            at += 1
    return pieces


def split(text: str, pattern: str) -> list[str] | None:
    """Return the parts of ``text`` between the matches of ``pattern``."""
    compiled = _compiled(pattern, "")
    if compiled is None:
        return None
    parts, last = [], 0
    try:
        for match in compiled.finditer(text, timeout=TIMEOUT):
            if match.start() == match.end():
                return None
            parts.append(text[last : match.start()])
            last = match.end()
    except TimeoutError:
        raise _too_slow() from None
    return [*parts, text[last:]]


def _too_slow() -> BudgetExceeded:
    return BudgetExceeded("A regular expression takes too long on this text")
