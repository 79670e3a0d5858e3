"""Which pods the recorded objects would have: by binding, Service, labels, ports and the autoscaler's minimum."""

from typing import Any

import pytest

from localcloud.recorded import Everything, Manifest, Recorded
from localcloud.workloads import Binding, workloads
from tests.localcloud import platform
from tests.localcloud.platform import NAMESPACE, PORT

_KEY = ("a", NAMESPACE, "seats")


def recorded(*manifests: Manifest, cluster: str = "a") -> Everything:
    return Everything(objects=[Recorded(cluster=cluster, stack="s", id="i", manifest=each) for each in manifests])


def service(**changes: Any) -> Manifest:
    made = platform.service("seats", "stable")
    made["spec"] |= changes
    return made


DEPLOYMENT = platform.deployment("seats", "stable", replicas=3)
BINDING = platform.binding("seats")


def test_a_bound_deployment_has_its_pods() -> None:
    (found,) = workloads(recorded(DEPLOYMENT, service(), BINDING)).values()
    assert (found.key, found.replicas, found.service, found.track) == (_KEY, 3, "seats", "stable")
    assert (found.image, found.bindings) == ("@Image@", (Binding(group="@Group@", port=PORT),))


@pytest.mark.parametrize(
    "objects",
    [
        [DEPLOYMENT],
        [DEPLOYMENT, service()],
        [DEPLOYMENT, BINDING],
        [DEPLOYMENT, service(selector={"app.kubernetes.io/name": "other"}), BINDING],
        [DEPLOYMENT, service(selector={}), BINDING],
        [DEPLOYMENT, service(ports=[{"port": 1, "targetPort": PORT}]), BINDING],
        [DEPLOYMENT, service(ports=[{"port": PORT, "targetPort": "nobody"}]), BINDING],
    ],
    ids=["alone", "without binding", "without service", "others", "nobody", "another port", "no such port"],
)
def test_what_is_not_bound_has_none(objects: list[Manifest]) -> None:
    assert workloads(recorded(*objects)) == {}


@pytest.mark.parametrize(
    "port", [{"port": PORT}, {"port": PORT, "targetPort": PORT}, {"port": PORT, "targetPort": "http"}]
)
def test_a_port_is_named_or_numbered(port: dict[str, Any]) -> None:
    (found,) = workloads(recorded(DEPLOYMENT, service(ports=[port]), BINDING)).values()
    assert [binding.port for binding in found.bindings] == [PORT]


def _scaled(minimum: int) -> Manifest:
    scaled = platform.scaler("seats", 1)
    scaled["kind"], scaled["apiVersion"] = "ScaledObject", "keda.sh/v1alpha1"
    scaled["spec"] = {"scaleTargetRef": {"name": "seats"}, "minReplicaCount": minimum, "maxReplicaCount": 9}
    return scaled


@pytest.mark.parametrize(
    ("scaler", "number"), [(platform.scaler("seats", 5), 5), (_scaled(4), 4), (platform.scaler("other", 5), 3)]
)
def test_who_scales_it_decides_the_number(scaler: Manifest, number: int) -> None:
    (found,) = workloads(recorded(DEPLOYMENT, service(), BINDING, scaler)).values()
    assert found.replicas == number


def test_only_another_pod_template_makes_other_pods() -> None:
    fewer = platform.deployment("seats", "stable", replicas=1)
    other = platform.deployment("seats", "stable", replicas=3)
    other["spec"]["template"]["metadata"]["annotations"] = {"release": "again"}
    first, same, another = (
        next(iter(workloads(recorded(each, service(), BINDING)).values())).template
        for each in (DEPLOYMENT, fewer, other)
    )
    assert first == same != another


def test_clusters_do_not_meet() -> None:
    one, two = recorded(DEPLOYMENT, cluster="a"), recorded(service(), BINDING, cluster="b")
    assert workloads(Everything(objects=[*one.objects, *two.objects])) == {}
