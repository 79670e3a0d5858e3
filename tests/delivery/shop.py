"""The shop as tests see it: who serves, how large the colours are, releases as processes of their own, load."""

import http.client
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from localcloud.aws import Clients
from localcloud.state import PROJECT, Cloud, State
from tests.delivery.template import HEADER, PREFIX, SECRET, STACK
from tests.localcloud.stacks import settle

PARAMETER: Final = "/test/lab/backend/release"
_SECONDS: Final = 60.0
_FAST: Final = ("--canary-minutes", "0", "--settle-seconds", "0")


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    status: int
    output: str
    error: str


@dataclass
class Load:
    """What continuous requests met."""

    versions: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


@dataclass
class Shop:
    """`clients`: of its cloud."""

    state: State
    cloud: Cloud
    clients: Clients
    _runs: list[subprocess.Popen[str]] = field(default_factory=list)

    # Commands.

    def start(self, *arguments: str, program: tuple[str, ...] = ("-m", "delivery")) -> subprocess.Popen[str]:
        """A command as people run it, in a process of its own."""
        run = subprocess.Popen(
            [sys.executable, *program, *arguments, "--local", "--state", str(self.state.root)],
            cwd=PROJECT,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._runs.append(run)
        return run

    def release(self, application: Path, *options: str, program: tuple[str, ...] = ("-m", "delivery")) -> Ended:
        """Without the waits, unless `options` say otherwise."""
        return self.end(self.start("release", "--application", str(application), *_FAST, *options, program=program))

    def run(self, *arguments: str) -> Ended:
        return self.end(self.start(*arguments))

    def end(self, run: "subprocess.Popen[str]") -> Ended:
        output, error = run.communicate(timeout=_SECONDS)
        return Ended(run.returncode, output, error)

    def end_runs(self) -> None:
        """Nothing of a test that failed goes on."""
        for run in self._runs:
            if run.poll() is None:
                run.kill()
                run.communicate()
        self._runs.clear()

    # What is there.

    def client(self, service: str) -> Any:
        return self.clients.client(service)

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
        connection = http.client.HTTPConnection("127.0.0.1", self.cloud.port, timeout=20)
        try:
            headers = {"Host": f"{PREFIX}-shop.alb.localhost"} | ({HEADER: SECRET} if through_cdn else {})
            connection.request("GET", "/", headers=headers)
            answer = connection.getresponse()
            body = answer.read().decode()
            if answer.status != 200:
                raise AssertionError(f"{answer.status}: {body}")
            return body
        finally:
            connection.close()

    def versions(self, number: int = 6) -> set[str]:
        """Who answers, through the listener and through the rule."""
        return {self.ask(through_cdn=bool(turn % 2)) for turn in range(number)}

    @contextmanager
    def under_load(self, clients: int = 2) -> Iterator[Load]:
        """Requests one after the other from each client, for as long as the block runs."""
        load, stop = Load(), threading.Event()

        def ask() -> None:
            while not stop.is_set():
                try:
                    load.versions[self.ask()] += 1
                except (OSError, http.client.HTTPException, AssertionError) as error:
                    load.failures.append(repr(error))
                time.sleep(0.01)

        threads = [threading.Thread(target=ask) for _ in range(clients)]
        for thread in threads:
            thread.start()
        try:
            yield load
        finally:
            stop.set()
            for thread in threads:
                thread.join()

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
        deadline = time.monotonic() + _SECONDS
        while self.ask() != version:
            assert time.monotonic() < deadline

    def until_sizes(self, sizes: dict[str, tuple[int, int]]) -> None:
        deadline = time.monotonic() + _SECONDS
        while self.sizes() != sizes:
            assert time.monotonic() < deadline, self.sizes()
            time.sleep(0.1)

    def until(self, phase: str) -> None:
        """The release has come to this phase."""
        deadline = time.monotonic() + _SECONDS
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
        deadline = time.monotonic() + _SECONDS
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
