# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Ogg files that others made: how long they are, what is in them, and any frame at once."""

import numpy as np
import pytest
from corpus import corpus, over_corpus, path_of

import pastream_ng as ps
from pastream_ng.enums import DamageFlags

OURS = {"opus", "vorbis"}

pytestmark = pytest.mark.skipif(
    not {codec.name for codec in ps.available_codecs()} >= OURS,
    reason="this build has no Opus, or no Vorbis",
)


def read(path):
    """Read a file to its end. Return its frames, whatever length it claims, and its damage."""
    pieces = []
    with ps.SoundFile(path) as file:
        while True:
            pieces.append(file.read(1 << 16, dtype="float32", always_2d=True))
            if len(pieces[-1]) == 0:
                break
        assert file.frames in (-1, sum(map(len, pieces)))
        return np.concatenate(pieces), file.damage


@over_corpus(container="ogg")
def test_lengths_are_those_that_others_find(row):
    if row["codec"] not in OURS or row["file"] == "hostile/bomb_opus_silence_20min.opus":
        pytest.skip("it is no file for this test")
    if row["file"].endswith("variable-channel.ogg"):
        with pytest.raises(ps.FileFormatError, match=r"frame 44100 from 2 channels .* to 1 at"):
            read(path_of(row))
        return
    data, damage = read(path_of(row))
    assert data.shape[1] == row["channels"]
    assert np.isfinite(data).all()
    # There are a few on which others do not agree, or of which they lose more.
    differing = {
        # Played from beginning to end, as its packets are.
        "opus_granule_backwards.opus": (519048, DamageFlags.HEADER),
        "opus_granule_negative.opus": (519048, DamageFlags(0)),
        # The page that is missing is silent.
        "opus_page_missing.opus": (518400, DamageFlags.MISSING),
        "vorbis_crc_flip.ogg": (30592, DamageFlags.MISSING | DamageFlags.CORRUPT),
        # It says that it is 0.1 s long, and at 1000 Hz it is; FFmpeg plays whole packets.
        "fuzzcorpus__spacestorm-1000Hz-100ms.ogg": (99, DamageFlags(0)),
    }
    frames, flags = differing.get(row["file"].split("/")[1], (row["frames"], None))
    if frames is not None:
        assert len(data) == frames
    if flags is not None:
        assert damage.flags == flags
    if row["category"] == "good":
        assert not damage


def test_missing_pages_are_silent():
    rows = [row for row in corpus() if row["file"].endswith("opus_page_missing.opus")]
    if not rows:
        pytest.skip("there is no corpus")
    data, damage = read(path_of(rows[0]))
    whole, _ = read(path_of(rows[0]).parents[1] / "opus" / "hopus__speech_8.opus")
    assert damage.lost_frames == 48000
    first = damage.first_frame
    assert not data[first : first + 48000].any()
    np.testing.assert_array_equal(data[:first], whole[:first])
    # Opus finds back by and by.
    rest = slice(first + 48000 + 24000, None)
    np.testing.assert_allclose(data[rest], whole[rest], atol=2e-3)


@over_corpus("good", container="ogg")
def test_samples_are_those_that_libsndfile_finds(row):
    soundfile = pytest.importorskip("soundfile")
    if row["codec"] not in OURS:
        pytest.skip("it is no file for this test")
    wanted, rate = soundfile.read(path_of(row), dtype="float32", always_2d=True)
    data, _ = read(path_of(row))
    assert rate == row["rate"]
    # Both may clip, or not, what is beyond full scale.
    np.testing.assert_allclose(data.clip(-1, 1), wanted.clip(-1, 1), atol=3e-5)


SOUGHT = (
    "opus/hopus__speech_8.opus",
    "opus/fate__testvector08_plain_remux.opus",
    "ogg/musicmeta__no-last-page.oga",
    "ogg/fuzzcorpus__chain.ogg",
    "ogg/waars__major-scale.ogg",
    "ogg/fuzzcorpus__connecting.ogg",
    "hostile/opus_granule_backwards.opus",
    "hostile/opus_page_missing.opus",
    "hostile/vorbis_crc_flip.ogg",
)


@pytest.mark.parametrize("name", SOUGHT)
def test_a_seek_gives_what_reading_on_gives(name):
    rows = [row for row in corpus() if row["file"] == name]
    if not rows:
        pytest.skip("there is no corpus")
    whole, _ = read(path_of(rows[0]))
    frames = len(whole)
    # Opus has converged after its roll-in, but not to the last bit.
    atol = 4e-3 if rows[0]["codec"] == "opus" else 1e-6
    places = [frames - 1, 0, 1, frames // 2, 1000, frames // 3, frames - 2000, frames // 3 + 1]
    places += [44099, 44100, 88200] if "chain" in name else []
    with ps.SoundFile(path_of(rows[0])) as file:
        for place in places:
            assert file.seek(place) == place
            found = file.read(3000, dtype="float32", always_2d=True)
            np.testing.assert_allclose(found, whole[place : place + 3000], atol=atol)
        file.seek(frames)
        assert len(file.read(always_2d=True)) == 0
