# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Encoders and decoders as nodes: what is left of the sound, and when it is heard."""

import io
import itertools

import numpy as np
import pytest

import pastream_ng as ps

from .parts import MONO, STEREO, joined, ramp

FIRST, N = 1000, 20000


def through(nodes, buffers, **options):
    """Return what comes of buffers."""
    with ps.AsyncDynPipeline(nodes, **options) as pipeline:
        for buffer in buffers:
            pipeline.push(buffer)
        pipeline.flush()
        return list(pipeline)


def wave(channels=2, samples=N, rate=48000):
    """Return two sines of 440 and 660 Hz, (channels, samples)."""
    t = np.arange(samples) / rate
    rows = [0.4 * np.sin(2 * np.pi * (440 + 220 * k) * t) for k in range(channels)]
    return np.array(rows, "float32")


def cut(x, form, most=700, first=FIRST):
    """Return sound in buffers of many lengths."""
    rng, buffers, at = np.random.default_rng(3), [], 0
    while at < x.shape[1]:
        n = int(rng.integers(1, most))
        buffers.append(ps.NodeBuffer.pcm(x[:, at : at + n], form, pts=first + at))
        at += n
    return buffers


def at_their_times(buffers, samples=N, first=FIRST):
    """Return the sound of buffers, each where its time says; NaN where there is none."""
    out = np.full((buffers[0].format.channels, samples), np.nan)
    for buffer in buffers:
        x, at = buffer.as_pcm(), buffer.pts - first
        if x.dtype.kind == "i":
            x = x / 2.0 ** (8 * x.dtype.itemsize - 1)
        begin = max(-at, 0)
        n = min(x.shape[1], samples - at) - begin
        if n > 0:
            out[:, at + begin : at + begin + n] = x[:, begin : begin + n]
    return out


# How each is encoded and decoded, and the most by which the sound may differ, as RMS.
CODECS = {
    "wav": (None, None, 0.0),
    "pcm": (None, ps.PcmDecoderConfig(STEREO), 0.0),
    "flac": (None, None, 2.0**-23),
    "opus": (ps.OpusEncoderConfig(container="ogg"), ps.OpusDecoderConfig(960), 0.02),
    "vorbis": (None, None, 0.02),
    "mp3": (None, None, 0.02),
    "aac": (None, None, 0.06),
}


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("codec", CODECS)
def test_there_and_back(codec, threads):
    encoder, decoder, bound = CODECS[codec]
    nodes = [ps.make_encoder_node(codec, encoder), ps.make_decoder_node(codec, decoder)]
    x = wave()
    got = through(nodes, cut(x, STEREO), threads=threads)
    assert (got[0].format.sample_rate, got[0].format.channels) == (48000, 2)
    heard = at_their_times(got)
    assert np.sqrt(np.mean((heard - x) ** 2)) <= bound
    for before, after in itertools.pairwise(got):  # No gap, and nothing twice.
        assert after.pts == before.pts + before.samples


def test_packets_are_those_of_the_encoder():
    config = ps.OpusEncoderConfig(STEREO, bitrate=64000)
    encoder = ps.Encoder("opus", config)
    wanted = list(encoder.encode(wave())) + list(encoder.flush())
    got = through([ps.make_encoder_node("opus", config)], cut(wave(), STEREO, first=0))
    assert [buffer.as_packet().data for buffer in got] == [packet.data for packet in wanted]
    assert [buffer.as_packet().pts for buffer in got] == [packet.pts for packet in wanted]


def test_packets_of_opus_through_a_decoder_that_knows_of_them():
    config = ps.OpusEncoderConfig(STEREO)
    extradata = ps.Encoder("opus", config).extradata
    nodes = [
        ps.make_encoder_node("opus", config),
        ps.make_decoder_node("opus", ps.OpusDecoderConfig(960, extradata=extradata)),
    ]
    got = through(nodes, cut(wave(), STEREO))
    assert got[0].pts == FIRST  # The encoder's delay is left out.
    assert np.abs(at_their_times(got) - wave())[:, 500:].max() < 0.1


def test_a_rate_that_fits():
    x = wave(rate=44100)
    form = ps.AudioFormat(44100, 2, "f32")
    encoder = ps.make_encoder_node("opus", ps.OpusEncoderConfig(container="ogg", resample="auto"))
    nodes = [encoder, ps.make_decoder_node("opus", ps.OpusDecoderConfig(960))]
    got = through(nodes, cut(x, form, first=44100))
    assert got[0].format.sample_rate == 48000
    assert sum(buffer.samples for buffer in got) == round(N * 480 / 441)
    heard = at_their_times(got, round(N * 480 / 441), 48000)
    assert np.abs(heard - wave(samples=heard.shape[1]))[:, 500:-500].max() < 0.1


def test_a_rate_that_does_not_fit_is_told():
    form = ps.AudioFormat(44100, 2, "f32")
    with pytest.raises(ps.PastreamError, match=r"node 1 \(opus encoder\).*48000"):
        through([ps.make_encoder_node("opus")], cut(wave(), form))


def test_gaps_stay_gaps():
    nodes = [
        ps.make_encoder_node("flac", ps.FlacEncoderConfig(chunk_samples=1000)),
        ps.make_decoder_node("flac"),
    ]
    buffers = [ramp(0, 3000, pts=0), ramp(3000, 3000, pts=10000)]
    got = through(nodes, buffers)
    assert sum(buffer.samples for buffer in got) == 6000
    assert got[0].pts == 0
    last = got[-1]
    assert last.pts + last.samples == 13000


def test_lost_packets_are_concealed():
    encoded = through([ps.make_encoder_node("opus")], cut(wave(), STEREO))
    kept = [buffer for k, buffer in enumerate(encoded) if k not in (5, 6, 12)]
    plain = through([ps.make_decoder_node("opus")], kept)
    hidden = through([ps.make_decoder_node("opus", conceal=2000)], kept)
    missing = np.isnan(at_their_times(plain)[0]).sum()
    assert missing == 3 * 960
    assert not np.isnan(at_their_times(hidden)).any()
    assert sum(b.samples for b in hidden) == sum(b.samples for b in plain) + missing


def test_any_slices_of_a_stream_decode():
    stream = b"".join(
        buffer.as_packet().data
        for buffer in through([ps.make_encoder_node("mp3")], cut(wave(), STEREO))
    )
    whole = through([ps.make_decoder_node("mp3")], [ps.NodeBuffer.packet(ps.Packet(stream))])
    slices = [ps.NodeBuffer.packet(ps.Packet(stream[k : k + 7])) for k in range(0, len(stream), 7)]
    np.testing.assert_array_equal(
        joined(through([ps.make_decoder_node("mp3")], slices)), joined(whole)
    )


def test_what_is_no_stream_is_told_by_name():
    junk = ps.NodeBuffer.packet(ps.Packet(b"no sound at all, however it is read" * 20))
    with pytest.raises(ps.PastreamError, match=r"node 2 \(wav decoder\)"):
        through([ps.make_identity_node("packet"), ps.make_decoder_node("wav")], [junk])


def test_what_is_no_number_reaches_no_codec():
    x = wave()
    x[:, 5000:5100] = np.nan
    x[:, 6000] = np.inf
    nodes = [ps.make_encoder_node("vorbis"), ps.make_decoder_node("vorbis")]
    heard = joined(through(nodes, cut(x, STEREO)))
    assert heard.shape == (2, N)
    assert np.isfinite(heard).all()
    assert np.abs(heard[:, 12000:-100] - x[:, 12000:-100]).max() < 0.1


def test_another_format_under_way_is_another_stream():
    nodes = [ps.make_encoder_node("wav")]
    buffers = [ramp(0, 100, STEREO), ramp(0, 100, MONO)]
    stream = b"".join(buffer.as_packet().data for buffer in through(nodes, buffers))
    second = stream.index(b"RIFF", 4)
    for part, channels in ((stream[:second], 2), (stream[second:], 1)):
        with ps.SoundFile(io.BytesIO(part)) as file:
            assert file.channels == channels
            assert len(file.read()) == 100


def test_a_format_that_was_told_has_to_come():
    node = ps.make_encoder_node("wav", ps.WavEncoderConfig(STEREO))
    with pytest.raises(ps.PastreamError, match=r"node 1 \(wav encoder\).*1 channel"):
        through([node], [ramp(0, 100, MONO)])


def test_a_stream_without_sound():
    node = ps.make_encoder_node("wav", ps.WavEncoderConfig(STEREO))
    stream = b"".join(buffer.as_packet().data for buffer in through([node], []))
    with ps.SoundFile(io.BytesIO(stream)) as file:
        assert (file.channels, len(file.read())) == (2, 0)
    assert through([ps.make_encoder_node("wav")], []) == []  # Nobody knows of what.


def test_a_reset_begins_another_stream():
    with ps.AsyncDynPipeline([ps.make_encoder_node("wav")]) as pipeline:
        for _ in range(2):
            pipeline.push(ramp(0, 100))
            pipeline.flush()
            stream = b"".join(buffer.as_packet().data for buffer in pipeline)
            assert stream.startswith(b"RIFF")
            pipeline.reset()


@pytest.mark.parametrize(
    ("make", "kind", "text"),
    [
        (lambda: ps.make_encoder_node("midi"), ValueError, "codec is 'midi'"),
        (lambda: ps.make_decoder_node("midi"), ValueError, "codec is 'midi'"),
        (lambda: ps.make_encoder_node(3), TypeError, "codec is 3"),
        (lambda: ps.make_encoder_node("mp3", ps.OpusEncoderConfig()), TypeError, "config"),
        (lambda: ps.make_decoder_node("mp3", ps.FlacDecoderConfig(1)), TypeError, "config"),
        (lambda: ps.make_decoder_node("opus", conceal=-1), ValueError, "conceal is -1"),
    ],
)
def test_bad_arguments_are_told(make, kind, text):
    with pytest.raises(kind, match=text):
        make()
