"""The way from one endpoint to another, asked of every layer: who would let it through, and who would not.

Owns what a packet meets and in which order, there and back. All layers are asked, also behind one that refuses: two
that refuse are a defence in depth.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Final, Literal

from .endpoints import Endpoint, Place, Service
from .landscape import API_SERVICE, S3, Landscape
from .routing import Hop
from .verdict import EPHEMERAL, Layer, Protocol, Verdict, allow, deny

State = Literal["allowed", "denied", "partly"]
_NEAR: Final = allow("on the machine itself")


@dataclass(slots=True)  # not frozen: hundreds of thousands of them are made
class Way:
    """One pair of addresses, and a Service in between or none. `listening`: the port asked of the Service."""

    source: Endpoint
    start: Place
    target: Endpoint
    end: Place
    protocol: Protocol
    port: int
    service: Service | None = None
    listening: int = 0

    def __str__(self) -> str:
        through = f" by Service {self.service.name}:{self.listening}" if self.service else ""
        return f"{self.source} {self.start.address} to {self.target} {self.end.address}:{self.port}{through}"


@dataclass(frozen=True, slots=True)
class Answer:
    """`layers`: those that refuse on every way. `partly`: some ways are open and others are not, which is a fault."""

    state: State
    layers: frozenset[Layer]
    open: int = 0
    ways: int = 0


def asked(source: Endpoint, target: Endpoint) -> bool:
    """Whether the question makes sense: what is on a machine is asked of who is on it, the internet not of itself."""
    if source.link_local or source.name in (API_SERVICE, S3) or (source.own_node and target.isolated is None):
        return False
    if target.own_node:
        return source.isolated is not None
    if target.link_local or target.name == API_SERVICE:
        return _in_cluster(source)
    return any(place.subnet for each in (source, target) for place in each.places)


def _in_cluster(source: Endpoint) -> bool:
    return source.pod is not None or source.on_node


class Paths:
    """Answers for one landscape."""

    def __init__(self, landscape: Landscape) -> None:
        self.landscape = landscape
        self._wires: dict[tuple[int, int, Protocol, int], tuple[tuple[Layer, Verdict], ...]] = {}

    def answer(self, source: Endpoint, target: Endpoint, protocol: Protocol, port: int) -> Answer:
        """Of every way between the two: by each address, directly and by each Service in front."""
        common: frozenset[Layer] | None = None
        count = free = 0
        for way in self.ways(source, target, protocol, port):
            refused = frozenset(layer for layer, verdict in self.steps(way) if not verdict.allowed)
            common = refused if common is None else common & refused
            count += 1
            free += not refused
        state: State = "denied" if not free else "allowed" if free == count else "partly"
        return Answer(state, common or frozenset(), free, count)

    def ways(self, source: Endpoint, target: Endpoint, protocol: Protocol, port: int) -> Iterator[Way]:
        services: list[tuple[Service, int] | None] = []
        if target.name != API_SERVICE:
            services.append(None)
        if _in_cluster(source):
            services += self.landscape.behind(target, protocol, port)
        for start in source.places:
            for end in target.places:
                for each in services or [None]:
                    service, listening = each or (None, 0)
                    yield Way(source, start, target, end, protocol, port, service, listening)

    def steps(self, way: Way) -> Iterator[tuple[Layer, Verdict]]:
        """Every layer's verdict, in the order in which a packet and its answer meet them."""
        if way.target.name == API_SERVICE and way.service is None:
            yield Layer.ABSENT, deny("no Service listens there")
            return
        if way.source.own_node or way.target.own_node:
            # The CNI lets a pod and its own node talk, whatever policies say; nothing leaves the machine.
            yield Layer.POLICY_IN if way.source.own_node else Layer.POLICY_OUT, _NEAR
            return
        yield from self._policy_out(way)
        if way.target.link_local:
            if way.target.metadata and way.source.isolated:
                limit = self.landscape.hop_limit
                far = limit > 1
                yield Layer.METADATA, allow(f"hop limit {limit}") if far else deny("hop limit 1 ends at the node")
            return
        outside = not way.end.subnet
        start = (way.start.masked_by or way.start) if outside else way.start
        yield from self._wire(start, way.end, way.protocol, way.port)
        yield from self._policy_in(way)

    def portable(self, way: Way) -> tuple[Verdict, Verdict]:
        """(out, in) as the Kubernetes reference has it, without the CNI's ways: what another CNI would do."""
        cluster, source, target = self.landscape.cluster, way.source.isolated, way.target.isolated
        out = in_ = allow("no policy applies")
        if source is not None:
            out = cluster.judge(source, "Egress", way.end.address, way.target.pod, way.protocol, way.port)
        if target is not None:
            in_ = cluster.judge(target, "Ingress", way.start.address, way.source.pod, way.protocol, way.port)
        return out, in_

    def _policy_out(self, way: Way) -> Iterator[tuple[Layer, Verdict]]:
        if way.source.isolated is not None:
            address, port = way.end.address, way.port
            if way.service is not None:
                address, port = way.service.address, way.listening
            judge = self.landscape.agent.judge
            yield Layer.POLICY_OUT, judge(way.source.isolated, "Egress", address, way.protocol, port)

    def _policy_in(self, way: Way) -> Iterator[tuple[Layer, Verdict]]:
        if way.target.isolated is not None:
            judge = self.landscape.agent.judge
            yield Layer.POLICY_IN, judge(way.target.isolated, "Ingress", way.start.address, way.protocol, way.port)

    def _wire(self, start: Place, end: Place, protocol: Protocol, port: int) -> tuple[tuple[Layer, Verdict], ...]:
        key = (self.landscape.kind(start), self.landscape.kind(end), protocol, port)
        if key not in self._wires:
            self._wires[key] = tuple(self._between(start, end, protocol, port))
        return self._wires[key]

    def _between(self, start: Place, end: Place, protocol: Protocol, port: int) -> Iterator[tuple[Layer, Verdict]]:
        """Two interfaces, or one and the internet. `start`: whose address the packet carries."""
        landscape = self.landscape
        groups, routes = landscape.groups.judge, landscape.routes
        hop = Hop("none", "")
        if start.subnet:
            yield Layer.GROUP_OUT, groups(start.groups, "out", protocol, port, end.address, end.groups, end.prefix_list)
            hop = routes.next(start.subnet, end.address, end.prefix_list)
            yield from self._route(start, end, hop)
        elif not end.public:
            yield Layer.ADDRESS, deny("no public address to connect to")
        yield Layer.ACL, self._acl(protocol, (port, port), _there(start, end, hop))
        if end.subnet:
            yield (
                Layer.GROUP_IN,
                groups(end.groups, "in", protocol, port, start.address, start.groups, start.prefix_list),
            )
            back = routes.next(end.subnet, start.address, start.prefix_list)
            wanted = "local" if start.subnet else "internet gateway"
            yield (
                Layer.ROUTE_BACK,
                allow(back.words) if back.kind == wanted else deny(f"answers would take {back.words}"),
            )
        yield Layer.ACL_BACK, self._acl(protocol, EPHEMERAL, _back(start, end, hop))

    def _route(self, start: Place, end: Place, hop: Hop) -> Iterator[tuple[Layer, Verdict]]:
        if end.subnet:
            yield Layer.ROUTE, allow(hop.words) if hop.kind == "local" else deny(hop.words)
            return
        onward = hop
        if hop.kind == "NAT gateway" and hop.subnet:  # a regional one stands in no subnet, and knows its own way
            onward = self.landscape.routes.next(hop.subnet, end.address)
        gateways = ("internet gateway", "gateway endpoint", *(() if hop.subnet else ("NAT gateway",)))
        carried = onward.kind in gateways
        yield Layer.ROUTE, allow(hop.words) if carried else deny(f"{hop.words}: no way out")
        if hop.kind == "internet gateway":
            words = "public address" if start.public else "no public address of its own"
            yield Layer.ADDRESS, Verdict(start.public, words)

    def _acl(self, protocol: Protocol, ports: tuple[int, int], boundaries: Iterator["_Boundary"]) -> Verdict:
        verdict = allow("within one subnet")
        for subnet, direction, peer in boundaries:
            verdict = self.landscape.acls.judge(subnet, direction, protocol, ports, peer)
            if not verdict.allowed:
                break
        return verdict


_Boundary = tuple[str, Literal["in", "out"], IPv4Address]
"""A subnet, which way its boundary is crossed, and the address on the other side."""


def _there(start: Place, end: Place, hop: Hop) -> Iterator[_Boundary]:
    if start.subnet == end.subnet:
        return  # ACLs stand at the boundaries of subnets
    if start.subnet:
        yield start.subnet, "out", end.address
    if hop.kind == "NAT gateway" and hop.subnet:
        yield hop.subnet, "in", start.address
        yield hop.subnet, "out", end.address
    if end.subnet:
        yield end.subnet, "in", start.address


def _back(start: Place, end: Place, hop: Hop) -> Iterator[_Boundary]:
    if start.subnet == end.subnet:
        return
    if end.subnet:
        yield end.subnet, "out", start.address
    if hop.kind == "NAT gateway" and hop.subnet:
        yield hop.subnet, "in", end.address
        yield hop.subnet, "out", start.address
    if start.subnet:
        yield start.subnet, "in", end.address
