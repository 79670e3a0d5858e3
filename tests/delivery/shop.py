"""The shop as tests see it: who serves, how large the colours are, releases as processes of their own, load."""

import json
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final

from tests.delivery.running import SECONDS, Ended, Load, Running, under_load
from tests.delivery.template import HEADER, PREFIX, SECRET, STACK
from tests.localcloud.stacks import settle

PARAMETER: Final = "/test/lab/backend/release"
_FAST: Final = ("--canary-minutes", "0", "--settle-seconds", "0")


class Shop(Running):
    """The shop's backend."""

    # Commands.

    def release(self, application: Path, *options: str, program: tuple[str, ...] = ("-m", "delivery")) -> Ended:
        """Without the waits, unless `options` say otherwise."""
        return self.end(self.start("release", "--application", str(application), *_FAST, *options, program=program))

    def run(self, *arguments: str) -> Ended:
        return self.end(self.start(*arguments))

    # What is there.

    def record(self) -> dict[str, Any]:
        """The release's state."""
        return dict(json.loads(self.client("ssm").get_parameter(Name=PARAMETER)["Parameter"]["Value"]))

    def live(self) -> str:
        """What the stack says."""
        stack = self.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
        return next(str(p["ParameterValue"]) for p in stack["Parameters"] if p["ParameterKey"] == "LiveColour")

    def sizes(self) -> dict[str, tuple[int, int]]:
        """Colour -> minimum, desired."""
        answer = self.client("autoscaling").describe_auto_scaling_groups(
            AutoScalingGroupNames=[f"{PREFIX}-backend-{colour}" for colour in ("blue", "green")]
        )
        return {
            group["AutoScalingGroupName"].rpartition("-")[2]: (group["MinSize"], group["DesiredCapacity"])
            for group in answer["AutoScalingGroups"]
        }

    def instances(self, colour: str) -> set[str]:
        """Ids of those that are there, of a colour."""
        (group,) = self.client("autoscaling").describe_auto_scaling_groups(
            AutoScalingGroupNames=[f"{PREFIX}-backend-{colour}"]
        )["AutoScalingGroups"]
        return {instance["InstanceId"] for instance in group["Instances"]}

    def idle(self) -> str:
        return "green" if self.live() == "blue" else "blue"

    def weights(self) -> list[tuple[int, int]]:
        """Blue and green, in every place that splits."""
        elb = self.client("elbv2")
        (balancer,) = elb.describe_load_balancers(Names=[f"{PREFIX}-shop"])["LoadBalancers"]
        (listener,) = elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
        rules = elb.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
        groups = {colour: self._target_group(colour) for colour in ("blue", "green")}
        found = []
        for actions in [listener["DefaultActions"], *(rule["Actions"] for rule in rules)]:
            by_group = {g["TargetGroupArn"]: g["Weight"] for g in actions[0]["ForwardConfig"]["TargetGroups"]}
            found.append((by_group[groups["blue"]], by_group[groups["green"]]))
        return found

    def _target_group(self, colour: str) -> str:
        answer = self.client("autoscaling").describe_auto_scaling_groups(
            AutoScalingGroupNames=[f"{PREFIX}-backend-{colour}"]
        )
        return str(answer["AutoScalingGroups"][0]["TargetGroupARNs"][0])

    def ask(self, *, through_cdn: bool = False) -> str:
        """The version that answers one request. Raises for anything but 200."""
        headers = {"Host": f"{PREFIX}-shop.alb.localhost"} | ({HEADER: SECRET} if through_cdn else {})
        return self.get("/", headers)

    def versions(self, number: int = 6) -> set[str]:
        """Who answers, through the listener and through the rule."""
        return {self.ask(through_cdn=bool(turn % 2)) for turn in range(number)}

    def under_load(self) -> AbstractContextManager[Load]:
        return under_load(self.ask)

    # What tests do to it.

    def ring(self, alarm: str, state: str = "ALARM") -> None:
        self.client("cloudwatch").set_alarm_state(
            AlarmName=f"{PREFIX}-{alarm}", StateValue=state, StateReason="a test says so"
        )

    @contextmanager
    def without_alarm(self, alarm: str) -> Iterator[None]:
        """As if somebody had deleted it."""
        cloudwatch = self.client("cloudwatch")
        (made,) = cloudwatch.describe_alarms(AlarmNames=[f"{PREFIX}-{alarm}"])["MetricAlarms"]
        cloudwatch.delete_alarms(AlarmNames=[made["AlarmName"]])
        try:
            yield
        finally:
            taken = cloudwatch.meta.service_model.operation_model("PutMetricAlarm").input_shape.members
            cloudwatch.put_metric_alarm(**{key: value for key, value in made.items() if key in taken})

    def resize(self, colour: str, minimum: int, desired: int) -> None:
        self.client("autoscaling").update_auto_scaling_group(
            AutoScalingGroupName=f"{PREFIX}-backend-{colour}", MinSize=minimum, DesiredCapacity=desired
        )

    def grow(self, size: int) -> None:
        """As a scaling policy would: the live colour's size, not its minimum."""
        self.resize(self.live(), 2, size)
        self.until_healthy(self.live(), size)

    def split(self, shares: dict[str, int]) -> None:
        """By hand, in the listener alone."""
        elb = self.client("elbv2")
        (balancer,) = elb.describe_load_balancers(Names=[f"{PREFIX}-shop"])["LoadBalancers"]
        (listener,) = elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
        groups = [{"TargetGroupArn": self._target_group(colour), "Weight": share} for colour, share in shares.items()]
        action = {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}
        elb.modify_listener(ListenerArn=listener["ListenerArn"], DefaultActions=[action])

    def aws(self) -> dict[str, str]:
        """The environment of somebody who uses the cloud as if it were AWS."""
        return {
            "AWS_ENDPOINT_URL": self.cloud.endpoint,
            "AWS_ACCESS_KEY_ID": self.cloud.account,
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_SESSION_TOKEN": self.cloud.token,
        }

    def until_version(self, version: str) -> None:
        """Somebody meets it."""
        deadline = time.monotonic() + SECONDS
        while self.ask() != version:
            assert time.monotonic() < deadline

    def until_sizes(self, sizes: dict[str, tuple[int, int]]) -> None:
        deadline = time.monotonic() + SECONDS
        while self.sizes() != sizes:
            assert time.monotonic() < deadline, self.sizes()
            time.sleep(0.1)

    def until(self, phase: str) -> None:
        """The release has come to this phase."""
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                record = self.record()
            except self.client("ssm").exceptions.ParameterNotFound:
                record = {"phase": "", "runner": None}
            if record["phase"] == phase and record["runner"]:
                return
            assert time.monotonic() < deadline, record
            time.sleep(0.05)

    def until_healthy(self, colour: str, number: int) -> None:
        deadline = time.monotonic() + SECONDS
        while True:
            health = self.client("elbv2").describe_target_health(TargetGroupArn=self._target_group(colour))
            states = [entry["TargetHealth"]["State"] for entry in health["TargetHealthDescriptions"]]
            if states == ["healthy"] * number:
                return
            assert time.monotonic() < deadline, states
            time.sleep(0.1)

    def update(self, template: dict[str, Any]) -> None:
        """A deploy of a template, the live colour kept as CDK keeps it."""
        cloudformation = self.client("cloudformation")
        cloudformation.update_stack(
            StackName=STACK,
            TemplateBody=json.dumps(template),
            Capabilities=["CAPABILITY_IAM"],
            Parameters=[{"ParameterKey": "LiveColour", "UsePreviousValue": True}],
        )
        assert settle(cloudformation, STACK)["StackStatus"] == "UPDATE_COMPLETE"

    def rest(self) -> None:
        """Alarms quiet; what a test before has left is undone; the idle colour empty."""
        for alarm in ("shop-error-rate", "shop-latency", "shop-blue-error-rate", "shop-green-error-rate"):
            self.ring(alarm, "OK")
        try:
            if self.record()["phase"] not in ("released", "returned"):
                self.run("rollback")
        except self.client("ssm").exceptions.ParameterNotFound:
            pass
        self.resize(self.idle(), 0, 0)
        self.resize(self.live(), 2, 2)
        self.until_healthy(self.live(), 2)
