"""Tokens to nodes: lark's LALR parser with the tree built as it reads."""

from collections.abc import Iterable
from decimal import DecimalException
from pathlib import Path as FilePath
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedToken, v_args

from feel import temporal
from feel.lexer import Source, TokenStream, tokenize
from feel.numbers import number
from feel.syntax import (
    Between,
    Call,
    Chain,
    Comparison,
    Conditional,
    Contained,
    ContextLiteral,
    Filter,
    FunctionLiteral,
    InstanceOf,
    Iteration,
    Iterator,
    ListLiteral,
    Literal,
    Logic,
    Name,
    Negation,
    Node,
    OneSided,
    Path,
    Quantified,
    RangeLiteral,
    Type,
    UnaryTests,
)


@v_args(inline=True)
class _Builder(Transformer):
    """One method per rule of grammar.lark; tokens arrive as they are."""

    # -- literals -----------------------------------------------------------------------------

    def number(self, token: Token) -> Node:
        try:
            return Literal(number(str(token)), _at(token))
        except DecimalException:
            raise _Refused("This number is too large", _at(token)) from None

    def text(self, token: Token) -> Node:
        return Literal(str(token), _at(token))

    def at_literal(self, token: Token) -> Node:
        return Literal(temporal.at_literal(str(token)), _at(token))

    def true(self, token: Token) -> Node:
        return Literal(True, _at(token))

    def false(self, token: Token) -> Node:
        return Literal(False, _at(token))

    def null(self, token: Token) -> Node:
        return Literal(None, _at(token))

    def name(self, token: Token) -> Node:
        return Name(str(token), _at(token))

    def group(self, _left: Token, node: Node, _right: Token) -> Node:
        return node

    def list(self, _left: Token, *rest: Any) -> Node:
        return ListLiteral(_nodes(rest))

    def context(self, left: Token, *rest: Any) -> Node:
        return ContextLiteral(tuple(e for e in rest if isinstance(e, tuple)), _at(left))

    def entry(self, key: Token, _colon: Token, node: Node) -> tuple[str, Node]:
        return str(key), node

    def range(self, start: Token, low: Node, _dots: Token, high: Node, end: str) -> Node:
        return RangeLiteral(low, high, start == "[", end == "]")

    def range_end(self, token: Token) -> str:
        return str(token)

    def one_sided_range(self, _left: Token, operator: str, operand: Node, _right: Token) -> Node:
        return one_sided_range(operator, operand)

    # -- operators ----------------------------------------------------------------------------

    def compare_operator(self, token: Token) -> str:
        return str(token)

    def chain(self, first: Node, *rest: Any) -> Node:
        pairs = zip(rest[::2], rest[1::2], strict=True)
        return Chain(first, tuple((str(operator), operand) for operator, operand in pairs))

    def negate(self, _minus: Token, operand: Node) -> Node:
        return Negation(operand)

    def disjunction(self, *parts: Any) -> Node:
        return Logic("or", _nodes(parts))

    def conjunction(self, *parts: Any) -> Node:
        return Logic("and", _nodes(parts))

    def compare(self, left: Node, operator: str, right: Node) -> Node:
        return Comparison(operator, left, right)

    def compare_range(self, left: Node, token: Token, side: Token, operand: Node) -> Node:
        """``range = >= 2``: an end alone is the range on that side of it (DMN 1.4, table 54)."""
        if str(token) not in ("=", "!=") or str(side) in ("=", "!="):
            raise _Refused(f"'{side}' does not fit here", _at(side))
        if _at(side) == _at(token) + len(token):
            raise _Refused(f"There is no '{token}{side}'; did you mean '>=' or '<='?", _at(token))
        return Comparison(str(token), left, one_sided_range(str(side), operand))

    def between(self, value: Node, _b: Token, low: Node, _and: Token, high: Node) -> Node:
        return Between(value, low, high)

    def contained(self, value: Node, _in: Token, tests: tuple) -> Node:
        return Contained(value, tests)

    def in_one(self, node: Node) -> tuple:
        return (node,)

    def in_one_sided(self, operator: str, operand: Node) -> tuple:
        return (OneSided(operator, operand),)

    def in_any(self, *parts: Any) -> tuple:
        return _nodes(parts)

    def one_sided(self, operator: str, operand: Node) -> Node:
        return OneSided(operator, operand)

    def instance_of(self, value: Node, _instance: Token, type_: Type) -> Node:
        return InstanceOf(value, type_)

    # -- flow ---------------------------------------------------------------------------------

    def conditional(self, _if: Any, test: Node, _t: Any, then: Node, _e: Any, other: Node) -> Node:
        return Conditional(test, then, other)

    def iterator(self, name: Token, _in: Token, domain: Node, *until: Any) -> Iterator:
        return Iterator(str(name), domain, until[1] if until else None)

    def iterators(self, *parts: Any) -> tuple:
        return tuple(part for part in parts if isinstance(part, Iterator))

    def iteration(self, _for: Token, iterators: tuple, _return: Token, result: Node) -> Node:
        return Iteration(iterators, result)

    def some(self, _some: Token, iterators: tuple, _satisfies: Token, condition: Node) -> Node:
        return Quantified("some", iterators, condition)

    def every(self, _every: Token, iterators: tuple, _satisfies: Token, condition: Node) -> Node:
        return Quantified("every", iterators, condition)

    def function(self, _f: Token, _l: Token, parameters: Any, _r: Token, body: Node) -> Node:
        return FunctionLiteral(parameters or (), body)

    def external_function(self, token: Token, *_rest: Any) -> Node:
        raise _Refused("External functions are not carried out", _at(token))

    def parameters(self, *parts: Any) -> tuple:
        return tuple(part for part in parts if isinstance(part, tuple))

    def parameter(self, name: Token, _colon: Any = None, type_: Any = None) -> tuple:
        return str(name), type_

    # -- paths and calls ----------------------------------------------------------------------

    def path(self, source: Node, _dot: Token, name: Token) -> Node:
        return Path(source, str(name), _at(name))

    def filter(self, source: Node, _left: Token, condition: Node, _right: Token) -> Node:
        return Filter(source, condition)

    def call(self, function: Node, left: Token, *rest: Any) -> Node:
        position = function.position if isinstance(function, Name) else _at(left)
        arguments = rest[0] if len(rest) == 2 else ()
        if arguments and isinstance(arguments[0], tuple):
            return Call(function, (), arguments, position)
        return Call(function, arguments, (), position)

    def positional(self, *parts: Any) -> tuple:
        return _nodes(parts)

    def named(self, *parts: Any) -> tuple:
        kept = [part for part in parts if not _is_mark(part)]
        return tuple((str(n), node) for n, node in zip(kept[::2], kept[1::2], strict=True))

    # -- types --------------------------------------------------------------------------------

    def type_name(self, *parts: Token) -> Type:
        return Type("".join(parts))

    def type_of(self, name: Token, *rest: Any) -> Type:
        return Type(str(name), tuple(part for part in rest if isinstance(part, Type)))

    def type_context(self, name: Token, *rest: Any) -> Type:
        return Type(str(name), None, tuple(part for part in rest if isinstance(part, tuple)))

    def type_member(self, name: Token, _colon: Token, type_: Type) -> tuple[str, Type]:
        return str(name), type_

    def type_function(self, *parts: Any) -> Type:
        *arguments, result = (part for part in parts if isinstance(part, Type))
        return Type("function", tuple(arguments), (), result)

    def type_any_function(self, _token: Token) -> Type:
        return Type("function")

    # -- unary tests --------------------------------------------------------------------------

    def tests(self, *parts: Any) -> tuple:
        return _nodes(parts)

    def any_test(self, tests: tuple) -> UnaryTests:
        return UnaryTests(tests)

    def grouped_test(self, *parts: Any) -> UnaryTests:
        return UnaryTests(_nodes(parts))

    def no_test(self, _not: Token, _left: Token, tests: tuple, _right: Token) -> UnaryTests:
        return UnaryTests(tests, negated=True)

    def start_expression(self, node: Node) -> Node:
        return node


def _at(token: Token) -> int:
    return token.start_pos or 0


class _Refused(Exception):
    """Well formed, and not accepted; carries what to say and where."""

    def __init__(self, message: str, position: int):
        super().__init__(message)
        self.message = message
        self.position = position


def _is_mark(part: Any) -> bool:
    return isinstance(part, Token) and part.type != "NAME"


def _nodes(parts: Iterable[Any]) -> tuple:
    return tuple(part for part in parts if part is not None and not isinstance(part, Token))


def one_sided_range(operator: str, operand: Node) -> Node:
    """Return the range that ``(< operand)`` stands for; ``=`` and ``!=`` remain tests."""
    if operator in ("=", "!="):
        return OneSided(operator, operand)
    if operator in ("<", "<="):
        return RangeLiteral(None, operand, False, operator == "<=")
    return RangeLiteral(operand, None, operator == ">=", False)


_LARK = Lark(
    (FilePath(__file__).parent / "grammar.lark").read_text(encoding="utf-8"),
    parser="lalr",
    lexer=TokenStream,
    transformer=_Builder(),
    start=["start_expression", "start_unary"],
    maybe_placeholders=True,
    keep_all_tokens=True,
)


def parse_expression(text: str, names: Iterable[str] = ()) -> Node:
    """Return the node of an expression. Raises ``FeelSyntaxError``."""
    return _parse(text, tokenize(text, names), "start_expression")


def parse_tests(text: str, names: Iterable[str] = ()) -> UnaryTests:
    """Return the tests of a cell; ``-`` and an empty cell match everything."""
    if text.strip() in ("", "-"):
        return UnaryTests(())
    tokens = tokenize(text, names)
    if _is_negated(tokens):
        tokens[0] = Token("NOT", "not", tokens[0].start_pos)
    return _parse(text, tokens, "start_unary")


def _is_negated(tokens: list[Token]) -> bool:
    """Say whether the whole is ``not( ... )``, rather than the function within an expression."""
    if len(tokens) < 3 or tokens[0] != "not" or tokens[0].type != "NAME":
        return False
    depth = 0
    for index, token in enumerate(tokens[1:], 1):
        depth += token.type in ("LPAR", "LSQB", "LBRACE", "OPEN_START")
        depth -= token.type in ("RPAR", "RSQB", "RBRACE", "OPEN_END")
        if depth == 0:
            return index == len(tokens) - 1
    return False


def _parse(text: str, tokens: list[Token], start: str) -> Any:
    source = Source(text)
    try:
        return _LARK.parse(tokens, start=start)  # type: ignore[arg-type]
    except UnexpectedToken as error:
        token = error.token
        if token.type == "$END":
            raise source.error("The expression ends too early", len(text)) from None
        raise source.error(f"'{token}' does not fit here", _at(token)) from None
    except _Refused as error:
        raise source.error(error.message, error.position) from None
