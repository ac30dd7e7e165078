"""Only "yes" is a tick; what is not known counts as unknown, never as no."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.risk import assessing

SAID = st.sampled_from(("yes", "no", "dont_know", "not_asked"))
ITEMS = st.fixed_dictionaries(dict.fromkeys(assessing.CHECKLIST_ITEMS, SAID))


@given(ITEMS)
def test_every_item_is_a_tick_a_no_or_unknown(answers: dict[str, str]) -> None:
    inputs = assessing.checklist_inputs(answers, 31)
    no = sum(said == "no" for said in answers.values())

    assert inputs["yes_count"] + inputs["unknown_count"] + no == 24


@given(ITEMS, st.sampled_from(assessing.CHECKLIST_ITEMS))
def test_what_is_left_out_is_unknown(answers: dict[str, str], item: str) -> None:
    asked = assessing.checklist_inputs({**answers, item: "not_asked"}, None)
    del answers[item]

    assert assessing.checklist_inputs(answers, None) == asked


@pytest.mark.parametrize("item", ["q14", "q15", "q17"])
def test_strangling_threats_to_kill_and_honour_are_a_cluster_by_themselves(item: str) -> None:
    assert assessing.checklist_inputs({item: "yes"}, 31)["cluster"] is True


def test_stalking_is_a_cluster_with_separation_and_control_only() -> None:
    assert assessing.checklist_inputs({"q08": "yes"}, 31)["cluster"] is False
    both = {"q08": "yes", "q06": "yes", "q12": "yes"}
    assert assessing.checklist_inputs(both, 31)["cluster"] is True


def test_a_plan_makes_self_harm_high_and_silence_makes_it_medium() -> None:
    assert assessing.self_harm_level({"plan": "yes"}) == "high"
    assert assessing.self_harm_level({}) == "medium"
    said_no = dict.fromkeys(("thoughts_now", "plan", "means", "previous_attempt"), "no")
    assert assessing.self_harm_level(said_no) == "standard"


def test_being_stalked_is_never_standard() -> None:
    nothing_else = dict.fromkeys(
        ("very_frightened", "previous_harassment", "threats_violence"), "no"
    )
    assert assessing.stalking_level(nothing_else) == "medium"


@pytest.mark.parametrize(
    "asked",
    [
        {"dash": {"children_at_risk": "yes"}},
        {"dash": {"q05": "yes"}},
        {"dash": {"q09": "yes"}},
        {"self_harm_screen": {"plan": "yes"}},
        {"hate": {"suicide_intent": "yes"}},
    ],
)
def test_safeguarding_hears_of_children_and_of_suicide(asked: dict) -> None:
    assert assessing.concern_found(asked)
    assert not assessing.concern_found({tool: {} for tool in asked})
