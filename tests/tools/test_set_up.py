"""Set-up's steps: what failed or was interrupted runs again, what changed runs again, the rest does not."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tools import set_up
from tools.set_up import SetUpError, Step

Ran = list[str]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder with one file that a step is made from, and a set-up that runs there."""
    (tmp_path / "pins.txt").write_text("one==1\n")
    for name, folder in (("PROJECT", ""), ("CACHE", ".cache"), ("VENV", ".venv"), ("STAMPS", ".venv/.stamps")):
        monkeypatch.setattr(set_up, name, tmp_path / folder)
    monkeypatch.setattr(set_up, "environment", dict)
    return tmp_path


@pytest.fixture
def run(project: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, Ran]]:
    """`run(second=work)`: one set-up of three steps; answers its status and which steps ran."""

    def once(second: Callable[[], None] = lambda: None) -> tuple[int, Ran]:
        ran: Ran = []
        made = project / ".venv" / "made"

        def first() -> None:
            ran.append("first")
            made.parent.mkdir(exist_ok=True)
            made.touch()

        def middle() -> None:
            ran.append("second")
            second()

        def steps() -> Sequence[Step]:
            return (
                Step("first", (), (made,), first),
                Step("second", ("pins.txt",), (), middle),
                Step("third", (), (), lambda: ran.append("third")),
            )

        monkeypatch.setattr(set_up, "_steps", steps)
        return set_up.main(), ran

    return once


def test_second_run_does_nothing(run: Callable[..., tuple[int, Ran]]) -> None:
    assert run() == (0, ["first", "second", "third"])
    assert run() == (0, [])


def test_changed_file_runs_its_step_and_what_follows(project: Path, run: Callable[..., tuple[int, Ran]]) -> None:
    run()
    (project / "pins.txt").write_text("one==2\n")
    assert run() == (0, ["second", "third"])


def test_lost_result_runs_its_step_only(project: Path, run: Callable[..., tuple[int, Ran]]) -> None:
    run()
    (project / ".venv" / "made").unlink()
    assert run() == (0, ["first"])


def test_moved_folder_runs_everything(
    project: Path, run: Callable[..., tuple[int, Ran]], monkeypatch: pytest.MonkeyPatch
) -> None:
    run()
    (project / "elsewhere").mkdir()
    (project / "elsewhere" / "pins.txt").write_text("one==1\n")
    monkeypatch.setattr(set_up, "PROJECT", project / "elsewhere")
    assert run() == (0, ["first", "second", "third"])


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (SetUpError("error: `pip ...` ended with status 1"), 1, "error: `pip ...` ended with status 1"),
        (
            KeyboardInterrupt(),
            130,
            "error: set-up interrupted; run the same command again, it goes on where it stopped",
        ),
    ],
)
def test_failure_is_one_line_and_leaves_no_stamp(
    error: BaseException,
    status: int,
    line: str,
    run: Callable[..., tuple[int, Ran]],
    project: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail() -> None:
        raise error

    assert run(second=fail) == (status, ["first", "second"])
    assert capsys.readouterr().err == f"{line}\n"
    assert [stamp.name for stamp in (project / ".venv" / ".stamps").iterdir()] == ["first"]
    assert run() == (0, ["second", "third"])


def test_link_replaces_what_is_there_and_stays_relative(tmp_path: Path) -> None:
    target, link = tmp_path / "packages" / "node", tmp_path / "bin" / "node"
    for file in (target, link):
        file.parent.mkdir()
        file.write_text("")
    set_up._link(link, target)
    assert link.readlink() == Path("../packages/node")
