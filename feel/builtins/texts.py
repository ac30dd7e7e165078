"""String functions (10.3.4.3)."""

from decimal import ROUND_DOWN, Decimal

from feel import regular
from feel.functions import standard
from feel.numbers import from_int, to_int
from feel.scope import Run
from feel.values import Value


@standard("substring", "string: string, start position: number, length: number?")
def substring(string: str, start: Decimal, length: Decimal | None = None) -> str | None:
    place = to_int(start)
    if not place or abs(place) > len(string):
        return None
    first = place - 1 if place > 0 else len(string) + place
    if length is None:
        return string[first:]
    size = to_int(length.to_integral_value(ROUND_DOWN))
    return string[first : first + size] if size is not None and size > 0 else None


@standard("string length", "string: string")
def string_length(string: str) -> Decimal:
    return from_int(len(string))


@standard("upper case", "string: string")
def upper_case(run: Run, string: str) -> str:
    return run.text(string.upper())


@standard("lower case", "string: string")
def lower_case(run: Run, string: str) -> str:
    return run.text(string.lower())


@standard("substring before", "string: string, match: string")
def substring_before(string: str, match: str) -> str:
    head, found, _ = string.partition(match) if match else ("", "", "")
    return head if found else ""


@standard("substring after", "string: string, match: string")
def substring_after(string: str, match: str) -> str:
    return string.partition(match)[2] if match else string


@standard("contains", "string: string, match: string")
def contains(string: str, match: str) -> bool:
    return match in string


@standard("starts with", "string: string, match: string")
def starts_with(string: str, match: str) -> bool:
    return string.startswith(match)


@standard("ends with", "string: string, match: string")
def ends_with(string: str, match: str) -> bool:
    return string.endswith(match)


@standard("matches", "input: string, pattern: string, flags: string?")
def matches(run: Run, text: str, pattern: str, flags: str | None = None) -> bool | None:
    run.spend(10)
    return regular.matches(text, pattern, flags or "")


@standard("replace", "input: string, pattern: string, replacement: string, flags: string?")
def replace(
    run: Run, text: str, pattern: str, replacement: str, flags: str | None = None
) -> str | None:
    run.spend(10)
    result = regular.replace(text, pattern, replacement, flags or "")
    return None if result is None else run.text(result)


@standard("split", "string: string, delimiter: string")
def split(run: Run, string: str, delimiter: str) -> list | None:
    run.spend(10)
    parts = regular.split(string, delimiter)
    return None if parts is None else run.items(parts)


@standard("string join", "list: list, delimiter: string?")
def string_join(run: Run, items: list, delimiter: str | None = None) -> str | None:
    return _join(run, items, delimiter or "")


@standard("string join", "list: list, delimiter: any, prefix: string, suffix: string")
def string_join_within(
    run: Run, items: list, delimiter: str | None, prefix: str, suffix: str
) -> str | None:
    if delimiter is not None and type(delimiter) is not str:
        return None
    joined = _join(run, items, delimiter or "")
    return None if joined is None else run.text(prefix + joined + suffix)


def _join(run: Run, items: list[Value], delimiter: str) -> str | None:
    kept = [item for item in items if item is not None]
    if not all(type(item) is str for item in kept):
        return None
    if sum(map(len, kept)) + len(delimiter) * len(kept) > 10**6:
        run.too_long()
    return run.text(delimiter.join(kept))
