"""The dashboards' pictures in the docs, taken anew: `python -m tests.dashboards.pictures`.

Needs Chromium and pngquant. Not compared by a test: fonts differ from machine to machine.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page

from tests.site.browser import CHROMIUM, HOW_TO_GET_IT, chromium, visitor
from tools.dashboards.__main__ import FOLDER, main

PICTURES: Final = Path(__file__).parents[2] / "docs" / "images" / "dashboards"
SIZE: Final = (1600, 1000)


def show(page: Page, file: Path) -> None:
    """Opens the preview, and waits until everything is drawn."""
    page.set_content(file.read_text(encoding="utf-8"))
    page.wait_for_selector("body[data-drawn]")


def take(browser: Browser, file: Path, folder: Path) -> list[Path]:
    """A picture of each dashboard in the page."""
    folder.mkdir(parents=True, exist_ok=True)
    taken = []
    with visitor(browser, language="en-GB", size=SIZE) as page:
        show(page, file)
        for board in page.locator(".board").all():
            name = (board.get_attribute("id") or "").rpartition("-")[2]
            taken.append(folder / f"{name}.png")
            board.screenshot(path=str(taken[-1]))
    return taken


def _main() -> None:
    if not CHROMIUM:
        sys.exit(f"error: browser: given none; allowed: Chromium; {HOW_TO_GET_IT}")
    pngquant = shutil.which("pngquant")
    if not pngquant:
        sys.exit("error: pngquant: given none; allowed: any version; install it (Debian: apt-get install pngquant)")
    if main(["--stage", "prod"]):
        sys.exit(1)
    with chromium() as browser:
        files = [str(file) for file in take(browser, FOLDER / "prod.html", PICTURES)]
    subprocess.run([pngquant, "--force", "--ext", ".png", "--strip", "--quality", "60-95", *files], check=True)


if __name__ == "__main__":
    _main()
