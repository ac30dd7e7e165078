"""The registry of operations: names, signatures, calls."""

from typing import Any

import pytest

from engine import operations
from engine.operations import BusinessError, OperationContext, WrongParameters, operation


@operation("shelltest.greet", public=True)
def greet(context: OperationContext, *, case_id: str, loud: bool = False) -> dict[str, Any]:
    return {"greeting": f"{case_id}{'!' if loud else ''}"}


@operation("shelltest.refuse")
def refuse(context: OperationContext) -> None:
    raise BusinessError("not_allowed")


def call(name: str, **parameters: Any) -> Any:
    context: Any = None  # the operations above do not look at it
    return operations.call(context, name, parameters)


def test_an_operation_is_called_by_its_name() -> None:
    assert call("shelltest.greet", case_id="C-1") == {"greeting": "C-1"}
    assert call("shelltest.greet", case_id="C-1", loud=True) == {"greeting": "C-1!"}


def test_the_registry_tells_the_signature() -> None:
    found = operations.registry()["shelltest.greet"]
    assert [(p.name, p.required) for p in found.parameters] == [("case_id", True), ("loud", False)]
    assert found.public
    assert not operations.registry()["shelltest.refuse"].public


def test_wrong_parameters_are_named() -> None:
    with pytest.raises(WrongParameters, match=r"'shelltest\.greet' needs case_id"):
        call("shelltest.greet")
    with pytest.raises(WrongParameters, match="does not take volume"):
        call("shelltest.greet", case_id="C-1", volume=3)


def test_an_unknown_operation_is_named() -> None:
    with pytest.raises(operations.UnknownOperation, match=r"'shelltest\.nothing'"):
        call("shelltest.nothing")


def test_a_business_error_carries_its_code() -> None:
    with pytest.raises(BusinessError) as caught:
        call("shelltest.refuse")
    assert caught.value.code == "not_allowed"


@pytest.mark.parametrize("name", ["greet", "shelltest.", ".greet", "a.b.c", "a b.c"])
def test_a_name_is_capability_and_verb(name: str) -> None:
    with pytest.raises(ValueError, match=r"capability\.verb"):
        operation(name)


def test_a_name_is_taken_once_and_parameters_are_keywords() -> None:
    with pytest.raises(ValueError, match="twice"):
        operation("shelltest.greet")(greet)
    with pytest.raises(ValueError, match="keywords"):
        operation("shelltest.positional")(lambda context, case_id: None)
