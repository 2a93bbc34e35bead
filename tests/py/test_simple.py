# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The one-liners: play, rec, playrec, wait, stop."""

import signal
import threading
import time

import numpy as np
import pytest

import pastream_ng as ps

from .conftest import counted

WALL = ps.VirtualDevice(input="counter")


# ---- rec -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [None, "float64", "int32", "int24", "int16", "int8", "uint8"])
@pytest.mark.parametrize("channels", [1, 3])
def test_rec_gives_an_array(counter, dtype, channels):
    take = ps.rec(5000, 48000, channels, dtype, device=counter)
    assert np.array_equal(take, counted(dtype or "float32", 5000, channels))
    assert take.flags.writeable
    assert ps.get_stream().closed


def test_rec_has_defaults(counter):
    take = ps.rec(100, device=counter)
    assert take.shape == (100, 2)
    assert take.dtype == "float32"
    assert ps.get_stream().samplerate == ps.query_devices("loopback").default_samplerate


@pytest.mark.parametrize("shape", [(500,), (500, 1), (500, 4)])
def test_rec_into_out(counter, shape):
    out = np.full(shape, -1, "int16")
    assert ps.rec(out=out, device=counter) is out
    assert np.array_equal(out.reshape(500, -1), counted("int16", 500, out.size // 500))
    assert ps.rec(500, out=out, channels=out.size // 500, dtype="int16", device=counter) is out


def test_rec_int24_into_out(counter):
    out = np.empty((64, 1), "int32")
    ps.rec(out=out, dtype="int24", device=counter)
    assert np.array_equal(out, counted("int24", 64))


def test_rec_in_the_background():
    take = ps.rec(2400, 48000, 1, "int32", device=WALL, blocking=False)
    assert ps.get_stream().active
    assert not ps.wait(0)
    assert ps.wait(30)
    assert np.array_equal(take, counted("int32", 2400))
    assert ps.wait()


def test_rec_takes_any_length_with_any_block(counter):
    for frames in (1, 2, 63, 64, 65, 1000):
        for blocksize in (1, 64, 1000):
            take = ps.rec(frames, 48000, 1, "int32", device=counter, blocksize=blocksize)
            assert np.array_equal(take, counted("int32", frames))


def test_rec_keeps_time_where_the_device_loses_frames(caplog):
    device = ps.VirtualDevice(clock="free", input="counter", faults=[ps.Fault("stall", 960, 480)])
    take = ps.rec(4800, 48000, 1, "int32", device=device, blocksize=96)[:, 0]
    silent = take == 0
    silent[0] = False
    assert np.count_nonzero(silent) == 480
    assert np.array_equal(take[~silent], np.arange(4800)[~silent])
    assert ps.get_stream().stats.lost_frames == 480
    assert "480 frames were lost" in caplog.text


def test_rec_can_time_out():
    with pytest.raises(ps.PastreamTimeoutError, match="timeout"):
        ps.rec(480_000, 48000, 1, device=WALL, timeout=0.05)
    assert ps.get_stream().closed
    assert ps.rec(10, 48000, 1, "int32", device=WALL)[:, 0].tolist() == list(range(10))


def test_rec_can_be_interrupted():
    timer = threading.Timer(0.05, signal.raise_signal, [signal.SIGINT])
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        ps.rec(48000 * 60, 48000, 1, device=WALL)
    timer.join()
    assert ps.get_stream().closed


def test_rec_ends_when_the_device_is_lost():
    device = ps.VirtualDevice(input="counter", faults=[ps.Fault("vanish", 960)])
    options = {"blocksize": 96, "stall_after": 0.05, "lost_after": 0.1}
    with pytest.raises(ps.DeviceLostError):
        ps.rec(48000, 48000, 1, "int32", device=device, **options)
    take = ps.rec(48000, 48000, 1, "uint8", device=device, blocking=False, **options)
    with pytest.raises(ps.DeviceLostError):
        ps.wait(30)
    assert ps.wait(30)
    got = ps.get_stream().stats.captured_frames
    assert np.array_equal(take[:got], counted("uint8", got))
    assert set(take[got:, 0]) == {128}  # What did not come is silent.


# ---- play ----------------------------------------------------------------------------------------


def heard(data, device, **options):
    """Play data and return what a second stream hears: the output of a loopback."""
    return ps.playrec(data, 48000, device=device, blocksize=32, **options)[32:]


@pytest.mark.parametrize(
    "dtype", ["float16", "float32", "float64", "int32", "int16", "int8", "uint8", ">f4", ">i2"]
)
@pytest.mark.parametrize("shape", [(400,), (400, 1), (400, 3)])
def test_playrec_gives_back_what_is_played(loopback, dtype, shape):
    kind = np.dtype(dtype)
    data = (np.arange(np.prod(shape)) % 100).reshape(shape).astype(kind)
    if kind.kind == "f":
        data = (data / 128).astype(kind)
    channels = 1 if len(shape) == 1 else shape[1]
    back = heard(data, loopback, channels=channels)
    assert back.shape == (368, channels)
    assert back.dtype == ("float32" if kind.kind == "f" else kind.newbyteorder("="))
    assert np.array_equal(back, data.reshape(400, -1)[:368])


def test_playrec_with_its_own_sides(loopback):
    out = np.empty((100, 2), "int32")
    data = np.zeros((100, 1), "int16")
    assert ps.playrec(data, out=out, device=loopback) is out
    assert ps.playrec(data, channels=3, dtype="float64", device=loopback).dtype == "float64"
    background = ps.playrec(data, channels=1, device=loopback, blocking=False)
    assert ps.wait(30)
    assert background.shape == (100, 1)


def test_strided_and_listed_data_is_played(loopback):
    data = np.arange(400, dtype="int16")[::4]
    assert np.array_equal(heard(data, loopback, channels=1)[:, 0], data[:68])
    back = heard([0.5] * 64, loopback, channels=1)
    assert set(back[:, 0]) == {0.5}


def test_play_and_wait(loopback):
    voice = ps.play(np.zeros((1000, 2)), 48000, device=loopback)
    assert ps.wait(30)
    assert voice.status.played_frames == 1000
    assert ps.get_stream() is voice.mixer
    voice = ps.play(np.zeros(10), device=loopback, blocking=True)
    assert voice.state == ps.VoiceState.FINISHED


def test_readonly_data_is_played(loopback):
    data = np.zeros(100, "float32")
    data.flags.writeable = False
    assert ps.play(data, device=loopback, blocking=True).status.played_frames == 100


def test_playing_keeps_the_array_alive(loopback):
    import gc

    ps.play(np.full(200_000, 0.25, "float32"), 48000, device="null")
    gc.collect()
    assert ps.get_stream().active
    ps.stop()


def test_a_new_recording_ends_the_one_before():
    ps.rec(480_000, 48000, 1, device=WALL, blocking=False)
    first = ps.get_stream()
    voice = ps.play(np.zeros(480_000), 48000, device=WALL)
    assert first.active  # Playing disturbs no recording, and recording no voice.
    take = ps.rec(100, 48000, 1, "int32", device=WALL)
    assert first.closed
    assert voice.active
    assert np.array_equal(take, counted("int32", 100))


def test_a_wrong_call_leaves_the_one_before():
    ps.play(np.zeros(480_000), 48000, device=WALL)
    first = ps.get_stream()
    for call in (
        lambda: ps.play(np.zeros((2, 2, 2))),
        lambda: ps.rec(10, samplerate=-1, device=WALL),
        lambda: ps.rec(10, device="nothing like this"),
        lambda: ps.playrec(np.zeros(5), blocksize=-1, device=WALL),
    ):
        with pytest.raises(ps.PastreamError):
            call()
    assert ps.get_stream() is first
    assert first.active
    ps.stop()
    assert first.closed
    ps.stop()
    assert ps.wait()


def test_stop_from_another_thread_ends_the_wait():
    ps.play(np.zeros(4_800_000), 48000, device=WALL)
    timer = threading.Timer(0.05, ps.stop)
    timer.start()
    assert ps.wait(60)
    timer.join()


def test_calls_from_many_threads():
    """All sounds are heard, from one stream."""
    errors = []
    voices = []

    def run():
        try:
            for _ in range(5):
                voices.append(ps.play(np.zeros(480_000), 48000, device=WALL))
                time.sleep(0.001)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert {voice.mixer for voice in voices} == {ps.get_stream()}
    assert len(ps.get_stream().voices) == 20
    ps.stop()
    assert not any(voice.active for voice in voices)


# ---- What is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: ps.play(np.zeros((2, 2, 2))), ps.ArgumentError, r"data has shape \(2, 2, 2\)"),
        (lambda: ps.play(np.float32(1)), ps.ArgumentError, r"data has shape \(\)"),
        (lambda: ps.play([]), ps.ArgumentError, "nothing to play"),
        (lambda: ps.play(np.zeros((0, 2))), ps.ArgumentError, "nothing to play"),
        (lambda: ps.play(np.zeros((1, 300))), ps.ArgumentError, "300 channels"),
        (lambda: ps.play(["a"]), ps.ArgumentTypeError, "must hold numbers"),
        (lambda: ps.play(None), ps.ArgumentTypeError, "must hold numbers"),
        (lambda: ps.play(np.zeros(3, complex)), ps.ArgumentTypeError, "complex128"),
        (lambda: ps.play(np.zeros(3, bool)), ps.ArgumentTypeError, "bool"),
        (lambda: ps.play(np.zeros(3, "int64")), ps.ArgumentError, "data has dtype int64"),
        (lambda: ps.play(np.zeros(3, "int16"), dtype="int32"), ps.ArgumentError, "must agree"),
        (lambda: ps.play(np.zeros(3), channels=2), ps.ArgumentError, "channels is 2; data has 1"),
        (lambda: ps.play(np.zeros(3), loop=5), ps.ArgumentTypeError, "loop is 5"),
        (lambda: ps.play(np.zeros(3), gain=-1), ps.ArgumentError, "gain is -1"),
        (lambda: ps.play(np.zeros(3), mapping=[-1]), ps.ArgumentError, r"mapping\[0\] is -1"),
        (lambda: ps.play(np.zeros(3), mapping=[]), ps.ArgumentError, r"mapping is \[\]"),
        (lambda: ps.play(np.zeros(3), colour=1), ps.ArgumentTypeError, "colour is no argument"),
        (lambda: ps.play(np.zeros(3), timeout=-1), ps.ArgumentError, "timeout is -1"),
        (lambda: ps.rec(), ps.ArgumentTypeError, "one of frames and out"),
        (lambda: ps.rec(0), ps.ArgumentError, "frames is 0"),
        (lambda: ps.rec(-5), ps.ArgumentError, "frames is -5"),
        (lambda: ps.rec(1.5), ps.ArgumentTypeError, "frames is 1.5"),
        (lambda: ps.rec(float("nan")), ps.ArgumentTypeError, "frames is nan"),
        (lambda: ps.rec(True), ps.ArgumentTypeError, "frames is True"),
        (lambda: ps.rec(10, out=np.zeros(5, "int16")), ps.ArgumentError, "frames is 10; out has 5"),
        (lambda: ps.rec(out=[1, 2]), ps.ArgumentTypeError, "out is"),
        (lambda: ps.rec(out=np.zeros((0, 2), "int16")), ps.ArgumentError, "no room"),
        (lambda: ps.rec(out=np.zeros(5, "int64")), ps.ArgumentError, "out.dtype"),
        (lambda: ps.rec(out=np.zeros((9, 2), "int16")[::2]), ps.ArgumentError, "C-contiguous"),
        (lambda: ps.rec(5, channels=0), ps.ArgumentError, "channels is 0"),
        (lambda: ps.rec(5, channels=300), ps.ArgumentError, "channels is 300"),
        (lambda: ps.playrec(np.zeros(5), out=np.zeros(4, "int16")), ps.ArgumentError, "4 rows"),
        (lambda: ps.wait("soon"), ps.ArgumentTypeError, "timeout is 'soon'"),
    ],
)
def test_what_is_refused(monkeypatch, call, error, words):
    monkeypatch.setenv("PASTREAM_DEVICE", "loopback")
    with pytest.raises(error, match=words):
        call()


def test_a_recording_that_does_not_fit_is_refused(counter):
    with pytest.raises(ps.OutOfMemoryError, match="frames is"):
        ps.rec(2**40, device=counter)


def test_read_only_out_is_refused(counter):
    out = np.zeros((5, 1), "int16")
    out.flags.writeable = False
    with pytest.raises(ps.ArgumentError, match="out is read-only"):
        ps.rec(out=out, device=counter)
    assert not out.any()
