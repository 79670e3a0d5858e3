"""What is refused before anything is begun, in one line."""

from pathlib import Path

import pytest

from commands.errors import CommandError, CommandLineError
from delivery import command_line, place
from delivery.commands import Delivery, Wishes
from tests.delivery import applications
from tests.delivery.shop import Shop
from tests.delivery.template import PREFIX

pytestmark = pytest.mark.xdist_group("delivery")


@pytest.mark.parametrize(
    ("arguments", "tells"),
    [
        (["release", "--canary-minutes", "-1"], "--canary-minutes: given -1; allowed: 0 to 1440 minutes"),
        (["release", "--canary-minutes", "nan"], "--canary-minutes: given nan"),
        (["release", "--canary-percent", "60"], "allowed: a whole number from 1 to 50"),
        (["release", "--state", "x"], "--state: given without --local"),
        (
            ["release", "--local", "-c", "backend.max=5"],
            "-c: given backend.max=5 with --local; allowed: stage and name",
        ),
        (["release", "-c", "stage"], "-c: given stage; allowed: KEY=VALUE"),
        (["relase"], "command line: given"),
    ],
)
def test_bad_command_lines(arguments: list[str], tells: str) -> None:
    with pytest.raises(CommandLineError, match=tells) as refused:
        command_line.parse(arguments)
    assert refused.value.status == 2
    assert "\n" not in str(refused.value)


def test_both_ways_to_name_a_stage() -> None:
    parsed = command_line.parse(["status", "-c", "stage=prod", "--name", "team3", "-c", "backend.max=5"])
    assert (parsed.stage, parsed.name, parsed.context) == ("prod", "team3", {"backend.max": "5"})


def test_no_local_cloud(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="local cloud: given none that runs"):
        place.in_local_cloud(stage=None, name=None, folder=tmp_path)


def test_another_stage_than_the_cloud_has(shop: Shop) -> None:
    with pytest.raises(CommandError, match="--stage: given prod; allowed: lab"):
        place.in_local_cloud(stage="prod", name=None, folder=shop.state.root)


@pytest.mark.parametrize(("account", "tells"), [("", "no such stack in ap-northeast-2"), ("222222222222", "account: ")])
def test_aws_is_the_same_code(shop: Shop, monkeypatch: pytest.MonkeyPatch, account: str, tells: str) -> None:
    for key, value in shop.aws().items():
        monkeypatch.setenv(key, value)
    context = {"account": account} if account else {}
    with pytest.raises(CommandError, match=tells):
        Delivery(place.on_aws(stage="lab", name="nobody", context=context))
    Delivery(place.on_aws(stage="lab", name="test", context={})).status()


def test_bad_applications(shop: Shop, tmp_path: Path) -> None:
    delivery = Delivery(place.in_local_cloud(stage=None, name=None, folder=shop.state.root))
    for given, tells in ((str(tmp_path), "bin/start is not there"), ("no/such", "no folder"), ("image:", "image as")):
        with pytest.raises(CommandError, match=tells):
            delivery.release(Wishes(application=given))


def test_nothing_live_and_traffic_that_nobody_explains(shop: Shop, application: Path) -> None:
    applications.write(application, "any")
    here = place.in_local_cloud(stage=None, name=None, folder=shop.state.root)
    live, idle = shop.live(), shop.idle()
    shop.split({live: 50, idle: 50})
    with pytest.raises(CommandError, match=f"traffic on {idle} .* and no release that did it"):
        Delivery(here).release(Wishes(application=str(application)))
    Delivery(here).rollback()
    assert {max(pair) for pair in shop.weights()} == {100}
    scaling = shop.client("autoscaling")
    scaling.update_auto_scaling_group(AutoScalingGroupName=f"{PREFIX}-backend-{live}", MinSize=0, DesiredCapacity=0)
    with pytest.raises(CommandError, match=f"no instance of {live}, the live colour"):
        Delivery(here).release(Wishes(application=str(application)))


def test_wrong_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    from botocore.exceptions import ClientError, NoCredentialsError

    from commands.place import explain

    expired = ClientError({"Error": {"Code": "ExpiredToken", "Message": "expired"}}, "DescribeStacks")
    refused = ClientError({"Error": {"Code": "AccessDenied", "Message": "x is not authorized"}}, "PutParameter")
    assert "credentials: given expired ones" in str(explain(expired))
    assert "PutParameter: not allowed to you (x is not authorized)" in str(explain(refused))
    assert "credentials: given none that work" in str(explain(NoCredentialsError()))
