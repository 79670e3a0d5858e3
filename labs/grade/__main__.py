"""The command line: `python -m labs.grade --stage lab [--local]`.

Owns exit statuses and the last line, on standard error when it is an error. 0: graded; 1: below `--minimum`, above the
budget then, or not gradable; 2: bad command line; 130: interrupted.
"""

import argparse
import sys
from typing import TYPE_CHECKING, Final

from commands.ending import ended
from commands.place import explained
from labs.grade import command_line

if TYPE_CHECKING:
    from labs.grade.grading import Grade
    from labs.grade.shop import Shop
    from labs.place import Place

_DRILL_S: Final = 900.0
_ASK_S: Final = 1.0


def run(arguments: argparse.Namespace) -> int:
    """Grades, and says so. Raises `CommandError`, and what boto3 raises."""
    from labs import place
    from labs.grade import report

    context = arguments.context
    where = place.in_local_cloud(context, folder=arguments.state) if arguments.local else place.on_aws(context)
    grade = _grade(arguments, where)
    least = report.PASS if arguments.minimum is None else arguments.minimum
    if arguments.markdown is not None:
        arguments.markdown.write_text(report.markdown(grade, arguments.language, least=least), encoding="utf-8")
    if arguments.json:
        print(report.as_json(grade, arguments.language, least=least))
    else:
        print(report.text(grade, arguments.language, least=least, details=arguments.details))
    return 0 if arguments.minimum is None or grade.passed(least) else 1


def _grade(arguments: argparse.Namespace, where: "Place") -> "Grade":
    from labs.grade import cost, drill
    from labs.grade.deployed import Deployed
    from labs.grade.grading import Grade, judge
    from labs.grade.parts import Parts

    prefix, shop = where.settings.names.prefix, _shop(arguments)
    if not where.local:
        _say(f"reading {prefix} in {where.settings.region}, which takes AWS half a minute")
    deployed = Deployed(where.client, prefix=prefix, region=where.settings.region)
    tried = None
    if arguments.drill:
        poll_s = min(where.poll_s, _ASK_S)
        tried = drill.run(Parts(deployed, shop), where.client, poll_s=poll_s, deadline_s=_DRILL_S, say=_say)
        # What was read before the drill may be another instance by now.
        deployed = Deployed(where.client, prefix=prefix, region=where.settings.region)
    parts = Parts(deployed, shop, drilled=None if tried is None or tried.refused else tried.served)
    return Grade(
        deployment=prefix,
        place="local cloud" if where.local else f"AWS {deployed.account}, {deployed.region}",
        marks=judge(parts),
        cost=cost.of(deployed, where.settings),
        drill=tried,
    )


def _shop(arguments: argparse.Namespace) -> "Shop":
    from labs.grade.shop import Shop

    if not arguments.local:
        return Shop()
    from localcloud.state import State

    cloud = State(arguments.state).load()
    return Shop(cloud.endpoint if cloud else "")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> int:
    """Runs the command; whatever fails ends in one line."""
    return ended(_explained, interrupted="an instance that was ended is replaced by its group")


def _explained() -> int:
    arguments = command_line.parse()
    with explained():
        return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
