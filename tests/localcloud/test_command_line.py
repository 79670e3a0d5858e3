"""The command line: every refusal is one line, without a traceback, at once, and with nothing started."""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from localcloud import __main__ as program
from localcloud import environment, processes
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
    return answer.stderr.rstrip().rpartition("\n")[2]


UP = {
    "stage": "lab",
    "name": "cloudmart",
    "region": "ap-northeast-2",
    "account": "111111111111",
    "port": 1,
    "shop_port": 2,
}


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("deploy", "--stage", "foo"), "lab, dev, staging, prod"),
        (("deploy", "-c", "stage=foo"), "lab, dev, staging, prod"),
        (("deploy", "-c", "stage="), "lab, dev, staging, prod"),
        (("deploy", "-c", "name="), "name"),
        (("deploy", "-c", "backend.min=9"), "backend"),
        (("deploy", "-c", "no.such.setting=1"), "no.such.setting"),
        (("start", "--stage", "foo"), "lab, dev, staging, prod"),
    ],
)
def test_bad_settings_are_refused_before_anything_starts(
    tmp_path: Path, arguments: tuple[str, ...], named: str
) -> None:
    line = last_line(run(*arguments, state=tmp_path / "state"))
    assert line.startswith("error: ")
    assert line.count("error:") == 1
    assert named in line
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize(
    ("arguments", "given", "allowed"),
    [
        (("deploy", "--port", "0"), "'0'", "1 to 65535"),
        (("deploy", "--port", "70000"), "'70000'", "1 to 65535"),
        (("deploy", "--port", "abc"), "'abc'", "1 to 65535"),
        (("deploy", "--shop-port", "-1"), "'-1'", "1 to 65535"),
        (("deploy", "--port", "4566", "--shop-port", "4566"), "4566 for both", "two different ports"),
        (("deploy", "--concurrency", "0"), "'0'", "at least 1"),
        (("destroy", "--concurrency", "-2"), "'-2'", "at least 1"),
        (("deploy", "--stage", "dev", "-c", "stage=prod"), "'dev' and 'prod'", "one stage"),
        (("deploy", "-c", "name=a", "-c", "name=b"), "'a' and 'b'", "one name"),
        (("deploy", "--no-such"), "--no-such", "deploy --help"),
        (("deploy", "--stage"), "--stage", "deploy --help"),
        (("no-such",), "no-such", "--help"),
    ],
)
def test_a_bad_command_line_is_one_line(
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    given: str,
    allowed: str,
) -> None:
    monkeypatch.setattr(sys, "argv", ["localcloud", *arguments])
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(environment, "forget_aws_settings", lambda: None)
    assert program.main() == 2
    output, line = capfd.readouterr()
    assert output == ""
    assert line.startswith("error: ")
    assert line.count("\n") == 1
    said, _, rest = line.partition("; allowed: ")
    assert given in said.partition(": given ")[2]
    assert allowed in rest


def test_an_image_is_refused_before_anything_starts(tmp_path: Path) -> None:
    line = last_line(run("deploy", "-c", "backend.application=public.ecr.aws/nginx/nginx:1.27", state=tmp_path / "a"))
    assert "given public.ecr.aws/nginx/nginx:1.27: the local cloud has no container engine" in line
    assert not (tmp_path / "a").exists()


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
    remembered = UP | {"processes": [{"role": "emulator", "pid": 999999, "started": "1"}]}
    (tmp_path / "cloud.json").write_text(json.dumps(remembered))
    line = last_line(run("verify", state=tmp_path))
    assert line.startswith("error: the emulator ended")
    assert "deploy again" in line


@pytest.mark.parametrize("command", ["deploy", "diff"])
def test_another_stage_than_the_running_one_is_refused(tmp_path: Path, command: str) -> None:
    us = {"role": "emulator", "pid": os.getpid(), "started": processes.started_at(os.getpid())}
    (tmp_path / "cloud.json").write_text(json.dumps(UP | {"processes": [us]}))
    line = last_line(run(command, "-c", "stage=dev", state=tmp_path))
    assert line.startswith("error: --stage dev does not fit the running cloud")
    assert "run `make destroy` first" in line
    assert "backend.max" in last_line(run(command, "-c", "backend.max=many", state=tmp_path))


def test_nothing_to_destroy_is_no_error(tmp_path: Path) -> None:
    answer = run("destroy", state=tmp_path)
    assert answer.returncode == 0
    assert "nothing to destroy" in answer.stdout


def test_a_reader_that_has_had_enough_is_no_error() -> None:
    """As in `make objects | head`."""
    talking = "import sys, localcloud.__main__ as m; m._run = lambda _: print('x' * 10**6); sys.exit(m.main())"
    reading, writing = os.pipe()
    os.close(reading)
    try:
        command = [sys.executable, "-c", talking, "status"]
        ended = subprocess.run(command, cwd=PROJECT, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    finally:
        os.close(writing)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_fault_of_our_own_is_one_line_and_its_traceback_in_a_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_: argparse.Namespace) -> int:
        raise LookupError("nobody\nthought of it")

    monkeypatch.setattr(sys, "argv", ["localcloud", "status", "--state", str(tmp_path)])
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(program, "_run", broken)
    assert program.main() == 1
    log = tmp_path / "logs" / "crash.log"
    line = f"error: LookupError: nobody thought of it; this should not happen: please report {log}\n"
    assert capsys.readouterr() == ("", line)
    assert "in broken" in log.read_text()
