"""Loaded by every Python function that the emulator runs: finds under /opt what its layers put there.

Owns the translation of paths only. On AWS layers are unpacked to /opt; here each has a folder of
its own, and a function that starts a program of a layer (BucketDeployment: /opt/awscli/aws) names
a path that does not exist.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

_LAYERS = [folder for folder in os.environ.get("_LAMBDA_LAYERS_DIRS", "").split(os.pathsep) if folder]
_original = subprocess.Popen.__init__


def _translated(argument: Any) -> Any:
    if isinstance(argument, str) and argument.startswith("/opt/"):
        for layer in _LAYERS:
            path = Path(layer, argument.removeprefix("/opt/"))
            if path.exists():
                return str(path)
    return argument


def _command(arguments: Any) -> Any:
    if not isinstance(arguments, (list, tuple)) or not arguments:
        return arguments
    command = [_translated(argument) for argument in arguments]
    program = command[0]
    if isinstance(program, str) and program.startswith(tuple(_LAYERS)):
        with Path(program).open("rb") as file:
            first_line = file.readline()
        # zipfile drops the executable bit, and the interpreter of the first line may not be there.
        if first_line.startswith(b"#!") and b"python" in first_line:
            return [sys.executable, *command]
        Path(program).chmod(0o755)
    return command


def _init(self: Any, args: Any, *rest: Any, **options: Any) -> None:
    _original(self, _command(args), *rest, **options)


if _LAYERS:
    subprocess.Popen.__init__ = _init  # type: ignore[method-assign]  # the one place all callers go through
