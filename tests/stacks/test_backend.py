"""BackendAsgStack against specification sections 1 and 4."""

import base64
import configparser
import subprocess
from typing import Any

import pytest

from cloudmart_cdk.constructs.artefact import PLACEHOLDER
from cloudmart_cdk.constructs.ssm_agent import SSM_AGENT_ACTIONS
from cloudmart_cdk.security_groups import BACKEND_PORT
from tests.conftest import Synthesize
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


def test_unit_runs_the_installed_server_and_comes_back() -> None:
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # documented; keys keep their case
    unit.read_string((PLACEHOLDER / "cloudmart.service").read_text(encoding="utf-8"))
    service = unit["Service"]
    assert service["ExecStart"] == "/usr/bin/python3 /opt/cloudmart/server.py"
    assert service["Environment"] == f"PORT={BACKEND_PORT}"
    assert service["User"] == service["Group"] == "cloudmart", "not root"
    assert (service["Restart"], service["NoNewPrivileges"], service["ProtectSystem"]) == ("on-failure", "yes", "strict")
    assert service["StandardOutput"] == service["StandardError"] == "append:/var/log/cloudmart/application.log"
    assert unit["Install"]["WantedBy"] == "multi-user.target", "enabled, it starts with the machine"
    install = (PLACEHOLDER / "install.sh").read_text(encoding="utf-8")
    assert all(path in install for path in ("/opt/cloudmart", "/var/log/cloudmart", "cloudmart.service"))


def test_instance_may_read_its_own_stage_only(synthesized: Synthesize) -> None:
    app = synthesized("prod")
    (role,) = app.resources(STACK, "AWS::IAM::Role").values()
    (policy,) = role["Properties"]["Policies"]
    allowed: dict[str, str] = {}
    for statement in policy["PolicyDocument"]["Statement"]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        allowed |= dict.fromkeys(actions, str(statement["Resource"]))
    assert "parameter/cloudmart/prod/*" in allowed["ssm:GetParameter"]
    assert "GetStackOutput" in allowed["secretsmanager:GetSecretValue"]
    everything = {action for action, resource in allowed.items() if resource == "*"}
    assert everything == {
        "cloudwatch:PutMetricData",
        "xray:PutTraceSegments",
        "xray:PutTelemetryRecords",
        "ec2:DescribeTags",
        "elasticloadbalancing:DescribeTargetHealth",
        *SSM_AGENT_ACTIONS,
    }
    assert "ManagedPolicyArns" not in role["Properties"], "AWS's own policy for the agent reads every parameter"


def test_the_alarms_that_steer_a_rollout_live_here(synthesized: Synthesize) -> None:
    alarms = synthesized("prod").resources(STACK, "AWS::CloudWatch::Alarm").values()
    names = {alarm["Properties"]["AlarmName"] for alarm in alarms}
    assert {"cloudmart-prod-shop-error-rate", "cloudmart-prod-shop-latency"} <= names
