"""What tests share: one synth per configuration and test run, and readers of what it wrote.

Owns the call of `build_app` as `cdk synth` makes it (feature flags of `cdk.json`, context as `-c` gives it),
the cache of results, and `Synthesized`, the read view of an assembly. Owns no assertion.
"""

import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from cloudmart_cdk.caches import keep_caches_in_project
from cloudmart_cdk.settings import Settings, load_settings

# Before any test module imports CDK: jsii's Node process takes its home from here.
keep_caches_in_project()

PROJECT = Path(__file__).parents[1]
Template = dict[str, Any]
Resource = dict[str, Any]


@dataclass(frozen=True)
class Finding:
    """A rule's finding on one construct, as `validation-report.json` states it."""

    rule: str
    construct: str
    severity: str
    text: str
    acknowledged_id: str = ""
    acknowledged_at: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Acknowledgement:
    """An acknowledgement as it stands in the construct tree, whether it matches a finding or not."""

    construct: str
    id: str
    reason: str


class Synthesized:
    """One cloud assembly, read. Shared by all tests of a run: never change what it hands out."""

    def __init__(self, folder: Path, context: Mapping[str, str]) -> None:
        self.folder = folder
        self.context = context

    @cached_property
    def settings(self) -> Settings:
        return load_settings(self.context)

    @cached_property
    def manifest(self) -> dict[str, Any]:
        manifest: dict[str, Any] = read_json(self.folder / "manifest.json")
        return manifest

    @cached_property
    def stacks(self) -> dict[str, dict[str, Any]]:
        """Stack id -> its entry in the manifest."""
        artifacts = self.manifest["artifacts"]
        return {id: entry for id, entry in artifacts.items() if entry["type"] == "aws:cloudformation:stack"}

    @cached_property
    def templates(self) -> dict[str, Template]:
        """Stack id -> template, in the order of the app."""
        return {id: read_json(self.folder / entry["properties"]["templateFile"]) for id, entry in self.stacks.items()}

    @cached_property
    def dependencies(self) -> dict[str, set[str]]:
        """Stack id -> ids of the stacks deployed before it."""
        return {id: set(entry.get("dependencies", ())) & self.stacks.keys() for id, entry in self.stacks.items()}

    @cached_property
    def findings(self) -> list[Finding]:
        """What would fail the synth, and warnings: everything that is not acknowledged."""
        return list(self._report("violations"))

    @cached_property
    def suppressed(self) -> list[Finding]:
        """Findings that an acknowledgement covers."""
        return list(self._report("suppressedViolations"))

    @cached_property
    def acknowledgements(self) -> set[Acknowledgement]:
        """Every acknowledgement in the construct tree."""
        return {
            Acknowledgement(path.lstrip("/"), id, reason)
            for file in self.folder.glob("*.metadata.json")
            for path, entries in read_json(file).items()
            for entry in entries
            if entry["type"] == "aws:cdk:acknowledged-rules"
            for id, reason in entry["data"].items()
        }

    def resources(self, stack: str, type: str) -> dict[str, Resource]:
        """Logical id -> resource, of one type in one stack."""
        found: dict[str, Resource] = self.templates[stack].get("Resources", {})
        return {id: resource for id, resource in found.items() if resource["Type"] == type}

    def _report(self, list_name: str) -> Iterator[Finding]:
        for plugin in read_json(self.folder / "validation-report.json").get("pluginReports", ()):
            for found in plugin.get(list_name, ()):
                for construct in found["violatingConstructs"]:
                    yield Finding(
                        rule=found["ruleName"],
                        construct=construct.get("constructPath", ""),
                        severity=found.get("severity", ""),
                        text=found.get("description", ""),
                        acknowledged_id=found.get("acknowledgedId", ""),
                        acknowledged_at=found.get("acknowledgedAt", ""),
                        reason=found.get("reason", ""),
                    )


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


@cache
def feature_flags() -> dict[str, Any]:
    """The context of `cdk.json`: pytest does not read it, so tests hand it to the app."""
    flags: dict[str, Any] = read_json(PROJECT / "cdk.json")["context"]
    return flags


def synthesize(context: Mapping[str, str]) -> Synthesized:
    """Synthesize as `cdk synth -c key=value ...` does, CDK's built-in validation off.

    One synth per configuration and test run: workers of pytest-xdist share it through the run's folder.
    Unacknowledged findings do not raise here; they are in `findings`. Raises `SettingsError` for bad input.
    """
    return _synthesize(tuple(sorted(context.items())))


def synthesize_all(contexts: Iterable[Mapping[str, str]]) -> list[Synthesized]:
    """Many at once, shared among workers that ask for the same: each takes what no other is at."""
    keys = [tuple(sorted(context.items())) for context in contexts]
    for key in keys:
        _ensure(key, wait=False)
    return [_synthesize(key) for key in keys]


_Key = tuple[tuple[str, str], ...]


@cache
def _synthesize(context: _Key) -> Synthesized:
    return Synthesized(_ensure(context, wait=True), dict(context))


def _ensure(context: _Key, *, wait: bool) -> Path:
    """Have the configuration synthesized; without `wait` leave it to the worker that is already at it."""
    folder = run_folder() / sha256(repr(context).encode()).hexdigest()[:16]
    done = folder.with_suffix(".done")
    with folder.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return folder
        if not done.exists():
            write_assembly(dict(context), folder)
            done.touch()
    return folder


def write_assembly(context: Mapping[str, str], folder: Path, *, validate_templates: bool = False) -> None:
    """One synth, uncached; for tests that are about synth itself. `synthesize` is for all others."""
    settings = load_settings(context)
    from cloudmart_cdk.application import build_app  # late: tests of settings need no CDK

    app = build_app(
        settings, context=feature_flags() | dict(context), outdir=str(folder), validate_templates=validate_templates
    )
    try:
        app.synth()
    except RuntimeError as failed:
        if "ValidationFailed" not in str(failed):
            raise


RUN_FOLDER_VARIABLE = "CLOUDMART_TEST_RUN"


@cache
def run_folder() -> Path:
    """Where this test run keeps its assemblies. `conftest` makes it and removes it at the end."""
    return Path(os.environ[RUN_FOLDER_VARIABLE])
