"""Controllers in the templates: order, rights, releases, options. Specification section 6."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from cloudmart_cdk.policy.model import text_of
from cloudmart_cdk.settings.topology import EKS
from tests.conftest import Synthesize
from tests.support import Resource, Synthesized

STAGES = ("lab", "dev", "staging", "prod")
CHART = "Custom::AWSCDK-EKS-HelmChart"
MANIFEST = "Custom::AWSCDK-EKS-KubernetesResource"
OPTION = {"eks.vertical_recommendations": "true"}
LEAST = ("aws-load-balancer-controller", "cluster-autoscaler", "keda", "metrics-server")


def _charts(app: Synthesized) -> dict[str, tuple[str, Resource]]:
    """Chart -> logical id and resource."""
    return {resource["Properties"]["Chart"]: (id, resource) for id, resource in app.resources(EKS, CHART).items()}


def _before(app: Synthesized, id: str) -> set[str]:
    """Logical ids of all that is there before a resource, and is deleted after it."""
    resources = app.templates[EKS]["Resources"]
    seen: set[str] = set()
    waiting = [id]
    while waiting:
        resource = resources[waiting.pop()]
        stated = resource.get("DependsOn", [])
        found = {*([stated] if isinstance(stated, str) else stated), *_references(resource["Properties"])}
        waiting += found & resources.keys() - seen
        seen |= found & resources.keys()
    return seen


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        if "Ref" in node:
            yield str(node["Ref"])
        if isinstance(node.get("Fn::GetAtt"), list):
            yield str(node["Fn::GetAtt"][0])
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def _manifests(app: Synthesized) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    for id, resource in app.resources(EKS, MANIFEST).items():
        manifest = resource["Properties"]["Manifest"]
        if isinstance(manifest, str):
            yield id, json.loads(manifest)


def _ids_of(app: Synthesized, kind: str, namespace: str = "") -> set[str]:
    """Of manifests that hold such an object; `namespace`: in it, or it itself."""
    return {
        id
        for id, objects in _manifests(app)
        for each in objects
        if each["kind"] == kind and namespace in ("", each["metadata"].get("namespace", each["metadata"]["name"]))
    }


@pytest.mark.parametrize("stage", STAGES)
def test_four_charts_everywhere(synthesized: Synthesize, stage: str) -> None:
    app = synthesized(stage)
    charts = {chart: resource["Properties"] for chart, (_, resource) in _charts(app).items()}
    assert sorted(charts) == sorted(LEAST)
    for chart, properties in charts.items():
        assert properties["Version"] == app.settings.eks.charts[chart]  # type: ignore[index]
        assert properties["Repository"].startswith("https://")
        assert (properties["Release"], properties["Namespace"]) == (chart, "platform")


@pytest.mark.parametrize("stage", STAGES)
def test_a_chart_comes_after_nodes_addons_namespaces_and_its_own_policies(synthesized: Synthesize, stage: str) -> None:
    app = synthesized(stage)
    everywhere = {
        *app.resources(EKS, "AWS::EKS::Nodegroup"),
        *app.resources(EKS, "AWS::EKS::Addon"),
        *_ids_of(app, "Namespace"),
    }
    assert len(_ids_of(app, "Namespace")) == 2
    policies = _ids_of(app, "NetworkPolicy", "platform") - _ids_of(app, "Namespace")
    for chart, (id, _) in _charts(app).items():
        own = f"Controllers{chart.title().replace('-', '')}Policies"
        assert _before(app, id) >= {*everywhere, *(each for each in policies if each.startswith(own))}
        assert any(each.startswith(own) for each in policies)


@pytest.mark.parametrize("stage", STAGES)
def test_the_namespace_is_closed_before_anything_runs_in_it(synthesized: Synthesize, stage: str) -> None:
    """Restricted, all traffic denied; no Service that EKS would make a load balancer for, and no Job of KEDA's."""
    ((objects),) = (
        objects for _, objects in _manifests(synthesized(stage)) if objects[0]["metadata"]["name"] == "platform"
    )
    namespace, deny, quota = objects
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert deny["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert quota["spec"]["hard"] == {
        "services.loadbalancers": "0",
        "services.nodeports": "0",
        "count/jobs.batch": "0",
        "count/cronjobs.batch": "0",
    }


def test_bindings_and_scalers_go_before_their_controllers(synthesized: Synthesize) -> None:
    """Whoever removes the finalizer of a binding or a ScaledObject has to outlive it."""
    app = synthesized("prod")
    charts = _charts(app)
    for kind, chart in (
        ("TargetGroupBinding", "aws-load-balancer-controller"),
        ("ScaledObject", "keda"),
        ("HorizontalPodAutoscaler", "metrics-server"),
    ):
        found = [
            id
            for id, resource in app.resources(EKS, MANIFEST).items()
            if f'"kind":"{kind}"' in text_of(resource["Properties"]["Manifest"])
        ]
        assert found, kind
        for id in found:
            assert charts[chart][0] in _before(app, id), f"{kind} in {id}"


@pytest.mark.parametrize("stage", STAGES)
def test_helm_gives_up_before_its_function_is_cut_off(synthesized: Synthesize, stage: str) -> None:
    app = synthesized(stage)
    limits = [
        function["Properties"]["Timeout"]
        for id, function in app.resources(EKS, "AWS::Lambda::Function").items()
        if "KubectlProvider" in id
    ]
    for _, resource in _charts(app).values():
        properties = resource["Properties"]
        assert properties["Wait"] is True
        assert int(properties["Timeout"].removesuffix("s")) + 120 < min(limits)
        assert properties.keys().isdisjoint({"Atomic", "CreateNamespace"})


@pytest.mark.parametrize("stage", STAGES)
def test_the_load_balancer_controller_fills_our_target_groups_only(synthesized: Synthesize, stage: str) -> None:
    app = synthesized(stage)
    statements = _statements(app, "aws-load-balancer-controller")
    changing = [each for each in statements if each["Resource"] != "*"]
    (change,) = changing
    assert {resource["Ref"] for resource in change["Resource"]} == set(
        app.resources(EKS, "AWS::ElasticLoadBalancingV2::TargetGroup")
    )
    assert change["Action"] == ["elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets"]
    assert all(":Describe" in action for each in statements if each is not change for action in each["Action"])


@pytest.mark.parametrize("stage", STAGES)
def test_the_autoscaler_sizes_groups_of_its_own_cluster_only(synthesized: Synthesize, stage: str) -> None:
    statements = _statements(synthesized(stage), "cluster-autoscaler")
    for each in statements:
        actions = [each["Action"]] if isinstance(each["Action"], str) else each["Action"]
        if not all(":Describe" in action for action in actions):
            assert each["Condition"] == {
                "StringEquals": {
                    "aws:ResourceTag/k8s.io/cluster-autoscaler/enabled": "true",
                    f"aws:ResourceTag/k8s.io/cluster-autoscaler/cloudmart-{stage}-tiketi": "owned",
                }
            }
            assert ":autoScalingGroupName/eks-*" in json.dumps(each["Resource"])
    assert sum("Condition" in each for each in statements) == 1


def _statements(app: Synthesized, service_account: str) -> list[dict[str, Any]]:
    """What a controller's service account may do."""
    (association,) = (
        each["Properties"]
        for each in app.resources(EKS, "AWS::EKS::PodIdentityAssociation").values()
        if each["Properties"]["ServiceAccount"] == service_account
    )
    assert association["Namespace"] == "platform"
    role = app.resources(EKS, "AWS::IAM::Role")[association["RoleArn"]["Fn::GetAtt"][0]]["Properties"]
    (policy,) = role["Policies"]
    found: list[dict[str, Any]] = policy["PolicyDocument"]["Statement"]
    return found


def test_nobody_else_in_platform_has_rights(synthesized: Synthesize) -> None:
    accounts = {
        each["Properties"]["ServiceAccount"]
        for each in synthesized("prod").resources(EKS, "AWS::EKS::PodIdentityAssociation").values()
        if each["Properties"]["Namespace"] == "platform"
    }
    assert accounts == {"aws-load-balancer-controller", "cluster-autoscaler"}


@pytest.mark.parametrize("stage", STAGES)
def test_figures_of_the_autoscaler(synthesized: Synthesize, stage: str) -> None:
    """A node is asked for within 30 s of a pending pod and removed after 10 idle minutes; groups are balanced."""
    _, resource = _charts(synthesized(stage))["cluster-autoscaler"]
    values = json.loads(resource["Properties"]["Values"])
    flags = values["extraArgs"]
    assert int(flags["scan-interval"].removesuffix("s")) <= 15  # it sees a pod within one look, and asks with the next
    assert flags["scale-down-unneeded-time"] == "10m"
    assert flags["balance-similar-node-groups"] is True
    assert values["autoDiscovery"] == {"clusterName": f"cloudmart-{stage}-tiketi"}
    assert values["awsRegion"] == "ap-northeast-2"


@pytest.mark.parametrize("stage", ["dev", "staging", "prod"])
def test_spot_comes_first(synthesized: Synthesize, stage: str) -> None:
    """By the names of scaling groups: EKS makes them of the node groups', CloudFormation these of the logical ids."""
    app = synthesized(stage)
    _, resource = _charts(app)["cluster-autoscaler"]
    priorities = json.loads(resource["Properties"]["Values"])["expanderPriorities"]
    preferred, rest = (priorities[key] for key in sorted(priorities, key=int, reverse=True))
    groups = app.resources(EKS, "AWS::EKS::Nodegroup")
    for id, group in groups.items():
        name = f"eks-{id}-1AbCdEfGh-12345678-90ab-cdef-1234-567890abcdef"
        spot = group["Properties"]["CapacityType"] == "SPOT"
        assert any(re.fullmatch(expression, name) for expression in preferred) == spot
        assert any(re.fullmatch(expression, name) for expression in rest)
    assert len({group["Properties"]["CapacityType"] for group in groups.values()}) == 2


def test_recommendations_are_an_option_that_changes_nothing(synthesized: Synthesize) -> None:
    app = synthesized("staging", **OPTION)
    id, resource = _charts(app)["vertical-pod-autoscaler"]
    values = json.loads(resource["Properties"]["Values"])
    assert not values["updater"]["enabled"]
    assert not values["admissionController"]["enabled"]
    objects = [each for _, objects in _manifests(app) for each in objects if each["kind"] == "VerticalPodAutoscaler"]
    assert {each["metadata"]["name"] for each in objects} == app.settings.eks.services.keys()
    assert all(each["spec"]["updatePolicy"] == {"updateMode": "Off"} for each in objects)
    (recommendations,) = _ids_of(app, "VerticalPodAutoscaler")
    assert id in _before(app, recommendations)
    assert _charts(app)["metrics-server"][0] in _before(app, id)


def test_services_addresses_are_stated(synthesized: Synthesize) -> None:
    app = synthesized("lab", **{"eks.service_cidr": "172.21.0.0/16"})
    (cluster,) = app.resources(EKS, "AWS::EKS::Cluster").values()
    assert cluster["Properties"]["KubernetesNetworkConfig"]["ServiceIpv4Cidr"] == "172.21.0.0/16"
    policies = [each for _, objects in _manifests(app) for each in objects if each["kind"] == "NetworkPolicy"]
    named = {
        block["ipBlock"]["cidr"]
        for each in policies
        for rule in each["spec"].get("egress", [])
        for block in rule["to"]
        if "ipBlock" in block
    }
    assert "172.21.0.1/32" in named
    assert "172.20.0.1/32" not in named
