# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Sounds that `pastream_ng.play` plays over each other."""

import threading

import numpy as np
import pytest

import pastream_ng as ps
from pastream_ng.mixing.shared import shared

WALL = ps.VirtualDevice("null")
SILENCE = np.zeros(48_000 * 60)


def test_sounds_overlap_in_one_stream():
    first = ps.play(SILENCE, 48000, device=WALL)
    second = ps.play(SILENCE, 48000, device=WALL, gain=0.5, loop=True)
    assert first.mixer is second.mixer
    assert second.gain == 0.5
    assert first.mixer.voices == [first, second]
    assert not ps.wait(0.01)
    first.stop(0.001)
    second.stop(0.001)
    assert ps.wait(30)
    assert not first.mixer.active


def test_the_stream_is_kept_and_restarted():
    first = ps.play(np.zeros(100), 48000, device=WALL, blocking=True)
    mixer = first.mixer
    assert ps.wait(30)
    assert mixer.finished
    assert not mixer.closed
    second = ps.play(np.zeros(100), 48000, device=WALL)
    assert second.mixer is mixer
    assert ps.wait(30)
    assert second.status.started == 0
    ps.stop()
    assert mixer.closed
    third = ps.play(np.zeros(100), 48000, device=WALL, blocking=True)
    assert third.mixer is not mixer


def test_sounds_start_with_the_run_on_a_free_clock(loopback):
    for _ in range(20):
        voice = ps.play(np.zeros(333), 48000, device=loopback)
        assert ps.wait(30)
        assert voice.status.started == 0
        assert voice.status.played_frames == 333


def test_another_device_rate_or_width_has_its_own_stream():
    first = ps.play(SILENCE, 48000, device=WALL)
    other_rate = ps.play(SILENCE, 44100, device=WALL)
    other_device = ps.play(SILENCE, 48000, device="loopback")
    stereo = ps.play(np.zeros((48_000, 2)), 48000, device=WALL, loop=True)
    mixers = {voice.mixer for voice in (first, other_rate, other_device, stereo)}
    assert len(mixers) == 4
    assert all(mixer.active for mixer in mixers)
    assert ps.play(SILENCE, 48000.0, device=WALL).mixer is first.mixer
    default = ps.play(SILENCE, device="loopback")
    assert default.mixer is ps.play(SILENCE, default.mixer.samplerate, device="loopback").mixer
    ps.stop()
    assert all(mixer.closed for mixer in mixers)


def test_one_channel_joins_several():
    stereo = ps.play(np.zeros((48_000, 2)), 48000, device=WALL, loop=True)
    assert ps.play(SILENCE, 48000, device=WALL).mixer is stereo.mixer


def test_streams_that_are_done_are_closed_for_others():
    done = ps.play(np.zeros(10), 48000, device=WALL, blocking=True).mixer
    ps.play(np.zeros(10), 44100, device=WALL, blocking=True)
    assert done.closed
    idle = ps.get_stream()
    ps.playrec(np.zeros(10), 48000, channels=1, device="loopback")
    assert idle.closed


def test_a_mapping_decides_the_channels():
    assert ps.play(SILENCE, 48000, device=WALL, mapping=[3, 1]).mixer.channels == 3
    assert ps.play(SILENCE, 48000, device=WALL, mapping=[2], channels=4).mixer.channels == 4
    assert ps.play(SILENCE, 48000, device=WALL, mapping=[[1], [0.5]]).mixer.channels == 2


def test_blocking_waits_for_its_own_sound():
    other = ps.play(SILENCE, 48000, device=WALL)
    voice = ps.play(np.zeros(480), 48000, device=WALL, blocking=True)
    assert voice.state == ps.VoiceState.FINISHED
    assert other.active
    with pytest.raises(ps.PastreamTimeoutError, match="timeout"):
        ps.play(SILENCE, 48000, device=WALL, blocking=True, timeout=0.02)
    assert other.active
    other.mixer.voices[-1].wait(0.5)
    assert other.mixer.voices == [other]


def test_a_wrong_argument_leaves_no_stream_behind():
    with pytest.raises(ps.ArgumentError, match="gain"):
        ps.play(SILENCE, 48000, device=WALL, gain=-1)
    assert shared._mixers == {}


def test_an_error_surfaces_in_wait_and_is_gone_then():
    device = ps.VirtualDevice("null", faults=[ps.Fault("vanish", 960)])
    options = {"blocksize": 96, "stall_after": 0.05, "lost_after": 0.1}
    voice = ps.play(SILENCE, 48000, device=device, **options)
    with pytest.raises(ps.DeviceLostError):
        ps.wait(30)
    assert ps.wait(30)
    assert voice.state == ps.VoiceState.CANCELLED
    again = ps.play(np.zeros(10), 48000, device=device, blocking=True, **options)
    assert again.mixer is not voice.mixer


def test_losses_are_told(caplog):
    device = ps.VirtualDevice("null", clock="free", faults=[ps.Fault("stall", 960, 480)])
    ps.play(np.zeros(4800), 48000, device=device, blocksize=96)
    assert ps.wait(30)
    assert ps.wait(30)
    assert caplog.text.count("480 frames were lost") == 1


def test_wait_waits_for_sounds_and_for_the_recording():
    voice = ps.play(np.zeros(2400), 48000, device=WALL)
    take = ps.rec(4800, 48000, 1, device=ps.VirtualDevice(input="sine"), blocking=False)
    assert ps.wait(30)
    assert not voice.active
    assert take[-100:].any()


def test_playing_while_the_last_run_ends():
    """A sound that comes in the moment in which the run ends is heard all the same."""
    done = []

    def work():
        for _ in range(30):
            done.append(ps.play(np.zeros(7), 48000, device=WALL, blocksize=32))
            done[-1].wait(30)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 90
    assert {voice.state for voice in done} == {ps.VoiceState.FINISHED}
