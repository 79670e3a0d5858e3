"""The picture: well formed, says its figures in words too, bars as long as what they stand for."""

import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from datetime import date

import pytest

from cloudmart_cdk.costs.prices import Document
from tests.tools.cost.bills import item, sheet
from tools.cost import chart

_BILL = sheet(
    item("server", 0.4, 0.5),
    item("traffic", 0.2, None, kind="usage", stack="VpcStack"),
    item("key", 0.1, 0.1, kind="apart", stack="VpcStack"),
)


def _parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def _texts(svg: str) -> list[str]:
    return [element.text or "" for element in _parsed(svg).iter() if element.tag.endswith("text")]


def _bars(svg: str, colour: str) -> list[float]:
    found = (element for element in _parsed(svg).iter() if element.get("fill") == colour)
    return [float(element.get("width", "0")) for element in found if element.get("height") == "13"]


@pytest.mark.parametrize(("read", "mark"), [(date(2026, 11, 22), ""), (None, "*")])
def test_a_sum_in_the_title_has_the_mark_of_its_bar(read: date | None, mark: str) -> None:
    one = item("server", 0.6)
    line = replace(one.line, course_source=Document("a list", "https://aws.example", read))
    title = next(iter(_parsed(chart.draw(sheet(replace(one, line=line))))))
    assert title.text is not None
    assert f"438.00{mark} USD a month" in title.text


def test_title_and_description_say_it_all() -> None:
    title, description = list(_parsed(chart.draw(_BILL)))[:2]
    assert title.text == "Cost of stage prod: 438.00 USD a month at the course's prices, 511.00* at Seoul's"
    assert description.text == "By stack, USD a month: VpcStack 146.00, DataStack 292.00."


def test_every_bar_has_its_figure_beside_it() -> None:
    texts = _texts(chart.draw(_BILL))
    for text in (
        "VpcStack",
        "DataStack",
        "all stacks",
        "438.00 + 73.00",
        "511.00* + 73.00",
        "146.00* + 73.00",
        "292.00",
    ):
        assert text in texts
    assert "cap 975.00" in texts


def test_bars_are_in_proportion() -> None:
    course, seoul, *of_stack = _bars(chart.draw(_BILL), chart.COLOURS["fixed"])
    assert seoul / course == pytest.approx(0.5 / 0.4, rel=1e-3)
    assert of_stack == [course, seoul]  # all that is fixed is DataStack's


def test_what_nobody_could_source_is_faint() -> None:
    svg = chart.draw(_BILL)
    assert len(_bars(svg, chart.COLOURS["usage"])) == 2  # the course's, of all stacks and of its own
    assert len(_bars(svg, chart.COLOURS["usage"] + "66")) == 2  # Seoul's
    assert any("the course's price stands in" in text for text in _texts(svg))


def test_without_unsourced_prices_nothing_is_said_of_them() -> None:
    svg = chart.draw(sheet(item("server")))
    assert "*" not in "".join(_texts(svg))


def test_the_line_of_a_cap_crosses_no_figure() -> None:
    svg = chart.draw(sheet(item("server", 1.3, 1.3)))
    mark = next(element for element in _parsed(svg).iter() if element.get("fill") == "#d1242f")
    figure = next(element for element in _parsed(svg).iter() if element.text == "949.00")
    assert float(figure.get("x", "0")) > float(mark.get("x", "0"))


def test_a_stage_that_costs_nothing_can_be_drawn() -> None:
    title = next(iter(_parsed(chart.draw(sheet()))))
    assert title.text == "Cost of stage prod: 0.00 USD a month at the course's prices, 0.00 at Seoul's"
