"""A person without a mouse: Tab to what is wanted, then a key. Nothing here clicks or sets focus.

keyboard.press(page, page.locator("[data-claim]"))
keyboard.write(page, page.locator("#text"), "Rang back.")
"""

from collections.abc import Callable

from playwright.sync_api import Locator, Page

FARTHEST = 250  # stops; no page has more
HAS_FOCUS = "e => e === document.activeElement"
IN_GROUP = """e => {
  const at = document.activeElement;
  return at?.type === 'radio' && at.name === e.name && at.form === e.form;
}"""
STEPS = """e => {
  const all = [...e.form.querySelectorAll(`input[type=radio][name="${CSS.escape(e.name)}"]`)]
    .filter((each) => each.checkVisibility());
  return all.indexOf(e) - all.indexOf(document.activeElement);
}"""


def go_to(page: Page, target: Locator, arrived: str = HAS_FOCUS) -> None:
    """Press Tab until the focus is on the target; fail if it cannot be reached."""
    element = target.element_handle()
    for _ in range(FARTHEST):
        if element.evaluate(arrived):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"no way with Tab to {target}")


def press(page: Page, target: Locator, key: str = "Enter") -> None:
    go_to(page, target)
    page.keyboard.press(key)


def write(page: Page, target: Locator, text: str) -> None:
    go_to(page, target)
    page.keyboard.press("Control+a")
    page.keyboard.type(text) if text else page.keyboard.press("Delete")


def tick(page: Page, box: Locator) -> None:
    if not box.is_checked():
        press(page, box, "Space")


def choose(page: Page, radio: Locator) -> None:
    """Choose one of a group: Tab goes to the group, the arrows inside it."""
    if radio.is_checked():
        return
    go_to(page, radio, IN_GROUP)
    steps = radio.evaluate(STEPS)
    for _ in range(abs(steps)):
        page.keyboard.press("ArrowDown" if steps > 0 else "ArrowUp")
    if not steps:
        page.keyboard.press("Space")
    assert radio.is_checked()


def select(page: Page, box: Locator, value: str) -> None:
    """Choose from a closed list with the arrows."""
    go_to(page, box)
    page.keyboard.press("Home")
    _until(page, "ArrowDown", lambda: box.input_value() == value)


def _until(page: Page, key: str, reached: Callable[[], bool]) -> None:
    for _ in range(FARTHEST):
        if reached():
            return
        page.keyboard.press(key)
    raise AssertionError(f"{key} leads nowhere")
