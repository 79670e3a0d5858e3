"""The shell of a guide: what it keeps, how it ends, and that nothing outlives it."""

import os
import time
from collections.abc import Iterator
from itertools import chain, count
from pathlib import Path
from types import SimpleNamespace

import pytest

from labs.rehearsal import shell as of_guides
from labs.rehearsal.shell import Shell


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    with Shell({"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path)}, folder=tmp_path) as shell:
        yield shell


def test_variables_functions_and_folder_stay(shell: Shell, tmp_path: Path) -> None:
    assert shell.run("export A=1\nb() { echo $A-$1; }\nmkdir inner; cd inner").status == 0
    outcome = shell.run("b two; pwd")
    assert (outcome.status, outcome.output) == (0, f"1-two\n{tmp_path / 'inner'}\n")


def test_output_without_a_last_newline_and_errors_are_heard(shell: Shell) -> None:
    assert shell.run("printf out; echo err >&2").output == "outerr\n"
    assert shell.run("printf half").output == "half"


def test_a_program_does_not_read_the_commands_that_follow(shell: Shell) -> None:
    assert shell.run("cat").output == ""
    assert shell.run("echo still here").output == "still here\n"


@pytest.mark.parametrize(
    ("commands", "status"),
    [
        ("echo before\nfalse\necho after", 1),
        ("(exit 7)", 7),
        ("echo $NOBODY_SET_IT", 1),
        ("false | cat", 1),
        ("there-is-no-such-program", 127),
        ("if then", 2),
    ],
)
def test_failure_ends_the_shell_with_its_status(shell: Shell, commands: str, status: int) -> None:
    outcome = shell.run(commands)
    assert outcome.status == status
    assert "after" not in outcome.output


def test_what_takes_too_long_is_killed_with_all_that_it_started(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock stands still until the shell has said something, however slow the machine; then an hour has gone."""
    readings = chain((0, 0), count(3600, 0.05))
    clock = SimpleNamespace(monotonic=lambda: next(readings), sleep=time.sleep)
    monkeypatch.setattr(of_guides, "time", clock)
    outcome = shell.run("sleep 600 & echo $! > pid; echo waiting; wait", longest_seconds=3600)
    assert (outcome.status, outcome.output) == (None, "waiting\n")
    assert _ends(int((tmp_path / "pid").read_text()))


def test_nothing_outlives_the_block(tmp_path: Path) -> None:
    with Shell({"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path)}, folder=tmp_path) as shell:
        assert shell.run("sleep 600 & echo $! > pid").status == 0
    assert _ends(int((tmp_path / "pid").read_text()))
    assert [path.name for path in tmp_path.iterdir()] == ["pid"]


def _ends(pid: int) -> bool:
    """Whether a process goes, or is a zombie that somebody else has to bury."""
    for _ in range(1200):
        stat = Path(f"/proc/{pid}/stat")
        try:
            if stat.read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.05)
    return False
