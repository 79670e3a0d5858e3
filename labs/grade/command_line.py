"""The options, and what is refused before anything is asked."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from commands.errors import CommandLineError
from commands.options import Parser, add_copy, add_place, check_place, copy_of
from labs.grade.rubric import LANGUAGES

PROGRAM: Final = "python -m labs.grade"
_MOST: Final = 100


def _points(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) <= _MOST):
        raise CommandLineError("--minimum", given=text, allowed=f"a whole number from 0 to {_MOST}", do="correct it")
    return int(text)


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line. Raises `CommandLineError`."""
    parser = Parser(
        prog=PROGRAM, description="Scores the challenge from what is deployed. It reads only, but for --try."
    )
    add_copy(parser)
    add_place(parser)
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="of the report (default: en)")
    parser.add_argument("--details", action="store_true", help="show all that was looked at, not only what is missing")
    parser.add_argument("--json", action="store_true", help="the grade as JSON")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the grade as Markdown, to hand in")
    parser.add_argument("--minimum", type=_points, metavar="N", help="exit 1 with fewer points, or above the budget")
    parser.add_argument(
        "--try", dest="drill", action="store_true", help="end an instance, and see whether customers notice"
    )
    parsed = parser.parse_args(arguments)
    check_place(parsed)
    parsed.context = copy_of(parsed)
    if parsed.drill and parsed.context.get("stage") == "prod":
        raise CommandLineError("--try", given="stage prod", allowed="lab, dev, staging", do="leave --try out")
    if parsed.markdown is not None and not parsed.markdown.parent.is_dir():
        raise CommandLineError(
            "--markdown", given=str(parsed.markdown), allowed="a file in a folder that is there", do="make the folder"
        )
    return parsed
