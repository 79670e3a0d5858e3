"""BackendAsgStack in small: what a release touches, by the names it looks for."""

from typing import Final

from tests.delivery.pieces import Template, alarm, of, ref

PREFIX: Final = "test-lab"
STACK: Final = f"{PREFIX}-BackendAsgStack"
HEADER: Final = "X-Origin-Verify"
SECRET: Final = "from-the-cdn"
_PORT: Final = 8080


def _att(name: str, attribute: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [name, attribute]}


def _when(colour: str, live: int | str, idle: int | str) -> Template:
    return {"Fn::If": [f"{colour}Live", live, idle]}


def _colour(colour: str, artefact: str, minimum: int, config: str) -> Template:
    group = f"{PREFIX}-backend-{colour.lower()}"
    exports = f"export PORT={_PORT}\nexport APPLICATION={PREFIX}-backend\nexport GROUP={group}\n"
    user_data = f"#!/bin/bash\n{exports}artefact={artefact}\n"
    return {
        colour: of(
            "ElasticLoadBalancingV2::TargetGroup",
            Port=_PORT,
            Protocol="HTTP",
            VpcId=ref("Vpc"),
            HealthCheckPath="/health",
        ),
        f"{colour}Template": of(
            "EC2::LaunchTemplate",
            LaunchTemplateData={"InstanceType": "t3.micro", "UserData": {"Fn::Base64": user_data}},
        ),
        f"{colour}Group": of(
            "AutoScaling::AutoScalingGroup",
            AutoScalingGroupName=group,
            MinSize=_when(colour, str(minimum), "0"),
            MaxSize="4",
            VPCZoneIdentifier=[ref("SubnetA"), ref("SubnetC")],
            LaunchTemplate={
                "LaunchTemplateId": ref(f"{colour}Template"),
                "Version": _att(f"{colour}Template", "LatestVersionNumber"),
            },
            TargetGroupARNs=[ref(colour)],
        ),
        f"{colour}Deployments": of(
            "CodeDeploy::DeploymentGroup",
            ApplicationName=ref("Application"),
            DeploymentGroupName=group,
            ServiceRoleArn="arn:aws:iam::111111111111:role/codedeploy",
            AutoScalingGroups=[ref(f"{colour}Group")],
            DeploymentStyle={"DeploymentType": "IN_PLACE", "DeploymentOption": "WITH_TRAFFIC_CONTROL"},
            LoadBalancerInfo={"TargetGroupInfoList": [{"Name": _att(colour, "TargetGroupName")}]},
            DeploymentConfigName=f"CodeDeployDefault.{config}",
            AutoRollbackConfiguration={"Enabled": True, "Events": ["DEPLOYMENT_FAILURE"]},
        ),
    }


def _forward() -> list[Template]:
    weights = [{"TargetGroupArn": ref(colour), "Weight": _when(colour, 100, 0)} for colour in ("Blue", "Green")]
    return [{"Type": "forward", "ForwardConfig": {"TargetGroups": weights}}]


def backend(artefact: str, *, minimum: int = 2, tag: str = "one", config: str = "AllAtOnce") -> Template:
    """`artefact`: where first boots get theirs, `s3://bucket/key`. Traffic is split by a listener and by a rule."""
    subnets = {
        f"Subnet{zone.upper()}": of(
            "EC2::Subnet",
            VpcId=ref("Vpc"),
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
            f"{colour}Live": {"Fn::Equals": [ref("LiveColour"), colour.lower()]} for colour in ("Blue", "Green")
        },
        "Resources": {
            "Vpc": of("EC2::VPC", CidrBlock="10.0.0.0/16"),
            **subnets,
            "Alb": of(
                "ElasticLoadBalancingV2::LoadBalancer",
                Name=f"{PREFIX}-shop",
                Subnets=[ref("SubnetA"), ref("SubnetC")],
                Tags=[{"Key": "Number", "Value": tag}],
            ),
            "Listener": of(
                "ElasticLoadBalancingV2::Listener",
                LoadBalancerArn=ref("Alb"),
                Port=80,
                Protocol="HTTP",
                DefaultActions=_forward(),
            ),
            "ThroughCdn": of(
                "ElasticLoadBalancingV2::ListenerRule",
                ListenerArn=ref("Listener"),
                Priority=10,
                Conditions=[
                    {
                        "Field": "http-header",
                        "HttpHeaderConfig": {"HttpHeaderName": HEADER, "Values": [SECRET]},
                    }
                ],
                Actions=_forward(),
            ),
            "Releases": of("S3::Bucket"),
            "Application": of("CodeDeploy::Application", ApplicationName=f"{PREFIX}-backend", ComputePlatform="Server"),
            **_colour("Blue", artefact, minimum, config),
            **_colour("Green", artefact, minimum, config),
            **{
                f"Alarm{number}": alarm(f"{PREFIX}-{name}")
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
