"""docs/dashboards.md shows what there is; what dashboards and page refer to exists."""

import re

from tests.conftest import Synthesize
from tests.dashboards.pictures import PICTURES
from tests.dashboards.reading import dashboards
from tests.support import PROJECT

PAGE = (PROJECT / "docs" / "dashboards.md").read_text(encoding="utf-8")
_SAVED = re.compile(r"\b(?:shop|data|eks|cdn|network|platform)/[a-z]+-[a-z-]+")


def test_every_dashboard_has_its_picture_and_its_lines(synthesized: Synthesize) -> None:
    shown = re.findall(r"!\[[^]]+\]\(images/dashboards/([a-z]+)\.png\)", PAGE)
    assert set(shown) == dashboards(synthesized("prod")).keys()
    for name in shown:
        picture = (PICTURES / f"{name}.png").read_bytes()
        assert picture.startswith(b"\x89PNG")
        assert len(picture) < 200_000


def test_queries_that_texts_name_are_saved(synthesized: Synthesize) -> None:
    app = synthesized("prod")
    saved = {
        resource["Properties"]["Name"].removeprefix("cloudmart-prod/")
        for stack in app.templates
        for resource in app.resources(stack, "AWS::Logs::QueryDefinition").values()
    }
    assert saved
    texts = [
        widget["properties"]["markdown"]
        for body in dashboards(app).values()
        for widget in body.widgets
        if widget["type"] == "text"
    ]
    named = {name for text in (PAGE, *texts) for name in _SAVED.findall(text)}
    assert "data/slow-statements" in named
    assert named <= saved
