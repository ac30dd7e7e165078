"""Types that can be told from the text: what a literal is, and which type conforms to which."""

from typing import Any

from feel.syntax import (
    ContextLiteral,
    FunctionLiteral,
    ListLiteral,
    Literal,
    RangeLiteral,
    Type,
)
from feel.values import TYPE_NAMES

ANY = Type("Any")


def infer(node: Any) -> Type | None:
    """Return the type of a literal, by its contents; None for what only evaluation can tell."""
    if isinstance(node, Literal):
        return Type(TYPE_NAMES[type(node.value)])
    if isinstance(node, ListLiteral):
        return _list(node)
    if isinstance(node, ContextLiteral):
        members = tuple((name, infer(value) or ANY) for name, value in node.entries)
        return Type("context", None, members)
    if isinstance(node, RangeLiteral):
        end = infer(node.start) if node.start is not None else infer(node.end)
        return Type("range", (end,) if end is not None else None)
    if isinstance(node, FunctionLiteral):
        parameters = tuple(type_ or ANY for _, type_ in node.parameters)
        return Type("function", parameters, (), infer(node.body))
    return None


def _list(node: ListLiteral) -> Type:
    types = {infer(item) for item in node.items}
    only = types.pop() if len(types) == 1 else None
    return Type("list", (only or ANY,))


def conforms(have: Type | None, want: Type | None) -> bool:
    """Return whether every value of one type is one of another (DMN 1.5, 10.3.2.9.2).

    What is not known conforms: a test must not fail because the text does not tell.
    """
    if have is None or want is None or want.name in ("Any", "any") or have.name == "Null":
        return True
    if have.name != want.name:
        return False
    if want.members:
        given = dict(have.members)
        return all(name in given and conforms(given[name], type_) for name, type_ in want.members)
    if want.name == "function":
        return _function_conforms(have, want)
    if want.arguments and have.arguments:
        return all(map(conforms, have.arguments, want.arguments))
    return True


def _function_conforms(have: Type, want: Type) -> bool:
    """Parameters may be wider than wanted, the result narrower."""
    if want.arguments is None:
        return True
    given = have.arguments or ()
    if len(given) != len(want.arguments):
        return False
    return all(map(_accepts, given, want.arguments)) and conforms(have.result, want.result)


def _accepts(parameter: Type, argument: Type) -> bool:
    return parameter.name in ("Any", "any") or conforms(argument, parameter)
