"""What is in the account: everything that says it is of this project and stage, in every region that the stacks use.

Owns where is looked. The Resource Groups Tagging API knows most; of roles and scaling groups it says nothing (its
reference, "Services that support"), and services make things without any tag. It also answers with what is gone since
hours, so each thing is looked at once more by its own service (`Kind.state_of`).
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Final

from botocore.exceptions import ClientError

from cloudmart_cdk.settings.topology import EDGE_REGION
from labs.place import Place

from .kinds import Kind, Resource, State
from .table import KINDS, PARTS
from .whose import CLUSTER_TAGS, OWN, OWNED, Copy

_BY_NAME: Final = {kind.name: kind for kind in KINDS}
_GONE: Final = ("DELETE_COMPLETE", "REVIEW_IN_PROGRESS")
"""Of a stack that holds nothing: deleted, or never made."""
_UNKNOWN: Final = "unknown"


class Account:
    """The account, as it is at each call."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._names = place.settings.names

    def copy(self) -> Copy:
        """The copy that is asked about, with the stacks of it that are there now."""
        living = {name: str(stack["StackId"]) for name, stack in self.stacks().items()}
        return Copy(self._names, living, self._place.regions, elsewhere=self._elsewhere)

    def stacks(self) -> dict[str, dict[str, Any]]:
        """Stack name -> CloudFormation's description, of the copy's own that are there."""
        return {stack["StackName"]: stack for region in self._place.regions for stack in self._stacks_in(region)}

    def _stacks_in(self, region: str) -> Iterator[dict[str, Any]]:
        for page in self._pages("cloudformation", region, "describe_stacks"):
            for stack in page["Stacks"]:
                if stack["StackName"] in self._nobody.stacks and stack["StackStatus"] not in _GONE:
                    yield stack

    @cached_property
    def _elsewhere(self) -> bool:
        """Whether a region of the account that the settings do not name has stacks of these names."""
        described = self._place.client("ec2", self._place.settings.region).describe_regions()["Regions"]
        return any(map(self._has_stacks, {each["RegionName"] for each in described} - set(self._place.regions)))

    def _has_stacks(self, region: str) -> bool:
        try:
            return any(stack["StackId"].split(":")[3] == region for stack in self._stacks_in(region))
        except ClientError as refused:
            if "AccessDenied" in refused.response["Error"]["Code"]:
                return False  # where nobody may look, nobody may deploy
            raise

    @cached_property
    def _nobody(self) -> Copy:
        """The copy with no stacks: what its names are."""
        return Copy(self._names, {}, self._place.regions)

    def tagged(self) -> Iterator[Resource]:
        """All that carries the project's and the stage's tags, or the cluster's; whosever it is, there or gone."""
        seen = set()
        for resource in self._tagged():
            if resource.arn not in seen:
                seen.add(resource.arn)
                yield resource

    def _tagged(self) -> Iterator[Resource]:
        cluster = self._nobody.cluster
        for region in self._place.regions:
            of_stage = [{"Key": "Project", "Values": ["CloudMart"]}, {"Key": "Stage", "Values": [self._names.stage]}]
            yield from self._with(of_stage, region)
        home = self._place.settings.region
        for key in CLUSTER_TAGS:
            yield from self._with([{"Key": key, "Values": [cluster]}], home)
        yield from self._with([{"Key": f"{OWNED}{cluster}", "Values": [OWN]}], home)
        yield from self._scaling_groups()
        yield from self._roles()

    def _with(self, tags: list[dict[str, Any]], region: str) -> Iterator[Resource]:
        for page in self._pages("resourcegroupstaggingapi", region, "get_resources", TagFilters=tags):
            for entry in page["ResourceTagMappingList"]:
                yield from self._resource(entry["ResourceARN"], region, _tags(entry["Tags"]))

    def _resource(self, arn: str, region: str, tags: Mapping[str, str]) -> Iterator[Resource]:
        service, _, _, rest = arn.split(":", 5)[2:]
        if f"{service}:{rest}".startswith(tuple(PARTS.values())):
            return
        for kind in KINDS:
            found = kind.resource(arn, region, tags)
            if found:
                yield found
                return
        yield Resource(kind=unknown(service), region=region, arn=arn, id=rest, name=rest, tags=tags)

    def _scaling_groups(self) -> Iterator[Resource]:
        region = self._place.settings.region
        for page in self._pages("autoscaling", region, "describe_auto_scaling_groups"):
            for group in page["AutoScalingGroups"]:
                arn, name = group["AutoScalingGroupARN"], group["AutoScalingGroupName"]
                yield from self._native("scaling group", arn, name, _tags(group.get("Tags") or ()))

    def _roles(self) -> Iterator[Resource]:
        """Those whose names could be ours only: a call each, and an account has hundreds."""
        iam = self._place.client("iam", EDGE_REGION)
        for page in self._pages("iam", EDGE_REGION, "list_roles"):
            for role in page["Roles"]:
                if role["RoleName"].startswith(self._names.name):
                    tags = _tags(iam.list_role_tags(RoleName=role["RoleName"])["Tags"])
                    yield from self._native("role", role["Arn"], role["RoleName"], tags)

    def _native(self, kind: str, arn: str, id: str, tags: Mapping[str, str]) -> Iterator[Resource]:
        region = EDGE_REGION if kind == "role" else self._place.settings.region
        yield Resource(kind=_BY_NAME[kind], region=region, arn=arn, id=id, name=id, tags=tags)

    def tags_now(self, resource: Resource) -> dict[str, str]:
        """Its tags as they are at this moment."""
        if resource.kind.name == "role":
            return _tags(self.client(resource).list_role_tags(RoleName=resource.id)["Tags"])
        if resource.kind.name == "scaling group":
            groups = self.client(resource).describe_auto_scaling_groups(AutoScalingGroupNames=[resource.id])
            return {key: value for group in groups["AutoScalingGroups"] for key, value in _tags(group["Tags"]).items()}
        api = self._place.client("resourcegroupstaggingapi", resource.region)
        found = api.get_resources(ResourceARNList=[resource.arn])["ResourceTagMappingList"]
        return _tags(found[0]["Tags"]) if found else {}

    def untagged(self) -> Iterator[Resource]:
        """What services make without tags, and whose name says that it came from this copy. Never removed by us."""
        region, copy = self._place.settings.region, self._nobody
        for page in self._pages("logs", region, "describe_log_groups"):
            for group in page["logGroups"]:
                name, arn = group["logGroupName"], group["arn"].removesuffix(":*")
                resource = Resource(kind=_BY_NAME["log group"], region=region, arn=arn, id=name, name=name, tags={})
                if copy.begins(name) and not self.tags_now(resource):
                    yield resource
        for page in self._pages("ec2", region, "describe_network_interfaces"):
            for interface in page["NetworkInterfaces"]:
                maker = interface.get("Description", "").removeprefix("AWS Lambda VPC ENI-").removeprefix("ELB app/")
                if copy.begins(maker) and not interface.get("TagSet"):
                    id, kind = interface["NetworkInterfaceId"], _BY_NAME["network interface"]
                    yield Resource(kind=kind, region=region, arn=id, id=id, name=maker, tags={})

    def state(self, resource: Resource) -> State:
        """Asked of its own service."""
        return resource.kind.state_of(self.client(resource), resource)

    def client(self, resource: Resource) -> Any:
        return self._place.client(resource.kind.service, resource.region)

    def _pages(self, service: str, region: str, operation: str, **arguments: Any) -> Iterator[dict[str, Any]]:
        yield from self._place.client(service, region).get_paginator(operation).paginate(**arguments)


def unknown(service: str) -> Kind:
    """For what no row knows: listed, never removed."""
    return Kind(name=f"{service} ({_UNKNOWN})", service=service, arn="", look=None, state="", remove=None)


def _tags(entries: Any) -> dict[str, str]:
    return {entry["Key"]: entry["Value"] for entry in entries}
