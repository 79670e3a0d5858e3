"""The canary as a resource. What it does is tried in `tests/shop/test_canary_visit.py`."""

import json
import re
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from cloudmart_cdk.assets.canary import visit
from cloudmart_cdk.constructs.canary import NAMESPACE, RUNTIME, Canary, visit_alarms
from cloudmart_cdk.constructs.log_groups import LogGroups
from cloudmart_cdk.constructs.stage_owned import Lifecycle
from tests.support import feature_flags

NAME = "cloudmart-prod-shop"
Resources = dict[str, dict[str, Any]]


class Made:
    """Template and assets of a stack with a canary."""

    def __init__(self, folder: Path, *, minutes: int = 5) -> None:
        app = cdk.App(
            context=feature_flags(),
            outdir=str(folder),
            builtin_cloud_formation_validation=False,
            analytics_reporting=False,
        )
        stack = cdk.Stack(app, "Stack", env=cdk.Environment(region="ap-northeast-2"))
        Canary(
            stack,
            "Canary",
            name=NAME,
            shop_url="https://shop.example.com/",
            parts=list(visit.PARTS),
            minutes=minutes,
            log_bucket=None,
            log_groups=LogGroups(retention_days=7),
            lifecycle=Lifecycle(keep=False, deletion_protection=False),
        )
        self.resources: Resources = app.synth().get_stack_by_name("Stack").template["Resources"]
        self.folder = folder

    def of(self, type: str) -> dict[str, Any]:
        (found,) = [resource for resource in self.resources.values() if resource["Type"] == type]
        return found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return Made(tmp_path_factory.mktemp("canary") / "out")


def test_it_visits_every_few_minutes_and_ends_before_the_next(made: Made) -> None:
    canary = made.of("AWS::Synthetics::Canary")["Properties"]
    assert canary["Schedule"]["Expression"] == "rate(5 minutes)"
    assert canary["RunConfig"]["TimeoutInSeconds"] <= 300
    assert canary["StartCanaryAfterCreation"] is True
    assert canary["RuntimeVersion"] == RUNTIME
    assert "VPCConfig" not in canary


def test_a_minute_is_one_minute(tmp_path: Path) -> None:
    canary = Made(tmp_path / "out", minutes=1).of("AWS::Synthetics::Canary")["Properties"]
    assert canary["Schedule"]["Expression"] == "rate(1 minute)"
    assert canary["RunConfig"]["TimeoutInSeconds"] <= 60


def test_its_code_lies_where_synthetics_looks_for_it(made: Made) -> None:
    canary = made.of("AWS::Synthetics::Canary")["Properties"]
    module, function = canary["Code"]["Handler"].split(".")
    (folder,) = made.folder.glob("asset.*/python")
    assert [file.name for file in folder.iterdir()] == [f"{module}.py"]
    assert (folder / f"{module}.py").read_bytes() == Path(visit.__file__).read_bytes()
    assert callable(getattr(visit, function))


def test_the_visit_reads_what_the_canary_is_told(made: Made) -> None:
    told = made.of("AWS::Synthetics::Canary")["Properties"]["RunConfig"]["EnvironmentVariables"]
    assert told == {"SHOP_URL": "https://shop.example.com/", "PARTS": "page,catalogue,basket"}
    assert set(re.findall(r'environ\["(\w+)"\]', Path(visit.__file__).read_text())) == told.keys()


def test_what_it_saw_is_encrypted_private_and_gone_in_a_month(made: Made) -> None:
    canary, bucket = made.of("AWS::Synthetics::Canary")["Properties"], made.of("AWS::S3::Bucket")["Properties"]
    assert canary["ArtifactConfig"]["S3Encryption"]["EncryptionMode"] == "SSE_S3"
    assert (canary["SuccessRetentionPeriod"], canary["FailureRetentionPeriod"]) == (7, 30)
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]
    assert rule["ExpirationInDays"] == 30
    assert all(bucket["PublicAccessBlockConfiguration"].values())


def test_nothing_stays_when_the_stack_goes(made: Made) -> None:
    canary = made.of("AWS::Synthetics::Canary")
    assert canary["Properties"]["ProvisionedResourceCleanup"] == "AUTOMATIC"
    emptied = [id for id, r in made.resources.items() if r["Type"] == "Custom::S3AutoDeleteObjects"]
    assert set(emptied) <= set(canary["DependsOn"]), "what empties the bucket runs after the canary is gone"
    group = made.of("AWS::Logs::LogGroup")["Properties"]
    assert group["RetentionInDays"] == 7
    assert f"/aws/lambda/cwsyn-{NAME}-" in json.dumps(group["LogGroupName"])
    assert "logs:CreateLogGroup" not in json.dumps(made.resources), "its function cannot make one that stays"


def test_it_may_keep_what_it_saw_and_nothing_else(made: Made) -> None:
    roles = [r["Properties"] for id, r in made.resources.items() if r["Type"] == "AWS::IAM::Role" and "Canary" in id]
    (role,) = roles
    (policy,) = role["Policies"]
    allowed = {
        action
        for statement in policy["PolicyDocument"]["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }
    assert allowed == {
        "s3:GetObject",
        "s3:PutObject",
        "s3:GetBucketLocation",
        "s3:ListAllMyBuckets",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "cloudwatch:PutMetricData",
    }
    (metrics,) = [s for s in policy["PolicyDocument"]["Statement"] if s["Action"] == "cloudwatch:PutMetricData"]
    assert metrics["Condition"] == {"StringEquals": {"cloudwatch:namespace": NAMESPACE}}


def test_two_bad_visits_of_three_page_and_so_does_silence() -> None:
    (row,) = visit_alarms(NAME, minutes=5)
    assert (row.fires, row.threshold, row.datapoints, row.silence) == ("<", 100, (2, 3), "breaching")
    assert row.period_s == 300
