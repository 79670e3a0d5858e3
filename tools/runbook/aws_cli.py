"""The AWS CLI, as a checker of command lines.

Owns unpacking it and talking to it. It is the CLI that CDK's own functions run, out of the package that aws-cdk-lib
brings along anyway: version 1, whose parser is made from the same models as version 2's.
"""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from cloudmart_cdk.caches import CACHE

_PACKAGE: Final = "aws-cdk.asset-awscli-v1"
_MEMBER: Final = "package/lib/layer.zip"
_WITHOUT: Final = ("/examples/", "/__pycache__/")
"""Parts of the archive that no command line needs."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request that a command line would send."""

    service: str
    operation: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the CLI makes of a command line."""

    wrong: tuple[str, ...]
    calls: tuple[Call, ...]
    output: str
    """What it would print, made of samples."""


class AwsCli:
    """One process of the CLI. `facts`: what the templates say (`names.Names.facts`)."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        here = Path(__file__).parent
        self._turn = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-I", str(here / "aws_worker.py"), str(unpacked()), str(here)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=_environment(),
            cwd=tempfile.gettempdir(),
        )
        self._write(facts)

    def __enter__(self) -> "AwsCli":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=120)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def judge(self, argv: Sequence[str], folder: Path) -> Verdict:
        """`argv`: without `aws` itself. `folder`: where it is called, for `file://`."""
        with self._turn:
            self._write({"argv": list(argv), "folder": str(folder)})
            assert self._process.stdout is not None
            line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the AWS CLI ended while it judged {' '.join(argv)}")
        answer = json.loads(line)
        return Verdict(
            wrong=tuple(answer["wrong"]),
            calls=tuple(Call(service=s, operation=o, parameters=p) for s, o, p in answer["calls"]),
            output=answer["out"],
        )

    def _write(self, message: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()


def _environment() -> dict[str, str]:
    """Nobody's credentials or settings, and no way to look for some."""
    return {
        "PATH": os.defpath,
        "HOME": os.devnull,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nothing",
        "AWS_DEFAULT_REGION": "ap-northeast-2",
        "AWS_EC2_METADATA_DISABLED": "true",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def unpacked() -> Path:
    """The folder with the CLI's packages, in the project's cache; made there when it is not."""
    folder = CACHE / "awscli" / metadata.version(_PACKAGE)
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        archive = next(file for file in metadata.files(_PACKAGE) or [] if file.name.endswith(".jsii.tgz")).locate()
        draft = Path(tempfile.mkdtemp(dir=folder.parent))
        with tarfile.open(Path(str(archive))) as package:
            member = package.extractfile(_MEMBER)
            assert member is not None
            with zipfile.ZipFile(member) as layer:
                wanted = [name for name in layer.namelist() if not any(part in name for part in _WITHOUT)]
                layer.extractall(draft, wanted)
        try:
            draft.rename(folder)  # whole or not at all, also when two begin at once
        except OSError:
            shutil.rmtree(draft)
    return folder / "awscli"
