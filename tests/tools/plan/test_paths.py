"""The critical path method, by hand and against brute force."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.plan.errors import PlanError
from tools.plan.paths import schedule


def _after(durations: dict[str, float], before: dict[str, list[str]]) -> dict[str, dict[str, float]]:
    return {name: {other: durations[other] for other in others} for name, others in before.items()}


def test_the_longest_chain_decides_and_the_rest_has_slack() -> None:
    minutes = {"a": 1.0, "long": 5.0, "short": 2.0, "end": 1.0}
    line = schedule(minutes, _after(minutes, {"long": ["a"], "short": ["a"], "end": ["long", "short"]}))
    assert line.critical == ("a", "long", "end")
    assert line.ends == 7
    assert (line.tasks["short"].starts, line.tasks["short"].slack) == (1, 3)
    assert [line.tasks[name].slack for name in line.critical] == [0, 0, 0]


def test_an_offset_shorter_than_the_task_lets_the_next_begin_while_it_runs() -> None:
    line = schedule({"profile": 5, "machine": 1}, {"machine": {"profile": 0.5}})
    assert line.tasks["machine"].starts == 0.5
    assert line.ends == 5
    assert line.critical == ("profile",)
    assert line.tasks["machine"].slack == pytest.approx(3.5)


def test_nothing_takes_no_time() -> None:
    assert schedule({}, {}).ends == 0
    assert schedule({}, {}).critical == ()


def test_a_circle_is_refused() -> None:
    with pytest.raises(PlanError, match="allowed: no circle"):
        schedule({"a": 1, "b": 1}, {"a": {"b": 1}, "b": {"a": 1}})


_GRAPHS = st.lists(st.integers(0, 9), min_size=1, max_size=6).flatmap(
    lambda minutes: st.tuples(
        st.just(minutes), st.sets(st.sampled_from(list(combinations(range(len(minutes)), 2)) or [(0, 0)]))
    )
)


@given(_GRAPHS)
def test_the_end_is_that_of_the_longest_chain_and_a_delay_within_slack_moves_nothing(
    graph: tuple[list[int], set[tuple[int, int]]],
) -> None:
    numbers, edges = graph
    minutes = {str(number): float(value) for number, value in enumerate(numbers)}
    before = {
        name: [str(first) for first, second in edges if str(second) == name and first != second] for name in minutes
    }

    def longest(name: str) -> float:
        return minutes[name] + max((longest(other) for other in before[name]), default=0)

    line = schedule(minutes, _after(minutes, before))
    assert line.ends == max(map(longest, minutes))
    assert sum(minutes[name] for name in line.critical) == line.ends
    for name in minutes:
        longer = minutes | {name: minutes[name] + line.tasks[name].slack}
        assert schedule(longer, _after(longer, before)).ends == line.ends
        longer[name] += 1
        assert schedule(longer, _after(longer, before)).ends == line.ends + 1
