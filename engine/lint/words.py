"""Small pieces of English for findings."""

from collections.abc import Iterable, Sequence

from rapidfuzz import fuzz, process


def a(word: str) -> str:
    """Put the indefinite article before a word."""
    return f"{'an' if word[:1] in 'aeio' else 'a'} {word}"


def count(number: int, noun: str) -> str:
    """Write 'no flows', '1 flow', '2 flows'."""
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def listing(names: Sequence[str], most: int = 5) -> str:
    """Write 'a, b and c'; a long list ends in 'and 4 more'."""
    shown = list(names[:most])
    if len(names) > most:
        shown.append(f"{len(names) - most} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def meant(word: str, known: Iterable[str], least: int = 70) -> str:
    """End a sentence: '; did you mean ...?' if one of the known words is near, else '.'."""
    found = process.extractOne(
        word, list(known), scorer=fuzz.ratio, processor=str.lower, score_cutoff=least
    )
    return f"; did you mean '{found[0]}'?" if found else "."
