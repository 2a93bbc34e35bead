# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Several readers of one input, each at its own speed."""

import asyncio
import threading

import numpy as np
import pytest

import pastream_ng as ps

from .conftest import until

pytestmark = pytest.mark.sanitize


def counting(**options):
    """Return a stream without a clock whose samples are the numbers of their frames."""
    device = ps.VirtualDevice(clock="free", input="counter")
    return ps.InputStream(device, 48000, **{"channels": 1, "dtype": "int32", **options})


def counts(first, frames):
    """Return so many frames of such a stream."""
    return np.arange(first, first + frames, dtype="int32")


def test_row16_three_loops_in_three_threads_get_the_same_frames():
    results = {}

    def loop(size, reader):
        results[size] = list(reader.chunks(size))

    with counting(buffersize=4096) as stream:
        sizes = (64, 100, 999)
        readers = [stream.reader() for _ in sizes]
        threads = [
            threading.Thread(target=loop, args=pair) for pair in zip(sizes, readers, strict=True)
        ]
        for thread in threads:
            thread.start()
        for _ in stream.chunks(512, frames=30_000):
            pass
        for thread in threads:
            thread.join(30)
    for size in sizes:
        assert all(len(chunk) == size for chunk in results[size][:-1])
        assert np.array_equal(np.concatenate(results[size]), counts(0, 30_000))


def test_a_loop_of_its_own_neither_starts_nor_stops_the_stream():
    with counting() as stream, stream.reader() as reader:
        with pytest.raises(ps.PastreamTimeoutError):
            list(reader.chunks(10, timeout=0.02))
        assert stream.state is ps.StreamState.STOPPED
        stream.start()
        assert [len(chunk) for chunk in reader.chunks(10, frames=25)] == [10, 10, 5]
        assert stream.active
        chunk, info = next(iter(reader.chunks(10, offset=5, with_info=True)))
        assert (info.frame, int(chunk[0])) == (30, 30)
        assert stream.active


def test_overlap_and_views_work_on_a_reader():
    with counting() as stream, stream.reader() as reader:
        stream.start()
        seen = [chunk.tolist() for chunk in reader.chunks(4, overlap=2, frames=8, copy=False)]
        assert seen == [[0, 1, 2, 3], [2, 3, 4, 5], [4, 5, 6, 7]]
        begin = reader.position
        with reader.read_view(3, timeout=5) as frames:
            assert frames.tolist() == [begin, begin + 1, begin + 2]


def test_asyncio_loops_beside_each_other():
    async def loop(reader, size, results):
        async for chunk in reader.chunks(size):
            results.append(chunk)

    async def main():
        with counting(buffersize=4096) as stream:
            fast, slow = stream.reader(), stream.reader()
            first, second = [], []
            tasks = [
                asyncio.create_task(loop(fast, 50, first)),
                asyncio.create_task(loop(slow, 777, second)),
            ]
            async for _ in stream.chunks(512, frames=20_000):
                pass
            await asyncio.wait_for(asyncio.gather(*tasks), 30)
            return np.concatenate(first), np.concatenate(second)

    for got in asyncio.run(main()):
        assert np.array_equal(got, counts(0, 20_000))


def test_the_own_reader_holds_nobody_up_until_it_is_used():
    with counting(buffersize=4096) as stream, stream.reader() as reader:
        stream.start()
        for k in range(20):
            assert np.array_equal(reader.read(1000, timeout=5), counts(1000 * k, 1000))
        assert stream.stats.dropped_frames == 0
        first = int(stream.read(1)[0])  # From here on it takes part.
        assert first >= 20_000 - 4096
        reader.read(timeout=5)
        captured = stream.stats.captured_frames
        until(lambda: stream.stats.captured_frames - first - 1 >= 4096 - 512)
        reader.read()  # Perhaps nothing: the last read may have had it all.
        assert stream.stats.captured_frames - first - 1 <= 4096
        assert captured <= stream.stats.captured_frames


def slow_and_fast(policy):
    """Return a stream in real time with a small ring."""
    device = ps.VirtualDevice(input="counter")
    return ps.InputStream(device, 48000, 1, "int32", 64, buffersize=2048, overflow=policy)


def test_a_slow_reader_loses_the_oldest_frames_alone():
    with slow_and_fast("drop-oldest") as stream, stream.reader() as fast, stream.reader() as slow:
        stream.start()
        for chunk, info in fast.chunks(64, frames=6400, with_info=True):
            assert int(chunk[0]) == info.frame
        until(lambda: slow.dropped > 0)
        stream.stop()
        rest = slow.read()
        assert int(rest[0]) == slow.position - len(rest) == slow.dropped
        assert np.array_equal(np.diff(rest), np.ones(len(rest) - 1, "int32"))


def test_a_slow_reader_ends_a_stream_that_may_lose_nothing():
    with slow_and_fast("raise") as stream, stream.reader() as fast, stream.reader() as slow:
        stream.start()
        got = []
        with pytest.raises(ps.BufferFull):
            got.extend(fast.chunks(64))
        assert np.array_equal(np.concatenate(got), slow.read())
        assert stream.aborted


@pytest.mark.parametrize("policy", ["drop-newest", "silence"])
def test_a_slow_reader_costs_all_readers_the_newest_frames(policy):
    with slow_and_fast(policy) as stream, stream.reader() as fast, stream.reader() as slow:
        stream.start()
        until(lambda: stream.stats.dropped_frames > 0)
        kept = slow.read()
        assert np.array_equal(kept, counts(0, len(kept)))
        first, second = fast.read(len(kept), timeout=5), fast.read(64, timeout=5)
        assert np.array_equal(first, kept)
        assert second[0] > len(kept) or (policy == "silence" and second[0] == 0)


def test_a_start_begins_anew_for_every_reader():
    with counting(control_timeout=0.2) as stream, stream.reader() as reader:
        for _ in range(3):
            for _ in stream.chunks(500, frames=2000):
                pass
            assert reader.read(700)[0] == 0
            assert reader.read_available == 1300
        assert reader.dropped == 0
        with reader.read_view(10), pytest.raises(ps.StateError, match="has not let go"):
            stream.start()
        stream.start()
        assert reader.read(1, timeout=5)[0] == 0


def test_the_end_of_the_stream_reaches_every_reader():
    with counting() as stream:
        reader = stream.reader()
        for _ in stream.chunks(500, frames=2000):
            pass
        assert len(reader.read(3000, timeout=5)) == 2000  # The rest, since no more comes.
        assert list(reader.chunks(100)) == []
    with counting() as stream:
        waiting = stream.reader()
        threading.Timer(0.05, stream.close).start()
        with pytest.raises(ps.ClosedError):
            list(waiting.chunks(100))


def test_a_lost_device_reaches_a_reader():
    device = ps.VirtualDevice(clock="free", input="counter", faults=[ps.Fault("dead", 6400)])
    with ps.InputStream(device, 48000, 1, "int32", 64) as stream, stream.reader() as reader:
        stream.start()
        got = []
        with pytest.raises(ps.DeviceLostError):
            got.extend(reader.chunks(100))
        assert np.array_equal(np.concatenate(got), counts(0, 6400))
        reader.close()
        with pytest.raises(ps.ClosedError):
            reader.chunks(10)


def test_readers_have_a_limit_and_come_back():
    with counting() as stream:
        readers = [stream.reader() for _ in range(15)]
        with pytest.raises(ps.LimitError, match="16 readers"):
            stream.reader()
        assert "StreamReader at 0" in repr(readers[0])
        readers.pop()
        stream.reader().close()
