"""What was deployed, as CloudFormation reports it.

Owns the way from a stack id of the app to physical ids; families ask here and then read the
resources themselves.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cloudmart_cdk.settings import Settings
from cloudmart_cdk.settings.topology import DATA, EDGE, EDGE_REGION, EDGE_WATCH, FRONTEND
from localcloud import tiketi
from localcloud.aws import Clients
from localcloud.recorded import Everything, read
from localcloud.state import Cloud


@dataclass(frozen=True)
class Deployed:
    """One resource of a stack."""

    logical_id: str
    type: str
    physical_id: str


@dataclass(frozen=True)
class Stack:
    """One deployed stack."""

    id: str
    name: str
    region: str
    status: str
    outputs: dict[str, str]
    exports: dict[str, str]
    parameters: dict[str, str]
    """Of the template, with the values that the stack runs with."""
    resources: list[Deployed] = field(default_factory=list)

    def of(self, type_name: str) -> list[Deployed]:
        """The stack's resources of a type, in the order of their logical ids."""
        found = [resource for resource in self.resources if resource.type == type_name]
        return sorted(found, key=lambda resource: resource.logical_id)


class View:
    """The deployed stacks of one cloud, with the settings that they should follow."""

    def __init__(self, cloud: Cloud, settings: Settings, *, ca_file: Path, objects_file: Path) -> None:
        self.cloud, self.settings, self.ca_file, self._objects_file = cloud, settings, ca_file, objects_file
        self._clients = Clients(cloud)
        self.stacks = {stack.id: stack for region in cloud.regions for stack in self._stacks(region)}

    def _stacks(self, region: str) -> list[Stack]:
        client = self._clients.client("cloudformation", region)
        prefix = f"{self.cloud.prefix}-"
        found: list[Stack] = []
        for page in client.get_paginator("describe_stacks").paginate():
            for stack in page["Stacks"]:
                if not stack["StackName"].startswith(prefix):
                    continue
                outputs = stack.get("Outputs", [])
                found.append(
                    Stack(
                        id=stack["StackName"].removeprefix(prefix),
                        name=stack["StackName"],
                        region=region,
                        status=stack["StackStatus"],
                        outputs={output["OutputKey"]: output["OutputValue"] for output in outputs},
                        exports={o["ExportName"]: o["OutputValue"] for o in outputs if "ExportName" in o},
                        parameters={p["ParameterKey"]: p["ParameterValue"] for p in stack.get("Parameters", [])},
                        resources=self._resources(client, stack["StackName"]),
                    )
                )
        return found

    @staticmethod
    def _resources(client: Any, stack_name: str) -> list[Deployed]:
        pages = client.get_paginator("list_stack_resources").paginate(StackName=stack_name)
        return [
            Deployed(entry["LogicalResourceId"], entry["ResourceType"], entry.get("PhysicalResourceId", ""))
            for page in pages
            for entry in page["StackResourceSummaries"]
        ]

    def client(self, service: str, region: str | None = None) -> Any:
        return self._clients.client(service, region)

    def stack(self, stack_id: str) -> Stack | None:
        """The stack, if this stage has it."""
        return self.stacks.get(stack_id)

    def of(self, stack_id: str, type_name: str) -> list[Deployed]:
        """A stack's resources of a type; none when the stage has no such stack."""
        stack = self.stacks.get(stack_id)
        return stack.of(type_name) if stack else []

    def all(self, type_name: str) -> list[tuple[Stack, Deployed]]:
        """The resources of a type in every stack."""
        return [(stack, resource) for stack in self.stacks.values() for resource in stack.of(type_name)]

    @property
    def objects(self) -> Everything:
        """What is recorded as in the cluster."""
        return read(self._objects_file)

    def platform_host(self) -> str:
        """The name by which the services of EksPlatformStack are asked; empty without it."""
        return tiketi.host(self.cloud, self.client("elbv2"))

    def images(self) -> list[Deployed]:
        """The images bucket of DataStack, when there is one: not its only bucket."""
        return [bucket for bucket in self.of(DATA, "AWS::S3::Bucket") if bucket.logical_id.startswith("Images")]

    def distribution_domain(self) -> str:
        """The CDN's host name; empty without FrontendCdnStack."""
        found = self.of(FRONTEND, "AWS::CloudFront::Distribution")
        if not found:
            return ""
        answer = self.client("cloudfront").get_distribution(Id=found[0].physical_id)
        return str(answer["Distribution"]["DomainName"])

    def output_rows(self) -> list[tuple[str, str, str]]:
        """Outputs that are meant for people: those that CDK makes for itself are left out."""
        return [
            (stack.id, key, value)
            for stack in self.stacks.values()
            for key, value in stack.outputs.items()
            if not key.startswith(("ExportsOutput", "PublishOutput"))
        ]

    def home(self, stack_id: str) -> str:
        """The region of a stack of the app."""
        return EDGE_REGION if stack_id in (EDGE, EDGE_WATCH) else self.cloud.region
