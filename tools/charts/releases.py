"""The Helm releases of a synthesized app, as its templates have them.

Owns reading them. What is settled at deploy time only (the VPC's id) is replaced by a word, since no chart looks at it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from tools.assembly import Assembly

_CHART: Final = "Custom::AWSCDK-EKS-HelmChart"
_LATER: Final = "settled-at-deploy-time"
OPTIONS: Final = {
    "eks.prometheus": "true",
    "eks.vertical_recommendations": "true",
    "eks.on_demand.desired": "4",
    "eks.on_demand.max": "10",
}
"""Settings with which a stage has every chart there is, and the nodes for it."""


@dataclass(frozen=True)
class Release:
    """One chart with values. `stages`: those that install exactly this."""

    name: str
    chart: str
    version: str
    namespace: str
    kubernetes: str
    """The cluster's version."""
    values: Mapping[str, Any] = field(hash=False)
    stages: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        return f"{self.chart} {self.version} ({', '.join(self.stages)})"


def releases(assemblies: Mapping[str, Assembly]) -> list[Release]:
    """Every release of the stages given; what several stages have alike counts once."""
    found: dict[str, tuple[Release, list[str]]] = {}
    for stage, assembly in assemblies.items():
        for release in _of(assembly):
            key = json.dumps(asdict(release), sort_keys=True)
            found.setdefault(key, (release, []))[1].append(stage)
    return [replace(release, stages=tuple(stages)) for release, stages in found.values()]


def _of(assembly: Assembly) -> Iterator[Release]:
    for stack in assembly.stacks:
        for _, properties in assembly.of_type(stack, _CHART):
            yield Release(
                name=properties["Release"],
                chart=properties["Chart"],
                version=properties["Version"],
                namespace=properties["Namespace"],
                kubernetes=assembly.one(stack, "AWS::EKS::Cluster")["Version"],
                values=json.loads(_text(properties.get("Values", "{}"))),
            )


def _text(value: Any) -> str:
    """JSON text out of CDK's `Fn::Join`."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping) and "Fn::Join" in value:
        separator, parts = value["Fn::Join"]
        return str(separator).join(_pieces(parts))
    return _LATER


def _pieces(parts: Iterable[Any]) -> Iterator[str]:
    for part in parts:
        yield part if isinstance(part, str) else _LATER
