"""EksPlatformStack in small: what a release of a service touches, by the names it looks for.

Instead of manifests there are parameters of Parameter Store that hold what a Deployment would: `pods` reads them.
"""

from typing import Final

from cloudmart_cdk import service_releases as releases
from cloudmart_cdk.service_releases import Track
from tests.delivery.pieces import Template, alarm, of, ref

PREFIX: Final = "test-lab"
STACK: Final = f"{PREFIX}-EksPlatformStack"
SERVICES: Final = {"auth": 2, "queue": 3}
"""Service -> pods at least, as in the service table."""


def manifest(service: str, track: Track) -> str:
    """Where `pods` finds what a track is to run."""
    return f"/{PREFIX}/manifests/{service}/{track}"


def _group(service: str, track: Track) -> Template:
    tags = {releases.SERVICE_TAG: service, releases.TRACK_TAG: track}
    return of(
        "ElasticLoadBalancingV2::TargetGroup",
        Port=80,
        Protocol="HTTP",
        TargetType="ip",
        VpcId=ref("Vpc"),
        HealthCheckPath="/health",
        Tags=[{"Key": key, "Value": str(value)} for key, value in tags.items()],
    )


def _service(service: str, priority: int) -> tuple[Template, Template, Template]:
    """Parameters, conditions, resources."""
    own, stem = releases.parameters(service), service.title()
    forward = {
        "TargetGroups": [
            {"TargetGroupArn": ref(f"{stem}{track.title()}"), "Weight": weight}
            for track, weight in releases.shares(0).items()
        ]
    }
    errors, latency = releases.alarm_ids(service)
    parameters = {
        own.image: {"Type": "String", "Default": "", "AllowedPattern": f"({releases.DIGEST})?"},
        own.canary_image: {"Type": "String", "Default": "", "AllowedPattern": f"({releases.DIGEST})?"},
        own.release: {"Type": "String", "Default": "", "AllowedPattern": releases.RELEASE},
        own.minimum: {"Type": "Number", "Default": 0, "MinValue": 0, "MaxValue": 10},
    }
    conditions = {f"{stem}HasCanary": {"Fn::Not": [{"Fn::Equals": [ref(own.canary_image), ""]}]}}
    stable, canary = (
        of(
            "SSM::Parameter",
            Type="String",
            Name=manifest(service, track),
            # Two references, so that a change of either is one of the pods' template.
            Value={"Fn::Join": ["|", [ref(image), ref(own.release), ref(own.minimum)]]},
        )
        for track, image in ((Track.STABLE, own.image), (Track.CANARY, own.canary_image))
    )
    resources = {
        **{f"{stem}{track.title()}": _group(service, track) for track in Track},
        f"{stem}Rule": of(
            "ElasticLoadBalancingV2::ListenerRule",
            ListenerArn=ref("Listener"),
            Priority=priority,
            Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": [f"/api/{service}"]}}],
            Actions=[{"Type": "forward", "ForwardConfig": forward}],
        ),
        f"{stem}Manifest": stable,
        f"{stem}CanaryManifest": canary | {"Condition": f"{stem}HasCanary"},
        f"{stem}Errors": alarm(f"{PREFIX}-{errors}"),
        f"{stem}Latency": alarm(f"{PREFIX}-{latency}"),
        f"{stem}Repository": of("ECR::Repository", RepositoryName=f"{PREFIX}/{service}"),
    }
    return parameters, conditions, resources


def platform(*, tag: str = "one") -> Template:
    """All of it. `tag`: what a deploy may change."""
    made = [_service(service, number) for number, service in enumerate(SERVICES, start=1)]
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
        "Parameters": {releases.BOOTSTRAP: {"Type": "String", "Default": "kept"}}
        | {key: value for parameters, _, _ in made for key, value in parameters.items()},
        "Conditions": {key: value for _, conditions, _ in made for key, value in conditions.items()},
        "Resources": {
            "Vpc": of("EC2::VPC", CidrBlock="10.0.0.0/16", Tags=[{"Key": "Number", "Value": tag}]),
            **subnets,
            "Alb": of(
                "ElasticLoadBalancingV2::LoadBalancer",
                Name=f"{PREFIX}-tiketi",
                Subnets=[ref("SubnetA"), ref("SubnetC")],
            ),
            "Listener": of(
                "ElasticLoadBalancingV2::Listener",
                LoadBalancerArn=ref("Alb"),
                Port=80,
                Protocol="HTTP",
                DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
            ),
            **{key: value for _, _, resources in made for key, value in resources.items()},
        },
    }
