"""The first guide, as `make labs` runs it: in a local cloud of its own, clean-up included."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from localcloud.state import PROJECT

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("emulator")]


def test_first_guide_does_what_it_says(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "labs.rehearsal", "1-vpc"],
        cwd=PROJECT,
        env=os.environ | {"TMPDIR": str(tmp_path), "AWS_PROFILE": "there-is-no-such-profile"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    assert done.stdout.rstrip().endswith("nothing is left running.")
    assert [path.name for path in tmp_path.iterdir()] == []
    for _ in range(600):
        left = _running(str(tmp_path).encode())
        if not left:
            break
        time.sleep(0.1)  # what was killed a moment ago may still be on its way
    assert left == []


def _running(mark: bytes) -> list[Path]:
    """Processes that began in this test, and so have the mark in their environment."""
    return [entry for entry in Path("/proc").glob("[0-9]*") if mark in _environment(entry)]


def _environment(process: Path) -> bytes:
    try:
        return (process / "environ").read_bytes()
    except (FileNotFoundError, PermissionError, ProcessLookupError):
        return b""
