"""Events, traces, objectives and the canary, as the stages have them. Specification section 7."""

from typing import Any

import pytest

from tests.conftest import Synthesize
from tests.events import samples
from tests.events.bridge import matches
from tests.matrix import MATRIX
from tests.support import Synthesized, synthesize

MONITORING = "MonitoringStack"
OF_THE_ACCOUNT = {"Health", "KeyAtRisk", "SignIn", "SignInTroubled", "TrailTouched"}
OF_EVERY_STAGE = {
    "AddonTroubled",
    "AutomationFailed",
    "ClusterChanged",
    "DatabaseChanged",
    "DatabaseTroubled",
    "DeploymentFailed",
    "ImageVulnerable",
    "InstanceStopped",
    "Scaled",
    "ScalingFailed",
    "SecretDeleted",
    "VolumeCreated",
    "VolumeFailed",
}


def rules(app: Synthesized, stack: str = MONITORING) -> dict[str, dict[str, Any]]:
    """Row's id -> properties; a rule's logical id is its path and a hash of eight."""
    found = app.resources(stack, "AWS::Events::Rule")
    return {id.removeprefix("Events")[:-8]: rule["Properties"] for id, rule in found.items()}


@pytest.mark.parametrize("stage", ["lab", "dev", "staging", "prod"])
def test_every_stage_tells_of_its_own_and_one_of_the_account(synthesized: Synthesize, stage: str) -> None:
    app = synthesized(stage)
    account = OF_THE_ACCOUNT if app.settings.monitoring.cloudtrail else set()
    backup = {"BackupFailed"} if app.settings.backup.plan else set()
    insights = {"Insight"} if app.settings.monitoring.application_signals else set()
    drill = {"DrillEnded"} if app.settings.backup.drill else set()
    assert rules(app).keys() == OF_EVERY_STAGE | account | backup | insights | drill


def test_names_in_patterns_are_the_stages(synthesized: Synthesize) -> None:
    app = synthesized("lab")
    made = rules(app)
    ours = samples.scaling("cloudmart-lab-backend-green", "EC2 Instance Launch Successful", "InProgress")
    theirs = samples.scaling("team3-lab-backend-green", "EC2 Instance Launch Successful", "InProgress")
    pattern = made["Scaled"]["EventPattern"]
    named = [group for group in pattern["detail"]["AutoScalingGroupName"] if isinstance(group, str)]
    pattern = pattern | {"detail": {"AutoScalingGroupName": named}}
    assert (matches(pattern, ours), matches(pattern, theirs)) == (True, False)
    cluster = samples.call("eks", "DeleteNodegroup", {"name": app.settings.names.of("tiketi")})
    assert matches(made["ClusterChanged"]["EventPattern"], cluster)


def test_node_groups_are_asked_for_by_the_name_that_eks_makes(synthesized: Synthesize) -> None:
    groups = rules(synthesized("prod"))["Scaled"]["EventPattern"]["detail"]["AutoScalingGroupName"]
    prefixes = [group["prefix"]["Fn::Join"][1] for group in groups if isinstance(group, dict)]
    assert len(prefixes) == len(synthesized("prod").resources("EksPlatformStack", "AWS::EKS::Nodegroup"))
    assert all(parts[0] == "eks-" and parts[-1] == "-" for parts in prefixes)


def test_what_nobody_has_to_do_with_is_not_told(synthesized: Synthesize) -> None:
    assert not rules(synthesized("lab")).keys() & OF_THE_ACCOUNT, "twelve students would hear of each sign-in"


def test_traces_are_a_group_a_workload(synthesized: Synthesize) -> None:
    for stage, expected in (("lab", ["shop", "tiketi"]), ("prod", ["poor", "shop", "tiketi"])):
        app = synthesized(stage)
        made = app.resources(MONITORING, "AWS::XRay::Group").values()
        assert sorted(group["Properties"]["GroupName"] for group in made) == [
            app.settings.names.of(e) for e in expected
        ]


def test_objectives_carry_the_settings(synthesized: Synthesize) -> None:
    assert not synthesized("lab").resources(MONITORING, "AWS::ApplicationSignals::ServiceLevelObjective")
    app = synthesized("prod")
    made = app.resources(MONITORING, "AWS::ApplicationSignals::ServiceLevelObjective").values()
    goals = {slo["Properties"]["Name"]: slo["Properties"]["Goal"]["AttainmentGoal"] for slo in made}
    assert goals == {
        "cloudmart-prod-shop-availability": app.settings.monitoring.availability_slo,
        "cloudmart-prod-shop-latency": 95,
        "cloudmart-prod-tiketi-availability": app.settings.monitoring.availability_slo,
        "cloudmart-prod-tiketi-latency": 95,
    }


def test_nobody_enables_the_account(synthesized: Synthesize) -> None:
    assert not synthesized("prod").resources(MONITORING, "AWS::ApplicationSignals::Discovery")


def test_the_canary_is_an_option_with_its_alarm(synthesized: Synthesize) -> None:
    assert not synthesized("prod").resources(MONITORING, "AWS::Synthetics::Canary")
    app = synthesize(MATRIX["watched closely"])
    (canary,) = app.resources(MONITORING, "AWS::Synthetics::Canary").values()
    alarms = app.resources(MONITORING, "AWS::CloudWatch::Alarm").values()
    (watching,) = [a["Properties"] for a in alarms if a["Properties"].get("MetricName") == "SuccessPercent"]
    assert watching["Dimensions"] == [{"Name": "CanaryName", "Value": canary["Properties"]["Name"]}]
    told = canary["Properties"]["RunConfig"]["EnvironmentVariables"]
    assert told["PARTS"] == "page,catalogue,basket"
    assert "cloudfront" in str(told["SHOP_URL"]).lower() or "Fn::" in str(told["SHOP_URL"])
