"""A namespace that is closed until something opens it."""

from typing import Any

import pytest

from cloudmart_cdk.constructs.closed_namespace import closed_namespace
from tests.kubernetes.schemas import violations

OBJECTS = closed_namespace("shows", version="1.35", labels={"team": "shows"})


@pytest.mark.parametrize("manifest", OBJECTS, ids=lambda each: str(each["kind"]))
def test_kubernetes_would_take_it(manifest: dict[str, Any]) -> None:
    assert list(violations(manifest, "1.35")) == []


def test_pods_are_restricted_and_nothing_goes_in_or_out() -> None:
    namespace, deny, quota = OBJECTS
    labels = namespace["metadata"]["labels"]
    assert labels.pop("team") == "shows"
    assert set(labels.values()) == {"restricted", "v1.35"}
    assert {key.rpartition("/")[2] for key in labels} >= {"enforce", "enforce-version"}
    assert deny["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert set(quota["spec"]["hard"]) >= {"services.loadbalancers", "services.nodeports", "count/jobs.batch"}
    assert set(quota["spec"]["hard"].values()) == {"0"}
    assert {each["metadata"]["namespace"] for each in (deny, quota)} == {"shows"}
