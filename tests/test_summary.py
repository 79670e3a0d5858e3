"""What a run of the tests says about itself."""

import os
import subprocess
import sys

from tests.site.browser import HOW_TO_GET_IT
from tests.support import PROJECT
from tests.tools.test_charts import HOW_TO_GET_THEM


def test_a_run_without_browser_and_charts_says_what_it_did_not_test() -> None:
    without = {**os.environ, "PATH": "/nowhere", "CHROMIUM": "", "CLOUDMART_CHARTS": "/nowhere"}
    command = [sys.executable, "-m", "pytest", "-n0", "--collect-only", "-q", __file__]
    ended = subprocess.run(command, cwd=PROJECT, env=without, capture_output=True, text=True, check=False)
    assert f"skipped: the shop in a browser; {HOW_TO_GET_IT}" in ended.stdout.splitlines(), ended
    assert f"skipped: helm with the charts themselves; {HOW_TO_GET_THEM}" in ended.stdout.splitlines(), ended
