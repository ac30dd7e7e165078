"""A form that is sent twice is carried out once: the page sends a key, and the server reads it."""

import re
from collections.abc import Callable

from browsing import Browser
from factories import make_case
from people import Organisation
from sqlalchemy import func, select

from engine import releases
from engine.clock import TravellingClock
from workflows import registry
from workflows.cases.models import CaseNote

SignIn = Callable[[str], Browser]


def test_a_note_that_is_saved_twice_is_one_note(
    ark: Organisation, clock: TravellingClock, sign_in: SignIn
) -> None:
    registry.load()
    with ark.work() as session:
        releases.install_shipped(session, ark.tenant_id, now=clock.now())
        case_id = make_case(session, ark, owner_id=ark.dana)
    dana = sign_in("dana")
    page = dana.get(f"/cases/{case_id}").text
    form = page[page.index(f'action="/cases/{case_id}/notes"') :]
    key = re.search(r'name="_key" value="([^"]+)"', form)
    assert key is not None

    for _ in range(2):
        answer = dana.post(f"/cases/{case_id}/notes", {"text": "She rang.", "_key": key[1]})
        assert answer.status_code == 303

    with ark.work() as session:
        assert session.scalar(select(func.count()).select_from(CaseNote)) == 1
