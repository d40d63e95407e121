from bisect import bisect_left
from itertools import combinations_with_replacement

import pytest

from foundations.binary_search import lower_bound


class Watched:
    """A sequence that counts reads, and refuses slices, indices out of range and endless reading."""

    def __init__(self, values):
        self.values = values
        self.allowed_reads = 8 + 4 * len(values).bit_length()
        self.reads = 0

    def __len__(self):
        return len(self.values)

    def __getitem__(self, index):
        assert isinstance(index, int), f"read at {index!r}: an index is an integer, and slices copy"
        assert 0 <= index < len(self.values), f"read at {index}, outside of 0 to {len(self.values) - 1}"
        self.reads += 1
        assert self.reads <= self.allowed_reads, f"still reading after {self.allowed_reads} elements"
        return self.values[index]


class Item:
    """A value that can only be asked whether it is less than another, and counts how often it is."""

    comparisons = 0

    __hash__ = None

    def __init__(self, value):
        self.value = value

    def __lt__(self, other):
        Item.comparisons += 1
        return self.value < other.value

    def __eq__(self, other):
        raise TypeError("an Item can't be tested for equality")


def check(values, target):
    expected = bisect_left(values, target)
    result = lower_bound(Watched(values), target)
    shown = f"{len(values)} values" if len(values) > 20 else repr(values)
    assert result == expected, f"insertion point of {target!r} in {shown}: {result!r}, not {expected}"


@pytest.mark.parametrize("size", range(1, 6))
def test_distinct_values_are_found(size):
    values = list(range(10, 10 + 10 * size, 10))
    for target in values:
        check(values, target)


@pytest.mark.parametrize("size", range(2, 6))
def test_target_between_two_values_goes_between_them(size):
    values = list(range(10, 10 + 10 * size, 10))
    for target in values[1:]:
        check(values, target - 5)


@pytest.mark.parametrize("size", range(1, 6))
def test_target_above_all_values_goes_to_the_end(size):
    values = list(range(10, 10 + 10 * size, 10))
    check(values, values[-1] + 1)


@pytest.mark.parametrize("size", range(1, 6))
def test_target_below_all_values_goes_to_the_front(size):
    values = list(range(10, 10 + 10 * size, 10))
    check(values, values[0] - 1)


@pytest.mark.parametrize("size", range(2, 6))
def test_leftmost_of_equal_values_wins(size):
    check([7] * size, 7)
    check([3] + [7] * size + [9], 7)


def test_long_run_of_equal_values_is_not_walked():
    check([3] + [7] * 10_000 + [9], 7)


@pytest.mark.parametrize("size", range(8))
def test_every_short_sequence_agrees_with_bisect(size):
    for values in combinations_with_replacement((1, 2, 3, 4), size):
        for target in (0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5):
            check(list(values), target)


def test_empty_sequence_has_one_place():
    result = lower_bound(Watched([]), 5)
    assert result == 0, f"insertion point in an empty sequence: {result!r}, not 0"


@pytest.mark.parametrize(
    ("values", "target"),
    [
        ("aabbccddee", "c"),
        (("ant", "bee", "bee", "cat"), "bee"),
        ([(1, "a"), (1, "b"), (2, "a")], (1, "b")),
        ([float("-inf"), -0.5, 0.0, 0.5, float("inf")], float("inf")),
        ([b"a", b"b"], b"c"),
    ],
    ids=["characters", "words", "pairs", "infinities", "bytes"],
)
def test_any_ordered_values_can_be_searched(values, target):
    check(values, target)


def test_values_need_no_operator_but_less_than():
    numbers = [1, 2, 2, 3, 5, 8]
    items = [Item(number) for number in numbers]
    for target in range(10):
        result = lower_bound(Watched(items), Item(target))
        assert result == bisect_left(numbers, target), f"insertion point of {target} in {numbers}: {result!r}"


@pytest.mark.parametrize("size", [1, 2, 3, 4, 7, 8, 9, 100, 1023, 1024, 1025])
def test_number_of_comparisons_is_logarithmic(size):
    items = [Item(number) for number in range(size)]
    allowed = size.bit_length() + 1
    for target in {-1, 0, size // 3, size // 2, size - 1, size}:
        Item.comparisons = 0
        result = lower_bound(Watched(items), Item(target))
        assert result == min(max(target, 0), size)
        assert Item.comparisons <= allowed, f"{Item.comparisons} comparisons for {size} values; {allowed} are enough"


@pytest.mark.parametrize("target", [-1, 0, 1, 123_456_789_012, 10**15 - 1, 10**15])
def test_a_virtual_sequence_is_searched_without_copying_it(target):
    values = Watched(range(10**15))
    assert lower_bound(values, target) == min(max(target, 0), 10**15)
    assert values.reads <= 102, f"{values.reads} elements read; about 50 are enough"
