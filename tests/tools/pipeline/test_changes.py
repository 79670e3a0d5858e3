"""What a pull request is told about templates."""

from pathlib import Path

import pytest

from tests.tools.pipeline.assemblies import queue, write
from tools.pipeline import changes
from tools.pipeline.__main__ import main
from tools.pipeline.cdk_diff import Difference, Loss
from tools.pipeline.changes import Change
from tools.pipeline.errors import PipelineError

_TEXT = """\
IAM Statement Changes
┌───┬──────────────────────────┬────────┐
│   │ Resource                 │ Effect │
├───┼──────────────────────────┼────────┤
│ + │ cloudmart-{stage}-images │ Allow  │
└───┴──────────────────────────┴────────┘

Resources
[-] AWS::SQS::Queue Old destroy
[~] AWS::SQS::Queue Jobs
 └─ [~] VisibilityTimeout
     ├─ [-] 10
     └─ [+] 20"""


def _change(stage: str, stack: str = "DataStack", text: str = _TEXT, losses: tuple[Loss, ...] = ()) -> Change:
    return Change(
        stage=stage, stack=stack, fate="changed", difference=Difference(text.replace("{stage}", stage), losses)
    )


def test_nothing_is_news_too() -> None:
    assert changes.markdown([], stages=["prod", "dev"]) == "**Templates: nothing changes** in prod, dev.\n"


def test_what_is_lost_is_said_first_and_in_one_line() -> None:
    text = changes.markdown(
        [_change("prod", losses=(Loss("AWS::SQS::Queue Old", "will be destroyed", ()),))], stages=["prod", "dev"]
    )
    first, _, second, *_ = text.splitlines()
    assert first == (
        "**Templates: 1 resource replaced, destroyed or left behind; permissions change in DataStack; 1 stack changes**"
    )
    assert second == "* prod: `AWS::SQS::Queue Old will be destroyed`"
    assert "| DataStack | prod |  | 1 | 1 | 1 | yes |" in text
    assert "Unchanged: dev." in text


def test_stages_that_change_alike_are_said_once_whatever_their_names_length() -> None:
    wide = _TEXT.replace("│ cloudmart-{stage}-images │", "│ cloudmart-{stage}-images      │").replace("┬──", "┬─────")
    text = changes.markdown([_change("staging"), _change("dev", text=wide)], stages=["staging", "dev"])
    assert text.count("<details>") == 1
    assert "| DataStack | staging, dev |" in text
    assert "(as staging has it; the others alike, but for the stage's name)" in text


def test_stages_that_change_otherwise_are_said_apart() -> None:
    other = _TEXT.replace("[+] 20", "[+] 30")
    text = changes.markdown([_change("prod"), _change("dev", text=other)], stages=["prod", "dev"])
    assert text.count("<details>") == 2


def test_github_colours_the_lines() -> None:
    lines = changes.markdown([_change("prod")], stages=["prod"]).splitlines()
    fenced = lines[lines.index("```diff") + 1 : lines.index("```")]
    assert fenced == [
        " IAM Statement Changes",
        " │   │ Resource                 │ Effect │",
        "+│ + │ cloudmart-prod-images │ Allow  │",
        " ",
        " Resources",
        "- AWS::SQS::Queue Old destroy",
        "! AWS::SQS::Queue Jobs",
        "! └─ VisibilityTimeout",
        "-     ├─ 10",
        "+     └─ 20",
    ]


def test_what_a_template_says_does_not_get_out_of_its_fence() -> None:
    text = changes.markdown(
        [_change("prod", text="Resources\n[+] A::B::C X\n````\n# Approved", losses=(Loss("A `B", "gone", ()),))],
        stages=["prod"],
    )
    assert "`````diff\n" in text
    assert text.rstrip().endswith("`````\n\n</details>")
    assert "`A 'B gone`" in text


def test_stacks_that_come_and_go(tmp_path: Path) -> None:
    kept = {"Resources": {"Kept": queue("k")}}
    write(tmp_path / "base" / "dev", Same=kept, Leaving={"Resources": {"Old": queue("o"), "Older": queue("p")}})
    write(tmp_path / "head" / "dev", Same=kept, Coming={"Resources": {"New": queue("n")}})
    found, stages = changes.between(tmp_path / "base", tmp_path / "head")
    assert stages == ["dev"]
    assert {change.stack: change.fate for change in found} == {"Coming": "new", "Leaving": "removed"}
    coming, leaving = found
    assert coming.difference.count("+") == 1
    assert leaving.difference.count("-") == 2
    text = changes.markdown(found, stages=stages)
    assert "| Coming (new) | dev | 1 |" in text
    assert "* dev: `stack, 2 resources, stays deployed until somebody runs 'cdk destroy' for it`" in text


def test_folders_without_an_assembly_are_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(PipelineError):
        changes.between(tmp_path, tmp_path)
    assert main(["changes", str(tmp_path), str(tmp_path)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: changes: given {tmp_path}")
    assert "cdk synth --output" in line


def test_the_command_writes_the_text(tmp_path: Path) -> None:
    for side in ("base", "head"):
        write(tmp_path / side / "lab", Same={"Resources": {"Kept": queue("k")}})
    assert main(["changes", str(tmp_path / "base"), str(tmp_path / "head"), "--markdown", str(tmp_path / "t.md")]) == 0
    assert (tmp_path / "t.md").read_text() == "**Templates: nothing changes** in lab.\n"
