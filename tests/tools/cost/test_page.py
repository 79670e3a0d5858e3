"""docs/cost.md and its pictures are those of this checkout; sentences for the labs' guides."""

import re
from typing import Literal

import pytest

from tests.matrix import STAGES
from tests.support import synthesize
from tools.assembly import Assembly
from tools.cost import page
from tools.cost.figures import Sheet
from tools.docs import fill


@pytest.fixture(scope="module")
def bills() -> dict[str, Sheet]:
    return page.sheets_of({stage: Assembly(synthesize({"stage": stage}).folder) for stage in STAGES})


def test_the_page_is_current(bills: dict[str, Sheet]) -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    assert fill(text, page.blocks(bills)) == text, "docs/cost.md is out of date: run make docs"


def test_the_pictures_are_current_and_in_the_page(bills: dict[str, Sheet]) -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    for file, picture in page.pictures(bills).items():
        assert file.read_text(encoding="utf-8") == picture, f"{file.name} is out of date: run make docs"
        assert f"](images/cost/{file.name})" in text


def test_every_price_stands_on_the_page_with_its_source(bills: dict[str, Sheet]) -> None:
    blocks = page.blocks(bills)
    for bill in bills.values():
        for item in bill.items:
            assert f"| `{item.price_id}` | " in blocks["cost_prices"]


def test_the_table_for_the_readme_has_all_stacks(bills: dict[str, Sheet]) -> None:
    table = page.readme(bills)
    for stack in (*bills["lab"].all_stacks, *bills["prod"].all_stacks):
        assert f"| {stack} | " in table


def test_so_far_grows_with_each_stack_and_counts_all(bills: dict[str, Sheet]) -> None:
    lab = bills["lab"]
    one, two = (page.so_far(stacks, lab) for stacks in (["VpcStack"], ["VpcStack", "DataStack"]))
    figures = [float(text.split("**")[1].split()[0]) for text in (one, two)]
    assert 0 < figures[0] < figures[1]
    everything = page.so_far(lab.all_stacks, lab)
    counted = sum(lab.amount("course", kind).usd("session") for kind in ("fixed", "usage", "apart"))
    assert f"**{counted:.3f} USD**" in everything


@pytest.mark.parametrize("language", ["en", "ko"])
def test_so_far_marks_the_figures_that_hold_a_price_without_source(
    language: Literal["en", "ko"], bills: dict[str, Sheet]
) -> None:
    """The zone is such a price, in the course's book only; the database's stack has some in both."""
    network, data = (page.so_far([stack], bills["lab"], language) for stack in ("VpcStack", "DataStack"))
    assert re.findall(r"USD[*\\]*", network) == ["USD**\\*", "USD\\*", "USD"]
    assert re.findall(r"USD[*\\]*", data) == ["USD**\\*", "USD\\*", "USD\\*"]
    assert "../../cost.md#the-stages" in network


def test_small_and_large_figures_are_written_out(bills: dict[str, Sheet]) -> None:
    blocks = page.blocks(bills)
    assert "| GB-second | 0.0000166667 | " in blocks["cost_prices"]
    assert "| GB-second | 50 | 2,000 | 10,000 | 10,000 | " in blocks["cost_volumes"]


def test_so_far_in_korean_says_the_same_figures(bills: dict[str, Sheet]) -> None:
    english, korean = (page.so_far(["VpcStack"], bills["lab"], language) for language in ("en", "ko"))
    assert english.split("**")[1] == korean.split("**")[1]
    assert "비용" in korean


def test_so_far_refuses_a_stack_that_is_not_there(bills: dict[str, Sheet]) -> None:
    with pytest.raises(ValueError, match="no stack of lab"):
        page.so_far(["EdgeStack"], bills["lab"])
