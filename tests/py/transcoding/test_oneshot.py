# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""transcode(): each option does what it says, between paths, objects, descriptors and memory."""

import errno
import io
import json
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

import pastream_ng as ps

from ..codecs.kinds import can
from ..conftest import run_python
from .sounds import RATE, noise, tone, write

FLAC = pytest.mark.skipif(not can("FLAC", "FLAC"), reason="this build has no FLAC")


@pytest.fixture
def source(tmp_path):
    """A file of noise, which must not change."""
    path = tmp_path / "in.wav"
    ps.write(path, noise(4800), RATE, tags={"title": "Noise", "artist": "N"})
    return path


def same(path, wanted):
    assert np.array_equal(ps.read(path, dtype=wanted.dtype.name, always_2d=True)[0], wanted)


@FLAC
@pytest.mark.parametrize("kind", [str, Path, os.fsencode])
def test_paths(kind, source, tmp_path):
    stats = ps.transcode(kind(source), kind(tmp_path / "out.flac"))
    same(tmp_path / "out.flac", noise(4800))
    assert os.listdir(tmp_path) == ["in.wav", "out.flac"] or len(os.listdir(tmp_path)) == 2
    assert stats.input_size == os.path.getsize(source)
    assert stats.output_size == os.path.getsize(tmp_path / "out.flac")
    assert stats.compression_ratio == stats.input_size / stats.output_size


def test_stats_tell_what_came(source, tmp_path):
    stats = ps.transcode(source, tmp_path / "out.aiff", sample_rate=24000, channels=1)
    assert (stats.frames_decoded, stats.frames_encoded) == (4800, 2400)
    assert (stats.seconds, stats.duration) == (0.1, 0.1)
    assert stats.elapsed > 0
    assert stats.speed == stats.seconds / stats.elapsed
    assert not stats.damage
    assert stats.clipped_samples == 0
    assert stats.input_format == ps.FormatInfo("WAV", "PCM_16", "PCM", RATE, 2, 16, None)
    assert stats.output_format == ps.FormatInfo("AIFF", "PCM_16", "PCM", 24000, 1, 16, None)
    assert str(stats.output_format) == "AIFF PCM_16, 24000 Hz, 1 channel"
    told = json.loads(json.dumps(stats.to_dict()))
    assert told["output_format"]["samplerate"] == 24000
    assert told["damage"] == {"flags": [], "lost_frames": 0, "first_frame": -1}
    assert pickle.loads(pickle.dumps(stats)) == stats
    assert repr(stats) == (
        f"TranscodeStats(packets={stats.packets_processed}, frames_decoded=4800, "
        f"frames_encoded=2400, compression={stats.compression_ratio:.2f}x)"
    )


def test_clipped_samples_and_the_peak_before(tmp_path):
    sound = np.zeros((1000, 1))
    sound[100:110] = -1.5
    ps.write(tmp_path / "in.wav", sound, RATE, subtype="FLOAT")
    stats = ps.transcode(tmp_path / "in.wav", tmp_path / "out.wav", sample_format="int16")
    assert stats.peak == 1.5
    assert stats.clipped_samples == 10


def test_objects_and_descriptors(source, tmp_path):
    data = source.read_bytes()
    for given in (io.BytesIO(data), bytearray(data), memoryview(data)):
        target = io.BytesIO()
        ps.transcode(given, target, format="WAV")
        assert not target.closed
        target.seek(0)
        same(target, noise(4800))
    with open(source, "rb") as file, open(tmp_path / "out.wav", "wb") as out:
        ps.transcode(file.fileno(), out.fileno(), format="WAV")
        os.fstat(file.fileno())  # Both are still open.
        os.fstat(out.fileno())
    same(tmp_path / "out.wav", noise(4800))


class Pipe(io.RawIOBase):
    """Only goes forward."""

    def __init__(self, data=b""):
        self.data, self.at = bytearray(data), 0

    def readable(self):
        return True

    def writable(self):
        return True

    def readinto(self, room):
        n = min(len(room), 700, len(self.data) - self.at)
        room[:n] = self.data[self.at : self.at + n]
        self.at += n
        return n

    def write(self, data):
        self.data += data
        return len(data)


def test_memory_is_read_where_it_lies(source):
    data = bytearray(source.read_bytes())
    sizes = []

    class Growing(Pipe):
        def write(self, piece):
            with pytest.raises(BufferError):  # It is in use.
                data.extend(b"more")
            sizes.append(len(data))
            return super().write(piece)

    job = ps.Transcoder(ps.TranscodeOptions(data, Growing(), format="AU"))
    job.run()
    assert set(sizes) == {len(data)}
    data.extend(b"more")  # Not any more.
    words = np.frombuffer(source.read_bytes(), "u1").reshape(-1, 2)
    with pytest.raises(ValueError, match=r"input is .*not contiguous"):
        ps.transcode(memoryview(words.T), Pipe(), format="AU")
    ps.transcode(memoryview(words), Pipe(), format="AU")
    with pytest.raises(ps.FileFormatError):
        ps.transcode(bytearray(), Pipe(), format="AU")


def test_open_sound_files_are_no_files(source, tmp_path):
    with ps.SoundFile(source) as file, pytest.raises(TypeError, match=r"input is .*sound already"):
        ps.transcode(file, tmp_path / "out.wav")
    with (
        ps.AudioFileWriter(tmp_path / "out.wav", samplerate=8000, channels=1) as writer,
        pytest.raises(TypeError, match=r"output is .*sound already"),
    ):
        ps.transcode(source, writer, format="WAV")


def test_what_cannot_seek(source):
    target = Pipe()
    stats = ps.transcode(Pipe(source.read_bytes()), target, format="WAV")
    assert stats.input_size == os.path.getsize(source)
    assert stats.output_size == len(target.data)
    same(io.BytesIO(target.data), noise(4800))


def test_pipes_of_the_system(source):
    reads, writes = os.pipe()
    with open(reads, "rb") as out:
        stats = ps.transcode(str(source), writes, format="AU")
        os.close(writes)
        data = out.read()
    assert stats.output_size == len(data)
    same(io.BytesIO(data), noise(4800))


def test_a_pipe_that_nobody_reads(source):
    reads, writes = os.pipe()
    os.close(reads)
    with pytest.raises(BrokenPipeError) as caught:
        ps.transcode(str(source), writes, format="AU")
    os.close(writes)
    assert isinstance(caught.value, ps.SystemCallError)


def test_errors_of_files_name_them(source, tmp_path):
    (tmp_path / "odd.wav").write_bytes(b"nothing of that kind" * 10)
    with pytest.raises(ps.FileFormatError, match=r"odd\.wav"):
        ps.transcode(tmp_path / "odd.wav", tmp_path / "out.wav")
    with pytest.raises(OSError, match=r"output: .*full'") as caught:
        ps.transcode(source, "/dev/full", format="WAV", overwrite=True)
    assert caught.value.errno == errno.ENOSPC
    assert caught.value.filename == "/dev/full"


def test_a_file_that_came_meanwhile_stays(source, tmp_path):
    out = tmp_path / "out.wav"

    class Late(Pipe):
        def readinto(self, room):
            out.write_bytes(b"theirs")
            return super().readinto(room)

    with pytest.raises(FileExistsError, match="overwrite=True") as caught:
        ps.transcode(Late(source.read_bytes()), out)
    assert caught.value.filename == str(out)
    assert out.read_bytes() == b"theirs"
    assert len(os.listdir(tmp_path)) == 2


def test_what_an_object_raises_comes_back(source):
    class Refusing(io.BytesIO):
        def write(self, data):
            raise KeyError("mine")

    class Broken(io.BytesIO):
        def readinto(self, room):
            raise LookupError("mine")

    with pytest.raises(KeyError, match="mine") as caught:
        ps.transcode(source, Refusing(), format="WAV")
    assert caught.traceback[-1].name == "write"
    with pytest.raises(LookupError, match="mine"):
        ps.transcode(Broken(source.read_bytes()), io.BytesIO(), format="WAV")


# ---- Options -------------------------------------------------------------------------------------


def test_part_of_the_input(source, tmp_path):
    out = tmp_path / "out.wav"
    stats = ps.transcode(source, out, start_time=0.025, duration=0.05)
    same(out, noise(4800)[1200:3600])
    assert (stats.frames_decoded, stats.duration) == (2400, 0.05)
    ps.transcode(source, out, start_time=0.05, duration=9, overwrite=True)
    same(out, noise(4800)[2400:])
    ps.transcode(source, out, start_time=0.1, overwrite=True)
    assert ps.info(out).frames == 0
    with pytest.raises(ValueError, match=r"start_time is 0\.2.*0\.1 s"):
        ps.transcode(source, out, start_time=0.2, overwrite=True)
    assert ps.info(out).frames == 0


@pytest.mark.parametrize(
    ("channel_map", "wanted"),
    [
        ([2, 1], lambda x: x[:, ::-1]),
        ([1], lambda x: x[:, :1]),
        ([2, 0, 1], lambda x: np.stack([x[:, 1], 0 * x[:, 0], x[:, 0]], 1)),
        ([[0, 1], [1, 0]], lambda x: x[:, ::-1]),
    ],
)
def test_channel_maps(channel_map, wanted, source, tmp_path):
    ps.transcode(source, tmp_path / "out.wav", channel_map=channel_map)
    same(tmp_path / "out.wav", wanted(noise(4800)))


def test_channel_maps_fit_the_input(source, tmp_path):
    for channel_map in ([3], [[1.0]], [[1, 0, 0]]):
        with pytest.raises(ps.ArgumentError, match="channel"):
            ps.transcode(source, tmp_path / "out.wav", channel_map=channel_map)
    assert os.listdir(tmp_path) == ["in.wav"]


def test_samples_are_kept_or_chosen(tmp_path):
    fine = tone(1000)
    ps.write(tmp_path / "in.wav", fine, RATE, subtype="PCM_24")
    cases = [("out.aiff", {}, "PCM_24"), ("out.wav", {"sample_format": "uint8"}, "PCM_U8")]
    cases.append(("b.wav", {"audio_codec": "pcm_f32le"}, "FLOAT"))
    cases.append(("out.raw", {"audio_codec": "pcm_s16be"}, None))
    if can("FLAC", "FLAC"):
        cases += [("a.flac", {}, "PCM_24"), ("b.flac", {"sample_format": "PCM_20"}, "PCM_20")]
    for name, options, subtype in cases:
        stats = ps.transcode(tmp_path / "in.wav", tmp_path / name, **options)
        if subtype is not None:
            assert stats.output_format.subtype == ps.info(tmp_path / name).subtype == subtype
    big = np.fromfile(tmp_path / "out.raw", ">i2").reshape(-1, 2)
    assert np.abs(big / 32768 - fine).max() < 1 / 32768


def test_inputs_without_a_header(tmp_path):
    noise(1000).tofile(tmp_path / "in.raw")
    form = ps.AudioFormat(8000, 2, "i16")
    stats = ps.transcode(tmp_path / "in.raw", tmp_path / "out.wav", input_format=form)
    same(tmp_path / "out.wav", noise(1000))
    assert stats.output_format.samplerate == 8000


def test_tags_are_kept_and_changed(source, tmp_path):
    out = tmp_path / "out.wav"
    ps.transcode(source, out)
    assert {**ps.info(out).tags} == {**ps.info(source).tags}
    ps.transcode(source, out, tags={"artist": ["A", "B"]}, overwrite=True)
    assert ps.info(out).tags["title"] == "Noise"
    assert ps.info(out).tags["artist"] == "A"
    ps.transcode(source, out, keep_tags=False, overwrite=True)
    assert "title" not in ps.info(out).tags


def test_limits(source, tmp_path):
    out = tmp_path / "out.wav"
    with pytest.raises(ps.LimitError, match="max_size"):
        ps.transcode(source, out, max_size=9000)
    with pytest.raises(ps.LimitError, match="max_duration"):
        ps.transcode(source, out, max_duration=0.09)
    assert os.listdir(tmp_path) == ["in.wav"]
    ps.transcode(source, out, max_duration=0.1, max_size=20_000)


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_threads_change_nothing(threads, source, tmp_path):
    ps.transcode(source, tmp_path / "out.wav", sample_rate=44100, threads=threads)
    ps.transcode(source, tmp_path / "one.wav", sample_rate=44100)
    assert (tmp_path / "out.wav").read_bytes() == (tmp_path / "one.wav").read_bytes()


def test_damage_is_told(source, tmp_path):
    data = source.read_bytes()
    broken, out = tmp_path / "broken.wav", tmp_path / "out.wav"
    broken.write_bytes(data[:10_000])
    with pytest.warns(ps.DamagedFileWarning, match="ends before its time") as caught:
        stats = ps.transcode(broken, out)
    assert caught[0].filename == __file__
    assert ps.DamageFlags.TRUNCATED in stats.damage.flags
    with pytest.raises(ps.DamagedFileError) as error:
        ps.transcode(broken, tmp_path / "b.wav", on_damage="raise")
    assert error.value.damage
    assert not (tmp_path / "b.wav").exists()
    ps.transcode(broken, out, on_damage="ignore", overwrite=True)


# ---- What is there -------------------------------------------------------------------------------


def test_errors_before_any_work(source, tmp_path):
    out = tmp_path / "out.wav"
    with pytest.raises(FileNotFoundError, match=r"no\.wav"):
        ps.transcode(tmp_path / "no.wav", out)
    with pytest.raises(IsADirectoryError):
        ps.transcode(tmp_path, out)
    with pytest.raises(IsADirectoryError):
        ps.transcode(source, tmp_path, format="WAV", overwrite=True)
    with pytest.raises(FileNotFoundError):
        ps.transcode(source, tmp_path / "no" / "out.wav")
    with pytest.raises(TypeError, match="output_path is None"):
        ps.transcode(source, None)
    assert os.listdir(tmp_path) == ["in.wav"]
    out.write_bytes(b"mine")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        ps.transcode(source, out)
    assert out.read_bytes() == b"mine"
    ps.transcode(source, out, overwrite=True)
    same(out, noise(4800))


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_what_must_not_be_read_or_written(tmp_path):
    """Root may do everything, so somebody else does it."""
    result = run_python(
        "import os, shutil, tempfile, pastream_ng as ps\n"
        "home = tempfile.mkdtemp()\n"
        "os.chmod(home, 0o777)\n"
        "os.chdir(home)\n"
        "ps.write('in.wav', [0.0] * 1000, 8000)\n"
        "ps.write('secret.wav', [0.0] * 1000, 8000)\n"
        "ps.write('kept.wav', [0.0] * 1000, 8000)\n"
        "ps.transcode('in.wav', os.devnull, format='AU')\n"  # All of it is imported now.
        "os.chmod('secret.wav', 0)\n"
        "os.chmod('kept.wav', 0o444)\n"
        "os.mkdir('locked', 0o555)\n"
        "me = os.geteuid()\n"
        "if me == 0:\n"
        "    os.seteuid(65534)\n"
        "for given, wanted in (('secret.wav', 'a.wav'), ('in.wav', 'locked/a.wav'),"
        " ('in.wav', 'kept.wav')):\n"
        "    try:\n"
        "        ps.transcode(given, wanted, overwrite=True)\n"
        "    except PermissionError as error:\n"
        "        print(error.filename)\n"
        "print(sorted(os.listdir()), os.listdir('locked'))\n"
        "os.seteuid(me)\n"
        "shutil.rmtree(home)\n",
        tmp_path,
    )
    assert result.stdout.splitlines() == [
        "secret.wav",
        "locked/a.wav",
        "kept.wav",
        "['in.wav', 'kept.wav', 'locked', 'secret.wav'] []",
    ]


def spellings(source, tmp_path):
    os.symlink(source, tmp_path / "link.wav")
    os.link(source, tmp_path / "hard.wav")
    (tmp_path / "sub").mkdir()
    yield str(source)
    yield tmp_path / "link.wav"
    yield tmp_path / "hard.wav"
    yield f"{tmp_path}/sub/../in.wav"
    yield os.path.relpath(source)


@pytest.mark.parametrize("overwrite", [False, True])
def test_an_output_that_is_the_input_is_refused(overwrite, source, tmp_path):
    data = source.read_bytes()
    for output in spellings(source, tmp_path):
        with pytest.raises(ValueError, match="same file as input"):
            ps.transcode(source, output, overwrite=overwrite)
    with open(source, "r+b") as file:
        for output in (f"/proc/self/fd/{file.fileno()}", file.fileno(), file):
            with pytest.raises(ValueError, match="same file as input"):
                ps.transcode(source, output, overwrite=overwrite, format="WAV")
            with pytest.raises(ValueError, match="same file as input"):
                ps.transcode(output, source, overwrite=overwrite, format="WAV")
    assert source.read_bytes() == data
    place = io.BytesIO(data)
    with pytest.raises(ValueError, match="same file as input"):
        ps.transcode(place, place, format="WAV")
    assert place.getvalue() == data


def test_another_kind_of_name_is_another_file(tmp_path):
    """What is compared is the file, not how it is called."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    ps.transcode(write(tmp_path / "a" / "x.wav"), tmp_path / "b" / "x.wav")
