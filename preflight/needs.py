"""What a deploy needs, as the settings and the synthesized templates have it.

Owns reading them. Which stacks are there already is asked of the account and given to `Needs`: what those have is
in use, not needed anew.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from cloudmart_cdk.policy.assembly import load
from cloudmart_cdk.policy.model import Deployment, Resource
from cloudmart_cdk.settings import Settings
from cloudmart_cdk.settings.catalogue import EC2
from cloudmart_cdk.settings.topology import BACKEND


@dataclass(frozen=True, kw_only=True)
class Bootstrap:
    """What CDK needs in a region."""

    region: str
    parameter: str
    """Where its version stands in Parameter Store; has the qualifier in its name."""
    version: int
    """At least."""
    buckets: frozenset[str]
    """Where assets are put."""


@dataclass(frozen=True)
class Machines:
    """Virtual processors: at first, and with every group full."""

    first: int = 0
    most: int = 0


@dataclass(frozen=True)
class Needs:
    """`there`: ids of the stacks that the account has already."""

    folder: Path
    app: Deployment
    there: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def read(cls, folder: Path, settings: Settings, *, account: str) -> "Needs":
        """Of an assembly, with the names that it gets in `account`."""
        return cls(folder, load(folder, settings.model_copy(update={"account": account})))

    @property
    def settings(self) -> Settings:
        return self.app.settings

    @cached_property
    def bootstraps(self) -> tuple[Bootstrap, ...]:
        """By region, in the stacks' order."""
        found: dict[tuple[str, str], Bootstrap] = {}
        manifest = json.loads((self.folder / "manifest.json").read_text(encoding="utf-8"))
        for id_, artifact in manifest["artifacts"].items():
            if artifact["type"] != "aws:cloudformation:stack":
                continue
            properties, region = artifact["properties"], self.app.stacks[id_].region
            parameter = properties.get("bootstrapStackVersionSsmParameter", "")
            before = found.get((region, parameter))
            found[region, parameter] = Bootstrap(
                region=region,
                parameter=parameter,
                version=max(before.version if before else 0, properties.get("requiresBootstrapStackVersion", 0)),
                buckets=(before.buckets if before else frozenset()) | self._asset_buckets(id_),
            )
        return tuple(found.values())

    def _asset_buckets(self, stack: str) -> frozenset[str]:
        file = self.folder / f"{stack}.assets.json"
        if not file.exists():
            return frozenset()
        return frozenset(
            destination["bucketName"].replace("${AWS::AccountId}", self.settings.account)
            for asset in json.loads(file.read_text(encoding="utf-8"))["files"].values()
            for destination in asset["destinations"].values()
        )

    def every(self, *types: str) -> Iterator[Resource]:
        """Resources of the types, each once, whatever its conditions."""
        seen = set()
        for resource in self.app.of(*types):
            if (resource.stack, resource.logical_id) not in seen:
                seen.add((resource.stack, resource.logical_id))
                yield resource

    def new(self, *types: str) -> Iterator[Resource]:
        """Those of them in stacks that are not there yet."""
        return (resource for resource in self.every(*types) if resource.stack not in self.there)

    @cached_property
    def on_demand(self) -> Machines:
        """The backend's live colour at its least and the nodes' first size; at most both colours, all groups full.

        The colours' groups have their sizes by which of them is live: the settings say how many run at first.
        """
        groups = list(self.new("AWS::AutoScaling::AutoScalingGroup"))
        vcpu = EC2[self.settings.backend.instance_type].vcpu
        first = self.settings.backend.min * vcpu if any(group.stack == BACKEND for group in groups) else 0
        most = sum(int(group.get("MaxSize")) * vcpu for group in groups)
        nodes = self._nodes("ON_DEMAND")
        return Machines(first + nodes.first, most + nodes.most)

    @cached_property
    def spot(self) -> Machines:
        """Of the largest type that a group may take."""
        return self._nodes("SPOT")

    def _nodes(self, capacity: str) -> Machines:
        first = most = 0
        for group in self.new("AWS::EKS::Nodegroup"):
            if group.get("CapacityType") == capacity:
                vcpu = max(EC2[type_].vcpu for type_ in group.items("InstanceTypes"))
                first += int(group.get("ScalingConfig.DesiredSize")) * vcpu
                most += int(group.get("ScalingConfig.MaxSize")) * vcpu
        return Machines(first, most)

    @cached_property
    def instance_types(self) -> tuple[str, ...]:
        """Of machines and nodes, launch templates' included."""
        found = [text for each in self.every("AWS::EKS::Nodegroup") for text in each.items("InstanceTypes")]
        templates = self.every("AWS::EC2::LaunchTemplate")
        found += [str(each.get("LaunchTemplateData.InstanceType")) for each in templates]
        return tuple(sorted(EC2.keys() & set(found)))

    def texts(self) -> Iterator[str]:
        """Every text in a resource's properties."""
        for resource in self.app.resources:
            yield from _texts(resource.properties)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)
