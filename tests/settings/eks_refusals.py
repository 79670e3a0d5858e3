"""Bad input about the cluster: sizes, room for pods, addresses, versions, people, the service table."""

from typing import Final

from tests.settings.refusal import Refusal
from tests.settings.refusal import of as _of


def _service(name: str, **figures: str) -> dict[str, str]:
    """A seventh service, with what its row needs."""
    row = {
        "port": "3007",
        "path": "/api/more",
        "cpu_request": "10",
        "cpu_limit": "10",
        "memory_request": "16",
        "memory_limit": "16",
        "replicas": "1",
        "hpa_max": "1",
        **figures,
    }
    return {f"eks.services.{name}.{key}": value for key, value in row.items()}


EKS: Final = {
    "nodes min above desired": _of("eks.on_demand.min", "given 3", "eks.on_demand.desired", eks__on_demand__min="3"),
    "nodes desired above max": _of("eks.spot.desired", "given 1", "eks.spot.max, which is 0", eks__spot__desired="1"),
    "two architectures": _of(
        "eks.spot.instance_types", "one architecture", eks__spot__instance_types="t3.medium,t4g.medium"
    ),
    "odd nodes in two zones": _of("eks.on_demand.desired", "even", stage="prod", eks__on_demand__desired="3"),
    "no port for webhooks": _of("eks.webhook_ports", eks__webhook_ports=""),
    "no node that stays": _of(
        "eks.on_demand.max", "at least 1", eks__on_demand__min="0", eks__on_demand__desired="0", eks__on_demand__max="0"
    ),
    "more replicas than the HPA allows": _of(
        "eks.services.auth.replicas", "at most eks.services.auth.hpa_max, which is 3", eks__services__auth__replicas="4"
    ),
    "request above limit": _of("eks.services.auth.cpu_request", "cpu_limit", eks__services__auth__cpu_request="600"),
    "memory above limit": _of("eks.services.auth.memory_request", eks__services__auth__memory_request="600"),
    "ports with a gap": _of("eks.services.*.port", "without gaps", eks__services__auth__port="3010"),
    "one path twice": _of("eks.services.*.path", "each path once", eks__services__auth__path="/api/events"),
    "replicas above the least nodes": _of(
        "eks.on_demand.min",
        "of 27 pods find no place on 1 node",
        "2 or more, to hold",
        "use -c eks.on_demand.min=2,",
        eks__on_demand__min="1",
    ),
    "options above the first nodes": _of(
        "eks.on_demand.desired",
        "find no place on 2 nodes",
        "use -c eks.on_demand.desired=3,",
        eks__prometheus="true",
    ),
    "more pods than kubelet admits": _of(
        "eks.on_demand.min", "5 of 27 pods", "on 2 nodes that take more pods (eks.max_pods)", eks__max_pods="17"
    ),
    "memory kept for pods that never come": _of(
        "eks.on_demand.min", "for want of memory", "11 MiB of a node for each of eks.max_pods", eks__max_pods="110"
    ),
    "nodes short of CPU": _of(
        "eks.on_demand.min", "for want of CPU, first notification", eks__services__queue__replicas="5"
    ),
    "nodes too small for any number of them": _of(
        "eks.on_demand.min", "larger eks.on_demand.instance_types", eks__on_demand__instance_types="t3.micro"
    ),
    "HPA maxima above the nodes": _of(
        "eks.services.*.hpa_max",
        "of 51 pods find no place on 3 nodes, first payment (150m CPU, 256 MiB, on-demand nodes only)",
        "use -c eks.on_demand.max=5",
        eks__services__queue__hpa_max="20",
    ),
    "HPA maxima above any number of nodes": _of(
        "eks.services.*.hpa_max",
        "lower hpa_max of a service, or choose larger eks.on_demand.instance_types",
        eks__services__queue__hpa_max="100000",
    ),
    "addresses of Services that the VPC has": _of(
        "eks.service_cidr", "apart from network.cidr 10.0.0.0/16", eks__service_cidr="10.0.128.0/20"
    ),
    "addresses of Services that pods have": _of(
        "eks.service_cidr",
        "apart from network.pods_cidr 172.20.0.0/16",
        network__pods_cidr="172.20.0.0/16",
        network__pods="172.20.0.0/17,172.20.128.0/17",
    ),
    "public addresses of Services": _of(
        "eks.service_cidr", "/12 to /24 of 10.0.0.0/8", "172.20.0.0/16", eks__service_cidr="100.128.0.0/16"
    ),
    "too few addresses of Services": _of("eks.service_cidr", "/12 to /24", eks__service_cidr="172.20.0.0/25"),
    "chart too old": _of(
        "eks.charts.metrics-server", "3.13.0 or newer on Kubernetes", **{"eks__charts__metrics-server": "3.12.2"}
    ),
    "version without its add-ons": _of(
        "eks.addons.coredns", "v1.14.3-eksbuild.3 or newer on Kubernetes 1.36", eks__version="1.36"
    ),
    "add-on too old": _of(
        "eks.addons.vpc-cni", "or newer on Kubernetes", **{"eks__addons__vpc-cni": "v1.0.0-eksbuild.1"}
    ),
    "kube-proxy of another version": _of(
        "eks.addons.kube-proxy", "goes with Kubernetes", **{"eks__addons__kube-proxy": "v9.9.0-eksbuild.1"}
    ),
    "administrator and developer": _of(
        "eks.developers",
        "not among eks.admins",
        eks__admins="arn:aws:iam::123456789012:role/Admin",
        eks__developers="arn:aws:iam::123456789012:role/Admin",
    ),
    "service that is called but not there": _of(
        "eks.services.event.calls",
        "given serach",
        "auth, queue",
        "add eks.services.serach",
        eks__services__event__calls="serach",
    ),
    "service that calls itself": _of(
        "eks.services.event.calls", "given event", "other services", eks__services__event__calls="event"
    ),
    "service called twice": _of(
        "eks.services.event.calls", "given queue,queue", "name queue once", eks__services__event__calls="queue,queue"
    ),
    "service named as a release": Refusal(
        _service("auth-canary"), "eks.services.auth-canary", ("without -canary", "rename the service")
    ),
    "service named as what is there already": Refusal(
        _service("default"), "eks.services.default", ("service account", "rename the service")
    ),
    "service whose name no repository takes": Refusal(
        _service("a--b-"), "eks.services.a--b-", ("single hyphens", "use a-b")
    ),
    "services alike without hyphens": Refusal(
        _service("a-1b") | _service("a1b", port="3008", path="/api/other"),
        "eks.services",
        ("given a-1b,a1b", "rename all of them but one"),
    ),
}
