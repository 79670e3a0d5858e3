"""Network policies as the Kubernetes API reference defines them (networking.k8s.io/v1).

Owns reading policies and their meaning: a pod that no policy selects is open; one that some select takes what the union
of their rules allows. What Amazon's VPC CNI makes of them is `vpc_cni`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Any, Final, Literal

from .endpoints import Pod
from .verdict import Protocol, Verdict, allow, deny

Direction = Literal["Ingress", "Egress"]
NAMESPACE_LABEL: Final = "kubernetes.io/metadata.name"
"""The API server puts it on every namespace."""
_OPERATORS: Final = ("In", "NotIn", "Exists", "DoesNotExist")


@dataclass(frozen=True, slots=True)
class Selector:
    """A label selector: all of its requirements hold. Without any it selects everything."""

    requirements: tuple[tuple[str, str, frozenset[str]], ...] = ()
    """(key, operator, values)."""

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "Selector":
        equal = [(str(key), "In", frozenset([str(value)])) for key, value in (data.get("matchLabels") or {}).items()]
        more = [
            (str(each["key"]), str(each["operator"]), frozenset(map(str, each.get("values") or ())))
            for each in data.get("matchExpressions") or ()
        ]
        if unknown := [operator for _, operator, _ in more if operator not in _OPERATORS]:
            raise ValueError(f"label selector: given operator {unknown[0]}; allowed: {', '.join(_OPERATORS)}")
        return cls((*equal, *more))

    def matches(self, labels: Mapping[str, str]) -> bool:
        return all(_holds(labels, *requirement) for requirement in self.requirements)


def _holds(labels: Mapping[str, str], key: str, operator: str, values: frozenset[str]) -> bool:
    match operator:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values  # a label that is not there is not in the set
        case "Exists":
            return key in labels
        case _:
            return key not in labels


@dataclass(frozen=True, slots=True)
class Peer:
    """Addresses, or pods: those that `pods` selects in the namespaces that `namespaces` selects; `None`: in its own."""

    block: IPv4Network | None = None
    excepted: tuple[IPv4Network, ...] = ()
    pods: Selector = Selector()
    namespaces: Selector | None = None


@dataclass(frozen=True, slots=True)
class Port:
    """A port, a range of them, a name, or (`first` 0) all of a protocol."""

    protocol: str
    first: int = 0
    last: int = 0
    name: str = ""

    def covers(self, protocol: Protocol, port: int, named: Mapping[str, int]) -> bool:
        """`named`: the container ports of the pod that is connected to."""
        if self.protocol != protocol.upper():
            return False
        return named.get(self.name) == port if self.name else not self.first or self.first <= port <= self.last


@dataclass(frozen=True, slots=True)
class Rule:
    """`peers` empty: everybody. `ports` empty: all."""

    peers: tuple[Peer, ...]
    ports: tuple[Port, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    namespace: str
    name: str
    pods: Selector
    rules: Mapping[Direction, tuple[Rule, ...]]
    """Of the directions that it isolates; no rules: nothing is allowed."""

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "Policy":
        """Raises `ValueError` for what the API server would refuse."""
        spec = data.get("spec") or {}
        # The reference: Ingress in any case, Egress where there are egress rules, unless policyTypes says so.
        types = spec.get("policyTypes") or ["Ingress", *(["Egress"] if spec.get("egress") else [])]
        rules: dict[Direction, tuple[Rule, ...]] = {}
        if "Ingress" in types:
            rules["Ingress"] = tuple(_rule(rule or {}, "from") for rule in spec.get("ingress") or ())
        if "Egress" in types:
            rules["Egress"] = tuple(_rule(rule or {}, "to") for rule in spec.get("egress") or ())
        metadata = data["metadata"]
        selector = Selector.of(spec.get("podSelector") or {})
        return cls(str(metadata.get("namespace", "default")), str(metadata["name"]), selector, rules)

    def selects(self, pod: Pod) -> bool:
        return pod.namespace == self.namespace and self.pods.matches(pod.labels)

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


def _rule(data: Mapping[str, Any], peers: str) -> Rule:
    return Rule(
        tuple(_peer(peer) for peer in data.get(peers) or ()), tuple(_port(port) for port in data.get("ports") or ())
    )


def _peer(data: Mapping[str, Any]) -> Peer:
    pods, namespaces = data.get("podSelector"), data.get("namespaceSelector")
    if block := data.get("ipBlock"):
        if pods is not None or namespaces is not None:
            raise ValueError("network policy: given an ipBlock beside a selector; allowed: one of them a peer")
        excepted = tuple(IPv4Network(cidr) for cidr in block.get("except") or ())
        return Peer(IPv4Network(block["cidr"]), excepted)
    if pods is None and namespaces is None:
        raise ValueError("network policy: given an empty peer; allowed: podSelector, namespaceSelector, ipBlock")
    return Peer(pods=Selector.of(pods or {}), namespaces=None if namespaces is None else Selector.of(namespaces))


def _port(data: Mapping[str, Any]) -> Port:
    protocol, port = str(data.get("protocol") or "TCP"), data.get("port")
    if port is None:
        return Port(protocol)
    if isinstance(port, str) and not port.isdecimal():
        return Port(protocol, name=port)
    return Port(protocol, int(port), int(data.get("endPort") or port))


@dataclass(frozen=True, slots=True, eq=False)
class Cluster:
    """What policies are judged against. `namespaces`: name -> labels; the one that Kubernetes adds is understood."""

    policies: tuple[Policy, ...]
    namespaces: Mapping[str, Mapping[str, str]]

    def isolating(self, pod: Pod, direction: Direction) -> tuple[Policy, ...]:
        return tuple(policy for policy in self.policies if direction in policy.rules and policy.selects(pod))

    def peer_matches(self, policy: Policy, peer: Peer, address: IPv4Address, pod: Pod | None) -> bool:
        if peer.block is not None:
            return address in peer.block and not any(address in network for network in peer.excepted)
        return pod is not None and self.selected(policy, peer, pod.namespace) and peer.pods.matches(pod.labels)

    def selected(self, policy: Policy, peer: Peer, namespace: str) -> bool:
        """Whether a peer speaks of pods in a namespace."""
        if peer.namespaces is None:
            return namespace == policy.namespace
        return peer.namespaces.matches({**self.namespaces.get(namespace, {}), NAMESPACE_LABEL: namespace})

    def judge(
        self,
        pod: Pod,
        direction: Direction,
        address: IPv4Address,
        peer: Pod | None,
        protocol: Protocol,
        port: int,
    ) -> Verdict:
        """Whether `pod` may send to (Egress) or take from (Ingress) a peer, by address or as a pod.

        Policies do not apply to pods on the host's network (the reference leaves that open; the VPC CNI skips them).
        """
        policies = self.isolating(pod, direction)
        if pod.host_network or not policies:
            return allow("no policy selects it")
        # Named ports are the receiver's.
        named = (pod if direction == "Ingress" else peer) or Pod("", {})
        for policy in policies:
            for rule in policy.rules[direction]:
                if rule.ports and not any(allowed.covers(protocol, port, named.ports) for allowed in rule.ports):
                    continue
                if not rule.peers or any(self.peer_matches(policy, each, address, peer) for each in rule.peers):
                    return allow(f"policy {policy}")
        return deny(f"no rule of {', '.join(map(str, policies))}")


def policies_of(objects: Iterable[Mapping[str, Any]]) -> tuple[Policy, ...]:
    """The network policies among Kubernetes objects."""
    return tuple(Policy.of(data) for data in objects if data.get("kind") == "NetworkPolicy")
