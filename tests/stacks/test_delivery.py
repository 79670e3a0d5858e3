"""DeliveryStack: who may deploy a stage, and whom they may become."""

import pytest

from cloudmart_cdk.constructs import pipeline_role
from tests.conftest import Synthesize
from tests.support import Resource, Synthesized

STACK = "DeliveryStack"
_GITHUB = "token.actions.githubusercontent.com"
_OPTIONS = {"delivery.github_repository": "example/cloudmart"}
_ALONE = {"skip": "VpcStack,DataStack,BackendAsgStack,FrontendCdnStack,EdgeWatchStack,EksPlatformStack,MonitoringStack"}


@pytest.fixture(scope="module")
def app(synthesized: Synthesize) -> Synthesized:
    """As the matrix has it: with the provider, in dev."""
    return synthesized("dev", **_OPTIONS, **{"delivery.github_provider": "true"})


def _roles(app: Synthesized) -> dict[str, Resource]:
    return {
        role["Properties"]["RoleName"]: role["Properties"] for role in app.resources(STACK, "AWS::IAM::Role").values()
    }


def _trust(role: Resource) -> dict[str, dict[str, object]]:
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert set(statement["Condition"]) == {"StringEquals"}
    return {"principal": statement["Principal"], "claims": statement["Condition"]["StringEquals"]}


def _may_become(role: Resource) -> set[str]:
    (policy,) = role["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Action"] == "sts:AssumeRole"
    assert "ManagedPolicyArns" not in role
    return {
        "".join(part if isinstance(part, str) else f"<{part['Ref']}>" for part in arn["Fn::Join"][1])
        for arn in (statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]])
    }


def _bootstrap(role: str, region: str) -> str:
    account = "<AWS::AccountId>"
    return f"arn:aws:iam::{account}:role/cdk-hnb659fds-{role}-role-{account}-{region}"


def test_no_stack_without_a_repository(synthesized: Synthesize) -> None:
    for stage in ("lab", "prod"):
        assert STACK not in synthesized(stage).templates


def test_needs_nothing_and_nothing_needs_it(app: Synthesized) -> None:
    assert app.dependencies[STACK] == set()
    assert not any(STACK in needed for needed in app.dependencies.values())


def test_deploying_is_for_jobs_in_the_stages_environment_of_one_file_on_main(app: Synthesized) -> None:
    assert _trust(_roles(app)["cloudmart-dev-pipeline-deploy"])["claims"] == {
        f"{_GITHUB}:aud": "sts.amazonaws.com",
        f"{_GITHUB}:sub": "repo:example/cloudmart:environment:dev",
        f"{_GITHUB}:ref": "refs/heads/main",
        f"{_GITHUB}:job_workflow_ref": f"example/cloudmart/{pipeline_role.DEPLOY_FILE}@refs/heads/main",
    }


def test_looking_is_for_jobs_on_main_in_no_environment(app: Synthesized) -> None:
    claims = _trust(_roles(app)["cloudmart-dev-pipeline-look"])["claims"]
    assert claims[f"{_GITHUB}:sub"] == "repo:example/cloudmart:ref:refs/heads/main"
    assert claims[f"{_GITHUB}:job_workflow_ref"] == [
        f"example/cloudmart/{file}@refs/heads/main" for file in (pipeline_role.DEPLOY_FILE, pipeline_role.DRIFT_FILE)
    ]


def test_ids_in_the_repository_are_in_the_subject_alone(synthesized: Synthesize) -> None:
    app = synthesized("prod", **_ALONE, **{"delivery.github_repository": "example@123/cloudmart@456"})
    claims = _trust(_roles(app)["cloudmart-prod-pipeline-deploy"])["claims"]
    assert claims[f"{_GITHUB}:sub"] == "repo:example@123/cloudmart@456:environment:prod"
    assert str(claims[f"{_GITHUB}:job_workflow_ref"]).startswith("example/cloudmart/.github/")


def test_the_roles_become_roles_of_the_bootstrap_and_do_nothing_else(app: Synthesized) -> None:
    regions = ("ap-northeast-2", "us-east-1")
    roles = _roles(app)
    assert _may_become(roles["cloudmart-dev-pipeline-deploy"]) == {
        _bootstrap(role, region) for role in ("deploy", "file-publishing", "lookup") for region in regions
    }
    assert _may_become(roles["cloudmart-dev-pipeline-look"]) == {_bootstrap("lookup", region) for region in regions}
    assert len(roles) == 2


def test_no_role_publishes_images_as_no_asset_is_one(app: Synthesized) -> None:
    """The day one is, `image-publishing` belongs into the list."""
    for stack, entry in app.stacks.items():
        kinds = {asset["type"] for asset in entry.get("metadata", ()) if isinstance(asset, dict)}
        assert "container-image" not in kinds, stack
    assert not [file.name for file in app.folder.glob("*.assets.json") if '"dockerImages": {}' not in file.read_text()]


def test_a_stage_that_has_nothing_in_us_east_1_lets_nobody_go_there(synthesized: Synthesize) -> None:
    roles = _roles(synthesized("dev", **_OPTIONS, **_ALONE))
    assert len(roles) == 2
    for role in roles.values():
        assert not [arn for arn in _may_become(role) if "us-east-1" in arn]


def test_the_provider_is_made_where_the_account_has_none(app: Synthesized, synthesized: Synthesize) -> None:
    ((logical_id, provider),) = app.resources(STACK, "AWS::IAM::OIDCProvider").items()
    assert provider["Properties"]["Url"] == f"https://{_GITHUB}"
    assert provider["Properties"]["ClientIdList"] == ["sts.amazonaws.com"]
    for role in _roles(app).values():
        assert _trust(role)["principal"] == {"Federated": {"Fn::GetAtt": [logical_id, "Arn"]}}
    elsewhere = synthesized("prod", **_OPTIONS)
    assert not elsewhere.resources(STACK, "AWS::IAM::OIDCProvider")
    for role in _roles(elsewhere).values():
        (federated,) = _trust(role)["principal"].values()
        assert str(federated).endswith(f"':oidc-provider/{_GITHUB}']]}}")


def test_all_policies_hold(app: Synthesized, synthesized: Synthesize) -> None:
    for each in (app, synthesized("prod", **_OPTIONS)):
        assert [finding for finding in each.findings if finding.construct.startswith(STACK)] == []
