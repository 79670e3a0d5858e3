"""Around Prometheus and Grafana: a closed namespace, the flows that are needed, rights in two namespaces."""

import json
from ipaddress import IPv4Network
from typing import Any

import pytest

from cloudmart_cdk import namespaces
from cloudmart_cdk.constructs import prometheus_objects as objects
from cloudmart_cdk.constructs import prometheus_rights as rights
from cloudmart_cdk.constructs.grafana_dashboards import dashboards
from tests.kubernetes.schemas import violations

SERVICES = {"auth": 3001, "queue": 3003}
SERVICE_SELECTORS = {
    "prometheus": {"app.kubernetes.io/name": "prometheus", "operator.prometheus.io/name": "tiketi-prometheus"},
    "kube-state-metrics": {
        "app.kubernetes.io/name": "kube-state-metrics",
        "app.kubernetes.io/instance": "kube-prometheus-stack",
    },
}
"""Selectors of the chart's Services at 88.5.3, as `helm template` shows them with our values."""
POLICIES: dict[str, dict[str, Any]] = {
    policy["metadata"]["name"]: policy["spec"]
    for policy in objects.policies(services=SERVICES, service_cidr=IPv4Network("172.20.0.0/16"))
}
SHOWN = dashboards(SERVICES, namespace="tiketi", latency_ms=200, queue_length=1000)
ALL = [
    *objects.policies(services=SERVICES, service_cidr=IPv4Network("172.20.0.0/16")),
    *rights.roles(),
    objects.dashboards(SHOWN),
]


@pytest.mark.parametrize("manifest", ALL, ids=lambda each: f"{each['kind']} {each['metadata']['name']}")
def test_kubernetes_would_take_it(manifest: dict[str, Any]) -> None:
    assert list(violations(manifest, "1.35")) == []


def test_prometheus_reaches_the_services_ports_and_no_other() -> None:
    reached = {
        (
            rule["to"][0]["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"],
            rule["to"][0]["podSelector"]["matchLabels"]["app.kubernetes.io/name"],
            *(port["port"] for port in rule["ports"]),
        )
        for rule in POLICIES["prometheus"]["egress"]
        if "namespaceSelector" in rule["to"][0]
    }
    assert reached == {(namespaces.SERVICES, name, port) for name, port in SERVICES.items()}


def test_nobody_reaches_grafana_and_only_grafana_prometheus() -> None:
    assert POLICIES["grafana"]["ingress"] == []
    (rule,) = POLICIES["prometheus"]["ingress"]
    assert rule == {
        "from": [{"podSelector": {"matchLabels": {"app.kubernetes.io/name": "grafana"}}}],
        "ports": [{"protocol": "TCP", "port": 9090}],
    }


def test_nothing_leaves_the_cluster() -> None:
    blocks = {
        (peer["ipBlock"]["cidr"], *(port["port"] for port in rule["ports"]))
        for policy in POLICIES.values()
        for rule in policy["egress"]
        for peer in rule["to"]
        if "ipBlock" in peer
    }
    assert blocks == {("172.20.0.1/32", 443)}


@pytest.mark.parametrize("name", SERVICE_SELECTORS)
def test_a_call_by_a_services_name_is_let_through(name: str) -> None:
    """The CNI knows a Service's address by the labels of its selector; one label more, and the call is dropped."""
    peers = [
        peer["podSelector"]["matchLabels"]
        for policy in POLICIES.values()
        for rule in policy["egress"]
        for peer in rule["to"]
        if peer.get("podSelector", {}).get("matchLabels", {}).get("app.kubernetes.io/name") == name
    ]
    assert peers
    assert all(labels.items() <= SERVICE_SELECTORS[name].items() for labels in peers)


def test_dashboards_are_files_of_one_map() -> None:
    files = objects.dashboards(SHOWN)["data"]
    assert {json.loads(text)["uid"] for text in files.values()} == {each.uid for each in SHOWN}
    assert all(name.endswith(".json") for name in files)
    assert sum(map(len, files.values())) < 1024 * 1024


def test_rights_are_roles_of_two_namespaces() -> None:
    found = rights.roles()
    assert {each["kind"] for each in found} == {"Role", "RoleBinding"}
    assert {each["metadata"]["namespace"] for each in found} == {namespaces.MONITORING, namespaces.SERVICES}
    (of_services,) = [
        each for each in found if each["kind"] == "Role" and each["metadata"]["namespace"] == namespaces.SERVICES
    ]
    assert of_services["rules"] == [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}]


def test_secrets_are_the_operators_alone_in_its_own_namespace() -> None:
    holders = {
        (each["metadata"]["namespace"], each["metadata"]["name"])
        for each in rights.roles()
        if each["kind"] == "Role"
        for rule in each["rules"]
        if "secrets" in rule["resources"]
    }
    assert holders == {(namespaces.MONITORING, rights.OPERATOR)}


def test_a_binding_binds_its_role_to_the_charts_service_account() -> None:
    found = rights.roles()
    roles = {(each["metadata"]["namespace"], each["metadata"]["name"]) for each in found if each["kind"] == "Role"}
    for each in found:
        if each["kind"] == "RoleBinding":
            assert (each["metadata"]["namespace"], each["roleRef"]["name"]) in roles
            (subject,) = each["subjects"]
            assert subject["namespace"] == namespaces.MONITORING
            assert subject["name"] in ("tiketi-operator", "tiketi-prometheus")
