"""What the shipped tables say to people: every rule has a sentence that anybody may read."""

import re

import pytest
from lxml import etree
from shipped import shipped

from engine.decisions.tables import Table
from engine.decisions.words import SILENT
from engine.lint.names import PERSONAL
from workflows.decisions import UNSAID

SAID = sorted(set(shipped().decisions) - UNSAID)
LONGEST = 300


def table_of(decision_id: str) -> Table:
    table = shipped().decisions[decision_id].nodes[decision_id].table
    assert table is not None
    return table


@pytest.mark.parametrize("decision_id", sorted(shipped().decisions))
def test_every_rule_has_words_in_one_place(decision_id: str) -> None:
    table = table_of(decision_id)
    assert [rule.id for rule in table.rules if not rule.words] == []
    root: etree._Element = table.element.getroottree().getroot()
    assert list(root.iter("{*}annotationEntry")) == []


@pytest.mark.parametrize("decision_id", [key for key in SAID if not key.startswith("cohort_")])
def test_what_stands_beside_a_rule_is_a_sentence(decision_id: str) -> None:
    for rule in table_of(decision_id).rules:
        if rule.words == SILENT:
            continue
        where = f"{decision_id} {rule.id}: {rule.words}"
        assert re.fullmatch(r"[A-Z].*\.", rule.words), where
        assert len(rule.words) <= LONGEST, where
        assert "_" not in rule.words, where
        assert not re.search(r"\b(?:fail(?:ed)? to|fault|she|he|her|his)\b", rule.words), where
        assert not any(pattern.search(rule.words) for pattern in PERSONAL.values()), where


def test_what_is_never_said_is_a_table_that_is_there() -> None:
    assert UNSAID <= set(shipped().decisions)
