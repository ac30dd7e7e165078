"""Why a task is there: the words of the table, else names and labels, and nothing that hurts."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from browsing import Browser
from dmn import decision, model, table
from flask import Flask
from house import House
from shipped import shipped
from stories import AMARA, READ, TRIED

from api.pages.because import words_of
from engine.decisions import load
from engine.definitions import Definitions
from engine.following import follows
from engine.models import DecisionRecord

SignIn = Callable[[str], Browser]
BARE = table(["x"], ["risk_level"], ['1 | "high"', '2 | "low"', "- | null"], policy="FIRST")


def with_words(dmn: str, **words: str) -> str:
    """Write words beside the rules of a table."""
    for rule, text in words.items():
        dmn = dmn.replace(
            f'<rule id="{rule}">', f'<rule id="{rule}"><description>{text}</description>'
        )
    return dmn


def release_of(dmn: str) -> Definitions:
    text = model(decision("risk_level", dmn))
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    decisions = {"risk_level": load(text)}
    return replace(shipped(), decisions=decisions, decision_files={"risk_level": sha256})


@pytest.fixture
def said(app: Flask) -> Callable[..., str]:
    """Say a decision of a table in which the rules named matched."""

    def say(dmn: str, outputs: Any, *rules: str, sha256: str | None = None) -> str:
        definitions = release_of(dmn)
        record = DecisionRecord(
            decision_id="risk_level",
            file_sha256=sha256 or definitions.decision_files["risk_level"],
            matched_rows=list(rules),
            outputs=outputs,
        )
        with app.app_context():
            return words_of(record, definitions)

    return say


# -- the words of the table ----------------------------------------------------------------------


def test_the_words_beside_the_rule_are_said_as_a_sentence(said: Callable[..., str]) -> None:
    dmn = with_words(BARE, r1="the ticks reach\n  the threshold", r2="Nothing speaks for it.")
    assert said(dmn, "high", "r1") == "The ticks reach the threshold."
    assert said(dmn, "low", "r2") == "Nothing speaks for it."


def test_annotations_of_other_modellers_are_read_as_well(said: Callable[..., str]) -> None:
    entries = "</outputEntry><annotationEntry><text>{}</text></annotationEntry></rule>"
    dmn = BARE.replace("</outputEntry></rule>", entries.format("By judgement"))
    assert said(dmn, "high", "r1") == "By judgement."


def test_several_rules_are_said_each_once_and_the_rest_counted(said: Callable[..., str]) -> None:
    rows = [f'{n} | "a"' for n in range(1, 7)]
    dmn = table(["x"], ["risk_level"], rows, policy="COLLECT")
    dmn = with_words(dmn, r1="One.", r2="One.", r3="Two.", r4="Three.", r5="Four.", r6="Five.")
    assert said(dmn, ["a"], "r1", "r2", "r3") == "One. Two."
    assert said(dmn, ["a"], *(f"r{n}" for n in range(1, 7))) == (
        "One. Two. Three. And 2 more reasons."
    )


def test_a_dash_says_nothing_and_long_words_are_cut(said: Callable[..., str]) -> None:
    dmn = with_words(BARE, r1="-", r2="word " * 200)
    assert said(dmn, "high", "r1") == ""
    assert len(said(dmn, "low", "r2")) <= 301


# -- where nobody wrote any ----------------------------------------------------------------------


def test_without_words_the_outputs_are_said_by_name(said: Callable[..., str]) -> None:
    assert said(BARE, "very_high", "r1") == "Risk level is very high."
    assert said(BARE, None, "r3") == ""
    labelled = BARE.replace(
        '<output name="risk_level">', '<output label="Overall risk" name="risk_level">'
    )
    assert said(labelled, "high", "r1") == "Overall risk is high."


def test_several_outputs_stand_in_the_order_of_their_columns(said: Callable[..., str]) -> None:
    dmn = table(["x"], ["worker", "letter", "told"], ['1 | "a" | "b" | true'])
    stored = {"letter": "if_explicit_yes", "told": True, "worker": "da_worker"}
    assert said(dmn, stored, "r1") == "Worker is da worker. Letter is if explicit yes."
    assert said(dmn, {**stored, "worker": None}, "r1") == "Letter is if explicit yes. Told is yes."


def test_lists_are_said_as_such_and_lists_of_rows_not_at_all(said: Callable[..., str]) -> None:
    dmn = table(["x"], ["item"], ['1 | "a"'], policy="COLLECT")
    assert said(dmn, ["no_name", "no_reason"], "r1") == "Item: no name, no reason."
    assert said(dmn, [], "r1") == ""
    assert said(dmn, [{"route": "a"}], "r1") == ""


def test_words_of_another_version_of_the_table_are_not_borrowed(said: Callable[..., str]) -> None:
    dmn = with_words(BARE, r1="By judgement.")
    assert said(dmn, "high", "r1", sha256="0" * 64) == "Risk level is high."


# -- which decision ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("instance_of", "decided", "process", "task", "leads"),
    [
        ("first_contact", "decision_schedule", "first_contact", "task_ask_first", True),
        ("first_contact", "decision_schedule", "contact_attempt", "task_attempt", True),
        ("first_contact", "decision_replan", "contact_attempt", "task_attempt", False),
        ("case_lifecycle", "decision_schedule", "case_lifecycle", "task_read_contact", False),
        ("case_lifecycle", "no_such_step", "case_lifecycle", "task_read_contact", False),
        ("first_contact", "decision_schedule", "no_such_process", "task_attempt", False),
    ],
)
def test_a_decision_leads_to_tasks_of_its_own_flow(
    instance_of: str, decided: str, process: str, task: str, leads: bool
) -> None:
    assert follows(shipped(), instance_of, decided, process, task) is leads


def test_a_task_tells_what_was_decided_last_and_never_a_way_to_reach_somebody(
    sign_in: SignIn, house: House
) -> None:
    house.receive(answers=AMARA)
    ines = sign_in("ines")

    def why(element_id: str) -> str:
        page = ines.get(f"/tasks/{house.task(element_id).id}").text
        return page.partition("<b>Why</b> ")[2].partition("</p>")[0]

    referred = "An agency referred somebody who may be vulnerable: the first response is due"
    assert why("task_read_written").startswith(referred)
    house.do("ines", "task_read_written", READ)
    house.do("ines", "task_choose_route", {"route": "victim_support"})
    house.travel(timedelta(hours=1, minutes=5))
    # how she can be reached was decided after this, and is nobody's reason
    assert why("task_attempt").startswith("The risk is high: the first attempt is due")
    house.do("ines", "task_attempt", TRIED)
    house.travel(house.now.replace(hour=14, minute=30))
    assert why("task_attempt").startswith("Nobody answered: the next attempt is made")


def test_the_history_tells_table_and_rule_to_whoever_looks_into_it(
    sign_in: SignIn, house: House
) -> None:
    house.receive(answers=AMARA)
    house.do("ines", "task_read_written", READ)
    house.do("ines", "task_choose_route", {"route": "victim_support"})
    address = f"/cases/{house.case().id}/history"
    told = {}
    for who in ("ines", "auditor"):
        browser = sign_in(who)
        if browser.get(address).status_code == 403:
            given = {"purpose": "review", "reason": "Audit of ten cases."}
            browser.post(f"/cases/{house.case().id}/reason", given)
        run = re.search(r'href="([^"]+)">First contact<', browser.get(address).text)
        assert run, who
        page = browser.get(run[1]).text
        rows = re.findall(r"<tr>(.*?)</tr>", page.partition('id="decided-title"')[2], re.S)
        told[who] = {
            found[1]: row
            for row in rows
            if (found := re.search(r'<div class="technical">([a-z_]+)</div>', row))
        }
        assert ">r1<" in told[who]["contact_schedule"], who
        assert "The risk is high: the first attempt is due" in told[who]["contact_schedule"]
    assert "not shown" in told["ines"]["contact_method"]
    assert "A number the client gave as safe" not in told["ines"]["contact_method"]
    assert ">r3<" in told["auditor"]["contact_method"]
