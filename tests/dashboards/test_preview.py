"""The preview: every dashboard of every stage can be drawn, and what cannot is named."""

import json
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.conftest import Synthesize
from tests.dashboards.contexts import CONTEXTS
from tests.dashboards.pictures import SIZE, show, take
from tests.dashboards.reading import dashboards
from tests.site.browser import CHROMIUM, HOW_TO_GET_IT, chromium, visitor
from tools.assembly import Assembly
from tools.cloudwatch.alarm_state import State
from tools.dashboards import markdown
from tools.dashboards.bodies import Body, text
from tools.dashboards.errors import PreviewError
from tools.dashboards.panels import Panel, panels
from tools.dashboards.preview import preview
from tools.dashboards.states import states
from tools.dashboards.story import NOW

in_browser = [pytest.mark.skipif(not CHROMIUM, reason=HOW_TO_GET_IT), pytest.mark.xdist_group("browser")]


def html(synthesized: Synthesize, **context: str) -> str:
    app = synthesized(**context)
    return preview(Assembly(app.folder), prefix=app.settings.names.prefix, region=app.settings.region)


@pytest.mark.parametrize("name", CONTEXTS)
def test_every_dashboard_can_be_drawn_and_the_page_needs_nothing_else(synthesized: Synthesize, name: str) -> None:
    page = html(synthesized, **CONTEXTS[name])
    assert "src=" not in page
    assert "<link" not in page
    assert page.count("</script>") == 3, "data ends a script"
    embedded = page.partition('id="boards">')[2].partition("</script>")[0]
    drawn = json.loads(embedded)["boards"]
    assert {board["name"].rpartition("-")[2] for board in drawn} == dashboards(synthesized(**CONTEXTS[name])).keys()


def test_it_is_the_same_every_time(synthesized: Synthesize) -> None:
    assert html(synthesized, stage="lab") == html(synthesized, stage="lab")


def test_the_story_moves_what_it_is_about(synthesized: Synthesize) -> None:
    """Thresholds are crossed and left again, the budget falls, and the sparkline's last value is the tile's."""
    app = synthesized("prod")
    by_name = states(Assembly(app.folder))
    drawn = {
        (name, panel["title"]): panel
        for name, body in dashboards(app).items()
        for panel in panels(body, states=by_name)
        if panel["type"] in ("graph", "tile")
    }

    def values(board: str, title: str, line: int = 0) -> list[float]:
        return [value for value in drawn[board, title]["lines"][line]["values"] if value is not None]

    for board, title, line in (
        ("backend", "Failed requests", 1),
        ("backend", "Answer time of targets", 2),
        ("data", "Connections", 0),
    ):
        panel = drawn[board, title]
        (limit,) = (mark["value"] for mark in panel["marks"] if mark["label"].startswith("alarm"))
        series = values(board, title, line)
        assert series[0] < limit < max(series), title
        assert series[-1] < limit, title
    budget = values("overview", "Error budget left over 30 days")
    assert budget[0] > 99
    assert 20 < budget[-1] < 80
    assert all(later <= earlier + 1e-6 for earlier, later in pairwise(budget))


def test_alarms_have_the_state_that_the_story_leaves_them_in(synthesized: Synthesize) -> None:
    found = {
        name.removeprefix("cloudmart-prod-"): state
        for name, state in states(Assembly(synthesized("prod").folder)).items()
    }
    assert found["shop-budget-1h"] is State.ALARM
    assert found["shop-budget-5m"] is State.OK
    assert found["shop-error-rate"] is State.OK
    assert found["database-storage"] is State.OK


def _body(**properties: Any) -> Body:
    metric = ["AWS/EC2", "CPUUtilization", "AutoScalingGroupName", "backend", {"stat": "Average", "id": "m0"}]
    widget = {
        "title": "CPU of all",
        "region": "ap-northeast-2",
        "view": "timeSeries",
        "period": 300,
        "metrics": [[*metric[:-1], {**metric[-1], "label": "CPU", "color": "#1f77b4"}]],  # type: ignore[dict-item]
        **properties,
    }
    place = {"x": 0, "y": 0, "width": 8, "height": 6}
    return Body("shop-lab-backend", {"start": "-PT6H", "widgets": [{"type": "metric", **place, "properties": widget}]})


def _drawn(**properties: Any) -> Panel:
    (panel,) = panels(_body(**properties), states={})
    return panel


def _expression(expression: str, **options: Any) -> list[list[Any]]:
    metric = ["AWS/EC2", "CPUUtilization", "AutoScalingGroupName", "backend", {"stat": "Average", "id": "m0"}]
    metric[-1] |= {"visible": False}  # type: ignore[operator]
    return [[{"expression": expression, "id": "e0", "label": "x", "color": "#1f77b4", **options}], metric]


def test_a_widget_that_is_understood() -> None:
    panel = _drawn(metrics=_expression("m0 / 2"))
    (line,) = panel["lines"]
    assert panel["title"] == "CPU of all"
    assert line["times"][-1] < NOW
    assert len(line["times"]) == len(line["values"]) == 72
    assert all(0 < value < 50 for value in line["values"])


@pytest.mark.parametrize(
    ("properties", "why"),
    [
        ({"metrics": _expression("EPOCH(m0)")}, "unknown function EPOCH"),
        ({"metrics": _expression("m0 +")}, "is no expression"),
        ({"metrics": _expression("m1")}, "m1; allowed: e0, m0"),
        ({"metrics": _expression("m0", period=60)}, "periods in 'm0'"),
        ({"metrics": _expression("m0", hidden=True)}, "options of a metric: given hidden"),
        ({"view": "pie"}, "view: given pie"),
        ({"liveData": True}, "properties: given liveData"),
        ({"start": "-P1M"}, "start: given -P1M"),
        (
            {"metrics": [["AWS/EC2", "Unheard", "A", "b", {"stat": "Sum", "label": "x", "color": "#000000"}]]},
            "no unit of 'Unheard'",
        ),
    ],
)
def test_what_cannot_be_drawn_is_named(properties: Mapping[str, Any], why: str) -> None:
    with pytest.raises(PreviewError, match="shop-lab-backend, widget 'CPU of all'") as refused:
        _drawn(**properties)
    assert why in str(refused.value)


def test_an_unknown_kind_of_widget_alarm_or_reference_is_named() -> None:
    place = {"x": 0, "y": 0, "width": 8, "height": 6}
    for widget, why in (
        ({"type": "explorer", "properties": {"title": "all"}}, "type: given explorer"),
        ({"type": "alarm", "properties": {"title": "all", "alarms": ["arn:x:alarm:gone"]}}, "alarms: given gone"),
        ({"type": "text", "properties": {"markdown": "* one\n* two"}}, "a line that begins '\\* one'"),
    ):
        with pytest.raises(PreviewError, match=why):
            panels(Body("b", {"start": "-PT6H", "widgets": [{**place, **widget}]}), states={})
    with pytest.raises(PreviewError, match="Fn::Sub"):
        text({"Fn::Sub": "x"})


def test_markdown_becomes_html_and_nothing_else() -> None:
    html = markdown.html("## A <b>\nSee [other](#dashboards:name=x-lab-data) and `code`.", where="w")
    assert html == '<h2>A &lt;b&gt;</h2><p>See <a href="#x-lab-data">other</a> and <code>code</code>.</p>'


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


class TestInABrowser:
    pytestmark = in_browser

    def test_everything_is_drawn_and_nothing_complains(
        self, synthesized: Synthesize, browser: Browser, tmp_path: Path
    ) -> None:
        file = tmp_path / "prod.html"
        file.write_text(html(synthesized, stage="prod"), encoding="utf-8")
        with visitor(browser, language="en-GB", size=SIZE) as page:
            show(page, file)
            plots = sum(
                len(panel["lines"]) if panel["type"] == "tile" else panel["type"] == "graph"
                for board in json.loads(page.locator("#boards").text_content() or "")["boards"]
                for panel in board["panels"]
            )
            inked = page.evaluate(
                """() => [...document.querySelectorAll("canvas")].map((canvas) => {
                    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
                    return data.some((value, at) => at % 4 === 3 && value > 0);
                })"""
            )
            assert len(inked) == plots > 100
            assert all(inked), "a canvas is empty"
            overflowing = page.evaluate(
                """() => [...document.querySelectorAll(".widget.text, .alarms, .legend, .value label, .title")]
                    .filter((part) => part.scrollWidth > part.clientWidth + 1
                        || part.scrollHeight > part.clientHeight + 1)
                    .map((part) => part.textContent.slice(0, 60))"""
            )
            assert overflowing == []
            page.locator(".plot").first.hover()
            assert page.locator(".legend").first.inner_text().strip()

    def test_a_picture_of_each(self, synthesized: Synthesize, browser: Browser, tmp_path: Path) -> None:
        file = tmp_path / "lab.html"
        file.write_text(html(synthesized, stage="lab"), encoding="utf-8")
        taken = take(browser, file, tmp_path / "pictures")
        assert {picture.stem for picture in taken} == {"overview", "backend", "data", "cdn", "eks"}
        assert all(picture.read_bytes().startswith(b"\x89PNG") for picture in taken)
