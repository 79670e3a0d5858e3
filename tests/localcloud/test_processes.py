"""Processes: recognized by id and start time, ended with all their children, never somebody else's."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from localcloud import processes
from localcloud.errors import CloudError
from localcloud.state import State

_PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60)
"""


def start(folder: State, code: str) -> processes.Process:
    return processes.start(
        "test", [sys.executable, "-c", code], environment=os.environ, log=folder.log("test"), folder=folder.root
    )


def read_line(folder: State) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        text = folder.log("test").read_text()
        if "\n" in text:
            return text.strip()
        time.sleep(0.02)
    raise AssertionError("the process wrote nothing")


def test_ends_children_too(folder: State) -> None:
    process = start(folder, _PARENT)
    child = int(read_line(folder))
    assert process.alive()
    assert processes.started_at(child)
    process.stop()
    assert not process.alive()
    assert not processes.started_at(child)


def test_kills_what_does_not_listen(folder: State) -> None:
    process = start(
        folder, "import signal, time; signal.signal(15, signal.SIG_IGN); print('x', flush=True); time.sleep(60)"
    )
    read_line(folder)
    process.stop(grace_seconds=0.3)
    deadline = time.monotonic() + 60
    while process.alive():  # a busy machine may take longer than the grace to end what is killed
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_recycled_id_is_left_alone(folder: State) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True) as stranger:
        remembered = processes.Process(role="test", pid=stranger.pid, started=processes.started_at(stranger.pid))
        recycled = replace(remembered, started="1")
        assert not recycled.alive()
        recycled.stop()
        assert stranger.poll() is None
        stranger.kill()


def test_nobody_has_no_start_time() -> None:
    assert processes.started_at(2**22 - 1) == ""
    assert processes.started_at(os.getpid())


def test_a_system_without_proc_is_refused_in_one_line(tmp_path: Path) -> None:
    processes.check_system()
    with pytest.raises(CloudError, match=r"needs Linux: .* is missing; run it on Linux") as refused:
        processes.check_system(tmp_path)
    assert "\n" not in str(refused.value)
