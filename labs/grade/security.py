"""Security: who gets in, and what somebody finds who does."""

import json
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any, Final

from cloudmart_cdk.settings.topology import EDGE_REGION
from labs.grade.deployed import joined, short
from labs.grade.evidence import Evidence, Seen, flag, present, proportionally, strictly
from labs.grade.parts import Parts

_WIDEST: Final = 8
"""Shortest prefix that may still be somebody's own network; more than that is the internet."""
_WEB: Final = (80, 443)
_BLOCKS: Final = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
_LONGEST_ROTATION_DAYS: Final = 90


def doors(parts: Parts) -> Evidence:
    """Nothing but a load balancer's web ports is open to the internet."""
    fronts = {group for balancer in parts.balancers for group in balancer.get("SecurityGroups", [])}
    groups = parts.network.of_ours("describe_security_groups", "SecurityGroups")
    seen = []
    for group in groups:
        front = group["GroupId"] in fronts
        wide = [rule for rule in group["IpPermissions"] if _open(rule)]
        bad = [_ports(rule) for rule in wide if not (front and _web(rule))]
        if bad:
            seen.append(Seen(f"{group['GroupName']} {group['GroupId']}", "open to the internet", joined(bad), ok=False))
    if groups and not seen:
        seen.append(Seen("security groups", "open to the internet", "none", ok=True))
    return strictly(seen)


def at_rest(parts: Parts) -> Evidence:
    """Stores, buckets, disks and the cluster's secrets are encrypted."""
    deployed = parts.deployed
    seen = [
        flag(each["DBInstanceIdentifier"], "StorageEncrypted", each["StorageEncrypted"]) for each in parts.databases
    ]
    seen += [flag(each["DBClusterIdentifier"], "StorageEncrypted", each["StorageEncrypted"]) for each in parts.aurora]
    seen += [
        flag(each["ReplicationGroupId"], "AtRestEncryptionEnabled", each["AtRestEncryptionEnabled"])
        for each in parts.caches
    ]
    for name in parts.buckets:
        answer = deployed.read("s3", "get_bucket_encryption", Bucket=name)
        rules = answer.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
        kinds = [rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] for rule in rules]
        seen.append(present(name, "SSEAlgorithm", kinds))
    for id, data in _templates(parts):
        for device in data.get("BlockDeviceMappings", []):
            if "Ebs" in device:
                seen.append(flag(f"{id} {device['DeviceName']}", "Encrypted", device["Ebs"].get("Encrypted") or False))
    for cluster in parts.clusters:
        kinds = [kind for entry in cluster.get("encryptionConfig") or [] for kind in entry["resources"]]
        seen.append(present(cluster["name"], "encryptionConfig", kinds))
    return proportionally(seen)


def in_transit(parts: Parts) -> Evidence:
    """Customers get HTTPS; database and cache refuse anything but TLS."""
    seen = []
    for id, config in parts.distributions.items():
        behaviours = [config["DefaultCacheBehavior"], *config.get("CacheBehaviors", {}).get("Items", [])]
        policies = {each["ViewerProtocolPolicy"] for each in behaviours}
        seen.append(Seen(id, "ViewerProtocolPolicy", joined(policies), policies <= {"redirect-to-https", "https-only"}))
    for group in parts.caches:
        seen.append(flag(group["ReplicationGroupId"], "TransitEncryptionEnabled", group["TransitEncryptionEnabled"]))
    for database in parts.databases:
        groups = [each["DBParameterGroupName"] for each in database["DBParameterGroups"]]
        forced = [_parameter(parts, "db_parameter", "DBParameterGroupName", group) for group in groups]
        seen.append(Seen(database["DBInstanceIdentifier"], "rds.force_ssl", joined(forced), set(forced) == {"1"}))
    for cluster in parts.aurora:
        value = _parameter(
            parts, "db_cluster_parameter", "DBClusterParameterGroupName", cluster["DBClusterParameterGroup"]
        )
        seen.append(flag(cluster["DBClusterIdentifier"], "rds.force_ssl", value, wanted="1"))
    return proportionally(seen)


def metadata_service(parts: Parts) -> Evidence:
    """Version 2 of the metadata service only: a forged request gets no credentials of an instance."""
    return proportionally(
        flag(id, "HttpTokens", data.get("MetadataOptions", {}).get("HttpTokens"), wanted="required")
        for id, data in _templates(parts)
    )


def secrets(parts: Parts) -> Evidence:
    """Passwords are in Secrets Manager, and change by themselves."""
    found = [
        parts.deployed.read("secretsmanager", "describe_secret", SecretId=id)
        for id in sorted(parts.deployed.ids("AWS::SecretsManager::Secret"))
    ]
    managed = [each["DBInstanceIdentifier"] for each in parts.databases if each.get("MasterUserSecret")]
    rotating = [each["Name"] for each in found if each.get("RotationEnabled") and _soon(each.get("RotationRules", {}))]
    return proportionally(
        [
            present("secrets", "in Secrets Manager", [each["Name"] for each in found if each] + managed),
            present("secrets", f"rotated within {_LONGEST_ROTATION_DAYS} days", rotating + managed),
        ]
    )


def buckets(parts: Parts) -> Evidence:
    """No bucket is open to the public, and none talks without TLS."""
    seen = []
    for name in parts.buckets:
        answer = parts.deployed.read("s3", "get_public_access_block", Bucket=name)
        blocked = [key for key in _BLOCKS if answer.get("PublicAccessBlockConfiguration", {}).get(key)]
        closed = len(blocked) == len(_BLOCKS)
        seen.append(Seen(name, "public access blocked", f"{len(blocked)} / {len(_BLOCKS)}", closed))
        policy = parts.deployed.read("s3", "get_bucket_policy", Bucket=name).get("Policy", "{}")
        seen.append(flag(name, "TLS only", _tls_only(json.loads(policy))))
    return strictly(seen)


def web_acl(parts: Parts) -> Evidence:
    """A web ACL in front of the shop: managed rules, and a limit for each address."""
    seen = []
    for id, config in parts.distributions.items():
        arn = str(config.get("WebACLId") or "")
        seen.append(present(id, "WebACLId", [short(arn)] if arn else []))
        kinds = {next(iter(rule["Statement"])) for rule in _rules(parts, arn)}
        for kind in ("ManagedRuleGroupStatement", "RateBasedStatement"):
            seen.append(flag(id, kind, kind in kinds))
    return proportionally(seen)


def api_endpoint(parts: Parts) -> Evidence:
    """The Kubernetes API is not open to the internet."""
    seen = []
    for cluster in parts.clusters:
        access = cluster["resourcesVpcConfig"]
        sources = access.get("publicAccessCidrs") or [] if access.get("endpointPublicAccess") else []
        wide = any(ip_network(source).prefixlen < _WIDEST for source in sources)
        seen.append(Seen(cluster["name"], "publicAccessCidrs", joined(sources), not wide))
    return proportionally(seen)


def images(parts: Parts) -> Evidence:
    """What is pushed is scanned, and no tag is moved."""
    seen = []
    for repository in parts.deployed.among(
        "AWS::ECR::Repository", "ecr", "describe_repositories", "repositories", id="repositoryName"
    ):
        name = repository["repositoryName"]
        seen.append(flag(name, "scanOnPush", repository.get("imageScanningConfiguration", {}).get("scanOnPush", False)))
        kind = str(repository["imageTagMutability"])
        seen.append(Seen(name, "imageTagMutability", kind, kind.startswith("IMMUTABLE")))
    return proportionally(seen)


def _open(rule: dict[str, Any]) -> bool:
    cidrs = [each["CidrIp"] for each in rule.get("IpRanges", [])] + [
        each["CidrIpv6"] for each in rule.get("Ipv6Ranges", [])
    ]
    return any(ip_network(cidr, strict=False).prefixlen < _WIDEST for cidr in cidrs)


def _web(rule: dict[str, Any]) -> bool:
    return rule["IpProtocol"] == "tcp" and rule.get("FromPort") == rule.get("ToPort") and rule["FromPort"] in _WEB


def _ports(rule: dict[str, Any]) -> str:
    if rule["IpProtocol"] == "-1":
        return "all"
    first, last = rule.get("FromPort"), rule.get("ToPort")
    return f"{rule['IpProtocol']} {first if first == last else f'{first}-{last}'}"


def _templates(parts: Parts) -> Iterator[tuple[str, dict[str, Any]]]:
    """Launch templates, as they launch now."""
    for id in sorted(parts.deployed.ids("AWS::EC2::LaunchTemplate")):
        versions = parts.deployed.all(
            "ec2",
            "describe_launch_template_versions",
            "LaunchTemplateVersions",
            LaunchTemplateId=id,
            Versions=["$Latest"],
        )
        if versions:
            yield versions[-1]["LaunchTemplateName"], versions[-1]["LaunchTemplateData"]


def _parameter(parts: Parts, kind: str, key: str, group: str) -> str:
    found = parts.deployed.all("rds", f"describe_{kind}s", "Parameters", **{key: group})
    return next((str(each.get("ParameterValue")) for each in found if each["ParameterName"] == "rds.force_ssl"), "none")


def _soon(rules: dict[str, Any]) -> bool:
    """Whether it rotates often enough: every so many days, or by an expression, where days are AWS's own limit."""
    days = rules.get("AutomaticallyAfterDays")
    expression = str(rules.get("ScheduleExpression") or "")
    if expression.startswith("rate("):
        number, unit = expression.removeprefix("rate(").rstrip(")").split()
        days = int(number) / (24 if unit.startswith("hour") else 1)
    return days <= _LONGEST_ROTATION_DAYS if days else expression.startswith("cron(")


def _tls_only(policy: dict[str, Any]) -> bool:
    statements = policy.get("Statement", [])
    return any(
        statement["Effect"] == "Deny"
        and str(statement.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport")).lower() == "false"
        for statement in (statements if isinstance(statements, list) else [statements])
    )


def _rules(parts: Parts, arn: str) -> list[dict[str, Any]]:
    """The rules of a web ACL of CloudFront's: arn:aws:wafv2:us-east-1:account:global/webacl/name/id."""
    if not arn.startswith("arn:"):
        return []
    name, id = arn.split("/")[-2:]
    answer = parts.deployed.read("wafv2", "get_web_acl", EDGE_REGION, Name=name, Id=id, Scope="CLOUDFRONT")
    return list(answer.get("WebACL", {}).get("Rules", []))
