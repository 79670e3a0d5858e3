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

import httpx
import pytest

from cloudmart_cdk.policy.off import NOTICE
from localcloud import environment, processes
from localcloud.aws import Clients
from localcloud.state import PROJECT, Cloud, State
from localcloud.verify.backend import LIVE_COLOUR
from tests.localcloud import people, shop_faults
from tests.localcloud.buyers import buying, wait_for
from tests.localcloud.services import Services
from tests.site import journey
from tests.site.browser import CHROMIUM

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("emulator")]

MIGRATE_DATA = "localcloud.data_move"
COMPOSE_DUMP = PROJECT / "tests" / "localcloud" / "compose.dump"
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

    def start(self, *arguments: str, program: str = "localcloud") -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", program, *arguments],
            cwd=PROJECT,
            env=self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str, program: str = "localcloud") -> tuple[int, list[str]]:
        with self.start(*arguments, program=program) as child:
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


def check_a_page_reaches_people(machine: Machine) -> None:
    with mock.patch.dict(os.environ):
        environment.forget_aws_settings()
        people.check_a_page_reaches_people(machine.cloud(), Clients(machine.cloud()), page="page-shop")


def check_services(machine: Machine) -> None:
    """Without DataStack's doing: what answers are stand-ins."""
    with mock.patch.dict(os.environ):
        environment.forget_aws_settings()
        services = Services(machine.state, machine.cloud(), Clients(machine.cloud()))
    services.check_all_answer()
    services.check_stand_ins_come_back()
    services.check_a_release_while_people_ask(machine.run)
    services.check_a_release_that_never_gets_ready(machine.run)
    status, lines = machine.run("objects", "deploy", "-o", "name")
    assert (status, lines) == (0, [f"deployment/{name}" for name in sorted(services.settings.eks.services)])


def check_people_buy_in_a_browser(machine: Machine) -> None:
    """Through the emulated CDN. Without a browser `tests/conftest.py` says what was skipped."""
    if CHROMIUM:
        journey.walk_all(machine.cloud().shop)


def check_grade(machine: Machine) -> None:
    """Plain lab is good, not full: what it lacks is what the challenge asks for."""
    status, lines = machine.run("--local", "--json", program="labs.grade")
    assert status == 0, "\n".join(lines[-30:])
    grade = json.loads("\n".join(lines))
    lost = {c["id"]: c["of"] - c["points"] for a in grade["areas"] for c in a["criteria"] if c["of"] > c["points"]}
    asked = {"nat": 2, "cache": 5, "backups": 2, "web_acl": 3, "areas": 1, "people": 1, "kept": 1, "budget_burn": 2}
    assert lost == asked
    assert grade["cost"]["within"]


def check_release_while_people_buy(machine: Machine) -> None:
    """`verify` compares sizes and weights with the stack's parameter."""
    shortly = ("--canary-minutes", "0.05", "--settle-seconds", "1")
    with buying(machine.cloud().shop) as diary:
        status, lines = machine.run("release", "--local", *shortly, program="delivery")
    assert status == 0, "\n".join(lines[-30:])
    shop_faults.all_bought(diary)
    assert diary.retried == 0, diary.statuses
    check_live(machine, "green")


def check_rollback_while_people_buy(machine: Machine) -> None:
    with buying(machine.cloud().shop) as diary:
        status, lines = machine.run("rollback", "--local", program="delivery")
    assert status == 0, "\n".join(lines[-30:])
    shop_faults.all_bought(diary)
    assert diary.retried == 0, diary.statuses
    check_live(machine, "blue")


def check_live(machine: Machine, colour: str) -> None:
    """What the stack says is what the load balancer does; the colour that is kept for a rollback is no fault."""
    status, lines = machine.run("verify", "--all")
    assert status == 0, "\n".join(lines[-30:])
    cloud = machine.cloud()
    with mock.patch.dict(os.environ):
        environment.forget_aws_settings()
        cloudformation = Clients(cloud).client("cloudformation")
    (stack,) = cloudformation.describe_stacks(StackName=f"{cloud.prefix}-BackendAsgStack")["Stacks"]
    assert {"ParameterKey": LIVE_COLOUR, "ParameterValue": colour} in stack["Parameters"]


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


def check_faults_while_people_buy(machine: Machine) -> None:
    cloud = machine.cloud()
    with mock.patch.dict(os.environ):
        environment.forget_aws_settings()
        secrets = Clients(cloud).client("secretsmanager")
    shop_faults.check_a_backend_is_killed(machine.state, cloud)
    shop_faults.check_secrets_rotate(cloud, secrets)
    status, lines = machine.run("verify")
    assert status == 0, "\n".join(lines[-30:])


def check_data_moves_in_and_back(machine: Machine) -> None:
    """The Compose file's shop, by the dump that its PostgreSQL 15 made; and the shop that sells here again."""
    shop = machine.cloud().shop
    ours = _catalogue(shop)
    status, lines = machine.run("--dump", str(COMPOSE_DUMP), program=MIGRATE_DATA)
    assert status == 0, "\n".join(lines[-30:])
    assert _catalogue(shop) - ours == {"옮겨 온 달항아리"}
    # It is sold from, and not merely there.
    with buying(shop, customers=2) as diary:
        wait_for(diary, purchases=6)
    shop_faults.all_bought(diary)
    status, lines = machine.run("--bring-back", lines[-1].rpartition("=")[2], program=MIGRATE_DATA)
    assert status == 0, "\n".join(lines[-30:])
    assert _catalogue(shop) == ours


def _catalogue(shop: str) -> set[str]:
    """Names of what is sold. Asked again while the databases change places, as the page does."""
    time.sleep(2.5)  # what is kept in front of the database is up to two seconds old
    with httpx.Client(base_url=shop, trust_env=False, timeout=20) as client:
        for _ in range(50):
            answer = client.get("api/products?limit=100")
            if answer.status_code == 200:
                return {item["name"]["ko"] for item in answer.json()["items"]}
            time.sleep(0.2)
    raise AssertionError(answer.text)


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
    check_people_buy_in_a_browser(machine)
    check_grade(machine)
    check_services(machine)
    check_a_page_reaches_people(machine)
    check_faults_while_people_buy(machine)
    check_data_moves_in_and_back(machine)
    check_release_while_people_buy(machine)
    check_second_deploy_changes_nothing(machine)
    check_live(machine, "green")
    check_no_differences(machine)
    check_differences_of_a_setting(machine)
    check_rollback_while_people_buy(machine)
    check_policy_off_is_loud(machine)
    check_another_stage_is_refused(machine)
    check_destroy_leaves_nothing(machine)
