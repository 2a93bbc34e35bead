# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Recordings: takes of live input in memory, however they begin and end."""

import asyncio
import gc
import os
import time
import weakref

import numpy as np
import pytest
from servers.gil_hold import GilHog

import pastream_ng as ps
from pastream_ng import RecordingState as State

from .conftest import until

pytestmark = pytest.mark.sanitize


def counting(**options):
    """Return a stream without a clock whose samples are the numbers of their frames."""
    device = ps.VirtualDevice(clock="free", input="counter", **options.pop("device", {}))
    return ps.InputStream(device, 48000, **{"channels": 1, "dtype": "int32", **options})


def counts(first, frames):
    """Return so many frames of such a stream."""
    return np.arange(first, first + frames, dtype="int32")


# ---- Beginning and ending ------------------------------------------------------------------------


def test_row28_a_recording_of_unknown_length_ends_with_stop():
    with counting() as stream:
        take = stream.recording()
        assert take.state is State.WAITING
        assert take.frames == 0
        assert take.data.shape == (0,)
        stream.start()
        until(lambda: take.frames > 100_000)
        assert take.state is State.RECORDING
        so_far = take.data
        take.stop()
        assert take.state is State.DONE
        assert np.array_equal(take.array(), counts(0, take.frames))
        assert np.array_equal(so_far, counts(0, len(so_far)))
        assert take.duration == take.frames / 48000
        assert len(take) == take.frames
        assert take.exception is None
        assert stream.active


@pytest.mark.parametrize("end", ["stop", "abort", "close", "limit"])
def test_pain_13_an_open_recording_ends_with_the_run_and_has_all_of_it(end):
    with counting() as stream:
        take = stream.recording()
        if end == "limit":
            for _ in stream.chunks(1000, frames=70_000):
                pass
        else:
            stream.start()
            until(lambda: take.frames > 5000)
            getattr(stream, end)()
        assert take.wait(30)
        assert np.array_equal(take.data, counts(0, stream.stats.captured_frames))


def test_start_and_length_are_exact():
    with counting() as stream:
        takes = [stream.recording(1000 + k, at=777 * k) for k in range(12)]
        stream.start()
        for k, take in enumerate(takes):
            assert np.array_equal(take.array(30), counts(777 * k, 1000 + k))
            assert take.segments[0].frame == 777 * k


def test_stop_at_a_frame():
    with counting() as stream:
        take = stream.recording(at=100)
        take.stop(at=1234)
        stream.start()
        assert np.array_equal(take.array(30), counts(100, 1134))


def test_the_start_by_the_clock():
    device = ps.VirtualDevice(input="counter")
    with ps.InputStream(device, 48000, 1, "int32", 64) as stream:
        stream.start()
        until(lambda: stream.frame_count > 500)
        begin = stream.time + 0.05
        take = stream.recording(100, time=begin)
        latest = max(begin, stream.time)  # The machine may be slow.
        assert len(take.array(30)) == 100
        frame = take.segments[0].frame
        # The clock model goes on learning.
        assert begin - 0.02 < stream.clock.time_of(frame) < latest + 0.02


def test_row29_what_was_not_read_yet_is_the_pre_roll():
    with counting(blocksize=1000, buffersize=4096) as stream:
        stream.start()
        until(lambda: stream.frame_count == 4000)  # The ring is full but for a rest.
        stream.read(900)
        take = stream.recording(1600, pre_roll=1500)
        stream.input_ring.flush()
        assert np.array_equal(take.array(30), counts(2500, 1600))


# ---- Parts ---------------------------------------------------------------------------------------


def test_pause_and_resume_make_segments():
    with counting() as stream:
        take = stream.recording(5000)
        take.pause(at=2000)
        take.resume(at=3500)
        stream.start()
        data = take.array(30)
        assert np.array_equal(data, np.concatenate([counts(0, 2000), counts(3500, 3000)]))
        first, second = take.segments
        assert (first.frame, len(first.data)) == (0, 2000)
        assert (second.frame, second.data[0], len(second.data)) == (3500, 3500, 3000)
        assert take.lost == 0


def test_pause_now_shows_in_the_state():
    with counting() as stream:
        take = stream.recording()
        stream.start()
        until(lambda: take.frames > 1000)
        take.pause()
        until(lambda: take.state is State.PAUSED)
        frames = take.frames
        begin = stream.frame_count
        until(lambda: stream.frame_count > begin + 10_000)
        assert take.frames == frames
        take.resume()
        until(lambda: take.frames > frames + 1000)
        take.stop()
        first, second = take.segments
        assert len(first.data) == frames
        assert np.array_equal(second.data, counts(second.frame, len(second.data)))


@pytest.mark.parametrize("runs", [0, 1])
def test_what_is_ordered_before_the_run_holds_from_its_first_frame(runs):
    with counting() as stream:
        for _ in range(runs):  # The frames of an earlier run are not those of this one.
            for _ in stream.chunks(100, frames=5000):
                pass
        paused, called = stream.recording(1000), stream.recording(1000, trigger="call")
        paused.pause()
        paused.resume(at=700)
        called.trigger()
        stream.start()
        assert np.array_equal(paused.array(30), counts(700, 1000))
        assert np.array_equal(called.array(30), counts(0, 1000))


def test_trigger_by_call():
    with counting() as stream:
        take = stream.recording(500, trigger="call", pre_roll=100, retrigger=True)
        take.trigger(at=5000)
        stream.start()
        until(lambda: take.frames == 500)
        assert take.state is State.WAITING
        take.trigger()
        until(lambda: take.frames == 1000)
        take.stop()
        first, second = take.segments
        assert np.array_equal(first.data, counts(4900, 500))
        assert np.array_equal(second.data, counts(second.frame, 500))
        plain = stream.recording()
        with pytest.raises(ps.StateError, match="no trigger"):
            plain.trigger()


def bursts(random, frames, channels, dtype):
    """Return silence with bursts in it, here and there, now loud and now not."""
    sound = np.zeros((frames, channels))
    for _ in range(random.integers(1, 8)):
        begin = random.integers(0, frames)
        end = begin + random.integers(1, 400)
        channel = random.integers(0, channels)
        sound[begin:end, channel] = random.choice([-1, 1]) * random.uniform(0.05, 0.9)
    if dtype == "float32":
        return sound.astype(dtype)
    if dtype == "uint8":
        return (sound * 128 + 128).astype(dtype)
    return (sound * (np.iinfo(dtype).max + 1)).astype(dtype)


def expected(loud, pre_roll, frames, release, retrigger):
    """Return where segments begin and end, by the words of the documentation."""
    found, free = [], 0
    while True:
        hits = np.flatnonzero(loud[free:])
        if not len(hits):
            return found
        trigger = free + int(hits[0])
        begin = max(free, trigger - pre_roll)
        end = len(loud)
        if frames is not None:
            end = min(end, begin + frames)
        if release is not None:
            quiet = 0
            for n in range(trigger, end):
                quiet = 0 if loud[n] else quiet + 1
                if quiet == release:
                    end = n + 1
                    break
        found.append((begin, end))
        free = end
        if not retrigger:
            return found


@pytest.mark.parametrize("seed", range(24))
def test_row29_triggers_do_what_the_documentation_says(seed):
    random = np.random.default_rng(seed)
    channels = int(random.integers(1, 4))
    dtype = str(random.choice(["float32", "int16", "int32", "uint8"]))
    sound = bursts(random, 6000, channels, dtype)
    level = float(random.choice([0.04, 0.3, 0.6]))
    frames = [None, 300, 1000][random.integers(0, 3)]
    release = [None, 1, 150][random.integers(0, 3)]
    retrigger = bool(random.integers(0, 2)) and not (frames is None and release is None)
    pre_roll = int(random.choice([0, 1, 200, 700]))
    watched = None if channels == 1 or random.integers(0, 2) else [int(random.integers(channels))]
    device = ps.VirtualDevice("loopback", clock="free")
    with ps.DuplexStream(
        device, 48000, channels, dtype, int(random.integers(16, 257)), buffersize=8192
    ) as stream:
        stream.output_ring.write(sound)
        stream.output_ring.end()
        whole = stream.recording(always_2d=True)
        take = stream.recording(
            frames,
            trigger=level,
            trigger_channels=watched,
            release=release,
            retrigger=retrigger,
            pre_roll=pre_roll,
            always_2d=True,
        )
        stream.start()
        heard = whole.array(30)
        assert take.wait(30)
    scale = {"float32": 1.0, "uint8": 128.0}.get(dtype) or np.iinfo(dtype).max + 1.0
    samples = (heard.astype("float64") - (128 if dtype == "uint8" else 0)) / scale
    loud = (np.abs(samples[:, watched if watched else slice(None)]) >= level).any(axis=1)
    wanted = expected(loud, pre_roll, frames, release, retrigger)
    got = [(part.frame, part.frame + len(part.data)) for part in take.segments]
    assert got == wanted
    for part, (begin, end) in zip(take.segments, wanted, strict=True):
        assert np.array_equal(part.data, heard[begin:end])


# ---- What goes wrong -----------------------------------------------------------------------------


@pytest.mark.parametrize("gaps", ["silence", "skip"])
def test_lost_frames_are_filled_or_skipped_and_counted(gaps):
    faults = [ps.Fault("stall", 6400, 9000)]
    with counting(device={"faults": faults}) as stream:
        take = stream.recording(20_000, gaps=gaps)
        stream.start()
        data = take.array(30)
        lost = stream.stats.lost_frames
        assert take.lost == lost == 9000
        begin = int(np.flatnonzero(np.diff(data) != 1)[0]) + 1
        if gaps == "silence":
            silent = np.concatenate([counts(0, begin), np.zeros(lost, "int32")])
            rest = counts(begin + lost, 20_000 - begin - lost)
            assert np.array_equal(data, np.concatenate([silent, rest]))
            assert len(take.segments) == 1
        else:
            first, second = take.segments
            assert len(data) == 20_000
            assert np.array_equal(first.data, counts(0, begin))
            assert second.frame == begin + lost
            assert np.array_equal(second.data, counts(begin + lost, 20_000 - begin))


def test_a_lost_device_is_told_and_what_came_is_kept():
    with counting(blocksize=64, device={"faults": [ps.Fault("dead", 6400)]}) as stream:
        take = stream.recording()
        stream.start()
        with pytest.raises(ps.DeviceLostError) as caught:
            take.wait(30)
        assert caught.value is take.exception
        assert caught.value.frame == 6400
        assert take.state is State.FAILED
        assert np.array_equal(take.data, counts(0, 6400))
        with pytest.raises(ps.DeviceLostError):
            take.array()
        with pytest.raises(ps.DeviceLostError):
            stream.stop()


def test_a_limit_of_memory_is_an_error_that_keeps_the_frames():
    with counting() as stream:
        take = stream.recording(max_frames=4321)
        stream.start()
        until(lambda: take.state is State.FAILED)
        with pytest.raises(ps.LimitError, match="limit of 4321 frames"), take:
            pass  # The end of a block tells.
        assert np.array_equal(take.data, counts(0, 4321))
        assert stream.active


def test_nothing_is_lost_while_python_is_held_up():
    device = ps.VirtualDevice(input="counter")
    with ps.InputStream(device, 48000, 1, "int32", 64, buffersize=12_288) as stream:
        take = stream.recording(48_000)
        stream.start()
        with GilHog(0.5) as hog:
            until(lambda: hog.n_holds >= 2)
        data = take.array(30)
        assert hog.longest * 48000 > len(stream.input_ring)
        assert take.lost == stream.stats.lost_frames  # Of a machine that was busy, if any.
        assert np.count_nonzero(data) >= 48_000 - 1 - take.lost
        assert stream.stats.dropped_frames == 0


# ---- Life ----------------------------------------------------------------------------------------


def test_the_one_that_opens_its_own_stream():
    device = ps.VirtualDevice(clock="free", input="counter")
    with ps.recording(device=device, channels=2, dtype="int32") as take:
        until(lambda: take.frames > 1000)
        assert take.stream.active
    assert take.stream.closed
    assert take.state is State.DONE
    assert take.data.shape == (take.frames, 2)
    # Without a block: whatever waits for its end closes the stream.
    take = ps.recording(500, device=device, channels=1, dtype="int32", always_2d=True)
    assert take.array(30).shape == (500, 1)
    assert take.stream.closed
    with pytest.raises(ps.ArgumentError, match="frames is 0"):
        ps.recording(0, device=device)


def test_an_error_in_the_block_is_not_hidden():
    device = ps.VirtualDevice(clock="free", faults=[ps.Fault("dead", 640)])
    take = ps.recording(device=device)
    until(lambda: take.state is State.FAILED)

    def fail():
        with take:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert take.stream.closed


def test_waiting_with_asyncio():
    async def main():
        with counting() as stream:
            take = stream.recording(3000, at=2000)
            assert not await take.finished(0.01)
            stream.start()
            assert await take.finished(30)
            return take.data

    assert np.array_equal(asyncio.run(main()), counts(2000, 3000))


def test_a_recording_is_of_one_run_and_a_stream_starts_again_at_once():
    with counting() as stream:
        for _ in range(10):
            take = stream.recording()
            for _ in stream.chunks(500, frames=3000):
                pass
            late = stream.recording(100)
            for _ in stream.chunks(500, frames=3000):
                pass
            assert np.array_equal(take.array(30), counts(0, 3000))
            assert np.array_equal(late.array(30), counts(0, 100))


def test_dropping_the_handle_ends_it_and_gives_its_reader_back():
    with counting() as stream:
        stream.start()
        take = stream.recording()
        reference = weakref.ref(take)
        gc.disable()
        try:
            del take
            assert reference() is None
        finally:
            gc.enable()
        for _ in range(5):
            keep = takes(stream, 15)
            with pytest.raises(ps.LimitError, match="16 readers and recordings"):
                stream.recording()
            del keep


def takes(stream, number=1):
    """Return so many recordings, once there is room for them."""
    made = []

    def try_one():
        try:
            made.append(stream.recording())
        except ps.LimitError:
            return False
        return True

    for _ in range(number):
        until(try_one)
    return made


def test_a_dropped_stream_goes_on_as_long_as_its_recording():
    stream = counting()
    stream.start()
    take = stream.recording()
    del stream
    until(lambda: take.frames > 1000)
    take.stream.close()
    assert take.wait(30)
    assert take.frames > 1000


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system has no such call")
def test_a_cancelled_recording_makes_room_for_the_next_one_at_once():
    everywhere = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(everywhere)})  # Its thread does not run beside this one.
    try:
        with ps.InputStream("loopback", 48000, channels=1) as stream:
            stream.start()
            takes = []
            for _ in range(300):  # A ring has 16 readers.
                takes.append(stream.recording())
                takes[-1].cancel()
    finally:
        os.sched_setaffinity(0, everywhere)


def test_a_recording_that_was_cancelled():
    with counting() as stream:
        take = stream.recording()
        take.cancel()
        take.cancel()
        assert take.wait(30)
        assert take.state is State.CANCELLED
        take.close()
        assert "cancelled" in repr(take)


# ---- Arguments -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"frames": 0}, ps.ArgumentError, "frames is 0; it must be at least 1"),
        ({"frames": 1.5}, ps.ArgumentTypeError, "frames is 1.5"),
        ({"at": -1}, ps.ArgumentError, "at is -1"),
        ({"at": 1, "time": 1.0}, ps.ArgumentTypeError, "at and time"),
        ({"time": float("nan")}, ps.ArgumentError, "time is nan"),
        ({"pre_roll": -1}, ps.ArgumentError, "pre_roll is -1"),
        ({"pre_roll": 10**9}, ps.ArgumentError, "half of the stream's ring"),
        ({"pre_roll": 5, "at": 100}, ps.ArgumentError, "pre_roll is 5; with at"),
        ({"trigger": 0.0}, ps.ArgumentError, "trigger is 0.0"),
        ({"trigger": 1.5}, ps.ArgumentError, "trigger is 1.5"),
        ({"trigger": "loud"}, ps.ArgumentError, "trigger is 'loud'"),
        ({"trigger": "6 dB"}, ps.ArgumentError, "trigger is '6 dB'"),
        ({"trigger": [1]}, ps.ArgumentTypeError, r"trigger is \[1\]; it must be a level"),
        ({"trigger": True}, ps.ArgumentTypeError, "trigger is True"),
        ({"trigger": float("nan")}, ps.ArgumentError, "trigger is nan"),
        ({"trigger_channels": 0}, ps.ArgumentError, "trigger_channels is 0; it needs a level"),
        ({"trigger": 0.5, "trigger_channels": 1}, ps.ArgumentError, "trigger_channels is 1"),
        ({"trigger": 0.5, "trigger_channels": []}, ps.ArgumentError, "is empty"),
        ({"trigger": 0.5, "trigger_channels": [0, 0]}, ps.ArgumentError, "has 1 channels"),
        ({"release": 10}, ps.ArgumentError, "release is 10; it needs a level"),
        ({"trigger": 0.5, "release": 0}, ps.ArgumentError, "release is 0"),
        ({"retrigger": True}, ps.ArgumentError, "retrigger is True; it needs a trigger"),
        ({"trigger": "call", "retrigger": True}, ps.ArgumentError, "needs frames or release"),
        ({"max_frames": 0}, ps.ArgumentError, "max_frames is 0"),
        ({"gaps": "fill"}, ps.ArgumentError, "gaps is 'fill'"),
    ],
)
def test_bad_arguments_are_refused_by_name(arguments, error, words):
    with counting() as stream:
        with pytest.raises(error, match=words):
            stream.recording(**arguments)
        assert len(takes(stream, 15)) == 15  # No reader was taken.


def test_a_level_in_decibels_is_the_same_as_a_fraction():
    with counting() as stream:
        level = 20 * np.log10(1000 / 2**31)
        take = stream.recording(10, trigger=f"{level:.9f} dB")
        stream.start()
        assert take.array(30)[0] == 1000


def test_a_closed_stream_refuses():
    stream = counting()
    stream.close()
    with pytest.raises(ps.ClosedError):
        stream.recording()
    with pytest.raises(ps.ClosedError):
        stream.reader()


def test_waits_time_out():
    with counting() as stream:
        take = stream.recording()
        begin = time.monotonic()
        assert not take.wait(0.02)
        assert time.monotonic() - begin >= 0.02
        with pytest.raises(ps.PastreamTimeoutError, match=r"within 0\.01 s"):
            take.array(0.01)
