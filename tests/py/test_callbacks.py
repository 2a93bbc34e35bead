# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Callbacks in Python: every block, in order, on a thread that the audio never waits for."""

import threading
import time
import traceback

import numpy as np
import pytest

import pastream_ng as ps
from pastream_ng.streams.base import Limits

from .conftest import counted, until

WALL = ps.VirtualDevice("loopback")
STREAMS = [ps.InputStream, ps.OutputStream, ps.DuplexStream]


# ---- What it gets --------------------------------------------------------------------------------


@pytest.mark.sanitize
@pytest.mark.parametrize(
    "dtype", ["float32", "float64", "int32", "int24", "int16", "int8", "uint8"]
)
def test_input_comes_block_by_block(counter, dtype):
    seen = []

    def callback(indata, frames, time, status):
        seen.append((indata, frames, time, status))

    with ps.InputStream(counter, 48000, 2, dtype, 64, callback=callback) as stream:
        stream._start(Limits(0, 1000))
        assert stream.wait(30)
        assert stream.finished
    assert [frames for _, frames, _, _ in seen] == [64] * 15 + [40]
    assert [time.frame for _, _, time, _ in seen] == list(range(0, 1000, 64))
    assert all(len(block) == frames for block, frames, _, _ in seen)
    blocks = np.concatenate([block for block, _, _, _ in seen])
    assert np.array_equal(blocks, counted(dtype, 1000, 2))
    assert not any(status for _, _, _, status in seen)


@pytest.mark.sanitize
@pytest.mark.parametrize(
    "dtype", ["float32", "float64", "int32", "int24", "int16", "int8", "uint8"]
)
def test_duplex_is_aligned_to_the_frame(loopback, dtype):
    played, captured = [], []
    whole = counted(dtype, 1600)

    def callback(indata, outdata, frames, time, status):
        assert (outdata == (128 if dtype == "uint8" else 0)).all()
        captured.append(indata)
        at = len(played) * 32
        if len(played) % 2 == 0:
            outdata[:] = whole[at : at + frames]
        played.append(outdata)
        if len(played) == 50:
            raise ps.CallbackStop

    with ps.DuplexStream(
        loopback, 48000, 1, dtype, 32, callback=callback, callback_latency=96
    ) as stream:
        stream.start()
        assert stream.wait(30)
        assert stream.finished
        stats = stream.stats
    # The silence it begins with, and all blocks, that of the last call included.
    assert stats.played_frames == 96 + 50 * 32
    assert stats.missing_frames == 0
    # The loopback gives back what is played one block later.
    heard = np.concatenate(captured)
    delay = 96 + 32
    assert (heard[:delay] == (128 if dtype == "uint8" else 0)).all()
    assert np.array_equal(heard[delay:], np.concatenate(played)[: len(heard) - delay])


@pytest.mark.sanitize
def test_output_is_played_in_full():
    calls = []

    def callback(outdata, frames, time, status):
        calls.append((time.frame, status.priming_output))
        outdata[:] = 0.5
        if len(calls) == 30:
            raise ps.CallbackStop

    device = ps.VirtualDevice("null", clock="free")
    with ps.OutputStream(
        device, 48000, 2, "float32", 128, callback=callback, callback_latency=512
    ) as stream:
        stream.start()
        assert stream.wait(30)
        assert stream.finished
        assert stream.stats.played_frames == 30 * 128
        assert stream.stats.missing_frames == 0
        assert stream.exception is None
    assert [frame for frame, _ in calls] == list(range(0, 30 * 128, 128))
    # Four blocks are there before the device begins.
    assert [primes for _, primes in calls] == [True] * 4 + [False] * 26


@pytest.mark.parametrize("calls", [1, 3])
def test_a_short_sound_is_over_before_the_device_begins(calls):
    count = []

    def callback(outdata, frames, time, status):
        count.append(frames)
        if len(count) == calls:
            raise ps.CallbackStop

    device = ps.VirtualDevice("null", clock="free")
    with ps.OutputStream(device, blocksize=64, callback=callback, callback_latency=640) as stream:
        for _ in range(2):
            count.clear()
            stream.start()
            assert stream.wait(30)
            assert stream.stats.played_frames == calls * 64
            assert len(count) == calls


def test_it_runs_on_a_thread_of_its_own():
    names = set()

    def callback(*_):
        names.add(threading.current_thread().name)

    with ps.DuplexStream(WALL, callback=callback) as stream:
        stream.start()
        until(lambda: names)
    assert names == {"pastream callback"}
    assert threading.active_count() == 1


def test_times_are_in_order():
    times = []

    def callback(indata, outdata, frames, time, status):
        times.append(time)

    with ps.DuplexStream(WALL, 48000, blocksize=480, callback=callback) as stream:
        stream.start()
        until(lambda: len(times) > 5)
    for t in times:
        assert t.input_adc_time < t.current_time <= time.monotonic()
        assert t.input_adc_time < t.output_dac_time
        assert t.inputBufferAdcTime == t.input_adc_time
        assert t.outputBufferDacTime == t.output_dac_time
        assert t.currentTime == t.current_time
    assert [t.frame for t in times] == [480 * i for i in range(len(times))]


@pytest.mark.sanitize
def test_what_it_keeps_stays_as_it_was(counter):
    kept = []

    def callback(indata, frames, time, status):
        assert not indata.flags.writeable
        kept.append(indata)

    with ps.InputStream(counter, 48000, 1, "int32", 16, buffersize=64, callback=callback) as stream:
        stream._start(Limits(0, 4096))
        assert stream.wait(30)
    assert np.array_equal(np.concatenate(kept), counted("int32", 4096))


def test_output_that_is_changed_later_is_not_played(loopback):
    kept, heard = [], []

    def callback(indata, outdata, frames, time, status):
        heard.append(indata.copy())
        for block in kept:
            block[:] = 1.0
        kept.append(outdata)
        if len(kept) == 50:
            raise ps.CallbackStop

    with ps.DuplexStream(loopback, 48000, 1, blocksize=32, callback=callback) as stream:
        stream.start()
        assert stream.wait(30)
    assert not np.concatenate(heard).any()


def test_blocks_have_512_frames_unless_asked_for(counter):
    seen = []
    with ps.InputStream(counter, callback=lambda i, n, t, s: seen.append(n)) as stream:
        assert stream.blocksize == 512
        stream._start(Limits(0, 1024))
        assert stream.wait(30)
    assert seen == [512, 512]


# ---- What went wrong -----------------------------------------------------------------------------


def test_flags_and_losses_are_told():
    faults = [ps.Fault("xrun", at=200), ps.Fault("stall", at=640, amount=100)]
    device = ps.VirtualDevice(clock="free", input="counter", faults=faults)
    seen = []
    with ps.InputStream(
        device, 48000, 1, "int32", 64, callback=lambda i, n, t, s: seen.append((t.frame, s))
    ) as stream:
        stream._start(Limits(0, 2000))
        assert stream.wait(30)
        assert stream.stats.lost_frames == 100
    flagged = [(frame, status) for frame, status in seen if status]
    assert sum(status.lost_frames for _, status in flagged) == 100
    assert any(status.input_overflow and status.lost_frames == 100 for _, status in flagged)
    assert len(flagged) == 2


@pytest.mark.parametrize("kind", [ps.OutputStream, ps.DuplexStream])
def test_a_slow_callback_is_told_what_it_missed(kind):
    told, counts = [], []

    def callback(*arguments):
        status = arguments[-1]
        told.append(status.missing_frames)
        assert bool(status.missing_frames) == status.output_underflow
        counts.append(len(counts))
        if len(counts) == 10:
            time.sleep(0.2)

    with kind(WALL, 48000, 1, blocksize=240, callback=callback, callback_latency=480) as stream:
        stream.start()
        until(lambda: sum(told) > 0 and len(counts) > 40)
        assert stream.active
        stream.stop()
        # Late once, it is still heard afterwards: no error, and what was told is what was missed.
        assert sum(told) <= stream.stats.missing_frames
        assert stream.exception is None


def test_after_a_stall_the_latency_is_what_it_was():
    block, ahead = 240, 480
    late, pairs = [], []

    def callback(indata, outdata, frames, time, status):
        # Each sample played is the number of the frame that was captured when it was made.
        outdata[:, 0] = np.arange(time.frame, time.frame + frames)
        pairs.append((time.frame, indata[:, 0].copy()))
        if len(pairs) == 10:
            stalled.wait(0.3)
        if status.output_underflow:
            late.append(len(pairs))

    def is_back():
        frame, heard = pairs[-1] if pairs else (0, None)
        # Long after the hole and what was captured meanwhile.
        return frame > 30000 and np.array_equal(
            heard, np.arange(frame - delay, frame - delay + block)
        )

    stalled = threading.Event()
    with ps.DuplexStream(
        WALL, 48000, 1, "int32", block, callback=callback, callback_latency=ahead
    ) as stream:
        stream.start()
        delay = ahead + block  # The loopback's own: a block.
        until(is_back)
        assert late
        assert stream.stats.missing_frames > 0


@pytest.mark.parametrize("overflow", ["drop-oldest", "drop-newest", "silence"])
def test_frames_keep_their_numbers_where_the_ring_was_too_small(overflow):
    device = ps.VirtualDevice(input="counter")
    seen, held = [], threading.Event()

    def callback(indata, frames, time, status):
        seen.append((time.frame, indata[:, 0], status.lost_frames))
        if len(seen) == 5:
            held.wait(0.2)

    options = {"blocksize": 64, "buffersize": 512, "overflow": overflow, "callback": callback}
    with ps.InputStream(device, 48000, 1, "int32", **options) as stream:
        stream.start()
        until(lambda: stream.stats.dropped_frames > 0)
        count = len(seen)
        until(lambda: len(seen) > count + 200)
        stream.stop()
        dropped = stream.stats.dropped_frames
    numbers = [frame + n for frame, block, _ in seen for n in range(len(block))]
    samples = np.concatenate([block for _, block, _ in seen])
    if overflow == "silence":
        assert numbers == list(range(len(numbers)))
        assert all(lost == 0 for _, _, lost in seen)
        numbers = [n if sample or n == 0 else 0 for n, sample in zip(numbers, samples, strict=True)]
        assert 0 < numbers[1:].count(0) <= dropped
    else:
        assert 0 < sum(lost for _, _, lost in seen) <= dropped
    if overflow != "drop-newest":  # There a block may begin before a gap and end after it.
        assert np.array_equal(samples, numbers)


@pytest.mark.parametrize("overflow", ["drop-oldest", "drop-newest", "silence"])
def test_dropped_input_leaves_the_latency_as_it_was(overflow):
    block, ahead = 64, 256
    pairs, held = [], threading.Event()

    def callback(indata, outdata, frames, time, status):
        outdata[:, 0] = np.arange(time.frame, time.frame + frames)
        pairs.append((time.frame, indata[:, 0]))
        if len(pairs) == 10:
            held.wait(0.2)

    def is_back():
        frame, heard = pairs[-1] if pairs else (0, None)
        # Long after the hole and what was captured meanwhile.
        return frame > 24000 and np.array_equal(
            heard, np.arange(frame - ahead - block, frame - ahead)
        )

    with ps.DuplexStream(
        WALL,
        48000,
        1,
        "int32",
        block,
        buffersize=(512, None),
        overflow=overflow,
        callback=callback,
        callback_latency=ahead,
    ) as stream:
        stream.start()
        until(is_back)
        assert stream.stats.dropped_frames > 0


def test_a_missing_block_is_an_error_where_asked_for():
    def callback(outdata, frames, time, status):
        if not status.priming_output:
            stopped.wait(30)

    stopped = threading.Event()
    stream = ps.OutputStream(
        WALL, blocksize=64, underflow="raise", callback=callback, callback_latency=64
    )
    stream.start()
    until(lambda: not stream.active)
    stopped.set()
    with pytest.raises(ps.BufferEmpty):
        stream.wait(30)
    stream.close()


def test_what_was_captured_before_a_loss_is_delivered():
    device = ps.VirtualDevice(input="counter", faults=[ps.Fault("vanish", at=640)])
    seen = []
    stream = ps.InputStream(
        device, 48000, 1, "int32", 64, lost_after=0.3, callback=lambda i, n, t, s: seen.append(i)
    )
    stream.start()
    with pytest.raises(ps.DeviceLostError):
        stream.wait(30)
    stream.close()
    assert np.array_equal(np.concatenate(seen), counted("int32", 640))


# ---- Its end -------------------------------------------------------------------------------------


@pytest.mark.sanitize
@pytest.mark.parametrize("kind", STREAMS)
@pytest.mark.parametrize("how", ["wait", "stop", "abort", "close", "with"])
def test_an_exception_reaches_the_owner_as_it_is(kind, how, counter, capfd):
    error = ZeroDivisionError("mine")
    calls = []

    def callback(*_):
        calls.append(1)
        if len(calls) == 20:
            raise error

    stream = (
        kind(counter, 48000, 1, blocksize=32, callback=callback, callback_latency=64)
        if (kind is not ps.InputStream)
        else kind(counter, 48000, 1, blocksize=32, callback=callback)
    )
    stream.start()
    until(lambda: not stream.active and stream.exception is not None)
    assert stream.exception is error
    assert stream.aborted
    with pytest.raises(ZeroDivisionError) as caught:
        stream.__exit__(None, None, None) if how == "with" else getattr(stream, how)()
    assert caught.value is error
    assert "callback" in [frame.name for frame in traceback.extract_tb(error.__traceback__)]
    assert stream.exception is error
    stream.close()  # Once is enough.
    assert len(calls) == 20
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit, StopIteration])
def test_every_kind_of_exception_is_kept(kind, counter):
    def callback(*_):
        raise kind

    with ps.InputStream(counter, callback=callback) as stream:
        stream.start()
        with pytest.raises(kind):
            stream.wait(30)


def test_an_exception_in_the_first_blocks_is_raised_by_start():
    error = ValueError("at once")

    def callback(*_):
        raise error

    stream = ps.OutputStream(WALL, callback=callback)
    with pytest.raises(ValueError, match="at once") as caught:
        stream.start()
    assert caught.value is error
    assert not stream.active
    assert stream.stats.callbacks == 0
    stream.close()


def test_a_stream_can_be_started_again_after_an_exception(loopback):
    calls = []

    def callback(indata, outdata, frames, time, status):
        calls.append(time.frame)
        if len(calls) == 3:
            raise LookupError
        if len(calls) == 10:
            raise ps.CallbackStop

    with ps.DuplexStream(loopback, blocksize=64, callback=callback) as stream:
        stream.start()
        with pytest.raises(LookupError):
            stream.wait(30)
        stream.start()
        assert stream.exception is None
        assert stream.wait(30)
        assert stream.finished
        assert stream.stats.missing_frames == 0
    assert calls == [0, 64, 128, *range(0, 7 * 64, 64)]


@pytest.mark.parametrize("kind", STREAMS)
def test_abort_ends_at_once_and_quietly(kind, counter):
    def callback(*_):
        calls.append(1)
        if len(calls) == 10:
            raise ps.CallbackAbort

    calls = []
    with kind(counter, blocksize=16, callback=callback) as stream:
        stream.start()
        assert stream.wait(30)
        assert stream.exception is None
        assert not stream.finished
    assert len(calls) == 10


@pytest.mark.parametrize("kind", STREAMS)
def test_after_stop_it_is_not_called_again(kind):
    calls = []
    with kind(WALL, blocksize=64, callback=lambda *_: calls.append(1)) as stream:
        for _ in range(3):
            stream.start()
            count = len(calls)
            until(lambda count=count: len(calls) > count + 20)
            stream.stop()
            count = len(calls)
            time.sleep(0.02)
            assert len(calls) == count


def test_a_stop_with_small_rings_still_plays_the_rest(loopback):
    def callback(indata, outdata, frames, time, status):
        calls.append(1)
        if len(calls) == 5:
            raise ps.CallbackStop

    calls = []
    with ps.DuplexStream(
        loopback, 48000, 1, blocksize=64, buffersize=4096, callback=callback, callback_latency=4000
    ) as stream:
        stream.start()
        assert stream.wait(30)
        assert stream.finished
        assert stream.stats.played_frames == 4000 + 5 * 64


# ---- Flags ---------------------------------------------------------------------------------------


def test_flags_have_the_names_that_sounddevice_users_know():
    names = {
        "input_underflow": 1,
        "input_overflow": 2,
        "output_underflow": 4,
        "output_overflow": 8,
        "priming_output": 16,
    }
    for name, number in names.items():
        flags = ps.CallbackFlags(number)
        assert [getattr(flags, other) for other in names] == [other == name for other in names]
        assert flags
        assert flags != ps.CallbackFlags()
        assert flags == ps.CallbackFlags(number)
    total = ps.CallbackFlags()
    assert not total
    assert str(total) == ""
    assert repr(total) == "<pastream_ng.CallbackFlags: no flags set>"
    total |= ps.CallbackFlags(1, lost_frames=3)
    total |= ps.CallbackFlags(4, missing_frames=5)
    assert total == ps.CallbackFlags(5, 3, 5)
    assert str(total) == (
        "input underflow, output underflow, 3 frames lost, 5 frames of silence played"
    )
    with pytest.raises(TypeError):
        total |= 1
    assert total.__eq__(5) is NotImplemented
