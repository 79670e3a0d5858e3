"""The challenge's condition: what the deployed templates cost for a session of 50 minutes, at the course's prices.

Owns the reading of the templates and the cap; prices and quantities are `cloudmart_cdk.costs`'. Without the lines that
specification section 8 puts apart (keys, secrets, web ACLs, public addresses, EBS).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from labs.grade.deployed import Deployed, Stack, UnreadableError

if TYPE_CHECKING:
    from cloudmart_cdk.settings import Settings

CAP_USD: Final = 0.80
"""Specification section 8: all six stacks for 50 minutes."""
_DEAREST: Final = 5


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Of one session. Rounded to a tenth of a cent, so that nobody fails by what a float cannot hold."""

    usd: float = 0.0
    unsourced_usd: float = 0.0
    """Of it, at prices that no public document was found for."""
    unknown: str = ""
    """Why it could not be priced; then it is not within the cap."""
    dearest: tuple[tuple[str, float], ...] = ()
    """What costs most: stack and item, USD a session."""

    @property
    def within(self) -> bool:
        return not self.unknown and round(self.usd, 3) <= CAP_USD


def of(deployed: Deployed, settings: "Settings") -> Cost:
    """Prices the templates that the stacks run with."""
    from cloudmart_cdk.costs import prices, volumes
    from cloudmart_cdk.costs.bill import CAPPED, bill
    from cloudmart_cdk.costs.charge import SESSION_HOURS, Unpriced
    from cloudmart_cdk.policy import model

    try:
        stacks = [
            model.Stack(
                id=stack.name.removeprefix(f"{deployed.prefix}-"),
                name=stack.name,
                region=stack.region,
                template=_template(deployed, stack),
            )
            for stack in deployed.stacks
        ]
        made = bill(model.Deployment(stacks, settings), prices.load(), volumes.load()).only(kinds=CAPPED)
    except UnreadableError as refused:
        return Cost(unknown=f"not allowed: needs {refused}")
    except Unpriced as missing:
        return Cost(unknown=str(missing))
    except ValueError as broken:
        return Cost(unknown=str(broken))
    items = sorted(made, key=lambda item: (-item.usd_hour("course"), item.stack, item.logical_id, item.what))
    return Cost(
        usd=made.usd_session("course"),
        unsourced_usd=sum(item.usd_hour("course") * SESSION_HOURS for item in made if not item.sourced("course")),
        dearest=tuple(
            (f"{item.stack}: {item.what}", item.usd_hour("course") * SESSION_HOURS) for item in items[:_DEAREST]
        ),
    )


def _template(deployed: Deployed, stack: Stack) -> Mapping[str, Any]:
    body = deployed.read("cloudformation", "get_template", stack.region, StackName=stack.name).get("TemplateBody")
    if isinstance(body, str):
        try:
            body = json.loads(body)
        except ValueError:
            raise ValueError(f"the template of {stack.name} is YAML; allowed: JSON, as CDK writes it") from None
    if not isinstance(body, Mapping):
        raise ValueError(f"{stack.name} has no template")
    return body
