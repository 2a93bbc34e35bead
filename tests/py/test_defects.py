# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What went wrong in the library that this one follows, as far as no other test shows it.

docs/reference/features.rst lists all of it, with the tests.
"""

import threading

import numpy as np
import pytest

import pastream_ng as ps

from .conftest import counted

RATE = 48000


# ---- Memory --------------------------------------------------------------------------------------


def test_the_mapping_of_a_closed_stream_is_not_garbage(loopback):
    stream = ps.DuplexStream(loopback, RATE, 2, mapping=([2, 1], [2, 1]))
    stream.close()
    for name in ("rxmapping", "txmapping"):
        with pytest.raises(ps.ClosedError):
            getattr(stream, name)


@pytest.mark.parametrize("elementsize", [1, 3, 4, 16])
def test_a_ring_with_frames_of_another_size_is_refused(loopback, elementsize):
    ring = ps.RingBuffer(elementsize, 4096)
    with ps.DuplexStream(loopback, RATE, 2, "float32", 64) as stream:
        for use in (stream.set_source, stream.set_sink, stream.play):
            with pytest.raises(ps.ArgumentError, match="bytes"):
                use(ring)
        # It can still be used.
        assert stream.record(1000).shape == (1000, 2)


@pytest.mark.parametrize("target", [bytes(4000), memoryview(bytes(4000))])
def test_memory_that_must_not_change_is_never_recorded_into(counter, target):
    before = bytes(target)
    with ps.InputStream(counter, RATE, 1, "float32") as stream:
        for use in (lambda: stream.record(out=target), lambda: stream.set_sink(target)):
            with pytest.raises(
                (ps.ArgumentError, ps.ArgumentTypeError), match=r"read-only|writable"
            ):
                use()
    assert bytes(target) == before


def test_what_the_host_gives_is_only_read(loopback):
    """A permutation in place would come back through a device that hears itself."""
    data = np.arange(1, 401, dtype="int16").reshape(-1, 2)
    with ps.DuplexStream(loopback, RATE, 2, "int16", 8, mapping=([2, 1], None)) as stream:
        twice = stream.playrec(data, frames=200, pad=8, blocking=True)
    assert np.array_equal(twice[8:, ::-1], data[: len(twice) - 8])


# ---- Semantics -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("dtype", "silence"), [("uint8", 128), ("int8", 0), ("float32", 0.0)])
def test_padding_is_silence_in_every_format(loopback, dtype, silence):
    data = np.full(100, 7, dtype)
    with ps.DuplexStream(loopback, RATE, 1, dtype, 8) as stream:
        heard = stream.playrec(data, frames=100, pad=60, blocking=True)
    assert heard.shape == (160,)
    assert set(heard[8:108].tolist()) == {7}
    assert set(heard[:8].tolist()) | set(heard[108:].tolist()) == {silence}


def test_a_padded_playback_does_not_lengthen_the_next_recording(loopback):
    with ps.DuplexStream(loopback, RATE, 1, blocksize=64) as stream:
        stream.play(np.zeros(100, "float32"), pad=4800, blocking=True)
        take = stream.record(4800, blocking=True)
    assert len(take) == 4800
    assert stream.exception is None


def test_arguments_of_one_source_do_not_reach_another(loopback):
    seen = []

    def writer(stream, ring, **kwargs):
        seen.append(dict(kwargs))
        ring.write(np.zeros(64, "float32"))

    with ps.OutputStream(loopback, RATE, 1, blocksize=64) as stream:
        stream.set_source(writer, loop=True)
        stream.play(writer, blocking=True)
    with ps.OutputStream(loopback, RATE, 1, blocksize=64) as stream:
        stream.play(writer, loop=False, blocking=True)
    assert [given.get("loop", False) for given in seen] == [False, False]


def test_frames_as_rows_wherever_asked(counter, loopback):
    with ps.InputStream(counter, RATE, 1, blocksize=64) as stream:
        shapes = {chunk.shape for chunk in stream.chunks(64, frames=256, atleast_2d=True)}
        assert shapes == {(64, 1)}
        assert stream.record(100, atleast_2d=True, blocking=True).shape == (100, 1)
        assert stream.record(100, blocking=True).shape == (100,)
    with ps.DuplexStream(loopback, RATE, 1, blocksize=64) as stream:
        data = np.zeros(100, "float32")
        assert stream.playrec(data, frames=100, atleast_2d=True, blocking=True).shape == (100, 1)


def test_a_host_that_tells_no_latency_is_no_trouble(counter):
    with ps.InputStream(counter, RATE, 1) as stream:
        # Nothing is derived from it: chunks have whatever has arrived.
        chunks = list(stream.chunks(frames=5000, overlap=100))
    assert chunks[0].size > 100
    assert np.concatenate([chunks[0], *[chunk[100:] for chunk in chunks[1:]]]).tolist() == (
        counted("float32", 5000)[:, 0].tolist()
    )


def test_a_loop_and_a_writer_do_not_meet(loopback):
    """The rewinding of a loop once flushed what somebody else was writing."""
    data = np.arange(1, 101, dtype="float32")
    with ps.DuplexStream(loopback, RATE, 1, blocksize=16) as stream:
        stream.set_source(data, loop=True)
        with pytest.raises(ps.StateError):
            stream.write(np.zeros(10, "float32"))
        heard = stream.playrec(data, frames=1000, loop=True, blocking=True)
    assert np.array_equal(heard[16:], np.resize(data, 1000 - 16))


def test_private_parts_of_other_packages_are_not_used():
    """Only what is imported can be used: nothing of the kind is."""
    import subprocess
    import sys

    code = (
        "import sys, pastream_ng as ps; ps.query_devices(); "
        "print([name for name in ('sounddevice', 'pa_ringbuffer', 'soundfile') "
        "if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"


def test_everything_goes_on_under_optimised_python():
    """Once, states were checked by asserts, which python -O leaves out."""
    import subprocess
    import sys

    code = """
import pastream_ng as ps
device = ps.VirtualDevice("loopback", clock="free", start_error="device-busy")
stream = ps.InputStream(device, 48000, 1)
for _ in range(2):
    try:
        stream.start()
    except ps.DeviceError:
        pass
try:
    ps.InputStream("no such device")
except ps.DeviceNotFoundError:
    print("refused")
"""
    done = subprocess.run(
        [sys.executable, "-O", "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.strip() == "refused", done.stderr


def test_threads_of_a_stream_end_with_its_run(loopback):
    before = threading.active_count()
    with ps.DuplexStream(loopback, RATE, 1, blocksize=64) as stream:
        stream.set_sink(lambda stream, ring: None)
        stream.play(lambda stream, ring, **_: ring.write(np.zeros(64)), blocking=True)
    assert threading.active_count() == before
