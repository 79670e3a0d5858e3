"""The one issue about drift: opened, changed, closed; and what nobody could look at is no news."""

from pathlib import Path

import pytest

from tests.tools.pipeline.github import SOMEBODY, Repository
from tools.pipeline import drift
from tools.pipeline.__main__ import main

_CLEAN = (
    "Stack VpcStack (cloudmart-{}-VpcStack)\n"
    "No drift detected\n\n✨  Number of resources with drift: 0 (12 unchecked)\n"
)
_DRIFTED = (
    "Stack VpcStack (cloudmart-{}-VpcStack)\nModified Resources\n[~] AWS::EC2::SecurityGroup Firewall/Backend X\n"
    " └─ [~] /SecurityGroupIngress/0/CidrIp\n\n1 resource has drifted from their expected configuration\n\n"
    "✨  Number of resources with drift: 2 (12 unchecked)\n"
)


def _night(folder: Path, **said: str) -> int:
    """As the jobs leave it: an artifact a stage."""
    for stage, text in said.items():
        (folder / f"drift-{stage}").mkdir(parents=True, exist_ok=True)
        (folder / f"drift-{stage}" / f"{stage}.txt").write_text(text.format(stage))
    return main(["drift", str(folder), "--stages", "dev", "prod"])


def test_a_clean_night_says_nothing(repository: Repository, tmp_path: Path) -> None:
    assert _night(tmp_path, dev=_CLEAN, prod=_CLEAN) == 0
    assert repository.calls == []


def test_drift_opens_one_issue_which_is_changed_and_closed_when_it_is_gone(
    repository: Repository, tmp_path: Path
) -> None:
    assert _night(tmp_path, dev=_CLEAN, prod=_DRIFTED) == 0
    (issue,) = repository.issues
    assert issue["title"] == drift.TITLE
    assert "## prod: 2 resources, 12 more that CloudFormation cannot compare" in issue["body"]
    assert "Firewall/Backend" in issue["body"]
    assert "## dev" not in issue["body"]
    assert _night(tmp_path, dev=_DRIFTED, prod=_DRIFTED) == 0
    (issue,) = repository.issues
    assert "## dev" in issue["body"]
    assert _night(tmp_path, dev=_CLEAN, prod=_CLEAN) == 0
    assert repository.issues[0]["state"] == "closed"
    assert repository.calls == ["POST issues", "PATCH issues/70", "POST issues/70/comments", "PATCH issues/70"]
    assert _night(tmp_path, dev=_DRIFTED, prod=_CLEAN) == 0
    assert [issue["state"] for issue in repository.issues] == ["closed", "open"]


def test_somebody_elses_issue_is_left_alone(repository: Repository, tmp_path: Path) -> None:
    repository.issues = [{"number": 1, "state": "open", "user": SOMEBODY, "title": drift.TITLE, "body": drift.MARK}]
    assert _night(tmp_path, dev=_CLEAN, prod=_CLEAN) == 0
    assert repository.calls == []


@pytest.mark.parametrize(
    "said",
    [{}, {"dev": "❌ Stack with id x does not exist\n"}, {"dev": _CLEAN + "⚠️  Failed to check drift for 1 stack(s)."}],
)
def test_a_stage_that_could_not_be_looked_at_is_neither_clean_nor_drift(
    repository: Repository, tmp_path: Path, said: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert _night(tmp_path / "first", dev=_DRIFTED, prod=_CLEAN) == 0
    assert _night(tmp_path / "second", prod=_CLEAN, **said) == 1
    assert capsys.readouterr().err.startswith("error: drift: could not look at dev (no drift seen); ")
    assert repository.issues[0]["state"] == "open"
    assert len(repository.calls) == 1
    assert _night(tmp_path / "third", prod=_DRIFTED, **said) == 1
    assert "Could not be looked at: dev." in repository.issues[0]["body"]


def test_the_issue_is_fit_for_github_whatever_drifted(repository: Repository, tmp_path: Path) -> None:
    assert _night(tmp_path, dev=_DRIFTED.replace("X", "```\n" * 20_000), prod=_DRIFTED) == 0
    body = repository.issues[0]["body"]
    assert len(body) <= 65_536
    assert "## prod: 2 resources" in body
    assert "cdk drift of dev: too long for here" in body
