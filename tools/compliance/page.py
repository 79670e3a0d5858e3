"""docs/compliance.md: figures of each pack, and what was decided about each failure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from tools import tables
from tools.compliance import guard, nag
from tools.compliance.decisions import TO_MEND, Decision, Judgement
from tools.compliance.model import CONFIGURATIONS, Failure, Pack, Rule, Tally

_HEAD: Final = """# Compliance: rule sets that others publish

Written by `make compliance`: AWS's and cdk-nag's rules, run offline over what the app synthesizes, joined with
[`decisions.toml`](../tools/compliance/decisions.toml). A test fails when this page is out of date, when a failure has
no decision, and when a decision covers no failure.

"""
_FIGURES: Final = """
## Figures

*prod* and *lab* are the stages as their files have them; *prod with a domain* has `-c domain.name=... -c
domain.zone_id=...` as well, and with it certificates and TLS up to the load balancers.

"""
_MEANING: Final = """
| figure | means |
| --- | --- |
| rules | rules of the pack, each counted once, on however many resources it looks |
| passed | it looked at something of its kind and found no fault |
| refused | it failed, and the section *Refused* says for each resource why that stays so |
| not applicable | nothing of its kind is there |

What they do not mean:

- **Not a certificate.** Rules judge templates; most of what a framework demands is about who has access, how people
  work and what runs. A passed rule supports an assessment and replaces none. Versions are those that the packages
  carry: PCI DSS 3.2.1 was retired in March 2024, CIS 1.4 has successors.
- **One rule, several packs.** AWS maps each rule of Control Tower to the requirements that it helps with; it counts in
  every pack that it is mapped to. *Security Hub* (FSBP) are rules that AWS relates to a control of its Foundational
  Security Best Practices; Security Hub itself looks at what runs.
- **References between stacks.** cfn-guard does not know `Fn::GetStackOutput`. It is given the text `stack.output`
  instead, where the app has that output; otherwise access logs and functions in the VPC would fail on the form of the
  reference alone. No other verdict depends on it.
- **What cdk-nag sees** are CDK's typed resources, so not the functions and roles that CDK writes untyped for its own
  custom resources; Control Tower's rules see those. It keeps findings only: what the other rules said is listened to
  while it runs (`tools/compliance/verdicts.js`).
- **AwsSolutions**, the pack that every synth runs, is not repeated here: its acknowledgements stand beside the
  constructs.

"""


def tally(pack: Pack, configuration: str, judgement: Judgement) -> Tally:
    """A rule with an undecided failure is undecided, else with one to mend to mend, else refused."""
    counted = Tally()
    for id, verdict in pack.verdicts[configuration].items():
        if id not in pack.rules:
            continue
        if verdict.outcome == "failed":
            name = pack.rules[id].name
            decided = [judgement.covered.get(Failure(name, path, configuration)) for path in verdict.resources]
            if None in decided:
                counted.undecided += 1
            elif any(decision and decision.to_mend for decision in decided):
                counted.to_mend += 1
            else:
                counted.refused += 1
        elif verdict.outcome == "passed":
            counted.passed += 1
        else:
            counted.not_applicable += 1
    return counted


def render(packs: Sequence[Pack], decisions: Sequence[Decision], judgement: Judgement) -> str:
    rules = {rule.name: rule for rule in _merged(packs)}
    parts = [_HEAD, _sources(), _FIGURES, _figures(packs, judgement), _MEANING]
    kept: dict[str, list[Decision]] = {"To mend": [], "Refused": []}
    for decision in decisions:
        if decision.kind == "refused":
            kept["To mend" if decision.to_mend else "Refused"].append(decision)
    for heading, chosen in kept.items():
        if chosen:
            parts += [f"## {heading}\n\n", _decided(heading, chosen, judgement, rules), "\n"]
    if mended := [decision for decision in decisions if decision.kind == "mended"]:
        parts += ["## Mended\n\nFailed once; a test fails if they do again.\n\n", _mended(mended, rules), "\n"]
    return "".join(parts).rstrip("\n") + "\n"


def _sources() -> str:
    controls = len(guard.controls())
    rows = [
        [
            f"AWS Control Tower's proactive controls, {controls} rules for CloudFormation Guard",
            f"`{guard.PACKAGE}` {guard.version()}, {guard.binary_version()}",
            "the templates",
        ],
        ["cdk-nag's packs NIST 800-53 r5 and PCI DSS 3.2.1", f"`cdk-nag` {nag.version()}", "the construct tree"],
    ]
    return tables.table(["rules", "package", "look at"], rows)


def _figures(packs: Sequence[Pack], judgement: Judgement) -> str:
    """A table for each configuration: a row for each pack."""
    counted = {name: [(pack, tally(pack, name, judgement)) for pack in packs] for name in CONFIGURATIONS}
    every = [count for rows in counted.values() for _, count in rows]
    pending = {
        "to mend": any(count.to_mend for count in every),
        "undecided": any(count.undecided for count in every),
    }
    shown = [name for name, some in pending.items() if some]
    parts = []
    for name, rows in counted.items():
        lines = [
            [
                f"{pack.title}, {pack.source}",
                str(len(pack.rules)),
                str(count.passed),
                str(count.refused),
                *(str({"to mend": count.to_mend, "undecided": count.undecided}[column]) for column in shown),
                str(count.not_applicable),
            ]
            for pack, count in rows
        ]
        parts.append(tables.table([f"**{name}**", "rules", "passed", "refused", *shown, "not applicable"], lines))
    return "\n".join(parts)


def _decided(heading: str, decisions: Iterable[Decision], judgement: Judgement, rules: Mapping[str, Rule]) -> str:
    rows = []
    for decision in decisions:
        failures = [failure for failure, by in judgement.covered.items() if by is decision]
        rows.append(
            [
                _named(decision, rules),
                _wants(decision, rules),
                _places({failure.resource for failure in failures}),
                _configurations({failure.configuration for failure in failures}),
                decision.text.removeprefix(TO_MEND).strip(),
            ]
        )
    last = "change" if heading == "To mend" else "why it stays"
    return tables.table(["rule, and what it counts for", "says", "fails on", "in", last], rows)


def _mended(decisions: Iterable[Decision], rules: Mapping[str, Rule]) -> str:
    rows = [
        [
            _named(decision, rules),
            _wants(decision, rules),
            _places(decision.resources),
            _configurations(set(decision.configurations)),
            decision.text,
        ]
        for decision in decisions
    ]
    return tables.table(["rule, and what it counts for", "says", "failed on", "in", "change"], rows)


def _named(decision: Decision, rules: Mapping[str, Rule]) -> str:
    """Rules with their severity, then what they count for together."""
    known = [rules[name] for name in decision.rules if name in rules]
    names = [f"{rule.name} ({rule.severity})" if rule.severity else rule.name for rule in known]
    counts_for = list(dict.fromkeys(entry for rule in known for entry in rule.counts_for))
    frameworks = [short for short in guard.FRAMEWORKS.values() if short in counts_for]
    hub = [entry for entry in counts_for if entry not in frameworks]
    return "<br>".join([*names, f"*{', '.join([*frameworks, *hub])}*" if counts_for else "*no framework*"])


def _wants(decision: Decision, rules: Mapping[str, Rule]) -> str:
    """Control Tower's words where it has a rule for the same, else cdk-nag's."""
    said = [rules[name] for name in decision.rules if name in rules and rules[name].wants]
    of_aws = [rule for rule in said if rule.severity]
    return "<br>".join(dict.fromkeys(rule.wants for rule in of_aws or said))


def _places(paths: Iterable[str]) -> str:
    """By stack: `VpcStack: Logs/Bucket, Network/FlowLogGroup`. A lone `*` is every resource that the rule looks at."""
    by_stack: dict[str, list[str]] = {}
    for path in sorted(paths):
        if path == "*":
            return "everything of its kind"
        stack, _, rest = path.partition("/")
        by_stack.setdefault(stack, []).append(rest)
    return "<br>".join(f"{stack}: {', '.join(names)}" for stack, names in by_stack.items())


def _configurations(names: set[str]) -> str:
    return "all" if len(names) == len(CONFIGURATIONS) else ", ".join(name for name in CONFIGURATIONS if name in names)


def _merged(packs: Iterable[Pack]) -> list[Rule]:
    """One rule a name, counting for what it counts for in all packs."""
    merged: dict[str, Rule] = {}
    for pack in packs:
        for rule in pack.rules.values():
            before = merged.get(rule.name, rule)
            merged[rule.name] = Rule(
                id=rule.name,
                name=rule.name,
                wants=before.wants or rule.wants,
                severity=rule.severity,
                counts_for=tuple(dict.fromkeys([*before.counts_for, *rule.counts_for])),
            )
    return list(merged.values())
