"""Generated documents are current, well formed, and hold what they promise."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from cloudmart_cdk.settings.topology import DELIVERY, LAB_ACCOUNT, NEEDS
from tests.support import PROJECT, synthesize
from tools import architecture, docs
from tools.assembly import Assembly
from tools.capabilities import capability
from tools.svg import Drawing


@pytest.fixture(scope="module")
def generated() -> dict[Path, str]:
    stages = {stage: Assembly(synthesize({"stage": stage}).folder) for stage in docs.STAGES}
    return docs.generate(stages, Assembly(synthesize(architecture.CONTEXT).folder), docs.pages())


def test_every_file_is_current(generated: dict[Path, str]) -> None:
    assert {PROJECT / name for name in ("README.md", "docs/architecture.svg", "docs/cost.md")} <= generated.keys()
    old = [str(file.relative_to(PROJECT)) for file, text in generated.items() if file.read_text("utf-8") != text]
    assert old == [], "run make docs"


def test_readme_has_a_place_for_each_table() -> None:
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    for name in ("resources", "stages", "cost_readme", "plan_readme"):
        assert f"<!-- generated: {name} -->" in readme


def test_picture_is_svg_and_names_every_stack(generated: dict[Path, str]) -> None:
    picture = generated[PROJECT / "docs" / "architecture.svg"]
    root = ElementTree.fromstring(picture)
    texts = {element.text for element in root.iter() if element.tag.endswith("text")}
    assert root.tag.endswith("svg")
    assert NEEDS.keys() - {DELIVERY, LAB_ACCOUNT} <= texts, "those two are no part of a stage"
    assert {"5432", "6379", "8080", "3001-3006"} <= texts


def test_settings_page_names_every_setting(generated: dict[Path, str]) -> None:
    page = generated[PROJECT / "docs" / "settings.md"]
    for name in ("`database.backup_days`", "`eks.services.queue.hpa_max`", "`network.pods`"):
        assert name in page


def test_fill_replaces_between_markers_and_refuses_an_unknown_one() -> None:
    text = "a\n<!-- generated: one -->\nold\n<!-- end -->\nb"
    assert docs.fill(text, {"one": "new\n"}) == "a\n<!-- generated: one -->\n\nnew\n\n<!-- end -->\nb"
    assert docs.fill(docs.fill(text, {"one": "x\n"}), {"one": "new\n"}) == docs.fill(text, {"one": "new\n"})
    with pytest.raises(KeyError):
        docs.fill(text, {})


@pytest.mark.parametrize(
    ("resource_type", "expected"),
    [
        ("AWS::EC2::NatGateway", "NAT"),
        ("AWS::RDS::DBProxy", "database"),
        ("Custom::CDKBucketDeployment", "deploy-time steps"),
        ("AWS::NeverHeardOf::Thing", "NeverHeardOf"),
    ],
)
def test_capability(resource_type: str, expected: str) -> None:
    assert capability(resource_type) == expected


def test_drawing_escapes_text() -> None:
    picture = Drawing(10, 10, "a < b", "c & d")
    picture.text(0, 0, "<script>", "plain")
    assert ElementTree.fromstring(picture.render()) is not None
