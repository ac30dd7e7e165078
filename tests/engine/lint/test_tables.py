"""Tables that say nothing to people are pointed out, and nothing more."""

from dmn import decision, model, table
from drawing import bpmn, findings_of, one, straight

ROWS = ['1 | "high"', '2 | "low"', '- | "medium"']


def found(dmn: str):
    text = model(decision("risk_level", dmn))
    return findings_of(bpmn(straight()), files={"risk_level.dmn": text})


def test_rules_without_words_are_a_hint_that_names_them():
    hint = one(found(table(["x"], ["risk_level"], ROWS, policy="FIRST")), "rule_without_words")
    assert (hint.severity, hint.element_id) == ("warning", "risk_level")
    assert "3 of 3 rules have no words for people (r1, r2 and r3)" in hint.message


def test_a_table_whose_rules_all_have_words_is_fine():
    dmn = table(["x"], ["risk_level"], ROWS, policy="FIRST")
    for rule, words in {"r1": "It is so.", "r2": "-", "r3": "Nobody knows yet."}.items():
        begun = f'<rule id="{rule}">'
        dmn = dmn.replace(begun, f"{begun}<description>{words}</description>")
    assert [finding.rule for finding in found(dmn)] == []
