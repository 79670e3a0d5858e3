"""Whom the controllers' pods may talk to, against the pods that charts make (`tests/kubernetes/charts.json`)."""

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network
from typing import Any

import pytest

from cloudmart_cdk import namespaces
from cloudmart_cdk.constructs import controller_policies as policies
from cloudmart_cdk.security_groups import HTTPS, KUBELET_PORT, Group, rules
from cloudmart_cdk.settings import load_settings
from tools.charts import facts

SETTINGS = load_settings({})
NETWORK = policies.Surroundings.of(SETTINGS)
ALL = {
    policy["metadata"]["name"]: policy["spec"]
    for make in (
        policies.load_balancer_controller,
        policies.cluster_autoscaler,
        policies.metrics_server,
        policies.keda,
        policies.vertical_pod_autoscaler,
    )
    for policy in make(NETWORK)
}
PODS = {
    name: workload
    for chart in facts.read().values()
    for name, workload in chart["workloads"].items()
    if workload["namespace"] == namespaces.CONTROLLERS
}


def _selected(labels: Mapping[str, str]) -> list[str]:
    return [name for name, pod in PODS.items() if labels.items() <= pod["labels"].items()]


def _rules(direction: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, spec in ALL.items():
        for rule in spec[direction]:
            yield name, rule


def _ports(workload: Mapping[str, Any]) -> set[int]:
    return {port for container in workload["containers"].values() for port in container["ports"].values()}


def test_every_pod_has_one_policy_and_every_policy_one_workload() -> None:
    selected = [_selected(spec["podSelector"]["matchLabels"]) for spec in ALL.values()]
    assert all(len(each) == 1 for each in selected), selected
    assert sorted(name for each in selected for name in each) == sorted(PODS)


def test_what_comes_in_arrives_at_a_port_that_listens() -> None:
    for name, rule in _rules("ingress"):
        (workload,) = _selected(ALL[name]["podSelector"]["matchLabels"])
        assert {port["port"] for port in rule["ports"]} <= _ports(PODS[workload]), name


def test_the_control_plane_comes_by_ports_that_its_security_group_has() -> None:
    """An admission webhook elsewhere fails every create that it is asked about."""
    reached = {
        rule.ports
        for rule in rules(SETTINGS)
        if rule.group is Group.EKS_NODES and rule.direction == "ingress" and rule.peer is Group.EKS_CONTROL_PLANE
    }
    found = set()
    for name, rule in _rules("ingress"):
        blocks = {peer["ipBlock"]["cidr"] for peer in rule["from"] if "ipBlock" in peer}
        if blocks:
            assert blocks == set(map(str, SETTINGS.network.private))
            assert {(port["port"], port["port"]) for port in rule["ports"]} <= reached, name
            found.add(name)
    assert found == {
        "aws-load-balancer-controller",
        "metrics-server",
        "keda-operator-metrics-apiserver",
        "keda-admission-webhooks",
    }


def test_webhooks_listen_where_the_firewall_opens() -> None:
    """The setting decides, for the security groups as for the charts and the policies."""
    network = policies.Surroundings.of(load_settings({"eks.webhook_ports": "8443"}))
    (policy,) = policies.load_balancer_controller(network)
    assert policy["spec"]["ingress"][0]["ports"] == [{"protocol": "TCP", "port": 8443}]


def test_pods_talk_to_each_other_in_keda_only_and_both_ends_agree() -> None:
    def between(direction: str, peers: str) -> set[tuple[str, str, int]]:
        return {
            (name, _selected(peer["podSelector"]["matchLabels"])[0], port["port"])
            for name, rule in _rules(direction)
            for peer in rule[peers]
            if peer.keys() == {"podSelector"}
            for port in rule["ports"]
        }

    assert between("egress", "to") == {("keda-operator-metrics-apiserver", "Deployment/keda-operator", 9666)}
    assert between("ingress", "from") == {("keda-operator", "Deployment/keda-operator-metrics-apiserver", 9666)}


def test_keda_reads_the_queue() -> None:
    found = [
        (name, peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"], port["port"])
        for name, rule in _rules("egress")
        for peer in rule["to"]
        if peer.get("namespaceSelector", {}).get("matchLabels") == {"kubernetes.io/metadata.name": "tiketi"}
        for port in rule["ports"]
    ]
    assert found == [("keda-operator", "queue", SETTINGS.eks.services["queue"].port)]


def test_everybody_knows_the_api_server_and_names() -> None:
    first = str(SETTINGS.eks.service_cidr.network_address + 1)
    for spec in ALL.values():
        to_api, to_dns = False, False
        for rule in spec["egress"]:
            ports = {(port["protocol"], port["port"]) for port in rule["ports"]}
            blocks = {peer["ipBlock"]["cidr"] for peer in rule["to"] if "ipBlock" in peer}
            to_api = to_api or (f"{first}/32" in blocks and ports == {("TCP", HTTPS)})
            to_dns = to_dns or ports == {("UDP", 53), ("TCP", 53)}
        assert to_api
        assert to_dns


@pytest.mark.parametrize("name", ALL)
def test_only_those_with_rights_in_aws_reach_it_and_the_agent(name: str) -> None:
    blocks = [peer["ipBlock"] for rule in ALL[name]["egress"] for peer in rule["to"] if "ipBlock" in peer]
    outside = [block for block in blocks if block["cidr"] == "0.0.0.0/0"]
    agent = [block for block in blocks if block["cidr"] == "169.254.170.23/32"]
    expected = 1 if name in ("aws-load-balancer-controller", "cluster-autoscaler") else 0
    assert (len(outside), len(agent)) == (expected, expected)
    network = SETTINGS.network
    for block in outside:
        spared = list(map(IPv4Network, block["except"]))
        for inside in (network.cidr, network.pods_cidr, SETTINGS.eks.service_cidr, IPv4Network("169.254.0.0/16")):
            assert any(inside.subnet_of(each) for each in spared), inside


def test_metrics_server_alone_asks_kubelets() -> None:
    asking = [
        name
        for name, rule in _rules("egress")
        if {port["port"] for port in rule["ports"]} == {KUBELET_PORT}
        and {peer["ipBlock"]["cidr"] for peer in rule["to"]} == set(map(str, SETTINGS.network.private))
    ]
    assert asking == ["metrics-server"]
