# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Chunk loops: windows of one long recording, in every form and with every way out."""

import gc
import itertools
import signal
import sys
import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pastream_ng as ps

from .conftest import counted

pytestmark = pytest.mark.sanitize

COUNTER = ps.VirtualDevice(clock="free", input="counter")


@pytest.fixture
def stream(counter):
    """A mono stream whose samples are the numbers of their frames."""
    with ps.InputStream(counter, 48000, 1, "int32", 64) as stream:
        yield stream


def windows(total, size, overlap, offset=0):
    """Return what a chunk loop must yield."""
    recording = np.arange(offset, total)
    found, start, seen = [], 0, 0
    while start + size <= len(recording):
        found.append(recording[start : start + size])
        seen = start + size
        start += size - overlap
    if seen < len(recording):
        found.append(recording[start:])
    return found


def assert_equal(chunks, expected):
    assert [len(c) for c in chunks] == [len(e) for e in expected]
    assert all(np.array_equal(c, e) for c, e in zip(chunks, expected, strict=True))


# ---- The windows ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "overlap"), [(1, 0), (2, 1), (64, 0), (100, 0), (100, 50), (100, 99), (1024, 512)]
)
@pytest.mark.parametrize("copy", [True, False])
def test_chunks_are_slices_of_one_recording(stream, size, overlap, copy):
    got = [chunk.copy() for chunk in stream.chunks(size, overlap, 3000, copy=copy)]
    assert_equal(got, windows(3000, size, overlap))


def test_the_last_chunk_has_only_what_is_new(stream):
    # 1000 frames in chunks of 400 with overlap 200 end with 600 to 999: nothing is left to tell.
    assert_equal(list(stream.chunks(400, 200, 1000)), windows(1000, 400, 200))
    assert [int(c[0]) for c in stream.chunks(400, 200, 1000)] == [0, 200, 400, 600]
    assert [len(c) for c in stream.chunks(400, 200, 1001)] == [400, 400, 400, 400, 201]
    assert [len(c) for c in stream.chunks(400, 200, 100)] == [100]


@settings(max_examples=60, deadline=None)
@given(
    size=st.integers(1, 700),
    overlap=st.integers(0, 699),
    total=st.integers(1, 4000),
    offset=st.integers(0, 900),
    blocksize=st.sampled_from([1, 7, 64, 256, 1000]),
    buffersize=st.sampled_from([None, 2048]),
    copy=st.booleans(),
)
def test_chunks_are_slices_whatever_the_numbers(
    size, overlap, total, offset, blocksize, buffersize, copy
):
    overlap %= size
    with ps.InputStream(COUNTER, 48000, 1, "int32", blocksize, buffersize=buffersize) as stream:
        found = stream.chunks(size, overlap, total + offset, offset, copy=copy)
        assert_equal([c.copy() for c in found], windows(total + offset, size, overlap, offset))
        assert stream.finished


def test_the_ring_may_be_small(counter):
    with ps.InputStream(counter, 48000, 1, "int32", 64, buffersize=1024) as stream:
        most = len(stream.input_ring) - 64
        for size in (most, most - 1, most // 2 + 1):
            got = list(stream.chunks(size, frames=5 * most))
            assert np.array_equal(np.concatenate(got), np.arange(5 * most))
        got = list(stream.chunks(most, most - 1, most + 20))
        assert_equal(got, windows(most + 20, most, most - 1))
        with pytest.raises(ps.ArgumentError, match=f"the stream's ring has room for {most} frames"):
            stream.chunks(most + 1)


def test_without_a_chunksize_the_block_size_decides(stream):
    assert {len(c) for c in stream.chunks(frames=640)} == {64}
    assert {len(c) for c in stream.chunks(overlap=10, frames=74 + 64 * 5)} == {74}


def test_without_any_size_what_has_arrived_comes(counter):
    with ps.InputStream(counter, 48000, 1, "int32") as stream:
        chunks = list(stream.chunks(frames=10_000))
        assert all(len(chunk) for chunk in chunks)
        assert np.array_equal(np.concatenate(chunks), np.arange(10_000))
        for overlap in (1, 5, 700):
            position, last = 0, None
            for chunk in stream.chunks(overlap=overlap, frames=10_000):
                assert np.array_equal(chunk, np.arange(position, position + len(chunk)))
                position += len(chunk) - overlap
                last = int(chunk[-1])
            assert last == 9_999


def test_an_endless_loop_goes_on(stream):
    chunks = list(itertools.islice(stream.chunks(1000), 500))
    assert np.array_equal(np.concatenate(chunks), np.arange(500_000))


# ---- Shapes and memory ---------------------------------------------------------------------------


def test_mono_chunks_are_flat_unless_asked(stream):
    assert {c.shape for c in stream.chunks(10, frames=30)} == {(10,)}
    assert {c.shape for c in stream.chunks(10, frames=30, always_2d=True)} == {(10, 1)}


def test_chunks_of_several_channels_have_rows(counter):
    with ps.InputStream(counter, 48000, 3, "int16") as stream:
        for copy in (True, False):
            got = np.concatenate([c.copy() for c in stream.chunks(7, frames=100, copy=copy)])
            assert np.array_equal(got, counted("int16", 100, 3))


@pytest.mark.parametrize("channels", [1, 2])
def test_copies_stay_intact(counter, channels):
    with ps.InputStream(counter, 48000, channels, "int32", 64, buffersize=1024) as stream:
        kept = list(stream.chunks(100, frames=200_000))
    assert np.array_equal(
        np.concatenate(kept).reshape(-1, channels), counted("int32", 200_000, channels)
    )
    assert all(chunk.flags.writeable and chunk.flags.c_contiguous for chunk in kept)


def test_views_lie_in_the_ring_and_cannot_be_written(stream):
    for chunk in stream.chunks(10, frames=30, copy=False):
        assert not chunk.flags.owndata
        with pytest.raises(ValueError, match="read-only"):
            chunk[0] = 1


def test_views_may_outlive_their_stream(counter):
    stream = ps.InputStream(counter, 48000, 1, "int32")
    view = next(iter(stream.chunks(10, copy=False)))
    stream.close()
    del stream
    gc.collect()
    assert view.tolist() == list(range(10))


@pytest.mark.parametrize("shape", [(10,), (10, 1)])
def test_out_is_filled_and_yielded(stream, shape):
    out = np.empty(shape, "int32")
    first = []
    for chunk in stream.chunks(10, overlap=5, frames=32, out=out):
        assert chunk.base is out or chunk is out
        assert chunk.shape[1:] == shape[1:]
        first.append((int(chunk.flat[0]), len(chunk)))
    assert first == [(0, 10), (5, 10), (10, 10), (15, 10), (20, 10), (25, 7)]
    assert len(list(stream.chunks(out=out, frames=20))) == 2


def test_out_with_channels(counter):
    out = np.empty((16, 2), "float32")
    with ps.InputStream(counter, 48000, 2) as stream:
        got = [chunk.copy() for chunk in stream.chunks(16, frames=160, out=out)]
    assert np.array_equal(np.concatenate(got), counted("float32", 160, 2))


def test_info_says_where_a_chunk_comes_from(stream):
    found = list(stream.chunks(100, overlap=40, frames=2000, with_info=True))
    for chunk, info in found:
        assert info.frame == chunk[0]
        assert info.lost == 0
        assert info.flags == ps.StreamFlags(0)
        assert isinstance(info, ps.ChunkInfo)
        # The last frame was taken before its block was delivered.
        assert info.adc_time + (len(chunk) - 1) / 48000 <= info.callback_time + 1e-6
    times = np.array([info.adc_time for _, info in found])
    assert np.allclose(np.diff(times), 60 / 48000, atol=1e-6)
    views = stream.chunks(100, frames=300, with_info=True, copy=False)
    assert [(info.frame, int(c[0])) for c, info in views] == [(0, 0), (100, 100), (200, 200)]
    out = np.empty(100, "int32")
    assert [i.frame for _, i in stream.chunks(100, frames=200, with_info=True, out=out)] == [0, 100]


def test_info_counts_an_offset(stream):
    assert [i.frame for _, i in stream.chunks(50, frames=200, offset=77, with_info=True)] == [
        77,
        127,
        177,
    ]


# ---- A stream that runs already ------------------------------------------------------------------


def test_a_running_stream_is_taken_as_it_is(stream):
    stream.start()
    stream.input_ring.wait_readable(500, timeout=30)
    assert stream.input_ring.read(100).tolist() == list(range(100))
    got = [c.tolist() for c in stream.chunks(50, frames=170, offset=30)]
    assert got == [
        list(range(130, 180)),
        list(range(180, 230)),
        list(range(230, 270)),
    ]
    assert stream.stopped


def test_a_long_offset_on_a_running_stream(counter):
    with ps.InputStream(counter, 48000, 1, "int32", 64, buffersize=1024) as stream:
        stream.start()
        (only,) = stream.chunks(10, frames=10_010, offset=10_000)
        assert only.tolist() == list(range(10_000, 10_010))


def test_loops_can_follow_each_other(stream):
    chunks = stream.chunks(10, frames=25)
    for _ in range(3):
        assert [len(c) for c in chunks] == [10, 10, 5]
    assert "Chunks of 10 frames" in repr(chunks)
    assert chunks.stream is stream


def test_next_works_too(stream):
    chunks = stream.chunks(10)
    assert next(chunks).tolist() == list(range(10))
    assert next(chunks).tolist() == list(range(10, 20))
    assert stream.active
    chunks.close()
    assert stream.stopped
    with pytest.raises(StopIteration):
        next(chunks)


# ---- Ways out ------------------------------------------------------------------------------------


def test_leaving_early_stops_the_stream(stream):
    for _ in range(3):
        for chunk in stream.chunks(100):
            assert stream.active
            if chunk[0] >= 500:
                break
        assert stream.stopped
        assert stream.exception is None
    # What the loop did not get can still be read, from there on.
    assert stream.input_ring.read(3).tolist() == [600, 601, 602]


def test_an_exception_in_the_loop_stops_the_stream(stream):
    class OddError(Exception):
        pass

    def run():
        for _ in stream.chunks(100):
            raise OddError("mine")

    with pytest.raises(OddError, match="mine"):
        run()
    assert stream.stopped
    assert next(iter(stream.chunks(5))).tolist() == [0, 1, 2, 3, 4]


def test_the_generator_is_gone_with_the_loop(stream):
    def generators():
        return [
            item
            for item in gc.get_objects()
            if type(item).__name__ == "generator" and "chunks" in item.gi_code.co_filename
        ]

    before = len(generators())
    for _ in stream.chunks(100):
        assert len(generators()) == before + 1
        break
    assert len(generators()) == before


def test_no_reference_cycles(counter):
    def alive():
        return {id(o) for o in gc.get_objects() if isinstance(o, (ps.InputStream, ps.RingBuffer))}

    gc.collect()
    before = alive()  # The last stream of play or rec stays until the next.
    gc.disable()
    try:
        for _ in range(3):
            with ps.InputStream(counter, 48000, 1) as stream:
                for _ in stream.chunks(64, with_info=True):
                    break
                assert len(list(stream.chunks(64, frames=640))) == 10
                assert stream.input_ring.reader().read() is not None
            del stream
        assert alive() <= before
    finally:
        gc.enable()


def test_ctrl_c_while_waiting():
    with ps.InputStream(ps.VirtualDevice(), 48000, 1) as stream:
        chunks = stream.chunks(len(stream.input_ring) // 2)
        timer = threading.Timer(0.05, signal.raise_signal, [signal.SIGINT])
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            next(iter(chunks))
        timer.join()
        assert stream.stopped
        assert len(next(iter(stream.chunks(5)))) == 5


def test_ctrl_c_at_any_time(counter):
    """Whatever the loop is doing when the signal comes, it ends and the stream stays usable."""
    old = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        with ps.InputStream(counter, 48000, 1, "int32", 64) as stream:
            for turn in range(40):
                try:
                    signal.setitimer(signal.ITIMER_REAL, 0.0005 + 0.0001 * turn)
                    for _ in stream.chunks(50, copy=bool(turn % 2)):
                        pass
                except KeyboardInterrupt:
                    # It came before the loop had begun, or once more after it had ended.
                    stream.stop()
            got = list(stream.chunks(50, frames=500))
            assert np.array_equal(np.concatenate(got), np.arange(500))
    finally:
        signal.signal(signal.SIGALRM, old)


def test_stop_ends_the_loop(counter):
    with ps.InputStream(counter, 48000, 1, "int32") as stream:
        got = []
        for chunk in stream.chunks(100):
            got.append(chunk)
            if len(got) == 5:
                stream.stop()
        assert np.array_equal(np.concatenate(got), np.arange(sum(map(len, got))))


def test_stop_in_another_thread_ends_the_loop():
    with ps.InputStream(ps.VirtualDevice(), 48000, 1, blocksize=64) as stream:
        timer = threading.Timer(0.05, stream.stop)
        timer.start()
        for _ in stream.chunks(64):
            pass
        timer.join()
        assert stream.stopped


def test_close_in_another_thread_raises():
    with ps.InputStream(ps.VirtualDevice(), 48000, 1) as stream:
        chunks = stream.chunks(len(stream.input_ring) // 2)
        timer = threading.Timer(0.05, stream.close)
        timer.start()
        with pytest.raises(ps.ClosedError, match="closed while a chunk loop"):
            next(iter(chunks))
        timer.join()


def test_timeout_of_a_chunk():
    device = ps.VirtualDevice(faults=[ps.Fault("vanish", 0)])
    with ps.InputStream(device, 48000, 1, stall_after=20, lost_after=50) as stream:
        with pytest.raises(ps.PastreamTimeoutError, match="timeout: a chunk of 64 frames"):
            list(stream.chunks(64, timeout=0.05))
        assert stream.stopped


def test_overflow_comes_after_what_was_captured():
    with ps.InputStream(
        ps.VirtualDevice(input="counter"), 48000, 1, "int32", 256, buffersize=1024
    ) as stream:
        got = []

        def run():
            for chunk in stream.chunks(100):
                got.append(chunk)
                while len(got) == 1 and stream.active:
                    time.sleep(0.005)

        with pytest.raises(ps.BufferFull):
            run()
        frames = np.concatenate(got)
        assert np.array_equal(frames, np.arange(stream.stats.captured_frames))
        stream.stop()  # Raised once.


def test_drop_oldest_never_shows_torn_chunks():
    with ps.InputStream(
        ps.VirtualDevice(input="counter"),
        48000,
        1,
        "int32",
        256,
        buffersize=1024,
        overflow="drop-oldest",
    ) as stream:
        last, missing = -1, 0
        chunks = stream.chunks(100, copy=False, with_info=True)
        for turn, (chunk, info) in enumerate(chunks):
            time.sleep(0.03 if turn < 4 else 0)
            steps = np.diff(chunk, prepend=last)
            assert steps.min() >= 1  # In order, nothing twice, nothing overwritten.
            assert info.lost == steps.sum() - 100
            assert info.frame == chunk[0]
            last = int(chunk[-1])
            missing += info.lost
            if turn > 8 and missing:
                break
        assert 0 < missing <= stream.stats.dropped_frames


# ---- One reader at a time ------------------------------------------------------------------------


def test_two_loops_do_not_share_a_stream(stream):
    for _ in stream.chunks(10):
        for call in (lambda: next(iter(stream.chunks(10))), stream.input_ring.read):
            with pytest.raises(ps.StateError, match="a chunk loop is reading here"):
                call()
        break
    assert len(next(iter(stream.chunks(10)))) == 10


def test_a_loop_keeps_its_run(stream):
    for _ in stream.chunks(100):
        stream.start()  # It runs already.
        stream.stop()
        with pytest.raises(ps.StateError, match="a chunk loop is reading here"):
            stream.start()
        break
    stream.start()
    with stream.input_ring.read_view(10, timeout=30):
        stream.stop()
        with pytest.raises(ps.StateError, match="a view is reading here"):
            stream.start()


def test_a_loop_may_move_between_threads(stream):
    chunks = iter(stream.chunks(100))
    got = []
    for _ in range(20):
        thread = threading.Thread(target=lambda: got.append(next(chunks)))
        thread.start()
        thread.join()
    assert np.array_equal(np.concatenate(got), np.arange(2000))


# ---- The GIL -------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"copy": False}, {"with_info": True}, {"overlap": 4000}])
def test_the_gil_is_kept_while_there_are_chunks(counter, options):
    """A thread that wants the GIL gets it once for all that has arrived, not once per chunk."""
    leave = threading.Event()
    ticks = 0

    def tick():
        nonlocal ticks
        while not leave.is_set():
            ticks += 1
            time.sleep(0)  # Gives the GIL back; nobody can take it by force here.

    thread = threading.Thread(target=tick)
    interval = sys.getswitchinterval()
    with ps.InputStream(counter, 48000, 2) as stream:
        stream.start()
        stream.input_ring.wait_readable(500_000, timeout=30)
        chunks = iter(stream.chunks(8000, **options))
        sys.setswitchinterval(60)
        try:
            thread.start()
            next(chunks)
            before = ticks
            assert before > 0
            for _ in range(50):
                next(chunks)
            assert ticks == before
        finally:
            sys.setswitchinterval(interval)
            leave.set()
            thread.join()
        chunks.close()


# ---- The function --------------------------------------------------------------------------------


def test_the_function_makes_and_closes_its_stream(counter):
    chunks = ps.chunks(100, overlap=50, frames=1000, channels=1, dtype="int32", device=counter)
    stream = chunks.stream
    assert isinstance(stream, ps.InputStream)
    assert_equal(list(chunks), windows(1000, 100, 50))
    assert stream.closed
    with pytest.raises(ps.ClosedError):
        list(chunks)


@pytest.mark.parametrize("way", ["break", "error", "close"])
def test_the_function_closes_however_the_loop_is_left(counter, way):
    chunks = ps.chunks(100, device=counter)
    stream = chunks.stream

    def run():
        if way == "close":
            next(chunks)
            chunks.close()
            return
        for _ in chunks:
            if way == "error":
                raise KeyError
            break

    if way == "error":
        with pytest.raises(KeyError):
            run()
    else:
        run()
    assert stream.closed


def test_the_function_plays_while_it_captures(loopback):
    data = np.arange(1, 1001, dtype="int16")
    options = {"channels": 1, "dtype": "int16", "device": loopback, "blocksize": 50}
    got = list(ps.chunks(100, playback=data, frames=1050, **options))
    assert np.array_equal(np.concatenate(got), np.concatenate((np.zeros(50, "int16"), data)))
    # Without a length the loop ends with what is played.
    got = list(ps.chunks(64, playback=data / 2000.0, channels=1, device=loopback))
    assert sum(map(len, got)) == 1000
    short = ps.chunks(64, playback=data, frames=200, channels=1, device=loopback)
    assert sum(map(len, short)) == 200


def test_the_function_checks_before_it_starts(counter):
    with pytest.raises(ps.ArgumentError, match="overlap is 10"):
        ps.chunks(10, overlap=10, device=counter)
    with pytest.raises(ps.ArgumentError, match="playback has dtype int64"):
        ps.chunks(playback=[1, 2], device=counter)
    with pytest.raises(ps.ArgumentTypeError, match="channels is"):
        ps.chunks(playback=np.zeros(3), device=counter, channels=(1, 1))
    with pytest.raises(ps.ArgumentTypeError, match="sample_rate is no argument of DuplexStream"):
        ps.chunks(playback=np.zeros(3), device=counter, sample_rate=1)
    with pytest.raises(TypeError, match="sample_rate"):
        ps.chunks(device=counter, sample_rate=1)
