"""Family SG: the table is the law, whoever writes the rule."""

from typing import Any

from cloudmart_cdk.policy.model import Deployment
from tests.policy.support import Case, bad, deployment, each, found, good, resource

DB, BACKEND = "VpcStack/Firewall/Db", "VpcStack/Firewall/Backend"
_PATHS = {"Db": DB, "Backend": BACKEND, "Shop": "VpcStack/Firewall/ShopLoadBalancer"}
_NOTHING = {
    "IpProtocol": "icmp",
    "FromPort": 252,
    "ToPort": 86,
    "CidrIp": "255.255.255.255/32",
    "Description": "None at all",
}


def _group(*, ingress: Any = (), egress: Any = (_NOTHING,)) -> dict[str, Any]:
    return resource(
        "AWS::EC2::SecurityGroup",
        {"GroupDescription": "x", "SecurityGroupIngress": list(ingress), "SecurityGroupEgress": list(egress)},
    )


def _open(port: int | None, peer: dict[str, Any] | None = None, protocol: str = "tcp") -> dict[str, Any]:
    ports = {} if port is None else {"FromPort": port, "ToPort": port}
    return {"IpProtocol": protocol, **ports, "Description": "for a test", **(peer or {"CidrIp": "0.0.0.0/0"})}


def _in_vpc(name: str, rule: str, resources: dict[str, Any], *, finds: bool, **options: Any) -> Case:
    make = bad if finds else good
    return make(rule, name, resources, stack="VpcStack", paths=_PATHS, **options)


def _standalone(kind: str, port: int, peer: dict[str, Any], group: Any = None) -> dict[str, Any]:
    group = group or {"Fn::GetAtt": ["Db", "GroupId"]}
    properties = {"GroupId": group, "IpProtocol": "tcp", "FromPort": port, "ToPort": port, "Description": "for a test"}
    return resource(f"AWS::EC2::SecurityGroup{kind}", {**properties, **peer})


_FROM_BACKEND = {"SourceSecurityGroupId": {"Fn::GetAtt": ["Backend", "GroupId"]}}
_BOTH = {"Db": _group(), "Backend": _group(egress=[_open(443)])}
_LB = "AWS::ElasticLoadBalancingV2::LoadBalancer"
_TARGET = {"Fn::GetAtt": ["Shop", "GroupId"]}
_VPC = resource("AWS::EC2::VPC", {"CidrBlock": "10.0.0.0/16"})


def _closed(attribute: str) -> dict[str, Any]:
    return resource("Custom::VpcRestrictDefaultSG", {"DefaultSecurityGroupId": {"Fn::GetAtt": ["Vpc", attribute]}})


CASES = (
    _in_vpc(
        "a row as its own resource", "SG-1", {**_BOTH, "In": _standalone("Ingress", 5432, _FROM_BACKEND)}, finds=False
    ),
    _in_vpc(
        "another port", "SG-1", {**_BOTH, "In": _standalone("Ingress", 5433, _FROM_BACKEND)}, finds=True, says="5433"
    ),
    _in_vpc(
        "an address instead of a group",
        "SG-1",
        {"Db": _group(ingress=[_open(5432, {"CidrIp": "10.0.0.0/8"})])},
        finds=True,
        says="10.0.0.0/8",
    ),
    _in_vpc("IPv6", "SG-1", {"Db": _group(ingress=[_open(5432, {"CidrIpv6": "::/0"})])}, finds=True, says="::/0"),
    _in_vpc(
        "a prefix list",
        "SG-1",
        {"Db": _group(ingress=[_open(5432, {"SourcePrefixListId": "pl-1"})])},
        finds=True,
        says="pl-1",
    ),
    _in_vpc(
        "a group from elsewhere",
        "SG-1",
        {"Db": _group(ingress=[_open(5432, {"SourceSecurityGroupId": "sg-123"})])},
        finds=True,
        says="sg-123",
    ),
    _in_vpc(
        "a parameter as peer", "SG-1", {"Db": _group(ingress=[_open(5432, {"CidrIp": {"Ref": "Whom"}})])}, finds=True
    ),
    _in_vpc(
        "a parameter as port",
        "SG-1",
        {**_BOTH, "In": _standalone("Ingress", 5432, {**_FROM_BACKEND, "ToPort": {"Ref": "Port"}})},
        finds=True,
    ),
    _in_vpc(
        "a port range around a row",
        "SG-1",
        {**_BOTH, "In": _standalone("Ingress", 5432, {**_FROM_BACKEND, "ToPort": 6000})},
        finds=True,
    ),
    _in_vpc("no egress at all, EC2's allow-all", "SG-1", {"Db": _group(egress=[])}, finds=True, says="all traffic"),
    _in_vpc(
        "the protocol by its number",
        "SG-1",
        {**_BOTH, "In": _standalone("Ingress", 5432, {**_FROM_BACKEND, "IpProtocol": "6"})},
        finds=False,
    ),
    _in_vpc(
        "a rule on the default group",
        "SG-1",
        {
            "Vpc": _VPC,
            "In": _standalone(
                "Ingress", 5432, {"CidrIp": "10.0.0.0/8"}, {"Fn::GetAtt": ["Vpc", "DefaultSecurityGroup"]}
            ),
        },
        finds=True,
    ),
    _in_vpc(
        "a list that is no list",
        "SG-1",
        {
            "Db": resource(
                "AWS::EC2::SecurityGroup", {"SecurityGroupIngress": {"Ref": "Rules"}, "SecurityGroupEgress": [_NOTHING]}
            )
        },
        finds=True,
    ),
    _in_vpc(
        "a hidden branch",
        "SG-1",
        {"Db": _group(ingress=[{"Fn::If": ["Open", _open(5432), {"Ref": "AWS::NoValue"}]}])},
        finds=True,
    ),
    _in_vpc("nothing of the table", "SG-2", {"Vpc": _VPC, "Db": _group()}, finds=True, says="5432"),
    good("SG-2", "an app without VpcStack", {}),
    _in_vpc("a group of the table", "SG-3", {"Db": _group()}, finds=False),
    bad("SG-3", "a group of our own making", {"Mine": _group()}),
    bad(
        "SG-3",
        "the proxy's group where there is no proxy",
        {"P": _group()},
        stack="VpcStack",
        paths={"P": "VpcStack/Firewall/DbProxy"},
    ),
    _in_vpc("described rules", "SG-4", {"Db": _group()}, finds=False),
    _in_vpc(
        "a rule without a description", "SG-4", {"Db": _group(ingress=[{**_open(5432), "Description": ""}])}, finds=True
    ),
    good(
        "SG-5",
        "the shop's group on its load balancer",
        {"Lb": resource(_LB, {"SecurityGroups": [_TARGET]}), "Shop": _group()},
        stack="BackendAsgStack",
        paths=_PATHS,
    ),
    bad(
        "SG-5",
        "a load balancer's group on a database",
        {"D": resource("AWS::RDS::DBInstance", {"VPCSecurityGroups": [_TARGET]}), "Shop": _group()},
        paths=_PATHS,
        says="ShopLoadBalancer",
    ),
    bad(
        "SG-5",
        "a group in a property that nobody thought of",
        {"D": resource("AWS::New::Thing", {"Deep": [{"Groups": [_TARGET]}]}), "Shop": _group()},
        paths=_PATHS,
    ),
    good(
        "SG-6",
        "a group by reference",
        {"Lb": resource(_LB, {"SecurityGroups": [_TARGET]}), "Shop": _group()},
        paths=_PATHS,
    ),
    bad("SG-6", "no group", {"Lb": resource(_LB)}),
    bad("SG-6", "a group by its id", {"Lb": resource(_LB, {"SecurityGroups": ["sg-123"]})}, says="sg-123"),
    bad("SG-6", "a group from a parameter", {"Lb": resource(_LB, {"SecurityGroups": [{"Ref": "Group"}]})}),
    good("SG-6", "a function outside the VPC", {"F": resource("AWS::Lambda::Function")}),
    bad(
        "SG-6",
        "a function in the VPC without a group",
        {"F": resource("AWS::Lambda::Function", {"VpcConfig": {"SubnetIds": ["s"]}})},
    ),
    _in_vpc("the world on a database", "SG-7", {"Db": _group(ingress=[_open(443)])}, finds=True),
    _in_vpc("the world by IPv6", "SG-7", {"Db": _group(ingress=[_open(443, {"CidrIpv6": "::/0"})])}, finds=True),
    _in_vpc("the world on a load balancer, 8080", "SG-7", {"Shop": _group(ingress=[_open(8080)])}, finds=True),
    _in_vpc("the world on a load balancer, 443", "SG-7", {"Shop": _group(ingress=[_open(443)])}, finds=False),
    _in_vpc(
        "SSH from an address",
        "SG-8",
        {"Db": _group(ingress=[_open(22, {"CidrIp": "203.0.113.7/32"})])},
        finds=True,
        says="22",
    ),
    _in_vpc("RDP from a group", "SG-8", {**_BOTH, "In": _standalone("Ingress", 3389, _FROM_BACKEND)}, finds=True),
    _in_vpc("all ports", "SG-8", {"Db": _group(ingress=[_open(None, {"CidrIp": "10.0.0.0/8"}, "-1")])}, finds=True),
    _in_vpc("another port than SSH", "SG-8", {"Db": _group(ingress=[_open(5432)])}, finds=False),
    _in_vpc("all traffic out", "SG-9", {"Db": _group(egress=[_open(None, None, "-1")])}, finds=True),
    _in_vpc("all ports out", "SG-9", {"Db": _group(egress=[_open(None)])}, finds=True),
    _in_vpc("egress of one port", "SG-9", {"Backend": _group(egress=[_open(443)])}, finds=False),
    _in_vpc("an open default group", "SG-10", {"Vpc": _VPC}, finds=True),
    _in_vpc("a closed default group", "SG-10", {"Vpc": _VPC, "C": _closed("DefaultSecurityGroup")}, finds=False),
    _in_vpc("another group closed in its place", "SG-10", {"Vpc": _VPC, "C": _closed("Other")}, finds=True),
)


@each(CASES)
def test_case(case: Case) -> None:
    case.check()


def test_a_finding_says_what_is_allowed_for_the_group() -> None:
    app: Deployment = deployment({"Db": _group(ingress=[_open(22)])}, stack="VpcStack", paths=_PATHS)
    (finding,) = found(app, "SG-1")
    assert "ingress tcp 22 from 0.0.0.0/0 of group Db" in finding.text
    assert "ingress tcp 5432 from Backend" in finding.text
    assert DB in finding.text
