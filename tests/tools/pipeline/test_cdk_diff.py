"""CDK's own differ, run: what the pinned CLI answers, and what is read out of it."""

import json
import os
from pathlib import Path
from unittest import mock

import pytest

from tests.tools.pipeline.assemblies import queue, role, write
from tools.pipeline.cdk_diff import Difference, Loss, compare
from tools.pipeline.errors import PipelineError

BEFORE = {
    "Resources": {
        "Named": queue("a"),
        "Gone": queue("b"),
        "Kept": {**queue("k"), "DeletionPolicy": "Retain"},
        "Plain": queue("c", 10),
        "Reader": role("s3:GetObject"),
    }
}
AFTER = {"Resources": {"Named": queue("z"), "New": queue("d"), "Plain": queue("c", 20), "Reader": role("s3:*")}}


@pytest.fixture(scope="module")
def difference(tmp_path_factory: pytest.TempPathFactory) -> Difference:
    """Asked for from a narrow terminal, which shows nowhere."""
    folder = tmp_path_factory.mktemp("changed")
    (folder / "before.json").write_text(json.dumps(BEFORE))
    with mock.patch.dict(os.environ, {"COLUMNS": "40"}):
        return compare(folder / "before.json", write(folder / "after", S=AFTER), "S")


def test_resources_are_counted_by_what_becomes_of_them(difference: Difference) -> None:
    assert {sign: difference.count(sign) for sign in "+~-"} == {"+": 1, "~": 3, "-": 2}


def test_what_is_lost_is_named_with_the_property_that_asks_for_it(difference: Difference) -> None:
    assert set(difference.losses) == {
        Loss("AWS::SQS::Queue Named", "will be replaced", ("QueueName",)),
        Loss("AWS::SQS::Queue Gone", "will be destroyed", ()),
        Loss("AWS::SQS::Queue Kept", "will be orphaned", ()),
    }
    assert "AWS::SQS::Queue Named will be replaced: QueueName" in map(str, difference.losses)


def test_permissions_come_first_and_are_noticed(difference: Difference) -> None:
    assert difference.permissions
    assert difference.text.startswith("IAM Statement Changes")
    assert difference.text.index("s3:*") < difference.text.index("\nResources")
    assert not Difference("Resources\n[+] AWS::SQS::Queue New").permissions


def test_nothing_of_the_clis_chatter_stays(difference: Difference) -> None:
    for word in ("Stack S", "NOTE", "Number of stacks", "destructive", "\x1b"):
        assert word not in difference.text


def test_the_same_is_nothing_and_needs_no_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "of-nobody")
    (tmp_path / "before.json").write_text(json.dumps(AFTER))
    assert compare(tmp_path / "before.json", write(tmp_path / "after", S=AFTER), "S") == Difference("")


def test_what_the_cli_cannot_read_is_refused_in_its_words(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r"^error: cdk diff: given S in .*missing\.json"):
        compare(tmp_path / "missing.json", write(tmp_path / "after", S=AFTER), "S")
