"""`bin/install` and the lock it installs from. No network: the packages are a wheel made here."""

import base64
import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

from tests.shop.harness import SHOP
from tests.support import PROJECT


def wheel(folder: Path, version: str) -> str:
    """A package of one line; answers its line of requirements, hash included."""
    folder.mkdir(exist_ok=True)
    path = folder / f"cloudmart_test-{version}-py3-none-any.whl"
    info = f"cloudmart_test-{version}.dist-info"
    files = {
        "cloudmart_test.py": f"VERSION = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: cloudmart-test\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    digests = {
        name: base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
        for name, text in files.items()
    }
    record = "".join(f"{name},sha256={digest},\n" for name, digest in digests.items()) + f"{info}/RECORD,,\n"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(name, text)
    return f"cloudmart-test=={version} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


class Application:
    """An application folder with our `bin/install`, its own requirements and wheels."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.venv = folder / "app", folder / "opt" / "venv"
        shutil.copytree(SHOP / "bin", self.folder / "bin")
        self.venv.parent.mkdir()

    def require(self, version: str) -> None:
        (self.folder / "requirements.txt").write_text(wheel(self.folder / "wheels", version))

    def install(self) -> subprocess.CompletedProcess[str]:
        # A path that leads nowhere else: what is installed comes from the wheels.
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "SHOP_VENV": str(self.venv),
            "SHOP_BASE_PYTHON": sys.executable,
        }
        return subprocess.run(
            [self.folder / "bin" / "install"], env=environment, capture_output=True, text=True, cwd="/", check=False
        )

    def version(self) -> str:
        command = [str(self.venv / "bin" / "python"), "-c", "import cloudmart_test; print(cloudmart_test.VERSION)"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    def environments(self) -> int:
        return len([entry for entry in self.venv.parent.iterdir() if entry.is_dir() and not entry.is_symlink()])


@pytest.fixture
def application(tmp_path: Path) -> Application:
    return Application(tmp_path)


def test_the_environment_of_before_stays_until_the_new_one_is_complete(application: Application) -> None:
    before = application.venv.with_name("before")
    before.mkdir()
    application.venv.symlink_to(before)
    application.require("1.0")
    requirements = application.folder / "requirements.txt"
    good = requirements.read_text()

    requirements.write_text(re.sub("sha256:.{8}", "sha256:00000000", good))
    refused = application.install()
    assert refused.returncode != 0
    assert "HASHES" in refused.stderr
    assert application.venv.resolve() == before
    assert application.environments() == 1

    requirements.write_text(good)
    assert application.install().returncode == 0
    assert application.version() == "1.0"
    assert application.environments() == 1, "what is not used any more is gone"
    again = application.install()
    assert (again.returncode, "is complete" in again.stdout) == (0, True)


def test_without_its_python_it_says_so(application: Application) -> None:
    application.require("1.0")
    done = subprocess.run(
        [application.folder / "bin" / "install"],
        env={"PATH": os.environ["PATH"], "SHOP_VENV": str(application.venv), "SHOP_BASE_PYTHON": "python9.9"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == (
        "error: install: given no python9.9; allowed: Python 3.11; install it (dnf install python3.11)\n"
    )


PINNED = re.compile(r"^([a-z0-9.-]+)(?:\[[a-z,]+\])?==([^\s;\\]+)(?: ; ([^\\]+))?", re.M)


def test_the_lock_names_what_is_tested_here() -> None:
    """Each package at the version installed here, by hash, for both kinds of processor."""
    text = (SHOP / "requirements.txt").read_text()
    locked = {name: version for name, version, marker in PINNED.findall(text) if "win32" not in marker}
    for name, version in locked.items():
        if name == "async-timeout":  # only for Python before 3.11.3
            continue
        assert metadata.version(name) == version, f"{name}: make the lock anew, see requirements.in"
    wanted = {name: version for name, version, _ in PINNED.findall((SHOP / "requirements.in").read_text())}
    assert wanted.items() <= locked.items()
    for block in re.split(r"\n(?=[a-z])", text):
        assert "--hash=sha256:" in block
    for name in ("psycopg-binary", "uvloop", "httptools", "hiredis", "pydantic-core"):
        # More than a dozen wheels: the common processors and versions of Python are among them.
        [block] = [block for block in re.split(r"\n(?=[a-z])", text) if block.startswith(f"{name}==")]
        assert block.count("--hash") > 12


def test_the_scripts_are_clean() -> None:
    shellcheck = PROJECT / ".venv" / "bin" / "shellcheck"
    scripts = [SHOP / "bin" / "install", SHOP / "bin" / "start"]
    done = subprocess.run([shellcheck, *scripts], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    assert all(os.access(script, os.X_OK) for script in scripts)
