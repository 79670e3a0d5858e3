"""`make plan`: how long a deploy and a destroy of a stage take, and what decides it. Needs no account."""

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from commands.ending import ended
from commands.errors import BadInputError, CommandLineError
from commands.options import Parser, add_copy, copy_of
from commands.place import settings_of
from tools.assembly import synthesize

from . import gantt, report, times
from .plan import CONCURRENCY, make
from .times import Operation


def main(arguments: Sequence[str] | None = None) -> int:
    """Status 0; 1 and one line when something is wrong; 2: bad command line."""
    return ended(lambda: _run(_parser().parse_args(arguments)), interrupted="nothing was changed, run it again")


def _run(given: argparse.Namespace) -> None:
    context = copy_of(given)
    operation: Operation = "delete" if given.destroy else "create"
    settings_of(context)  # says in one line what is wrong, before CDK starts
    try:
        plan = make(synthesize(context), times.load(), operation, concurrency=given.concurrency)
    except subprocess.CalledProcessError as failed:
        status = f"a synth of status {failed.returncode}"
        raise BadInputError("plan", given=status, allowed="0", do="mend what it says above") from None
    title = ", ".join([f"stage {context.get('stage', 'lab')}", *_overrides(context)])
    if given.svg:
        given.svg.write_text(gantt.draw(plan, title=title), encoding="utf-8")
    if given.json:
        print(json.dumps({"of": title} | report.data(plan), indent=2))
    else:
        print(report.text(plan, title=title), end="")
        if given.narrow:
            print("\nshorter by, if\n" + report.gains(plan), end="")


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="python -m tools.plan", description=__doc__)
    add_copy(parser)
    parser.add_argument("--destroy", action="store_true", help="the way down")
    parser.add_argument(
        "--concurrency", type=_count, default=CONCURRENCY, metavar="N", help=f"stacks at once (default: {CONCURRENCY})"
    )
    parser.add_argument(
        "--narrow", action="store_true", help="also: what would be shorter if something waited for less"
    )
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="a picture too")
    return parser


def _overrides(context: Mapping[str, str]) -> list[str]:
    return [f"{key}={value}" for key, value in context.items() if key not in ("stage", "name")]


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text)):
        raise CommandLineError("--concurrency", given=text, allowed="a whole number from 1 on", do="correct it")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
