"""The shop's pictures in the docs, taken anew: `python -m tests.site.pictures ADDRESS`, as `make deploy` prints it.

Needs Chromium with Korean and emoji fonts (Debian: fonts-noto-cjk, fonts-noto-color-emoji) and pngquant.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from tests.site.browser import CHROMIUM, HOW_TO_GET_IT, PHONE, chromium, visitor
from tests.site.journey import take_picture

_FOLDER: Final = Path(__file__).parents[2] / "docs" / "images"
_PICTURES: Final[dict[str, dict[str, Any]]] = {
    "shop-desktop.png": {},
    "shop-phone.png": {"size": PHONE, "language": "en-US"},
}


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(
            f"error: address: given {sys.argv[1:]}; allowed: the shop's, as `make deploy` prints it; give it alone"
        )
    if not CHROMIUM:
        sys.exit(f"error: browser: given none; allowed: Chromium; {HOW_TO_GET_IT}")
    pngquant = shutil.which("pngquant")
    if not pngquant:
        sys.exit("error: pngquant: given none; allowed: any version; install it (Debian: apt-get install pngquant)")
    with chromium() as browser:
        for name, options in _PICTURES.items():
            with visitor(browser, **options) as page:
                take_picture(page, sys.argv[1], _FOLDER / name)
    files = [str(_FOLDER / name) for name in _PICTURES]
    subprocess.run([pngquant, "--force", "--ext", ".png", "--strip", "--quality", "70-95", *files], check=True)


if __name__ == "__main__":
    main()
