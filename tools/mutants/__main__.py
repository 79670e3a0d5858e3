"""`make mutants`: every mutant of the prod templates, and who noticed it.

Exit status 1 when one survived that nobody listed, or when a listed reason matches nothing any more.
"""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator

from cloudmart_cdk.policy.families import RULES
from tools.assembly import synthesize

from . import relevance, survivors
from .operators import mutants
from .trial import Trial, Verdict, by_cdk_nag, by_our_rules


def main() -> int:
    parser = argparse.ArgumentParser(prog="make mutants", description="Break the templates; see who notices.")
    parser.add_argument("--stage", default="prod")
    parser.add_argument("--only", default="", help="mutants whose name contains this")
    parser.add_argument("--show", action="store_true", help="a line for each mutant")
    parser.add_argument("--no-nag", action="store_true", help="our own rules only")
    arguments = parser.parse_args()
    context = {"stage": arguments.stage}
    assembly = synthesize(context)
    trial = Trial(assembly, context)
    if dirty := trial.clean():
        sys.exit(f"error: given templates with findings of their own; allowed: none; first fix {dirty[0]}")
    relevant = relevance.Relevance(relevance.read())
    made = [mutant for mutant in mutants(trial.templates, relevant) if arguments.only in mutant.name]
    print(f"{len(made)} mutants of stage {arguments.stage}", file=sys.stderr, flush=True)
    workers = os.cpu_count() or 1
    verdicts = []
    for verdict in _told(by_our_rules(assembly, context, made, workers), every=500):
        verdicts.append(verdict)
        if arguments.show:
            print(f"{verdict.mutant.name} -> {', '.join(verdict.rules) or 'nobody'}")
    ours = [verdict for verdict in verdicts if verdict.rules]
    passed = [verdict.mutant for verdict in verdicts if not verdict.rules]
    print(f"  {len(passed)} left for cdk-nag", file=sys.stderr, flush=True)
    nag = [] if arguments.no_nag else list(_told(by_cdk_nag(trial, passed, workers), every=120))
    by_nag = [verdict for verdict in nag if verdict.rules]
    left = [verdict.mutant for verdict in nag if not verdict.rules] if nag else passed
    listed = survivors.Survivors(survivors.read())
    reasons = [(mutant, listed.reason(mutant)) for mutant in left]
    unlisted = [mutant for mutant, reason in reasons if not reason]
    print(f"made {len(made)}, caught {len(ours) + len(by_nag)}, survived {len(left)}")
    print(f"  caught by the project's rules {len(ours)}, by cdk-nag alone {len(by_nag)}")
    print(f"  survivors listed with a reason {len(left) - len(unlisted)}, not listed {len(unlisted)}")
    for reason, count in Counter(reason for _, reason in reasons if reason).most_common():
        print(f"  {count:5} {reason}")
    rules = Counter(rule for verdict in ours for rule in verdict.rules)
    print(f"  rules that caught something: {len(rules)} of {len(RULES)}")
    for mutant in unlisted:
        print(f"survived: {mutant.name}")
    whole = not arguments.only and not arguments.no_nag and arguments.stage == "prod"
    stale = [*relevant.stale, *listed.stale] if whole else []
    for pattern in stale:
        print(f"stale: {pattern!r} matches nothing; delete it from tools/mutants/*.toml")
    return 1 if unlisted or stale else 0


def _told(verdicts: Iterable[Verdict], *, every: int) -> Iterator[Verdict]:
    """The same, and how far they are: it takes twenty minutes."""
    for number, verdict in enumerate(verdicts, start=1):
        yield verdict
        if number % every == 0:
            print(f"  {number} tried", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
