"""The two colours of the shop's backend and which of them is live.

The live colour is state, not configuration: a release writes it to Parameter Store, and the template asks
for it at each deploy (an SSM-typed CloudFormation parameter). So a deploy after a release keeps sizes and
listener weights where the release put them.
"""

from enum import StrEnum
from typing import Final

import aws_cdk as cdk
from constructs import Construct

LIVE_COLOUR_PARAMETER: Final = "backend/live-colour"
"""Below `/<name>/<stage>/`."""


class Colour(StrEnum):
    """The colours; a first deploy makes blue live."""

    BLUE = "blue"
    GREEN = "green"


class LiveColour(Construct):
    """Chooses values by colour: `choice(Colour.BLUE, "2", "0")` is "2" while blue is live, else "0"."""

    def __init__(self, scope: Construct, id: str, *, parameter_name: str) -> None:
        super().__init__(scope, id)
        live = cdk.CfnParameter(
            self,
            "Parameter",
            type="AWS::SSM::Parameter::Value<String>",
            default=parameter_name,
            description="Which backend colour is live; written by a release",
        )
        self._conditions = {
            colour: cdk.CfnCondition(
                self, f"{colour.title()}Live", expression=cdk.Fn.condition_equals(live.value_as_string, colour)
            )
            for colour in Colour
        }

    def choice(self, colour: Colour, live: str | int, idle: str | int) -> cdk.ICfnRuleConditionExpression:
        """`live` while `colour` is the live one, else `idle`."""
        return cdk.Fn.condition_if(self._conditions[colour].logical_id, live, idle)
