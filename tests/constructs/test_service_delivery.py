"""Releases in the template: documents, aborts and roles, as the release tool and the workflows take them."""

from typing import Any

import pytest

from cloudmart_cdk import service_releases as releases
from cloudmart_cdk.constructs.service_delivery import SESSION_S
from cloudmart_cdk.service_releases import Order, Track
from cloudmart_cdk.settings.topology import EKS
from tests.conftest import Synthesize
from tests.support import Synthesized

_ONLY_EKS = ",".join(("DataStack", "BackendAsgStack", "FrontendCdnStack", "MonitoringStack"))
_GITHUB = "token.actions.githubusercontent.com"


@pytest.fixture(scope="module")
def app(synthesized: Synthesize) -> Synthesized:
    """With a repository on GitHub, whose workflows may release."""
    return synthesized("lab", **{"eks.github_repository": "example/tiketi", "skip": _ONLY_EKS})


def _documents(app: Synthesized) -> dict[str, dict[str, Any]]:
    """Service -> content."""
    prefix = releases.document_name(app.settings.names, "")
    return {
        document["Properties"]["Name"].removeprefix(prefix): document["Properties"]["Content"]
        for document in app.resources(EKS, "AWS::SSM::Document").values()
    }


def _steps(document: dict[str, Any], api: str) -> dict[str, dict[str, Any]]:
    """Name -> inputs."""
    return {step["name"]: step["inputs"] for step in document["mainSteps"] if step["inputs"].get("Api") == api}


def _role(app: Synthesized, name: str) -> dict[str, Any]:
    (role,) = (
        role["Properties"]
        for role in app.resources(EKS, "AWS::IAM::Role").values()
        if role["Properties"].get("RoleName") == name
    )
    return dict(role)


def _statements(role: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for policy in role["Policies"] for each in policy["PolicyDocument"]["Statement"]]


def _of(app: Synthesized, action: str) -> dict[str, list[str]]:
    """Role -> what it may do this to."""
    found: dict[str, list[str]] = {}
    for id, role in app.resources(EKS, "AWS::IAM::Role").items():
        for statement in _statements({"Policies": role["Properties"].get("Policies", [])}):
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            if action in actions:
                targets = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
                found[id] = [_text(target) for target in targets]
    return found


def _text(value: Any) -> str:
    """A reference as `<id>`."""
    if isinstance(value, str):
        return value
    if "Fn::Join" in value:
        return "".join(_text(part) for part in value["Fn::Join"][1])
    return f"<{value['Ref']}>" if "Ref" in value else f"<{'.'.join(value['Fn::GetAtt'])}>"


def test_the_template_has_the_parameters_that_releases_set_and_no_others(app: Synthesized) -> None:
    parameters = app.templates[EKS]["Parameters"]
    assert set(parameters) == set(releases.stack_parameters(list(app.settings.eks.services)))
    for service, figures in app.settings.eks.services.items():
        own = releases.parameters(service)
        for digest in (own.image, own.canary_image):
            assert parameters[digest]["AllowedPattern"] == f"({releases.DIGEST})?"
        assert parameters[own.release]["AllowedPattern"] == releases.RELEASE
        assert parameters[own.minimum]["MaxValue"] == figures.hpa_max
        assert [parameters[key]["Default"] for key in own.all()] == ["", "", "", 0]


def test_a_document_changes_its_service_only_and_keeps_every_other_parameter(app: Synthesized) -> None:
    documents = _documents(app)
    assert documents.keys() == app.settings.eks.services.keys()
    every = set(app.templates[EKS]["Parameters"])
    for service, document in documents.items():
        updates = _steps(document, "UpdateStack")
        assert len(updates) == 4
        changed: set[str] = set()
        for inputs in updates.values():
            assert inputs["UsePreviousTemplate"] is True
            assert {entry["ParameterKey"] for entry in inputs["Parameters"]} == every
            changed |= {entry["ParameterKey"] for entry in inputs["Parameters"] if "ParameterValue" in entry}
            kept = [entry for entry in inputs["Parameters"] if "ParameterValue" not in entry]
            assert all(entry["UsePreviousValue"] is True for entry in kept)
        assert changed == set(releases.parameters(service).all())


def test_a_document_sets_the_weights_of_its_own_rule_and_leaves_the_rest_of_the_action(app: Synthesized) -> None:
    rules = app.resources(EKS, "AWS::ElasticLoadBalancingV2::ListenerRule")
    groups = app.resources(EKS, "AWS::ElasticLoadBalancingV2::TargetGroup")
    for service, document in _documents(app).items():
        given = _steps(document, "ModifyRule")
        assert given.keys() == {"Weights", "Abort"}
        for inputs in given.values():
            rule = rules[inputs["RuleArn"]["Ref"]]["Properties"]
            (theirs,), (ours,) = rule["Actions"], inputs["Actions"]
            forward = dict(theirs["ForwardConfig"])
            assert {key: value for key, value in ours["ForwardConfig"].items() if key != "TargetGroups"} == {
                key: value for key, value in forward.items() if key != "TargetGroups"
            }
            tracks = {}
            for entry in ours["ForwardConfig"]["TargetGroups"]:
                tags = {
                    tag["Key"]: tag["Value"] for tag in groups[entry["TargetGroupArn"]["Ref"]]["Properties"]["Tags"]
                }
                assert tags[releases.SERVICE_TAG] == service
                tracks[tags[releases.TRACK_TAG]] = entry["TargetGroupArn"], entry["Weight"]
            at_rest = [(entry["TargetGroupArn"], entry["Weight"]) for entry in forward["TargetGroups"]]
            assert [arn for arn, _ in at_rest] == [tracks[track][0] for track in Track]
            if inputs is given["Abort"]:
                assert at_rest == [tracks[track] for track in Track]


def test_an_alarm_on_a_canary_aborts_its_release(app: Synthesized) -> None:
    alarms = {a["Properties"]["AlarmName"] for a in app.resources(EKS, "AWS::CloudWatch::Alarm").values()}
    rules = [
        rule["Properties"]
        for rule in app.resources(EKS, "AWS::Events::Rule").values()
        if rule["Properties"]["EventPattern"]["source"] == ["aws.cloudwatch"]
    ]
    aborted = set()
    for rule in rules:
        (target,) = rule["Targets"]
        names = rule["EventPattern"]["detail"]["alarmName"]
        assert set(names) <= alarms
        aborted |= set(names)
        assert target["Input"] == f'{{"Order": ["{Order.ABORT}"]}}'
        (service,) = (s for s in app.settings.eks.services if releases.alarm_ids(s)[0] in names[0])
        definition = f"automation-definition/{releases.document_name(app.settings.names, service)}:$DEFAULT"
        assert _text(target["Arn"]).endswith(definition)
    assert aborted == {app.settings.names.of(id) for s in app.settings.eks.services for id in releases.alarm_ids(s)}


def test_only_the_documents_update_the_stack_and_change_rules(app: Synthesized) -> None:
    """Who updates a stack can put any template into it, with the rights of CDK's own role."""
    documents = {_text(document["assumeRole"]).strip("<>").split(".")[0] for document in _documents(app).values()}
    assert len(documents) == len(app.settings.eks.services)
    for action in ("cloudformation:UpdateStack", "elasticloadbalancing:ModifyRule"):
        assert _of(app, action).keys() == documents
    assert {len(targets) for targets in _of(app, "elasticloadbalancing:ModifyRule").values()} == {1}


_CALLED = ".github/workflows/tiketi-service.yml@refs/heads/main"


def test_github_may_release_one_service_from_one_workflow_and_environment(app: Synthesized) -> None:
    for service in app.settings.eks.services:
        role = _role(app, releases.role_name(app.settings.names, service))
        (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Action"] == "sts:AssumeRoleWithWebIdentity"
        assert trust["Condition"] == {
            "StringEquals": {
                f"{_GITHUB}:aud": "sts.amazonaws.com",
                f"{_GITHUB}:sub": "repo:example/tiketi:environment:lab",
                f"{_GITHUB}:workflow": f"tiketi-{service}",
                f"{_GITHUB}:ref": "refs/heads/main",
                f"{_GITHUB}:job_workflow_ref": f"example/tiketi/{_CALLED}",
            },
        }
        assert role["MaxSessionDuration"] == SESSION_S
        told = [_text(each) for s in _statements(role) for each in _listed(s["Resource"]) if "Effect" in s]
        others = set(app.settings.eks.services) - {service}
        assert not [text for text in told for other in others if text.endswith((f"/{other}", f"-{other}:$DEFAULT"))]
        assert not [
            action
            for statement in _statements(role)
            for action in _listed(statement["Action"])
            if "Delete" in action or action.startswith(("cloudformation:Update", "elasticloadbalancing:Modify"))
        ]


def test_a_repository_with_ids_has_them_in_the_subject_alone(synthesized: Synthesize) -> None:
    app = synthesized("lab", **{"eks.github_repository": "example@123/tiketi@456"})
    (trust,) = _role(app, releases.role_name(app.settings.names, "auth"))["AssumeRolePolicyDocument"]["Statement"]
    exactly = trust["Condition"]["StringEquals"]
    assert exactly[f"{_GITHUB}:sub"] == "repo:example@123/tiketi@456:environment:lab"
    assert exactly[f"{_GITHUB}:job_workflow_ref"] == f"example/tiketi/{_CALLED}"


def test_without_a_repository_nobody_comes_in_from_github(synthesized: Synthesize) -> None:
    roles = synthesized("lab").resources(EKS, "AWS::IAM::Role").values()
    assert not [role for role in roles if "Federated" in str(role["Properties"]["AssumeRolePolicyDocument"])]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
