"""What was found, told apart: left over, kept on purpose, on its way, and what only people may touch.

Owns the sorting; the rules of ownership are `whose`'s, what is there is `account`'s.
"""

from dataclasses import dataclass, field
from typing import Final

from cloudmart_cdk.settings import Settings
from localcloud.leftovers import KEPT_WITH_DATA

from .account import Account
from .kinds import Resource, State
from .table import KINDS
from .whose import Claim, Whose

_DATA: Final = KEPT_WITH_DATA | {"automated backup"}
_ORDER: Final = {kind.name: place for place, kind in enumerate(KINDS)}


@dataclass(frozen=True, kw_only=True)
class Findings:
    """`left`: in the order of removal. `held`: how many resources the stacks that are there hold."""

    left: list[Resource] = field(default_factory=list)
    kept: list[Resource] = field(default_factory=list)
    """Data and keys, of a stage that keeps them when its stacks go (ADR 0005)."""
    pending: list[Resource] = field(default_factory=list)
    unclear: list[Resource] = field(default_factory=list)
    untagged: list[Resource] = field(default_factory=list)
    unknown: list[Resource] = field(default_factory=list)
    held: list[Resource] = field(default_factory=list)


def keeps(settings: Settings, resource: Resource) -> bool:
    """Whether the stage leaves it on purpose."""
    return settings.keeps_data and resource.kind.name in _DATA


def look(account: Account, settings: Settings, *, including_data: bool) -> Findings:
    """Everything of the copy. `including_data`: what was kept on purpose counts as left over."""
    found, copy = Findings(), account.copy()
    for resource in account.tagged():
        match copy.claim(resource.name, resource.tags).whose:
            case Whose.HELD:
                found.held.append(resource)
            case Whose.LEFT:
                _sort(found, account, resource, kept=keeps(settings, resource) and not including_data)
            case Whose.UNCLEAR if account.state(resource) is State.HERE:
                found.unclear.append(resource)
    if not copy.living:
        found.untagged.extend(account.untagged())
    found.left.sort(key=lambda each: (_ORDER[each.kind.name], each.name))
    return found


def _sort(found: Findings, account: Account, resource: Resource, *, kept: bool) -> None:
    state = account.state(resource)
    if state is State.PENDING:
        found.pending.append(resource)
    elif resource.kind.remove is None:
        found.unknown.append(resource)
    elif state is not State.GONE:
        (found.kept if kept else found.left).append(resource)


def claim_now(account: Account, resource: Resource) -> Claim:
    """Judged afresh: by its tags and the stacks as they are at this moment."""
    return account.copy().claim(resource.name, account.tags_now(resource))
