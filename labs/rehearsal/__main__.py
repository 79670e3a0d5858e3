"""`python -m labs.rehearsal [GUIDE ...] [--language ko]`: status 0; 1: what a guide says wrongly, in one line;
2: bad command line."""

import signal
import sys
from collections.abc import Sequence
from types import FrameType

from commands.ending import ended
from commands.options import Parser

from .guides import LANGUAGES, PAGES, guides


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the guides; whatever fails ends in one line, with nothing left running."""
    parser = Parser(prog="python -m labs.rehearsal", description="Run the lab guides' commands in a local cloud.")
    parser.add_argument("guide", nargs="*", help=f"{', '.join(PAGES)}: from the first to the last named (default: all)")
    parser.add_argument(
        "--language",
        choices=LANGUAGES,
        default=LANGUAGES[0],
        help=f"{' or '.join(LANGUAGES)} (default: {LANGUAGES[0]})",
    )
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _terminate)

    def run() -> None:
        chosen = parser.parse_args(arguments)
        from .running import rehearse  # late: a bad command line is answered at once

        rehearse(guides(chosen.guide, language=chosen.language))

    return ended(run, interrupted="nothing is left running, run it again")


if __name__ == "__main__":
    sys.exit(main())
