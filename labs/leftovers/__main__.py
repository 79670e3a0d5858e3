"""The command line: `python -m labs.leftovers --stage lab --name team3 [--local] [--remove]`.

Owns exit statuses. 0: nothing is left over, or all of it was removed; 1: something is, in a stack that failed to go,
too, or AWS refused; 2: bad command line; 130: interrupted.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from commands.ending import ended
from commands.errors import CommandError, CommandLineError
from commands.options import Parser, add_copy, add_place, check_place, copy_of
from commands.place import explained

if TYPE_CHECKING:
    from labs.leftovers.account import Account
    from labs.leftovers.findings import Findings
    from labs.place import Place

PROGRAM: Final = "python -m labs.leftovers"
_WAIT_MINUTES: Final = 15.0
"""A function's last interface takes longer; run it again then."""
_LONGEST_MINUTES: Final = 120.0


def _minutes(text: str) -> float:
    try:
        minutes = float(text)
    except ValueError:
        minutes = -1.0
    if not 0 <= minutes <= _LONGEST_MINUTES:
        raise CommandLineError("--wait-minutes", given=text, allowed=f"0 to {_LONGEST_MINUTES:g}", do="correct it")
    return minutes


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The options. Raises `CommandLineError`."""
    description = "What a copy of a stage left behind in the account; removes it on request."
    parser = Parser(prog=PROGRAM, description=description)
    add_copy(parser)
    add_place(parser)
    parser.add_argument("--remove", action="store_true", help="remove what is left over, after a question")
    parser.add_argument("--yes", action="store_true", help="with --remove: without the question")
    parser.add_argument("--including-data", action="store_true", help="also what staging and prod keep on purpose")
    parser.add_argument(
        "--wait-minutes", type=_minutes, default=_WAIT_MINUTES, metavar="N", help="for what goes slowly (default: 15)"
    )
    parsed = parser.parse_args(arguments)
    check_place(parsed)
    parsed.context = copy_of(parsed)
    if parsed.yes and not parsed.remove:
        raise CommandLineError("--yes", given="without --remove", allowed="with it", do="add --remove")
    return parsed


def run(arguments: argparse.Namespace) -> int:
    """Lists, and removes if asked to; the exit status. Raises `CommandError`, and what boto3 raises."""
    # Imported late: help and a bad command line are answered at once.
    from labs import place
    from labs.leftovers import findings, report
    from labs.leftovers.account import Account

    context = arguments.context
    where = place.in_local_cloud(context, folder=arguments.state) if arguments.local else place.on_aws(context)
    account, prefix = Account(where), where.settings.names.prefix
    print(f"{prefix} in {', '.join(where.regions)}{' of the local cloud' if where.local else ''}")
    found = findings.look(account, where.settings, including_data=arguments.including_data)
    stacks = account.stacks()
    for line in report.lines(found, stacks, prefix=prefix, command=_command(arguments, where)):
        print(line)
    stuck = any(map(report.broken, stacks.values()))
    status = _remove(arguments, where, account, found) if arguments.remove else 1 if found.left else 0
    return status or int(stuck)


def _command(arguments: argparse.Namespace, where: "Place") -> str:
    names = where.settings.names
    options = [f"--stage {names.stage}", f"--name {names.name}", *_settings(arguments.context)]
    options += ["--local"] if arguments.local else []
    options += [f"--state {arguments.state}"] if arguments.state else []
    return " ".join([PROGRAM, *options])


def _settings(context: Mapping[str, str]) -> Iterator[str]:
    return (f"-c {key}={value}" for key, value in context.items() if key not in ("stage", "name"))


def _remove(arguments: argparse.Namespace, where: "Place", account: "Account", found: "Findings") -> int:
    from labs.leftovers import removal

    if not found.left:
        return 0
    if not arguments.yes:
        _ask(where.settings.names.prefix)
    outcome = removal.remove(
        account,
        found.left,
        patience_s=arguments.wait_minutes * 60,
        poll_s=where.poll_s,
        tell=lambda line: print(line, flush=True),
    )
    for resource, reason in outcome.stayed:
        print(f"  stayed: {resource.kind.name} {resource.name}: {reason}")
    print(f"{len(outcome.removed)} removed, {len(outcome.stayed)} stayed.")
    return 1 if outcome.stayed else 0


def _ask(prefix: str) -> None:
    if not sys.stdin.isatty():
        raise CommandLineError("--remove", given="no terminal to ask at", allowed="one, or --yes", do="add --yes")
    try:
        answer = input(f"Remove them, for ever? Type {prefix}: ").strip()
    except EOFError:  # Ctrl-D
        answer = ""
    if answer != prefix:
        raise CommandError("--remove", why="given another answer than the name", do="nothing was removed")


def main() -> int:
    """Runs the command; whatever fails ends in one line."""
    return ended(_explained, interrupted="run it again, what is gone is gone")


def _explained() -> int:
    arguments = parse()
    with explained():
        return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
