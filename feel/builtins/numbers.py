"""Numeric functions (10.3.4.5) and ``not`` (10.3.4.2)."""

import decimal
from decimal import Decimal

from feel.functions import standard
from feel.numbers import CONTEXT, to_int
from feel.values import Value

MIN_SCALE, MAX_SCALE = -6111, 6176


@standard("not", "negand: any")
def negation(value: Value) -> bool | None:
    return not value if type(value) is bool else None


def _rounded(value: Decimal, scale: Decimal, rounding: str) -> Decimal | None:
    places = to_int(scale) if scale == scale.to_integral_value() else int(scale)
    if places is None or not MIN_SCALE <= places <= MAX_SCALE:
        return None
    if places > 0 and -int(value.as_tuple().exponent) <= places:
        return value
    try:
        exact = value.quantize(Decimal(1).scaleb(-places), rounding, decimal.Context(prec=6200))
        return CONTEXT.plus(exact)
    except decimal.DecimalException:
        return None


@standard("decimal", "n: number, scale: number")
def decimal_(n: Decimal, scale: Decimal) -> Decimal | None:
    return _rounded(n, scale, decimal.ROUND_HALF_EVEN)


@standard("floor", "n: number", "n: number, scale: number")
def floor(n: Decimal, scale: Decimal = Decimal(0)) -> Decimal | None:
    return _rounded(n, scale, decimal.ROUND_FLOOR)


@standard("ceiling", "n: number", "n: number, scale: number")
def ceiling(n: Decimal, scale: Decimal = Decimal(0)) -> Decimal | None:
    return _rounded(n, scale, decimal.ROUND_CEILING)


@standard("round up", "n: number, scale: number")
def round_up(n: Decimal, scale: Decimal) -> Decimal | None:
    return _rounded(n, scale, decimal.ROUND_UP)


@standard("round down", "n: number, scale: number")
def round_down(n: Decimal, scale: Decimal) -> Decimal | None:
    return _rounded(n, scale, decimal.ROUND_DOWN)


@standard("round half up", "n: number, scale: number")
def round_half_up(n: Decimal, scale: Decimal) -> Decimal | None:
    return _rounded(n, scale, decimal.ROUND_HALF_UP)


@standard("round half down", "n: number, scale: number")
def round_half_down(n: Decimal, scale: Decimal) -> Decimal | None:
    return _rounded(n, scale, decimal.ROUND_HALF_DOWN)


@standard("abs", "n: number or duration")
def abs_(n: Value) -> Value:
    if type(n) is Decimal:
        return CONTEXT.abs(n)
    return type(n)(abs(n.months)) if hasattr(n, "months") else abs(n)


@standard("modulo", "dividend: number, divisor: number")
def modulo(dividend: Decimal, divisor: Decimal) -> Decimal | None:
    """``dividend - divisor * floor(dividend / divisor)``: the sign is the divisor's."""
    if not divisor:
        return None
    try:
        rest = CONTEXT.remainder(dividend, divisor)
    except decimal.DecimalException:
        return None
    if rest and (rest < 0) != (divisor < 0):
        rest = CONTEXT.add(rest, divisor)
    return rest


@standard("sqrt", "number: number")
def sqrt(number: Decimal) -> Decimal | None:
    return CONTEXT.sqrt(number) if number >= 0 else None


@standard("log", "number: number")
def log(number: Decimal) -> Decimal | None:
    return CONTEXT.ln(number) if number > 0 else None


@standard("exp", "number: number")
def exp(number: Decimal) -> Decimal | None:
    try:
        return CONTEXT.exp(number)
    except decimal.DecimalException:
        return None


@standard("odd", "number: number")
def odd(number: Decimal) -> bool | None:
    return CONTEXT.remainder(number, Decimal(2)) != 0 if _whole(number) else None


@standard("even", "number: number")
def even(number: Decimal) -> bool | None:
    return CONTEXT.remainder(number, Decimal(2)) == 0 if _whole(number) else None


def _whole(number: Decimal) -> bool:
    return number == number.to_integral_value() and abs(number) < Decimal(10) ** 34
