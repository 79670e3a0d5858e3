"""What a student is shown of each stack: the things in it, and what leads from one to another.

Owns the choice and where each thing stands on a grid of four columns; figures are read from the templates of stage lab.
How it is drawn is `tools.lab_pictures`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from cloudmart_cdk.service_releases import SERVICE_TAG, TRACK_TAG, Track
from tools.architecture import BACKEND, DATA, EKS, FRONTEND, MONITORING, VPC
from tools.assembly import Assembly
from tools.lab_words import Say


@dataclass(frozen=True, kw_only=True)
class Node:
    """A thing; `column` and `row` from 0 on, halves allowed; `own`: it is made by this stack."""

    title: str
    detail: str
    column: float
    row: float
    own: bool = True


@dataclass(frozen=True)
class Sketch:
    """What is shown of one stack: nodes by a name of their own, and arrows (from, to, label) between them."""

    what: str
    nodes: Mapping[str, Node]
    arrows: tuple[tuple[str, str, str], ...]


def _vpc(lab: Assembly, say: Say) -> Sketch:
    tiers: dict[str, list[str]] = {}
    for logical_id, subnet in lab.of_type(VPC, "AWS::EC2::Subnet"):
        name = re.findall(r"(Public|Private|Data|Pods)Subnet", logical_id)[0]
        tiers.setdefault(name, []).append(f"{subnet['CidrBlock']} {subnet['AvailabilityZone']}")
    gateways = len(list(lab.of_type(VPC, "AWS::EC2::NatGateway")))
    groups = len(list(lab.of_type(VPC, "AWS::EC2::SecurityGroup")))
    cidr = lab.one(VPC, "AWS::EC2::VPC")["CidrBlock"]

    def tier(name: str, column: float, row: float) -> Node:
        return Node(title=say(f"{name} subnets"), detail="\n".join(tiers[name]), column=column, row=row)

    return Sketch(
        say("The network {cidr}: subnets in two zones, their ways out, and the security groups", cidr=cidr),
        {
            "internet": Node(title=say("Internet"), detail="", column=0, row=0.5, own=False),
            "public": tier("Public", 1, 0.5),
            "nat": Node(
                title=say("{number} NAT gateway", number=gateways),
                detail=say("the way out, never in"),
                column=2,
                row=0.5,
            ),
            "private": tier("Private", 3, 0),
            "pods": tier("Pods", 3, 1),
            "data": tier("Data", 3, 2),
            "groups": Node(
                title=say("{number} security groups", number=groups),
                detail=say("who may talk to whom"),
                column=1,
                row=2,
            ),
            "logs": Node(title=say("Log bucket, flow logs"), detail=say("every connection, noted"), column=2, row=2),
        },
        (
            ("internet", "public", ""),
            ("nat", "public", ""),
            ("private", "nat", ""),
            ("pods", "nat", ""),
        ),
    )


def _data(lab: Assembly, say: Say) -> Sketch:
    database = lab.one(DATA, "AWS::RDS::DBInstance")
    cache = lab.one(DATA, "AWS::ElastiCache::ReplicationGroup")
    zones = say("a standby in the other zone") if database["MultiAZ"] else say("in one zone")
    secrets = len(list(lab.of_type(DATA, "AWS::SecretsManager::Secret")))
    parameters = len(list(lab.of_type(DATA, "AWS::SSM::Parameter")))
    engine = f"{database['DBInstanceClass']}, {database['AllocatedStorage']} GB"
    return Sketch(
        say("The database with its standby, the cache, the images, and where programs find their settings and secrets"),
        {
            "programs": Node(
                title=say("Backend and pods"), detail=say("come in labs 3 and 5"), column=0.5, row=0.5, own=False
            ),
            "database": Node(
                title=f"PostgreSQL {database['EngineVersion']}", detail=f"{engine}\n{zones}", column=2, row=0
            ),
            "cache": Node(
                title=f"Redis {cache['EngineVersion']}",
                detail=f"{cache['CacheNodeType']}\n{say('TLS and a password')}",
                column=2,
                row=1,
            ),
            "parameters": Node(
                title=say("{number} parameters", number=parameters), detail=say("hosts, ports, names"), column=1, row=2
            ),
            "secrets": Node(
                title=say("{number} secrets", number=secrets), detail=say("passwords and keys"), column=2, row=2
            ),
            "rotation": Node(title=say("Rotation function"), detail=say("new ones every 30 days"), column=3, row=1),
            "images": Node(title=say("Images bucket"), detail=say("read through the CDN only"), column=3, row=2),
        },
        (
            ("programs", "database", "5432"),
            ("programs", "cache", "6379"),
            ("rotation", "database", ""),
            ("rotation", "cache", ""),
        ),
    )


def _backend(lab: Assembly, say: Say) -> Sketch:
    launch = lab.one(BACKEND, "AWS::EC2::LaunchTemplate")["LaunchTemplateData"]
    health = lab.one(BACKEND, "AWS::ElasticLoadBalancingV2::TargetGroup")
    return Sketch(
        say("The load balancer, two scaling groups of which one is live, and what they reach"),
        {
            "cdn": Node(title="CloudFront", detail=say("comes in lab 4"), column=0, row=0.5, own=False),
            "balancer": Node(
                title=say("Load balancer"), detail=say("public subnets\nadmits CloudFront only"), column=1, row=0.5
            ),
            "blue": Node(
                title=say("Blue, live"),
                detail=say(
                    "{kind}, at least 2\nhealth: {path}", kind=launch["InstanceType"], path=health["HealthCheckPath"]
                ),
                column=2,
                row=0,
            ),
            "green": Node(
                title=say("Green, idle"),
                detail=say("no instance\nuntil the next release"),
                column=2,
                row=1,
            ),
            "database": Node(title="PostgreSQL", detail=say("of lab 2"), column=3, row=0, own=False),
            "cache": Node(title="Redis", detail=say("of lab 2"), column=3, row=1, own=False),
        },
        (
            ("cdn", "balancer", ""),
            ("balancer", "blue", "8080"),
            ("balancer", "green", ""),
            ("blue", "database", "5432"),
            ("blue", "cache", "6379"),
        ),
    )


def _frontend(lab: Assembly, say: Say) -> Sketch:
    distribution = lab.one(FRONTEND, "AWS::CloudFront::Distribution")["DistributionConfig"]
    version = str(distribution["HttpVersion"]).replace("http", "HTTP/").replace("and", " and ")
    return Sketch(
        say("CloudFront in front of the site's bucket, the load balancer and the images"),
        {
            "people": Node(title=say("Customers"), detail=say("one address, HTTPS"), column=0, row=1, own=False),
            "cdn": Node(title="CloudFront", detail=f"{version}\n{say('security headers')}", column=1, row=1),
            "site": Node(title=say("Site bucket"), detail=say("private, for CloudFront only"), column=2.6, row=0),
            "balancer": Node(
                title=say("Load balancer"), detail=say("of lab 3, never cached"), column=2.6, row=1, own=False
            ),
            "images": Node(title=say("Images bucket"), detail=say("of lab 2"), column=2.6, row=2, own=False),
        },
        (
            ("people", "cdn", "443"),
            ("cdn", "site", "/"),
            ("cdn", "balancer", "/api/*"),
            ("cdn", "images", "/images/*"),
        ),
    )


def _eks(lab: Assembly, say: Say) -> Sketch:
    cluster = lab.one(EKS, "AWS::EKS::Cluster")
    nodes = lab.one(EKS, "AWS::EKS::Nodegroup")
    scaling = nodes["ScalingConfig"]
    template = lab.one(EKS, "AWS::EC2::LaunchTemplate")["LaunchTemplateData"]
    kind = (nodes.get("InstanceTypes") or [template.get("InstanceType", "")])[0]
    services = []
    for _, group in lab.of_type(EKS, "AWS::ElasticLoadBalancingV2::TargetGroup"):
        tags = {tag["Key"]: tag["Value"] for tag in group["Tags"]}
        if tags[TRACK_TAG] == Track.STABLE:
            services.append((str(tags[SERVICE_TAG]), str(group["Port"])))
    pods = {
        name: Node(title=name, detail=say("port {port}", port=port), column=2, row=row)
        for row, (name, port) in enumerate(services)
    }
    middle = (len(pods) - 1) / 2
    return Sketch(
        say("A cluster, its nodes, and six services behind one load balancer"),
        {
            "people": Node(
                title=say("You"), detail=say("from the address you stated"), column=0, row=middle, own=False
            ),
            "balancer": Node(title=say("Load balancer"), detail=say("a path a service"), column=1, row=middle),
            **pods,
            "cluster": Node(
                title=f"Kubernetes {cluster['Version']}",
                detail=say("control plane, by AWS"),
                column=3,
                row=middle - 0.5,
            ),
            "nodes": Node(
                title=say("{number} nodes", number=scaling["DesiredSize"]),
                detail=say("{kind}\n{least} to {most}", kind=kind, least=scaling["MinSize"], most=scaling["MaxSize"]),
                column=3,
                row=middle + 0.5,
            ),
        },
        (("people", "balancer", "80"), *(("balancer", name, "") for name in pods)),
    )


def _monitoring(lab: Assembly, say: Say) -> Sketch:
    def number(kind: str) -> int:
        return len(list(lab.of_type(MONITORING, kind)))

    return Sketch(
        say("From the alarms of all stacks to people: pages, topics, notifier"),
        {
            "stacks": Node(
                title=say("The five other stacks"), detail=say("metrics, logs, events"), column=0, row=0.5, own=False
            ),
            "alarms": Node(
                title=say("{number} alarms", number=number("AWS::CloudWatch::Alarm")),
                detail=say("from one table"),
                column=1,
                row=0,
            ),
            "pages": Node(
                title=say("{number} pages", number=number("AWS::CloudWatch::CompositeAlarm")),
                detail=say("what wakes somebody"),
                column=2,
                row=0,
            ),
            "topics": Node(
                title=say("{number} topics", number=number("AWS::SNS::Topic")),
                detail=say("a severity each"),
                column=3,
                row=0,
            ),
            "notifier": Node(title=say("Notifier"), detail=say("one message an incident"), column=3, row=1),
            "people": Node(title=say("People"), detail=say("e-mail, Slack, PagerDuty"), column=3, row=2, own=False),
            "dashboards": Node(
                title=say("{number} dashboards", number=number("AWS::CloudWatch::Dashboard")),
                detail=say("the overview first"),
                column=1,
                row=1,
            ),
            "events": Node(
                title=say("{number} event rules", number=number("AWS::Events::Rule")),
                detail=say("what happened, and when"),
                column=2,
                row=1,
            ),
        },
        (
            ("stacks", "alarms", ""),
            ("stacks", "dashboards", ""),
            ("alarms", "pages", ""),
            ("pages", "topics", ""),
            ("topics", "notifier", ""),
            ("events", "notifier", ""),
            ("notifier", "people", ""),
        ),
    )


SKETCHES: Final[Mapping[str, Callable[[Assembly, Say], Sketch]]] = {
    VPC: _vpc,
    DATA: _data,
    BACKEND: _backend,
    FRONTEND: _frontend,
    EKS: _eks,
    MONITORING: _monitoring,
}
