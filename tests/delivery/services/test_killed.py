"""Killed anywhere, a release is finished or taken back by running a command again."""

import signal

import pytest

from cloudmart_cdk.service_releases import Track
from tests.delivery.services.platform import Platform

pytestmark = pytest.mark.xdist_group("services")


_KILLED = -signal.SIGKILL


def test_a_canary_killed_at_each_order_is_finished(platform: Platform) -> None:
    image = platform.push("auth", "killed at each order")
    command = ("release", "auth", "--image", image, "--strategy", "canary", "--canary-minutes", "0")
    for order in ("canary", "weights:10", "release", "weights:0", "end"):
        assert platform.killed(order, *command) == _KILLED, order
    ended = platform.run(*command)
    assert ended.status == 0, ended
    said = platform.says("auth")
    assert (said["image"], said["canary_image"], platform.weights("auth")) == (image, "", (100, 0))
    assert set(platform.met("auth")) == {image}


@pytest.mark.parametrize("order", ["canary", "weights:100"])
def test_a_blue_green_killed_is_taken_back(platform: Platform, order: str) -> None:
    before, said = set(platform.met("auth")), platform.says("auth")
    image = platform.push("auth", f"killed at {order}")
    assert platform.killed(order, "release", "auth", "--image", image, "--strategy", "blue-green") == _KILLED
    assert platform.killed("end", "rollback", "auth") == _KILLED
    ended = platform.run("rollback", "auth")
    assert (ended.status, "no release that is under way" in ended.error) == (1, True), ended
    assert (platform.says("auth"), set(platform.met("auth"))) == (said, before)


def test_a_promotion_killed_is_taken_back(platform: Platform) -> None:
    before = platform.says("auth")["image"]
    image = platform.push("auth", "promotion that was killed")
    assert platform.run("release", "auth", "--image", image, "--strategy", "blue-green").status == 0
    assert platform.killed("release", "promote", "auth") == _KILLED
    assert platform.run("rollback", "auth").status == 0
    said = platform.says("auth")
    assert (said["image"], said["canary_image"], platform.weights("auth")) == (before, "", (100, 0))
    assert set(platform.met("auth")) == {before or "stand-in"}


def test_a_rolling_release_killed_is_made_again_with_new_pods_and_still_knows_what_ran_before(
    platform: Platform,
) -> None:
    before = platform.says("auth")["image"] or "stand-in"
    image = platform.push("auth", "rolling that was killed")
    assert platform.killed("release", "release", "auth", "--image", image) == _KILLED
    platform.until(lambda: set(platform.met("auth")) == {image})
    old = platform.pods.addresses("auth", Track.STABLE)
    ended = platform.run("release", "auth", "--image", image)
    assert (ended.status, "its pods are made anew" in ended.output) == (0, True), ended
    assert not old & platform.pods.addresses("auth", Track.STABLE)
    assert platform.says("auth")["release"].endswith(f" from {before}")
