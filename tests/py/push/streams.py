# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Every kind of stream that encoders give and decoders take, for tests over all of them."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest

import pastream_ng as ps
from pastream_ng.packets.sample_types import SAMPLE_TYPES

RATE = 48000


class Stream(NamedTuple):
    """A kind of stream.

    Attributes
    ----------
    codec : str
        Its codec.
    container : str
        What is around the packets, as `available_codecs` calls it.
    make : callable
        Makes the config of an encoder, from a format and keywords.
    read : callable
        Makes the config of a decoder, from an encoder and keywords.
    sample_type : str
        Of the sound that is given.
    is_exact : bool
        Whether what is decoded is what was encoded.
    is_bare : bool
        Whether each packet has to be put in by itself.
    tells : bool
        Whether the stream tells a decoder which samples are the encoder's own.
    frame : int
        Of the codec.
    snr_db : float
        Of tones, if it is not exact.
    knows : bool
        Whether the encoder is told how much will come.
    """

    codec: str
    container: str
    make: Callable
    read: Callable
    sample_type: str = "f32"
    is_exact: bool = False
    is_bare: bool = False
    tells: bool = True
    frame: int = 1024
    snr_db: float = 12
    knows: bool = False

    def config(self, form, expected=0, **keywords):
        """Return the config of an encoder of so many samples."""
        if self.knows:
            keywords.setdefault("frames", expected)
        return self.make(form, **keywords)

    def format(self, rate=RATE, channels=2, planar=True):
        return ps.AudioFormat(rate, channels, self.sample_type, planar)

    def decoder(self, encoder, frames, chunk=None, **keywords):
        """Return a decoder that gives the frames that went in."""
        cut = {} if self.tells else {"skip": encoder.delay, "frames": frames}
        if self.is_bare and self.codec == "opus":
            cut = {"frames": frames}  # OpusHead tells the start.
        return ps.Decoder(self.codec, self.read(encoder, chunk_samples=chunk, **keywords), **cut)


def _plain(name):
    def read(encoder, **keywords):
        stored = encoder.output_format()
        if name == "Wav":
            return ps.WavDecoderConfig(None, **keywords)
        return ps.PcmDecoderConfig(stored, **keywords)

    return read


def _of(config, **fixed):
    def make(*arguments, **keywords):
        return config(*arguments, **fixed, **keywords)

    return make


def _for(config):
    def read(encoder, **keywords):
        return config(**keywords)

    return read


def _bare(config):
    def read(encoder, **keywords):
        return config(extradata=encoder.extradata, **keywords)

    return read


STREAMS = {
    "wav": Stream("wav", "WAV", ps.WavEncoderConfig, _plain("Wav"), "i16", True, frame=1),
    "wav-float": Stream("wav", "WAV", ps.WavEncoderConfig, _plain("Wav"), "f32", True, frame=1),
    "wav-known": Stream(
        "wav", "WAV", ps.WavEncoderConfig, _plain("Wav"), "i32", True, frame=1, knows=True
    ),
    "pcm": Stream("pcm", "RAW", ps.PcmEncoderConfig, _plain("Pcm"), "u8", True, frame=1),
    "mp3": Stream(
        "mp3", "MP3", ps.Mp3EncoderConfig, _for(ps.Mp3DecoderConfig), frame=1152, tells=False
    ),
    "mp3-known": Stream(
        "mp3", "MP3", ps.Mp3EncoderConfig, _for(ps.Mp3DecoderConfig), frame=1152, knows=True
    ),
    "aac": Stream("aac", "ADTS", ps.AacEncoderConfig, _for(ps.AacDecoderConfig), tells=False),
    "aac-raw": Stream(
        "aac",
        "ADTS",
        _of(ps.AacEncoderConfig, container="raw"),
        _bare(ps.AacDecoderConfig),
        is_bare=True,
        tells=False,
    ),
    "opus": Stream(
        "opus",
        "OGG",
        ps.OpusEncoderConfig,
        _bare(ps.OpusDecoderConfig),
        is_bare=True,
        tells=False,
        frame=960,
    ),
    "opus-ogg": Stream(
        "opus",
        "OGG",
        _of(ps.OpusEncoderConfig, container="ogg"),
        _for(ps.OpusDecoderConfig),
        frame=960,
    ),
    "flac": Stream(
        "flac", "FLAC", ps.FlacEncoderConfig, _for(ps.FlacDecoderConfig), "i16", True, frame=4096
    ),
    "flac-ogg": Stream(
        "flac",
        "OGG",
        _of(ps.FlacEncoderConfig, container="ogg"),
        _for(ps.FlacDecoderConfig),
        "i32",
        True,
        frame=4096,
    ),
    "vorbis": Stream("vorbis", "OGG", ps.VorbisEncoderConfig, _for(ps.VorbisDecoderConfig)),
}


def needs(*names):
    """Skip a test where this build has not all of these streams."""
    missing = [name for name in names if not can(STREAMS[name])]
    return pytest.mark.skipif(bool(missing), reason=f"this build has no {', '.join(missing)}")


def can(stream):
    if stream.codec in ("wav", "pcm"):
        return True
    return any(
        codec.encoding.lower() == stream.codec and stream.container in codec.encodes
        for codec in ps.available_codecs()
    )


every = pytest.mark.parametrize(
    "stream",
    [
        pytest.param(
            stream,
            id=name,
            marks=pytest.mark.skipif(not can(stream), reason=f"this build has no {stream.codec}"),
        )
        for name, stream in STREAMS.items()
    ],
)


def sound(form, samples):
    """Return tones, another in each channel, faded in and out, as an array of a format."""
    t = np.arange(samples) / form.sample_rate
    steps = 0.06 * form.sample_rate * (0.11 + 0.03 * np.arange(form.channels)[:, None])
    fade = np.minimum(1, np.minimum(t, t[::-1]) * 200)
    tones = (fade * 0.4 * np.sin(2 * np.pi * steps * t)).astype("float32")
    return form.array(tones if form.planar else tones.T)


def floats(array):
    """Return an array of any sample type as float64."""
    names = {row.dtype: name for name, row in SAMPLE_TYPES.items()}
    form = ps.AudioFormat(8000, len(array), names[array.dtype])
    return form.replace(sample_type="f64").array(array)


def snr_db(got, wanted):
    got, wanted = floats(got), floats(wanted)
    noise = np.sum((got - wanted) ** 2) + 1e-20
    return 10 * np.log10((np.sum(wanted**2) + 1e-20) / noise)


def encoded(stream, x, form, cuts=(), **keywords):
    """Return the packets of planar sound that is put in cut at some places, and their encoder."""
    encoder = ps.Encoder(stream.codec, stream.config(form, form.samples(x), **keywords))
    packets = []
    for piece in np.split(x, cuts, axis=1):
        packets += encoder.encode(piece)
    return packets + encoder.flush(), encoder


def joined(packets):
    return b"".join(packet.data for packet in packets)
