"""The schemas take what is right, and nothing that the API server would refuse or drop."""

import json
from typing import Any, Final

import pytest

from tests.kubernetes.sample_objects import Object, an_object
from tests.kubernetes.samples import CONTAINER, GONE, Sample, put
from tests.kubernetes.schemas import CRDS, custom_kinds, violations

VERSION: Final = "1.35"

_RECOMMENDED: Final = an_object(
    "keda.sh/v1alpha1",
    "TriggerAuthentication",
    "queue",
    {"podIdentity": {"provider": "aws"}},
)
_SERVICES: Final = an_object(
    "monitoring.coreos.com/v1",
    "ServiceMonitor",
    "services",
    {"selector": {"matchLabels": {"app": "auth"}}, "endpoints": [{"port": "http", "interval": "30s"}]},
)
_PODS: Final = an_object(
    "monitoring.coreos.com/v1",
    "PodMonitor",
    "services",
    {"selector": {}, "podMetricsEndpoints": [{"port": "http", "path": "/metrics"}]},
)
_ALERTS: Final = an_object(
    "monitoring.coreos.com/v1",
    "PrometheusRule",
    "services",
    {"groups": [{"name": "services", "rules": [{"alert": "Errors", "expr": "up == 0", "for": "5m"}]}]},
)
_OTHERS: Final = (_RECOMMENDED, _SERVICES, _PODS, _ALERTS)


def _samples() -> list[Object]:
    return [*Sample().documents(), *_OTHERS]


def test_the_samples_are_valid() -> None:
    assert {each["kind"]: [*violations(each, VERSION)] for each in _samples()} == {
        each["kind"]: [] for each in _samples()
    }


def test_every_custom_kind_is_among_the_samples() -> None:
    assert {*custom_kinds()} <= {(each["apiVersion"], each["kind"]) for each in _samples()}


_NUMBER: Final = 7
_BAD: Final[tuple[tuple[str, str, Any, str], ...]] = (
    ("Deployment", f"{CONTAINER}.imagePullPolice", "Always", "imagePullPolice"),
    ("Deployment", f"{CONTAINER}.env.0.value", 3001, "3001"),
    ("Deployment", "spec.template.spec.terminationGracePeriodSeconds", "60", "60"),
    ("Deployment", "spec.selector", GONE, "selector"),
    ("Service", "spec.ports.0.port", GONE, "port"),
    ("HorizontalPodAutoscaler", "spec.maxReplicas", GONE, "maxReplicas"),
    ("NetworkPolicy", "spec.egress.0.form", [], "form"),
    ("PodDisruptionBudget", "spec.minimum", 1, "minimum"),
    ("TargetGroupBinding", "spec.targetGroupARN", "AuthGroup", "AuthGroup"),
    ("TargetGroupBinding", "spec.targetGroupArn", "x", "targetGroupArn"),
    ("TargetGroupBinding", "spec.targetType", "pod", "pod"),
    ("TargetGroupBinding", "spec.serviceRef.port", GONE, "port"),
    ("ScaledObject", "spec.triggers.0.metadata.value", _NUMBER, "7"),
    ("ScaledObject", "spec.triggers", [], "[]"),
    ("ScaledObject", "spec.minReplicas", 1, "minReplicas"),
    ("ScaledObject", "spec.advanced", {"horizontalPodAutoscalerConfig": {"behaviour": {}}}, "behaviour"),
    ("TriggerAuthentication", "spec.podIdentity.provider", "irsa", "irsa"),
    ("VerticalPodAutoscaler", "spec.updatePolicy.updateMode", False, "false"),
    ("VerticalPodAutoscaler", "spec.targetRef.kind", GONE, "kind"),
    ("ServiceMonitor", "spec.endpoints.0.interval", "half a minute", "half a minute"),
    ("ServiceMonitor", "spec.selector", GONE, "selector"),
    ("PodMonitor", "spec.podMetricsEndpoints", [], "[]"),
    ("PrometheusRule", "spec.groups.0.rules.0.alert", GONE, "valid"),
    ("PrometheusRule", "spec.groups.0.rules.0.labels", {"page": _NUMBER}, "7"),
)


@pytest.mark.parametrize(("kind", "path", "given", "says"), _BAD, ids=[f"{kind}.{path}" for kind, path, *_ in _BAD])
def test_what_does_not_fit_is_refused(kind: str, path: str, given: Any, says: str) -> None:
    document = next(each for each in _samples() if each["kind"] == kind)
    changed = json.loads(json.dumps(document))
    put(changed, path, given)
    assert says in " ".join(violations(changed, VERSION))


def test_every_custom_kind_has_a_document_that_is_refused() -> None:
    assert {kind for _, kind in custom_kinds()} <= {kind for kind, *_ in _BAD}


def test_a_kind_that_nobody_defines_is_refused() -> None:
    unknown = an_object("example.com/v1", "Certificate", "x", {})
    assert [*violations(unknown, VERSION)] == [
        "no schema for Certificate of example.com/v1 in Kubernetes 1.35, nor in crds/"
    ]


def test_each_schema_says_where_its_fields_are_from() -> None:
    readme = (CRDS / "README.md").read_text(encoding="utf-8")
    for file in CRDS.glob("*.json"):
        source = json.loads(file.read_text(encoding="utf-8"))["$comment"]
        assert "Apache-2.0" in source, file.name
        assert f"`{file.name}`" in readme, file.name
