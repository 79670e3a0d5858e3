"""The Makefile and what it stands on: help at once, pins that agree, nothing that ties the project to a place."""

import json
import os
import re
import shutil
import subprocess
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support import PROJECT

SHOP_PINS = "cloudmart_cdk/assets/shop/requirements.in"
TARGETS = (
    "setup",
    "deploy",
    "destroy",
    "status",
    "release",
    "rollback",
    "migrate-data",
    "synth",
    "diff",
    "test",
    "lint",
    "bench",
    "docs",
    "compliance",
    "mutants",
    "clean",
    "help",
)


def tracked() -> list[Path]:
    """Files that a clone has, or will have with the next commit."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [PROJECT / name for name in listed.split("\0") if name and (PROJECT / name).is_file()]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A project folder with a space in its name, in which nothing was ever set up."""
    folder = tmp_path / "a clone"
    (folder / "tools").mkdir(parents=True)
    for name in ("Makefile", "tools/setup.sh", "tools/set_up.py", "requirements.txt", "requirements-dev.txt"):
        shutil.copy(PROJECT / name, folder / name)
    for name in ("constraints.txt", "package.json", "package-lock.json", "requirements-engines.txt"):
        shutil.copy(PROJECT / name, folder / name)
    (folder / SHOP_PINS).parent.mkdir(parents=True)
    shutil.copy(PROJECT / SHOP_PINS, folder / SHOP_PINS)
    return folder


def make(folder: Path, *arguments: str, path: str = os.defpath) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "PYTHON"))}
    return subprocess.run(
        [shutil.which("make") or "make", *arguments],
        cwd=folder,
        env=kept | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def only(folder: Path, *programs: str) -> str:
    """A search path with these programs of the machine and no other."""
    folder.mkdir()
    for name in programs:
        (folder / name).symlink_to(shutil.which(name) or name)
    return str(folder)


def test_help_lists_every_target_at_once_and_sets_nothing_up(clone: Path) -> None:
    """At once: nothing is there that would take its time, neither Python nor Node.js."""
    done = make(clone, path=only(clone / "bin", "cat", "echo", "sed"))
    assert done.returncode == 0
    assert done.stderr == ""
    for target in TARGETS:
        assert re.search(rf"^  make {target} +\S", done.stdout, re.MULTILINE), target
    for word in ("cloudmart_cdk/settings/stages/common.toml", "STAGE=", "NAME=", "PORT=", "ARGS="):
        assert word in done.stdout
    assert not (clone / ".venv").exists()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (None, "given none in PATH"),
        ("exit 1", "does not start"),
        (
            "case $2 in *version_info\\ \\>=*) exit 1;; *) echo 'Python 3.9 is too old';; esac",
            "python3: Python 3.9 is too old",
        ),
    ],
)
def test_unsuitable_python_is_one_line(clone: Path, body: str | None, words: str) -> None:
    path = only(clone / "bin", "sh", "sed", "cat", "test", "dirname", "printf", "touch", "mkdir", "echo")
    if body:
        (clone / "bin" / "python3").write_text(f"#!/bin/sh\n{body}\n")
        (clone / "bin" / "python3").chmod(0o755)
    done = make(clone, "setup", path=path)
    ours, *of_make = done.stderr.splitlines()
    assert done.returncode != 0
    assert ours.startswith("error: python: given ")
    assert words in ours
    assert "allowed: 3.11 or newer" in ours
    assert "PYTHON=/path/to/python" in ours
    assert all(line.startswith("make") for line in of_make)
    assert not (clone / ".venv").exists()


def test_clean_spares_a_local_cloud_that_is_up(clone: Path) -> None:
    (clone / ".localcloud").mkdir()
    (clone / ".localcloud" / "cloud.json").write_text("{}")
    done = make(clone, "clean", path=os.environ["PATH"])
    assert done.returncode != 0
    assert done.stderr.startswith("error: clean: given a local cloud that is up; ")
    assert (clone / ".localcloud" / "cloud.json").exists()


def pinned() -> dict[str, str]:
    """Canonical name -> version, of constraints.txt."""
    lines = (PROJECT / "constraints.txt").read_text().splitlines()
    return {
        canonicalize_name(name): version for name, _, version in (line.partition("==") for line in lines) if version
    }


def test_every_installed_package_is_pinned() -> None:
    """constraints.txt names each package of the environment in its version, so that no two set-ups differ."""
    pins = pinned()
    for package in distributions():
        name = canonicalize_name(package.metadata["Name"])
        if name not in ("pip", "setuptools", "wheel"):
            assert pins.get(name) == package.version, name


def test_requirements_are_exact_and_agree_with_the_constraints() -> None:
    pins = pinned()
    for name in ("requirements.txt", "requirements-dev.txt", SHOP_PINS):
        for line in (PROJECT / name).read_text().splitlines():
            if line and not line.startswith(("#", "-r")):
                requirement = Requirement(line)
                assert str(requirement.specifier) == f"=={pins.get(canonicalize_name(requirement.name))}", line


def test_instances_run_what_the_tests_ran() -> None:
    """The shop's lock, from which instances install, is the environment of the tests; hashed throughout."""
    pins = pinned()
    lock = (PROJECT / SHOP_PINS).with_name("requirements.txt").read_text().replace("\\\n", " ")
    for line in lock.splitlines():
        if line and not line.startswith("#"):
            assert "--hash=sha256:" in line, line[:80]
            requirement = Requirement(line.partition("--hash")[0])
            if requirement.marker is None or requirement.marker.evaluate():
                name = canonicalize_name(requirement.name)
                assert str(requirement.specifier) == f"=={pins.get(name)}", requirement


def test_cdk_cli_is_pinned() -> None:
    lock = json.loads((PROJECT / "package-lock.json").read_text())
    assert lock["packages"]["node_modules/aws-cdk"]["version"] == "2.1148.1"
    assert json.loads((PROJECT / "package.json").read_text())["devDependencies"]["aws-cdk"] == "2.1148.1"


def test_no_file_ties_the_project_to_a_registry_or_a_machine() -> None:
    place = re.compile(r"registry\.npmjs|pypi\.org|pythonhosted|files\.python|\"resolved\"|/root/|/home/\w|/Users/\w")
    found = [
        f"{file.relative_to(PROJECT)}: {match[0]}"
        for file in tracked()
        if file.suffix not in (".zip", ".png") and file != Path(__file__)
        for match in [place.search(file.read_text(encoding="utf-8", errors="replace"))]
        if match
    ]
    assert found == []


def test_every_module_says_what_it_owns() -> None:
    """A docstring each; and no module over 400 lines."""
    for file in tracked():
        if file.suffix == ".py" and file.parts[-2] != "worker_site":
            text = file.read_text(encoding="utf-8")
            assert not text or text.lstrip().startswith(('"""', "#!")), file
            assert text.count("\n") <= 400 or file.is_relative_to(PROJECT / "tests"), file
