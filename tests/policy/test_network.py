"""Family NET: a subnet is what its routes make it, and what holds data has no way out."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final

import pytest

from cloudmart_cdk.policy import engine
from cloudmart_cdk.policy.families import network
from tests.policy.kubernetes_samples import GONE, changed
from tests.policy.support import Case, bad, deployment, each, found, good, resource

_TIERS: Final = {"Public": "10.0.1.0/24", "Private": "10.0.10.0/24", "Pods": "100.64.0.0/17", "Data": "10.0.20.0/24"}
_VPC: Final = {"VpcId": {"Ref": "Vpc"}}


def _ref(name: str) -> dict[str, Any]:
    return {"Ref": name}


def _arn(name: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [name, "Arn"]}


def _route(table: Any, **target: Any) -> dict[str, Any]:
    return resource("AWS::EC2::Route", {"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0", **target})


def _link(subnet: Any, table: Any, **more: Any) -> dict[str, Any]:
    return resource("AWS::EC2::SubnetRouteTableAssociation", {"SubnetId": subnet, "RouteTableId": table}, **more)


def _flow_log(kind: str, **more: Any) -> dict[str, Any]:
    about = {"ResourceId": _ref("Vpc"), "ResourceType": "VPC", "TrafficType": "ALL", "LogDestinationType": kind}
    return resource("AWS::EC2::FlowLog", {**about, **more})


_SUBNETS: Final = {name: resource("AWS::EC2::Subnet", {"CidrBlock": cidr, **_VPC}) for name, cidr in _TIERS.items()}
_TABLES: Final = {f"{name}Table": resource("AWS::EC2::RouteTable", _VPC) for name in _TIERS}
_LINKS: Final = {f"{name}Link": _link(_ref(name), _ref(f"{name}Table")) for name in _TIERS}
NETWORK: Final[Mapping[str, Any]] = {
    "Vpc": resource("AWS::EC2::VPC", {"CidrBlock": "10.0.0.0/16"}),
    "PodRange": resource("AWS::EC2::VPCCidrBlock", {"CidrBlock": "100.64.0.0/16", **_VPC}),
    "Internet": resource("AWS::EC2::InternetGateway"),
    "Attached": resource("AWS::EC2::VPCGatewayAttachment", {**_VPC, "InternetGatewayId": _ref("Internet")}),
    "Address": resource("AWS::EC2::EIP", {"Domain": "vpc"}),
    "Nat": resource(
        "AWS::EC2::NatGateway",
        {"SubnetId": _ref("Public"), "AllocationId": {"Fn::GetAtt": ["Address", "AllocationId"]}},
    ),
    **_SUBNETS,
    **_TABLES,
    **_LINKS,
    "PublicRoute": _route(_ref("PublicTable"), GatewayId=_ref("Internet")),
    "PrivateRoute": _route(_ref("PrivateTable"), NatGatewayId=_ref("Nat")),
    "PodsRoute": _route(_ref("PodsTable"), NatGatewayId=_ref("Nat")),
    "Bucket": resource("AWS::S3::Bucket"),
    "Group": resource("AWS::Logs::LogGroup"),
    "Role": resource("AWS::IAM::Role"),
    "ToBucket": _flow_log("s3", LogDestination={"Fn::Join": ["", [_arn("Bucket"), "/vpc-flow-logs"]]}),
    "ToLogs": _flow_log("cloud-watch-logs", LogGroupName=_ref("Group"), DeliverLogsPermissionArn=_arn("Role")),
    "Zone": resource("AWS::Route53::HostedZone", {"VPCs": [{"VPCId": _ref("Vpc"), "VPCRegion": "ap-northeast-2"}]}),
    "Subnets": resource("AWS::RDS::DBSubnetGroup", {"SubnetIds": [_ref("Data")]}),
    "CacheSubnets": resource("AWS::ElastiCache::SubnetGroup", {"SubnetIds": [_ref("Data")]}),
    "Database": resource("AWS::RDS::DBInstance", {"DBSubnetGroupName": _ref("Subnets")}),
    "Aurora": resource("AWS::RDS::DBCluster", {"DBSubnetGroupName": _ref("Subnets")}),
    "Writer": resource("AWS::RDS::DBInstance", {"DBClusterIdentifier": _ref("Aurora")}),
    "Cache": resource("AWS::ElastiCache::ReplicationGroup", {"CacheSubnetGroupName": _ref("CacheSubnets")}),
    "Fleet": resource("AWS::AutoScaling::AutoScalingGroup", {"VPCZoneIdentifier": [_ref("Private")]}),
    "Lb": resource(
        "AWS::ElasticLoadBalancingV2::LoadBalancer", {"Scheme": "internet-facing", "Subnets": [_ref("Public")]}
    ),
    "Targets": resource("AWS::ElasticLoadBalancingV2::TargetGroup", _VPC),
}
"""A zone of each tier, and one of everything that has a place in it. All function rules of NET are content with it."""


def spoilt(changes: Mapping[str, Any]) -> dict[str, Any]:
    """The network with `Resource.dotted.path` -> value put in, or whole resources."""
    resources = deepcopy(dict(NETWORK))
    for path, value in changes.items():
        name, _, rest = path.partition(".")
        if rest:
            resources[name] = changed(resources[name], rest if rest == "Condition" else f"Properties.{rest}", value)
        elif value is GONE:
            del resources[name]
        else:
            resources[name] = value
    return resources


def _breaks(rule: str, name: str, changes: Mapping[str, Any], says: str = "", **options: Any) -> Case:
    return bad(rule, name, spoilt(changes), stack="VpcStack", says=says, **options)


def _keeps(rule: str, name: str, changes: Mapping[str, Any], **options: Any) -> Case:
    return good(rule, name, spoilt(changes), stack="VpcStack", **options)


def _from_vpc(output: str) -> dict[str, Any]:
    return {"Fn::GetStackOutput": {"StackName": "cloudmart-lab-VpcStack", "OutputName": output}}


def _elsewhere(rule: str, name: str, output: str, *, finds: bool, says: str = "") -> Case:
    """A subnet group of DataStack with a subnet of VpcStack."""
    outputs = {"Data": {"Value": _ref("Data")}, "Public": {"Value": _ref("Public")}}
    also = {"DataStack": {"Group": resource("AWS::RDS::DBSubnetGroup", {"SubnetIds": [_from_vpc(output)]})}}
    case = bad if finds else good
    more = {"says": says} if finds else {}
    return case(rule, name, spoilt({}), stack="VpcStack", template={"Outputs": outputs}, also=also, **more)


def _either(yes: Any, no: Any) -> dict[str, Any]:
    return {"Fn::If": ["Rarely", yes, no]}


_NOTHING: Final = {"Ref": "AWS::NoValue"}
_LAMBDA: Final = "AWS::Lambda::Function"
_RECORD: Final = "AWS::Route53::RecordSet"
_ZONE: Final = "Z0123456789ABCDEFGHIJ"
_DOMAIN: Final = {"domain__name": "shop.example.com", "domain__zone_id": _ZONE}


def _name(zone: Any, **more: Any) -> dict[str, Any]:
    return resource(_RECORD, {"HostedZoneId": zone, "Name": "x.example.com.", **more})


_V6: Final = {"DestinationCidrBlock": _NOTHING, "DestinationIpv6CidrBlock": "::/0"}

CASES = (
    _breaks("NET-10", "a database in a public subnet", {"Subnets.SubnetIds": [_ref("Public")]}, "which is public"),
    _breaks("NET-10", "one public subnet among isolated ones", {"Subnets.SubnetIds": [_ref("Data"), _ref("Public")]}),
    _breaks("NET-10", "a single subnet, not a list", {"Subnets.SubnetIds": _ref("Public")}),
    _breaks("NET-10", "a subnet by its id", {"Subnets.SubnetIds": ["subnet-1"]}, "not one of this app's"),
    _breaks("NET-10", "a subnet from a parameter", {"Subnets.SubnetIds": [_ref("Where")]}),
    _breaks("NET-10", "a list from a parameter", {"Subnets.SubnetIds": _ref("Where")}),
    _breaks("NET-10", "a hidden branch", {"Subnets.SubnetIds": [_either(_ref("Data"), _ref("Public"))]}),
    _breaks("NET-10", "a branch hidden in a list", {"Subnets.SubnetIds": _either([_ref("Data")], [_ref("Public")])}),
    _keeps("NET-10", "a subnet by substitution", {"Subnets.SubnetIds": [{"Fn::Sub": "${Data}"}]}),
    _elsewhere("NET-10", "a subnet of another stack", "Data", finds=False),
    _elsewhere("NET-10", "a public subnet of another stack", "Public", finds=True, says="which is public"),
    _elsewhere("NET-10", "what another stack does not say", "Nothing", finds=True),
    _breaks("NET-10", "a cache in a private subnet", {"CacheSubnets.SubnetIds": [_ref("Private")]}, "are isolated"),
    _breaks("NET-10", "a database without a route table", {"DataLink": GONE}, "which is unrouted"),
    _breaks("NET-10", "a route table from a parameter", {"DataLink.RouteTableId": _ref("Which")}, "which is unrouted"),
    _breaks("NET-10", "a route table under a condition", {"DataLink.Condition": "Rarely"}, "which is unrouted"),
    _breaks(
        "NET-10",
        "a second route in the data tier",
        {
            "First": _route(_ref("DataTable"), NatGatewayId=_ref("Nat")),
            "Second": _route(_ref("DataTable"), GatewayId=_ref("Internet")),
        },
        "which is public",
    ),
    _breaks(
        "NET-10", "a second route table", {"Also": _link(_ref("Data"), _ref("PublicTable"))}, "Data}, which is public"
    ),
    _breaks(
        "NET-10",
        "a second route table under a condition",
        {"Also": _link(_ref("Data"), _ref("PublicTable"), Condition="Rarely")},
    ),
    _breaks("NET-10", "IPv6", {"Way": _route(_ref("DataTable"), GatewayId=_ref("Internet"), **_V6)}),
    _breaks(
        "NET-10", "egress by IPv6", {"Way": _route(_ref("DataTable"), EgressOnlyInternetGatewayId="eigw-1", **_V6)}
    ),
    _breaks("NET-10", "a peering", {"Way": _route(_ref("DataTable"), VpcPeeringConnectionId="pcx-1")}),
    _breaks("NET-10", "a transit gateway", {"Way": _route(_ref("DataTable"), TransitGatewayId=_ref("Transit"))}),
    _breaks(
        "NET-10",
        "a route of another stack",
        {},
        also={"DataStack": {"Way": _route(_from_vpc("Table"), GatewayId=_from_vpc("Internet"))}},
        template={"Outputs": {"Table": {"Value": _ref("DataTable")}, "Internet": {"Value": _ref("Internet")}}},
    ),
    _breaks("NET-10", "servers in a public subnet", {"Fleet.VPCZoneIdentifier": [_ref("Public")]}, "private"),
    _breaks("NET-10", "servers wherever AWS wants", {"Fleet.VPCZoneIdentifier": GONE}, "is not set"),
    _breaks(
        "NET-10",
        "two subnets in one text",
        {"Fleet.VPCZoneIdentifier": [{"Fn::Join": [",", [_ref("Private"), _ref("Public")]]}]},
    ),
    _breaks("NET-10", "a load balancer in a private subnet", {"Lb.Subnets": [_ref("Private")]}, "that are public"),
    _breaks("NET-10", "an internal load balancer in a public subnet", {"Lb.Scheme": "internal"}, "that are private"),
    _breaks("NET-10", "a load balancer by addresses", {"Lb.Subnets": GONE, "Lb.SubnetMappings": [_ref("Public")]}),
    _keeps("NET-10", "an internal load balancer", {"Lb.Scheme": "internal", "Lb.Subnets": [_ref("Private")]}),
    _keeps("NET-10", "a function outside the VPC", {"F": resource(_LAMBDA)}),
    _breaks(
        "NET-10",
        "a function in a public subnet",
        {"F": resource(_LAMBDA, {"VpcConfig": {"SubnetIds": [_ref("Public")]}})},
    ),
    _keeps(
        "NET-10",
        "a regional NAT gateway",
        {"Nat.SubnetId": GONE, "Nat.AvailabilityMode": "regional"},
    ),
    _breaks("NET-10", "a zonal NAT gateway in a private subnet", {"Nat.SubnetId": _ref("Private")}),
    _breaks("NET-11", "a database of the default VPC", {"Database.DBSubnetGroupName": GONE}, "is not set"),
    _breaks("NET-11", "a subnet group by its name", {"Database.DBSubnetGroupName": "default"}, "default"),
    _breaks("NET-11", "the cache's group", {"Database.DBSubnetGroupName": _ref("CacheSubnets")}),
    _breaks("NET-11", "a group whose name begins so", {"Aurora.DBSubnetGroupName": {"Fn::Sub": "${Subnets}-public"}}),
    _breaks("NET-11", "a cache without a group", {"Cache.CacheSubnetGroupName": GONE}),
    _breaks("NET-11", "a hidden branch", {"Cache.CacheSubnetGroupName": _either(_ref("CacheSubnets"), "default")}),
    _breaks("NET-11", "an instance of ours, elsewhere", {"Writer.DBSubnetGroupName": "default"}, "default"),
    _breaks("NET-11", "an instance of somebody's cluster", {"Writer.DBClusterIdentifier": "elsewhere"}),
    _keeps("NET-11", "an instance of a cluster of ours", {}),
    _keeps("NET-12", "the address of a NAT gateway", {}),
    _breaks("NET-12", "an address that nobody holds", {"Nat.AllocationId": "eipalloc-1"}, "no NAT gateway holds"),
    _breaks("NET-12", "an address of a server", {"Address.InstanceId": "i-1"}),
    _breaks(
        "NET-12",
        "an address that is given away",
        {"Given": resource("AWS::EC2::EIPAssociation", {"AllocationId": {"Fn::GetAtt": ["Address", "AllocationId"]}})},
        "instance or interface",
    ),
    _keeps("NET-13", "routes to our gateways", {}),
    _breaks("NET-13", "a peering", {"Way": _route(_ref("DataTable"), VpcPeeringConnectionId="pcx-1")}, "pcx-1"),
    _breaks("NET-13", "a transit gateway", {"Way": _route(_ref("PublicTable"), TransitGatewayId="tgw-1")}),
    _breaks("NET-13", "an interface", {"Way": _route(_ref("PublicTable"), NetworkInterfaceId="eni-1")}),
    _breaks("NET-13", "an endpoint", {"Way": _route(_ref("PublicTable"), VpcEndpointId="vpce-1")}),
    _breaks("NET-13", "somebody's internet gateway", {"PublicRoute.GatewayId": "igw-1"}),
    _breaks("NET-13", "a VPN gateway", {"PublicRoute.GatewayId": _ref("Vpn"), "Vpn": resource("AWS::EC2::VPNGateway")}),
    _breaks("NET-13", "a NAT gateway from a parameter", {"PrivateRoute.NatGatewayId": _ref("Which")}),
    _breaks("NET-13", "a peering beside a NAT gateway", {"PrivateRoute.VpcPeeringConnectionId": "pcx-1"}, "pcx-1"),
    _breaks(
        "NET-13",
        "a peering in a hidden branch",
        {
            "PrivateRoute.NatGatewayId": _either(_ref("Nat"), _NOTHING),
            "PrivateRoute.VpcPeeringConnectionId": _either(_NOTHING, "pcx-1"),
        },
    ),
    _breaks("NET-13", "no target at all", {"PrivateRoute.NatGatewayId": GONE}),
    _breaks(
        "NET-13",
        "a route table from a parameter",
        {"Way": _route(_ref("Table"), GatewayId=_ref("Internet"))},
        "RouteTableId is",
    ),
    _breaks("NET-13", "a route table by its id", {"Way": _route("rtb-1", GatewayId=_ref("Internet"))}, "rtb-1"),
    _keeps("NET-14", "flow logs to both", {}),
    _keeps(
        "NET-14",
        "a format of our own",
        {"ToBucket.LogFormat": {"Fn::Sub": "${!srcaddr} ${!dstaddr} ${!dstport} ${!action} ${!flow-direction}"}},
    ),
    _breaks("NET-14", "a format without addresses", {"ToBucket.LogFormat": "${action} ${start}"}, "to s3"),
    _breaks("NET-14", "no flow log to Logs", {"ToLogs": GONE}, "to cloud-watch-logs"),
    _breaks("NET-14", "rejected traffic only", {"ToLogs.TrafficType": "REJECT"}),
    _breaks("NET-14", "rejected traffic in a hidden branch", {"ToLogs.TrafficType": _either("ALL", "REJECT")}),
    _breaks("NET-14", "a flow log under a condition", {"ToBucket.Condition": "Rarely"}),
    _breaks("NET-14", "another VPC's", {"ToBucket.ResourceId": "vpc-1"}),
    _breaks("NET-14", "a kind that is no VPC", {"ToBucket.ResourceType": "NetworkInterface"}),
    _breaks("NET-14", "a subnet's", {"ToBucket.ResourceId": _ref("Data"), "ToBucket.ResourceType": "Subnet"}),
    _breaks("NET-14", "a bucket by its ARN", {"ToBucket.LogDestination": "arn:aws:s3:::elsewhere"}),
    _breaks("NET-14", "a bucket whose name begins so", {"ToBucket.LogDestination": {"Fn::Sub": "${Bucket.Arn}-2"}}),
    _breaks("NET-14", "a group by its name", {"ToLogs.LogGroupName": "elsewhere"}),
    _breaks("NET-14", "a role by its ARN", {"ToLogs.DeliverLogsPermissionArn": "arn:aws:iam::1:role/x"}),
    _breaks("NET-14", "a kind that is none", {"ToBucket.LogDestinationType": ["s3"]}),
    _keeps("NET-15", "a zone of our VPC", {}),
    _keeps("NET-15", "a single VPC, not a list", {"Zone.VPCs": {"VPCId": _ref("Vpc")}}),
    _breaks("NET-15", "a public zone", {"Zone.VPCs": GONE}, "a public zone"),
    _breaks("NET-15", "no VPC", {"Zone.VPCs": []}),
    _breaks("NET-15", "a second VPC, from elsewhere", {"Zone.VPCs": [{"VPCId": _ref("Vpc")}, {"VPCId": "vpc-1"}]}),
    _breaks("NET-15", "a public zone in a hidden branch", {"Zone.VPCs": _either([{"VPCId": _ref("Vpc")}], _NOTHING)}),
    _keeps("NET-15", "a name in our zone", {"Name": _name(_ref("Zone"), ResourceRecords=["x"])}),
    _keeps("NET-15", "an alias in the domain's zone", {"Name": _name(_ZONE, AliasTarget={"DNSName": "x"})}, **_DOMAIN),
    _breaks("NET-15", "an address in the domain's zone", {"Name": _name(_ZONE, ResourceRecords=["x"])}, **_DOMAIN),
    _breaks("NET-15", "an alias in another zone", {"Name": _name("Z1", AliasTarget={"DNSName": "x"})}, "Z1", **_DOMAIN),
    _breaks("NET-15", "an alias in a zone of nobody's", {"Name": _name(_ZONE, AliasTarget={"DNSName": "x"})}, _ZONE),
    _breaks("NET-15", "a zone by its name", {"Name": resource(_RECORD, {"HostedZoneName": "example.com."})}, "not set"),
    _keeps("NET-16", "our VPC", {}),
    _keeps("NET-16", "a function's targets", {"Targets.VpcId": GONE, "Targets.TargetType": "lambda"}),
    _breaks("NET-16", "targets of the default VPC", {"Targets.VpcId": GONE}),
    _breaks("NET-16", "a subnet of another VPC", {"Data.VpcId": "vpc-1"}, "vpc-1"),
    _breaks("NET-16", "a VPC from a parameter", {"DataTable.VpcId": _ref("Which")}),
    _breaks("NET-16", "an internet gateway of another VPC", {"Attached.VpcId": "vpc-1"}),
    _breaks("NET-16", "a security group anywhere", {"Sg": resource("AWS::EC2::SecurityGroup")}),
    _keeps("NET-17", "the plan", {}),
    _breaks("NET-17", "another range", {"Vpc.CidrBlock": "172.16.0.0/12"}, "10.0.0.0/16"),
    _breaks(
        "NET-17", "IPv6 for the VPC", {"Six": resource("AWS::EC2::VPCCidrBlock", {"AmazonProvidedIpv6CidrBlock": True})}
    ),
    _breaks("NET-17", "a range from a pool", {"Vpc.CidrBlock": GONE, "Vpc.Ipv4IpamPoolId": "ipam-pool-1"}),
    _breaks(
        "NET-17", "a subnet of no plan", {"Data.CidrBlock": "10.0.99.0/24"}, "10.0.99.0/24, isolated by its routes"
    ),
    _breaks(
        "NET-17",
        "a data subnet with a way out",
        {"Way": _route(_ref("DataTable"), NatGatewayId=_ref("Nat"))},
        "10.0.20.0/24, private by its routes; allowed: 10.0.20.0/24 as isolated",
    ),
    _breaks("NET-17", "a private subnet without a way out", {"PrivateRoute": GONE}),
    _breaks("NET-17", "addresses from a parameter", {"Data.CidrBlock": _ref("Range")}),
)


@each(CASES)
def test_case(case: Case) -> None:
    case.check()


@pytest.mark.parametrize("rule", [rule.id for rule in network.RULES[len(network.ROWS) :]])
def test_every_rule_has_two_cases_that_it_finds_and_one_that_it_accepts(rule: str) -> None:
    of_rule = [case.bad for case in CASES if case.rule == rule]
    assert of_rule.count(True) >= 2
    assert False in of_rule


def test_all_function_rules_are_content_with_the_network() -> None:
    app = deployment(NETWORK, stack="VpcStack")
    assert not [each.text for each in engine.findings(app, network.RULES[len(network.ROWS) :])]


def test_a_finding_says_which_subnet_and_which_would_do() -> None:
    (finding,) = found(deployment(spoilt({"Subnets.SubnetIds": [_ref("Public")]}), stack="VpcStack"), "NET-10")
    assert "SubnetIds.0 is ${VpcStack.Public}, which is public" in finding.text
    assert "allowed: subnets that are isolated by their routes" in finding.text
