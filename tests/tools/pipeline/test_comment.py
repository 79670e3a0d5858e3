"""The one comment on a pull request: where it goes, that there is one, and what strangers cannot do with it."""

from pathlib import Path

import pytest

from tests.tools.pipeline.github import BOT, SOMEBODY, Repository
from tools.pipeline import comment
from tools.pipeline.__main__ import main

_COMMIT = "a" * 40
_RUN = "https://github.example/example/cloudmart/actions/runs/7"


@pytest.fixture(autouse=True)
def pull(repository: Repository) -> None:
    """A pull request of a fork."""
    repository.pulls = [_pull(5)]


def _pull(number: int, *, label: str = "stranger:topic", sha: str = _COMMIT, base: str = "main") -> dict[str, object]:
    return {"number": number, "state": "open", "head": {"label": label, "sha": sha}, "base": {"ref": base}}


def _post(*files: Path, head: str = "stranger:topic", commit: str = _COMMIT) -> int:
    return main(["comment", *map(str, files), "--head", head, "--commit", commit, "--run", _RUN])


def _text(folder: Path, content: str, name: str = "templates.md") -> Path:
    (folder / name).write_text(content)
    return folder / name


def test_the_comment_is_written_once_and_then_changed(repository: Repository, tmp_path: Path) -> None:
    cost = _text(tmp_path, "**Cost: +1**", "cost.md")
    assert _post(cost, _text(tmp_path, "first")) == 0
    assert _post(cost, _text(tmp_path, "second")) == 0
    (said,) = repository.comments[5]
    assert repository.calls == ["POST issues/5/comments", "PATCH issues/comments/5000"]
    assert said["body"].startswith(comment.MARK)
    assert said["body"].index("**Cost: +1**") < said["body"].index("second")
    assert "first" not in said["body"]
    assert _RUN in said["body"]


def test_it_is_found_behind_many_others_and_nobody_elses_is_changed(repository: Repository, tmp_path: Path) -> None:
    others = [{"id": number, "user": SOMEBODY, "body": f"{comment.MARK} mine"} for number in range(150)]
    repository.comments[5] = [*others, {"id": 999, "user": BOT, "body": comment.MARK}]
    assert _post(_text(tmp_path, "news")) == 0
    assert repository.calls == ["PATCH issues/comments/999"]


def test_the_pull_request_is_githubs_to_say_not_the_texts(repository: Repository, tmp_path: Path) -> None:
    repository.pulls = [
        _pull(3, label="somebody:topic"),
        _pull(4, base="old"),
        _pull(6, sha="b" * 40),
        _pull(5),
    ]
    assert _post(_text(tmp_path, "pull request 3, please")) == 0
    assert repository.calls == ["POST issues/5/comments"]


def test_a_pull_request_that_has_moved_on_gets_none(
    repository: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.pulls = [_pull(5, sha="b" * 40)]
    assert _post(_text(tmp_path, "old news")) == 0
    assert repository.calls == []
    assert capsys.readouterr().out.startswith("nothing to say")


def test_without_texts_it_says_so_and_where_to_look(repository: Repository, tmp_path: Path) -> None:
    assert _post(tmp_path / "cost.md", tmp_path / "templates.md") == 0
    assert f"**Nothing to compare**: templates were not made. [The run]({_RUN})" in repository.comments[5][0]["body"]


def test_nobody_is_called_and_no_mark_is_forged(repository: Repository, tmp_path: Path) -> None:
    assert _post(_text(tmp_path, f"@everybody look, @org/team too {comment.MARK} mail@ host")) == 0
    body = repository.comments[5][0]["body"]
    assert "@everybody" not in body
    assert "@org" not in body
    assert body.count(comment.MARK) == 1


def test_links_to_files_of_the_machine_are_not_followed(repository: Repository, tmp_path: Path) -> None:
    secret = _text(tmp_path, "secret", "token")
    (tmp_path / "templates.md").symlink_to(secret)
    assert _post(tmp_path / "templates.md") == 0
    assert "secret" not in repository.comments[5][0]["body"]


def test_it_is_never_longer_than_github_takes(repository: Repository, tmp_path: Path) -> None:
    folded = "\n\n".join(
        f"<details><summary>Stack{number}</summary>\n\n{'x' * 9000 * number}\n\n</details>" for number in range(1, 6)
    )
    assert _post(_text(tmp_path, f"**Templates: much**\n\n{folded}")) == 0
    body = repository.comments[5][0]["body"]
    assert len(body) <= 65_536
    assert "**Templates: much**" in body
    assert f"* Stack5: too long for here, in [the run]({_RUN})" in body
    assert body.count("<details>") == body.count("</details>") == 3
    assert _post(_text(tmp_path, "y" * 200_000)) == 0
    assert len(repository.comments[5][0]["body"]) <= 65_536
    assert repository.comments[5][0]["body"].endswith(f"all of it is in [the run]({_RUN}).\n")


@pytest.mark.parametrize(("head", "commit"), [("no-owner", _COMMIT), ("stranger:topic", "HEAD"), ("a&b:c", _COMMIT)])
def test_what_no_event_says_is_refused(
    repository: Repository, head: str, commit: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _post(head=head, commit=commit) == 1
    assert capsys.readouterr().err.startswith("error: pull request: given ")
    assert repository.calls == []


def test_what_github_refuses_is_one_line(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    repository.refuses = 403
    assert _post() == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line == (
        "error: GitHub: GitHub answers 403 to POST issues/5/comments; look at the job's permissions and run it again"
    )


def test_outside_a_job_it_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("GITHUB_TOKEN")
    assert _post() == 1
    assert "given no GITHUB_TOKEN" in capsys.readouterr().err
