"""The options, and what is refused before AWS is asked anything."""

import argparse
from collections.abc import Callable, Sequence
from typing import Final

from commands.errors import CommandLineError
from commands.options import Parser, add_copy, add_place, check_place, copy_of

PROGRAM: Final = "python -m delivery"
STRATEGIES: Final = ("rolling", "blue-green", "canary")
_LONGEST_MINUTES: Final = 24 * 60
_OF_SHOP: Final = frozenset({"application", "hold_minutes", "settle_seconds", "again", "services"})
_OF_SERVICE: Final = frozenset({"image", "strategy", "accept_findings", "deadline_minutes"})


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
    shared = Parser(add_help=False)
    add_place(shared)
    add_copy(shared)
    shared.add_argument("--service", metavar="NAME", help="a service of the platform, instead of the shop's backend")
    description = "Releases without downtime: of the shop's backend, or with --service of one of the services."
    parser = Parser(prog=PROGRAM, description=description)
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
    release.add_argument("--image", metavar="WHAT", help="with --service: digest, tag, URI, or stand-in")
    release.add_argument("--strategy", choices=STRATEGIES, help="with --service (default: rolling)")
    release.add_argument("--accept-findings", metavar="REASON", help="with --service: although the scan found critical")
    promote = commands.add_parser("promote", parents=[shared], help="with --service: what the canary runs becomes all")
    rollback = commands.add_parser(
        "rollback", parents=[shared], help="back to the version before, in or after a release"
    )
    for changing in (release, promote, rollback):
        check = _number("--deadline-minutes", least=0.01, most=_LONGEST_MINUTES, unit="minutes")
        text = "with --service: how long new pods may take (default: 10)"
        changing.add_argument("--deadline-minutes", type=check, metavar="N", help=text)
    status = commands.add_parser("status", parents=[shared], help="who meets which version, and what is under way")
    status.add_argument("--services", action="store_true", help="all services, instead of the shop's backend")
    return parser


def _check_service(parsed: argparse.Namespace) -> None:
    """What belongs to the shop's releases, and what to a service's."""
    given = {key for key, value in vars(parsed).items() if value is not None and value is not False}
    for_whom, wrong = ("with", _OF_SHOP) if parsed.service is not None else ("without", _OF_SERVICE)
    for key in sorted(given & wrong):
        raise _misplaced(key, f"{for_whom} --service")
    if parsed.service is None:
        if parsed.command == "promote":
            raise CommandLineError("promote", given="no --service", allowed="one", do="name it")
        return
    if parsed.command == "release" and parsed.image is None:
        raise CommandLineError("release", given="--service without --image", allowed="both", do="name an image")
    if parsed.command == "release" and parsed.strategy != "canary":
        for key in sorted(given & {"canary_percent", "canary_minutes"}):
            raise _misplaced(key, "without --strategy canary")


def _misplaced(key: str, where: str) -> CommandLineError:
    option = f"--{key.replace('_', '-')}"
    return CommandLineError(option, given=where, allowed=f"what `{PROGRAM} --help` lists", do="leave it out")


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command and its options. Raises `CommandLineError`."""
    parsed = _parser().parse_args(arguments)
    check_place(parsed)
    context = copy_of(parsed)
    for key in ("stage", "name"):
        setattr(parsed, key, context.pop(key, None))
    if context and parsed.local:
        raise CommandLineError(
            "-c",
            given=f"{', '.join(f'{key}={value}' for key, value in context.items())} with --local",
            allowed="stage and name, as the local cloud keeps the settings that it was deployed with",
            do="leave it out, or deploy with it first",
        )
    parsed.context = context
    _check_service(parsed)
    return parsed
