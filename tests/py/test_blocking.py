# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Blocking reads and writes."""

import array
import threading
import time
from contextlib import suppress

import numpy as np
import pytest

import pastream_ng as ps

from .conftest import counted, until

pytestmark = pytest.mark.sanitize

WALL = ps.VirtualDevice(input="counter")
HANG = 60


# ---- Reading -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "int32", "int24", "int16", "uint8"])
@pytest.mark.parametrize("channels", [1, 2])
def test_reads_follow_each_other_without_a_gap(counter, dtype, channels):
    with ps.InputStream(counter, 48000, channels, dtype, 64) as stream:
        stream.start()
        parts = [stream.read(n, HANG) for n in (1, 100, 0, 63, 1000)]
    assert [len(part) for part in parts] == [1, 100, 0, 63, 1000]
    got = np.concatenate(parts).reshape(-1, channels)
    assert np.array_equal(got, counted(dtype, 1164, channels))


def test_shapes_and_targets(counter):
    with ps.InputStream(counter, 48000, 1, "int32") as mono:
        mono.start()
        assert mono.read(2, always_2d=True).tolist() == [[0], [1]]
        out = np.zeros(3, "int32")
        assert mono.read(out=out) is out
        assert out.tolist() == [2, 3, 4]
        target = np.zeros((2, 1), "int32")
        assert mono.read(2, out=target) is target
        assert target.tolist() == [[5], [6]]
        with pytest.raises(ps.ArgumentError, match="frames is 3; out has 2 rows"):
            mono.read(3, out=target)
        with pytest.raises(ps.ArgumentTypeError, match="one of frames and out"):
            mono.read()
        with pytest.raises(ps.ArgumentError, match="frames is -1"):
            mono.read(-1)
        assert mono.read(1).tolist() == [7]


def test_raw_reads_need_no_numpy(counter):
    with ps.InputStream(counter, 48000, 2, "int16") as stream:
        stream.start()
        first = stream.read_raw(3, HANG)
        assert isinstance(first, bytearray)
        assert first.hex() == "000000000100010002000200"
        memory = array.array("h", [0] * 4)
        assert stream.readinto(memory, HANG) == 2
        assert memory.tolist() == [3, 3, 4, 4]
        with pytest.raises(ps.ArgumentError, match="data is read-only"):
            stream.readinto(b"1234")
        with pytest.raises(ps.ArgumentError, match="multiple of a frame's 4 bytes"):
            stream.readinto(bytearray(5))
        with pytest.raises(ps.ArgumentError, match="samples of int16"):
            stream.readinto(array.array("f", [0.0] * 4))
        with pytest.raises(ps.ArgumentTypeError, match="must be bytes"):
            stream.readinto(12)
        assert stream.readinto(bytearray(4)) == 1


def test_the_end_of_a_run_is_like_the_end_of_a_file(counter):
    with ps.InputStream(counter, 48000, 1, "int32", 10) as stream:
        stream.start()
        assert stream.read(95).tolist() == list(range(95))
        stream.stop()
        rest = stream.read(10**6)
        assert rest.tolist() == list(range(95, 95 + len(rest)))
        assert 0 < len(rest) <= len(stream.input_ring)
        assert stream.read(1).shape == (0,)
        assert stream.read_raw(1) == b""
        assert stream.readinto(bytearray(4)) == 0
        stream.start()
        assert stream.read(2).tolist() == [0, 1]


def test_a_stream_that_was_not_started_says_so(counter):
    with ps.InputStream(counter) as stream:
        for call in (lambda: stream.read(1), lambda: stream.read_raw(1)):
            with pytest.raises(ps.StateError, match=r"call start\(\) before read"):
                call()
    with pytest.raises(ps.ClosedError):
        stream.read(1)


def test_a_read_that_comes_too_early_takes_nothing():
    with ps.InputStream(WALL, 48000, 1, "int32", 64) as stream:
        stream.start()
        with pytest.raises(ps.PastreamTimeoutError) as caught:
            stream.read(100_000, 0)
        assert caught.value.frames == 0
        assert len(caught.value.partial) == 0
        assert stream.read(10, HANG).tolist() == list(range(10))


def test_reads_longer_than_the_ring_come_in_pieces(counter):
    with ps.InputStream(counter, 48000, 1, "int32", 100, buffersize=512) as stream:
        stream.start()
        n = 10 * len(stream.input_ring) + 3
        assert np.array_equal(stream.read(n, HANG), np.arange(n))


def test_what_a_long_read_had_got_is_not_lost():
    fault = ps.Fault("vanish", at=48_000)
    device = ps.VirtualDevice(clock="free", input="counter", faults=[fault])
    with ps.InputStream(device, 48000, 1, "int32", 100, buffersize=512) as stream:
        stream.start()
        with pytest.raises(ps.PastreamTimeoutError) as caught:
            stream.read(100_000, 0.3)
        partial = caught.value.partial
        assert caught.value.frames == len(partial) > 40_000
        assert np.array_equal(partial, np.arange(len(partial)))


def test_info_tells_what_was_lost():
    device = ps.VirtualDevice(
        clock="free", input="counter", faults=[ps.Fault("stall", at=200, amount=30)]
    )
    with ps.InputStream(device, 48000, 1, "int32", 100) as stream:
        stream.start()
        before, info = stream.read(150, HANG, with_info=True)
        assert (info.frame, info.lost, len(before)) == (0, 0, 150)
        after, info = stream.read(150, HANG, with_info=True)
        assert (info.frame, info.lost) == (150, 30)
        assert after[-1] == 329


def test_frames_come_before_the_error_that_ended_the_run():
    with ps.InputStream(WALL, 48000, 1, "int32", 64, buffersize=1024) as stream:
        stream.start()
        end = time.monotonic() + HANG
        while stream.active and time.monotonic() < end:
            time.sleep(0.005)
        got = stream.read(10**6)
        assert np.array_equal(got, np.arange(len(got)))
        assert len(got) >= 1024
        with pytest.raises(ps.BufferFull) as caught:
            stream.read(1)
        assert stream.exception is caught.value
        assert len(stream.read(1)) == 0
        stream.start()
        assert stream.read(1, HANG).tolist() == [0]


def test_close_ends_a_read_elsewhere():
    stream = ps.InputStream(WALL, 48000, 1)
    stream.start()
    caught = []

    def read():
        try:
            stream.read(len(stream.input_ring) // 2)
        except ps.ClosedError as error:
            caught.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    time.sleep(0.05)
    stream.close()
    reader.join(HANG)
    assert caught
    assert "closed" in str(caught[0])


def test_reads_and_loops_do_not_mix(counter):
    with ps.InputStream(counter, 48000, 1) as stream:
        for _ in stream.chunks(10):
            with pytest.raises(ps.StateError, match="a chunk loop is reading here"):
                stream.read(1)
            break
        stream.start()
        assert len(stream.read(1)) == 1


def test_a_view_that_comes_while_a_read_waits_ends_it():
    caught = []

    def read():
        try:
            stream.read(len(stream.input_ring) // 2)
        except ps.StateError as error:
            caught.append(error)

    with ps.InputStream(WALL, 48000, 1, "int32") as stream:
        stream.start()
        reader = threading.Thread(target=read)
        reader.start()
        time.sleep(0.05)
        with stream.input_ring.read_view(1, HANG) as frames:
            reader.join(HANG)
            assert frames.tolist() == [0]
        assert "a view is reading here" in str(caught[0])
        assert stream.read(2, HANG).tolist() == [1, 2]


def test_threads_that_read_at_once_share_the_frames(counter):
    parts = []

    def read():
        for k in range(200):
            frames, info = stream.read(50 + k % 3, HANG, with_info=True)
            assert info.frame == frames[0]
            parts.append(frames)

    with ps.InputStream(counter, 48000, 1, "int32", 64) as stream:
        stream.start()
        threads = [threading.Thread(target=read) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(HANG)
    parts.sort(key=lambda part: part[0])
    assert np.array_equal(np.concatenate(parts), np.arange(3 * sum(50 + k % 3 for k in range(200))))


def test_read_available(counter):
    with ps.InputStream(counter, 48000, 1, blocksize=64) as stream:
        assert stream.read_available == 0
        stream.start()
        stream.read(1)
        stream.stop()
        assert stream.read_available > 0
        assert stream.read_available == stream.input_ring.read_available


# ---- Writing -------------------------------------------------------------------------------------


def played(stream):
    """End the output, and return what came back on the other side, a block later."""
    stream.write(bytes(2 * stream.blocksize * stream.output_ring.elementsize))
    stream.end()
    return stream.read(10**6)


def test_writes_wait_for_room(loopback):
    data = np.arange(1, 20_001, dtype="int32")
    with ps.DuplexStream(loopback, 48000, 1, "int32", 50, buffersize=(30_000, 500)) as stream:
        assert stream.write(data[:1]) == 1
        stream.start()
        assert stream.write(data[1:], HANG) == 19_999
        back = played(stream)
        until(lambda: stream.finished)
        assert stream.stats.missing_frames == 0
    start = int(np.argmax(back != 0))
    assert np.array_equal(back[start : start + 20_000], data)


def test_frames_can_be_written_before_the_start(loopback):
    with ps.DuplexStream(loopback, 48000, 2, "int16", 10) as stream:
        assert stream.write(np.ones((30, 2), "int16")) == 30
        assert stream.output_ring.read_available == 30
        stream.start()
        assert played(stream)[10:40].tolist() == [[1, 1]] * 30


def test_a_write_that_nobody_will_play_is_refused(loopback):
    with ps.OutputStream(loopback, 48000, 1, buffersize=500) as stream:
        n = len(stream.output_ring)
        with pytest.raises(ps.StateError, match=r"call start\(\) before write"):
            stream.write(np.zeros(n + 1))
        assert stream.output_ring.read_available == 0
        assert stream.write(np.zeros(n)) == n
        with pytest.raises(ps.StateError, match=r"call start\(\) before drain"):
            stream.drain()
        assert stream.write_available == 0
        stream.start()
        assert stream.drain(HANG)
        assert stream.stats.played_frames == n
        assert stream.drain()
    with pytest.raises(ps.ClosedError):
        stream.write(np.zeros(1))
    with pytest.raises(ps.ClosedError):
        stream.end()


@pytest.mark.parametrize(
    "make",
    [
        lambda x: x.tobytes(),
        lambda x: bytearray(x.tobytes()),
        lambda x: memoryview(x),
        lambda x: memoryview(x.tobytes()),
        lambda x: array.array("h", x.ravel().tolist()),
        lambda x: x,
        lambda x: x.tolist(),
    ],
    ids=["bytes", "bytearray", "samples", "memoryview", "array.array", "numpy", "lists"],
)
def test_any_memory_can_be_written(loopback, make):
    data = np.arange(1, 41, dtype="int16").reshape(20, 2)
    with ps.DuplexStream(loopback, 48000, 2, "int16", 10) as stream:
        assert stream.write(make(data)) == 20
        stream.start()
        back = played(stream)
    start = int(np.argmax(back[:, 0] != 0))
    assert back[start : start + 20].tolist() == data.tolist()


def test_memory_that_does_not_fit_is_refused(loopback):
    with ps.OutputStream(loopback, 48000, 2, "int16") as stream:
        for data, text in (
            (bytes(5), "multiple of a frame's 4 bytes"),
            (array.array("f", [0.0, 0.0]), "samples of int16"),
            (memoryview(np.zeros(4, "int32")), "samples of int16"),
            (memoryview(bytes(16))[::2], "not C-contiguous"),
            (np.zeros(4, "int32"), "has shape"),
            (np.zeros((4, 2), "int32"), "has dtype int32"),
        ):
            with pytest.raises(ps.ArgumentError, match=text):
                stream.write(data)
        assert stream.output_ring.read_available == 0


def test_a_write_that_takes_too_long_tells_how_far_it_got():
    device = ps.VirtualDevice("null", faults=[ps.Fault("vanish", at=0)])
    with ps.OutputStream(device, 48000, 1, blocksize=64, buffersize=512) as stream:
        stream.start()
        room = stream.write_available
        with pytest.raises(ps.PastreamTimeoutError, match=f"{room} of {room + 1} frames") as caught:
            stream.write(np.zeros(room + 1), 0.05)
        assert caught.value.frames == room
        with suppress(ps.PastreamError):
            stream.abort()


def test_a_write_ends_with_its_run():
    device = ps.VirtualDevice("null")
    stream = ps.OutputStream(device, 48000, 1, buffersize=4096)
    stream.start()
    caught = []

    def write():
        try:
            stream.write(np.zeros(10**6))
        except ps.StateError as error:
            caught.append(str(error))

    for end, text in ((stream.stop, "stopped"), (stream.close, "closed")):
        caught.clear()
        stream.start()
        writer = threading.Thread(target=write)
        writer.start()
        # The writer waits once the ring is full.
        until(lambda: stream.write_available < 1024)
        end()
        writer.join(HANG)
        assert caught
        assert text in caught[0]


def test_the_round_trip_stays_in_step(loopback):
    with ps.DuplexStream(loopback, 48000, 1, "int32", 16) as stream:
        stream.write(np.zeros(16, "int32"))
        stream.start()
        for i in range(1, 50):
            stream.write(np.full(16, i, "int32"))
            assert stream.read(16, HANG).tolist() == [max(0, i - 2)] * 16


def test_a_lost_device_is_told_after_what_it_gave():
    device = ps.VirtualDevice(input="counter", faults=[ps.Fault("vanish", at=2400)])
    with ps.InputStream(device, 48000, 1, blocksize=64) as stream:
        stream.start()
        captured = len(stream.read(2000, timeout=20))
        captured += len(stream.read(2000, timeout=20))
        with pytest.raises(ps.DeviceLostError) as caught:
            stream.read(2000, timeout=20)
    assert caught.value.frame == captured
    assert 2400 <= captured <= 2400 + 64
