"""EksPlatformStack against specification sections 1 and 6: what only the whole stack can show."""

import pytest

from cloudmart_cdk.settings.topology import EKS
from tests.conftest import Synthesize
from tests.support import Resource, Synthesized

STAGES = ("lab", "dev", "staging", "prod")
SERVICES = ("auth", "event", "queue", "reservation", "payment", "notification")


def _after(app: Synthesized, id: str) -> set[str]:
    """Ids of all resources that exist before `id`, by explicit dependency."""
    resources = app.templates[EKS]["Resources"]
    found: set[str] = set()
    todo = [id]
    while todo:
        for dependency in resources[todo.pop()].get("DependsOn", []):
            if dependency not in found:
                found.add(dependency)
                todo.append(dependency)
    return found


def _addons(app: Synthesized) -> dict[str, str]:
    return {r["Properties"]["AddonName"]: id for id, r in app.resources(EKS, "AWS::EKS::Addon").items()}


@pytest.mark.parametrize("stage", STAGES)
def test_needs_the_network_and_nothing_else(synthesized: Synthesize, stage: str) -> None:
    assert synthesized(stage).dependencies[EKS] == {"VpcStack"}


@pytest.mark.parametrize("stage", STAGES)
def test_no_finding_is_left(synthesized: Synthesize, stage: str) -> None:
    assert [found for found in synthesized(stage).findings if found.construct.startswith(EKS)] == []


@pytest.mark.parametrize("stage", STAGES)
def test_makes_no_security_group_and_opens_none(synthesized: Synthesize, stage: str) -> None:
    types = {resource["Type"] for resource in synthesized(stage).templates[EKS]["Resources"].values()}
    assert not {type for type in types if type.startswith("AWS::EC2::SecurityGroup")}


def test_network_identity_and_proxy_come_before_nodes_and_the_rest_after(synthesized: Synthesize) -> None:
    app = synthesized("prod")
    addons, nodes = _addons(app), set(app.resources(EKS, "AWS::EKS::Nodegroup"))
    assert len(nodes) == 3
    for group in nodes:
        assert {addons[name] for name in ("vpc-cni", "kube-proxy", "eks-pod-identity-agent")} <= _after(app, group)
    assert addons["eks-pod-identity-agent"] in _after(app, addons["vpc-cni"])
    for name in ("coredns", "aws-ebs-csi-driver", "amazon-cloudwatch-observability"):
        assert nodes <= _after(app, addons[name])


@pytest.mark.parametrize("stage", STAGES)
def test_kubectl_and_helm_come_after_nodes_and_addons_and_end_before_them(synthesized: Synthesize, stage: str) -> None:
    """EKS lets the function in some seconds after it says so; and a namespace ends when nodes have ended its pods.
    What has no pods, namespaces and their policies, is applied while the add-ons start."""
    app = synthesized(stage)
    nodes = {*app.resources(EKS, "AWS::EKS::Nodegroup")}
    addons = {*_addons(app).values()}
    applied = {
        id
        for id, resource in app.templates[EKS]["Resources"].items()
        if resource["Type"].startswith("Custom::AWSCDK-EKS-")
    }
    assert len(applied) > 20
    assert {id for id in applied if not nodes <= _after(app, id)} == set()
    without_pods = {
        id for id in applied if id.startswith(("TiketiNamespace", "ControllersNamespace")) or "Policies" in id
    }
    assert {id for id in applied if not addons <= _after(app, id)} == without_pods


@pytest.mark.parametrize(("stage", "days"), [("lab", 7), ("dev", 7), ("staging", 30), ("prod", 30)])
def test_log_groups_are_owned_before_their_writers_exist_and_go_with_the_stack(
    synthesized: Synthesize, stage: str, days: int
) -> None:
    app = synthesized(stage)
    groups = app.resources(EKS, "AWS::Logs::LogGroup")
    cluster = f"cloudmart-{stage}-tiketi"
    by_name = {group["Properties"].get("LogGroupName"): id for id, group in groups.items()}
    insights = {
        f"/aws/containerinsights/{cluster}/{kind}"
        for kind in ("application", "dataplane", "host", "performance", "prometheus")
    }
    assert {f"/aws/eks/{cluster}/cluster", f"/aws/eks/tiketi/{cluster}"} | insights <= set(by_name)
    for group in groups.values():
        assert group["Properties"]["RetentionInDays"] == days
        assert group.get("DeletionPolicy", "Delete") == "Delete"
    (control_plane,) = app.resources(EKS, "AWS::EKS::Cluster")
    assert by_name[f"/aws/eks/{cluster}/cluster"] in _after(app, control_plane)
    observability = _addons(app)["amazon-cloudwatch-observability"]
    assert {by_name[name] for name in insights} <= _after(app, observability)


@pytest.mark.parametrize("stage", STAGES)
def test_every_function_logs_into_a_group_of_the_stack_and_can_make_none(synthesized: Synthesize, stage: str) -> None:
    app = synthesized(stage)
    functions = app.resources(EKS, "AWS::Lambda::Function")
    assert len(functions) == 2
    groups = app.resources(EKS, "AWS::Logs::LogGroup")
    for function in functions.values():
        assert function["Properties"]["LoggingConfig"]["LogGroup"]["Ref"] in groups
        role = app.templates[EKS]["Resources"][function["Properties"]["Role"]["Fn::GetAtt"][0]]
        assert role["Properties"]["ManagedPolicyArns"] == []
    assert "logs:CreateLogGroup" not in str(app.templates[EKS])


@pytest.mark.parametrize(
    ("stage", "policy", "update_policy", "emptied"),
    [
        ("lab", "Delete", "Delete", True),
        ("dev", "Delete", "Delete", True),
        ("staging", "RetainExceptOnCreate", "Retain", False),
        ("prod", "RetainExceptOnCreate", "Retain", False),
    ],
)
def test_repositories(synthesized: Synthesize, stage: str, policy: str, update_policy: str, emptied: bool) -> None:
    repositories = synthesized(stage).resources(EKS, "AWS::ECR::Repository").values()
    assert {r["Properties"]["RepositoryName"] for r in repositories} == {
        f"cloudmart-{stage}/{service}" for service in SERVICES
    }
    for repository in repositories:
        properties = repository["Properties"]
        assert properties["ImageScanningConfiguration"] == {"ScanOnPush": True}
        assert properties["ImageTagMutability"] == "IMMUTABLE"
        assert properties["EncryptionConfiguration"] == {"EncryptionType": "AES256"}
        assert '"countNumber": 10' in properties["LifecyclePolicy"]["LifecyclePolicyText"]
        assert (repository["DeletionPolicy"], repository["UpdateReplacePolicy"]) == (policy, update_policy)
        assert properties["EmptyOnDelete"] is emptied


@pytest.mark.parametrize("stage", STAGES)
def test_pods_keep_out_of_the_subnets_of_nodes(synthesized: Synthesize, stage: str) -> None:
    """Tag 1 lets the CNI in, tag 0 keeps it out; without it a node's own /24 would be taken as well."""

    def role(subnet: Resource) -> str | None:
        return {tag["Key"]: tag["Value"] for tag in subnet["Properties"]["Tags"]}.get("kubernetes.io/role/cni")

    subnets = synthesized(stage).resources("VpcStack", "AWS::EC2::Subnet").values()
    roles = {subnet["Properties"]["CidrBlock"]: role(subnet) for subnet in subnets}
    assert roles["10.0.10.0/24"] == roles["10.0.11.0/24"] == "0"
    assert roles["100.64.0.0/17"] == roles["100.64.128.0/17"] == "1"
    assert roles["10.0.1.0/24"] is roles["10.0.20.0/24"] is None
