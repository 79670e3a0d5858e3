"""What is refused before anything is begun, in one line."""

import pytest

from commands.errors import CommandLineError
from delivery import command_line, place
from delivery.errors import DeliveryError
from delivery.services.commands import ServiceDelivery, Wishes, status_of_all
from tests.delivery.services.platform import Platform

pytestmark = pytest.mark.xdist_group("services")

_DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("arguments", "tells"),
    [
        (["release", "--service", "auth"], "release: given --service without --image"),
        (["release", "--image", "v1"], "--image: given without --service"),
        (
            ["release", "--service", "auth", "--image", "v1", "--application", "x"],
            "--application: given with --service",
        ),
        (["release", "--service", "auth", "--image", "v1", "--canary-minutes", "0"], "without --strategy canary"),
        (["promote"], "promote: given no --service"),
        (["rollback", "--deadline-minutes", "5"], "--deadline-minutes: given without --service"),
        (["release", "--service", "auth", "--image", "v1", "--strategy", "big-bang"], "command line: given"),
        (["status", "--service", "auth", "--services"], "--services: given with --service"),
    ],
)
def test_bad_command_lines(arguments: list[str], tells: str) -> None:
    with pytest.raises(CommandLineError, match=tells) as refused:
        command_line.parse(arguments)
    assert (refused.value.status, "\n" in str(refused.value)) == (2, False)


@pytest.mark.parametrize(
    ("image", "tells"),
    [
        (_DIGEST, "which is not in test-lab/auth; push it"),
        ("v404", "given v404, which is not in test-lab/auth"),
        (f"{'1' * 12}.dkr.ecr.ap-northeast-2.amazonaws.com/test-lab/queue@{_DIGEST}", "an image of test-lab/auth"),
        ("public.ecr.aws/docker/library/busybox:1", "an image of test-lab/auth"),
        (f"{'9' * 12}.dkr.ecr.ap-northeast-2.amazonaws.com/test-lab/auth@{_DIGEST}", "this account's registry"),
        (f"{'1' * 12}.dkr.ecr.ap-northeast-2.amazonaws.com/test-lab/auth", "by digest or tag"),
        ("sha256:123", "a digest .* a tag, or a URI"),
        ("", "a digest .* a tag, or a URI"),
    ],
)
def test_images_that_are_not_the_services_own(platform: Platform, image: str, tells: str) -> None:
    here = place.in_local_cloud(stage=None, name=None, folder=platform.state.root)
    with pytest.raises(DeliveryError, match=tells) as refused:
        ServiceDelivery(here, "auth").release(Wishes(image=image))
    assert "\n" not in str(refused.value)
    assert platform.says("auth")["canary_image"] == ""


def test_what_is_not_there(platform: Platform) -> None:
    here = place.in_local_cloud(stage=None, name=None, folder=platform.state.root)
    with pytest.raises(DeliveryError, match="--service: given search; allowed: auth, event, notification, payment"):
        ServiceDelivery(here, "search")
    with pytest.raises(DeliveryError, match=r"no parameter EventImage, .* deploy the stack of this version"):
        ServiceDelivery(here, "event")
    with pytest.raises(DeliveryError, match="given no canary: all requests meet"):
        ServiceDelivery(here, "auth").promote()


def test_an_alarm_that_rings_before_or_is_missing_stops_a_canary(platform: Platform) -> None:
    here = place.in_local_cloud(stage=None, name=None, folder=platform.state.root)
    wishes = Wishes(image=platform.push("auth", "unwatched"), strategy="canary")
    platform.ring("tiketi-auth-canary-error-rate")
    with pytest.raises(
        DeliveryError, match=r"an alarm rings: test-lab-tiketi-auth-canary-error-rate .*, before it has"
    ):
        ServiceDelivery(here, "auth").release(wishes)
    assert platform.says("auth")["canary_image"] == ""


def test_traffic_that_no_release_has_split_is_taken_back(platform: Platform) -> None:
    here = place.in_local_cloud(stage=None, name=None, folder=platform.state.root)
    platform.split("auth", 30)
    with pytest.raises(DeliveryError, match="given 30 % of requests on a canary that is not there"):
        ServiceDelivery(here, "auth").release(Wishes(image=platform.push("auth", "any")))
    ServiceDelivery(here, "auth").rollback()
    assert platform.weights("auth") == (100, 0)


def test_a_deploy_of_somebody_else_is_waited_for(platform: Platform) -> None:
    image = platform.push("auth", "after a deploy")
    with platform.deploy():
        run = platform.start("release", "--service", "auth", "--image", image)
        assert run.stdout is not None
        while "is changing (UPDATE_IN_PROGRESS): waiting for it" not in (line := run.stdout.readline()):
            assert line
    ended = platform.end(run)
    assert (ended.status, ended.error) == (0, ""), ended
    assert set(platform.met("auth")) == {image}


def test_status_tells_who_meets_what(platform: Platform, capsys: pytest.CaptureFixture[str]) -> None:
    ended = platform.run("status", "auth")
    assert (ended.status, "100 % of requests, pods: 2 healthy" in ended.output) == (0, True), ended
    here = place.in_local_cloud(stage=None, name=None, folder=platform.state.root)
    with pytest.raises(DeliveryError, match="no parameter EventImage"):
        status_of_all(here)
