"""Reads a cloud assembly, as `cdk synth` writes it, into what the rules look at.

Owns the assembly's file formats. What stands in the templates is `model`'s.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from ..settings import Settings
from .model import Acknowledgement, Deployment, Stack

ACKNOWLEDGED: Final = "aws:cdk:acknowledged-rules"


def load(folder: Path, settings: Settings, also: Iterable[Acknowledgement] = ()) -> Deployment:
    """Read a cloud assembly, `cdk.Stage`s inside included. `also`: acknowledgements that it does not hold.

    Raises `OSError` or `ValueError` when `folder` holds none.
    """
    stacks: list[Stack] = []
    acknowledgements = list(also)
    _read(folder, stacks, acknowledgements)
    return Deployment(stacks, settings, acknowledgements)


def _read(folder: Path, stacks: list[Stack], acknowledgements: list[Acknowledgement]) -> None:
    for id_, artifact in _json(folder / "manifest.json")["artifacts"].items():
        if artifact["type"] == "cdk:cloud-assembly":
            _read(folder / artifact["properties"]["directoryName"], stacks, acknowledgements)
        if artifact["type"] != "aws:cloudformation:stack":
            continue
        properties = artifact["properties"]
        metadata = artifact.get("metadata") or _json(folder / artifact["additionalMetadataFile"])
        paths: dict[str, str] = {}
        for path, entries in metadata.items():
            for entry in entries:
                if entry["type"] == "aws:cdk:logicalId":
                    paths[entry["data"]] = path.lstrip("/")
                elif entry["type"] == ACKNOWLEDGED:
                    acknowledgements += [
                        Acknowledgement(path.lstrip("/"), rule, reason) for rule, reason in entry["data"].items()
                    ]
        stacks.append(
            Stack(
                id=id_,
                name=properties.get("stackName", id_),
                region=artifact["environment"].rsplit("/", 1)[-1],
                template=_json(folder / properties["templateFile"]),
                paths=paths,
            )
        )


def _json(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))
