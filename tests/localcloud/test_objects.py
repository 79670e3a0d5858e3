"""Manifests, charts and patches: recorded as kubectl and helm leave them, refused where these would fail, shown."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # has no types of its own

from cloudmart_cdk.constructs.closed_namespace import closed_namespace
from localcloud import objects
from localcloud.aws import Clients
from localcloud.errors import CloudError
from localcloud.recorded import Everything, Recorded, means, read, write
from localcloud.state import Cloud, State
from tests.localcloud import platform
from tests.localcloud.platform import NAMESPACE, binding, chart, config, manifest, namespace
from tests.localcloud.stacks import reasons, settle
from tests.localcloud.templates import Template

pytestmark = pytest.mark.xdist_group("emulator")

_NAME = "recorded"


class Stack:
    """One stack, changed step by step."""

    def __init__(self, clients: Clients, state: State) -> None:
        self._client, self._state = clients.client("cloudformation"), state
        self.id = ""
        self.wanted = "no"
        """Value of the parameter of that name."""

    def _settled(self, resources: dict[str, Template]) -> str:
        """Creates or updates it; how that ended."""
        body = json.dumps(
            {
                "Parameters": {"Wanted": {"Type": "String", "Default": "no"}},
                "Conditions": {"Wanted": {"Fn::Equals": [{"Ref": "Wanted"}, "yes"]}},
                "Resources": {"Cluster": platform.cluster(), **resources},
            }
        )
        wanted = {"ParameterKey": "Wanted", "ParameterValue": self.wanted}
        call = self._client.update_stack if self.id else self._client.create_stack
        self.id = call(StackName=_NAME, TemplateBody=body, Parameters=[wanted])["StackId"]
        return str(settle(self._client, self.id)["StackStatus"])

    def put(self, **resources: Template) -> None:
        status = self._settled(resources)
        assert status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), reasons(self._client, self.id)

    def fails(self, **resources: Template) -> str:
        """The reasons."""
        assert self._settled(resources) in ("ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")
        return " ".join(reasons(self._client, self.id))

    def delete(self) -> tuple[str, str]:
        self._client.delete_stack(StackName=_NAME)
        return settle(self._client, self.id)["StackStatus"], " ".join(reasons(self._client, self.id))

    def recorded(self) -> Everything:
        return read(self._state.objects_file)

    def names(self) -> set[str]:
        return {f"{entry.kind}/{entry.name}{' left' if entry.left else ''}" for entry in self.recorded().objects}


@pytest.fixture
def stack(clients: Clients, state: State) -> Iterator[Stack]:
    stack = Stack(clients, state)
    yield stack
    if stack.id:
        stack.delete()
        assert stack.recorded() == Everything(), "with the cluster goes everything"


SPACE = manifest(namespace(), after=("Cluster",))


def after(*names: str) -> dict[str, Any]:
    return {"DependsOn": list(names)}


def test_tokens_of_the_manifest_are_resolved(stack: Stack) -> None:
    wanted = {"Fn::If": ["Wanted", "released", "stand-in"]}
    topic: Template = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "token"}}
    content = config("names") | {"data": {"topic": "@Topic@", "wanted": "@Wanted@", "braces": "{{ not ours }}"}}
    tokens = {"Topic": {"Ref": "Topic"}, "Wanted": wanted}
    resources = {"Topic": topic, "Space": SPACE, "Names": manifest(content, tokens=tokens, after=("Space",))}
    stack.put(**resources)

    def data() -> dict[str, str]:
        found = stack.recorded().find("ConfigMap", NAMESPACE, "names")
        assert found is not None
        assert (found.cluster, found.stack, found.id) == (platform.CLUSTER, _NAME, "Names")
        answer: dict[str, str] = found.manifest["data"]
        return answer

    topic_arn = "arn:aws:sns:ap-northeast-2:111111111111:token"
    assert data() == {"topic": topic_arn, "wanted": "stand-in", "braces": "{{ not ours }}"}
    stack.wanted = "yes"
    stack.put(**resources)
    assert data()["wanted"] == "released"


def test_a_condition_makes_an_object_and_takes_it_away(stack: Stack) -> None:
    some = manifest(config("sometimes"), after=("Space",)) | {"Condition": "Wanted"}
    stack.put(Space=SPACE, Some=some)
    assert "ConfigMap/sometimes" not in stack.names()
    stack.wanted = "yes"
    stack.put(Space=SPACE, Some=some)
    assert "ConfigMap/sometimes" in stack.names()
    stack.wanted = "no"
    stack.put(Space=SPACE, Some=some)
    assert "ConfigMap/sometimes" not in stack.names()


def test_what_a_manifest_drops_goes_only_if_kubectl_prunes_it(stack: Stack) -> None:
    labelled = platform.scaler("labelled", 1)
    labelled["metadata"]["labels"] = {platform.PRUNE: ""}
    objects_of = [config("kept", pruned=True), config("pruned", pruned=True), config("unlabelled"), labelled]
    stack.put(Space=SPACE, All=manifest(*objects_of, after=("Space",), PruneLabel=platform.PRUNE))
    stack.put(Space=SPACE, All=manifest(objects_of[0], after=("Space",), PruneLabel=platform.PRUNE))
    left = {"ConfigMap/unlabelled left", "HorizontalPodAutoscaler/labelled left"}
    assert stack.names() == {"Namespace/shows", "ConfigMap/kept", *left}
    stack.put(Space=SPACE, All=manifest(config("other"), after=("Space",)))
    assert stack.names() == {"Namespace/shows", "ConfigMap/kept left", "ConfigMap/other", *left}


@pytest.mark.parametrize(
    ("resources", "words"),
    [
        ({"Map": manifest(config("early"), after=("Cluster",))}, 'namespaces "shows" not found'),
        (
            {"Space": SPACE, "Bind": manifest(binding("early"), after=("Space",))},
            'no matches for kind "TargetGroupBinding"',
        ),
        (
            {"Space": SPACE, "A": manifest(config("x"), after=("Space",)), "B": manifest(config("x"), after=("A",))},
            'AlreadyExists.*configmap "x"',
        ),
        ({"Broken": manifest({"kind": "ConfigMap"}, after=("Cluster",))}, "apiVersion not set"),
        (
            {"Chart": chart("keda") | {"DependsOn": "Cluster"}}
            | {"Other": {**chart("other"), "Properties": {**chart("other")["Properties"], "Namespace": "nowhere"}}},
            'namespaces "nowhere" not found',
        ),
    ],
)
def test_what_an_api_server_refuses_fails_the_stack(stack: Stack, resources: dict[str, Template], words: str) -> None:
    why = stack.fails(**resources)
    assert re.search(words, why), why


def test_a_selector_does_not_change(stack: Stack) -> None:
    first, second = platform.deployment("seats", "stable"), platform.deployment("seats", "blue")
    stack.put(Space=SPACE, Seats=manifest(first, after=("Space",)))
    why = stack.fails(Space=SPACE, Seats=manifest(second, after=("Space",)))
    assert "spec.selector: field is immutable" in why
    assert [entry.manifest for entry in stack.recorded().of("Deployment")] == [first]


def test_a_binding_goes_while_its_controller_runs_or_not_at_all(stack: Stack, clients: Clients) -> None:
    controller = chart("aws-load-balancer-controller") | after("Cluster")
    # Made in the right order, since the binding comes with an update; without an edge the chart is deleted first.
    stack.put(Cluster=platform.cluster(), Space=SPACE, Zcontroller=controller)
    seats = manifest(binding("seats"), tokens={"Group": "arn"}, after=("Space",))
    stack.put(Space=SPACE, Zcontroller=controller, Bind=seats)
    status, why = stack.delete()
    assert status == "DELETE_FAILED"
    assert "its finalizer is for aws-load-balancer-controller, which is gone" in why


def test_a_namespace_takes_its_content_along(stack: Stack) -> None:
    stack.put(Space=SPACE, Map=manifest(config("inside"), after=("Space",)))
    stack.put(Map=manifest(config("inside"), after=("Cluster",)))
    assert stack.names() == set()


def test_charts_and_patches(stack: Stack) -> None:
    patch: Template = {
        "Type": "Custom::AWSCDK-EKS-KubernetesPatch",
        "Properties": {
            "ClusterName": platform.CLUSTER,
            "ResourceName": "daemonset/aws-node",
            "ResourceNamespace": "kube-system",
            "ApplyPatchJson": '{"spec": {"a": 1}}',
            "RestorePatchJson": "{}",
            "PatchType": "strategic",
        },
        "DependsOn": "Cluster",
    }
    stack.put(Chart=chart("keda", values={"replicas": 2}) | after("Cluster"), Patch=patch)
    recorded = stack.recorded()
    (keda,) = recorded.charts
    assert (keda.release, keda.version, keda.namespace, keda.values) == (
        "keda",
        "1.2.3",
        "kube-system",
        {"replicas": 2},
    )
    assert [(p.resource, p.patch) for p in recorded.patches] == [("daemonset/aws-node", {"spec": {"a": 1}})]
    stack.put(Chart=chart("keda", release="other") | after("Cluster"))
    assert [c.release for c in stack.recorded().charts] == ["other"]
    assert stack.recorded().patches == []


@pytest.mark.parametrize(("path", "answer"), [(".data.a", "b"), (".status.phase", "recorded-only")])
def test_values_come_from_what_is_recorded(clients: Clients, stack: Stack, path: str, answer: str) -> None:
    asked = {"ObjectType": "cm", "ObjectName": "names", "ObjectNamespace": NAMESPACE, "JsonPath": path}
    properties = {"ClusterName": platform.CLUSTER, "TimeoutSeconds": 1, **asked}
    value: Template = {"Type": "Custom::AWSCDK-EKS-KubernetesObjectValue", "Properties": properties, "DependsOn": "Map"}
    parameter: Template = {
        "Type": "AWS::SSM::Parameter",
        "Properties": {"Type": "String", "Name": "/test/value", "Value": {"Fn::GetAtt": ["Value", "Value"]}},
    }
    stack.put(Space=SPACE, Map=manifest(config("names"), after=("Space",)), Value=value, Parameter=parameter)
    assert clients.client("ssm").get_parameter(Name="/test/value")["Parameter"]["Value"] == answer


def test_the_range_of_services_is_kept(clients: Clients, stack: Stack) -> None:
    stack.put()
    cluster = clients.client("eks").describe_cluster(name=platform.CLUSTER)["cluster"]
    assert cluster["kubernetesNetworkConfig"]["serviceIpv4Cidr"] == "172.20.0.0/16"


@pytest.fixture
def shown(stack: Stack, cloud: Cloud, state: State, capsys: pytest.CaptureFixture[str]) -> Any:
    """The command, on a stack with a little of everything."""
    state.save(cloud)
    deployment = platform.deployment("seats", "stable", replicas=2)
    space = manifest(namespace(), deployment, platform.service("seats", "stable"), config("a"), after=("Cluster",))
    stack.put(Space=space, Chart=chart("keda", values={"replicas": 2}) | after("Cluster"))

    def show(what: str = "all", namespace: str | None = None, output: str | None = None) -> str:
        capsys.readouterr()
        objects.show(state, what=what, namespace=namespace, output=output)
        return capsys.readouterr().out

    return show


def test_objects_are_shown_like_kubectl_does(shown: Any) -> None:
    listed = shown()
    assert listed.startswith(objects.HONEST)
    rows = [line.split()[:3] for line in listed.splitlines()[3:]]
    assert rows == [
        ["-", "Namespace", "shows"],
        ["kube-system", "Chart", "keda"],
        ["shows", "ConfigMap", "a"],
        ["shows", "Deployment", "seats"],
        ["shows", "Service", "seats"],
    ]
    assert "replicas 2; ports 3901" in shown("deploy")
    assert "keda 1.2.3 of https://charts.example.com; 1 values set" in shown("charts")
    assert shown(namespace="shows", output="name").split() == ["configmap/a", "deployment/seats", "service/seats"]
    assert yaml.safe_load(shown("svc/seats", output="yaml")) == platform.service("seats", "stable")
    assert json.loads(shown("Deployments/seats", output="json"))["spec"]["replicas"] == 2
    assert yaml.safe_load(shown("chart/keda", output="yaml"))["values"] == {"replicas": 2}
    with pytest.raises(CloudError, match=r"no svc/nobody is recorded: there is: Chart, ConfigMap"):
        shown("svc/nobody")


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("deploy", "Deployment"),
        ("networkpolicies", "NetworkPolicy"),
        ("ingresses", "Ingress"),
        ("HPA", "HorizontalPodAutoscaler"),
        ("targetgroupbinding", "TargetGroupBinding"),
    ],
)
def test_kinds_have_the_names_that_kubectl_knows(word: str, kind: str) -> None:
    assert means(word, kind)
    assert not means(word, "Secret")


def test_a_closed_namespace_says_so(tmp_path: Path) -> None:
    closed = closed_namespace("shows", version="1.35", labels={"example.com/team": "a"})
    recorded = [Recorded(cluster="c", stack="s", id="i", manifest=manifest) for manifest in closed]
    state = State(tmp_path)
    state.objects_file.parent.mkdir(parents=True, exist_ok=True)
    write(state.objects_file, Everything(objects=recorded))
    said = {entry.kind: entry.says for entry in objects.entries(state)}
    assert said["Namespace"] == "pods restricted, team=a"
    assert said["NetworkPolicy"] == "ingress rules 0, egress rules 0; everything"
    assert said["ResourceQuota"].startswith("at most services.loadbalancers=0, services.nodeports=0")


def test_without_a_cloud_nothing_is_shown(tmp_path: Path) -> None:
    with pytest.raises(CloudError, match="no local cloud"):
        objects.show(State(tmp_path), what="all", namespace=None, output=None)
