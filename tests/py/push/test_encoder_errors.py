# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What encoders refuse: by name, with the value, and before anything has changed."""

from __future__ import annotations

import numpy as np
import pytest

import pastream_ng as ps

from .streams import RATE, needs, sound

STEREO = ps.AudioFormat(RATE, 2, "f32")


def quiet(samples, channels=2):
    return np.zeros((channels, samples), "float32")


def test_what_is_no_sound_is_named():
    encoder = ps.Encoder("flac", ps.FlacEncoderConfig(STEREO))
    for given, words in (
        (None, "pcm is None"),
        ("abc", "pcm is 'abc'"),
        (b"abcd", "pcm is b'abcd'"),
        (np.zeros((2, 3), bool), "dtype bool; it must hold numbers"),
    ):
        with pytest.raises(ps.ArgumentTypeError, match=words):
            encoder.put_frame(given)
    with pytest.raises(ps.ArgumentError, match="pcm has dtype uint16; it must be floats, or one"):
        encoder.put_frame(np.zeros((2, 3), "uint16"))
    assert encoder.samples == 0


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: ps.Encoder("mp4"), ValueError, "codec is 'mp4'; it must be one of wav, pcm"),
        (lambda: ps.Encoder(None), TypeError, "codec is None"),
        (lambda: ps.Encoder("opus", ps.WavEncoderConfig()), TypeError, "OpusEncoderConfig"),
        (lambda: ps.Encoder("wav", ps.PcmEncoderConfig()), TypeError, "WavEncoderConfig"),
        (lambda: ps.Encoder("wav", {}), TypeError, "config is {}"),
        (lambda: ps.WavEncoderConfig("f32"), TypeError, "input_format is 'f32'"),
        (lambda: ps.WavEncoderConfig(chunk_samples=0), ValueError, "chunk_samples is 0"),
        (lambda: ps.WavEncoderConfig(chunk_samples=2**31), ValueError, "chunk_samples is 2147"),
        (lambda: ps.WavEncoderConfig(chunk_samples=1.5), TypeError, "chunk_samples is 1.5"),
        (lambda: ps.WavEncoderConfig(chunk_samples=True), TypeError, "chunk_samples is True"),
        (lambda: ps.WavEncoderConfig(subtype="PCM_99"), ValueError, "PCM_16"),
        (lambda: ps.WavEncoderConfig(container="aiff"), ValueError, "container is 'aiff'"),
        (lambda: ps.WavEncoderConfig(container=None), TypeError, "container is None"),
        (lambda: ps.WavEncoderConfig(frames=-1), ValueError, "frames is -1"),
        (lambda: ps.WavEncoderConfig(dither="some"), ValueError, "dither is 'some'"),
        (lambda: ps.WavEncoderConfig(resample="yes"), ValueError, "resample is 'yes'"),
        (lambda: ps.WavEncoderConfig(resample=True), TypeError, "resample is True"),
        (lambda: ps.WavEncoderConfig(tags=3), TypeError, "tags"),
        (lambda: ps.PcmEncoderConfig(endian="middle"), ValueError, "endian is 'middle'"),
        (lambda: ps.Mp3EncoderConfig(bitrate=0), ValueError, "bitrate is 0"),
        (lambda: ps.Mp3EncoderConfig(bitrate="128k"), TypeError, "bitrate is '128k'"),
        (lambda: ps.Mp3EncoderConfig(quality=2), ValueError, "quality is 2"),
        (lambda: ps.Mp3EncoderConfig(bitrate=96000, quality=0.5), TypeError, "give one of them"),
        (lambda: ps.VorbisEncoderConfig(bitrate=1, quality=0.5), TypeError, "give one of them"),
        (lambda: ps.Mp3EncoderConfig(compression=10), ValueError, "compression is 10"),
        (lambda: ps.AacEncoderConfig(container="m4a"), ValueError, "container is 'm4a'"),
        (lambda: ps.FlacEncoderConfig(compression_level=13), ValueError, "compression_level is 13"),
        (lambda: ps.OpusEncoderConfig(packet_ms=30), ValueError, "packet_ms is 30"),
        (lambda: ps.OpusEncoderConfig(application="radio"), ValueError, "application is 'radio'"),
        (lambda: ps.OpusEncoderConfig(expected_loss=101), ValueError, "expected_loss is 101"),
        (lambda: ps.OpusEncoderConfig(complexity=11), ValueError, "complexity is 11"),
        (lambda: ps.OpusEncoderConfig(fec="yes"), TypeError, "fec is 'yes'"),
        (lambda: ps.OpusEncoderConfig(dtx=None), TypeError, "dtx is None"),
        (lambda: ps.VorbisEncoderConfig(bitrate_mode="big"), ValueError, "bitrate_mode is 'big'"),
    ],
)
def test_wrong_configs_are_refused(make, error, words):
    with pytest.raises(error, match=words) as caught:
        make()
    assert isinstance(caught.value, ps.PastreamError)


@needs("mp3", "aac", "aac-raw", "opus", "flac", "vorbis")
@pytest.mark.parametrize(
    ("codec", "form", "keywords", "words"),
    [
        ("mp3", (48000, 3, "f32"), {}, "channels is 3; MP3 can have 1 to 2"),
        ("mp3", (96000, 2, "f32"), {}, "96000; MP3 cannot have it: resample it to 48000"),
        ("mp3", (48000, 2, "f32"), {"bitrate": 10}, "bitrate is 10"),
        ("aac", (48000, 9, "f32"), {}, "channels is 9"),
        ("aac", (48000, 2, "f32"), {"tags": {"title": "a"}, "container": "raw"}, "tags"),
        ("pcm", (48000, 2, "f32"), {"tags": {"title": "a"}}, "tags"),
        ("opus", (44100, 2, "f32"), {}, "48000"),
        ("opus", (48000, 9, "f32"), {}, "channels is 9"),
        ("flac", (48000, 9, "i16"), {}, "channels is 9"),
        ("flac", (48000, 2, "i16"), {"subtype": "FLOAT"}, "subtype is 'FLOAT'"),
        ("wav", (48000, 2, "i16"), {"subtype": "VORBIS"}, "subtype is 'VORBIS'"),
        ("wav", (48000, 2, "i16"), {"container": "rf64"}, "seek|frames"),
        ("vorbis", (500000, 2, "f32"), {}, "500000"),
    ],
)
def test_what_a_codec_cannot_have_is_refused(codec, form, keywords, words):
    config = type(ps.Encoder(codec, None).config)
    with pytest.raises(ValueError, match=words):
        ps.Encoder(codec, config(ps.AudioFormat(*form), **keywords))
    encoder = ps.Encoder(codec, config(**keywords))
    form = ps.AudioFormat(*form)
    with pytest.raises(ValueError, match=words):
        encoder.put_frame(sound(form, 10), format=form)
    assert encoder.output_format() is None  # Nothing has changed.


def test_a_promise_that_is_not_kept_is_told_and_loses_nothing():
    encoder = ps.Encoder("wav", ps.WavEncoderConfig(STEREO, frames=5000))
    encoder.put_frame(quiet(3000))
    with pytest.raises(ps.StateError, match="5000"):
        encoder.flush()
    packets = list(iter(encoder.get_packet, None))
    assert sum(p.duration for p in packets) == 3000
    encoder.reset()
    with pytest.raises(ps.LimitError, match="5000"):
        encoder.put_frame(quiet(6000))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda e: e.put_frame(np.zeros((3, 5), "f4")), ValueError, r"pcm has shape \(3, 5\)"),
        (lambda e: e.put_frame(np.zeros(5, "f4")), ValueError, r"pcm has shape \(5,\)"),
        (lambda e: e.put_frame(np.zeros((2, 5), "c8")), TypeError, "with dtype complex64"),
        (lambda e: e.put_frame(None), TypeError, "pcm is None"),
        (lambda e: e.put_frame(quiet(5), 1.5), TypeError, "pts is 1.5"),
        (lambda e: e.put_frame(quiet(5), 2**63), ValueError, "pts is 9223"),
        (lambda e: e.put_frame(quiet(5), 2**63 - 1), ValueError, "pts is 9223"),
        (lambda e: e.put_frame(quiet(5), format="f32"), TypeError, "format is 'f32'"),
        (lambda e: e.get_frame(force=None), TypeError, "force is None"),
        (lambda e: e.get_packet("yes"), TypeError, "force is 'yes'"),
        (lambda e: e.encode(3), TypeError, "x is 3"),
        (lambda e: e.encode(None), TypeError, "x is None"),
        (
            lambda e: list(e.encode([ps.NodeBuffer.packet(ps.Packet(b"a"))])),
            TypeError,
            "takes sound, not packets",
        ),
    ],
)
def test_wrong_calls_change_nothing(call, error, words):
    encoder = ps.Encoder("pcm", ps.PcmEncoderConfig(STEREO))
    encoder.put_frame(quiet(7))
    with pytest.raises(error, match=words):
        call(encoder)
    assert encoder.pending_samples() == encoder.samples == 7
