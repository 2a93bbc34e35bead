# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Other programs read the packets that encoders give, one behind the other."""

from __future__ import annotations

import json
import shutil
import subprocess

import numpy as np
import pytest

import pastream_ng as ps

from .streams import RATE, STREAMS, can, encoded, joined, snr_db, sound


def needs(tool):
    return pytest.mark.skipif(shutil.which(tool) is None, reason=f"{tool} is not installed")


def stream_of(name, samples, **keywords):
    stream = STREAMS[name]
    if not can(stream):
        pytest.skip(f"this build has no {stream.codec}")
    form = stream.format()
    x = sound(form, samples)
    packets, encoder = encoded(stream, x, form, **keywords)
    return stream, joined(packets), packets, encoder, ps.AudioFormat(RATE, 2, "f32").array(x)


def ran(*command, data):
    return subprocess.run(command, input=data, capture_output=True, check=True, timeout=30).stdout


def interleaved(data, dtype="float32"):
    return np.frombuffer(data, dtype).reshape(-1, 2).T


@needs("ffmpeg")
@pytest.mark.parametrize(
    "name", [name for name, stream in STREAMS.items() if not stream.is_bare and name != "pcm"]
)
def test_ffmpeg_hears_the_same(name):
    # FFmpeg 5 cannot read FLAC of 32 bits.
    bits = {"subtype": "PCM_24"} if name == "flac-ogg" else {}
    stream, data, _, encoder, x = stream_of(name, 30000, **bits)
    y = interleaved(ran("ffmpeg", "-v", "error", "-i", "-", "-f", "f32le", "-", data=data))
    if not stream.tells:  # FFmpeg knows the delay of the decoder alone, or nothing.
        late = y.shape[1] - encoder.padding - 30000
        assert late in (0, encoder.delay)
        y = y[:, late : late + 30000]
    assert y.shape == x.shape
    assert snr_db(y, x) > (90 if stream.is_exact else stream.snr_db)


@needs("ffprobe")
def test_ffprobe_counts_the_same_packets():
    for name in ("mp3", "aac", "flac"):
        _, data, packets, _, _ = stream_of(name, 30000)
        command = ["ffprobe", "-v", "error", "-show_packets", "-of", "json", "-"]
        found = json.loads(ran(*command, data=data))["packets"]
        assert [int(p["size"]) for p in found] == [len(p) for p in packets if p.duration > 0]


@needs("flac")
def test_flac_tests_the_stream():
    _, data, _, _, x = stream_of("flac", 30000)
    y = interleaved(
        ran("flac", "-s", "-d", "-c", "--force-raw-format", "--endian=little", "--sign=signed", "-",
            data=data),
        "int16",
    )  # fmt: skip
    np.testing.assert_array_equal(y, ps.AudioFormat(RATE, 2, "i16").array(x))


@needs("opusdec")
def test_opusdec_gives_the_same_length():
    _, data, _, _, x = stream_of("opus-ogg", 30000)
    y = interleaved(
        ran("opusdec", "--quiet", "--float", "--rate", "48000", "-", "-", data=data)[-240000:]
    )
    assert y.shape == x.shape
    assert snr_db(y, x) > 12


@needs("mpg123")
def test_mpg123_gives_the_same_length_if_that_was_told():
    _, data, _, _, x = stream_of("mp3-known", 30000)
    y = interleaved(ran("mpg123", "-q", "-e", "f32", "-s", "-", data=data))
    assert y.shape == x.shape
    assert snr_db(y, x) > 12


@needs("ffmpeg")
def test_we_decode_what_ffmpeg_sends_through_a_pipe():
    x = sound(ps.AudioFormat(RATE, 2, "f32", planar=False), 30000)
    for codec, arguments in (
        ("wav", ["-f", "wav"]),
        ("flac", ["-f", "flac"]),
        ("mp3", ["-f", "mp3", "-b:a", "128k"]),
        ("aac", ["-f", "adts"]),
        ("opus", ["-f", "ogg", "-c:a", "libopus"]),
        ("vorbis", ["-f", "ogg", "-c:a", "libvorbis"]),
    ):
        if codec != "wav" and not can(STREAMS[codec]):
            continue
        command = ["ffmpeg", "-v", "error", "-f", "f32le", "-ar", "48000", "-ac", "2", "-i", "-"]
        data = ran(*command, *arguments, "-", data=x.tobytes())
        decoder = ps.Decoder(codec)
        pieces = (data[n : n + 999] for n in range(0, len(data), 999))
        blocks = [*decoder.decode(pieces), *decoder.flush()]
        n = sum(block.shape[1] for block in blocks)
        assert 30000 <= n <= 30000 + (2560 if codec in ("mp3", "aac") else 0), codec
        assert not decoder.damage
