"""Hostile expressions are stopped in words; nothing of Python is reachable."""

import pytest

import feel

DOUBLING = "{a0: [1, 1]" + "".join(f", a{n}: [a{n - 1}, a{n - 1}]" for n in range(1, 24))

STOPPED = [
    "for i in 1..1000000000 return i",
    "for i in 1..10000, j in 1..10000 return 1",
    "every x in 1..1000000 satisfies true",
    "(for i in 1..9999 return i)[count(for j in 1..9999 return j) > item]",
    "{f: function(x) f(x), r: f(1)}.r",
    "{f: function(n) f(n - 1) + f(n - 1), r: f(100)}.r",
    f'string join(for i in 1..10000 return "{"x" * 1000}")',
    f"{DOUBLING}}}.a23",
    f"{DOUBLING}, s: string(a23)}}.s",
    f"{DOUBLING}, s: flatten(a23)}}.s",
    f"{DOUBLING}, b: [a22, a22], s: b = a23}}.s",
    "for i in 1..1000 return partial",
    "for i in 1..40 return [partial]",
    f'split("{"a" * 3000}", "(a+)+b")',
    'matches("a", "' + "(" * 900 + ")" * 900 + '")',
]


@pytest.mark.parametrize("text", STOPPED)
def test_a_computation_that_grows_too_large_is_stopped(text):
    with pytest.raises(feel.BudgetExceeded):
        feel.evaluate(text)


MALFORMED = [
    "-" * 200 + "1",
    "(" * 100 + "1" + ")" * 100,
    "not(" * 70 + "true" + ")" * 70,
    "a" + "[1]" * 100,
    "1" + " " * 4000,
    "1e7000",
    '"abc',
    '"\\uZZZZ"',
    "/* never closed",
]


@pytest.mark.parametrize("text", MALFORMED)
def test_what_is_too_deep_or_not_feel_is_refused_when_it_is_parsed(text):
    with pytest.raises(feel.FeelSyntaxError):
        feel.parse(text)


LONG = ["1" + "+1" * 1500, "true" + " and true" * 400, "if true then 1 else " * 190 + "1"]


@pytest.mark.parametrize("text", LONG)
def test_long_chains_are_not_deep(text):
    assert feel.evaluate(text) in (1, 1501, True)


NOTHING = [
    '"a".__class__',
    "{}.keys",
    "x.__init__",
    "[1, 2][item.__class__ = 1] = [] and null",
    "x.real",
    'date("2027-01-01").replace',
    'date and time("2027-01-01T00:00:00@../../etc/passwd")',
    "__builtins__",
    "10 ** 6144 * 10",
    'date("2027-01-01") + duration("P99999999Y")',
    "[1, 2, 3][1e30]",
    "exp(1e20)",
]


@pytest.mark.parametrize("text", NOTHING)
def test_python_is_out_of_reach_and_undefined_results_are_null(text):
    assert feel.evaluate(text, {"x": 3}) is None


def test_functions_cannot_be_called_that_are_not_there():
    for text in ('__import__("os")', 'eval("1")', 'open("/etc/passwd")', "x()"):
        assert feel.evaluate(text, {"x": 3}) is None


def test_external_functions_are_refused():
    with pytest.raises(feel.FeelSyntaxError, match="External"):
        feel.parse('function(a) external {java: {class: "java.lang.Math"}}')


def test_objects_are_not_values():
    with pytest.raises(TypeError, match="object is not a FEEL value"):
        feel.evaluate("x", {"x": object()})
    with pytest.raises(feel.BudgetExceeded):
        feel.evaluate("x", {"x": list(range(10_001))})
    deep: list = []
    for _ in range(50):
        deep = [deep]
    with pytest.raises(feel.BudgetExceeded):
        feel.evaluate("x", {"x": deep})


def test_what_is_not_read_is_not_looked_at():
    assert feel.evaluate("x", {"x": 1, "y": object()}) == 1
