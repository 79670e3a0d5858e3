"""The command line: `python -m delivery release|rollback|status`, with `--service` of a service, and `promote`.

Owns exit statuses and the last line, on standard error when it is an error. 0: released, or back as asked;
1: failed, or gone back by itself; 2: bad command line; 130: interrupted.
"""

import argparse
import signal
import sys
from collections.abc import Iterable
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from commands.ending import ended
from commands.place import explained
from delivery import command_line

if TYPE_CHECKING:
    from delivery.place import Place

_STOPPING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(arguments: argparse.Namespace) -> None:
    """One command. Raises `CommandError`, and what boto3 raises."""
    # Imported late: help and a bad command line are answered at once.
    from delivery import place

    where = (
        place.in_local_cloud(stage=arguments.stage, name=arguments.name, folder=arguments.state)
        if arguments.local
        else place.on_aws(stage=arguments.stage, name=arguments.name, context=arguments.context)
    )
    if arguments.service is not None:
        _run_service(arguments, where)
    elif arguments.command == "status" and arguments.services:
        from delivery.services.commands import status_of_all

        status_of_all(where)
    else:
        _run_shop(arguments, where)


def _run_shop(arguments: argparse.Namespace, where: "Place") -> None:
    from delivery.commands import Delivery, Wishes

    delivery = Delivery(where)
    match arguments.command:
        case "release":
            delivery.release(Wishes(**_given(arguments, Wishes.__dataclass_fields__)))
        case "rollback":
            delivery.rollback()
        case _:
            delivery.status()


def _run_service(arguments: argparse.Namespace, where: "Place") -> None:
    from delivery.services.commands import ServiceDelivery, Wishes

    delivery = ServiceDelivery(where, arguments.service, **_given(arguments, {"deadline_minutes"}))
    match arguments.command:
        case "release":
            delivery.release(Wishes(**_given(arguments, Wishes.__dataclass_fields__)))
        case "promote":
            delivery.promote()
        case "rollback":
            delivery.rollback()
        case _:
            delivery.status()


def _given(arguments: argparse.Namespace, keys: Iterable[str]) -> dict[str, Any]:
    """The options that were given, of those; the others have their defaults where they are used."""
    wanted = set(keys)
    return {key: value for key, value in vars(arguments).items() if key in wanted and value is not None}


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """Once: make and its child both get a signal, and the second one must not cut off the last words."""
    for number in _STOPPING:
        # Not SIG_IGN: of a signal that has arrived already Python would then print that it is ignored.
        signal.signal(number, _ignore)
    raise KeyboardInterrupt


def _ignore(_number: int, _frame: FrameType | None) -> None:
    pass


def main() -> int:
    """Runs one command; whatever fails ends in one line."""
    for number in _STOPPING:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, _interrupt)
    # Outside of a release's phases, before or after: what users meet is not known here.
    return ended(_explained, interrupted="`status` tells what users meet, run it again when ready")


def _explained() -> None:
    arguments = command_line.parse()
    with explained():
        run(arguments)


if __name__ == "__main__":
    sys.exit(main())
