"""Every synthesized alarm, replayed: when it fires, and when it must not.

Generic over the templates; what "much" is comes from `figures`. Each replay is run under both readings of what metric
math makes of a missing operand (`metric_math`), so no verdict here hangs on that.
"""

from collections.abc import Callable, Iterator, Mapping
from math import ceil

import pytest

from tests.alarms.figures import Figures, Level, entries, figures, keys
from tests.alarms.synthesized import CONFIGURATIONS, alarms, composites, prefix, synthesis
from tools.cloudwatch import series
from tools.cloudwatch.alarm_state import EXTRA, MetricAlarm, State, children, composite_state
from tools.cloudwatch.metric_math import Missing
from tools.cloudwatch.series_math import Series

OK, ALARM, NO_DATA = State.OK, State.ALARM, State.INSUFFICIENT_DATA
CLIMB = 60
"""Periods from quiet to twice as far as the alarm."""

Shape = Callable[[Level, Level], Series]
"""A term's series from its quiet and its bad level."""


@pytest.fixture(params=CONFIGURATIONS, scope="module")
def configuration(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(params=Missing, ids=lambda missing: missing.value)
def missing(request: pytest.FixtureRequest) -> Missing:
    rule: Missing = request.param
    return rule


def each(configuration: str) -> Iterator[tuple[str, MetricAlarm, Figures]]:
    settings = synthesis(configuration).settings
    for id, alarm in alarms(configuration).items():
        yield id, alarm, figures(id, settings)


def learning(alarm: MetricAlarm) -> int:
    """Quiet periods before anything happens: a band has to be learned."""
    return 100 if _banded(alarm) else alarm.periods + EXTRA


def _banded(alarm: MetricAlarm) -> bool:
    return "ThresholdMetricId" in alarm.properties


def quiet(alarm: MetricAlarm, level: Level, periods: int) -> Series:
    """An ordinary day; where a band learns from it, with its ups and downs."""
    if level is None:
        return [None] * periods
    return series.quiet(level, periods) if _banded(alarm) else [level] * periods


def replay(
    alarm: MetricAlarm,
    levels: Mapping[str, Level],
    bad: Mapping[str, Level],
    missing: Missing,
    *,
    lasting: int,
    after: int = 0,
    silent: bool = False,
) -> list[State]:
    """Quiet, then `bad` (what differs) for so many periods, then quiet again; the states from its first period on."""
    played = {
        term: [
            *quiet(alarm, levels[term], learning(alarm)),
            *([None if silent else bad.get(term, levels[term])] * lasting),
            *quiet(alarm, levels[term], after),
        ]
        for term in alarm.terms
    }
    return alarm.states(played, missing=missing)[learning(alarm) :]


def test_every_alarm_has_its_figures_and_every_figure_its_alarm() -> None:
    ids = {id for configuration in CONFIGURATIONS for id in alarms(configuration)}
    assert {id: len(entries(id)) for id in ids} == dict.fromkeys(ids, 1)
    assert {key for id in ids for key in entries(id)} == set(keys())


def test_a_quiet_day_is_quiet(configuration: str, missing: Missing) -> None:
    for id, alarm, sample in each(configuration):
        played = {term: quiet(alarm, sample.quiet[term], learning(alarm)) for term in alarm.terms}
        states = alarm.states(played, missing=missing)
        # Where silence is an outage, the very first period may look like one.
        assert ALARM not in states[1:], id
        assert states[-1] is OK, id


def test_at_the_limit_nothing_fires_however_long(configuration: str, missing: Missing) -> None:
    for id, alarm, sample in each(configuration):
        states = replay(alarm, sample.quiet, sample.limit, missing, lasting=2 * sample.datapoints[1] + EXTRA)
        assert set(states) == {OK}, id


def test_a_spike_shorter_than_the_datapoints_fires_nothing(configuration: str, missing: Missing) -> None:
    for id, alarm, sample in each(configuration):
        if sample.datapoints[0] > 1:
            states = replay(
                alarm,
                sample.quiet,
                sample.beyond,
                missing,
                lasting=sample.datapoints[0] - 1,
                after=sample.datapoints[1] + EXTRA,
            )
            assert set(states) == {OK}, id


def test_one_datapoint_fires_where_one_is_enough(configuration: str, missing: Missing) -> None:
    found = False
    for id, alarm, sample in each(configuration):
        if sample.datapoints[0] == 1:
            found = True
            assert replay(alarm, sample.quiet, sample.beyond, missing, lasting=1) == [ALARM], id
    assert found


def test_a_sustained_breach_fires_with_its_last_datapoint(configuration: str, missing: Missing) -> None:
    """Not before the M-th bad period, and not after it; what is known by its silence has the range's two besides."""
    for id, alarm, sample in each(configuration):
        late = EXTRA if _by_silence(sample) else 0
        states = replay(alarm, sample.quiet, sample.beyond, missing, lasting=sample.datapoints[0] + late + 3)
        assert states.index(ALARM) == sample.datapoints[0] + late - 1, id
        assert set(states[sample.datapoints[0] + late - 1 :]) == {ALARM}, id


def test_recovery(configuration: str, missing: Missing) -> None:
    """OK again as soon as fewer than M of the last N are bad."""
    for id, alarm, sample in each(configuration):
        if _by_silence(sample):
            continue
        lasting = sample.datapoints[0] + 2
        states = replay(
            alarm, sample.quiet, sample.beyond, missing, lasting=lasting, after=sample.datapoints[1] + EXTRA
        )
        well = lasting + (sample.datapoints[1] - sample.datapoints[0])
        # A count that is absent at zero keeps the alarm on for as long as the range reaches back.
        if None not in alarm.points({term: [sample.quiet[term]] for term in alarm.terms}):
            assert states[well - 1] is ALARM, id
            assert states[well] is OK, id
        assert states[-1] is OK, id


def test_silence_means_what_the_table_says(configuration: str, missing: Missing) -> None:
    for id, alarm, sample in each(configuration):
        states = replay(alarm, sample.quiet, {}, missing, lasting=sample.datapoints[1] + EXTRA, silent=True)
        assert states[-1] is sample.silence, id


def test_an_alarm_that_falls_silent(configuration: str, missing: Missing) -> None:
    for id, alarm, sample in each(configuration):
        if _by_silence(sample):
            continue
        played: dict[str, Series] = {
            term: [*[sample.beyond.get(term, sample.quiet[term])] * sum(sample.datapoints), *[None] * 20]
            for term in alarm.terms
        }
        if not _banded(alarm):
            assert alarm.states(played, missing=missing)[-1] is sample.silence, id


def test_a_short_gap_fires_nothing(configuration: str, missing: Missing) -> None:
    for id, alarm, sample in each(configuration):
        played = replay(alarm, sample.quiet, {}, missing, lasting=1, after=sample.datapoints[1], silent=True)
        if sample.datapoints[0] > 1:
            assert ALARM not in played, id
        assert played[-1] is OK, id


def test_a_slow_climb_fires_once_where_it_crosses(configuration: str, missing: Missing) -> None:
    for id, alarm, sample in each(configuration):
        if _by_silence(sample):
            continue
        crossing = 0.0
        climbing: dict[str, Series] = {}
        for term in alarm.terms:
            start, limit = (levels.get(term, sample.quiet[term]) or 0.0 for levels in (sample.quiet, sample.limit))
            end = start + 2 * ((sample.beyond.get(term, sample.quiet[term]) or 0.0) - start)
            climbing[term] = [
                *quiet(alarm, sample.quiet[term], learning(alarm)),
                *series.climb(start, max(end, 0.0), CLIMB),
                *[max(end, 0.0)] * sample.datapoints[0],
            ]
            if end != start:
                crossing = max(crossing, (limit - start) / (max(end, 0.0) - start))
        states = alarm.states(climbing, missing=missing)[learning(alarm) :]
        assert ALARM in states, id
        if _banded(alarm):  # which learns from the climb, too
            continue
        fired = states.index(ALARM)
        assert set(states[fired:]) == {ALARM}, id
        earliest = ceil(crossing * (CLIMB - 1))
        assert earliest + sample.datapoints[0] - 1 <= fired <= earliest + sample.datapoints[0] + 1, id


def _by_silence(sample: Figures) -> bool:
    return None in sample.beyond.values()


# Rates.


@pytest.mark.parametrize("id", ["shop-error-rate", "tiketi-error-rate"])
@pytest.mark.parametrize(
    ("errors", "requests", "fires"),
    [
        (1, 2, False),  # one failed request of two at night
        (4, 4, False),  # all of four
        (5, 5, True),
        (5, 100, False),  # exactly 5 %
        (6, 100, True),
        (None, 6000, False),  # the counts of errors are absent at zero
        (None, None, False),  # no traffic
        (0, 0, False),
    ],
)
def test_few_errors_are_no_rate(id: str, errors: Level, requests: Level, fires: bool, missing: Missing) -> None:
    levels = {"target5xx": errors, "elb5xx": None, "elb503": None, "requests": requests}
    alarm = alarms("prod")[id]
    states = alarm.states({term: [level] * 10 for term, level in levels.items()}, missing=missing)
    assert (states[-1] is ALARM) is fires


@pytest.mark.parametrize("window", ["5m", "1h", "30m", "6h", "3d"])
@pytest.mark.parametrize(("errors", "requests"), [(4, 4), (None, 6000), (None, None), (0, 0)])
def test_few_errors_burn_no_budget(window: str, errors: Level, requests: Level, missing: Missing) -> None:
    levels = {"target5xx": errors, "elb5xx": None, "elb503": None, "requests": requests}
    alarm = alarms("prod")[f"tiketi-budget-{window}"]
    assert ALARM not in alarm.states({term: [level] * 10 for term, level in levels.items()}, missing=missing)


def test_nobody_healthy_is_all_errors(missing: Missing) -> None:
    """Requests that no target was there for are in no `RequestCount`."""
    levels = {"target5xx": None, "elb5xx": 50, "elb503": 50, "requests": None}
    states = alarms("prod")["shop-error-rate"].states({t: [v] * 5 for t, v in levels.items()}, missing=missing)
    assert states[-1] is ALARM


def test_a_minute_that_comes_late_hides_no_outage(missing: Missing) -> None:
    """`FILL` makes a good minute of one whose data is not there yet; the two before it are enough."""
    late: dict[str, Series] = {
        "target5xx": [None, None, None, 600, 600, None],
        "elb5xx": [None] * 6,
        "elb503": [None] * 6,
        "requests": [6000, 6000, 6000, 6000, 6000, None],
    }
    assert alarms("prod")["shop-error-rate"].states(late, missing=missing)[-1] is ALARM


@pytest.mark.parametrize(
    ("paid", "failed", "fires"), [(0, 19, False), (0, 20, True), (18, 1, False), (None, None, False), (None, 20, True)]
)
def test_few_payments_are_no_rate(paid: Level, failed: Level, fires: bool, missing: Missing) -> None:
    played: dict[str, Series] = {"succeeded": [paid] * 6, "failed": [failed] * 6}
    assert (alarms("prod")["payments-failing"].states(played, missing=missing)[-1] is ALARM) is fires


@pytest.mark.parametrize(("waiting", "fires"), [(None, False), (0, False), (1, True)])
def test_an_empty_queue_is_not_stuck(waiting: Level, fires: bool, missing: Missing) -> None:
    played: dict[str, Series] = {"waiting": [waiting] * 20, "admitted": [None] * 20}
    assert (ALARM in alarms("prod")["queue-stuck"].states(played, missing=missing)) is fires


def test_nights_at_zero_page_nobody(missing: Missing) -> None:
    alarm = alarms("dev")["shop-below-minimum"]
    night = {"serving0": 0.0, "serving1": 0.0, "wanted0": 0.0, "wanted1": 0.0}
    morning = night | {"wanted0": 1.0}
    up = morning | {"serving0": 1.0}
    played: dict[str, Series] = {term: [*[night[term]] * 30, *[morning[term]] * 9, *[up[term]] * 10] for term in night}
    assert ALARM not in alarm.states(played, missing=missing), "the first instance comes within nine minutes"
    stuck: dict[str, Series] = {term: [*[night[term]] * 30, *[morning[term]] * 10] for term in night}
    assert alarm.states(stuck, missing=missing)[-1] is ALARM


def test_traffic_that_is_zero_every_night_pages_nobody(missing: Missing) -> None:
    """Nobody uses staging at night: zero is inside what was learned."""
    days: Series = [*([None] * 40), *([300.0] * 20)] * 3 + [None] * 10
    assert ALARM not in alarms("staging")["shop-traffic"].states({"requests": days}, missing=missing)


# Composites.


def test_pages_are_on_with_any_of_theirs_and_pairs_with_both(configuration: str) -> None:
    start = prefix(configuration)
    well = {f"{start}{id}": OK for id in (*alarms(configuration), *composites(configuration))}
    for id, properties in composites(configuration).items():
        rule = properties["AlarmRule"]
        counted = children(rule)
        assert composite_state(rule, well) is OK, id
        for child in counted:
            alone = composite_state(rule, well | {child: ALARM})
            assert alone is (ALARM if id.startswith("page-") else OK), (id, child)
        assert composite_state(rule, well | dict.fromkeys(counted, ALARM)) is ALARM, id
        assert composite_state(rule, dict.fromkeys(well, NO_DATA)) is OK, "nothing known is no page"


def test_composites_are_what_cloudwatch_takes(configuration: str) -> None:
    """At most 100 children, 10,240 characters (PutCompositeAlarm), ten metrics in an alarm (its guide)."""
    for properties in composites(configuration).values():
        assert len(children(properties["AlarmRule"])) <= 100
        assert len(properties["AlarmRule"]) <= 10_240
    for id, alarm in alarms(configuration).items():
        assert len(alarm.terms) <= 10, id


def test_every_alarm_without_a_listener_is_counted(configuration: str) -> None:
    """One that tells nobody and that no composite counts would be silent for ever; a rollout's are its own stack's."""
    counted = {
        child for properties in composites(configuration).values() for child in children(properties["AlarmRule"])
    }
    for id, alarm in alarms(configuration).items():
        if "AlarmActions" not in alarm.properties and not _of_a_rollout(id):
            assert f"{prefix(configuration)}{id}" in counted, id


def _of_a_rollout(id: str) -> bool:
    return id.startswith(("shop-blue-", "shop-green-")) or "-canary-" in id


def test_budgets_page_while_both_windows_burn() -> None:
    """An hour at 20 times the rate: the short window ends the page minutes after the errors do."""
    rule = composites("prod")["shop-budget-fast"]["AlarmRule"]
    start = prefix("prod")
    hour, minutes = f"{start}shop-budget-1h", f"{start}shop-budget-5m"
    assert children(rule) == [hour, minutes]
    assert composite_state(rule, {hour: ALARM, minutes: ALARM}) is ALARM
    assert composite_state(rule, {hour: ALARM, minutes: OK}) is OK
