"""Who is there: every endpoint of the synthesized templates, with its places, groups and pods.

Owns finding them. What carries a security group is an endpoint, known to this module or not: under its logical id it
is missing in the matrix, and the test says so.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network
from typing import Any, Final

from cloudmart_cdk.policy.manifests import objects
from cloudmart_cdk.policy.model import MISSING, Deployment, parsed
from cloudmart_cdk.settings.topology import EKS

from .acls import Acls
from .cluster_pods import PodFacts, addon_pods, chart_pods
from .endpoints import Endpoint, Place, Pod, Service
from .interfaces import CONTROL_PLANE, NODE, interfaces
from .network_policy import Cluster, policies_of
from .places import Places
from .routing import Routes
from .security_groups import SecurityGroups
from .verdict import PROTOCOLS, Protocol
from .vpc_cni import Agent

API_SERVICE: Final = "kubernetes-api"
"""The API server by its Service's address, as pods know it."""
OWN_NODE: Final = "own-node"
S3: Final = "s3"
"""By its gateway endpoint, where there is one. It never connects to anybody."""

_WORKLOADS: Final = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job")


class Landscape:
    """Everybody in one app, and the layers between them."""

    def __init__(self, app: Deployment) -> None:
        self._app = app
        self.behind = lru_cache(maxsize=None)(self._behind)
        self.policed = lru_cache(maxsize=None)(self._policed)
        self.groups, self.routes, self.acls = SecurityGroups.of(app), Routes(app), Acls(app)
        manifests = _unique(object_.data for object_ in objects(app))
        policies = policies_of(manifests)
        self.cluster = Cluster(
            policies,
            {
                str(each["metadata"]["name"]): each["metadata"].get("labels") or {}
                for each in manifests
                if each.get("kind") == "Namespace"
            },
        )
        blocks = [
            network
            for policy in policies
            for rules in policy.rules.values()
            for rule in rules
            for peer in rule.peers
            for network in (peer.block, *peer.excepted)
            if network is not None
        ]
        self._mentioned = {*self.groups.networks(), *self.routes.networks(), *self.acls.networks()}
        self._facts: list[PodFacts] = []
        self._kinds: dict[int, int] = {}
        self._numbers: dict[object, int] = {}
        self.places = Places(app, {*blocks, *self._mentioned})
        self.endpoints: dict[str, Endpoint] = {}
        self._add_interfaces()
        self._add_pods(manifests)
        self._add_neighbours()
        self._add_outside()
        self.services = tuple(self._services(manifests))
        addresses = [
            (each.pod, tuple(place.address for place in each.places)) for each in self.endpoints.values() if each.pod
        ]
        self.agent = Agent(self.cluster, tuple(addresses), self.services, enforced=self._cni("enableNetworkPolicy"))

    @property
    def service_range(self) -> IPv4Network:
        """Addresses of Services: the cluster's, or what the settings say it will be."""
        for cluster in self._app.of("AWS::EKS::Cluster"):
            stated = cluster.get("KubernetesNetworkConfig.ServiceIpv4Cidr")
            if stated is not MISSING:
                return IPv4Network(str(stated))
        return self._app.settings.eks.service_cidr

    @property
    def hop_limit(self) -> int:
        """Of the metadata service's answers on nodes; 1 ends at the node itself."""
        limits = [
            template.get("LaunchTemplateData.MetadataOptions.HttpPutResponseHopLimit")
            for template in self._app.of("AWS::EC2::LaunchTemplate")
            if template.stack == EKS
        ]
        return max((2 if limit is MISSING else int(limit) for limit in limits), default=2)

    def _behind(self, target: Endpoint, protocol: Protocol, port: int) -> tuple[tuple[Service, int], ...]:
        """Services that lead to a port of an endpoint, with the port that they listen on."""
        return tuple(self._leading_to(target, protocol, port))

    def _leading_to(self, target: Endpoint, protocol: Protocol, port: int) -> Iterator[tuple[Service, int]]:
        pod = target.pod
        for service in self.services:
            backs = service.backs == target.name or (
                pod is not None
                and bool(service.selector)
                and pod.namespace == service.namespace
                and all(pod.labels.get(key) == value for key, value in service.selector.items())
            )
            for (spoken, listening), own in service.ports.items():
                number = own if isinstance(own, int) else (pod.ports.get(own) if pod else None)
                if backs and spoken == protocol and number == port:
                    yield service, listening

    def edges(self) -> set[tuple[Protocol, int]]:
        """Ports at which some rule of any layer begins, or has just ended: between two of them no verdict changes."""
        ports = {(protocol, each) for protocol, *ends in self.groups.ports() for each in ends}
        for policy in self.cluster.policies:
            for rules in policy.rules.values():
                own = [port for rule in rules for port in rule.ports]
                ports |= {(port.protocol.lower(), each) for port in own for each in (port.first, port.last)}
        for ends in self.acls.ports():
            ports |= {(protocol, each) for protocol in PROTOCOLS for each in ends}
        edges = {(named, port + after) for named, port in ports for after in (0, 1)}
        return {(each, port) for each in PROTOCOLS for named, port in edges if named == each and 0 < port < 65536}

    def _policed(self, endpoint: Endpoint) -> bool:
        """Whether network policies close a pod, both ways."""
        pod = endpoint.isolated
        return pod is not None and all(self.cluster.isolating(pod, direction) for direction in ("Ingress", "Egress"))

    def kind(self, place: Place) -> int:
        """A number for all places that no group, route or ACL tells apart: what holds for one holds for all."""
        if id(place) not in self._kinds:
            ranges = tuple(place.address in network for network in self._mentioned)
            alike = (place.subnet, place.groups, place.public, place.prefix_list, ranges)
            self._kinds[id(place)] = self._numbers.setdefault(alike, len(self._numbers))
        return self._kinds[id(place)]

    def _cni(self, setting: str) -> bool:
        found = _addon_configuration(self._app, "vpc-cni").get(setting)
        return str(found).lower() == "true"

    def _add_interfaces(self) -> None:
        for each in interfaces(self._app):
            for subnet in each.subnets:
                self._put(each.name, self.places.inside(each.name, subnet, each.groups, public=each.public))

    def _put(self, name: str, places: Iterable[Place], **facts: Any) -> None:
        """Add an endpoint, or more places of one that there is already: colours, replicas, node groups."""
        known = self.endpoints.get(name)
        more = tuple(place for place in places if known is None or place not in known.places)
        facts.setdefault("on_node", name == NODE)
        self.endpoints[name] = Endpoint(name, (*(known.places if known else ()), *more), **facts)

    def _add_pods(self, manifests: Iterable[Any]) -> None:
        """Pods of every source, and in each of our namespaces one that nobody has foreseen."""
        node = self.endpoints.get(NODE)
        if node is None:
            return
        environment = _addon_configuration(self._app, "vpc-cni").get("env") or {}
        discovers = str(environment.get("ENABLE_SUBNET_DISCOVERY", "true")).lower() == "true"
        masked = str(environment.get("AWS_VPC_K8S_CNI_EXTERNALSNAT", "false")).lower() != "true"
        strangers = [PodFacts(f"stranger-{name}", Pod(name, {})) for name in self.cluster.namespaces]
        self._facts = [*_own_pods(manifests), *addon_pods(self._app), *chart_pods(self._app), *strangers]
        for facts in self._facts:
            if facts.pod.host_network:
                places = list(node.places)
            else:
                places = list(self.places.of_pods(facts.name, node, discovers=discovers, masked=masked))
            self._put(facts.name, places, pod=facts.pod, on_node=facts.pod.host_network)

    def _add_neighbours(self) -> None:
        """What is on every node or right beside it."""
        places = self.endpoints[NODE].places if NODE in self.endpoints else ()
        if places:
            self._put(OWN_NODE, places, own_node=True, on_node=False)
        first = min(self.routes.own, default=IPv4Network("10.0.0.0/16"), key=lambda own: own.prefixlen)
        resolver = next((own for own in self.routes.own if own == self._app.settings.network.cidr), first)
        for name, address in (
            ("pod-identity-agent", IPv4Address("169.254.170.23")),
            ("metadata", IPv4Address("169.254.169.254")),
            ("resolver", resolver.network_address + 2),
        ):
            self._put(name, [Place(address)], link_local=True, metadata=name == "metadata")
        if CONTROL_PLANE in self.endpoints:
            self._put(API_SERVICE, self.endpoints[CONTROL_PLANE].places)

    def _add_outside(self) -> None:
        lists = set(self.groups.prefix_lists())
        own = self._app.settings.network.cloudfront_prefix_lists.get(self._app.settings.region)
        for name, places in self.places.outside(self._app.settings.sources).items():
            self._put(name, places)
        for number, prefix_list in enumerate(sorted(lists | {S3})):
            name = "cloudfront" if prefix_list == own else prefix_list
            self._put(name, [self.places.listed(prefix_list, number)])

    def _services(self, manifests: Iterable[Any]) -> Iterator[Service]:
        hosts = iter(range(100, 65000))
        if CONTROL_PLANE in self.endpoints:
            yield Service("default", "kubernetes", self.service_range[1], {}, {("tcp", 443): 443}, backs=API_SERVICE)
        for facts in self._facts:
            for of_pod in facts.services:
                address = self.service_range[of_pod.host or next(hosts)]
                yield Service(facts.pod.namespace, of_pod.name, address, of_pod.selector, of_pod.ports)
        for data in manifests:
            spec = data.get("spec") or {}
            if data.get("kind") == "Service" and spec.get("clusterIP") != "None" and spec.get("selector"):
                ports = {
                    (str(port.get("protocol", "TCP")).lower(), int(port["port"])): port.get("targetPort", port["port"])
                    for port in spec.get("ports") or ()
                }
                metadata = data["metadata"]
                yield Service(
                    str(metadata.get("namespace", "default")),
                    str(metadata["name"]),
                    self.service_range[next(hosts)],
                    spec["selector"],
                    ports,
                )


def _addon_configuration(app: Deployment, name: str) -> dict[str, Any]:
    for addon in app.of("AWS::EKS::Addon"):
        if addon.get("AddonName") == name:
            configuration = parsed(addon.get("ConfigurationValues"))
            return configuration if isinstance(configuration, dict) else {}
    return {}


def _unique(manifests: Iterable[Any]) -> list[Any]:
    """One of each, however many variants a condition makes of its manifest. Network policies must not depend on any."""
    found: dict[str, Any] = {}
    for data in manifests:
        metadata = data.get("metadata") or {}
        key = f"{data.get('kind')} {metadata.get('namespace')}/{metadata.get('name')}"
        if data.get("kind") == "NetworkPolicy" and found.get(key, data) != data:
            raise ValueError(f"reachability: given two versions of {key}; allowed: one, whatever the parameters are")
        found.setdefault(key, data)
    return list(found.values())


def _own_pods(manifests: Iterable[Any]) -> Iterator[PodFacts]:
    for data in manifests:
        if data.get("kind") not in _WORKLOADS:
            continue
        template = data["spec"]["template"]
        ports = {
            str(port["name"]): int(port["containerPort"])
            for container in template["spec"].get("containers") or ()
            for port in container.get("ports") or ()
            if "name" in port
        }
        labels = (template.get("metadata") or {}).get("labels") or {}
        namespace = str(data["metadata"].get("namespace", "default"))
        pod = Pod(namespace, labels, ports, bool(template["spec"].get("hostNetwork")))
        yield PodFacts(str(data["metadata"]["name"]), pod)
