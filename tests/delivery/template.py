"""BackendAsgStack in small: what a release touches, by the names it looks for."""

from typing import Any, Final

Template = dict[str, Any]

PREFIX: Final = "test-lab"
STACK: Final = f"{PREFIX}-BackendAsgStack"
HEADER: Final = "X-Origin-Verify"
SECRET: Final = "from-the-cdn"
_PORT: Final = 8080


def _ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def _att(name: str, attribute: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [name, attribute]}


def _when(colour: str, live: int | str, idle: int | str) -> Template:
    return {"Fn::If": [f"{colour}Live", live, idle]}


def _of(kind: str, **properties: Any) -> Template:
    return {"Type": f"AWS::{kind}", "Properties": properties}


def _alarm(name: str) -> Template:
    return _of(
        "CloudWatch::Alarm",
        AlarmName=f"{PREFIX}-{name}",
        Namespace="AWS/ApplicationELB",
        MetricName="HTTPCode_Target_5XX_Count",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=5,
        ComparisonOperator="GreaterThanThreshold",
    )


def _colour(colour: str, artefact: str, minimum: int, config: str) -> Template:
    group = f"{PREFIX}-backend-{colour.lower()}"
    exports = f"export PORT={_PORT}\nexport APPLICATION={PREFIX}-backend\nexport GROUP={group}\n"
    user_data = f"#!/bin/bash\n{exports}artefact={artefact}\n"
    return {
        colour: _of(
            "ElasticLoadBalancingV2::TargetGroup",
            Port=_PORT,
            Protocol="HTTP",
            VpcId=_ref("Vpc"),
            HealthCheckPath="/health",
        ),
        f"{colour}Template": _of(
            "EC2::LaunchTemplate",
            LaunchTemplateData={"InstanceType": "t3.micro", "UserData": {"Fn::Base64": user_data}},
        ),
        f"{colour}Group": _of(
            "AutoScaling::AutoScalingGroup",
            AutoScalingGroupName=group,
            MinSize=_when(colour, str(minimum), "0"),
            MaxSize="4",
            VPCZoneIdentifier=[_ref("SubnetA"), _ref("SubnetC")],
            LaunchTemplate={
                "LaunchTemplateId": _ref(f"{colour}Template"),
                "Version": _att(f"{colour}Template", "LatestVersionNumber"),
            },
            TargetGroupARNs=[_ref(colour)],
        ),
        f"{colour}Deployments": _of(
            "CodeDeploy::DeploymentGroup",
            ApplicationName=_ref("Application"),
            DeploymentGroupName=group,
            ServiceRoleArn="arn:aws:iam::111111111111:role/codedeploy",
            AutoScalingGroups=[_ref(f"{colour}Group")],
            DeploymentStyle={"DeploymentType": "IN_PLACE", "DeploymentOption": "WITH_TRAFFIC_CONTROL"},
            LoadBalancerInfo={"TargetGroupInfoList": [{"Name": _att(colour, "TargetGroupName")}]},
            DeploymentConfigName=f"CodeDeployDefault.{config}",
            AutoRollbackConfiguration={"Enabled": True, "Events": ["DEPLOYMENT_FAILURE"]},
        ),
    }


def _forward() -> list[Template]:
    weights = [{"TargetGroupArn": _ref(colour), "Weight": _when(colour, 100, 0)} for colour in ("Blue", "Green")]
    return [{"Type": "forward", "ForwardConfig": {"TargetGroups": weights}}]


def backend(artefact: str, *, minimum: int = 2, tag: str = "one", config: str = "AllAtOnce") -> Template:
    """`artefact`: where first boots get theirs, `s3://bucket/key`. Traffic is split by a listener and by a rule."""
    subnets = {
        f"Subnet{zone.upper()}": _of(
            "EC2::Subnet",
            VpcId=_ref("Vpc"),
            CidrBlock=f"10.0.{number}.0/24",
            AvailabilityZone=f"ap-northeast-2{zone}",
        )
        for number, zone in enumerate("ac", start=1)
    }
    return {
        "Parameters": {
            "LiveColour": {"Type": "String", "Default": "blue", "AllowedValues": ["blue", "green"]},
            "Other": {"Type": "String", "Default": "kept"},
        },
        "Conditions": {
            f"{colour}Live": {"Fn::Equals": [_ref("LiveColour"), colour.lower()]} for colour in ("Blue", "Green")
        },
        "Resources": {
            "Vpc": _of("EC2::VPC", CidrBlock="10.0.0.0/16"),
            **subnets,
            "Alb": _of(
                "ElasticLoadBalancingV2::LoadBalancer",
                Name=f"{PREFIX}-shop",
                Subnets=[_ref("SubnetA"), _ref("SubnetC")],
                Tags=[{"Key": "Number", "Value": tag}],
            ),
            "Listener": _of(
                "ElasticLoadBalancingV2::Listener",
                LoadBalancerArn=_ref("Alb"),
                Port=80,
                Protocol="HTTP",
                DefaultActions=_forward(),
            ),
            "ThroughCdn": _of(
                "ElasticLoadBalancingV2::ListenerRule",
                ListenerArn=_ref("Listener"),
                Priority=10,
                Conditions=[
                    {
                        "Field": "http-header",
                        "HttpHeaderConfig": {"HttpHeaderName": HEADER, "Values": [SECRET]},
                    }
                ],
                Actions=_forward(),
            ),
            "Releases": _of("S3::Bucket"),
            "Application": _of(
                "CodeDeploy::Application", ApplicationName=f"{PREFIX}-backend", ComputePlatform="Server"
            ),
            **_colour("Blue", artefact, minimum, config),
            **_colour("Green", artefact, minimum, config),
            **{
                f"Alarm{number}": _alarm(name)
                for number, name in enumerate(
                    (
                        "shop-error-rate",
                        "shop-latency",
                        "shop-blue-error-rate",
                        "shop-green-error-rate",
                        "backend-blue-surge",
                    )
                )
            },
        },
    }
