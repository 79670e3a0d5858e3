"""`python -m tools.cost`: what a stage costs, from its templates, offline.

python -m tools.cost --stage prod                       # stacks, both books of prices
python -m tools.cost --stage prod --items               # every resource
python -m tools.cost --stage prod -c cache.engine=valkey
python -m tools.cost --all                              # the stages beside each other
python -m tools.cost --options                          # ways to pay less in prod, and what each gives up
python -m tools.cost --assembly cdk.out --json
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from cloudmart_cdk.costs import prices
from cloudmart_cdk.settings import load_settings
from commands.errors import CommandLineError
from commands.options import Parser, add_copy, copy_of

from . import as_json, chart, options, page, text
from .billing import of_contexts, sheets
from .command_line import guarded
from .errors import CostError
from .figures import Sheet
from .sources import Source, checkout, folder


def main(arguments: Sequence[str] | None = None) -> int:
    """Status 0; 1: refused; 2: bad command line. A cap that is exceeded is said, and refused by `cdk synth`."""
    return guarded(lambda: _run(_parser().parse_args(arguments)))


def _run(given: argparse.Namespace) -> None:
    context = copy_of(given)
    stage = context.pop("stage", None)
    _refuse_what_does_not_go_together(given, stage, context)
    if given.options:
        _options(given, page.OPTIONS_STAGE if stage is None else stage, context)
        return
    source = folder(given.assembly) if given.assembly else checkout(context)
    bills = sheets([(source, stage) for stage in (source.stages if given.all else [_stage(stage, source)])])
    if given.output:
        _write(bills, given.output)
    if given.json:
        print(json.dumps(as_json.document(bills), indent=2, ensure_ascii=False))
    elif given.all:
        print("\n".join(text.stages(bills)))
    else:
        for bill in bills:
            print("\n".join(text.items(bill) if given.items else text.sheet(bill)))


def _refuse_what_does_not_go_together(given: argparse.Namespace, stage: str | None, context: Mapping[str, str]) -> None:
    """What would be passed over in silence."""
    if given.assembly and (context or given.options):
        what = "--options" if given.options else "a setting"
        raise _contradiction("--assembly", f"{what} beside it", "templates as they are", "leave one out")
    if given.page and not given.options:
        raise _contradiction("--page", "no --options", "both", "add --options; make docs writes all else")
    if given.options and given.output:
        raise _contradiction("--output", "--options beside it", "one of both", "use --options --json > FILE")
    if given.all and stage is not None:
        raise _contradiction("--all", f"stage {stage} beside it", "one of both", "leave one out")


def _contradiction(option: str, given: str, allowed: str, do: str) -> CommandLineError:
    return CommandLineError(option, given=given, allowed=allowed, do=do)


def _stage(wanted: str | None, source: Source) -> str:
    if wanted is None:
        return source.stages[0]
    if wanted not in source.stages:
        raise CostError(
            "--stage",
            given=wanted or "an empty word",
            allowed=", ".join(source.stages),
            do=f"choose one; {source.label} has no other",
        )
    return wanted


def _options(given: argparse.Namespace, stage: str, context: Mapping[str, str]) -> None:
    settings = load_settings({**context, "stage": stage})
    as_it_is, measured = options.measure(settings, prices.load(), of_contexts(stage, context))
    if given.page:
        text_of_page = page.PAGE.read_text(encoding="utf-8")
        page.PAGE.write_text(page.with_options(text_of_page, page.options(as_it_is, measured)), encoding="utf-8")
    if given.json:
        print(json.dumps(as_json.options(as_it_is, measured), indent=2, ensure_ascii=False))
    else:
        print("\n".join(text.options(as_it_is, measured)))


def _write(bills: Sequence[Sheet], into: Path) -> None:
    """A picture and a page a stage, and one JSON file."""
    into.mkdir(parents=True, exist_ok=True)
    files = {into / "cost.json": json.dumps(as_json.document(bills), indent=2, ensure_ascii=False) + "\n"}
    for bill in bills:
        files[into / f"{bill.stage}.svg"] = chart.draw(bill)
        files[into / f"{bill.stage}.md"] = page.stacks(bill) + "\n" + page.unsourced([bill])
    for file, content in files.items():
        file.write_text(content, encoding="utf-8")
        print(f"written: {file}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    assert __doc__ is not None
    parser = Parser(
        prog="python -m tools.cost", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_copy(parser)
    parser.add_argument("--assembly", type=Path, metavar="DIR", help="read what cdk synth wrote there, or one a stage")
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--items", action="store_true", help="every resource that costs something")
    shown.add_argument("--all", action="store_true", help="every stage, a line each")
    shown.add_argument("--options", action="store_true", help="what other settings would save, and what they give up")
    parser.add_argument("--json", action="store_true", help="as JSON: tools/cost/bill.schema.json")
    parser.add_argument("--output", type=Path, metavar="DIR", help="also write picture, page and JSON there")
    parser.add_argument("--page", action="store_true", help="with --options: write them into docs/cost.md")
    return parser


if __name__ == "__main__":
    sys.exit(main())
