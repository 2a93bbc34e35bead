# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""WAV and the other containers of plain samples: judged by soundfile, ffmpeg and sox."""

import io
import os
import shutil
import struct
import subprocess
import threading

import numpy as np
import pytest
import soundfile

import pastream_ng as ps

from ..conftest import run_python

RATE = 44100
WAVS = ("WAV", "WAVEX", "RF64")
PLAIN = (*WAVS, "AIFF", "AU", "CAF", "W64")
SUBTYPES = ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW")
# How sox and ffmpeg call what comes out of them.
RAW = {"sox": ("-t", "raw", "-e", "signed", "-b", "32"), "ffmpeg": ("-f", "s32le")}


def needs(tool):
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")


def by_ffmpeg(path, *, channels):
    """What ffmpeg makes of a file; it must not find errors."""
    needs("ffmpeg")
    command = ["ffmpeg", "-v", "error", "-i", path, "-f", "s32le", "-c:a", "pcm_s32le", "-"]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    assert done.stderr == b""
    return np.frombuffer(done.stdout, "<i4").reshape(-1, channels)


def by_sox(path, *, channels):
    needs("sox")
    command = ["sox", "-D", path, "-t", "raw", "-e", "signed", "-b", "32", "-L", "-"]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    assert b"FAIL" not in done.stderr
    return np.frombuffer(done.stdout, "<i4").reshape(-1, channels)


def noise(frames, channels, seed=1):
    """Samples of 16 bits, in int32: whatever the subtype, but for the short ones, holds them."""
    made = np.random.default_rng(seed).integers(-(2**15), 2**15, (frames, channels))
    return (made << 16).astype("int32")


def write(path, data, *, kind, subtype="PCM_16", rate=RATE, **more):
    with ps.SoundFile(path, "w", rate, data.shape[1], format=kind, subtype=subtype, **more) as file:
        file.write(data)


def read(path, dtype="int32"):
    with ps.SoundFile(path) as file:
        return file.read(dtype=dtype, always_2d=True)


@pytest.mark.parametrize("subtype", SUBTYPES)
@pytest.mark.parametrize("kind", WAVS)
def test_others_read_ours(tmp_path, kind, subtype):
    path = tmp_path / "ours.wav"
    for frames, channels in ((0, 2), (1, 1), (2, 6), (3, 1), (5001, 2)):
        data = noise(frames, channels)
        write(path, data, kind=kind, subtype=subtype)
        mine = read(path)
        info = soundfile.info(path)
        named = "WAVEX" if channels > 2 and kind == "WAV" else kind
        assert (info.format, info.subtype, info.frames) == (named, subtype, frames)
        assert (info.samplerate, info.channels) == (RATE, channels)
        # soundfile scales floats by itself where integers are asked for.
        theirs = soundfile.read(path, dtype="float64", always_2d=True)[0]
        assert np.array_equal(theirs, mine / 2.0**31)
        if subtype in ("PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"):
            assert np.array_equal(mine, data)
        if frames == 5001:
            assert np.array_equal(by_ffmpeg(path, channels=channels), mine)
        if frames in (3, 5001) and kind != "RF64":
            assert np.array_equal(by_sox(path, channels=channels), mine)


@pytest.mark.parametrize("subtype", [*SUBTYPES, "IMA_ADPCM", "MS_ADPCM", "GSM610"])
@pytest.mark.parametrize("kind", WAVS)
def test_ours_reads_theirs(tmp_path, kind, subtype):
    path = tmp_path / "theirs.wav"
    if not soundfile.check_format(kind, subtype) or (kind == "RF64" and "_ADPCM" in subtype):
        pytest.skip(f"soundfile writes no {subtype} in {kind}")
    for frames, channels in ((0, 1), (1, 1), (5001, 1), (5000, 2)):
        if channels > 1 and subtype == "GSM610":
            continue
        soundfile.write(path, noise(frames, channels), 8000, subtype, format=kind)
        with ps.SoundFile(path) as file:
            assert (file.format, file.subtype) == (kind, subtype)
            mine = file.read(dtype="float64", always_2d=True)
            assert not file.damage
            theirs = soundfile.read(path, dtype="float64", always_2d=True)[0]
            assert len(mine) == file.frames
            assert np.array_equal(mine, theirs[: len(mine)])
            # libsndfile fills its last block up, and counts what is not there.
            assert len(mine) == len(theirs) or (subtype == "GSM610" and frames <= len(mine))
            if frames > 2000:
                file.seek(1777)
                assert np.array_equal(file.read(100, "float64", always_2d=True), mine[1777:1877])


def test_big_endian_files(tmp_path):
    path = tmp_path / "big.wav"
    data = noise(999, 3)
    for subtype in ("PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"):
        write(path, data, kind="WAV", subtype=subtype, endian="BIG")
        assert path.read_bytes()[:4] == b"RIFX"
        assert np.array_equal(read(path), data)
        with ps.SoundFile(path) as file:
            assert file.endian == "BIG"
        # libsndfile does not read big-endian GUIDs.
        write(path, data[:, :2], kind="WAV", subtype=subtype, endian="BIG")
        theirs = soundfile.read(path, dtype="float64", always_2d=True)[0]
        assert np.array_equal(theirs, data[:, :2] / 2.0**31)
    soundfile.write(path, data[:, :2], RATE, "PCM_24", endian="BIG", format="WAV")
    assert np.array_equal(read(path), data[:, :2])


def test_mp3_in_wav(tmp_path):
    """What lies around it is no sound, even if it looks like some."""
    if not any(codec.encoding == "MP3" and codec.encodes for codec in ps.available_codecs()):
        pytest.skip("this build has no MP3")
    bare, path = tmp_path / "bare.mp3", tmp_path / "mp3.wav"
    write(bare, noise(30000, 1), kind="MP3", subtype="MPEG_LAYER_III")
    wanted = read(bare, "float32")
    sound = bare.read_bytes()
    fmt = struct.pack("<HHIIHHHHIHHH", 0x55, 1, RATE, 16000, 1, 0, 12, 1, 2, 417, 1, 0)
    chunks = [(b"fmt ", fmt), (b"data", sound + b"\0" * (len(sound) % 2)), (b"more", sound[:4000])]
    body = b"".join(name + struct.pack("<I", len(data)) + data for name, data in chunks)
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body) + 4) + b"WAVE" + body)
    with ps.SoundFile(path) as file:
        assert (file.format, file.subtype, file.frames) == ("WAV", "MPEG_LAYER_III", 30000)
        assert np.array_equal(file.read(always_2d=True), wanted)
        assert not file.damage
        file.seek(12345)
        assert np.array_equal(file.read(100, always_2d=True), wanted[12345:12445])
    with path.open("rb") as source, subprocess.Popen(["cat"], stdin=source, stdout=-1) as cat:
        with ps.SoundFile(cat.stdout.fileno(), closefd=False) as file:
            assert np.array_equal(file.read(always_2d=True), wanted)
        cat.stdout.read()


# ---- Pipes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("tool", ["ffmpeg", "sox"])
def test_pipes_of_others(tmp_path, tool):
    """They write headers without a length, and read ours."""
    needs(tool)
    data = noise(70000, 2)
    path = tmp_path / "source.wav"
    write(path, data, kind="WAV", subtype="PCM_24")
    command = {
        "ffmpeg": ["ffmpeg", "-v", "error", "-i", path, "-c:a", "pcm_s24le", "-f", "wav", "-"],
        "sox": ["sox", path, "-t", "wav", "-"],
    }[tool]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE) as process,
        ps.SoundFile(process.stdout.fileno(), closefd=False) as file,
    ):
        assert file.frames == -1
        assert np.array_equal(file.read(dtype="int32"), data)
        assert not file.damage
    command = {
        "ffmpeg": ["ffmpeg", "-v", "error", "-i", "-", "-f", "s32le", "-"],
        "sox": ["sox", "-t", "wav", "-", *RAW["sox"], "-"],
    }[tool]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        got = []
        reader = threading.Thread(target=lambda: got.append(process.stdout.read()))
        reader.start()
        write(process.stdin.fileno(), data, kind="WAV", subtype="PCM_24", closefd=False)
        process.stdin.close()
        reader.join()
    assert np.array_equal(np.frombuffer(got[0], "<i4").reshape(-1, 2), data)


def test_files_of_a_pipe_stay_readable_as_files(tmp_path):
    path = tmp_path / "pipe.wav"
    data = noise(70000, 2)
    read_end, write_end = os.pipe()

    def copy():
        with open(read_end, "rb") as source, open(path, "wb") as target:
            shutil.copyfileobj(source, target)

    thread = threading.Thread(target=copy)
    thread.start()
    write(write_end, data, kind="WAV")
    thread.join()
    with ps.SoundFile(path) as file:
        assert file.frames == len(data)
        assert np.array_equal(file.read(dtype="int32"), data)
        assert not file.damage
    assert np.array_equal(soundfile.read(path, dtype="int32")[0], data)
    assert np.array_equal(by_ffmpeg(path, channels=2), data)


@pytest.mark.parametrize("buffering", [0, -1])
def test_files_that_append(tmp_path, buffering):
    """They cannot go back to their headers."""
    path = tmp_path / "more.wav"
    path.write_bytes(b"before")
    data = noise(500, 2)
    with path.open("ab", buffering=buffering) as file:
        write(file, data, kind="WAV")
    with path.open("rb") as file:
        assert file.read(6) == b"before"
        assert np.array_equal(read(file), data)
    with (
        path.open("ab") as file,
        pytest.raises(ps.ArgumentError, match="AIFF files need a place that can seek"),
    ):
        write(file, data, kind="AIFF")


# ---- Large files --------------------------------------------------------------------------------


def test_five_gibibytes(tmp_path):
    """No number wraps around; the last frames are found by all."""
    path = tmp_path / "large.wav"
    last = np.arange(4000, dtype="int16").reshape(-1, 4)
    frames = (5 << 30) // 8
    write(path, last[:1], kind="RF64")
    header = bytearray(path.read_bytes()[:-8])
    # The sizes of RIFF and data, and the number of frames, in the chunk ds64.
    size = len(header) + 8 * frames
    header[20:44] = struct.pack("<QQQ", size - 8, 8 * frames, frames)
    with open(path, "wb") as file:
        file.write(header)
        file.truncate(size)  # Sparse: it takes no room.
        file.seek(size - last.nbytes)
        file.write(last.tobytes())
    with ps.SoundFile(path) as file:
        assert (file.format, file.frames) == ("RF64", frames)
        file.seek(-len(last), io.SEEK_END)
        assert np.array_equal(file.read(dtype="int16"), last)
        assert not file.damage
    with soundfile.SoundFile(path) as file:
        assert file.frames == frames
        file.seek(-len(last), io.SEEK_END)
        assert np.array_equal(file.read(dtype="int16"), last)
    if shutil.which("ffprobe"):
        command = ["ffprobe", "-v", "error", "-show_entries", "stream=duration_ts", "-of"]
        done = subprocess.run([*command, "csv=p=0", path], capture_output=True, check=True)
        assert int(done.stdout) == frames


# ---- Killed processes ---------------------------------------------------------------------------

KILLED = """
import os, signal, sys
import numpy as np
import pastream_ng as ps

folder, dtype = sys.argv[1], sys.argv[2]
data = np.arange(2 * 30000, dtype="int32").reshape(-1, 2) % 30000
files = []
for kind in sys.argv[3:]:
    file = ps.SoundFile(f"{folder}/{kind}", "w", 48000, 2, format=kind, subtype=dtype)
    file.write((data[:20000] << 16).astype("int32"))
    file.flush()
    file.write((data[20000:] << 16).astype("int32"))
    files.append(file)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
def test_a_killed_process_leaves_files_that_all_can_read(tmp_path, subtype):
    done = run_python(KILLED, str(tmp_path), subtype, *PLAIN, check=False)
    assert done.returncode == -9, done.stderr
    wanted = (np.arange(60000, dtype="int32").reshape(-1, 2) % 30000 << 16).astype("int32")
    for kind in PLAIN:
        path = tmp_path / kind
        for got in (
            read(path),
            soundfile.read(path, dtype="int32", always_2d=True)[0],
            by_ffmpeg(path, channels=2),
        ):
            assert 20000 <= len(got) <= 30000, kind
            assert np.array_equal(got, wanted[: len(got)]), kind


# ---- Tags ---------------------------------------------------------------------------------------


def test_tags_are_those_of_others(tmp_path):
    path = tmp_path / "tagged.wav"
    tags = {"title": "Nächte", "artist": "Ann", "album": "Blue", "date": "2026", "tracknumber": "7"}
    write(path, noise(100, 2), kind="WAV", tags=tags)
    with ps.SoundFile(path) as file:
        assert file.tags == tags
    with soundfile.SoundFile(path) as file:
        assert (file.title, file.artist, file.album) == ("Nächte", "Ann", "Blue")
    needs("ffmpeg")
    command = ["ffprobe", "-v", "error", "-show_entries", "format_tags", "-of", "flat", path]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    for line in ('title="Nächte"', 'artist="Ann"', 'date="2026"', 'track="7"'):
        assert line in done.stdout
    # What INFO has no name for goes into an ID3 tag.
    more = {**tags, "albumartist": "Bob", "isrc": "XY1234567890"}
    write(path, noise(100, 2), kind="WAV", tags=more)
    with ps.SoundFile(path) as file:
        assert file.tags == more
    assert len(soundfile.read(path)[0]) == 100
    assert by_ffmpeg(path, channels=2).shape == (100, 2)
    mutagen = pytest.importorskip("mutagen.wave")
    assert mutagen.WAVE(path).tags["TPE2"].text == ["Bob"]


def test_tags_by_others(tmp_path):
    needs("ffmpeg")
    path, target = tmp_path / "plain.wav", tmp_path / "tagged.wav"
    write(path, noise(100, 2), kind="WAV")
    command = ["ffmpeg", "-v", "error", "-i", path, "-metadata", "title=Café", "-metadata"]
    subprocess.run([*command, "artist=Ann", "-c:a", "copy", target], check=True)
    with ps.SoundFile(target) as file:
        assert (file.tags["title"], file.tags["artist"]) == ("Café", "Ann")
