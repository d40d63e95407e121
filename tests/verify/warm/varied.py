"""Tests of many kinds, some of which fail."""

import logging
import sys
import unittest
import warnings

import pytest


class TestGroup:
    def test_method(self, tmp_path):
        (tmp_path / "file").write_text("x")
        assert tmp_path.name == "other"

    def check_name(self):
        assert False, "found by another name"


class TestCase(unittest.TestCase):
    def setUp(self):
        self.value = 1

    def test_equal(self):
        self.assertEqual(self.value, 2)

    def test_sub(self):
        with self.subTest(number=1):
            self.assertTrue(True)


@pytest.mark.parametrize("number", [1, 2, pytest.param(3, marks=pytest.mark.xfail), "ü"])
def test_parameters(number):
    assert number == 1


def test_capture(capsys, capfd):
    print("out")


def test_captured(capsys):
    print("out")
    print("err", file=sys.stderr)
    assert capsys.readouterr() == ("out\n", "x")


def test_log(caplog):
    logging.getLogger("x").warning("told")
    assert caplog.messages == ["other"]


def test_patch(monkeypatch):
    monkeypatch.setenv("HOME", "/there")
    import os

    assert os.environ["HOME"] == "/here"


def test_warning():
    warnings.warn("careful")


@pytest.mark.slow
def test_mark():
    pass


@pytest.mark.xfail
def test_pass_that_is_not_expected():
    pass


@pytest.mark.skip(reason="not now")
def test_skipped():
    pass


def test_fixture(from_conftest):
    assert from_conftest == 2


def test_recursion():
    def inner():
        return inner()

    inner()


def test_difference():
    assert {"a": [1, 2, 3], "b": "x" * 100} == {"a": [1, 2, 4], "b": "x" * 99}


def test_group():
    raise ValueError("a") from KeyError("b")


def test_log_file():
    import os

    logging.getLogger("x").warning("told")
    names = sorted(os.listdir("."))
    text = open("log.txt").read() if os.path.exists("log.txt") else None
    assert (names, text) == 0


def check_it():
    assert False, "a function of another name"
