"""Which stacks are the team's."""

from typing import Any
from unittest import mock

import pytest

from commands.errors import CommandError
from labs.grade.deployed import Deployed


def _stacks(*names: str) -> list[str]:
    """Names of those that are graded as team1's."""

    def client(_service: str, region: str) -> Any:
        found = [{"StackName": name, "StackStatus": "CREATE_COMPLETE"} for name in names if region == "ap-northeast-2"]
        made = mock.Mock(can_paginate=lambda _: False)
        made.describe_stacks.return_value = {"Stacks": found}
        made.list_stack_resources.return_value = {"StackResourceSummaries": []}
        return made

    return [stack.name for stack in Deployed(client, prefix="team1-lab", region="ap-northeast-2").stacks]


def test_a_team_s_stacks_are_those_of_its_name_whatever_they_are_called() -> None:
    assert _stacks("team1-lab-VpcStack", "team1-lab-OurOwn", "team10-lab-VpcStack", "team1-dev-VpcStack") == [
        "team1-lab-OurOwn",
        "team1-lab-VpcStack",
    ]


@pytest.mark.parametrize("other", ["team1-lab-x-lab-VpcStack", "team1-lab-lab-VpcStack"])
def test_a_longer_name_is_another_team_s(other: str) -> None:
    """`--try` would end an instance of theirs."""
    assert _stacks("team1-lab-VpcStack", other) == ["team1-lab-VpcStack"]
    with pytest.raises(CommandError, match="given no stack team1-lab-"):
        _stacks(other)
