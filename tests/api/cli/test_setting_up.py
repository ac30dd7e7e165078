"""From an empty database to an organisation that can take contacts, by commands alone."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from engine.db import connect, unit_of_work
from workflows.programmes import tokens

Command = Callable[..., str]
RIVERSIDE = "riverside"


@pytest.fixture
def riverside(signpost: Command) -> Command:
    signpost("user", "organisation", RIVERSIDE, "Riverside Helpline")
    signpost("release", "install", RIVERSIDE)
    signpost("service", "open", RIVERSIDE, "helpline", "Helpline", "--calendar", "cal_247")
    signpost("user", "add", RIVERSIDE, "dana", "Dana Novak", "case_worker:helpline")
    signpost("user", "add", RIVERSIDE, "chidi", "Chidi Okafor", "team_leader:helpline")
    return signpost


def test_a_service_has_a_team_duties_and_settings(riverside: Command) -> None:
    riverside("service", "team", RIVERSIDE, "helpline", "Helpline team", "dana", "chidi")
    shift = ("2027-01-11T09:00", "2027-01-18T09:00")
    riverside("service", "duty", RIVERSIDE, "helpline", "duty_worker", "dana", *shift)
    riverside("service", "duty", RIVERSIDE, "helpline", "second_reviewer", "chidi")
    riverside("service", "skill", RIVERSIDE, "dana", "language", "pol")
    riverside("service", "set", RIVERSIDE, "helpline", "dash_high=17")
    listed = riverside("service", "list", RIVERSIDE)
    assert "helpline  Helpline  cal_247  Europe/London" in listed
    assert "dash_high=17" in listed


def test_a_setting_is_taken_back(riverside: Command) -> None:
    riverside("service", "set", RIVERSIDE, "helpline", "dash_high=17")
    riverside("service", "set", RIVERSIDE, "helpline", "dash_high=")
    assert "dash_high" not in riverside("service", "list", RIVERSIDE)


def test_a_calendar_that_nobody_knows_opens_no_service(riverside: Command) -> None:
    opening = ("service", "open", RIVERSIDE, "night", "Night line", "--calendar", "cal_nigth")
    assert "There is no calendar 'cal_nigth'" in riverside(*opening, status=1)
    assert "night" not in riverside("service", "list", RIVERSIDE)


def test_chidi_is_no_duty_worker(riverside: Command) -> None:
    shift = ("2027-01-11T09:00", "2027-01-18T09:00")
    duty = ("service", "duty", RIVERSIDE, "helpline", "duty_worker", "chidi", *shift)
    assert "can be duty_worker" in riverside(*duty, status=1)


def test_a_shift_has_a_start_and_an_end(riverside: Command) -> None:
    duty = ("service", "duty", RIVERSIDE, "helpline", "duty_worker", "dana")
    assert "needs a start and an end" in riverside(*duty, status=1)


def test_a_token_opens_until_it_is_revoked(riverside: Command, database_url: str) -> None:
    issued = riverside("token", "issue", RIVERSIDE, "dana", "Council portal", "referrals")
    secret = issued.split()[-1]
    assert known(database_url, secret)
    token_id = riverside("token", "list", RIVERSIDE).split()[0]
    riverside("token", "revoke", RIVERSIDE, token_id)
    assert not known(database_url, secret)
    assert "revoked on" in riverside("token", "list", RIVERSIDE)


def known(database_url: str, secret: str) -> bool:
    database = connect(database_url)
    with unit_of_work(database) as session:
        now = datetime.now(UTC)
        found = tokens.find(session, secret, now=now, real_now=now)
    database.dispose()
    return found is not None


def test_another_organisation_cannot_revoke_a_token(riverside: Command) -> None:
    riverside("token", "issue", RIVERSIDE, "dana", "Council portal", "referrals")
    token_id = riverside("token", "list", RIVERSIDE).split()[0]
    riverside("user", "organisation", "oakvale", "Oakvale Listening Line")
    assert riverside("token", "list", "oakvale") == ""
    said = riverside("token", "revoke", "oakvale", token_id, status=1)
    assert "no such token" in said


def test_a_scope_that_nobody_knows_makes_no_token(riverside: Command) -> None:
    issue = ("token", "issue", RIVERSIDE, "dana", "Council portal", "everything")
    assert "Scopes are:" in riverside(*issue, status=1)
    assert riverside("token", "list", RIVERSIDE) == ""


def test_roles_come_and_go(riverside: Command) -> None:
    riverside("user", "grant", RIVERSIDE, "dana", "process_owner", "team_leader:helpline")
    shift = ("2027-01-11T09:00", "2027-01-18T09:00")
    riverside("service", "duty", RIVERSIDE, "helpline", "duty_manager", "dana", *shift)
    riverside("user", "revoke", RIVERSIDE, "dana", "team_leader:helpline")
    duty = ("service", "duty", RIVERSIDE, "helpline", "duty_manager", "dana", *shift)
    assert "can be duty_manager" in riverside(*duty, status=1)


def test_a_lost_second_factor_takes_two_others(riverside: Command) -> None:
    for name in ("abe", "ava"):
        riverside("user", "add", RIVERSIDE, name, f"{name} Stone", "system_admin")
    factor = ("user", "factor", RIVERSIDE, "dana", "--asked-by", "abe", "--approved-by")
    assert "Two others" in riverside(*factor, "abe", status=1)
    assert "Two others" in riverside(*factor, "dana", status=1)
    assert "recovery codes" in riverside(*factor, "ava")
