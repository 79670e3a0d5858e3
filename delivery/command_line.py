"""The options, and what is refused before AWS is asked anything."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NoReturn

from delivery.errors import CommandLineError

PROGRAM: Final = "python -m delivery"
_LONGEST_MINUTES: Final = 24 * 60


class _Parser(argparse.ArgumentParser):
    """Refuses in one line, without the usage."""

    def error(self, message: str) -> NoReturn:
        raise CommandLineError(
            "command line", given=message, allowed=f"what `{self.prog} --help` lists", do="correct it and run it again"
        )


def _number(option: str, *, least: float, most: float, unit: str) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = float("nan")
        if not least <= number <= most:
            raise CommandLineError(option, given=text, allowed=f"{least:g} to {most:g} {unit}", do="correct it")
        return number

    return parse


def _percent(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= 50):
        raise CommandLineError("--canary-percent", given=text, allowed="a whole number from 1 to 50", do="correct it")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    shared = _Parser(add_help=False)
    shared.add_argument("--local", action="store_true", help="in the local cloud (make deploy) instead of AWS")
    shared.add_argument("--state", type=Path, metavar="DIR", help="folder of the local cloud (default: .localcloud)")
    shared.add_argument("--stage", help="lab (default), dev, staging or prod")
    shared.add_argument("--name", help="name of this copy (default: cloudmart)")
    shared.add_argument("-c", "--context", action="append", default=[], metavar="KEY=VALUE", help="a setting")
    parser = _Parser(prog=PROGRAM, description="Releases of the shop's backend without downtime.")
    commands = parser.add_subparsers(dest="command", required=True)
    release = commands.add_parser("release", parents=[shared], help="bring a version to all users, a few first")
    release.add_argument("--application", metavar="WHAT", help="folder, image or `shop` (default: backend.application)")
    for option, least, most, unit, text in (
        (
            "--canary-minutes",
            0,
            _LONGEST_MINUTES,
            "minutes",
            "how long a few users meet it first (default: 30)",
        ),
        ("--hold-minutes", 0, _LONGEST_MINUTES, "minutes", "how long the old colour stays filled (default: 60)"),
        ("--settle-seconds", 0, 3600, "seconds", "how long alarms are watched once all meet it (default: 60)"),
    ):
        check = _number(option, least=least, most=most, unit=unit)
        release.add_argument(option, type=check, metavar="N", help=text)
    release.add_argument("--canary-percent", type=_percent, metavar="N", help="how many meet it first (default: 10)")
    release.add_argument("--again", action="store_true", help="also when this very version is live already")
    commands.add_parser("rollback", parents=[shared], help="back to the version before, in or after a release")
    commands.add_parser("status", parents=[shared], help="who meets which version, and what is under way")
    return parser


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command and its options. Raises `CommandLineError`."""
    parsed = _parser().parse_args(arguments)
    if parsed.state is not None and not parsed.local:
        raise CommandLineError("--state", given="without --local", allowed="with it", do="add --local")
    context = {}
    for entry in parsed.context:
        key, separator, value = entry.partition("=")
        if not separator:
            raise CommandLineError("-c", given=entry, allowed="KEY=VALUE", do="correct it")
        context[key] = value
    # The project's usual way to name a stage is `-c stage=prod`; both ways are one.
    for key in ("stage", "name"):
        setattr(parsed, key, context.pop(key, None) or getattr(parsed, key))
    if context and parsed.local:
        raise CommandLineError(
            "-c",
            given=f"{', '.join(f'{key}={value}' for key, value in context.items())} with --local",
            allowed="stage and name, as the local cloud keeps the settings that it was deployed with",
            do="leave it out, or deploy with it first",
        )
    parsed.context = context
    return parsed
