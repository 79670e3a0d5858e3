"""NET: what is reachable at all. Subnets are judged by their routes, not by their names.

Owns addresses, routes, tiers of subnets and flow logs; who may talk to whom is the family SG.
"""

from collections.abc import Iterator
from typing import Any, Final, Literal

from ..model import MISSING, Deployment, Resource
from ..rule import ABSENT, NO, Found, Row, Rule, equal, optional, rule_of, shown

Tier = Literal["public", "private", "isolated", "unrouted"]

_WAYS_OUT: Final = {"NatGatewayId": "private"}
"""A route's target -> the tier it makes. Any other target (internet gateway, peering) counts as public."""

_PLACES: Final[tuple[tuple[str, str, tuple[Tier, ...]], ...]] = (
    ("AWS::AutoScaling::AutoScalingGroup", "VPCZoneIdentifier[]", ("private",)),
    ("AWS::EC2::Instance", "SubnetId", ("private",)),
    ("AWS::EC2::NatGateway", "SubnetId", ("public",)),
    ("AWS::EFS::MountTarget", "SubnetId", ("isolated", "private")),
    ("AWS::EKS::Cluster", "ResourcesVpcConfig.SubnetIds[]", ("private",)),
    ("AWS::EKS::Nodegroup", "Subnets[]", ("private",)),
    ("AWS::ElastiCache::ServerlessCache", "SubnetIds[]", ("isolated",)),
    ("AWS::ElastiCache::SubnetGroup", "SubnetIds[]", ("isolated",)),
    ("AWS::Lambda::Function", "VpcConfig.SubnetIds[]", ("private", "isolated")),
    ("AWS::OpenSearchService::Domain", "VPCOptions.SubnetIds[]", ("isolated",)),
    ("AWS::RDS::DBProxy", "VpcSubnetIds[]", ("isolated",)),
    ("AWS::RDS::DBSubnetGroup", "SubnetIds[]", ("isolated",)),
)
"""Type, where it names its subnets, and the tiers that may be."""


def tier(app: Deployment, subnet: Resource) -> Tier:
    """The tier of a subnet by its route table; `unrouted` without a table of its own: the main one is anybody's."""
    tables = {
        _key(app.target(link.get("RouteTableId")))
        for link in app.of("AWS::EC2::SubnetRouteTableAssociation")
        if app.target(link.get("SubnetId")) is subnet
    } - {None}
    if not tables:
        return "unrouted"
    tiers = {
        next((kind for name, kind in _WAYS_OUT.items() if name in route.properties), "public")
        for route in app.of("AWS::EC2::Route")
        if _key(app.target(route.get("RouteTableId"))) in tables
    }
    return "public" if "public" in tiers else "private" if tiers else "isolated"


def _key(resource: Resource | None) -> tuple[str, str] | None:
    return (resource.stack, resource.logical_id) if resource else None


def _right_subnets(app: Deployment) -> Iterator[Found]:
    tiers: dict[tuple[str, str] | None, str] = {
        _key(subnet): tier(app, subnet) for subnet in app.of("AWS::EC2::Subnet")
    }
    for type_, path, allowed in _PLACES:
        for resource in app.of(type_):
            if _placed_by_aws(resource):
                continue
            for where, value in resource.at(path):
                is_ = tiers.get(_key(app.target(value, "AWS::EC2::Subnet")), "not one of this app's")
                if is_ not in allowed:
                    given = f"{shown(value)}, which is {is_}" if value is not MISSING else "not set"
                    yield Found(resource, given, f"subnets that are {' or '.join(allowed)} by their routes", where)
    for resource in app.of("AWS::ElasticLoadBalancingV2::LoadBalancer"):
        wanted = "public" if resource.get("Scheme") == "internet-facing" else "private"
        for where, value in resource.at("Subnets[]"):
            is_ = tiers.get(_key(app.target(value, "AWS::EC2::Subnet")), "not one of this app's")
            if is_ != wanted:
                yield Found(resource, f"{shown(value)}, which is {is_}", f"subnets that are {wanted}", where)


def _placed_by_aws(resource: Resource) -> bool:
    """A function outside the VPC, and a NAT gateway that spans the zones."""
    return (resource.type == "AWS::Lambda::Function" and "VpcConfig" not in resource.properties) or (
        resource.type == "AWS::EC2::NatGateway" and resource.get("AvailabilityMode") == "regional"
    )


def _database_has_subnets(app: Deployment) -> Iterator[Found]:
    for type_, path, kind in (
        ("AWS::RDS::DBInstance", "DBSubnetGroupName", "AWS::RDS::DBSubnetGroup"),
        ("AWS::RDS::DBCluster", "DBSubnetGroupName", "AWS::RDS::DBSubnetGroup"),
        ("AWS::ElastiCache::ReplicationGroup", "CacheSubnetGroupName", "AWS::ElastiCache::SubnetGroup"),
        ("AWS::ElastiCache::CacheCluster", "CacheSubnetGroupName", "AWS::ElastiCache::SubnetGroup"),
    ):
        for resource in app.of(type_):
            value = resource.get(path)
            inherited = value is MISSING and "DBClusterIdentifier" in resource.properties
            if not inherited and app.target(value, kind) is None:
                yield Found(resource, shown(value), f"a reference to an {kind} of this app", path)


def _addresses_of_gateways_only(app: Deployment) -> Iterator[Found]:
    used = {_key(app.target(gateway.get("AllocationId"))) for gateway in app.of("AWS::EC2::NatGateway")}
    for address in app.of("AWS::EC2::EIP"):
        if _key(address) not in used or "InstanceId" in address.properties:
            yield Found(address, "a public address that no NAT gateway holds", "public addresses of NAT gateways")
    for link in app.of("AWS::EC2::EIPAssociation"):
        yield Found(link, "a public address given to an instance or interface", "public addresses of NAT gateways")


def _routes(app: Deployment) -> Iterator[Found]:
    for route in app.of("AWS::EC2::Route"):
        target = next((name for name in ("GatewayId", "NatGatewayId") if name in route.properties), None)
        kinds = {"GatewayId": "AWS::EC2::InternetGateway", "NatGatewayId": "AWS::EC2::NatGateway"}
        if target is None or app.target(route.get(target), kinds[target]) is None:
            given = ", ".join(f"{name} {shown(value)}" for name, value in sorted(route.properties.items()))
            yield Found(route, given, "a route to the internet gateway or a NAT gateway of this app")


def _flow_logs(app: Deployment) -> Iterator[Found]:
    for vpc in app.of("AWS::EC2::VPC"):
        kinds: set[Any] = set()
        for log in app.of("AWS::EC2::FlowLog"):
            if app.target(log.get("ResourceId")) is vpc and log.get("ResourceType") == "VPC" and _delivers(app, log):
                kinds.add(log.get("LogDestinationType"))
        for kind in ("cloud-watch-logs", "s3"):
            if kind not in kinds:
                yield Found(
                    vpc, f"without a flow log of all traffic to {kind}", "all traffic to Logs and to S3", detail=kind
                )


def _delivers(app: Deployment, log: Resource) -> bool:
    if log.get("TrafficType") != "ALL":
        return False
    if log.get("LogDestinationType") == "s3":
        return app.target(log.get("LogDestination"), "AWS::S3::Bucket") is not None
    role = app.target(log.get("DeliverLogsPermissionArn"), "AWS::IAM::Role")
    return role is not None and app.target(log.get("LogGroupName"), "AWS::Logs::LogGroup") is not None


def _private_zones(app: Deployment) -> Iterator[Found]:
    for zone in app.of("AWS::Route53::HostedZone"):
        vpcs = [
            app.target(entry.get("VPCId"), "AWS::EC2::VPC") for entry in zone.items("VPCs") if isinstance(entry, dict)
        ]
        if not vpcs or None in vpcs:
            yield Found(zone, "a public zone", "private zones, of this app's VPC: VPCs names it", "VPCs")


def _pinned_to_vpc(app: Deployment) -> Iterator[Found]:
    """What is placed by VPC id, in this app's VPC."""
    for type_ in (
        "AWS::EC2::SecurityGroup",
        "AWS::EC2::Subnet",
        "AWS::EC2::RouteTable",
        "AWS::EC2::VPCEndpoint",
        "AWS::EC2::VPCCidrBlock",
        "AWS::EC2::VPCGatewayAttachment",
        "AWS::ElasticLoadBalancingV2::TargetGroup",
    ):
        for resource in app.of(type_):
            value = resource.get("VpcId")
            lambda_targets = type_.endswith("TargetGroup") and resource.get("TargetType") == "lambda"
            if app.target(value, "AWS::EC2::VPC") is None and not lambda_targets:
                yield Found(resource, shown(value), "a reference to the VPC of this app", "VpcId")


def _addresses_of_the_plan(app: Deployment) -> Iterator[Found]:
    network = app.settings.network
    tiers: dict[str, Tier] = {str(cidr): "public" for cidr in network.public}
    tiers |= {str(cidr): "private" for cidr in (*network.private, *network.pods)}
    tiers |= {str(cidr): "isolated" for cidr in network.data}
    for type_, planned in (("AWS::EC2::VPC", network.cidr), ("AWS::EC2::VPCCidrBlock", network.pods_cidr)):
        for resource in app.of(type_):
            if resource.get("CidrBlock") != str(planned):
                yield Found(resource, shown(resource.get("CidrBlock")), str(planned), "CidrBlock")
    for subnet in app.of("AWS::EC2::Subnet"):
        cidr = str(subnet.get("CidrBlock"))
        is_ = tier(app, subnet)
        if tiers.get(cidr) != is_:
            given = f"{cidr}, {is_} by its routes"
            yield Found(subnet, given, f"{cidr} as {tiers[cidr]}" if cidr in tiers else ", ".join(tiers), "CidrBlock")


_PUBLIC: Final = (
    "Security Hub EC2.9, EC2.15; specification section 2: only load balancers and NAT have public addresses."
)
_NO_ADDRESS: Final = "instances are reached through load balancers and Session Manager; leave it out"

ROWS: Final = (
    Row("NET-1", "AWS::EC2::Subnet", "MapPublicIpOnLaunch", optional(NO), _PUBLIC, _NO_ADDRESS, acknowledgeable=False),
    Row(
        "NET-2",
        "AWS::EC2::LaunchTemplate",
        "LaunchTemplateData.NetworkInterfaces[].AssociatePublicIpAddress",
        NO,
        _PUBLIC,
        _NO_ADDRESS,
        when=lambda template, _: template.get("LaunchTemplateData.NetworkInterfaces") is not MISSING,
        acknowledgeable=False,
    ),
    Row(
        "NET-3",
        "AWS::EC2::Instance",
        "NetworkInterfaces[].AssociatePublicIpAddress",
        NO,
        _PUBLIC,
        _NO_ADDRESS,
        when=lambda instance, _: instance.get("NetworkInterfaces") is not MISSING,
        acknowledgeable=False,
    ),
    Row(
        "NET-4",
        "AWS::RDS::DBInstance",
        "PubliclyAccessible",
        NO,
        "Security Hub RDS.2. Left out, RDS decides by the subnet group.",
        "set publicly_accessible=False",
        acknowledgeable=False,
    ),
    Row(
        "NET-5",
        "AWS::EC2::LaunchTemplate",
        "LaunchTemplateData.KeyName",
        ABSENT,
        "Specification section 2: no SSH anywhere; shells are Session Manager's.",
        "remove the key pair",
        acknowledgeable=False,
    ),
    Row(
        "NET-6",
        "AWS::EC2::Instance",
        "KeyName",
        ABSENT,
        "Specification section 2: no SSH anywhere; shells are Session Manager's.",
        "remove the key pair",
        acknowledgeable=False,
    ),
    Row(
        "NET-7",
        "AWS::Lambda::Url",
        "AuthType",
        equal("AWS_IAM"),
        'Lambda guide, "Control access to function URLs": with NONE the world may call it.',
        "set AuthType to AWS_IAM, or take the URL away: the load balancer is the way in",
    ),
)

RULES: Final = (
    *map(rule_of, ROWS),
    Rule(
        "NET-10",
        "Each tier is in the subnets that are its own by their routes",
        "Specification section 2: load balancers public, instances and nodes private, databases without a route out. "
        "Security Hub RDS.46.",
        "pass the subnets of its tier from Network",
        _right_subnets,
        acknowledgeable=False,
    ),
    Rule(
        "NET-11",
        "A database or cache names its subnet group",
        "Without one AWS places it in the default VPC, whose subnets are public.",
        "pass a subnet group over the data subnets",
        _database_has_subnets,
        acknowledgeable=False,
    ),
    Rule(
        "NET-12",
        "Public addresses belong to NAT gateways",
        _PUBLIC,
        "remove the address",
        _addresses_of_gateways_only,
        acknowledgeable=False,
    ),
    Rule(
        "NET-13",
        "Routes lead to this app's internet gateway or NAT gateways",
        "Specification section 2. A peering, an interface or a gateway from elsewhere is a way round the table.",
        "remove the route",
        _routes,
        acknowledgeable=False,
    ),
    Rule(
        "NET-14",
        "Every VPC has flow logs of all traffic, to CloudWatch Logs and to S3",
        "Specification section 2; CIS AWS Foundations 3.9; Security Hub EC2.6.",
        "add the flow log, traffic ALL, with its role or bucket",
        _flow_logs,
    ),
    Rule(
        "NET-15",
        "Hosted zones are private",
        "Specification section 2: names of databases are for people inside. Without VPCs a zone is public.",
        "name the VPC in the zone",
        _private_zones,
    ),
    Rule(
        "NET-16",
        "What is placed in a VPC is placed in this app's",
        "Left out, AWS takes the account's default VPC, with public subnets and an open group (CIS AWS 5.4).",
        "pass network.vpc",
        _pinned_to_vpc,
        acknowledgeable=False,
    ),
    Rule(
        "NET-17",
        "VPC and subnets are of the address plan, each subnet in its tier",
        "Specification section 2, the subnet table; settings network.public, private, data, pods.",
        "change the plan in the settings, or the route table",
        _addresses_of_the_plan,
        acknowledgeable=False,
    ),
)
