# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The ring buffer: PortAudio's methods, arrays, views, readers, waiting."""

import asyncio
import gc
import threading
import time
import weakref

import numpy as np
import pytest

import pastream_ng as ps

pytestmark = pytest.mark.sanitize

MEMORIES = ("mirrored", "copying", "flat")
DTYPES = ("float32", "float64", "int32", "int24", "int16", "int8", "uint8")


def make(memory, size=64, dtype="int32", channels=1):
    """Return a ring of one kind of memory."""
    if memory == "flat":
        numpy_type = "int32" if dtype == "int24" else dtype
        buffer = np.zeros((size, channels), numpy_type)
        return ps.RingBuffer(buffer=buffer, dtype=dtype, channels=channels)
    return ps.RingBuffer(size=size, dtype=dtype, channels=channels, memory=memory)


@pytest.fixture(params=MEMORIES)
def ring(request):
    return make(request.param)


# ---- As pa_ringbuffer has it ---------------------------------------------------------------------


def test_bytes_in_bytes_out():
    ring = ps.RingBuffer(4, 16)
    assert len(ring) >= 16
    assert ring.elementsize == 4
    assert ring.dtype is None
    assert ring.channels is None
    assert ring.write(b"abcdefgh") == 2
    assert (ring.read_available, ring.write_available) == (2, len(ring) - 2)
    assert bytes(ring.read(1)) == b"abcd"
    target = bytearray(8)
    assert ring.readinto(target) == 1
    assert target == b"efgh\0\0\0\0"
    assert bytes(ring.read()) == b""


def test_size_limits_what_is_written():
    ring = ps.RingBuffer(2, 8)
    assert ring.write(b"aabbcc", 2) == 2
    assert ring.write(b"dd" * (len(ring) + 5)) == len(ring) - 2


def test_buffers_by_regions(ring):
    n, first, second = ring.get_write_buffers(10)
    assert n == 10
    assert len(first) == 10
    assert len(second) == 0
    first[:] = np.arange(10)
    assert ring.advance_write_index(10) == 10
    n, first, second = ring.get_read_buffers(100)
    assert n == 10
    assert first.tolist() == list(range(10))
    assert ring.advance_read_index(4) == 4
    assert ring.read().tolist() == list(range(4, 10))


def test_regions_wrap_only_in_flat_memory(ring):
    size = len(ring)
    ring.write(np.arange(size, dtype="int32"))
    ring.skip(size - 3)
    n, first, second = ring.get_write_buffers(5)
    assert n == 5
    np.concatenate((first, second))
    first[:] = np.arange(len(first)) + 1000
    second[:] = np.arange(len(second)) + 1000 + len(first)
    ring.advance_write_index(5)
    n, first, second = ring.get_read_buffers(8)
    got = np.concatenate((first, second)).tolist()
    assert got == [size - 3, size - 2, size - 1, 1000, 1001, 1002, 1003, 1004]
    assert (len(second) > 0) == (ring.memory == "flat")
    assert ring.advance_read_index(8) == size + 5


def test_regions_of_bytes_are_memoryviews():
    ring = ps.RingBuffer(3, 5)
    _, first, second = ring.get_write_buffers(2)
    assert isinstance(first, memoryview)
    first[:] = b"abcdef"
    ring.advance_write_index(2)
    _, first, second = ring.get_read_buffers(2)
    assert bytes(first) == b"abcdef"
    assert first.readonly
    assert len(second) == 0


def test_indices_cannot_go_beyond_what_there_is(ring):
    with pytest.raises(ps.ArgumentError, match="size is 1; only 0 frames"):
        ring.advance_read_index(1)
    with pytest.raises(ps.ArgumentError, match="size is 100000; there is room for only"):
        ring.advance_write_index(100_000)
    assert (ring.written, ring.position) == (0, 0)


def test_flush_passes_over_everything(ring):
    ring.write(np.arange(7, dtype="int32"))
    ring.flush()
    assert (ring.read_available, ring.position, ring.written) == (0, 7, 7)


def test_buffer_keeps_the_callers_memory():
    memory = np.zeros(6, "int16")
    ring = ps.RingBuffer(2, buffer=memory)
    assert len(ring) == 6
    assert ring.memory == "flat"
    reference = weakref.ref(memory)
    ring.write(np.arange(4, dtype="int16"))
    assert memory.tolist() == [0, 1, 2, 3, 0, 0]
    del memory
    gc.collect()
    assert reference() is not None
    del ring
    gc.collect()
    assert reference() is None


# ---- Arrays --------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", [1, 2, 5])
@pytest.mark.parametrize("memory", MEMORIES)
def test_arrays_come_back_as_they_went_in(dtype, channels, memory):
    ring = make(memory, 100, dtype, channels)
    numpy_type = "int32" if dtype == "int24" else dtype
    assert ring.elementsize == channels * np.dtype(numpy_type).itemsize
    assert (ring.dtype, ring.channels) == (dtype, channels)
    data = (np.arange(70 * channels) % 120).astype(numpy_type).reshape(70, channels)
    for _ in range(4):  # Across the edge.
        assert ring.write(data) == 70
        got = ring.read()
        assert got.dtype == numpy_type
        assert got.shape == ((70,) if channels == 1 else (70, channels))
        assert np.array_equal(got.reshape(70, channels), data)


def test_any_size_works():
    for size in (1, 2, 3, 1000, 4097):
        for memory in ("mirrored", "copying"):
            assert len(make(memory, size)) >= size
        assert len(make("flat", size)) == size


def test_floats_are_converted_and_integers_are_not():
    ring = ps.RingBuffer(size=16, dtype="float32")
    ring.write(np.array([0.5, 2.0, np.nan], "float64"))
    ring.write(np.array([0.25], "float16"))
    ring.write([1.5, -1])
    ring.write(np.array([3.0], ">f8"))
    assert ring.read().tolist() == [0.5, 2.0, 0.0, 0.25, 1.5, -1.0, 3.0]
    with pytest.raises(ps.ArgumentError, match="data has dtype int16; it must be float32"):
        ring.write(np.zeros(2, "int16"))
    ints = ps.RingBuffer(size=16, dtype="int16")
    ints.write(np.array([258], ">i2"))
    assert ints.read().tolist() == [258]
    with pytest.raises(ps.ArgumentError, match="data has dtype float64; it must be int16"):
        ints.write(np.zeros(2))
    assert ints.read_available == 0


def test_strided_data_is_written():
    ring = ps.RingBuffer(size=16, dtype="int32", channels=2)
    data = np.arange(24, dtype="int32").reshape(6, 4)[::2, ::3]
    ring.write(data)
    ring.write(np.asfortranarray(data))
    assert np.array_equal(ring.read(), np.concatenate((data, data)))


def test_readinto_fills_an_array(ring):
    ring.write(np.arange(5, dtype="int32"))
    out = np.full(8, -1, "int32")
    assert ring.readinto(out) == 5
    assert out.tolist() == [0, 1, 2, 3, 4, -1, -1, -1]


def test_capacity_is_all_usable(ring):
    data = np.arange(len(ring), dtype="int32")
    assert ring.write(data) == len(ring)
    assert ring.write(data) == 0
    assert np.array_equal(ring.read(), data)


def test_what_was_read_does_not_change(ring):
    ring.write(np.arange(len(ring), dtype="int32"))
    got = ring.read()
    ring.write(np.full(len(ring), -1, "int32"))
    assert np.array_equal(got, np.arange(len(ring)))


# ---- Views ---------------------------------------------------------------------------------------


def test_a_read_view_shows_the_memory_and_consumes_it(ring):
    ring.write(np.arange(10, dtype="int32"))
    with ring.read_view(4) as frames:
        assert frames.tolist() == [0, 1, 2, 3]
        assert not frames.flags.writeable
        assert not frames.flags.owndata
    assert ring.position == 4
    view = ring.read_view()
    with view:
        assert (len(view), view.position) == (6, 4)
        view.keep(2)
    assert ring.read().tolist() == [8, 9]


def test_a_held_view_is_not_overwritten(ring):
    size = len(ring)
    ring.write(np.arange(size, dtype="int32"))
    with ring.read_view(3) as frames:
        assert ring.write([1, 2, 3]) == 0
        assert frames.tolist() == [0, 1, 2]


def test_an_old_view_knows_that_it_is_old(ring):
    size = len(ring)
    ring.write(np.arange(size, dtype="int32"))
    view = ring.read_view(3)
    with view:
        assert view.intact
    assert view.intact
    ring.write(np.arange(2, dtype="int32"))
    assert not view.intact
    with pytest.raises(ps.StateError, match="outside of its 'with' block"):
        view.array  # noqa: B018
    with pytest.raises(ps.StateError, match="outside"):
        view.keep(1)


def test_an_exception_leaves_the_frames(ring):
    ring.write(np.arange(5, dtype="int32"))
    with pytest.raises(KeyError), ring.read_view(3):
        raise KeyError
    assert ring.read().tolist() == [0, 1, 2, 3, 4]


def test_nothing_else_reads_while_a_view_is_open(ring):
    ring.write(np.arange(5, dtype="int32"))
    with ring.read_view(2):
        for call in (ring.read, ring.skip, ring.wait_readable, ring.read_view().__enter__):
            with pytest.raises(ps.StateError, match="a view is reading here"):
                call()
    assert ring.read().tolist() == [2, 3, 4]


def test_a_write_view_publishes_at_the_end(ring):
    with ring.write_view(3) as frames:
        frames[:] = [7, 8, 9]
        assert ring.read_available == 0
    assert not frames.flags.writeable
    assert ring.read().tolist() == [7, 8, 9]
    view = ring.write_view(5)
    with view as frames:
        frames[:] = 1
        view.commit(2)
    assert ring.read_available == 2
    with pytest.raises(KeyError), ring.write_view(5):
        raise KeyError
    assert ring.read_available == 2


def test_nothing_else_writes_while_a_view_is_open(ring):
    with ring.write_view(2) as frames:
        frames[:] = 0
        with pytest.raises(ps.StateError, match="a view is writing here"):
            ring.write([1])
    assert ring.written == 2


def test_views_of_bytes_end_with_the_block():
    ring = ps.RingBuffer(1, 64)
    with ring.write_view(3) as room:
        room[:] = b"abc"
    with pytest.raises(ValueError, match="released"):
        room[0]
    with ring.read_view() as found:
        assert bytes(found) == b"abc"
    with pytest.raises(ValueError, match="released"):
        bytes(found)


def test_views_can_be_used_again_but_not_twice_at_once(ring):
    ring.write(np.arange(4, dtype="int32"))
    view = ring.read_view(2)
    with view as frames:
        assert frames.tolist() == [0, 1]
        with pytest.raises(ps.StateError, match="already open"):
            view.__enter__()
    with view as frames:
        assert frames.tolist() == [2, 3]


def test_arrays_outlive_their_ring(ring):
    ring.write(np.arange(4, dtype="int32"))
    with ring.read_view() as frames:
        pass
    del ring
    gc.collect()
    assert frames.tolist() == [0, 1, 2, 3]


# ---- Readers -------------------------------------------------------------------------------------


def test_every_reader_sees_every_frame(ring):
    readers = [ring.reader() for _ in range(3)]
    for step in range(20):
        data = np.arange(step * 10, step * 10 + 10, dtype="int32")
        ring.write(data)
        assert all(np.array_equal(r.read(), data) for r in (ring, *readers))
    assert {r.position for r in readers} == {200}


def test_a_reader_begins_at_the_end(ring):
    ring.write([1, 2])
    late = ring.reader()
    ring.write([3])
    assert late.read().tolist() == [3]
    assert ring.read().tolist() == [1, 2, 3]


def test_a_slow_reader_holds_the_producer_until_it_is_closed(ring):
    slow = ring.reader()
    ring.write(np.zeros(len(ring), "int32"))
    ring.read()
    assert ring.write_available == 0
    slow.close()
    slow.close()
    assert slow.closed
    assert ring.write_available == len(ring)
    with pytest.raises(ps.ClosedError, match="this reader is closed"):
        slow.read()
    assert "closed" in repr(slow)


def test_dropped_readers_are_given_back(ring):
    for _ in range(100):
        ring.reader()
    with ring.reader() as reader:
        assert reader.read_available == 0
    others = [ring.reader() for _ in range(15)]
    with pytest.raises(ps.LimitError, match="16 readers"):
        ring.reader()
    assert len(others) == 15


# ---- The end -------------------------------------------------------------------------------------


def test_the_end_comes_after_the_last_frame(ring):
    ring.write([1, 2, 3])
    assert not ring.ended
    ring.end()
    ring.end()
    assert ring.ended
    assert ring.read(2, timeout=10).tolist() == [1, 2]
    assert ring.read(2, timeout=10).tolist() == [3]
    assert ring.read(2, timeout=10).tolist() == []
    assert ring.wait_readable(1) == 0
    with pytest.raises(ps.StateError, match="the ring was ended"):
        ring.write([4])
    with pytest.raises(ps.StateError, match="the ring was ended"), ring.write_view(1):
        pass


# ---- Waiting -------------------------------------------------------------------------------------


def test_timeouts(ring):
    with pytest.raises(ps.PastreamTimeoutError, match="timeout: 3 frames did not come"):
        ring.read(3, timeout=0)
    ring.write([1])
    with pytest.raises(ps.PastreamTimeoutError, match="1 are there"):
        ring.read(3, timeout=0.01)
    assert ring.read_available == 1
    with pytest.raises(ps.PastreamTimeoutError, match="timeout: 2 frames"):
        ring.wait_readable(2, timeout=0.01)
    ring.write(np.zeros(len(ring), "int32"))
    with pytest.raises(ps.PastreamTimeoutError, match="0 of 1 frames were written"):
        ring.write([1], timeout=0.01)
    with pytest.raises(ps.PastreamTimeoutError, match="no room for 1"):
        ring.wait_writable(1, timeout=0)
    with pytest.raises(ps.ArgumentError, match="the ring holds"):
        ring.read(len(ring) + 1, timeout=1)


def test_a_reader_waits_for_the_writer(ring):
    total = 20_000
    got = []

    def read():
        while len(part := ring.read(37, timeout=30)):
            got.append(part)

    thread = threading.Thread(target=read)
    thread.start()
    assert ring.write(np.arange(total, dtype="int32"), timeout=30) == total
    ring.end()
    thread.join()
    assert np.array_equal(np.concatenate(got), np.arange(total))


def test_two_threads_share_a_reader(ring):
    total = 5_000
    got = [[], []]

    def read(mine):
        while len(part := ring.read(5, timeout=30)):
            mine.extend(part.tolist())

    threads = [threading.Thread(target=read, args=(mine,)) for mine in got]
    for thread in threads:
        thread.start()
    ring.write(np.arange(total, dtype="int32"), timeout=30)
    ring.end()
    for thread in threads:
        thread.join()
    assert sorted(got[0] + got[1]) == list(range(total))
    assert all(mine == sorted(mine) for mine in got)


def test_views_wait_too(ring):
    timer = threading.Timer(0.02, lambda: ring.write([5, 6]))
    timer.start()
    with ring.read_view(2, timeout=30) as frames:
        assert frames.tolist() == [5, 6]
    timer.join()
    with pytest.raises(ps.PastreamTimeoutError), ring.read_view(1, timeout=0):
        pass
    ring.write(np.zeros(len(ring), "int32"))
    timer = threading.Timer(0.02, ring.flush)
    timer.start()
    with ring.write_view(3, timeout=30) as frames:
        assert len(frames) == 3
    timer.join()


def test_awaiting(ring):
    async def produce():
        for value in range(50):
            await ring.writable(1, timeout=30)
            ring.write([value])
            await asyncio.sleep(0)
        ring.end()

    async def consume():
        got = []
        while n := await ring.readable(3, timeout=30):
            got += ring.read(n).tolist()
        return got

    async def main():
        return (await asyncio.gather(produce(), consume()))[1]

    assert asyncio.run(main()) == list(range(50))


def test_awaiting_times_out_and_can_be_cancelled(ring):
    async def main():
        with pytest.raises(ps.PastreamTimeoutError):
            await ring.readable(1, timeout=0.01)
        task = asyncio.create_task(ring.readable(1))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        ring.write([1])
        assert await ring.readable(1) == 1

    asyncio.run(main())


def test_a_write_from_a_thread_wakes_the_event_loop(ring):
    async def main():
        timer = threading.Timer(0.02, lambda: ring.write([1, 2, 3]))
        timer.start()
        assert await ring.readable(3, timeout=30) == 3
        timer.join()

    asyncio.run(main())


def test_a_long_wait_can_be_interrupted(ring):
    import signal

    def interrupt():
        time.sleep(0.05)
        signal.raise_signal(signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        ring.read(1, timeout=60)
    thread.join()
    ring.write([1])
    assert ring.read(1, timeout=60).tolist() == [1]


def test_repr(ring):
    ring.write([1, 2])
    ring.end()
    text = repr(ring)
    assert f"{len(ring)} frames of int32 x 1, {ring.memory}, 2 to read, ended" in text
    assert "3 bytes" in repr(ps.RingBuffer(3, 4))
    assert "at 2, 0 frames to read" in repr(ring.reader())
