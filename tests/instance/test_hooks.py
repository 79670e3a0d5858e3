"""The hooks of a revision, run for real in a scratch root: in order, again, killed half-way, and with what is wrong."""

import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]  # has no types of its own

from cloudmart_cdk.revision import SHOP, Application, Folder, Image, application, assemble
from tests.instance.support import HOST, Machine, make_application, write_program

INSTALL = HOST / "install_revision.sh"


class _Health(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/health" else 404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    """Where a server answers `/health`."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Health) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture
def machine(tmp_path: Path, port: int) -> Machine:
    """As the first boot's install.sh leaves it."""
    machine = Machine(tmp_path / "machine")
    (machine.root / "etc/cloudmart/environment").write_text(f"PORT={port}\nCLOUDMART_STAGE=lab\n")
    (machine.root / "opt/cloudmart").mkdir(parents=True)
    for unit in ("cloudmart.service", "cloudmart-image.service"):
        (machine.root / "usr/local/lib/cloudmart" / unit).write_bytes((HOST / unit).read_bytes())
    return machine


def _revision(folder: Path, application: Application) -> Path:
    assemble(application, folder)
    return folder


@pytest.fixture
def revision(tmp_path: Path) -> Path:
    make_application(tmp_path / "mine", install=True)
    return _revision(tmp_path / "revision", Folder(tmp_path / "mine"))


def _installed(machine: Machine) -> bool:
    return (machine.root / "etc/cloudmart/installed").exists()


def _unit(machine: Machine) -> str:
    return (machine.root / "etc/systemd/system/cloudmart.service").read_text(encoding="utf-8")


def test_a_folder_is_installed_by_its_own_user_and_started(machine: Machine, revision: Path) -> None:
    machine.answers("systemctl", '[ "$1" != cat ]')  # no unit yet
    done = machine.run(INSTALL, str(revision))
    assert (done.returncode, done.stderr) == (0, "")
    app = machine.root / "opt/cloudmart/app"
    assert (app / "made").read_text() == f"installed by lab in {app}\n"
    assert os.access(app / "bin/start", os.X_OK)
    assert _unit(machine) == (HOST / "cloudmart.service").read_text(encoding="utf-8")
    assert _installed(machine)
    assert machine.calls == [
        "systemctl cat cloudmart.service",
        f"chown -R -P cloudmart:cloudmart {app}",
        f"runuser -u cloudmart -- env HOME={machine.root}/var/lib/cloudmart ./bin/install",
        "systemctl daemon-reload",
        "systemctl enable cloudmart.service",
        "systemctl restart cloudmart.service",
    ]


def test_the_runner_does_what_appspec_says(revision: Path) -> None:
    """At the first boot there is no agent: the same hooks, in CodeDeploy's order, around the same copy."""
    appspec = yaml.safe_load((revision / "appspec.yml").read_text(encoding="utf-8"))
    (copied,) = appspec["files"]
    steps = [line for line in INSTALL.read_text(encoding="utf-8").splitlines() if "$revision/" in line]
    hooks = {event: script["location"] for event, (script,) in appspec["hooks"].items()}
    assert steps == [
        f'"$revision/{hooks["BeforeInstall"]}"',  # which stops what runs, as ApplicationStop does
        f'cp -R "$revision/{copied["source"]}/." "$root{copied["destination"]}/"',
        f'"$revision/{hooks["AfterInstall"]}"',
        f'"$revision/{hooks["ApplicationStart"]}"',
        f'"$revision/{hooks["ValidateService"]}"',
    ]


def test_the_next_revision_leaves_nothing_of_the_last(machine: Machine, revision: Path, tmp_path: Path) -> None:
    assert machine.run(INSTALL, str(revision)).returncode == 0
    make_application(tmp_path / "next")
    machine.forget()
    assert machine.run(INSTALL, str(_revision(tmp_path / "second", Folder(tmp_path / "next")))).returncode == 0
    assert machine.calls[:2] == ["systemctl cat cloudmart.service", "systemctl stop cloudmart.service"]
    files = {path.name for path in (machine.root / "opt/cloudmart/app").rglob("*") if path.is_file()}
    assert files == {"start", "server.py"}


def test_killed_half_way_nothing_starts_until_it_is_installed_again(machine: Machine, tmp_path: Path) -> None:
    make_application(tmp_path / "mine")
    started = tmp_path / "started"
    write_program(tmp_path / "mine" / "bin" / "install", f'touch "{started}"; sleep 60')
    revision = _revision(tmp_path / "revision", Folder(tmp_path / "mine"))
    (machine.root / "etc/cloudmart/installed").touch()  # of the version before
    with subprocess.Popen(
        [INSTALL, str(revision)], env=machine.environment(), start_new_session=True, stderr=subprocess.DEVNULL
    ) as running:
        while not started.exists():
            assert running.poll() is None
            time.sleep(0.01)
        os.killpg(running.pid, signal.SIGKILL)
    assert not _installed(machine)

    machine.forget()
    refused = machine.run(revision / "hooks/application_start.sh")
    assert refused.returncode == 1
    assert refused.stderr.startswith("error: application: given a half-finished installation; allowed: ")
    assert machine.calls == []

    write_program(revision / "app/bin/install", "touch made")
    assert machine.run(INSTALL, str(revision)).returncode == 0
    assert _installed(machine)
    assert (machine.root / "opt/cloudmart/app/made").exists()


@pytest.mark.parametrize("steps", range(1, 5))
def test_ended_after_any_step_the_next_attempt_is_whole(
    machine: Machine, revision: Path, tmp_path: Path, steps: int
) -> None:
    """As if the machine had lost power there: over a version before, and with a file that the copy had begun."""
    app = machine.root / "opt/cloudmart/app"
    make_application(tmp_path / "before")
    (tmp_path / "before" / "old.py").touch()
    assert machine.run(INSTALL, str(_revision(tmp_path / "first", Folder(tmp_path / "before")))).returncode == 0
    script = INSTALL.read_text(encoding="utf-8").splitlines()
    last = [number for number, line in enumerate(script) if line.startswith(('"$revision/', "cp "))][steps - 1]
    write_program(tmp_path / "partly.sh", "\n".join(script[: last + 1]))
    assert machine.run(tmp_path / "partly.sh", str(revision)).returncode == 0
    assert _installed(machine) is (steps >= 3)
    (app / "half").touch()

    assert machine.run(INSTALL, str(revision)).returncode == 0
    assert _installed(machine)
    files = {path.name for path in app.rglob("*") if path.is_file()}
    assert files == {"start", "install", "server.py", "made"}


def test_an_installation_that_fails_is_not_marked(machine: Machine, revision: Path) -> None:
    write_program(revision / "app/bin/install", "echo no network >&2; exit 7")
    done = machine.run(INSTALL, str(revision))
    assert (done.returncode, done.stderr) == (7, "no network\n")
    assert not _installed(machine)
    assert not any("restart" in call for call in machine.calls)


def test_what_is_no_revision_is_refused_before_anything_is_touched(machine: Machine, revision: Path) -> None:
    assert machine.run(INSTALL, str(revision)).returncode == 0
    machine.forget()
    (revision / "app/bin/start").unlink()
    done = machine.run(INSTALL, str(revision))
    assert done.returncode == 1
    assert done.stderr.startswith("error: revision: given neither app/bin/start nor app/image; allowed: ")
    assert machine.calls == []
    assert _installed(machine)
    assert (machine.root / "opt/cloudmart/app/bin/start").exists()


def test_a_machine_that_is_not_prepared_is_refused(machine: Machine, revision: Path) -> None:
    (machine.root / "etc/cloudmart/environment").unlink()
    done = machine.run(INSTALL, str(revision))
    assert done.returncode == 1
    assert done.stderr.startswith("error: instance: given no /etc/cloudmart/environment; allowed: ")
    assert machine.calls == []


def test_a_server_that_does_not_answer_fails_with_the_end_of_its_log(machine: Machine, revision: Path) -> None:
    (machine.root / "etc/cloudmart/environment").write_text("PORT=1\n")
    (machine.root / "var/log/cloudmart").mkdir()
    log = [f"line {number}" for number in range(30)]
    (machine.root / "var/log/cloudmart/application.log").write_text("\n".join(log) + "\n")
    done = machine.run(revision / "hooks/validate_service.sh", variables={"WAIT_S": "0"})
    assert done.returncode == 1
    first, *rest = done.stderr.splitlines()
    assert first.startswith("error: application: given no answer of /health on port 1 within 0 s; allowed: 200;")
    assert rest == log[-20:]


@pytest.mark.parametrize("there", [True, False])
def test_stopping_waits_for_systemd_and_is_no_error_without_a_unit(
    machine: Machine, revision: Path, there: bool
) -> None:
    machine.answers("systemctl", "" if there else '[ "$1" != cat ]')
    assert machine.run(revision / "hooks/application_stop.sh").returncode == 0
    assert ("systemctl stop cloudmart.service" in machine.calls) is there


def test_an_image_of_a_public_registry(machine: Machine, tmp_path: Path) -> None:
    revision = _revision(tmp_path / "revision", Image("registry.example.com/team/shop:1.0"))
    assert machine.run(INSTALL, str(revision)).returncode == 0
    assert not any(call.startswith(("aws", "docker login")) for call in machine.calls)
    assert "dnf install -y -q docker" not in machine.calls
    assert machine.calls.index("docker pull --quiet registry.example.com/team/shop:1.0") < machine.calls.index(
        "systemctl restart cloudmart.service"
    )
    values = dict(line.split("=", 1) for line in (machine.root / "etc/cloudmart/image").read_text().splitlines())
    assert values["IMAGE"] == "registry.example.com/team/shop:1.0"
    assert values["CONTAINER_USER"] == "993:993"
    assert int(values["CONTAINER_MEMORY"].removesuffix("k")) > 0
    assert _unit(machine) == (HOST / "cloudmart-image.service").read_text(encoding="utf-8")


def test_an_image_of_ecr_leaves_no_credentials(machine: Machine, tmp_path: Path) -> None:
    host = "123456789012.dkr.ecr.ap-northeast-2.amazonaws.com"
    revision = _revision(tmp_path / "revision", Image(f"{host}/cloudmart-lab/shop:1"))
    machine.answers("aws", "echo a-token")
    machine.answers("docker", 'if [ "$1" = login ]; then cat > "$DOCKER_CONFIG/config.json"; fi\n')
    folders = tmp_path / "temporary"
    folders.mkdir()
    assert machine.run(INSTALL, str(revision), variables={"TMPDIR": str(folders)}).returncode == 0
    assert "aws ecr get-login-password --region ap-northeast-2" in machine.calls
    assert f"docker login --username AWS --password-stdin {host}" in machine.calls
    assert list(folders.iterdir()) == []


def test_an_image_that_cannot_be_pulled_is_not_installed(machine: Machine, tmp_path: Path) -> None:
    revision = _revision(tmp_path / "revision", Image("nginx:1.27"))
    machine.answers("docker", "exit 1")
    assert machine.run(INSTALL, str(revision)).returncode == 1
    assert not _installed(machine)


def test_root_is_through_with_the_folder_before_its_user_has_it(
    machine: Machine, revision: Path, tmp_path: Path
) -> None:
    """A process that an earlier installation left exchanges a script for a link, as soon as it may: nothing follows."""
    secret = tmp_path / "shadow"
    secret.touch(0o600)
    app = machine.root / "opt/cloudmart/app"
    machine.answers("chown", f'ln -sf "{secret}" "{app}/bin/install"; ln -sf "{secret}" "{app}/bin/start"')
    machine.run(INSTALL, str(revision))
    assert (app / "bin/install").is_symlink()
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600


@pytest.mark.parametrize("kind", ["folder", "image"])
def test_whatever_the_agent_s_mask_nobody_else_may_write(machine: Machine, tmp_path: Path, kind: str) -> None:
    """The image's name is what root runs; the application is its user's alone."""
    make_application(tmp_path / "mine")
    given = Folder(tmp_path / "mine") if kind == "folder" else Image("registry.example.com/team/shop:1.0")
    revision = _revision(tmp_path / "revision", given)
    (revision / "app/open").touch()
    (revision / "app/open").chmod(0o666)
    # The copy is CodeDeploy's, with its mask; the hooks have it too.
    done = machine.run(write_program(tmp_path / "agent.sh", f'umask 0; exec "{INSTALL}" "$1"'), str(revision))
    assert (done.returncode, done.stderr) == (0, "")
    places = (machine.root / "opt/cloudmart/app", machine.root / "etc/cloudmart")
    made = [path for place in places for path in (place, *place.rglob("*")) if path.name != "open" or kind == "folder"]
    assert machine.root / "etc/cloudmart/installed" in made
    assert [path for path in made if path.stat().st_mode & 0o022] == []


def test_docker_comes_with_the_first_image(machine: Machine, tmp_path: Path) -> None:
    """It is no part of the image of Amazon Linux, and a folder needs none."""
    revision = _revision(tmp_path / "revision", Image("nginx:1.27"))
    machine.answers("rpm", "exit 1")
    assert machine.run(revision / "hooks/before_install.sh").returncode == 0
    assert "dnf install -y -q docker" in machine.calls


def test_the_shop_s_own_installation_on_a_fresh_machine_and_again(machine: Machine, tmp_path: Path) -> None:
    """Its `bin/install` for real, but for the downloads: what the server starts with is there, every time."""
    revision = _revision(tmp_path / "revision", application(SHOP))
    venv = machine.root / "var/lib/cloudmart/venv"
    venv.parent.mkdir(parents=True)
    # Makes environments with the interpreter only, and takes pip's word for the rest.
    machine.answers(
        "base-python",
        'case "$1 $2" in\n'
        '"-m venv") mkdir -p "$3/bin"; cp "$0" "$3/bin/python" ;;\n'
        '"-m pip" | "-m compileall") ;;\n'
        f'*) exec "{sys.executable}" "$@" ;;\nesac',
    )
    variables = {"SHOP_VENV": str(venv), "SHOP_BASE_PYTHON": "base-python"}
    for _ in range(2):
        done = machine.run(INSTALL, str(revision), variables=variables)
        assert (done.returncode, done.stderr) == (0, "")
        assert os.access(venv / "bin" / "python", os.X_OK)
    made = [path for path in venv.parent.iterdir() if path.name.startswith("venv.")]
    assert made == [venv.resolve()], "nothing else is left behind"
