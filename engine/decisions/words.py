"""What a decision says to people: what is written beside its rules, how its columns are called."""

from collections.abc import Iterable, Mapping

from engine.decisions.model import DecisionModel

SILENT = "-"  # beside a rule that has nothing to say, as in a cell that asks nothing


def said_by(model: DecisionModel, decision_id: str, rules: Iterable[str]) -> list[str] | None:
    """Return the words of these rules of a decision, in order, each once.

    None if nobody wrote any; an empty list if the author wished that nothing is said.
    """
    node = model.nodes.get(decision_id)
    if node is None or node.table is None:
        return None
    words = {rule.id: rule.words for rule in node.table.rules}
    written = [text for text in dict.fromkeys(words.get(rule, "") for rule in rules) if text]
    return [text for text in written if text != SILENT] if written else None


def outputs_of(model: DecisionModel, decision_id: str) -> Mapping[str, str]:
    """Return the outputs of a decision in the order of its columns, with their labels."""
    node = model.nodes.get(decision_id)
    if node is None or node.table is None:
        return {}
    return {output.name: output.label for output in node.table.outputs}
