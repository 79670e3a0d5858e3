"""A local cloud for one rehearsal: nothing in it, nobody else's, gone afterwards.

Owns the folder that holds all of it, and what a student's shell knows: the project's programs, the AWS CLI out of the
package that CDK brings along (`aws`), a home of its own. A developer's running cloud is not touched.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from localcloud import environment
from localcloud.state import PROJECT, STATE_VARIABLE

from . import aws
from .errors import RehearsalError


@contextmanager
def empty() -> Iterator[Mapping[str, str]]:
    """Starts the cloud; the environment of a shell that uses it. Raises `RehearsalError` when it does not start."""
    root = Path(tempfile.mkdtemp(prefix="labs-"))
    variables = _variables(root)
    try:
        _localcloud(variables, "start")
        yield variables
    finally:
        _localcloud(variables, "destroy", "--force")
        shutil.rmtree(root, ignore_errors=True)


def _variables(root: Path) -> dict[str, str]:
    home, programs, temporary = (root / name for name in ("home", "bin", "tmp"))
    for folder in (home, programs, temporary):
        folder.mkdir()
    aws.write(programs)
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "CDK_", "LOCALCLOUD_"))}
    path = (str(programs), str(PROJECT / "node_modules" / ".bin"), str(Path(sys.executable).parent))
    return kept | {
        "PATH": os.pathsep.join([*path, str(environment.node().parent), os.environ.get("PATH", os.defpath)]),
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "JSII_NODE": str(environment.node()),
        "JSII_RUNTIME_PACKAGE_CACHE_ROOT": os.environ.get(
            "JSII_RUNTIME_PACKAGE_CACHE_ROOT", str(PROJECT / ".cache" / "jsii")
        ),
        STATE_VARIABLE: str(root / "state"),
        # Templates of its own: the project's cdk.out is the user's. Their validation is other tests' matter.
        "CDK_OUTDIR": str(root / "cdk.out"),
        "CDK_OUTPUT": str(root / "cdk.out"),
        "CDK_VALIDATION": "false",
        "AWS_PAGER": "",
        "LC_ALL": "C.UTF-8",
    }


def _localcloud(variables: Mapping[str, str], *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "localcloud", *arguments],
        cwd=PROJECT,
        env=dict(variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["no output"]
        raise RehearsalError(
            f"python -m localcloud {arguments[0]}",
            given=f"status {done.returncode}, {said[-1]}",
            allowed="a cloud that starts and stops",
            do="try `make deploy`: it says more",
        )
