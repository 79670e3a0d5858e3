"""Sample series: shapes as their names say, the same at every call."""

import pytest

from tools.cloudwatch import series


def test_a_quiet_day_stays_near_its_level() -> None:
    points = series.quiet(50, 100)
    assert all(point is not None and 49 <= point <= 51 for point in points)
    assert len(set(points)) > 1, "a straight line teaches no band"
    assert points == series.quiet(50, 100)


def test_shapes() -> None:
    assert series.spike(0, 9, 5, at=2) == [0, 0, 9, 0, 0]
    assert series.spike(0, 9, 5, at=2, width=2) == [0, 0, 9, 9, 0]
    assert series.breach(0, 9, 5, start=3) == [0, 0, 0, 9, 9]
    assert series.breach(0, 9, 5, start=1, end=3) == [0, 9, 9, 0, 0]
    assert series.gap(0, 5, start=3) == [0, 0, 0, None, None]
    assert series.gap(0, 5, start=1, end=2) == [0, None, 0, 0, 0]
    assert series.climb(0, 8, 5) == [0, 2, 4, 6, 8]
    assert series.climb(8, 0, 5) == [8, 6, 4, 2, 0]


def test_the_day_has_a_wave() -> None:
    day = series.daily(100, 24, 3600)
    assert min(day, key=lambda point: point or 0) == day[0]
    assert 55 < (day[0] or 0) < 65
    assert 135 < (day[12] or 0) < 145


@pytest.mark.parametrize("metric", series.UNITS)
def test_samples_look_like_their_metric(metric: str) -> None:
    unit = series.UNITS[metric]
    for point in series.sample(metric, 288, 300):
        assert point is not None
        assert 0 <= point <= unit.most
        assert not unit.whole or point == round(point)


def test_statistics_that_have_a_unit_of_their_own() -> None:
    assert series.unit("TargetResponseTime", "p95").name == "Seconds"
    assert series.unit("TargetResponseTime", "SampleCount") == series.unit("TargetResponseTime", "SampleCount")
    assert series.unit("TargetResponseTime", "SampleCount").whole
    assert series.unit("CPUUtilization", "SampleCount").quiet == 5
    assert series.unit("TargetResponseTime", "PR(:0.2)").most == 100


def test_a_metric_without_an_entry_is_said() -> None:
    with pytest.raises(KeyError, match="no unit of 'Nothing'"):
        series.unit("Nothing")
