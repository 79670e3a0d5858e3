"""NET: what is reachable at all. Subnets are judged by their routes, not by their names.

Owns addresses, routes, tiers of subnets and flow logs; who may talk to whom is the family SG.
"""

from collections.abc import Iterator
from typing import Final, Literal

from ..lookups import always, own_storage, same
from ..model import MISSING, Deployment, Resource, text_of
from ..rule import ABSENT, NO, Found, Row, Rule, equal, matching, optional, rule_of, shown

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
    links = [
        link
        for link in app.of("AWS::EC2::SubnetRouteTableAssociation")
        if same(app.target(link.get("SubnetId")), subnet)
    ]
    tables = {_key(app.target(link.get("RouteTableId"))) for link in links} - {None}
    if not tables or not any(always(app, link) for link in links):
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
            inherited = value is MISSING and not own_storage(resource, app)
            if not inherited and app.target(value, kind) is None:
                yield Found(resource, shown(value), f"a reference to an {kind} of this app", path)


def _addresses_of_gateways_only(app: Deployment) -> Iterator[Found]:
    used = {_key(app.target(gateway.get("AllocationId"))) for gateway in app.of("AWS::EC2::NatGateway")}
    for address in app.of("AWS::EC2::EIP"):
        if _key(address) not in used or "InstanceId" in address.properties:
            yield Found(address, "a public address that no NAT gateway holds", "public addresses of NAT gateways")
    for link in app.of("AWS::EC2::EIPAssociation"):
        yield Found(link, "a public address given to an instance or interface", "public addresses of NAT gateways")


_DESTINATIONS: Final = frozenset(
    ("RouteTableId", "DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
)
_GATEWAYS: Final = {"GatewayId": "AWS::EC2::InternetGateway", "NatGatewayId": "AWS::EC2::NatGateway"}


def _routes(app: Deployment) -> Iterator[Found]:
    for route in app.of("AWS::EC2::Route"):
        targets = set(route.properties) - _DESTINATIONS
        ours = [name for name in targets & set(_GATEWAYS) if app.target(route.get(name), _GATEWAYS[name])]
        if len(targets) != 1 or not ours:
            given = ", ".join(f"{name} {shown(value)}" for name, value in sorted(route.properties.items()))
            yield Found(route, given, "a route to the internet gateway or a NAT gateway of this app")
        table = route.get("RouteTableId")
        if app.target(table, "AWS::EC2::RouteTable") is None:
            yield Found(
                route, shown(table), "a route table of this app: whose tier it makes is not known", "RouteTableId"
            )


def _flow_logs(app: Deployment) -> Iterator[Found]:
    logs = list(app.of("AWS::EC2::FlowLog"))
    broken = {_key(log) for log in logs if not _delivers(app, log)}
    for vpc in app.of("AWS::EC2::VPC"):
        ours = [
            log for log in logs if same(app.target(log.get("ResourceId")), vpc) and log.get("ResourceType") == "VPC"
        ]
        for kind in ("cloud-watch-logs", "s3"):
            if not any(log.get("LogDestinationType") == kind and _key(log) not in broken for log in ours):
                yield Found(
                    vpc, f"without a flow log of all traffic to {kind}", "all traffic to Logs and to S3", detail=kind
                )


_FIELDS: Final = ("${srcaddr}", "${dstaddr}", "${dstport}", "${action}")
"""Who, whom, what, and whether: AWS's own format has them all (VPC guide, flow log records)."""


def _delivers(app: Deployment, log: Resource) -> bool:
    form = log.get("LogFormat")
    complete = form is MISSING or all(field in text_of(form) for field in _FIELDS)
    if log.get("TrafficType") != "ALL" or not complete or not always(app, log):
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
    domain = app.settings.domain
    for record in app.of("AWS::Route53::RecordSet"):
        zone_id = record.get("HostedZoneId")
        public = domain is not None and zone_id == domain.zone_id and "AliasTarget" in record.properties
        if not public and app.target(zone_id, "AWS::Route53::HostedZone") is None:
            allowed = "a zone of this app; for aliases also the domain's"
            yield Found(record, shown(zone_id), allowed, "HostedZoneId")


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
    *(
        Row(
            id_,
            "AWS::EC2::Subnet",
            path,
            ABSENT,
            "IPv6 addresses are public (VPC guide), and neither plan nor table of specification section 2 has any.",
            "leave IPv6 out",
            acknowledgeable=False,
        )
        for id_, path in (("NET-18", "Ipv6CidrBlock"), ("NET-19", "Ipv6IpamPoolId"))
    ),
    Row(
        "NET-8",
        "AWS::RDS::DBCluster",
        "PubliclyAccessible",
        optional(NO),
        "Security Hub RDS.2. Of Multi-AZ clusters; Aurora's instances say it themselves.",
        "leave it out",
        acknowledgeable=False,
    ),
    Row(
        "NET-9",
        "AWS::EC2::VPCEndpoint",
        "ServiceName",
        matching(r"com\.amazonaws\.[a-z]+(-[a-z]+)+-\d\.[a-z0-9.-]+", "a service of AWS's"),
        "An endpoint to somebody's own service leads out of the VPC, past NAT (PrivateLink guide).",
        "take the endpoint away",
        acknowledgeable=False,
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
        "Without one AWS places it in the default VPC, whose subnets are public (RDS guide, DB subnet groups).",
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
        "Hosted zones are private; in the domain's zone there are aliases only",
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
