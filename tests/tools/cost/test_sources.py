"""Where templates come from: stages, folders, commits; each synth in a folder that goes again."""

import json
import subprocess
from pathlib import Path

import pytest

from cloudmart_cdk.settings import SettingsError
from tests.conftest import Synthesize
from tools.cost import sources
from tools.cost.errors import CostError

_APP = """
import json, os, pathlib
context = json.loads(os.environ["CDK_CONTEXT_JSON"])
if context["stage"] == "dev":
    raise SystemExit("error: nothing of the sort")
into = pathlib.Path(os.environ["CDK_OUTDIR"])
stack = {"type": "aws:cloudformation:stack", "environment": "aws://unknown-account/ap-northeast-2",
         "metadata": {"/VpcStack": []},
         "properties": {"templateFile": "t.json", "tags": {"Stage": context["stage"]}}}
(into / "manifest.json").write_text(json.dumps({"artifacts": {"VpcStack": stack}}))
(into / "t.json").write_text(json.dumps({"Resources": {context["flag"]: {"Type": "AWS::EC2::VPC"}}}))
raise SystemExit(context["stage"] == "lab")  # as when policies refuse
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project with two commits, in place of this one: an app that needs no CDK."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "app.py").write_text(_APP, encoding="utf-8")
    for flag in ("Before", "After"):
        (folder / "cdk.json").write_text(json.dumps({"context": {"flag": flag}}), encoding="utf-8")
        for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", flag]):
            identity = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.com"]
            subprocess.run(["git", *identity, *command], cwd=folder, check=True)
    monkeypatch.setattr(sources, "PROJECT", folder)
    monkeypatch.setattr(sources, "_CACHE", folder / ".cache")
    return folder


def test_a_stage_is_this_checkout_with_what_is_not_committed(project: Path, tmp_path: Path) -> None:
    (project / "cdk.json").write_text(json.dumps({"context": {"flag": "Edited"}}), encoding="utf-8")
    found = sources.find("prod", scratch=tmp_path)
    assert found.stages == ("prod",)
    (resource,) = found.deployment("prod").resources
    assert resource.logical_id == "Edited"


def test_a_commit_is_synthesized_from_its_own_files(project: Path, tmp_path: Path) -> None:
    before, after = (sources.find(name, scratch=tmp_path) for name in ("HEAD~1", "HEAD"))
    assert [one.deployment("prod").resources[0].logical_id for one in (before, after)] == ["Before", "After"]
    assert before.label.startswith("HEAD~1 (")
    assert json.loads((project / "cdk.json").read_text(encoding="utf-8"))["context"]["flag"] == "After"


def test_nothing_is_left_behind(project: Path, tmp_path: Path) -> None:
    with sources.scratch_folder() as scratch:
        sources.find("HEAD", scratch=scratch).deployment("prod")
    assert list((project / ".cache").iterdir()) == []


def test_what_the_policies_refuse_is_priced_all_the_same(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sources.checkout().deployment("lab").resources
    assert "the policies refuse this synth" in capsys.readouterr().err


def test_a_synth_that_writes_nothing_is_refused_with_its_own_words(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CostError, match="given a synth of dev, this checkout that ended with status 1"):
        sources.checkout().deployment("dev")
    assert "nothing of the sort" in capsys.readouterr().err


def test_a_bad_setting_is_answered_before_any_synth(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SettingsError):
        sources.checkout({"no.such": "setting"}).deployment("lab")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("text", ["", "no-such-branch", "--output=/tmp/x", "HEAD~99"])
def test_what_is_neither_is_refused(text: str, project: Path, tmp_path: Path) -> None:
    with pytest.raises(CostError, match="allowed: lab, dev, staging, prod, a commit or branch, a folder"):
        sources.find(text, scratch=tmp_path)


def test_a_folder_knows_its_stage(synthesized: Synthesize, tmp_path: Path) -> None:
    found = sources.find(str(synthesized("lab").folder), scratch=tmp_path)
    assert found.stages == ("lab",)
    assert "VpcStack" in found.deployment("lab").stacks


def test_a_folder_of_folders_has_their_stages(synthesized: Synthesize, tmp_path: Path) -> None:
    for stage in ("prod", "lab"):
        (tmp_path / stage).symlink_to(synthesized(stage).folder)
    assert sources.folder(tmp_path).stages == ("lab", "prod")


def test_a_folder_that_is_one_has_what_lies_in_it_for_parts(synthesized: Synthesize, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").symlink_to(synthesized("prod").folder / "manifest.json")
    (tmp_path / "assembly-of-a-part").symlink_to(synthesized("lab").folder)
    assert sources.folder(tmp_path).stages == ("prod",)


def test_two_of_one_stage_are_not_chosen_from(synthesized: Synthesize, tmp_path: Path) -> None:
    for name in ("old", "new"):
        (tmp_path / name).symlink_to(synthesized("lab").folder)
    with pytest.raises(CostError, match=r"new and .*old, both of lab"):
        sources.folder(tmp_path)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CostError, match="a folder without manifest"):
        sources.folder(tmp_path)


@pytest.mark.parametrize("content", ["{", "[]", '{"artifacts": {}}'])
def test_a_broken_assembly_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(content, encoding="utf-8")
    with pytest.raises(CostError, match="which does not read"):
        sources.folder(tmp_path)
