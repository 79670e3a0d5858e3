"""The command line: `python -m localcloud deploy|start|destroy|status|verify|diff|objects|env`.

Owns exit statuses and the last line, on standard error when it is an error; options are in `command_line`.
1: something failed, 2: bad command line, 130: interrupted.
"""

import argparse
import signal
import sys
import traceback
from types import FrameType

from commands.ending import ended
from commands.errors import CommandError
from localcloud import command_line
from localcloud.state import State


def _run(arguments: argparse.Namespace) -> int:
    # Imported late: help and a bad command line are answered at once.
    from localcloud import beginning, deployment, environment, inspection, objects, processes, teardown

    processes.check_system()
    environment.forget_aws_settings()
    state = State(arguments.state)
    chosen = command_line.options(arguments)
    match arguments.command:
        case "deploy":
            deployment.deploy(state, chosen)
        case "start":
            beginning.start(state, chosen)
        case "destroy":
            teardown.destroy(state, chosen)
        case "verify":
            inspection.verify_again(state, everything=arguments.all)
        case "diff":
            return inspection.diff(state, chosen)
        case "objects":
            objects.show(state, what=arguments.what, namespace=arguments.namespace, output=arguments.output)
        case "env":
            inspection.print_environment(state)
        case _:
            inspection.status(state)
    return 0


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> int:
    """Runs one command; whatever fails ends in one line."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _terminate)
    return ended(_reported, interrupted="run the command again when ready")


def _reported() -> int:
    """As `_run`; a fault of this program ends in a line, too, with its traceback in a log."""
    arguments = command_line.parse()
    try:
        return _run(arguments)
    except (CommandError, BrokenPipeError):
        raise
    except Exception as error:
        log = State(arguments.state).log("crash")
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(traceback.format_exc())
        do = f"this should not happen: please report {log}"
        raise CommandError(type(error).__name__, why=str(error)[:300], do=do) from None


if __name__ == "__main__":
    sys.exit(main())
