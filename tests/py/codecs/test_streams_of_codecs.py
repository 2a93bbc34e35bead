# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Streams record into files of every codec, and play them."""

import numpy as np
import pytest

import pastream_ng as ps

from .kinds import EVERY, cases

KINDS = [kind for kind in EVERY if kind.encoding != "PCM"]
every = pytest.mark.parametrize("kind", cases(KINDS))


@every
def test_a_stream_records_into_any_codec(kind, tmp_path):
    path = tmp_path / "take"
    rate = 48000 if 48000 in kind.rates else 44100
    options = {"format": kind.format, "subtype": kind.subtype, "tags": {"title": "Take"}}
    if kind.encoding != "FLAC":
        options["bitrate"] = 96_000
    device = ps.VirtualDevice(clock="free", input="sine")
    with ps.SoundFileInputStream(
        path, device=device, samplerate=rate, channels=2, **options
    ) as stream:
        stream.frames = 20000
        stream.start()
        stream.wait()
        assert stream.inp_fh.frames == 20000
    found = ps.info(path)
    assert (found.format, found.codec) == (kind.format, kind.encoding)
    assert found.seconds == pytest.approx(20000 / rate)
    assert found.tags["title"] == "Take"
    data, _ = ps.read(path)
    assert 0.05 < np.abs(data[1000:]).max() <= 1.1
    with ps.SoundFileOutputStream(path, device=ps.VirtualDevice("null", clock="free")) as stream:
        stream.start()
        stream.wait()
        assert stream.stats.played_frames == found.frames


@pytest.mark.skipif(not ps.check_format("FLAC"), reason="this build has no FLAC")
def test_float_streams_become_flac_of_24_bits(tmp_path):
    device = ps.VirtualDevice(clock="free", input="sine")
    for dtype, subtype in (("float32", "PCM_24"), ("int16", "PCM_16"), ("int32", "PCM_32")):
        path = tmp_path / f"{dtype}.flac"
        with ps.SoundFileInputStream(
            path, device=device, samplerate=48000, channels=1, dtype=dtype, compression=0
        ) as stream:
            stream.frames = 5000
            stream.start()
            stream.wait()
        assert ps.info(path).subtype == subtype
        with ps.InputStream(device=device, samplerate=48000, channels=1, dtype=dtype) as stream:
            stream.start()
            with stream.to_file(tmp_path / "b.flac", compression=8, tags={"a": "b"}) as file:
                assert (file.subtype, file.tags) == (subtype, {"a": "b"})


def test_options_that_do_not_fit_are_refused_before_a_device_is_opened(tmp_path):
    path = tmp_path / "a.wav"
    with pytest.raises(ps.ArgumentError, match="bitrate is 64000; WAV has no bitrate"):
        ps.SoundFileInputStream(path, device="null", bitrate=64000)
    with ps.InputStream("null", channels=1) as stream:
        with pytest.raises(ps.ArgumentError, match="quality is 2"):
            stream.to_file(path, quality=2)
        with pytest.raises(ps.ArgumentTypeError, match="volume is no argument of to_file"):
            stream.to_file(path, volume=2)
    assert not path.exists()
    file = ps.SoundFile(path, "w", 48000, 1)
    with file, pytest.raises(ps.ArgumentTypeError, match="bitrate is 64000; the file is open"):
        ps.SoundFileInputStream(file, device="null", bitrate=64000)
