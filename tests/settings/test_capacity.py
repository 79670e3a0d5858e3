"""What nodes hold: the arithmetic against AWS's own figures, the placement against hand-made cases, and every stage."""

import dataclasses

import pytest

from cloudmart_cdk.settings import capacity, catalogue, load_settings, system_pods
from cloudmart_cdk.settings.capacity import Pod, Reserved, Room
from cloudmart_cdk.settings.model import Eks

STAGES = ("lab", "dev", "staging", "prod")
NODE = Room(1000, 1000, 10)


def _eks(stage: str = "lab", **context: str) -> Eks:
    return load_settings({"stage": stage, **{key.replace("__", "."): value for key, value in context.items()}}).eks


@pytest.mark.parametrize(
    ("vcpu", "max_pods", "expected"),
    [
        # nodeadm/internal/kubelet/config_test.go and EKS's own nodes: 17 pods on a t3.medium, 29 on a c5.large.
        (2, 17, Reserved(70, 442)),
        (2, 29, Reserved(70, 574)),
        (4, 58, Reserved(80, 893)),
        (8, 58, Reserved(90, 893)),
    ],
)
def test_kubelet_keeps_what_nodeadm_would(vcpu: int, max_pods: int, expected: Reserved) -> None:
    assert capacity.reserved(vcpu, max_pods=max_pods) == expected


def test_one_figure_is_kept_on_all_classes() -> None:
    eks = _eks(eks__spot__instance_types="t3.medium,m6i.large")
    assert capacity.widest_reserved((eks.on_demand, eks.spot), max_pods=40) == Reserved(70, 695)


def test_what_a_t3_medium_leaves_to_pods() -> None:
    """4096 MiB are about 3,840 to the kernel; 3788 are reckoned with, less 695 and the eviction threshold of 100."""
    node = capacity.allocatable(catalogue.EC2["t3.medium"], kept=Reserved(70, 695), max_pods=40)
    assert node == Room(1930, 2993, 40)


def test_daemon_sets_are_on_every_node() -> None:
    eks = _eks()
    daemons = [pod for pod in capacity.system(eks) if pod.per_node]
    left = capacity.room(eks, eks.on_demand)
    assert {pod.name for pod in daemons} == {
        *("aws-node", "kube-proxy", "eks-pod-identity-agent", "ebs-csi-node", "cloudwatch-agent", "fluent-bit")
    }
    assert left == Room(
        1930 - sum(pod.cpu_m for pod in daemons), 2993 - sum(pod.memory_mib for pod in daemons), 40 - len(daemons)
    )


def test_the_worst_class_of_a_group_counts() -> None:
    mixed, alone = _eks(eks__spot__instance_types="m6i.large,t3.medium"), _eks(eks__spot__instance_types="t3.medium")
    assert capacity.room(mixed, mixed.spot) == capacity.room(alone, alone.spot)
    large = _eks(eks__spot__instance_types="m6i.large")
    assert capacity.room(large, large.spot).memory_mib == capacity.room(alone, alone.spot).memory_mib + 3789


@pytest.mark.parametrize(
    ("pods", "left"),
    [
        ([Pod("a", 600, 100), Pod("b", 500, 100)], ["b"]),
        # The largest first: 400 + 600 and 500 + 500; in the given order the last would find 100 on either.
        ([Pod("a", 400, 1), Pod("b", 500, 1), Pod("c", 500, 1), Pod("d", 600, 1)], []),
        ([Pod("a", 1, 600), Pod("b", 1, 600), Pod("c", 1, 600)], ["c"]),
        ([Pod("a", 1001, 1)], ["a"]),
    ],
)
def test_cpu_and_memory_are_those_of_one_node(pods: list[Pod], left: list[str]) -> None:
    nodes = [NODE] if len(pods) < 3 else [NODE, NODE]
    assert [pod.name for pod in capacity.place(pods, on_demand=nodes, spot=[])] == left


def test_a_sum_that_fits_may_have_no_place() -> None:
    """Three nodes of 1000m hold 3000m, but not four pods of 700m."""
    pods = [Pod("a", 700, 1)] * 4
    assert len(capacity.place(pods, on_demand=[NODE] * 3, spot=[])) == 1


def test_no_more_pods_than_a_node_takes() -> None:
    pods = [Pod("a", 0, 0)] * 11
    assert len(capacity.place(pods, on_demand=[NODE], spot=[])) == 1


def test_who_must_not_move_is_on_demand_and_others_leave_the_place_to_them() -> None:
    pods = [Pod("any", 1000, 1, moves=True), Pod("stays", 1000, 1, stays=True)]
    assert capacity.place(pods, on_demand=[NODE], spot=[NODE]) == ()
    assert capacity.place(pods[1:] * 2, on_demand=[NODE], spot=[NODE]) == (pods[1],)
    assert capacity.place(pods[:1] * 2, on_demand=[NODE], spot=[NODE]) == ()


def test_pods_of_a_stage_are_its_services_and_its_own() -> None:
    eks = _eks()
    least, most = capacity.wanted(eks, "replicas"), capacity.wanted(eks, "hpa_max")
    services = [pod for pod in least if pod.stays != pod.moves and pod.name in eks.services]
    assert len(services) == sum(service.replicas for service in eks.services.values()) == 14
    assert len(most) - len(least) == sum(s.hpa_max - s.replicas for s in eks.services.values())
    assert {pod.name for pod in least if pod.stays} >= {"queue", "payment", "cluster-autoscaler"}


def test_options_bring_their_pods() -> None:
    off, on = _eks("prod"), _eks("prod", eks__prometheus="true", eks__vertical_recommendations="true")
    more = set(capacity.wanted(on, "replicas")) - set(capacity.wanted(off, "replicas"))
    assert {(pod.name, pod.cpu_m, pod.memory_mib) for pod in more} == {
        ("recommender", 50, 300),
        ("operator", 50, 64),
        ("prometheus", 110, 544),  # with the container beside it
        ("kube-state-metrics", 20, 64),
        ("grafana", 50, 192),
    }


def test_releases() -> None:
    eks = _eks()
    assert [(pod.cpu_m, pod.memory_mib) for pod in capacity.new_pod(eks)] == [(200, 256)]
    assert {(pod.name, len(capacity.canary(eks))) for pod in capacity.canary(eks)} == {("queue", 3)}


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_fits_its_least_its_first_and_its_most_nodes(stage: str) -> None:
    """Specification section 6: services at their replicas on the minimum, at their maxima on the maximum."""
    eks = _eks(stage)
    for plan in (capacity.at_minimum(eks), capacity.at_start(eks), capacity.at_maximum(eks)):
        assert plan.left == ()
    assert capacity.at_minimum(eks).nodes == 2


def test_a_release_in_lab_needs_no_third_node_however_pods_are_spread() -> None:
    """The scheduler fills nodes evenly, not one by one: what is left is split. Half of it holds the new pod."""
    eks = _eks("lab")
    room, pods = capacity.room(eks, eks.on_demand), capacity.wanted(eks, "replicas")
    (new,) = capacity.new_pod(eks)
    assert (2 * room.cpu_m - sum(pod.cpu_m for pod in pods)) // 2 >= new.cpu_m
    assert (2 * room.memory_mib - sum(pod.memory_mib for pod in pods)) // 2 >= new.memory_mib


@pytest.mark.parametrize("stage", ["staging", "prod"])
def test_only_small_stages_cut_the_maxima_of_the_specification(stage: str) -> None:
    maxima = {name: service.hpa_max for name, service in _eks(stage).services.items()}
    assert maxima == {"auth": 10, "event": 10, "queue": 20, "reservation": 15, "payment": 10, "notification": 10}


def test_lab_would_not_hold_them() -> None:
    eks, full = _eks("lab"), _eks("prod").services
    assert capacity.at_maximum(eks.model_copy(update={"services": full})).left


def test_the_agents_own_request_would_leave_no_room_for_a_release(monkeypatch: pytest.MonkeyPatch) -> None:
    """Why the CloudWatch agent's 250m are cut to 100m."""
    eks = _eks()
    (agent, *others) = system_pods.pods("amazon-cloudwatch-observability")
    heavy = (dataclasses.replace(agent, cpu_m=250), *others)
    monkeypatch.setitem(system_pods._PODS, "amazon-cloudwatch-observability", heavy)
    assert capacity.at_minimum(eks).left


@pytest.mark.parametrize("source", [*system_pods.ADDON_PODS, *system_pods.CHART_PODS])
def test_names_are_unique_and_beside_something(source: str) -> None:
    pods = system_pods._PODS[source]
    names = [pod.name for pod in pods]
    assert len(set(names)) == len(names)
    assert {pod.beside for pod in pods} <= {"", *names}


def test_resources_as_kubernetes_writes_them() -> None:
    assert system_pods.resources("keda", "webhooks") == {
        "requests": {"cpu": "10m", "memory": "50Mi"},
        "limits": {"memory": "128Mi"},
    }
    assert "limits" not in system_pods.resources("amazon-cloudwatch-observability", "controller-manager")
    with pytest.raises(KeyError, match="keda: nobody"):
        system_pods.resources("keda", "nobody")


def test_requests_stay_below_limits() -> None:
    for pods in system_pods._PODS.values():
        assert all(not pod.memory_limit_mib or pod.memory_mib <= pod.memory_limit_mib for pod in pods)
