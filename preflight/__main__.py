"""The command line: `python -m preflight [--stage STAGE] [--name NAME] [-c KEY=VALUE]... [--assembly DIR] [--local]`.

Owns options, exit statuses and the order of the lines. 0: nothing found that would fail a deploy; 1: something, or no
credentials; 2: bad command line; 130: interrupted.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from commands.ending import ended
from commands.options import Parser, add_copy, add_place, check_place, copy_of

if TYPE_CHECKING:
    from preflight.finding import Finding

PROGRAM: Final = "python -m preflight"


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The options. Raises `CommandLineError`."""
    parser = Parser(
        prog=PROGRAM,
        description="Asks an AWS account, read-only, whether a deploy would come through: credentials, bootstrap, "
        "quotas, what the region offers, names.",
    )
    add_copy(parser)
    parser.add_argument(
        "--assembly", type=Path, metavar="DIR", help="templates that `cdk synth` wrote (default: synthesizes them)"
    )
    add_place(parser)
    parsed = parser.parse_args(arguments)
    check_place(parsed)
    parsed.context = copy_of(parsed)
    return parsed


def run(arguments: argparse.Namespace) -> int:
    """Print the lines; the exit status. Raises `CommandError`."""
    # Imported late: help and a bad command line are answered at once.
    import time

    from preflight import checking, place
    from preflight.finding import Level, summary

    began = time.monotonic()
    where = (
        place.in_local_cloud(context=arguments.context, folder=arguments.state)
        if arguments.local
        else place.on_aws(context=arguments.context)
    )
    findings: list[Finding] = []
    for finding in checking.check(where, arguments.assembly):
        print(finding, flush=True)
        findings.append(finding)
    print(summary(findings, seconds=time.monotonic() - began))
    return int(any(finding.level is Level.ERROR for finding in findings))


def main() -> int:
    """Runs the checks; what stops them ends in one line."""
    return ended(lambda: run(parse()), interrupted="nothing was changed, run it again")


if __name__ == "__main__":
    sys.exit(main())
