"""The command line: `python -m delivery release|rollback|status`.

Owns exit statuses and the last line, on standard error when it is an error. 0: released, or back as asked;
1: failed, or gone back by itself; 2: bad command line; 130: interrupted before anything was begun.
"""

import argparse
import signal
import sys
from types import FrameType

from delivery import command_line
from delivery.errors import DeliveryError, explain


def _run(arguments: argparse.Namespace) -> None:
    # Imported late: help and a bad command line are answered at once.
    from delivery import place
    from delivery.commands import Delivery, Wishes

    where = (
        place.in_local_cloud(stage=arguments.stage, name=arguments.name, folder=arguments.state)
        if arguments.local
        else place.on_aws(stage=arguments.stage, name=arguments.name, context=arguments.context)
    )
    delivery = Delivery(where)
    match arguments.command:
        case "release":
            fields = Wishes.__dataclass_fields__
            delivery.release(Wishes(**{key: value for key, value in vars(arguments).items() if key in fields}))
        case "rollback":
            delivery.rollback()
        case _:
            delivery.status()


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> int:
    """Runs one command; whatever fails ends in one line."""
    from botocore.exceptions import BotoCoreError, ClientError

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _terminate)
    try:
        _run(command_line.parse())
    except DeliveryError as error:
        return _ended(str(error), status=error.status)
    except (BotoCoreError, ClientError) as error:
        return _ended(str(explain(error)), status=1)
    except KeyboardInterrupt:
        return _ended("error: interrupted: before anything was begun; run it again when ready", status=130)
    return 0


def _ended(line: str, *, status: int) -> int:
    sys.stdout.flush()
    print(line, file=sys.stderr, flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
