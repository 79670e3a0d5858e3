"""The platform as tests see it: who answers, what the stack says, releases as processes of their own."""

import contextlib
import hashlib
import io
import json
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from cloudmart_cdk import service_releases as releases
from cloudmart_cdk.service_releases import Track
from delivery import __main__, command_line
from delivery.errors import DeliveryError
from tests.delivery.running import SECONDS, Ended, Load, Running, under_load
from tests.delivery.services.pods import Pods
from tests.delivery.services.template import PREFIX, SERVICES, STACK, platform
from tests.localcloud.stacks import settle

_PATIENCE: Final = ("--deadline-minutes", "3")


@dataclass
class Platform(Running):
    """The services."""

    pods: Pods
    groups: dict[tuple[str, Track], str]
    rules: dict[str, str]

    # Commands.

    def run(self, command: str, service: str, *arguments: str) -> Ended:
        """The same here, without the second that a process takes to begin."""
        patience = () if command == "status" or "--deadline-minutes" in arguments else _PATIENCE
        where = ("--local", "--state", str(self.state.root))
        with contextlib.redirect_stdout(io.StringIO()) as output:
            try:
                __main__.run(command_line.parse([command, "--service", service, *arguments, *patience, *where]))
            except DeliveryError as error:
                return Ended(error.status, output.getvalue(), str(error))
        return Ended(0, output.getvalue(), "")

    def killed(self, order: str, command: str, service: str, *arguments: str) -> int:
        """The command, killed as it gives an order (`killed`); how it ended."""
        program = ("-m", "tests.delivery.services.killed", order)
        return self.end(self.start(command, "--service", service, *arguments, program=program)).status

    # What is there.

    def says(self, service: str) -> dict[str, str]:
        """The stack's parameters of a service."""
        stack = self.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
        values = {entry["ParameterKey"]: entry.get("ParameterValue", "") for entry in stack["Parameters"]}
        own = releases.parameters(service)
        return {name: str(values[getattr(own, name)]) for name in ("image", "canary_image", "release", "minimum")}

    def weights(self, service: str) -> tuple[int, int]:
        """Stable, canary."""
        (rule,) = self.client("elbv2").describe_rules(RuleArns=[self.rules[service]])["Rules"]
        by_group = {g["TargetGroupArn"]: g["Weight"] for g in rule["Actions"][0]["ForwardConfig"]["TargetGroups"]}
        return by_group[self.groups[service, Track.STABLE]], by_group[self.groups[service, Track.CANARY]]

    def targets(self, service: str, track: Track) -> int:
        health = self.client("elbv2").describe_target_health(TargetGroupArn=self.groups[service, track])
        return len(health["TargetHealthDescriptions"])

    def ask(self, service: str) -> str:
        """The image that answers one request. Raises for anything but 200."""
        return self.get(f"/api/{service}", {"Host": f"{PREFIX}-tiketi.alb.localhost"})

    def met(self, service: str, number: int = 8) -> Counter[str]:
        return Counter(self.ask(service) for _ in range(number))

    def under_load(self, service: str) -> contextlib.AbstractContextManager[Load]:
        return under_load(lambda: self.ask(service))

    # What tests do to it.

    def push(self, service: str, content: str, *, tag: str = "") -> str:
        """An image; its digest."""
        manifest = f'{{"schemaVersion": 2, "content": "{content}"}}'
        given = {"imageTag": tag} if tag else {}
        self.client("ecr").put_image(repositoryName=f"{PREFIX}/{service}", imageManifest=manifest, **given)
        return f"sha256:{hashlib.sha256(manifest.encode()).hexdigest()}"

    def push_index(self, service: str, children: dict[str, tuple[str, str]]) -> str:
        """An index of images (digest -> operating system, architecture); its digest."""
        kind = "application/vnd.oci.image.index.v1+json"
        entries = [
            {"digest": digest, "platform": {"os": system, "architecture": architecture}}
            for digest, (system, architecture) in children.items()
        ]
        manifest = json.dumps({"schemaVersion": 2, "mediaType": kind, "manifests": entries})
        self.client("ecr").put_image(
            repositoryName=f"{PREFIX}/{service}", imageManifest=manifest, imageManifestMediaType=kind
        )
        return f"sha256:{hashlib.sha256(manifest.encode()).hexdigest()}"

    def ring(self, id: str, state: str = "ALARM") -> None:
        self.client("cloudwatch").set_alarm_state(AlarmName=f"{PREFIX}-{id}", StateValue=state, StateReason="a test")

    def split(self, service: str, canary: int) -> None:
        """As the document's abort does it, or somebody by hand."""
        groups = {track: self.groups[service, track] for track in Track}
        call = releases.modify_rule(self.rules[service], groups, releases.shares(canary))
        self.client("elbv2").modify_rule(**call)

    def update(self, changed: dict[str, str]) -> None:
        """A change of parameters by hand."""
        cloudformation = self.client("cloudformation")
        cloudformation.update_stack(**releases.update_stack(STACK, self._every(), changed))
        assert settle(cloudformation, STACK)["StackStatus"] == "UPDATE_COMPLETE"

    @contextlib.contextmanager
    def deploy(self) -> Iterator[None]:
        """Somebody's deploy, which lasts as long as the block."""
        cloudformation = self.client("cloudformation")
        template = platform(tag="another")
        template["Resources"]["Pause"] = {
            "Type": "AWS::CloudFormation::WaitCondition",
            "CreationPolicy": {"ResourceSignal": {"Timeout": "PT5M"}},
        }
        call = releases.update_stack(STACK, self._every(), {})
        del call["UsePreviousTemplate"]
        cloudformation.update_stack(**call, TemplateBody=json.dumps(template))
        yield
        signal = {"LogicalResourceId": "Pause", "UniqueId": "a test", "Status": "SUCCESS"}
        self.until(lambda: "Pause" in self._events())
        cloudformation.signal_resource(StackName=STACK, **signal)

    def _every(self) -> list[str]:
        stack = self.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
        return [entry["ParameterKey"] for entry in stack["Parameters"]]

    def _events(self) -> set[str]:
        events = self.client("cloudformation").describe_stack_events(StackName=STACK)["StackEvents"]
        return {event["LogicalResourceId"] for event in events}

    def until(self, done: Callable[[], bool], *, run: "subprocess.Popen[str] | None" = None) -> None:
        """`run`: who is to bring it about; when that ends before, nobody waits any longer."""
        deadline = time.monotonic() + SECONDS
        while not done():
            if run is not None and run.poll() is not None:
                assert done(), self.end(run)
            if time.monotonic() > deadline:
                told = ""
                if run is not None:
                    run.kill()
                    told = str(self.end(run))
                raise AssertionError(f"not within {SECONDS:g} s: {told}")
            time.sleep(0.05)

    def rest(self, service: str) -> None:
        """No canary, nothing shared, alarms quiet, stable's pods there."""
        for alarm in releases.alarm_ids(service):
            self.ring(alarm, "OK")
        self.pods.never_ready.clear()
        said = self.says(service)
        if said["canary_image"] or self.weights(service)[1]:
            assert self.run("rollback", service).status == 0
        self.until(lambda: self.targets(service, Track.CANARY) == 0)
        self.until(lambda: self.targets(service, Track.STABLE) >= SERVICES[service])
        self.until(lambda: set(self.met(service)) == {said["image"] or "stand-in"})
