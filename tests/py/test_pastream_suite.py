# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What pastream's own tests verify, one test each, in its words; those of files are elsewhere."""

import time

import numpy as np
import pytest

import pastream_ng as ps

pytestmark = pytest.mark.sanitize

RATE = 44100
BLOCK = 256
HANG = 20
PREAMBLE = 0x7FFFFFFF


def opened(device, kind=ps.DuplexStream, **options):
    return kind(device, RATE, 2, "int32", BLOCK, **options)


def noise(frames, seed=7):
    """Return random frames after one that marks the begin."""
    data = np.random.default_rng(seed).integers(-(2**30), 2**30, (frames + 1, 2), "int32")
    data[0] = PREAMBLE
    return data


def heard(frames):
    """Return what came after the mark."""
    start = int(np.argmax(frames[:, 0] == PREAMBLE))
    assert (frames[start] == PREAMBLE).all()
    return frames[start + 1 :]


def sender(data):
    def writer(stream, ring):
        ring.write(data, timeout=HANG)

    return writer


def test_chunks_ndarray_loopback(loopback):
    data = noise(RATE)
    with opened(loopback, writer=sender(data)) as stream:
        back = np.concatenate(list(stream.chunks(1024, frames=RATE)))
    got = heard(back)
    assert np.array_equal(got, data[1 : 1 + len(got)])
    assert len(got) == RATE - BLOCK - 1


def test_chunks_bytearray_loopback(loopback):
    data, parts = noise(RATE), []
    out = bytearray(1000 * 8)
    with opened(loopback, writer=sender(data)) as stream:
        for chunk in stream.chunks(1000, frames=RATE, out=out):
            assert chunk is out or len(parts) == RATE // 1000
            parts.append(bytes(chunk))
    got = heard(np.frombuffer(b"".join(parts), "int32").reshape(-1, 2))
    assert np.array_equal(got, data[1 : 1 + len(got)])
    assert len(got) == RATE - BLOCK - 1


@pytest.mark.parametrize("offset", [256, 512])
def test_offset(loopback, offset):
    with opened(loopback) as stream:
        assert len(stream.playrec(noise(1023), offset=offset, blocking=True)) == 1024 - offset


@pytest.mark.parametrize("frames", [2**n for n in range(8, 16)])
def test_frames(loopback, frames):
    with opened(loopback) as stream:
        assert len(stream.playrec(noise(2**15), frames, blocking=True)) == frames


@pytest.mark.parametrize("pad", [0, 100, 1024])
def test_pad(loopback, pad):
    with opened(loopback) as stream:
        back = stream.playrec(noise(1023), pad=pad, blocking=True)
        assert len(back) == 1024 + pad


def test_autoframes(loopback):
    """Without a length the output ends with its data; what is written after that is not played."""
    with opened(loopback, frames=-1, pad=RATE) as stream:
        stream.set_source(noise(1023))
        stream.start()
        with pytest.raises(ps.StateError):
            stream.write(noise(10))
        assert stream.wait(HANG)
        assert stream.stats.played_frames == 1024
        assert stream.stats.captured_frames == 1024 + RATE


@pytest.mark.parametrize(
    ("frames", "pad", "offset"),
    [
        (1024, 0, 0),
        (1024, 256, 0),
        (1024, 0, 256),
        (1024, 256, 256),
        (512, 512, 100),
        (512, 1, 511),
    ],
)
def test_frames_pad_offset(loopback, frames, pad, offset):
    with opened(loopback, frames=frames, pad=pad, offset=offset) as stream:
        stream.txbuff.write(noise(2047))
        stream.start()
        assert stream.wait(HANG)
        assert stream.rxbuff.read_available == frames + pad - offset


def test_stream_replay():
    device = ps.VirtualDevice("loopback")
    with opened(device, ps.OutputStream, frames=1000) as stream:
        stream.txbuff.write(noise(999))
        stream.start()
        assert stream.wait(HANG)
        assert (stream.finished, stream.aborted, stream.active) == (True, False, False)
        stream.frames = -1
        stream.start()
        assert (stream.finished, stream.aborted, stream.active) == (False, False, True)
        stream.abort()
        assert (stream.finished, stream.aborted, stream.active) == (False, True, False)
        stream.start()
        assert stream.active
        stream.stop()
        assert (stream.finished, stream.aborted, stream.stopped) == (False, False, True)


def test_looping(loopback):
    data = noise(1023)
    with opened(loopback) as stream:
        back = stream.playrec(data, 5 * 1024 + BLOCK, loop=True, blocking=True)
    assert np.array_equal(back[BLOCK:], np.concatenate([data] * 5))


class TestError(Exception):
    """Known by its message."""

    __test__ = False


@pytest.mark.parametrize("who", ["reader", "writer"])
def test_threaded_deferred_exception_handling(who):
    def function(stream, ring):
        while not stream.active:
            time.sleep(0.001)
        raise TestError("BOO-urns!")

    with opened("loopback", **{who: function}) as stream:
        stream.start(prebuffer=False)
        with pytest.raises(TestError, match="BOO-urns!"):
            stream.wait(HANG)
        assert stream.aborted


def test_deferred_exception_handling(loopback):
    def function(stream, ring):
        raise TestError("BOO-urns!")

    def leave():
        with opened(loopback, reader=function) as stream:
            stream.start()
            while stream.active:
                time.sleep(0.001)

    with pytest.raises(TestError, match="BOO-urns!"):
        leave()


def test_frames_raises_underflow():
    with opened("null", ps.OutputStream, frames=1024, underflow="raise") as stream:
        stream.txbuff.write(noise(500))
        stream.start()
        with pytest.raises(ps.BufferEmpty):
            stream.wait(HANG)
