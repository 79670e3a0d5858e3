"""Every layer can deny, alone; and what all let through arrives."""

from typing import Any

import pytest

from cloudmart_cdk.policy.model import Deployment
from tests.policy.support import resource
from tests.reachability import cluster, samples
from tests.reachability.samples import APP, BALANCER, CLOSED, STORE, acl, entry, group_id, policy, ref, rule
from tools.reachability.landscape import Landscape
from tools.reachability.path import Answer, Paths, asked
from tools.reachability.verdict import Layer, Protocol


def answer(app: Deployment, source: str, target: str, port: int, protocol: Protocol = "tcp") -> Answer:
    landscape = Landscape(app)
    return Paths(landscape).answer(landscape.endpoints[source], landscape.endpoints[target], protocol, port)


def is_open(app: Deployment, source: str, target: str, port: int) -> bool:
    return answer(app, source, target, port).state == "allowed"


OPEN = [(APP, STORE, 5432), (BALANCER, APP, 8080), (APP, "internet", 443), ("internet", BALANCER, 443)]


@pytest.mark.parametrize(("source", "target", "port"), OPEN)
def test_what_every_layer_lets_through_arrives(source: str, target: str, port: int) -> None:
    assert answer(samples.app(), source, target, port).state == "allowed"


def test_everything_else_is_denied() -> None:
    landscape = Landscape(samples.app())
    paths = Paths(landscape)
    found = [
        (source.name, target.name, port)
        for source in landscape.endpoints.values()
        for target in landscape.endpoints.values()
        for port in (22, 443, 5432, 8080)
        if asked(source, target) and paths.answer(source, target, "tcp", port).state != "denied"
    ]
    # The load balancer's rule for the world is one for the VPC's own addresses too.
    assert sorted(found) == sorted([*OPEN, (APP, "s3", 443), (APP, BALANCER, 443)])


def _changed(name: str, **properties: Any) -> dict[str, Any]:
    made = {**samples.network(), **samples.machines()}[name]
    return {name: {**made, "Properties": {**made["Properties"], **properties}}}


_ANSWERS = entry(100, egress=True, ports=(1024, 65535))
_REQUESTS = entry(100, egress=False, ports=(5432, 5432))

ALONE: list[tuple[str, Layer, dict[str, Any], tuple[str, str, int]]] = [
    (
        "no egress rule",
        Layer.GROUP_OUT,
        _changed("AppGroup", SecurityGroupEgress=CLOSED),
        (APP, STORE, 5432),
    ),
    ("no ingress rule", Layer.GROUP_IN, _changed("StoreGroup", SecurityGroupIngress=[]), (APP, STORE, 5432)),
    ("no route out", Layer.ROUTE, {"PrivateOut": None}, (APP, "internet", 443)),
    ("a gateway that stands where nothing leads out", Layer.ROUTE, {"PublicOut": None}, (APP, "internet", 443)),
    ("no route back", Layer.ROUTE_BACK, {"PublicOut": None}, ("internet", BALANCER, 443)),
    (
        "an internal load balancer",
        Layer.ADDRESS,
        _changed("Balancer", Scheme="internal"),
        ("internet", BALANCER, 443),
    ),
    (
        "an instance without an address in a public subnet",
        Layer.ADDRESS,
        _changed("App", VPCZoneIdentifier=[ref("Public")]),
        (APP, "internet", 443),
    ),
    ("an ACL that lets no request in", Layer.ACL, acl(_ANSWERS), (APP, STORE, 5432)),
    ("an ACL that lets no answer out", Layer.ACL_BACK, acl(_REQUESTS), (APP, STORE, 5432)),
    (
        "an ACL that knows Linux's ports only",
        Layer.ACL_BACK,
        acl(_REQUESTS, entry(100, egress=True, ports=(32768, 60999))),
        (APP, STORE, 5432),
    ),
    (
        "an ACL around the sender that lets no answer in",
        Layer.ACL_BACK,
        acl(entry(100, egress=True), subnet="Private"),
        (APP, STORE, 5432),
    ),
    (
        "an ACL around the NAT gateway",
        Layer.ACL,
        acl(entry(100, egress=False), entry(100, egress=True, ports=(1024, 65535)), subnet="Public"),
        (APP, "internet", 443),
    ),
    (
        "answers that the NAT gateway does not get",
        Layer.ACL_BACK,
        acl(
            entry(100, egress=False, cidr="10.0.0.0/16"),
            entry(100, egress=True),
            subnet="Public",
        ),
        (APP, "internet", 443),
    ),
]


@pytest.mark.parametrize(("layer", "changes", "connection"), [case[1:] for case in ALONE], ids=[it[0] for it in ALONE])
def test_each_layer_can_deny_alone(layer: Layer, changes: dict[str, Any], connection: tuple[str, str, int]) -> None:
    found = answer(samples.app(changes), *connection)
    assert (found.state, found.layers) == ("denied", frozenset([layer]))


def test_an_acl_that_lets_both_through_is_no_obstacle() -> None:
    assert is_open(samples.app(acl(_REQUESTS, _ANSWERS)), APP, STORE, 5432)


def test_acls_do_not_apply_within_a_subnet() -> None:
    together = _changed("StoreSubnets", SubnetIds=[ref("Private")])
    assert is_open(samples.app(together | acl(subnet="Private")), APP, STORE, 5432)


def test_layers_behind_one_that_refuses_are_asked_too() -> None:
    changes = _changed("AppGroup", SecurityGroupEgress=CLOSED) | _changed("StoreGroup", SecurityGroupIngress=[])
    assert answer(samples.app(changes), APP, STORE, 5432).layers == {Layer.GROUP_OUT, Layer.GROUP_IN}


def test_half_of_a_subnet_is_not_enough() -> None:
    half = _changed("StoreGroup", SecurityGroupIngress=[rule(5432, CidrIp="10.0.10.128/25")])
    assert answer(samples.app(half), APP, STORE, 5432).state == "partly"


def test_a_second_zone_without_a_route_is_not_enough() -> None:
    cidr = {"CidrBlock": "10.0.11.0/24", "AvailabilityZone": "b"}
    zone = {"Second": resource("AWS::EC2::Subnet", cidr)}
    both = _changed("App", VPCZoneIdentifier=[ref("Private"), ref("Second")])
    assert answer(samples.app(zone | both), APP, "internet", 443).state == "partly"


def test_a_source_that_is_stated_is_apart_from_the_internet() -> None:
    some = _changed("BalancerGroup", SecurityGroupIngress=[rule(443, CidrIp="203.0.113.0/24")])
    assert answer(samples.app(some), "internet", BALANCER, 443).state == "partly"


def test_pods_reach_each_other_directly_and_by_name() -> None:
    found = answer(cluster.app(), "web", "api", 3000)
    assert (found.state, found.ways) == ("allowed", 2)


@pytest.mark.parametrize(
    ("name", "changed", "layer"),
    [
        ("web-policy", None, Layer.POLICY_OUT),
        ("api-policy", None, Layer.POLICY_IN),
    ],
)
def test_each_end_of_a_policy_can_deny_alone(name: str, changed: None, layer: Layer) -> None:
    found = answer(cluster.app({name: changed}), "web", "api", 3000)
    assert (found.state, found.layers) == ("denied", frozenset([layer]))


def test_a_policy_that_asks_for_more_labels_than_the_service_cuts_calls_by_name_only() -> None:
    strict = cluster.objects()["service"]
    strict["spec"]["selector"] = {"app": "api", "track": "stable"}
    pods = cluster.workload("api", 3000)
    pods["spec"]["template"]["metadata"]["labels"] = {"app": "api", "track": "stable", "part-of": "shop"}
    more = policy(
        "web",
        labels={"app": "web"},
        policyTypes=["Egress"],
        egress=[{"to": [{"podSelector": {"matchLabels": {"app": "api", "part-of": "shop"}}}]}],
    )
    changed = {"service": strict, "api": pods}
    assert is_open(cluster.app(changed), "web", "api", 3000)
    assert answer(cluster.app({**changed, "web-policy": more}), "web", "api", 3000).state == "partly"


def test_policies_that_nobody_enforces_deny_nothing() -> None:
    assert is_open(cluster.app(enforced=False), "api", "web", 1)
    assert not is_open(cluster.app(), "api", "web", 1)


def test_pods_need_their_groups_and_routes_as_well() -> None:
    assert answer(cluster.app(resources={"In": None}), "web", "api", 3000).layers == {Layer.GROUP_IN}
    assert answer(cluster.app(resources={"PodsRange": None}), "web", "api", 3000).layers >= {Layer.ROUTE}


def test_pods_go_out_by_their_nodes_address_and_route() -> None:
    assert is_open(cluster.app(), "web", "internet", 443)
    assert not is_open(cluster.app(resources={"PrivateLink": None}), "web", "internet", 443)
    assert is_open(cluster.app(resources={"PodsLink": None}), "web", "internet", 443)


def test_a_pod_and_its_own_node_reach_each_other_whatever_policies_say() -> None:
    assert is_open(cluster.app(), "api", "own-node", 4317)
    assert is_open(cluster.app(), "own-node", "api", 1)
    assert answer(cluster.app(), "node", "api", 1).layers == {Layer.POLICY_IN}
    assert answer(cluster.app(), "api", "node", 1).layers == {Layer.POLICY_OUT}


def test_pods_on_the_hosts_network_are_their_node() -> None:
    host = cluster.app({"web": cluster.workload("web", 8080, hostNetwork=True)})
    assert is_open(host, "web", "metadata", 80)
    assert answer(cluster.app(), "node", "api", 3000).layers == {Layer.POLICY_IN}
    # A policy that names such a pod names its node's address, and with it everybody there.
    assert is_open(host, "node", "api", 3000)


def test_the_metadata_service_ends_at_the_node() -> None:
    open_ = {"web-policy": policy("web", policyTypes=["Egress"], egress=[{}])}
    assert answer(cluster.app(open_), "web", "metadata", 80).layers == {Layer.METADATA}
    assert is_open(cluster.app(open_, hop_limit=2), "web", "metadata", 80)
    assert is_open(cluster.app(), "node", "metadata", 80)


def test_what_is_on_the_machine_needs_a_policy_but_no_group() -> None:
    block = {"to": [{"ipBlock": {"cidr": "169.254.170.23/32"}}], "ports": [{"port": 80}]}
    agent = policy("web", labels={"app": "web"}, policyTypes=["Egress"], egress=[block])
    assert answer(cluster.app(), "web", "pod-identity-agent", 80).layers == {Layer.POLICY_OUT}
    assert is_open(cluster.app({"web-policy": agent}), "web", "pod-identity-agent", 80)


def test_the_api_server_is_met_at_its_services_address() -> None:
    """Which is outside of the VPC: HTTPS to the internet leads to it, unless the policy excepts it."""
    control = {"GroupId": group_id("ControlGroup"), **rule(443, SourceSecurityGroupId=group_id("NodeGroup"))}
    reached = {"ApiIn": resource("AWS::EC2::SecurityGroupIngress", control)}
    assert is_open(cluster.app(resources=reached), "web", "kubernetes-api", 443)
    assert answer(cluster.app(resources=reached), "web", "control-plane", 443).layers == {Layer.POLICY_OUT}
    assert answer(cluster.app(resources=reached), "api", "kubernetes-api", 443).layers == {Layer.POLICY_OUT}
    assert answer(cluster.app(), "web", "kubernetes-api", 443).layers == {Layer.GROUP_IN}
