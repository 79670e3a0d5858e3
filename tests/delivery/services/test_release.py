"""Releases of a service by the command, against the emulator and real servers."""

import signal

import pytest

from cloudmart_cdk.service_releases import Track
from tests.delivery.services.platform import Platform

pytestmark = pytest.mark.xdist_group("services")

_CANARY = ("--strategy", "canary", "--canary-minutes")


def test_rolling_replaces_every_pod_and_says_how_to_bring_back_what_ran_before(platform: Platform) -> None:
    one = platform.push("auth", "rolling one", tag="v1")
    ended = platform.run("release", "auth", "--image", "v1")
    assert (ended.status, ended.error) == (0, ""), ended
    assert set(platform.met("auth")) == {one}
    two = platform.push("auth", "rolling two")
    old = platform.pods.addresses("auth", Track.STABLE)
    with platform.under_load("auth") as load:
        assert platform.run("release", "auth", "--image", two).status == 0
    assert (load.failures, set(load.versions)) == ([], {one, two})
    assert set(platform.met("auth")) == {two}
    assert not old & platform.pods.addresses("auth", Track.STABLE)
    assert platform.says("auth")["release"].endswith(f"Z from {one}")
    for _ in range(2):  # nothing is under way: rollback never goes further back than that
        refused = platform.run("rollback", "auth")
        assert (refused.status, set(platform.met("auth"))) == (1, {two}), refused
        assert f"release --image {one} --service auth --local" in refused.error
    assert platform.run("release", "auth", "--image", one).status == 0
    assert set(platform.met("auth")) == {one}
    assert platform.weights("auth") == (100, 0)


def test_an_image_whose_pods_never_get_ready_goes_back_and_says_why(platform: Platform) -> None:
    good = platform.push("auth", "good")
    assert platform.run("release", "auth", "--image", good).status == 0
    said, pods = platform.says("auth"), platform.pods.addresses("auth", Track.STABLE)
    bad = platform.push("auth", "never ready")
    platform.pods.never_ready.add(bad)
    ended = platform.run("release", "auth", "--image", bad, "--deadline-minutes", "0.02")
    assert ended.status == 1
    assert len(ended.error.splitlines()) == 1
    assert "no new pod has become ready: 2 old ones serve" in ended.error
    assert f"went back to {good[:19]}" in ended.error
    assert platform.says("auth") == said, "exactly as before, so that its pods stay"
    assert platform.pods.addresses("auth", Track.STABLE) == pods
    assert set(platform.met("auth")) == {good}


def test_canary_meets_its_share_is_left_alone_and_promoted_by_hand(platform: Platform) -> None:
    before = platform.ask("auth")
    image = platform.push("auth", "canary that stays")
    run = platform.start("release", "--service", "auth", "--image", image, *_CANARY, "5")
    platform.until(lambda: platform.weights("auth") == (90, 10), run=run)
    met = platform.met("auth", 300)
    assert set(met) == {before, image}
    assert 9 <= met[image] <= 60, "10 % of 300, give or take four standard deviations"
    for number in (signal.SIGTERM, signal.SIGINT):
        run.send_signal(number)
    ended = platform.end(run)
    assert (ended.status, len(ended.error.splitlines())) == (130, 1), ended
    assert "10 % of requests meet the canary of auth" in ended.error
    assert "rollback --service auth --local" in ended.error
    assert platform.run("promote", "auth").status == 0
    assert set(platform.met("auth")) == {image}
    said = platform.says("auth")
    assert (said["image"], said["canary_image"], said["minimum"]) == (image, "", "0")
    assert platform.weights("auth") == (100, 0)
    nothing = platform.run("release", "auth", "--image", image, "--strategy", "canary")
    assert (nothing.status, "runs already" in nothing.output) == (0, True)


def test_a_canary_that_nobody_watched_starts_over_and_becomes_stable_by_itself(platform: Platform) -> None:
    image = platform.push("auth", "canary that was left alone")
    assert platform.killed("weights", "release", "auth", "--image", image, *_CANARY, "5") == -signal.SIGKILL
    ended = platform.run("release", "auth", "--image", image, *_CANARY, "0.01")
    assert (ended.status, "goes on with the release of" in ended.output) == (0, True), ended
    assert (platform.weights("auth"), set(platform.met("auth"))) == ((100, 0), {image})


@pytest.mark.parametrize("quiet_again", [False, True], ids=["it still rings", "it rang, and the document set all back"])
def test_canary_goes_back_on_an_alarm(platform: Platform, quiet_again: bool) -> None:
    said = platform.says("auth")
    image = platform.push("auth", "canary that rings")
    run = platform.start("release", "--service", "auth", "--image", image, *_CANARY, "5")
    platform.until(lambda: platform.weights("auth") == (90, 10), run=run)
    if quiet_again:
        platform.split("auth", 0)
    else:
        platform.ring("tiketi-auth-canary-latency")
    ended = platform.end(run)
    assert (ended.status, len(ended.error.splitlines())) == (1, 1), ended
    if quiet_again:
        assert "somebody has changed the weights: all requests meet stable" in ended.error
        assert platform.run("rollback", "auth").status == 0
    else:
        assert "because an alarm rings: test-lab-tiketi-auth-canary-latency (a test)" in ended.error
    assert platform.weights("auth") == (100, 0)
    assert platform.says("auth") == said
    platform.until(lambda: platform.targets("auth", Track.CANARY) == 0)


def test_blue_green_has_as_many_pods_switches_at_once_and_back_at_once(platform: Platform) -> None:
    before = platform.ask("auth")
    platform.update({"AuthMinimum": "3"})  # as the HPA would have grown it
    platform.until(lambda: platform.targets("auth", Track.STABLE) == 3)
    image = platform.push("auth", "green")
    ended = platform.run("release", "auth", "--image", image, "--strategy", "blue-green")
    assert ended.status == 0, ended
    assert platform.weights("auth") == (0, 100)
    assert set(platform.met("auth")) == {image}
    assert platform.targets("auth", Track.CANARY) == 3, "as many as stable has"
    assert platform.says("auth")["minimum"] == "3", "stable is held as large, for the way back"
    other = platform.push("auth", "another")
    refused = platform.run("release", "auth", "--image", other)
    assert (refused.status, "is unfinished" in refused.error) == (1, True)
    assert platform.run("rollback", "auth").status == 0
    assert set(platform.met("auth")) == {before}
    assert platform.says("auth")["canary_image"] == ""


def test_blue_green_is_promoted_and_loses_no_request(platform: Platform) -> None:
    before = platform.says("auth")["image"] or "stand-in"
    image = platform.push("auth", "green that stays")
    with platform.under_load("auth") as load:
        assert platform.run("release", "auth", "--image", image, "--strategy", "blue-green").status == 0
        refused = platform.run("release", "auth", "--image", image, "--strategy", "canary")
        assert (refused.status, "which all requests meet as the canary" in refused.error) == (1, True)
        ended = platform.run("promote", "auth")
    assert ended.status == 0, ended
    assert (load.failures, set(load.versions)) == ([], {before, image})
    said = platform.says("auth")
    assert (said["image"], said["canary_image"], said["minimum"]) == (image, "", "0")
    assert said["release"].endswith(f"from {before}")
    assert (platform.weights("auth"), set(platform.met("auth"))) == ((100, 0), {image})


def test_another_rolling_release_overtakes_and_the_first_one_says_so(platform: Platform) -> None:
    stuck, other = platform.push("auth", "stuck"), platform.push("auth", "overtakes")
    platform.pods.never_ready.add(stuck)
    run = platform.start("release", "--service", "auth", "--image", stuck)
    platform.until(lambda: platform.says("auth")["image"] == stuck, run=run)
    assert platform.run("release", "auth", "--image", other).status == 0
    ended = platform.end(run)
    assert (ended.status, "another release has begun" in ended.error) == (1, True)
    assert platform.says("auth")["image"] == other
