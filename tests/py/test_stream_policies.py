# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What streams do when something goes wrong: full and empty rings, lost frames, lost devices."""

import numpy as np
import pytest

import pastream_ng as ps

from .conftest import until

pytestmark = pytest.mark.sanitize


# ---- Policies ------------------------------------------------------------------------------------


def overflowing(policy, **options):
    """Return a stream in real time whose ring of one block is never read."""
    return ps.InputStream(
        ps.VirtualDevice(input="counter"),
        48000,
        1,
        "int32",
        512,
        buffersize=1024,
        overflow=policy,
        **options,
    )


def test_overflow_raise_aborts_and_keeps_what_was_captured():
    with overflowing("raise") as stream:
        stream.start()
        with pytest.raises(ps.BufferFull) as caught:
            stream.wait(30)
        assert caught.value is stream.exception
        assert caught.value.frame == stream.frame_count
        assert stream.aborted
        assert stream.wait(30)  # Told once.
        stream.stop()
        frames = stream.input_ring.read()
        assert np.array_equal(frames, np.arange(len(frames)))
        stats = stream.stats
        assert stats.captured_frames == len(frames)
        assert stats.captured_frames + stats.dropped_frames == stats.frames
        kinds = [event.kind for event in stream.events()]
        assert kinds == [ps.EventKind.INPUT_DROPPED, ps.EventKind.ABORTED]
        stream.start()  # A new run forgets the error.
        assert stream.exception is None
        stream.abort()


@pytest.mark.parametrize("call", ["stop", "abort", "close"])
def test_a_deferred_error_is_raised_by_the_next_call(call):
    stream = overflowing("raise")
    stream.start()
    until(lambda: not stream.active)
    with pytest.raises(ps.BufferFull):
        getattr(stream, call)()
    stream.close()
    assert isinstance(stream.exception, ps.BufferFull)


@pytest.mark.parametrize("other", [None, KeyError])
def test_leaving_the_block_raises_what_is_pending_unless_something_else_is(other):
    def run(stream):
        with stream:
            stream.start()
            until(lambda: not stream.active)
            if other is not None:
                raise other

    stream = overflowing("raise")
    with pytest.raises(other or ps.BufferFull):
        run(stream)
    assert stream.closed
    assert isinstance(stream.exception, ps.BufferFull)


def test_overflow_drop_newest_keeps_the_oldest():
    with overflowing("drop-newest") as stream:
        size = len(stream.input_ring)
        stream.start()
        until(lambda: stream.stats.dropped_frames > 0)
        assert stream.active
        stream.stop()
        assert np.array_equal(stream.input_ring.read(), np.arange(size))
        stats = stream.stats
        assert stats.captured_frames == size
        assert stats.captured_frames + stats.dropped_frames == stats.frames


def test_overflow_drop_oldest_keeps_the_newest():
    with overflowing("drop-oldest") as stream:
        stream.start()
        until(lambda: stream.stats.dropped_frames > 0)
        stream.stop()
        frames = stream.input_ring.read()
        stats = stream.stats
        assert np.array_equal(frames, np.arange(stats.frames - len(frames), stats.frames))
        assert len(frames) + stats.dropped_frames == stats.frames
        assert stream.input_ring.dropped == stats.dropped_frames


def test_overflow_silence_keeps_time():
    with overflowing("silence") as stream:
        ring = stream.input_ring
        stream.start()
        until(lambda: stream.stats.dropped_frames > 0)
        got = ring.read()
        while len(got) < 3 * len(ring):
            got = np.concatenate((got, ring.read(512, timeout=30)))
        stream.stop()
        stats = stream.stats
    real = got != 0
    real[0] = True
    assert np.array_equal(got[real], np.arange(len(got))[real])
    assert 0 < np.count_nonzero(~real) <= stats.inserted_frames
    lost = [event for event in stream.events() if event.kind == ps.EventKind.INPUT_DROPPED]
    assert sum(event.frames for event in lost) == stats.dropped_frames


def test_underflow_raise():
    with ps.OutputStream("null", 48000, 1, blocksize=64, underflow="raise") as stream:
        stream.output_ring.write(np.zeros(100))
        stream.start()
        with pytest.raises(ps.BufferEmpty):
            stream.wait(30)
        assert stream.stats.played_frames == 100


def test_underflow_silence_counts():
    with ps.OutputStream("null", 48000, 1, blocksize=64) as stream:
        stream.output_ring.write(np.zeros(100))
        stream.start()
        until(lambda: stream.stats.missing_frames >= 100)
        assert stream.active
        stream.output_ring.write(np.zeros(100))
        stream.output_ring.end()
        assert stream.wait(30)
        stats = stream.stats
    assert stats.played_frames == 200
    assert stats.played_frames + stats.missing_frames + stats.padded_frames == stats.frames
    missing = [event for event in stream.events() if event.kind == ps.EventKind.OUTPUT_MISSING]
    assert sum(event.frames for event in missing) == stats.missing_frames


def test_an_underflow_is_not_an_end():
    with ps.OutputStream("null", 48000, 1, blocksize=32) as stream:
        stream.start()
        for _ in range(3):
            stream.output_ring.write(np.zeros(64), timeout=30)
            before = stream.stats.missing_frames
            until(lambda: stream.stats.missing_frames > before)  # noqa: B023
        until(lambda: stream.stats.played_frames == 192)
        assert stream.active


# ---- Devices that lose frames, or go away --------------------------------------------------------


def test_losses_are_told_with_place_and_length():
    faults = [ps.Fault("stall", 2000, 480), ps.Fault("xrun", 4000)]
    device = ps.VirtualDevice(clock="free", input="counter", faults=faults)
    with ps.InputStream(device, 48000, 1, "int32", 100) as stream:
        got = [(c, i) for c, i in stream.chunks(100, frames=6000, with_info=True)]
        stats, events = stream.stats, stream.events()
    frames = np.concatenate([chunk for chunk, _ in got])
    missing = set(range(6000)) - set(frames.tolist())
    assert len(missing) == stats.lost_frames == 480
    assert max(missing) - min(missing) == 479
    losses = [event for event in events if event.kind == ps.EventKind.DEVICE_LOSS]
    assert [(loss.frame, loss.frames) for loss in losses] == [(min(missing), 480)]
    xruns = [event for event in events if event.kind == ps.EventKind.HOST_XRUN]
    assert all(event.frames == 0 and event.flags for event in xruns)
    assert stats.xruns >= 2
    assert stream.events() == events
    for chunk, info in got:
        assert info.frame == chunk[0]
        assert info.lost in (0, 480)
        assert bool(info.flags & ps.StreamFlags.GAP) == (info.lost > 0)
    assert sum(info.lost for _, info in got) == 480


@pytest.mark.parametrize("kind", ["vanish", "dead"])
def test_a_lost_device_is_noticed(kind):
    device = ps.VirtualDevice(input="counter", faults=[ps.Fault(kind, 2000)])
    with ps.InputStream(device, 48000, 1, "int32", 64, stall_after=0.05, lost_after=0.1) as stream:
        got = []
        with pytest.raises(ps.DeviceLostError) as caught:
            got.extend(stream.chunks(100))
        frames = np.concatenate(got)
        assert np.array_equal(frames, np.arange(len(frames)))
        assert len(frames) == stream.stats.captured_frames
        assert caught.value.frame == stream.frame_count
        assert stream.exception is caught.value
        assert stream.aborted
    assert stream.closed


def test_rings_of_a_lost_device_do_not_wait_for_ever():
    device = ps.VirtualDevice(faults=[ps.Fault("vanish", 2000)])
    with ps.InputStream(device, 48000, 1, blocksize=64, stall_after=0.05, lost_after=0.1) as stream:
        stream.start()
        with pytest.raises(ps.DeviceLostError):
            stream.input_ring.read(len(stream.input_ring), timeout=60)


def test_a_host_that_hangs_is_given_up():
    device = ps.VirtualDevice(stop_hang=float("inf"))
    stream = ps.InputStream(device, 48000, 1, control_timeout=0.05)
    stream.start()
    with pytest.raises(ps.DeviceLostError, match="did not come back"):
        stream.stop()
    assert stream.closed
    stream.close()
    stream = ps.InputStream(device, 48000, 1, control_timeout=0.05)
    stream.start()
    with pytest.raises(ps.DeviceLostError, match="did not come back"):
        stream.close()
    assert stream.closed
