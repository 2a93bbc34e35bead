# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Decoders: the same sound for any cutting of the stream, of exact length, and what is refused."""

from __future__ import annotations

import asyncio
import copy
import gc
import os
import pickle
import threading
import warnings
import weakref

import numpy as np
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pastream_ng as ps

from .streams import RATE, STREAMS, encoded, every, joined, needs, snr_db, sound

STEREO = ps.AudioFormat(RATE, 2, "f32")


def pieces_of(stream, packets, cuts=None):
    """Return what is to be put in: packets as they are, or the stream cut anywhere."""
    if stream.is_bare:
        return [packet.data for packet in packets]
    data = joined(packets)
    cuts = [] if cuts is None else sorted(cut % (len(data) + 1) for cut in cuts)
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]


def whole(decoder, pieces):
    """Return all sound of a stream, (channels, samples)."""
    blocks = [*decoder.decode(pieces), *decoder.flush()]
    channels = 0 if decoder.output_format() is None else decoder.output_format().channels
    return np.concatenate(blocks, axis=1) if blocks else np.zeros((channels, 0))


# ---- What comes out ------------------------------------------------------------------------------


@every
@settings(max_examples=6, deadline=None)
@given(
    cuts=st.lists(st.integers(0, 1 << 20), max_size=8),
    chunk=st.none() | st.integers(1, 4000),
    n=st.integers(1, 6000),
)
def test_how_a_stream_is_cut_does_not_show(stream, cuts, chunk, n):
    form = stream.format()
    packets, encoder = encoded(stream, sound(form, n), form)
    wanted = whole(stream.decoder(encoder, n), pieces_of(stream, packets))
    got = whole(stream.decoder(encoder, n, chunk), pieces_of(stream, packets, cuts))
    np.testing.assert_array_equal(got, wanted)


@every
def test_single_bytes_make_the_same_sound(stream):
    form = stream.format(channels=1)
    x = sound(form, 700)
    packets, encoder = encoded(stream, x, form)
    wanted = whole(stream.decoder(encoder, 700), pieces_of(stream, packets))
    assert wanted.shape == (1, 700)
    if stream.is_bare:
        return
    data = joined(packets)
    decoder = stream.decoder(encoder, 700, 64)
    got = whole(decoder, (data[n : n + 1] for n in range(len(data))))
    np.testing.assert_array_equal(got, wanted)


@every
def test_round_trips_keep_every_sample(stream):
    rates = {"opus": (48000, 8000), "mp3": (44100, 8000), "aac": (44100, 16000)}
    for rate in rates.get(stream.codec, (44100, 8000)):
        for n in (0, 1, stream.frame - 1, stream.frame, stream.frame + 1, 12345):
            form = stream.format(rate)
            x = sound(form, n)
            packets, encoder = encoded(stream, x, form)
            to = RATE if stream.codec == "opus" else rate
            frames = n * to // rate
            decoder = stream.decoder(encoder, frames)
            y = whole(decoder, pieces_of(stream, packets))
            assert y.shape == (2 if y.size or stream.frame == 1 else y.shape[0], frames)
            assert not decoder.damage or n == 0
            if stream.is_exact:
                np.testing.assert_array_equal(y.reshape(x.shape), x)
            elif n > 10000 and to == rate:
                assert snr_db(y, x) > stream.snr_db


@every
def test_chunks_are_whole_until_the_end(stream):
    form = stream.format()
    x = sound(form, 5000)
    packets, encoder = encoded(stream, x, form)
    decoder = stream.decoder(encoder, 5000, 777)
    blocks = list(decoder.decode(pieces_of(stream, packets)))
    assert all(block.shape == (2, 777) for block in blocks)
    assert not decoder.end_of_stream
    blocks += decoder.flush("planar")
    assert [block.shape[1] for block in blocks] == [777] * 6 + [5000 - 6 * 777]
    assert decoder.end_of_stream
    assert decoder.flush() == []
    assert decoder.get_frame() is decoder.get_frame(force=True) is None
    assert blocks[0].flags.c_contiguous
    decoder.reset()
    assert decoder.output_format() is None
    again = whole(decoder, pieces_of(stream, packets))
    np.testing.assert_array_equal(again, np.concatenate(blocks, axis=1))


@needs("flac")
def test_times_count_from_the_first_packet_that_tells_one():
    form = ps.AudioFormat(44100, 1, "i16")
    packets, _ = encoded(STREAMS["flac"], sound(form, 9000), form, chunk_samples=1000)
    config = ps.FlacDecoderConfig(chunk_samples=4410)
    decoder = ps.Decoder("flac", config)
    for packet in packets:
        decoder.put_frame(packet.data)
    _, pts, base = decoder.get_frame_info()
    assert (pts, base) == (0, (1, 48000))
    _, pts, base = decoder.get_frame_info(layout="interleaved")
    assert (pts, base) == (4800, (1, 48000))
    wav = ps.Decoder("wav", ps.WavDecoderConfig(None, 100))
    mono = ps.AudioFormat(8000, 1, "f32")
    packets, _ = encoded(STREAMS["wav-float"], sound(mono, 300), mono, chunk_samples=150)
    for number, packet in enumerate(packets):
        later = ps.Packet(packet.data, 1, 1000, pts=500 + number * 100, duration=19)
        wav.put_packet(later)
    times = []
    while (found := wav.get_frame_info(force=True)) is not None:
        times.append((found[0].shape[1], found[1], found[2]))
    assert times[0] == (100, 4000, (1, 8000))
    assert sum(n for n, _, _ in times) == 300


# ---- As pyaudiostream has it ---------------------------------------------------------------------


def test_get_frame_gives_whole_chunks_and_warns_of_less():
    x = sound(STEREO, 1500)
    data = joined(encoded(STREAMS["wav-float"], x, STEREO)[0])
    decoder = ps.Decoder("wav", ps.WavDecoderConfig(STEREO, 1024))
    assert decoder.get_frame() is None  # Nothing there: nothing to warn of.
    assert decoder.state() == "empty"
    decoder.put_frame(data[:1000])
    with pytest.warns(ps.IncompleteChunkWarning, match="Decoder has 117 of 1024") as told:
        assert decoder.get_frame() is None
    assert told[0].filename == __file__
    assert (decoder.pending_samples(), decoder.state()) == (117, "need_more")
    decoder.put_frame(memoryview(data)[1000:])
    assert (decoder.pending_samples(), decoder.state()) == (1500, "ready")
    np.testing.assert_array_equal(decoder.get_frame(), x[:, :1024])
    np.testing.assert_array_equal(decoder.get_frame(force=True), x[:, 1024:])
    decoder.put_frame(b"")  # A forced rest is not the end yet.
    assert decoder.get_frame(force=True) is None
    assert decoder.end_of_stream
    with pytest.raises(ps.StateError, match="reset"):
        decoder.put_frame(b"")
    with pytest.raises(ps.StateError, match="reset"):
        decoder.put_packet(ps.Packet(b""))
    assert decoder.get_frame() is None  # Without a warning: nothing can come.


@every
def test_force_gives_what_the_codec_holds(stream):
    form = stream.format()
    x = sound(form, 3000)
    packets, encoder = encoded(stream, x, form)
    decoder = stream.decoder(encoder, 3000, 1000)
    for piece in pieces_of(stream, packets):
        decoder.put_frame(piece)
    got = []
    while (block := decoder.get_frame(force=True, layout="interleaved")) is not None:
        got.append(block)
    assert sum(len(block) for block in got) == 3000
    assert all(block.shape[1] == 2 for block in got)


@every
def test_a_stream_too_short_to_be_told_has_no_sound(stream):
    if stream.codec in ("pcm", "opus"):
        pytest.skip("anything is such a stream, or a packet of it")
    decoder = ps.Decoder(stream.codec)
    decoder.put_frame(b"...")
    with pytest.warns(ps.IncompleteChunkWarning):
        assert decoder.get_frame() is None
    assert decoder.get_frame(force=True) is None
    assert decoder.damage.flags == ps.DamageFlags.TRUNCATED
    assert decoder.output_format() is None


# ---- What it is ----------------------------------------------------------------------------------


@needs("flac")
def test_the_decoder_tells_what_it_is():
    form = ps.AudioFormat(44100, 1, "i16")
    x = sound(form, 3000)
    packets, _ = encoded(STREAMS["flac"], x, form, frames=3000, tags={"title": "Tones"})
    config = ps.FlacDecoderConfig(1000)
    decoder = ps.Decoder("FLAC", config)
    assert (decoder.codec, decoder.chunk_samples, decoder.config) == ("flac", 1000, config)
    assert repr(decoder) == "<pastream_ng.Decoder flac, no format yet>"
    assert decoder.output_format() is None
    assert not decoder.tags
    whole(decoder, pieces_of(STREAMS["flac"], packets))
    assert decoder.output_format() == form
    assert decoder.tags["title"] == "Tones"
    assert repr(decoder) == "<pastream_ng.Decoder flac, 44100 Hz, 1 channels>"


@needs("flac")
@pytest.mark.parametrize("kind", ["u8", "i16", "i32", "i64", "f32", "f64"])
def test_samples_come_in_the_type_that_is_wanted(kind):
    given = ps.AudioFormat(8000, 2, "i16")
    x = sound(given, 500)
    data = joined(encoded(STREAMS["flac"], x, given)[0])
    decoder = ps.Decoder("flac", ps.FlacDecoderConfig(sample_type=kind.upper()))
    wanted = given.replace(sample_type=kind)
    np.testing.assert_array_equal(whole(decoder, [data]), wanted.array(x))
    assert decoder.output_format() == wanted


@needs("flac")
def test_the_widest_samples_are_not_lost():
    for subtype, kind in (
        ("PCM_S8", "i16"),
        ("PCM_16", "i16"),
        ("PCM_24", "i32"),
        ("PCM_U8", "u8"),
    ):
        form = ps.AudioFormat(8000, 1, "f64")
        codec, config = (
            ("flac", ps.FlacEncoderConfig)
            if subtype == "PCM_S8"
            else (
                "wav",
                ps.WavEncoderConfig,
            )
        )
        encoder = ps.Encoder(codec, config(form, subtype=subtype))
        data = joined([*encoder.encode(sound(form, 100)), *encoder.flush()])
        decoder = ps.Decoder(codec)
        whole(decoder, [data])
        assert decoder.output_format().sample_type == kind


def test_the_start_and_the_end_may_be_left_out():
    x = sound(STEREO, 1000)
    data = joined(encoded(STREAMS["wav-float"], x, STEREO)[0])
    for skip, frames in ((0, None), (10, None), (0, 10), (300, 500), (2000, 5), (990, 50), (0, 0)):
        end = None if frames is None else skip + frames
        decoder = ps.Decoder("wav", None, skip, frames)
        np.testing.assert_array_equal(whole(decoder, [data]), x[:, skip:end])
        assert decoder.end_of_stream


def test_samples_without_a_header_are_what_the_config_says():
    form = ps.AudioFormat(8000, 2, "f32", planar=False)
    config = ps.PcmDecoderConfig(form, 4, subtype="PCM_16", endian="big")
    decoder = ps.Decoder("pcm", config)
    x = np.arange(8, dtype="int16").reshape(4, 2) * 4096
    got = next(decoder.decode(x.astype(">i2").tobytes(), layout="interleaved"))
    np.testing.assert_array_equal(got, x / 32768)
    # As pyaudiostream has it: the samples of the output format.
    decoder = ps.Decoder("pcm", ps.WavDecoderConfig(form.replace(sample_type="i16"), 4))
    decoder.put_frame(x.tobytes())
    np.testing.assert_array_equal(decoder.get_frame(), x.T)


# ---- Loops ---------------------------------------------------------------------------------------


def test_loops_over_streams_in_pieces():
    x = sound(STEREO, 1000)
    packets, _ = encoded(STREAMS["wav-float"], x, STEREO, chunk_samples=100)
    config = ps.WavDecoderConfig(STEREO, 100)
    buffers = [ps.NodeBuffer.packet(packet) for packet in packets]
    data = joined(packets)
    array = np.frombuffer(data, "uint8")
    for source in (packets, iter(packets), buffers, data, bytearray(data), memoryview(data), array):
        with ps.Decoder("wav", config) as decoder:
            got = list(decoder.decode(source)) + decoder.flush()
        np.testing.assert_array_equal(np.concatenate(got, axis=1), x)
    decoder = ps.Decoder("wav", config)
    decoder.decode(data)  # In at once, whether taken or not.
    assert decoder.pending_samples() == 1000
    decoder.reset()
    endless = iter(lambda: packets[1], None)
    decoder.put_packet(packets[0])
    blocks = decoder.decode(endless)
    for _ in range(5):
        next(blocks)
    assert decoder.pending_samples() <= 100


def test_async_loops():
    x = sound(STEREO, 1000)
    data = joined(encoded(STREAMS["wav-float"], x, STEREO)[0])

    async def pieces():
        for n in range(0, len(data), 333):
            await asyncio.sleep(0)
            yield data[n : n + 333]

    async def run():
        decoder = ps.Decoder("wav", ps.WavDecoderConfig(STEREO, 100))
        got = [block async for block in decoder.decode(pieces(), layout="planar")]
        got += decoder.flush()
        np.testing.assert_array_equal(np.concatenate(got, axis=1), x)
        decoder.reset()
        with pytest.raises(TypeError, match="async for"):
            list(decoder.decode(pieces()))

    asyncio.run(run())


# ---- What is wrong -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: ps.Decoder("mp4"), ValueError, "codec is 'mp4'; it must be one of wav, pcm"),
        (lambda: ps.Decoder(3), TypeError, "codec is 3"),
        (lambda: ps.Decoder("opus", ps.Mp3DecoderConfig(960)), TypeError, "OpusDecoderConfig"),
        (lambda: ps.Decoder("wav", ps.WavEncoderConfig()), TypeError, "WavDecoderConfig"),
        (lambda: ps.Decoder("pcm"), TypeError, "config is None"),
        (lambda: ps.Decoder("pcm", ps.WavDecoderConfig()), TypeError, "output_format is None"),
        (lambda: ps.Decoder("mp3", skip=-1), ValueError, "skip is -1"),
        (lambda: ps.Decoder("mp3", frames=1.5), TypeError, "frames is 1.5"),
        (lambda: ps.Decoder("mp3", frames=-1), ValueError, "frames is -1"),
        (lambda: ps.WavDecoderConfig("f32", 10), TypeError, "output_format is 'f32'"),
        (lambda: ps.PcmDecoderConfig(None, 10), TypeError, "output_format is None"),
        (lambda: ps.PcmDecoderConfig(STEREO, subtype="PCM_99"), ValueError, "PCM_99"),
        (lambda: ps.PcmDecoderConfig(STEREO, endian="up"), ValueError, "endian is 'up'"),
        (lambda: ps.PcmDecoderConfig(STEREO.replace(sample_type="i64")), ValueError, "i64"),
        (lambda: ps.Mp3DecoderConfig(0), ValueError, "chunk_samples is 0"),
        (lambda: ps.Mp3DecoderConfig("10"), TypeError, "chunk_samples is '10'"),
        (lambda: ps.Mp3DecoderConfig(2**40), ValueError, "chunk_samples is 1099511627776"),
        (lambda: ps.AacDecoderConfig(1024, 0), ValueError, "packet_time_base_den is 0"),
        (lambda: ps.AacDecoderConfig(extradata="x"), TypeError, "extradata is 'x'"),
        (lambda: ps.FlacDecoderConfig(sample_type="i24"), ValueError, "sample_type is 'i24'"),
        (lambda: ps.OpusDecoderConfig(960, 48000, 7), TypeError, "extradata is 7"),
        (lambda: ps.OpusDecoderConfig(channels=3), ValueError, "channels is 3"),
        (
            lambda: ps.OpusDecoderConfig(channels=1, extradata=b""),
            TypeError,
            "give one of them",
        ),
    ],
)
def test_wrong_decoders_are_refused(make, error, words):
    with pytest.raises(error, match=words) as caught:
        make()
    assert isinstance(caught.value, ps.PastreamError)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda d: d.put_frame("abc"), TypeError, "data is 'abc'"),
        (lambda d: d.put_frame(None), TypeError, "data is None"),
        (lambda d: d.put_frame(np.zeros(8)[::2]), ValueError, "data is not C-contiguous"),
        (lambda d: d.put_frame(np.array([None])), TypeError, "data holds Python objects"),
        (lambda d: d.put_packet(b"abc"), TypeError, "pkt is b'abc'"),
        (lambda d: d.decode("abc"), TypeError, "data is 'abc'"),
        (lambda d: d.decode(7), TypeError, "data is 7"),
        (lambda d: list(d.decode([7])), TypeError, "data is 7"),
        (lambda d: d.decode(b"", layout="flat"), ValueError, "layout is 'flat'"),
        (lambda d: d.get_frame(force=2), TypeError, "force is 2"),
        (lambda d: d.get_frame(layout=None), TypeError, "layout is None"),
        (lambda d: d.get_frame_info(layout="x"), ValueError, "layout is 'x'"),
        (lambda d: d.flush("x"), ValueError, "layout is 'x'"),
    ],
)
def test_wrong_calls_change_nothing(call, error, words):
    decoder = ps.Decoder("pcm", ps.PcmDecoderConfig(STEREO))
    decoder.put_frame(bytes(56))
    with pytest.raises(error, match=words) as caught:
        call(decoder)
    assert isinstance(caught.value, ps.PastreamError)
    assert decoder.pending_samples() == 7
    assert not decoder.end_of_stream


def test_another_format_than_the_wanted_one_is_refused():
    for planar in (True, False):
        wanted = ps.AudioFormat(44100, 1, "f32", planar=planar)
        data = joined(encoded(STREAMS["wav-float"], sound(STEREO, 10), STEREO)[0])
        decoder = ps.Decoder("wav", ps.WavDecoderConfig(wanted, 10))
        words = "48000 Hz and 2 channels; output_format"
        with pytest.raises(ps.FileFormatError, match=words):
            decoder.put_frame(data)
        with pytest.raises(ps.FileFormatError, match=words):
            decoder.put_frame(b"")
        for call in (decoder.get_frame, decoder.flush):
            with pytest.raises(ps.FileFormatError, match=words):
                call()
        decoder.reset()
        form = wanted.replace(planar=True)
        decoder.put_frame(joined(encoded(STREAMS["wav-float"], sound(form, 10), form)[0]))
        assert decoder.get_frame().shape == (1, 10)


@every
def test_another_stream_is_refused(stream):
    if stream.codec == "pcm" or stream.is_bare:
        pytest.skip("anything is such a stream, or each packet is told to be what it is")
    decoder = ps.Decoder(stream.codec)
    other = STREAMS["wav" if stream.codec == "flac" else "flac"]
    form = other.format()
    data = joined(encoded(other, sound(form, 5000), form)[0])
    with pytest.raises(ps.FileFormatError):
        whole(decoder, [data])
    with pytest.raises(ps.FileFormatError):
        decoder.put_frame(data)
    decoder.reset()
    assert decoder.flush() == []


@every
def test_streams_that_are_cut_or_broken_end_without_harm(stream):
    form = stream.format()
    packets, encoder = encoded(stream, sound(form, 20000), form)
    data = bytearray(joined(packets))
    rng = np.random.default_rng(3)
    for trial in range(6):
        broken = bytearray(data[: rng.integers(1, len(data))] if trial % 2 else data)
        for at in rng.integers(0, len(broken), 3 * (trial // 2)):
            broken[at] ^= 1 << rng.integers(0, 8)
        results = []
        for cuts in ([], [100, 5000, 9999]):
            decoder = stream.decoder(encoder, 20000)
            n = 0
            try:
                ends = sorted(cut % len(broken) for cut in cuts)
                for a, b in zip([0, *ends], [*ends, len(broken)], strict=True):
                    n += sum(block.shape[1] for block in decoder.decode(bytes(broken[a:b])))
                n += sum(block.shape[1] for block in decoder.flush())
            except ps.FileFormatError:
                n = -1
            results.append(n)
        assert results[0] <= 20000
        if not stream.is_bare:
            assert results[0] == results[1]


# ---- Life ----------------------------------------------------------------------------------------


@needs("mp3")
def test_a_closed_decoder_is_closed():
    with ps.Decoder("mp3") as decoder:
        decoder.put_frame(b"abc")
    assert decoder.closed
    decoder.close()
    for call in (
        lambda: decoder.put_frame(b""),
        decoder.get_frame,
        decoder.get_frame_info,
        decoder.flush,
        decoder.reset,
        decoder.state,
        decoder.pending_samples,
        decoder.output_format,
        decoder.__enter__,
        lambda: decoder.damage,
        lambda: decoder.tags,
        lambda: decoder.decode(b""),
    ):
        with pytest.raises(ps.ClosedError):
            call()
    assert "closed" in repr(decoder)
    for how in (pickle.dumps, copy.copy):
        with pytest.raises(TypeError, match="cannot be pickled or copied"):
            how(decoder)


@every
def test_decoders_die_at_once_and_leave_nothing(stream):
    form = stream.format()
    packets, encoder = encoded(stream, sound(form, 4000), form)
    pieces = pieces_of(stream, packets, [1000])
    process = psutil.Process()

    def use():
        decoder = stream.decoder(encoder, 4000)
        blocks = decoder.decode(pieces[:1])  # In the middle of the stream.
        next(blocks, None)
        return weakref.ref(decoder)

    gc.disable()
    try:
        for _ in range(3):
            assert use()() is None
        before = process.memory_info().rss
        for _ in range(20):
            use()
        assert process.memory_info().rss - before < 4 << 20
    finally:
        gc.enable()


def test_several_threads_may_put_and_take():
    data = np.arange(20000, dtype="float32")
    decoder = ps.Decoder("pcm", ps.PcmDecoderConfig(STEREO.replace(channels=1), 100))
    taken, errors = [], []
    is_done = threading.Event()

    def take():
        try:
            while not (is_done.is_set() and decoder.state() != "ready"):
                if decoder.state() == "ready":
                    taken.append(decoder.get_frame(force=decoder.end_of_stream))
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=take)
    thread.start()
    for n in range(0, 20000, 250):
        decoder.put_frame(data[n : n + 250])
    is_done.set()
    thread.join()
    assert not errors
    np.testing.assert_array_equal(np.concatenate(taken, axis=1)[0], data)


@needs("flac")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_is_told_and_harms_nobody():
    form = STREAMS["flac"].format()
    x = sound(form, 9000)
    data = joined(encoded(STREAMS["flac"], x, form)[0])
    decoder = ps.Decoder("flac")
    decoder.put_frame(data[:3000])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            decoder.flush()
        except ps.ForkedError:
            os._exit(7)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    np.testing.assert_array_equal(whole(decoder, [data[3000:]]), x)
