"""Table, JSON, picture, pages and command: what they say, and what they refuse."""

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from cloudmart_cdk.settings.topology import DATA, EKS, VPC
from tests.conftest import Synthesize
from tests.support import PROJECT
from tests.tools.plan.small import assembly, slow, times_file
from tools.assembly import Assembly
from tools.plan import __main__ as command
from tools.plan import gantt, pages, report, times
from tools.plan.plan import Plan, make
from tools.plan.times import Span
from tools.svg import width


@pytest.fixture
def small(tmp_path: Path) -> Plan:
    stacks = {"First": {"A": slow(), "B": slow("A")}, "Beside": {"A": slow()}, "Last": {"A": {"Type": "Quick"}}}
    made = assembly(tmp_path, stacks, {"Last": ["First", "Beside"]})
    return make(made, times.load(times_file(tmp_path)), "create")


def test_table(small: Plan) -> None:
    head, alone, _, columns, *rows = report.text(small, title="stage lab").splitlines()
    assert head == "cdk deploy --all of stage lab: 22 to 44 minutes with --concurrency 4"
    assert alone.startswith("one stack at a time: 33 to 66;")
    assert columns.split() == ["wave", "stack", "begins", "takes", "slow", "slack", *["begins", "when", "these", "end"]]
    assert [row.split() for row in rows[:3]] == [
        ["1", "First", "0.0", "21.0", "42.0", "*"],
        ["1", "Beside", "0.0", "11.0", "22.0", "10.0"],
        ["2", "Last", "21.0", "1.0", "2.0", "*", "First"],
    ]


def test_chains_name_constructs_and_mark_estimates(tmp_path: Path) -> None:
    made = assembly(tmp_path, {"S": {"A": slow()}})
    loaded = times.load(times_file(tmp_path))
    assert "   10.0   A (Slow)" in report.text(make(made, loaded, "create"), title="x")
    down = report.text(make(made, loaded, "delete"), title="x")
    assert "    3.0 ~ A (Slow)" in down
    assert "~: nobody's document" in down
    assert "change set" not in down


def test_pictures_and_tables_mark_estimates_too(tmp_path: Path) -> None:
    made, loaded = assembly(tmp_path, {"S": {"A": slow()}}), times.load(times_file(tmp_path))
    up, down = (gantt.draw(make(made, loaded, operation), title="x") for operation in times.OPERATIONS)
    assert ">Slow 10<" in up
    assert ">Slow ~3<" in down


def test_gains(small: Plan) -> None:
    assert report.gains(small) == "First, 21.0\n   10.0   B not after A (DependsOn)\n"


def test_json_says_who_says_so(small: Plan) -> None:
    told = json.loads(json.dumps(report.data(small)))
    assert told["critical"] == ["First", "Last"]
    assert told["waves"] == [["First", "Beside"], ["Last"]]
    (first,) = (stack for stack in told["stacks"] if stack["name"] == "First")
    assert first["minutes"] == {"usual": 21, "slow": 42}
    assert first["chain"][0] | {"note": ""} == {
        "resource": "A",
        "path": "A",
        "type": "Slow",
        "begins": 0,
        "minutes": {"usual": 10, "slow": 20},
        "source": "AWS",
        "document": "a page",
        "address": "https://docs.aws.amazon.com/",
        "note": "",
    }


def test_picture_has_a_bar_a_stack_and_marks_what_decides(small: Plan) -> None:
    root = ElementTree.fromstring(gantt.draw(small, title="stage lab"))
    texts = [element.text for element in root.iter() if element.tag.endswith("text")]
    assert {"First", "Beside", "Last", "cdk deploy --all, stage lab"} <= set(texts)
    bars = [element for element in root.iter() if element.tag.endswith("rect") and element.get("rx") == "4"]
    left = [float(bar.get("x", "")) for bar in bars]
    assert left[0] == left[1] < left[2], "the first two begin together"
    assert len([element for element in root.iter() if element.get("class") == "person"]) == 2 + 1, "and the legend's"


@pytest.mark.parametrize("operation", times.OPERATIONS)
def test_no_bar_or_word_leaves_the_paper(operation: times.Operation, synthesized: Synthesize) -> None:
    plan = make(Assembly(synthesized("prod").folder), times.load(), operation)
    root = ElementTree.fromstring(gantt.draw(plan, title="stage prod"))
    wide = float(root.get("width", ""))
    for element in root.iter():
        x, text = float(element.get("x", "0")), element.text or ""
        if element.tag.endswith("rect"):
            assert x + float(element.get("width", "0")) <= wide
        elif element.tag.endswith("text"):
            right = {"start": 1, "middle": 0.5, "end": 0}[element.get("text-anchor", "")]
            assert x + right * width(text, float(element.get("font-size", ""))) <= wide, text


@pytest.mark.parametrize(("span", "said"), [((0.2, 0.4), "1"), ((3.4, 3.4), "3"), ((17.2, 22.4), "17 to 22")])
def test_whole_minutes(span: tuple[float, float], said: str) -> None:
    assert report.rounded(Span(*span)) == said


@pytest.fixture
def stages(synthesized: Synthesize) -> dict[str, Assembly]:
    return {stage: Assembly(synthesized(stage).folder) for stage in pages.PICTURED}


def test_readmes_table(stages: dict[str, Assembly]) -> None:
    table = pages.table(stages).splitlines()
    assert table[0] == "| minutes | lab, up | lab, down | prod, up | prod, down |"
    assert [row.split("|")[1].strip() for row in table[2:4]] == [VPC, DATA]
    assert [row.split("|")[2].strip() == "" for row in table if "EdgeStack" in row] == [True]
    assert table[-1].startswith("| **all**, one at a time |")
    assert f" {report.rounded(pages.of(stages['lab'])[EKS])} |" in next(row for row in table if EKS in row)


def test_page_has_a_place_for_each_block_and_shows_each_picture(stages: dict[str, Assembly]) -> None:
    text = pages.PAGE.read_text(encoding="utf-8")
    blocks = pages.blocks(stages)
    assert set(re.findall(r"<!-- generated: (\w+) -->", text)) == blocks.keys()
    assert {f"images/plan/{file.name}" for file in pages.pictures(stages)} == set(
        re.findall(r"\((images/[^)]+)\)", text)
    )
    assert pages.sources() in text, "docs/plan.md is out of date: run make docs"
    assert "| VpcStack | Network/Vpc/PublicSubnet1/NATGateway " in blocks["plan_chain"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--concurrency", "0"], "--concurrency: given 0; allowed: a whole number from 1 on"),
        (["--nonsense"], "command line: given unrecognized arguments: --nonsense"),
        (["-c", "stage"], "-c: given stage; allowed: KEY=VALUE"),
    ],
)
def test_bad_arguments(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {said}")


def test_command_prints_json_and_writes_the_picture(
    synthesized: Synthesize,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    asked: list[dict[str, str]] = []

    def synthesize(context: dict[str, str]) -> Assembly:
        asked.append(context)
        return Assembly(synthesized("lab").folder)

    monkeypatch.setattr(command, "synthesize", synthesize)
    picture = tmp_path / "plan.svg"
    arguments = ["--destroy", "--json", "--svg", str(picture), "-c", "off_hours=true", "--concurrency", "1"]
    assert command.main(arguments) == 0
    told = json.loads(capsys.readouterr().out)
    assert asked == [{"off_hours": "true"}]
    assert told["of"] == "stage lab, off_hours=true"
    assert (told["operation"], told["concurrency"]) == ("destroy", 1)
    assert told["minutes"] == told["one_at_a_time"]
    assert "cdk destroy --all, stage lab" in picture.read_text(encoding="utf-8")
    assert command.main(["--svg", str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith(f"error: file: given {tmp_path}: Is a directory; ")


def test_a_stage_that_nobody_has_is_refused_in_one_line() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tools.plan", "--stage", "moon"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert run.stderr.startswith("error: ")
    assert "moon" in run.stderr
    assert len(run.stderr.splitlines()) == 1
    assert run.stdout == ""
