# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Recorders in places that cannot be written, with devices that go, and with wrong arguments."""

import errno
import io
import json
import os
import re

import numpy as np
import pytest

import pastream_ng as ps
from pastream_ng import RecordingState as State

from ..conftest import until
from .support import FREE, LIVE, RATE, counts, recorder, samples

# ---- Places --------------------------------------------------------------------------------------


def test_a_file_object_is_one_file(tmp_path):
    place = io.BytesIO()
    with recorder(place, format="WAV", frames=1000) as rec:
        rec.start()
        with pytest.raises(ps.StateError, match="one place"):
            rec.split()
        rec.wait(30)
    assert rec.files[0].path == str(place)
    assert rec.files[0].bytes == len(place.getvalue())
    place.seek(0)
    assert np.array_equal(samples([place]), counts(1000))


def test_what_a_file_object_raises_comes_out(tmp_path):
    class Broken(io.RawIOBase):
        def writable(self):
            return True

        def write(self, data):
            raise ZeroDivisionError("broken")

    with recorder(Broken(), format="RAW", subtype="PCM_32") as rec:
        rec.start()
        with pytest.raises(ZeroDivisionError):
            rec.wait(30)
        assert isinstance(rec.exception, ZeroDivisionError)


def test_a_pipe_whose_reader_goes_away_ends_it():
    reader, writer = os.pipe()
    with ps.InputStream(LIVE, RATE, channels=1) as stream:
        rec = ps.Recorder(writer, stream=stream, format="AU")
        rec.start()
        stream.start()
        assert os.read(reader, 4) == b".snd"
        os.close(reader)
        with pytest.raises(ps.SystemCallError) as caught:
            rec.wait(30)
        assert caught.value.errno == errno.EPIPE
        assert stream.active  # The device goes on.
        assert rec.stats.error.endswith("Broken pipe")


# ---- Errors --------------------------------------------------------------------------------------


def test_files_that_are_there_stay(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(b"mine")
    rec = recorder(path)
    with pytest.raises(FileExistsError, match=r"a\.wav"):
        rec.start()
    rec.close()
    assert path.read_bytes() == b"mine"
    with recorder(path, overwrite=True, frames=100) as rec:
        rec.start()
        rec.wait(30)
    assert len(samples(rec.files)) == 100


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("none/a.wav", FileNotFoundError),
        ("a.wav", IsADirectoryError),
        ("x" * 300 + ".wav", OSError),
    ],
)
def test_F8_files_that_cannot_be_made(tmp_path, path, kind):
    (tmp_path / "a.wav").mkdir()
    with recorder(tmp_path / path, overwrite=True) as rec, pytest.raises(kind):
        rec.start()
    assert rec.closed
    assert os.listdir(tmp_path) == ["a.wav"]


@pytest.mark.sanitize
def test_a_folder_that_vanishes_ends_it_and_the_device_goes_on(tmp_path):
    folder, kept = tmp_path / "folder", tmp_path / "kept"
    folder.mkdir()
    with ps.InputStream(LIVE, RATE, channels=1, dtype="int32") as stream:
        rec = ps.Recorder(folder / "a.wav", stream=stream, rotate_frames=500)
        rec.start()
        stream.start()
        until(lambda: len(rec.files) >= 2)
        folder.rename(kept)
        with pytest.raises(ps.SystemCallError, match=r"a-00\d\d\.wav.*No such file") as caught:
            rec.wait(30)
        with pytest.raises(ps.SystemCallError):
            rec.stop()
        assert rec.state is State.FAILED
        assert rec.exception is caught.value
        assert caught.value.errno == errno.ENOENT
        assert stream.active
        captured = stream.stats.captured_frames
        until(lambda: stream.stats.captured_frames > captured)
    files = [kept / os.path.basename(file.path) for file in rec.files]
    assert np.array_equal(samples(files), counts(rec.frames))
    assert rec.stats.disk_errors == 1


def test_F4_a_full_disk_ends_it_and_the_device_goes_on():
    with ps.InputStream(LIVE, RATE, channels=1) as stream:
        stream.start()
        rec = ps.Recorder("/dev/full", stream=stream, format="RAW", subtype="PCM_16")
        rec.start()
        with pytest.raises(OSError, match="No space left") as caught:
            rec.wait(30)
        assert caught.value.errno == errno.ENOSPC
        assert rec.exception is caught.value
        assert stream.active
        assert rec.stats.files[0].error == 28
        assert json.loads(json.dumps(rec.stats.to_dict()))["disk_errors"] == 1


def test_F4_a_full_disk_is_waited_for(tmp_path, monkeypatch):
    """The first file is on a disk that is full for ever; the next one is not."""
    path = tmp_path / "a{index}.raw"
    os.symlink("/dev/full", tmp_path / "a1.raw")
    with recorder(path, LIVE, subtype="PCM_32", on_disk_full="continue") as rec:
        rec.start()
        until(lambda: len(rec.files) == 2 and rec.files[1].frames > 400)
        stats = rec.stop()
    assert [file.error for file in stats.files] == [28, 0]
    assert stats.unwritten_frames > 0
    first = stats.files[1].first_frame
    assert stats.unwritten_frames + stats.frames == first + stats.files[1].frames
    got = np.fromfile(tmp_path / "a2.raw", "int32")
    assert np.array_equal(got, counts(stats.files[1].frames, first))


def test_a_lost_device_ends_it_with_all_that_came(tmp_path):
    device = ps.VirtualDevice(input="counter", faults=[ps.Fault("vanish", at=2400)])
    limits = {"lost_after": 0.2, "stall_after": 0.1, "blocksize": 240}
    rec = recorder(tmp_path / "a.wav", device, **limits)
    rec.start()
    with pytest.raises(ps.DeviceLostError) as caught:
        rec.wait(30)
    assert caught.value.frame >= 2400
    assert np.array_equal(samples(rec.files), counts(2400))


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"rotate": "1 fortnight"}, "rotate is '1 fortnight'; it must be seconds, a time"),
        ({"rotate": 0}, "rotate is 0; it must be at least one frame"),
        ({"rotate": "0MB"}, "rotate is '0MB'"),
        ({"rotate": True}, "rotate is True"),
        ({"rotate": "parts"}, "rotate is 'parts'; it must be seconds"),
        ({"rotate": "1h", "rotate_frames": 5}, "give one of them"),
        ({"rotate_frames": 0}, "rotate_frames is 0; it must be at least 1"),
        ({"pre_roll": "5 apples"}, "pre_roll is '5 apples'"),
        ({"pre_roll": 10**9}, "pre_roll is 1000000000; it must be at most"),
        ({"on_disk_full": "cry"}, 'on_disk_full is \'cry\'; it must be one of "stop", "continue"'),
        ({"overwrite": "yes"}, "overwrite is 'yes'"),
        ({"sync_interval": -1}, "sync_interval is -1"),
        ({"format": "XYZ"}, "format is 'XYZ'"),
        ({"subtype": "VORBIS"}, "subtype is 'VORBIS'"),
        ({"bitrate": 96000}, "bitrate"),
        ({"gaps": "none"}, "gaps is 'none'"),
        ({"frames": 0}, "frames is 0"),
        ({"stream": 5}, "stream is 5; it must be an InputStream"),
    ],
)
def test_bad_arguments_are_named_and_make_nothing(tmp_path, options, text):
    with pytest.raises((ps.ArgumentError, ps.ArgumentTypeError), match=re.escape(text)):
        recorder(tmp_path / "a.wav", **options)
    assert os.listdir(tmp_path) == []


def test_arguments_that_do_not_fit_the_file_or_the_stream(tmp_path):
    with pytest.raises(ps.ArgumentError, match="rotate is '1h'; it needs a path"):
        recorder(io.BytesIO(), format="WAV", rotate="1h")
    with pytest.raises(ps.ArgumentError, match="on_disk_full is 'continue'; it needs a path"):
        recorder(io.BytesIO(), format="WAV", on_disk_full="continue")
    with pytest.raises(ps.ArgumentError, match="format is None"):
        recorder(tmp_path / "a.xyz")
    with pytest.raises(ps.ArgumentError, match="NUL"):
        recorder("a\0.wav")
    with (
        recorder(tmp_path / "{index:0}.wav") as rec,
        pytest.raises(ps.ArgumentError, match="makes no sense"),
    ):
        rec.start()
    with (
        ps.InputStream(FREE, RATE) as stream,
        pytest.raises(ps.ArgumentTypeError, match="channels is 2; the stream is open already"),
    ):
        ps.Recorder(tmp_path / "a.wav", stream=stream, channels=2)
    stream.close()
    with pytest.raises(ps.ClosedError):
        ps.Recorder(tmp_path / "a.wav", stream=stream)


def test_a_place_is_given_back_where_it_cannot_be_used(tmp_path):
    """A full place takes no header; a stream without readers to spare takes no recorder."""
    fd = os.open("/dev/full", os.O_WRONLY)
    with (
        recorder(fd, format="AU") as rec,
        pytest.raises(ps.SystemCallError, match="No space left"),
    ):
        rec.start()
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(fd)
    with ps.InputStream(FREE, RATE, channels=1) as stream:
        readers = [stream.reader() for _ in range(15)]
        place = open(tmp_path / "a.au", "wb")  # noqa: SIM115
        fd = os.dup(place.fileno())
        with pytest.raises(ps.LimitError):
            ps.Recorder(fd, stream=stream, format="AU").start()
        with pytest.raises(OSError, match="Bad file"):
            os.fstat(fd)
        place.close()
        del readers
