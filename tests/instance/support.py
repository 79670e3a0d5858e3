"""What tests of the instance share: an application, and a machine that is a folder.

Scripts of `assets/revision` and `assets/host` honour `ROOT`, and run for real in it. What cannot run here (dnf,
systemctl, docker, AWS's agents) is a recording executable, first in PATH.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.support import PROJECT

REVISION: Final = PROJECT / "cloudmart_cdk" / "assets" / "revision"
HOST: Final = PROJECT / "cloudmart_cdk" / "assets" / "host"

EXPORTS: Final = {
    "AWS_REGION": "ap-northeast-2",
    "PORT": "8080",
    "CLOUDMART_STAGE": "lab",
    "CLOUDMART_PARAMETERS": "/cloudmart/lab/",
    "CLOUDMART_SECRETS": "cloudmart-lab/",
    "CLOUDMART_HTTPS": "true",
    "TRACE_RATIO": "0.01",
    "LOG_GROUP": "application-log",
    "APPLICATION": "cloudmart-lab-backend",
    "GROUP": "cloudmart-lab-backend-blue",
    "TARGET_GROUP": "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:targetgroup/blue/1",
    "DRAIN_HOOK": "drain-before-leaving",
}
"""What the user data exports (`constructs/artefact.py`; a test of the stack compares)."""


def make_application(folder: Path, *, install: bool = False) -> None:
    """The least application there is."""
    (folder / "bin").mkdir(parents=True)
    (folder / "server.py").write_text("print('serving')\n")
    write_program(folder / "bin" / "start", "exec python3 server.py")
    if install:
        write_program(folder / "bin" / "install", 'echo "installed by $CLOUDMART_STAGE in $PWD" > made')


def write_program(path: Path, body: str) -> Path:
    """An executable of bash; the path again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/usr/bin/env bash\nset -euo pipefail\n{body}\n")
    path.chmod(0o755)
    return path


_RECORDED: Final = (
    "amazon-cloudwatch-agent-ctl",
    "chown",
    "docker",
    "dnf",
    "rpm",
    "systemctl",
    "useradd",
    "usermod",
)


class Machine:
    """A scratch root, and what was asked of the machine around it."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self._programs = folder / "programs"
        self._calls = folder / "calls"
        for path in ("etc/cloudmart", "etc/systemd/system", "etc/dnf/vars", "usr/local/lib/cloudmart", "var/log"):
            (self.root / path).mkdir(parents=True)
        for name in _RECORDED:
            self.answers(name, "")
        # One user here: who would be another runs as ourselves.
        self.answers("runuser", 'shift 3; exec "$@"')
        self.answers("id", "echo 993")
        # Owners are recorded, and nobody has to exist here; the rest is real.
        write_program(
            self._programs / "install",
            f'case " $* " in *" -o "*) echo "install $*" >> "{self._calls}" ;; esac\n'
            'given=()\nwhile [ $# -gt 0 ]; do case $1 in -o | -g) shift ;; *) given+=("$1") ;; esac; shift; done\n'
            f'exec "{shutil.which("install")}" "${{given[@]}}"',
        )

    def answers(self, program: str, body: str) -> None:
        """Put a recording executable in front of, or in place of, a program; `body`: what it does then, in bash."""
        record = f'echo "$(basename "$0") $*" >> "{self._calls}"'
        write_program(self._programs / program, f"{record}\n{body}")

    @property
    def calls(self) -> list[str]:
        """What was asked of recorded programs, in order."""
        return self._calls.read_text().splitlines() if self._calls.exists() else []

    def forget(self) -> None:
        self._calls.unlink(missing_ok=True)

    def environment(self, **variables: str) -> dict[str, str]:
        path = f"{self._programs}:{os.environ['PATH']}"
        return {"PATH": path, "ROOT": str(self.root), "LANG": "C.UTF-8", **variables}

    def run(
        self, script: Path, *arguments: str, variables: Mapping[str, str] | None = None
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [script, *arguments],
            env=self.environment(**(variables or {})),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
