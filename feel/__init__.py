"""FEEL, the one expression language of diagrams, decision tables and forms.

A standalone interpreter of DMN 1.5's expression language: parsed once (lark, LALR), compiled to
closures, evaluated under a budget. Nothing of Python is reachable from an expression.
"""

from feel.check import Problem, check
from feel.errors import (
    BudgetExceeded,
    CalendarError,
    CalendarTooShort,
    FeelError,
    FeelSyntaxError,
    UnknownCalendar,
)
from feel.expressions import Expression, UnaryTests, evaluate, parse, parse_unary, unary_test
from feel.functions import function, functions
from feel.scope import Trace
from feel.values import Function, Range, YearsMonths

__all__ = [
    "BudgetExceeded",
    "CalendarError",
    "CalendarTooShort",
    "Expression",
    "FeelError",
    "FeelSyntaxError",
    "Function",
    "Problem",
    "Range",
    "Trace",
    "UnaryTests",
    "UnknownCalendar",
    "YearsMonths",
    "check",
    "evaluate",
    "function",
    "functions",
    "parse",
    "parse_unary",
    "unary_test",
]
