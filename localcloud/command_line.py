"""The options of every command, and what is refused before anything else is looked at.

Owns parsing and bounds. A stage or a setting is judged where settings are; whether a port is taken, where it is opened.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from commands.errors import CommandLineError
from commands.options import Parser
from localcloud.steps import Options

PROGRAM: Final = "python -m localcloud"
_HIGHEST_PORT: Final = 65535


def _integer(what: str, *, highest: int | None, allowed: str, do: str) -> Callable[[str], int]:
    """A whole number from 1 on."""

    def parse(text: str) -> int:
        digits = text if text.isascii() and text.isdecimal() and len(text) < 10 else "0"
        number = int(digits)
        if number < 1 or (highest is not None and number > highest):
            raise CommandLineError(what, given=repr(text), allowed=allowed, do=do)
        return number

    return parse


def _port(option: str, variable: str) -> Callable[[str], int]:
    return _integer(
        f"{option} ({variable})",
        highest=_HIGHEST_PORT,
        allowed=f"1 to {_HIGHEST_PORT}",
        do="leave it out to have a free port chosen",
    )


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog=PROGRAM, description="AWS on this machine, for this project.")
    shared = Parser(add_help=False)
    shared.add_argument("--state", type=Path, metavar="DIR", help="folder of the cloud (default: .localcloud)")
    settings = Parser(add_help=False)
    settings.add_argument("--stage", help="lab (default), dev, staging or prod")
    settings.add_argument("--name", help="name of this copy (default: cloudmart)")
    settings.add_argument(
        "-c",
        "--context",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a setting; those of the last deploy hold when none is given",
    )
    stacks = Parser(add_help=False)
    at_least_one = _integer("--concurrency", highest=None, allowed="at least 1", do="leave it out to have 4")
    stacks.add_argument("--concurrency", type=at_least_one, default=4, help="stacks at a time (default: 4)")
    commands = parser.add_subparsers(dest="command", required=True)

    beginning = Parser(add_help=False)
    beginning.add_argument(
        "--port", type=_port("--port", "PORT"), help="port of the emulated AWS (default: a free one)"
    )
    beginning.add_argument(
        "--shop-port", type=_port("--shop-port", "SHOP_PORT"), help="port of the shop (default: a free one)"
    )
    beginning.add_argument("--keep", action="store_true", help="leave a cloud running whose first deploy has failed")
    commands.add_parser(
        "deploy",
        parents=[shared, settings, stacks, beginning],
        help="start the cloud and deploy, or bring it up to date",
    )
    commands.add_parser(
        "start",
        parents=[shared, settings, beginning],
        help="start an empty cloud, to deploy into with cdk itself; again: open the shop that has come since",
    )

    destroy = commands.add_parser("destroy", parents=[shared, stacks], help="remove the stacks and stop everything")
    destroy.add_argument("--force", action="store_true", help="stop without removing the stacks first")

    commands.add_parser("status", parents=[shared], help="what runs, and what of it is only recorded")
    verify = commands.add_parser("verify", parents=[shared], help="read the resources back and compare")
    verify.add_argument("--all", action="store_true", help="show every check")
    commands.add_parser("diff", parents=[shared, settings], help="cdk diff --fail against the cloud")
    objects = commands.add_parser("objects", parents=[shared], help="what is recorded of the cluster, like kubectl get")
    objects.add_argument(
        "what",
        nargs="?",
        default="all",
        metavar="KIND[/NAME]",
        help="deploy, svc/auth, charts, pods, ... (default: everything)",
    )
    objects.add_argument("-n", "--namespace", help="one namespace (default: all)")
    objects.add_argument("-o", "--output", choices=["yaml", "json", "name"], help="whole objects, or names only")
    commands.add_parser("env", parents=[shared], help="variables for other AWS tools, for eval")
    return parser


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command and its options. Raises `CommandLineError`."""
    parsed, unknown = _parser().parse_known_args(arguments)
    if unknown:
        # Of the parser of that command, whose help lists what it takes.
        Parser(prog=f"{PROGRAM} {parsed.command}").error(" ".join(unknown))
    return parsed


def options(parsed: argparse.Namespace) -> Options:
    """The options of a command. Raises `CommandLineError` for two that contradict each other."""
    chosen = {name: value for name, value in vars(parsed).items() if name in Options.__dataclass_fields__}
    if "context" in chosen:
        # The project's usual way to name a stage is `-c stage=prod`; both ways are one.
        chosen["context"] = []
        for entry in parsed.context:
            key, _, value = entry.partition("=")
            if key not in ("stage", "name"):
                chosen["context"].append(entry)
            elif chosen[key] not in (None, value):
                raise CommandLineError(
                    key, given=f"{chosen[key]!r} and {value!r}", allowed=f"one {key}", do="leave one of them out"
                )
            else:
                chosen[key] = value
    made = Options(**chosen)
    if made.port is not None and made.port == made.shop_port:
        raise CommandLineError(
            "--port and --shop-port (PORT, SHOP_PORT)",
            given=f"{made.port} for both",
            allowed="two different ports",
            do="leave one out to have a free port chosen",
        )
    return made
