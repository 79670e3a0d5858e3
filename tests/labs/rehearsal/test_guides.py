"""The pages: the same commands and structure in both languages, commands that only AWS understands, minutes, links."""

import re
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest

from cloudmart_cdk.settings.topology import NEEDS
from labs.rehearsal.guides import COMMAND_FENCES, FOLDER, LANGUAGES, ORDER, OUTPUT_FENCES, PAGES, Fence, Guide
from tests.support import PROJECT, synthesize
from tools import docs, lab_pages, lab_pictures, lab_words
from tools.assembly import Assembly
from tools.runbook.aws_cli import AwsCli
from tools.runbook.kinds import Held
from tools.runbook.names import Names
from tools.runbook.pages import Page
from tools.runbook.programs import Programs
from tools.runbook.rehearsal import rehearse

CASES: Final = [pytest.param(language, name, id=f"{language}-{name}") for language in LANGUAGES for name in PAGES]
SESSION_MINUTES: Final = 50
ON_AWS: Final = ("sh aws", "sh end", "sh end aws")
"""What the rehearsal cannot run, or runs for one guide only."""
_NOT_IN_LAB: Final = {"in one zone"}
"""Phrases for a lab with other settings."""
_PROVEN: Final = ("cdk ", "python ")
"""Commands that later ones need nothing of, and that the rehearsal runs."""
_LOOP: Final = re.compile(r"^ *(until|while) .*\bdone$", re.MULTILINE)


def guide(language: str, name: str) -> Guide:
    return Guide(FOLDER / language / f"{name}.md")


def fences(language: str, name: str, *kinds: str) -> list[Fence]:
    return [fence for fence in guide(language, name).fences() if fence.info in kinds]


@pytest.fixture(scope="module")
def lab() -> Assembly:
    return Assembly(synthesize({"stage": "lab"}).folder)


@pytest.mark.parametrize(("language", "name"), CASES)
def test_fences_are_known(language: str, name: str) -> None:
    for fence in guide(language, name).fences():
        assert fence.info in (*COMMAND_FENCES, *OUTPUT_FENCES, "yaml"), fence


@pytest.mark.parametrize("name", PAGES)
def test_languages_have_the_same_commands_and_the_same_structure(name: str) -> None:
    english, korean = (guide(language, name) for language in LANGUAGES)
    commands = [
        [(fence.info, fence.text) for fence in page.fences() if fence.info != "yaml"] for page in (english, korean)
    ]
    assert commands[0] == commands[1]
    shapes = [
        re.findall(r"^(#+) |^(<details>)|^(\| *\d)", page.path.read_text(), re.MULTILINE) for page in (english, korean)
    ]
    assert shapes[0] == shapes[1]
    assert len(shapes[0]) > 10


@pytest.mark.parametrize(("language", "name"), CASES)
def test_minutes_fill_a_session_without_a_gap(language: str, name: str) -> None:
    rows = re.findall(r"^\| (\d+)(?: to |~)(\d+) \|", guide(language, name).path.read_text(), re.MULTILINE)
    spans = [(int(start), int(end)) for start, end in rows]
    assert spans[0][0] == 0
    assert spans[-1][1] == SESSION_MINUTES
    assert all(before[1] == after[0] for before, after in pairwise(spans))


@pytest.mark.parametrize("name", ORDER)
def test_a_guide_deploys_its_stack_and_quotes_compose(name: str) -> None:
    stack = lab_pages.STACKS[name]
    deploys = [fence.text for fence in fences("en", name, "sh") if fence.text.startswith("cdk deploy")]
    assert deploys[0].split()[2] == stack
    assert fences("en", name, "yaml")


@pytest.mark.parametrize("name", ORDER)
def test_clean_up_takes_all_that_is_up_by_then(name: str) -> None:
    (destroy,) = (fence.text.split() for fence in fences("en", name, "sh end"))
    up = {lab_pages.STACKS[each] for each in ORDER[: ORDER.index(name) + 1]}
    assert set(destroy[2:]) >= {"--all"} or {word for word in destroy if word in NEEDS} == up


@pytest.mark.parametrize(("language", "name"), CASES)
def test_every_text_block_follows_commands(language: str, name: str) -> None:
    shown = [fence for fence in guide(language, name).fences() if fence.info != "yaml"]
    for before, after in pairwise(shown):
        if after.info in OUTPUT_FENCES:
            assert before.info in COMMAND_FENCES, after


@pytest.mark.parametrize(("language", "name"), [*CASES, pytest.param("", "README", id="README")])
def test_links_lead_somewhere(language: str, name: str) -> None:
    page = Page(FOLDER / language / f"{name}.md")
    for line, link in page.links:
        file, _, anchor = link.partition("#")
        target = (page.path.parent / file).resolve() if file else page.path
        assert target.exists(), f"{page.path.name}:{line}: {link}"
        if anchor:
            assert anchor in Page(target).anchors, f"{page.path.name}:{line}: {link}"


def test_commands_for_aws_are_understood_there(lab: Assembly) -> None:
    """By the AWS CLI's own parser and the templates' names; those for both places are run by the rehearsal itself."""
    names = Names.of([(lab.folder, "cloudmart-lab")])
    with AwsCli(names.facts) as aws, tempfile.TemporaryDirectory() as folder:
        for name in PAGES:
            page, run = _for_aws(guide("en", name), Path(folder))
            faults = rehearse(page, Programs(aws, Held(names)))
            assert [str(fault) for fault in faults if fault.line not in run] == []
            assert run, page.path
        index = Page(FOLDER / "README.md", elliptic=True)
        assert rehearse(index, Programs(aws, Held(names)), before="NAME=cloudmart") == []


def _for_aws(guide: Guide, folder: Path) -> tuple[Page, set[int]]:
    """The page as somebody types it on AWS, in the runbook's terms; and the lines that the rehearsal runs.

    Loops wait for an answer that no stand-in gives. The runbook is rehearsed for prod.
    """
    lines = guide.path.read_text(encoding="utf-8").splitlines()
    run: set[int] = set()
    for fence in guide.fences():
        if fence.info in ON_AWS:
            lines[fence.line - 2] = "```sh"
        elif fence.info.startswith("sh"):
            run.update(range(fence.line, fence.line + len(fence.text.splitlines())))
            if fence.info != "sh" or fence.text.startswith(_PROVEN):
                lines[fence.line - 2] = "```text"
    changed = _LOOP.sub(":", "\n".join(lines)).replace("$NAME-lab", "$NAME-prod").replace("/lab/", "/prod/")
    made = folder / guide.path.name
    made.write_text(changed, encoding="utf-8")
    return Page(made, elliptic=True), run


def test_generated_blocks_and_pictures_are_current(lab: Assembly) -> None:
    blocks = lab_pages.blocks(lab)
    for file in lab_pages.files():
        text = file.read_text(encoding="utf-8")
        assert text == docs.fill(text, blocks), f"{file.relative_to(PROJECT)} is out of date: run make docs"
        assert "<!-- generated: " in text
    for file, picture in lab_pictures.pictures(lab).items():
        assert file.read_text(encoding="utf-8") == picture, f"{file.name} is out of date: run make docs"


@pytest.mark.parametrize(("language", "name"), CASES)
def test_commands_of_one_place_only_say_so_in_the_line_before(language: str, name: str) -> None:
    """A renderer shows nothing of `aws` and `local` in a fence."""
    said = {"aws": ("AWS",), "local": ("local cloud",) if language == "en" else ("로컬 클라우드",)}
    page = guide(language, name)
    lines = page.path.read_text(encoding="utf-8").splitlines()
    for fence in page.fences():
        place = fence.info.rpartition(" ")[2]
        if fence.info.startswith("sh ") and place in said:
            before = next(line for line in reversed(lines[: fence.line - 2]) if line)
            assert any(words in before for words in said[place]), f"{page.place}:{fence.line}: {before}"


def test_pictures_hold_both_languages_and_no_phrase_in_vain(lab: Assembly) -> None:
    drawn = lab_pictures.pictures(lab)
    for name, korean in ((file.name, text) for file, text in drawn.items() if file.parent.name == "ko"):
        assert re.search("[가-힣]", korean)
        assert not re.search("[가-힣]", drawn[lab_pictures.FOLDER / "en" / name])
    used: set[str] = set()

    def say(phrase: str, **figures: object) -> str:
        used.add(phrase)
        return phrase.format(**figures)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lab_pictures, "SAY", {"en": say})
        lab_pictures.pictures(lab)
    assert lab_words.PHRASES - used <= _NOT_IN_LAB
