# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""How far a job is: what a moment of it reads like, and lines at most once a second."""

import pytest

from pastream_ng.cli.output import Talk
from pastream_ng.cli.progress import Lines, Silence, View, shown


def test_a_moment_says_what_is_known() -> None:
    assert str(View(83)) == "1:23"
    full = View(83, 185, 120.4, 0.9, 2_500_000, "3 of 10 files")
    assert str(full) == "3 of 10 files  1:23 of 3:05  120x  2.5 MB  ETA 0:00"
    assert str(View(1, speed=0.94)) == "0:01  0.9x"


@pytest.mark.parametrize(("done", "total", "fraction"), [(1, 4, 0.25), (5, 4, 1), (0, 0, 1)])
def test_the_fraction_stays_within_its_range(done: float, total: float, fraction: float) -> None:
    assert View(done, total).fraction == fraction
    assert View(done).fraction is None


def test_lines_come_once_a_second(capsys: pytest.CaptureFixture[str]) -> None:
    now = 100.0
    lines = Lines("song.wav", lambda: now)
    for tenth in range(35):
        now = 100 + tenth / 10
        lines.show(View(tenth, 100))
    told = capsys.readouterr()
    assert not told.out
    assert told.err.splitlines() == [
        "song.wav:  10%  0:10 of 1:40",
        "song.wav:  20%  0:20 of 1:40",
        "song.wav:  30%  0:30 of 1:40",
    ]


def test_lines_of_an_unknown_length_have_no_share(capsys: pytest.CaptureFixture[str]) -> None:
    times = iter([0.0, 2.0])
    Lines("-", lambda: next(times)).show(View(61))
    assert capsys.readouterr().err == "-: 1:01\n"


@pytest.mark.parametrize("talk", [Talk(quiet=True), Talk(as_json=True)])
def test_who_wants_no_words_gets_none(talk: Talk, capsys: pytest.CaptureFixture[str]) -> None:
    with shown(talk, "x") as display:
        assert type(display) is Silence
        display.show(View(1, 2))
        talk.say("done")
    assert capsys.readouterr() == ("", "")


def test_without_a_terminal_there_are_lines() -> None:
    assert type(shown(Talk(), "x")) is Lines
