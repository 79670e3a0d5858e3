"""IAM, continued: grants whose resource is a pattern, and which a condition alone holds to what is ours.

Owns the table of such actions. That a `*` needs a reason is IAM-2's and cdk-nag's; but a reason that says "bound by its
condition" would outlive the condition, so here the condition itself is asked for, and nothing can be acknowledged.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from ..model import Deployment, text_of
from ..rule import Found, Rule, shown
from ..statements import Statement, allowing


@dataclass(frozen=True)
class _Grant:
    """Actions that are dangerous on what is not ours, and the keys that have to say what is."""

    actions: tuple[str, ...]
    keys: tuple[str, ...]
    """In lower case; one that ends with `/` is a prefix. Each has to be there."""
    allows: str


_GRANTS: Final = (
    _Grant(
        ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"),
        ("kms:resourcealiases", "kms:viaservice"),
        "one key, or conditions on kms:ResourceAliases and kms:ViaService",
    ),
    _Grant(
        tuple(
            f"autoscaling:{action}"
            for action in (
                "SetDesiredCapacity",
                "TerminateInstanceInAutoScalingGroup",
                "UpdateAutoScalingGroup",
                "DeleteAutoScalingGroup",
            )
        ),
        ("aws:resourcetag/",),
        "named scaling groups, or a condition on aws:ResourceTag/... that only their owner sets",
    ),
    _Grant(
        ("ssm:SendCommand", "ssm:StartSession"),
        ("aws:resourcetag/",),
        "stated instances, or a condition on aws:ResourceTag/... that their launch sets",
    ),
)


def _bound(app: Deployment) -> Iterator[Found]:
    for statement in allowing(app, "identity"):
        for grant in _GRANTS:
            meant = statement.meant(*grant.actions)
            if meant and any(map(_pattern, statement.values("resource"))) and not _holds(statement, grant):
                given = f"{', '.join(meant)} on {shown(statement.values('resource')[0])}"
                yield Found(statement.resource, f"{given}, in {statement.name}", grant.allows, statement.where)


def _pattern(resource: Any) -> bool:
    """Whether the last part, which names the one resource, names several."""
    last = re.split(r"[/:]", text_of(resource))[-1]
    return "*" in last or "?" in last


def _holds(statement: Statement, grant: _Grant) -> bool:
    found = {key for key, values in statement.positive() if not any("*" in text_of(value) for value in values)}
    return all(any(_is(key, wanted) for key in found) for wanted in grant.keys)


def _is(key: str, wanted: str) -> bool:
    return key.startswith(wanted) if wanted.endswith("/") else key == wanted


RULES: Final = (
    Rule(
        "IAM-14",
        "Keys, scaling groups and commands on servers that are granted by a pattern are bound by a condition",
        "IAM guide, security best practices, least privilege; KMS guide, `kms:ResourceAliases`. Twelve students share "
        "an account: without the condition the pattern is everybody's.",
        "name the resource; where only AWS knows the name, bind by the alias or by the tags that AWS itself sets",
        _bound,
        acknowledgeable=False,
    ),
)
