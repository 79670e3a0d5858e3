"""The command line: `python -m localcloud deploy|start|destroy|status|verify|diff|objects|env`.

Owns exit statuses and the last line, on standard error when it is an error; options are in `command_line`.
1: something failed, 2: bad command line, 130: interrupted.
"""

import argparse
import os
import signal
import sys
import traceback
from pathlib import Path
from types import FrameType

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
    folder: Path | None = None
    try:
        arguments = command_line.parse()
        folder = arguments.state
        return _run(arguments)
    except CommandError as error:
        return _ended(str(error), status=error.status)
    except KeyboardInterrupt:
        return _ended("error: interrupted: stopped by you or by a signal; run the command again when ready", status=130)
    except BrokenPipeError:
        # Whoever read the output has had enough, as in `make objects | head`. What is left in the buffer goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        log = State(folder).log("crash")
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(traceback.format_exc())
        reason = " ".join(str(error).split())[:300]
        return _ended(f"error: {type(error).__name__}: {reason}; this should not happen: please report {log}", status=1)


def _ended(line: str, *, status: int) -> int:
    """Says why on standard error, after all that standard output still holds."""
    sys.stdout.flush()
    print(line, file=sys.stderr, flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
