"""BackendAsgStack: load balancer, two colours, instances that answer."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any

from cloudmart_cdk.revision import SHOP
from cloudmart_cdk.security_groups import BACKEND_PORT
from cloudmart_cdk.settings.topology import BACKEND, DATA, FRONTEND
from delivery.fleet import HOLD_ACTION
from localcloud.verify.table import Check
from localcloud.verify.view import View

_HEALTHY_SECONDS = 10.0
_ENDED = ("released", "returned")
LIVE_COLOUR = "LiveColour"
"""Template parameter, its values below. `constructs.colours` has both too, but whoever imports it loads the CDK."""
COLOURS = ("blue", "green")


def checks(view: View) -> Iterator[Check]:
    if view.stack(BACKEND) is None:
        return
    groups = _groups(view)
    live = view.stacks[BACKEND].parameters.get(LIVE_COLOUR)
    yield Check("live colour is one of", True, live in COLOURS or live)
    yield from _target_groups(view, groups)
    if phase := _release_under_way(view):
        # Sizes and weights are the release's until it has ended.
        yield Check(f"a release is under way, in phase {phase}: sizes and weights are its own", True, True)
    else:
        yield from _sizes(view, groups, live)
        yield from _weights(view, groups, live)
    yield from _templates(view)
    yield from _balancers(view)


def _groups(view: View) -> list[dict[str, Any]]:
    names = [group.physical_id for group in view.of(BACKEND, "AWS::AutoScaling::AutoScalingGroup")]
    client = view.client("autoscaling")
    answer = client.describe_auto_scaling_groups(AutoScalingGroupNames=names) if names else {"AutoScalingGroups": []}
    return list(answer["AutoScalingGroups"])


def _release_under_way(view: View) -> str:
    """The phase of a release or of its way back (docs/release.md); empty when there is none."""
    name = view.settings.names.parameter("backend/release")
    value = view.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
    try:
        phase = str(json.loads(value)["phase"])
    except (ValueError, KeyError, TypeError):
        return ""  # what the stack has put there: no release yet
    return "" if phase in _ENDED else phase


def _sizes(view: View, groups: list[dict[str, Any]], live: str | None) -> Iterator[Check]:
    """The live colour has its minimum; the idle one may be empty, or kept for a rollback."""
    backend = view.settings.backend
    found = {group["AutoScalingGroupName"]: (group["MinSize"], group["MaxSize"]) for group in groups}
    expected = {}
    for colour in COLOURS:
        name = view.settings.names.of(f"backend-{colour}")
        kept = found.get(name, (0, 0))[0] if _kept(view, name) else 0
        expected[name] = (backend.min if colour == live else kept, backend.max)
    yield Check("scaling groups, (minimum, maximum)", expected, found)
    instances = sum(len(group["Instances"]) for group in groups)
    most = backend.max * (2 if any(_kept(view, name) for name in expected) else 1)
    yield Check("instances", True, backend.min <= instances <= most or instances)


def _kept(view: View, group: str) -> bool:
    """Whether a release has left the colour filled for a while."""
    actions = view.client("autoscaling").describe_scheduled_actions(AutoScalingGroupName=group)
    return any(action["ScheduledActionName"] == HOLD_ACTION for action in actions["ScheduledUpdateGroupActions"])


def _weights(view: View, groups: list[dict[str, Any]], live: str | None) -> Iterator[Check]:
    """Where listeners and rules send requests: all to the live colour."""
    elb, names = view.client("elbv2"), view.settings.names
    expected = {
        arn: 100 if group["AutoScalingGroupName"] == names.of(f"backend-{live}") else 0
        for group in groups
        for arn in group.get("TargetGroupARNs", [])
    }
    actions: list[dict[str, Any]] = []
    for entry in view.of(BACKEND, "AWS::ElasticLoadBalancingV2::Listener"):
        actions += elb.describe_listeners(ListenerArns=[entry.physical_id])["Listeners"][0]["DefaultActions"]
        for rule in elb.describe_rules(ListenerArn=entry.physical_id)["Rules"]:
            actions += [] if rule["IsDefault"] else rule["Actions"]
    found = [
        {group["TargetGroupArn"]: group["Weight"] for group in action["ForwardConfig"]["TargetGroups"]}
        for action in actions
        if action["Type"] == "forward"
    ]
    yield Check("listener weights", [expected], found)


def _target_groups(view: View, groups: list[dict[str, Any]]) -> Iterator[Check]:
    """Specification section 4, and whether what is behind them really answers."""
    elb = view.client("elbv2")
    for entry in view.of(BACKEND, "AWS::ElasticLoadBalancingV2::TargetGroup"):
        group = elb.describe_target_groups(TargetGroupArns=[entry.physical_id])["TargetGroups"][0]
        what = f"target group {entry.logical_id}"
        figures = {
            "port": (BACKEND_PORT, group["Port"]),
            "health path": ("/health", group["HealthCheckPath"]),
            "interval, timeout": ((30, 5), (group["HealthCheckIntervalSeconds"], group["HealthCheckTimeoutSeconds"])),
            "healthy after, unhealthy after": (
                (2, 3),
                (group["HealthyThresholdCount"], group["UnhealthyThresholdCount"]),
            ),
        }
        for figure, (expected, found) in figures.items():
            yield Check(f"{what} {figure}", expected, found)
        attributes = elb.describe_target_group_attributes(TargetGroupArn=entry.physical_id)["Attributes"]
        delay = {a["Key"]: a["Value"] for a in attributes}.get("deregistration_delay.timeout_seconds")
        yield Check(f"{what} deregistration, s", "30", delay)
        wanted = sum(len(g["Instances"]) for g in groups if entry.physical_id in g.get("TargetGroupARNs", []))
        yield Check(f"{what} healthy targets", wanted, _healthy(elb, entry.physical_id, wanted))


def _healthy(elb: Any, arn: str, wanted: int) -> int:
    """Healthy targets; a target that has just started gets a little time."""
    deadline = time.monotonic() + _HEALTHY_SECONDS
    while True:
        targets = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        healthy: int = sum(target["TargetHealth"]["State"] == "healthy" for target in targets)
        if healthy >= wanted or time.monotonic() > deadline:
            return healthy
        time.sleep(0.5)


def _templates(view: View) -> Iterator[Check]:
    ec2 = view.client("ec2")
    for entry in view.of(BACKEND, "AWS::EC2::LaunchTemplate"):
        answer = ec2.describe_launch_template_versions(LaunchTemplateId=entry.physical_id)
        data = answer["LaunchTemplateVersions"][-1]["LaunchTemplateData"]
        what = f"launch template {entry.logical_id}"
        yield Check(f"{what} instance type", view.settings.backend.instance_type, data.get("InstanceType"))
        metadata = data.get("MetadataOptions", {})
        hops = (metadata.get("HttpTokens"), metadata.get("HttpPutResponseHopLimit"))
        yield Check(f"{what} metadata service, hop limit", ("required", 1), hops)
        volumes = [device["Ebs"] for device in data.get("BlockDeviceMappings", []) if "Ebs" in device]
        yield Check(f"{what} volumes", [("gp3", True)], [(v.get("VolumeType"), v.get("Encrypted")) for v in volumes])


def _balancers(view: View) -> Iterator[Check]:
    elb = view.client("elbv2")
    for entry in view.of(BACKEND, "AWS::ElasticLoadBalancingV2::LoadBalancer"):
        described = elb.describe_load_balancers(LoadBalancerArns=[entry.physical_id])["LoadBalancers"][0]
        yield Check("shop load balancer scheme", "internet-facing", described["Scheme"])
        listed = elb.describe_load_balancer_attributes(LoadBalancerArn=entry.physical_id)["Attributes"]
        attributes = {attribute["Key"]: attribute["Value"] for attribute in listed}
        protection = str(view.settings.deletion_protection).lower()
        yield Check("shop load balancer logs its accesses", "true", attributes.get("access_logs.s3.enabled"))
        dropped = attributes.get("routing.http.drop_invalid_header_fields.enabled")
        yield Check("shop load balancer drops invalid headers", "true", dropped)
        yield Check(
            "shop load balancer deletion protection", protection, attributes.get("deletion_protection.enabled", "false")
        )
        # Without a CDN in front the load balancer is the shop, and serves everybody.
        direct = 403 if view.settings.has(FRONTEND) else 200
        host = described["DNSName"]
        yield Check("shop load balancer, asked without CloudFront's header", direct, _status(view, host))
        if view.settings.backend.application == SHOP and view.stack(DATA) is not None:
            ready = _status(view, host, path="/ready", headers=_admission(view))
            yield Check("the shop reaches database and cache", 200, ready)


def _admission(view: View) -> dict[str, str]:
    """The header by which the load balancer knows CloudFront, if it wants one."""
    elb = view.client("elbv2")
    for entry in view.of(BACKEND, "AWS::ElasticLoadBalancingV2::Listener"):
        for rule in elb.describe_rules(ListenerArn=entry.physical_id)["Rules"]:
            for condition in rule["Conditions"]:
                if condition["Field"] == "http-header":
                    header = condition["HttpHeaderConfig"]
                    return {header["HttpHeaderName"]: header["Values"][0]}
    return {}


def _status(view: View, host: str, *, path: str = "/api/health", headers: Mapping[str, str] | None = None) -> int:
    """What the load balancer tells somebody who does not come through the CDN."""
    request = urllib.request.Request(f"{view.cloud.endpoint}{path}", headers={"Host": host, **(headers or {})})
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
