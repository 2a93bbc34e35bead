# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Rings that a mixer plays."""

import threading
import time

import numpy as np
import pytest

import pastream_ng as ps

from .conftest import heard

RAMP = np.arange(1, 1001, dtype="float32") / 1024


def test_a_ring_is_played_to_its_end(mixer):
    ring = ps.RingBuffer(size=1000, dtype="float32")
    ring.write(RAMP[:300])
    ring.end()
    voice = mixer.play_ring(ring, at=33, gain=0.5)
    wanted = np.zeros(400, "float32")
    wanted[33:333] = RAMP[:300] / 2
    assert np.array_equal(heard(mixer, 400)[:, 0], wanted)
    assert voice.state == ps.VoiceState.FINISHED
    assert voice.status.missing_frames == 0
    assert "of" not in repr(voice).split(",")[0]


def test_a_ring_is_filled_while_it_plays(live_mixer):
    ring = ps.RingBuffer(size=1024, dtype="float32", channels=2)
    voice = live_mixer.play_ring(ring, fade_in=0.001)
    for _ in range(10):
        assert ring.write(np.zeros((500, 2)), timeout=30) == 500
    assert voice.active
    ring.end()
    assert voice.wait(30)
    assert voice.status.played_frames == 5000


def test_an_empty_ring_is_silence_and_not_the_end(live_mixer):
    ring = ps.RingBuffer(size=64, dtype="float32")
    voice = live_mixer.play_ring(ring)
    ring.write([0.0] * 10)
    while voice.status.missing_frames < 500:
        time.sleep(0.001)
    assert voice.active
    assert voice.position == 10
    voice.cancel(0.001)
    assert voice.wait(30)


def test_who_waits_for_room_notices_the_end_of_the_voice(live_mixer):
    ring = ps.RingBuffer(size=64, dtype="float32")
    voice = live_mixer.play_ring(ring)
    voice.pause()
    threading.Timer(0.05, voice.stop).start()
    with pytest.raises(ps.StateError, match=r"ended|stopped"):
        ring.write(np.zeros(len(ring) + 4096), timeout=30)


def test_what_is_refused_of_rings(live_mixer):
    ring = ps.RingBuffer(size=64, dtype="float32")
    for wrong, error, words in (
        (RAMP, ps.ArgumentTypeError, "ring is of type ndarray"),
        (ps.RingBuffer(size=64, dtype="int16"), ps.ArgumentError, "dtype int16"),
        (ps.RingBuffer(4, 64), ps.ArgumentError, "dtype None"),
        (ps.RingBuffer(size=64, dtype="float32", channels=3), ps.ArgumentError, "3 channels"),
    ):
        with pytest.raises(error, match=words):
            live_mixer.play_ring(wrong)
    with ps.OutputStream("null", 48000, 1) as stream, pytest.raises(ps.StateError):
        live_mixer.play_ring(stream.output_ring)
    with ps.InputStream("loopback", 48000, 1) as stream, pytest.raises(ps.StateError):
        live_mixer.play_ring(stream.input_ring)
    with pytest.raises(ps.ArgumentError, match="gain"):
        live_mixer.play_ring(ring, gain=-1)
    assert len(ring.read()) == 0  # Refused, so it can still be read.
    voice = live_mixer.play_ring(ring)
    with pytest.raises(ps.StateError, match="a mixer is reading"):
        ring.read()
    with pytest.raises(ps.StateError, match="a mixer is reading"):
        live_mixer.play_ring(ring)
    with pytest.raises(ps.ArgumentError, match="seek"):
        voice.seek(0)
    with pytest.raises(ps.ArgumentError, match="no loop"):
        voice.set_loop()
    assert live_mixer.voices == [voice]
