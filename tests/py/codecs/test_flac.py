# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""FLAC files: bit for bit, in both directions with other programs, damaged, killed and in pipes."""

import hashlib
import io
import os
import shutil
import subprocess
import sys
import threading
import warnings

import numpy as np
import pytest
from corpus import corpus, over_corpus, path_of

import pastream_ng as ps
from pastream_ng.enums import DamageFlags

RATE = 48000
BLOCK = 4096

pytestmark = pytest.mark.skipif(
    "flac" not in {codec.name for codec in ps.available_codecs()},
    reason="this build has no FLAC",
)


def has_ogg():
    return any(codec.name == "flac" and "OGG" in codec.decodes for codec in ps.available_codecs())


ogg = pytest.mark.skipif(not has_ogg(), reason="this build has no Ogg FLAC")


def needs(tool):
    return pytest.mark.skipif(shutil.which(tool) is None, reason=f"{tool} is not installed")


def noise(n_frames, channels, bits=16, seed=0):
    """Return left-justified samples that use all bits."""
    rng = np.random.default_rng(seed)
    x = rng.integers(-(2**31), 2**31, (n_frames, channels), dtype=np.int64)
    return (x >> (32 - bits) << (32 - bits)).astype(np.int32)


def sound(n_frames, channels=2, seed=0):
    """Return 16 bits of something that compression makes smaller."""
    rng = np.random.default_rng(seed)
    t = np.arange(n_frames)[:, None] + np.arange(channels) * 50
    return (8000 * np.sin(t / 30) + rng.integers(-60, 60, t.shape)).astype(np.int16)


def subtype(bits):
    return "PCM_S8" if bits == 8 else f"PCM_{bits}"


def write(path, x, bits=16, rate=RATE, **options):
    with ps.SoundFile(path, "w", rate, x.shape[1], subtype=subtype(bits), **options) as file:
        file.write(x)
    return path


def read(path, dtype="int32"):
    """Return all samples and the damage, which does not raise here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with ps.SoundFile(path) as file:
            parts = []
            while len(part := file.read(5000, dtype=dtype, always_2d=True)):
                parts.append(part)
            whole = np.concatenate(parts) if parts else np.zeros((0, file.channels), dtype)
            return whole, file.damage


def flac_test(path):
    """Return what the reference decoder has against a file."""
    kind = ["--ogg"] if path.suffix == ".oga" else []
    done = subprocess.run(
        ["flac", "-t", "-s", *kind, path], capture_output=True, check=False, text=True
    )
    return f"{done.returncode}: {done.stderr}" if done.returncode else ""


def by_ffmpeg(path, bits=16):
    form = {16: ("s16le", "<i2"), 32: ("s32le", "<i4")}[bits]
    done = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", path, "-f", form[0], "-"], capture_output=True, check=True
    )
    assert not done.stderr
    return np.frombuffer(done.stdout, form[1])


# ---- What comes back --------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [4, 5, 8, 12, 16, 17, 20, 24, 28, 32])
@pytest.mark.parametrize("channels", [1, 2, 3, 8])
def test_every_sample_comes_back(tmp_path, bits, channels):
    x = noise(BLOCK + 1, channels, bits)
    path = write(tmp_path / "x.flac", x, bits)
    with ps.SoundFile(path) as file:
        assert (file.bits, file.channels, file.frames) == (bits, channels, len(x))
        assert (file.format, file.encoding) == ("FLAC", "FLAC")
    y, damage = read(path)
    assert np.array_equal(x, y)
    assert not damage
    if shutil.which("flac"):
        assert not flac_test(path)


@pytest.mark.parametrize("n_frames", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 100_003])
@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (44100, 2), (655_351, 2), (10**6, 8)])
def test_every_length_and_rate_comes_back(tmp_path, n_frames, rate, channels):
    x = sound(n_frames, channels)
    path = write(tmp_path / "x.flac", x, rate=rate)
    with ps.SoundFile(path) as file:
        assert (file.samplerate, file.frames) == (rate, n_frames)
    y, damage = read(path, "int16")
    assert np.array_equal(x, y)
    assert not damage
    if shutil.which("flac"):
        assert not flac_test(path)


def test_effort_changes_the_size_alone(tmp_path):
    x = sound(30_000)
    sizes = []
    for level in (*range(9), None):
        path = write(tmp_path / "x.flac", x, compression=level)
        assert np.array_equal(read(path, "int16")[0], x)
        sizes.append(path.stat().st_size)
    assert sizes[0] > sizes[5] == sizes[-1]
    with pytest.raises(ps.ArgumentError, match="compression is 9"):
        write(tmp_path / "y.flac", x, compression=9)


def test_tags_come_back(tmp_path):
    tags = {"title": "Größe 🎵", "artist": ["One", "Two"], "comment": "a=b\nc"}
    path = write(tmp_path / "x.flac", sound(10), tags=tags)
    with ps.SoundFile(path) as file:
        assert file.tags.to_dict() == tags
    with pytest.raises(ps.ArgumentError, match="'~'"):
        write(tmp_path / "y.flac", sound(10), tags={"a~b": "x"})
    mutagen_flac = pytest.importorskip("mutagen.flac")
    file = mutagen_flac.FLAC(path)
    assert file["TITLE"] == ["Größe 🎵"]
    assert file["artist"] == ["One", "Two"]
    file.add_picture(picture := mutagen_flac.Picture())
    picture.data = b"\x89PNG" * 100_000
    file.save()
    with ps.SoundFile(path) as file:
        assert file.tags.to_dict() == tags
        assert np.array_equal(file.read(dtype="int16"), sound(10))


def test_any_frame_is_found(tmp_path):
    x = sound(300_000)
    path = write(tmp_path / "x.flac", x)
    with ps.SoundFile(path) as file:
        assert path.stat().st_size > 1 << 18
        for frame in [*np.random.default_rng(5).integers(0, len(x), 60), 0, len(x) - 1, len(x)]:
            file.seek(int(frame))
            part = file.read(50, dtype="int16")
            assert np.array_equal(part, x[frame : frame + 50])
        assert not file.damage


# ---- Others -----------------------------------------------------------------------------------


@needs("ffmpeg")
@pytest.mark.parametrize(("bits", "channels"), [(16, 2), (24, 6), (20, 1)])
def test_others_read_ours(tmp_path, bits, channels):
    x = noise(20_003, channels, bits)
    path = write(tmp_path / "x.flac", x, bits)
    assert np.array_equal(by_ffmpeg(path, 32).reshape(-1, channels), x)
    soundfile = pytest.importorskip("soundfile")
    if bits != 20:
        assert np.array_equal(soundfile.read(path, dtype="int32", always_2d=True)[0], x)


@needs("flac")
@pytest.mark.parametrize("options", [["-0"], ["-8", "-b", "1000"], ["--no-seektable"], ["--ogg"]])
def test_ours_read_others(tmp_path, options):
    if "--ogg" in options and not has_ogg():
        pytest.skip("this build has no Ogg FLAC")
    x = sound(50_001)
    raw = ["--force-raw-format", "--endian=little", "--sign=signed"]
    told = ["--channels=2", "--bps=16", f"--sample-rate={RATE}"]
    path = tmp_path / "x.flac"
    subprocess.run(
        ["flac", "-s", *raw, *told, *options, "-o", path, "-"], input=x.tobytes(), check=True
    )
    y, damage = read(path, "int16")
    assert np.array_equal(x, y)
    assert not damage


@over_corpus("good", folder="flac")
def test_files_of_others_are_read_to_the_bit(row):
    y, damage = read(path_of(row))
    assert len(y) == row["frames"]
    assert hashlib.md5(y.tobytes()).hexdigest() == row["pcm_s32_left_justified_md5"]
    assert not damage
    with ps.SoundFile(path_of(row)) as file:
        for frame in (len(y) // 3, len(y) - 1, 0, len(y) * 2 // 3):
            file.seek(frame)
            part = file.read(100, dtype="int32", always_2d=True)
            assert np.array_equal(part, y[frame : frame + 100])


def test_files_one_after_another_are_read_on(tmp_path):
    x, y = sound(70_000, 1), sound(30_000, 1, seed=1)
    first = write(tmp_path / "x.flac", x).read_bytes()
    path = tmp_path / "z.flac"
    path.write_bytes(first + write(tmp_path / "y.flac", y).read_bytes())
    z, damage = read(path, "int16")
    assert np.array_equal(z, np.concatenate([x, y]))
    assert damage.flags == DamageFlags.CORRUPT  # Between them lies what is no sound.
    with ps.SoundFile(path) as file:
        for frame in (90_000, 10, 71_000):
            file.seek(frame)
            assert np.array_equal(file.read(20, dtype="int16", always_2d=True), z[frame:][:20])


def test_recordings_that_begin_in_the_middle_begin_at_frame_0(tmp_path):
    x = sound(70_000, 1)
    whole = write(tmp_path / "x.flac", x).read_bytes()
    path = tmp_path / "z.flac"
    begin = whole.index(b"\xff\xf8", whole.index(b"\xff\xf8") + 2000)
    path.write_bytes(whole[begin:])
    y, damage = read(path, "int16")
    assert 0 < len(y) < len(x)
    assert len(y) % BLOCK == len(x) % BLOCK
    assert np.array_equal(y, x[-len(y) :])
    assert not damage
    with ps.SoundFile(path) as file:
        file.seek(12_345)
        assert np.array_equal(file.read(20, dtype="int16", always_2d=True), y[12_345:][:20])


@pytest.mark.parametrize("tail", [b"TAG" + bytes(125), b"APETAGEX" + bytes(100), b"?" * 300])
def test_what_stands_behind_the_sound_is_passed_over(tmp_path, tail):
    x = sound(70_000, 1)
    path = write(tmp_path / "x.flac", x)
    path.write_bytes(path.read_bytes() + tail)
    y, damage = read(path, "int16")
    assert np.array_equal(x, y)
    assert not damage


# What is odd about a file, in words of ours.
ODD = {
    "01_-_changing_samplerate": "changes from 32000 Hz, .* to 24000 Hz",
    "03_-_decreasing_number_of_channels": "changes from .* 4 channels .* to .* 2",
}


@over_corpus("odd-but-legal", folder="flac")
def test_odd_files_are_read_or_refused(row):
    for name, text in ODD.items():
        if name in row["file"]:
            with pytest.raises(ps.FileFormatError, match=text):
                read(path_of(row))
            return
    y, damage = read(path_of(row))
    assert len(y) == row["frames"]
    if "pcm_s32_left_justified_md5" in row:
        assert hashlib.md5(y.tobytes()).hexdigest() == row["pcm_s32_left_justified_md5"]
        assert not damage
    else:  # These are the first part of something longer, and say so.
        assert damage.flags == DamageFlags.TRUNCATED
        assert damage.first_frame == len(y)


# How many frames come, and what is said to be wrong. None: it is refused.
MALFORMED = {
    "03_-_wrong_bit_depth": (89_903, "HEADER"),
    "05_-_wrong_total": (109_487, "HEADER"),
    "07_-_other_metadata": (106_031, ""),
    "10_-_invalid_vorbis": (119_279, "HEADER"),
    "01_-_wrong_max": (101_999, "HEADER"),
    "r8k_2c_8b": None,
    "106-invalid-streaminfo": (162_496, "HEADER"),
    "52-overwritten": (0, "TRUNCATED CORRUPT"),
    "ooming-header": (0, "TRUNCATED HEADER"),
    "bitflip_mid": (22_050, "CORRUPT"),
    "blocksize_0": (22_050, "HEADER"),
    "flac_hole": (22_050, "CORRUPT"),
    "md5_wrong": (22_050, "CHECKSUM"),
    "picture_len_max": (22_050, "HEADER CORRUPT"),
    "seektable_garbage": (22_050, ""),
    "rate_0": (22_050, "HEADER"),
    "total_samples_max": (22_050, "HEADER"),
    "flac_truncated": (12_288, "TRUNCATED"),
    "vorbiscomment_count_max": (22_050, "HEADER"),
    "zero_tail": (12_288, "TRUNCATED"),
    "noise_64k": None,
}


@pytest.mark.parametrize(
    "row",
    [row for row in corpus("malformed") if row["file"].endswith(".flac")],
    ids=lambda row: row["file"],
)
def test_hostile_files_give_what_is_there(row):
    found = [wanted for name, wanted in MALFORMED.items() if name in row["file"]]
    assert len(found) == 1
    if found[0] is None:
        with pytest.raises(ps.FileFormatError):
            read(path_of(row))
        return
    n_frames, words = found[0]
    y, damage = read(path_of(row))
    assert len(y) == n_frames
    assert damage.flags == sum((DamageFlags[word] for word in words.split()), DamageFlags(0))
    if row.get("pcm_s32_left_justified_md5") and row["frames"] == n_frames:
        assert hashlib.md5(y.tobytes()).hexdigest() == row["pcm_s32_left_justified_md5"]


# ---- Ogg --------------------------------------------------------------------------------------


def write_ogg(path, x, rate=RATE, bits=16):
    return write(path, x, bits, rate, format="OGG")


@ogg
@needs("flac")
@needs("ffmpeg")
@pytest.mark.parametrize("n_frames", [0, 1, BLOCK, BLOCK + 1, 100_003])
@pytest.mark.parametrize("channels", [1, 8])
def test_others_read_our_ogg_files(tmp_path, n_frames, channels):
    x = sound(n_frames, channels)
    path = write_ogg(tmp_path / "x.oga", x)
    with ps.SoundFile(path) as file:
        assert (file.format, file.encoding, file.frames) == ("OGG", "FLAC", n_frames)
    y, damage = read(path, "int16")
    assert np.array_equal(x, y)
    assert not damage
    assert not flac_test(path)
    if n_frames:
        assert np.array_equal(by_ffmpeg(path).reshape(-1, channels), x)


@ogg
@needs("ffmpeg")
def test_any_frame_of_an_ogg_file_is_found(tmp_path):
    x = sound(300_000)
    raw = ["-f", "s16le", "-ar", str(RATE), "-ac", "2", "-i", "-"]
    path = tmp_path / "x.ogg"
    subprocess.run(
        ["ffmpeg", "-v", "error", *raw, "-c:a", "flac", path], input=x.tobytes(), check=True
    )
    with ps.SoundFile(path) as file:
        assert file.frames == len(x)
        for frame in [*np.random.default_rng(5).integers(0, len(x), 40), 0, len(x) - 1, len(x)]:
            file.seek(int(frame))
            assert np.array_equal(file.read(50, dtype="int16"), x[frame : frame + 50])
        assert not file.damage


@ogg
@pytest.mark.parametrize(
    "row",
    [row for row in corpus(container="ogg") if row["codec"] == "flac"],
    ids=lambda row: row["file"],
)
def test_ogg_files_of_others_are_read_to_the_bit(row):
    y, damage = read(path_of(row))
    assert hashlib.md5(y.tobytes()).hexdigest() == row["pcm_s32_left_justified_md5"]
    assert not damage


@ogg
def test_streams_one_after_another_are_one(tmp_path):
    x, y = sound(70_000), sound(50_000, seed=1)
    first = write_ogg(tmp_path / "x.oga", x).read_bytes()
    path = tmp_path / "z.oga"
    path.write_bytes(first + write_ogg(tmp_path / "y.oga", y).read_bytes())
    z, damage = read(path, "int16")
    assert np.array_equal(z, np.concatenate([x, y]))
    assert not damage
    with ps.SoundFile(path) as file:
        for frame in (110_000, 5, 70_000, 69_990):
            file.seek(frame)
            assert np.array_equal(file.read(20, dtype="int16"), z[frame : frame + 20])
    path.write_bytes(first + write_ogg(tmp_path / "y.oga", y, 44100).read_bytes())
    with pytest.raises(ps.FileFormatError, match=r"48000 Hz.* to 44100 Hz.* behind frame 70000"):
        read(path)


@ogg
def test_a_lost_page_is_silent(tmp_path):
    x = sound(100_000, 1)
    path = write_ogg(tmp_path / "x.oga", x)
    whole = path.read_bytes()
    begin = whole.index(b"OggS", len(whole) // 2)
    end = whole.index(b"OggS", begin + 4)
    path.write_bytes(whole[:begin] + whole[end:])
    y, damage = read(path, "int16")
    assert len(y) == len(x)
    wrong = np.flatnonzero((x != y).any(1))
    assert wrong[-1] - wrong[0] < BLOCK
    assert not y[wrong].any()
    assert damage == (DamageFlags.MISSING, BLOCK, damage.first_frame)
    assert damage.first_frame <= wrong[0] < damage.first_frame + BLOCK


# ---- Pipes ------------------------------------------------------------------------------------


class Pipe(io.RawIOBase):
    """A file that cannot seek."""

    def __init__(self, data=b""):
        self.buffer = io.BytesIO(data)

    def readable(self):
        return True

    def writable(self):
        return True

    def seekable(self):
        return False

    def readinto(self, memory):
        return self.buffer.readinto(memory)

    def write(self, data):
        return self.buffer.write(data)


def test_a_pipe_is_written_and_read():
    x = sound(70_000)
    pipe = Pipe()
    with ps.SoundFile(pipe, "w", RATE, 2, format="FLAC", subtype="PCM_16") as file:
        file.write(x)
    with ps.SoundFile(Pipe(pipe.buffer.getvalue())) as file:
        assert not file.seekable()
        parts = []
        while len(part := file.read(3000, dtype="int16")):
            parts.append(part)
        assert np.array_equal(np.concatenate(parts), x)
        assert not file.damage


@needs("flac")
def test_a_live_pipe_feeds_the_reference_decoder(tmp_path):
    x = sound(30_000)
    command = ["flac", "-d", "-s", "-c", "--force-raw-format", "--endian=little", "--sign=signed"]
    with subprocess.Popen([*command, "-"], stdin=-1, stdout=-1) as decoder:
        got = []
        reader = threading.Thread(target=lambda: got.append(decoder.stdout.read()))
        reader.start()
        with ps.SoundFile(decoder.stdin, "w", RATE, 2, format="FLAC", subtype="PCM_16") as file:
            file.write(x)
        decoder.stdin.close()
        reader.join()
    assert got == [x.tobytes()]
    assert decoder.returncode == 0


# ---- Processes that end, disks that are full ----------------------------------------------------

RECORDER = """
import sys, numpy as np, pastream_ng as ps
x = np.load(sys.argv[2])
file = ps.SoundFile(sys.argv[1], "w", 48000, 2, subtype="PCM_16", format=sys.argv[3])
for at in range(0, len(x), 480):
    file.write(x[at:at + 480])
    if at // 480 % 7 == 3:
        file.flush()
    print(at + 480, flush=True)
"""


@needs("flac")
@needs("ffmpeg")
@pytest.mark.parametrize(
    ("n_writes", "format"),
    [(1, "FLAC"), (9, "FLAC"), (333, "FLAC"), pytest.param(100, "OGG", marks=ogg)],
)
def test_a_killed_recording_is_a_file(tmp_path, n_writes, format):
    x = sound(480_000)
    np.save(tmp_path / "x.npy", x)
    path = tmp_path / ("x.oga" if format == "OGG" else "x.flac")
    command = [sys.executable, "-c", RECORDER, path, tmp_path / "x.npy", format]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as recorder:
        for _ in range(n_writes):
            n_written = int(recorder.stdout.readline())
        recorder.kill()
    y, damage = read(path, "int16")
    assert len(y) >= n_written - BLOCK - 1  # One is held back to tell whether it is the last.
    assert np.array_equal(y, x[: len(y)])
    assert damage.flags in (DamageFlags(0), DamageFlags.TRUNCATED)  # In the middle of a write.
    if not damage:
        assert not flac_test(path)
        if len(y):
            assert np.array_equal(by_ffmpeg(path).reshape(-1, 2), y)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_a_full_disk_is_told():
    with pytest.raises(OSError, match="No space left") as caught:
        ps.SoundFile("/dev/full", "w", RATE, 2, format="FLAC")
    assert caught.value.errno == 28


class SmallDisk(io.BytesIO):
    """A disk with room for some bytes."""

    room = 50_000

    def write(self, data):
        fits = bytes(data)[: self.room - self.tell()]
        if not fits:
            raise OSError(28, "No space left on device")
        return super().write(fits)


def test_what_fitted_on_a_full_disk_is_a_file(tmp_path):
    x = sound(100_000)
    disk = SmallDisk()
    file = ps.SoundFile(disk, "w", RATE, 2, format="FLAC", subtype="PCM_16")
    with pytest.raises(OSError, match="No space left"):
        file.write(x)
    with pytest.raises(OSError, match="No space left"):
        file.close()
    path = tmp_path / "x.flac"
    path.write_bytes(disk.getvalue())
    y, damage = read(path, "int16")
    assert len(y) > 10_000
    assert len(y) % BLOCK == 0
    assert np.array_equal(y, x[: len(y)])
    assert not damage
    if shutil.which("flac"):
        assert not flac_test(path)
