"""What the VPC CNI makes of policies: where it differs from the reference, as its sources and the EKS guide say."""

from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest

from tests.reachability.samples import policy
from tools.reachability.endpoints import Pod, Service
from tools.reachability.network_policy import Cluster, Direction, Policy, Port
from tools.reachability.vpc_cni import Agent, Entry, compiled

WEB = Pod("shop", {"app": "web"}, {"http": 8080})
API = Pod("shop", {"app": "api", "part-of": "shop"}, {"http": 3000})
ADDRESSES = {"web": IPv4Address("100.64.0.10"), "api": IPv4Address("100.64.0.11")}
SERVICE = IPv4Address("172.20.0.50")
INSIDE = ["10.0.0.0/16", "100.64.0.0/16"]


def agent(*policies: dict[str, Any], target: int | str = 3000, listening: int = 3000, enforced: bool = True) -> Agent:
    """Pods web and api; the Service `api` selects its pods by one label."""
    return Agent(
        Cluster(tuple(map(Policy.of, policies)), {}),
        ((WEB, (ADDRESSES["web"],)), (API, (ADDRESSES["api"],))),
        (Service("shop", "api", SERVICE, {"app": "api"}, {("tcp", listening): target}),),
        enforced,
    )


def calls(labels: dict[str, str], *ports: int | str) -> dict[str, Any]:
    rule = {"to": [{"podSelector": {"matchLabels": labels}}], "ports": [{"port": port} for port in ports]}
    return policy(labels={"app": "web"}, policyTypes=["Egress"], egress=[rule])


def passes(
    judge: Agent, address: IPv4Address | str, port: int, *, pod: Pod = WEB, direction: Direction = "Egress"
) -> bool:
    return judge.judge(pod, direction, IPv4Address(address), "tcp", port).allowed


def test_a_call_by_name_passes_when_the_policy_asks_for_no_more_labels_than_the_service() -> None:
    """The EKS guide only says "the service port must be the container port"; the controller compares selectors."""
    assert passes(agent(calls({"app": "api"}, 3000)), SERVICE, 3000)
    one_more = agent(calls({"app": "api", "part-of": "shop"}, 3000))
    assert passes(one_more, ADDRESSES["api"], 3000)
    assert not passes(one_more, SERVICE, 3000)


def test_a_service_that_listens_elsewhere_is_open_where_it_listens() -> None:
    judge = agent(calls({"app": "api"}, 3000), listening=80)
    assert passes(judge, SERVICE, 80)
    assert not passes(judge, SERVICE, 3000)


def test_a_services_target_may_be_a_name() -> None:
    assert passes(agent(calls({"app": "api"}, 3000), target="http"), SERVICE, 3000)
    assert passes(agent(calls({"app": "api"}, "http"), target="http"), SERVICE, 3000)
    assert passes(agent(calls({"app": "api"}, "http")), SERVICE, 3000)
    assert not passes(agent(calls({"app": "api"}, 3001), target="http"), SERVICE, 3000)


def test_a_name_that_leads_some_pods_elsewhere_is_left_out() -> None:
    judge = agent(calls({"app": "api"}, 3000), target="http")
    canary = Pod("shop", {"app": "api", "track": "canary"}, {"http": 9999})
    mixed = Agent(judge.cluster, (*judge.pods, (canary, (IPv4Address("100.64.0.12"),))), judge.services)
    assert not passes(mixed, SERVICE, 3000)


def test_a_block_does_not_know_named_ports() -> None:
    named = {"to": [{"ipBlock": {"cidr": "10.0.0.0/16"}}], "ports": [{"port": "http"}]}
    assert not passes(agent(policy(policyTypes=["Egress"], egress=[named])), "10.0.0.1", 3000)


def test_named_ports_into_a_pod_are_its_own() -> None:
    rule = {"from": [{"ipBlock": {"cidr": "10.0.1.0/24"}}], "ports": [{"port": "http"}]}
    judge = agent(policy(labels={"app": "api"}, policyTypes=["Ingress"], ingress=[rule]))
    assert passes(judge, "10.0.1.5", 3000, pod=API, direction="Ingress")
    assert not passes(judge, "10.0.1.5", 8080, pod=API, direction="Ingress")


def test_everybody_means_every_address() -> None:
    assert passes(agent(policy(policyTypes=["Egress"], egress=[{}])), "198.51.100.1", 25)


def test_nothing_is_enforced_unless_the_add_on_is_told_to() -> None:
    assert passes(agent(policy(policyTypes=["Egress"]), enforced=False), SERVICE, 3000)
    assert not passes(agent(policy(policyTypes=["Egress"])), SERVICE, 3000)


def test_pods_on_the_hosts_network_are_left_alone() -> None:
    host = Pod("shop", {}, host_network=True)
    assert passes(agent(policy(policyTypes=["Egress"])), SERVICE, 3000, pod=host)


def entry(network: str, *ports: int, excepted: list[str] | None = None) -> Entry:
    spared = tuple(map(IPv4Network, excepted or ()))
    return Entry(IPv4Network(network), tuple(Port("TCP", port, port) for port in ports), spared)


def open_ports(network: str, *entries: Entry) -> set[int]:
    return {port.first for port in compiled(entries)[IPv4Network(network)]}


def test_a_narrower_range_inherits_what_the_wider_allows() -> None:
    assert open_ports("10.0.20.0/24", entry("10.0.0.0/16", 443), entry("10.0.20.0/24", 5432)) == {443, 5432}


def test_but_not_where_the_wider_excepts_it() -> None:
    internet = entry("0.0.0.0/0", 443, excepted=INSIDE)
    assert open_ports("10.0.20.0/24", internet, entry("10.0.20.0/24", 5432)) == {5432}
    assert open_ports("10.0.0.0/16", internet) == set()


def test_an_exception_denies_even_what_a_wider_range_allows() -> None:
    """Unlike the reference, where rules only add up."""
    table = compiled([entry("10.0.0.0/8", 443), entry("0.0.0.0/0", 443, excepted=["10.0.0.0/16"])])
    assert table[IPv4Network("10.0.0.0/16")] == ()


def test_the_same_range_twice_takes_both_rules_ports_and_exceptions() -> None:
    """aws/aws-network-policy-agent#180."""
    both = (entry("0.0.0.0/0", 53), entry("0.0.0.0/0", 443, excepted=INSIDE))
    assert open_ports("0.0.0.0/0", *both) == {53, 443}
    assert open_ports("10.0.0.0/16", *both) == set()


def test_single_addresses_pass_nothing_on() -> None:
    assert open_ports("10.0.0.1/32", entry("10.0.0.1/32", 80), entry("10.0.0.1/32", 81)) == {80, 81}


def test_a_range_has_room_for_24_ports() -> None:
    compiled([entry("10.0.0.0/16", *range(1, 25))])
    with pytest.raises(ValueError, match=r"given 25 ports for 10\.0\.0\.0/16; allowed: 24"):
        compiled([entry("10.0.0.0/16", *range(1, 26))])
