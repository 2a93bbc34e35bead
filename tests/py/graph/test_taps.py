# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Sound out of graphs into rings, and out of rings into graphs."""

import asyncio
import gc
import threading
import weakref

import numpy as np
import pytest

import pastream_ng as ps

RATE = 8192


def context(length=4096, channels=1):
    return ps.OfflineAudioContext(channels=channels, length=length, sample_rate=RATE)


def noise(frames, channels=1, seed=1):
    shape = (frames, channels) if channels > 1 else frames
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


def playing(ctx, sound):
    source = ctx.create_buffer_source(sound)
    source.start()
    return source


def test_chunks_are_what_was_rendered():
    ctx = context(2500, 2)
    sound = noise(2000, 2)
    tap = playing(ctx, sound).tap()
    tap >> ctx.destination
    heard = ctx.render()
    chunks = list(tap.chunks(1024))
    assert [chunk.shape for chunk in chunks] == [(1024, 2), (1024, 2), (512, 2)]
    # The last quantum is rendered whole.
    assert np.array_equal(np.concatenate(chunks)[:2500], heard)
    assert np.array_equal(heard[:2000], sound)
    assert tap.lost_frames == 0
    assert list(tap.chunks(1024)) == []


def test_chunks_may_overlap_and_tell_their_times():
    ctx = context(1000)
    sound = noise(1024)
    tap = playing(ctx, sound).tap(channels=1)
    ctx.render()
    chunks = list(tap.chunks(256, 128).with_info())
    assert [info.frame for _, info in chunks] == [128 * k for k in range(7)]
    for chunk, info in chunks:
        assert np.array_equal(chunk, sound[info.frame : info.frame + len(chunk)])
        assert info.time == info.frame / RATE
        assert info.lost == 0


def test_whatever_is_there_comes_at_once():
    ctx = context(1024)
    tap = playing(ctx, noise(1024)).tap(channels=1)
    blocks = ctx.blocks(256)
    loop = iter(tap.chunks(None))
    sizes = []
    for _ in range(3):
        next(blocks)
        sizes.append(len(next(loop)))
    assert sizes == [256, 256, 256]
    blocks.close()
    assert list(loop) == []


@pytest.mark.parametrize("when_full", ["drop_newest", "drop_oldest"])
def test_what_is_lost_is_told_whichever_it_is(when_full):
    ctx = context(1 << 16)
    sound = noise(1 << 16)
    tap = playing(ctx, sound).tap(channels=1, capacity=1024, when_full=when_full)
    room = len(tap.ring)
    blocks = ctx.blocks(3 * room // 128 * 128)
    loop = iter(tap.chunks(128).with_info())
    end, total = None, 0
    for _ in range(3):
        next(blocks)
        for _ in range(4):
            chunk, info = next(loop)
            assert np.array_equal(chunk, sound[info.frame : info.frame + 128])
            # The first one has nothing before it.
            assert info.lost == (0 if end is None else info.frame - end)
            end = info.frame + 128
            total += info.lost
    assert total > 0
    assert (tap.ring.dropped > 0) == (when_full == "drop_oldest")
    assert (tap.lost_frames > 0) == (when_full == "drop_newest")


def test_dropped_frames_are_not_seen_twice():
    # What a chunk was to share with the one before may be gone.
    ctx = context(1 << 16)
    sound = noise(1 << 16)
    tap = playing(ctx, sound).tap(channels=1, capacity=1024, when_full="drop_oldest")
    blocks = ctx.blocks(len(tap.ring) // 128 * 128)
    loop = iter(tap.chunks(128, 64).with_info())
    next(blocks)
    _, first = next(loop)
    next(blocks)
    chunk, second = next(loop)
    assert (first.frame, first.lost) == (0, 0)
    assert second.lost == second.frame - 128 > 0
    assert np.array_equal(chunk, sound[second.frame : second.frame + 128])


def test_loops_wait_in_another_thread():
    ctx = context(4096)
    sound = noise(4096)
    tap = playing(ctx, sound).tap(channels=1)
    got = []
    thread = threading.Thread(target=lambda: got.extend(tap.chunks(512, timeout=20)))
    thread.start()
    ctx.render()
    thread.join(20)
    assert np.array_equal(np.concatenate(got), sound)


def test_loops_end_when_the_context_does():
    ctx = context()
    tap = ctx.create_tap()
    ctx.close()
    assert list(tap.chunks()) == []
    ctx = context()
    tap = ctx.create_tap()
    tap.end()
    ctx.render()
    assert list(tap.chunks()) == []
    assert tap.ring.written == 0


def test_loops_can_be_awaited():
    ctx = context(1000)
    sound = noise(1024)
    tap = playing(ctx, sound).tap(channels=1)
    ctx.render()

    async def collect():
        return [chunk async for chunk in tap.chunks(300)]

    chunks = asyncio.run(collect())
    assert [len(chunk) for chunk in chunks] == [300, 300, 300, 124]
    assert np.array_equal(np.concatenate(chunks), sound)


def test_who_waits_too_long_is_told():
    tap = context().create_tap()
    with pytest.raises(ps.PastreamTimeoutError, match="1024 frames did not come within 0"):
        next(iter(tap.chunks(timeout=0.0)))

    async def one():
        return await anext(aiter(tap.chunks(timeout=0.01)))

    with pytest.raises(ps.PastreamTimeoutError):
        asyncio.run(one())


def test_bad_taps_are_refused():
    ctx = context()
    with pytest.raises(ps.ArgumentError, match="channels is 33"):
        ctx.create_tap(channels=33)
    with pytest.raises(ps.ArgumentError, match="when_full is 'x'"):
        ctx.create_tap(when_full="x")
    tap = ctx.create_tap(capacity=100)
    with pytest.raises(ps.ArgumentError, match="overlap is 10; it must be less than size, 10"):
        tap.chunks(10, 10)
    with pytest.raises(ps.ArgumentError, match="size is 0"):
        tap.chunks(0)
    with pytest.raises(ps.StateError, match="an audio graph is writing here"):
        tap.ring.write(np.zeros((1, 2), np.float32))
    with pytest.raises(ps.StateError, match="nothing was written"):
        tap.frame_at(0)
    with pytest.raises(ps.StateError, match="channels can only be given when"):
        tap.channels = 1


def test_taps_die_with_the_last_reference():
    ctx = context()
    tap = playing(ctx, noise(100)).tap()
    ring, gone = tap.ring, weakref.ref(tap)
    gc.disable()
    try:
        del tap
        assert gone() is None
    finally:
        gc.enable()
    ctx.render()
    assert ring.written == 4096  # The node has gone on: something leads to it.


# ---- Sources -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "dtype", ["float32", "float64", "int32", "int24", "int16", "int8", "uint8"]
)
def test_rings_of_all_dtypes_are_played(dtype):
    ctx = context(128, 2)
    ring = ps.RingBuffer(size=256, dtype=dtype, channels=2)
    frames = noise(100, 2)
    if dtype.startswith("float"):
        ring.write(frames)
        wanted = frames
    else:
        bits = {"int32": 31, "int24": 31, "int16": 15, "int8": 7, "uint8": 7}[dtype]
        steps = np.round(frames.astype(float) * 2 ** (bits - 1)).astype(np.int64)
        wanted = (steps / 2.0**bits).astype(np.float32)
        if dtype == "uint8":
            steps += 128
        ring.write(steps.astype(np.int32 if dtype == "int24" else dtype))
    source = ctx.create_stream_source(ring)
    source >> ctx.destination
    source.start()
    ring.end()
    heard = ctx.render()
    assert np.array_equal(heard[:100], wanted)
    assert not heard[100:].any()
    assert source.has_ended
    assert source.lost_frames == 0


def test_graphs_are_played_by_graphs():
    first, second = context(1024), context(1024)
    sound = noise(1024)
    tap = playing(first, sound).tap(channels=1)
    source = second.create_stream_source(tap)
    source >> second.destination
    source.start()
    with pytest.raises(ps.StateError, match="an audio graph is reading here"):
        next(iter(tap.chunks(10)))
    first.render()
    assert np.array_equal(second.render()[:, 0], sound)
    assert source.has_ended


def test_what_is_late_is_silence():
    ctx = context(512)
    ring = ps.RingBuffer(size=1024, dtype="float32")
    source = ctx.create_stream_source(ring)
    source >> ctx.destination
    source.start()
    blocks = ctx.blocks(128)
    assert not next(blocks).any()
    assert source.lost_frames == 0
    ring.write(np.ones(100, np.float32))
    assert next(blocks).sum() == 100
    assert source.lost_frames == 28
    assert source.is_playing


def test_a_source_waits_for_its_latency():
    ctx = context(512)
    ring = ps.RingBuffer(size=1024, dtype="float32")
    source = ctx.create_stream_source(ring, latency=200 / RATE)
    source >> ctx.destination
    source.start()
    blocks = ctx.blocks(128)
    ring.write(np.ones(150, np.float32))
    assert not next(blocks).any()
    ring.write(np.ones(50, np.float32))
    assert next(blocks).sum() == 128
    assert next(blocks).sum() == 72


def test_bad_sources_are_refused():
    ctx = context()
    with pytest.raises(ps.ArgumentTypeError, match="source is 'x' of type str; it must be a Ring"):
        ctx.create_stream_source("x")
    with pytest.raises(ps.ArgumentError, match="source is a ring of bytes"):
        ctx.create_stream_source(ps.RingBuffer(4, 16))
    memory = np.zeros(64, np.float32)
    with pytest.raises(ps.ArgumentError, match="a ring over memory of yours"):
        ctx.create_stream_source(ps.RingBuffer(buffer=memory, dtype="float32"))
    with pytest.raises(ps.ArgumentError, match="source has 33 channels"):
        ctx.create_stream_source(ps.RingBuffer(size=16, dtype="float32", channels=33))
    ring = ps.RingBuffer(size=16, dtype="float32")
    with pytest.raises(ps.ArgumentError, match="latency is -1"):
        ctx.create_stream_source(ring, latency=-1)
    ctx.create_stream_source(ring)
    with pytest.raises(ps.StateError, match="an audio graph is reading here"):
        ctx.create_stream_source(ring)


def test_input_streams_are_played():
    device = ps.VirtualDevice(input="counter")
    with ps.InputStream(
        device=device, samplerate=RATE, channels=1, blocksize=64, buffersize=RATE
    ) as stream:
        with pytest.raises(ps.ArgumentError, match="source has a sample rate of 8192 Hz; it must"):
            ps.OfflineAudioContext(1, 128, 2 * RATE).create_stream_source(stream)
        ctx = context(1024)
        source = ctx.create_stream_source(stream, latency=256 / RATE)
        source >> ctx.destination
        source.start()
        stream.start()
        # Others may read as well.
        stream.input_ring.wait_readable(512, 20)
        heard = ctx.render()[:, 0]
    # What was too old when it began is not heard, and the rest is not lost.
    n = np.count_nonzero(heard)
    assert n >= 256
    assert len(set(np.diff(heard[:n].astype(float)))) == 1
    assert source.lost_frames == 1024 - n
