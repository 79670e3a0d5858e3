"""Who meets which colour: the weights of the load balancer.

Owns every place where requests are split between the two target groups, in listeners and in rules.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from delivery.backend import Backend
from delivery.errors import DeliveryError

Action = dict[str, Any]


@dataclass(frozen=True)
class Traffic:
    """`elbv2`: a boto3 client."""

    elbv2: Any
    backend: Backend

    def shares(self) -> dict[str, int]:
        """Colour -> percent of requests, where it is most: two listeners that differ add up to more than 100."""
        most = dict.fromkeys(self.backend.sides, 0)
        for _, _, actions in self._places():
            for action in filter(self._splits, actions):
                weights = self._weights(action)
                whole = sum(weights.values()) or 1
                for colour in most:
                    most[colour] = max(most[colour], round(100 * weights[colour] / whole))
        return most

    def set(self, shares: Mapping[str, int]) -> None:
        """Colour -> weight, everywhere. A place that has them already is left alone."""
        found = False
        for listener, rule, actions in self._places():
            splitting = [action for action in actions if self._splits(action)]
            found = found or bool(splitting)
            if all(self._weights(action) == dict(shares) for action in splitting):
                continue
            changed = [self._with(action, shares) if self._splits(action) else action for action in actions]
            if rule is None:
                self.elbv2.modify_listener(ListenerArn=listener, DefaultActions=changed)
            else:
                self.elbv2.modify_rule(RuleArn=rule, Actions=changed)
        if not found:
            raise DeliveryError(
                "load balancer",
                why="given no listener that forwards to both colours; allowed: at least one",
                do="deploy the backend's stack again",
            )

    def _places(self) -> Iterator[tuple[str, str | None, list[Action]]]:
        """Listener, rule (None: the listener's own actions), actions."""
        listeners = self.elbv2.get_paginator("describe_listeners").paginate(LoadBalancerArn=self.backend.load_balancer)
        for listener in [entry for page in listeners for entry in page["Listeners"]]:
            arn = listener["ListenerArn"]
            yield arn, None, listener["DefaultActions"]
            for page in self.elbv2.get_paginator("describe_rules").paginate(ListenerArn=arn):
                for rule in page["Rules"]:
                    if not rule.get("IsDefault"):
                        yield arn, rule["RuleArn"], rule["Actions"]

    def _splits(self, action: Action) -> bool:
        groups = {entry["TargetGroupArn"] for entry in action.get("ForwardConfig", {}).get("TargetGroups", [])}
        return {side.target_group for side in self.backend.sides.values()} <= groups

    def _weights(self, action: Action) -> dict[str, int]:
        weights = {entry["TargetGroupArn"]: entry.get("Weight", 1) for entry in action["ForwardConfig"]["TargetGroups"]}
        return {colour: weights[side.target_group] for colour, side in self.backend.sides.items()}

    def _with(self, action: Action, shares: Mapping[str, int]) -> Action:
        groups = [
            {"TargetGroupArn": side.target_group, "Weight": shares[colour]}
            for colour, side in self.backend.sides.items()
        ]
        # Beside two groups the single one, which AWS describes too, is refused.
        kept = {key: value for key, value in action.items() if key != "TargetGroupArn"}
        return {**kept, "ForwardConfig": {**action["ForwardConfig"], "TargetGroups": groups}}
