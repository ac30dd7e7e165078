"""Function calls: built-ins are bound when the expression is compiled, the rest at run time."""

from feel.compile.core import Closure, Compiler, compiles
from feel.compile.names import read_name
from feel.functions import ACCEPTS, MISFIT, Parameter, Signature, fit, functions
from feel.scope import Frame, Run
from feel.syntax import Call, Name, Node
from feel.values import Function, Value


@compiles(Call)
def _call(compiler: Compiler, node: Call) -> Closure:
    target = node.function
    if isinstance(target, Name) and target.name not in compiler.local:
        found = functions.get(target.name)
        if found is not None:
            return _built_in(compiler, node, found.signatures)
    return _dynamic(compiler, node)


def argument(compiler: Compiler, node: Node) -> Closure:
    """Compile an argument; the bare name of a built-in stands for the function there."""
    if isinstance(node, Name) and node.name in functions and node.name not in compiler.local:
        return read_function(compiler, node)
    return compiler.compile(node)


def read_function(compiler: Compiler, node: Name) -> Closure:
    variable = read_name(compiler, node, quiet=True)
    value = built_in_value(node.name)

    def read(frame: Frame) -> Value:
        found = variable(frame)
        return value if found is None else found

    return read


def built_in_value(name: str) -> Function:
    """Return a built-in as a value, to be handed to ``sort`` and the like."""
    signatures = functions[name].signatures

    def invoke(run: Run, arguments: list[Value]) -> Value:
        for signature in signatures:
            if signature.accepts_count(len(arguments)):
                values = fit_all(signature, arguments)
                if values is not None:
                    return call_signature(signature, Frame({}, None, run), values)
        return None

    return Function(tuple(p.name for p in signatures[0].parameters), invoke, name)


# -- built-ins --------------------------------------------------------------------------------


def _built_in(compiler: Compiler, node: Call, signatures: tuple[Signature, ...]) -> Closure:
    """Bind a call to the signatures it fits; with none it is null, which lint reports."""
    choices = []
    if node.named:
        names = tuple(name for name, _ in node.named)
        closures = [argument(compiler, value) for _, value in node.named]
        for signature in signatures:
            places = signature.order(names)
            if places is not None:
                ordered = [_NULL if place is None else closures[place] for place in places]
                choices.append((signature, ordered))
    else:
        closures = [argument(compiler, value) for value in node.arguments]
        choices = [(s, closures) for s in signatures if s.accepts_count(len(closures))]
    if not choices:
        return _NULL
    if len(choices) == 1:
        return _bound(*choices[0])
    return _overloaded(choices)


def _NULL(_frame: Frame) -> None:
    return None


def _bound(signature: Signature, closures: list[Closure]) -> Closure:
    if len(closures) == 1 and not signature.variadic:
        return _bound_one(signature.parameters[0], closures[0], signature)

    def invoke(frame: Frame) -> Value:
        frame.run.spend()
        values = fit_all(signature, [closure(frame) for closure in closures])
        return None if values is None else call_signature(signature, frame, values)

    return invoke


def _bound_one(parameter: Parameter, closure: Closure, signature: Signature) -> Closure:
    call, first, kind = signature.call, signature.first, parameter.type
    accepted = ACCEPTS.get(kind)

    def invoke(frame: Frame) -> Value:
        run = frame.run
        run.spend()
        value = closure(frame)
        if accepted is not None and type(value) not in accepted:
            value = fit(value, kind)
            if value is MISFIT:
                return None
        if not first:
            return call(value)
        return call(run if first == "run" else frame, value)

    return invoke


def _overloaded(choices: list[tuple[Signature, list[Closure]]]) -> Closure:
    """Choose by the types of the arguments; each argument is evaluated once."""

    def invoke(frame: Frame) -> Value:
        frame.run.spend()
        known: dict[int, Value] = {}
        for signature, closures in choices:
            values = []
            for closure in closures:
                if id(closure) not in known:
                    known[id(closure)] = closure(frame)
                values.append(known[id(closure)])
            fitted = fit_all(signature, values)
            if fitted is not None:
                return call_signature(signature, frame, fitted)
        return None

    return invoke


def fit_all(signature: Signature, values: list[Value]) -> list[Value] | None:
    """Return the arguments as the parameters take them, or None if one misfits."""
    parameters = signature.parameters
    last = len(parameters) - 1
    fitted: list[Value] = []
    for index, value in enumerate(values):
        parameter = parameters[index if index < last else last]
        if value is None and parameter.optional:
            fitted.append(None)
            continue
        taken = fit(value, parameter.type)
        if taken is MISFIT:
            return None
        fitted.append(taken)
    return fitted


def call_signature(signature: Signature, frame: Frame, values: list[Value]) -> Value:
    if signature.first == "run":
        return signature.call(frame.run, *values)
    return signature.call(frame, *values) if signature.first else signature.call(*values)


# -- functions of the author ------------------------------------------------------------------


def _dynamic(compiler: Compiler, node: Call) -> Closure:
    target = compiler.compile(node.function)
    names = tuple(name for name, _ in node.named)
    given = [value for _, value in node.named] if node.named else list(node.arguments)
    closures = [argument(compiler, value) for value in given]

    def invoke(frame: Frame) -> Value:
        function = target(frame)
        if type(function) is not Function:
            return None
        values = [closure(frame) for closure in closures]
        return call_function(frame.run, function, values, names)

    return invoke


def call_function(
    run: Run, function: Function, values: list[Value], names: tuple[str, ...] = ()
) -> Value:
    """Call a function value; null if the arguments do not fit its parameters."""
    if names:
        if sorted(names) != sorted(function.parameters):
            return None
        values = [values[names.index(name)] for name in function.parameters]
    if len(values) != len(function.parameters) and function.name is None:
        return None
    run.spend()
    return function.invoke(run, values)
