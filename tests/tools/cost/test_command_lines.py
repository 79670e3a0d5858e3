"""Both command lines: what they print and write, and how they refuse."""

import json
from pathlib import Path
from unittest import mock

import pytest
from jsonschema_rs import Draft202012Validator

from cloudmart_cdk.costs import prices
from tests.conftest import Synthesize
from tools.cost import diff
from tools.cost.__main__ import main

_SCHEMA = Path(diff.__file__).with_name("bill.schema.json")


@pytest.fixture
def lab(synthesized: Synthesize) -> str:
    return str(synthesized("lab").folder)


def test_a_table_of_stacks_with_both_books(lab: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--assembly", lab]) == 0
    text = capsys.readouterr().out
    for words in ("the course's prices", "Seoul's list prices", "VpcStack", "0.800 USD a session is the cap", "usage"):
        assert words in text
    assert max(map(len, text.splitlines()[:12])) <= 126


def test_items_name_every_nat_gateway(lab: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--assembly", lab, "--items"]) == 0
    assert sum("nat" in row.lower() and "VpcStack" in row for row in capsys.readouterr().out.splitlines()) >= 1


def test_json_keeps_to_its_schema_and_adds_up(lab: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--assembly", lab, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    Draft202012Validator(json.loads(_SCHEMA.read_text(encoding="utf-8"))).validate(data)
    (stage,) = data["stages"]
    for book in ("course", "seoul"):
        counted = sum(item["usd_hour"][book] for item in stage["items"] if item["kind"] != "apart")
        of_stacks = sum(stack["totals"][book][kind]["hour"] for stack in stage["stacks"] for kind in ("fixed", "usage"))
        total = stage["totals"][book]["fixed"]["hour"] + stage["totals"][book]["usage"]["hour"]
        assert counted == pytest.approx(total, abs=1e-5)
        assert of_stacks == pytest.approx(total, abs=1e-5)


def test_files_of_a_stage(lab: str, tmp_path: Path) -> None:
    assert main(["--assembly", lab, "--output", str(tmp_path / "new")]) == 0
    assert {file.name for file in (tmp_path / "new").iterdir()} == {"cost.json", "lab.md", "lab.svg"}


def test_stages_beside_each_other(synthesized: Synthesize, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for stage in ("lab", "prod"):
        (tmp_path / stage).symlink_to(synthesized(stage).folder)
    assert main(["--assembly", str(tmp_path), "--all"]) == 0
    rows = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line]
    assert [row for row in rows if row in ("lab", "prod")] == ["lab", "prod"]


def test_two_folders_are_compared_whatever_their_stages(
    synthesized: Synthesize, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    into = tmp_path / "cost.md"
    folders = [str(synthesized(stage).folder) for stage in ("lab", "prod")]
    assert diff.main([*folders, "--markdown", str(into)]) == 0
    verdict = capsys.readouterr().out.splitlines()[0]
    assert verdict.startswith("Cost: prod +")
    assert into.read_text(encoding="utf-8").startswith(f"**{verdict}**")


def test_equal_folders_say_so(lab: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert diff.main([lab, lab]) == 0
    assert capsys.readouterr().out.strip() == "Cost: nothing changed"


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["--stage", "qa"], 1),
        (["--stage", ""], 1),
        (["--options", "--stage", ""], 1),
        (["--all", "--stage", ""], 2),
        (["--stage", "lab", "-c", "stage=prod"], 2),
        (["-c", "no-equals"], 2),
        (["--all", "--items"], 2),
        (["-c", "no.such=setting"], 1),
        (["--assembly", "no-such-folder"], 1),
        (["--assembly", "cdk.out", "-c", "cache.engine=valkey"], 2),
        (["--page"], 2),
        (["--options", "--output", "somewhere"], 2),
        (["--all", "--stage", "lab"], 2),
    ],
)
def test_bad_input_is_one_line(arguments: list[str], status: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == status
    lines = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("cost: ")]
    assert len(lines) == 1
    assert lines[0].startswith("error: ")


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ([], 2),
        (["no-such-commit-or-stage"], 1),
        (["lab", "prod", "-c", "cache.engine=valkey"], 2),
        (["HEAD", "HEAD", "--stage", "qa"], 2),
        (["lab", "dev", "--stage", "prod"], 1),
        (["HEAD", "HEAD", "--limit", "none"], 2),
        (["HEAD", "HEAD", "--limit", "-5"], 2),
        ([""], 1),
    ],
)
def test_bad_input_of_diff_is_one_line(arguments: list[str], status: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert diff.main(arguments) == status
    (only,) = capsys.readouterr().err.splitlines()
    assert only.startswith("error: ")


def test_a_price_file_that_is_none_is_one_line(
    lab: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(prices, "load", mock.Mock(side_effect=prices.FileError("prices.toml: given x; allowed: y; z")))
    assert main(["--assembly", lab]) == 1
    assert capsys.readouterr() == ("", "error: prices.toml: given x; allowed: y; z\n")


def test_a_stage_that_one_side_lacks_is_refused(
    synthesized: Synthesize, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for stage in ("lab", "prod"):
        (tmp_path / stage).symlink_to(synthesized(stage).folder)
    assert diff.main([str(tmp_path), str(tmp_path), "--stage", "dev"]) == 1
    assert "given dev; allowed: lab, prod" in capsys.readouterr().err


def test_a_stage_that_one_folder_lacks_is_said_first(
    synthesized: Synthesize, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A synth of the base that failed must not read as a change without a cost."""
    for side, stages in (("base", ("lab",)), ("head", ("lab", "prod"))):
        (tmp_path / side).mkdir()
        for stage in stages:
            (tmp_path / side / stage).symlink_to(synthesized(stage).folder)
    sides, into = [str(tmp_path / side) for side in ("base", "head")], tmp_path / "cost.md"
    assert diff.main([*sides, "--markdown", str(into)]) == 0
    verdict = "Cost: nothing changed; prod on one side only, NOT COMPARED"
    assert capsys.readouterr().out.strip() == verdict
    assert into.read_text(encoding="utf-8") == f"**{verdict}**\n"


def test_no_synthesized_folder_is_no_reason_to_fall(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--assembly", str(tmp_path)]) == 1
    assert "a folder without manifest.json" in capsys.readouterr().err
