"""Synth as users and CI run it: offline, without credentials, the same bytes each time, wherever it is started."""

import filecmp
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support import PROJECT, feature_flags, read_json, synthesize

CDK = PROJECT / "node_modules" / "aws-cdk" / "bin" / "cdk"
_UNROUTABLE = "http://192.0.2.1:9"  # TEST-NET-1, RFC 5737


def without_network() -> list[str]:
    """A command prefix that takes the network away, where the machine lets an ordinary user do so.

    Elsewhere the tests go on with proxies that lead nowhere only; CI has to have the real thing.
    """
    prefix = ["unshare", "--map-root-user", "--net"]
    usable = shutil.which("unshare") and subprocess.run([*prefix, "true"], capture_output=True).returncode == 0
    assert usable or not os.environ.get("CI"), "CI runs offline tests offline: allow unprivileged user namespaces"
    return prefix if usable else []


def stranger(home: Path, **more: str) -> dict[str, str]:
    """The environment of somebody else: another home, no credentials, no way out."""
    home.mkdir(exist_ok=True)
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "CDK_"))}
    return kept | {
        "HOME": str(home),
        "AWS_EC2_METADATA_DISABLED": "true",
        "http_proxy": _UNROUTABLE,
        "https_proxy": _UNROUTABLE,
        "CDK_VALIDATION": "false",
        **more,
    }


def run_app(folder: Path, context: dict[str, str], *, hash_seed: str) -> Path:
    """`app.py` as the CLI runs it, from a folder of its own."""
    folder.mkdir()
    outdir = folder / "assembly"
    environment = stranger(
        folder / "home",
        CDK_CONTEXT_JSON=json.dumps(feature_flags() | context),
        CDK_OUTDIR=str(outdir),
        PYTHONHASHSEED=hash_seed,
    )
    command = [*without_network(), sys.executable, "-O", str(PROJECT / "app.py")]
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    return outdir


def differing(one: Path, other: Path, *, ignore: tuple[str, ...] = ()) -> list[str]:
    """Files, by relative path, that are not the same bytes on both sides."""
    files = {path.relative_to(root) for root in (one, other) for path in root.rglob("*") if path.is_file()}
    _, mismatch, missing = filecmp.cmpfiles(one, other, [str(file) for file in files], shallow=False)
    return sorted(set(mismatch + missing) - set(ignore))


def forget_paths(resource: dict[str, Any]) -> None:
    """The CLI has CDK note each resource's place in the construct tree; `App` alone does not."""
    metadata = resource.get("Metadata", {})
    for key in [key for key in metadata if key.startswith("aws:")]:
        del metadata[key]
    if not metadata:
        resource.pop("Metadata", None)


def test_two_synths_are_the_same_bytes(tmp_path: Path) -> None:
    """Two processes, other homes, folders and hash seeds, no network: every file of the assembly, assets included."""
    one = run_app(tmp_path / "one", {"stage": "prod"}, hash_seed="1")
    other = run_app(tmp_path / "other", {"stage": "prod"}, hash_seed="2")
    assert len(list(one.rglob("*"))) > 20
    assert differing(one, other) == []


def test_cli_offline_and_without_credentials(tmp_path: Path) -> None:
    """`cdk synth` into a folder with any name: the templates that tests look at, and a `.gitignore` of its own."""
    output = tmp_path / "some where"
    home = tmp_path / "home"
    done = subprocess.run(
        [*without_network(), str(CDK), "synth", "--quiet", "--no-notices", "--output", str(output)],
        cwd=PROJECT,
        env=stranger(home, CDK_HOME=str(tmp_path / "cdk")),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (output / ".gitignore").read_bytes() == (PROJECT / "cdk.out.gitignore").read_bytes()
    for stack, tested in synthesize({"stage": "lab"}).templates.items():
        template = read_json(output / f"{stack}.template.json")
        for resource in template["Resources"].values():
            forget_paths(resource)
        assert template == tested
    assert list(home.iterdir()) == [], "something was written into the user's home"


@pytest.mark.parametrize(
    "context", [{"stage": "lab"}, {"stage": "prod"}, {"stage": "prod", "account": "123456789012"}], ids=str
)
def test_no_lookup_is_asked_for(context: dict[str, str]) -> None:
    """Specification section 8: no context lookups, with the account stated or not."""
    assert "missing" not in synthesize(context).manifest


def test_gitignore_hides_all_that_synth_writes(tmp_path: Path) -> None:
    """Git itself says so, in a repository of its own."""
    synthesized = synthesize({"stage": "lab"})
    shutil.copytree(synthesized.folder, tmp_path / "repository" / "out")
    git = ["git", "-C", str(tmp_path / "repository")]
    subprocess.run([*git, "init", "--quiet"], check=True)
    status = subprocess.run([*git, "status", "--short"], check=True, capture_output=True, text=True)
    assert status.stdout == ""
