"""Family POD, continued: what stands around the pods. One hardened service, spoilt in one place a case."""

import json
from typing import Any

import pytest

from cloudmart_cdk.policy import engine
from cloudmart_cdk.policy.families import kubernetes
from cloudmart_cdk.policy.model import Acknowledgement
from tests.policy.kubernetes_samples import (
    BINDING,
    CLAIM,
    CONFIG,
    DENY,
    DEPLOYMENT,
    GONE,
    NAMESPACE,
    NOTHING,
    POLICY,
    QUOTA,
    ROLE,
    SERVICE,
    an_object,
    changed,
    chart,
    cluster_of,
    manifest,
)
from tests.policy.support import Case, bad, deployment, each, found, good, resource

_ENFORCE = "pod-security.kubernetes.io/enforce"
_IN, _OUT = "spec.ingress", "spec.egress"
_ANYWHERE = {"cidr": "0.0.0.0/0"}
_PODS = {"podSelector": {"matchLabels": {"app": "auth"}}}
_VPC = ["10.0.0.0/16", "100.64.0.0/16"]


def _spoilt(rule: str, name: str, sample: Any, path: str, value: Any, says: str = "") -> Case:
    return bad(rule, name, cluster_of(changed(sample, path, value)), stack="EksPlatformStack", says=says)


def _sound(rule: str, name: str, sample: Any, path: str, value: Any) -> Case:
    return good(rule, name, cluster_of(changed(sample, path, value)), stack="EksPlatformStack")


def _with(rule: str, name: str, *objects: Any, says: str = "") -> Case:
    return bad(rule, name, cluster_of(*objects), stack="EksPlatformStack", says=says)


def _out(block: dict[str, Any], *ports: dict[str, Any]) -> list[Any]:
    return [{"to": [{"ipBlock": block}], **({"ports": list(ports)} if ports else {})}]


def _patch(**more: Any) -> dict[str, Any]:
    properties = {"ResourceName": "deployment/coredns", "ResourceNamespace": "kube-system", "ApplyPatchJson": "{}"}
    return resource("Custom::AWSCDK-EKS-KubernetesPatch", properties, **more)


def _targets(arn: Any, **spec: Any) -> dict[str, Any]:
    binding = an_object("TargetGroupBinding", "auth", spec={"targetGroupARN": arn, **spec})
    return {"Group": resource("AWS::ElasticLoadBalancingV2::TargetGroup"), "M": manifest(binding)}


def _only_sometimes(sample: Any) -> dict[str, Any]:
    """The object is there in one outcome of a condition only."""
    text = {"Fn::If": ["Strict", json.dumps([sample]), "[]"]}
    others = [each for each in (NAMESPACE, DENY, DEPLOYMENT) if each is not sample]
    return {"A": manifest(*others), "B": resource("Custom::AWSCDK-EKS-KubernetesResource", {"Manifest": text})}


CASES = (
    _spoilt("POD-24", "no namespace, so default", DEPLOYMENT, "metadata.namespace", GONE, "is default"),
    _spoilt("POD-24", "kube-system", DEPLOYMENT, "metadata.namespace", "kube-system"),
    _spoilt("POD-24", "a parameter", DEPLOYMENT, "metadata.namespace", "${Namespace}"),
    bad("POD-24", "a namespace that is there sometimes", _only_sometimes(NAMESPACE)),
    *(
        bad("POD-24", f"a chart {where}", {**cluster_of(), "Chart": chart(Namespace=namespace)}, says="Namespace is")
        for where, namespace in (
            ("in kube-system", "kube-system"),
            ("without a namespace", GONE),
            ("in a parameter's", {"Ref": "Namespace"}),
        )
    ),
    _spoilt("POD-25", "no label", NAMESPACE, "metadata.labels", GONE, "is not set"),
    _spoilt("POD-25", "a weaker standard", NAMESPACE, "metadata.labels", {_ENFORCE: "baseline"}, "baseline"),
    _spoilt(
        "POD-25", "a warning only", NAMESPACE, "metadata.labels", {"pod-security.kubernetes.io/warn": "restricted"}
    ),
    good("POD-26", "a namespace without pods", {"M": manifest(NAMESPACE)}),
    bad("POD-26", "no policy", {"M": manifest(NAMESPACE, DEPLOYMENT)}, says="in tiketi, open by default"),
    bad("POD-26", "a chart, no policy", {"M": manifest(NAMESPACE), "Chart": chart()}, says="in tiketi, open"),
    good("POD-26", "a chart, a policy", {"M": manifest(NAMESPACE, DENY), "Chart": chart()}),
    _spoilt("POD-26", "a policy of another namespace", DENY, "metadata.namespace", "other"),
    _spoilt("POD-26", "ingress only", DENY, "spec.policyTypes", ["Ingress"]),
    _spoilt("POD-26", "some pods only", DENY, "spec.podSelector", {"matchLabels": {"app": "auth"}}),
    _spoilt("POD-26", "a rule in it", DENY, "spec.egress", [{}]),
    _spoilt("POD-26", "no types", DENY, "spec.policyTypes", GONE),
    _sound("POD-26", "empty lists of rules", DENY, "spec.ingress", []),
    bad("POD-26", "a policy that is there sometimes", _only_sometimes(DENY)),
    _spoilt("POD-27", "an empty rule", POLICY, _IN, [{}], "ingress rule 0"),
    _spoilt("POD-27", "ports for everybody", POLICY, _IN, [{"ports": [{"port": 3001}]}], "open to everybody"),
    _spoilt("POD-27", "an empty from", POLICY, _IN, [{"from": []}]),
    _spoilt("POD-27", "an empty peer", POLICY, _IN, [{"from": [{}]}]),
    _spoilt("POD-27", "all addresses", POLICY, _IN, [{"from": [{"ipBlock": _ANYWHERE}]}], "0.0.0.0/0"),
    _spoilt("POD-27", "all addresses of IPv6", POLICY, _IN, [{"from": [{"ipBlock": {"cidr": "::/0"}}]}]),
    _spoilt(
        "POD-27",
        "all addresses in two halves",
        POLICY,
        _IN,
        [{"from": [{"ipBlock": {"cidr": "0.0.0.0/1"}}, {"ipBlock": {"cidr": "128.0.0.0/1"}}]}],
    ),
    _spoilt("POD-27", "a parameter", POLICY, _IN, [{"from": [{"ipBlock": {"cidr": "${Cidr}"}}]}]),
    _spoilt("POD-27", "all namespaces", POLICY, _IN, [{"from": [{"namespaceSelector": {}}]}]),
    _spoilt(
        "POD-27",
        "all namespaces by an empty label list",
        POLICY,
        _IN,
        [{"from": [{"namespaceSelector": {"matchLabels": {}}, "podSelector": {}}]}],
    ),
    _spoilt("POD-27", "a second rule", POLICY, _IN, [*POLICY["spec"]["ingress"], {}], "ingress rule 1"),
    _sound("POD-27", "pods of its own namespace", POLICY, _IN, [{"from": [{"podSelector": {}}]}]),
    _spoilt("POD-28", "an empty rule", POLICY, _OUT, [{}], "open to everywhere"),
    _spoilt("POD-28", "everywhere on all ports", POLICY, _OUT, _out({"cidr": "0.0.0.0/0", "except": _VPC})),
    _spoilt(
        "POD-28",
        "everywhere on another port",
        POLICY,
        _OUT,
        _out({"cidr": "0.0.0.0/0", "except": _VPC}, {"port": 443}, {"port": 5432}),
    ),
    _spoilt(
        "POD-28",
        "everywhere from 443 on",
        POLICY,
        _OUT,
        _out({"cidr": "0.0.0.0/0", "except": _VPC}, {"port": 443, "endPort": 65535}),
    ),
    _spoilt(
        "POD-28",
        "everywhere by UDP",
        POLICY,
        _OUT,
        _out({"cidr": "0.0.0.0/0", "except": _VPC}, {"protocol": "UDP", "port": 443}),
    ),
    _spoilt("POD-28", "HTTPS into the VPC", POLICY, _OUT, _out(_ANYWHERE, {"port": 443}), "0.0.0.0/0"),
    _spoilt(
        "POD-28",
        "HTTPS to the pods' range",
        POLICY,
        _OUT,
        _out({"cidr": "0.0.0.0/0", "except": ["10.0.0.0/16"]}, {"port": 443}),
    ),
    _spoilt(
        "POD-28",
        "an exception that is none",
        POLICY,
        _OUT,
        _out({"cidr": "0.0.0.0/0", "except": ["${Vpc}"]}, {"port": 443}),
    ),
    _spoilt("POD-28", "half of the internet", POLICY, _OUT, _out({"cidr": "0.0.0.0/1", "except": _VPC}, {"port": 443})),
    _sound(
        "POD-28",
        "HTTPS to the internet, the VPC excepted",
        POLICY,
        _OUT,
        _out({"cidr": "0.0.0.0/0", "except": _VPC}, {"port": 443}),
    ),
    _sound("POD-28", "a network", POLICY, _OUT, _out({"cidr": "10.0.20.0/23"}, {"port": 5432})),
    *(
        _spoilt(
            "POD-29",
            f"* as {part}",
            ROLE,
            "rules",
            [{"apiGroups": [""], "resources": ["endpoints"], "verbs": ["get"], part: ["*"]}],
            part,
        )
        for part in ("verbs", "resources", "apiGroups")
    ),
    _spoilt("POD-29", "all subresources", ROLE, "rules", [{"resources": ["pods/*"], "verbs": ["get"]}]),
    _spoilt("POD-29", "all addresses of the API", ROLE, "rules", [{"nonResourceURLs": ["*"], "verbs": ["get"]}]),
    _spoilt("POD-29", "rules from a parameter", ROLE, "rules", "${Rules}"),
    _spoilt("POD-29", "a verb from a parameter", ROLE, "rules", [{"resources": ["pods"], "verbs": ["${Verb}"]}]),
    _with("POD-29", "a role that gathers others", an_object("ClusterRole", "all", None, aggregationRule={})),
    _sound(
        "POD-29", "reading pods", ROLE, "rules", [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}]
    ),
    *(
        _spoilt("POD-30", verb, ROLE, "rules", [{"resources": ["roles"], "verbs": [verb]}], verb)
        for verb in ("bind", "escalate", "impersonate")
    ),
    _spoilt(
        "POD-30",
        "reading secrets",
        ROLE,
        "rules",
        [{"resources": ["configmaps", "secrets"], "verbs": ["get"]}],
        "secrets",
    ),
    _spoilt("POD-30", "making pods", ROLE, "rules", [{"resources": ["pods"], "verbs": ["create"]}]),
    _spoilt("POD-30", "changing deployments", ROLE, "rules", [{"resources": ["deployments"], "verbs": ["patch"]}]),
    _spoilt("POD-30", "a shell in pods", ROLE, "rules", [{"resources": ["pods/exec"], "verbs": ["get"]}]),
    _sound("POD-30", "looking at deployments", ROLE, "rules", [{"resources": ["deployments"], "verbs": ["get"]}]),
    _spoilt("POD-31", "cluster-admin", BINDING, "roleRef.name", "cluster-admin", "cluster-admin"),
    _spoilt("POD-31", "admin", BINDING, "roleRef.name", "admin"),
    _spoilt("POD-31", "a role from a parameter", BINDING, "roleRef.name", "${Role}"),
    _with(
        "POD-31",
        "cluster-admin everywhere",
        an_object("ClusterRoleBinding", "all", None, roleRef={"name": "cluster-admin"}),
    ),
    *(
        _spoilt("POD-31", name, BINDING, "subjects", [{"kind": "Group", "name": name}], name)
        for name in ("system:masters", "system:authenticated", "system:serviceaccounts:tiketi")
    ),
    _spoilt(
        "POD-31", "the default service account", BINDING, "subjects", [{"kind": "ServiceAccount", "name": "default"}]
    ),
    _spoilt("POD-32", "a load balancer", SERVICE, "spec.type", "LoadBalancer", "LoadBalancer"),
    _spoilt("POD-32", "a port on every node", SERVICE, "spec.type", "NodePort"),
    _spoilt("POD-32", "a parameter", SERVICE, "spec.type", "${Type}"),
    _spoilt("POD-32", "addresses from outside", SERVICE, "spec.externalIPs", ["203.0.113.7"]),
    _with("POD-32", "an Ingress", an_object("Ingress", "x"), says="Ingress tiketi/x"),
    _with("POD-32", "a Gateway", an_object("Gateway", "x")),
    _sound("POD-32", "ClusterIP said", SERVICE, "spec.type", "ClusterIP"),
    good("POD-33", "a target group of ours", _targets("${DataStack.Group}")),
    bad("POD-33", "networking", _targets("${DataStack.Group}", networking={"ingress": []}), says="spec.networking"),
    bad("POD-33", "a target group by its ARN", _targets("arn:aws:elasticloadbalancing:x:1:targetgroup/a/b")),
    bad("POD-33", "no target group", _targets("")),
    _with("POD-34", "a Secret", an_object("Secret", "db", data={"password": "aHVudGVyMg=="}), says="Secret tiketi/db"),
    good("POD-34", "a ConfigMap", {"M": manifest(CONFIG)}),
    _with(
        "POD-35",
        "a folder of the node",
        an_object("PersistentVolume", "x", None, spec={"hostPath": {"path": "/"}}),
        says="hostPath",
    ),
    good("POD-35", "a claim", {"M": manifest(CLAIM)}),
    bad("POD-39", "a patch", {"P": _patch()}, says="kube-system/deployment/coredns"),
    good("POD-39", "a whole object", {"M": manifest(CONFIG)}),
    bad("POD-42", "no quota", {"M": manifest(NAMESPACE)}, says="services.nodeports is without a limit"),
    _spoilt("POD-42", "load balancers", QUOTA, "spec.hard", {"services.nodeports": "0"}, "services.loadbalancers"),
    _spoilt("POD-42", "one of them", QUOTA, "spec.hard", {**NOTHING, "services.nodeports": "1"}),
    _spoilt("POD-42", "Jobs among the services", QUOTA, "spec.hard", {**NOTHING, "count/jobs.batch": "9"}, "jobs"),
    _spoilt("POD-42", "a quota of another namespace", QUOTA, "metadata.namespace", "other"),
    _spoilt("POD-42", "a parameter", QUOTA, "spec.hard", "${Hard}"),
    _sound("POD-42", "a number", QUOTA, "spec.hard", {**NOTHING, "services.nodeports": 0}),
    _spoilt("POD-43", "no ports", POLICY, _IN, [{"from": [_PODS]}], "ingress rule 0 is for every port"),
    _spoilt("POD-43", "an empty list", POLICY, _OUT, [{"to": [_PODS], "ports": []}], "egress rule 0"),
    _spoilt("POD-43", "a protocol only", POLICY, _OUT, [{"to": [_PODS], "ports": [{"protocol": "TCP"}]}]),
    _spoilt("POD-43", "all pods", POLICY, "spec.podSelector", {}, "spec.podSelector is for every pod"),
    _spoilt("POD-43", "no selector", POLICY, "spec.podSelector", GONE),
    _spoilt("POD-43", "rules from a parameter", POLICY, _OUT, "${Rules}"),
    _sound("POD-43", "a port", POLICY, _OUT, [{"to": [_PODS], "ports": [{"port": 3001}]}]),
)


@each(CASES)
def test_case(case: Case) -> None:
    case.check()


@pytest.mark.parametrize("rule", [rule.id for rule in kubernetes.RULES])
def test_every_rule_has_a_case_that_it_finds(rule: str) -> None:
    assert any(case.rule == rule and case.bad for case in CASES)


def test_a_patch_is_acknowledged_by_its_object() -> None:
    reason = "CoreDNS is EKS's own add-on; the patch sets its compute type only"
    entry = Acknowledgement("EksPlatformStack/P", "CloudMart::POD-39[kube-system/deployment/coredns]", reason)
    app = deployment({"P": _patch()}, stack="EksPlatformStack", acknowledgements=[entry])
    assert found(app, "POD-39")
    assert not engine.left(app, kubernetes.RULES)


def test_a_finding_names_the_policy_and_its_rule() -> None:
    app = deployment(cluster_of(changed(POLICY, _IN, [{}])), stack="EksPlatformStack")
    (finding,) = found(app, "POD-27")
    assert finding.id == "POD-27[NetworkPolicy/tiketi/auth/0]"
    assert "NetworkPolicy tiketi/auth ingress rule 0 from.0 is open to everybody" in finding.text
