"""Ways to pay less: real settings, real savings, in step with docs/cost.md."""

from collections.abc import Mapping, Sequence
from typing import Final

import pytest

from cloudmart_cdk.costs import prices
from cloudmart_cdk.costs.prices import Commitment, Prices
from cloudmart_cdk.policy.assembly import load
from cloudmart_cdk.settings import load_settings
from tests.matrix import MATRIX, STAGES
from tests.support import synthesize
from tests.tools.cost.bills import READ, item, line, sheet
from tools.cost import options, page
from tools.cost.billing import priced
from tools.cost.figures import Sheet
from tools.cost.words import in_markdown, marked


@pytest.mark.parametrize("stage", STAGES)
def test_every_option_is_a_configuration_that_settings_accept(stage: str) -> None:
    chosen = options.options(load_settings({"stage": stage}))
    for option in chosen:
        load_settings({"stage": stage, **option.context})
        assert option.gives_up
    assert len({option.title for option in chosen}) == len(chosen)


def test_a_stage_is_offered_what_it_does_not_have() -> None:
    titles = {stage: {one.title for one in options.options(load_settings({"stage": stage}))} for stage in STAGES}
    assert "off-hours" in titles["prod"]
    assert "off-hours" not in titles["dev"]
    assert "one NAT gateway" in titles["prod"]
    assert "one-year commitments" in titles["staging"]
    assert not titles["dev"] & {"one-year commitments", "Graviton, Valkey, one-year commitments"}
    assert not titles["lab"] & {"one-year commitments", "one NAT gateway", "no RDS Proxy", "one cache shard"}


def test_each_configuration_is_asked_for_once() -> None:
    asked: list[Mapping[str, str]] = []

    def bills(wanted: Mapping[str, Mapping[str, str]]) -> Sequence[Sheet]:
        asked.extend(wanted.values())
        return [sheet(item("server")) for _ in wanted]

    _, measured = options.measure(load_settings({"stage": "prod"}), prices.load(), bills)
    assert asked[0] == {}
    assert all(asked.count(context) == 1 for context in asked)
    assert len(measured) > len(asked) - 1  # commitments need no synth


def _book(*commitments: Commitment) -> Prices:
    return Prices(READ.read or pytest.fail("no date"), {"server": line("server", 0.1, 0.2)}, commitments)


def test_commitments_take_off_what_they_cover_and_the_least_counts() -> None:
    bill = sheet(item("server", 0.1, 0.2), item("traffic", 1.0, 1.0, kind="usage"), item("other", 1.0, 1.0))
    one, more, unknown = (
        Commitment(id, ("server",), percent, READ) for id, percent in (("a", 30.0), ("b", 40.0), ("c", None))
    )
    assert options.committed(bill, _book(more, one, unknown), "course") == pytest.approx(0.03)
    assert options.committed(bill, _book(more), "seoul") == pytest.approx(0.08)
    assert options.committed(bill, _book(unknown), "course") == 0


def test_a_saving_at_a_price_without_source_is_marked() -> None:
    now, then = sheet(item("old", 0.3, 0.4)), sheet(item("new", 0.1, None))
    measured = options.Measured(options.Option("newer", "nothing", {}), then, {"course": 0.0, "seoul": 0.0})
    assert str(measured.saves(now, "course")) == "146.00"
    assert str(measured.saves(now, "seoul")) == "219.00*"
    assert measured.saves(now, "course").share == pytest.approx(2 / 3)


def test_what_an_option_comes_to_is_marked_and_its_settings_stand_below() -> None:
    now, then = sheet(item("old", 0.3, 0.4)), sheet(item("new", 0.1, None))
    one = options.Option("newer", "nothing", {"cache.engine": "valkey", "cache.shards": "1"})
    figures, settings = page.options(now, [options.Measured(one, then, {"course": 0.0, "seoul": 0.0})]).split("\n\n")
    assert "| as it is | 219.00 | 292.00 |" in figures
    assert "| newer | 73.00 | 73.00\\* | 146.00 (66.7%) | 219.00\\* (75.0%) | nothing |" in figures
    assert "| newer | `cache.engine=valkey` `cache.shards=1` |" in settings


_SYNTHESIZED_ANYWAY: Final = {frozenset(context.items()): context for context in MATRIX.values()}


def test_the_page_has_the_savings_of_this_checkout() -> None:
    """Of the options that other tests synthesize too; the whole: `python -m tools.cost --options --page`."""
    text = page.PAGE.read_text(encoding="utf-8")
    rows = {
        cells[0].strip(): cells[1].strip()
        for row in text.partition("<!-- measured: options -->")[2].partition("<!-- end -->")[0].splitlines()
        if len(cells := row.strip("|").split(" | ")) > 3  # the table of figures, not that of settings
    }
    settings = load_settings({"stage": page.OPTIONS_STAGE})
    as_it_is = priced(load(synthesize({"stage": page.OPTIONS_STAGE}).folder, settings), "as it is")
    assert rows["as it is"] == in_markdown(marked(as_it_is.amount("course"), "month"))
    compared = 0
    for option in options.options(settings):
        assert option.title in rows
        context = _SYNTHESIZED_ANYWAY.get(frozenset({"stage": page.OPTIONS_STAGE, **option.context}.items()))
        if context and not option.committed:
            bill = priced(load(synthesize(context).folder, settings), option.title)
            month = in_markdown(marked(bill.amount("course"), "month"))
            assert rows[option.title] == month, f"{option.title}: run python -m tools.cost --options --page"
            compared += 1
    assert compared >= 3


def test_a_page_without_a_place_for_options_is_refused() -> None:
    with pytest.raises(ValueError, match="measured: options"):
        page.with_options("# A page\n", "table")
