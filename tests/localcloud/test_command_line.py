"""The command line: every refusal is one line, without a traceback, at once, and with nothing started."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from localcloud.state import PROJECT


def run(*arguments: str, state: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "localcloud", arguments[0], "--state", str(state), *arguments[1:]],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | {"AWS_PROFILE": "there-is-no-such-profile"},
    )


def last_line(answer: subprocess.CompletedProcess[str]) -> str:
    assert answer.returncode != 0
    assert "Traceback" not in answer.stdout + answer.stderr
    return answer.stdout.rstrip().rpartition("\n")[2]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--stage", "foo"), "lab, dev, staging, prod"),
        (("-c", "stage=foo"), "lab, dev, staging, prod"),
        (("-c", "backend.min=9"), "backend"),
        (("-c", "no.such.setting=1"), "no.such.setting"),
    ],
)
def test_bad_settings_are_refused_before_anything_starts(
    tmp_path: Path, arguments: tuple[str, ...], named: str
) -> None:
    line = last_line(run("deploy", *arguments, state=tmp_path))
    assert line.startswith("error: the settings are refused")
    assert named in line
    assert not (tmp_path / "cloud.json").exists()


def test_taken_port_is_refused(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        line = last_line(run("deploy", "--port", str(port), state=tmp_path))
    assert f"port {port} is taken" in line


@pytest.mark.parametrize("command", ["status", "verify", "diff", "env"])
def test_commands_that_need_a_cloud_say_so(tmp_path: Path, command: str) -> None:
    assert "make deploy" in last_line(run(command, state=tmp_path))


def test_dead_emulator_is_named(tmp_path: Path) -> None:
    remembered = {
        "stage": "lab",
        "name": "cloudmart",
        "region": "ap-northeast-2",
        "account": "111111111111",
        "port": 1,
        "shop_port": 2,
        "processes": [{"role": "emulator", "pid": 999999, "started": "1"}],
    }
    (tmp_path / "cloud.json").write_text(json.dumps(remembered))
    line = last_line(run("verify", state=tmp_path))
    assert line.startswith("error: the emulator ended")
    assert "deploy again" in line


def test_nothing_to_destroy_is_no_error(tmp_path: Path) -> None:
    answer = run("destroy", state=tmp_path)
    assert answer.returncode == 0
    assert "nothing to destroy" in answer.stdout
