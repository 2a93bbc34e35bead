# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""AAC in ADTS and MP4 files: exact lengths, and files that others read and write."""

import json
import os
import shutil
import subprocess
import threading

import numpy as np
import pytest
from corpus import over_corpus, path_of

import pastream_ng as ps

RATE = 48000
# What one decoder adds to another's count, at most two packets.
TOLERANCE = 2048

pytestmark = pytest.mark.skipif(
    "aac" not in {codec.name for codec in ps.available_codecs()}
    if hasattr(ps, "available_codecs")
    else False,
    reason="this build has no AAC",
)


def tones(n_frames, rate=RATE, channels=2):
    t = np.arange(n_frames) / rate
    rows = [0.3 * np.sin(2 * np.pi * (300 + 110 * c) * t) for c in range(channels)]
    return np.stack(rows, 1).astype("f4") if rows else np.zeros((n_frames, 0), "f4")


def written(tmp_path, x, rate=RATE, format="ADTS", **options):
    path = tmp_path / f"x.{'aac' if format == 'ADTS' else 'm4a'}"
    with ps.SoundFile(path, "w", rate, x.shape[1], format=format, **options) as file:
        file.write(x)
    return path


def read(path):
    with ps.SoundFile(path) as file:
        told = file.frames
        data = file.read(always_2d=True)
    assert told == len(data)
    return data


def snr_db(found, wanted):
    error = found - wanted
    return 10 * np.log10((wanted**2).sum(0) / (error**2).sum(0))


@pytest.mark.parametrize("format", ["ADTS", "MP4"])
@pytest.mark.parametrize("n_frames", [0, 1, 2, 1023, 1024, 1025, 4097, 30003])
@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (44100, 2), (96000, 1)])
def test_lengths_are_exact(tmp_path, format, n_frames, rate, channels):
    x = tones(n_frames, rate, channels)
    assert len(read(written(tmp_path, x, rate, format))) == n_frames


@pytest.mark.parametrize("format", ["ADTS", "MP4"])
@pytest.mark.parametrize("channels", [1, 2, 3, 6, 8])
def test_what_comes_back_lies_where_it_was(tmp_path, format, channels):
    x = tones(30003, 16000, channels)
    y = read(written(tmp_path, x, 16000, format, bitrate=48000 * channels))
    heard = [c for c in range(channels) if not (channels > 3 and c == 3)]  # The LFE is cut.
    inner = slice(2000, -2000)
    assert snr_db(y[inner][:, heard], x[inner][:, heard]).min() > 15


@pytest.mark.parametrize("format", ["ADTS", "MP4"])
def test_a_seek_gives_what_reading_on_gives(tmp_path, format):
    path = written(tmp_path, tones(60000, 16000), 16000, format)
    y = read(path)
    with ps.SoundFile(path) as file:
        for frame in (59999, 0, 1, 1023, 1024, 31234, 45000, 20):
            file.seek(frame)
            # Noise that stands for noise is not the same twice.
            np.testing.assert_allclose(
                file.read(500, always_2d=True), y[frame : frame + 500], atol=3e-3
            )
        file.seek(60000)
        assert len(file.read()) == 0


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="there is no ffmpeg")
@pytest.mark.parametrize("format", ["ADTS", "MP4"])
def test_ffmpeg_reads_our_files(tmp_path, format):
    x = tones(30003)
    path = written(tmp_path, x, format=format)
    raw = tmp_path / "x.raw"
    command = ["ffmpeg", "-v", "error", "-i", path, "-f", "f32le", raw]
    assert subprocess.run(command, capture_output=True, check=True).stderr == b""
    found = np.fromfile(raw, "<f4").reshape(-1, 2)
    delay = 1024 if format == "ADTS" else 0  # Which the note in front tells to who knows it.
    assert 0 <= len(found) - delay - len(x) < 1024
    np.testing.assert_allclose(found[delay : delay + len(x)], read(path), atol=1e-3)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="there is no ffmpeg")
@pytest.mark.parametrize("name", ["x.aac", "x.m4a"])
def test_we_read_the_files_of_ffmpeg(tmp_path, name):
    x = tones(30003)
    x.tofile(tmp_path / "x.raw")
    command = ["ffmpeg", "-v", "error", "-f", "f32le", "-ar", str(RATE), "-ac", "2", "-i"]
    subprocess.run([*command, tmp_path / "x.raw", "-b:a", "160k", tmp_path / name], check=True)
    y = read(tmp_path / name)
    # ADTS cannot tell delays, and FFmpeg counts lengths in MP4 by milliseconds.
    delay, rounding = (1024, 0) if name == "x.aac" else (0, 48)
    assert -rounding <= len(y) - delay - len(x) < 1024
    assert snr_db(y[delay + 2000 : delay + 28000], x[2000:28000]).min() > 15


@pytest.mark.skipif(shutil.which("faad") is None, reason="there is no faad")
@pytest.mark.parametrize("tags", [None, {"title": "A", "comment": "x" * 300, "mood": "B"}])
def test_faad_finds_the_sound_behind_the_tags(tmp_path, tags):
    """It passes over one tag and no more."""
    x = tones(30003)
    path = written(tmp_path, x, format="ADTS", tags=tags)
    raw = tmp_path / "x.raw"
    subprocess.run(["faad", "-q", "-f", "2", "-b", "4", "-o", raw, path], check=True)
    found = np.fromfile(raw, "<f4").reshape(-1, 2)
    delay = len(found) - len(x)
    assert 0 <= delay < 3072
    with ps.SoundFile(path) as file:
        assert file.frames == len(x)
        assert dict(file.tags) == (tags or {})
    assert max(snr_db(found[at : at + 30003], x).min() for at in (1024, 0) if at <= delay) > 15


@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="there is no ffprobe")
@pytest.mark.parametrize("format", ["ADTS", "MP4"])
def test_tags_come_back_and_others_read_them(tmp_path, format):
    tags = {"title": "Tönen", "artist": "A", "tracknumber": "3"}
    path = written(tmp_path, tones(3000), format=format, tags=tags)
    command = ["ffprobe", "-v", "error", "-of", "json", "-show_entries", "format_tags", path]
    told = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert told["format"]["tags"]["title"] == "Tönen"
    assert told["format"]["tags"]["track"] == "3"
    with ps.SoundFile(path) as file:
        assert file.frames == 3000
        assert "itunsmpb" not in file.tags
        assert {key: "".join(file.tags[key]) for key in tags} == tags


@pytest.mark.parametrize("format", ["ADTS", "MP4"])
def test_pipes_carry_aac_both_ways(tmp_path, format):
    x = tones(30003)
    reading, writing = os.pipe()
    found = []

    def listen():
        with ps.SoundFile(reading) as file:
            found.append(file.read(always_2d=True))

    thread = threading.Thread(target=listen)
    thread.start()
    with ps.SoundFile(writing, "w", RATE, 2, format=format) as file:
        file.write(x)
    thread.join()
    delay = 1024 if format == "ADTS" else 0
    assert 0 <= len(found[0]) - delay - len(x) < 1024
    assert snr_db(found[0][delay + 2000 : delay + 28000], x[2000:28000]).min() > 15


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="ffmpeg is missing")
def test_a_file_whose_index_lies_at_its_end_cannot_come_from_a_pipe(tmp_path):
    sound = ["-f", "lavfi", "-i", "anoisesrc=duration=20:amplitude=0.3"]
    subprocess.run(["ffmpeg", "-v", "error", *sound, tmp_path / "x.m4a"], check=True)
    assert ps.info(tmp_path / "x.m4a").codec == "AAC"
    with (
        subprocess.Popen(["cat", tmp_path / "x.m4a"], stdout=subprocess.PIPE) as cat,
        pytest.raises(ps.FileFormatError, match=r"index lies behind the sound"),
    ):
        ps.read(cat.stdout.fileno(), closefd=False)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"samplerate": 47000}, "samplerate is 47000, which AAC cannot have; the next.*48000"),
        ({"channels": 7}, "channels is 7; AAC can have 1 to 6, or 8"),
        ({"channels": 9}, "channels is 9; AAC can have 1 to 8"),
        ({"bitrate": 1000}, "bitrate is 1000; for AAC of 2 channels .* from 16000 to 576000"),
        ({"bitrate": 600000}, "bitrate is 600000"),
        ({"bitrate_mode": "constant"}, "bitrate_mode is 2; AAC is written with an average"),
        ({"quality": 0.5}, "quality is 0.5; AAC has no such choice"),
        ({"compression": 3}, "compression is 3; AAC has no such choice"),
    ],
)
def test_what_aac_cannot_have_is_refused(tmp_path, options, text):
    arguments = {"samplerate": RATE, "channels": 2, "format": "ADTS", **options}
    with pytest.raises(ps.ArgumentError, match=text):
        ps.SoundFile(tmp_path / "x.aac", "w", **arguments)
    assert not (tmp_path / "x.aac").exists()


@over_corpus("good", folder="aac")
def test_good_files_of_the_corpus(row):
    y = read(path_of(row))
    assert abs(len(y) - row["frames"]) <= TOLERANCE
    wanted = np.array(row["rms_dbfs"])
    # What the file's list of edits cuts off, the tool that made the list of levels has kept.
    if y.shape == (row["frames"], len(wanted)):
        found = 20 * np.log10(np.sqrt((y.astype("f8") ** 2).mean(0)))
        np.testing.assert_allclose(found, wanted, atol=0.15)
