"""Lab, deployed to a cloud of the test's own: verified, deployed again, compared, destroyed.

State, home and temporary files are in pytest's folder, so that a developer's running cloud is neither
used nor touched.
"""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from cloudmart_cdk.policy.off import NOTICE
from localcloud import environment, processes
from localcloud.aws import Clients
from localcloud.state import PROJECT, Cloud, State
from localcloud.verify.backend import LIVE_COLOUR
from tests.localcloud.stacks import settle

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("emulator")]

_STACKS = ("VpcStack", "DataStack", "BackendAsgStack", "FrontendCdnStack", "EksPlatformStack", "MonitoringStack")


class Machine:
    """Runs commands as a user would, with a home of its own."""

    def __init__(self, root: Path) -> None:
        self.state = State(root / "state")
        self.home = root / "home"
        self.home.mkdir()
        self.variables = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
        self.variables |= {"HOME": str(self.home), "LOCALCLOUD_STATE": str(self.state.root)}
        self.variables["AWS_PROFILE"] = "there-is-no-such-profile"

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "localcloud", *arguments],
            cwd=PROJECT,
            env=self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str) -> tuple[int, list[str]]:
        with self.start(*arguments) as child:
            output, _ = child.communicate(timeout=300)
        return child.returncode, output.rstrip().splitlines()

    def cloud(self) -> Cloud:
        cloud = self.state.load()
        assert cloud is not None
        return cloud

    def living(self, command: str = "") -> dict[int, str]:
        """Id and command line of the processes that know this machine's state folder, with `command` in it."""
        mark = str(self.state.root).encode()
        found: dict[int, str] = {}
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (entry / "environ").read_bytes() and processes.started_at(int(entry.name)):
                    line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                    if command in line:
                        found[int(entry.name)] = line
            except (FileNotFoundError, PermissionError, ProcessLookupError):
                continue
        return found

    def folders(self) -> list[str]:
        """What engines and instances have left."""
        return [folder.name for folder in (self.state.engines, self.state.instances) if folder.exists()]


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    machine = Machine(tmp_path_factory.mktemp("machine"))
    yield machine
    machine.run("destroy", "--force")


def test_interrupted_deploy_leaves_no_process(machine: Machine) -> None:
    with machine.start("deploy") as child:
        assert child.stdout is not None
        for line in child.stdout:
            if "emulator on" in line:
                break
        child.send_signal(signal.SIGINT)
        rest = child.stdout.read().rstrip().splitlines()
    assert child.returncode == 130
    assert rest[-1].startswith("error: interrupted")
    assert machine.living() == {}
    assert machine.state.load() is None


def test_emulator_that_dies_half_way_is_named(machine: Machine) -> None:
    with machine.start("deploy") as child:
        assert child.stdout is not None
        for line in child.stdout:
            if "emulator on" in line:
                break
        emulator = next(process for process in machine.cloud().processes if process.role == "emulator")
        os.kill(emulator.pid, signal.SIGKILL)
        rest = child.stdout.read().rstrip().splitlines()
    assert child.returncode == 1
    assert rest[-1].startswith("error: the emulator ended"), rest
    assert machine.living() == {}


def check_deploy(machine: Machine) -> None:
    status, lines = machine.run("deploy")
    assert status == 0, "\n".join(lines[-30:])
    assert lines[-1] == f"Shop: {machine.cloud().shop}"
    for stack in _STACKS:
        assert any(line.split()[:2] == [stack, "done"] for line in lines), stack
    assert any("checks, all as specified" in line for line in lines)


def check_shop_opens_in_a_browser(machine: Machine) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(machine.cloud().shop, timeout=20) as page:
        assert b"<html" in page.read()
        assert "Content-Security-Policy" in page.headers
    with opener.open(machine.cloud().shop + "api/products", timeout=20) as answer:
        assert json.load(answer)["total"] > 0


def check_release_flips_the_live_colour(machine: Machine) -> None:
    """As the runbook does it. `verify` compares sizes and weights with the parameter."""
    cloud = machine.cloud()
    with mock.patch.dict(os.environ):
        environment.forget_aws_settings()
        cloudformation = Clients(cloud).client("cloudformation")
    stack = f"{cloud.prefix}-BackendAsgStack"
    cloudformation.update_stack(
        StackName=stack,
        UsePreviousTemplate=True,
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
        Parameters=[{"ParameterKey": LIVE_COLOUR, "ParameterValue": "green"}],
    )
    assert settle(cloudformation, stack)["StackStatus"] == "UPDATE_COMPLETE"
    check_green_is_live(machine)


def check_green_is_live(machine: Machine) -> None:
    cloud = machine.cloud()
    status, lines = machine.run("verify", "--all")
    assert status == 0, "\n".join(lines[-30:])
    (sizes,) = [line for line in lines if "scaling groups, (minimum, maximum)" in line]
    assert f"'{cloud.prefix}-backend-green': (2, 4)" in sizes
    assert f"'{cloud.prefix}-backend-blue': (0, 4)" in sizes


def check_second_deploy_changes_nothing(machine: Machine) -> None:
    before = machine.cloud()
    status, lines = machine.run("deploy")
    assert status == 0, "\n".join(lines[-30:])
    for stack in _STACKS:
        assert any(line.split()[:3] == [stack, "no", "changes"] for line in lines), stack
    assert machine.cloud().processes == before.processes


def check_no_differences(machine: Machine) -> None:
    status, lines = machine.run("diff")
    assert status == 0, "\n".join(lines[-30:])
    assert not any("Unknown option" in line for line in lines)


def check_differences_of_a_setting(machine: Machine) -> None:
    before = machine.cloud()
    status, lines = machine.run("diff", "-c", "backend.max=6")
    assert status == 1, "\n".join(lines[-30:])
    assert any("MaxSize" in line for line in lines)
    assert machine.cloud() == before


def check_dead_backend_is_started_again(machine: Machine) -> None:
    """As systemd would: nobody has to do anything."""
    before = machine.living("-m shop")
    dead = next(iter(before))
    os.kill(dead, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while len(set(machine.living("-m shop")) - {dead}) < len(before):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def check_secrets_rotate(machine: Machine) -> None:
    """The function of the templates, with the emulated Secrets Manager, against the real stores."""
    cloud = machine.cloud()
    with mock.patch.dict(os.environ):
        environment.forget_aws_settings()
        secrets = Clients(cloud).client("secretsmanager")
    for name in ("database/owner", "database/app", "cache/auth"):
        secret = {"SecretId": f"{cloud.prefix}/{name}"}
        before = secrets.get_secret_value(**secret)
        version = secrets.rotate_secret(**secret)["VersionId"]
        deadline = time.monotonic() + 60
        while secrets.get_secret_value(**secret)["VersionId"] != version:
            assert time.monotonic() < deadline, secrets.describe_secret(**secret)
            time.sleep(0.1)
        assert secrets.get_secret_value(**secret, VersionStage="AWSPREVIOUS")["VersionId"] == before["VersionId"]
        assert secrets.get_secret_value(**secret)["SecretString"] != before["SecretString"]
    status, lines = machine.run("verify")
    assert status == 0, "\n".join(lines[-30:])


def check_policy_off_is_loud(machine: Machine) -> None:
    """The local cloud remembers its context, so being checked again has to be asked for."""
    variables = dict(machine.variables)
    machine.variables.pop("CI", None)  # where off is refused
    for given, said in ((("-c", "policy=off"), True), ((), True), (("-c", "policy=on"), False)):
        status, lines = machine.run("deploy", *given)
        assert status == 0, "\n".join(lines[-30:])
        assert (NOTICE in "\n".join(lines)) is said, given
    machine.variables = variables


def check_another_stage_is_refused(machine: Machine) -> None:
    status, lines = machine.run("deploy", "--stage", "dev")
    assert status == 1
    assert "make destroy" in lines[-1]


def check_destroy_leaves_nothing(machine: Machine) -> None:
    status, lines = machine.run("destroy")
    assert status == 0, "\n".join(lines[-30:])
    left = [line for line in lines if line.strip().startswith("left:")]
    assert all("key pending deletion" in line for line in left), left
    assert machine.living() == {}
    assert machine.folders() == []
    assert list(machine.home.rglob("*")) == []


def test_from_first_deploy_to_destroy(machine: Machine) -> None:
    """One test: the steps need each other, and pytest-xdist may part tests of one module."""
    check_deploy(machine)
    check_shop_opens_in_a_browser(machine)
    check_release_flips_the_live_colour(machine)
    check_second_deploy_changes_nothing(machine)
    check_green_is_live(machine)
    check_no_differences(machine)
    check_differences_of_a_setting(machine)
    check_dead_backend_is_started_again(machine)
    check_secrets_rotate(machine)
    check_policy_off_is_loud(machine)
    check_another_stage_is_refused(machine)
    check_destroy_leaves_nothing(machine)
