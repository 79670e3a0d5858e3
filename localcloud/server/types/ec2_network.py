"""AWS::EC2: addresses, NAT gateways, flow logs, network ACLs, a VPC's further ranges.

Owns the network types that MiniStack lacks, security group rules excepted (`ec2_security`).
"""

import uuid
from typing import Any

from ministack.services import ec2

from localcloud.server.api import call
from localcloud.server.resource import Properties, Request, Resource, ResourceType, flag, tag_list


def _tags(kind: str, properties: Properties) -> dict[str, Any]:
    tags = tag_list(properties)
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": tags}]} if tags else {}


def _create_address(request: Request) -> Resource:
    made = call("ec2", "allocate_address", Domain="vpc", **_tags("elastic-ip", request.properties))
    attributes = {"AllocationId": made["AllocationId"], "PublicIp": made["PublicIp"]}
    return Resource(made["PublicIp"], attributes)


def _delete_address(physical_id: str, _: Properties) -> None:
    for address in call("ec2", "describe_addresses")["Addresses"]:
        if address.get("PublicIp") == physical_id:
            call("ec2", "release_address", AllocationId=address["AllocationId"])


def _create_nat_gateway(request: Request) -> Resource:
    parameters = request.only("SubnetId", "AllocationId", "ConnectivityType")
    mode = request.properties.get("AvailabilityMode", "zonal")
    if mode == "regional":
        # Such a gateway names its VPC; MiniStack knows zonal ones only, so it gets the first subnet.
        vpc = request.properties["VpcId"]
        parameters["SubnetId"] = next(s["SubnetId"] for s in ec2._subnets.values() if s["VpcId"] == vpc)
    made = call("ec2", "create_nat_gateway", **parameters, **_tags("natgateway", request.properties))
    gateway = made["NatGateway"]["NatGatewayId"]
    ec2._nat_gateways[gateway]["AvailabilityMode"] = mode
    return Resource(gateway, {"NatGatewayId": gateway})


def _delete_nat_gateway(physical_id: str, _: Properties) -> None:
    call("ec2", "delete_nat_gateway", NatGatewayId=physical_id)


def _create_flow_log(request: Request) -> Resource:
    parameters = request.only(
        "ResourceType",
        "TrafficType",
        "LogDestinationType",
        "LogDestination",
        "LogGroupName",
        "LogFormat",
        "DeliverLogsPermissionArn",
        "MaxAggregationInterval",
    )
    made = call(
        "ec2",
        "create_flow_logs",
        ResourceIds=[request.properties["ResourceId"]],
        **parameters,
        **_tags("vpc-flow-log", request.properties),
    )
    flow_log = made["FlowLogIds"][0]
    return Resource(flow_log, {"Id": flow_log})


def _delete_flow_log(physical_id: str, _: Properties) -> None:
    call("ec2", "delete_flow_logs", FlowLogIds=[physical_id])


def _create_acl(request: Request) -> Resource:
    made = call(
        "ec2",
        "create_network_acl",
        VpcId=request.properties["VpcId"],
        **_tags("network-acl", request.properties),
    )
    acl = made["NetworkAcl"]["NetworkAclId"]
    return Resource(acl, {"Id": acl})


def _delete_acl(physical_id: str, _: Properties) -> None:
    call("ec2", "delete_network_acl", NetworkAclId=physical_id)


def _create_acl_entry(request: Request) -> Resource:
    entry = request.properties
    ports = entry.get("PortRange")
    call(
        "ec2",
        "create_network_acl_entry",
        NetworkAclId=entry["NetworkAclId"],
        RuleNumber=int(entry["RuleNumber"]),
        Protocol=str(entry["Protocol"]),
        RuleAction=entry["RuleAction"],
        Egress=flag(entry.get("Egress", False)),
        CidrBlock=entry.get("CidrBlock", "0.0.0.0/0"),
        **({"PortRange": {"From": int(ports["From"]), "To": int(ports["To"])}} if ports else {}),
    )
    return Resource(request.pseudo_id, {"Id": request.pseudo_id})


def _delete_acl_entry(_: str, entry: Properties) -> None:
    call(
        "ec2",
        "delete_network_acl_entry",
        NetworkAclId=entry["NetworkAclId"],
        RuleNumber=int(entry["RuleNumber"]),
        Egress=flag(entry.get("Egress", False)),
    )


def _create_acl_association(request: Request) -> Resource:
    acl, subnet = request.properties["NetworkAclId"], request.properties["SubnetId"]
    # CloudFormation's subnets get no default association in MiniStack, so there is nothing that
    # ReplaceNetworkAclAssociation could replace: the record is written directly.
    association = "aclassoc-" + uuid.uuid4().hex[:17]
    for other in ec2._network_acls.values():
        other["Associations"] = [a for a in other.get("Associations", []) if a["SubnetId"] != subnet]
    ec2._network_acls[acl]["Associations"].append(
        {"NetworkAclAssociationId": association, "NetworkAclId": acl, "SubnetId": subnet}
    )
    return Resource(association, {"AssociationId": association})


def _delete_acl_association(physical_id: str, properties: Properties) -> None:
    acl = ec2._network_acls.get(properties["NetworkAclId"])
    if acl is not None:
        kept = [a for a in acl.get("Associations", []) if a["NetworkAclAssociationId"] != physical_id]
        acl["Associations"] = kept


def _create_vpc_range(request: Request) -> Resource:
    """A VPC's secondary range; MiniStack has no AssociateVpcCidrBlock, `mends.network` reads it back."""
    vpc = ec2._vpcs[request.properties["VpcId"]]
    association = "vpc-cidr-assoc-" + uuid.uuid4().hex[:17]
    vpc.setdefault("SecondaryRanges", {})[association] = request.properties["CidrBlock"]
    return Resource(association, {"Id": association})


def _delete_vpc_range(physical_id: str, properties: Properties) -> None:
    vpc = ec2._vpcs.get(properties["VpcId"])
    if vpc is not None:
        vpc.get("SecondaryRanges", {}).pop(physical_id, None)


TYPES = {
    "AWS::EC2::EIP": ResourceType(create=_create_address, delete=_delete_address),
    "AWS::EC2::NatGateway": ResourceType(create=_create_nat_gateway, delete=_delete_nat_gateway),
    "AWS::EC2::FlowLog": ResourceType(create=_create_flow_log, delete=_delete_flow_log),
    "AWS::EC2::NetworkAcl": ResourceType(create=_create_acl, delete=_delete_acl),
    "AWS::EC2::NetworkAclEntry": ResourceType(create=_create_acl_entry, delete=_delete_acl_entry),
    "AWS::EC2::SubnetNetworkAclAssociation": ResourceType(
        create=_create_acl_association, delete=_delete_acl_association
    ),
    "AWS::EC2::VPCCidrBlock": ResourceType(create=_create_vpc_range, delete=_delete_vpc_range),
}
