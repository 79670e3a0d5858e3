"""Small templates for rules to look at, and the cases that every rule has.

Owns `deployment` and `Case`. A case says what a rule must find, or must not find, in a few resources.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from cloudmart_cdk.policy import engine
from cloudmart_cdk.policy.model import Acknowledgement, Deployment, Stack
from cloudmart_cdk.policy.rule import Finding
from cloudmart_cdk.settings import load_settings

Resources = Mapping[str, Mapping[str, Any]]


def deployment(
    resources: Resources,
    *,
    stack: str = "DataStack",
    region: str = "ap-northeast-2",
    also: Mapping[str, Resources] | None = None,
    paths: Mapping[str, str] | None = None,
    acknowledgements: Sequence[Acknowledgement] = (),
    template: Mapping[str, Any] | None = None,
    **context: str,
) -> Deployment:
    """An app of one stack, or more with `also`. `context`: settings, as `-c` gives them; dots as `__`.

    `paths`: logical id -> construct path, where a rule goes by it. `template`: other sections of the first stack.
    """
    settings = load_settings({key.replace("__", "."): value for key, value in context.items()})
    stacks = [
        Stack(id, settings.names.stack(id), region, _template(of_stack, more or {}), paths or {})
        for id, of_stack, more in [(stack, resources, template), *((id, r, None) for id, r in (also or {}).items())]
    ]
    return Deployment(stacks, settings, acknowledgements)


def _template(resources: Resources, more: Mapping[str, Any]) -> dict[str, Any]:
    """Whatever a test refers to and does not make is a parameter, unless it says which parameters there are."""
    named = {name: {"Type": "String"} for name in _references(resources) if name not in resources}
    return {"Parameters": named, **more, "Resources": resources}


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        if isinstance(node.get("Ref"), str):
            yield node["Ref"]
        if isinstance(node.get("Fn::Sub"), str):
            yield from re.findall(r"\$\{(\w+)\}", node["Fn::Sub"])
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from _references(value)


def resource(type: str, properties: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"Type": type, "Properties": dict(properties or {}), **more}


def found(app: Deployment, rule: str) -> list[Finding]:
    """What one rule finds."""
    return [finding for finding in engine.findings(app) if finding.rule.id == rule]


@dataclass(frozen=True)
class Case:
    """`bad`: the rule has a finding here. Otherwise it must have none."""

    rule: str
    name: str
    resources: Resources
    bad: bool
    stack: str = "DataStack"
    options: Mapping[str, Any] = field(default_factory=dict)
    says: str = ""
    """Words that a finding must show: the offending value, usually."""

    def check(self) -> None:
        findings = found(deployment(self.resources, stack=self.stack, **self.options), self.rule)
        assert bool(findings) is self.bad, [finding.text for finding in findings]
        assert not self.says or any(self.says in finding.text for finding in findings), findings[0].text


def bad(
    rule: str, name: str, resources: Resources, *, stack: str = "DataStack", says: str = "", **options: Any
) -> Case:
    return Case(rule, name, resources, True, stack, options, says)


def good(rule: str, name: str, resources: Resources, *, stack: str = "DataStack", **options: Any) -> Case:
    return Case(rule, name, resources, False, stack, options)


def each(cases: Sequence[Case]) -> pytest.MarkDecorator:
    """Parametrizes a test over cases."""
    ids = [f"{case.rule} {'finds' if case.bad else 'accepts'} {case.name}" for case in cases]
    return pytest.mark.parametrize("case", cases, ids=ids)
