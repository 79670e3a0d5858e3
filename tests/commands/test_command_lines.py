"""Every command refuses in one line, with the same options and statuses."""

import argparse
import runpy
import sys
from pathlib import Path

import pytest

from commands.ending import ended
from commands.errors import BadInputError, CommandLineError, RefusedSettingsError
from commands.options import Parser, add_copy, add_place, check_place, copy_of
from commands.place import local_cloud, settings_of

COMMANDS = (
    "delivery",
    "labs.grade",
    "labs.leftovers",
    "labs.rehearsal",
    "localcloud",
    "preflight",
    "tools.cost",
    "tools.cost.diff",
    "tools.pipeline",
    "tools.plan",
)


@pytest.mark.parametrize("module", COMMANDS)
def test_nonsense_is_one_line_with_status_2(
    module: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In this process: imports, which are most of a command's start, are shared."""
    monkeypatch.setattr(sys, "argv", [module, "--nonsense"])
    monkeypatch.setattr("signal.signal", lambda *_: None)  # the test run's own stay
    for name in (module, f"{module}.__main__"):  # which another test may have imported
        monkeypatch.delitem(sys.modules, name, raising=False)
    with pytest.raises(SystemExit) as left:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    said = capsys.readouterr()
    assert (left.value.code, said.out) == (2, "")
    (line,) = said.err.splitlines()
    assert line.startswith("error: command line: given ")
    assert f"; allowed: what `python -m {module} --help` lists; " in line


def parsed(*arguments: str) -> argparse.Namespace:
    parser = Parser()
    add_copy(parser)
    add_place(parser)
    return parser.parse_args(arguments)


def test_both_ways_to_name_a_copy_are_one() -> None:
    assert copy_of(parsed()) == {}
    assert copy_of(parsed("-c", "stage=dev", "--name", "team3", "-c", "cache.engine=valkey")) == {
        "stage": "dev",
        "name": "team3",
        "cache.engine": "valkey",
    }
    assert copy_of(parsed("--stage", "dev", "-c", "stage=dev")) == {"stage": "dev"}
    with pytest.raises(CommandLineError, match="--stage: given dev and -c stage=prod; allowed: one stage; "):
        copy_of(parsed("--stage", "dev", "-c", "stage=prod"))


@pytest.mark.parametrize("pair", ["stage", "=dev"])
def test_a_setting_is_a_pair(pair: str) -> None:
    with pytest.raises(CommandLineError, match=f"-c: given {pair}; allowed: KEY=VALUE"):
        parsed("-c", pair)


def test_a_state_is_the_local_clouds() -> None:
    check_place(parsed("--local", "--state", "x"))
    with pytest.raises(CommandLineError, match="--state: given without --local"):
        check_place(parsed("--state", "x"))


def test_no_local_cloud(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="local cloud: given none that runs; allowed: one; run `make deploy`"):
        local_cloud(tmp_path)


def test_settings_are_refused_in_their_own_line() -> None:
    with pytest.raises(RefusedSettingsError, match=r"^error: stage: given qa; allowed: lab, dev, staging, prod; "):
        settings_of({"stage": "qa"})


def test_how_a_command_ends(capsys: pytest.CaptureFixture[str]) -> None:
    def refused() -> int:
        print("before")
        raise BadInputError("x", given="1", allowed="2", do="take 2")

    def stopped() -> int:
        raise KeyboardInterrupt

    assert ended(lambda: None, interrupted="") == 0
    assert ended(lambda: 1, interrupted="") == 1
    assert capsys.readouterr() == ("", "")
    assert ended(refused, interrupted="") == 1
    assert capsys.readouterr() == ("before\n", "error: x: given 1; allowed: 2; take 2\n")
    assert ended(stopped, interrupted="run it again") == 130
    assert capsys.readouterr().err == "error: interrupted: by you or by a signal; run it again\n"


def test_a_file_that_cannot_be_used_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As of `--markdown` with a folder's name, `--state` below a file."""

    def write() -> None:
        tmp_path.write_text("a folder takes none", encoding="utf-8")

    def connect() -> None:
        raise ConnectionResetError("reset by the other side")

    allowed, do = "one that can be used", "mend it and run it again\n"
    assert ended(write, interrupted="") == 1
    assert capsys.readouterr() == ("", f"error: file: given {tmp_path}: Is a directory; allowed: {allowed}; {do}")
    assert ended(connect, interrupted="") == 1
    assert capsys.readouterr().err == f"error: system: reset by the other side; {do}"
