"""Selectors mean what Kubernetes says they mean."""

from typing import Any

import pytest

from tests.kubernetes.selectors import matches

_LABELS = {"app": "auth", "track": "stable"}


def _by(operator: str, *values: str, key: str = "app") -> dict[str, Any]:
    return {"matchExpressions": [{"key": key, "operator": operator, **({"values": [*values]} if values else {})}]}


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        (None, False),
        ({}, True),
        ({"matchLabels": {"app": "auth"}}, True),
        ({"matchLabels": {"app": "auth", "track": "canary"}}, False),
        (_by("In", "auth", "event"), True),
        (_by("In", "event"), False),
        (_by("NotIn", "event"), True),
        (_by("NotIn", "auth"), False),
        (_by("NotIn", "auth", key="other"), True),
        (_by("Exists"), True),
        (_by("Exists", key="other"), False),
        (_by("DoesNotExist", key="other"), True),
        (_by("DoesNotExist"), False),
        ({"matchLabels": {"app": "auth"}, **_by("In", "canary", key="track")}, False),
    ],
    ids=str,
)
def test_matches(selector: Any, expected: bool) -> None:
    assert matches(selector, _LABELS) is expected


def test_an_operator_that_nobody_knows_is_an_error() -> None:
    with pytest.raises(ValueError, match="operator Near"):
        matches(_by("Near", "auth"), _LABELS)
