"""`python -m tools.pipeline changes|comment|drift|smoke`: what the workflows call. 1: refused, 2: bad command line."""

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from commands.ending import ended
from commands.errors import CommandError
from commands.options import Parser

_STAGES = ("lab", "dev", "staging", "prod")
"""Said here, not asked of the settings' model, which needs what is not installed where a token can write."""


def parser() -> argparse.ArgumentParser:
    """Each command with what it takes."""
    made = Parser(prog="python -m tools.pipeline", description=__doc__)
    commands = made.add_subparsers(dest="command", required=True)
    changes = commands.add_parser("changes", help="template changes of all stages, as Markdown")
    changes.add_argument("base", type=Path, help="folder with a cloud assembly a stage, before")
    changes.add_argument("head", type=Path, help="the same, after")
    changes.add_argument("--markdown", type=Path, help="where it goes; standard output without")
    comment = commands.add_parser("comment", help="texts into the one comment on a pull request")
    comment.add_argument("files", type=Path, nargs="*", help="Markdown; what is not there is left out")
    comment.add_argument("--head", required=True, help="OWNER:BRANCH of the event")
    comment.add_argument("--commit", required=True, help="the commit that the run was about")
    comment.add_argument("--run", required=True, help="address of the run that made the texts")
    drift = commands.add_parser("drift", help="the one issue about drift")
    drift.add_argument("folder", type=Path, help="what `cdk drift` said, <stage>.txt each")
    drift.add_argument("--stages", nargs="+", required=True, help="those that were to be looked at")
    smoke = commands.add_parser("smoke", help="whether the shop answers")
    smoke.add_argument("--stage", required=True, choices=_STAGES)
    where = smoke.add_mutually_exclusive_group(required=True)
    where.add_argument("--outputs", type=Path, help="what `cdk deploy --outputs-file` wrote")
    where.add_argument("--url", help="the shop's address")
    return made


def _changes(given: argparse.Namespace) -> None:
    from tools.pipeline import changes

    found, stages = changes.between(given.base, given.head)
    text = changes.markdown(found, stages=stages)
    if given.markdown:
        given.markdown.write_text(text, encoding="utf-8")
    else:
        print(text, end="")


def _comment(given: argparse.Namespace) -> None:
    from tools.pipeline import comment, github

    comment.checked(given.head, given.commit)
    print(comment.post(github.of_this_run(), given.files, head=given.head, commit=given.commit, made_by=given.run))


def _drift(given: argparse.Namespace) -> None:
    from tools.pipeline import drift, github

    print(drift.report(github.of_this_run(), drift.read(given.folder, given.stages)))


def _smoke(given: argparse.Namespace) -> None:
    from cloudmart_cdk.settings import load_settings
    from tools.pipeline import smoke

    sleeps = load_settings({"stage": given.stage}).off_hours
    url = given.url or smoke.address(given.outputs)
    if url is None:
        print("no shop that is reached from outside: nothing to ask")
        return
    backend = not (sleeps and smoke.asleep(datetime.now(UTC)))
    print(smoke.ask(url, stage=given.stage, backend=backend, patience=smoke.Patience()))


_COMMANDS = {"changes": _changes, "comment": _comment, "drift": _drift, "smoke": _smoke}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; what fails ends in one line."""
    return ended(lambda: _run(arguments), interrupted="run it again")


def _run(arguments: Sequence[str] | None) -> None:
    given = parser().parse_args(arguments)
    try:
        _COMMANDS[given.command](given)
    except CommandError as refused:
        if os.environ.get("GITHUB_ACTIONS") == "true":
            print(f"::error::{str(refused).removeprefix('error: ')}")
        raise


if __name__ == "__main__":
    sys.exit(main())
