"""`make plan`: how long a deploy and a destroy of a stage take, and what decides it. Needs no account."""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from cloudmart_cdk.settings import SettingsError, load_settings
from tools.assembly import synthesize

from . import gantt, report, times
from .errors import PlanError
from .plan import CONCURRENCY, make
from .times import Operation


def main(arguments: Sequence[str] | None = None) -> int:
    """Status 0; 1 and one line when something is wrong."""
    given = _parser().parse_args(arguments)
    context = dict(given.context) | {key: value for key in ("stage", "name") if (value := getattr(given, key))}
    operation: Operation = "delete" if given.destroy else "create"
    try:
        load_settings(context)  # says in one line what is wrong, before CDK starts
        plan = make(synthesize(context), times.load(), operation, concurrency=given.concurrency)
        title = ", ".join([f"stage {context.get('stage', 'lab')}", *_overrides(given.context)])
        if given.svg:
            given.svg.write_text(gantt.draw(plan, title=title), encoding="utf-8")
    except subprocess.CalledProcessError as failed:
        print(f"error: plan: given a synth of status {failed.returncode}; allowed: 0; see above", file=sys.stderr)
        return 1
    except (PlanError, SettingsError) as refused:
        print(f"error: {str(refused).removeprefix('error: ')}", file=sys.stderr)
        return 1
    except OSError as refused:
        print(
            f"error: plan: given {given.svg}; allowed: a file that can be written; {refused.strerror}", file=sys.stderr
        )
        return 1
    if given.json:
        print(json.dumps({"of": title} | report.data(plan), indent=2))
    else:
        print(report.text(plan, title=title), end="")
        if given.narrow:
            print("\nshorter by, if\n" + report.gains(plan), end="")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.plan", description=__doc__)
    parser.add_argument("--stage", default="", help="lab (default), dev, staging or prod")
    parser.add_argument("--name", default="", help="as -c name=")
    parser.add_argument("-c", dest="context", action="append", default=[], type=_pair, metavar="SETTING=VALUE")
    parser.add_argument("--destroy", action="store_true", help="the way down")
    parser.add_argument("--concurrency", type=_count, default=CONCURRENCY, help=f"stacks at once ({CONCURRENCY})")
    parser.add_argument(
        "--narrow", action="store_true", help="also: what would be shorter if something waited for less"
    )
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="a picture too")
    return parser


def _overrides(context: Sequence[tuple[str, str]]) -> list[str]:
    return [f"{key}={value}" for key, value in context if key != "stage"]


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"given {text}; allowed: SETTING=VALUE")
    return name, value


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"given {text}; allowed: 1 or more")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
