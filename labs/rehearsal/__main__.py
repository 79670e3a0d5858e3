"""`python -m labs.rehearsal [GUIDE ...] [--language ko]`: status 0, or 1 with one line on what a guide says wrongly."""

import argparse
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

from .errors import RehearsalError
from .guides import LANGUAGES, PAGES, guides


class _Parser(argparse.ArgumentParser):
    """Refuses in one line, without the usage."""

    def error(self, message: str) -> NoReturn:
        raise RehearsalError("command line", given=message, allowed=f"what `{self.prog} --help` lists", do="correct it")


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the guides; whatever fails ends in one line, with nothing left running."""
    parser = _Parser(prog="python -m labs.rehearsal", description="Run the lab guides' commands in a local cloud.")
    parser.add_argument("guide", nargs="*", help=f"{', '.join(PAGES)}: from the first to the last named (default: all)")
    parser.add_argument("--language", default=LANGUAGES[0], help=f"{' or '.join(LANGUAGES)} (default: {LANGUAGES[0]})")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _terminate)
    try:
        chosen = parser.parse_args(arguments)
        if chosen.language not in LANGUAGES:
            raise RehearsalError("--language", given=chosen.language, allowed=", ".join(LANGUAGES), do="correct it")
        from .running import rehearse  # late: a bad command line is answered at once

        rehearse(guides(chosen.guide, language=chosen.language))
    except RehearsalError as error:
        return _ended(str(error), status=1)
    except KeyboardInterrupt:
        return _ended("error: interrupted: by you or by a signal; nothing is left running; run it again", status=130)
    return 0


def _ended(line: str, *, status: int) -> int:
    sys.stdout.flush()
    print(line, file=sys.stderr, flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
