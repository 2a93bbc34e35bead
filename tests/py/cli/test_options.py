# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What the words of options mean, and what is said of those that mean nothing."""

import click
import pytest

from pastream_ng.cli import options
from pastream_ng.cli.options import BITRATE, BYTES, COUNT, DURATION, RATE, SPAN, TAG, Span


def refusal(kind: click.ParamType, word: str) -> str:
    with pytest.raises(click.BadParameter) as caught:
        kind.convert(word, None, None)
    return caught.value.message


@pytest.mark.parametrize(
    ("word", "seconds"),
    [
        ("90", 90),
        ("2.5", 2.5),
        (".5", 0.5),
        ("5.", 5),
        ("1:30", 90),
        ("=1:30", 90),
        ("0:07.25", 7.25),
        ("90:00", 5400),
        ("1:02:03.5", 3723.5),
        ("250ms", 0.25),
        ("0", 0),
    ],
)
def test_times(word: str, seconds: float) -> None:
    assert DURATION.convert(word, None, None) == seconds


@pytest.mark.parametrize("word", ["", "abc", "-1", "1:75", "1:2:3:4", "nan", "inf", "1e3", ":30"])
def test_no_times(word: str) -> None:
    text = refusal(DURATION, word)
    assert f"'{word}' is no time" in text
    assert "1:30" in text
    assert "is no length" in refusal(SPAN, word)


def test_seconds_need_no_suffix() -> None:
    assert "write 10" in refusal(DURATION, "10s")
    assert "write 1.5" in refusal(DURATION, "1.5sec")


@pytest.mark.parametrize(
    ("word", "span"),
    [
        ("1:30", Span(seconds=90)),
        ("90", Span(seconds=90)),
        ("48000s", Span(frames=48000)),
        ("480ks", Span(frames=480000)),
        ("64Ks", Span(frames=65536)),
        ("1.5ks", Span(frames=1500)),
        ("1Ms", Span(frames=1048576)),
    ],
)
def test_lengths_are_times_or_samples(word: str, span: Span) -> None:
    assert SPAN.convert(word, None, None) == span


def test_what_two_people_read_differently_is_refused() -> None:
    text = refusal(SPAN, "500ms")
    assert "0.5" in text
    assert "500000000s" in text


def test_a_length_in_frames() -> None:
    assert Span(seconds=1.5).in_frames(48000) == 72000
    assert Span(frames=7).in_frames(48000) == 7


@pytest.mark.parametrize(
    ("kind", "word", "number"),
    [
        (RATE, "48k", 48000),
        (RATE, "=48k", 48000),
        (RATE, "44.1k", 44100),
        (RATE, "44.1 kHz", 44100),
        (RATE, "22050", 22050),
        (RATE, "8000Hz", 8000),
        (BITRATE, "96k", 96000),
        (BITRATE, "96kbps", 96000),
        (BITRATE, "96 kbit/s", 96000),
        (BITRATE, "1.4M", 1400000),
        (BITRATE, "64000", 64000),
        (BYTES, "10M", 10000000),
        (BYTES, "4Gi", 2**32),
        (BYTES, "700kB", 700000),
        (BYTES, "1", 1),
        (COUNT, "480k", 480000),
        (COUNT, "=480k", 480000),
        (COUNT, "2K", 2048),
        (COUNT, "2m", 2000000),
        (COUNT, "0", 0),
    ],
)
def test_quantities(kind: click.ParamType, word: str, number: int) -> None:
    assert kind.convert(word, None, None) == number


@pytest.mark.parametrize(
    ("kind", "word", "parts"),
    [
        (RATE, "fast", ["'fast' is no rate", "44.1k"]),
        (RATE, "48", ["too small", "48k"]),
        (RATE, "-48k", ["is no rate"]),
        (BITRATE, "96", ["bits a second", "96k"]),
        (BITRATE, "1e5", ["is no bit rate", "96k"]),
        (BYTES, "0", ["too small a size"]),
        (BYTES, "9" * 30, ["too large a size"]),
        (COUNT, "many", ["is no number of frames", "480k"]),
        (TAG, "title", ["is no tag", "title=Song"]),
        (TAG, "=x", ["is no tag"]),
    ],
)
def test_what_is_no_quantity(kind: click.ParamType, word: str, parts: list[str]) -> None:
    text = refusal(kind, word)
    assert all(part in text for part in parts), text


def test_a_tag_may_hold_anything() -> None:
    assert TAG.convert("title=a=b ", None, None) == ("title", "a=b")
    assert TAG.convert("artist=", None, None) == ("artist", "")


def test_figures_for_people() -> None:
    assert [options.clock(s) for s in (0, 7.9, 185, 3723)] == ["0:00", "0:07", "3:05", "1:02:03"]
    assert options.clock(float("inf")) == "?"
    sizes = [options.size(n) for n in (0, 999, 1000, 99_400, 123_456, 2_500_000, 7e12)]
    assert sizes == ["0 B", "999 B", "1.0 kB", "99.4 kB", "123 kB", "2.5 MB", "7.0 TB"]
