"""What holds in every configuration of the matrix, and that the matrix leaves nothing out."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from cloudmart_cdk.settings import load_settings
from cloudmart_cdk.settings.loading import model_in
from cloudmart_cdk.settings.topology import BACKEND, DATA, EDGE, EKS, FRONTEND, MONITORING, NEEDS, VPC
from tests.matrix import MATRIX, STAGES, Context
from tests.support import synthesize

every_configuration = pytest.mark.parametrize("context", [pytest.param(case, id=name) for name, case in MATRIX.items()])

NEEDS_ONE_VALUE = {
    "policy": "off checks nothing: tests/policy/test_plugin.py",
}
"""Settings that cannot be varied, with the reason."""


@every_configuration
def test_no_finding_is_left(context: Context) -> None:
    """cdk-nag and, in tests of their own, the project's rules: nothing unacknowledged, warnings included."""
    assert synthesize(context).findings == []


@every_configuration
def test_dependencies_are_exactly_those_of_the_specification(context: Context) -> None:
    """Specification section 8: these and no others. Read from the manifest that `cdk deploy` follows."""
    synthesized = synthesize(context)
    present = synthesized.stacks.keys()
    expected = {stack: set(NEEDS[stack]) & present for stack in present}
    if FRONTEND in present:
        expected[FRONTEND] |= {EDGE} & present
    if MONITORING in present:
        expected[MONITORING] = {VPC, DATA, BACKEND, FRONTEND, EKS} & present
    assert synthesized.dependencies == expected


@every_configuration
def test_stacks_are_those_asked_for(context: Context) -> None:
    settings = load_settings(context)
    assert synthesize(context).stacks.keys() == {stack for stack in NEEDS if settings.has(stack)}


@every_configuration
def test_references_stay_within_what_is_deployed_before(context: Context) -> None:
    """Every weak reference names a stack that this one depends on, and no strong one exists."""
    synthesized = synthesize(context)
    names = {entry["properties"]["stackName"]: stack for stack, entry in synthesized.stacks.items()}
    for stack, template in synthesized.templates.items():
        producers = {names[name] for name in _referenced_stacks(template)}
        assert producers <= synthesized.dependencies[stack]


def _referenced_stacks(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        assert "Fn::ImportValue" not in node
        if "Fn::GetStackOutput" in node:
            yield node["Fn::GetStackOutput"]["StackName"]
        for value in node.values():
            yield from _referenced_stacks(value)
    elif isinstance(node, list):
        for value in node:
            yield from _referenced_stacks(value)


@pytest.mark.parametrize("stage", STAGES)
def test_tags_and_termination_protection(stage: str) -> None:
    synthesized = synthesize({"stage": stage})
    settings = synthesized.settings
    for stack, entry in synthesized.stacks.items():
        properties = entry["properties"]
        expected = {
            "Project": "CloudMart",
            "Stage": stage,
            "Stack": stack,
            "Owner": "platform",
            "CostCenter": "cloudmart",
        }
        if stage == "lab":
            expected["Lifetime"] = "4h"
        assert properties["tags"] == expected
        assert properties.get("terminationProtection", False) is (stage == "prod")
        assert properties["stackName"] == f"cloudmart-{stage}-{stack}"
        region = "us-east-1" if stack.startswith("Edge") else settings.region
        assert entry["environment"] == f"aws://unknown-account/{region}"


def test_every_setting_is_varied() -> None:
    values: defaultdict[str, set[str]] = defaultdict(set)
    for context in MATRIX.values():
        for name, value in _leaves(load_settings(context)):
            values[name].add(repr(value))
    assert {name for name, seen in values.items() if len(seen) < 2} == NEEDS_ONE_VALUE.keys()


def _leaves(model: BaseModel, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Settings by dotted name; tables with free names count as one entry, `eks.services.*.port`."""
    for field in type(model).model_fields:
        value = getattr(model, field)
        if isinstance(value, BaseModel):
            yield from _leaves(value, f"{prefix}{field}.")
        elif value is None and (nested := model_in(type(model).model_fields[field].annotation)):
            yield from ((f"{prefix}{field}.{part}", None) for part in nested.model_fields)
        elif isinstance(value, dict):
            for entry in value.values():
                if isinstance(entry, BaseModel):
                    yield from _leaves(entry, f"{prefix}{field}.*.")
            if value and not isinstance(next(iter(value.values())), BaseModel):
                yield f"{prefix}{field}", value
        else:
            yield f"{prefix}{field}", value
