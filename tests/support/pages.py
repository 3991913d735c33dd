"""The console in a real browser: one page that keeps account of what went wrong in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
DESKTOP, PHONE = (1440, 900), (390, 844)
PATIENCE_MS = 30_000.0


@contextmanager
def browser() -> Iterator[Browser]:
    """The system's Chromium. Without one: a failure in CI (variable CI), elsewhere a skip that says what is missing."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        words = f"No browser: none of {', '.join(NAMES)} is on the PATH; install the package chromium."
        (pytest.fail if os.environ.get("CI") else pytest.skip)(words)
    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=found, args=list(OPTIONS))
        try:
            yield opened
        finally:
            opened.close()


@dataclass
class ConsolePage:
    """Someone in front of the console. `complaints`: script errors and console errors; `foreign`: requests elsewhere."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    loads: int = 0

    @classmethod
    def open(cls, chrome: Browser, url: str, *, size: tuple[int, int] = DESKTOP, scheme: str = "light") -> ConsolePage:
        """A new visitor at the chat."""
        dark = scheme == "dark"
        context = chrome.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            device_scale_factor=2 if size == PHONE else 1,
            has_touch=size == PHONE,
        )
        context.set_default_timeout(PATIENCE_MS)
        seen = cls(context.new_page(), url)
        seen.page.on("console", seen._heard)
        seen.page.on("pageerror", lambda error: seen.complaints.append(f"script error: {error}"))
        seen.page.on("request", seen._asked)
        seen.page.on("load", lambda _page: seen._loaded())
        seen.page.goto(url)
        return seen

    def close(self) -> None:
        self.page.context.close()

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text}")

    def _asked(self, request: Request) -> None:
        if urlsplit(request.url).netloc != urlsplit(self.url).netloc and not request.url.startswith(("data:", "blob:")):
            self.foreign.append(request.url)

    def _loaded(self) -> None:
        self.loads += 1

    # -- what a person does ------------------------------------------------------------------------------------------------

    def say(self, words: str) -> Locator:
        """Writes it, presses Enter, and returns the card that answers."""
        self.page.locator("#words").fill(words)
        self.page.keyboard.press("Enter")
        said = self.page.locator(".message", has_text=words).last
        said.wait_for()
        message_id = (said.get_attribute("id") or "").removeprefix("post-")
        card = self.page.locator(f'.card-post[data-reply-to="{message_id}"]')
        card.first.wait_for()
        return card.first

    def become(self, person: str) -> None:
        """Switches the account."""
        self.page.locator("#actor").select_option(person)
        expect(self.page.locator("#me .avatar")).to_have_text(person[0].upper())

    def toast(self) -> str:
        """The newest answer in the corner."""
        newest = self.page.locator(".toast p").last
        newest.wait_for()
        return newest.inner_text()

    def picture(self, file: Path, *, top: Locator | None = None, height: int | None = None) -> None:
        """The window, with `top` (else the newest message's end) in view; `height` of the window in pixels for this."""
        file.parent.mkdir(parents=True, exist_ok=True)
        if height is not None:
            self.page.set_viewport_size({"width": DESKTOP[0], "height": height})
        self.page.evaluate("document.fonts.ready")
        self.page.evaluate("document.querySelectorAll('.board, #scroller').forEach(part => part.scrollTop = 0)")
        if top is None:
            self.page.evaluate("document.querySelector('#scroller').scrollTop = 1e9")
        else:
            top.evaluate("part => part.scrollIntoView({block: 'start'})")
        self.page.screenshot(path=file, animations="disabled")

    def overflow_px(self) -> int:
        """By how many pixels the page is wider than the window; 0 for a page without sideways scrolling."""
        found: int = self.page.evaluate("document.scrollingElement.scrollWidth - document.documentElement.clientWidth")
        return found
