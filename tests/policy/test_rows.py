"""Every row of the tables: content with its sample, and not with anything else.

Mechanical: a row that is added without a sample in `samples.py`, or that lets everything pass, fails here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from cloudmart_cdk.policy import engine
from cloudmart_cdk.policy.families import (
    RULES,
    at_rest,
    audit_trail,
    cdn,
    database_access,
    fleet,
    in_transit,
    load_balancers,
    network,
    retention,
    secrets,
)
from cloudmart_cdk.policy.model import MISSING, Deployment
from cloudmart_cdk.policy.rule import ANYTHING, Finding, Row, Test
from cloudmart_cdk.settings import Settings, load_settings
from tests.policy.samples import Sample, of, wrong

_FAMILIES = (network, at_rest, audit_trail, in_transit, database_access, secrets, load_balancers, cdn, retention, fleet)
ROWS = tuple(row for family in _FAMILIES for row in family.ROWS)
_RULES = {rule.id: rule for rule in RULES}
_STAGES = {stage: load_settings({"stage": stage}) for stage in ("prod", "lab")}


@dataclass(frozen=True)
class Try:
    """A row, in a stage, and a sample that it looks at."""

    row: Row
    stage: str
    sample: Sample

    @property
    def must(self) -> Test:
        return _must(self.row, _STAGES[self.stage])

    @property
    def optional(self) -> bool:
        """Whether the row says that nothing will do as well."""
        return self.must.passes(MISSING, self.sample.app(self.stage))

    def breaks(self) -> Iterator[tuple[str, Any]]:
        """Ways to break it: the property gone, or with a wrong value."""
        if self.must is ANYTHING:
            return
        if not self.optional:
            yield "nothing", self.sample.without(self.row.path)
            yield from self.sample.lists(self.row.path)
        for value in wrong(self.row, self.sample, self.must):
            yield repr(value), self.sample.given(self.row.path, value)

    def found(self, app: Deployment) -> list[Finding]:
        """What the rule of the row says of the sample; what it says of the others is theirs."""
        found = engine.findings(app, [_RULES[self.row.id]])
        return [each for each in found if each.rule.id == self.row.id and each.found.resource.logical_id == "It"]


def _must(row: Row, settings: Settings) -> Test:
    return row.must if isinstance(row.must, Test) else row.must(settings)


def _tries() -> Iterator[Try]:
    for row in ROWS:
        # What does not depend on the stage is tried in one.
        for stage in ["prod"] if isinstance(row.must, Test) else _STAGES:
            yield from (Try(row, stage, sample) for sample in of(row, stage, _STAGES[stage]))


TRIES = tuple(_tries())
BREAKS = tuple((each, name, properties) for each in TRIES for name, properties in each.breaks())


def _id(each: Try) -> str:
    return " ".join(filter(None, (each.row.id, each.stage, each.sample.name)))


@pytest.mark.parametrize("each", TRIES, ids=map(_id, TRIES))
def test_a_row_is_content_with_its_sample(each: Try) -> None:
    assert not [finding.text for finding in each.found(each.sample.app(each.stage))]


@pytest.mark.parametrize(
    ("each", "properties"),
    [(each, properties) for each, _, properties in BREAKS],
    ids=[f"{_id(each)} {name}" for each, name, _ in BREAKS],
)
def test_a_row_finds_what_is_missing_or_wrong(each: Try, properties: dict[str, Any]) -> None:
    assert each.found(each.sample.app(each.stage, properties))


@pytest.mark.parametrize("row", ROWS, ids=[row.id for row in ROWS])
def test_every_row_has_a_sample_and_a_break(row: Row) -> None:
    assert any(each.row is row for each in TRIES), f"no sample of {row.type} in tests/policy/samples.py"
    assert any(each.row is row for each, _, _ in BREAKS), f"{row.id} lets everything pass"
