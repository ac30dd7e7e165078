"""Fill in a form of a release as a person does: whatever kind its questions are, step by step.

do(ines, task_id, {"outcome": "no_answer", "card_read": True})
"""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from browser import Visitor
from playwright.sync_api import Locator, Page, expect
from screens import submit

Answers = Mapping[str, Any]


def do(visitor: Visitor, task_id: UUID, answers: Answers | None = None) -> None:
    """Claim a task, fill in its form and complete it."""
    page = visitor.open(f"/tasks/{task_id}")
    if page.locator("[data-claim]").count():
        submit(visitor, "[data-claim]")
    done = f"/tasks/{task_id}/done"
    for _ in range(20):  # a form in steps
        fill(page, answers or {})
        submit(visitor, "[data-complete]")
        problem = page.locator("[data-summary]")
        assert problem.count() == 0, problem.inner_text()
        if page.url.endswith(done):
            return
    raise AssertionError(f"still at {page.url}")


def fill(page: Page, answers: Answers) -> None:
    """Give the answers to what this page asks; the others belong to another step."""
    form = page.locator("main form[data-form]")
    for name, value in answers.items():
        if is_rows(value):
            rows(page, form, name, value)
        else:
            one(form, name, value)


def is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)


def rows(page: Page, form: Locator, name: str, given: list[Answers]) -> None:
    add = form.locator(f"button[name=_add][value={name}]")
    for number, row in enumerate(given, 1):
        box = form.locator(f"[data-row-name={name}-{number}]")
        if add.count() and not box.count():
            add.click()
            expect(box).to_be_visible()
        for key, value in row.items():
            one(form, f"{name}-{number}-{key}", value)


def one(form: Locator, name: str, value: Any) -> None:
    """Answer one question, if it is on this page and asked now."""
    parts = form.locator(f'[name="{name}-day"]')
    if parts.count():
        when = date.fromisoformat(value)
        for part in ("day", "month", "year"):
            form.locator(f'[name="{name}-{part}"]').fill(str(getattr(when, part)))
        return
    found = form.locator(f'[name="{name}"]')
    if not found.count() or not found.first.is_visible():
        return
    kind = found.first.evaluate("e => e.list ? 'typed' : e.type")
    if kind in ("radio", "checkbox"):
        for each in value if isinstance(value, list) else [value]:
            wanted = "true" if each is True else str(each)
            form.locator(f'[name="{name}"][value="{wanted}"]').check()
    elif kind == "select-one":
        found.select_option(str(value))
    elif kind == "typed":
        option = found.evaluate(
            "(e, value) => [...e.list.options].find((o) => o.dataset.value === value).value", value
        )
        found.fill(option)
    else:
        found.fill(str(value))
