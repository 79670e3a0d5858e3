"""The options that several commands take, and a parser that refuses in one line.

Owns their names and what is told of them. Whether a stage or a setting is one is judged where settings are.
"""

import argparse
from pathlib import Path
from typing import NoReturn

from commands.errors import CommandLineError


class Parser(argparse.ArgumentParser):
    """Refuses in one line, without the usage."""

    def error(self, message: str) -> NoReturn:
        raise CommandLineError(
            "command line", given=message, allowed=f"what `{self.prog} --help` lists", do="correct it and run it again"
        )


def setting(text: str) -> tuple[str, str]:
    """`key=value`, as `cdk -c` takes it. Raises `CommandLineError`."""
    key, separator, value = text.partition("=")
    if not (key and separator):
        raise CommandLineError("-c", given=text, allowed="KEY=VALUE, e.g. cache.engine=valkey", do="correct it")
    return key, value


def add_copy(parser: argparse.ArgumentParser) -> None:
    """Which copy of a stage, with which settings: `copy_of` reads them."""
    parser.add_argument("--stage", help="lab (default), dev, staging or prod")
    parser.add_argument("--name", help="name of this copy (default: cloudmart)")
    add_settings(parser)


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Pairs in `context`."""
    parser.add_argument(
        "-c", "--context", action="append", default=[], type=setting, metavar="KEY=VALUE", help="a setting"
    )


def add_place(parser: argparse.ArgumentParser) -> None:
    """AWS, or the local cloud; `check_place` afterwards."""
    parser.add_argument("--local", action="store_true", help="in the local cloud instead of AWS")
    parser.add_argument("--state", type=Path, metavar="DIR", help="folder of the local cloud (default: .localcloud)")


def copy_of(parsed: argparse.Namespace) -> dict[str, str]:
    """Settings with stage and name, as far as they were given; `--stage prod` and `-c stage=prod` are one.

    Raises `CommandLineError` for two that contradict each other.
    """
    context = dict[str, str](parsed.context)
    for key in ("stage", "name"):
        chosen = getattr(parsed, key)
        if chosen is None:
            continue
        if context.setdefault(key, chosen) != chosen:
            raise CommandLineError(
                f"--{key}", given=f"{chosen} and -c {key}={context[key]}", allowed=f"one {key}", do="leave one out"
            )
    return context


def check_place(parsed: argparse.Namespace) -> None:
    """Raises `CommandLineError`."""
    if parsed.state is not None and not parsed.local:
        raise CommandLineError("--state", given="without --local", allowed="with it", do="add --local")
