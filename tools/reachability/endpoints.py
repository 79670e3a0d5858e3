"""Who talks to whom: endpoints, and the addresses that they are met at.

Owns the words only. Where endpoints come from is `landscape`'s, what separates them each layer's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address


@dataclass(frozen=True, slots=True)
class Place:
    """One address, standing for all that every rule of the templates treats alike."""

    address: IPv4Address
    subnet: str = ""
    """Key of its subnet; empty outside the VPC."""
    zone: str = ""
    groups: frozenset[str] = frozenset()
    """Keys of the security groups of its interface."""
    prefix_list: str = ""
    """The list of AWS's that an outside address is of: `pl-...`, or `s3`."""
    public: bool = False
    """Whether an internet gateway knows it by a public address."""
    masked_by: "Place | None" = None
    """Whose address the internet sees in its stead: a pod's node."""


@dataclass(frozen=True, slots=True)
class Pod:
    """What network policies see of a pod."""

    namespace: str
    labels: Mapping[str, str]
    ports: Mapping[str, int] = field(default_factory=dict)
    """Named container ports."""
    host_network: bool = False


@dataclass(frozen=True, slots=True)
class Service:
    """A Kubernetes Service with an address of its own: `ports` maps the listening port to (protocol, target).

    A target is a number or the name of a container port. Without a selector, `backs` names the endpoint behind.
    """

    namespace: str
    name: str
    address: IPv4Address
    selector: Mapping[str, str]
    ports: Mapping[tuple[str, int], int | str]
    backs: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Endpoint:
    """Somebody in the matrix. `places`: one a subnet at least; everything said of it holds for all of them."""

    name: str
    places: tuple[Place, ...]
    pod: Pod | None = None
    on_node: bool = False
    """A node, or what shares its network: reaches what is on the machine itself."""
    own_node: bool = False
    """The node that a pod runs on, seen from that pod. Meaningful for pods only."""
    link_local: bool = False
    """On the machine itself, or behind the VPC's own router: no group, route or ACL applies (VPC guide)."""
    metadata: bool = False
    """The instance metadata service."""

    @property
    def isolated(self) -> Pod | None:
        """The pod that network policies apply to, if it is one."""
        return self.pod if self.pod is not None and not self.pod.host_network else None

    def __str__(self) -> str:
        return self.name
