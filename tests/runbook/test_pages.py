"""The runbook itself: its commands are rehearsed, its SQL runs in PostgreSQL; pages, links, alarms and index agree."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import psycopg
import pytest

from tests.stores import Stores
from tools.runbook.checks import INDEX, checked
from tools.runbook.names import PREFIX, Names
from tools.runbook.pages import PROJECT, Page, Where, pages

PAGES = [page for page in pages() if page.path != INDEX]
SECTIONS = ["Look", "Do", "How long", "It worked when", "Afterwards"]
SCENARIOS = {
    "instance-lost",
    "zone-lost",
    "database-failover",
    "restore-to-a-point-in-time",
    "region-lost",
    "certificate",
    "secret-leaked",
    "bad-release",
    "budget",
    "stuck-stack",
    "drift",
}
"""What the team asked for, beside a page for every alarm."""

_DESTRUCTIVE = re.compile(
    r"\b(delete-|terminate-|reboot-|deregister-|test-failover|update-access-key|new-db-instance-identifier|associate-alias"
    r"|start-zonal-shift|cdk destroy|Order=remove|REMOVE=)|\bkubectl\b.*\b(delete|drain)\b"
)
_HARMLESS = re.compile(r"--deletion-protection|stack-delete-complete|--delete-automated-backups$")
_ABOVE = 4
"""Lines: a command may go over some, and two of a kind may stand together."""
_SAYS_WHAT = re.compile(r"^\s*# .*\b(destroys|cuts|ends|removes|empties)\b")


def test_every_command_is_one(names: Names) -> None:
    """The rehearsal; a fault names page, line, command and what is allowed."""
    faults = checked(pages(), names)
    assert [str(fault) for fault in faults] == []


@pytest.mark.parametrize(
    "name",
    [
        "docs/eks.md",
        "docs/release.md",
        "docs/release-services.md",
        "docs/dashboards.md",
        "docs/settings.md",
        "docs/cost.md",
        "docs/plan.md",
        "docs/pipeline.md",
        "README.md",
    ],
)
def test_commands_of_other_pages_are_commands(name: str, names: Names) -> None:
    """Whatever is not shortened there; without a stage `cdk` means lab, as README says."""
    page = Page(PROJECT / name, elliptic=True)
    assert page.snippets
    assert [str(fault) for fault in checked([page], names) if "given no stage" not in fault.why] == []


def test_nothing_slips_by() -> None:
    """There is something to rehearse in every page, and much in all."""
    found = {page.path.stem: len(page.snippets) for page in pages()}
    assert [name for name, snippets in found.items() if snippets < 1] == []
    assert sum(found.values()) > 200


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path.stem)
def test_page_has_the_shape(page: Page) -> None:
    text = "\n".join(line for _, line in page.prose)
    assert page.lines[0].startswith("# ")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS
    before = text.partition("\n## ")[0]
    assert re.search(r"^\*\*Means\.\*\* ", before, re.MULTILINE)
    assert re.search(r"^\*\*Hurts\.\*\* ", before, re.MULTILINE)


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.path.stem)
def test_what_destroys_says_so(page: Page) -> None:
    """In the comment above it; so never within a sentence or a table, where there is no room for one."""
    assert [*_unsaid(page)] == []


def test_what_destroys_and_does_not_say_so_is_found(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    file.write_text(
        "# A\n\nRun `aws rds delete-db-instance --db-instance-identifier x`.\n\n```sh\n# destroys x\naws rds delete-db-"
        "instance --db-instance-identifier x\n```\n\n```sh\naws ec2 terminate-instances --instance-ids x\n```\n"
    )
    assert [line for line, _ in _unsaid(Page(file))] == [3, 11]


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.path.stem)
def test_links_lead_somewhere(page: Page) -> None:
    assert [*_broken(page)] == []


def test_broken_links_are_found(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    file.write_text("# A\n\n[a](b.md) [c](#d) [e](page.md#a) [f](https://example.com/) `[g](h.md)`\n")
    assert [target for _, target in _broken(Page(file))] == ["b.md", "#d"]


def test_no_placeholders_in_commands() -> None:
    """What has to be filled in is a variable, set on a line of its own."""
    found = [
        f"{page.name}:{snippet.line}"
        for page in pages()
        for snippet in page.snippets
        if snippet.where is not Where.SQL and re.search(r"<[a-z]|\b(i|eni|subnet)-\.\.\.|= *\.\.\.", snippet.text)
    ]
    assert found == []


def test_every_alarm_has_its_page(names: Names) -> None:
    there = {page.path.stem for page in PAGES}
    linked = {name: _page_of(text) for name, text in names.alarms.items() if "Runbook: " in text}
    assert len(linked) > 40
    assert {name: page for name, page in linked.items() if page not in there} == {}


def test_every_alarm_is_in_the_index_beside_its_page(names: Names) -> None:
    rows = _rows()
    missing = [
        f"{name}: {page}"
        for name, text in names.alarms.items()
        if "Runbook: " in text and name.startswith(PREFIX)
        for page in [_page_of(text)]
        if not any(fnmatchcase(name.removeprefix(f"{PREFIX}-"), pattern) for pattern in rows.get(page, ()))
    ]
    assert missing == []


def test_the_index_names_no_alarm_that_is_none(names: Names) -> None:
    alarms = {name.removeprefix(f"{PREFIX}-") for name in names.alarms}
    stale = [each for rows in _rows().values() for each in rows if not any(fnmatchcase(name, each) for name in alarms)]
    assert stale == []


def test_the_index_names_every_page_once_a_table() -> None:
    linked = {target for _, target in Page(INDEX).links if target.endswith(".md") and "/" not in target}
    assert {page.path.name for page in PAGES} == linked


def test_every_scenario_has_a_page() -> None:
    assert {page.path.stem for page in PAGES} >= SCENARIOS


def test_sql_is_understood_by_postgresql(stores: Stores) -> None:
    """Run, not only parsed: what ends sessions finds none so old."""
    found = [(page.name, each.line, each.text) for page in pages() for each in page.snippets if each.where is Where.SQL]
    assert len(found) > 8
    with psycopg.connect(stores.dsn(), autocommit=True) as connection:  # as the shop's user, whom pages log in as
        for page, line, text in found:
            try:
                connection.execute(text.encode())
            except psycopg.Error as refused:
                raise AssertionError(f"{page}:{line}: {refused}") from refused


def _unsaid(page: Page) -> Iterator[tuple[int, str]]:
    """(Line, command) of what destroys or cuts something and does not say so in one of the lines above it."""
    prose = {number for number, _ in page.prose}
    for snippet in page.snippets:
        lines = snippet.text.splitlines()
        for number, line in enumerate(lines):
            above = lines[max(0, number - _ABOVE) : number]
            said = snippet.line not in prose and any(_SAYS_WHAT.match(each) for each in above)
            if _DESTRUCTIVE.search(_HARMLESS.sub("", line)) and not said:
                yield snippet.line + number, line


def _broken(page: Page) -> Iterator[tuple[int, str]]:
    for line, target in page.links:
        if target.startswith(("https://", "http://")):
            continue
        name, _, anchor = target.partition("#")
        file = page.path.parent / name if name else page.path
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in Page(file).anchors):
            yield line, target


def _page_of(description: str) -> str:
    return description.rpartition("/")[2].removesuffix(".md")


def _rows() -> dict[str, list[str]]:
    """Page -> patterns of alarms, of the index's table."""
    return {
        found[1]: re.findall(r"`([^`]+)`", found[2])
        for _, line in Page(INDEX).prose
        if (found := re.match(r"\| \[[\w-]+\]\(([\w-]+)\.md\) \| (.*`.*) \|$", line))
    }
