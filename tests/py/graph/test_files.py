# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Graphs and sound files: rendered into them, playing them, recording into them."""

import io

import numpy as np
import pytest

import pastream_ng as ps

RATE = 48000


def noise(frames, channels=1):
    return np.random.default_rng(1).uniform(-1, 1, (frames, channels)).astype(np.float32)


def context(length=1000, channels=1, rate=RATE, **more):
    return ps.OfflineAudioContext(channels, length, rate, **more)


def busy(ctx):
    """Something in which nothing repeats."""
    osc = ctx.create_oscillator("sawtooth", frequency=301.7)
    osc >> ctx.create_delay(0.0131) >> ctx.create_gain(0.7) >> ctx.destination
    osc.start(0.01)


# ---- Rendered into files -------------------------------------------------------------------------


@pytest.mark.parametrize("length", [1, 1000, 200_001])
def test_a_file_has_the_bits_of_what_is_rendered(tmp_path, length):
    path = tmp_path / "a.wav"
    ctx = context(length, 2)
    parts = []
    ctx.render_to(path, busy, progress=parts.append, subtype="FLOAT", tags={"title": "x"})
    assert ctx.state == "closed"
    assert parts[-1] == 1
    sound, rate = ps.read(path, always_2d=True)
    assert rate == RATE
    assert sound.tobytes() == context(length, 2).render(busy).tobytes()
    assert ps.info(path).tags["title"] == "x"


def test_stops_and_ends_come_in_files_too():
    ctx = context(300)
    one = ctx.create_constant_source(0.25)
    one >> ctx.destination
    one.start()

    @ctx.suspend(128 / RATE)
    def turn(ctx):
        one.offset = 0.5

    place = io.BytesIO()
    ctx.render_to(place, format="FLAC", subtype="PCM_24")
    place.seek(0)
    assert ps.read(place)[0][::128].tolist() == [0.25, 0.5, 0.5]


def test_what_fails_leaves_no_file(tmp_path):
    path = tmp_path / "a.flac"

    def fail(ctx):
        raise ZeroDivisionError

    ctx = context()
    ctx.suspend(256 / RATE, fail)
    with pytest.raises(ZeroDivisionError):
        ctx.render_to(path)
    assert list(tmp_path.iterdir()) == []
    assert ctx.state == "closed"
    with pytest.raises(ps.StateError, match="make a new one"):
        ctx.render_to(path)
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_kept_if_so_wished(tmp_path):
    path = tmp_path / "a.wav"
    context().render_to(path)
    with pytest.raises(FileExistsError):
        context().render_to(path, overwrite=False)
    context(500).render_to(path)
    assert ps.info(path).frames == 500


@pytest.mark.parametrize(
    ("name", "options", "pattern"),
    [
        ("a.xyz", {}, "xyz"),
        ("a.wav", {"subtype": "VORBIS"}, "subtype"),
        ("a.wav", {"quality": 7.0}, "quality"),
        ("a.wav", {"samplerate": 8000}, "samplerate"),
        ("a.wav", {"overwrite": 3}, "overwrite"),
        ("a.wav", {"build": 3}, "build"),
        ("a.wav", {"progress": 3}, "progress"),
        ("a.opus", {"rate": 44100}, "44100"),
        ("a.wav", {"rate": 44100.5}, "44100.5"),
    ],
)
def test_bad_arguments_leave_the_context_as_it_was(tmp_path, name, options, pattern):
    ctx = context(rate=options.pop("rate", RATE))
    with pytest.raises((ps.ArgumentError, ps.ArgumentTypeError), match=pattern):
        ctx.render_to(tmp_path / name, **options)
    assert (ctx.state, list(tmp_path.iterdir())) == ("suspended", [])
    ctx.render()


def test_missing_folders_are_told_before_anything_is_rendered(tmp_path):
    ctx = context()
    with pytest.raises(FileNotFoundError):
        ctx.render_to(tmp_path / "none" / "a.wav")
    assert ctx.state == "suspended"
    ctx.render_to(tmp_path / "a.wav")
