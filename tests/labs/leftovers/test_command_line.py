"""Bad command lines end in one line, before anything is asked of AWS."""

import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest

from commands.errors import CommandError, CommandLineError, RefusedSettingsError
from labs import place
from labs.leftovers.__main__ import _ask, parse
from tests.support import PROJECT


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (["--nonsense"], "command line"),
        (["-c", "stage"], "-c"),
        (["--state", "x"], "--state"),
        (["--yes"], "--yes"),
        (["--wait-minutes", "soon"], "--wait-minutes"),
        (["--wait-minutes", "-1"], "--wait-minutes"),
    ],
)
def test_refused(options: list[str], what: str) -> None:
    with pytest.raises(CommandLineError, match=f"^error: {what}: given .*; allowed: .*; .+$"):
        parse(options)


def test_a_name_that_no_copy_can_have() -> None:
    with pytest.raises(RefusedSettingsError, match=r"^error: name: given Team_3; allowed: .*; use .* -c name=team3$"):
        place.on_aws({"name": "Team_3"})


def test_no_local_cloud(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"^error: local cloud: given none that runs; "):
        place.in_local_cloud({}, folder=tmp_path)


def test_without_a_terminal_nothing_is_removed_unasked() -> None:
    with pytest.raises(CommandLineError, match=r"add --yes$"):
        _ask("team1-lab")


def test_no_answer_removes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-D."""
    monkeypatch.setattr("sys.stdin", mock.Mock(isatty=lambda: True))
    monkeypatch.setattr("builtins.input", mock.Mock(side_effect=EOFError))
    with pytest.raises(CommandError, match="given another answer than the name; nothing was removed"):
        _ask("team1-lab")


def test_as_a_command_it_answers_in_one_line() -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "labs.leftovers", "--name", "Team_3"], cwd=PROJECT, capture_output=True, text=True
    )
    assert (answer.returncode, answer.stdout, answer.stderr.count("\n")) == (1, "", 1)
