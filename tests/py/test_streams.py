# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Streams on the virtual host: what goes in comes out, and every number adds up."""

import threading
import time

import numpy as np
import pytest

import pastream_ng as ps
from pastream_ng.streams.base import Limits

from .conftest import counted

pytestmark = pytest.mark.sanitize

DTYPES = ("float32", "float64", "int32", "int24", "int16", "int8", "uint8")
BLOCKS = (1, 2, 3, 7, 64, 100, 128, 1000, 1024, 4096)


def noise(dtype, frames, channels, seed=1):
    """Return noise that a device can hold exactly: int24 uses the upper bits only."""
    random = np.random.default_rng(seed)
    if dtype.startswith("float"):
        return random.uniform(-1, 1, (frames, channels)).astype("float32").astype(dtype)
    limits = np.iinfo("int32" if dtype == "int24" else dtype)
    data = random.integers(limits.min, limits.max, (frames, channels), limits.dtype, endpoint=True)
    return data & ~np.int32(0xFF) if dtype == "int24" else data


def silence(dtype, frames, channels):
    """Return frames of silence."""
    return np.full((frames, channels), 128 if dtype == "uint8" else 0, noise(dtype, 1, 1).dtype)


def through_loopback(device, data, dtype, blocksize, **options):
    """Play data through a duplex stream; return what came back, without the latency."""
    frames, channels = data.shape
    with ps.DuplexStream(device, 48000, channels, dtype, blocksize, **options) as stream:
        ring = stream.output_ring
        assert ring.write(data) == frames
        ring.end()
        stream._start(Limits(0, frames + blocksize, frames, -1))
        assert stream.wait(60)
        assert stream.finished
        back = stream.input_ring.read().reshape(-1, channels)
        stats = stream.stats
    assert stats.captured_frames == frames + blocksize
    assert stats.frames == -(-(frames + blocksize) // blocksize) * blocksize
    assert stats.played_frames == frames
    assert stats.padded_frames == stats.frames - frames
    assert stats.xruns == stats.lost_frames == stats.missing_frames == stats.clipped_samples == 0
    return back


# ---- Bit for bit ---------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_loopback_is_bit_exact_for_every_dtype(loopback, dtype, channels):
    data = noise(dtype, 3000, channels)
    back = through_loopback(loopback, data, dtype, 64)
    assert back.dtype == data.dtype
    assert np.array_equal(back, np.concatenate((silence(dtype, 64, channels), data)))


@pytest.mark.parametrize("blocksize", BLOCKS)
def test_loopback_is_bit_exact_for_every_block_size(loopback, blocksize):
    data = noise("int16", 5000, 2)
    back = through_loopback(loopback, data, "int16", blocksize)
    assert np.array_equal(back, np.concatenate((silence("int16", blocksize, 2), data)))


def test_loopback_with_random_blocks():
    device = ps.VirtualDevice("loopback", clock="free", seed=3, faults=[ps.Fault("block", 0)])
    data = noise("int32", 50_000, 1)
    with ps.DuplexStream(device, 48000, 1, "int32") as stream:
        stream.output_ring.write(data)
        stream.output_ring.end()
        back = np.concatenate(list(stream.chunks(1000, frames=60_000)))
        assert stream.stats.min_block < stream.stats.max_block
    start = int(np.argmax(back != 0))
    got = back[start : start + 50_000]
    assert np.array_equal(got, data[: len(got), 0])


@pytest.mark.parametrize("device_dtype", ["float32", "int32", "int24", "int16"])
def test_the_device_can_have_another_format(loopback, device_dtype):
    data = noise("int16", 2000, 2)
    back = through_loopback(loopback, data, "int16", 32, device_dtype=device_dtype)
    assert np.array_equal(back[32:], data)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_counter_shows_every_frame(counter, dtype):
    with ps.InputStream(counter, 48000, 2, dtype, 100) as stream:
        got = np.concatenate(list(stream.chunks(333, frames=10_000)))
    assert np.array_equal(got, counted(dtype, 10_000, 2))


def test_sides_can_differ(loopback):
    with ps.DuplexStream(
        loopback, 48000, channels=(1, 4), dtype=("float64", "int16"), buffersize=(500, 9000)
    ) as stream:
        assert stream.channels == (1, 4)
        assert stream.dtype == ("float64", "int16")
        assert stream.samplesize == (8, 2)
        assert len(stream.latency) == 2
        assert len(stream.input_ring) < len(stream.output_ring)
        assert (stream.input_ring.dtype, stream.output_ring.channels) == ("float64", 4)
        stream.start()
        assert stream.input_ring.read(100, timeout=30).shape == (100,)


def test_nonfinite_floats_are_played_as_silence(loopback):
    data = np.array([[0.5], [np.nan], [np.inf], [-np.inf], [2.0]], "float32")
    for keeps in (False, True):
        with ps.DuplexStream(loopback, 48000, 1, blocksize=5, keep_nonfinite=keeps) as stream:
            ring = stream.output_ring
            with ring.write_view(5) as frames:
                frames[:] = data[:, 0]
            ring.end()
            stream._start(Limits(0, 10, 5, -1))
            assert stream.wait(30)
            back = stream.input_ring.read(10, timeout=30)[5:]
            stats = stream.stats
        assert back[[0, 4]].tolist() == [0.5, 2.0]
        assert back[1:4].tolist() == [0, 0, 0]  # What comes in is clean in any case.
        assert stats.nonfinite_samples >= 3


# ---- Life ----------------------------------------------------------------------------------------


def test_a_stream_goes_through_its_states(counter):
    stream = ps.InputStream(counter, channels=1)
    assert stream.state == ps.StreamState.STOPPED
    assert (stream.active, stream.stopped, stream.closed) == (False, True, False)
    assert stream.wait(0)  # It does not run.
    stream.start()
    stream.start()
    assert stream.state == ps.StreamState.RUNNING
    assert (stream.active, stream.stopped, stream.finished) == (True, False, False)
    assert not stream.wait(0)
    stream.stop()
    stream.stop()
    assert stream.state == ps.StreamState.STOPPED
    stream.start()
    stream.abort()
    stream.abort()
    assert stream.state == ps.StreamState.ABORTED
    assert stream.aborted
    assert stream.exception is None
    stream._start(Limits(0, 100))
    assert stream.wait(30)
    assert stream.state == ps.StreamState.FINISHED
    assert stream.finished
    stream.close()
    stream.close()
    assert stream.state == ps.StreamState.CLOSED
    assert (stream.closed, stream.active, stream.stopped) == (True, False, True)


@pytest.mark.parametrize("call", ["start", "stop", "abort", "wait", "chunks"])
def test_a_closed_stream_says_so(counter, call):
    stream = ps.InputStream(counter)
    stream.close()
    with pytest.raises(ps.ClosedError, match="stream is closed"):
        getattr(stream, call)()
    with pytest.raises(ps.ClosedError), stream:
        pass
    assert stream.stats.frames == 0
    assert stream.events() == []
    assert "closed" in repr(stream)


def test_every_run_begins_anew(counter):
    with ps.InputStream(counter, channels=1, dtype="int32", blocksize=16) as stream:
        for frames in (100, 50, 16):
            stream._start(Limits(0, frames))
            assert stream.wait(30)
            assert stream.stats.captured_frames == frames
            assert stream.frame_count == frames
            assert stream.stats.frames == -(-frames // 16) * 16
            assert stream.input_ring.read().tolist() == list(range(frames))


def test_what_was_not_read_is_gone_at_the_next_start(counter):
    with ps.InputStream(counter, channels=1, dtype="int32") as stream:
        stream._start(Limits(0, 100))
        stream.wait(30)
        stream._start(Limits(5, 10))
        stream.wait(30)
        assert stream.input_ring.read().tolist() == [5, 6, 7, 8, 9]
        assert stream.stats.skipped_frames == 5


def test_stopping_leaves_the_input_to_be_read(counter):
    with ps.InputStream(counter, channels=1, dtype="int32") as stream:
        stream.start()
        stream.input_ring.wait_readable(1000, timeout=30)
        stream.stop()
        frames = stream.input_ring.read()
        assert len(frames) >= 1000
        assert np.array_equal(frames, np.arange(len(frames)))
        assert stream.input_ring.ended


def test_limits_of_an_earlier_run_do_not_last(counter):
    with ps.InputStream(counter, channels=1, dtype="int32") as stream:
        assert len(list(stream.chunks(10, frames=40, offset=10))) == 3
        stream.start()
        stream.input_ring.wait_readable(1000, timeout=30)
        assert stream.input_ring.read(3).tolist() == [0, 1, 2]
        assert stream.active


@pytest.mark.parametrize("total", [1, 63, 64, 65, 1000])
@pytest.mark.parametrize("skip", [0, 1, 64, 100])
def test_input_limits_are_exact(counter, total, skip):
    with ps.InputStream(counter, channels=1, dtype="int32", blocksize=64) as stream:
        stream._start(Limits(skip, skip + total))
        assert stream.wait(30)
        assert stream.input_ring.read().tolist() == list(range(skip, skip + total))
        assert stream.stats.skipped_frames == skip


@pytest.mark.parametrize("pad", [0, 1, 100])
def test_output_limits_are_exact(loopback, pad):
    with ps.OutputStream(loopback, 48000, 1, "int16", 64) as stream:
        stream.output_ring.write(np.ones(300, "int16"))
        stream._start(Limits(output_total=200, output_pad=pad))
        assert stream.wait(30)
        stats = stream.stats
        assert stats.played_frames == 200
        assert pad <= stats.padded_frames < pad + 64


def test_what_was_written_before_the_start_is_played(loopback):
    with ps.OutputStream(loopback, 48000, 1) as stream:
        for _ in range(2):
            stream.output_ring.write(np.zeros(1000))
            stream.output_ring.end()
            stream.start()
            assert stream.wait(30)
            assert stream.stats.played_frames == 1000


def test_starting_twice_from_two_threads(counter):
    with ps.InputStream(counter, channels=1) as stream:
        errors = []

        def run():
            try:
                for _ in range(20):
                    stream.start()
                    stream.stop()
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=run) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        assert not stream.active


def test_closing_wakes_those_who_wait(counter):
    with ps.InputStream(ps.VirtualDevice(), channels=1) as stream:
        ring = stream.input_ring
        stream.start()
        calls = {
            "wait": lambda: stream.wait(60),
            "ring": lambda: ring.read(len(ring), timeout=60),
        }
        caught = {}
        ready = threading.Barrier(len(calls) + 1)

        def run(name):
            ready.wait()
            try:
                calls[name]()
            except BaseException as error:
                caught[name] = error

        threads = [threading.Thread(target=run, args=(name,)) for name in calls]
        for thread in threads:
            thread.start()
        ready.wait()
        time.sleep(0.02)
        stream.close()
        for thread in threads:
            thread.join()
    assert {name: type(error) for name, error in caught.items()} == dict.fromkeys(
        calls, ps.ClosedError
    )


def test_two_streams_at_once(counter):
    with (
        ps.InputStream(counter, 48000, 1, "int32", 64) as first,
        ps.InputStream(counter, 44100, 2, "int16", 100) as second,
    ):
        a = first.chunks(50, frames=5000)
        b = second.chunks(70, frames=7000)
        pairs = list(zip(a, b, strict=True))
    assert np.array_equal(np.concatenate([x for x, _ in pairs]), counted("int32", 5000)[:, 0])
    assert np.array_equal(np.concatenate([y for _, y in pairs]), counted("int16", 7000, 2))


# ---- Events and numbers --------------------------------------------------------------------------


def test_stats_add_up(counter):
    with ps.InputStream(counter, 48000, 2, blocksize=128) as stream:
        list(stream.chunks(100, frames=1000, offset=200))
        stats = stream.stats
    assert stats.skipped_frames + stats.captured_frames == 1000
    assert stats.frames == 1024  # Whole blocks.
    assert stats.skipped_frames == 200
    assert stats.callbacks == 8
    assert (stats.min_block, stats.max_block) == (128, 128)
    assert stats.start_time > 0
    assert stats.last_callback_time >= stats.start_time
    assert stats.cpu_load >= 0
    assert stream.cpu_load == stats.cpu_load
    assert stream.xruns == 0


def test_properties_say_how_the_stream_was_opened(counter):
    with ps.InputStream(counter, 44100, 3, "int24", 256) as stream:
        assert stream.samplerate == 44100.0
        assert stream.channels == 3
        assert stream.dtype == "int24"
        assert stream.samplesize == 4
        assert stream.blocksize == 256
        assert stream.device == ps.query_devices("loopback")
        assert stream.latency >= 0
        assert abs(stream.time - time.monotonic()) < 60
        assert stream.rxbuff is stream.input_ring
        assert stream.input_ring.dtype == "int24"
        assert not hasattr(stream, "output_ring")
    with ps.OutputStream("null") as stream:
        assert stream.txbuff is stream.output_ring
        assert stream.channels == 2
        assert stream.dtype == "float32"
        assert stream.blocksize == 0
        assert stream.samplerate == stream.device.default_samplerate
        assert not hasattr(stream, "chunks")


def test_a_duplex_stream_is_both():
    assert issubclass(ps.DuplexStream, ps.InputStream)
    assert issubclass(ps.DuplexStream, ps.OutputStream)


def test_repr(loopback):
    with ps.DuplexStream(loopback, 48000, 1, blocksize=128) as stream:
        assert repr(stream) == (
            "<pastream_ng.DuplexStream on 'loopback', 48000 Hz, channels (1, 1), "
            "('float32', 'float32'), blocksize 128, stopped>"
        )
        stream.start()
        assert repr(stream).endswith("running>")


def test_rings_of_streams_have_one_end(loopback):
    with ps.DuplexStream(loopback, channels=1) as stream:
        with pytest.raises(ps.StateError, match="the stream is writing here"):
            stream.input_ring.write([1.0])
        with pytest.raises(ps.StateError, match="the stream writes this ring"):
            stream.input_ring.end()
        with pytest.raises(ps.StateError, match="the stream is reading here"):
            stream.output_ring.read()


def test_more_readers_see_the_same_input(counter):
    with (
        ps.InputStream(counter, channels=1, dtype="int32") as stream,
        stream.input_ring.reader() as other,
    ):
        first = np.concatenate(list(stream.chunks(100, frames=3000)))
        assert np.array_equal(other.read(), first)


def test_large_frame_numbers():
    for start in (2**31 - 500, 2**32 - 500, 2**53 - 500):
        device = ps.VirtualDevice(clock="free", input="counter", first_frame=start)
        with ps.InputStream(device, 48000, 1, "int32", 64) as stream:
            got = np.concatenate(list(stream.chunks(100, frames=2000)))
            assert stream.stats.lost_frames == 0
        assert np.array_equal(got, counted("int32", 2000, first=start)[:, 0])
