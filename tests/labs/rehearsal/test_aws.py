"""The `aws` command of a shell that has none."""

import os
import subprocess
import sys
from pathlib import Path

from labs.rehearsal import aws
from localcloud.state import PROJECT


def test_it_is_the_aws_cli(tmp_path: Path) -> None:
    aws.write(tmp_path / "bin")
    said = subprocess.run([tmp_path / "bin" / "aws", "--version"], capture_output=True, text=True, check=True)
    assert said.stdout.startswith("aws-cli/1.")
    assert [path.name for path in (tmp_path / "bin").iterdir()] == ["aws"]


def test_a_shell_is_told_where_it_is() -> None:
    said = subprocess.run(
        ["bash", "-c", f'eval "$({sys.executable} -m labs.rehearsal.aws)"; command -v aws'],
        cwd=PROJECT,
        env=os.environ | {"PATH": os.defpath},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip().startswith(str(PROJECT / ".cache"))
