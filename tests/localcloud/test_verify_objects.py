"""The checks of what is recorded of the cluster: each passes for what the settings say, and fails for anything else."""

import copy
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from unittest import mock

import pytest

from cloudmart_cdk.service_releases import parameters
from cloudmart_cdk.settings import load_settings
from cloudmart_cdk.settings.topology import EKS
from localcloud.recorded import Chart, Everything, Manifest, Recorded
from localcloud.verify import objects
from localcloud.verify.table import Check
from localcloud.verify.view import Deployed, Stack, View

_STACK = "cloudmart-lab-EksPlatformStack"
_DIGEST = "sha256:" + "a" * 64
_SETTINGS = load_settings({"stage": "lab"})
_MANIFEST = "Custom::AWSCDK-EKS-KubernetesResource"


def _object(kind: str, name: str, spec: dict[str, Any] | None = None) -> Manifest:
    metadata = {"name": name, "namespace": "tiketi"}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **({"spec": spec} if spec else {})}


def _of_service(name: str) -> Iterator[Manifest]:
    """As the service table has it, no more than the checks look at."""
    service = _SETTINGS.eks.services[name]
    container = {
        "name": name,
        "image": _SETTINGS.eks.stand_in,
        "ports": [{"containerPort": service.port}],
        "resources": {
            "requests": {"cpu": f"{service.cpu_request}m", "memory": f"{service.memory_request}Mi"},
            "limits": {"cpu": f"{service.cpu_limit}m", "memory": f"{service.memory_limit}Mi"},
        },
    }
    yield _object("Deployment", name, {"template": {"spec": {"containers": [container]}}})
    target = {"scaleTargetRef": {"kind": "Deployment", "name": name}}
    if service.queue_length:
        bounds = {"minReplicaCount": service.replicas, "maxReplicaCount": service.hpa_max}
        yield _object("ScaledObject", name, {"scaleTargetRef": {"name": name}, **bounds})
    else:
        bounds = {"minReplicas": service.replicas, "maxReplicas": service.hpa_max}
        yield _object("HorizontalPodAutoscaler", name, {**target, **bounds})
    for track in (name, f"{name}-canary"):
        yield _object("Service", track, {"ports": [{"port": service.port}]})
        reference = {"serviceRef": {"name": track, "port": service.port}, "targetType": "ip"}
        yield _object("TargetGroupBinding", track, {**reference, "targetGroupARN": f"arn:{track}"})
    for kind in ("ServiceAccount", "PodDisruptionBudget", "NetworkPolicy"):
        yield _object(kind, name)


def _everything(change: Callable[[dict[str, Any]], object] = lambda _: None) -> Everything:
    """All services; `change` gets a copy of the objects by `Kind/name`, and may drop some too."""
    made = {f"{m['kind']}/{m['metadata']['name']}": m for name in _SETTINGS.eks.services for m in _of_service(name)}
    made = copy.deepcopy(made)
    change(made)
    charts = [
        Chart(cluster="c", stack=_STACK, id=name, release=name, namespace="platform", chart=name, repository="r",
              version=_SETTINGS.eks.charts[name], values={})
        for name in ("aws-load-balancer-controller", "cluster-autoscaler", "metrics-server", "keda")
    ]  # fmt: skip
    recorded = [Recorded(cluster="c", stack=_STACK, id="M", manifest=manifest) for manifest in made.values()]
    return Everything(objects=recorded, charts=charts)


def _view(recorded: Everything, **values: str) -> Any:
    seen = mock.MagicMock(spec=View)
    seen.settings, seen.objects = _SETTINGS, recorded
    seen.cloud = mock.Mock(account="111111111111", region="ap-northeast-2")
    given = {name: "" for service in _SETTINGS.eks.services for name in parameters(service).all()} | values
    stack = Stack(id=EKS, name=_STACK, region="r", status="", outputs={}, exports={}, parameters=given, resources=[])
    stack.resources.append(Deployed("M", _MANIFEST, "m"))
    seen.stacks = {EKS: stack}
    return seen


def _failed(checks: Iterable[Check]) -> set[str]:
    return {check.what for check in checks if not check.passed}


def _auth(view: Any) -> set[str]:
    return _failed(objects._service(view, view.objects, "auth", _SETTINGS.eks.services["auth"]))


def test_the_table_as_it_is_recorded_passes() -> None:
    view = _view(_everything())
    for name, service in _SETTINGS.eks.services.items():
        assert _failed(objects._service(view, view.objects, name, service)) == set()


def _container(made: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = made["Deployment/auth"]["spec"]["template"]["spec"]["containers"][0]
    return answer


@pytest.mark.parametrize(
    ("change", "failing"),
    [
        (lambda made: made.pop("Deployment/auth"), "auth: Deployment"),
        (lambda made: made.pop("NetworkPolicy/auth"), "auth: NetworkPolicy"),
        (lambda made: made.pop("TargetGroupBinding/auth-canary"), "auth: TargetGroupBinding"),
        (lambda made: _container(made).update(image="other"), "auth: image"),
        (lambda made: _container(made)["ports"][0].update(containerPort=1), "auth: ports"),
        (lambda made: _container(made)["resources"]["limits"].update(memory="1Gi"), "auth: millicores and MiB"),
        (lambda made: made["HorizontalPodAutoscaler/auth"]["spec"].update(minReplicas=1), "auth: pods at least"),
        (lambda made: made["HorizontalPodAutoscaler/auth"]["spec"].update(maxReplicas=99), "auth: most"),
    ],
)
def test_another_row_fails(change: Callable[[dict[str, Any]], object], failing: str) -> None:
    assert _auth(_view(_everything(change))) == {failing}


def test_parameters_decide_image_minimum_and_canary() -> None:
    released = f"111111111111.dkr.ecr.ap-northeast-2.amazonaws.com/cloudmart-lab/auth@{_DIGEST}"
    assert _auth(_view(_everything(), AuthImage=_DIGEST)) == {"auth: image"}
    right = _everything(lambda made: _container(made).update(image=released))
    assert _auth(_view(right, AuthImage=_DIGEST)) == set()
    assert _auth(_view(right, AuthImage=_DIGEST, AuthMinimum="3")) == {"auth: pods at least"}
    assert _auth(_view(right, AuthImage=_DIGEST, AuthCanaryImage=_DIGEST)) == {"auth: Deployment"}


def test_charts_follow_the_settings() -> None:
    recorded = _everything()
    assert _failed(objects._charts(_view(recorded), recorded)) == set()
    view = _view(recorded)
    view.settings = load_settings({"stage": "lab", "eks.vertical_recommendations": "true"})
    assert _failed(objects._charts(view, recorded)) == {"charts, (version, namespace)"}
    recorded.charts.pop()
    assert _failed(objects._charts(_view(recorded), recorded)) == {"charts, (version, namespace)"}


@pytest.mark.parametrize(
    ("associations", "failing"),
    [
        ([], None),
        ([("platform", "keda")], None),
        ([("kube-system", "aws-node")], None),
        ([("platform", "nobody")], "Pod Identity associations without a service account"),
        ([("tiketi", "nobody")], "Pod Identity associations without a service account"),
    ],
)
def test_an_identity_needs_its_account(associations: list[tuple[str, str]], failing: str | None) -> None:
    recorded = _everything()
    view = _view(recorded)
    view.of.return_value = [Deployed("C", "AWS::EKS::Cluster", "c")]
    services = [("tiketi", name) for name in _SETTINGS.eks.services]
    page = {"associations": [{"namespace": n, "serviceAccount": s} for n, s in (*services, *associations)]}
    view.client().get_paginator().paginate.return_value = [page]
    found = _failed(objects._identities(view, recorded)) - {"services with an identity"}
    assert found == ({failing} if failing else set())


def _template(*names: str, more: str = "") -> dict[str, Any]:
    """A manifest of ConfigMaps, with tokens at the places where CDK puts them."""
    parts = [json.dumps(_object("ConfigMap", name))[:-1] + ', "data": {"a": "' for name in names]
    joined: list[Any] = ["["]
    for number, part in enumerate(parts):
        joined += [(", " if number else "") + part, {"Ref": "Anything"}, '"}}']
    return {"Resources": {"M": {"Properties": {"Manifest": {"Fn::Join": ["", [*joined, "]"]]}}}}}


@pytest.mark.parametrize(
    ("recorded", "failing"),
    [
        ([_object("ConfigMap", "a"), _object("ConfigMap", "b")], set()),
        ([_object("ConfigMap", "a")], {"objects of M"}),
        ([_object("ConfigMap", "a"), _object("ConfigMap", "b"), _object("Secret", "c")], {"objects of M"}),
        (
            [_object("ConfigMap", "a"), _object("ConfigMap", "b", {"x": "${Token[TOKEN.1]}"})],
            {"objects with a token that is not resolved"},
        ),
        (
            [_object("ConfigMap", "a"), _object("ConfigMap", "b", {"x": {"Ref": "Y"}})],
            {"objects with a token that is not resolved"},
        ),
    ],
)
def test_every_object_of_the_template_is_recorded(recorded: list[Manifest], failing: set[str]) -> None:
    kept = Everything(objects=[Recorded(cluster="c", stack=_STACK, id="M", manifest=each) for each in recorded])
    view = _view(kept)
    view.client().get_template.return_value = {"TemplateBody": _template("a", "b")}
    assert _failed(objects._as_templates(view, kept)) == failing


def test_what_was_left_behind_is_named() -> None:
    left = Recorded(cluster="c", stack=_STACK, id="M", manifest=_object("ConfigMap", "old"), left=True)
    kept = Recorded(cluster="c", stack=_STACK, id="M", manifest=_object("ConfigMap", "a"))
    view = _view(Everything(objects=[kept, left]))
    view.client().get_template.return_value = {"TemplateBody": _template("a")}
    assert _failed(objects._as_templates(view, view.objects)) == {"objects that no manifest names any more"}


def test_a_binding_fits_its_target_group() -> None:
    recorded = _everything()
    view = _view(recorded)
    ports = {f"arn:{o.name}": o.manifest["spec"]["serviceRef"]["port"] for o in recorded.of("TargetGroupBinding")}
    view.of.return_value = [Deployed(arn, "AWS::ElasticLoadBalancingV2::TargetGroup", arn) for arn in ports]

    def described(*, type_name: str) -> Callable[..., dict[str, Any]]:
        def describe(TargetGroupArns: list[str]) -> dict[str, Any]:  # noqa: N803  # boto's name
            (arn,) = TargetGroupArns
            return {"TargetGroups": [{"TargetGroupArn": arn, "TargetType": type_name, "Port": ports[arn]}]}

        return describe

    view.client().describe_target_groups.side_effect = described(type_name="ip")
    assert _failed(objects._bindings(view, recorded)) == set()
    ports["arn:auth"] = 1
    assert _failed(objects._bindings(view, recorded)) == {"binding auth, port of its target group"}
    ports["arn:auth"] = _SETTINGS.eks.services["auth"].port
    view.client().describe_target_groups.side_effect = described(type_name="instance")
    assert len(_failed(objects._bindings(view, recorded))) == len(ports)
    del recorded.objects[recorded.objects.index(next(iter(recorded.of("TargetGroupBinding"))))]
    assert "target groups, each bound once" in _failed(objects._bindings(view, recorded))


@pytest.mark.parametrize(("text", "amount"), [("100m", 100), ("1", 1000), ("2Gi", 2048), ("64Mi", 64), (None, None)])
def test_quantities(text: str | None, amount: float | None) -> None:
    assert objects._amount(text) == amount
