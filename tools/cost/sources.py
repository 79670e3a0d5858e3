"""Where the templates that are priced come from: this checkout, a stage of it, a commit, a folder.

Owns synthesizing (in a process of its own, into a folder that goes again) and the names that the command line takes.
Prices nothing.

A commit's app runs with this environment's packages, and what it wrote is read with this checkout's settings of the
same stage: only the templates are the commit's, so that both sides of a comparison are priced alike.
"""

import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cloudmart_cdk.policy.assembly import load
from cloudmart_cdk.policy.model import Deployment
from cloudmart_cdk.settings import load_settings
from cloudmart_cdk.settings.loading import STAGES
from tools.assembly import PROJECT

from .errors import CostError

_CACHE: Final = PROJECT / ".cache"
_MANIFEST: Final = "manifest.json"


@dataclass(frozen=True)
class Source:
    """Templates of one stage or of several, made when they are asked for."""

    label: str
    stages: tuple[str, ...]
    deployment: Callable[[str], Deployment]
    """Stage -> its templates. Raises `CostError`, and `SettingsError` for bad input."""
    made: bool = False
    """Synthesized before: a stage that is not there is lacking, not merely not asked for."""


def checkout(context: Mapping[str, str] | None = None, title: str = "") -> Source:
    """The project's files as they are now, committed or not. `context`: `-c` of every synth."""
    given = context or {}
    label = title or ", ".join(["this checkout", *(f"{key}={value}" for key, value in given.items())])
    return Source(label, STAGES, lambda stage: _synthesized(PROJECT, {**given, "stage": stage}, f"{stage}, {label}"))


def find(text: str, *, scratch: Path) -> Source:
    """A stage, a folder that `cdk synth` wrote (or one with such a folder for each stage), or a commit, in this order.

    `scratch` takes a commit's files. Raises `CostError` for anything else.
    """
    if text in STAGES:
        return Source(text, (text,), checkout().deployment)
    if text and Path(text).is_dir():  # an empty word, of a variable that is not set, is no folder
        return folder(Path(text))
    return commit(text, scratch=scratch)


def folder(path: Path) -> Source:
    """Assemblies that are there already. Raises `CostError` where there is none."""
    inside = sorted(entry for entry in path.iterdir() if (entry / _MANIFEST).is_file())
    found: dict[str, Path] = {}
    for one in [path] if (path / _MANIFEST).is_file() else inside:
        if (first := found.setdefault(_stage_of(one), one)) != one:
            raise CostError(
                "cost",
                given=f"{first} and {one}, both of {_stage_of(one)}",
                allowed="one folder for each stage",
                do="name one of them",
            )
    if not found:
        raise CostError(
            "cost",
            given=f"{path}, a folder without {_MANIFEST}",
            allowed="what cdk synth wrote, or a folder with one for each stage",
            do=f"cdk synth --quiet -c stage=prod --output {path}/prod",
        )
    stages = tuple(stage for stage in STAGES if stage in found)
    return Source(str(path), stages, lambda stage: _read(found[stage], {"stage": stage}), made=True)


def commit(name: str, *, scratch: Path) -> Source:
    """A commit's own templates, its files unpacked in `scratch` and nothing checked out here."""
    parsed = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    if parsed.returncode:
        raise CostError(
            "cost",
            given=name or "an empty word",
            allowed=f"{', '.join(STAGES)}, a commit or branch, a folder that was synthesized",
            do="git log --oneline shows commits; a shallow clone has few of them",
        )
    revision = parsed.stdout.decode().strip()
    files = scratch / revision
    if not files.exists():
        packed = _git("archive", "--format=tar", revision)
        with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
            # As Python's documentation has it for versions that have no filter yet.
            archive.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)
            archive.extractall(files)
    label = name if revision.startswith(name) else f"{name} ({revision[:9]})"
    return Source(label, STAGES, lambda stage: _synthesized(files, {"stage": stage}, f"{stage}, {label}"))


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder inside the project's cache that goes again, whatever happens."""
    _CACHE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="cost-", dir=_CACHE) as made:
        yield Path(made)


def say(text: str) -> None:
    """Progress, away from what a program may read."""
    sys.stderr.write(f"cost: {text}\n")  # one write: several synths run at once


def _synthesized(project: Path, context: Mapping[str, str], what: str) -> Deployment:
    """As `cdk synth -c key=value ...`, built-in validation off.

    A synth that the policies refuse is priced all the same: what is too dear is what somebody wants to look at.
    """
    load_settings({"stage": context["stage"]} if project != PROJECT else context)  # bad input is answered at once
    say(f"synth of {what}")
    with scratch_folder() as made:
        environment = {
            **os.environ,
            "CDK_CONTEXT_JSON": json.dumps(_json(project / "cdk.json")["context"] | dict(context)),
            "CDK_OUTDIR": str(made),
            "CDK_VALIDATION": "false",
            "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(_CACHE / "jsii"),
        }
        ran = subprocess.run(
            [sys.executable, "-O", "app.py"], cwd=project, env=environment, capture_output=True, text=True, check=False
        )
        if not (made / _MANIFEST).is_file():
            print(ran.stdout + ran.stderr, file=sys.stderr)
            raise CostError(
                "cost",
                given=f"a synth of {what} that ended with status {ran.returncode}",
                allowed="one that writes templates",
                do="mend what it says above",
            )
        if ran.returncode:
            say(f"{what}: the policies refuse this synth (cdk synth says why); priced all the same")
        return _read(made, context if project == PROJECT else {"stage": context["stage"]})


def _read(folder: Path, context: Mapping[str, str]) -> Deployment:
    try:
        return load(folder, load_settings(context))
    except (OSError, ValueError, KeyError) as broken:
        raise _unreadable(folder, str(broken)) from None


def _stage_of(folder: Path) -> str:
    """The stage that an assembly's stacks are tagged with."""
    try:
        artifacts = _json(folder / _MANIFEST)["artifacts"].values()
        tags = {one.get("properties", {}).get("tags", {}).get("Stage") for one in artifacts}
        return next(stage for stage in STAGES if stage in tags)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, StopIteration):
        raise _unreadable(folder, "its stacks have no tag Stage of this project") from None


def _unreadable(folder: Path, why: str) -> CostError:
    return CostError(
        "cost", given=f"{folder}, which does not read: {why}", allowed="what cdk synth wrote", do="synthesize it again"
    )


def _git(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", *arguments], cwd=PROJECT, capture_output=True, check=False)


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
