"""Cloud assemblies for the tools: synthesized in a process of its own, read with the standard library alone."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Assembly:
    """A synthesized folder. Immutable as long as nobody synthesizes into it again."""

    folder: Path

    @cached_property
    def stacks(self) -> dict[str, Mapping[str, Any]]:
        """Stack id -> its entry in the manifest, in the app's order."""
        artifacts = _read(self.folder / "manifest.json")["artifacts"]
        return {name: entry for name, entry in artifacts.items() if entry["type"] == "aws:cloudformation:stack"}

    @cached_property
    def dependencies(self) -> dict[str, set[str]]:
        return {name: set(entry.get("dependencies", ())) & self.stacks.keys() for name, entry in self.stacks.items()}

    @cached_property
    def resources(self) -> dict[str, dict[str, Mapping[str, Any]]]:
        """Stack id -> logical id -> resource."""
        return {
            name: _read(self.folder / entry["properties"]["templateFile"])["Resources"]
            for name, entry in self.stacks.items()
        }

    def of_type(self, stack: str, resource_type: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Logical id and properties."""
        for logical_id, resource in self.resources[stack].items():
            if resource["Type"] == resource_type:
                yield logical_id, resource.get("Properties", {})

    def one(self, stack: str, resource_type: str) -> Mapping[str, Any]:
        """Properties of the only resource of a type; empty when there is none."""
        return next((properties for _, properties in self.of_type(stack, resource_type)), {})


def synthesize(context: Mapping[str, str]) -> Assembly:
    """As `cdk synth -c key=value ...`, built-in validation off. Into `.cache/docs`."""
    flags = _read(PROJECT / "cdk.json")["context"]
    digest = hashlib.sha256(json.dumps(dict(context), sort_keys=True).encode()).hexdigest()
    folder = PROJECT / ".cache" / "docs" / f"{context.get('stage', 'lab')}-{digest[:12]}"
    environment = {
        **os.environ,
        "CDK_CONTEXT_JSON": json.dumps(flags | dict(context)),
        "CDK_OUTDIR": str(folder),
        "CDK_VALIDATION": "false",
    }
    subprocess.run([sys.executable, "-O", str(PROJECT / "app.py")], cwd=PROJECT, env=environment, check=True)
    return Assembly(folder)


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
