# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Chunk loops in an event loop: the same windows, no threads, and nothing left behind."""

import asyncio
import gc
import random
import threading

import numpy as np
import pytest

import pastream_ng as ps

pytestmark = pytest.mark.sanitize


@pytest.fixture
def stream(counter):
    """A mono stream whose samples are the numbers of their frames."""
    with ps.InputStream(counter, 48000, 1, "int32", 64) as stream:
        yield stream


async def collect(chunks):
    return [chunk async for chunk in chunks]


@pytest.mark.parametrize(("size", "overlap"), [(1, 0), (64, 0), (100, 50), (1000, 999)])
@pytest.mark.parametrize("copy", [True, False])
def test_the_same_chunks_as_without_async(stream, size, overlap, copy):
    async def main():
        return [c.copy() async for c in stream.chunks(size, overlap, 2500, 7, copy=copy)]

    expected = list(stream.chunks(size, overlap, 2500, 7))
    got = asyncio.run(main())
    assert len(got) == len(expected)
    assert all(np.array_equal(a, b) for a, b in zip(got, expected, strict=True))
    assert stream.finished


def test_the_example_of_the_manual():
    async def main():
        with ps.InputStream("loopback", samplerate=48000, channels=2, blocksize=128) as s:
            s.start()
            n = 0
            async for chunk in s.chunks(256):
                assert chunk.shape == (256, 2)
                n += 1
                if n == 20:
                    break
            assert s.stopped
            assert s.stats.lost_frames == 0

    asyncio.run(main())


def test_waiting_needs_no_thread():
    async def main():
        before = set(threading.enumerate())
        async for chunk in ps.chunks(512, frames=4096, device="loopback", channels=1):
            assert set(threading.enumerate()) == before
            assert len(chunk) == 512

    asyncio.run(main())


def test_leaving_stops_at_once(stream):
    async def main():
        async for _ in stream.chunks(100):
            break
        assert stream.stopped
        with pytest.raises(KeyError):
            await fail()
        assert stream.stopped

    async def fail():
        async for _ in stream.chunks(100):
            raise KeyError

    asyncio.run(main())


def test_the_function_closes_its_stream(counter):
    async def main():
        chunks = ps.chunks(100, device=counter)
        async for _ in chunks:
            break
        assert chunks.stream.closed
        done = ps.chunks(100, frames=1000, device=counter)
        assert len(await collect(done)) == 10
        assert done.stream.closed

    asyncio.run(main())


def test_anext_and_aclose(stream):
    async def main():
        iterator = aiter(stream.chunks(10))
        assert aiter(iterator) is iterator
        assert (await anext(iterator)).tolist() == list(range(10))
        assert stream.active
        await iterator.aclose()
        await iterator.aclose()
        assert stream.stopped
        with pytest.raises(StopAsyncIteration):
            await anext(iterator)

    asyncio.run(main())


def test_other_tasks_have_their_turn(stream):
    """On a free clock there is always another chunk; the loop must not starve the others."""

    async def main():
        turns = 0

        async def other():
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        task = asyncio.create_task(other())
        await collect(stream.chunks(100, frames=2_000_000, copy=False))
        task.cancel()
        assert turns > 2

    asyncio.run(main())


def test_many_streams_in_one_loop():
    async def main():
        device = ps.VirtualDevice(input="counter")
        loops = [
            collect(ps.chunks(100, frames=2000, channels=1, dtype="int32", device=device))
            for _ in range(8)
        ]
        for chunks in await asyncio.gather(*loops):
            assert np.array_equal(np.concatenate(chunks), np.arange(2000))

    asyncio.run(main())


def test_timeout(counter):
    async def main():
        device = ps.VirtualDevice(faults=[ps.Fault("vanish", 0)])
        with ps.InputStream(device, 48000, 1, stall_after=20, lost_after=50) as stream:
            with pytest.raises(ps.PastreamTimeoutError, match="timeout: a chunk of 64 frames"):
                await collect(stream.chunks(64, timeout=0.05))
            assert stream.stopped

    asyncio.run(main())


def test_a_lost_device_is_noticed():
    async def main():
        device = ps.VirtualDevice(input="counter", faults=[ps.Fault("vanish", 2000)])
        got = []
        with ps.InputStream(
            device, 48000, 1, "int32", 64, stall_after=0.05, lost_after=0.1
        ) as stream:
            with pytest.raises(ps.DeviceLostError):
                await extend(got, stream.chunks(100))
            assert sum(map(len, got)) == stream.stats.captured_frames

    async def extend(got, chunks):
        async for chunk in chunks:
            got.append(chunk)

    asyncio.run(main())


def test_cancelling_at_any_time():
    """A cancelled task leaves a stream that is stopped and can be used again."""

    async def main():
        random.seed(5)
        device = ps.VirtualDevice(input="counter")
        with ps.InputStream(device, 48000, 1, "int32", 64) as stream:
            for _ in range(40):
                task = asyncio.create_task(collect(stream.chunks(96)))
                await asyncio.sleep(random.uniform(0, 0.01))
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                assert stream.stopped
            got = await collect(stream.chunks(100, frames=300))
            assert np.array_equal(np.concatenate(got), np.arange(300))

    asyncio.run(main())


def test_a_loop_that_ends_with_a_waiting_task_ends_quietly():
    async def main():
        device = ps.VirtualDevice(faults=[ps.Fault("vanish", 0)])
        stream = ps.InputStream(device, 48000, 1, stall_after=20, lost_after=50)
        task = asyncio.create_task(collect(stream.chunks(64)))
        await asyncio.sleep(0.01)
        assert not task.done()
        return stream

    stream = asyncio.run(main())
    assert stream.stopped
    stream.close()


def test_an_iterator_dropped_outside_of_the_loop_stops_the_stream(stream):
    async def main():
        iterator = aiter(stream.chunks(10))
        await anext(iterator)
        return iterator

    iterator = asyncio.run(main())
    assert stream.active
    del iterator
    gc.collect()
    assert stream.stopped


def test_info_and_out_work_too(stream):
    async def main():
        out = np.empty(50, "int32")
        async for chunk, info in stream.chunks(50, frames=500, out=out, with_info=True):
            assert chunk is out
            assert info.frame == chunk[0]

    asyncio.run(main())
