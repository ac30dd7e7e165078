"""Headless Chromium over the real application: the database, the clock and the processes are real.

amina = stage.signed_in("amina")
amina.open("/tasks")
"""

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize
from werkzeug.serving import make_server

from workflows.identity import totp
from workflows.identity.enrolment import SecondFactor

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
    "--hide-scrollbars",
]
AXE = Path(__file__).with_name("axe.min.js")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
DESK = ViewportSize(width=1366, height=860)
TELEPHONE = ViewportSize(width=320, height=740)

# Collected by the page itself: a strict policy must never have anything to refuse.
WATCH = """
window.violations = [];
document.addEventListener('securitypolicyviolation', (event) => {
  const { violatedDirective, blockedURI, sourceFile } = event;
  window.violations.push(`${violatedDirective} ${blockedURI} ${sourceFile ?? ''}`);
});
"""

# When a key comes up, the focus has moved and the page has been scrolled to it. The page notes it
# itself: to be asked after every key took longer than all else that is asked of a page.
NOTE_STOPS = """{
// whatever had the focus: what is focused and gone leaves its place, the top, to start from
const top = document.createElement('span');
top.tabIndex = -1;
document.body.prepend(top);
top.focus();
top.remove();
scrollTo(0, 0);
window.stops = { over: false, hidden: [], passed: new Set() };
stops.note = () => {
  const e = document.activeElement;
  stops.over ||= !e || e === document.body || stops.passed.has(e);
  if (stops.over) return;
  stops.passed.add(e);
  const r = e.getBoundingClientRect();
  const x = Math.min(Math.max(r.left + r.width / 2, 1), innerWidth - 1);
  // of what is taller than the window, the middle of what is in sight
  const y = r.height > innerHeight / 2
    ? (Math.max(r.top, 0) + Math.min(r.bottom, innerHeight)) / 2
    : r.top + Math.min(r.height / 2, 20);
  const top = document.elementFromPoint(x, y);
  const seen = top && (e.contains(top) || top.contains(e) || e.closest('label')?.contains(top));
  const place = `at ${Math.round(x)},${Math.round(y)}`;
  const over = top?.outerHTML.slice(0, 80);
  if (!seen) stops.hidden.push(`${e.outerHTML.slice(0, 140)} ${place} under ${over}`);
};
stops.forget = () => {
  document.activeElement?.blur?.();
  removeEventListener('keyup', stops.note, true);
  return stops.hidden;
};
addEventListener('keyup', stops.note, true);
}"""


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """Serve ``app`` on a free port in threads of this process and yield its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join(timeout=10)
        server.server_close()


@dataclass
class Visitor:
    """One person's browser window."""

    page: Page
    address: str
    dark: bool = False
    errors: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Open a page of the application and wait until its script has run."""
        self.page.goto(self.address + path)
        self.settle()
        return self.page

    def settle(self) -> None:
        # a selector, not a function: the policy forbids evaluating strings
        self.page.wait_for_selector("html[data-ready]", state="attached")

    def look_like(self, *, viewport: ViewportSize = DESK, dark: bool = False) -> None:
        """Change the size of the window and its colours, as whoever holds the device does."""
        # without motion: a colour on its way from one to another is no colour of ours
        self.page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
        self.dark = dark
        if self.page.viewport_size != viewport:
            self.page.set_viewport_size(viewport)

    def let_in(self, login_name: str, secret: str, password: str) -> None:
        """Sign in without looking at the page: the window gets the cookie."""
        request = self.page.context.request
        page = request.get(f"{self.address}/sign-in").text()
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert found, page
        given = {
            "csrf_token": found[1],
            "name": login_name,
            "password": password,
            "code": totp.next_code(secret, datetime.now(UTC)),
        }
        answer = request.post(f"{self.address}/sign-in", form=given, max_redirects=0)
        assert answer.status == 303, answer.text()

    def sign_in(self, login_name: str, secret: str, password: str) -> None:
        """Sign in by keyboard alone."""
        self.open("/sign-in")
        keyboard = self.page.keyboard
        self.page.focus("#name")
        keyboard.type(login_name)
        keyboard.press("Tab")
        keyboard.type(password)
        keyboard.press("Tab")
        keyboard.press("Tab")
        keyboard.type(totp.next_code(secret, datetime.now(UTC)))
        with self.page.expect_navigation():
            keyboard.press("Enter")
        self.settle()

    # -- what every page has to keep -------------------------------------------------------------

    def axe(self) -> list[dict[str, Any]]:
        """Return what axe finds wrong with the page; in the dark, of what colours can do wrong."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text(encoding="utf-8") + ";0")
        rules = ["color-contrast"] if self.dark else RULES
        # told apart in the page: what is right is long, and nobody reads it here
        return list(
            self.page.evaluate(
                f"""axe.run(document, {{runOnly: {rules}, resultTypes: ['violations']}})
                .then(({{ violations }}) => violations.map(({{ id, nodes }}) =>
                  ({{ id, nodes: nodes.slice(0, 5).map((node) => node.html.slice(0, 200)) }})))"""
            )
        )

    def violations(self) -> list[str]:
        return list(self.page.evaluate("window.violations"))

    def overflow(self) -> int:
        """Return by how many CSS pixels the page is wider than the window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - innerWidth"))

    def ungrouped_choices(self) -> list[str]:
        """Return radio buttons and boxes of several that no legend or group name speaks for."""
        return list(
            self.page.evaluate(
                """[...document.querySelectorAll('input[type=radio]')]
                .filter((i) => !i.closest('fieldset')?.querySelector(':scope > legend')
                                  ?.textContent.trim()
                               && !i.closest('[role=radiogroup][aria-label]'))
                .map((i) => i.name)"""
            )
        )

    def small_targets(self) -> list[str]:
        """Return what can be pressed and is smaller than 24 by 24 CSS pixels.

        Links in a line of text are left out, as WCAG 2.5.8 leaves them out.
        """
        return list(
            self.page.evaluate(
                """[...document.querySelectorAll('button, summary, input, select, a.btn, a.chip')]
                .filter((e) => e.checkVisibility() && e.type !== 'hidden')
                .map((e) => [e, (e.closest('label') ?? e).getBoundingClientRect()])
                .filter(([, r]) => r.width > 1 && r.height > 1 && (r.width < 24 || r.height < 24))
                .map(([e, r]) => `${e.outerHTML.slice(0, 120)} ${r.width}x${r.height}`)"""
            )
        )

    def covered_stops(self, most: int = 80) -> list[str]:
        """Tab through the page and return stops that lie under a sticky bar or out of sight."""
        self.page.evaluate(NOTE_STOPS)
        for _ in range(0, most, 10):
            for _ in range(10):
                self.page.keyboard.press("Tab")
            if self.page.evaluate("stops.over"):
                break
        return list(self.page.evaluate("stops.forget()"))


@dataclass
class Stage:
    """A served application and a Chromium; opens windows for people."""

    chromium: Browser
    address: str
    factors: Mapping[str, SecondFactor]  # by login name
    password: str
    contexts: list[BrowserContext] = field(default_factory=list)

    def window(self, *, script: bool = True, **options: Any) -> Visitor:
        context = self.chromium.new_context(
            viewport=options.pop("viewport", DESK),
            locale="en-GB",
            timezone_id="Europe/London",
            java_script_enabled=script,
            **options,
        )
        self.contexts.append(context)
        context.add_init_script(WATCH)
        page = context.new_page()
        visitor = Visitor(page, self.address)
        page.on("pageerror", lambda error: visitor.errors.append(str(error)))
        return visitor

    def signed_in(self, login_name: str, **options: Any) -> Visitor:
        visitor = self.window(**options)
        visitor.let_in(login_name, self.factors[login_name].secret, self.password)
        return visitor

    def signed_in_by_keyboard(self, login_name: str) -> Visitor:
        visitor = self.window()
        visitor.sign_in(login_name, self.factors[login_name].secret, self.password)
        return visitor

    def close(self) -> None:
        for context in self.contexts:
            context.close()


Act = Callable[[Visitor], None]
