"""FEEL numbers: IEEE 754 decimal128, as the standard has them (34 digits, rounded half to even)."""

import decimal
from decimal import Decimal

CONTEXT = decimal.Context(
    prec=34,
    rounding=decimal.ROUND_HALF_EVEN,
    Emin=-6143,
    Emax=6144,
    traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow],
)
ZERO = Decimal(0)
ONE = Decimal(1)


def number(text: str) -> Decimal:
    """Return the number that a literal stands for, rounded to 34 digits."""
    return CONTEXT.create_decimal(text)


def from_int(value: int) -> Decimal:
    return CONTEXT.create_decimal(value)


def from_float(value: float) -> Decimal | None:
    """Return the number a Python float prints as; null for infinities and NaN."""
    exact = Decimal(repr(value))
    return CONTEXT.plus(exact) if exact.is_finite() else None


def to_int(value: Decimal) -> int | None:
    """Return a whole number of reasonable size as an int, else None."""
    if value == value.to_integral_value() and abs(value) < 10**18:
        return int(value)
    return None


def to_text(value: Decimal) -> str:
    """Return digits without exponent and without trailing zeros behind the point."""
    if value == 0:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
