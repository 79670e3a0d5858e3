"""VpcStack: the VPC, its exact subnets and routes, NAT, endpoints, flow logs."""

from collections.abc import Iterator
from typing import Any

from cloudmart_cdk.settings.topology import VPC
from localcloud.verify.table import Check
from localcloud.verify.view import View


def checks(view: View) -> Iterator[Check]:
    vpcs = view.of(VPC, "AWS::EC2::VPC")
    if not vpcs:
        return
    ec2, network, vpc_id = view.client("ec2"), view.settings.network, vpcs[0].physical_id
    vpc = ec2.describe_vpcs(VpcIds=[vpc_id])["Vpcs"][0]
    ranges = sorted(entry["CidrBlock"] for entry in vpc["CidrBlockAssociationSet"])
    yield Check("ranges of the VPC", sorted([str(network.cidr), str(network.pods_cidr)]), ranges)
    in_vpc = [{"Name": "vpc-id", "Values": [vpc_id]}]
    subnets = ec2.describe_subnets(Filters=in_vpc)["Subnets"]
    yield from _subnets(view, subnets)
    yield from _routes(view, subnets, ec2.describe_route_tables(Filters=in_vpc)["RouteTables"])
    gateways = ec2.describe_nat_gateways()["NatGateways"]
    alive = [entry for entry in gateways if entry.get("VpcId") in (vpc_id, None) and entry["State"] == "available"]
    if not network.regional_nat:
        yield Check("NAT gateways", network.nat_gateways, len(alive))
    yield from _endpoints(view, ec2.describe_vpc_endpoints()["VpcEndpoints"], vpc_id)
    flow_logs = [entry for entry in ec2.describe_flow_logs()["FlowLogs"] if entry["ResourceId"] == vpc_id]
    yield Check("flow logs go to", ["cloud-watch-logs", "s3"], sorted(f["LogDestinationType"] for f in flow_logs))
    yield Check("flow logs take", {"ALL"}, {f["TrafficType"] for f in flow_logs})
    yield from _zone(view)


def _subnets(view: View, subnets: list[dict[str, Any]]) -> Iterator[Check]:
    network = view.settings.network
    found = {entry["CidrBlock"]: entry for entry in subnets}
    tiers = {"public": network.public, "private": network.private, "data": network.data, "pods": network.pods}
    everything = sorted(str(cidr) for pair in tiers.values() for cidr in pair)
    yield Check("subnets", everything, sorted(found))
    for tier, pair in tiers.items():
        for zone, cidr in zip(network.zones, pair, strict=True):
            entry = found.get(str(cidr), {})
            yield Check(f"{tier} subnet {cidr} zone", zone, entry.get("AvailabilityZone"))
            tags = {tag["Key"]: tag["Value"] for tag in entry.get("Tags", [])}
            role = {"public": "kubernetes.io/role/elb", "private": "kubernetes.io/role/internal-elb"}.get(tier)
            if role:
                yield Check(f"{tier} subnet {cidr} tag {role}", "1", tags.get(role))


def _routes(view: View, subnets: list[dict[str, Any]], tables: list[dict[str, Any]]) -> Iterator[Check]:
    """The default route of each subnet: the internet, a NAT gateway, or none."""
    network = view.settings.network
    by_subnet = {
        association["SubnetId"]: table
        for table in tables
        for association in table.get("Associations", [])
        if association.get("SubnetId")
    }
    wanted = {
        **{str(cidr): "igw" for cidr in network.public},
        **{str(cidr): "nat" for cidr in (*network.private, *network.pods)},
        **{str(cidr): "none" for cidr in network.data},
    }
    for subnet in subnets:
        routes = by_subnet.get(subnet["SubnetId"], {}).get("Routes", [])
        default = [route for route in routes if route.get("DestinationCidrBlock") == "0.0.0.0/0"]
        target = (default[0].get("GatewayId") or default[0].get("NatGatewayId") or "") if default else "none"
        expected = wanted.get(subnet["CidrBlock"], "?")
        yield Check(f"default route of {subnet['CidrBlock']}", expected, target.partition("-")[0])


def _endpoints(view: View, endpoints: list[dict[str, Any]], vpc_id: str) -> Iterator[Check]:
    services = sorted(
        entry["ServiceName"].rpartition(".")[2]
        for entry in endpoints
        if entry["VpcId"] == vpc_id and entry.get("VpcEndpointType", "Gateway") == "Gateway"
    )
    yield Check("gateway endpoints", ["dynamodb", "s3"], services)
    interfaces = [entry for entry in endpoints if entry.get("VpcEndpointType") == "Interface"]
    yield Check("interface endpoints", view.settings.network.interface_endpoints, bool(interfaces))


def _zone(view: View) -> Iterator[Check]:
    wanted = f"{view.settings.names.internal_zone()}."
    zones = view.client("route53").list_hosted_zones()["HostedZones"]
    private = [zone["Name"] for zone in zones if zone["Config"]["PrivateZone"] and zone["Name"] == wanted]
    yield Check("private hosted zone", [wanted], private)
