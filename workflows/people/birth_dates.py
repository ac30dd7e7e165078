"""Birth dates taken for one another: day and month, or two neighbouring digits, swapped."""

from datetime import date


def mistaken_for(born_on: date) -> frozenset[date]:
    """Return the dates that a slip makes of one, without itself."""
    digits = f"{born_on:%d%m%Y}"
    swapped = {digits[2:4] + digits[:2] + digits[4:]}
    for at in range(len(digits) - 1):
        swapped.add(digits[:at] + digits[at + 1] + digits[at] + digits[at + 2 :])
    found = (_date(text) for text in swapped)
    return frozenset(day for day in found if day is not None and day != born_on)


def _date(digits: str) -> date | None:
    try:
        return date(int(digits[4:]), int(digits[2:4]), int(digits[:2]))
    except ValueError:
        return None
