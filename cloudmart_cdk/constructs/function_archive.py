"""What is in a function's archive: our packages, and what they need of others, as it is installed here.

Owns which packages PostgreSQL's driver needs. Pinned in requirements.txt, pure Python, so that an archive is the same
on every machine and no build, container or network is needed at synth. boto3 comes with Lambda's runtime.
"""

import importlib.metadata
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from aws_cdk import aws_s3_assets as assets
from constructs import Construct

_DRIVER: Final = ("pg8000", "scramp", "asn1crypto", "python-dateutil", "six")
"""pg8000 and what it requires."""
_METADATA: Final = "METADATA"
"""Of what is installed about a package, the one file that no installer touches; pg8000 reads its version there."""


def archive(scope: Construct, id: str, fill: Callable[[Path], None]) -> assets.Asset:
    """Of the folder that `fill` fills: copied into the assembly here and now."""
    with tempfile.TemporaryDirectory() as built:
        fill(Path(built))
        return assets.Asset(scope, id, path=built)


def add_package(package: Path, target: Path) -> None:
    """Copies one of our packages into the folder `target`, beneath its name: its modules import each other."""
    shutil.copytree(package, target / package.name, ignore=shutil.ignore_patterns("__pycache__"))


def add_driver(target: Path) -> None:
    """Copies PostgreSQL's driver. Raises `RuntimeError` when a package is missing or not pure Python."""
    for name in _DRIVER:
        _vendor(name, target)


def _vendor(name: str, target: Path) -> None:
    try:
        files = importlib.metadata.distribution(name).files or []
    except importlib.metadata.PackageNotFoundError:
        raise RuntimeError(
            f"error: archive: given no package {name}; allowed those of requirements.txt; do make setup"
        ) from None
    for file in files:
        if file.suffix in (".so", ".pyd"):
            raise RuntimeError(
                f"error: archive: given {file} of {name}, which is of this machine; allowed pure Python; "
                "do pin a release without compiled parts"
            )
        about = file.parts[0].endswith(".dist-info")
        if ".." in file.parts or "__pycache__" in file.parts or (about and file.name != _METADATA):
            continue
        copy = target.joinpath(*file.parts)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(str(file.locate()), copy)
