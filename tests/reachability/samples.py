"""A small network whose answers are known by hand: one layer open after the other, for tests to close one at a time.

A machine `app` in a private subnet connects to a machine `store` in another, on TCP 5432; a load balancer in a public
subnet stands before `app`. Everything between them is open that has to be, and nothing else.
"""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from cloudmart_cdk.policy.model import Deployment
from tests.policy.support import deployment, resource

Template = dict[str, dict[str, Any]]


def ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def group_id(name: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [name, "GroupId"]}


def rule(port: int, **peer: Any) -> dict[str, Any]:
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "Description": f"port {port}", **peer}


CLOSED = [{"IpProtocol": "icmp", "FromPort": 252, "ToPort": 86, "CidrIp": "255.255.255.255/32", "Description": "none"}]


def network() -> Template:
    """VPC, three subnets and their routes: public, private behind a NAT gateway, data without a way out."""
    template: Template = {
        "Vpc": resource("AWS::EC2::VPC", {"CidrBlock": "10.0.0.0/16"}),
        "Gateway": resource("AWS::EC2::InternetGateway"),
        "Attached": resource("AWS::EC2::VPCGatewayAttachment", {"InternetGatewayId": ref("Gateway")}),
        "Nat": resource("AWS::EC2::NatGateway", {"SubnetId": ref("Public")}),
        "PublicOut": _route("PublicTable", GatewayId=ref("Gateway")),
        "PrivateOut": _route("PrivateTable", NatGatewayId=ref("Nat")),
    }
    for name, cidr in (("Public", "10.0.1.0/24"), ("Private", "10.0.10.0/24"), ("Data", "10.0.20.0/24")):
        template[name] = resource("AWS::EC2::Subnet", {"CidrBlock": cidr, "AvailabilityZone": "a"})
        template[f"{name}Table"] = resource("AWS::EC2::RouteTable")
        template[f"{name}Link"] = resource(
            "AWS::EC2::SubnetRouteTableAssociation", {"SubnetId": ref(name), "RouteTableId": ref(f"{name}Table")}
        )
    return template


def _route(table: str, **target: Any) -> dict[str, Any]:
    return resource("AWS::EC2::Route", {"RouteTableId": ref(table), "DestinationCidrBlock": "0.0.0.0/0", **target})


def machines() -> Template:
    """The three, each with a group of its own; rules name each other."""
    return {
        "BalancerGroup": resource(
            "AWS::EC2::SecurityGroup",
            {
                "SecurityGroupIngress": [rule(443, CidrIp="0.0.0.0/0")],
                "SecurityGroupEgress": [rule(8080, DestinationSecurityGroupId=group_id("AppGroup"))],
            },
        ),
        "AppGroup": resource(
            "AWS::EC2::SecurityGroup",
            {
                "SecurityGroupIngress": [rule(8080, SourceSecurityGroupId=group_id("BalancerGroup"))],
                "SecurityGroupEgress": [
                    rule(5432, DestinationSecurityGroupId=group_id("StoreGroup")),
                    rule(443, CidrIp="0.0.0.0/0"),
                ],
            },
        ),
        "StoreGroup": resource(
            "AWS::EC2::SecurityGroup",
            {
                "SecurityGroupIngress": [rule(5432, SourceSecurityGroupId=group_id("AppGroup"))],
                "SecurityGroupEgress": CLOSED,
            },
        ),
        "Balancer": resource(
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
            {"Scheme": "internet-facing", "Subnets": [ref("Public")], "SecurityGroups": [group_id("BalancerGroup")]},
        ),
        "Template": resource(
            "AWS::EC2::LaunchTemplate", {"LaunchTemplateData": {"SecurityGroupIds": [group_id("AppGroup")]}}
        ),
        "App": resource(
            "AWS::AutoScaling::AutoScalingGroup",
            {"VPCZoneIdentifier": [ref("Private")], "LaunchTemplate": {"LaunchTemplateId": ref("Template")}},
        ),
        "StoreSubnets": resource("AWS::RDS::DBSubnetGroup", {"SubnetIds": [ref("Data")]}),
        "Store": resource(
            "AWS::RDS::DBInstance",
            {"DBSubnetGroupName": ref("StoreSubnets"), "VPCSecurityGroups": [group_id("StoreGroup")]},
        ),
    }


APP, STORE, BALANCER = "backend", "BackendAsgStack/Store", "shop-load-balancer"
"""Names that the landscape gives them: the store is none that it knows, so it goes by its logical id."""


def app(changes: Mapping[str, Any] | None = None) -> Deployment:
    """The small network with changes: logical id -> resource, or `None` to take one away."""
    template = {**network(), **machines()}
    for name, changed in deepcopy(dict(changes or {})).items():
        if changed is None:
            del template[name]
        else:
            template[name] = changed
    return deployment(template, stack="BackendAsgStack")


def acl(*entries: Mapping[str, Any], subnet: str = "Data") -> Template:
    """A network ACL of one subnet. Entries as in the template, without its id."""
    return {
        "Acl": resource("AWS::EC2::NetworkAcl"),
        "AclLink": resource(
            "AWS::EC2::SubnetNetworkAclAssociation", {"SubnetId": ref(subnet), "NetworkAclId": ref("Acl")}
        ),
        **{
            f"Entry{number}": resource("AWS::EC2::NetworkAclEntry", {"NetworkAclId": ref("Acl"), **entry})
            for number, entry in enumerate(entries)
        },
    }


def entry(
    number: int,
    *,
    egress: bool,
    ports: tuple[int, int] | None = None,
    action: str = "allow",
    cidr: str = "0.0.0.0/0",
) -> dict[str, Any]:
    found = {
        "RuleNumber": number,
        "Egress": egress,
        "Protocol": 6 if ports else -1,
        "RuleAction": action,
        "CidrBlock": cidr,
    }
    return found | ({"PortRange": {"From": ports[0], "To": ports[1]}} if ports else {})


def policy(name: str = "it", *, labels: Mapping[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    """A network policy of the namespace `shop`, for pods with `labels`."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"podSelector": {"matchLabels": dict(labels)} if labels else {}, **spec},
    }
