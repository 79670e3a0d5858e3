"""What a team has deployed: the stacks `<name>-<stage>-...`, their resources, and what AWS says of these.

Owns reading, and that it is nothing but reading: a call that is not a describe, list or get is refused here. A call is
made once. Does not judge.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from botocore.exceptions import ClientError

from cloudmart_cdk.settings.topology import EDGE_REGION
from commands.errors import CommandError
from commands.place import REFUSED
from labs.names import of_longer_name

_READS: Final = ("describe_", "list_", "get_")
_ABSENT: Final = ("NoSuch", "NotFound", "DoesNotExist", "NonExistent")
_SERVICES: Final = {"monitoring": "cloudwatch"}
"""What a service is called in IAM where that differs from what requests are signed with."""
_ACTIONS: Final = {
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "budgets:DescribeBudgets": "budgets:ViewBudget",
    "budgets:DescribeNotificationsForBudget": "budgets:ViewBudget",
}
"""Calls whose right has another name (service authorization reference, "Actions, resources, and condition keys")."""
_EMPTY: Final = ("CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED", "REVIEW_IN_PROGRESS")
"""States in which a stack holds nothing that can be relied upon."""


class UnreadableError(Exception):
    """A call that is not allowed to whoever grades; the text is the right, e.g. `rds:DescribeDBInstances`."""


@dataclass(frozen=True)
class Resource:
    """One resource of a stack."""

    stack: str
    region: str
    logical_id: str
    type: str
    id: str
    """Physical id."""


@dataclass(frozen=True)
class Stack:
    """One deployed stack."""

    name: str
    region: str
    tags: dict[str, str]
    parameters: dict[str, str]
    """With the values that it runs with."""
    resources: tuple[Resource, ...] = field(repr=False)


class Deployed:
    """A deployment, read back. Raises `CommandError` when there is none, or one that is not at rest."""

    def __init__(self, client: Callable[..., Any], *, prefix: str, region: str) -> None:
        """`client`: boto3's, by service and region. `prefix`: `<name>-<stage>`."""
        self._client, self.prefix, self.region = client, prefix, region
        self._answers: dict[str, Any] = {}
        self.stacks = [stack for each in dict.fromkeys((region, EDGE_REGION)) for stack in self._stacks(each)]
        if not self.stacks:
            raise CommandError(
                prefix,
                why=f"given no stack {prefix}-... in {region}; allowed: a deployment",
                do="deploy first, or say which: --stage, --name",
            )

    def _stacks(self, region: str) -> list[Stack]:
        found = []
        for entry in self.read("cloudformation", "describe_stacks", region)["Stacks"]:
            name, status = entry["StackName"], entry["StackStatus"]
            own = name.startswith(f"{self.prefix}-") and not of_longer_name(name.removeprefix(self.prefix))
            if not own or status == "DELETE_COMPLETE":
                continue
            if status in _EMPTY or status.endswith("_IN_PROGRESS"):
                raise CommandError(
                    name, why=f"given {status}; allowed: stacks at rest that hold something", do="deploy it again"
                )
            listed = self.read("cloudformation", "list_stack_resources", region, StackName=name)
            resources = tuple(
                Resource(name, region, each["LogicalResourceId"], each["ResourceType"], each["PhysicalResourceId"])
                for each in listed["StackResourceSummaries"]
                if each.get("PhysicalResourceId") and each["ResourceStatus"] != "DELETE_COMPLETE"
            )
            tags = {tag["Key"]: tag["Value"] for tag in entry.get("Tags", [])}
            parameters = {each["ParameterKey"]: each["ParameterValue"] for each in entry.get("Parameters", [])}
            found.append(Stack(name, region, tags, parameters, resources))
        return sorted(found, key=lambda stack: stack.name)

    def of(self, type_name: str) -> list[Resource]:
        """The resources of a type, in every stack."""
        return [each for stack in self.stacks for each in stack.resources if each.type == type_name]

    def ids(self, type_name: str) -> set[str]:
        """Their physical ids."""
        return {each.id for each in self.of(type_name)}

    def read(self, service: str, operation: str, region: str = "", **parameters: Any) -> dict[str, Any]:
        """AWS's answer, all pages of it; empty where what is asked for is not there (any more).

        Raises `UnreadableError` where it is not allowed, and what boto3 raises.
        """
        if not operation.startswith(_READS):
            raise ValueError(f"{service}.{operation} is no reading call")
        where = region or self.region
        key = json.dumps([service, operation, where, parameters], sort_keys=True)
        if key not in self._answers:
            try:
                self._answers[key] = self._ask(service, operation, where, parameters)
            except UnreadableError as refused:
                self._answers[key] = refused
        if isinstance(answer := self._answers[key], UnreadableError):
            raise answer
        return dict(answer)

    def _ask(self, service: str, operation: str, region: str, parameters: dict[str, Any]) -> Any:
        client = self._client(service, region)
        try:
            if client.can_paginate(operation):
                return client.get_paginator(operation).paginate(**parameters).build_full_result()
            return getattr(client, operation)(**parameters)
        except ClientError as error:
            code = str(error.response["Error"].get("Code", ""))
            if code in REFUSED:
                raise UnreadableError(_right(client, operation)) from error
            if any(word in code for word in _ABSENT):
                return {}
            raise

    def all(self, service: str, operation: str, key: str, *, region: str = "", **parameters: Any) -> list[Any]:
        """The list under a key of the answer."""
        return list(self.read(service, operation, region, **parameters).get(key) or [])

    def among(
        self, type_name: str, service: str, operation: str, key: str, *, id: str, **parameters: Any
    ) -> list[dict[str, Any]]:
        """Our resources of a type as a list call tells of all, `id`: where their physical ids are; ordered by them."""
        regions = sorted({each.region for each in self.of(type_name)})
        ours = self.ids(type_name)
        found = [e for region in regions for e in self.all(service, operation, key, region=region, **parameters)]
        return sorted((each for each in found if each.get(id) in ours), key=lambda each: str(each[id]))

    @property
    def account(self) -> str:
        """The account's id."""
        return str(self.read("sts", "get_caller_identity")["Account"])


def _right(client: Any, operation: str) -> str:
    """The IAM action of a call."""
    service = client.meta.service_model.signing_name
    action = f"{_SERVICES.get(service, service)}:{client.meta.method_to_api_mapping[operation]}"
    return _ACTIONS.get(action, action)


def short(arn: str) -> str:
    """The end of an ARN that people know a thing by."""
    return arn.rpartition(":")[2].split("/", 1)[-1] if arn.startswith("arn:") else arn


def joined(values: Iterable[object]) -> str:
    """For a line of evidence."""
    return ", ".join(sorted({str(value) for value in values})) or "none"
