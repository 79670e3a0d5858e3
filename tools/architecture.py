"""The picture of the architecture, drawn from synthesized templates: `docs/architecture.svg`.

What stands in it is read from the templates: counts, sizes, networks, who may talk to whom on which port (the
security groups' rules), what is deployed before what (the manifest). Only the places on the paper are chosen here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cloudmart_cdk.service_releases import SERVICE_TAG, TRACK_TAG, Track
from tools import capabilities
from tools.assembly import Assembly
from tools.svg import Box, Drawing

CONTEXT: Final = {"stage": "prod", "domain.name": "shop.example.com", "domain.zone_id": "Z0123456789ABCDEFGHIJ"}
"""Production with a domain: every stack there is, the ports that users meet."""

VPC, DATA, BACKEND = "VpcStack", "DataStack", "BackendAsgStack"
FRONTEND, EKS, MONITORING = "FrontendCdnStack", "EksPlatformStack", "MonitoringStack"
EDGE, EDGE_WATCH = "EdgeStack", "EdgeWatchStack"

COLOURS: Final = {
    FRONTEND: "#8250df",
    EDGE: "#8250df",
    EDGE_WATCH: "#bf3989",
    BACKEND: "#bc4c00",
    EKS: "#0a7ea4",
    DATA: "#1a7f37",
    VPC: "#57606a",
    MONITORING: "#bf3989",
}
_LANES: Final = {EKS: 1, MONITORING: 1, EDGE: 2}
"""Lines of the order of deployment; all others are in the first."""
_WIDTH: Final = 1200
_PILL: Final = 160
_FRAME: Final = 456
"""Left edge of what is in the stage's region and network."""
_BUS: Final = {"5432": 812.0, "6379": 838.0}
"""Where the lines to database and cache run down."""


Ports = Mapping[tuple[str, str], str]
"""(from, to) -> ports."""


@dataclass
class Card:
    """A stack on the paper: header, what was drawn into it, chips for the rest, frame last."""

    picture: Drawing
    assembly: Assembly
    stack: str
    box: Box
    note: str = ""

    def __post_init__(self) -> None:
        self._below = self.picture.mark()
        self.y = self.box.y + 42
        resources = self.assembly.resources[self.stack]
        note = f"{self.note}{len(resources)} resources"
        self.picture.header(self.box, self.stack, note, colour=COLOURS[self.stack])

    @property
    def inner(self) -> tuple[float, float]:
        return self.box.x + 12, self.box.right - 12

    def node(self, title: str, detail: str, *, height: float = 46, gap: float = 12) -> Box:
        left, right = self.inner
        box = self.picture.node(Box(left, self.y, right - left, height), title, detail, colour=COLOURS[self.stack])
        self.y = box.bottom + gap
        return box

    def row(
        self, entries: list[tuple[str, str]], *, height: float = 46, gap: float = 12, columns: int = 0, size: float = 13
    ) -> list[Box]:
        """Nodes beside each other, in lines of `columns`."""
        left, right = self.inner
        columns = columns or len(entries)
        wide = (right - left - 8 * (columns - 1)) / columns
        boxes = []
        for index, (title, detail) in enumerate(entries):
            line, column = divmod(index, columns)
            place = Box(left + column * (wide + 8), self.y + line * (height + 8), wide, height)
            boxes.append(self.picture.node(place, title, detail, colour=COLOURS[self.stack], size=size))
        self.y = boxes[-1].bottom + gap
        return boxes

    def finish(self, *, without: tuple[str, ...] = ()) -> Box:
        """The rest as chips, then the frame around it all."""
        types = [resource["Type"] for resource in self.assembly.resources[self.stack].values()]
        rest = {name: number for name, number in capabilities.count(types).items() if name not in without}
        left, right = self.inner
        if rest:
            self.y = self.picture.chips(left, self.y, right, [f"{name} {number}" for name, number in rest.items()])
        frame = Box(self.box.x, self.box.y, self.box.width, self.y + 6 - self.box.y)
        self.picture.rectangle(frame, "card", at=self._below)
        return frame


def draw(assembly: Assembly) -> str:
    """The picture as SVG text: the same for the same templates."""
    total = sum(len(resources) for resources in assembly.resources.values())
    picture = Drawing(
        _WIDTH, 0, "CloudMart on AWS", "Stacks, what is in them, who talks to whom, what is deployed in which order"
    )
    picture.text(24, 40, "CloudMart on AWS", "strong", size=24)
    told = f"Stage prod with a domain: {len(assembly.stacks)} stacks, {total} resources."
    picture.text(24, 62, f"{told} Drawn by make docs from the synthesized templates.", "quiet", size=13)
    ports = _ports(assembly)
    frame = picture.mark()

    cdn, site, frontend = _frontend(picture, assembly)
    shop, colours, backend = _backend(picture, assembly, ports)
    images, proxy, database, cache, data = _data(picture, assembly)
    tiketi, pods, platform = _platform(picture, assembly, ports, backend.bottom + 24)
    edge = _edge(picture, assembly, tiketi.bottom + 44)
    shoppers = picture.person(72, cdn.middle - 12, "Shoppers")
    buyers = picture.person(72, tiketi.middle - 12, "Ticket buyers")

    picture.flow([(shoppers.right + 4, cdn.middle), (cdn.x - 2, cdn.middle)], "443")
    picture.flow([(cdn.centre, cdn.bottom), (cdn.centre, site.y - 2)])
    gap = (cdn.right + shop.x) / 2
    api = cdn.middle + 8
    picture.flow(
        [(cdn.right, api), (shop.x - 2, api)], f"/api/* {ports['world', 'ShopLoadBalancer']}", at=(gap + 6, api)
    )
    over, turn, start = 104.0, cdn.right + 34, cdn.middle - 10
    picture.flow(
        [
            (cdn.right, start),
            (turn, start),
            (turn, over),
            (872, over),
            (872, images.middle),
            (images.x - 2, images.middle),
        ],
        "/images/*",
        at=(gap + 180, over),
    )
    entry = ports["world", "TiketiLoadBalancer"]
    picture.flow([(buyers.right + 4, tiketi.middle), (tiketi.x - 2, tiketi.middle)], entry, at=(206, tiketi.middle))
    _lines_to_data(picture, ports, "Backend", colours[-1], proxy, cache)
    _lines_to_data(picture, ports, "EksNodes", pods[2], proxy, cache)
    picture.flow([(proxy.centre, proxy.bottom), (proxy.centre, database.y - 2)])
    up = edge.x + 130
    picture.flow(
        [(up, edge.y), (up, frontend.bottom + 2)], "web ACL, certificate", at=(up, tiketi.middle - 44), style="order"
    )

    watch = _monitoring(picture, assembly, data.bottom + 24)
    bottom = max(platform.bottom, watch.bottom) + 24
    below = _network(picture, assembly, bottom).bottom
    picture.rectangle(Box(_FRAME, 84, _WIDTH - _FRAME - 8, below - 72), "frame", radius=14, at=frame)
    region = assembly.stacks[VPC]["environment"].rpartition("/")[2]
    picture.text(_WIDTH - 22, 78, f"region {region}", "quiet", size=13, anchor="end")
    _legend(picture, below - 80)
    picture.height = _order(picture, assembly, below + 50) + 24
    return picture.render()


def _frontend(picture: Drawing, assembly: Assembly) -> tuple[Box, Box, Box]:
    card = Card(picture, assembly, FRONTEND, Box(150, 120, 250, 0))
    distribution = assembly.one(FRONTEND, "AWS::CloudFront::Distribution")["DistributionConfig"]
    cdn = card.node(
        "CloudFront", f"{distribution['HttpVersion'].replace('http', 'HTTP/').replace('and', ' and ')}", gap=22
    )
    site = card.node("Site bucket", "private, origin access control")
    return cdn, site, card.finish(without=("CDN",))


def _backend(picture: Drawing, assembly: Assembly, ports: Ports) -> tuple[Box, list[Box], Box]:
    card = Card(picture, assembly, BACKEND, Box(476, 120, 310, 0))
    balancer = card.node("Shop load balancer", "admits its CDN only, by a secret header", gap=26)
    launch = assembly.one(BACKEND, "AWS::EC2::LaunchTemplate")["LaunchTemplateData"]
    groups = [
        (_last_word(group["AutoScalingGroupName"]).title(), f"{launch['InstanceType']}, up to {group['MaxSize']}")
        for _, group in assembly.of_type(BACKEND, "AWS::AutoScaling::AutoScalingGroup")
    ]
    colours = card.row(groups)
    for colour in colours:
        picture.flow([(colour.centre, balancer.bottom), (colour.centre, colour.y - 2)])
    picture.flow(
        [(colours[0].centre, balancer.bottom), (colours[0].centre, colours[0].y - 2)],
        ports["ShopLoadBalancer", "Backend"],
        at=(balancer.centre, balancer.bottom + 13),
    )
    return balancer, colours, card.finish(without=("scaling groups", "launch templates"))


def _data(picture: Drawing, assembly: Assembly) -> tuple[Box, Box, Box, Box, Box]:
    card = Card(picture, assembly, DATA, Box(900, 120, 276, 0))
    instance = assembly.one(DATA, "AWS::RDS::DBInstance")
    group = assembly.one(DATA, "AWS::ElastiCache::ReplicationGroup")
    images = card.node("Images bucket", "read through the CDN only")
    proxy = card.node("RDS Proxy", "TLS, pooled connections", gap=22)
    zones = ", Multi-AZ" if instance["MultiAZ"] else ""
    database = card.node(f"PostgreSQL {instance['EngineVersion']}", f"{instance['DBInstanceClass']}{zones}")
    shards = f"{group['NumNodeGroups']} shards of {1 + group['ReplicasPerNodeGroup']}"
    cache = card.node(f"{group['Engine'].title()} {group['EngineVersion']}", f"{group['CacheNodeType']}, {shards}")
    secrets = len(list(assembly.of_type(DATA, "AWS::SecretsManager::Secret")))
    parameters = len(list(assembly.of_type(DATA, "AWS::SSM::Parameter")))
    card.node(f"{secrets} secrets, {parameters} parameters", "what programs look up at start")
    frame = card.finish(without=("secrets", "parameters", "database", "cache"))
    return images, proxy, database, cache, frame


def _platform(picture: Drawing, assembly: Assembly, ports: Ports, y: float) -> tuple[Box, list[Box], Box]:
    card = Card(picture, assembly, EKS, Box(476, y, 310, 0))
    balancer = card.node("Tiketi load balancer", "web ACL, a path a service, weights for a canary", gap=26)
    tags = [
        (group, {tag["Key"]: tag["Value"] for tag in group["Tags"]})
        for _, group in assembly.of_type(EKS, "AWS::ElasticLoadBalancingV2::TargetGroup")
    ]
    services = [(tag[SERVICE_TAG], str(group["Port"])) for group, tag in tags if tag[TRACK_TAG] == Track.STABLE]
    pods = card.row(services, columns=3, height=40, size=12)
    picture.flow(
        [(pods[1].centre, balancer.bottom), (pods[1].centre, pods[1].y - 2)],
        ports["TiketiLoadBalancer", "EksNodes"],
        at=(pods[1].centre + 52, balancer.bottom + 13),
    )
    cluster = assembly.one(EKS, "AWS::EKS::Cluster")
    card.node(f"Kubernetes {cluster['Version']}", _nodes(assembly))
    charts = [_CHARTS.get(chart["Chart"], chart["Chart"]) for _, chart in assembly.of_type(EKS, _CHART)]
    card.node("Controllers, by Helm", ", ".join(charts))
    return balancer, pods, card.finish(without=("cluster", "node groups", "launch templates"))


_CHART: Final = "Custom::AWSCDK-EKS-HelmChart"
_CHARTS: Final = {
    "aws-load-balancer-controller": "load balancer",
    "cluster-autoscaler": "autoscaler",
    "metrics-server": "metrics",
    "keda": "KEDA",
}
"""Chart -> what it is for, in a word."""


def _nodes(assembly: Assembly) -> str:
    """First sizes of the node groups by kind, all groups together."""
    sizes: dict[str, list[int]] = {}
    for _, group in assembly.of_type(EKS, "AWS::EKS::Nodegroup"):
        kind = group["CapacityType"].lower().replace("_", " ")
        scaling = group["ScalingConfig"]
        total = sizes.setdefault(kind, [0, 0, 0])
        for index, key in enumerate(("DesiredSize", "MinSize", "MaxSize")):
            total[index] += scaling[key]
    return ", ".join(f"{first} {kind} ({least} to {most})" for kind, (first, least, most) in sizes.items())


def _edge(picture: Drawing, assembly: Assembly, y: float) -> Box:
    card = Card(picture, assembly, EDGE, Box(150, y, 290, 0), note="us-east-1, ")
    frame = card.finish()
    Card(picture, assembly, EDGE_WATCH, Box(150, frame.bottom + 16, 290, 0), note="us-east-1, ").finish()
    return frame


def _network(picture: Drawing, assembly: Assembly, y: float) -> Box:
    card = Card(picture, assembly, VPC, Box(476, y, 700, 0))
    vpc = assembly.one(VPC, "AWS::EC2::VPC")
    subnets: dict[str, list[str]] = {}
    zones: dict[str, None] = {}
    for logical_id, subnet in assembly.of_type(VPC, "AWS::EC2::Subnet"):
        tier = re.findall(r"(Public|Private|Data|Pods)Subnet", logical_id)[0].lower()
        subnets.setdefault(tier, []).append(subnet["CidrBlock"])
        zones[subnet["AvailabilityZone"]] = None
    left, _ = card.inner
    picture.text(left, card.y + 8, f"VPC {vpc['CidrBlock']} in {' and '.join(zones)}", "quiet", size=12.5)
    card.y += 20
    card.row([(f"{tier} subnets", "\n".join(cidrs)) for tier, cidrs in subnets.items()], height=60)
    return card.finish(without=("subnets",))


def _monitoring(picture: Drawing, assembly: Assembly, y: float) -> Box:
    card = Card(picture, assembly, MONITORING, Box(900, y, 276, 0))
    alarms = sum("Alarm" in resource["Type"] for resource in assembly.resources[MONITORING].values())
    topics = len(list(assembly.of_type(MONITORING, "AWS::SNS::Topic")))
    card.node(f"{alarms} alarms to {topics} topics", "reads the other stacks; nothing reads it")
    return card.finish(without=("alarms", "topics"))


def _ports(assembly: Assembly) -> dict[tuple[str, str], str]:
    """(from, to) -> ports, by the security groups' names. `world`: what an address range or prefix list may."""
    names = {
        logical_id: _last_word(next(tag["Value"] for tag in group["Tags"] if tag["Key"] == "Name"))
        for logical_id, group in assembly.of_type(VPC, "AWS::EC2::SecurityGroup")
    }
    ports: dict[tuple[str, str], str] = {}
    for logical_id, group in assembly.of_type(VPC, "AWS::EC2::SecurityGroup"):
        for rule in group.get("SecurityGroupIngress", ()):
            key = ("world", names[logical_id])
            ports[key] = f"{ports[key]}, {_range(rule)}" if key in ports else _range(rule)
    for _, rule in assembly.of_type(VPC, "AWS::EC2::SecurityGroupIngress"):
        source, target = (rule[key]["Fn::GetAtt"][0] for key in ("SourceSecurityGroupId", "GroupId"))
        ports[names[source], names[target]] = _range(rule)
    return ports


def _range(rule: Mapping[str, Any]) -> str:
    low, high = rule.get("FromPort"), rule.get("ToPort")
    return "all" if low is None else str(low) if low == high else f"{low}-{high}"


def _last_word(name: str) -> str:
    return name.rpartition("-")[2]


def _lines_to_data(picture: Drawing, ports: Ports, source: str, start: Box, proxy: Box, cache: Box) -> None:
    """From a tier of programs to database and cache, where a rule opens the port."""
    for offset, group, target in ((-6, "DbProxy", proxy), (6, "Cache", cache)):
        port, y = ports[source, group], start.middle + offset
        if abs(target.middle - y) < start.height / 2:
            y = target.middle  # straight across
        bus = _BUS[port]
        picture.flow(
            [(start.right, y), (bus, y), (bus, target.middle), (target.x - 2, target.middle)],
            port,
            at=(target.x - 30, target.middle),
        )


def _legend(picture: Drawing, y: float) -> None:
    picture.flow([(24, y), (72, y)])
    picture.text(84, y + 4, "requests; ports are those of the security groups' rules", "quiet")
    picture.chips(24, y + 18, 100, ["DNS 2"])
    picture.text(84, y + 32, "resources in a stack that belong to a capability", "quiet")
    picture.order((24, y + 60), (72, y + 60))
    picture.text(84, y + 64, "deployed before", "quiet")


def _order(picture: Drawing, assembly: Assembly, y: float) -> float:
    """Who is deployed after whom, in columns; lines that follow from others are left out."""
    needs = assembly.dependencies
    depth: dict[str, int] = {}
    while len(depth) < len(needs):
        for stack, before in needs.items():
            if before <= depth.keys():
                depth[stack] = max((depth[other] + 1 for other in before), default=0)
    for stack, before in needs.items():
        users = [depth[other] for other, others in needs.items() if stack in others]
        if not before and users and stack != VPC:
            depth[stack] = min(users) - 1  # beside what it is for
    picture.text(24, y, "Deployed in this order, side by side where no line leads", "strong", size=14)
    step = (_WIDTH - 48 - _PILL) / max(depth.values())
    boxes = {stack: Box(24 + depth[stack] * step, y + 18 + _LANES.get(stack, 0) * 40, _PILL, 28) for stack in needs}
    for stack, before in needs.items():
        for other in sorted(before):
            if not any(other in needs[third] for third in before):
                picture.order((boxes[other].right, boxes[other].middle), (boxes[stack].x - 2, boxes[stack].middle))
    for stack, box in boxes.items():
        picture.rectangle(box, "", radius=14, fill=COLOURS[stack])
        picture.text(box.centre, box.middle + 4.5, stack, "inverse", size=12.5, anchor="middle")
    return max(box.bottom for box in boxes.values())
