# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Ogg Opus and Vorbis files of our own: exact lengths, in place, and readable by everybody."""

import io
import os
import shutil
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest

import pastream_ng as ps
from pastream_ng.enums import DamageFlags

from ..conftest import run_python

pytestmark = pytest.mark.skipif(
    not {codec.name for codec in ps.available_codecs()} >= {"opus", "vorbis"},
    reason="this build has no Opus, or no Vorbis",
)

SUBTYPES = ("OPUS", "VORBIS")
LENGTHS = (0, 1, 100, 648, 959, 960, 961, 1024, 5000)


def tones(n_frames, rate=48000, channels=2):
    t = np.arange(n_frames)[:, None] / rate
    c = np.arange(channels)
    return (
        0.4 * np.sin(2 * np.pi * (300 + 77 * c) * t) + 0.1 * np.sin(2 * np.pi * (900 + 177 * c) * t)
    ).astype("f4")


def write(file, data, rate=48000, subtype="OPUS", **options):
    with ps.SoundFile(
        file, "w", rate, data.shape[1], format="OGG", subtype=subtype, **options
    ) as made:
        made.write(data)
    return file


def read(file):
    with ps.SoundFile(file) as made:
        data = made.read(dtype="float32", always_2d=True)
        assert made.frames == len(data)
        assert not made.damage
        return data


def snr_db(found, wanted):
    inner = slice(2000, -2000)
    error = found[inner].astype("f8") - wanted[inner]
    return 10 * np.log10((wanted[inner].astype("f8") ** 2).sum(0) / (error**2).sum(0))


def needs(tool):
    return pytest.mark.skipif(shutil.which(tool) is None, reason=f"there is no {tool}")


# ---- There and back ----------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [8000, 12000, 16000, 24000, 48000])
@pytest.mark.parametrize("channels", [1, 2])
def test_opus_has_exactly_as_many_frames_at_48_khz(rate, channels):
    for n_frames in LENGTHS:
        file = write(io.BytesIO(), tones(n_frames, rate, channels), rate)
        file.seek(0)
        assert len(read(file)) == n_frames * (48000 // rate)
    file = write(io.BytesIO(), tones(50003, rate, channels), rate)
    file.seek(0)
    found = read(file)
    wanted = tones(50003 * (48000 // rate), 48000, channels)
    assert found.shape == wanted.shape
    snr = snr_db(found, wanted)
    assert snr.min() > 17
    # Moved by one frame of the original, it fits less.
    for shift in (-48000 // rate, 48000 // rate):
        assert (snr_db(np.roll(found, shift, 0), wanted) < snr).all()


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (22050, 2), (44100, 2), (96000, 1)])
def test_vorbis_has_exactly_as_many_frames(rate, channels):
    for n_frames in LENGTHS:
        file = write(io.BytesIO(), tones(n_frames, rate, channels), rate, "VORBIS")
        file.seek(0)
        assert len(read(file)) == n_frames
    file = write(io.BytesIO(), tones(50003, rate, channels), rate, "VORBIS")
    file.seek(0)
    found, wanted = read(file), tones(50003, rate, channels)
    assert snr_db(found, wanted).min() > 25
    for shift in (-1, 1):
        assert (snr_db(np.roll(found, shift, 0), wanted) < snr_db(found, wanted)).all()


@pytest.mark.parametrize("subtype", SUBTYPES)
@pytest.mark.parametrize("channels", range(3, 9))
def test_every_channel_stays_where_it_is(subtype, channels):
    data = tones(20003, 48000, channels)
    if channels > 5:  # The fourth is for a subwoofer, and keeps only what that can play.
        data[:, 3] = 0.3 * np.sin(2 * np.pi * 60 * np.arange(20003) / 48000)
    file = write(io.BytesIO(), data, subtype=subtype)
    file.seek(0)
    assert snr_db(read(file), data).min() > 12


@pytest.mark.parametrize("subtype", SUBTYPES)
def test_blocks_of_any_size_make_the_same_sound(subtype, tmp_path):
    data = tones(10007)
    whole = read(write(tmp_path / "a.ogg", data, subtype=subtype))
    with ps.SoundFile(tmp_path / "b.ogg", "w", 48000, 2, format="OGG", subtype=subtype) as file:
        for first in range(0, len(data), 331):
            file.write(data[first : first + 331])
    np.testing.assert_array_equal(read(tmp_path / "b.ogg"), whole)


@pytest.mark.parametrize("subtype", SUBTYPES)
def test_what_is_no_number_or_far_too_loud_does_no_harm(subtype, tmp_path):
    data = tones(9600)
    data[1000] = np.nan
    data[2000] = np.inf
    data[3000:3100] = 1e30
    found = read(write(tmp_path / "a.ogg", data, subtype=subtype))
    assert len(found) == 9600
    assert np.isfinite(found).all()
    assert abs(found).max() < 100


# ---- Choices -----------------------------------------------------------------------------------


def bits_per_second(data, subtype, **options):
    file = write(io.BytesIO(), data, subtype=subtype, **options)
    return 8 * len(file.getvalue()) / (len(data) / 48000)


@pytest.mark.parametrize(
    ("channels", "bitrate"), [(1, 16000), (2, 96000), (2, 510000), (4, 1020000)]
)
def test_the_bitrate_of_opus_is_that_which_was_asked_for(channels, bitrate):
    noise = np.random.default_rng(1).normal(0, 0.1, (96000, channels)).astype("f4")
    found = bits_per_second(noise, "OPUS", bitrate=bitrate, bitrate_mode="CONSTANT")
    assert found == pytest.approx(bitrate, rel=0.15)


def test_constant_packets_of_opus_all_have_the_same_size(tmp_path):
    silent = np.zeros((96000, 1), "f4")
    loud = np.random.default_rng(1).normal(0, 0.1, (96000, 1)).astype("f4")
    sizes = {
        bits_per_second(data, "OPUS", bitrate=32000, bitrate_mode="CONSTANT")
        for data in (silent, loud)
    }
    assert len(sizes) == 1
    assert bits_per_second(silent, "OPUS") < bits_per_second(loud, "OPUS") / 5


def test_the_quality_of_vorbis_takes_bits(tmp_path):
    noise = np.random.default_rng(1).normal(0, 0.1, (96000, 2)).astype("f4")
    rates = [bits_per_second(noise, "VORBIS", quality=q) for q in (0, 0.5, 1)]
    assert rates[0] < 0.7 * rates[1] < 0.5 * rates[2]
    for mode in ("AVERAGE", "CONSTANT"):
        found = bits_per_second(noise, "VORBIS", bitrate=128000, bitrate_mode=mode)
        assert found == pytest.approx(128000, rel=0.25)
    assert bits_per_second(noise, "VORBIS", bitrate=128000) > 100000


def test_less_effort_makes_another_file():
    data = tones(48000) + np.random.default_rng(1).normal(0, 0.05, (48000, 2)).astype("f4")
    files = [write(io.BytesIO(), data, compression=c).getvalue() for c in (0, 10)]
    assert files[0] != files[1]


@pytest.mark.parametrize(
    ("rate", "channels", "subtype", "options", "text"),
    [
        (44100, 2, "OPUS", {}, "44100, which OPUS cannot have; the next that it can is 48000"),
        (48000, 9, "OPUS", {}, "channels is 9"),
        (48000, 2, "OPUS", {"bitrate": 999}, "bitrate is 999; OPUS can have 1000 to 510000"),
        (48000, 2, "OPUS", {"bitrate": 510001}, "1000 to 510000 bit/s with 2 channels"),
        (48000, 1, "OPUS", {"bitrate": 300001}, "500 to 300000"),
        (48000, 4, "OPUS", {"bitrate": 1020001}, "2000 to 1020000"),
        (48000, 2, "OPUS", {"quality": 0.5}, "quality"),
        (48000, 2, "OPUS", {"compression": 11}, "compression"),
        (999, 1, "VORBIS", {}, "samplerate is 999; VORBIS can have 1000 to 200000"),
        (200001, 1, "VORBIS", {}, "samplerate is 200001"),
        (48000, 9, "VORBIS", {}, "channels is 9"),
        (48000, 2, "VORBIS", {"bitrate": 1000}, "bitrate is 1000; for VORBIS of 2 channels"),
        (48000, 2, "VORBIS", {"bitrate_mode": "CONSTANT"}, "no bitrate is given"),
        (48000, 2, "VORBIS", {"compression": 3}, "compression"),
    ],
)
def test_what_cannot_be_is_refused_first(tmp_path, rate, channels, subtype, options, text):
    path = tmp_path / "a.ogg"
    with pytest.raises((ps.ArgumentError, ps.ArgumentTypeError), match=text):
        ps.SoundFile(path, "w", rate, channels, format="OGG", subtype=subtype, **options)
    assert not path.exists()


@pytest.mark.parametrize("subtype", SUBTYPES)
def test_tags_are_those_that_others_read(tmp_path, subtype):
    mutagen = pytest.importorskip("mutagen")
    tags = {"title": "Über\nzwei Zeilen", "artist": ["A", "B"], "tracknumber": "3"}
    path = write(tmp_path / "a.ogg", tones(9600), subtype=subtype, tags=tags)
    told = mutagen.File(path)
    assert told["title"] == ["Über\nzwei Zeilen"]
    assert told["artist"] == ["A", "B"]
    assert told.info.length == pytest.approx(0.2, abs=1e-6)
    told["album"] = "Ein Album"
    told.save()
    with ps.SoundFile(path) as file:
        assert file.tags["album"] == "Ein Album"
        assert file.tags["title"] == "Über\nzwei Zeilen"
        assert len(file.read()) == 9600


# ---- Others ------------------------------------------------------------------------------------


def run(*command, **options):
    return subprocess.run(
        [str(part) for part in command], check=True, capture_output=True, timeout=60, **options
    )


@needs("ffmpeg")
@pytest.mark.parametrize("subtype", SUBTYPES)
@pytest.mark.parametrize("channels", [1, 2, 6, 8])
def test_ffmpeg_hears_what_we_hear(tmp_path, subtype, channels):
    data = tones(20003, 48000, channels)
    path = write(tmp_path / "a.ogg", data, subtype=subtype)
    run("ffmpeg", "-v", "error", "-i", path, "-f", "f32le", tmp_path / "x")
    found = np.fromfile(tmp_path / "x", "<f4").reshape(-1, channels)
    # FFmpeg 5 does not give the last packet of Vorbis its due.
    n = len(found)
    assert n == 20003 if subtype == "OPUS" else abs(n - 20003) < 1024
    n = min(n, 20003)
    np.testing.assert_allclose(found[:n], read(path)[:n], atol=2e-3)


@needs("opusdec")
@pytest.mark.parametrize("n_frames", [0, 1, 960, 10007])
def test_opusdec_agrees(tmp_path, n_frames):
    path = write(tmp_path / "a.opus", tones(n_frames))
    run("opusdec", "--quiet", "--rate", 48000, "--float", path, tmp_path / "x.wav")
    with ps.SoundFile(tmp_path / "x.wav") as file:
        found = file.read(dtype="float32", always_2d=True)
    np.testing.assert_allclose(found, read(path), atol=1e-4)


@needs("oggdec")
@pytest.mark.parametrize("n_frames", [1, 1024, 10007])
def test_oggdec_agrees(tmp_path, n_frames):
    path = write(tmp_path / "a.ogg", tones(n_frames), subtype="VORBIS")
    run("oggdec", "--quiet", "-o", tmp_path / "x.wav", path)
    with ps.SoundFile(tmp_path / "x.wav") as file:
        found = file.read(dtype="float32", always_2d=True)
    np.testing.assert_allclose(found, read(path), atol=1e-4)


@pytest.mark.parametrize("subtype", SUBTYPES)
@pytest.mark.parametrize("n_frames", [1, 960, 10007])
def test_libsndfile_agrees(tmp_path, subtype, n_frames):
    soundfile = pytest.importorskip("soundfile")
    path = write(tmp_path / "a.ogg", tones(n_frames), subtype=subtype)
    found, rate = soundfile.read(path, dtype="float32", always_2d=True)
    assert rate == 48000
    np.testing.assert_allclose(found, read(path), atol=1e-4)


@needs("opusenc")
@pytest.mark.parametrize("options", [(), ("--framesize", "60"), ("--framesize", "2.5")])
def test_files_of_opusenc_are_read(tmp_path, options):
    data = tones(20003)
    with ps.SoundFile(tmp_path / "x.wav", "w", 48000, 2, subtype="FLOAT") as file:
        file.write(data)
    run("opusenc", "--quiet", *options, tmp_path / "x.wav", tmp_path / "a.opus")
    found = read(tmp_path / "a.opus")
    assert found.shape == data.shape
    assert snr_db(found, data).min() > 25


@needs("oggenc")
def test_files_of_oggenc_are_read(tmp_path):
    data = tones(20003, 44100, 6)
    with ps.SoundFile(tmp_path / "x.wav", "w", 44100, 6, subtype="PCM_16") as file:
        file.write(data)
    run("oggenc", "--quiet", "-q", 6, "-o", tmp_path / "a.ogg", tmp_path / "x.wav")
    found = read(tmp_path / "a.ogg")
    assert found.shape == data.shape
    assert snr_db(found, data)[[0, 1, 2, 4, 5]].min() > 25


# ---- Pipes, crashes and full disks -------------------------------------------------------------


@pytest.mark.parametrize("subtype", SUBTYPES)
def test_pipes_carry_it_both_ways(tmp_path, subtype):
    data = tones(50003)
    wanted = read(write(tmp_path / "a.ogg", data, subtype=subtype))
    reading, writing = os.pipe()
    found = []

    def listen():
        with ps.SoundFile(reading) as file:
            assert not file.seekable()
            found.append(file.read(dtype="float32", always_2d=True))

    thread = threading.Thread(target=listen)
    thread.start()
    with ps.SoundFile(writing, "w", 48000, 2, format="OGG", subtype=subtype) as file:
        file.write(data)
    thread.join(30)
    np.testing.assert_array_equal(found[0], wanted)


@pytest.mark.parametrize("subtype", SUBTYPES)
def test_a_pipe_gives_what_has_come(tmp_path, subtype):
    path = write(tmp_path / "a.ogg", tones(48000), subtype=subtype)
    wanted = read(path)
    data = path.read_bytes()
    pages = [at for at in range(len(data)) if data.startswith(b"OggS", at)]
    reading, writing = os.pipe()
    os.write(writing, data[: pages[4]])
    with ps.SoundFile(reading) as file:
        # Two pages of sound have come, and nothing says that more will.
        np.testing.assert_array_equal(file.read(15000, dtype="float32"), wanted[:15000])
    os.close(writing)


KILLED = """
import sys, time
import numpy as np
import pastream_ng as ps
file = ps.SoundFile(sys.argv[1], "w", 48000, 2, format="OGG", subtype=sys.argv[2])
data = np.random.default_rng(1).normal(0, 0.1, (480, 2)).astype("f4")
for count in range(100):
    file.write(data)
print("written", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("subtype", SUBTYPES)
def test_a_killed_writer_loses_a_page_at_most(tmp_path, subtype):
    path = tmp_path / "a.ogg"
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, path, subtype], stdout=subprocess.PIPE
    ) as child:
        assert child.stdout.readline() == b"written\n"
        child.send_signal(signal.SIGKILL)
    with ps.SoundFile(path) as file:
        found = file.read(always_2d=True)
        assert file.damage.flags == DamageFlags.TRUNCATED
    # A page, and what the encoder holds back: of Vorbis a piece and a block.
    assert 48000 - 9600 - 1024 - 2048 <= len(found) <= 48000
    if shutil.which("ffmpeg") is not None:
        run("ffmpeg", "-v", "error", "-i", path, "-f", "f32le", tmp_path / "x")
        assert (tmp_path / "x").stat().st_size >= (len(found) - 1024) * 8


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
@pytest.mark.parametrize("subtype", SUBTYPES)
def test_a_full_disk_is_told(subtype):
    with (
        open("/dev/full", "wb", buffering=0) as full,
        pytest.raises(OSError, match="No space left"),
    ):
        write(full, tones(48000), subtype=subtype)


class Counting(io.BytesIO):
    """A file that counts what is read of it."""

    n_read = 0

    def readinto(self, buffer):
        n = super().readinto(buffer)
        self.n_read += n
        return n

    def read(self, size=-1):
        data = super().read(size)
        self.n_read += len(data)
        return data


def large(subtype, seconds=40):
    noise = np.random.default_rng(1).normal(0, 0.1, (48000 * seconds, 2)).astype("f4")
    options = {"bitrate": 300000, "compression": 0} if subtype == "OPUS" else {"quality": 0.8}
    made = write(io.BytesIO(), noise, subtype=subtype, **options).getvalue()
    assert len(made) > (1 << 20)
    return made


@pytest.mark.parametrize("subtype", SUBTYPES)
def test_of_a_large_file_only_the_ends_are_read(subtype):
    file = Counting(large(subtype))
    n_bytes = len(file.getvalue())
    with ps.SoundFile(file) as opened:
        assert opened.frames == 48000 * 40
        assert file.n_read < 400_000 < n_bytes / 2
        data = opened.read(dtype="float32", always_2d=True)
        assert not opened.damage
        for place in np.random.default_rng(2).integers(0, len(data), 20):
            file.n_read = 0
            opened.seek(place)
            found = opened.read(100, dtype="float32", always_2d=True)
            np.testing.assert_allclose(found, data[place : place + 100], atol=2e-3)
            assert file.n_read < 300_000
        opened.seek(len(data))
        assert len(opened.read()) == 0


@pytest.mark.parametrize("subtype", SUBTYPES)
def test_large_files_with_something_unusual_have_exact_lengths_too(subtype):
    one = large(subtype)
    short = write(io.BytesIO(), tones(5001), subtype=subtype).getvalue()
    frames = 48000 * 40
    cut = len(one) - 10000
    for data, wanted in (
        (one + one, 2 * frames),
        (one + short, frames + 5001),
        (short + one, frames + 5001),
        (one + b"TAG" * 40, frames),
        (one[:cut], None),
        (one[: cut // 2] + one[cut // 2 + 50000 :], frames),  # Pages are missing in the middle.
    ):
        with ps.SoundFile(io.BytesIO(data)) as file:
            told = file.frames
            count = sum(len(file.read(100_000)) for _ in range(1 + told // 100_000))
            assert len(file.read()) == 0
            if wanted is None:
                assert frames - 48000 < told == count < frames
            else:
                assert told == count == wanted


def test_a_bomb_is_read_in_little_memory(tmp_path):
    path = tmp_path / "a.opus"
    silence = np.zeros((48000 * 60, 2), "f4")
    with ps.SoundFile(path, "w", 48000, 2, format="OGG", subtype="OPUS", compression=0) as file:
        file.write(silence)
    code = (
        "import resource, sys, pastream_ng as ps\n"
        "with ps.SoundFile(sys.argv[1]) as file:\n"
        "    file.read(4800)\n"
        "    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "    n = 4800\n"
        "    while (got := len(file.read(4800))) > 0: n += got\n"
        "    assert n == 48000 * 60, n\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    assert int(run_python(code, path).stdout) < 4096
