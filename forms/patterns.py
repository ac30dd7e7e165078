"""Regular expressions that process owners write: a safe common subset, matched under a time limit.

form-js runs `validate.pattern` as a JavaScript expression, anywhere in the text unless it is
anchored. Only what means the same there and in Python is accepted.
"""

import re
from functools import lru_cache

import regex

LONGEST_PATTERN = 200
SECONDS = 0.05  # a person's answer that needs longer is taken as not matching

# (?: (?= (?! (?<= (?<! ; JavaScript's (?<name> adds nothing to a yes or no
_ODD_GROUP = re.compile(r"\(\?(?!:|=|!|<=|<!)")
_QUANTIFIER = re.compile(r"\{(\d{1,4})(,\d{0,4})?\}")
_CLASS_OR_ESCAPE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_ESCAPES = set(r"\dDwWsSbBtnrfv./-^$*+?()[]{}|@&#%!=:;,'\"~`<> _")
_TOKEN = re.compile(
    r"(?P<open>\((?:\?(?::|=|!|<=|<!))?)|(?P<close>\))|\{(?P<least>\d+)(?:,(?P<most>\d*))?\}"
    r"|(?P<many>[*+?])|(?P<item>\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.)",
    re.DOTALL,
)
# Counts inside counts multiply, and the library writes them out when it compiles: three nested
# thousands take all memory before any time limit counts.
LARGEST_SIZE = 5000


@lru_cache(maxsize=512)
def compiled(pattern: str) -> "regex.Pattern[str]":
    """Return ``pattern`` ready to search. ``\\d`` and ``\\w`` are ASCII, as in JavaScript."""
    return regex.compile(pattern, regex.ASCII | regex.VERSION0)


def matches(pattern: str, text: str) -> bool:
    """Say whether ``pattern`` is found in ``text``; False when that takes longer than 50 ms."""
    try:
        return compiled(pattern).search(text, timeout=SECONDS) is not None
    except TimeoutError:
        return False


def fault(pattern: str, longest: int) -> str:
    """Return why ``pattern`` is refused, or "". ``longest`` is the longest answer it may meet."""
    if len(pattern) > LONGEST_PATTERN:
        return f"has a pattern of {len(pattern)} characters. At most {LONGEST_PATTERN} are allowed"
    if problem := _unsupported(pattern):
        return f"has a pattern that {problem}"
    try:
        program = compiled(pattern)
    except (regex.error, OverflowError, RecursionError) as error:
        return f"has a pattern that cannot be read: {error}"
    if _is_slow(program, pattern, longest):
        return (
            "has a pattern that takes too long on a hostile answer. "
            "Avoid a repetition inside a repetition, such as (a+)+"
        )
    return ""


def _unsupported(pattern: str) -> str:
    outside = _CLASS_OR_ESCAPE.sub(lambda m: m[0] if m[0][0] == "\\" else "", pattern)
    if _ODD_GROUP.search(outside):
        return "uses a group that is not (?: (?= (?! (?<= or (?<!"
    for escape in re.findall(r"\\(.)", pattern, re.DOTALL):
        if escape not in _ESCAPES:
            return f"uses \\{escape}, which does not mean the same everywhere"
    bare = re.sub(r"\\.", "", outside)
    if "{" in _QUANTIFIER.sub("", bare) or "}" in _QUANTIFIER.sub("", bare):
        return "uses { or } other than as a count. Write \\{ or \\}"
    if size(pattern) > LARGEST_SIZE:
        return f"counts to more than {LARGEST_SIZE} in all"
    if re.search(r"[*+?}]\+", bare):
        return "uses ++, *+ or ?+, which do not mean the same everywhere"
    if re.search(r"\[[^\]]*(\[:|&&|--|\|\||~~)", pattern):
        return "uses a set inside [ ] that does not mean the same everywhere"
    return ""


def size(pattern: str) -> int:
    """Return how many single characters ``pattern`` is when its counts are written out."""
    groups = [[0]]
    for token in _TOKEN.finditer(pattern):
        if token["open"]:
            groups.append([0])
        elif token["close"] and len(groups) > 1:
            groups[-2].append(sum(groups.pop()))
        elif token["least"]:
            groups[-1][-1] *= max(int(token["least"]), int(token["most"] or 0), 1)
        elif not token["many"]:
            groups[-1].append(1)
    return sum(map(sum, groups))


def _is_slow(program: "regex.Pattern[str]", pattern: str, longest: int) -> bool:
    """Try what makes a careless pattern explode: long runs of its own letters, then a miss."""
    letters = list(dict.fromkeys(c for c in pattern if c.isalnum()))[:6]
    runs = ["a", "0", " ", "aA", "a1", "a ", "0 ", "-", "a.", "a@", "\u00e9", *letters]
    if len(letters) > 1:
        runs.append("".join(letters))
    size = min(longest, 2000)
    for run in runs:
        for end in ("", "!", "\n\u00df"):
            probe = (run * size)[: max(size - len(end), 1)] + end
            try:
                program.search(probe, timeout=SECONDS)
            except TimeoutError:
                return True
    return False
