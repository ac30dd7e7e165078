"""A release is compared with who is there to do its work."""

from datetime import timedelta
from pathlib import Path

from people import Organisation

import workflows.releases
from engine.definitions import check
from engine.releases import shipped_files
from workflows import registry
from workflows.releases.checks import checks_for
from workflows.releases.protection import SENT_INSIDE
from workflows.releases.staffing import held
from workflows.staff import employment, rota
from workflows.staff.models import Position

registry.load()


def test_roles_and_duties_are_held_by_those_who_are_active(ark: Organisation) -> None:
    with ark.work() as session:
        assert held(session, ark.tenant_id, ark.now)["safeguarding_lead"] == {str(ark.dsl)}
        # without a rota, a duty falls to those who may have it
        assert str(ark.femi) in held(session, ark.tenant_id, ark.now)["duty_manager"]
        shift = (ark.services["support"], Position.DUTY_MANAGER, ark.femi)
        until = ark.now + timedelta(hours=8)
        rota.put_on_rota(session, *shift, ark.now, until, by="system", now=ark.now)
        assert held(session, ark.tenant_id, ark.now)["duty_manager"] == {str(ark.femi)}
        employment.let_go(session, ark.dsl, by="system", now=ark.now)
        assert "safeguarding_lead" not in held(session, ark.tenant_id, ark.now)


def test_a_task_for_which_nobody_is_left_is_told(ark: Organisation) -> None:
    with ark.work() as session:
        employment.let_go(session, ark.dsl, by="system", now=ark.now)
        found = check(shipped_files(), extra_checks=checks_for(session, ark.tenant_id, ark.now))
    told = {finding.element_id for finding in found.findings if finding.rule == "nobody_holds"}
    assert "task_refer" in told


def test_what_is_said_to_be_sent_inside_is_sent() -> None:
    root = Path(workflows.releases.__file__).parents[2]
    code = [p for folder in ("workflows", "engine") for p in (root / folder).rglob("*.py")]
    texts = [p.read_text(encoding="utf-8") for p in code if p.parent.name != "releases"]
    assert [n for n in SENT_INSIDE if not any(f'"{n}"' in text for text in texts)] == []
