# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Filters of any order become sections that make the same of any sound."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal

from pastream_ng.errors import ArgumentError
from pastream_ng.pipelines.sections import checked_sections, sections_of

X = np.random.default_rng(1).standard_normal(2000)

FILTERS = {
    **{f"butter {order}": scipy.signal.butter(order, 0.3) for order in range(1, 13)},
    "elliptic": scipy.signal.ellip(7, 1, 60, 0.2),
    "band pass": scipy.signal.cheby1(5, 1, [0.2, 0.4], "band"),
    "notch": scipy.signal.iirnotch(0.1, 30),
    "taps": (scipy.signal.firwin(31, 0.3), [1]),
    "delay": ([0, 0, 0, 1], [1]),
    "delay and poles": ([0, 0, 0, 1, 0.5], [1, -0.5, 0.3, 0.1]),
    "silence": ([0, 0, 0, 0], [1, -0.5]),
    "one number": ([0.5], [2]),
    "sum": ([1], [1, -1]),
    "sum of sums": ([1], [1, -2, 1]),
    "zeros behind": ([1, 2, 0], [2, 0.5, 0, 0]),
    "comb": ([1] + [0] * 9 + [-1], [1] + [0] * 9 + [-0.9]),
    "many zeros": (np.linspace(1, -1, 65), [1, -0.9]),
}


@pytest.mark.parametrize("name", FILTERS)
def test_sections_make_what_the_whole_makes(name: str) -> None:
    b, a = FILTERS[name]
    sos = sections_of(b, a)
    wanted = scipy.signal.lfilter(b, a, X)
    got = scipy.signal.sosfilt(sos, X)
    assert np.abs(got - wanted).max() <= 1e-9 * max(np.abs(wanted).max(), 1)


def test_a_low_corner_is_not_lost() -> None:
    # The whole is worse than its sections here: rounding makes more of it.
    b, a = scipy.signal.butter(4, 0.01)
    wanted = scipy.signal.sosfilt(scipy.signal.butter(4, 0.01, output="sos"), X)
    got = scipy.signal.sosfilt(sections_of(b, a), X)
    assert np.abs(got - wanted).max() < 1e-7 * np.abs(wanted).max()


@pytest.mark.parametrize(
    ("b", "a", "text"),
    [
        ([1], [1, -1.1], r"a has a root at a distance of 1\.1 from 0"),
        ([1], [1, 0, 2], r"1\.41421356 from 0"),
        ([1], [1e-310, 1], "a begins with 1e-310"),
    ],
)
def test_filters_that_grow_are_refused(b: list[float], a: list[float], text: str) -> None:
    with pytest.raises(ArgumentError, match=text):
        sections_of(b, a)


def test_sections_are_checked() -> None:
    sos = scipy.signal.butter(12, 0.01, output="sos")
    assert np.array_equal(checked_sections(sos), sos)
    for bad, error, text in [
        ("abc", TypeError, "sos is 'abc'"),
        (sos[:, :5], ValueError, r"sos has shape \(6, 5\)"),
        (sos[0], ValueError, "sos has shape"),
        (np.zeros((0, 6)), ValueError, "with 1 to 256"),
        ([[1, 0, 0, 1, np.nan, 0]], ValueError, "not finite"),
        ([[1, 0, 0, 0, 0, 0]], ValueError, r"sos\[0\] has an a0 of 0"),
        ([[1, 0, 0, 1e-310, 1, 0]], ValueError, r"sos\[0\] has an a0 of 1e-310"),
        ([[1, 0, 0, 1, 0, 0], [1, 0, 0, 1, 0, 1.21]], ValueError, r"sos\[1\] has a root .* 1\.1 "),
    ]:
        with pytest.raises(error, match=text):
            checked_sections(bad)
