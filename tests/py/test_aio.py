# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Streams in an event loop."""

import asyncio
import contextlib
import gc
import os
import random
import threading
import time
import weakref

import numpy as np
import pytest

import pastream_ng as ps
from pastream_ng._native.waits import wait_async
from pastream_ng.enums import Status

pytestmark = pytest.mark.sanitize

WALL = ps.VirtualDevice(input="counter")
HANG = 60


def test_read_and_write(loopback):
    async def main():
        async with ps.DuplexStream(loopback, 48000, 1, "int32", 16) as s:
            assert isinstance(s, ps.AsyncStream)
            assert s.stream.state == ps.StreamState.STOPPED
            await s.write(np.zeros(16, "int32"))
            await s.start()
            for i in range(1, 50):
                assert await s.write(np.full(16, i, "int32")) == 16
                assert (await s.read(16, HANG)).tolist() == [max(0, i - 2)] * 16
            await s.stop()
        assert s.stream.closed

    asyncio.run(main())


def test_all_ways_to_read(counter):
    async def main():
        async with ps.InputStream(counter, 48000, 1, "int16", 16) as s:
            await s.start()
            assert (await s.read_raw(2)).hex() == "00000100"
            data = bytearray(4)
            assert await s.readinto(data) == 2
            assert data.hex() == "02000300"
            out = np.zeros((2, 1), "int16")
            assert await s.read(out=out) is out
            frames, info = await s.read(1, with_info=True)
            assert (frames.tolist(), info.frame) == ([6], 6)
            with pytest.raises(AttributeError, match="none that plays"):
                await s.write(frames)
            assert repr(s).startswith("<pastream_ng.AsyncStream of <pastream_ng.InputStream")

    asyncio.run(main())


def test_writes_wait_for_room_while_others_run():
    async def main():
        turns = 0

        async def count():
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        async with ps.OutputStream(
            ps.VirtualDevice("null"), 48000, 1, blocksize=64, buffersize=1024
        ) as s:
            other = asyncio.create_task(count())
            await s.start()
            assert await s.write(np.zeros(5000)) == 5000
            assert await s.drain(HANG)
            other.cancel()
            assert s.stream.stats.played_frames == 5000
        assert turns > 10

    asyncio.run(main())


def test_the_end_wakes_everybody_who_waits():
    async def main():
        async with ps.InputStream(WALL, 48000, 1, blocksize=64) as s:
            await s.start()
            assert not await s.wait(0.01)
            waits = [asyncio.create_task(s.finished()) for _ in range(3)]
            await asyncio.sleep(0.02)
            threading.Thread(target=s.stream.stop).start()
            await asyncio.wait_for(asyncio.gather(*waits), HANG)
            assert await s.wait()

    asyncio.run(main())


def test_the_end_comes_through_a_descriptor(counter):
    import select

    from pastream_ng._native import lib

    with ps.InputStream(WALL, 48000, 1, blocksize=64) as stream:
        stream.start()
        fd = lib.pst_stream_arm_over(stream._pointer)
        assert fd >= 0
        assert select.select([fd], [], [], 0.02)[0] == []
        stream.stop()
        assert select.select([fd], [], [], HANG)[0] == [fd]
        # And at once where there is nothing to wait for.
        fd = lib.pst_stream_arm_over(stream._pointer)
        assert select.select([fd], [], [], 0)[0] == [fd]
    assert lib.pst_stream_arm_over(stream._pointer) == fd


def test_errors_come_through(counter):
    async def main():
        device = ps.VirtualDevice(faults=[ps.Fault("dead", at=2000)])
        async with ps.InputStream(device, 48000, 1, blocksize=64) as s:
            await s.start()
            with pytest.raises(ps.DeviceLostError):
                await s.finished()
            await s.finished()
        with pytest.raises(ps.ClosedError):
            await s.read(1)
        with pytest.raises(KeyError):
            async with ps.InputStream(counter) as s:
                raise KeyError
        assert s.stream.closed
        stream = ps.InputStream(WALL, 48000, 1, blocksize=64, buffersize=1024)
        await stream.aio.start()
        while stream.active:
            await asyncio.sleep(0.01)
        with pytest.raises(ps.BufferFull):
            await stream.aio.close()

    asyncio.run(main())


def test_close_ends_what_waits():
    async def main():
        stream = ps.InputStream(WALL, 48000, 1)
        await stream.aio.start()
        waits = [
            asyncio.create_task(stream.aio.read(len(stream.input_ring) // 2)),
            asyncio.create_task(stream.aio.finished()),
        ]
        await asyncio.sleep(0.02)
        await stream.aio.close()
        for result in await asyncio.gather(*waits, return_exceptions=True):
            assert isinstance(result, ps.ClosedError)

    asyncio.run(main())


def test_cancelled_tasks_leave_nothing_behind(caplog):
    """Of reads, writes and waits, cancelled at any time."""
    noise = []

    async def main():
        loop = asyncio.get_running_loop()
        loop.set_debug(True)
        loop.set_exception_handler(lambda _, context: noise.append(context))
        device = ps.VirtualDevice("loopback")
        async with ps.DuplexStream(
            device, 48000, 1, "int32", 32, buffersize=2048, overflow="drop-oldest"
        ) as s:
            await s.start()
            calls = (
                lambda: s.read(64),
                lambda: s.write(np.zeros(512, "int32")),
                s.finished,
                lambda: s.readinto(bytearray(4 * 640)),
            )
            chance = random.Random(5)
            for i in range(200):
                task = asyncio.create_task(calls[i % 4]())
                await asyncio.sleep(chance.random() * 0.004)
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
            assert not loop._selector.get_map().keys() - {loop._ssock.fileno()}
            assert len(await s.read(8, HANG)) == 8

    asyncio.run(main())
    assert noise == []
    assert caplog.records == []


def test_waits_look_again_now_and_then_though_nothing_wakes_them():
    reading, writing = os.pipe()
    others = [os.dup(reading) for _ in range(3)]

    async def wait(fd, n_looks):
        looks = iter(range(n_looks))
        status = await wait_async(
            lambda _ns: int(Status.TIMEOUT) if next(looks, None) is not None else 7,
            lambda: fd,
            None,
        )
        assert status == 7
        assert next(looks, None) is None

    async def main():
        await asyncio.gather(*(wait(fd, n) for n, fd in enumerate(others, 1)))
        return weakref.ref(asyncio.get_running_loop())

    try:
        loop = asyncio.run(asyncio.wait_for(main(), HANG))
        gc.collect()
        assert loop() is None
    finally:
        for fd in (reading, writing, *others):
            os.close(fd)


def test_an_end_in_another_task_is_not_missed():
    """Start, stop and await the end, over and over."""

    async def main():
        async with ps.InputStream(WALL, 48000, 1, blocksize=32) as s:
            for i in range(20):
                await s.start()
                wait = asyncio.create_task(s.finished())
                await asyncio.sleep(0.001 * (i % 3))
                begin = time.monotonic()
                await s.stop()
                await wait
                assert time.monotonic() - begin < HANG

    asyncio.run(main())
