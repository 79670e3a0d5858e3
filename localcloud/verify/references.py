"""Stacks, exports, parameters: what refers to something refers to something that exists."""

import re
from collections.abc import Iterator

from cloudmart_cdk.settings.topology import DATA, FRONTEND, NEEDS, VPC
from localcloud.verify.table import Check
from localcloud.verify.view import View

_UNRESOLVED = re.compile(r"\$\{|\{\{resolve:|Fn::|\bRef\b")


def checks(view: View) -> Iterator[Check]:
    expected = sorted(stack_id for stack_id in NEEDS if view.settings.has(stack_id))
    yield Check("stacks", expected, sorted(view.stacks))
    for stack in view.stacks.values():
        complete = stack.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
        yield Check(f"{stack.id} is complete", True, complete or stack.status)
        yield Check(f"{stack.id} region", view.home(stack.id), stack.region)
        for key, value in stack.outputs.items():
            resolved = bool(value) and not _UNRESOLVED.search(value)
            yield Check(f"{stack.id} output {key} is resolved", True, resolved or value)
    yield from _exports(view)
    yield from _parameters(view)


def _exports(view: View) -> Iterator[Check]:
    for region in dict.fromkeys(stack.region for stack in view.stacks.values()):
        pages = view.client("cloudformation", region).get_paginator("list_exports").paginate()
        listed = {entry["Name"]: entry["Value"] for page in pages for entry in page["Exports"]}
        for stack in view.stacks.values():
            if stack.region == region:
                for name, value in stack.exports.items():
                    yield Check(f"export {name}", value, listed.get(name))


def _parameters(view: View) -> Iterator[Check]:
    """Every parameter of the stage, and the physical ids and endpoints that they should hold."""
    root = view.settings.names.parameter("").rstrip("/")
    pages = view.client("ssm").get_paginator("get_parameters_by_path").paginate(Path=root, Recursive=True)
    values = {entry["Name"]: entry["Value"] for page in pages for entry in page["Parameters"]}
    declared = sorted(
        resource.physical_id
        for stack, resource in view.all("AWS::SSM::Parameter")
        # CDK's own are elsewhere: the kubectl provider of a cluster makes one.
        if stack.region == view.cloud.region and resource.physical_id.startswith(f"{root}/")
    )
    yield Check(f"parameters below {root}", declared, sorted(values))
    for name, value in values.items():
        yield Check(f"parameter {name} is resolved", True, not _UNRESOLVED.search(value) or value)
    for name, real in _real_values(view).items():
        yield Check(f"parameter {name}", real, values.get(name))


def _real_values(view: View) -> dict[str, str]:
    """Parameters, by full name, with what the services themselves say."""
    names, real = view.settings.names, _buckets(view)
    if view.stack(DATA) is not None:
        real["database/name"] = view.settings.database.name
    instances = view.client("rds").describe_db_instances()["DBInstances"]
    primary = [i for i in instances if not i.get("ReadReplicaSourceDBInstanceIdentifier")]
    if len(primary) == 1 and not view.settings.database.proxy:
        real["database/host"] = primary[0]["Endpoint"]["Address"]
        real["database/port"] = str(primary[0]["Endpoint"]["Port"])
    for group in view.client("elasticache").describe_replication_groups()["ReplicationGroups"]:
        shards = group["NodeGroups"]
        endpoint = group.get("ConfigurationEndpoint") or shards[0]["PrimaryEndpoint"]
        real["cache/host"], real["cache/port"] = endpoint["Address"], str(endpoint["Port"])
    return {names.parameter(path): value for path, value in real.items()}


def _buckets(view: View) -> dict[str, str]:
    """Buckets with generated names, that people and deploy pipelines look up."""
    found = {"logs/bucket": view.of(VPC, "AWS::S3::Bucket"), "site/bucket": view.of(FRONTEND, "AWS::S3::Bucket")}
    return {path: buckets[0].physical_id for path, buckets in found.items() if buckets}
