"""DMN models for tests, written in few words."""

from xml.sax.saxutils import escape

NAMESPACE = "https://www.omg.org/spec/DMN/20191111/MODEL/"


def model(*elements: str, namespace: str = NAMESPACE) -> str:
    """Return a file with these elements."""
    body = "".join(elements)
    return f'<definitions xmlns="{namespace}" id="m" name="m" namespace="ns">{body}</definitions>'


def literal(text: str) -> str:
    return f"<literalExpression><text>{escape(text)}</text></literalExpression>"


def decision(
    key: str,
    logic: str = "",
    *,
    needs: str = "",
    knows: str = "",
    inputs: str = "",
    type_: str | None = None,
) -> str:
    """Return a decision; ``needs``, ``inputs`` and ``knows`` are ids, separated by blanks."""
    variable = f'<variable name="{key}" typeRef="{type_}"/>' if type_ else ""
    arrows = "".join(
        f'<informationRequirement><requiredDecision href="#{id_}"/></informationRequirement>'
        for id_ in needs.split()
    )
    arrows += "".join(
        f'<informationRequirement><requiredInput href="#{id_}"/></informationRequirement>'
        for id_ in inputs.split()
    )
    arrows += "".join(
        f'<knowledgeRequirement><requiredKnowledge href="#{id_}"/></knowledgeRequirement>'
        for id_ in knows.split()
    )
    return f'<decision id="{key}" name="{key}">{variable}{arrows}{logic}</decision>'


def input_data(key: str, type_: str | None = None) -> str:
    typed = f' typeRef="{type_}"' if type_ else ""
    return f'<inputData id="{key}" name="{key}"><variable name="{key}"{typed}/></inputData>'


def table(
    inputs: list[str | tuple[str, str]],
    outputs: list[str | tuple[str, str]],
    rows: list[str],
    *,
    policy: str = "UNIQUE",
    aggregation: str = "",
    default: list[str] | None = None,
    types: list[str] | None = None,
) -> str:
    """Return a table.

    An input or output may be a pair (text, values allowed). A row is its cells separated by
    ``|``; rules get the ids r1, r2, ... ``types`` are those of the inputs.
    """
    parts = [f'<decisionTable hitPolicy="{policy}"']
    parts.append(f' aggregation="{aggregation}">' if aggregation else ">")
    for index, given in enumerate(inputs):
        text, values = given if isinstance(given, tuple) else (given, "")
        typed = f' typeRef="{types[index]}"' if types and types[index] else ""
        parts.append(f"<input><inputExpression{typed}><text>{escape(text)}</text>")
        parts.append(f"</inputExpression>{_values('inputValues', values)}</input>")
    for index, given in enumerate(outputs):
        name, values = given if isinstance(given, tuple) else (given, "")
        parts.append(f'<output name="{name}">{_values("outputValues", values)}')
        if default:
            parts.append(_text("defaultOutputEntry", default[index]))
        parts.append("</output>")
    for number, row in enumerate(rows, 1):
        cells = [cell.strip() for cell in row.split("|")]
        parts.append(f'<rule id="r{number}">')
        parts += [_text("inputEntry", cell) for cell in cells[: len(inputs)]]
        parts += [_text("outputEntry", cell) for cell in cells[len(inputs) :]]
        parts.append("</rule>")
    return "".join([*parts, "</decisionTable>"])


def _text(tag: str, text: str) -> str:
    return f"<{tag}><text>{escape(text)}</text></{tag}>"


def _values(tag: str, text: str) -> str:
    return _text(tag, text) if text else ""
