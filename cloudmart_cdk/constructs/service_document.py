"""The Automation document that releases one service: the calls of `service_releases`, and no other.

Owns the document's parameters and steps (Systems Manager guide, "Systems Manager Automation actions reference", schema
0.3). What it may do is `service_delivery`'s.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from .. import service_releases as releases
from ..service_releases import Order, Track

_REST_S: Final = 3600
"""Somebody else's deploy is waited for, until the canary that nobody meets any more can be removed."""
_SETTLED: Final = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE")
_UPDATES: Final = (Order.RELEASE, Order.STAND_IN, Order.CANARY, Order.END)


def content(
    service: str,
    *,
    role_arn: str,
    stack: str,
    every: Sequence[str],
    rule_arn: str,
    group_arns: Mapping[Track, str],
    stickiness: Mapping[str, Any] | None,
    largest: int,
) -> dict[str, Any]:
    """The document. `stack`: its id; `every`: all parameters of its template; `largest`: most pods of a track."""

    def weights(order: Order, shares: Mapping[Track, Any], **then: Any) -> dict[str, Any]:
        call = releases.modify_rule(rule_arn, group_arns, shares, stickiness)
        return _call(order, "elbv2", "ModifyRule", call, **then)

    given = {"image": "{{ Image }}", "release": "{{ Release }}", "minimum": "{{ Minimum }}"}
    updates = [
        _call(
            order,
            "cloudformation",
            "UpdateStack",
            releases.update_stack(stack, every, releases.changes(order, service, **given)),
            isEnd=True,
        )
        for order in _UPDATES
    ]
    return {
        "schemaVersion": "0.3",
        "description": f"What a release of {service} changes: python -m delivery starts it, and so does an alarm on "
        "the canary (abort). docs/release-services.md",
        "assumeRole": role_arn,
        "parameters": _parameters(largest),
        "mainSteps": [
            {
                "name": "Choose",
                "action": "aws:branch",
                "inputs": {
                    "Choices": [
                        {"NextStep": _step(order), "Variable": "{{ Order }}", "StringEquals": str(order)}
                        for order in Order
                    ]
                },
                "isEnd": True,
            },
            weights(Order.WEIGHTS, {track: f"{{{{ {track.title()} }}}}" for track in Track}, isEnd=True),
            *updates,
            weights(Order.ABORT, releases.shares(0), nextStep="Rest"),
            {
                "name": "Rest",
                "action": "aws:waitForAwsResourceProperty",
                "timeoutSeconds": _REST_S,
                "onFailure": "Abort",
                "inputs": {
                    "Service": "cloudformation",
                    "Api": "DescribeStacks",
                    "StackName": stack,
                    "PropertySelector": "$.Stacks[0].StackStatus",
                    "DesiredValues": list(_SETTLED),
                },
                "nextStep": _step(Order.END),
            },
        ],
    }


def _step(order: Order) -> str:
    return "".join(part.title() for part in order.split("-"))


def _call(order: Order, service: str, api: str, arguments: Mapping[str, Any], **then: Any) -> dict[str, Any]:
    # Said once: a second UpdateStack would be refused while the first one is at work.
    return {
        "name": _step(order),
        "action": "aws:executeAwsApi",
        "maxAttempts": 1,
        "onFailure": "Abort",
        "inputs": {"Service": service, "Api": api, **arguments},
        **then,
    }


def _parameters(largest: int) -> dict[str, Any]:
    weight = {"type": "Integer"}  # text would be refused by ELB, which judges the range, too
    return {
        "Order": {
            "type": "String",
            "description": "weights, release, canary: with the parameters below; stand-in, end, abort: without",
            "allowedValues": [str(order) for order in Order],
        },
        # Patterns admit no brace and no blank but their own: nothing in a value is a reference to Automation.
        "Image": {
            "type": "String",
            "description": "Digest of an image in the service's repository",
            "default": releases.STAND_IN,
            "allowedPattern": f"^({releases.DIGEST}|{releases.STAND_IN})$",
        },
        "Release": {
            "type": "String",
            "description": "When, and what ran before",
            "default": releases.STAND_IN,
            "allowedPattern": f"^({releases.RELEASE_VALUE}|{releases.STAND_IN})$",
        },
        "Minimum": {
            "type": "String",
            "description": "Pods of either track at least; 0: as the service table says",
            "default": "0",
            "allowedValues": [str(number) for number in range(largest + 1)],
        },
        "Stable": weight | {"description": "Weight of stable", "default": releases.ALL},
        "Canary": weight | {"description": "Weight of the canary", "default": 0},
    }
