# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""From every kind of file into every other: what comes out is what went in, to the frame."""

import numpy as np
import pytest

import pastream_ng as ps

from ..codecs.kinds import snr_db
from .ends import BUILT, RATE, TAGS, WITHOUT_TAGS, over_ends, sound, store

FRAMES = 14401
WANTED = sound(FRAMES)


def read(path):
    with ps.SoundFile(path) as file:
        told = file.frames
        data = file.read(dtype="float64", always_2d=True)
        assert told in (-1, len(data))
        assert not file.damage
        return data, file.samplerate, file.tags.to_dict()


def joined(texts):
    """Return the texts of a tag as MP4 files have them: one."""
    return texts if isinstance(texts, str) else "; ".join(texts)


@over_ends("source")
def test_a_transcoding_is_a_decoding_and_an_encoding(source, tmp_path):
    path = store(source, tmp_path, WANTED)
    data, rate, tags = read(path)
    assert rate == RATE
    assert len(data) == FRAMES
    before = path.read_bytes()
    (tmp_path / "out").mkdir()
    (tmp_path / "straight").mkdir()
    for name, target in BUILT.items():
        out = tmp_path / "out" / target.name
        stats = ps.transcode(path, out, **target.options)
        got, rate, kept = read(out)
        straight, _, _ = read(store(target, tmp_path / "straight", data))
        assert rate == RATE, name
        assert got.shape == straight.shape, name
        assert len(got) == len(data), name
        if target.lossless and source.lossless:
            assert np.array_equal(got * 32768, WANTED), name
        # From a lossy file the one has rounded floats and the other doubles.
        assert np.abs(got - straight).max() <= (2.1 / 32768 if target.lossless else 0.01), name
        worst = min(source.kind.snr_db, target.kind.snr_db)
        assert snr_db(got[:FRAMES], WANTED / 32768) > worst - 3, name
        assert stats.frames_decoded == stats.frames_encoded == len(data), name
        assert stats.input_size == len(before), name
        assert stats.output_size == out.stat().st_size, name
        assert stats.compression_ratio == pytest.approx(stats.input_size / stats.output_size)
        assert (stats.packets_processed > 0) == (target.kind.encoding != "PCM"), name
        assert stats.peak == pytest.approx(np.abs(data).max(), abs=0.01), name
        assert not stats.damage
        if target.kind.format not in WITHOUT_TAGS:
            texts = [{key: joined(each.get(key, "")) for key in TAGS} for each in (kept, tags)]
            assert texts[0] == texts[1], name
    assert path.read_bytes() == before


@over_ends("target")
@pytest.mark.parametrize("frames", [0, 1, 1151, 4097])
def test_lengths_are_exact(target, frames, tmp_path):
    wanted = sound(frames)
    ps.write(tmp_path / "a.wav", wanted, RATE)
    out = tmp_path / target.name
    stats = ps.transcode(tmp_path / "a.wav", out, **target.options)
    got, _, _ = read(out)
    assert got.shape == (frames, 2)
    assert stats.frames_decoded == frames
    if target.lossless:
        assert np.array_equal(got * 32768, wanted)


@over_ends("target")
def test_another_rate_and_other_channels(target, tmp_path):
    """A second is a second, in one channel as in two."""
    ps.write(tmp_path / "a.wav", sound(11025, rate=22050), 22050)
    out = tmp_path / target.name
    stats = ps.transcode(tmp_path / "a.wav", out, sample_rate=RATE, channels=1, **target.options)
    got, rate, _ = read(out)
    assert (rate, got.shape[1]) == (RATE, 1)
    assert len(got) == 24000
    assert (stats.frames_decoded, stats.frames_encoded) == (11025, 24000)


RATES = {"MP3": (8000, 48000), "OPUS": (8000, 48000), "VORBIS": (1000, 200_000)}


@over_ends("target", {name: end for name, end in BUILT.items() if end.kind.encoding in RATES})
@pytest.mark.parametrize("at", [0, 1])
def test_rates_that_a_codec_does_not_have_become_the_next_one(target, at, tmp_path):
    rate = (100, 384_000)[at]
    ps.write(tmp_path / "a.wav", sound(rate // 10, rate=rate), rate)
    stats = ps.transcode(tmp_path / "a.wav", tmp_path / target.name)
    wanted = RATES[target.kind.encoding][at]
    assert stats.output_format.samplerate == wanted
    assert stats.frames_encoded == wanted // 10


@over_ends("source")
@pytest.mark.parametrize(
    ("start", "duration"), [(0.1, 0.05), (0.123456, None), (0.0, 0.00002), (14401 / RATE, None)]
)
def test_a_part_is_that_part(source, start, duration, tmp_path):
    path = store(source, tmp_path, WANTED)
    whole, _, _ = read(path)
    first = round(start * RATE)
    last = FRAMES if duration is None else first + round(duration * RATE)
    options = {"start_time": start, "duration": duration, "sample_format": "float32"}
    stats = ps.transcode(path, tmp_path / "part.wav", on_damage="raise", **options)
    got, _, _ = read(tmp_path / "part.wav")
    assert got.shape == (last - first, 2)
    assert stats.frames_decoded == last - first
    # Codecs whose frames lean on those before may find another beginning of that.
    worst = 1e-9 if source.lossless else 5e-3
    assert np.abs(got - whole[first:last]).max(initial=0) <= worst
