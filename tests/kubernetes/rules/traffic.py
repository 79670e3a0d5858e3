"""The way of a request: listener rule, target group, binding, Service, container."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from cloudmart_cdk.policy.manifests import Object
from cloudmart_cdk.policy.model import MISSING, Resource, as_list
from tests.kubernetes.rules.containers import groups_of, probes_of
from tests.kubernetes.rules.rule import Found, Rule, at, place
from tests.kubernetes.world import World, by_labels

_GATE: Final = "elbv2.k8s.aws/pod-readiness-gate-inject"
_RULE: Final = "AWS::ElasticLoadBalancingV2::ListenerRule"
_LISTENER: Final = "AWS::ElasticLoadBalancingV2::Listener"


def _ports(world: World) -> Found:
    for service in world.of("Service"):
        for port in as_list(service.get("spec.ports") or []):
            number = port.get("port")
            for pods in world.ever_selected(service.namespace, by_labels(service)):
                if not pods.owner:
                    continue
                reached = pods.port(port.get("targetPort", number))
                if reached is None:
                    yield place(service), f"{at(pods)} has no port {port.get('targetPort', number)}"
                elif reached != number:  # the VPC CNI judges a policy by the Service's port
                    yield place(service), f"port {number} leads to {reached} of {at(pods)}: policies need one number"


def _bindings(world: World) -> Found:
    for binding in world.of("TargetGroupBinding"):
        service = world.get("Service", binding.namespace, binding.get("spec.serviceRef.name"))
        group = world.target_groups.get(str(binding.get("spec.targetGroupARN")))
        if service is None:
            yield place(binding), f"there is no Service {binding.get('spec.serviceRef.name')}"
            continue
        number = _port_of(service, binding.get("spec.serviceRef.port"))
        if number is None:
            yield place(binding), f"Service {service.name} has no port {binding.get('spec.serviceRef.port')}"
        if group is None:
            yield place(binding), "its target group is none of these templates'"
            continue
        if {str(group.get("TargetType")), str(binding.get("spec.targetType"))} != {"ip"}:
            yield place(binding), "pods are registered by address: target type ip, in the group and in the binding"
        if number is not None and group.get("Port") != number:
            yield place(binding), f"the Service's port is {number}, the target group's {group.get('Port')}"


def _port_of(service: Object, given: Any) -> int | None:
    for port in as_list(service.get("spec.ports") or []):
        if given in (port.get("port"), port.get("name", MISSING)):
            return int(port["port"])
    return None


def _groups(world: World) -> Found:
    """A target group without a binding, or without a rule that sends it anything."""
    bound = Counter(str(binding.get("spec.targetGroupARN")) for binding in world.of("TargetGroupBinding"))
    rules = {arn for resource in world.app.of(_RULE, _LISTENER) for arn, _ in _forwards(resource)}
    for arn, group in world.target_groups.items():
        if group.get("TargetType") != "ip":
            continue
        if bound[arn] != 1:
            yield group.logical_id, f"has {bound[arn]} bindings"
        if arn not in rules:
            yield group.logical_id, "no listener rule names it"


def _rules(world: World) -> Found:
    for rule in world.app.of(_RULE):
        forwards = [*_forwards(rule)]
        if any(arn not in world.target_groups for arn, _ in forwards):
            yield rule.logical_id, "forwards to a target group that is none of these templates'"
        if forwards and sum(weight for _, weight in forwards) < 1:
            yield rule.logical_id, "forwards to nobody: all weights are 0"
        services = {*_services_behind(world, forwards)}
        paths = {world.app.settings.eks.services[name].path for name in services & {*world.app.settings.eks.services}}
        if paths and not paths <= {*_paths(rule)}:
            yield rule.logical_id, f"leads {sorted(_paths(rule))} to {', '.join(sorted(services))}"


def _forwards(resource: Resource) -> Iterator[tuple[str, int]]:
    """(target group, weight) of a listener's, or a rule's, actions."""
    for action in [*resource.items("Actions"), *resource.items("DefaultActions")]:
        if "TargetGroupArn" in action:
            yield str(action["TargetGroupArn"]), 1
        for group in (action.get("ForwardConfig") or {}).get("TargetGroups") or []:
            yield str(group["TargetGroupArn"]), int(group.get("Weight", 1))


def _services_behind(world: World, forwards: list[tuple[str, int]]) -> Iterator[str]:
    """Services of the table whose pods a rule's target groups hold."""
    arns = {arn for arn, _ in forwards}
    for binding in world.of("TargetGroupBinding"):
        service = world.get("Service", binding.namespace, binding.get("spec.serviceRef.name"))
        if service and binding.get("spec.targetGroupARN") in arns:
            for pods in world.ever_selected(service.namespace, by_labels(service)):
                yield str(pods.labels.get("app.kubernetes.io/name"))


def _paths(rule: Resource) -> Iterator[str]:
    for condition in rule.items("Conditions"):
        yield from map(str, (condition.get("PathPatternConfig") or {}).get("Values") or [])


def _health(world: World) -> Found:
    for pods in world.pods:
        asked = {path for container in pods.containers() for path in _asked(container)}
        for group in groups_of(world, pods):
            path = group.get("HealthCheckPath")
            if path not in asked:
                yield at(pods), f"the load balancer asks {path}, which no probe does: {', '.join(sorted(asked))}"
            if group.get("HealthCheckPort") not in (MISSING, "traffic-port", str(group.get("Port"))):
                yield at(pods), f"the load balancer asks another port, {group.get('HealthCheckPort')}"


def _asked(container: Mapping[str, Any]) -> Iterator[str]:
    return (str(probe["httpGet"].get("path")) for _, probe in probes_of(container) if "httpGet" in probe)


_ADDRESS: Final = re.compile(r"https?://([a-z0-9-]+)(?:\.([a-z0-9-]+)\.svc(?:\.cluster\.local)?)?:(\d+)(?:/.*)?")


def _addresses(world: World) -> Found:
    """Services that pods and KEDA are told to call."""
    for object_, where, text in _told(world):
        found = _ADDRESS.fullmatch(text)
        if not found:
            if ".svc" in text:
                yield place(object_), f"{where}: no address of a Service: {text}"
            continue
        service = world.get("Service", found[2] or object_.namespace, found[1])
        if service is None or _port_of(service, int(found[3])) is None:
            yield place(object_), f"{where}: there is no such Service and port: {text}"


def _told(world: World) -> Iterator[tuple[Object, str, str]]:
    for pods in world.pods:
        for container in pods.all_containers() if pods.owner else ():
            for variable in as_list(container.get("env") or []):
                assert pods.owner
                yield pods.owner, str(variable.get("name")), str(variable.get("value", ""))
    for scaler in world.of("ScaledObject"):
        for trigger in as_list(scaler.get("spec.triggers") or []):
            for name, value in (trigger.get("metadata") or {}).items():
                yield scaler, f"trigger {trigger.get('type')}, {name}", str(value)


def _gates(world: World) -> Found:
    for namespace in sorted({binding.namespace for binding in world.of("TargetGroupBinding")}):
        if world.namespaces.get(namespace, {}).get(_GATE) != "enabled":
            yield f"Namespace {namespace}", f"its pods count as ready before the load balancer does: label {_GATE}"


RULES: Final = (
    Rule("service-port", _ports),
    Rule("binding", _bindings),
    Rule("target-group", _groups),
    Rule("listener-rule", _rules),
    Rule("health-check", _health),
    Rule("readiness-gate", _gates),
    Rule("address", _addresses),
)
