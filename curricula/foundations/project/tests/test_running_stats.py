import gc
import math
import random
import statistics
import tracemalloc
import weakref
from fractions import Fraction

import pytest

from foundations.running_stats import RunningStats


def pushed(values):
    stats = RunningStats()
    for value in values:
        stats.push(value)
    return stats


def exact(values):
    """Mean and sample variance of floats without any rounding but the last."""
    values = [Fraction(value) for value in values]
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / (len(values) - 1)
    return float(mean), float(variance)


def expect_close(name, result, expected, tolerance, scale=None):
    scale = abs(expected) if scale is None else scale
    error = abs(result - expected)
    assert error <= tolerance * scale, f"{name}: {result!r}, not close to {expected!r}"


@pytest.mark.parametrize(
    ("values", "mean", "variance"),
    [
        ([1.0, 3.0], 2.0, 2.0),
        ([10.0, 12.0], 11.0, 2.0),
        ([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0], 5.0, 32 / 7),
        ([-1.0, 0.0, 1.0], 0.0, 1.0),
        ([-5.0, -7.0, -9.0], -7.0, 4.0),
        ([0.0, 0.0, 6.0], 2.0, 12.0),
    ],
)
def test_known_values(values, mean, variance):
    stats = pushed(values)
    assert stats.count == len(values)
    expect_close("mean", stats.mean, mean, 1e-12, scale=10)
    expect_close("variance", stats.variance, variance, 1e-12)


def test_order_of_the_values_does_not_matter():
    values = [3.0, 1.0, 4.0, 1.5, 9.0, 2.5, 6.0]
    for turn in range(len(values)):
        stats = pushed(values[turn:] + values[:turn])
        expect_close("mean", stats.mean, statistics.fmean(values), 1e-12)
        expect_close("variance", stats.variance, statistics.variance(values), 1e-12)


def test_everything_is_known_after_each_value():
    rng = random.Random(1)
    values = [rng.uniform(-50, 100) for _ in range(60)]
    stats = RunningStats()
    for count, value in enumerate(values, 1):
        stats.push(value)
        assert stats.count == count
        expect_close("mean", stats.mean, statistics.fmean(values[:count]), 1e-12, scale=100)
        if count > 1:
            expect_close("variance", stats.variance, statistics.variance(values[:count]), 1e-10)


def test_reading_changes_nothing():
    values = [3.0, 8.0, 1.0, 4.0]
    stats = RunningStats()
    for value in values:
        stats.push(value)
        seen = {(stats.count, stats.mean) for _ in range(3)}
        assert len(seen) == 1, f"count and mean, read three times: {seen}"
    seen = {stats.variance for _ in range(3)}
    assert len(seen) == 1, f"variance, read three times: {seen}"
    expect_close("mean", stats.mean, 4.0, 1e-12)
    expect_close("variance", stats.variance, statistics.variance(values), 1e-12)


def test_without_values_there_is_a_count_and_no_mean():
    stats = RunningStats()
    assert stats.count == 0
    with pytest.raises(ValueError):
        _ = stats.mean
    with pytest.raises(ValueError):
        _ = stats.variance


@pytest.mark.parametrize("value", [5.0, 0.0, -3.25, 1e300])
def test_one_value_is_its_own_mean_and_has_no_variance(value):
    stats = pushed([value])
    assert stats.count == 1
    assert stats.mean == value
    with pytest.raises(ValueError):
        _ = stats.variance


def test_refused_read_leaves_the_values_usable():
    stats = RunningStats()
    for value in (1.0, 3.0):
        with pytest.raises(ValueError):
            _ = stats.variance
        stats.push(value)
    expect_close("mean", stats.mean, 2.0, 1e-12)
    expect_close("variance", stats.variance, 2.0, 1e-12)


@pytest.mark.parametrize("value", [0.1, -7.3, 1e9 + 0.1, 1e-9])
@pytest.mark.parametrize("times", [2, 3, 10, 1000])
def test_equal_values_have_no_spread(value, times):
    stats = pushed([value] * times)
    expect_close("mean", stats.mean, value, 1e-12)
    assert stats.variance >= 0, f"variance: {stats.variance!r} is negative"
    expect_close("variance", stats.variance, 0.0, 1e-12, scale=value**2 * 1e-9)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("offset", [1e7, -1e8, 1e9, 1e10])
def test_small_spread_on_a_large_offset(offset, seed):
    rng = random.Random(seed)
    values = [offset + rng.gauss(0, 1) for _ in range(500)]
    mean, variance = exact(values)
    stats = pushed(values)
    assert stats.variance >= 0, f"variance: {stats.variance!r} is negative"
    expect_close("variance", stats.variance, variance, 1e-4)
    expect_close("mean", stats.mean, mean, 1e-12)


def test_large_offset_by_hand():
    stats = pushed([1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16])
    expect_close("mean", stats.mean, 1e9 + 10, 1e-12)
    expect_close("variance", stats.variance, 30.0, 1e-5)


@pytest.mark.parametrize("scale", [1e-100, 1e-6, 1.0, 1e6, 1e100])
def test_scale_of_the_values_is_no_matter(scale):
    rng = random.Random(7)
    values = [scale * rng.gauss(3, 2) for _ in range(200)]
    mean, variance = exact(values)
    stats = pushed(values)
    expect_close("mean", stats.mean, mean, 1e-11)
    expect_close("variance", stats.variance, variance, 1e-9)


def test_long_stream_does_not_drift():
    rng = random.Random(3)
    values = [rng.uniform(0, 1) for _ in range(20_000)]
    mean = statistics.fmean(values)
    variance = math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)
    stats = pushed(values)
    assert stats.count == 20_000
    expect_close("mean", stats.mean, mean, 1e-10)
    expect_close("variance", stats.variance, variance, 1e-9)


def test_integers_are_averaged_as_floats():
    stats = pushed([1, 2, 4])
    assert isinstance(stats.mean, float), f"the mean is {stats.mean!r}"
    assert isinstance(stats.variance, float), f"the variance is {stats.variance!r}"
    expect_close("mean", stats.mean, 7 / 3, 1e-12)
    expect_close("variance", stats.variance, 7 / 3, 1e-12)
    assert isinstance(pushed([2]).mean, float), "the mean of a single integer is no float"


def test_streams_are_independent():
    first, second = RunningStats(), RunningStats()
    for value in (1.0, 2.0, 3.0):
        first.push(value)
        second.push(10 * value)
    expect_close("mean", first.mean, 2.0, 1e-12)
    expect_close("mean", second.mean, 20.0, 1e-12)
    expect_close("variance", first.variance, 1.0, 1e-12)
    expect_close("variance", second.variance, 100.0, 1e-12)


def test_values_are_not_kept():
    class Reading(float):
        """A float that can be watched going away."""

    alive = weakref.WeakSet()
    stats = RunningStats()
    for number in range(300):
        reading = Reading(number)
        alive.add(reading)
        stats.push(reading)
    del reading
    gc.collect()
    assert len(alive) <= 10, f"{len(alive)} of 300 values are still in memory"
    expect_close("mean", stats.mean, 149.5, 1e-12)


def test_memory_does_not_grow_with_the_stream():
    rng = random.Random(5)
    stats = pushed(rng.uniform(0, 1) for _ in range(200))
    tracemalloc.start()
    try:
        for _ in range(5000):
            stats.push(rng.uniform(0, 1))
        gc.collect()
        grown, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert grown < 20_000, f"{grown} bytes more after 5000 values"
    assert stats.count == 5200
