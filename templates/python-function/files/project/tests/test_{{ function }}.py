"""Tests of `{{ function }}`."""

import pytest

from {{ package }}.{{ function }} import {{ function }}


def test_parts_have_the_size_that_was_asked_for():
    assert {{ function }}([1, 2, 3, 4], 2) == [[1, 2], [3, 4]]


def test_last_part_may_be_shorter():
    parts = {{ function }}([1, 2, 3, 4, 5, 6, 7], 3)
    assert parts[-1] == [7], f"the items behind the last full part are missing: {parts}"


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 6])
def test_no_item_is_lost_or_moved(size):
    parts = {{ function }}([1, 2, 3, 4, 5], size)
    assert [item for part in parts for item in part] == [1, 2, 3, 4, 5]


def test_nothing_makes_no_parts():
    assert {{ function }}([], 3) == []


@pytest.mark.parametrize("size", [0, -1])
def test_size_below_one_is_refused(size):
    with pytest.raises(ValueError):
        {{ function }}([1, 2], size)
