"""Fill in a form of a release by keyboard: whatever kind its questions are, step by step.

do(ines, task_id, {"outcome": "no_answer", "card_read": True})
"""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import keyboard
from browser import Visitor
from playwright.sync_api import Locator, Page, expect

Answers = Mapping[str, Any]


def do(visitor: Visitor, task_id: UUID, answers: Answers | None = None) -> None:
    """Take a task from the list, fill in its form and complete it, all by keyboard."""
    page = visitor.open("/tasks?view=unclaimed")
    link = page.locator(f'[data-open][href="/tasks/{task_id}"]')
    if not link.count():
        page = visitor.open("/tasks")
    follow(visitor, link)
    if page.locator("[data-claim]").count():
        follow(visitor, page.locator("[data-claim]"))
    done = f"/tasks/{task_id}/done"
    for _ in range(20):  # a form in steps
        fill(page, answers or {})
        follow(visitor, page.locator("[data-complete]"))
        problem = page.locator("[data-summary]")
        assert problem.count() == 0, problem.inner_text()
        if page.url.endswith(done):
            return
    raise AssertionError(f"still at {page.url}")


def follow(visitor: Visitor, target: Locator) -> None:
    """Go to a link or button with Tab, press Enter and wait for the page it leads to."""
    keyboard.go_to(visitor.page, target)
    with visitor.page.expect_navigation():
        visitor.page.keyboard.press("Enter")
    visitor.settle()


def fill(page: Page, answers: Answers) -> None:
    """Give the answers to what this page asks; the others belong to another step."""
    form = page.locator("main form[data-form]")
    for name, value in answers.items():
        if is_rows(value):
            rows(page, form, name, value)
        else:
            one(page, form, name, value)


def is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)


def rows(page: Page, form: Locator, name: str, given: list[Answers]) -> None:
    add = form.locator(f"button[name=_add][value={name}]")
    for number, row in enumerate(given, 1):
        box = form.locator(f"[data-row-name={name}-{number}]")
        if add.count() and not box.count():
            keyboard.press(page, add)
            expect(box).to_be_visible()
        for key, value in row.items():
            one(page, form, f"{name}-{number}-{key}", value)


def one(page: Page, form: Locator, name: str, value: Any) -> None:
    """Answer one question, if it is on this page and asked now."""
    if form.locator(f'[name="{name}-day"]').count():
        when = date.fromisoformat(value)
        for part in ("day", "month", "year"):
            box = form.locator(f'[name="{name}-{part}"]')
            keyboard.write(page, box, str(getattr(when, part)))
        return
    found = form.locator(f'[name="{name}"]')
    if not found.count() or not found.first.is_visible():
        return
    kind = found.first.evaluate("e => e.list ? 'typed' : e.type")
    if kind in ("radio", "checkbox"):
        act = keyboard.choose if kind == "radio" else keyboard.tick
        for each in value if isinstance(value, list) else [value]:
            wanted = "true" if each is True else str(each)
            act(page, form.locator(f'[name="{name}"][value="{wanted}"]'))
    elif kind == "select-one":
        keyboard.select(page, found, str(value))
    elif kind == "typed":
        option = found.evaluate(
            "(e, value) => [...e.list.options].find((o) => o.dataset.value === value).value", value
        )
        keyboard.write(page, found, option)
    else:
        keyboard.write(page, found, str(value))
