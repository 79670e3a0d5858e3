"""Stand-ins behind the recorded Deployments: as many as wanted, replaced without a gap, weighted, let finish."""

import json
import os
import signal
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from localcloud.aws import Clients
from localcloud.state import Cloud, State
from tests.localcloud import platform
from tests.localcloud.stacks import create, reasons, settle

pytestmark = pytest.mark.xdist_group("emulator")

_STACK = "platform"
_SECONDS = 90.0


def eventually(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _SECONDS
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


class Seats:
    """The deployed stack, asked as its users and its release tool would."""

    def __init__(self, cloud: Cloud, clients: Clients, state: State, made: dict[str, str]) -> None:
        self.cloud, self.state, self.made = cloud, state, made
        self.elb, self.cloudformation = clients.client("elbv2"), clients.client("cloudformation")
        (balancer,) = self.elb.describe_load_balancers(LoadBalancerArns=[made["Alb"]])["LoadBalancers"]
        self.host = balancer["DNSName"]

    def ask(self, path: str = "/api/seats/1") -> dict[str, Any]:
        request = urllib.request.Request(f"{self.cloud.endpoint}{path}", headers={"Host": self.host})
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
            content: dict[str, Any] = json.loads(answer.read())
            return content

    def targets(self, group: str) -> dict[str, str]:
        answer = self.elb.describe_target_health(TargetGroupArn=self.made[group])["TargetHealthDescriptions"]
        return {entry["Target"]["Id"]: entry["TargetHealth"]["State"] for entry in answer}

    def start_update(self, **images: str) -> None:
        chosen = {"SeatsImage": None, "SeatsCanaryImage": None} | dict(images)
        self.cloudformation.update_stack(
            StackName=_STACK,
            UsePreviousTemplate=True,
            Parameters=[
                {"ParameterKey": name, "UsePreviousValue": True}
                if value is None
                else {"ParameterKey": name, "ParameterValue": value}
                for name, value in chosen.items()
            ],
        )

    def update(self, **images: str) -> None:
        self.start_update(**images)
        stack = settle(self.cloudformation, _STACK)
        assert stack["StackStatus"] == "UPDATE_COMPLETE", reasons(self.cloudformation, stack["StackId"])

    def weigh(self, stable: int, canary: int, **more: Any) -> None:
        groups = [{"TargetGroupArn": self.made[g], "Weight": w} for g, w in (("Stable", stable), ("Canary", canary))]
        action = {"Type": "forward", "ForwardConfig": {"TargetGroups": groups, **more}}
        self.elb.modify_rule(RuleArn=self.made["Rule"], Actions=[action])

    def healthy(self, group: str, number: int) -> bool:
        return list(self.targets(group).values()) == ["healthy"] * number

    def images(self, deployment: str) -> set[str]:
        return {pod["image"] for pod in self.pods()["pods"] if pod["workload"][2] == deployment}

    def pods(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.state.pods_file.read_text())
        return content


@pytest.fixture
def seats(cloud: Cloud, clients: Clients, state: State) -> Iterator[Seats]:
    made = create(clients, _STACK, platform.platform())
    seats = Seats(cloud, clients, state, made)
    eventually(lambda: seats.healthy("Stable", 2), "two stand-ins are in service")
    yield seats
    # By its id: a name that is gone is no stack.
    stack_id = seats.cloudformation.describe_stacks(StackName=_STACK)["Stacks"][0]["StackId"]
    seats.cloudformation.delete_stack(StackName=_STACK)
    stack = settle(seats.cloudformation, stack_id)
    assert stack["StackStatus"] == "DELETE_COMPLETE", reasons(seats.cloudformation, stack["StackId"])
    eventually(lambda: seats.pods()["pods"] == [], "a destroy ends the stand-ins")


def test_a_new_image_replaces_the_stand_ins_without_a_gap(seats: Seats) -> None:
    first = {seats.ask()["pod"] for _ in range(4)}
    assert len(first) == 2, "as many as the autoscaler's minimum, in turn"
    assert seats.ask()["image"] == platform.STAND_IN
    seats.start_update(SeatsImage=platform.image("1"))
    seen: Counter[str] = Counter()
    least = 2
    while seen[platform.image("1")] < 20:
        seen[seats.ask()["image"]] += 1
        least = min(least, sum(state == "healthy" for state in seats.targets("Stable").values()))
    assert set(seen) == {platform.STAND_IN, platform.image("1")}, "somebody always answered"
    assert least == 2, "one new in, before one old goes"
    # Half-way, too, two are healthy: an old one and a new one.
    eventually(lambda: not first & {seats.ask()["pod"] for _ in range(4)}, "the old ones are gone")
    eventually(lambda: seats.healthy("Stable", 2), "as many as before")


def test_an_image_that_is_never_ready_takes_no_traffic_and_can_be_taken_back(seats: Seats) -> None:
    before = seats.targets("Stable")
    seats.update(SeatsImage=platform.image("badbad"))
    eventually(lambda: len(seats.pods()["pods"]) == 3, "one of the new ones is tried")
    assert seats.targets("Stable") == before
    assert {seats.ask()["image"] for _ in range(6)} == {platform.STAND_IN}
    seats.update(SeatsImage=platform.STAND_IN)
    eventually(lambda: len(seats.pods()["pods"]) == 2, "what was never ready goes")
    assert seats.targets("Stable") == before, "and nobody else does"


def test_a_canary_comes_with_its_image_takes_its_weight_and_goes(seats: Seats) -> None:
    seats.update(SeatsCanaryImage=platform.image("500500"))
    eventually(lambda: seats.healthy("Canary", 1), "the canary's stand-in")
    assert {seats.ask()["track"] for _ in range(10)} == {"stable"}, "with weight 0 nobody reaches it"
    seats.weigh(0, 100)
    with pytest.raises(urllib.error.HTTPError) as failed:
        seats.ask()
    assert json.loads(failed.value.read())["track"] == "canary"
    failed.value.close()
    seats.update(SeatsCanaryImage=platform.image("2"))
    eventually(lambda: seats.images("seats-canary") == {platform.image("2")}, "the canary is replaced")
    assert {seats.ask()["track"] for _ in range(4)} == {"canary"}, "an update leaves the weights alone"
    seats.weigh(90, 10)
    tracks = Counter(seats.ask()["track"] for _ in range(200))
    # Binomial: outside of 2 and 50 once in a hundred thousand runs.
    assert 2 <= tracks["canary"] <= 50
    seats.weigh(100, 0)
    seats.update(SeatsCanaryImage="")
    eventually(lambda: seats.targets("Canary") == {}, "the condition is false, the Deployment is gone")


def test_a_target_that_leaves_answers_what_it_has(seats: Seats) -> None:
    answers: list[str] = []
    slow = threading.Thread(target=lambda: answers.append(seats.ask("/api/seats/1?wait=3")["image"]))
    slow.start()
    eventually(lambda: _asked(seats), "the slow request is under way")
    seats.update(SeatsImage=platform.image("3"))
    eventually(lambda: "draining" in seats.targets("Stable").values(), "it drains")
    slow.join()
    assert answers == [platform.STAND_IN]
    eventually(lambda: seats.healthy("Stable", 2), "and goes")


def _asked(seats: Seats) -> bool:
    """Whether a stand-in is at work on a request."""
    pages = [_metrics(pod["address"]) for pod in seats.pods()["pods"]]
    return any("http_requests_in_progress 1\n" in page for page in pages)


def _metrics(address: str) -> str:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://{address}:{platform.PORT}/metrics", timeout=60) as answer:
        return str(answer.read().decode())


def test_stand_ins_that_are_killed_are_there_again(seats: Seats) -> None:
    before = seats.pods()
    os.kill(before["pid"], signal.SIGKILL)
    eventually(lambda: seats.pods()["pid"] not in (0, before["pid"]), "another process")
    eventually(lambda: seats.healthy("Stable", 2), "at the same addresses")
    assert [pod["address"] for pod in seats.pods()["pods"]] == [pod["address"] for pod in before["pods"]]
    seats.ask()


def test_a_parameter_outside_its_pattern_is_refused(seats: Seats) -> None:
    with pytest.raises(Exception, match="must match pattern"):
        seats.start_update(SeatsImage="public.example.com/other:latest")


def test_another_minimum_is_another_number(seats: Seats) -> None:
    kept = [{"ParameterKey": name, "UsePreviousValue": True} for name in ("SeatsImage", "SeatsCanaryImage")]
    for minimum in (4, 1):
        body = json.dumps(platform.platform(minimum=minimum))
        seats.cloudformation.update_stack(StackName=_STACK, TemplateBody=body, Parameters=kept)
        settle(seats.cloudformation, _STACK)
        eventually(lambda number=minimum: seats.healthy("Stable", number), f"{minimum} stand-ins")  # type: ignore[misc]  # mypy sees no type for a default


def test_sticky_targets_behind_two_groups_need_a_sticky_choice(seats: Seats) -> None:
    for group in ("Stable", "Canary"):
        sticky = [{"Key": "stickiness.enabled", "Value": "true"}]
        seats.elb.modify_target_group_attributes(TargetGroupArn=seats.made[group], Attributes=sticky)
    with pytest.raises(Exception, match="You must enable group stickiness"):
        seats.weigh(90, 10)
    seats.weigh(90, 10, TargetGroupStickinessConfig={"Enabled": True, "DurationSeconds": 1})
    (rule,) = seats.elb.describe_rules(RuleArns=[seats.made["Rule"]])["Rules"]
    forward = rule["Actions"][0]["ForwardConfig"]
    assert forward["TargetGroupStickinessConfig"] == {"Enabled": True, "DurationSeconds": 1}
    assert [entry["Weight"] for entry in forward["TargetGroups"]] == [90, 10]
