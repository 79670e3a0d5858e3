"""What the report says of a stack that stands."""

from datetime import UTC, datetime

import pytest

from labs.leftovers.findings import Findings
from labs.leftovers.report import lines


def _said(lifetime: str) -> str:
    stack = {
        "StackStatus": "CREATE_COMPLETE",
        "CreationTime": datetime(2026, 1, 5, 1, 30, tzinfo=UTC),
        "Tags": [{"Key": "Lifetime", "Value": lifetime}],
    }
    first, *_ = lines(Findings(), {"team1-lab-VpcStack": stack}, prefix="team1-lab", command="python -m labs.leftovers")
    return first.partition("CREATE_COMPLETE")[2]


def test_when_a_stack_goes_is_said_in_seouls_time() -> None:
    assert _said("4h") == ", Lifetime was over 14:30 on 05 January in Seoul"


@pytest.mark.parametrize("lifetime", ["", "4", "0h", "10000h", "99999999999h", "\u0664h"])
def test_a_lifetime_that_nothing_ends_is_none(lifetime: str) -> None:
    """No such hour is on a calendar, or `assets/lifetime` does not read it: the list must not end over it."""
    assert _said(lifetime) == ""
