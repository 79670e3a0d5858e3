"""The removal: in order, again and again for what still waits for something else, and a reason for what stays.

Owns patience. Right before each call the resource is judged once more, so that a stack deployed meanwhile, or a tag
that somebody changed, is honoured.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from botocore.exceptions import ClientError

from commands.place import EXPIRED, REFUSED

from .account import Account
from .findings import claim_now
from .kinds import Resource, State, absent
from .whose import Whose


@dataclass(frozen=True)
class Outcome:
    """`removed`: gone, or, of keys, on the way by a day that is set. `stayed`: each with the reason."""

    removed: list[Resource] = field(default_factory=list)
    stayed: list[tuple[Resource, str]] = field(default_factory=list)


def remove(
    account: Account,
    resources: Iterable[Resource],
    *,
    patience_s: float,
    poll_s: float,
    tell: Callable[[str], None],
) -> Outcome:
    """Removes what may be removed. `patience_s`: for how long what is refused or on its way is looked at again.

    Raises what boto3 says of credentials that have expired: no patience mends them.
    """
    outcome, waiting = Outcome(), list(resources)
    deadline = time.monotonic() + patience_s
    while waiting:
        again: list[tuple[Resource, str]] = []
        for resource in waiting:
            reason, final = _try(account, resource)
            if not reason:
                outcome.removed.append(resource)
                tell(f"  gone: {resource.kind.name} {resource.name}")
            elif final:
                outcome.stayed.append((resource, reason))
            else:
                again.append((resource, reason))
        if time.monotonic() >= deadline:
            outcome.stayed.extend(again)
            break
        # What has just gone may have been all that the rest waited for.
        if again and len(again) == len(waiting):
            tell(f"  waiting for {len(again)}, as {again[0][0].kind.name} {again[0][0].name}: {again[0][1]}")
            time.sleep(min(poll_s, max(deadline - time.monotonic(), 0)))
        waiting = [resource for resource, _ in again]
    return outcome


def _try(account: Account, resource: Resource) -> tuple[str, bool]:
    """Why it is still there, empty when it is not; and whether to ask no more."""
    try:
        state = account.state(resource)
        if state in (State.GONE, State.PENDING):
            return "", True
        if state is State.GOING:
            return "on its way", False
        claim = claim_now(account, resource)
        if claim.whose is not Whose.LEFT:
            return f"not touched: it is {claim.whose} now", True
        resource.kind.take_away(account.client(resource), resource)
        state = account.state(resource)
        return ("", True) if state in (State.GONE, State.PENDING) else ("on its way", False)
    except ClientError as refused:
        if absent(refused):
            return "", True
        error = refused.response["Error"]
        if error.get("Code", "") in EXPIRED:
            raise
        reason = " ".join(f"{error.get('Code', '')}: {error.get('Message', '')}".split())
        return reason, error.get("Code", "") in REFUSED
    except RuntimeError as refused:
        return str(refused), False
