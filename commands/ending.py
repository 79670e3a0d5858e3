"""How a command ends: its exit status, and the last line on standard error when it is an error.

0: as asked; 1: refused, failed, or found what it looks for; 2: bad command line; 130: interrupted.
"""

import os
import sys
from collections.abc import Callable

from commands.errors import BadInputError, CommandError


def ended(run: Callable[[], int | None], *, interrupted: str) -> int:
    """The exit status. `interrupted`: what is to be known then, and done."""
    try:
        status = run() or 0
        sys.stdout.flush()
    except CommandError as error:
        return _last_line(str(error), status=error.status)
    except KeyboardInterrupt:
        return _last_line(f"error: interrupted: by you or by a signal; {interrupted}", status=130)
    except BrokenPipeError:
        # Whoever read the output has had enough, as in `| head`. What is left in the buffer goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as failed:
        return _last_line(str(_unusable(failed)), status=CommandError.status)
    return status


def _unusable(failed: OSError) -> CommandError:
    """A folder where a file was meant, a disk that is full, a connection that broke."""
    do = "mend it and run it again"
    if not failed.filename:
        return CommandError("system", why=str(failed), do=do)
    given = f"{failed.filename}: {failed.strerror}"
    return BadInputError("file", given=given, allowed="one that can be used", do=do)


def _last_line(line: str, *, status: int) -> int:
    """After all that standard output still holds."""
    sys.stdout.flush()
    print(line, file=sys.stderr, flush=True)
    return status
