"""EksPlatformStack: cluster, node groups, add-ons, repositories, the load balancer of the services."""

import json
from collections.abc import Iterator
from typing import Any, get_args

from cloudmart_cdk.service_releases import ALL, SERVICE_TAG, TRACK_TAG, Track, parameters
from cloudmart_cdk.settings.catalogue import Addon
from cloudmart_cdk.settings.topology import EKS
from localcloud.verify.table import Check
from localcloud.verify.view import View

_LOGS = {"api", "audit", "authenticator", "controllerManager", "scheduler"}


def checks(view: View) -> Iterator[Check]:
    deployed = view.of(EKS, "AWS::EKS::Cluster")
    if not deployed:
        return
    name = deployed[0].physical_id
    cluster = view.client("eks").describe_cluster(name=name)["cluster"]
    yield from _cluster(view, cluster)
    yield from _node_groups(view, name)
    yield from _addons(view, name)
    yield from _business_metrics(view, name)
    yield from _repositories(view)
    yield from _balancer(view)


def _cluster(view: View, cluster: dict[str, Any]) -> Iterator[Check]:
    logs = {t for entry in cluster["logging"]["clusterLogging"] if entry["enabled"] for t in entry["types"]}
    access = cluster["resourcesVpcConfig"]
    sources = [str(source) for source in view.settings.sources] if view.settings.eks.public_endpoint else []
    figures: dict[str, tuple[Any, Any]] = {
        "name": (view.settings.names.of("tiketi"), cluster["name"]),
        "version": (view.settings.eks.version, cluster["version"]),
        "support type": ("STANDARD", cluster.get("upgradePolicy", {}).get("supportType")),
        "control plane logs": (sorted(_LOGS), sorted(logs)),
        "encrypts": (["secrets"], [r for entry in cluster.get("encryptionConfig", []) for r in entry["resources"]]),
        "addresses of Services": (
            str(view.settings.eks.service_cidr),
            cluster.get("kubernetesNetworkConfig", {}).get("serviceIpv4Cidr"),
        ),
        "private endpoint": (True, access.get("endpointPrivateAccess")),
        "public endpoint": (bool(sources), access.get("endpointPublicAccess")),
        "authentication": (True, "API" in str(cluster.get("accessConfig", {}).get("authenticationMode"))),
        "deletion protection": (view.settings.deletion_protection, cluster.get("deletionProtection")),
    }
    if sources:
        figures["public endpoint is open to"] = (sorted(sources), sorted(access.get("publicAccessCidrs", [])))
    for what, (expected, found) in figures.items():
        yield Check(f"cluster {what}", expected, found)


def _addons(view: View, cluster: str) -> Iterator[Check]:
    """Every add-on of the catalogue, in the version that the settings pin."""
    eks, wanted = view.client("eks"), view.settings.eks.addons
    names = sorted(eks.list_addons(clusterName=cluster)["addons"])
    yield Check("add-ons", sorted(get_args(Addon)), names)
    for name in names:
        version = eks.describe_addon(clusterName=cluster, addonName=name)["addon"]["addonVersion"]
        yield Check(f"add-on {name} version", wanted.get(name), version)


def _business_metrics(view: View, cluster: str) -> Iterator[Check]:
    """The agent may make no log group: lines for one that is not there would be lost, and the dashboard empty."""
    answer = view.client("eks").describe_addon(clusterName=cluster, addonName="amazon-cloudwatch-observability")
    exporters = json.loads(answer["addon"]["configurationValues"])["agent"]["otelConfig"]["exporters"].values()
    wanted = f"/aws/containerinsights/{cluster}/prometheus"
    there = view.client("logs").describe_log_groups(logGroupNamePrefix=wanted)["logGroups"]
    groups = {group["logGroupName"] for group in there}
    used = [name for name in (exporter["log_group_name"] for exporter in exporters) if name in groups]
    yield Check("queue length, admissions and payments go into the log group", [wanted], used)


def _node_groups(view: View, cluster: str) -> Iterator[Check]:
    eks, settings = view.client("eks"), view.settings.eks
    names = [group.physical_id.rpartition("/")[2] for group in view.of(EKS, "AWS::EKS::Nodegroup")]
    groups = [eks.describe_nodegroup(clusterName=cluster, nodegroupName=name)["nodegroup"] for name in names]
    for kind, wanted in (("ON_DEMAND", settings.on_demand), ("SPOT", settings.spot)):
        of_kind = [group for group in groups if group["capacityType"] == kind]
        sizes = [group["scalingConfig"] for group in of_kind]
        totals = tuple(sum(size[key] for size in sizes) for key in ("minSize", "desiredSize", "maxSize"))
        expected = (wanted.min, wanted.desired, wanted.max)
        yield Check(f"{kind} nodes, (minimum, desired, maximum) in all", expected, totals)
        if of_kind:
            number = len(view.settings.network.zones) if wanted.per_zone else 1
            yield Check(f"{kind} node groups", number, len(of_kind))
        for group in of_kind:
            yield Check(
                f"node group {group['nodegroupName']} types", list(wanted.instance_types), group["instanceTypes"]
            )
            yield Check(f"node group {group['nodegroupName']} image", True, group["amiType"].startswith("AL2023"))


def _repositories(view: View) -> Iterator[Check]:
    ecr = view.client("ecr")
    repositories = [entry.physical_id for entry in view.of(EKS, "AWS::ECR::Repository")]
    yield Check("repositories", len(view.settings.eks.services), len(repositories))
    for name in repositories:
        repository = ecr.describe_repositories(repositoryNames=[name])["repositories"][0]
        scans = repository.get("imageScanningConfiguration", {}).get("scanOnPush")
        yield Check(f"repository {name} scans on push", True, scans)
        yield Check(f"repository {name} tags", "IMMUTABLE", repository["imageTagMutability"])


def _balancer(view: View) -> Iterator[Check]:
    elb = view.client("elbv2")
    groups: list[dict[str, Any]] = []
    for entry in view.of(EKS, "AWS::ElasticLoadBalancingV2::TargetGroup"):
        groups += elb.describe_target_groups(TargetGroupArns=[entry.physical_id])["TargetGroups"]
    wanted = sorted(service.port for service in view.settings.eks.services.values() for _ in Track)
    yield Check("service target groups, ports of both tracks", wanted, sorted(group["Port"] for group in groups))
    yield Check("service target groups, type", {"ip"}, {group["TargetType"] for group in groups})
    health = {
        (
            group["HealthCheckPath"],
            group["HealthCheckIntervalSeconds"],
            group["HealthCheckTimeoutSeconds"],
            group["HealthyThresholdCount"],
            group["UnhealthyThresholdCount"],
        )
        for group in groups
    }
    yield Check("service target groups, health check", {("/health", 30, 5, 2, 3)}, health)
    rules = [
        rule
        for listener in view.of(EKS, "AWS::ElasticLoadBalancingV2::Listener")
        for rule in elb.describe_rules(ListenerArn=listener.physical_id)["Rules"]
    ]
    paths: set[str] = set()
    for rule in rules:
        for condition in rule["Conditions"]:
            paths.update(value.rstrip("/*") for value in condition.get("Values") or [])
            paths.update(v.rstrip("/*") for v in condition.get("PathPatternConfig", {}).get("Values", []))
    missing = sorted(service.path for service in view.settings.eks.services.values() if service.path not in paths)
    yield Check("services without a path", [], missing)
    yield from _weights(view, rules, groups)


def _weights(view: View, rules: list[dict[str, Any]], groups: list[dict[str, Any]]) -> Iterator[Check]:
    """Where rules send requests: all to the stable track, but for a service with a release under way."""
    answers = view.client("elbv2").describe_tags(ResourceArns=[group["TargetGroupArn"] for group in groups])
    tags = {a["ResourceArn"]: {tag["Key"]: tag["Value"] for tag in a["Tags"]} for a in answers["TagDescriptions"]}
    found: dict[str, dict[str, int]] = {}
    for rule in rules:
        for action in rule["Actions"]:
            for entry in action.get("ForwardConfig", {}).get("TargetGroups", []):
                tagged = tags.get(entry["TargetGroupArn"], {})
                weights = found.setdefault(tagged.get(SERVICE_TAG, "?"), {})
                weights[tagged.get(TRACK_TAG, "?")] = entry["Weight"]
    values, at_rest = view.stacks[EKS].parameters, {Track.STABLE: ALL, Track.CANARY: 0}
    for name in view.settings.eks.services:
        if values.get(parameters(name).canary_image):
            yield Check(f"{name}: a release is under way, the weights are its own", True, True)
        else:
            yield Check(f"{name}: weights", at_rest, found.get(name))
