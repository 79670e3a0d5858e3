"""An `aws` command for a shell that has none: `eval "$(python -m labs.rehearsal.aws)"`.

Owns the script that runs the CLI out of the package that aws-cdk-lib brings along (version 1; see
`tools.runbook.aws_cli`). For the local cloud; on AWS people have the AWS CLI 2.
"""

import shlex
import sys
from pathlib import Path
from typing import Final

from cloudmart_cdk.caches import CACHE
from tools.runbook import aws_cli

_SCRIPT: Final = """\
#!/bin/sh
exec {python} -I -c 'import sys
sys.path.insert(0, sys.argv.pop(1))
sys.argv[0] = "aws"
from awscli.clidriver import main
sys.exit(main())' {packages} "$@"
"""


def write(folder: Path) -> None:
    """Puts the command into a folder, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / ".aws.draft"
    packages = shlex.quote(str(aws_cli.unpacked()))
    draft.write_text(_SCRIPT.format(python=shlex.quote(sys.executable), packages=packages), encoding="utf-8")
    draft.chmod(0o755)
    draft.replace(folder / "aws")


def main() -> int:
    """Prints what puts the command on the path."""
    folder = CACHE / "awscli" / "bin"
    write(folder)
    print(f'export PATH={shlex.quote(str(folder))}:"$PATH"')
    return 0


if __name__ == "__main__":
    sys.exit(main())
