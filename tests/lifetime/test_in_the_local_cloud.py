"""The stack as it is deployed, its function as it runs there: what is over goes in order, everything else stays."""

import contextlib
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest

from cloudmart_cdk.settings.topology import BACKEND, DATA, LAB_ACCOUNT, MONITORING, VPC
from localcloud.aws import Clients
from localcloud.state import Cloud
from tests.conftest import Synthesize
from tests.lifetime.test_construct import ALONE
from tests.localcloud import conftest as localcloud_conftest
from tests.localcloud.stacks import settle
from tests.support import Synthesized, read_json

pytestmark = pytest.mark.xdist_group("emulator")
state, cloud, clients = localcloud_conftest.state, localcloud_conftest.cloud, localcloud_conftest.clients
"""Fixtures: an emulator of the module's own."""

_COURSE: Final = {"Project": "CloudMart", "Stage": "lab"}
_TOPIC: Final = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
_SOON: Final = 5.0
"""Hours: by then a life of four is over."""


@pytest.fixture(scope="module")
def function(cloud: Cloud, clients: Clients, synthesized: Synthesize) -> str:
    """Its name, deployed as the CLI does it: archive into the bootstrap's bucket, then the template."""
    app = synthesized("lab", **ALONE)
    _upload(app, cloud, clients)
    template = app.templates[LAB_ACCOUNT]
    tags = app.stacks[LAB_ACCOUNT]["properties"]["tags"]
    _deploy(clients, "cloudmart-lab-LabAccountStack", tags, body=json.dumps(template))
    (made,) = app.resources(LAB_ACCOUNT, "AWS::Lambda::Function").values()
    return str(made["Properties"]["FunctionName"])


def _upload(app: Synthesized, cloud: Cloud, clients: Clients) -> None:
    bucket = f"cdk-hnb659fds-assets-{cloud.account}-{cloud.region}"
    clients.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": cloud.region})
    clients.client("ssm").put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Type="String", Value="30")
    for key, asset in read_json(app.folder / f"{LAB_ACCOUNT}.assets.json")["files"].items():
        if asset["source"]["packaging"] != "zip":
            continue
        folder, packed = app.folder / asset["source"]["path"], io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for file in folder.rglob("*"):
                if file.is_file():
                    archive.write(file, file.relative_to(folder))
        clients.client("s3").put_object(Bucket=bucket, Key=f"{key}.zip", Body=packed.getvalue())


def _deploy(
    clients: Clients, name: str, tags: Mapping[str, str], *, body: str = _TOPIC, region: str | None = None
) -> None:
    cloudformation = clients.client("cloudformation", region)
    cloudformation.create_stack(
        StackName=name,
        TemplateBody=body,
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )
    assert settle(cloudformation, name)["StackStatus"] == "CREATE_COMPLETE"


def _make(clients: Clients, copy: str, *kinds: str, lifetime: str | None = "4h", region: str | None = None) -> None:
    limit = {"Lifetime": lifetime} if lifetime else {}
    for kind in kinds:
        _deploy(clients, f"{copy}-{kind}", {**_COURSE, "Stack": kind, **limit}, region=region)


def _invoke(clients: Clients, function: str, *, early_hours: float = 0) -> Any:
    payload = json.dumps({"early_hours": early_hours} if early_hours else {})
    answer = clients.client("lambda").invoke(FunctionName=function, Payload=payload)
    return json.loads(answer["Payload"].read())


def _run(clients: Clients, function: str, *, early_hours: float = 0) -> list[str]:
    """What it told to go; awaited, as the schedule's next run would find it."""
    going: list[str] = _invoke(clients, function, early_hours=early_hours)["going"]
    for region in ("ap-northeast-2", "us-east-1"):
        names = set(_living(clients, region))
        for name in names.intersection(going):
            _await_gone(clients.client("cloudformation", region), name)
    return sorted(going)


def _await_gone(cloudformation: Any, name: str) -> None:
    with contextlib.suppress(cloudformation.exceptions.ClientError):  # it does not exist any more
        settle(cloudformation, name)


def _living(clients: Clients, region: str | None = None) -> Iterator[str]:
    for page in clients.client("cloudformation", region).get_paginator("describe_stacks").paginate():
        for stack in page["Stacks"]:
            if stack["StackStatus"] != "DELETE_COMPLETE":
                yield stack["StackName"]


def test_what_is_over_goes_in_order_and_nothing_else(clients: Clients, function: str) -> None:
    _make(clients, "team1-lab", VPC, DATA, BACKEND, MONITORING)
    _make(clients, "team1-lab", "EdgeStack", region="us-east-1")
    _make(clients, "team10-lab", VPC, lifetime="9h")
    _make(clients, "team2-lab", VPC, lifetime=None)
    _deploy(clients, "team1-lab-Mine", {"Lifetime": "1h"})
    _deploy(clients, "somebody-else", {**_COURSE, "Project": "Other", "Stack": VPC, "Lifetime": "1h"})
    _deploy(clients, "team3-dev-VpcStack", {**_COURSE, "Stage": "dev", "Stack": VPC, "Lifetime": "1h"})
    _make(clients, "team4-lab", VPC)
    clients.client("cloudformation").update_termination_protection(
        StackName="team4-lab-VpcStack", EnableTerminationProtection=True
    )
    staying = {
        "cloudmart-lab-LabAccountStack",
        "team10-lab-VpcStack",
        "team2-lab-VpcStack",
        "team1-lab-Mine",
        "somebody-else",
        "team3-dev-VpcStack",
        "team4-lab-VpcStack",
    }

    assert _run(clients, function) == []
    assert _run(clients, function, early_hours=_SOON) == ["team1-lab-EdgeStack", "team1-lab-MonitoringStack"]
    assert _run(clients, function, early_hours=_SOON) == ["team1-lab-BackendAsgStack"]
    assert _run(clients, function, early_hours=_SOON) == ["team1-lab-DataStack"]
    assert _run(clients, function, early_hours=_SOON) == ["team1-lab-VpcStack"]
    assert _run(clients, function, early_hours=_SOON) == []
    assert set(_living(clients)) == staying
    assert not set(_living(clients, "us-east-1"))


def test_a_longer_lifetime_counts_from_the_next_deploy(clients: Clients, function: str) -> None:
    """`cdk deploy -c lifetime_hours=9`: the template is the same, the stack's tags are not."""
    _make(clients, "team5-lab", VPC)
    cloudformation = clients.client("cloudformation")
    cloudformation.update_stack(
        StackName="team5-lab-VpcStack",
        TemplateBody=_TOPIC,
        Tags=[{"Key": k, "Value": v} for k, v in {**_COURSE, "Stack": VPC, "Lifetime": "9h"}.items()],
    )
    assert settle(cloudformation, "team5-lab-VpcStack")["StackStatus"] == "UPDATE_COMPLETE"
    assert "team5-lab-VpcStack" not in _run(clients, function, early_hours=_SOON)
    assert "team5-lab-VpcStack" in _run(clients, function, early_hours=9.5)


def test_one_that_does_not_go_is_tried_again_and_then_told(clients: Clients, function: str) -> None:
    body = json.dumps({"Resources": {"Full": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "team6-full"}}}})
    _deploy(clients, "team6-lab-VpcStack", {**_COURSE, "Stack": VPC, "Lifetime": "4h"}, body=body)
    clients.client("s3").put_object(Bucket="team6-full", Key="late.log", Body=b"a line")
    assert "team6-lab-VpcStack" in _run(clients, function, early_hours=_SOON)
    (stack,) = clients.client("cloudformation").describe_stacks(StackName="team6-lab-VpcStack")["Stacks"]
    assert stack["StackStatus"] == "DELETE_FAILED"

    told = _invoke(clients, function, early_hours=6.5)
    assert told["errorMessage"] == "over, and do not go: team6-lab-VpcStack"

    clients.client("s3").delete_object(Bucket="team6-full", Key="late.log")
    _await_gone(clients.client("cloudformation"), "team6-lab-VpcStack")
    assert "team6-lab-VpcStack" in _run(clients, function, early_hours=_SOON)
    assert "team6-lab-VpcStack" not in set(_living(clients))
