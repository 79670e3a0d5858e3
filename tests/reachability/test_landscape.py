"""Who is there is found in the templates; what charts and add-ons bring along is as their sources say."""

import json
from typing import Any

import pytest

from cloudmart_cdk.policy.assembly import load
from cloudmart_cdk.policy.model import Deployment, leaves
from tests.matrix import MATRIX
from tests.policy.support import resource
from tests.reachability import cluster, samples
from tests.reachability.samples import policy
from tests.support import PROJECT, synthesize
from tools.reachability.__main__ import explain, main
from tools.reachability.cluster_pods import CHART_PODS
from tools.reachability.interfaces import CARRIERS
from tools.reachability.landscape import Landscape
from tools.reachability.path import Paths

CHARTS: dict[str, Any] = json.loads((PROJECT / "tests" / "kubernetes" / "charts.json").read_text(encoding="utf-8"))
"""What helm makes of the charts with our values."""


@pytest.mark.parametrize("chart", sorted(CHARTS))
def test_pods_of_charts_are_as_helm_renders_them(chart: str) -> None:
    rendered = [
        (
            workload["labels"],
            {name: port for each in workload["containers"].values() for name, port in each["ports"].items()},
        )
        for workload in CHARTS[chart]["workloads"].values()
    ]
    for labels, ports in rendered:
        alike = [pod for pod in CHART_PODS[chart] if pod.labels.items() <= labels.items()]
        assert [pod for pod in alike if pod.ports.items() <= ports.items()], (labels, ports)


@pytest.mark.parametrize("configuration", ["prod", "interface endpoints"])
def test_whatever_carries_a_security_group_is_somebody(configuration: str) -> None:
    built = synthesize(MATRIX[configuration])
    app = load(built.folder, built.settings)
    carriers = {
        resource.type
        for resource in app.resources
        if not resource.type.startswith("AWS::EC2::SecurityGroup")
        and any(app.target(value, "AWS::EC2::SecurityGroup") for _, value in leaves(resource.properties))
    }
    assert carriers - set(CARRIERS) == set()


def restoring(**inputs: Any) -> Deployment:
    """The small network with a document that restores a database into the store's group."""
    step = {"name": "Restore", "inputs": {"VpcSecurityGroupIds": [samples.group_id("StoreGroup")], **inputs}}
    content = {"mainSteps": [{"name": "Wait", "inputs": {}}, step]}
    return samples.app({"Drill": resource("AWS::SSM::Document", {"Content": content})})


def test_a_document_that_restores_a_database_stands_for_the_copy() -> None:
    """There is no resource of it: only while the document runs."""
    found = Landscape(restoring(DBSubnetGroupName=samples.ref("StoreSubnets"))).endpoints
    copy, store = found["BackendAsgStack/Drill"], found[samples.STORE]
    assert copy.places
    assert {(each.subnet, each.groups, each.public) for each in copy.places} == {
        (each.subnet, each.groups, False) for each in store.places
    }
    public = Landscape(restoring(DBSubnetGroupName=samples.ref("StoreSubnets"), PubliclyAccessible=True)).endpoints
    assert all(each.public for each in public["BackendAsgStack/Drill"].places)


@pytest.mark.parametrize("inputs", [{}, {"DBSubnetGroupName": "default"}])
def test_a_document_that_uses_a_group_somewhere_else_is_refused(inputs: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="BackendAsgStack/Drill in subnets that are not this app's"):
        Landscape(restoring(**inputs))


def test_the_range_of_services_is_the_templates() -> None:
    built = synthesize({"stage": "lab"})
    landscape = Landscape(load(built.folder, built.settings))
    assert landscape.service_range == built.settings.eks.service_cidr
    assert {service.address in landscape.service_range for service in landscape.services} == {True}


def test_a_policy_that_depends_on_a_parameter_is_refused() -> None:
    """What a release may change must not change who reaches whom."""
    both = [policy("web", policyTypes=["Egress"]), policy("web", policyTypes=["Ingress"])]
    manifest = {"Type": "Custom::AWSCDK-EKS-KubernetesResource", "Properties": {"Manifest": json.dumps(both)}}
    with pytest.raises(ValueError, match="two versions of NetworkPolicy shop/web"):
        Landscape(cluster.app(resources={"Second": manifest}))


def test_charts_whose_pods_nobody_knows_are_refused() -> None:
    chart = {"Type": "Custom::AWSCDK-EKS-HelmChart", "Properties": {"Chart": "mystery", "Release": "mystery"}}
    with pytest.raises(ValueError, match=r"given the chart mystery; allowed: .*keda"):
        Landscape(cluster.app(resources={"Chart": chart}))


def explained(app: Deployment, source: str, target: str, port: int) -> tuple[str, int]:
    landscape = Landscape(app)
    lines, status = explain(Paths(landscape), landscape.endpoints[source], landscape.endpoints[target], "tcp", port)
    return "\n".join(lines), status


def test_the_command_names_every_layer_and_who_refuses() -> None:
    text, status = explained(cluster.app(), "web", "api", 3000)
    assert status == 0
    assert text.startswith("web to api, tcp 3000: allowed")
    assert "passes  egress network policy" in text

    text, status = explained(cluster.app({"api-policy": None}), "web", "api", 3000)
    assert status == 1
    assert "REFUSED ingress network policy" in text
    assert "passes  security group, out     NodeGroup: among themselves" in text


def test_the_command_shows_an_open_way_and_a_closed_one() -> None:
    by_address = policy(
        "web",
        labels={"app": "web"},
        policyTypes=["Egress"],
        egress=[{"to": [{"ipBlock": {"cidr": "100.64.0.0/16"}}], "ports": [{"port": 3000}]}],
    )
    text, status = explained(cluster.app({"web-policy": by_address}), "web", "api", 3000)
    assert status == 1
    assert "partly" in text
    assert "by Service api:3000" in text
    assert "no range in the agent's table" in text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["auth", "database"], "given database; allowed: a name and a port, as database:5432"),
        (["auth", "database:5432", "--stage", "pord"], "given pord"),
        (["auth", "database:5432", "-c", "network.nat_gateway=1"], "network.nat_gateway"),
    ],
)
def test_the_command_says_what_it_cannot_answer(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before it synthesizes anything."""
    assert main(arguments) == 2
    assert says in capsys.readouterr().err
