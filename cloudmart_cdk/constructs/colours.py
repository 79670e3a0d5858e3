"""The two colours of the shop's backend and which of them is live.

The live colour is state, not configuration: it is a parameter of BackendAsgStack's template, which a release
changes and every other deploy leaves as it is. So a deploy after a release keeps sizes and listener weights
where the release put them (ADR 0004).
"""

from enum import StrEnum
from typing import Final

import aws_cdk as cdk
from constructs import Construct

LIVE_COLOUR: Final = "LiveColour"
"""The template parameter: `aws cloudformation update-stack --use-previous-template --parameters
ParameterKey=LiveColour,ParameterValue=green` flips the shop."""


class Colour(StrEnum):
    """The colours; a first deploy makes blue live."""

    BLUE = "blue"
    GREEN = "green"


class LiveColour(Construct):
    """Chooses values by colour: `choice(Colour.BLUE, "2", "0")` is "2" while blue is live, else "0"."""

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id)
        live = cdk.CfnParameter(
            self,
            "Parameter",
            type="String",
            default=Colour.BLUE,
            allowed_values=list(Colour),
            description="Which backend colour is live; a release changes it, a deploy keeps it",
        )
        live.override_logical_id(LIVE_COLOUR)
        self._conditions = {
            colour: cdk.CfnCondition(
                self, f"{colour.title()}Live", expression=cdk.Fn.condition_equals(live.value_as_string, colour)
            )
            for colour in Colour
        }

    def choice(self, colour: Colour, live: str | int, idle: str | int) -> cdk.ICfnRuleConditionExpression:
        """`live` while `colour` is the live one, else `idle`."""
        return cdk.Fn.condition_if(self._conditions[colour].logical_id, live, idle)
