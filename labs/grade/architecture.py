"""Architecture: tiers, zones, what is in front of what, and that it works."""

from collections.abc import Iterator
from typing import Any, Final

from labs.grade.deployed import joined, short
from labs.grade.evidence import Evidence, Seen, flag, present, proportionally
from labs.grade.network import ISOLATED, PRIVATE, PUBLIC
from labs.grade.parts import Parts
from labs.grade.shop import API, PAGE

_CACHING_DISABLED: Final = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
"""Of the managed cache policies (CloudFront guide, "Use managed cache policies")."""
_ADDONS: Final = ("coredns", "eks-pod-identity-agent", "kube-proxy", "vpc-cni")
_TAGS: Final = ("Project", "Stage", "Owner", "CostCenter")
_ZONES: Final = 2
"""At the least: one of them may be lost."""


def tiers(parts: Parts) -> Evidence:
    """Three tiers of subnets, each in two zones."""
    network = parts.network
    seen = []
    for tier in (PUBLIC, PRIVATE, ISOLATED):
        zones = {network.zones[subnet] for subnet, of in network.tiers.items() if of == tier}
        seen.append(present(f"{tier} subnets", "zones", zones, least=_ZONES))
    return proportionally(seen)


def private_compute(parts: Parts) -> Evidence:
    """Instances and nodes have no way in from the internet."""
    network = parts.network
    homes = {
        **{group["AutoScalingGroupName"]: _subnets(group) for group in parts.groups},
        **{group["nodegroupName"]: list(group["subnets"]) for group in parts.node_groups},
    }
    return proportionally(
        Seen(name, "subnets", network.described(subnets), network.only(subnets, PRIVATE, ISOLATED))
        for name, subnets in homes.items()
    )


def isolated_data(parts: Parts) -> Evidence:
    """Databases and caches are in subnets without a route out."""
    network, homes = parts.network, {}
    for database in parts.databases:
        homes[database["DBInstanceIdentifier"]] = _ids(database["DBSubnetGroup"]["Subnets"])
    for cluster in parts.aurora:
        homes[cluster["DBClusterIdentifier"]] = _subnet_group(parts, cluster["DBSubnetGroup"])
    for group in sorted(parts.deployed.ids("AWS::ElastiCache::SubnetGroup")):
        answer = parts.deployed.all(
            "elasticache", "describe_cache_subnet_groups", "CacheSubnetGroups", CacheSubnetGroupName=group
        )
        homes[group] = _ids(answer[0]["Subnets"]) if answer else []
    seen = [
        Seen(name, "subnets", network.described(subnets), network.only(subnets, ISOLATED))
        for name, subnets in homes.items()
    ]
    for database in parts.databases:
        seen.append(
            flag(database["DBInstanceIdentifier"], "PubliclyAccessible", database["PubliclyAccessible"], wanted=False)
        )
    return proportionally(seen)


def cdn(parts: Parts) -> Evidence:
    """One distribution in front: a private bucket for the page, the API uncached."""
    seen: list[Seen] = []
    for id, config in parts.distributions.items():
        origins = {each["Id"]: each for each in config["Origins"]["Items"]}
        behaviours = [config["DefaultCacheBehavior"], *config.get("CacheBehaviors", {}).get("Items", [])]
        page = origins.get(config["DefaultCacheBehavior"]["TargetOriginId"], {})
        seen.append(present(id, "OriginAccessControlId", [page["OriginAccessControlId"]] if _closed(page) else []))
        uncached = [
            each["PathPattern"]
            for each in behaviours[1:]
            if "CustomOriginConfig" in origins.get(each["TargetOriginId"], {}) and _uncached(parts, each)
        ]
        seen.append(present(id, "uncached paths of a load balancer", uncached))
        version = str(config.get("HttpVersion", "")).lower()
        seen.append(Seen(id, "HttpVersion", version, version in ("http2", "http3", "http2and3")))
        seen.append(flag(id, "DefaultCacheBehavior.Compress", config["DefaultCacheBehavior"].get("Compress")))
    return proportionally(seen)


def balancers(parts: Parts) -> Evidence:
    """Every load balancer is in two zones and asks its targets whether they are well."""
    network = parts.network
    seen = []
    for balancer in parts.balancers:
        subnets = [zone["SubnetId"] for zone in balancer["AvailabilityZones"]]
        name = balancer["LoadBalancerName"]
        seen.append(Seen(name, "subnets", network.described(subnets), network.spread(subnets) >= _ZONES))
    for group in parts.target_groups:
        check = group.get("HealthCheckPath") or group.get("HealthCheckProtocol") or ""
        well = bool(group.get("HealthCheckEnabled")) and str(group["HealthCheckProtocol"]).startswith("HTTP")
        seen.append(Seen(group["TargetGroupName"], "health check", check, well))
    return proportionally(seen)


def scaling(parts: Parts) -> Evidence:
    """Room to grow, and something that lets it grow by itself."""
    policies = parts.deployed.all("autoscaling", "describe_policies", "ScalingPolicies")
    seen = []
    for group in parts.groups:
        name = group["AutoScalingGroupName"]
        seen.append(_room(name, group["MinSize"], group["MaxSize"]))
        kinds = {each["PolicyType"] for each in policies if each["AutoScalingGroupName"] == name}
        seen.append(Seen(name, "policies", joined(kinds), bool(kinds & {"TargetTrackingScaling", "PredictiveScaling"})))
    for group in parts.node_groups:
        sizes = group["scalingConfig"]
        seen.append(_room(group["nodegroupName"], sizes["minSize"], sizes["maxSize"]))
    return proportionally(seen)


def containers(parts: Parts) -> Evidence:
    """A cluster that is in support, with managed nodes and add-ons, its services behind a load balancer."""
    seen = []
    for cluster in parts.clusters:
        name = cluster["name"]
        support = cluster.get("upgradePolicy", {}).get("supportType")
        seen.append(flag(name, "supportType", support, wanted="STANDARD"))
        nodes = [each["nodegroupName"] for each in parts.node_groups if each["clusterName"] == name]
        seen.append(present(name, "managed node groups", nodes))
        addons = [
            each for each in parts.deployed.all("eks", "list_addons", "addons", clusterName=name) if each in _ADDONS
        ]
        seen.append(present(name, "add-ons", addons, least=len(_ADDONS)))
        services = [each["TargetGroupName"] for each in parts.target_groups if each["TargetType"] == "ip"]
        seen.append(Seen(name, "target groups of services (ip)", str(len(services)), bool(services)))
    return proportionally(seen)


def storage(parts: Parts) -> Evidence:
    """What is stored gets cheaper with its age and ends; what is fetched from S3 does not pass the NAT."""
    rules: list[dict[str, Any]] = []
    for name in parts.buckets:
        found = parts.deployed.all("s3", "get_bucket_lifecycle_configuration", "Rules", Bucket=name)
        rules += [{**rule, "Bucket": name} for rule in found if rule.get("Status") == "Enabled"]
    cheaper = {rule["Bucket"] for rule in rules if rule.get("Transitions")}
    ending = {rule["Bucket"] for rule in rules if rule.get("Expiration") or rule.get("NoncurrentVersionExpiration")}
    endpoints = parts.network.of_ours("describe_vpc_endpoints", "VpcEndpoints")
    s3 = [each["VpcEndpointId"] for each in endpoints if each["ServiceName"].endswith(".s3")]
    return proportionally(
        [
            present("buckets", "lifecycle to a cheaper class", cheaper),
            present("buckets", "lifecycle with an end", ending),
            present("VPC", "gateway endpoint of S3", s3),
        ]
    )


def tags(parts: Parts) -> Evidence:
    """Who pays for it, whose it is."""
    return proportionally(
        present(stack.name, "tags", [tag for tag in _TAGS if stack.tags.get(tag)], least=len(_TAGS))
        for stack in parts.deployed.stacks
    )


def works(parts: Parts) -> Evidence:
    """Page and API answer through the CDN."""
    return proportionally(_answers(parts))


def _answers(parts: Parts) -> Iterator[Seen]:
    for config in parts.distributions.values():
        domain = config["DomainName"]
        for path in (PAGE, API):
            yield flag(f"https://{domain}{path}", "status", parts.shop.status(domain, path), wanted=200)


def _subnets(group: dict[str, Any]) -> list[str]:
    return [each for each in str(group.get("VPCZoneIdentifier") or "").split(",") if each]


def _ids(subnets: list[dict[str, Any]]) -> list[str]:
    return [each["SubnetIdentifier"] for each in subnets]


def _subnet_group(parts: Parts, name: str) -> list[str]:
    answer = parts.deployed.all("rds", "describe_db_subnet_groups", "DBSubnetGroups", DBSubnetGroupName=name)
    return _ids(answer[0]["Subnets"]) if answer else []


def _closed(origin: dict[str, Any]) -> bool:
    """A bucket that CloudFront opens with a key of its own."""
    return "S3OriginConfig" in origin and bool(origin.get("OriginAccessControlId"))


def _uncached(parts: Parts, behaviour: dict[str, Any]) -> bool:
    policy = behaviour.get("CachePolicyId")
    if not policy:
        return not behaviour.get("DefaultTTL") and not behaviour.get("MinTTL")
    if policy == _CACHING_DISABLED:
        return True
    answer = parts.deployed.read("cloudfront", "get_cache_policy", Id=policy)
    return bool(answer) and answer["CachePolicy"]["CachePolicyConfig"].get("MaxTTL") == 0


def _room(name: str, least: int, most: int) -> Seen:
    return Seen(short(name), "minimum, maximum", f"{least}, {most}", most > least)
