"""What is in the rotation function's archive: our package, and the packages it needs, as they are installed here.

Owns which packages those are. Pinned in requirements.txt, pure Python, so that the archive is the same on every machine
and no build, container or network is needed at synth.
"""

import importlib.metadata
import shutil
from pathlib import Path
from typing import Final

PACKAGE: Final = Path(__file__).parents[1] / "assets" / "rotation"
_VENDORED: Final = ("pg8000", "scramp", "asn1crypto", "python-dateutil", "six")
"""pg8000 and what it requires. boto3 comes with Lambda's runtime."""
_METADATA: Final = "METADATA"
"""Of what is installed about a package, the one file that no installer touches; pg8000 reads its version there."""


def bundle(target: Path) -> None:
    """Fills the empty folder `target`. Raises `RuntimeError` when a package is missing or not pure Python."""
    add_package(PACKAGE, target)
    add_requirements(target)


def add_package(package: Path, target: Path) -> None:
    """Copies one of our packages into the folder `target`."""
    shutil.copytree(package, target / package.name, ignore=shutil.ignore_patterns("__pycache__"))


def add_requirements(target: Path) -> None:
    """Copies what the package needs beside it. Raises as `bundle` does."""
    for name in _VENDORED:
        _vendor(name, target)


def _vendor(name: str, target: Path) -> None:
    try:
        files = importlib.metadata.distribution(name).files or []
    except importlib.metadata.PackageNotFoundError:
        raise RuntimeError(
            f"error: rotation function: given no package {name}; allowed those of requirements.txt; do make setup"
        ) from None
    for file in files:
        if file.suffix in (".so", ".pyd"):
            raise RuntimeError(
                f"error: rotation function: given {file} of {name}, which is of this machine; allowed pure Python; "
                "do pin a release without compiled parts"
            )
        about = file.parts[0].endswith(".dist-info")
        if ".." in file.parts or "__pycache__" in file.parts or (about and file.name != _METADATA):
            continue
        copy = target.joinpath(*file.parts)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(str(file.locate()), copy)
