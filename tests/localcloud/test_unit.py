"""The stand-in for systemd: restarts what fails, ends gently, and ends with the emulator."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from localcloud.processes import started_at
from localcloud.server import unit
from localcloud.state import PROJECT

_SERVICE = PROJECT / "cloudmart_cdk" / "assets" / "host" / "cloudmart.service"


@contextmanager
def running(folder: Path, script: str) -> Iterator[tuple["subprocess.Popen[bytes]", Path]]:
    """A unit whose command is a shell script, and its log."""
    log = folder / "log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [sys.executable, "-m", "localcloud.server.unit", str(folder), "/bin/sh", "-c", script],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            yield process, log
        finally:
            process.kill()


def wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def said(log: Path, times: int, word: str) -> Callable[[], bool]:
    return lambda: log.read_text().count(word) >= times


def test_figures_are_those_of_the_unit_file() -> None:
    text = _SERVICE.read_text()
    assert re.findall(r"^Restart=(.*)$", text, re.MULTILINE) == ["on-failure"]
    assert re.findall(r"^RestartSec=(.*)$", text, re.MULTILINE) == [f"{unit.RESTART_SECONDS:.0f}"]
    assert re.findall(r"^TimeoutStopSec=(.*)$", text, re.MULTILINE) == [f"{unit.STOP_SECONDS:.0f}"]


def test_a_failure_is_started_again_in_its_folder(tmp_path: Path) -> None:
    with running(tmp_path, "echo in $PWD; exit 3") as (_, log):
        wait(said(log, 2, f"in {tmp_path}"))
        assert "failed (status 3), again in 2 s" in log.read_text()


@pytest.mark.parametrize("script", ["echo up; exit 0", "echo up; kill -TERM $$"])
def test_a_clean_end_is_the_end(tmp_path: Path, script: str) -> None:
    with running(tmp_path, script) as (process, log):
        wait(said(log, 1, "not to be started again"))
        assert log.read_text().count("up") == 1
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(60) == 0


def test_ends_gently_with_all_children_when_the_emulator_ends(tmp_path: Path) -> None:
    script = "trap 'echo bye; exit 0' TERM; sleep 60 & echo $!; wait"
    with running(tmp_path, script) as (process, log):
        wait(said(log, 1, "\n"))
        child = int(log.read_text())
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(60) == 0
        assert "bye" in log.read_text()
        wait(lambda: not started_at(child))


def test_nothing_survives_a_killed_unit(tmp_path: Path) -> None:
    with running(tmp_path, "echo $$; exec sleep 60") as (process, log):
        wait(said(log, 1, "\n"))
        child = int(log.read_text())
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        wait(lambda: not started_at(child))
