"""The machine around an application: prepared, booted, drained; scripts run for real in a scratch root."""

import configparser
import json
import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cloudmart_cdk.constructs.load_balancing import DEREGISTRATION_S
from cloudmart_cdk.revision import Folder, assemble, pack
from tests.instance.support import EXPORTS, HOST, REVISION, Machine, make_application, write_program
from tests.support import PROJECT


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """Bare Amazon Linux 2023, as far as the scripts look at it."""
    machine = Machine(tmp_path / "machine")
    for folder in ("etc/pki/tls/certs", "etc/logrotate.d", "opt/aws/amazon-cloudwatch-agent/etc"):
        (machine.root / folder).mkdir(parents=True)
    (machine.root / "etc/pki/tls/certs/ca-bundle.crt").write_text("the system's\n")
    agent = machine.root / "opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl"
    write_program(agent, 'exec amazon-cloudwatch-agent-ctl "$@"')
    # Downloads: one writes where it is from, to the file that is named or to its output.
    machine.answers(
        "curl",
        'target=""\nwhile [ $# -gt 1 ]; do [ "$1" = --output ] && target=$2; shift; done\n'
        'if [ "$target" ]; then exec > "$target"; fi\necho "from ${1#https://}"',
    )
    return machine


def _file(machine: Machine, path: str) -> str:
    return (machine.root / path).read_text(encoding="utf-8")


def test_every_script_is_clean_and_executable() -> None:
    scripts = [*HOST.glob("*.sh"), *REVISION.glob("hooks/*.sh")]
    assert len(scripts) == 9
    assert all(script.stat().st_mode & stat.S_IXUSR for script in scripts)
    done = subprocess.run(
        [Path(sys.executable).with_name("shellcheck"), *scripts], check=False, capture_output=True, text=True
    )
    assert done.stdout == ""


def test_bare_machine_is_prepared(machine: Machine) -> None:
    machine.answers("id", "exit 1")
    done = machine.run(HOST / "install.sh", variables=EXPORTS)
    assert (done.returncode, done.stderr) == (0, "")
    assert _file(machine, "etc/cloudmart/environment").splitlines() == [
        "AWS_REGION=ap-northeast-2",
        "HOST=0.0.0.0",
        "PORT=8080",
        "CLOUDMART_STAGE=lab",
        "CLOUDMART_PARAMETERS=/cloudmart/lab/",
        "CLOUDMART_SECRETS=cloudmart-lab/",
        "CLOUDMART_CA_FILE=/etc/cloudmart/ca.pem",
        "CLOUDMART_HTTPS=true",
        "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318",
        "OTEL_SERVICE_NAME=cloudmart-lab-shop",
        "OTEL_TRACES_SAMPLER=parentbased_traceidratio",
        "OTEL_TRACES_SAMPLER_ARG=0.01",
    ]
    assert _file(machine, "etc/cloudmart/ca.pem") == (
        "the system's\nfrom truststore.pki.rds.amazonaws.com/ap-northeast-2/ap-northeast-2-bundle.pem\n"
    )
    assert _file(machine, "etc/dnf/vars/releasever") == "latest\n"
    agent = json.loads(_file(machine, "opt/aws/amazon-cloudwatch-agent/etc/cloudmart.json"))
    (collected,) = agent["logs"]["logs_collected"]["files"]["collect_list"]
    assert collected["log_group_name"] == "application-log"
    assert agent["traces"]["traces_collected"]["otlp"]["http_endpoint"] == "127.0.0.1:4318"
    assert "useradd --system --no-create-home" in " ".join(machine.calls)
    assert machine.calls[-1] == "systemctl enable --now cloudmart-drain.service"
    (download,) = [call for call in machine.calls if call.startswith("curl")]
    assert "--fail --proto =https --tlsv1.2" in download
    assert "--insecure" not in download


def test_prepared_twice_is_prepared_once(machine: Machine) -> None:
    for _ in range(2):
        assert machine.run(HOST / "install.sh", variables=EXPORTS).returncode == 0
    assert _file(machine, "etc/cloudmart/ca.pem").count("the system's") == 1
    assert not any(call.startswith("useradd") for call in machine.calls)


def test_only_root_may_put_links_where_root_writes(machine: Machine) -> None:
    assert machine.run(HOST / "install.sh", variables=EXPORTS).returncode == 0
    for folder, group, mode in (
        ("etc/cloudmart", "root", 0o755),
        ("opt/cloudmart", "root", 0o755),
        ("usr/local/lib/cloudmart", "root", 0o755),
        ("var/log/cloudmart", "cwagent", 0o750),
    ):
        path = machine.root / folder
        [owned] = [call for call in machine.calls if call.startswith("install -d ") and str(path) in call.split()]
        assert owned.startswith(f"install -d -o root -g {group} -m {mode:04o} ")
        assert stat.S_IMODE(path.stat().st_mode) == mode
    given_away = [call.split()[-1] for call in machine.calls if call.startswith(("chown", "install -d -o cloudmart"))]
    assert given_away == [
        f"{machine.root}/var/lib/cloudmart",  # nothing of root's looks into it
        f"{machine.root}/var/log/cloudmart/application.log",
    ]


@pytest.mark.parametrize("before", ["nothing", "a log of root's", "a link"])
def test_the_agent_may_read_the_log_before_it_starts(machine: Machine, tmp_path: Path, before: str) -> None:
    """What systemd would make is root's, and the agent is not root."""
    folder, elsewhere = machine.root / "var/log/cloudmart", tmp_path / "elsewhere"
    log = folder / "application.log"
    elsewhere.touch(0o600)
    if before != "nothing":
        folder.mkdir(0o700)
    if before == "a log of root's":
        log.write_text("before\n")
        log.chmod(0o600)
    elif before == "a link":
        log.symlink_to(elsewhere)
    assert machine.run(HOST / "install.sh", variables=EXPORTS).returncode == 0

    assert stat.S_IMODE(log.lstat().st_mode) == 0o640
    assert stat.S_ISREG(log.lstat().st_mode)
    assert log.read_text() == ("before\n" if before == "a log of root's" else "")
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o600
    steps = [call.replace(str(machine.root), "") for call in machine.calls]
    installed = next(number for number, call in enumerate(steps) if call.startswith("dnf install"))
    entered = steps.index("install -d -o root -g cwagent -m 0750 /var/log/cloudmart")
    given = steps.index("chown cloudmart:cwagent /var/log/cloudmart/application.log")
    started = next(number for number, call in enumerate(steps) if call.startswith("amazon-cloudwatch-agent-ctl"))
    assert installed < entered < given < started, "the package brings the user"
    assert not any(call.startswith("usermod") for call in steps)


def test_rotation_keeps_the_log_s_owner_and_mode() -> None:
    """The file goes on: a new one would need its owner again, and the server has the old one open."""
    words = {line.split()[0] for line in (HOST / "logrotate.conf").read_text(encoding="utf-8").splitlines()}
    assert "copytruncate" in words
    assert not words & {"create", "su", "olddir"}


def test_without_the_authorities_nothing_is_prepared(machine: Machine) -> None:
    machine.answers("curl", "exit 22")
    assert machine.run(HOST / "install.sh", variables=EXPORTS).returncode == 22
    assert not (machine.root / "etc/cloudmart/ca.pem").exists()


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    """A revision as it lies in the bucket."""
    make_application(tmp_path / "mine")
    assemble(Folder(tmp_path / "mine"), tmp_path / "revision")
    # Whether the server answers is the hooks' own test.
    write_program(tmp_path / "revision/hooks/validate_service.sh", "echo validated")
    pack(tmp_path / "revision", tmp_path / "revision.zip")
    return tmp_path / "revision.zip"


def _aws(machine: Machine, bucket: Path, *, deployed: str) -> None:
    """The AWS CLI. `deployed`: what it says and how it ends when asked for the last deployment."""
    machine.answers(
        "aws",
        f'case "$1 $2" in\n"deploy get-deployment-group") {deployed} ;;\n"s3 cp") cp "{bucket}" "$5" ;;\nesac',
    )
    machine.answers("ruby", "true")


def _first_boot(machine: Machine) -> "subprocess.CompletedProcess[str]":
    return machine.run(HOST / "first_boot.sh", "s3://assets/key.zip", variables=EXPORTS)


NOT_THERE = 'echo "An error occurred (DeploymentGroupDoesNotExistException): no group" >&2; exit 254'


@pytest.mark.parametrize("deployed", ["echo None", NOT_THERE], ids=["nothing released", "stack being made"])
def test_first_boot_installs_what_the_stack_came_with(machine: Machine, bucket: Path, deployed: str) -> None:
    _aws(machine, bucket, deployed=deployed)
    done = _first_boot(machine)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "validated")
    assert (machine.root / "opt/cloudmart/app/bin/start").exists()
    asked = [call for call in machine.calls if call.startswith("aws")]
    assert asked[0].startswith(
        "aws deploy get-deployment-group --application-name cloudmart-lab-backend "
        "--deployment-group-name cloudmart-lab-backend-blue "
    )
    assert asked[1].startswith("aws s3 cp --only-show-errors s3://assets/key.zip ")
    # CodeDeploy's agent comes last: it may begin at once.
    assert machine.calls[-1] == "systemctl enable --now codedeploy-agent.service"
    installed = machine.calls.index("systemctl restart cloudmart.service")
    (ruby,) = [number for number, call in enumerate(machine.calls) if call.startswith("ruby")]
    assert installed < ruby
    assert any(
        "aws-codedeploy-ap-northeast-2.s3.ap-northeast-2.amazonaws.com/latest/install" in c for c in machine.calls
    )


def test_after_a_release_only_codedeploy_installs(machine: Machine, bucket: Path) -> None:
    _aws(machine, bucket, deployed="echo d-ABCDEF123")
    assert _first_boot(machine).returncode == 0
    assert not any(call.startswith("aws s3") for call in machine.calls)
    assert not (machine.root / "opt/cloudmart/app").exists()
    assert machine.calls[-1] == "systemctl enable --now codedeploy-agent.service"


def test_a_warning_of_the_command_is_no_release(machine: Machine, bucket: Path) -> None:
    _aws(machine, bucket, deployed="echo a warning >&2; echo None")
    assert _first_boot(machine).returncode == 0
    assert (machine.root / "opt/cloudmart/app/bin/start").exists()


def test_first_boot_fails_when_it_cannot_know(machine: Machine, bucket: Path) -> None:
    _aws(machine, bucket, deployed='echo "AccessDeniedException: no" >&2; exit 254')
    done = _first_boot(machine)
    assert (done.returncode, done.stderr) == (1, "AccessDeniedException: no\n")
    assert not any(call.startswith(("aws s3", "ruby")) for call in machine.calls)


@pytest.fixture
def metadata() -> Iterator[tuple[str, list[str]]]:
    """The metadata service with tokens (IMDSv2), and the states that it gives one after the other."""
    states = ["", "InService", "Terminated"]

    class Metadata(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            self._answer("token" if self.headers["X-aws-ec2-metadata-token-ttl-seconds"] else "")

        def do_GET(self) -> None:
            if self.headers["X-aws-ec2-metadata-token"] != "token":
                self._answer("")
            elif self.path == "/latest/meta-data/autoscaling/target-lifecycle-state":
                self._answer(states.pop(0) if states[1:] else states[0])
            elif self.path == "/latest/meta-data/instance-id":
                self._answer("i-1")

        def _answer(self, text: str) -> None:
            self.send_response(200 if text else 404)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Metadata) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", states
        server.shutdown()


def _drain(machine: Machine, metadata: str) -> "subprocess.CompletedProcess[str]":
    machine.answers("curl", f'exec "{shutil.which("curl")}" "$@"')
    variables = {**EXPORTS, "METADATA": metadata, "POLL_S": "0.01", "NO_PROXY": "127.0.0.1"}
    return machine.run(HOST / "drain.sh", variables=variables)


WAITED = (
    "aws elbv2 wait target-deregistered --target-group-arn "
    "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:targetgroup/blue/1 --targets Id=i-1"
)
COMPLETED = (
    "aws autoscaling complete-lifecycle-action --lifecycle-action-result CONTINUE --instance-id i-1 "
    "--lifecycle-hook-name drain-before-leaving --auto-scaling-group-name cloudmart-lab-backend-blue"
)


def test_leaving_the_target_group_comes_first_then_the_server_then_the_instance(
    machine: Machine, metadata: tuple[str, list[str]]
) -> None:
    machine.answers("aws", "true")
    assert _drain(machine, metadata[0]).returncode == 0
    assert [call for call in machine.calls if not call.startswith("curl")] == [
        WAITED,
        "systemctl stop cloudmart.service",
        COMPLETED,
    ]
    assert metadata[1] == ["Terminated"], "it waited for the last state"


def test_draining_goes_on_when_aws_hesitates(machine: Machine, metadata: tuple[str, list[str]], tmp_path: Path) -> None:
    """The wait gives up; the hook is there at the second attempt."""
    machine.answers(
        "aws", f'[ -e "{tmp_path}/second" ] || {{ [ "$1" != autoscaling ] || touch "{tmp_path}/second"; exit 1; }}'
    )
    assert _drain(machine, metadata[0]).returncode == 0
    assert [call for call in machine.calls if not call.startswith("curl")] == [
        WAITED,
        "systemctl stop cloudmart.service",
        COMPLETED,
        COMPLETED,
    ]


def _unit(name: str) -> configparser.ConfigParser:
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # documented; keys keep their case
    unit.read_string((HOST / name).read_text(encoding="utf-8").replace("\\\n", " "))
    return unit


def test_the_unit_of_a_folder() -> None:
    unit = _unit("cloudmart.service")
    service = unit["Service"]
    assert service["ExecStart"] == "/opt/cloudmart/app/bin/start"
    assert service["WorkingDirectory"] == "/opt/cloudmart/app"
    assert service["User"] == service["Group"] == "cloudmart", "not root"
    assert (service["NoNewPrivileges"], service["ProtectSystem"], service["CapabilityBoundingSet"]) == (
        "yes",
        "strict",
        "",
    )
    assert service["MemoryMax"] == "60%"


@pytest.mark.parametrize("name", ["cloudmart.service", "cloudmart-image.service"])
def test_both_units_come_back_end_gracefully_and_log_where_the_agent_reads(name: str) -> None:
    unit = _unit(name)
    service = unit["Service"]
    assert (service["Restart"], service["RestartSec"]) == ("on-failure", "2")
    assert unit["Unit"]["ConditionPathExists"] == "/etc/cloudmart/installed", "half of an installation never starts"
    assert unit["Unit"]["StartLimitIntervalSec"] == "0", "a store that is away for an hour does not end it"
    assert service["StandardOutput"] == service["StandardError"] == "append:/var/log/cloudmart/application.log"
    assert unit["Install"]["WantedBy"] == "multi-user.target"


def test_a_folder_and_an_image_have_the_same_time_to_end() -> None:
    """And the contract names it."""
    folder, image = _unit("cloudmart.service")["Service"], _unit("cloudmart-image.service")["Service"]
    patience = int(folder["TimeoutStopSec"])
    assert patience >= DEREGISTRATION_S
    assert image["ExecStop"] == f"/usr/bin/docker stop --time {patience} cloudmart"
    assert int(image["TimeoutStopSec"]) > patience, "it is docker that kills"
    contract = (PROJECT / "docs" / "backend.md").read_text(encoding="utf-8")
    assert f"* Ends within {patience} s of SIGTERM, open requests answered" in contract


def test_the_unit_of_an_image_locks_it_in() -> None:
    command = _unit("cloudmart-image.service")["Service"]["ExecStart"].split()
    for option, value in (
        ("--network", "host"),  # the metadata's hop limit stays 1
        ("--cap-drop", "ALL"),
        ("--security-opt", "no-new-privileges"),
        ("--user", "${CONTAINER_USER}"),
        ("--memory", "${CONTAINER_MEMORY}"),
        ("--env-file", "/etc/cloudmart/environment"),
        ("--pull", "never"),
    ):
        assert command[command.index(option) + 1] == value
    assert "--read-only" in command
    assert "--privileged" not in command
    assert command[-1] == "${IMAGE}"
