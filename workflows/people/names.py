"""Names as they sound: one key for the ways in which a name is written down.

Metaphone alone hears English. Before it a name is brought to one spelling: accents and particles
go, Arabic and South-Asian transliterations are folded (Yousef, Yusuf; Chaudhry, Chowdhury), Irish
names are brought to one of their forms (Siobhán, Shevaun; Mac, Mc; Ó, O'). The words that no rule
reaches stand in `name_variants.yaml`.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import jellyfish
import yaml
from rapidfuzz.distance import JaroWinkler

VARIANTS = Path(__file__).with_name("name_variants.yaml")

# Not part of what a name sounds like: of, son of, daughter of, the.
PARTICLES = frozenset(
    {
        "al",
        "el",
        "ul",
        "ur",
        "as",
        "ad",
        "bin",
        "bint",
        "ibn",
        "de",
        "la",
        "ni",
        "nic",
        "ui",
        "ua",
        "mr",
        "mrs",
        "ms",
        "miss",
        "dr",
    }
)
MOST_PARTS = 4  # of a name that are indexed and compared

# In order. Transliterations of Arabic and of South-Asian scripts first, then doubled letters.
FOLDS = tuple(
    (re.compile(pattern), into)
    for pattern, into in (
        (r"^m[ac]+c?k?(?=[^aeiouy][a-z]{2})", "mak"),
        (
            r"^o(?=(brien|brian|neil|connor|conor|sullivan|reil|kel|donnel|hara|keef|lear|mahon|grad"
            r"|dwyer|rourke|shea|tool|mal|hagan|kane|hanlon|loughl|driscol|flyn|farrel|callaghan"
            r"|gorman|hallor|halpin|dono|dowd|flaher))",
            "",
        ),
        (r"(?<=.)kh", "k"),
        (r"^kh", "k"),
        (r"gh(?=[aeiou])", "g"),
        (r"th", "t"),
        (r"dh", "d"),
        (r"bh", "b"),
        (r"jh", "j"),
        (r"ph", "f"),
        (r"zh|dz", "z"),
        (r"ck|q|c(?=[aou]|$)", "k"),
        (r"w(?=[aeiou])", "v"),
        (r"(?<=[aeiou])y(?=[aeiou])|(?<=.)y", "i"),
        (r"^[ei]e?", "i"),
        (r"^(ou|oo|o|u)", "u"),
        (r"(.)\1+", r"\1"),
        (r"(?<=[aeiou])h$", ""),
    )
)
# Similarity of spelling, 0 to 1, asked of words that sound alike, and of words that do not.
ALIKE, CLOSE = 0.72, 0.94
SHORTEST_CLOSE = 5  # letters


def plain(text: str) -> str:
    """Return ``text`` in small letters without accents: "Ó Briain" -> "o briain"."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def parts(*names: str | None) -> list[str]:
    """Return the words of one or more names, without particles, each once, at most four."""
    text = plain(" ".join(name for name in names if name))
    text = re.sub(r"['’`´.]", "", re.sub(r"\bo['’`´]\s*", "o", text))
    text = re.sub(r"\b(ma?c)\s+(?=[a-z])", r"\1", text)
    text = re.sub(r"\bo\s+(?=[a-z]{3})", "o", text)
    text = re.sub(r"\babd(?:\s*|-)(?:[aeu][ldnrstz]{1,2}|ool)?[\s-]+(?=[a-z])", "abdul", text)
    words = [word for word in re.findall(r"[^\W\d_]+", text) if word not in PARTICLES]
    return list(dict.fromkeys(words))[:MOST_PARTS]


@cache
def sound(word: str) -> str:
    """Return the key of one word of a name: equal for the ways to write it down."""
    folded = _folded(_variants().get(word, word))
    return jellyfish.metaphone(folded) or folded


def sounds(*names: str | None) -> frozenset[str]:
    """Return the keys of the words of one or more names."""
    return frozenset(sound(word) for word in parts(*names))


def same_word(one: str, other: str) -> bool:
    """Whether two words of names are one as they sound, or but for a slip of the hand.

    Metaphone drops vowels, so words that sound alike have to look alike a little as well:
    otherwise John would be Jane.
    """
    known = _variants().get(one), _variants().get(other)
    if None not in known:
        return known[0] == known[1]
    likeness = JaroWinkler.similarity(_folded(known[0] or one), _folded(known[1] or other))
    if sound(one) == sound(other):
        return likeness >= ALIKE
    return min(len(one), len(other)) >= SHORTEST_CLOSE and likeness >= CLOSE


def alike(one: list[str], other: list[str]) -> bool:
    """Whether two names, as `parts` gives them, sound alike.

    Every word of the shorter name is found in the longer one, in any order: a married name, a
    middle name or another order of given and family name does not part them.
    """
    shorter, longer = sorted((one, other), key=len)
    left = list(longer)
    for word in shorter:
        found = next((candidate for candidate in left if same_word(word, candidate)), None)
        if found is None:
            return False
        left.remove(found)
    return bool(shorter)


@cache
def _folded(word: str) -> str:
    for pattern, into in FOLDS:
        word = pattern.sub(into, word)
    return word


@cache
def _variants() -> Mapping[str, str]:
    groups = yaml.safe_load(VARIANTS.read_text(encoding="utf-8"))
    return {
        plain(word): plain(group[0])
        for names in groups.values()
        for group in names
        for word in group
    }
