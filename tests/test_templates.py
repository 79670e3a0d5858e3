"""The templates as a whole: each stack's snapshot, and what cfn-lint says of them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from cloudmart_cdk.settings import load_settings
from cloudmart_cdk.settings.topology import NEEDS
from tests.support import PROJECT, synthesize

STAGES = ("lab", "prod")
STACKS = [(stage, stack) for stage in STAGES for stack in NEEDS if load_settings({"stage": stage}).has(stack)]


class TemplateExtension(JSONSnapshotExtension):
    """Hashes of assets are masked: they change with every release of CDK, and say nothing to a reader."""

    file_extension = "template.json"

    def serialize(self, *arguments: object, **options: object) -> str:
        text = super().serialize(*arguments, **options)  # type: ignore[arg-type]  # passed on as they came
        return re.sub(r"\b[0-9a-f]{64}\b", "<hash>", str(text))


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(TemplateExtension)


@pytest.mark.parametrize(("stage", "stack"), STACKS)
def test_stack_is_as_reviewed(stage: str, stack: str, snapshot: SnapshotAssertion) -> None:
    """A difference is either a mistake or wanted; then `make test ARGS=--snapshot-update`, and review the diff."""
    assert synthesize({"stage": stage}).templates[stack] == snapshot


def test_cfn_lint_is_content(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Warnings included. What is left out stands in `.cfnlintrc.yaml`, with reasons."""
    monkeypatch.setenv("HOME", str(tmp_path))  # a user's own configuration is none of ours
    folders = [synthesize({"stage": stage}).folder for stage in STAGES]
    templates = [str(file) for folder in folders for file in sorted(folder.glob("*.template.json"))]
    done = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), "--format", "parseable", "--", *templates],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert len(templates) == len(STACKS)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
