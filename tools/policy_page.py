"""docs/policy.md: every rule of the project's own pack, written from the rules themselves."""

from collections.abc import Iterable
from typing import Final

from cloudmart_cdk.policy.engine import OWN_RULES, PACK
from cloudmart_cdk.policy.families import FAMILIES
from cloudmart_cdk.policy.rule import Rule
from tools.tables import table

_HEAD: Final = f"""# Policies

Written by `make docs` from the rules in `cloudmart_cdk/policy/families/`. At every synth they run beside cdk-nag's
AwsSolutions pack, over the finished templates of all stacks, with references resolved from stack to stack; any finding
fails the synth. What the rule sets that others publish say is in [compliance.md](compliance.md).

A finding looks like this:

    FATAL DataStack/Database/Instance (AWS::RDS::DBInstance, DataStack): StorageEncrypted is false; allowed: true
       Suggested fix: set StorageEncrypted to true
       Rule {PACK}::RDS-1

## How to answer a finding

1. **Fix it.** The line says what is there, what is allowed and what to do.
2. **Change the law**, where a table is the law: a port is a row in `cloudmart_cdk/security_groups.py`, a new resource
   type is classified in `policy/families/classification.py`, a figure is a setting.
3. **Acknowledge it**, where the last column has an id, beside the construct, with why it is safe *here*:

       acknowledge(role, {{"{PACK}::IAM-2[ssm:GetDocument]": "The agent reads what an operator runs on it."}})

   The id is exact, with what the finding shows in brackets behind it (`IAM-2[ssm:GetDocument]`). It covers the
   construct and what is below it. A reason has six words or more; an acknowledgement that covers nothing any
   more fails the synth itself (ACK-1). Where the column is empty nobody can accept the finding.

`-c policy=off` checks nothing, says so at every synth and at the end of `make deploy`, and is refused in CI.

## Does it hold?

`make mutants` takes the templates of prod, breaks them one property at a time, and asks who notices. A test does the
same with every 25th of them.

"""


def page() -> str:
    """The whole document."""
    parts = [_HEAD]
    for family in FAMILIES:
        title, _, rest = (family.__doc__ or "").partition("\n\n")
        parts.append(f"## {_one_line(title)}\n\n{_first_sentence(rest)}\n\n{_rules(family.RULES)}\n")
    parts.append(f"## ACK and READ: the pack's own\n\n{_rules(OWN_RULES)}")
    return "".join(parts)


def _rules(rules: Iterable[Rule]) -> str:
    rows = [[rule.id, rule.what, rule.why, rule.fix, _acknowledged_as(rule)] for rule in rules]
    return table(["rule", "what", "why", "fix", "acknowledged as"], rows)


def _acknowledged_as(rule: Rule) -> str:
    return f"`{PACK}::{rule.id}`" if rule.acknowledgeable else ""


def _one_line(text: str) -> str:
    return " ".join(text.split()).rstrip(".")


def _first_sentence(text: str) -> str:
    return _one_line(text.partition(". ")[0]).removesuffix(".") + "." if text else ""
