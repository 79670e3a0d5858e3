"""Schemas of the cluster's Kubernetes version, and of the custom resources that our charts define.

Owns choosing the schema. Both kinds refuse unknown fields: the API server would drop them without a word, and a
misspelt field is worse than a refused one.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import kubernetes_validate  # type: ignore[import-untyped]  # has no types; only `validate` is called
from jsonschema_rs import Draft202012Validator

CRDS: Final = Path(__file__).parent / "crds"


@cache
def custom_kinds() -> Mapping[tuple[str, str], Draft202012Validator]:
    """(apiVersion, kind) -> the validator of a custom resource."""
    return {
        (schema["properties"]["apiVersion"]["const"], schema["properties"]["kind"]["const"]): Draft202012Validator(
            schema
        )
        for schema in (json.loads(file.read_text(encoding="utf-8")) for file in sorted(CRDS.glob("*.json")))
    }


def violations(document: Mapping[str, Any], version: str) -> Iterator[str]:
    """What is wrong with an object by its schema; Kubernetes' own kinds by the schemas of `version`, e.g. 1.35."""
    api_version, kind = document.get("apiVersion"), document.get("kind")
    if validator := custom_kinds().get((str(api_version), str(kind))):
        for error in validator.iter_errors(dict(document)):
            yield f"{'.'.join(map(str, error.instance_path))}: {error.message}"
        return
    try:
        kubernetes_validate.validate(dict(document), version, strict=True)
    except kubernetes_validate.ValidationError as error:
        yield f"{error.json_path}: {error.message}"
    except (kubernetes_validate.SchemaNotFoundError, KeyError):
        yield f"no schema for {kind} of {api_version} in Kubernetes {version}, nor in crds/"
