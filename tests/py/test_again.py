# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Tests of servers are done again where the machine stood still, and only there."""

import pytest
from servers.again import AGAIN, Yardstick
from servers.stalls import Stalls

RUNS = """
import pathlib
import pytest

pytest_plugins = ["servers.again"]

@pytest.fixture
def run():
    path = pathlib.Path({log!r})
    with path.open("a") as file:
        file.write("run\\n")
    return len(path.read_text().splitlines())
"""


@pytest.fixture
def tests(pytester, monkeypatch):
    """Run tests in a pytest of their own; return its outcomes, its output and the runs."""

    def go(verdict, code):
        monkeypatch.setattr(Yardstick, "verdict", lambda self: verdict)
        log = pytester.path / "log"
        pytester.makeconftest(RUNS.format(log=str(log)))
        pytester.makeini("[pytest]\nmarkers =\n    servers\n    soak")
        pytester.makepyfile("import pytest\n" + code)
        result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
        return result.parseoutcomes(), result.stdout.str(), log.read_text().count("run")

    return go


FAILS_TWICE = "@pytest.mark.servers\ndef test_it(run):\n    assert run > 2, 'not yet'\n"


def test_a_failure_is_excused_while_the_machine_stands_still(tests):
    outcomes, output, runs = tests("slept", FAILS_TWICE)
    assert outcomes == {"passed": 1, "repeated": 2}
    assert runs == 3
    assert "test_it: the machine slept; AssertionError: not yet" in output


def test_a_failure_is_one_where_the_machine_keeps_going(tests):
    outcomes, output, runs = tests("", FAILS_TWICE)
    assert outcomes == {"failed": 1}
    assert runs == 1
    assert "kept going" in output


def test_what_always_fails_fails(tests):
    outcomes, _, runs = tests("slept", FAILS_TWICE.replace("> 2", "> 99"))
    assert outcomes == {"failed": 1, "repeated": AGAIN}
    assert runs == AGAIN + 1


@pytest.mark.parametrize("mark", ["", "@pytest.mark.soak\n"])
def test_others_are_not_done_again(tests, mark):
    code = FAILS_TWICE if mark else FAILS_TWICE.partition("\n")[2]
    outcomes, _, runs = tests("slept", mark + code)
    assert outcomes == {"failed": 1}
    assert runs == 1


def test_the_yardstick_counts_up():
    with Yardstick() as yardstick:
        if yardstick.verdict() == "realtime scheduling is not allowed":
            pytest.skip("realtime scheduling is not allowed")
    stalls = Stalls(100, 1)  # Nothing wakes up within a microsecond.
    try:
        first = stalls.so_far()
        last = stalls.finish()
    finally:
        stalls.stop()
    assert 0 <= first["late"] < last["late"]
    assert last["longest_us"] >= first["longest_us"]
    assert last["longest_us"] > 1
