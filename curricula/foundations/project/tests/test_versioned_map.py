import random

import pytest

from foundations.versioned_map import VersionedMap

MISSING = "missing"


class SlowModel:
    """The same map as a plain list of everything that was done, searched from end to end."""

    def __init__(self):
        self.log = []

    def set(self, key, value, at):
        self.log.append((at, len(self.log), key, value, True))

    def delete(self, key, at):
        self.log.append((at, len(self.log), key, None, False))

    def get(self, key, at, default=None):
        done = [entry for entry in self.log if entry[2] == key and entry[0] <= at]
        if not done:
            return default
        _, _, _, value, is_set = max(done, key=lambda entry: entry[:2])
        return value if is_set else default


class Time(int):
    """A time that counts how often it is compared with others."""

    comparisons = 0

    def __lt__(self, other):
        Time.comparisons += 1
        return int(self) < int(other)

    def __le__(self, other):
        Time.comparisons += 1
        return int(self) <= int(other)

    def __gt__(self, other):
        Time.comparisons += 1
        return int(self) > int(other)

    def __ge__(self, other):
        Time.comparisons += 1
        return int(self) >= int(other)

    def __eq__(self, other):
        Time.comparisons += 1
        return int(self) == other

    __hash__ = int.__hash__


def expect(store, key, at, expected):
    result = store.get(key, at, MISSING)
    assert result == expected, f"{key!r} at {at}: {result!r}, not {expected!r}"


def test_value_holds_at_the_very_time_of_its_write():
    store = VersionedMap()
    store.set("limit", 10, at=100)
    expect(store, "limit", 100, 10)
    store.set("limit", 20, at=200)
    expect(store, "limit", 100, 10)
    expect(store, "limit", 200, 20)


def test_value_holds_until_the_next_write():
    store = VersionedMap()
    store.set("limit", 10, at=100)
    store.set("limit", 20, at=200)
    for at, expected in [(101, 10), (150, 10), (199, 10), (201, 20), (10**12, 20)]:
        expect(store, "limit", at, expected)


def test_before_its_first_write_a_key_has_no_value():
    store = VersionedMap()
    store.set("limit", 10, at=100)
    store.set("limit", 20, at=200)
    for at in (99, 0, -5):
        expect(store, "limit", at, MISSING)


def test_unknown_key_has_no_value():
    store = VersionedMap()
    expect(store, "limit", 100, MISSING)
    store.set("limit", 10, at=100)
    expect(store, "other", 100, MISSING)


def test_default_is_none_unless_it_is_given():
    store = VersionedMap()
    store.set("limit", 10, at=100)
    store.delete("limit", at=200)
    assert store.get("limit", 100) == 10
    assert store.get("limit", 99) is None
    assert store.get("limit", 200) is None
    assert store.get("other", 100) is None


def test_asking_about_a_time_changes_nothing():
    store = VersionedMap()
    expect(store, "limit", 100, MISSING)
    store.set("limit", 10, at=100)
    for at in (50, 100, 150):
        store.get("limit", at)
    expect(store, "limit", 99, MISSING)
    expect(store, "limit", 100, 10)
    expect(store, "limit", 200, 10)


def test_late_write_takes_its_place_in_the_past():
    store = VersionedMap()
    store.set("limit", 10, at=100)
    store.set("limit", 30, at=300)
    store.set("limit", 20, at=200)
    for at, expected in [(99, MISSING), (100, 10), (199, 10), (200, 20), (299, 20), (300, 30), (999, 30)]:
        expect(store, "limit", at, expected)


def test_writes_may_come_in_any_order():
    store = VersionedMap()
    for at in (5, 3, 8, 1, 9, 2, 7, 4, 6):
        store.set("limit", 10 * at, at=at)
    for at in range(1, 12):
        expect(store, "limit", at, 10 * min(at, 9))
    expect(store, "limit", 0, MISSING)


def test_second_write_at_the_same_time_replaces_the_first():
    store = VersionedMap()
    store.set("limit", 10, at=100)
    store.set("limit", 30, at=300)
    store.set("limit", 11, at=100)
    store.set("limit", 31, at=300)
    for at, expected in [(99, MISSING), (100, 11), (299, 11), (300, 31), (999, 31)]:
        expect(store, "limit", at, expected)


def test_deleted_key_has_no_value_until_it_is_set_again():
    store = VersionedMap()
    store.set("limit", 10, at=100)
    store.delete("limit", at=200)
    store.set("limit", 30, at=300)
    for at, expected in [(199, 10), (200, MISSING), (299, MISSING), (300, 30)]:
        expect(store, "limit", at, expected)


def test_deleting_keeps_the_past():
    store = VersionedMap()
    store.set("limit", 10, at=100)
    store.set("limit", 20, at=200)
    store.delete("limit", at=300)
    for at, expected in [(99, MISSING), (100, 10), (150, 10), (200, 20), (299, 20), (300, MISSING), (999, MISSING)]:
        expect(store, "limit", at, expected)


def test_late_delete_ends_only_the_value_of_its_time():
    store = VersionedMap()
    store.set("limit", 10, at=100)
    store.set("limit", 30, at=300)
    store.delete("limit", at=200)
    for at, expected in [(100, 10), (199, 10), (200, MISSING), (299, MISSING), (300, 30)]:
        expect(store, "limit", at, expected)


def test_of_set_and_delete_at_the_same_time_the_last_call_counts():
    store = VersionedMap()
    store.set("a", 10, at=100)
    store.delete("a", at=100)
    expect(store, "a", 100, MISSING)
    expect(store, "a", 101, MISSING)
    store.delete("b", at=100)
    store.set("b", 10, at=100)
    expect(store, "b", 100, 10)
    expect(store, "b", 101, 10)


def test_unknown_key_can_be_deleted():
    store = VersionedMap()
    store.delete("limit", at=100)
    expect(store, "limit", 100, MISSING)
    store.set("limit", 10, at=50)
    expect(store, "limit", 99, 10)
    expect(store, "limit", 100, MISSING)


@pytest.mark.parametrize("value", [None, 0, "", False, [], MISSING + "?"], ids=repr)
def test_any_value_can_be_stored(value):
    store = VersionedMap()
    store.set("limit", value, at=100)
    expect(store, "limit", 100, value)
    expect(store, "limit", 150, value)
    store.delete("limit", at=200)
    expect(store, "limit", 199, value)
    expect(store, "limit", 200, MISSING)


def test_keys_of_any_hashable_type_are_independent():
    store = VersionedMap()
    keys = ["a", "b", 1, "1", (1, 2), "(1, 2)", None, "None", frozenset({3})]
    for number, key in enumerate(keys):
        store.set(key, number, at=10 + number)
    store.delete("b", at=50)
    for number, key in enumerate(keys):
        expect(store, key, 9 + number, MISSING)
        expect(store, key, 10 + number, number)
        expect(store, key, 99, MISSING if key == "b" else number)


def test_maps_are_independent():
    first, second = VersionedMap(), VersionedMap()
    first.set("limit", 10, at=100)
    expect(second, "limit", 100, MISSING)
    second.set("limit", 20, at=100)
    expect(first, "limit", 100, 10)


def test_times_may_be_zero_or_negative():
    store = VersionedMap()
    store.set("limit", 10, at=-20)
    store.set("limit", 20, at=0)
    for at, expected in [(-21, MISSING), (-20, 10), (-1, 10), (0, 20), (1, 20)]:
        expect(store, "limit", at, expected)


@pytest.mark.parametrize("seed", range(20))
def test_random_history_agrees_with_a_slow_model(seed):
    rng = random.Random(seed)
    store, model = VersionedMap(), SlowModel()
    for step in range(120):
        key, at = rng.choice("abc"), rng.randrange(-10, 40)
        action = rng.choice(["set", "set", "delete", "get"])
        if action == "set":
            store.set(key, step, at)
            model.set(key, step, at)
        elif action == "delete":
            store.delete(key, at)
            model.delete(key, at)
        else:
            expect(store, key, at, model.get(key, at, MISSING))
    for key in "abcd":
        for at in range(-12, 43):
            expect(store, key, at, model.get(key, at, MISSING))


@pytest.mark.parametrize("writes", [16, 256, 4096])
def test_reading_compares_few_times(writes):
    store = VersionedMap()
    for number in range(writes):
        store.set("limit", number, at=Time(10 * number))
    allowed = 2 * writes.bit_length() + 10
    for at in (-5, 0, 5, 5 * writes, 10 * writes - 10, 10 * writes):
        asked = Time(at)
        Time.comparisons = 0
        result = store.get("limit", asked, MISSING)
        seen = Time.comparisons
        assert result == (MISSING if at < 0 else min(at // 10, writes - 1))
        assert seen <= allowed, f"{seen} comparisons of times among {writes} writes; {allowed} are enough"
