# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Recorders: what was captured is in the files, to the frame, however it begins and ends."""

import asyncio
import errno
import gc
import io
import json
import os
import re
import threading
import time
import weakref

import numpy as np
import pytest
from servers.gil_hold import GilHog

import pastream_ng as ps
from pastream_ng import RecordingState as State

from ..conftest import counted, until

RATE = 8000
FREE = ps.VirtualDevice(clock="free", input="counter")
LIVE = ps.VirtualDevice(input="counter")


def recorder(path, device=FREE, **options):
    """Return a recorder of a device whose samples are the numbers of their frames."""
    own = {"samplerate": RATE, "channels": 1, "dtype": "int32"}
    if "stream" in options:
        return ps.Recorder(path, **options)
    return ps.Recorder(path, device=device, **{**own, **options})


def samples(files, dtype="int32"):
    """Return what files hold, one after another."""
    parts = []
    for item in files:
        path = item.path if isinstance(item, ps.RecordedFile) else item
        with ps.SoundFile(path) as file:
            parts.append(file.read(dtype=dtype))
            assert not isinstance(item, ps.RecordedFile) or item.frames == len(parts[-1])
    return np.concatenate(parts)


def counts(frames, first=0, dtype="int32"):
    return counted(dtype, frames, first=first)[:, 0]


def names(rec):
    return [os.path.basename(file.path) for file in rec.files]


# ---- One file ------------------------------------------------------------------------------------


@pytest.mark.sanitize
def test_a_recording_of_a_known_length(tmp_path):
    with recorder(tmp_path / "a.wav", frames=50_000) as rec:
        assert rec.state is State.WAITING
        assert (rec.frames, rec.files, rec.exception) == (0, (), None)
        assert not (tmp_path / "a.wav").exists()
        rec.start()
        assert rec.wait(30)
        assert rec.state is State.DONE
        assert (rec.frames, rec.seconds) == (50_000, 6.25)
        assert rec.closed
        assert rec.stream.closed
    assert np.array_equal(samples(rec.files), counts(50_000))


@pytest.mark.sanitize
def test_stop_keeps_all_that_was_captured_by_then(tmp_path):
    rec = recorder(tmp_path / "a.wav", LIVE)
    rec.start()
    until(lambda: rec.frames > 1000)
    before = rec.stream.stats.captured_frames
    stats = rec.stop()
    assert stats.frames >= before
    assert stats == rec.stop() == rec.stats
    assert np.array_equal(samples(rec.files), counts(stats.frames))
    assert rec.wait(0)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.wav", {}),
        ("a.rf64", {}),
        ("a.aiff", {}),
        ("a.au", {}),
        ("a.caf", {}),
        ("a.w64", {}),
        ("a.flac", {"dtype": "int24"}),
        ("a.oga", {"dtype": "int16", "subtype": "FLAC"}),
    ],
)
def test_rotation_neither_loses_nor_doubles_a_frame(tmp_path, name, options):
    try:
        rec = recorder(tmp_path / name, rotate_frames=7001, frames=50_000, **options)
    except ps.CodecMissingError as missing:
        pytest.skip(str(missing))
    with rec:
        rec.start()
        assert rec.wait(30)
    assert [file.frames for file in rec.files] == [7001] * 7 + [993]
    assert [file.first_frame for file in rec.files] == [7001 * k for k in range(8)]
    root, extension = os.path.splitext(name)
    assert names(rec) == [f"{root}-{k:04}{extension}" for k in range(1, 9)]
    assert all(file.complete and file.error == 0 for file in rec.files)
    dtype = options.get("dtype", "int32")
    assert np.array_equal(samples(rec.files, dtype), counts(50_000, dtype=dtype))


@pytest.mark.parametrize(
    ("rotate", "frames"),
    [("1s", 8000), ("500ms", 4000), ("0.5 s", 4000), (0.5, 4000), ("0.01min", 4800), (1, 8000)],
)
def test_rotation_by_time(tmp_path, rotate, frames):
    with recorder(tmp_path / "a.wav", rotate=rotate, frames=20_000) as rec:
        rec.start()
        rec.wait(30)
    assert [file.frames for file in rec.files][:-1] == [frames] * ((20_000 - 1) // frames)
    assert np.array_equal(samples(rec.files), counts(20_000))


@pytest.mark.parametrize(("rotate", "size"), [("20kB", 20_000), ("16KiB", 16_384)])
def test_rotation_by_size(tmp_path, rotate, size):
    with recorder(tmp_path / "a.wav", LIVE, rotate=rotate, blocksize=64, samplerate=48000) as rec:
        rec.start()
        until(lambda: len(rec.files) >= 4)
        rec.stop()
    for file in rec.files[:-1]:
        assert size <= file.bytes == os.path.getsize(file.path)
    assert np.array_equal(samples(rec.files), counts(rec.frames))


def test_names_have_fields(tmp_path):
    path = tmp_path / "{time:%Y}-take{index}-{index:3}{x}.wav"
    with recorder(path, rotate_frames=100, frames=250) as rec:
        rec.start()
        rec.wait(30)
    year = time.strftime("%Y")
    assert names(rec) == [f"{year}-take{k}-{k:03}{{x}}.wav" for k in (1, 2, 3)]


def test_splits_are_gapless_and_exact(tmp_path):
    with recorder(tmp_path / "a.wav", LIVE) as rec:
        rec.start()
        rec.split(at=1234)
        until(lambda: rec.frames > 1300)
        rec.split()
        until(lambda: len(rec.files) == 3)
        rec.stop()
    assert names(rec) == ["a.wav", "a-0002.wav", "a-0003.wav"]
    assert rec.files[1].first_frame == rec.files[0].frames == 1234
    assert np.array_equal(samples(rec.files), counts(rec.frames))


def test_a_pause_leaves_frames_out(tmp_path):
    with recorder(tmp_path / "a.wav", LIVE) as rec:
        rec.start()
        until(lambda: rec.frames > 400)
        rec.pause()
        until(lambda: rec.state is State.PAUSED)
        frames = rec.frames
        captured = rec.stream.stats.captured_frames
        until(lambda: rec.stream.stats.captured_frames > captured + 400)
        assert rec.frames == frames
        rec.resume()
        until(lambda: rec.frames > frames + 400)
        rec.stop()
    got = samples(rec.files)
    assert np.array_equal(got[:frames], counts(frames))
    assert got[frames] > frames + 400
    assert np.array_equal(got[frames:], counts(len(got) - frames, int(got[frames])))
    assert rec.stats.lost_frames == 0


def test_a_pre_roll_is_from_before_the_start(tmp_path):
    with recorder(tmp_path / "a.wav", LIVE, pre_roll="50ms") as rec:
        rec.arm()
        until(lambda: rec.stream.stats.captured_frames > 1000)
        assert not rec.files
        before = rec.stream.stats.captured_frames
        rec.start()
        until(lambda: rec.frames > 600)
        rec.stop()
    got = samples(rec.files)
    assert before - 400 <= got[0] <= rec.stream.stats.captured_frames - 400
    assert np.array_equal(got, counts(len(got), int(got[0])))
    assert rec.files[0].first_frame == got[0]


def test_a_trigger_begins_it(tmp_path):
    with recorder(tmp_path / "a.wav", LIVE, trigger="call", pre_roll=10) as rec:
        with pytest.raises(ps.StateError, match="not started"):
            rec.trigger()
        rec.start()
        until(lambda: rec.stream.stats.captured_frames > 500)
        assert rec.frames == 0
        rec.trigger()
        until(lambda: rec.frames > 100)
        rec.stop()
    got = samples(rec.files)
    assert got[0] > 480
    assert np.array_equal(got, counts(len(got), int(got[0])))


def test_each_segment_has_a_file_of_its_own(tmp_path):
    options = {"rotate": "segment", "trigger": "call", "frames": 200, "retrigger": True}
    with recorder(tmp_path / "a.wav", LIVE, **options) as rec:
        rec.start()
        for k in range(1, 4):
            until(lambda: rec.state is State.WAITING)
            rec.trigger()
            until(lambda k=k: rec.frames == 200 * k)
        rec.stop()
    assert names(rec) == ["a-0001.wav", "a-0002.wav", "a-0003.wav"]
    for file in rec.files:
        assert np.array_equal(samples([file]), counts(200, file.first_frame))


def test_lost_frames_are_silence_and_counted(tmp_path):
    device = ps.VirtualDevice(clock="free", input="counter", faults=[ps.Fault("stall", 800, 400)])
    with recorder(tmp_path / "a.wav", device, frames=4000, blocksize=80, rotate_frames=1000) as rec:
        rec.start()
        assert rec.wait(30)
    stats, got = rec.stats, samples(rec.files)
    assert (stats.lost_frames, stats.frames, len(stats.files)) == (400, 4000, 4)
    assert stats.xruns >= 1
    silent = np.flatnonzero(got[1:] == 0) + 1
    assert len(silent) == 400
    assert silent[-1] - silent[0] == 399
    heard = np.delete(np.arange(4000), silent)
    assert np.array_equal(got[heard], heard)  # Time is kept.


# ---- Beside others -------------------------------------------------------------------------------


def test_several_recorders_and_a_reader_share_a_stream(tmp_path):
    with ps.InputStream(LIVE, RATE, channels=2, dtype="int16") as stream:
        recs = [ps.Recorder(tmp_path / f"{k}.wav", stream=stream, rotate=0.05) for k in range(3)]
        for rec in recs:
            rec.start()
        assert not stream.active
        assert recs[0].state is State.WAITING
        stream.start()
        got = stream.read(800, timeout=30)
        recs[0].stop()
        assert stream.active
        stream.stop()
        for rec in recs[1:]:
            assert rec.wait(30)
        captured = stream.stats.captured_frames
    assert np.array_equal(got, counted("int16", 800, 2))
    for rec in recs:
        assert np.array_equal(samples(rec.files, "int16"), counted("int16", rec.frames, 2))
    assert [rec.frames for rec in recs[1:]] == [captured] * 2


def test_nothing_is_lost_while_the_lock_of_python_is_held(tmp_path):
    """The ring is a quarter of a second long; nobody in Python empties it."""
    with recorder(tmp_path / "a.wav", LIVE, buffersize=2000, rotate="100ms") as rec:
        with GilHog(0.5):
            rec.start()
            until(lambda: rec.frames > RATE)
        stats = rec.stop()
    assert stats.lost_frames == stats.xruns == 0
    assert len(stats.files) >= 10
    assert np.array_equal(samples(rec.files), counts(stats.frames))


def test_the_end_can_be_awaited(tmp_path):
    async def record():
        with recorder(tmp_path / "a.wav", frames=1000) as rec:
            rec.start()
            return await rec.finished(30), rec.frames

    assert asyncio.run(record()) == (True, 1000)


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


# ---- Life ----------------------------------------------------------------------------------------


def test_a_recorder_records_once(tmp_path):
    rec = recorder(tmp_path / "a.wav", frames=100)
    for call in (rec.stop, rec.pause, rec.wait):
        with pytest.raises(ps.StateError, match="not started"):
            call()
    rec.start()
    with pytest.raises(ps.StateError, match="was started before"):
        rec.start()
    assert rec.wait(30)
    rec.close()
    rec.close()
    with pytest.raises(ps.ClosedError):
        rec.start()
    assert rec.stop().frames == 100
    assert "done, 100 frames in 1 file>" in repr(rec)


def test_a_recorder_that_was_never_started_makes_no_file(tmp_path):
    with recorder(tmp_path / "a.wav") as rec:
        pass
    assert rec.stream.closed
    assert rec.stats.to_dict()["files"] == []
    assert os.listdir(tmp_path) == []


def test_a_recorder_that_is_dropped_completes_its_file(tmp_path):
    rec = recorder(tmp_path / "a.wav", LIVE)
    gone = weakref.ref(rec)
    rec.start()
    until(lambda: gone().frames > 500)
    frames = rec.frames
    gc.disable()
    try:
        with pytest.warns(ResourceWarning, match="unclosed <pastream_ng.Recorder"):
            del rec
        assert gone() is None  # Without a cycle.
    finally:
        gc.enable()

    def is_whole():
        with ps.SoundFile(tmp_path / "a.wav") as file:
            return file.frames >= frames

    until(is_whole)


def test_stop_from_many_threads_at_once(tmp_path):
    with recorder(tmp_path / "a.wav", LIVE, rotate_frames=97) as rec:
        rec.start()
        until(lambda: rec.frames > 300)
        told = []
        threads = [threading.Thread(target=lambda: told.append(rec.stop())) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert {stats.frames for stats in told} == {rec.frames}
    assert np.array_equal(samples(rec.files), counts(rec.frames))


def test_stats_are_json(tmp_path):
    with recorder(tmp_path / "a.wav", frames=1000, rotate_frames=600, sync_interval=0.001) as rec:
        rec.start()
        rec.wait(30)
    told = json.loads(json.dumps(rec.stats.to_dict()))
    files = told.pop("files")
    elapsed = told.pop("elapsed")
    assert 0 < elapsed < 30
    assert told == {
        "state": "done",
        "format": "WAV",
        "subtype": "PCM_32",
        "samplerate": RATE,
        "channels": 1,
        "frames": 1000,
        "seconds": 0.125,
        "bytes": sum(file["bytes"] for file in files),
        "lost_frames": 0,
        "unwritten_frames": 0,
        "xruns": 0,
        "clipped": 0,
        "nonfinite": 0,
        "peak": pytest.approx(999 / 2**31),
        "disk_errors": 0,
        "error": None,
    }
    assert [file["frames"] for file in files] == [600, 400]
    assert all(abs(file["opened"] - time.time()) < 3600 for file in files)


def test_clipped_samples_are_counted(tmp_path):
    with (
        ps.DuplexStream("loopback", RATE, channels=1) as stream,
        ps.Recorder(tmp_path / "a.wav", stream=stream, subtype="PCM_16") as rec,
    ):
        rec.start()
        stream.start()
        stream.write(np.full(100, 2.0, "float32"))
        until(lambda: rec.stats.clipped == 100)
        stats = rec.stop()
    assert stats.peak == 2.0


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
