"""The command line: `python -m preflight [--stage STAGE] [--name NAME] [-c KEY=VALUE]... [--assembly DIR] [--local]`.

Owns options, exit statuses and the order of the lines. 0: nothing found that would fail a deploy; 1: something, or no
credentials; 2: bad command line; 130: interrupted.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from preflight.errors import CommandLineError, PreflightError

if TYPE_CHECKING:
    from preflight.finding import Finding

PROGRAM: Final = "python -m preflight"


class _Parser(argparse.ArgumentParser):
    """Refuses in one line, without the usage."""

    def error(self, message: str) -> NoReturn:
        raise CommandLineError(
            "command line", given=message, allowed=f"what `{PROGRAM} --help` lists", do="correct it and run it again"
        )


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The options. Raises `CommandLineError`."""
    parser = _Parser(
        prog=PROGRAM,
        description="Asks an AWS account, read-only, whether a deploy would come through: credentials, bootstrap, "
        "quotas, what the region offers, names.",
    )
    parser.add_argument("--stage", help="lab (default), dev, staging or prod")
    parser.add_argument("--name", help="name of this copy (default: cloudmart)")
    parser.add_argument("-c", "--context", action="append", default=[], metavar="KEY=VALUE", help="a setting")
    parser.add_argument(
        "--assembly", type=Path, metavar="DIR", help="templates that `cdk synth` wrote (default: synthesizes them)"
    )
    parser.add_argument("--local", action="store_true", help="ask the local cloud (make cloud) instead of AWS")
    parser.add_argument("--state", type=Path, metavar="DIR", help="folder of the local cloud (default: .localcloud)")
    parsed = parser.parse_args(arguments)
    if parsed.state is not None and not parsed.local:
        raise CommandLineError("--state", given="without --local", allowed="with it", do="add --local")
    context = {}
    for entry in parsed.context:
        key, separator, value = entry.partition("=")
        if not separator:
            raise CommandLineError("-c", given=entry, allowed="KEY=VALUE", do="correct it")
        context[key] = value
    for key in ("stage", "name"):
        if chosen := getattr(parsed, key):
            context[key] = chosen
    parsed.context = context
    return parsed


def run(arguments: argparse.Namespace) -> int:
    """Print the lines; the exit status. Raises `PreflightError`."""
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
    try:
        return run(parse())
    except PreflightError as error:
        print(error, file=sys.stderr)
        return error.status
    except KeyboardInterrupt:
        print("error: interrupted; nothing was changed, run it again", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
