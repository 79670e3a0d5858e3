"""The page's logic, in the Node that came with the set-up: `logic.test.mjs`."""

import subprocess
from pathlib import Path

from localcloud.environment import node

_TESTS = Path(__file__).with_name("logic.test.mjs")


def test_purchases_cart_and_languages(tmp_path: Path) -> None:
    run = subprocess.run(
        [node(), "--no-warnings", "--test", _TESTS],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    assert "pass 25" in run.stdout, "a test that is not found fails nothing"
