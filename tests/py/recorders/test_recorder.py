# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Recorders: what was captured is in the files, to the frame, however it begins and ends."""

import asyncio
import gc
import json
import os
import threading
import time
import weakref

import numpy as np
import pytest
from servers.gil_hold import GilHog

import pastream_ng as ps
from pastream_ng import RecordingState as State

from ..conftest import counted, until
from .support import LIVE, RATE, counts, names, recorder, samples

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
