# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""`read`, `write`, `blocks`, `info` and `AudioFileReader`: whole files in one call."""

import errno
import io
import json
import os
import signal
import stat
import struct
import sys
import threading

import numpy as np
import pytest

import pastream_ng as ps

from ..conftest import run_python

RATE = 44100
DATA = np.arange(-500, 500, dtype="int16").reshape(-1, 2) * 60


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "sound.wav"
    ps.write(path, DATA, RATE)
    return path


def flat(path):
    return ps.read(path, dtype="int16")[0]


# ---- Reading ---------------------------------------------------------------------------------


def test_what_is_written_is_read(path):
    data, rate = ps.read(path)
    assert (data.dtype, data.shape, rate) == ("float32", (500, 2), RATE)
    assert np.array_equal(data, DATA / np.float32(32768))
    assert np.array_equal(ps.read(os.fsencode(path), dtype="int16")[0], DATA)
    with open(path, "rb") as file:
        assert np.array_equal(ps.read(file, dtype="int24")[0], DATA.astype("int32") << 16)
    with open(path, "rb") as file:
        assert np.array_equal(ps.read(file.fileno(), dtype="int16", closefd=False)[0], DATA)
        os.fstat(file.fileno())
    assert np.array_equal(ps.read(io.BytesIO(path.read_bytes()), dtype="int16")[0], DATA)


@pytest.mark.parametrize(
    ("start", "stop"),
    [
        (0, None),
        (10, 20),
        (-10, None),
        (-10, -5),
        (20, 10),
        (490, 600),
        (-600, 3),
        (500, None),
        (7, 7),
    ],
)
def test_start_and_stop_are_those_of_slices(path, start, stop):
    data, _ = ps.read(path, start=start, stop=stop, dtype="int16")
    assert np.array_equal(data, DATA[start:stop])


def test_frames_are_counted_from_the_start(path):
    assert np.array_equal(ps.read(path, 10, 5, dtype="int16")[0], DATA[5:15])
    assert len(ps.read(path, 10, 495)[0]) == 5
    filled, _ = ps.read(path, 10, 495, dtype="int16", fill_value=7)
    assert np.array_equal(filled, np.concatenate([DATA[495:], np.full((5, 2), 7)]))
    out = np.empty((10, 2), "int16")
    assert ps.read(path, start=5, out=out)[0] is out
    assert np.array_equal(out, DATA[5:15])
    with pytest.raises(ps.ArgumentTypeError, match="frames is 3 and stop 5"):
        ps.read(path, 3, stop=5)
    for wrong in (-2, 1.5, True, 2**63):
        with pytest.raises((ps.ArgumentError, ps.ArgumentTypeError), match="frames is"):
            ps.read(path, wrong)


def test_mono_is_flat_unless_asked_otherwise(tmp_path):
    path = tmp_path / "mono.wav"
    ps.write(path, DATA[:, 0], RATE)
    assert ps.read(path)[0].shape == (500,)
    assert ps.read(path, always_2d=True)[0].shape == (500, 1)
    assert [block.shape for block in ps.blocks(path, 400)] == [(400,), (100,)]


def test_a_pipe_is_read_from_a_frame_on(path):
    ends = os.pipe()

    def feed():
        with open(ends[1], "wb") as file:
            file.write(path.read_bytes())

    feeder = threading.Thread(target=feed)
    feeder.start()
    data, _ = ps.read(ends[0], start=100, stop=200, dtype="int16")
    feeder.join()
    assert np.array_equal(data, DATA[100:200])


def test_blocks_of_a_part(path):
    got = list(ps.blocks(path, 40, 10, start=5, stop=95, dtype="int16"))
    assert np.array_equal(np.concatenate([got[0], *(block[10:] for block in got[1:])]), DATA[5:95])
    assert [len(block) for block in got] == [40, 40, 30]


# ---- Limits ----------------------------------------------------------------------------------


def claiming(path, frames):
    """Let a RAW-like container without a codec claim more than there is."""
    data = bytearray(path.read_bytes())
    at = data.index(b"data") + 4
    data[at : at + 4] = struct.pack("<I", frames * 4)
    path.write_bytes(data)


def test_a_limit_refuses_more(path):
    assert len(ps.read(path, max_frames=500)[0]) == 500
    with pytest.raises(ps.LimitError, match=r"sound\.wav' holds more than max_frames, 499"):
        ps.read(path, max_frames=499)
    with pytest.raises(ps.ArgumentError, match="frames is 10; max_frames allows 9"):
        ps.read(path, 10, max_frames=9)
    with pytest.raises(ps.ArgumentError, match="max_frames is -1"):
        ps.read(path, max_frames=-1)


@pytest.mark.parametrize("source", ["path", "pipe"])
def test_what_a_file_claims_takes_no_memory(path, source):
    claiming(path, 2**28)
    found = run_python(
        "import os, resource, sys, warnings, pastream_ng as ps\n"
        "warnings.simplefilter('ignore')\n"
        "resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))\n"
        "source = sys.argv[1]\n"
        "if sys.argv[2] == 'pipe':\n"
        "    ends = os.pipe()\n"
        "    with open(source, 'rb') as file, open(ends[1], 'wb') as end:\n"
        "        end.write(file.read())\n"
        "    source = ends[0]\n"
        "print(len(ps.read(source)[0]))\n",
        path,
        source,
    )
    assert found.stdout.strip() == "500"


# ---- Damage ----------------------------------------------------------------------------------


def damaged(path):
    """Cut a file within its samples; return whether this build tells it."""
    path.write_bytes(path.read_bytes()[:-402])
    with ps.SoundFile(path) as file:
        file.read()
        return bool(file.damage)


def test_damage_is_told(path):
    if not damaged(path):
        pytest.skip("the codec for WAV does not tell damage")
    with pytest.warns(ps.DamagedFileWarning, match=r"sound\.wav.* is damaged: .*") as told:
        data, _ = ps.read(path, dtype="int16")
    assert told[0].filename == __file__
    assert np.array_equal(data, DATA[: len(data)])
    assert 390 <= len(data) < 500
    with pytest.raises(ps.DamagedFileError, match="on_damage='warn' gives what is left") as raised:
        ps.read(path, on_damage="raise")
    assert raised.value.damage.flags
    with pytest.raises(ps.FileFormatError):
        list(ps.blocks(path, 100, on_damage="raise"))
    assert len(ps.read(path, on_damage="ignore")[0]) == len(data)
    assert ps.info(path, scan=True).damage
    assert "damage: " in str(ps.info(path, scan=True))


@pytest.mark.parametrize("value", ["shout", None, 3])
def test_answers_to_damage_are_checked_first(value, tmp_path):
    with pytest.raises((ps.ArgumentError, ps.ArgumentTypeError), match="on_damage is"):
        ps.read(tmp_path / "missing.wav", on_damage=value)


def test_damage_counts_as_false_if_there_is_none():
    assert not ps.Damage()
    assert str(ps.Damage()) == "no damage"
    found = ps.Damage(ps.DamageFlags.TRUNCATED | ps.DamageFlags.MISSING, 12, 5)
    assert found
    assert str(found).count(" and ") == 1
    assert "12 frames are lost, about at frame 5" in str(found)


# ---- Writing ---------------------------------------------------------------------------------


def names(folder):
    return sorted(os.listdir(folder))


def test_a_file_appears_when_it_is_complete(tmp_path, monkeypatch):
    path = tmp_path / "a.wav"
    seen = []
    write = ps.SoundFile.write

    def look(self, data):
        seen.append([name for name in names(tmp_path) if not name.endswith(".part")])
        write(self, data)

    monkeypatch.setattr(ps.SoundFile, "write", look)
    ps.write(path, DATA, RATE)
    assert seen == [[]]
    assert names(tmp_path) == ["a.wav"]
    assert np.array_equal(flat(path), DATA)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), MemoryError(), OSError(5, "no")])
def test_what_was_there_stays_if_anything_goes_wrong(path, monkeypatch, error):
    before = path.read_bytes()

    def fail(self, data):
        raise error

    monkeypatch.setattr(ps.SoundFile, "write", fail)
    with pytest.raises(type(error)):
        ps.write(path, DATA[:3], RATE)
    assert path.read_bytes() == before
    assert names(path.parent) == ["sound.wav"]


def test_a_full_disk_leaves_nothing_behind(tmp_path):
    found = run_python(
        "import os, resource, signal, sys, numpy as np, pastream_ng as ps\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (50000, 50000))\n"
        "try:\n"
        "    ps.write(sys.argv[1], np.zeros(100000), 48000)\n"
        "except OSError as error:\n"
        "    print(error.errno, os.listdir(os.path.dirname(sys.argv[1])))\n",
        tmp_path / "a.wav",
    )
    assert found.stdout.strip() == f"{errno.EFBIG} []"


def test_a_killed_process_has_not_touched_what_was_there(path):
    before = path.read_bytes()
    done = run_python(
        "import os, signal, sys, numpy as np, pastream_ng as ps\n"
        "write = ps.SoundFile.write\n"
        "def die(self, data):\n"
        "    write(self, data)\n"
        "    self.flush()\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "ps.SoundFile.write = die\n"
        "ps.write(sys.argv[1], np.zeros(100000), 48000)\n",
        path,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    assert path.read_bytes() == before
    # Where files need no name until they are complete, nothing else is left, either.
    left = set(names(path.parent)) - {path.name}
    assert all(name.endswith(".part") for name in left)
    if sys.platform == "linux":
        assert not left


def test_what_is_there_may_be_kept(path, tmp_path, monkeypatch):
    before = path.read_bytes()
    with pytest.raises(FileExistsError) as raised:
        ps.write(path, DATA[:3], RATE, overwrite=False)
    assert raised.value.filename == str(path)
    assert path.read_bytes() == before
    ps.write(tmp_path / "b.wav", DATA, RATE, overwrite=False)
    assert names(tmp_path) == ["b.wav", "sound.wav"]
    # One that appears meanwhile is kept, too.
    write = ps.SoundFile.write

    def and_another(self, data):
        (tmp_path / "c.wav").write_bytes(b"mine")
        write(self, data)

    monkeypatch.setattr(ps.SoundFile, "write", and_another)
    with pytest.raises(FileExistsError):
        ps.write(tmp_path / "c.wav", DATA, RATE, overwrite=False)
    assert (tmp_path / "c.wav").read_bytes() == b"mine"
    assert names(tmp_path) == ["b.wav", "c.wav", "sound.wav"]


def test_links_and_permissions_stay(path, tmp_path):
    link = tmp_path / "link.wav"
    link.symlink_to(path.name)
    path.chmod(0o640)
    ps.write(link, DATA[:5], RATE)
    assert link.is_symlink()
    assert len(flat(path)) == 5
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o000])
def test_new_files_have_the_permissions_that_the_mask_leaves(tmp_path, mask):
    before = os.umask(mask)
    try:
        ps.write(tmp_path / "a.wav", DATA, RATE)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.wav").stat().st_mode) == 0o666 & ~mask


def test_a_folder_that_takes_no_new_files_lets_old_ones_be_written(path):
    if os.geteuid() == 0:
        pytest.skip("nothing is forbidden to this user")
    path.parent.chmod(0o500)
    try:
        ps.write(path, DATA[:7], RATE)
        assert len(flat(path)) == 7
        with pytest.raises(PermissionError) as raised:
            ps.write(path.parent / "new.wav", DATA, RATE)
        assert raised.value.filename == str(path.parent / "new.wav")
        path.chmod(0o400)
        with pytest.raises(PermissionError):
            ps.write(path, DATA, RATE)
    finally:
        path.parent.chmod(0o700)


def test_what_refuses_new_files_is_told(tmp_path, monkeypatch):
    """The same without permissions, which root has all of."""
    path = tmp_path / "a.wav"
    ps.write(path, DATA, RATE)

    def refuse(name, overwrite):
        raise PermissionError(errno.EACCES, "no", os.fspath(name))

    monkeypatch.setattr("pastream_ng.files.replace.NewFile", refuse)
    ps.write(path, DATA[:7], RATE)
    assert len(flat(path)) == 7
    with pytest.raises(PermissionError) as raised:
        ps.write(tmp_path / "b.wav", DATA, RATE)
    assert raised.value.filename == str(tmp_path / "b.wav")


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("missing/a.wav", FileNotFoundError),
        ("sound.wav/a.wav", NotADirectoryError),
        ("x" * 300 + ".wav", OSError),
        ("folder.wav", IsADirectoryError),
        ("a\0b.wav", ps.ArgumentError),
    ],
)
def test_places_that_cannot_be_are_told(path, name, error):
    folder = path.parent
    (folder / "folder.wav").mkdir()
    before = names(folder)
    with pytest.raises(error):
        ps.write(str(folder / name), DATA, RATE)
    assert names(folder) == before


@pytest.mark.parametrize(
    "name", ["new\nline.wav", "ütf 音.wav", b"\xff\xfe.wav", "\udc80.wav", "-rf.wav"]
)
def test_names_are_the_systems(tmp_path, name):
    folder = os.fsencode(tmp_path) if isinstance(name, bytes) else str(tmp_path)
    path = os.path.join(folder, name)
    ps.write(path, DATA, RATE)
    assert np.array_equal(flat(path), DATA)
    assert isinstance(ps.info(path).name, str)
    json.dumps(ps.info(path).to_dict())


def test_files_of_the_program_are_written_where_they_stand(tmp_path):
    place = io.BytesIO(b"head")
    place.seek(4)
    ps.write(place, DATA, RATE, format="WAV")
    assert place.getvalue()[:8] == b"headRIFF"
    with open(tmp_path / "a.wav", "wb") as file:
        ps.write(file.fileno(), DATA, RATE, format="WAV", closefd=False)
        os.fstat(file.fileno())
    assert np.array_equal(flat(tmp_path / "a.wav"), DATA)
    fd = os.open(tmp_path / "b.wav", os.O_RDWR | os.O_CREAT)
    ps.write(fd, DATA, RATE, format="WAV")
    with pytest.raises(OSError, match="descriptor"):
        os.fstat(fd)


def test_a_named_pipe_is_not_replaced(tmp_path):
    path = tmp_path / "pipe.au"
    os.mkfifo(path)
    got = []
    reader = threading.Thread(target=lambda: got.append(path.read_bytes()))
    reader.start()
    ps.write(path, DATA, RATE)
    reader.join()
    assert stat.S_ISFIFO(path.stat().st_mode)
    assert np.array_equal(ps.read(io.BytesIO(got[0]), dtype="int16")[0], DATA)


def test_an_input_may_be_its_own_output(path):
    with ps.SoundFile(path) as source:
        first = source.read(100, "int16")
        ps.write(path, first, source.samplerate)
        rest = source.read(dtype="int16")
    assert np.array_equal(np.concatenate([first, rest]), DATA)
    assert len(flat(path)) == 100


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (np.zeros((2, 2, 2)), r"data has shape \(2, 2, 2\)"),
        (np.zeros((5, 0)), r"data has shape \(5, 0\)"),
        (np.float64(3), r"data has shape \(\)"),
        (np.zeros(3, "complex64"), "with dtype complex64; it must hold numbers"),
        (np.zeros((5, 300)), "channels is 300"),
    ],
)
def test_data_that_is_no_sound_is_refused(data, text, tmp_path):
    with pytest.raises((ps.ArgumentError, ps.ArgumentTypeError), match=text):
        ps.write(tmp_path / "a.wav", data, RATE)
    assert names(tmp_path) == []


@pytest.mark.parametrize("rate", [0, -1, 1.5, float("nan"), None, True, "fast", 2**40])
def test_rates_that_are_none_are_refused(rate, tmp_path):
    with pytest.raises((ps.ArgumentError, ps.ArgumentTypeError), match="samplerate is"):
        ps.write(tmp_path / "a.wav", DATA, rate)
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    "view", [DATA[::-1], DATA[::3], np.asfortranarray(DATA), DATA.astype(">i2")]
)
def test_arrays_lie_as_they_like(view, tmp_path):
    ps.write(tmp_path / "a.wav", view, RATE)
    assert np.array_equal(flat(tmp_path / "a.wav"), view)


def has(encoding):
    return any(c.encodes and c.decodes for c in ps.available_codecs() if c.encoding == encoding)


@pytest.mark.skipif(not has("OPUS"), reason="this build has no Opus")
@pytest.mark.parametrize("dtype", ["float32", "int16", "float64"])
def test_rates_that_a_codec_cannot_store_are_changed(tmp_path, dtype):
    path = tmp_path / "a.opus"
    t = np.arange(44100) / 44100
    tone = 0.5 * np.sin(2 * np.pi * 440 * t) * np.minimum(1, 20 * np.minimum(t, 1 - t))
    ps.write(path, tone if dtype != "int16" else (tone * 32767).astype(dtype), 44100)
    data, rate = ps.read(path)
    assert (rate, len(data)) == (48000, 48000)
    wanted = ps.resample(tone, 44100, 48000)
    assert np.sum((data - wanted) ** 2) < 0.02 * np.sum(wanted**2)
    with pytest.raises(ps.ArgumentError, match="samplerate is 44100, which OPUS cannot have"):
        ps.write(path, tone, 44100, resample=None)
    ps.write(path, tone, 96000)
    assert ps.info(path).frames == 22050
    ps.write(path, tone, 16000)
    assert ps.info(path).seconds == 44100 / 16000
    before = names(tmp_path)
    for wrong in (True, "best", 0):
        with pytest.raises((ps.ArgumentError, ps.ArgumentTypeError), match="resample is"):
            ps.write(tmp_path / "b.opus", tone, 44100, resample=wrong)
    assert names(tmp_path) == before


# ---- Facts -----------------------------------------------------------------------------------


def test_info_tells_the_facts(path):
    found = ps.info(path)
    assert (found.samplerate, found.channels, found.frames) == (RATE, 2, 500)
    assert found.seconds == found.duration == 500 / RATE
    assert (found.format, found.subtype, found.codec, found.bits) == ("WAV", "PCM_16", "PCM", 16)
    assert (found.bitrate, found.seekable, found.name) == (None, True, str(path))
    assert not found.damage
    told = json.loads(json.dumps(found.to_dict()))
    assert told["frames"] == 500
    assert told["damage"] == {"flags": [], "lost_frames": 0, "first_frame": -1}
    assert "44100 Hz" in str(found)
    assert "0.011 s (500 frames)" in str(found)
    assert ps.info(path, scan=True) == found
    with ps.SoundFile(path) as file:
        file.seek(100)
        assert ps.info(file) == found
        assert file.tell() == 100
    assert ps.info(io.BytesIO(path.read_bytes())).name is None
    with pytest.raises(AttributeError):
        found.frames = 3


def test_info_of_what_is_no_sound_says_what_it_looks_like(tmp_path):
    path = tmp_path / "empty.wav"
    path.touch()
    with pytest.raises(ps.FileFormatError, match="empty file"):
        ps.info(path)
    with pytest.raises(FileNotFoundError):
        ps.info(tmp_path / "missing.wav")
    path.write_bytes(b"hello world" * 100)
    with pytest.raises(ps.FileFormatError, match=r"empty\.wav.*nothing that is known"):
        ps.read(path)


# ---- The reader ------------------------------------------------------------------------------


def test_a_reader_gives_chunks(path):
    with ps.AudioFileReader(path, "wav", 128, dtype="int16") as reader:
        assert len(reader) == reader.frames == 500
        assert (reader.samplerate, reader.channels, reader.chunk_samples) == (RATE, 2, 128)
        chunks = list(reader)
        assert [len(chunk) for chunk in chunks] == [128, 128, 128, 116]
        assert np.array_equal(np.concatenate(chunks), DATA)
        assert reader.seek(-10, io.SEEK_END) == reader.tell() == 490
        assert np.array_equal(reader.read(), DATA[490:])
        assert reader.info.frames == 500
        assert not reader.damage
        assert len(reader.tags) == 0 or "encoder" in reader.tags
        assert "sound.wav" in repr(reader)
        assert reader
    assert reader.closed
    with pytest.raises(ps.ClosedError):
        reader.read()


def test_a_reader_refuses_another_kind(path):
    with pytest.raises(ps.FileFormatError, match=r"sound\.wav' is WAV with PCM; format is 'flac'"):
        ps.AudioFileReader(path, "flac")
    with pytest.raises(ps.ArgumentError, match="format is 'wma'"):
        ps.AudioFileReader(path, "wma")
    with pytest.raises(ps.FileFormatError, match="without a header"):
        ps.AudioFileReader(path, "raw")
    with pytest.raises(ps.ArgumentError, match="chunk_samples is 0"):
        ps.AudioFileReader(path, "wav", 0)
    ps.write(path, DATA, RATE, format="RF64")
    with ps.AudioFileReader(path, "wav") as reader:
        assert len(reader) == 500
    with ps.AudioFileReader(path) as reader:
        assert len(list(reader)) == 1


# ---- The writer ------------------------------------------------------------------------------


def test_a_writer_takes_chunks(tmp_path):
    path = tmp_path / "a.wav"
    tags = {"title": "Night"}
    with ps.AudioFileWriter(path, samplerate=RATE, channels=2, tags=tags) as writer:
        for chunk in np.array_split(DATA, 7):
            writer.write(chunk)
        assert (writer.frames, writer.samplerate, writer.channels) == (500, RATE, 2)
        writer.flush()
        assert np.array_equal(flat(path), DATA)
        writer.write(np.full((1, 2), 2.0))
        assert writer.clipped == 2
        assert "a.wav" in repr(writer)
        writer.finalize()
        assert writer.closed
        with pytest.raises(ps.ClosedError):
            writer.write(DATA)
    assert ps.info(path).tags["title"] == "Night"
    with pytest.raises(FileExistsError):
        ps.AudioFileWriter(path, samplerate=RATE, channels=2, overwrite=False)
    assert ps.info(path).frames == 501
    with ps.AudioFileWriter(path, "aiff", samplerate=RATE, channels=1, subtype="PCM_24"):
        pass
    assert (ps.info(path).format, ps.info(path).frames) == ("AIFF", 0)
    place = io.BytesIO()
    with ps.AudioFileWriter(place, "wav", samplerate=8000, channels=1, overwrite=False) as writer:
        writer.write([0.5])
    assert len(place.getvalue()) > 44


@pytest.mark.parametrize("extension", ["wav", "rf64", "flac", "mp3", "ogg", "opus", "aac", "m4a"])
def test_long_texts_of_tags_come_back_whole(extension, tmp_path):
    path = tmp_path / f"long.{extension}"
    tags = {"lyrics": "one\u00e9\n" * 60_000, "comment": "two," * 50_000, "title": "a title"}
    try:
        ps.write(path, np.zeros(4800, "float32"), 48000, tags=tags)
    except ps.CodecMissingError:
        pytest.skip("this build has no such codec")
    found = ps.info(path).tags
    assert {key: found[key] for key in tags} == tags
    assert len(ps.read(path)[0]) == 4800
