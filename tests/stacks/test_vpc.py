"""VpcStack against specification section 2."""

from typing import Any

import pytest

from cloudmart_cdk.security_groups import Group, groups, rules
from tests.conftest import Synthesize
from tests.support import Synthesized

STAGES = ("lab", "dev", "staging", "prod")
SUBNETS = {
    "10.0.1.0/24": "ap-northeast-2a",
    "10.0.2.0/24": "ap-northeast-2c",
    "10.0.10.0/24": "ap-northeast-2a",
    "10.0.11.0/24": "ap-northeast-2c",
    "10.0.20.0/24": "ap-northeast-2a",
    "10.0.21.0/24": "ap-northeast-2c",
    "100.64.0.0/17": "ap-northeast-2a",
    "100.64.128.0/17": "ap-northeast-2c",
}
WITH_DOMAIN = {"domain.name": "shop.example.com", "domain.zone_id": "Z0123456789"}


def _tags(resource: dict[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in resource["Properties"]["Tags"]}


@pytest.mark.parametrize("stage", STAGES)
def test_exactly_the_subnets_of_the_specification(synthesized: Synthesize, stage: str) -> None:
    subnets = synthesized(stage).resources("VpcStack", "AWS::EC2::Subnet").values()
    assert {s["Properties"]["CidrBlock"]: s["Properties"]["AvailabilityZone"] for s in subnets} == SUBNETS
    assert not any(s["Properties"].get("MapPublicIpOnLaunch") for s in subnets)


def test_subnets_are_tagged_for_load_balancers_and_pods(synthesized: Synthesize) -> None:
    subnets = synthesized("prod").resources("VpcStack", "AWS::EC2::Subnet").values()
    roles = {s["Properties"]["CidrBlock"]: {k for k in _tags(s) if k.startswith("kubernetes.io/")} for s in subnets}
    assert roles["10.0.1.0/24"] == roles["10.0.2.0/24"] == {"kubernetes.io/role/elb"}
    assert "kubernetes.io/role/internal-elb" in roles["10.0.10.0/24"] & roles["10.0.11.0/24"]
    assert roles["10.0.20.0/24"] == roles["10.0.21.0/24"] == set()
    assert roles["100.64.0.0/17"] == roles["100.64.128.0/17"] == {"kubernetes.io/role/cni"}


@pytest.mark.parametrize(("stage", "gateways"), [("lab", 1), ("dev", 1), ("staging", 1), ("prod", 2)])
def test_nat_gateways_and_a_default_route_for_each_private_and_pods_subnet(
    synthesized: Synthesize, stage: str, gateways: int
) -> None:
    app = synthesized(stage)
    assert len(app.resources("VpcStack", "AWS::EC2::NatGateway")) == gateways
    assert _subnets_with_default_route(app, "NatGatewayId") == {
        "10.0.10.0/24",
        "10.0.11.0/24",
        "100.64.0.0/17",
        "100.64.128.0/17",
    }
    assert _subnets_with_default_route(app, "GatewayId") == {"10.0.1.0/24", "10.0.2.0/24"}


def test_a_regional_nat_gateway_serves_the_same_subnets(synthesized: Synthesize) -> None:
    app = synthesized("lab", **{"network.regional_nat": "true"})
    (gateway,) = app.resources("VpcStack", "AWS::EC2::NatGateway").values()
    assert gateway["Properties"]["AvailabilityMode"] == "regional"
    assert not app.resources("VpcStack", "AWS::EC2::EIP")
    assert len(_subnets_with_default_route(app, "NatGatewayId")) == 4


def test_another_kind_of_nat_gateway_changes_routes_and_makes_none(synthesized: Synthesize) -> None:
    """AWS refuses a second default route, and CloudFormation makes the new before it removes the old."""
    regional, zonal = synthesized("lab", **{"network.regional_nat": "true"}), synthesized("lab")
    assert (
        regional.resources("VpcStack", "AWS::EC2::Route").keys()
        == zonal.resources("VpcStack", "AWS::EC2::Route").keys()
    )


def _subnets_with_default_route(app: Synthesized, via: str) -> set[str]:
    subnets = app.resources("VpcStack", "AWS::EC2::Subnet")
    tables = {
        route["Properties"]["RouteTableId"]["Ref"]
        for route in app.resources("VpcStack", "AWS::EC2::Route").values()
        if route["Properties"].get("DestinationCidrBlock") == "0.0.0.0/0" and via in route["Properties"]
    }
    return {
        subnets[link["Properties"]["SubnetId"].get("Ref") or link["Properties"]["SubnetId"]["Fn::GetAtt"][0]][
            "Properties"
        ]["CidrBlock"]
        for link in app.resources("VpcStack", "AWS::EC2::SubnetRouteTableAssociation").values()
        if link["Properties"]["RouteTableId"]["Ref"] in tables
    }


def test_gateway_endpoints_are_free_and_always_there_interface_endpoints_an_option(synthesized: Synthesize) -> None:
    def kinds(**context: str) -> dict[str, int]:
        found = synthesized("lab", **context).resources("VpcStack", "AWS::EC2::VPCEndpoint").values()
        of_type = [endpoint["Properties"]["VpcEndpointType"] for endpoint in found]
        return {kind: of_type.count(kind) for kind in set(of_type)}

    assert kinds() == {"Gateway": 2}
    assert kinds(**{"network.interface_endpoints": "true"}) == {"Gateway": 2, "Interface": 6}


def test_flow_logs_of_all_traffic_go_to_logs_and_to_the_bucket(synthesized: Synthesize) -> None:
    flow_logs = [f["Properties"] for f in synthesized().resources("VpcStack", "AWS::EC2::FlowLog").values()]
    assert {f["LogDestinationType"] for f in flow_logs} == {"cloud-watch-logs", "s3"}
    assert {f["TrafficType"] for f in flow_logs} == {"ALL"}


@pytest.mark.parametrize(("stage", "kept"), [("lab", False), ("dev", False), ("staging", True), ("prod", True)])
def test_log_bucket(synthesized: Synthesize, stage: str, kept: bool) -> None:
    (bucket,) = synthesized(stage).resources("VpcStack", "AWS::S3::Bucket").values()
    properties = bucket["Properties"]
    (rule,) = properties["LifecycleConfiguration"]["Rules"]
    assert rule["Transitions"] == [
        {"StorageClass": "STANDARD_IA", "TransitionInDays": 30},
        {"StorageClass": "GLACIER", "TransitionInDays": 90},
    ]
    assert rule["ExpirationInDays"] == (365 if kept else 91)
    encryption = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]["ServerSideEncryptionByDefault"]
    assert encryption == {"SSEAlgorithm": "AES256"}
    assert properties["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerPreferred"}]
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["DeletionPolicy"] == ("Retain" if kept else "Delete")
    assert bool(synthesized(stage).resources("VpcStack", "Custom::S3AutoDeleteObjects")) is not kept


@pytest.mark.parametrize("stage", STAGES)
def test_private_zone_is_named_by_stage(synthesized: Synthesize, stage: str) -> None:
    (zone,) = synthesized(stage).resources("VpcStack", "AWS::Route53::HostedZone").values()
    assert zone["Properties"]["Name"] == f"{stage}.cloudmart.internal."
    assert len(zone["Properties"]["VPCs"]) == 1


CONFIGURATIONS: list[tuple[str, dict[str, str]]] = [
    ("lab", {}),
    ("prod", {}),
    ("lab", {"sources": "203.0.113.0/24,198.51.100.7/32"}),
    ("lab", WITH_DOMAIN),
    ("lab", {"skip": "FrontendCdnStack"}),
    ("lab", {"skip": "FrontendCdnStack", **WITH_DOMAIN}),
    ("lab", {"network.interface_endpoints": "true"}),
]


@pytest.mark.parametrize(("stage", "context"), CONFIGURATIONS)
def test_groups_and_rules_in_the_template_are_the_table(
    synthesized: Synthesize, stage: str, context: dict[str, str]
) -> None:
    app = synthesized(stage, **context)
    expected = {
        (r.group.value, r.direction, r.protocol, r.ports, str(r.peer), r.description) for r in rules(app.settings)
    }
    made = app.resources("VpcStack", "AWS::EC2::SecurityGroup")
    ids = {id: _group_of(resource) for id, resource in made.items()}
    assert set(ids.values()) == {group.value for group in groups(app.settings)}
    assert set(_rules_of(app, ids)) == expected


@pytest.mark.parametrize(("stage", "context"), CONFIGURATIONS)
def test_no_other_stack_makes_a_group_or_a_rule(synthesized: Synthesize, stage: str, context: dict[str, str]) -> None:
    for name, template in synthesized(stage, **context).templates.items():
        kinds = {resource["Type"] for resource in template["Resources"].values()}
        assert name == "VpcStack" or not {kind for kind in kinds if kind.startswith("AWS::EC2::SecurityGroup")}


def _group_of(resource: dict[str, Any]) -> str:
    return _tags(resource)["Name"].rsplit("-", 1)[-1]


def _rules_of(app: Synthesized, ids: dict[str, str]) -> list[tuple[Any, ...]]:
    def peer(rule: dict[str, Any]) -> str:
        for key in ("CidrIp", "SourcePrefixListId"):
            if key in rule:
                return str(rule[key])
        key = "SourceSecurityGroupId" if "SourceSecurityGroupId" in rule else "DestinationSecurityGroupId"
        return ids[rule[key]["Fn::GetAtt"][0]]

    def row(group: str, direction: str, rule: dict[str, Any]) -> tuple[Any, ...]:
        ports = (rule["FromPort"], rule["ToPort"]) if "FromPort" in rule else None
        return (group, direction, rule["IpProtocol"], ports, peer(rule), rule["Description"])

    found = []
    for id, resource in app.resources("VpcStack", "AWS::EC2::SecurityGroup").items():
        for direction, key in (("ingress", "SecurityGroupIngress"), ("egress", "SecurityGroupEgress")):
            for rule in resource["Properties"].get(key, ()):
                if rule.get("CidrIp") != "255.255.255.255/32":  # the rule that stands for "nothing"
                    found.append(row(ids[id], direction, rule))
    for direction, kind in (("ingress", "Ingress"), ("egress", "Egress")):
        for resource in app.resources("VpcStack", f"AWS::EC2::SecurityGroup{kind}").values():
            properties = resource["Properties"]
            found.append(row(ids[properties["GroupId"]["Fn::GetAtt"][0]], direction, properties))
    return found


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ({}, {(80, "pl-22a6434b")}),
        (WITH_DOMAIN, {(443, "pl-22a6434b")}),
        ({"skip": "FrontendCdnStack"}, set()),
        ({"skip": "FrontendCdnStack", "sources": "203.0.113.0/24"}, {(80, "203.0.113.0/24")}),
        ({"skip": "FrontendCdnStack", **WITH_DOMAIN}, {(443, "0.0.0.0/0"), (80, "0.0.0.0/0")}),
    ],
)
def test_who_may_reach_the_shop_load_balancer(
    synthesized: Synthesize, context: dict[str, str], expected: set[tuple[int, str]]
) -> None:
    table = rules(synthesized("lab", **context).settings)
    ingress = [r for r in table if r.group is Group.SHOP_LOAD_BALANCER and r.direction == "ingress"]
    assert {(r.ports[0], str(r.peer)) for r in ingress if r.ports} == expected


def test_functions_that_cdk_makes_have_a_log_group_and_cannot_make_another(synthesized: Synthesize) -> None:
    app = synthesized("lab")
    functions = app.resources("VpcStack", "AWS::Lambda::Function")
    assert functions
    for function in functions.values():
        assert function["Properties"]["LoggingConfig"]["LogGroup"]["Ref"] in app.resources(
            "VpcStack", "AWS::Logs::LogGroup"
        )
    for role in app.resources("VpcStack", "AWS::IAM::Role").values():
        assert "ManagedPolicyArns" not in role["Properties"]
        assert "logs:CreateLogGroup" not in str(role)
