"""The emulator's CodeDeploy by the SDK."""

import time
import zipfile
from io import BytesIO
from typing import Any

import pytest
from botocore.exceptions import ClientError

from delivery.artefact import make
from tests.delivery import applications
from tests.delivery.shop import Shop
from tests.delivery.template import PREFIX

pytestmark = pytest.mark.xdist_group("delivery")

_APPLICATION = f"{PREFIX}-backend"


def _deploy(shop: Shop, colour: str, key: str, config: str = "AllAtOnce") -> str:
    location = {"bucket": "test-assets", "key": key, "bundleType": "zip"}
    answer = shop.client("codedeploy").create_deployment(
        applicationName=_APPLICATION,
        deploymentGroupName=f"{PREFIX}-backend-{colour}",
        deploymentConfigName=f"CodeDeployDefault.{config}",
        revision={"revisionType": "S3", "s3Location": location},
    )
    return str(answer["deploymentId"])


def _ended(shop: Shop, deployment: str) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while True:
        info: dict[str, Any] = shop.client("codedeploy").get_deployment(deploymentId=deployment)["deploymentInfo"]
        if info["status"] in ("Succeeded", "Failed", "Stopped"):
            return info
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _put(shop: Shop, key: str, content: bytes) -> None:
    shop.client("s3").put_object(Bucket="test-assets", Key=key, Body=content)


def test_what_the_stack_has_made_is_there(shop: Shop) -> None:
    codedeploy = shop.client("codedeploy")
    assert codedeploy.get_application(applicationName=_APPLICATION)["application"]["computePlatform"] == "Server"
    names = codedeploy.list_deployment_groups(applicationName=_APPLICATION)["deploymentGroups"]
    assert names == [f"{PREFIX}-backend-blue", f"{PREFIX}-backend-green"]
    info = codedeploy.get_deployment_group(applicationName=_APPLICATION, deploymentGroupName=names[0])
    group = info["deploymentGroupInfo"]
    assert [entry["name"] for entry in group["autoScalingGroups"]] == [names[0]]
    assert group["deploymentStyle"]["deploymentOption"] == "WITH_TRAFFIC_CONTROL"
    assert group["loadBalancerInfo"]["targetGroupInfoList"][0]["name"]
    with pytest.raises(ClientError, match="ApplicationDoesNotExistException"):
        codedeploy.get_application(applicationName="none")
    with pytest.raises(ClientError, match="DeploymentDoesNotExistException"):
        codedeploy.get_deployment(deploymentId="d-none")
    with pytest.raises(ClientError, match="ApplicationAlreadyExistsException"):
        codedeploy.create_application(applicationName=_APPLICATION)


def test_a_deployment_under_load_and_what_a_new_instance_gets(shop: Shop, tmp_path: Any) -> None:
    """One after the other out of the load balancer, so that the other one serves on."""
    live, before = shop.live(), shop.versions()
    _put(shop, "eleven.zip", make(str(applications.write(tmp_path / "a", "eleven"))).content)
    with shop.under_load() as load:
        deployment = _deploy(shop, live, "eleven.zip", "OneAtATime")
        with pytest.raises(ClientError, match="DeploymentLimitExceededException"):
            _deploy(shop, live, "eleven.zip")
        info = _ended(shop, deployment)
    assert (info["status"], load.failures) == ("Succeeded", [])
    assert info["deploymentOverview"]["Succeeded"] == 2
    assert set(load.versions) <= before | {"eleven"}
    codedeploy = shop.client("codedeploy")
    ids = codedeploy.list_deployment_targets(deploymentId=deployment)["targetIds"]
    answer = codedeploy.batch_get_deployment_targets(deploymentId=deployment, targetIds=ids)
    events = answer["deploymentTargets"][0]["instanceTarget"]["lifecycleEvents"]
    assert [event["status"] for event in events] == ["Succeeded"] * len(events)
    shop.grow(3)
    assert shop.versions(9) == {"eleven"}


def test_a_deployment_that_fails_is_rolled_back(shop: Shop, tmp_path: Any) -> None:
    live = shop.live()
    _put(shop, "good.zip", make(str(applications.write(tmp_path / "good", "good"))).content)
    assert _ended(shop, _deploy(shop, live, "good.zip"))["status"] == "Succeeded"
    _put(shop, "bad.zip", make(str(applications.write(tmp_path / "bad", "bad", health=500))).content)
    failed = _ended(shop, _deploy(shop, live, "bad.zip"))
    assert failed["status"] == "Failed"
    back = _ended(shop, failed["rollbackInfo"]["rollbackDeploymentId"])
    assert (back["status"], back["creator"]) == ("Succeeded", "codeDeployRollback")
    assert shop.versions() == {"good"}


def test_a_revision_that_is_not_there_or_no_archive_and_a_group_without_instances(shop: Shop) -> None:
    _put(shop, "text.zip", b"no archive")
    for key, colour, tells in (
        ("none.zip", shop.live(), "NoSuchKey"),
        ("text.zip", shop.live(), "2 of 2 instances failed"),
        ("text.zip", shop.idle(), "no instances"),
    ):
        info = _ended(shop, _deploy(shop, colour, key))
        assert (info["status"], tells in info["errorInformation"]["message"]) == ("Failed", True), info
        if "rollbackInfo" in info:
            _ended(shop, info["rollbackInfo"]["rollbackDeploymentId"])


def test_the_same_application_has_the_same_key(tmp_path: Any) -> None:
    one, two = (make(str(applications.write(tmp_path / name / "app", "same"))) for name in ("one", "two"))
    assert (one.key, one.content) == (two.key, two.content)
    with zipfile.ZipFile(BytesIO(one.content)) as archive:
        assert {"appspec.yml", "app/bin/start", "hooks/validate_service.sh"} <= set(archive.namelist())
    assert make(str(applications.write(tmp_path / "three" / "app", "other"))).key != one.key
