# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""`SoundFile`: what is written is read, wherever it lies, and what goes wrong is said."""

import errno
import gc
import io
import os
import threading
import wave
from pathlib import Path

import numpy as np
import pytest

import pastream_ng as ps
from pastream_ng._native import lib
from pastream_ng.files.kinds import FORMATS, PCM_CONTAINERS

RATE = 8000
EXACT = {
    "PCM_S8": "int8",
    "PCM_16": "int16",
    "PCM_24": "int24",
    "PCM_32": "int32",
    "PCM_U8": "uint8",
    "FLOAT": "float32",
    "DOUBLE": "float64",
}


IMPOSSIBLE = {
    *((kind, "PCM_S8") for kind in ("WAV", "WAVEX", "RF64", "W64")),
    *((kind, "PCM_U8") for kind in ("AU", "CAF")),
}


def samples(dtype, shape, seed=1):
    random = np.random.default_rng(seed)
    if dtype.startswith("float"):
        return random.uniform(-1, 1, shape).astype(dtype)
    if dtype == "int24":
        return random.integers(-(2**23), 2**23, shape).astype("int32") * 256
    info = np.iinfo(dtype)
    return random.integers(info.min, info.max, shape, endpoint=True, dtype=dtype)


def frames_in(place):
    with ps.SoundFile(place) as file:
        return file.frames


@pytest.fixture
def path(tmp_path):
    return tmp_path / "sound.wav"


@pytest.mark.parametrize("subtype", EXACT)
@pytest.mark.parametrize(
    "format", [name for name, kind in FORMATS.items() if kind.container in PCM_CONTAINERS]
)
def test_round_trip(format, subtype, tmp_path):
    path = tmp_path / "sound"
    told = {"samplerate": RATE, "channels": 2, "subtype": subtype, "format": format}
    wanted = samples(EXACT[subtype], (501, 2))
    if (format, subtype) in IMPOSSIBLE:
        with pytest.raises(ps.ArgumentError, match=f"{format} files cannot hold"):
            ps.SoundFile(path, "w", **told)
        assert not path.exists()
        return
    with ps.SoundFile(path, "w", **told) as file:
        file.write(wanted[:500])
        file.write(wanted[500:])
        assert (file.frames, file.tell()) == (501, 501)
    with ps.SoundFile(path, **(told if format == "RAW" else {})) as file:
        assert (file.format, file.subtype, file.channels) == (format, subtype, 2)
        assert (file.samplerate, file.frames, len(file)) == (RATE, 501, 501)
        got = file.read(dtype=EXACT[subtype])
    assert np.array_equal(got, wanted)


def test_the_names_of_files_tell_their_kinds(tmp_path):
    kinds = {"wav": "WAV", "aif": "AIFF", "aiff": "AIFF", "au": "AU", "snd": "AU", "caf": "CAF"}
    for extension, kind in (kinds | {"w64": "W64", "rf64": "RF64", "WAV": "WAV"}).items():
        path = tmp_path / f"a.{extension}"
        with ps.SoundFile(path, "w", RATE, 1) as file:
            assert (file.format, file.subtype, file.endian) == (kind, "PCM_16", "FILE")
        with ps.SoundFile(str(path)) as file:
            assert file.format == kind
    with pytest.raises(ps.ArgumentError, match=r"format is None.*'doc'.*\.wav"):
        ps.SoundFile(str(tmp_path / "a.doc"), "w", RATE, 1)


def test_python_reads_what_we_write_and_we_read_what_python_writes(path):
    wanted = samples("int16", (77, 2))
    with ps.SoundFile(path, "w", 44100, 2) as file:
        file.write(wanted)
    with wave.open(str(path)) as other:
        assert (other.getnframes(), other.getframerate(), other.getsampwidth()) == (77, 44100, 2)
        assert other.readframes(77) == wanted.tobytes()
    with wave.open(str(path), "wb") as other:
        other.setparams((1, 2, 22050, 0, "NONE", ""))
        other.writeframes(wanted[:, 0].tobytes())
    with ps.SoundFile(path) as file:
        assert (file.channels, file.samplerate) == (1, 22050)
        assert np.array_equal(file.read(dtype="int16"), wanted[:, 0])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(("module", "name"), [("aifc", "a.aiff"), ("sunau", "a.au")])
def test_other_readers_of_python_agree(module, name, tmp_path):
    reader = pytest.importorskip(module)
    wanted = samples("int16", (78, 2))
    with ps.SoundFile(tmp_path / name, "w", 44100, 2) as file:
        file.write(wanted)
    with reader.open(str(tmp_path / name), "rb") as other:
        assert (other.getnframes(), other.getframerate(), other.getnchannels()) == (78, 44100, 2)
        assert other.readframes(78) == wanted.astype(">i2").tobytes()


# ---- Reading ----


@pytest.fixture
def stereo(path):
    with ps.SoundFile(path, "w", RATE, 2) as file:
        file.write(samples("int16", (100, 2)))
    return path


def test_shapes(path):
    with ps.SoundFile(path, "w", RATE, 1) as file:
        file.write(np.zeros(10))
    with ps.SoundFile(path) as file:
        assert file.read(4).shape == (4,)
        assert file.read(4, always_2d=True).shape == (4, 1)
        assert file.read().shape == (2,)
        assert file.read().shape == (0,)
        assert file.read(5).shape == (0,)


def test_reading_in_pieces(stereo):
    wanted = samples("int16", (100, 2))
    with ps.SoundFile(stereo) as file:
        first = file.read(30, dtype="int16")
        assert file.tell() == 30
        rest = file.read(dtype="int16")
    assert np.array_equal(np.concatenate([first, rest]), wanted)


def test_floats_are_the_integers_over_full_scale(stereo):
    with ps.SoundFile(stereo) as file:
        assert np.array_equal(file.read(), samples("int16", (100, 2)) / np.float32(32768))


def test_reading_into_memory_of_the_callers(stereo):
    wanted = samples("int16", (100, 2))
    out = np.full((70, 2), 7, "int16")
    with ps.SoundFile(stereo) as file:
        assert file.read(out=out) is out
        assert np.array_equal(out, wanted[:70])
        rest = file.read(out=out)
        assert rest.base is out
        assert np.array_equal(rest, wanted[70:])
        file.seek(60)
        assert file.read(out=out, fill_value=5) is out
        assert np.array_equal(out[:40], wanted[60:])
        assert np.all(out[40:] == 5)
        with pytest.raises(ps.ArgumentError, match=r"out has shape \(70,\)"):
            file.read(out=np.zeros(70, "int16"))
        out.flags.writeable = False
        with pytest.raises(ps.ArgumentError, match="read-only"):
            file.read(out=out)


def test_filling_up(stereo):
    with ps.SoundFile(stereo) as file:
        file.seek(90)
        got = file.read(20, fill_value=0.5)
        assert got.shape == (20, 2)
        assert np.all(got[10:] == 0.5)
        assert not np.all(got[:10] == 0.5)


def test_seeking(stereo):
    wanted = samples("int16", (100, 2))
    with ps.SoundFile(stereo) as file:
        assert file.seekable()
        assert file.seek(40) == 40
        assert np.array_equal(file.read(1, "int16"), wanted[40:41])
        assert file.seek(-1, io.SEEK_CUR) == 40
        assert file.seek(-10, io.SEEK_END) == 90
        assert np.array_equal(file.read(dtype="int16"), wanted[90:])
        for frames, whence in ((101, 0), (-1, 0), (1, 2), (-101, 2)):
            with pytest.raises(ps.ArgumentError, match="it must be from 0 to 100"):
                file.seek(frames, whence)
        with pytest.raises(ps.ArgumentError, match="whence is 3"):
            file.seek(0, 3)
        assert file.tell() == 100


# ---- Writing ----


def test_what_is_written(path):
    with ps.SoundFile(path, "w", RATE, 1, "PCM_16") as file:
        file.write([0.5, -0.5])
        file.write(np.array([1.5, -2.0, 0.25], "float64"))
        file.write(np.array([2**30], "int32"))
        file.write(np.array([-128], "int8"))
        file.write(np.array([0.0, 1e-9], "float16"))
        assert file.clipped == 2
        for bad in (np.zeros(3, complex), np.zeros(3, bool), ["a"]):
            with pytest.raises(ps.ArgumentTypeError, match="data"):
                file.write(bad)
        with pytest.raises(ps.ArgumentError, match=r"data has shape \(2, 3\)"):
            file.write(np.zeros((2, 3)))
        assert file.frames == 9
    with ps.SoundFile(path) as file:
        got = file.read(dtype="int16")
    assert got.tolist() == [16384, -16384, 32767, -32768, 8192, 16384, -32768, 0, 0]


def test_a_flushed_file_can_be_read_by_others(path):
    with ps.SoundFile(path, "w", RATE, 1) as file:
        file.write(np.zeros(100))
        file.flush()
        with ps.SoundFile(path) as other:
            assert other.frames == 100
            other.flush()


def test_a_flush_waits_for_the_disk_if_that_is_asked_for(path, monkeypatch):
    called = []

    class Spy:
        def __getattr__(self, name):
            called.append(name)
            return getattr(lib, name)

    monkeypatch.setattr("pastream_ng.files.soundfile.lib", Spy())
    with ps.SoundFile(path, "w", RATE, 1) as file:
        file.write(np.zeros(100))
        file.flush()
        assert "pst_encoder_sync" not in called
        file.flush(sync=True)
        assert "pst_encoder_sync" in called
        with ps.SoundFile(path) as other:
            assert other.frames == 100
    with ps.SoundFile(path) as file:
        file.flush(sync=True)
    place = io.BytesIO()
    with ps.SoundFile(place, "w", RATE, 1, format="WAV") as file:
        file.flush(sync=True)


def test_an_existing_file_is_kept_by_mode_x(path):
    with ps.SoundFile(path, "x", RATE, 1) as file:
        file.write(np.zeros(5))
    with pytest.raises(FileExistsError) as caught:
        ps.SoundFile(path, "x", RATE, 1)
    assert caught.value.filename == str(path)
    assert frames_in(path) == 5


# ---- Places ----


def test_file_objects(tmp_path):
    wanted = samples("float32", (3000, 2))
    place = io.BytesIO(b"prefix")
    place.seek(6)
    with ps.SoundFile(place, "w", RATE, 2, "FLOAT", format="WAV") as file:
        file.write(wanted)
    assert not place.closed
    assert place.getvalue()[:10] == b"prefixRIFF"
    place.seek(6)
    with ps.SoundFile(place) as file:
        assert np.array_equal(file.read(), wanted)
        file.seek(2999)
        assert len(file.read()) == 1
    with (tmp_path / "a.wav").open("wb") as place, ps.SoundFile(place, "w", RATE, 2) as file:
        file.write(wanted)
    assert frames_in(tmp_path / "a.wav") == 3000


def test_descriptors(path):
    wanted = samples("int16", (50, 1))
    fd = os.open(path, os.O_RDWR | os.O_CREAT)
    with ps.SoundFile(fd, "w", RATE, 1, format="WAV", closefd=False) as file:
        file.write(wanted)
    os.lseek(fd, 0, os.SEEK_SET)
    with ps.SoundFile(fd) as file:
        assert np.array_equal(file.read(dtype="int16"), wanted[:, 0])
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd)
    with pytest.raises(OSError, match=f"file is {fd}"):
        ps.SoundFile(fd)


@pytest.mark.parametrize("kind", ["AU", "WAV", "WAVEX"])
def test_a_pipe(path, kind):
    wanted = samples("int16", (90000, 2))
    read_end, write_end = os.pipe()

    def write():
        with ps.SoundFile(write_end, "w", RATE, 2, format=kind) as file:
            file.write(wanted)

    writer = threading.Thread(target=write)
    writer.start()
    with ps.SoundFile(read_end) as file:
        assert not file.seekable()
        assert file.frames == -1
        with pytest.raises(ps.StateError, match="pipe"):
            file.seek(0)
        first = file.read(100, dtype="int16")
        rest = file.read(dtype="int16")
    writer.join()
    assert np.array_equal(np.concatenate([first, rest]), wanted)
    read_end, write_end = os.pipe()
    with pytest.raises(ps.ArgumentError, match="AIFF files need a place that can seek; WAV, AU"):
        ps.SoundFile(write_end, "w", RATE, 2, format="AIFF")
    os.close(read_end)
    with pytest.raises(OSError, match="Bad file"):
        os.close(write_end)


class Broken(io.BytesIO):
    """A file object that fails with the caller's own exception."""

    def __init__(self, *args):
        super().__init__(*args)
        self.error = None

    def readinto(self, memory):
        if self.error:
            raise self.error
        return super().readinto(memory)

    def write(self, data):
        if self.error:
            raise self.error
        return super().write(data)


class CustomError(Exception):
    """Nobody else knows it."""


def test_what_a_file_object_raises_comes_out_as_it_is():
    place = Broken()
    file = ps.SoundFile(place, "w", RATE, 1, format="WAV")
    file.write(np.zeros(10))
    place.error = CustomError("no more")
    with pytest.raises(CustomError) as caught:
        file.write(np.zeros(10))
    assert caught.value is place.error
    with pytest.raises(ps.SystemCallError):
        file.write(np.zeros(10))
    place.error = None
    with pytest.raises(ps.SystemCallError):
        file.close()
    assert file.closed
    place.seek(0)
    assert frames_in(place) == 10
    place.seek(0)
    place.error = CustomError("not at all")
    with pytest.raises(CustomError):
        ps.SoundFile(place)


def test_a_full_disk():
    file = ps.SoundFile("/dev/full", "w", RATE, 1, "PCM_16", format="RAW")
    for call in (lambda: file.write(np.zeros(10)), file.close):
        with pytest.raises(ps.SystemCallError, match="No space left") as caught:
            call()
        assert caught.value.errno == errno.ENOSPC


@pytest.mark.parametrize("mode", ["r", "w", "x"])
def test_paths_that_cannot_be_opened(mode, tmp_path):
    options = {} if mode == "r" else {"samplerate": RATE, "channels": 1, "format": "WAV"}
    missing = tmp_path / "no" / "such.wav"
    with pytest.raises(FileNotFoundError) as caught:
        ps.SoundFile(missing, mode, **options)
    assert caught.value.filename == str(missing)
    with pytest.raises((IsADirectoryError, FileExistsError)):
        ps.SoundFile(tmp_path, mode, **options)
    with pytest.raises(OSError, match="File name too long"):
        ps.SoundFile(tmp_path / ("a" * 300), mode, **options)
    with pytest.raises(ps.ArgumentError, match="NUL"):
        ps.SoundFile("a\0.wav", mode, **options)
    for bad in (None, 1.5, object(), True, io.StringIO()):
        with pytest.raises(ps.ArgumentTypeError, match="file is"):
            ps.SoundFile(bad, mode, **options)


# ---- Arguments ----


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        (("rw", RATE, 1), ps.ArgumentError, "mode is 'rw'"),
        ((1, RATE, 1), ps.ArgumentTypeError, "mode is 1"),
        (("w", None, 1), ps.ArgumentTypeError, "samplerate is None"),
        (("w", RATE, None), ps.ArgumentTypeError, "channels is None"),
        (("w", 0, 1), ps.ArgumentError, "samplerate is 0"),
        (("w", 44100.5, 1), ps.ArgumentTypeError, "samplerate is 44100.5"),
        (("w", RATE, 0), ps.ArgumentError, "channels is 0"),
        (("w", RATE, 257), ps.ArgumentError, "channels is 257"),
        (("w", RATE, 1, "VORBIS"), ps.ArgumentError, "subtype is 'VORBIS'.*PCM_16"),
        (("w", RATE, 1, "PCM_S8"), ps.ArgumentError, "WAV files cannot hold int8"),
        (("w", RATE, 1, None, "MIDDLE"), ps.ArgumentError, "endian is 'MIDDLE'"),
        (("w", RATE, 1, None, None, "VOC"), ps.ArgumentError, "format is 'VOC'"),
        (("w", RATE, 1, None, None, 5), ps.ArgumentTypeError, "format is 5"),
        (("w", RATE, 1, None, None, "RAW"), ps.ArgumentTypeError, "subtype is None; RAW"),
        (("r", RATE), ps.ArgumentTypeError, "samplerate is 8000; the file says it itself"),
    ],
)
def test_arguments_that_are_wrong(arguments, error, text, path):
    with pytest.raises(error, match=text):
        ps.SoundFile(path, *arguments)
    assert not path.exists()


def test_raw_files_are_told_what_they_are(tmp_path):
    path = tmp_path / "a.raw"
    wanted = samples("int16", (30, 2))
    with ps.SoundFile(path, "w", RATE, 2, "PCM_16", "BIG") as file:
        file.write(wanted)
    assert path.read_bytes() == wanted.astype(">i2").tobytes()
    with ps.SoundFile(path, "r", RATE, 2, "PCM_16", "BIG") as file:
        assert np.array_equal(file.read(dtype="int16"), wanted)
    for missing in (
        {"channels": 2, "subtype": "PCM_16"},
        {"samplerate": RATE, "subtype": "PCM_16"},
    ):
        with pytest.raises(ps.ArgumentTypeError, match="is None; RAW files need it"):
            ps.SoundFile(path, **missing)
    with pytest.raises(ps.ArgumentTypeError, match="subtype is None; RAW"):
        ps.SoundFile(path, samplerate=RATE, channels=2)


def test_what_is_no_sound_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = Path("a.wav")
    for data, text in ((b"", "an empty file"), (b"fLaC" + bytes(50), "FLAC"), (b"?", "nothing")):
        path.write_bytes(data)
        with pytest.raises(ps.FileFormatError, match=text) as caught:
            ps.SoundFile(path)
        assert str(caught.value).startswith("'a.wav': ")


def test_the_wrong_direction(stereo, tmp_path):
    with ps.SoundFile(stereo) as file, pytest.raises(ps.StateError, match="opened with mode 'r'"):
        file.write(np.zeros((1, 2)))
    with ps.SoundFile(tmp_path / "b.wav", "w", RATE, 1) as file:
        for call in (file.read, lambda: file.seek(0)):
            with pytest.raises(ps.StateError, match="opened with mode 'w'"):
                call()
        assert not file.seekable()


# ---- Life ----


def test_closing(stereo):
    before = len(os.listdir("/proc/self/fd"))
    file = ps.SoundFile(stereo)
    assert not file.closed
    file.close()
    file.close()
    assert file.closed
    assert len(os.listdir("/proc/self/fd")) == before
    for call in (file.read, file.tell, file.flush, lambda: file.seek(0), lambda: file.write([0])):
        with pytest.raises(ps.ClosedError, match="sound file is closed"):
            call()
    assert "closed" in repr(file)
    assert (file.samplerate, file.channels, file.frames) == (RATE, 2, 100)


def test_a_dropped_file_is_finished_with_a_warning(path):
    file = ps.SoundFile(path, "w", RATE, 1)
    file.write(np.zeros(10))
    with pytest.warns(ResourceWarning, match="unclosed <SoundFile"):
        del file
    assert frames_in(path) == 10


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_leaves_the_parents_file_alone(path):
    with ps.SoundFile(path, "w", RATE, 1) as file:
        file.write(np.full(1000, 0.5))
        child = os.fork()
        if child == 0:
            code = 1
            try:
                file.write(np.zeros(5))
            except ps.ForkedError:
                del file
                gc.collect()
                code = 0
            finally:
                os._exit(code)
        assert os.waitpid(child, 0)[1] == 0
        file.write(np.full(1000, 0.25))
    with ps.SoundFile(path) as file:
        got = file.read()
    assert np.array_equal(got, np.repeat(np.float32([0.5, 0.25]), 1000))


def test_a_truncated_file_gives_its_whole_frames(stereo):
    data = stereo.read_bytes()
    stereo.write_bytes(data[:-7])
    with ps.SoundFile(stereo) as file:
        assert file.frames == 98
        assert np.array_equal(file.read(dtype="int16"), samples("int16", (100, 2))[:98])
