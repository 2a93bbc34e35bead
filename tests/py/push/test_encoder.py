# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Encoders: packets that account for every sample, however these come, and what is refused."""

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

from ..conftest import run_python
from .streams import RATE, STREAMS, encoded, every, joined, needs, sound

STEREO = ps.AudioFormat(RATE, 2, "f32")


def quiet(samples, channels=2):
    return np.zeros((channels, samples), "float32")


# ---- What comes out ------------------------------------------------------------------------------


@every
def test_packets_account_for_every_sample(stream):
    for n in (0, 1, stream.frame - 1, stream.frame, stream.frame + 1, 9000):
        form = stream.format(channels=1)
        packets, encoder = encoded(stream, sound(form, n), form)
        assert sum(p.duration for p in packets) == encoder.delay + n + encoder.padding
        assert encoder.samples == n
        assert all(p.time_base == (1, RATE) for p in packets)
        at = -encoder.delay
        for packet in packets:
            assert packet.is_header == (packet.pts is None)
            if not packet.is_header:
                assert packet.pts == packet.dts == at
            at += packet.duration
        assert encoder.end_of_stream
        assert encoder.get_packet(force=True) is None
        assert encoder.flush() == []


@every
@settings(max_examples=5, deadline=None)
@given(data=st.data())
def test_how_sound_is_cut_does_not_show(stream, data):
    form = stream.format()
    x = sound(form, 5000)
    cuts = sorted(data.draw(st.lists(st.integers(0, 5000), max_size=5)))
    chunk = data.draw(st.integers(1, 6000))
    whole, _ = encoded(stream, x, form, chunk_samples=chunk)
    pieces, _ = encoded(stream, x, form, cuts, chunk_samples=chunk)
    if stream.container == "OGG" and not stream.is_bare:  # The stream's number is another one.
        assert [(p.pts, p.duration, len(p)) for p in pieces] == [
            (p.pts, p.duration, len(p)) for p in whole
        ]
    else:
        assert pieces == whole


@every
def test_a_reset_begins_anew(stream):
    form = stream.format()
    x = sound(form, 3000)
    packets, encoder = encoded(stream, x, form)
    encoder.reset()
    assert encoder.padding is None
    assert encoder.samples == encoder.pending_samples() == 0
    assert encoder.state() in ("empty", "ready")  # There may be a header.
    encoder.put_frame(x[:, :1111])  # Lost.
    encoder.reset()
    again = [*encoder.encode(x), *encoder.flush()]
    assert [len(p) for p in again] == [len(p) for p in packets]
    assert [p.pts for p in again] == [p.pts for p in packets]


@every
def test_what_is_not_finite_or_too_loud_does_no_harm(stream):
    form = ps.AudioFormat(RATE, 2, "f32")
    x = sound(form, 6000)
    x[0, ::7], x[1, ::11], x[0, ::13] = np.nan, np.inf, -np.inf
    x[1, ::17] = 1e30
    encoder = ps.Encoder(stream.codec, stream.config(form, 6000))
    packets = [*encoder.encode(x), *encoder.flush()]
    assert sum(p.duration for p in packets) == encoder.delay + 6000 + encoder.padding
    # Samples that are stored as they are given are not looked at.
    is_plain = stream.frame == 1
    assert encoder.nonfinite == (0 if is_plain else np.count_nonzero(~np.isfinite(x)))


def test_what_is_not_finite_is_silent_or_full_scale_in_integers():
    x = np.array([[np.nan, np.inf, -np.inf, 0.5]], "float32")
    mono = ps.AudioFormat(RATE, 1, "f32")
    encoder = ps.Encoder("pcm", ps.PcmEncoderConfig(mono, subtype="PCM_16"))
    got = joined([*encoder.encode(x), *encoder.flush()])
    assert np.frombuffer(got, "int16").tolist() == [0, 32767, -32768, 16384]
    assert encoder.nonfinite == 3
    assert encoder.clipped == 0


def test_times_are_those_that_are_given():
    encoder = ps.Encoder("pcm", ps.PcmEncoderConfig(STEREO, chunk_samples=100))
    encoder.put_frame(quiet(150), pts=1000)
    encoder.put_frame(quiet(50))
    encoder.put_frame(quiet(100), pts=5000)
    assert [p.pts for p in encoder.flush()] == [1000, 1100, 5000]
    base = ps.NodeBuffer.pcm(quiet(100), STEREO, 2, 1, 10)
    encoder.reset()
    assert [p.pts for p in encoder.encode([base])] == [RATE // 5]


@needs("mp3", "flac")
def test_the_encoder_tells_what_it_is():
    fmt = ps.AudioFormat(44100, 1, "f64")
    config = ps.Mp3EncoderConfig(fmt, chunk_samples=500)
    encoder = ps.Encoder("MP3", config)
    assert (encoder.codec, encoder.chunk_samples, encoder.config) == ("mp3", 500, config)
    assert encoder.delay == 1105
    assert encoder.padding is None
    assert encoder.extradata is None
    assert encoder.output_format() == ps.AudioFormat(44100, 1, "f32")
    assert repr(encoder) == "<pastream_ng.Encoder mp3, 44100 Hz, 1 channels>"
    kinds = {"u8": "u8", "i16": "i16", "i32": "i32", "i64": "i32", "f32": "f32", "f64": "f64"}
    for kind, stored in kinds.items():
        wav = ps.Encoder("wav", ps.WavEncoderConfig(ps.AudioFormat(8000, 1, kind)))
        assert wav.output_format().sample_type == stored
    flac = ps.Encoder("flac", ps.FlacEncoderConfig(STEREO, subtype="PCM_16"))
    assert flac.output_format().sample_type == "i16"


@needs("opus", "aac-raw")
def test_extradata_is_what_decoders_of_packets_need():
    opus = ps.Encoder("opus", ps.OpusEncoderConfig(STEREO))
    assert opus.extradata[:10] == b"OpusHead\x01\x02"
    assert int.from_bytes(opus.extradata[10:12], "little") == opus.delay == 312
    aac = ps.Encoder("aac", ps.AacEncoderConfig(ps.AudioFormat(44100, 2, "f32"), container="raw"))
    assert aac.extradata[:2] == bytes([0b00010_010, 0b0_0010_000])  # LC, 44100 Hz, two channels.


# ---- As pyaudiostream has it ---------------------------------------------------------------------


def test_get_frame_gives_whole_chunks_and_warns_of_less():
    encoder = ps.Encoder("pcm", ps.PcmEncoderConfig(STEREO, chunk_samples=1024))
    assert encoder.get_frame() is None  # Nothing there: nothing to warn of.
    encoder.put_frame(quiet(1000))
    with pytest.warns(ps.IncompleteChunkWarning, match="1000 of 1024 samples") as told:
        assert encoder.get_frame() is None
    assert told[0].filename == __file__
    assert encoder.get_packet() is None
    encoder.put_frame(quiet(1100))
    assert (encoder.pending_samples(), encoder.state()) == (52, "ready")
    assert len(encoder.get_frame()) == len(encoder.get_frame()) == 1024 * 8
    assert encoder.state() == "need_more"
    assert len(encoder.get_frame(force=True)) == 52 * 8
    assert (encoder.pending_samples(), encoder.state()) == (0, "empty")


@every
def test_force_gives_the_rest_and_then_ends_the_stream(stream):
    form = stream.format()
    encoder = ps.Encoder(stream.codec, stream.config(form, 1500, chunk_samples=1000))
    x = sound(form, 1500)
    encoder.put_frame(x)
    got = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ps.IncompleteChunkWarning)
        while (packet := encoder.get_packet()) is not None:
            got.append(packet)
        assert encoder.get_frame() is None
    while (packet := encoder.get_packet(force=True)) is not None:
        got.append(packet)
    assert sum(p.duration for p in got) == encoder.delay + 1500 + encoder.padding
    assert encoder.end_of_stream
    with pytest.raises(ps.StateError, match="reset"):
        encoder.put_frame(x)
    with pytest.raises(ps.StateError, match="reset"):
        list(encoder.encode(x))
    assert encoder.get_frame() is None
    encoder.reset()
    encoder.put_frame(x)


def test_a_format_may_come_with_the_first_sound():
    encoder = ps.Encoder("wav", ps.WavEncoderConfig())
    assert encoder.output_format() is encoder.delay is encoder.extradata is None
    assert (encoder.state(), encoder.flush(), encoder.pending_samples()) == ("empty", [], 0)
    assert repr(encoder) == "<pastream_ng.Encoder wav, no format yet>"
    with pytest.raises(ps.ArgumentError, match="format is None"):
        encoder.put_frame(quiet(10))
    encoder.put_frame(quiet(10), format=STEREO)
    encoder.put_frame(np.zeros((10, 2), "i2"), format=ps.AudioFormat(RATE, 2, "i16", planar=False))
    with pytest.raises(ValueError, match="format has 44100 Hz and 2 channels"):
        encoder.put_frame(quiet(10), format=ps.AudioFormat(44100, 2, "f32"))
    assert encoder.pending_samples() == 20
    encoder.reset()
    assert encoder.output_format() is None
    encoder.put_frame(quiet(10, 1), format=ps.AudioFormat(8000, 1, "f32"))
    assert encoder.output_format().sample_rate == 8000


@needs("flac", "opus-ogg")
def test_an_empty_stream_is_a_stream():
    for name, start in (("wav", b"RIFF"), ("flac", b"fLaC"), ("opus-ogg", b"OggS")):
        packets, _ = encoded(STREAMS[name], quiet(0), STEREO)
        assert joined(packets).startswith(start)


# ---- Loops ---------------------------------------------------------------------------------------


def test_loops_over_sound_in_pieces():
    config = ps.PcmEncoderConfig(STEREO, chunk_samples=100)
    x = sound(STEREO, 1000)
    wanted = joined(encoded(STREAMS["pcm"], x, STEREO, chunk_samples=100)[0][:0]) + x.T.tobytes()
    pieces = np.split(x, 10, axis=1)
    for source in (x, pieces, tuple(pieces), iter(pieces), x.tolist()):
        with ps.Encoder("pcm", config) as encoder:
            packets = list(encoder.encode(source)) + encoder.flush()
        assert joined(packets) == wanted
    buffers = [ps.NodeBuffer.pcm(piece, STEREO) for piece in pieces]
    encoder = ps.Encoder("pcm", config)
    assert joined(encoder.encode(buffers)) == wanted
    encoder.reset()
    assert joined(encoder.encode(buffers[0])) == wanted[:800]


def test_an_array_is_in_at_once_and_an_iterable_as_it_is_asked_for():
    encoder = ps.Encoder("pcm", ps.PcmEncoderConfig(STEREO, chunk_samples=100))
    encoder.encode(quiet(150))
    assert encoder.samples == 150
    endless = (quiet(100) for _ in iter(int, 1))
    packets = encoder.encode(endless)
    for _ in range(5):
        next(packets)
    assert encoder.samples <= 650


def test_loops_of_one_channel():
    mono = ps.AudioFormat(RATE, 1, "f32")
    encoder = ps.Encoder("pcm", ps.PcmEncoderConfig(mono, chunk_samples=10))
    flat = np.arange(20, dtype="float32") / 20
    for source in (flat, [flat[:7], flat[7:]], flat.tolist(), [flat[None]]):
        encoder.reset()
        assert joined(encoder.encode(source)) == flat.tobytes()


def test_async_loops():
    x = sound(STEREO, 1000)

    async def blocks():
        for n in range(0, 1000, 130):
            await asyncio.sleep(0)
            yield x[:, n : n + 130]

    async def run():
        encoder = ps.Encoder("pcm", ps.PcmEncoderConfig(STEREO, chunk_samples=100))
        packets = [packet async for packet in encoder.encode(blocks())]
        packets += [packet async for packet in encoder.encode([])]
        assert joined(packets + encoder.flush()) == x.T.tobytes()
        encoder.reset()
        with pytest.raises(TypeError, match="async for"):
            list(encoder.encode(blocks()))

    asyncio.run(run())


# ---- Other rates ---------------------------------------------------------------------------------


@needs("opus")
def test_rates_that_the_codec_lacks_are_refused_or_changed():
    fmt = ps.AudioFormat(44100, 1, "i16")
    with pytest.raises(ValueError, match="44100; Opus wants 48000 Hz input"):
        ps.Encoder("opus", ps.OpusEncoderConfig(fmt))
    encoder = ps.Encoder("opus", ps.OpusEncoderConfig(fmt, resample="auto"))
    assert encoder.output_format().sample_rate == 48000
    packets = list(encoder.encode(np.zeros((1, 4410), "i2"), pts=44100)) + encoder.flush()
    assert encoder.samples == 4800
    assert packets[0].pts == 48000 - encoder.delay
    assert sum(p.duration for p in packets) == encoder.delay + 4800 + encoder.padding
    encoder.reset()
    assert [len(p) for p in encoder.encode(np.zeros((1, 4410), "i2"))]


@needs("mp3")
def test_a_changed_rate_is_that_of_the_resampler():
    for kind in ("f32", "i16", "i64", "f64", "u8"):
        fmt = ps.AudioFormat(96000, 2, kind)
        x = sound(fmt, 9600)
        config = ps.Mp3EncoderConfig(fmt, resample="auto", frames=9600)
        a = ps.Encoder("mp3", config)
        got = [*a.encode(x[:, :1234]), *a.encode(x[:, 1234:]), *a.flush()]
        dtype = "int32" if kind == "i64" else x.dtype
        given = ps.AudioFormat(96000, 2, "i32").array(x) if kind == "i64" else x
        other = ps.resample(np.ascontiguousarray(given.T, dtype), 96000, 48000)
        b = ps.Encoder("mp3", ps.Mp3EncoderConfig(ps.AudioFormat(48000, 2, "f32"), frames=4800))
        form = ps.AudioFormat(48000, 2, "i32" if kind == "i64" else kind, planar=False)
        b.put_frame(other, format=form)
        assert joined(got) == joined(b.flush())


@needs("mp3", "vorbis", "aac")
def test_choices_reach_the_codec():
    x = np.random.default_rng(3).uniform(-0.5, 0.5, (2, 24000)).astype("float32")

    def size(codec, config, **keywords):
        encoder = ps.Encoder(codec, config(STEREO, **keywords))
        return sum(map(len, [*encoder.encode(x), *encoder.flush()]))

    for codec, config in (("mp3", ps.Mp3EncoderConfig), ("vorbis", ps.VorbisEncoderConfig)):
        assert size(codec, config, quality=0.1) < size(codec, config, quality=0.9)
        assert size(codec, config, bitrate_mode="variable") > 0
        for mode in ("constant", "average"):
            small = size(codec, config, bitrate=64e3, bitrate_mode=mode)
            assert small < size(codec, config, bitrate=192e3, bitrate_mode=mode)
    assert size("aac", ps.AacEncoderConfig, bitrate=64000) < size("aac", ps.AacEncoderConfig)
    assert size("mp3", ps.Mp3EncoderConfig, tags={"title": "Noise"}) > size(
        "mp3", ps.Mp3EncoderConfig
    )
    assert ps.Mp3EncoderConfig(quality=0.5).bitrate is None
    slow = ps.Encoder("mp3", ps.Mp3EncoderConfig(ps.AudioFormat(8000, 1, "f32")))
    assert [*slow.encode(np.zeros((1, 8000), "float32"))]


# ---- Life ----------------------------------------------------------------------------------------


def test_a_closed_encoder_is_closed():
    with ps.Encoder("wav", ps.WavEncoderConfig(STEREO)) as encoder:
        encoder.put_frame(quiet(5))
    assert encoder.closed
    encoder.close()
    for call in (
        lambda: encoder.put_frame(quiet(5)),
        encoder.get_frame,
        encoder.flush,
        encoder.reset,
        encoder.state,
        encoder.pending_samples,
        encoder.output_format,
        encoder.__enter__,
        lambda: encoder.delay,
        lambda: encoder.extradata,
        lambda: list(encoder.encode(quiet(5))),
    ):
        with pytest.raises(ps.ClosedError):
            call()
    assert "closed" in repr(encoder)
    for how in (pickle.dumps, copy.copy):
        with pytest.raises(TypeError, match="cannot be pickled or copied"):
            how(encoder)


@every
def test_encoders_die_at_once_and_leave_nothing(stream):
    form = stream.format()
    x = sound(form, 3000)
    process = psutil.Process()

    def use():
        encoder = ps.Encoder(stream.codec, stream.config(form, 3000))
        packets = encoder.encode([x])
        next(packets, None)
        return weakref.ref(encoder)

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


def test_several_threads_may_put():
    encoder = ps.Encoder("pcm", ps.PcmEncoderConfig(STEREO, chunk_samples=64))
    taken, errors = [], []

    def put(n):
        try:
            for _ in range(50):
                encoder.put_frame(np.full((2, 64), n, "float32"))
                if (packet := encoder.get_packet()) is not None:
                    taken.append(packet)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=put, args=(n / 8,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    taken += encoder.flush()
    assert sorted(p.pts for p in taken) == list(range(0, 200 * 64, 64))
    for packet in taken:
        assert len(set(np.frombuffer(packet.data, "float32"))) == 1


def test_long_arrays_are_the_same_in_both_layouts():
    # Longer than what one call of C takes.
    x = np.random.default_rng(5).uniform(-1, 1, (2, 200_000)).astype("float32")
    encoder = ps.Encoder("pcm", ps.PcmEncoderConfig(STEREO, chunk_samples=1 << 20))
    encoder.put_frame(x, pts=5)
    encoder.put_frame(x.T, format=STEREO.replace(planar=False))
    (packet,) = encoder.flush()
    assert packet.data == 2 * x.T.tobytes()
    assert packet.pts == 5


@needs("mp3")
def test_ctrl_c_comes_through_while_a_long_array_is_encoded():
    code = """
import os, signal, threading
import numpy as np
import pastream_ng as ps

x = np.random.default_rng(1).uniform(-1, 1, (2, 48000 * 300)).astype("float32")
encoder = ps.Encoder("mp3", ps.Mp3EncoderConfig(ps.AudioFormat(48000, 2, "f32")))

timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
try:
    timer.start()
    encoder.put_frame(x)
except KeyboardInterrupt:
    n = encoder.samples
    packets = encoder.flush()
    print(n < x.shape[1], sum(p.duration for p in packets) == encoder.delay + n + encoder.padding)
"""
    assert run_python(code).stdout == "True True\n"


@needs("flac")
def test_samples_beyond_the_width_of_flac_are_clipped():
    loud = np.array([[2.0, -2.0, 0.999999, 1e9]], "float32")
    mono = ps.AudioFormat(RATE, 1, "f32")
    for subtype, most in (
        ("PCM_16", 2**15),
        ("PCM_24", 2**23),
        ("PCM_12", 2**11),
        ("PCM_S8", 2**7),
    ):
        encoder = ps.Encoder("flac", ps.FlacEncoderConfig(mono, subtype=subtype))
        data = joined([*encoder.encode(loud), *encoder.flush()])
        decoder = ps.Decoder("flac", ps.FlacDecoderConfig(sample_type="f64"))
        (y,) = [*decoder.decode(data), *decoder.flush()]
        highest = (most - 1) / most
        assert y[0].tolist() == pytest.approx([highest, -1, min(highest, 0.999999), highest])
        assert encoder.clipped >= 3


@needs("opus-ogg")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_is_told_and_harms_nobody():
    encoder = ps.Encoder("opus", ps.OpusEncoderConfig(STEREO, container="ogg"))
    encoder.put_frame(quiet(5000))
    is_held, may_go = threading.Event(), threading.Event()

    def hold():
        with encoder._lock:
            is_held.set()
            may_go.wait(60)

    holder = threading.Thread(target=hold)
    holder.start()
    is_held.wait()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child != 0:
        may_go.set()
        holder.join()
    if child == 0:
        code = 1
        try:
            encoder.flush()
        except ps.ForkedError:
            encoder.close()
            code = 7
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert sum(p.duration for p in encoder.flush()) == encoder.delay + 5000 + encoder.padding
