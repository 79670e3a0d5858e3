"""BackendAsgStack against specification sections 1 and 4."""

import base64
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cloudmart_cdk.constructs.ssm_agent import SSM_AGENT_ACTIONS
from cloudmart_cdk.security_groups import BACKEND_PORT
from tests.conftest import Synthesize
from tests.instance.support import EXPORTS, Machine
from tests.matrix import MATRIX
from tests.support import Synthesized

STAGES = ("lab", "dev", "staging", "prod")
SIZES = {"lab": (2, 4), "dev": (1, 4), "staging": (2, 10), "prod": (2, 10)}
STACK = "BackendAsgStack"


def _groups(app: Synthesized) -> dict[str, dict[str, Any]]:
    found = app.resources(STACK, "AWS::AutoScaling::AutoScalingGroup").values()
    return {group["Properties"]["AutoScalingGroupName"].rsplit("-", 1)[-1]: group for group in found}


def _live(app: Synthesized, value: dict[str, Any]) -> tuple[Any, Any]:
    """A conditional value as (while that colour is live, while it is idle)."""
    condition, live, idle = value["Fn::If"]
    assert condition in app.templates[STACK]["Conditions"]
    return live, idle


@pytest.mark.parametrize("stage", STAGES)
def test_sizes_follow_the_live_colour(synthesized: Synthesize, stage: str) -> None:
    app = synthesized(stage)
    minimum, maximum = SIZES[stage]
    groups = _groups(app)
    assert set(groups) == {"blue", "green"}
    for group in groups.values():
        properties = group["Properties"]
        assert _live(app, properties["MinSize"]) == (str(minimum), "0")
        assert properties["MaxSize"] == str(maximum)
        assert "DesiredCapacity" not in properties, "a deploy would reset the live size"
        rolling = group["UpdatePolicy"]["AutoScalingRollingUpdate"]
        assert rolling["MinInstancesInService"] == minimum
        assert rolling["WaitOnResourceSignals"] is True
        assert group["UpdatePolicy"]["AutoScalingScheduledAction"] == {"IgnoreUnmodifiedGroupSizeProperties": True}


def test_the_live_colour_is_a_parameter_that_deploys_keep(synthesized: Synthesize) -> None:
    """A plain one: CDK then sends `UsePreviousValue`, and neither a tag nor a setting can put it back."""
    template = synthesized().templates[STACK]
    parameter = template["Parameters"]["LiveColour"]
    assert parameter["Type"] == "String"
    assert parameter["Default"] == "blue"
    assert set(parameter["AllowedValues"]) == {"blue", "green"}
    assert {tuple(c["Fn::Equals"][1:]) for c in template["Conditions"].values()} == {("blue",), ("green",)}
    assert all(c["Fn::Equals"][0] == {"Ref": "LiveColour"} for c in template["Conditions"].values())


@pytest.mark.parametrize("stage", STAGES)
def test_launch_template(synthesized: Synthesize, stage: str) -> None:
    for template in synthesized(stage).resources(STACK, "AWS::EC2::LaunchTemplate").values():
        data = template["Properties"]["LaunchTemplateData"]
        assert data["InstanceType"] == "t3.micro"
        assert data["MetadataOptions"]["HttpTokens"] == "required"
        assert data["MetadataOptions"]["HttpPutResponseHopLimit"] == 1
        assert data["Monitoring"] == {"Enabled": True}
        assert "/al2023-ami-kernel-default-x86_64" in data["ImageId"]
        (disk,) = data["BlockDeviceMappings"]
        assert (disk["Ebs"]["VolumeType"], disk["Ebs"]["Encrypted"]) == ("gp3", True)
        assert "KeyName" not in data


def test_graviton_takes_the_image_of_its_architecture(synthesized: Synthesize) -> None:
    app = synthesized("lab", **{"backend.instance_type": "t4g.micro"})
    for template in app.resources(STACK, "AWS::EC2::LaunchTemplate").values():
        assert template["Properties"]["LaunchTemplateData"]["ImageId"].endswith("arm64")


def test_target_groups(synthesized: Synthesize) -> None:
    found = synthesized("prod").resources(STACK, "AWS::ElasticLoadBalancingV2::TargetGroup").values()
    assert len(found) == 2
    for group in found:
        properties = group["Properties"]
        figures = [
            properties[key]
            for key in (
                "Port",
                "HealthCheckPath",
                "HealthCheckIntervalSeconds",
                "HealthCheckTimeoutSeconds",
                "HealthyThresholdCount",
                "UnhealthyThresholdCount",
            )
        ]
        assert figures == [8080, "/health", 30, 5, 2, 3]
        assert {"Key": "deregistration_delay.timeout_seconds", "Value": "30"} in properties["TargetGroupAttributes"]


def test_behind_the_cdn_only_the_header_opens(synthesized: Synthesize) -> None:
    app = synthesized()
    (listener,) = app.resources(STACK, "AWS::ElasticLoadBalancingV2::Listener").values()
    assert listener["Properties"]["Port"] == 80
    (default,) = listener["Properties"]["DefaultActions"]
    assert default["FixedResponseConfig"]["StatusCode"] == "403"
    (rule,) = app.resources(STACK, "AWS::ElasticLoadBalancingV2::ListenerRule").values()
    (condition,) = rule["Properties"]["Conditions"]
    assert condition["HttpHeaderConfig"]["HttpHeaderName"] == "X-Origin-Verify"
    (secret_id,) = app.resources(STACK, "AWS::SecretsManager::Secret")
    assert condition["HttpHeaderConfig"]["Values"] == [
        {"Fn::Join": ["", ["{{resolve:secretsmanager:", {"Ref": secret_id}, ":SecretString:::}}"]]}
    ]
    (action,) = rule["Properties"]["Actions"]
    weights = [_live(app, target["Weight"]) for target in action["ForwardConfig"]["TargetGroups"]]
    assert weights == [(100, 0), (100, 0)]


def test_without_the_cdn_the_listener_forwards_by_itself(synthesized: Synthesize) -> None:
    app = synthesized("lab", skip="FrontendCdnStack")
    (listener,) = app.resources(STACK, "AWS::ElasticLoadBalancingV2::Listener").values()
    assert listener["Properties"]["DefaultActions"][0]["Type"] == "forward"
    assert not app.resources(STACK, "AWS::ElasticLoadBalancingV2::ListenerRule")


def test_with_a_domain_tls_and_a_redirect_where_the_internet_comes_in(synthesized: Synthesize) -> None:
    domain = {"domain.name": "shop.example.com", "domain.zone_id": "Z0123456789"}
    behind = synthesized("lab", **domain).resources(STACK, "AWS::ElasticLoadBalancingV2::Listener").values()
    assert [listener["Properties"]["Port"] for listener in behind] == [443]
    app = synthesized("lab", skip="FrontendCdnStack", **domain)
    open_ = {
        listener["Properties"]["Port"]: listener["Properties"]
        for listener in app.resources(STACK, "AWS::ElasticLoadBalancingV2::Listener").values()
    }
    assert set(open_) == {80, 443}
    assert open_[80]["DefaultActions"][0]["RedirectConfig"]["Protocol"] == "HTTPS"
    assert "TLS13-1-2" in open_[443]["SslPolicy"]


@pytest.mark.parametrize("stage", STAGES)
def test_load_balancer(synthesized: Synthesize, stage: str) -> None:
    (balancer,) = synthesized(stage).resources(STACK, "AWS::ElasticLoadBalancingV2::LoadBalancer").values()
    attributes = {a["Key"]: a["Value"] for a in balancer["Properties"]["LoadBalancerAttributes"]}
    assert balancer["Properties"]["Scheme"] == "internet-facing"
    assert attributes["deletion_protection.enabled"] == ("true" if stage == "prod" else "false")
    assert attributes["routing.http.drop_invalid_header_fields.enabled"] == "true"
    assert attributes["access_logs.s3.enabled"] == "true"


@pytest.mark.parametrize("stage", STAGES)
def test_scaling(synthesized: Synthesize, stage: str) -> None:
    policies = [
        p["Properties"] for p in synthesized(stage).resources(STACK, "AWS::AutoScaling::ScalingPolicy").values()
    ]
    targets = [p["TargetTrackingConfiguration"] for p in policies if p["PolicyType"] == "TargetTrackingScaling"]
    predefined = [
        (t["PredefinedMetricSpecification"]["PredefinedMetricType"], t["TargetValue"])
        for t in targets
        if "PredefinedMetricSpecification" in t
    ]
    assert sorted(predefined) == sorted(
        [("ASGAverageCPUUtilization", 70), ("ALBRequestCountPerTarget", 1000)] * 2  # once a colour
    )
    assert [
        t["CustomizedMetricSpecification"]["MetricName"] for t in targets if "CustomizedMetricSpecification" in t
    ] == ["mem_used_percent"] * 2
    assert sum(p["PolicyType"] == "StepScaling" for p in policies) == 2


@pytest.mark.parametrize("stage", STAGES)
def test_only_dev_is_empty_at_night(synthesized: Synthesize, stage: str) -> None:
    app = synthesized(stage)
    actions = [a["Properties"] for a in app.resources(STACK, "AWS::AutoScaling::ScheduledAction").values()]
    if stage != "dev":
        assert not actions
        return
    evening = [a for a in actions if a["Recurrence"] == "0 20 * * MON-FRI"]
    morning = [a for a in actions if a["Recurrence"] == "0 8 * * MON-FRI"]
    assert len(evening) == len(morning) == 2
    assert all(a["MinSize"] == a["DesiredCapacity"] == 0 for a in evening)
    assert all(_live(app, a["MinSize"]) == (1, 0) for a in morning)
    assert {a["TimeZone"] for a in actions} == {"Asia/Seoul"}


def test_hooks_are_declared_with_the_group(synthesized: Synthesize) -> None:
    for group in _groups(synthesized()).values():
        hooks = {h["LifecycleTransition"]: h for h in group["Properties"]["LifecycleHookSpecificationList"]}
        assert hooks["autoscaling:EC2_INSTANCE_LAUNCHING"]["DefaultResult"] == "ABANDON"
        assert hooks["autoscaling:EC2_INSTANCE_TERMINATING"]["HeartbeatTimeout"] > 30  # the deregistration delay
    assert not synthesized().resources(STACK, "AWS::AutoScaling::LifecycleHook")


def test_the_share_of_requests_that_is_traced_is_a_setting(synthesized: Synthesize) -> None:
    assert "\nexport TRACE_RATIO=0.005\n" in _user_data(synthesized(**MATRIX["other figures"]), "blue")


def _user_data(app: Synthesized, colour: str) -> str:
    templates = app.resources(STACK, "AWS::EC2::LaunchTemplate")
    (template,) = [t for id, t in templates.items() if id.lower().startswith(colour)]
    parts = template["Properties"]["LaunchTemplateData"]["UserData"]["Fn::Base64"]["Fn::Join"][1]
    return "".join(part if isinstance(part, str) else "TOKEN" for part in parts)


def test_user_data_is_bash_names_its_own_group_and_fits(synthesized: Synthesize) -> None:
    app = synthesized()
    for colour in ("blue", "green"):
        script = _user_data(app, colour)
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)
        assert len(base64.b64encode(script.encode())) < 16 * 1024  # EC2's limit
        assert f"--auto-scaling-group-name cloudmart-lab-backend-{colour}" in script
        assert f"--resource {colour.title()}Group " in script
        assert f"{colour.title()}Group" in app.templates[STACK]["Resources"]
        assert "resolve:secretsmanager" not in script
        # CloudFormation hears of an instance only when the load balancer has found it healthy.
        assert script.index("hook CONTINUE") < script.index("wait target-in-service") < script.index("signal $?")
        assert script.index("signal $status") < script.index("hook ABANDON")


def test_user_data_says_what_the_host_scripts_and_the_local_cloud_read(synthesized: Synthesize) -> None:
    script = _user_data(synthesized("prod", name="team3"), "green")
    exported = dict(re.findall(r"^export (\w+)=(.*)$", script, re.MULTILINE))
    assert set(exported) == {*EXPORTS, "AWS_DEFAULT_REGION"}
    assert exported["PORT"] == str(BACKEND_PORT)
    assert exported["CLOUDMART_STAGE"] == "prod"
    assert exported["CLOUDMART_PARAMETERS"] == "/team3/prod/"
    assert exported["CLOUDMART_SECRETS"] == "team3-prod/"
    assert exported["APPLICATION"] == "team3-prod-backend"
    assert exported["GROUP"] == "team3-prod-backend-green"
    assert exported["TRACE_RATIO"] == "0.01"
    assert len(re.findall(r"^artefact=s3://\S+\.zip$", script, re.MULTILINE)) == 1


@pytest.mark.parametrize(
    ("configuration", "https"),
    [
        ("prod", "true"),  # the CDN's own name has a certificate
        ("domain, no CDN", "true"),
        ("stated sources, no CDN", "false"),
    ],
)
def test_the_backend_knows_whether_users_come_by_https(synthesized: Synthesize, configuration: str, https: str) -> None:
    """The load balancer sees the CDN's HTTP, and says so to the backend."""
    assert f"\nexport CLOUDMART_HTTPS={https}\n" in _user_data(synthesized(**MATRIX[configuration]), "blue")


def test_user_data_runs_the_host_and_tells_how_it_went(synthesized: Synthesize, tmp_path: Path) -> None:
    """For real, with what AWS would be recorded: continue and a signal, or a signal and abandon."""
    script = _user_data(synthesized(), "blue").replace("/opt/aws/bin/cfn-signal", "cfn-signal")
    for status, told in ((0, ["CONTINUE", "wait", "cfn-signal 0"]), (7, ["cfn-signal 7", "ABANDON"])):
        machine = Machine(tmp_path / str(status))
        machine.answers("curl", "echo i-1")
        machine.answers("cfn-signal", "")
        machine.answers(
            "aws",
            f"""
case "$1 $2" in
"s3 cp") mkdir "$(dirname "$5")/host"
  printf '#!/bin/sh\nexit {status}\n' > "$(dirname "$5")/host/first_boot.sh"
  chmod +x "$(dirname "$5")/host/first_boot.sh" ;;
esac""",
        )
        machine.answers("unzip", "")
        subprocess.run(["bash"], input=script, env=machine.environment(), text=True, check=False)
        calls = [call.replace("-e ", "") for call in machine.calls[-len(told) :]]
        assert all(word in call for word, call in zip(told, calls, strict=True)), calls


def _allowed(role: dict[str, Any]) -> dict[str, str]:
    """Action -> its resources, as text."""
    (policy,) = role["Properties"]["Policies"]
    allowed: dict[str, str] = {}
    for statement in policy["PolicyDocument"]["Statement"]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        allowed |= dict.fromkeys(actions, str(statement["Resource"]))
    return allowed


def _role(app: Synthesized, service: str) -> dict[str, Any]:
    (role,) = [
        role
        for role in app.resources(STACK, "AWS::IAM::Role").values()
        if role["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["Service"] == service
    ]
    return role


INSTANCE_STARS = {
    "cloudwatch:PutMetricData",
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "ec2:DescribeTags",
    "elasticloadbalancing:DescribeTargetHealth",
    *SSM_AGENT_ACTIONS,
}


def test_instance_may_read_its_own_stage_only(synthesized: Synthesize) -> None:
    app = synthesized("prod")
    role = _role(app, "ec2.amazonaws.com")
    allowed = _allowed(role)
    assert "parameter/cloudmart/prod/*" in allowed["ssm:GetParameter"]
    assert "GetStackOutput" in allowed["secretsmanager:GetSecretValue"]
    (bucket,) = app.resources(STACK, "AWS::S3::Bucket")
    assert bucket in allowed["s3:GetObject"], "what was released"
    assert allowed["s3:GetObject"].count(".zip") == 2, "host and revision"
    assert (
        "deploymentgroup:cloudmart-prod-backend/cloudmart-prod-backend-green"
        in allowed["codedeploy:GetDeploymentGroup"]
    )
    assert {action for action, resource in allowed.items() if resource == "*"} == INSTANCE_STARS
    assert "ManagedPolicyArns" not in role["Properties"], "AWS's own policy for the agent reads every parameter"


REPOSITORY = "123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/cloudmart-lab/shop"


def test_an_image_of_our_registry_may_be_pulled_and_nothing_else(synthesized: Synthesize) -> None:
    role = _role(synthesized("lab", **{"backend.application": f"{REPOSITORY}:1"}), "ec2.amazonaws.com")
    allowed = _allowed(role)
    assert allowed["ecr:BatchGetImage"].endswith(":repository/cloudmart-lab/shop']]}")
    assert {action for action, resource in allowed.items() if resource == "*"} - INSTANCE_STARS == {
        "ecr:GetAuthorizationToken"
    }


def test_without_an_image_of_ours_nothing_of_ecr_is_allowed(synthesized: Synthesize) -> None:
    for context in ({}, {"backend.application": "public.ecr.aws/nginx/nginx:1.27"}):
        role = _role(synthesized("lab", **context), "ec2.amazonaws.com")
        assert not any(action.startswith("ecr:") for action in _allowed(role))


def test_the_alarms_that_steer_a_rollout_live_here(synthesized: Synthesize) -> None:
    alarms = synthesized("prod").resources(STACK, "AWS::CloudWatch::Alarm").values()
    by_name = {alarm["Properties"]["AlarmName"]: alarm["Properties"] for alarm in alarms}
    assert {"cloudmart-prod-shop-error-rate", "cloudmart-prod-shop-latency"} <= by_name.keys()
    for name in ("cloudmart-prod-shop-green-error-rate", "cloudmart-prod-shop-green-latency"):
        for term in by_name[name]["Metrics"][1:]:
            dimensions = {entry["Name"] for entry in term["MetricStat"]["Metric"]["Dimensions"]}
            assert dimensions == {"LoadBalancer", "TargetGroup"}, "a tenth of the traffic shows in its own targets only"


@pytest.mark.parametrize("stage", STAGES)
def test_codedeploy_has_a_group_for_each_colour(synthesized: Synthesize, stage: str) -> None:
    app = synthesized(stage)
    prefix = f"cloudmart-{stage}"
    (application,) = app.resources(STACK, "AWS::CodeDeploy::Application").values()
    assert application["Properties"]["ApplicationName"] == f"{prefix}-backend"
    assert application["Properties"]["ComputePlatform"] == "Server"
    found = app.resources(STACK, "AWS::CodeDeploy::DeploymentGroup").values()
    by_name = {group["Properties"]["DeploymentGroupName"]: group["Properties"] for group in found}
    assert by_name.keys() == {f"{prefix}-backend-blue", f"{prefix}-backend-green"}
    for colour in ("blue", "green"):
        group = by_name[f"{prefix}-backend-{colour}"]
        assert group["AutoScalingGroups"] == [{"Ref": f"{colour.title()}Group"}]
        (target_group,) = group["LoadBalancerInfo"]["TargetGroupInfoList"]
        assert colour.title() in str(target_group["Name"])
        style = group["DeploymentStyle"]
        assert style == {"DeploymentType": "IN_PLACE", "DeploymentOption": "WITH_TRAFFIC_CONTROL"}
        assert [alarm["Name"] for alarm in group["AlarmConfiguration"]["Alarms"]] == [
            f"{prefix}-shop-{colour}-error-rate",
            f"{prefix}-shop-{colour}-latency",
        ]
        assert group["AlarmConfiguration"]["Enabled"] is True
        assert set(group["AutoRollbackConfiguration"]["Events"]) == {"DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"}


def test_alarms_are_there_before_the_group_that_names_them(synthesized: Synthesize) -> None:
    app = synthesized()
    alarms = {id for id in app.resources(STACK, "AWS::CloudWatch::Alarm") if "Rollout" in id}
    assert len(alarms) == 6
    for group in app.resources(STACK, "AWS::CodeDeploy::DeploymentGroup").values():
        assert alarms <= set(group["DependsOn"])


def test_codedeploy_changes_nothing_but_these_groups(synthesized: Synthesize) -> None:
    role = _role(synthesized("prod"), "codedeploy.amazonaws.com")
    for action, resource in _allowed(role).items():
        describes = action.split(":")[1].startswith(("Describe", "Get"))
        assert (resource == "*") is describes, action
    assert "ManagedPolicyArns" not in role["Properties"]


@pytest.mark.parametrize("stage", STAGES)
def test_releases_stay(synthesized: Synthesize, stage: str) -> None:
    """CodeDeploy fetches the last one for each instance that is launched, months later too."""
    app = synthesized(stage)
    ((id, bucket),) = app.resources(STACK, "AWS::S3::Bucket").items()
    assert bucket["Properties"]["VersioningConfiguration"] == {"Status": "Enabled"}
    for rule in bucket["Properties"]["LifecycleConfiguration"]["Rules"]:
        assert not {"ExpirationInDays", "ExpirationDate"} & rule.keys()
    assert bucket["DeletionPolicy"] == ("Retain" if stage in ("staging", "prod") else "Delete")
    parameters = {
        parameter["Properties"]["Name"]: parameter["Properties"]["Value"]
        for parameter in app.resources(STACK, "AWS::SSM::Parameter").values()
    }
    assert parameters == {
        f"/cloudmart/{stage}/backend/releases-bucket": app.templates[STACK]["Outputs"]["ReleasesBucket"]["Value"],
        f"/cloudmart/{stage}/backend/release": "no release yet",
    }
    assert app.templates[STACK]["Outputs"]["ReleasesBucket"]["Value"] == {"Ref": id}
    assert app.templates[STACK]["Outputs"]["DeliveryApplication"]["Value"] == f"cloudmart-{stage}-backend"
