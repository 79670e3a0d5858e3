"""Who may talk to a service and to whom it may: the flows of specification section 6, and no other."""

from typing import Any

import pytest

from cloudmart_cdk.constructs.services.network_policies import network_policy
from cloudmart_cdk.constructs.services.traffic import service as cluster_service
from cloudmart_cdk.service_releases import Track
from cloudmart_cdk.settings import Settings
from tests.constructs.services.tables import SEARCH, SERVICES, settings

CALLS = {
    "auth": ["event"],
    "event": ["reservation"],
    "queue": ["reservation"],
    "reservation": ["payment"],
    "payment": ["notification"],
    "notification": [],
}
STORES = {
    "auth": {5432},
    "event": {5432},
    "queue": {6379},
    "reservation": {5432, 6379},
    "payment": {5432, 6379},
    "notification": set[int](),
}


def _spec(name: str, of: Settings) -> dict[str, Any]:
    spec = network_policy(name, of)["spec"]
    assert isinstance(spec, dict)
    return spec


def _named(rule: dict[str, Any], side: str) -> list[str]:
    """Names of the pods in a rule; of another namespace with it."""
    return [
        "/".join(
            [
                *peer.get("namespaceSelector", {"matchLabels": {}})["matchLabels"].values(),
                *peer["podSelector"]["matchLabels"].values(),
            ]
        )
        for peer in rule[side]
        if "podSelector" in peer
    ]


def _blocks(rule: dict[str, Any], side: str) -> list[str]:
    return [peer["ipBlock"]["cidr"] for peer in rule[side] if "ipBlock" in peer]


def _ports(rule: dict[str, Any]) -> list[int]:
    return [port["port"] for port in rule["ports"]]


def _ways_out(name: str, of: Settings) -> dict[int, dict[str, Any]]:
    return {_ports(rule)[0]: rule for rule in _spec(name, of)["egress"]}


@pytest.mark.parametrize("name", SERVICES)
def test_in_come_the_load_balancer_and_the_callers_of_the_table(name: str) -> None:
    of = settings()
    (rule,) = _spec(name, of)["ingress"]
    assert _ports(rule) == [of.eks.services[name].port]
    assert _blocks(rule, "from") == ["10.0.1.0/24", "10.0.2.0/24"]
    callers = sorted(caller for caller, callees in CALLS.items() if name in callees)
    assert _named(rule, "from") == [*callers, *(["platform/keda-operator"] if name == "queue" else [])]


@pytest.mark.parametrize("name", SERVICES)
def test_out_go_calls_and_stores_of_the_table(name: str) -> None:
    of = settings()
    called = [who for rule in _spec(name, of)["egress"] for who in _named(rule, "to") if "/" not in who]
    assert called == CALLS[name]
    stores = {
        port for port, rule in _ways_out(name, of).items() if _blocks(rule, "to") == ["10.0.20.0/24", "10.0.21.0/24"]
    }
    assert stores == STORES[name]
    for callee in CALLS[name]:
        assert of.eks.services[callee].port in _ways_out(name, of)


def test_https_goes_out_and_not_in() -> None:
    (block,) = (peer["ipBlock"] for peer in _ways_out("auth", settings())[443]["to"])
    assert block == {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/16", "100.64.0.0/16", "172.20.0.0/16", "169.254.0.0/16"]}


@pytest.mark.parametrize(
    ("name", "internet"),
    [
        ("auth", True),  # Google
        ("event", True),  # S3
        ("queue", False),
        ("reservation", False),
        ("payment", True),  # the gateway
        ("notification", True),  # SES
    ],
)
def test_with_interface_endpoints_only_those_who_call_outside_reach_the_internet(name: str, internet: bool) -> None:
    of = settings(network__interface_endpoints="true")
    https = [_blocks(rule, "to") for rule in _spec(name, of)["egress"] if _ports(rule) == [443]]
    assert https == [["10.0.10.0/24", "10.0.11.0/24"], *([["0.0.0.0/0"]] if internet else [])]


def test_spans_go_to_the_node_and_credentials_come_from_it() -> None:
    ways = _ways_out("queue", settings())
    assert _blocks(ways[4318], "to") == ["10.0.10.0/24", "10.0.11.0/24"]
    assert _blocks(ways[80], "to") == ["169.254.170.23/32"]
    assert _named(ways[53], "to") == ["kube-system/kube-dns"]


def test_prometheus_reads_every_service_where_it_is_on() -> None:
    of = settings("prod", eks__prometheus="true")
    for name in SERVICES:
        (rule,) = _spec(name, of)["ingress"]
        assert "monitoring/prometheus" in _named(rule, "from")


def test_a_service_that_uses_nothing_has_nothing_but_names_and_spans() -> None:
    assert set(_ways_out("search", settings("prod", **SEARCH))) == {53, 4318}


def test_a_policy_finds_the_service_s_address_by_its_selector() -> None:
    """The CNI admits a Service's virtual address only where the Service selects what the policy's peer selects."""
    of = settings()
    for caller, callees in CALLS.items():
        for callee in callees:
            service: Any = cluster_service(callee, Track.STABLE, port=1)
            (peer,) = _ways_out(caller, of)[of.eks.services[callee].port]["to"]
            assert peer["podSelector"]["matchLabels"].items() <= service["spec"]["selector"].items()
