"""The browser that tests use notices what no page may do. The journeys themselves run against the local cloud."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.site.browser import CHROMIUM, HOW_TO_GET_IT, chromium, visitor

pytestmark = [pytest.mark.skipif(not CHROMIUM, reason=HOW_TO_GET_IT), pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def test_a_page_that_behaves(browser: Browser) -> None:
    with visitor(browser, language="en-US") as page:
        page.goto("data:text/html,<script>console.info(1)</script>")
        assert page.evaluate("[navigator.language, matchMedia('(prefers-color-scheme: dark)').matches]") == [
            "en-US",
            False,
        ]


@pytest.mark.parametrize(
    ("event", "script", "told"),
    [
        ("console", "console.error('broken')", "console: .*broken"),
        ("pageerror", "setTimeout(() => { throw new Error('thrown'); })", "console: .*thrown"),
        (
            "requestfailed",
            "fetch('https://example.com/').catch(() => 0)",
            r"asked other hosts: \['https://example\.com/'\]",
        ),
    ],
)
def test_a_page_that_does_not(browser: Browser, event: str, script: str, told: str) -> None:
    with pytest.raises(AssertionError, match=told):
        _visit(browser, event, script)


def _visit(browser: Browser, event: Any, script: str) -> None:
    """Until the event that the script brings about."""
    with visitor(browser, forgiven=("Failed to load resource",)) as page, page.expect_event(event):
        page.goto(f"data:text/html,<script>{script}</script>")


def test_what_is_forgiven(browser: Browser) -> None:
    with visitor(browser, forgiven=("broken",)) as page:
        page.goto("data:text/html,<script>console.error('broken')</script>")
