"""What Amazon's VPC CNI makes of network policies: a table of addresses for each pod, looked up by the longest prefix.

Owns the deviations from `network_policy`, read in aws/amazon-network-policy-controller-k8s (commit ecc7e6a,
pkg/resolvers/endpoints.go) and aws/aws-network-policy-agent (commit c8619c0, pkg/fwruleprocessor), standard mode:

* It looks at packets where they leave the pod, before kube-proxy has put a pod's address in the place of a Service's.
  So the controller adds the address of each Service whose own selector the peer's `podSelector` matches. One label more
  in the policy than in the Service, and calls by the Service's name are dropped.
* A pod and its own node always reach each other: kubelet's probes, and agents on the host's network.
* Of overlapping ranges the narrowest decides alone. It inherits the ports of the wider ones unless it lies in what
  they except; and what one rule excepts is denied whatever a wider range allows.
* Named ports do not go with address ranges, and a range takes 24 ports and protocols at most.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from typing import Final

from .endpoints import Pod, Service
from .network_policy import Cluster, Direction, Peer, Policy, Port
from .verdict import Protocol, Verdict

_MOST_PORTS: Final = 24
_HOST: Final = 32
_EVERYBODY: Final = IPv4Network("0.0.0.0/0")
_ALL: Final = (Port("TCP"), Port("UDP"), Port("SCTP"))

Table = Mapping[IPv4Network, tuple[Port, ...]]
"""Range -> ports allowed; none: denied."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A range as the controller hands it to the agents. `ports` empty: all."""

    network: IPv4Network
    ports: tuple[Port, ...]
    excepted: tuple[IPv4Network, ...] = ()


@dataclass(frozen=True, eq=False)
class Agent:
    """The agents of all nodes. `pods`: everybody with an address in the cluster."""

    cluster: Cluster
    pods: tuple[tuple[Pod, tuple[IPv4Address, ...]], ...]
    services: tuple[Service, ...] = ()
    enforced: bool = True
    """Whether the add-on is told to enforce policies at all (`enableNetworkPolicy`)."""
    _tables: dict[tuple[int, Direction], Table | None] = field(default_factory=dict, repr=False)
    _found: dict[tuple[int, Direction, int], tuple[str, tuple[Port, ...]]] = field(default_factory=dict, repr=False)

    def judge(self, pod: Pod, direction: Direction, address: IPv4Address, protocol: Protocol, port: int) -> Verdict:
        """Whether a packet to (Egress) or from (Ingress) an address passes. `address`: as the pod sees it."""
        key = (id(pod), direction, int(address))
        if key not in self._found:
            self._found[key] = self._looked_up(pod, direction, address)
        words, ports = self._found[key]
        return Verdict(any(each.covers(protocol, port, {}) for each in ports), words)

    def _looked_up(self, pod: Pod, direction: Direction, address: IPv4Address) -> tuple[str, tuple[Port, ...]]:
        """What decides about an address, and the ports that it lets through."""
        if (id(pod), direction) not in self._tables:
            self._tables[id(pod), direction] = self.table(pod, direction)
        table = self._tables[id(pod), direction]
        if table is None:
            return "no policy selects it", _ALL
        found = max((network for network in table if address in network), key=lambda it: it.prefixlen, default=None)
        return f"{found or 'no range'} in the agent's table", () if found is None else table[found]

    def table(self, pod: Pod, direction: Direction) -> Table | None:
        """`None`: open, because no policy selects the pod, it is on the host's network, or policies are off."""
        policies = self.cluster.isolating(pod, direction)
        if pod.host_network or not policies or not self.enforced:
            return None
        return compiled(entry for policy in policies for entry in self._entries(policy, direction))

    def _entries(self, policy: Policy, direction: Direction) -> Iterator[Entry]:
        for rule in policy.rules[direction]:
            numbers = tuple(port for port in rule.ports if not port.name)
            if direction == "Ingress":
                named = [
                    _numbers(port, pod.ports) for pod, _ in self.pods if policy.selects(pod) for port in rule.ports
                ]
                numbers = tuple(dict.fromkeys((*numbers, *(port for each in named for port in each))))
            nameless = not rule.ports or bool(numbers)
            if not rule.peers and nameless:
                yield Entry(_EVERYBODY, numbers)
            for peer in rule.peers:
                if peer.block is None:
                    yield from self._pods(policy, peer, direction, rule.ports, numbers)
                elif nameless:
                    yield Entry(peer.block, numbers, peer.excepted)

    def _pods(
        self, policy: Policy, peer: Peer, direction: Direction, asked: tuple[Port, ...], numbers: tuple[Port, ...]
    ) -> Iterator[Entry]:
        for pod, addresses in self.pods:
            if self.cluster.selected(policy, peer, pod.namespace) and peer.pods.matches(pod.labels):
                ports = numbers
                if direction == "Egress":
                    ports = tuple(
                        number for port in asked for number in (port, *_numbers(port, pod.ports)) if not number.name
                    )
                if ports or not asked:
                    yield from (Entry(IPv4Network(address), ports) for address in addresses)
        if direction == "Egress":
            for service in self.services:
                if self.cluster.selected(policy, peer, service.namespace) and peer.pods.matches(service.selector):
                    ports = tuple(port for wanted in asked for port in self._listening(service, wanted, asked))
                    if ports or not asked:
                        yield Entry(IPv4Network(service.address), ports)

    def _listening(self, service: Service, wanted: Port, asked: tuple[Port, ...]) -> Iterator[Port]:
        """The port that a Service listens on for what a policy calls by the pods' port."""
        if not wanted.first and not wanted.name:
            yield wanted
            return
        pods = [pod for pod, _ in self.pods if self._behind(service, pod)]
        for (protocol, listening), own in service.ports.items():
            if protocol.upper() != wanted.protocol:
                continue
            if isinstance(own, int):
                numbers, names = {own}, {name for pod in pods for name, port in pod.ports.items() if port == own}
            else:
                numbers, names = {pod.ports[own] for pod in pods if own in pod.ports}, {own}
            # A name that leads some pods to another port than the policy's could get round it: left out.
            covered = all(
                any(not port.name and port.covers(_protocol(protocol), number, {}) for port in asked)
                for number in numbers
            )
            found = wanted.name in names if wanted.name else wanted.first in numbers
            if found and (covered or wanted.name or isinstance(own, int)):
                yield Port(wanted.protocol, listening, listening if wanted.first == wanted.last else wanted.last)
                return

    def _behind(self, service: Service, pod: Pod) -> bool:
        return pod.namespace == service.namespace and all(
            pod.labels.get(key) == value for key, value in service.selector.items()
        )


def _protocol(text: str) -> Protocol:
    return "udp" if text.lower() == "udp" else "tcp"


def _numbers(port: Port, named: Mapping[str, int]) -> tuple[Port, ...]:
    return (Port(port.protocol, named[port.name], named[port.name]),) if port.name in named else ()


def compiled(entries: Iterable[Entry]) -> Table:
    """The agent's table. Raises `ValueError` for a range with more ports than it has room for."""
    table: dict[IPv4Network, tuple[Port, ...]] = {}
    excepted: dict[IPv4Network, tuple[IPv4Network, ...]] = {}
    for entry in sorted(entries, key=lambda it: it.network.prefixlen):
        ports = entry.ports or _ALL
        if entry.network in table:
            ports += table[entry.network]
        else:
            first = entry.network.network_address
            for wider, theirs in table.items():
                inside = wider.prefixlen < _HOST and first in wider
                if inside and not any(first in network for network in excepted[wider]):
                    ports += theirs
        table[entry.network] = tuple(dict.fromkeys(ports))
        excepted[entry.network] = (*excepted.get(entry.network, ()), *entry.excepted)
        if len(table[entry.network]) > _MOST_PORTS:
            given = len(table[entry.network])
            raise ValueError(f"network policies: given {given} ports for {entry.network}; allowed: {_MOST_PORTS}")
    for network in {network for networks in excepted.values() for network in networks}:
        table.setdefault(network, ())
    return table
