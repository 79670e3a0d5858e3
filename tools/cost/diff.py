"""`python -m tools.cost.diff BASE [HEAD]`: what a change costs, between commits, stages or synthesized folders.

    python -m tools.cost.diff main                          # main, and this checkout as it is
    python -m tools.cost.diff HEAD~1 HEAD --markdown cost.md
    python -m tools.cost.diff lab prod
    python -m tools.cost.diff prod -c cache.engine=valkey   # what would that save?
    python -m tools.cost.diff base/ head/                   # folders, each with one that was synthesized for a stage

Both sides are priced with this checkout's prices, volumes and settings; of a commit only the templates count.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from cloudmart_cdk.settings.loading import STAGES
from commands.errors import CommandLineError
from commands.options import Parser, add_settings

from . import comment, text
from .billing import sheets
from .command_line import guarded
from .compare import Comparison
from .errors import CostError
from .sources import Source, checkout, find, scratch_folder


def main(arguments: Sequence[str] | None = None) -> int:
    """Status 0, whatever it costs: caps are the policies' affair, at every synth. 1: refused; 2: bad command line."""
    return guarded(lambda: _run(_parser().parse_args(arguments)))


def _run(given: argparse.Namespace) -> None:
    if given.head and given.context:
        raise CommandLineError("-c", given="a setting, and HEAD", allowed="one of both", do="leave HEAD out")
    if given.limit < 1:
        raise CommandLineError("--limit", given=str(given.limit), allowed="1 and more", do="give it a figure")
    with scratch_folder() as scratch:
        before = find(given.base, scratch=scratch)
        after = find(given.head, scratch=scratch) if given.head else checkout(dict(given.context))
        pairs = list(_pairs(before, after, given.stage))
        alone = _alone(before, after, given.stage)
        bills = iter(sheets([side for one, other in pairs for side in ((before, one), (after, other))]))
    comparisons = [Comparison(one, other) for one, other in zip(bills, bills, strict=True)]
    if given.markdown:
        written = comment.markdown(comparisons, alone=alone, limit=given.limit)
        given.markdown.write_text(written, encoding="utf-8")
    print("\n".join(text.comparisons(comparisons, alone=alone)))


def _pairs(before: Source, after: Source, wanted: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(stage of BASE, stage of HEAD): two single ones whatever they are, else the stages that both have."""
    two = len(before.stages) == len(after.stages) == 1
    has = any if two else all
    shared = [stage for stage in STAGES if has(stage in side.stages for side in (before, after))]
    if missing := [stage for stage in wanted if stage not in shared] or not shared:
        given = ", ".join(missing) if isinstance(missing, list) else f"{before.label} and {after.label}"
        raise CostError("--stage", given=given, allowed=", ".join(shared) or "a stage that both have", do="choose one")
    if two:
        yield before.stages[0], after.stages[0]
        return
    yield from ((stage, stage) for stage in shared if stage in (wanted or shared))


def _alone(before: Source, after: Source, wanted: Sequence[str]) -> list[str]:
    """Stages that only one of two folders has: nothing is known of what they cost more."""
    if not (before.made and after.made) or len(before.stages) == len(after.stages) == 1:
        return []
    return [
        stage for stage in STAGES if (stage in before.stages) != (stage in after.stages) and stage in (wanted or STAGES)
    ]


def _parser() -> argparse.ArgumentParser:
    assert __doc__ is not None
    parser = Parser(
        prog="python -m tools.cost.diff", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("base", metavar="BASE", help="a stage, a commit or branch, or a folder")
    parser.add_argument("head", metavar="HEAD", nargs="?", default="", help="likewise; this checkout unless told")
    parser.add_argument(
        "--stage", action="append", default=[], choices=STAGES, metavar="STAGE", help="only this; repeatable"
    )
    add_settings(parser)
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write a comment for a pull request")
    parser.add_argument("--limit", type=int, default=comment.LIMIT, metavar="N", help="most characters of that comment")
    return parser


if __name__ == "__main__":
    sys.exit(main())
