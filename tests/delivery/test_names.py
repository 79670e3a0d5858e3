"""The tool finds by name what BackendAsgStack makes: both sides of that agreement."""

import dataclasses

import pytest

from cloudmart_cdk.settings.naming import Names
from delivery import backend
from delivery.backend import Backend, Side
from delivery.commands import PARAMETER
from delivery.errors import DeliveryError
from tests.conftest import Synthesize

_NAMES = Names("cloudmart", "lab")


def test_the_stack_makes_what_the_tool_looks_for(synthesized: Synthesize) -> None:
    app = synthesized("lab")
    template = app.templates[backend.STACK]
    assert tuple(template["Parameters"][backend.LIVE_PARAMETER]["AllowedValues"]) == backend.COLOURS

    def named(kind: str, key: str) -> set[str]:
        return {str(resource["Properties"][key]) for resource in app.resources(backend.STACK, kind).values()}

    groups = {_NAMES.of(f"backend-{colour}") for colour in backend.COLOURS}
    assert named("AWS::AutoScaling::AutoScalingGroup", "AutoScalingGroupName") == groups
    assert named("AWS::CodeDeploy::DeploymentGroup", "DeploymentGroupName") == groups
    for kind in ("CodeDeploy::Application", "S3::Bucket", "ElasticLoadBalancingV2::LoadBalancer"):
        assert len(app.resources(backend.STACK, f"AWS::{kind}")) == 1
    assert _NAMES.parameter(PARAMETER) in named("AWS::SSM::Parameter", "Name")
    steering = {name for name in named("AWS::CloudWatch::Alarm", "AlarmName") if name.endswith(backend.STEERING)}
    of = ("shop", "shop-blue", "shop-green")
    assert steering == {_NAMES.of(f"{what}-{kind}") for what in of for kind in ("error-rate", "latency")}


@pytest.fixture
def deployed_backend() -> Backend:
    return Backend(
        stack="a-stack",
        stack_id="arn",
        status="UPDATE_COMPLETE",
        live="blue",
        sides={colour: Side(colour=colour, group=colour, target_group=colour) for colour in backend.COLOURS},
        load_balancer="arn",
        application="application",
        bucket="bucket",
        alarms=("x-shop-blue-latency", "x-shop-green-latency", "x-shop-latency"),
    )


def test_what_steers_is_the_whole_and_the_new_colour(deployed_backend: Backend) -> None:
    assert deployed_backend.steering("green") == ("x-shop-green-latency", "x-shop-latency")
    assert deployed_backend.idle == "green"


@pytest.mark.parametrize("status", ["UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_FAILED", "ROLLBACK_COMPLETE"])
def test_a_stack_that_changes_or_cannot_is_refused(deployed_backend: Backend, status: str) -> None:
    deployed_backend.refuse_busy()
    with pytest.raises(DeliveryError, match=f"a-stack: given a stack in {status}"):
        dataclasses.replace(deployed_backend, status=status).refuse_busy()
