"""Network policies mean what the Kubernetes API reference says. Each case is a sentence of it."""

from ipaddress import IPv4Address
from typing import Any

import pytest

from tests.reachability.samples import policy
from tools.reachability.endpoints import Pod
from tools.reachability.network_policy import Cluster, Direction, Policy, Selector

WEB = Pod("shop", {"app": "web"}, {"http": 8080})
API = Pod("shop", {"app": "api", "tier": "back"}, {"http": 3000})
OTHER = Pod("elsewhere", {"app": "api"})
NAMESPACES = {"shop": {"team": "a"}, "elsewhere": {"team": "b"}}
ADDRESS = IPv4Address("100.64.0.10")


def allowed(
    *policies: dict[str, Any],
    pod: Pod = WEB,
    direction: Direction = "Egress",
    peer: Pod | None = API,
    address: IPv4Address = ADDRESS,
    port: int = 3000,
    udp: bool = False,
) -> bool:
    cluster = Cluster(tuple(map(Policy.of, policies)), NAMESPACES)
    return cluster.judge(pod, direction, address, peer, "udp" if udp else "tcp", port).allowed


def to(**rule: Any) -> dict[str, Any]:
    return policy(policyTypes=["Egress"], egress=[rule])


def peer(pods: dict[str, str] | None = None, namespaces: dict[str, str] | None = None) -> dict[str, Any]:
    selectors = {"podSelector": pods, "namespaceSelector": namespaces}
    return {name: {"matchLabels": labels} for name, labels in selectors.items() if labels is not None}


def test_a_pod_that_no_policy_selects_is_open() -> None:
    assert allowed()
    assert allowed(policy(labels={"app": "api"}, policyTypes=["Ingress", "Egress"]))
    assert allowed(policy(policyTypes=["Ingress", "Egress"]), pod=OTHER)


def test_a_pod_that_one_selects_is_closed_in_that_direction_only() -> None:
    denies = policy(policyTypes=["Egress"])
    assert not allowed(denies)
    assert allowed(denies, direction="Ingress")


def test_policies_add_up() -> None:
    assert allowed(policy(policyTypes=["Egress"]), to(to=[peer({"app": "api"})]))


@pytest.mark.parametrize(
    ("spec", "isolated"),
    [
        ({}, {"Ingress"}),
        ({"ingress": [{}]}, {"Ingress"}),
        ({"egress": [{}]}, {"Ingress", "Egress"}),
        ({"egress": []}, {"Ingress"}),
        ({"policyTypes": ["Egress"]}, {"Egress"}),
        ({"policyTypes": ["Ingress"], "egress": [{}]}, {"Ingress"}),
    ],
)
def test_directions_that_are_not_stated_follow_from_the_rules(spec: dict[str, Any], isolated: set[str]) -> None:
    assert set(Policy.of(policy(**spec)).rules) == isolated


def test_an_empty_rule_is_for_everybody_and_every_port() -> None:
    assert allowed(to(), peer=None, port=1)
    assert allowed(to(to=[], ports=[]), peer=None, udp=True)


@pytest.mark.parametrize(
    ("peers", "pod", "open_"),
    [
        ([peer({"app": "api"})], API, True),
        ([peer({"app": "api"})], OTHER, False),  # a podSelector alone: of the policy's own namespace
        ([peer({})], API, True),
        ([peer(namespaces={"team": "b"})], OTHER, True),
        ([peer(namespaces={"team": "b"})], API, False),
        ([peer(namespaces={"kubernetes.io/metadata.name": "elsewhere"})], OTHER, True),
        ([peer({"app": "api"}, {"team": "b"})], OTHER, True),  # both in one peer: and
        ([peer({"app": "web"}, {"team": "b"})], OTHER, False),
        ([peer({"app": "web"}), peer(namespaces={"team": "b"})], OTHER, True),  # in two peers: or
    ],
)
def test_selectors_of_peers(peers: list[Any], pod: Pod, *, open_: bool) -> None:
    assert allowed(to(to=peers), peer=pod) is open_


@pytest.mark.parametrize(
    ("address", "open_"),
    [("10.1.0.1", True), ("10.1.2.3", False), ("10.2.0.1", False)],
)
def test_a_block_lets_its_addresses_through_but_for_its_exceptions(address: str, *, open_: bool) -> None:
    block = {"ipBlock": {"cidr": "10.1.0.0/16", "except": ["10.1.2.0/24"]}}
    assert allowed(to(to=[block]), peer=None, address=IPv4Address(address)) is open_


def test_what_one_rule_excepts_another_may_allow() -> None:
    spared = {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}
    assert allowed(to(to=[spared]), to(to=[{"ipBlock": {"cidr": "10.0.0.0/8"}}]), address=IPv4Address("10.0.0.1"))


@pytest.mark.parametrize(
    ("ports", "open_"),
    [
        ([{"port": 3000}], True),
        ([{"port": 3000, "protocol": "TCP"}], True),
        ([{"port": 3000, "protocol": "UDP"}], False),
        ([{"protocol": "TCP"}], True),  # all ports of it
        ([{"port": 2000, "endPort": 3000}], True),
        ([{"port": 2000, "endPort": 2999}], False),
        ([{"port": 2000}, {"port": 3000}], True),
        ([{"port": "http"}], True),  # by the name that the receiver gives it
        ([{"port": "https"}], False),
    ],
)
def test_ports(ports: list[Any], *, open_: bool) -> None:
    assert allowed(to(ports=ports)) is open_


def test_a_named_port_is_the_receivers() -> None:
    into = policy(policyTypes=["Ingress"], ingress=[{"ports": [{"port": "http"}]}])
    assert allowed(into, direction="Ingress", port=8080)
    assert not allowed(into, direction="Ingress", port=3000)


def test_pods_on_the_hosts_network_are_left_alone() -> None:
    assert allowed(policy(policyTypes=["Egress"]), pod=Pod("shop", {}, host_network=True))


@pytest.mark.parametrize(
    ("operator", "values", "open_"),
    [
        ("In", ["web", "api"], True),
        ("NotIn", ["web"], True),
        ("NotIn", ["api"], False),
        ("Exists", [], True),
        ("DoesNotExist", [], False),
    ],
)
def test_expressions(operator: str, values: list[str], *, open_: bool) -> None:
    selector = Selector.of({"matchExpressions": [{"key": "app", "operator": operator, "values": values}]})
    assert selector.matches(API.labels) is open_


def test_a_label_that_is_missing_is_in_no_set() -> None:
    assert Selector.of({"matchExpressions": [{"key": "no", "operator": "NotIn", "values": ["x"]}]}).matches({})


@pytest.mark.parametrize(
    "broken",
    [
        to(to=[{"ipBlock": {"cidr": "10.0.0.0/8"}, "podSelector": {}}]),
        to(to=[{}]),
        policy(podSelector={"matchExpressions": [{"key": "app", "operator": "Near"}]}),
    ],
)
def test_what_the_api_server_refuses_is_no_policy(broken: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="allowed:"):
        Policy.of(broken)
