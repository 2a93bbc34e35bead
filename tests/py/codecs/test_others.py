# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Others read what we write, we read what others write, and many do so at once."""

import io
import json
import locale
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import psutil
import pytest

import pastream_ng as ps

from ..conftest import run_python
from .kinds import EVERY, can, every, lag, stored, tones

ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="there is no ffmpeg")
EXTENSIONS = {
    "MP3": "mp3",
    "OPUS": "opus",
    "VORBIS": "ogg",
    "FLAC": "flac",
    "ADTS": "aac",
    "MP4": "m4a",
    "W64": "w64",
}
# What each adds in front or behind where it knows no better, in frames.
SLACK = {"MP3": 1152 + 1105, "ADTS": 2 * 1024, "MP4": 2 * 1024}
ENCODERS = {
    "MP3": "libmp3lame",
    "OPUS": "libopus",
    "VORBIS": "libvorbis",
    "FLAC": "flac",
    "AAC": "aac",
    "PCM": "pcm_s16le",
}


def noise(rate, channels=2):
    """Return sound that is like itself in one place alone."""
    random = np.random.default_rng(3).normal(0, 0.2, (rate // 2, channels))
    return np.apply_along_axis(np.convolve, 0, random, np.ones(8) / 4, "same").astype("float32")


def by_ffmpeg(path, rate, channels=2):
    command = ["ffmpeg", "-v", "error", "-i", path, "-f", "f32le", "-ar", str(rate), "-"]
    done = subprocess.run(command, capture_output=True, check=True)
    assert done.stderr == b""
    return np.frombuffer(done.stdout, "<f4").reshape(-1, channels)


@ffmpeg
@every
def test_ffmpeg_reads_our_files(kind, tmp_path):
    path = tmp_path / f"a.{EXTENSIONS.get(kind.format, kind.format.lower())}"
    rate = kind.rates[0]
    stored(kind, noise(rate), rate, path)
    got, _ = ps.read(path)
    theirs = by_ffmpeg(path, rate)
    slack = SLACK.get(kind.format, 0)
    assert abs(len(theirs) - len(got)) <= slack
    late = lag(theirs[:, :1], got[:, :1])
    assert 0 <= late <= (slack if kind.format == "ADTS" else 0)
    n = min(len(got), len(theirs) - late)
    tolerance = 0.05 if kind.encoding in ("MP3", "OPUS", "VORBIS", "AAC") else 1e-4
    assert np.sqrt(np.mean((theirs[late : late + n] - got[:n]) ** 2)) < tolerance * 0.2


@ffmpeg
@every
def test_we_read_the_files_of_ffmpeg(kind, tmp_path):
    if kind.format in ("WAVEX", "AIFF", "AU", "CAF", "RF64"):
        pytest.skip("the same codec as another row")
    rate = 44100 if 44100 in kind.rates else 48000
    sound = noise(rate)
    extension = EXTENSIONS.get(kind.encoding, EXTENSIONS.get(kind.format, kind.format.lower()))
    if kind.format == "OGG" and kind.encoding == "FLAC":
        extension = "oga"
    path = tmp_path / f"a.{extension}"
    command = ["ffmpeg", "-v", "error", "-f", "f32le", "-ar", str(rate), "-ac", "2", "-i", "-"]
    command += ["-c:a", ENCODERS[kind.encoding], "-b:a", "128k", "-metadata", "title=Näh", path]
    done = subprocess.run(command, input=sound.tobytes(), capture_output=True, check=False)
    if b"Unknown encoder" in done.stderr:
        pytest.skip(f"ffmpeg has no {ENCODERS[kind.encoding]}")
    assert done.returncode == 0, done.stderr
    found = ps.info(path)
    assert (found.format, found.codec, found.channels) == (kind.format, kind.encoding, 2)
    got, told = ps.read(path)
    assert told == rate
    slack = 2 * 1024 if kind.encoding == "AAC" else 0
    # MP4 counts lengths in thousandths of a second.
    assert -rate // 1000 <= len(got) - len(sound) <= slack
    assert lag(got, sound) == (1024 if kind.format == "ADTS" else 0)
    if kind.format not in ("ADTS", "W64"):
        assert found.tags["title"] == "Näh"


def coded(kind):
    """Return what a kind of file makes of some sound, from the writing to the reading."""
    place = stored(kind, noise(kind.rates[0]), kind.rates[0])
    return ps.read(place)[0]


def test_many_at_once_are_as_one_after_another():
    kinds = [kind for kind in EVERY if can(kind.format, kind.encoding)]
    wanted = [coded(kind) for kind in kinds]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(2):
            got = list(pool.map(coded, kinds))
            assert all(np.array_equal(*pair) for pair in zip(got, wanted, strict=True))


def test_threads_share_one_reader():
    kind = EVERY[-1]
    sound = noise(48000)
    with ps.SoundFile(stored(kind, sound, 48000)) as file, ThreadPoolExecutor(8) as pool:
        pieces = list(pool.map(lambda _: file.read(1000), range(24)))
        assert file.tell() == 24000
    ordered = sorted(pieces, key=lambda piece: np.argmin(np.abs(sound - piece[0]).sum(1)))
    np.testing.assert_allclose(np.concatenate(ordered), sound, atol=1e-4)


@every
def test_nothing_is_left_of_files(kind, tmp_path):
    path = tmp_path / "sound"
    sound = tones(5000, kind.rates[0], 2)

    def work(n):
        for _ in range(n):
            stored(kind, sound, kind.rates[0], path, tags=None)
            ps.read(path)
            ps.info(path)
            with pytest.raises(ps.FileFormatError):
                ps.read(io.BytesIO(path.read_bytes()[:20]))

    process = psutil.Process()
    work(3)
    before, files = process.memory_info().rss, process.num_fds()
    work(15)
    assert process.num_fds() <= files
    assert process.memory_info().rss - before < 8 << 20


def test_numbers_are_not_those_of_the_locale(tmp_path):
    found = []
    for name in ("de_DE.UTF-8", "fr_FR.UTF-8", "de_DE"):
        try:
            locale.setlocale(locale.LC_NUMERIC, name)
            found.append(name)
        except locale.Error:
            continue
        finally:
            locale.setlocale(locale.LC_NUMERIC, "C")
    if not found:
        pytest.skip("there is no locale with a decimal comma")
    done = run_python(
        "import locale, sys, json, numpy as np, pastream_ng as ps\n"
        "locale.setlocale(locale.LC_ALL, sys.argv[1])\n"
        "for name in ('a.wav', 'a.flac', 'a.opus', 'a.ogg', 'a.mp3'):\n"
        "    try:\n"
        "        ps.write(sys.argv[2] + name, np.zeros(4800), 48000, tags={'title': '0.5'})\n"
        "        print(json.dumps(ps.info(sys.argv[2] + name).to_dict()['tags']['title']))\n"
        "    except ps.CodecMissingError:\n"
        "        pass\n",
        found[0],
        f"{tmp_path}/",
    )
    assert {json.loads(line) for line in done.stdout.splitlines()} == {"0.5"}
