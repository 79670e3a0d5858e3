"""The rubric adds up in both languages; the grade is the same in every form; refusals are one line."""

import json
import re
import shlex
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from commands.errors import CommandLineError
from labs.grade import command_line, report, rubric
from labs.grade.cost import CAP_USD, Cost
from labs.grade.drill import Drill
from labs.grade.evidence import Evidence, Seen, proportionally, strictly
from labs.grade.grading import Grade, Mark
from labs.rehearsal.guides import Guide
from localcloud.state import PROJECT
from tools import docs

_GUIDES = ("1-vpc", "2-data", "3-backend", "4-frontend", "5-eks", "6-monitoring")


def test_points_add_up_to_those_of_the_areas_and_to_a_hundred() -> None:
    areas = {area.id: area.points for area in rubric.areas()}
    assert areas == {"architecture": 30, "availability": 30, "security": 20, "monitoring": 20}
    sums = dict.fromkeys(areas, 0)
    for criterion in rubric.criteria():
        sums[criterion.area] += criterion.points
    assert sums == areas


def test_every_text_is_there_in_both_languages_and_every_guide_exists() -> None:
    for criterion in rubric.criteria():
        for texts in (criterion.title, criterion.why, criterion.do):
            assert set(texts) == set(rubric.LANGUAGES)
            assert all(texts.values())
            assert any("가" <= letter <= "힣" for letter in texts["ko"]) or texts["ko"] == texts["en"]
        assert criterion.guide in _GUIDES
    assert rubric.words("en").keys() == rubric.words("ko").keys()


@pytest.mark.parametrize("page", rubric.pages(), ids=lambda page: page.parent.name)
def test_the_challenges_page_shows_the_rubric(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert docs.fill(text, rubric.blocks()) == text, "run `make docs`"
    assert "rubric_" in text


@pytest.mark.parametrize("name", ["challenge.md", "grading.md"])
def test_both_languages_have_the_same_commands_and_structure(name: str) -> None:
    fences, shapes = [], []
    for page in (page.with_name(name) for page in rubric.pages()):
        text = page.read_text(encoding="utf-8")
        fences.append([(fence.info, fence.text) for fence in Guide(page).fences()])
        shapes.append(re.findall(r"^(#+) |^(<details>)|^(\| *\d)|^(\d\.) ", text, re.MULTILINE))
    assert fences[0] == fences[1]
    assert fences[0]
    assert shapes[0] == shapes[1]


def test_the_pages_commands_are_ones_that_the_checker_takes() -> None:
    given = [
        line.strip().partition(" ||")[0]
        for page in (rubric.pages()[0], rubric.pages()[0].with_name("grading.md"))
        for fence in Guide(page).fences()
        for line in fence.text.splitlines()
        if line.strip().startswith("python -m labs.grade")
    ]
    assert len(given) > 6
    for line in given:
        command_line.parse([each.replace("~", str(PROJECT)) for each in shlex.split(line)[3:]])


def test_patterns_take_the_same_values_in_both_languages() -> None:
    def fields(pattern: str) -> set[str]:
        return {part.partition("}")[0].partition(":")[0] for part in pattern.split("{")[1:]}

    english, korean = rubric.words("en"), rubric.words("ko")
    # "within" speaks of what is left, "over" of the excess; each says so in both languages.
    assert {key: fields(text) for key, text in english.items()} == {key: fields(text) for key, text in korean.items()}


def test_points_are_whole_and_full_only_for_everything() -> None:
    seen = [Seen("a", "x", "1", ok=True), Seen("b", "x", "1", ok=True), Seen("c", "x", "0", ok=False)]
    assert proportionally(seen).share == Fraction(2, 3)
    assert [proportionally(seen).points(of) for of in (1, 2, 3, 4)] == [0, 1, 2, 2]
    assert strictly(seen).points(4) == 0
    assert strictly(seen[:2]).points(4) == 4
    assert proportionally([]).points(5) == 0, "nothing there earns nothing"


def graded(*, lost: str = "", needs: str = "", usd: float = 0.5, drill: Drill | None = None) -> Grade:
    """All points, but for one criterion."""

    def mark(criterion: rubric.Criterion) -> Mark:
        ok = criterion.id != lost
        return Mark(criterion, Evidence((Seen("thing", "is | so", "true", ok),)), needs=needs if not ok else "")

    marks = tuple(map(mark, rubric.criteria()))
    return Grade("team3-lab", "local cloud", marks, Cost(usd=usd, dearest=(("VpcStack: NAT", 0.1),)), drill)


@pytest.mark.parametrize("language", rubric.LANGUAGES)
def test_the_three_forms_say_the_same(language: rubric.Language) -> None:
    grade = graded(lost="nat")
    said = rubric.words(language)
    text = report.text(grade, language, least=90)
    page = report.markdown(grade, language, least=90)
    data = json.loads(report.as_json(grade, language, least=90))
    assert (data["points"], data["of"], data["passed"]) == (96, 100, True)
    for shown in (text, page):
        assert said["score"].format(points=96, of=100) in shown
        assert said["passed"].format(least=90) in shown
        assert f"docs/labs/{language}/1-vpc.md" in shown
    assert "is \\| so" in page, "a bar in a cell ends it"
    (nat,) = [c for area in data["areas"] for c in area["criteria"] if c["id"] == "nat"]
    assert (nat["points"], nat["of"], nat["guide"]) == (0, 4, f"docs/labs/{language}/1-vpc.md")
    assert nat["do"] in text


def test_what_could_not_be_read_earns_nothing_and_is_said() -> None:
    grade = graded(lost="database", needs="rds:DescribeDBInstances")
    assert grade.points == 95
    assert "not allowed: needs rds:DescribeDBInstances" in report.text(grade, "en", least=90)


def test_too_dear_does_not_pass_whatever_the_points() -> None:
    assert graded(usd=CAP_USD).passed(100)
    dear = graded(usd=CAP_USD + 0.12)
    assert not dear.passed(0)
    assert "OVER BUDGET: 0.92 USD a session of 50 minutes, 0.12 above 0.80" in report.text(dear, "en", least=90)
    unknown = Cost(unknown="no price")
    assert "no public document" not in report.text(dear, "en", least=90)
    assert not unknown.within


def test_what_of_the_cost_nobody_could_source_is_said() -> None:
    grade = replace(graded(), cost=Cost(usd=0.5, unsourced_usd=0.02))
    for shown in (report.text(grade, "en", least=90), report.markdown(grade, "en", least=90)):
        assert "0.02 USD of it at prices that no public document was found for" in shown
    assert json.loads(report.as_json(grade, "en", least=90))["cost"]["unsourced_usd_session"] == 0.02


def test_a_drill_is_told_in_words() -> None:
    served = Drill(instance="i-1", asked=9, seconds=12.3, whole=True)
    assert served.served
    assert "i-1 was ended; customers asked 9 times and were served" in report.text(graded(drill=served), "en", least=90)
    for failed in (Drill(instance="i-1", asked=9, failed=1, whole=True), Drill(instance="i-1", asked=9)):
        assert not failed.served
        assert "got no answer" in report.text(graded(drill=failed), "en", least=90)
    refused = report.text(graded(drill=Drill(refused="one instance")), "en", least=90)
    assert "not tried, one instance" in refused


@pytest.mark.parametrize(
    "arguments",
    [["--minimum", "101"], ["--minimum", "-1"], ["--state", "x"], ["--language", "fr"], ["--try", "--stage", "prod"]],
    ids=" ".join,
)
def test_bad_input_is_refused(arguments: list[str]) -> None:
    with pytest.raises(CommandLineError):
        command_line.parse(arguments)


def test_the_command_without_a_cloud_ends_in_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "labs.grade", "--local", "--state", str(tmp_path / "none")]
    ended = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("error: local cloud: given none that runs")
    assert ended.stderr.count("\n") == 1
