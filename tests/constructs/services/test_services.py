"""The services in the template: what a release moves, what comes before what, and what a seventh one takes."""

import json
import re
from functools import cache
from typing import Any

import pytest

from cloudmart_cdk.policy.manifests import Object
from cloudmart_cdk.settings.topology import EKS
from tests.conftest import Synthesize
from tests.constructs.services.tables import SEARCH, SERVICES
from tests.kubernetes.states import image, worlds
from tests.kubernetes.world import World
from tests.support import Resource, Synthesized, synthesize

MANIFEST = "Custom::AWSCDK-EKS-KubernetesResource"
DIGEST = f"sha256:{'0' * 64}"


@cache
def _world(state: str, stage: str = "lab") -> World:
    app = synthesize({"stage": stage})
    return worlds(app.folder, app.settings)[state]


def _container(deployment: Object) -> dict[str, Any]:
    (container,) = deployment.get("spec.template.spec.containers")
    found: dict[str, Any] = container
    return found


def _deployments(world: World) -> dict[str, Object]:
    return {found.name: found for found in world.of("Deployment") if found.namespace == "tiketi"}


def _manifest(app: Synthesized, path: str) -> tuple[str, Resource]:
    """`Queue.Workload` -> logical id and resource of that manifest."""
    start = "Services" + path.replace(".", "")
    ((id, resource),) = [
        (id, resource)
        for id, resource in app.resources(EKS, MANIFEST).items()
        if re.fullmatch(rf"{start}[0-9A-F]{{8}}", id)
    ]
    return id, resource


def test_nothing_becomes_a_service_by_making_a_pod_of_its_own() -> None:
    """KEDA's chart may make Jobs among the services, and a Job may name any account: nobody has one, so none is."""
    (quota,) = [found for found in _world("stand-ins").of("ResourceQuota") if found.namespace == "tiketi"]
    assert [quota.get("spec.hard").get(f"count/{kind}.batch") for kind in ("jobs", "cronjobs")] == ["0", "0"]


@pytest.mark.parametrize("service", SERVICES)
def test_a_first_deploy_runs_stand_ins_and_no_canary(synthesized: Synthesize, service: str) -> None:
    app = synthesized("lab")
    name = service.title()
    parameters = app.templates[EKS]["Parameters"]
    assert [parameters[f"{name}{what}"]["Default"] for what in ("Image", "CanaryImage", "Release", "Minimum")] == [
        "",
        "",
        "",
        0,
    ]
    deployments = _deployments(_world("stand-ins"))
    assert _container(deployments[service])["image"] == app.settings.eks.stand_in
    assert f"{service}-canary" not in deployments


@pytest.mark.parametrize("service", SERVICES)
def test_a_release_runs_its_digest_out_of_the_service_s_own_repository(service: str) -> None:
    world = _world("released and a canary")
    repository = f".dkr.ecr.ap-northeast-2.amazonaws.com/cloudmart-lab/{service}@"
    deployments = _deployments(world)
    for name, track in ((service, "stable"), (f"{service}-canary", "canary")):
        container = _container(deployments[name])
        registry, found, digest = container["image"].partition(repository)
        assert (registry.isdigit(), found, digest) == (True, repository, image(service, track))
        assert "args" not in container


@pytest.mark.parametrize("service", SERVICES)
def test_images_are_given_by_digest_or_not_at_all(synthesized: Synthesize, service: str) -> None:
    parameters = synthesized("lab").templates[EKS]["Parameters"]
    for name in (f"{service.title()}Image", f"{service.title()}CanaryImage"):
        pattern = re.compile(parameters[name]["AllowedPattern"])
        assert all(pattern.fullmatch(given) for given in ("", DIGEST))
        assert not any(
            pattern.fullmatch(given) for given in ("latest", f"evil.example.com/auth@{DIGEST}", f"{DIGEST} ")
        )


def test_who_is_called_in_the_cluster_is_the_stable_track() -> None:
    world = _world("released and a canary")
    for service in SERVICES:
        stable, canary = (world.get("Service", "tiketi", name) for name in (service, f"{service}-canary"))
        assert stable is not None
        assert canary is not None
        labels = [
            _deployments(world)[name].get("spec.template.metadata.labels") for name in (service, f"{service}-canary")
        ]
        assert stable.get("spec.selector").items() <= labels[0].items()
        assert not stable.get("spec.selector").items() <= labels[1].items()
        assert canary.get("spec.selector").items() <= labels[1].items()


@pytest.mark.parametrize("stage", ["lab", "dev"])
def test_a_pod_comes_after_all_that_is_put_into_it(synthesized: Synthesize, stage: str) -> None:
    """Account, policy and binding (for the readiness gate), and its role in AWS: credentials and gates are injected
    into new pods only."""
    app = synthesized(stage)
    for service in map(str.title, SERVICES):
        entry, _ = _manifest(app, f"{service}.Entry")
        identities = [id for id in app.resources(EKS, "AWS::EKS::PodIdentityAssociation") if f"Services{service}" in id]
        for what in ("Workload", "Canary"):
            _, pods = _manifest(app, f"{service}.{what}")
            assert {entry, *identities} <= set(pods["DependsOn"])
            assert len(identities) == 1
        after = set(_manifest(app, f"{service}.Entry")[1]["DependsOn"])
        assert any(re.match(rf"Tiketi{service}Rule", id) for id in after)
        assert any(id.startswith("TiketiNamespace") for id in after)
        for chart in ("AwsLoadBalancerController", "Keda", "MetricsServer"):
            assert any(id.startswith(f"Controllers{chart}") for id in after)


def test_the_queue_s_scaling_goes_before_its_pods(synthesized: Synthesize) -> None:
    app = synthesized("lab")
    workload, _ = _manifest(app, "Queue.Workload")
    assert workload in _manifest(app, "Queue.Scaling")[1]["DependsOn"]


@pytest.mark.parametrize("stage", ["lab", "staging", "prod"])
def test_a_destroy_takes_every_object_along(synthesized: Synthesize, stage: str) -> None:
    for id, resource in synthesized(stage).resources(EKS, MANIFEST).items():
        if id.startswith(("Services", "TiketiNamespace")):
            assert resource["DeletionPolicy"] == "Delete"


def test_where_nodes_sleep_what_waits_for_a_controller_ends_with_the_cluster(synthesized: Synthesize) -> None:
    retained = {
        re.sub(r"[0-9A-F]{8}$", "", id)
        for id, resource in synthesized("dev").resources(EKS, MANIFEST).items()
        if id.startswith(("Services", "TiketiNamespace")) and resource["DeletionPolicy"] == "Retain"
    }
    entries = {f"Services{service.title()}Entry" for service in SERVICES}
    assert retained == entries | {"ServicesQueueScaling", "TiketiNamespaceObjects"}


def test_an_attempt_after_an_attempt_finds_its_objects_and_takes_them(synthesized: Synthesize) -> None:
    for id, resource in synthesized("lab").resources(EKS, MANIFEST).items():
        if id.startswith(("Services", "TiketiNamespace")):
            assert resource["Properties"]["Overwrite"] is True
            assert "PruneLabel" not in resource["Properties"]


def test_no_role_without_its_pods(synthesized: Synthesize) -> None:
    app = synthesized("lab")
    associations = [
        association["Properties"]
        for id, association in app.resources(EKS, "AWS::EKS::PodIdentityAssociation").items()
        if id.startswith("Services")
    ]
    assert {(each["Namespace"], each["ServiceAccount"]) for each in associations} == {
        ("tiketi", service) for service in SERVICES
    }
    roles = app.resources(EKS, "AWS::IAM::Role")
    for each in associations:
        (trust,) = roles[each["RoleArn"]["Fn::GetAtt"][0]]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Condition"]["StringEquals"]["aws:RequestTag/kubernetes-service-account"] == each["ServiceAccount"]


def test_a_seventh_service_is_one_entry() -> None:
    """Whatever a service has in Kubernetes or AWS, `search` has by its row of the table alone."""

    def kinds(app: Synthesized, service: str) -> set[str]:
        states = worlds(app.folder, app.settings).values()
        objects = {
            f"{found.kind} {found.name.removeprefix(service) or 'itself'}"
            for world in states
            for found in world.objects
            if found.namespace == "tiketi" and found.name.removesuffix("-canary") == service
        }
        resources = {
            resource["Type"]
            for id, resource in app.templates[EKS]["Resources"].items()
            if re.search(rf"(?:Tiketi|Services|Repositories|Delivery){service.title()}", id)
        }
        alarms = {
            resource["Properties"]["AlarmName"].replace(service, "")
            for template in app.templates.values()
            for resource in template["Resources"].values()
            if resource["Type"] == "AWS::CloudWatch::Alarm" and f"-{service}-" in resource["Properties"]["AlarmName"]
        }
        # Whose policies, dashboards and recommendations name it.
        named = {
            re.sub("[0-9A-F]{8}$", "", id).replace(service.title(), "")
            for id, resource in app.templates[EKS]["Resources"].items()
            if re.search(rf'{service}(?:"|\\)', json.dumps(resource["Properties"]))
            and id.startswith(("Prometheus", "Controllers"))
        }
        parameters = {
            name.removeprefix(service.title())
            for name in app.templates[EKS]["Parameters"]
            if name.startswith(service.title())
        }
        return objects | resources | alarms | named | parameters

    app = synthesize({"stage": "prod", "eks.prometheus": "true", "eks.vertical_recommendations": "true", **SEARCH})
    assert kinds(app, "search") == kinds(app, "event")
    assert {"cloudmart-prod-tiketi--unhealthy", "cloudmart-prod-tiketi--canary-latency"} <= kinds(app, "search")
    assert {"PrometheusSurroundings", "ControllersRecommendations", "AWS::SSM::Document"} <= kinds(app, "search")
    assert [found for found in app.findings if found.construct.startswith(EKS)] == []
