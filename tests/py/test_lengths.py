# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""How long runs are: frames, pad and offset; and what is played from and recorded to."""

import array
import time

import numpy as np
import pytest

import pastream_ng as ps

pytestmark = pytest.mark.sanitize

WALL = ps.VirtualDevice("loopback")
RATE = 48000
HANG = 20
BLOCK = 16


def opened(device, kind=ps.DuplexStream, dtype="int32", channels=1, **options):
    return kind(device, RATE, channels, dtype, BLOCK, **options)


def ramp(n, first=1, channels=1):
    return np.repeat(np.arange(first, first + n, dtype="int32")[:, None], channels, axis=1)


def run(stream):
    stream.start()
    assert stream.wait(HANG)
    assert stream.finished


# ---- Lengths -------------------------------------------------------------------------------------


@pytest.mark.parametrize("as_property", [False, True])
@pytest.mark.parametrize(("frames", "offset"), [(1000, 0), (1000, 10), (17, 16)])
def test_input_lengths(counter, frames, offset, as_property):
    given = {"frames": frames, "offset": offset}
    with opened(counter, ps.InputStream, **({} if as_property else given)) as stream:
        if as_property:
            stream.frames, stream.offset = frames, offset
        assert (stream.frames, stream.offset, stream.pad) == (frames, offset, 0)
        for _ in range(2):
            run(stream)
            assert stream.input_ring.read().tolist() == list(range(offset, frames))


@pytest.mark.parametrize(("written", "frames"), [(1000, -1), (1000, 1000), (1000, 300)])
@pytest.mark.parametrize("pad", [0, 1, 100])
def test_output_lengths(loopback, written, frames, pad):
    """frames from the ring, then pad frames of silence."""
    with opened(loopback, ps.OutputStream, frames=frames, pad=pad) as stream:
        stream.write(ramp(written))
        stream.end()
        run(stream)
        played = written if frames < 0 else frames
        stats = stream.stats
        assert stats.played_frames == played
        assert stats.frames == -(-(played + pad) // BLOCK) * BLOCK
        assert stats.missing_frames == 0


def test_silence_fills_up_to_frames(loopback):
    """frames >= 0, pad < 0: what there is, silence where there is nothing, until frames."""
    with opened(loopback, frames=160, pad=-1) as stream:
        stream.write(ramp(20))
        run(stream)
        back = stream.input_ring.read()
        assert back[BLOCK : BLOCK + 20].tolist() == list(range(1, 21))
        assert not back[BLOCK + 20 :].any()
        assert len(back) == 160
        assert stream.stats.missing_frames == 0


def test_silence_without_end(loopback):
    """frames < 0, pad < 0: the stream is kept open."""
    with opened(WALL, ps.OutputStream, pad=-1) as stream:
        stream.write(ramp(20))
        stream.end()
        stream.start()
        assert not stream.wait(0.05)
        assert stream.stats.played_frames == 20
        stream.stop()


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_padding_is_silence(loopback, dtype):
    with opened(loopback, dtype=dtype, pad=100) as stream:
        stream.write(np.full(20, 7, dtype))
        stream.end()
        run(stream)
        back = stream.input_ring.read()
        assert (back[BLOCK + 20 :] == (128 if dtype == "uint8" else 0)).all()


@pytest.mark.parametrize("frames", [100, 1024])
@pytest.mark.parametrize("pad", [0, 7, 500])
@pytest.mark.parametrize("offset", [0, 5, 99])
def test_frames_pad_and_offset_together(loopback, frames, pad, offset):
    """The ring then holds frames + pad - offset."""
    with opened(loopback, frames=frames, pad=pad, offset=offset) as stream:
        stream.write(ramp(frames))
        run(stream)
        whole = np.concatenate(
            (np.zeros(BLOCK, "int32"), ramp(frames)[:, 0], np.zeros(pad + BLOCK))
        )
        assert stream.input_ring.read().tolist() == whole[offset : frames + pad].tolist()


def test_a_ring_that_runs_dry_is_an_underflow():
    with opened("null", ps.OutputStream, frames=1000, underflow="raise") as stream:
        stream.write(ramp(100))
        stream.start()
        with pytest.raises(ps.BufferEmpty):
            stream.wait(HANG)


def test_an_offset_beyond_the_end_is_refused(counter):
    with opened(counter, ps.InputStream, frames=10, offset=10) as stream:
        with pytest.raises(ps.ArgumentError, match="more than the offset, 10"):
            stream.start()
        assert not stream.active


# ---- Sources -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["int32", "float32", "int16", "uint8", "int24", "float64"])
@pytest.mark.parametrize("channels", [1, 2])
def test_arrays_are_played_bit_for_bit(loopback, dtype, channels):
    random = np.random.default_rng(3)
    data = random.integers(0, 120, (1000, channels)).astype("int32" if dtype == "int24" else dtype)
    data = data << 8 if dtype == "int24" else data
    with opened(loopback, dtype=dtype, channels=channels, pad=BLOCK) as stream:
        stream.set_source(data)
        for _ in range(3):
            run(stream)
            assert np.array_equal(
                stream.input_ring.read().reshape(-1, channels)[BLOCK : BLOCK + 1000], data
            )


@pytest.mark.parametrize("length", [1, 7, BLOCK, 100])
def test_an_array_is_looped_without_a_gap(loopback, length):
    data = ramp(length, channels=2)
    with opened(loopback, channels=2, frames=5 * length + length // 2) as stream:
        stream.set_source(data, loop=True)
        for _ in range(2):
            stream.pad = BLOCK
            run(stream)
            back = stream.input_ring.read()[BLOCK : BLOCK + 5 * length + length // 2]
            assert np.array_equal(back, np.concatenate([data] * 6)[: 5 * length + length // 2])
            assert stream.stats.missing_frames == 0


def test_a_loop_goes_on_until_it_is_stopped():
    with opened("null", ps.OutputStream) as stream:
        stream.play(ramp(7), loop=True)
        while stream.frame_count < 1000:
            time.sleep(0.002)
        stream.stop()
        assert stream.stats.played_frames >= 1000
        # Nothing is left of it.
        stream.write(ramp(5))
        stream.end()
        run(stream)
        assert stream.stats.played_frames == 5


@pytest.mark.parametrize(
    "make",
    [bytes, bytearray, memoryview, lambda b: array.array("i", b)],
    ids=["bytes", "bytearray", "memoryview", "array"],
)
def test_memory_is_played(loopback, make):
    with opened(loopback, pad=BLOCK) as stream:
        stream.play(make(ramp(100).tobytes()), blocking=True, timeout=HANG, pad=BLOCK)
        assert stream.stats.played_frames == 100


def test_a_ring_is_played_until_it_was_ended(loopback):
    ring = ps.RingBuffer(size=500, dtype="int32")
    with opened(loopback, frames=-1, pad=BLOCK) as stream:
        assert stream.set_source(ring) is ring
        assert stream.txbuff is ring
        ring.write(ramp(100))
        stream.start()
        with pytest.raises(ps.StateError, match="the stream is reading here"):
            ring.read(1)
        ring.write(ramp(900, 101), timeout=HANG)
        ring.end()
        assert stream.wait(HANG)
        assert np.array_equal(stream.input_ring.read()[BLOCK : BLOCK + 1000], ramp(1000)[:, 0])
        own = stream.set_source(None)
        assert own is stream.output_ring is not ring
        ring.write(ramp(3))
        assert ring.read().tolist() == [1, 2, 3]


def test_a_ring_outlives_the_stream_that_played_it():
    ring = ps.RingBuffer(4, 100)
    with opened("null", ps.OutputStream) as stream:
        stream.set_source(ring)
        stream.start()
    ring.write(b"1234", timeout=1)
    assert bytes(ring.read(1, timeout=1)) == b"1234"


def test_a_function_gets_its_arguments(loopback):
    got = []

    def writer(stream, ring, *args, loop, **kwargs):
        got.append((args, loop, kwargs))
        ring.write(ramp(10))

    given = {"b": 2}
    with opened(loopback, ps.OutputStream) as stream:
        ring = stream.set_source(writer, True, 100, args=(1,), kwargs=given)
        run(stream)
        assert got == [((1,), True, {"b": 2})]
        assert given == {"b": 2}
        assert ring.elementsize == 4
        with pytest.raises(ps.ArgumentError, match="takes no argument loop"):
            stream.set_source(lambda stream, ring: None, loop=True)


def test_a_function_may_have_a_ring_of_its_own(loopback):
    def writer(stream, ring):
        ring.write(ramp(10_000), timeout=HANG)

    with opened(loopback, pad=BLOCK) as stream:
        own = len(stream.output_ring)
        assert len(stream.set_source(writer, buffersize=100)) < own
        run(stream)
        assert np.array_equal(stream.input_ring.read()[BLOCK : BLOCK + 10_000], ramp(10_000)[:, 0])
        assert len(stream.set_source(writer)) == own
        run(stream)


def test_sources_can_bring_themselves(loopback):
    from pastream_ng.streams.endpoints import Endpoint

    log = []

    class Three(Endpoint):
        prebuffers = True

        def _as_source(self, stream, loop, buffersize):
            log.append((loop, buffersize))
            return self

        def begin(self, stream):
            stream.output_ring.write(ramp(3))
            stream.output_ring.end()

        def end(self, stream):
            log.append(stream.active)

    with opened(loopback, ps.OutputStream) as stream:
        stream.play(Three(), blocking=True)
        assert stream.stats.played_frames == 3
    assert log == [(False, None), False]


@pytest.mark.parametrize(
    ("source", "loop", "text"),
    [
        (np.zeros((5, 2), "int32"), False, "2 channels"),
        (np.zeros(5, "float32"), False, "has dtype float32"),
        (np.zeros(0, "int32"), True, "nothing to play in a loop"),
        (b"", True, "nothing to play"),
        (b"12345", False, "multiple of a frame's 4 bytes"),
        (ps.RingBuffer(3, 100), False, "elements of 3 bytes; 1 channels of int32 have 4"),
        (ps.RingBuffer(size=100, dtype="float32"), False, "1 channels of float32"),
        (ps.RingBuffer(4, 100), True, "a ring cannot be played again"),
        (lambda: 0, False, r"must take \(stream, ring\)"),
    ],
)
def test_bad_sources_are_refused(loopback, source, loop, text):
    with opened(loopback, ps.OutputStream) as stream:
        stream.write(ramp(5))
        for call in (stream.set_source, stream.play):
            with pytest.raises((ps.ArgumentError, ps.ArgumentTypeError), match=text):
                call(source, loop=loop)
        # Nothing was changed.
        stream.end()
        run(stream)
        assert stream.stats.played_frames == 5


def test_more_frames_than_there_are(loopback):
    with opened(loopback, ps.OutputStream) as stream:
        with pytest.raises(ps.ArgumentError, match="only 10 to play"):
            stream.play(ramp(10), frames=11)
        stream.play(ramp(10), frames=160, pad=-1, blocking=True)
        assert (stream.stats.played_frames, stream.stats.frames) == (10, 160)
        stream.play(ramp(10), frames=11, loop=True, blocking=True)
        assert stream.stats.played_frames == 11
        stream.set_source(ramp(10))
        stream.frames = 11
        with pytest.raises(ps.ArgumentError, match="only 10 to play"):
            stream.start()


def test_nothing_is_changed_while_the_stream_runs():
    with opened(WALL) as stream:
        stream.start()
        for name, call in (
            ("set_source", lambda: stream.set_source(ramp(3))),
            ("set_sink", lambda: stream.set_sink(np.zeros(3, "int32"))),
            ("play", lambda: stream.play(ramp(3))),
            ("record", lambda: stream.record(3)),
            ("playrec", lambda: stream.playrec(ramp(3))),
        ):
            with pytest.raises(ps.StateError, match=f"stop it before {name}"):
                call()


# ---- Sinks ---------------------------------------------------------------------------------------


def test_record_makes_an_array(counter):
    with opened(counter, ps.InputStream) as stream:
        assert stream.record(100, blocking=True).tolist() == list(range(100))
        assert stream.record(100, 30, blocking=True).tolist() == list(range(30, 100))
        assert stream.record(5, always_2d=True, blocking=True).shape == (5, 1)
        assert stream.record(5, atleast_2d=True, blocking=True).shape == (5, 1)
        later = stream.record(100_000)
        assert stream.wait(HANG)
        assert np.array_equal(later, np.arange(100_000))
    with opened(counter, ps.InputStream, channels=2) as stream:
        assert stream.record(3, blocking=True).tolist() == [[0, 0], [1, 1], [2, 2]]


def test_record_fills_what_it_is_given(counter):
    with opened(counter, ps.InputStream) as stream:
        out = np.zeros((50, 1), "int32")
        assert stream.record(out=out, offset=10, blocking=True) is out
        assert out[:, 0].tolist() == list(range(10, 60))
        raw = bytearray(40)
        assert stream.record(out=raw, blocking=True) is raw
        assert np.frombuffer(raw, "int32").tolist() == list(range(10))
        ring = ps.RingBuffer(4, 1000)
        assert stream.record(100, out=ring, blocking=True) is ring
        assert np.frombuffer(ring.read(), "int32").tolist() == list(range(100))
        assert ring.ended
        parts = []
        stream.record(
            100, out=lambda stream, ring: parts.append(ring.read(100, HANG)), blocking=True
        )
        assert parts[0].tolist() == list(range(100))


def test_a_sink_holds_for_all_runs(counter):
    out = np.zeros(20, "int32")
    with opened(counter, ps.InputStream, frames=20) as stream:
        assert stream.set_sink(out) is stream.input_ring
        for _ in range(2):
            out[:] = -1
            run(stream)
            assert out.tolist() == list(range(20))
        stream.set_sink(None)
        run(stream)
        assert stream.input_ring.read().tolist() == list(range(20))


def test_a_sink_that_nobody_reads_does_not_hang():
    ring = ps.RingBuffer(size=100, dtype="int32")
    with opened(WALL, ps.InputStream) as stream:
        stream.set_sink(ring)
        stream.start()
        while stream.frame_count < 2 * len(ring):
            time.sleep(0.005)
        begin = time.monotonic()
        stream.stop()
        assert time.monotonic() - begin < 4
        assert ring.ended
        assert ring.read_available == len(ring)


@pytest.mark.parametrize(
    ("sink", "text"),
    [
        (b"1234", "read-only"),
        (memoryview(b"1234"), "read-only"),
        (np.zeros((5, 2), "int32"), "2 channels"),
        (np.zeros(5, "float32"), "must be int32"),
        (np.zeros(10, "int32")[::2], "not C-contiguous"),
        (np.broadcast_to(np.zeros(1, "int32"), 5), "read-only"),
        (ps.RingBuffer(3, 100), "elements of 3 bytes"),
        ([1, 2], "must be a function"),
        (lambda stream: 0, r"must take \(stream, ring\)"),
    ],
)
def test_bad_sinks_are_refused(counter, sink, text):
    with opened(counter, ps.InputStream) as stream:
        for call in (stream.set_sink, lambda s: stream.record(out=s)):
            with pytest.raises((ps.ArgumentError, ps.ArgumentTypeError), match=text):
                call(sink)
        with pytest.raises(ps.ArgumentError, match="the stream's ring holds"):
            stream.set_sink(lambda stream, ring: 0, buffersize=10**9)
        with pytest.raises(ps.ArgumentTypeError, match="one of frames and out"):
            stream.record()
        with pytest.raises(ps.ArgumentError, match="more than the offset"):
            stream.record(5, offset=5)
        with pytest.raises(ps.ArgumentError, match="out has 3 rows; 5 frames"):
            stream.record(5, out=np.zeros(3, "int32"))
        with pytest.raises(ps.ArgumentError, match="an array needs a length"):
            stream.record(-1)
        assert not stream.active


# ---- Both ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("pad", "offset"), [(0, 0), (100, 0), (0, 50), (100, 50), (-1, 20)])
def test_playrec(loopback, pad, offset):
    data = ramp(500)
    with opened(loopback) as stream:
        whole = np.concatenate((np.zeros(BLOCK), data[:, 0], np.zeros(200)))
        length = 500 - offset + max(pad, 0)
        got = stream.playrec(data, pad=pad, offset=offset, blocking=True)
        assert got.tolist() == whole[offset : offset + length].tolist()
        out = np.zeros((length, 1), "int32")
        assert stream.playrec(data, pad=pad, offset=offset, out=out, blocking=True) is out
        assert np.array_equal(out[:, 0], got)


@pytest.mark.parametrize("frames", [1, 256, 499, 500])
def test_playrec_of_fewer_frames(loopback, frames):
    with opened(loopback) as stream:
        got = stream.playrec(ramp(500), frames, blocking=True)
        assert got.tolist() == ([0] * BLOCK + list(range(1, 500)))[:frames]


def test_playrec_in_a_loop(loopback):
    with opened(loopback) as stream:
        got = stream.playrec(ramp(100), 1000, loop=True, blocking=True)
        assert got[BLOCK:].tolist() == (list(range(1, 101)) * 10)[: 1000 - BLOCK]


def test_playrec_of_a_function(loopback):
    def writer(stream, ring):
        ring.write(ramp(300), timeout=HANG)

    with opened(loopback) as stream:
        with pytest.raises(ps.ArgumentTypeError, match="frames"):
            stream.playrec(writer)
        got = stream.playrec(writer, 300, pad=BLOCK, blocking=True)
        assert got.tolist() == [0] * BLOCK + list(range(1, 301))


def looped(stream, **arguments):
    return np.concatenate(list(stream.chunks(33, timeout=HANG, **arguments)))


@pytest.mark.parametrize("pad", [0, 50])
def test_chunks_of_what_comes_back(loopback, pad):
    whole = np.concatenate((np.zeros(BLOCK), ramp(500)[:, 0], np.zeros(1000)))
    with opened(loopback) as stream:
        got = looped(stream, playback=ramp(500), pad=pad)
        assert got.tolist() == whole[: 500 + pad].tolist()
        got = looped(stream, playback=ramp(500), frames=700, pad=pad, offset=5)
        assert got.tolist() == whole[5 : 700 + pad].tolist()
        got = looped(stream, playback=ramp(10), frames=300, loop=True, atleast_2d=True)
        assert got[BLOCK:, 0].tolist() == (list(range(1, 11)) * 30)[: 300 - BLOCK]
        got = looped(
            stream, playback=lambda s, ring: ring.write(ramp(100)), frames=100, buffersize=200
        )
        assert got.tolist() == whole[:100].tolist()


def test_chunks_of_a_source_that_was_set(loopback):
    with opened(loopback, frames=200, offset=3) as stream:
        stream.set_source(ramp(1000))
        assert looped(stream).tolist() == [0] * (BLOCK - 3) + list(range(1, 185))
        assert len(looped(stream, frames=50, offset=0)) == 50


def test_true_plays_the_source_that_was_set_and_ends_with_it(loopback):
    with opened(loopback) as stream:
        with pytest.raises(ps.ArgumentError, match="playback is True; no source was set"):
            stream.chunks(33, playback=True)
        stream.set_source(ramp(300))
        for _ in range(2):
            got = looped(stream, playback=True, pad=BLOCK)
            assert got.tolist() == [0] * BLOCK + list(range(1, 301))
        for name, value in (("loop", True), ("buffersize", 100)):
            with pytest.raises(ps.ArgumentTypeError, match=f"{name} is {value}; with playback"):
                stream.chunks(33, playback=True, **{name: value})
        stream.set_source(None)
        with pytest.raises(ps.ArgumentError, match="playback is True"):
            stream.chunks(33, playback=True)


def test_the_function_pads_and_loops(loopback):
    data = np.arange(1, 101, dtype="int16")
    options = {"channels": 1, "dtype": "int16", "device": loopback, "blocksize": BLOCK}
    got = np.concatenate(list(ps.chunks(64, playback=data, pad=30, **options)))
    assert got.tolist() == [0] * BLOCK + data.tolist() + [0] * 14
    got = np.concatenate(list(ps.chunks(64, frames=300, playback=data, loop=True, **options)))
    assert got[BLOCK:].tolist() == (data.tolist() * 3)[: 300 - BLOCK]
    assert next(iter(ps.chunks(8, atleast_2d=True, **options))).shape == (8, 1)


def test_only_duplex_loops_play(counter):
    with (
        opened(counter, ps.InputStream) as stream,
        pytest.raises(ps.ArgumentTypeError, match=r"playback is b''; it needs a DuplexStream"),
    ):
        stream.chunks(playback=b"")
    with (
        opened(counter) as stream,
        pytest.raises(ps.ArgumentTypeError, match="loop is True; it needs playback"),
    ):
        stream.chunks(loop=True)


def test_one_call_leaves_nothing_for_the_next(loopback):
    """pastream's play(pad=...) made the next recording overflow."""
    with opened(loopback, buffersize=2000) as stream:
        stream.play(ramp(10), pad=4800, blocking=True)
        assert len(stream.record(4800, blocking=True)) == 4800
        stream.play(ramp(10), loop=True, frames=100, blocking=True)
        assert len(stream.playrec(ramp(20), offset=5, blocking=True)) == 15
        assert (stream.frames, stream.pad, stream.offset) == (-1, 0, 0)
        stream.write(ramp(8))
        stream.end()
        run(stream)
        assert stream.stats.played_frames == 8


def test_input_ends_with_an_output_of_known_length(loopback):
    with opened(loopback, pad=10) as stream:
        stream.set_source(ramp(101))
        run(stream)
        assert stream.stats.captured_frames == 111


def test_a_run_of_a_blocking_call_that_takes_too_long_is_stopped():
    with opened(WALL) as stream:
        with pytest.raises(ps.PastreamTimeoutError, match=r"not over within 0\.02 s"):
            stream.play(ramp(100_000), blocking=True, timeout=0.02)
        assert not stream.active
        with pytest.raises(ps.PastreamTimeoutError):
            stream.record(100_000, blocking=True, timeout=0.02)
        assert not stream.active
        stream.play(ramp(10), blocking=True, timeout=HANG)


@pytest.mark.parametrize("blocksize", [1, 64, 256])
def test_frame_count_is_that_of_the_run_and_not_of_its_blocks(counter, loopback, blocksize):
    with ps.InputStream(counter, 48000, 1, blocksize=blocksize, frames=1000) as stream:
        stream.start()
        assert stream.wait(20)
        assert stream.frame_count == 1000
        assert stream.events()[-1].frame == 1000
        assert stream.stats.frames == -(-1000 // blocksize) * blocksize
    with ps.OutputStream(loopback, 48000, 1, blocksize=blocksize) as stream:
        stream.play(np.zeros(700, "float32"), pad=70, blocking=True)
        assert stream.frame_count == 770
        stream.play(np.zeros(700, "float32"), frames=900, pad=-1, blocking=True)
        assert stream.frame_count == 900
