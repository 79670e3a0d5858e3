"""POD, continued: what stands around the pods in the manifests: namespaces, network policies, rights, services, charts.

Owns the objects; pods and their containers are `workloads`, charts `charts`. What charts make is not in the templates,
so their namespace has to hold them to the same: it counts as one with pods.
"""

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network, ip_network
from typing import Any, Final

from ...namespaces import CONTROLLERS, SERVICES
from ...settings import Settings
from ..manifests import (
    CHART,
    PATCH,
    Object,
    certain,
    of_kind,
    pods,
    value_at,
)
from ..model import MISSING, Deployment, as_list
from ..rule import Found, Rule, shown

_CIS: Final = "CIS Amazon EKS 1.7"
_NSA: Final = "NSA/CISA Kubernetes Hardening Guidance 1.2"
_PSS: Final = 'Kubernetes Pod Security Standards, "restricted"'
_SPEC: Final = "specification section 6"
_ENFORCE: Final = "pod-security.kubernetes.io/enforce"
_RESTRICTED: Final = 'the label pod-security.kubernetes.io/enforce with "restricted"'
_CLOSED: Final = "a namespace with a NetworkPolicy for all pods, both policyTypes, and no rules"
_DOORS: Final = ("services.loadbalancers", "services.nodeports")
_JOBS: Final = ("count/jobs.batch", "count/cronjobs.batch")
"""Where KEDA has rights: it may make Jobs, and one runs as whatever account it names."""
_SMALLEST_WORLD: Final = 8
"""A network with a shorter prefix is the internet, in one piece or in two."""


def _restricted(app: Deployment) -> Iterator[Found]:
    for namespace in of_kind(app, "Namespace"):
        labels = namespace.get("metadata.labels")
        enforced = labels.get(_ENFORCE, MISSING) if isinstance(labels, Mapping) else MISSING
        if enforced != "restricted":
            yield namespace.found(shown(enforced), _RESTRICTED, f"label {_ENFORCE}")


def _own_namespace(app: Deployment) -> Iterator[Found]:
    own = {namespace.name for namespace in certain(app, "Namespace")}
    allowed = f"a namespace that a manifest of this app makes: {', '.join(sorted(own)) or 'there is none yet'}"
    for pod in pods(app):
        if pod.namespace not in own:
            yield pod.found(pod.namespace, allowed, "metadata.namespace")
    for chart in app.of(CHART):
        if chart.get("Namespace") not in own:
            yield Found(chart, shown(chart.get("Namespace")), allowed, "Namespace")


def _default_deny(app: Deployment) -> Iterator[Found]:
    denied = {policy.namespace for policy in certain(app, "NetworkPolicy") if _denies_all(policy)}
    for pod in pods(app):
        if pod.namespace not in denied:
            yield pod.found(f"in {pod.namespace}, open by default", _CLOSED)
    for chart in app.of(CHART):
        if chart.get("Namespace") not in denied:
            yield Found(chart, f"in {shown(chart.get('Namespace'))}, open by default", _CLOSED, "Namespace")


def _denies_all(policy: Object) -> bool:
    types = policy.get("spec.policyTypes")
    rules = [policy.get(f"spec.{direction}") for direction in ("ingress", "egress")]
    both = isinstance(types, list) and "Ingress" in types and "Egress" in types
    return both and policy.get("spec.podSelector") == {} and all(given in (MISSING, []) for given in rules)


def _not_from_everybody(app: Deployment) -> Iterator[Found]:
    allowed = "rules with `from`: pods by label, or address ranges that are not the internet"
    for policy, number, _, where, peer in _peers(app, "ingress", "from"):
        if not _narrow(peer):
            given = "open to everybody" if peer is MISSING else shown(peer)
            yield policy.found(given, allowed, where, "ingress rule", number)


def _not_to_everywhere(app: Deployment) -> Iterator[Found]:
    allowed = "rules with `to`; the internet on TCP 443 only, with the VPC's address ranges under `except`"
    for policy, number, rule, where, peer in _peers(app, "egress", "to"):
        if not _narrow(peer) and not _https_outside(peer, rule, app.settings):
            given = "open to everywhere" if peer is MISSING else shown(peer)
            yield policy.found(given, allowed, where, "egress rule", number)


def _peers(app: Deployment, direction: str, name: str) -> Iterator[tuple[Object, str, Any, str, Any]]:
    """(policy, number of the rule, rule, where, peer). Peer `MISSING`: the rule names none, so it is one for all."""
    for policy in of_kind(app, "NetworkPolicy"):
        rules = policy.get(f"spec.{direction}")
        for number, rule in enumerate([] if rules is MISSING else as_list(rules)):
            peers = rule.get(name) if isinstance(rule, Mapping) else None
            for index, peer in enumerate(as_list(peers or MISSING)):
                yield policy, str(number), rule, f"{name}.{index}", peer


def _narrow(peer: Any) -> bool:
    if not isinstance(peer, Mapping):
        return False
    if "ipBlock" in peer:
        block = peer["ipBlock"]
        return isinstance(block, Mapping) and not _world(block.get("cidr"))
    if "namespaceSelector" in peer and _selects_all(peer["namespaceSelector"]):
        return not _selects_all(peer.get("podSelector"))
    return "podSelector" in peer or "namespaceSelector" in peer


def _selects_all(selector: Any) -> bool:
    return not isinstance(selector, Mapping) or not any(selector.values())


def _world(cidr: Any) -> bool:
    try:
        return ip_network(str(cidr), strict=False).prefixlen < _SMALLEST_WORLD
    except ValueError:
        return True


def _https_outside(peer: Any, rule: Any, settings: Settings) -> bool:
    """HTTPS to the internet but not to the VPC: what a pod needs there has a rule of its own."""
    block = value_at(peer, "ipBlock")
    if value_at(block, "cidr") != "0.0.0.0/0":
        return False
    try:
        spared = [IPv4Network(cidr) for cidr in as_list(block.get("except") or [])]
    except ValueError:
        return False
    inside = (settings.network.cidr, settings.network.pods_cidr)
    ports = [value_at(port, "port") for port in as_list(rule.get("ports") or [])]
    others = [value_at(port, key) for port in as_list(rule.get("ports") or []) for key in ("protocol", "endPort")]
    only_https = ports == [443] and set(map(str, others)) <= {"TCP", str(MISSING)}
    return only_https and all(any(own.subnet_of(other) for other in spared) for own in inside)


_ESCALATING: Final = {"bind", "escalate", "impersonate"}
_SENSITIVE: Final = {"secrets", "pods/exec", "pods/attach", "serviceaccounts/token", "nodes/proxy"}
_RUNNING: Final = {"pods", "deployments", "daemonsets", "statefulsets", "replicasets", "jobs", "cronjobs"}
_MASTER: Final = ("cluster-admin", "admin", "edit")
_EVERYBODY: Final = (
    "system:masters",
    "system:authenticated",
    "system:unauthenticated",
    "system:anonymous",
    "system:serviceaccounts",
)


def _rules(app: Deployment) -> Iterator[tuple[Object, str, dict[str, list[Any]]]]:
    """(role, number of the rule, its verbs, resources and so on). What cannot be read counts as `*`."""
    parts = ("verbs", "resources", "apiGroups", "nonResourceURLs")
    for role in of_kind(app, "Role", "ClusterRole"):
        for number, rule in enumerate(as_list(role.data.get("rules") or [])):
            given = rule if isinstance(rule, Mapping) else dict.fromkeys(parts, "*")
            yield role, str(number), {part: as_list(given.get(part) or []) for part in parts}


def _no_wildcards(app: Deployment) -> Iterator[Found]:
    for role, number, rule in _rules(app):
        for part, values in rule.items():
            if any("*" in str(value) or "$" in str(value) for value in values):
                yield role.found(shown(values), "names known at synth, without *", part, "rule", number)
    for role in of_kind(app, "ClusterRole"):
        if "aggregationRule" in role.data:
            yield role.found("what other roles bring along", "rules that stand in the role itself", "aggregationRule")


def _no_escalation(app: Deployment) -> Iterator[Found]:
    allowed = "no bind, escalate or impersonate; no secrets, no shell in pods; no making or changing of workloads"
    for role, number, rule in _rules(app):
        verbs, resources = ({str(value) for value in rule[part]} for part in ("verbs", "resources"))
        makes = resources & _RUNNING if verbs & {"create", "update", "patch"} else set()
        named = sorted(verbs & _ESCALATING | resources & _SENSITIVE | makes)
        if named:
            yield role.found(", ".join(named), allowed, "", "rule", number)


def _no_master_keys(app: Deployment) -> Iterator[Found]:
    for binding in of_kind(app, "RoleBinding", "ClusterRoleBinding"):
        role = binding.get("roleRef.name")
        if not isinstance(role, str) or role in _MASTER or "$" in role:
            yield binding.found(shown(role), "a role made for the purpose", "roleRef.name")
        for subject in as_list(binding.data.get("subjects") or []):
            name, kind = str(value_at(subject, "name")), value_at(subject, "kind")
            if name.startswith(_EVERYBODY) or "$" in name or (kind == "ServiceAccount" and name == "default"):
                yield binding.found(name, "a user, group or service account of its own", "", "subject", name)


def _no_other_doors(app: Deployment) -> Iterator[Found]:
    allowed = "a Service of type ClusterIP, bound to the stack's load balancer by a TargetGroupBinding"
    for service in of_kind(app, "Service"):
        if service.get("spec.type") not in (MISSING, "ClusterIP"):
            yield service.found(shown(service.get("spec.type")), allowed, "spec.type")
        if service.get("spec.externalIPs") not in (MISSING, []):
            yield service.found(shown(service.get("spec.externalIPs")), allowed, "spec.externalIPs")
    for door in of_kind(app, "Ingress", "Gateway"):
        yield door.found("a load balancer behind our back", allowed)


def _bound_to_ours(app: Deployment) -> Iterator[Found]:
    for binding in of_kind(app, "TargetGroupBinding"):
        group = binding.get("spec.targetGroupARN")
        if app.target(group, "AWS::ElasticLoadBalancingV2::TargetGroup") is None:
            yield binding.found(shown(group), "a reference to a target group of this app", "spec.targetGroupARN")
        if binding.get("spec.networking") is not MISSING:
            allowed = "nothing: security_groups.py already lets the load balancer reach the pods"
            yield binding.found(shown(binding.get("spec.networking")), allowed, "spec.networking")


def _no_secret_objects(app: Deployment) -> Iterator[Found]:
    for secret in of_kind(app, "Secret"):
        yield secret.found("in clear in the template", "a secret in Secrets Manager, read by name")


def _no_node_disks(app: Deployment) -> Iterator[Found]:
    for volume in of_kind(app, "PersistentVolume"):
        for kind in ("hostPath", "local"):
            if volume.get(f"spec.{kind}") is not MISSING:
                yield volume.found("a folder of the node", "a disk by a persistentVolumeClaim", f"spec.{kind}")


def _no_patches(app: Deployment) -> Iterator[Found]:
    for patch in app.of(PATCH):
        name = f"{patch.get('ResourceNamespace')}/{patch.get('ResourceName')}"
        yield Found(patch, f"a change of {name}", "whole objects in manifests", "ApplyPatchJson", name)


def _quotas(app: Deployment) -> Iterator[Found]:
    quotas = [(quota.namespace, value_at(quota.data, "spec.hard")) for quota in certain(app, "ResourceQuota")]
    for namespace in of_kind(app, "Namespace"):
        hard = [given for name, given in quotas if name == namespace.name and isinstance(given, Mapping)]
        for door in (*_DOORS, *(_JOBS if namespace.name in (SERVICES, CONTROLLERS) else ())):
            if not any(str(given.get(door)) == "0" for given in hard):
                yield namespace.found("without a limit", f'a ResourceQuota with {door}: "0"', door)


def _pods_and_ports(app: Deployment) -> Iterator[Found]:
    for policy in of_kind(app, "NetworkPolicy"):
        for direction in ("ingress", "egress"):
            rules = policy.get(f"spec.{direction}")
            if rules not in (MISSING, []) and _selects_all(policy.get("spec.podSelector")):
                yield policy.found("for every pod", "pods by their labels", "spec.podSelector", direction, direction)
            for number, rule in enumerate([] if rules is MISSING else as_list(rules)):
                ports = rule.get("ports") if isinstance(rule, Mapping) else None
                if not ports or any(value_at(port, "port") is MISSING for port in as_list(ports)):
                    yield policy.found(
                        "for every port", "ports, each by its number", "", f"{direction} rule", str(number)
                    )


RULES: Final = (
    Rule(
        "POD-24",
        "Pods run in a namespace that this app makes",
        f"{_CIS} 4.5.1, 4.5.2. default and kube-system have no quota, no network policy and no pod security of ours.",
        "make a Namespace in a manifest and state it in metadata.namespace",
        _own_namespace,
    ),
    Rule(
        "POD-25",
        'A namespace enforces the Pod Security Standard "restricted"',
        f"{_CIS} 4.2.1 to 4.2.5; EKS best practices, Pod Security. These rules see templates only; the label holds for "
        "whatever is applied later, by hand or by a chart.",
        f'label the Namespace: {_ENFORCE}: "restricted"',
        _restricted,
    ),
    Rule(
        "POD-26",
        "Every namespace with pods denies all traffic by default",
        f"{_SPEC}: NetworkPolicy, default deny; {_CIS} 4.3.2, 5.4.4; {_NSA}. Without it all pods of the cluster "
        "talk to each other.",
        "add a NetworkPolicy with podSelector: {} and policyTypes: [Ingress, Egress], and nothing more",
        _default_deny,
        acknowledgeable=False,
    ),
    Rule(
        "POD-27",
        "No network policy lets everybody in",
        f"{_CIS} 4.3.2; {_NSA}. An empty rule, an empty `from`, all namespaces or 0.0.0.0/0 undo the default deny.",
        "state `from`: callers by podSelector, the load balancer by the public subnets' address ranges",
        _not_from_everybody,
    ),
    Rule(
        "POD-28",
        "No network policy lets pods out to everywhere",
        f"{_CIS} 4.3.2; {_NSA}. AWS's interfaces, Google and payment gateways have no fixed addresses, so HTTPS to the "
        "internet has to be open; the VPC is excepted, since what lies in it is named.",
        "state `to`; for the internet ipBlock 0.0.0.0/0 with except [network.cidr, network.pods_cidr] and port 443",
        _not_to_everywhere,
    ),
    Rule(
        "POD-29",
        "Roles name verbs, resources and groups, without *",
        f"{_CIS} 4.1.3. A * includes what the next version of Kubernetes, or the next operator, brings.",
        "list what the program calls",
        _no_wildcards,
    ),
    Rule(
        "POD-30",
        "No role leads to further rights",
        f"{_CIS} 4.1.2, 4.1.4, 4.1.8. Who reads secrets, makes pods or binds roles has the rights of all of them.",
        "take the verb or resource out; a controller that really needs it is acknowledged",
        _no_escalation,
    ),
    Rule(
        "POD-31",
        "Bindings give no master role, and nothing to everybody",
        f"{_CIS} 4.1.1, 4.1.5; EKS best practices, Identity and Access Management.",
        "bind a role that lists what is needed to the one service account; people get in by access entries (EKS-15)",
        _no_master_keys,
        acknowledgeable=False,
    ),
    Rule(
        "POD-32",
        "Services are ClusterIP; no Ingress and no Gateway",
        f"{_SPEC}: one load balancer, owned by the stack. One that Kubernetes makes is in no security-group table, has "
        "no web ACL and outlives `cdk destroy` (aws/aws-cdk#9970).",
        "type ClusterIP, and a TargetGroupBinding to the service's target group",
        _no_other_doors,
    ),
    Rule(
        "POD-33",
        "A TargetGroupBinding binds a target group of this app, without networking",
        f"{_SPEC}: TargetGroupBinding without `networking`. With it the controller writes security-group rules that no "
        "table has.",
        "refer to the stack's target group and take spec.networking out",
        _bound_to_ours,
        acknowledgeable=False,
    ),
    Rule(
        "POD-34",
        "No Kubernetes Secret in a template",
        "Its data is base64, not encrypted: readable in CloudFormation by whoever may describe stacks "
        f"({_CIS} 4.4.2; specification section 3).",
        "put the value into Secrets Manager; the program reads it by name through its Pod Identity",
        _no_secret_objects,
        acknowledgeable=False,
    ),
    Rule(
        "POD-35",
        "No persistent volume in a node's own file system",
        'Kubernetes Pod Security Standards, "baseline", hostPath: the detour by way of a PersistentVolume.',
        "claim a disk (persistentVolumeClaim); the EBS driver makes it",
        _no_node_disks,
    ),
    Rule(
        "POD-39",
        "No patch of a Kubernetes object",
        "A patch changes an object unseen, and can take a securityContext away again (Kubernetes, patching objects).",
        "state the object as it has to be; a patch of what EKS owns is acknowledged, with why",
        _no_patches,
    ),
    Rule(
        "POD-42",
        "A namespace's quota allows no Service that is a way in, and no Jobs where KEDA could make them",
        f"{_SPEC}: one load balancer, owned by the stack; Kubernetes, resource quotas. These rules see templates only; "
        "the quota holds for what a chart makes or a hand applies later, as POD-32 does for the manifests.",
        'add a ResourceQuota with "0" under hard for what the finding names',
        _quotas,
    ),
    Rule(
        "POD-43",
        "A network policy that opens something names its pods, and each of its rules the ports",
        f"{_CIS} 4.3.2; {_NSA}. Without ports a rule is one for all of them: the debugger's and the metrics' too; "
        "without labels it is one for every pod of the namespace.",
        "state podSelector with matchLabels, and `ports`, each with protocol and port",
        _pods_and_ports,
    ),
)
