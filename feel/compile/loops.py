"""``for``, ``some``, ``every`` and function literals."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal

from feel.compile.core import Closure, Compiler, compiles
from feel.errors import BudgetExceeded
from feel.inference import infer
from feel.numbers import to_int
from feel.scope import MAX_CALLS, Frame, Run
from feel.syntax import FunctionLiteral, Iteration, Quantified, Type
from feel.syntax import Iterator as Binding
from feel.values import MAX_ITEMS, Function, Range, Value
from feel.walk import mentions

_DAY = timedelta(days=1)
PARTIAL = "partial"


class _Domain:
    """One ``name in domain``, compiled."""

    __slots__ = ("name", "source", "until")

    def __init__(self, compiler: Compiler, binding: Binding, bound: set[str]):
        self.name = binding.name
        self.source = compiler.compile_with(binding.domain, bound)[0]
        self.until = compiler.compile_with(binding.until, bound)[0] if binding.until else None

    def values(self, frame: Frame) -> Iterable[Value] | None:
        start = self.source(frame)
        if self.until is not None:
            return _steps(start, self.until(frame))
        if type(start) is Range:
            return range_items(start)
        return start if type(start) is list or start is None else [start]


def _steps(start: Value, end: Value) -> Iterator[Value] | None:
    """Return the values of ``start..end``: whole numbers or days, upwards or downwards."""
    kind = type(start)
    if kind is not type(end):
        return None
    if kind is Decimal:
        low, high = to_int(start), to_int(end)
        return None if low is None or high is None else _numbers(low, high)
    return _days(start, end) if kind is date else None


def _numbers(low: int, high: int) -> Iterator[Decimal]:
    for value in range(low, high + 1) if low <= high else range(low, high - 1, -1):
        yield Decimal(value)


def _days(start: date, end: date) -> Iterator[date]:
    step = _DAY if start <= end else -_DAY
    for count in range(abs((end - start).days) + 1):
        yield start + count * step


def range_items(range_: Range) -> Iterator[Value] | None:
    steps = _steps(range_.start, range_.end)
    if steps is None:
        return None
    return (
        value
        for value in steps
        if (range_.start_included or value != range_.start)
        and (range_.end_included or value != range_.end)
    )


def _domains(compiler: Compiler, bindings: tuple[Binding, ...]) -> tuple[list[_Domain], set[str]]:
    domains, bound = [], set[str]()
    for binding in bindings:
        domains.append(_Domain(compiler, binding, bound))
        bound.add(binding.name)
    return domains, bound


def _rounds(domains: list[_Domain], frame: Frame, cost: int) -> Iterator[Frame | None]:
    """Yield a frame for every combination, the last variable fastest; None for a null domain."""
    if not domains:
        yield frame
        return
    head, rest = domains[0], domains[1:]
    values = head.values(frame)
    if values is None:
        yield None
        return
    run = frame.run
    for value in values:
        run.spend(cost)
        inner = Frame({head.name: value}, frame, run)
        if rest:
            yield from _rounds(rest, inner, cost)
        else:
            yield inner


@compiles(Iteration)
def _iteration(compiler: Compiler, node: Iteration) -> Closure:
    domains, bound = _domains(compiler, node.iterators)
    result, cost = compiler.compile_with(node.result, {*bound, PARTIAL})
    wants_partial = mentions(node.result, PARTIAL)

    def loop(frame: Frame) -> list | None:
        done: list[Value] = []
        for inner in _rounds(domains, frame, cost):
            if inner is None:
                return None
            if len(done) >= MAX_ITEMS:
                Run.too_many()
            if wants_partial:
                inner = Frame({PARTIAL: frame.run.items(list(done))}, inner, frame.run)
            done.append(result(inner))
        return done

    return loop


@compiles(Quantified)
def _quantified(compiler: Compiler, node: Quantified) -> Closure:
    domains, bound = _domains(compiler, node.iterators)
    condition, cost = compiler.compile_with(node.condition, bound)
    decisive = node.quantifier == "some"

    def test(frame: Frame) -> bool | None:
        verdict: bool | None = not decisive
        for inner in _rounds(domains, frame, cost):
            if inner is None:
                return None
            value = condition(inner)
            if value is decisive:
                return decisive
            if type(value) is not bool:
                verdict = None
        return verdict

    return test


# -- functions of the author ------------------------------------------------------------------


@compiles(FunctionLiteral)
def _function(compiler: Compiler, node: FunctionLiteral) -> Closure:
    names = tuple(name for name, _ in node.parameters)
    types = tuple(type_ for _, type_ in node.parameters)
    body, cost = compiler.compile_with(node.body, set(names))
    result = infer(node.body)

    def build(frame: Frame) -> Function:
        def invoke(run: Run, arguments: list[Value]) -> Value:
            values = convert_all(arguments, types, run)
            return call_body(run, body, cost, frame, dict(zip(names, values, strict=True)))

        return Function(names, invoke, types=types, result=result)

    return build


def convert_all(arguments: list[Value], types: tuple[Type | None, ...], run: Run) -> list[Value]:
    """Return arguments as their parameters' declared types take them."""
    return [
        value if type_ is None else run.convert(value, type_)
        for value, type_ in zip(arguments, types, strict=True)
    ]


def call_body(run: Run, body: Closure, cost: int, scope: Frame, names: dict[str, Value]) -> Value:
    """Evaluate a function's body. Calls within calls are limited, so recursion ends."""
    run.spend(cost)
    run.calls += 1
    if run.calls > MAX_CALLS:
        raise BudgetExceeded(f"More than {MAX_CALLS} functions call each other")
    try:
        return body(Frame(names, scope, run))
    finally:
        run.calls -= 1
