"""The Resource Groups Tagging API, and the tags that CloudFormation sets.

Faults: it answers for a third of the services that have tags, and CloudFormation's own (`aws:cloudformation:stack-name`
and the others) are left out on resource types that are ours, and on some of MiniStack's; flow logs and hosted zones
lose theirs altogether. Roles and scaling groups stay unknown to it, as on AWS.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from ministack.core.responses import get_account_id, get_region
from ministack.services import (
    alb,
    cloudtrail,
    cloudwatch,
    cloudwatch_logs,
    ec2,
    eks,
    rds,
    route53,
    secretsmanager,
    ssm,
    tagging,
    waf,
)
from ministack.services.cloudformation import provisioners

from localcloud.server import patching
from localcloud.server.mends import hooks
from localcloud.server.resource import Properties

_Tagged = Iterator[tuple[str, list[dict[str, str]]]]
_EC2: Final = {
    "eipalloc": "elastic-ip",
    "eni": "network-interface",
    "fl": "vpc-flow-log",
    "i": "instance",
    "igw": "internet-gateway",
    "lt": "launch-template",
    "nat": "natgateway",
    "rtb": "route-table",
    "sg": "security-group",
    "snap": "snapshot",
    "subnet": "subnet",
    "vol": "volume",
    "vpc": "vpc",
    "vpce": "vpc-endpoint",
}
"""How an id begins -> what its ARN calls it (service authorization reference, EC2)."""
_WITH_LIST: Final = (
    "AWS::EC2::EIP",
    "AWS::EC2::FlowLog",
    "AWS::EC2::NatGateway",
)
"""Types whose handler here keeps `Tags`."""


def _listed(tags: Any) -> list[dict[str, str]]:
    if isinstance(tags, dict):
        return [{"Key": key, "Value": value} for key, value in tags.items()]
    return list(tags or ())


def _of_ec2() -> _Tagged:
    for id, tags in ec2._tags.items():
        kind = _EC2.get(id.rpartition("-")[0])
        if kind:
            yield f"arn:aws:ec2:{get_region()}:{get_account_id()}:{kind}/{id}", _listed(tags)


def _of_logs() -> _Tagged:
    for name, group in cloudwatch_logs._log_groups.items():
        yield f"arn:aws:logs:{get_region()}:{get_account_id()}:log-group:{name}", _listed(group.get("tags"))


def _of_zones() -> _Tagged:
    """Route 53 is listed in us-east-1."""
    if get_region() == "us-east-1":
        for (kind, id), tags in route53._tags.items():
            if kind == "hostedzone":
                yield f"arn:aws:route53:::hostedzone/{id}", _listed(tags)


def _of_secrets() -> _Tagged:
    for secret in secretsmanager._secrets.values():
        yield secret["ARN"], _listed(secret.get("Tags"))


def _of_databases() -> _Tagged:
    """Servers keep tags in their record, all else beside."""
    for arn, name, store in (
        ("DBInstanceArn", "TagList", rds._instances),
        ("DBClusterArn", "TagList", rds._clusters),
        ("DBSnapshotArn", "TagList", rds._snapshots),
    ):
        for record in store.values():
            if record[arn].split(":")[3] == get_region():
                yield record[arn], _listed(record.get(name) or rds._tags.get(record[arn]))
    of_records = ("db", "cluster", "snapshot")
    yield from ((arn, tags) for arn, tags in _by_arn([rds._tags]) if arn.split(":")[5] not in of_records)


def _by_arn(stores: Iterable[Any]) -> _Tagged:
    """Of stores that keep tags by ARN, those of this region."""
    for store in stores:
        for arn, tags in store.items():
            if arn.startswith("arn:") and arn.split(":")[3] == get_region():
                yield arn, _listed(tags)


def _keep_zone_tags(physical_id: str, properties: Properties) -> None:
    route53._tags["hostedzone", physical_id] = {
        tag["Key"]: tag["Value"] for tag in properties.get("HostedZoneTags") or ()
    }


def install() -> None:
    hooks.after("AWS::Route53::HostedZone", _keep_zone_tags)
    patching.edit(ec2._create_flow_logs, old='"flow-log"', new='"vpc-flow-log"')
    tagging._GLOBAL_RESOURCE_SERVICES.update({"route53"})
    tagging._COLLECTORS.update(
        {
            "ec2": _of_ec2,
            "logs": _of_logs,
            "route53": _of_zones,
            "secretsmanager": _of_secrets,
            "rds": _of_databases,
            "elasticloadbalancing": lambda: _by_arn([alb._tags]),
            "cloudwatch": lambda: _by_arn([cloudwatch._resource_tags]),
            "eks": lambda: _by_arn([eks._tags]),
            "ssm": lambda: _by_arn([ssm._tags]),
            "cloudtrail": lambda: _by_arn([cloudtrail._trail_tags]),
            "wafv2": lambda: _by_arn([waf._waf_tags]),
        }
    )
    provisioners._STACK_TAG_PROPERTY["AWS::Route53::HostedZone"] = ("HostedZoneTags", "list")
    provisioners._STACK_TAG_PROPERTY.update(dict.fromkeys(_WITH_LIST, ("Tags", "list")))
