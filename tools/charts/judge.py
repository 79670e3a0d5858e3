"""Rendered objects held to Kubernetes' schemas and to this project's own rules for pods.

Owns no rule: those of the Pod Security Standard "restricted" are `cloudmart_cdk.policy`'s, which judge our manifests
the same way. Only images by digest are not asked for: a chart's version pins their tags.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import kubernetes_validate  # type: ignore[import-untyped]  # has no types; only `validate` is called

from cloudmart_cdk.policy.families import kubernetes, workloads
from cloudmart_cdk.policy.manifests import MANIFEST
from cloudmart_cdk.policy.model import Deployment, Stack
from cloudmart_cdk.settings import Settings

RULES: Final = tuple(
    rule
    for rule in (*workloads.RULES, *kubernetes.RULES)
    if rule.id
    in {
        *(f"POD-{number}" for number in range(1, 17)),  # Pod Security Standard "restricted", and a read-only root
        "POD-19",  # liveness; what serves nothing needs no readiness
        "POD-21",  # an account of its own
        "POD-32",  # no doors
    }
)
_OURS: Final = ("CustomResourceDefinition",)
"""Validated by the API server when it takes them; their schemas are of a size that says nothing here."""


def violations(objects: Sequence[Mapping[str, Any]], kubernetes_version: str, settings: Settings) -> Iterator[str]:
    """What is wrong with the objects of a release, one line each."""
    for document in objects:
        if document.get("kind") not in _OURS:
            yield from _of_schema(document, kubernetes_version)
    yield from _of_rules(objects, settings)


def _of_schema(document: Mapping[str, Any], version: str) -> Iterator[str]:
    name = f"{document.get('kind')} {document.get('metadata', {}).get('name')}"
    try:
        kubernetes_validate.validate(dict(document), version, strict=True)
    except kubernetes_validate.ValidationError as error:
        yield f"{name}: {error.json_path}: {error.message}"
    except (kubernetes_validate.SchemaNotFoundError, KeyError):
        if "." not in str(document.get("apiVersion")).partition("/")[0].removesuffix(".k8s.io"):
            yield f"{name}: no schema for {document.get('apiVersion')} in Kubernetes {version}"


def _of_rules(objects: Sequence[Mapping[str, Any]], settings: Settings) -> Iterator[str]:
    stack = Stack(
        "Chart",
        "chart",
        settings.region,
        {"Resources": {"Release": {"Type": MANIFEST, "Properties": {"Manifest": json.dumps(list(objects))}}}},
    )
    app = Deployment([stack], settings)
    for rule in RULES:
        for found in rule.check(app):
            yield f"{rule.id}: {found.where.removeprefix('Manifest: ')} is {found.given}; allowed: {found.allowed}"
