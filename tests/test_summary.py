"""What a run of the tests says about itself."""

import os
import subprocess
import sys

from tests.site.browser import HOW_TO_GET_IT
from tests.support import PROJECT


def test_a_run_without_a_browser_says_what_it_did_not_test() -> None:
    without = {**os.environ, "PATH": "/nowhere", "CHROMIUM": ""}
    command = [sys.executable, "-m", "pytest", "-n0", "--collect-only", "-q", __file__]
    ended = subprocess.run(command, cwd=PROJECT, env=without, capture_output=True, text=True, check=False)
    assert f"skipped: the shop in a browser; {HOW_TO_GET_IT}" in ended.stdout.splitlines(), ended
