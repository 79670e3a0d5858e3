"""Releases and rollbacks by the command, against the emulator and real processes."""

import re
import signal
from collections import Counter
from pathlib import Path

import pytest

from tests.delivery import applications, template
from tests.delivery.shop import Shop

pytestmark = pytest.mark.xdist_group("delivery")

_LONG = ("--canary-minutes", "5")
"""Longer than a test: what happens meanwhile ends it."""


def _killed(phase: str) -> tuple[str, ...]:
    return ("-m", "tests.delivery.killed", phase)


def test_release_under_load_loses_no_request_and_rollback_waits_for_no_instance(shop: Shop, application: Path) -> None:
    before, live, idle = shop.versions(), shop.live(), shop.idle()
    with shop.under_load() as load:
        ended = shop.release(applications.write(application, "one"), "--canary-minutes", "0.03")
    assert (ended.status, ended.error) == (0, ""), ended
    assert load.failures == []
    assert set(load.versions) == before | {"one"}
    assert "10 % of requests meet the new version" in ended.output
    assert shop.versions() == {"one"}
    assert shop.live() == idle
    assert shop.sizes() == {idle: (2, 2), live: (2, 2)}, "the old colour is kept for a rollback"
    kept = shop.instances(live)
    with shop.under_load() as load:
        back = shop.run("rollback")
    assert (back.status, load.failures) == (0, []), back
    assert shop.instances(live) == kept, "nothing had to be launched"
    assert shop.versions() == before
    assert (shop.live(), shop.sizes()) == (live, {live: (2, 2), idle: (0, 0)})


def test_canary_meets_its_share_is_alone_and_goes_back_on_an_alarm(shop: Shop, application: Path) -> None:
    before, live, sizes = shop.versions(), shop.live(), shop.sizes()
    run = shop.start("release", "--application", str(applications.write(application, "two")), *_LONG)
    shop.until("canary")
    shop.until_version("two")
    met = Counter(shop.ask() for _ in range(300))
    assert 9 <= met["two"] <= 60, "10 % of 300, give or take four standard deviations"
    second = shop.run("release", "--application", "shop")
    assert second.status == 1
    assert "allowed: one at a time" in second.error
    assert "phase canary" in second.error
    assert f"(process {run.pid})" in second.error
    status = shop.run("status")
    assert "10 % of requests" in status.output
    shop.ring("shop-latency")
    ended = shop.end(run)
    assert ended.status == 1
    assert len(ended.error.splitlines()) == 1
    assert "test-lab-shop-latency (a test says so)" in ended.error
    assert f"went back to {live}, which all requests meet" in ended.error
    assert shop.versions(10) == before
    assert (shop.live(), shop.sizes()) == (live, sizes)


def test_an_alarm_of_the_old_colour_stops_nothing_and_one_that_rings_before_stops_all(
    shop: Shop, application: Path
) -> None:
    applications.write(application, "three")
    of_old = f"shop-{shop.live()}-error-rate"
    shop.ring(of_old)
    shop.ring("backend-blue-surge")
    assert shop.release(application).status == 0
    shop.ring(of_old, "OK")
    shop.ring("shop-error-rate")
    refused = shop.release(application, "--again")
    assert refused.status == 1
    assert "alarms that ring before it has begun: test-lab-shop-error-rate" in refused.error


def test_what_nobody_watches_does_not_begin_and_does_not_stay(shop: Shop, application: Path) -> None:
    before = shop.versions()
    applications.write(application, "unseen")
    with shop.without_alarm("shop-latency"):
        refused = shop.release(application)
    missing = r"nobody watches it: 1 of \d+ alarms are missing: test-lab-shop-latency"
    assert refused.status == 1
    assert re.fullmatch(f"error: release: {missing}; deploy the stack, which has them, again\n", refused.error)
    assert shop.versions() == before

    run = shop.start("release", "--application", str(application), *_LONG)
    shop.until("canary")
    with shop.without_alarm("shop-latency"):
        ended = shop.end(run)
    assert ended.status == 1
    assert re.search(missing, ended.error)
    assert shop.versions(10) == before


def test_killed_in_each_phase_and_started_again_it_finishes(shop: Shop, application: Path) -> None:
    live, idle = shop.live(), shop.idle()
    applications.write(application, "four")
    for phase in ("upload", "fill", "install", "canary", "shift", "commit", "hold"):
        ended = shop.release(application, "--canary-minutes", "0.01", program=_killed(phase))
        assert ended.status == -signal.SIGKILL, (phase, ended)
        assert shop.record()["phase"] == phase
    ended = shop.release(application)
    assert ended.status == 0, ended
    assert "Continues the release" in ended.output
    assert shop.versions() == {"four"}
    assert (shop.live(), shop.sizes()) == (idle, {idle: (2, 2), live: (2, 2)})
    for phase in ("refill", "return", "restore", "empty"):
        ended = shop.end(shop.start("rollback", program=_killed(phase)))
        assert ended.status == -signal.SIGKILL, (phase, ended)
        assert shop.record()["phase"] == phase
    ended = shop.release(application)
    assert (ended.status, "an unfinished way back, which has ended now" in ended.error) == (1, True)
    assert (shop.live(), shop.sizes()) == (live, {live: (2, 2), idle: (0, 0)})
    assert "four" not in shop.versions()


@pytest.mark.parametrize("phase", ["install", "commit"])
def test_killed_and_rolled_back_all_is_as_before(shop: Shop, application: Path, phase: str) -> None:
    before, live, sizes = shop.versions(), shop.live(), shop.sizes()
    shop.release(applications.write(application, phase), program=_killed(phase))
    ended = shop.run("rollback")
    assert ended.status == 0, ended
    assert shop.versions() == before
    assert (shop.live(), shop.sizes()) == (live, sizes)
    again = shop.run("rollback")
    assert (again.status, "nothing to go back from" in again.error) == (1, True)


def test_interrupted_in_the_canary_it_says_what_users_meet_and_can_be_continued(shop: Shop, application: Path) -> None:
    applications.write(application, "six")
    run = shop.start("release", "--application", str(application), *_LONG)
    shop.until("canary")
    shop.until_version("six")
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):  # make gets a signal too, and passes it on
        run.send_signal(number)
    ended = shop.end(run)
    assert (ended.status, len(ended.error.splitlines())) == (130, 1), ended
    assert "in phase canary; 10 % of requests meet the new version" in ended.error
    assert "release --local" in ended.error
    assert "rollback --local" in ended.error
    assert (90, 10) in {tuple(sorted(pair, reverse=True)) for pair in shop.weights()}
    other = applications.write(application.with_name("other"), "seven")
    refused = shop.release(other)
    assert "is unfinished in phase canary" in refused.error
    assert shop.release(application).status == 0
    assert shop.versions() == {"six"}


def test_rollback_takes_a_running_release_over(shop: Shop, application: Path) -> None:
    before, live = shop.versions(), shop.live()
    run = shop.start("release", "--application", str(applications.write(application, "eight")), *_LONG)
    shop.until("canary")
    assert shop.run("rollback").status == 0
    ended = shop.end(run)
    assert (ended.status, "taken over by" in ended.error) == (1, True)
    assert "because" not in ended.output, "the takeover is the only reason"
    assert (shop.versions(), shop.live()) == (before, live)


@pytest.mark.parametrize(
    ("health", "before_start", "tells"),
    [(200, "raise SystemExit('no database here')", "no database here"), (503, "", "does not answer /health")],
    ids=["does not start", "is not healthy"],
)
def test_a_broken_version_goes_back_before_users_see_it(
    shop: Shop, application: Path, health: int, before_start: str, tells: str
) -> None:
    live, sizes = shop.live(), shop.sizes()
    broken = applications.write(application, "broken", health=health, before=before_start)
    with shop.under_load() as load:
        ended = shop.release(broken)
    assert ended.status == 1
    assert "hooks/validate_service.sh" in ended.error
    assert tells in ended.error
    assert (load.failures, "broken" in load.versions) == ([], False)
    assert (shop.live(), shop.sizes()) == (live, sizes)


def test_a_deploy_after_a_release_keeps_the_live_colour_and_the_sizes(
    shop: Shop, application: Path, artefact: str
) -> None:
    shop.grow(3)
    assert shop.release(applications.write(application, "nine")).status == 0
    live, sizes, weights = shop.live(), shop.sizes(), shop.weights()
    assert sizes[live] == (2, 3), "as many as the old colour had, and the template's minimum"
    shop.update(template.backend(artefact, tag="another", config="HalfAtATime"))
    name = f"{template.PREFIX}-backend-{live}"
    codedeploy = shop.client("codedeploy")
    answer = codedeploy.get_deployment_group(applicationName=f"{template.PREFIX}-backend", deploymentGroupName=name)
    group = answer["deploymentGroupInfo"]
    assert group["deploymentConfigName"] == "CodeDeployDefault.HalfAtATime"
    assert [entry["name"] for entry in group["autoScalingGroups"]] == [name]
    shop.update(template.backend(artefact))
    assert (shop.live(), shop.sizes(), shop.weights()) == (live, sizes, weights)
    assert shop.versions() == {"nine"}


def test_what_runs_already_is_released_only_when_asked_to(shop: Shop, application: Path) -> None:
    assert shop.release(applications.write(application, "same")).status == 0
    live, since = shop.live(), shop.record()["since"]
    refused = shop.release(application)
    assert refused.status == 1
    tells = (
        rf"application \([0-9a-f]{{12}}\), which {live} has been running since {re.escape(since)}; allowed: a change"
    )
    assert re.fullmatch(f"error: release: given {tells}; .* --again to release the same\n", refused.error)
    assert (shop.live(), shop.record()["since"]) == (live, since)
    assert shop.release(application, "--again").status == 0
    assert shop.live() != live
    assert shop.run("rollback").status == 0
    assert shop.release(application).status == 0, "it was taken back: what runs is another's"


def test_the_hold_ends_by_itself_and_a_later_rollback_fills_first(shop: Shop, application: Path) -> None:
    before, live, idle = shop.versions(), shop.live(), shop.idle()
    ended = shop.release(applications.write(application, "ten"), "--hold-minutes", "0.02")
    assert ended.status == 0
    shop.until_sizes({live: (0, 0), idle: (2, 2)})
    back = shop.run("rollback")
    assert (back.status, f"{live} has 0 instances: filling it first" in back.output) == (0, True), back
    assert shop.versions() == before
    assert shop.sizes() == {live: (2, 2), idle: (0, 0)}
