"""The comment on a pull request: verdict first, harmless, short enough."""

import pytest

from tests.tools.cost.bills import item, sheet
from tools.cost import comment
from tools.cost.compare import Comparison

_DEARER = Comparison(sheet(item("db.t3.micro", 0.1)), sheet(item("db.t3.small", 0.3), label="this checkout"))
_SAME = Comparison(sheet(item("db.t3.micro"), stage="dev"), sheet(item("db.t3.micro"), stage="dev"))


def test_the_first_line_is_the_verdict() -> None:
    first, *_ = comment.markdown([_SAME, _DEARER]).splitlines()
    assert first == "**Cost: prod +146.00 USD a month (cap 975.00, left 756.00); dev unchanged**"


def test_what_breaks_its_cap_comes_first_and_is_loud() -> None:
    much = Comparison(sheet(stage="lab"), sheet(item("big", 1.2), stage="lab"))
    assert comment.verdict([_DEARER, much]).startswith(
        "Cost: lab +1.000 USD a session (cap 0.800, 0.200 TOO MUCH); prod"
    )


def test_nothing_changed_is_one_line() -> None:
    assert comment.markdown([_SAME]) == "**Cost: nothing changed**\n"


def test_a_row_a_change_and_sums_of_both_books() -> None:
    text = comment.markdown([_DEARER])
    assert "| DataStack | db.t3.micro → db.t3.small (`Database`) | +146.00 |" in text
    assert "| **all, the course's prices** | **+146.00** |" in text
    assert "| **all, Seoul's list prices** | **0** |" in text


def test_stages_that_change_alike_share_a_row() -> None:
    staging = Comparison(
        sheet(item("db.t3.micro", 0.1), stage="staging"), sheet(item("db.t3.small", 0.3), stage="staging")
    )
    text = comment.markdown([staging, _DEARER])
    assert "| DataStack | db.t3.micro → db.t3.small (`Database`) | +146.00 | +146.00 |" in text


def test_prices_without_source_are_marked_and_named() -> None:
    text = comment.markdown([Comparison(sheet(), sheet(item("server", seoul=None, price="some.price")))])
    assert "new: server (`Database`) \\*" in text
    assert "1 of Seoul's list prices" in text
    assert "some.price" in text


@pytest.mark.parametrize(
    "hostile",
    [
        "<img src=x>", "@everyone", "a | b", "[x](http://evil.example)", "`x`", "a\n# b", "https://evil.example",
        "WWW.evil.example",
    ],
)  # fmt: skip
def test_texts_of_templates_are_harmless(hostile: str) -> None:
    evil = item(hostile, resource=f"Database{hostile}", stack=hostile)
    text = comment.markdown([Comparison(sheet(label=hostile), sheet(evil))])
    assert hostile not in text
    table = [line for line in text.splitlines() if line.startswith("| ")]
    assert {line.count("|") for line in table if "evil" in line or "new" in line} == {4}


def test_what_rounds_to_nothing_is_counted_and_not_listed() -> None:
    after = sheet(item("server", 0.1), *(item("cent", 1e-7, 1e-7, resource=f"Cheap{n}") for n in range(3)))
    text = comment.markdown([Comparison(sheet(), after)])
    assert "cent" not in text
    assert "| 1 change that rounds to nothing | 0 |" in text  # alike ones are one


def test_it_stays_within_what_github_takes() -> None:
    many = [item(f"server {number}", number / 1000, resource=f"Server{number}") for number in range(3000)]
    text = comment.markdown([Comparison(sheet(), sheet(*many))])
    assert len(text) <= comment.LIMIT
    assert "server 2999" in text  # the dearest are kept
    assert "smaller changes, left out for their number" in text
    assert "**all, the course's prices**" in text


@pytest.mark.parametrize("limit", [40, 700, 5000])
def test_any_limit_is_kept(limit: int) -> None:
    many = [item(f"server {number}", resource=f"Server{number}") for number in range(50)]
    assert len(comment.markdown([Comparison(sheet(), sheet(*many))], limit=limit)) <= limit
