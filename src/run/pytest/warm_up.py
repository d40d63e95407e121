"""Takes the ways through pytest that most tests take, so that a worker has been there once."""

import pytest


def check(result, expected):
    if result != expected:
        message = f"{result} instead of {expected}"
        raise AssertionError(
            message,
        )


@pytest.fixture
def numbers():
    return [1, 2, 3]


@pytest.mark.parametrize("index", [0, 1])
def test_that_passes(numbers, index):
    assert numbers[index] == index + 1
    assert numbers[index] == pytest.approx(index + 1)


def test_that_raises():
    with pytest.raises(ValueError, match="invalid"):
        int("x")


def test_that_fails(numbers):
    assert numbers == [1, 2, 4]


@pytest.mark.parametrize("number", range(4))
def test_that_fails_further_down(number):
    check(number, 4)
