"""A browser for tests: Debian's Chromium, driven by Playwright, that sees this machine and nothing else.

Owns the browser's start, and what no page may do whatever the test is about: write an error to the console, throw,
or ask another host for anything. Knows nothing of the shop.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Route, expect, sync_playwright

CHROMIUM: Final = os.environ.get("CHROMIUM") or shutil.which("chromium") or ""
"""The browser's executable; empty: there is none. `CHROMIUM` names another."""
HOW_TO_GET_IT: Final = "install Chromium (Debian: apt-get install chromium), or set CHROMIUM to its path"

_ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_HERE: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_PATIENCE_MS: Final = 60_000
expect.set_options(timeout=_PATIENCE_MS)  # its own five seconds are few for a purchase that is sent three times
PHONE: Final = (360, 740)
SMALL_PHONE: Final = (320, 568)
DESKTOP: Final = (1280, 860)


@dataclass
class Watched:
    """What went wrong in a page, apart from what its test looks at."""

    errors: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    forgiven: tuple[str, ...] = ()
    """Parts of console errors that belong to what the test does, such as cutting the line."""

    def console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(part in message.text for part in self.forgiven):
            self.errors.append(f"{message.text} ({message.location.get('url', '')})")

    def thrown(self, error: Exception) -> None:
        self.errors.append(str(error))

    def asked(self, request: Request) -> None:
        if not _is_here(request.url):
            self.strangers.append(request.url)


def _is_here(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("data", "blob", "about") or parts.hostname in _HERE


def _refuse_strangers(route: Route) -> None:
    if _is_here(route.request.url):
        route.fallback()
    else:
        route.abort()


@contextmanager
def chromium() -> Iterator[Browser]:
    """One browser process; pages of it are cheap."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(_ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visitor(
    browser: Browser,
    *,
    language: str = "ko-KR",
    size: tuple[int, int] = DESKTOP,
    dark: bool = False,
    forgiven: tuple[str, ...] = (),
) -> Iterator[Page]:
    """A page of a person who has never been here. Fails at its end for what no page may do."""
    context: BrowserContext = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        locale=language,
        timezone_id="Asia/Seoul",
        color_scheme="dark" if dark else "light",
        has_touch=size == PHONE,
        reduced_motion="reduce",
    )
    context.set_default_timeout(_PATIENCE_MS)
    context.route("**/*", _refuse_strangers)
    watched = Watched(forgiven=forgiven)
    handlers: dict[Any, Any] = {"console": watched.console, "request": watched.asked}
    for event, handler in handlers.items():
        context.on(event, handler)
    page = context.new_page()
    page.on("pageerror", watched.thrown)
    try:
        yield page
    finally:
        context.close()
    assert not watched.strangers, f"asked other hosts: {watched.strangers}"
    assert not watched.errors, f"console: {watched.errors}"
