# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Streams that play sound files and record into them: every frame, whatever ends the run."""

import errno
import gc
import io
import os
import signal
import subprocess
import sys
import threading
import weakref

import numpy as np
import pytest

import pastream_ng as ps

from .conftest import counted, run_python, until

RATE = 48000


@pytest.fixture
def path(tmp_path):
    return tmp_path / "sound.wav"


def read(place, dtype="float32"):
    with ps.SoundFile(place) as file:
        return file.read(dtype=dtype, always_2d=True)


def make(path, frames, channels=1, dtype="int32", **kw):
    """Write a file whose samples are the numbers of their frames; return them."""
    data = counted(dtype, frames, channels)
    kw.setdefault("subtype", {"int32": "PCM_32", "int16": "PCM_16"}[dtype])
    with ps.SoundFile(path, "w", RATE, channels, **kw) as file:
        file.write(data)
    return data


# ---- Recording ----


@pytest.mark.parametrize(
    ("dtype", "subtype"),
    [
        ("float32", "FLOAT"),
        ("float64", "DOUBLE"),
        ("int32", "PCM_32"),
        ("int24", "PCM_24"),
        ("int16", "PCM_16"),
        ("int8", "PCM_U8"),
        ("uint8", "PCM_U8"),
    ],
)
def test_recording_is_exact_for_each_dtype(counter, path, dtype, subtype):
    with ps.SoundFileInputStream(path, device=counter, dtype=dtype, channels=2) as stream:
        stream.frames = 5000
        stream.start()
        assert stream.wait(20)
        assert (stream.inp_fh.subtype, stream.inp_fh.frames) == (subtype, 5000)
        # The run is over: what others see is complete, before the stream is closed.
        assert np.array_equal(read(path, dtype), counted(dtype, 5000, 2))
    assert stream.inp_fh.closed
    assert np.array_equal(read(path, dtype), counted(dtype, 5000, 2))


@pytest.mark.parametrize("name", ["a.wav", "a.aiff", "a.au", "a.caf", "a.w64", "a.rf64", "a.raw"])
def test_recording_into_each_kind_of_file(counter, tmp_path, name):
    path = tmp_path / name
    with ps.SoundFileInputStream(
        path, device=counter, dtype="int8", channels=1, samplerate=8000
    ) as stream:
        stream.frames = 333
        stream.start()
        assert stream.wait(20)
    told = {"samplerate": 8000, "channels": 1, "subtype": "PCM_S8"} if name == "a.raw" else {}
    with ps.SoundFile(path, **told) as file:
        assert np.array_equal(file.read(dtype="int8"), counted("int8", 333)[:, 0])


def test_runs_append(counter, path):
    with ps.SoundFileInputStream(
        path, device=counter, dtype="int32", channels=1, frames=300, offset=100
    ) as stream:
        for run in range(1, 4):
            stream.start()
            assert stream.wait(20)
            assert stream.inp_fh.frames == run * 200
    assert np.array_equal(read(path, "int32"), np.tile(counted("int32", 300)[100:], (3, 1)))


@pytest.mark.parametrize("how", ["stop", "abort", "close", "exit"])
def test_what_the_ring_holds_is_in_the_file_whatever_ends_the_run(path, how):
    device = ps.VirtualDevice(input="counter")
    stream = ps.SoundFileInputStream(path, device=device, dtype="int32", channels=1)
    stream.start()
    until(lambda: stream.stats.captured_frames > 1000)
    if how == "exit":
        with pytest.raises(KeyError), stream:
            raise KeyError
    else:
        getattr(stream, how)()
    captured = stream.stats.captured_frames
    stream.close()
    assert captured > 1000
    assert np.array_equal(read(path, "int32"), counted("int32", captured))


def test_a_lost_device_leaves_all_that_came_before(path):
    device = ps.VirtualDevice(input="counter", faults=[ps.Fault("vanish", at=2400)])
    options = {"device": device, "dtype": "int32", "channels": 1, "blocksize": 240}
    stream = ps.SoundFileInputStream(path, lost_after=0.2, stall_after=0.1, **options)
    stream.start()
    with pytest.raises(ps.DeviceLostError):
        stream.wait(20)
    assert stream.inp_fh.frames == stream.stats.captured_frames == 2400
    assert not stream.inp_fh._is_lent()  # The recorder is done, though the ring was never ended.
    stream.close()
    assert np.array_equal(read(path, "int32"), counted("int32", 2400))


def test_a_device_that_comes_back_goes_on_in_the_same_file(path):
    device = ps.VirtualDevice(input="counter", faults=[ps.Fault("vanish", at=2400)])
    options = {"device": device, "dtype": "int32", "channels": 1, "blocksize": 240}
    with ps.SoundFileInputStream(
        path, on_lost="reopen", lost_after=0.2, stall_after=0.1, **options
    ) as stream:
        stream.start()
        until(lambda: stream.stats.captured_frames > 4000)
        stream.stop()
        captured = stream.stats.captured_frames
        assert stream.inp_fh.frames == captured
    got = read(path, "int32")
    assert np.array_equal(got[:2400], counted("int32", 2400))
    assert np.array_equal(got[2400:], counted("int32", captured - 2400))


def test_nothing_is_lost_while_the_lock_of_python_is_held(path):
    """The ring is a quarter of a second long; nobody in Python empties it."""
    import ctypes

    device = ps.VirtualDevice(input="counter")
    with ps.SoundFileInputStream(
        path, device=device, dtype="int32", channels=1, samplerate=8000, buffersize=2000
    ) as stream:
        stream.start()
        # Sleeping through ctypes.PyDLL keeps the lock.
        ctypes.PyDLL(None).usleep(900_000)
        stream.stop()
        assert stream.stats.dropped_frames == 0
        captured = stream.stats.captured_frames
    assert captured > 6000
    assert np.array_equal(read(path, "int32"), counted("int32", captured))


def test_a_full_disk_stops_the_stream(counter):
    stream = ps.SoundFileInputStream("/dev/full", format="RAW", device=counter, channels=1)
    stream.start()
    with pytest.raises(ps.SystemCallError, match="No space left") as caught:
        stream.wait(20)
    assert "the sound file '/dev/full': Could not write" in str(caught.value)
    assert caught.value.errno == errno.ENOSPC
    assert stream.exception is caught.value
    assert stream.aborted
    stream.close()


class FullError(Exception):
    """What a user's file raises."""


class Full(io.BytesIO):
    """A place with little room."""

    def write(self, data):
        if self.tell() + len(data) > 20000:
            raise FullError("no more room")
        return super().write(data)


def test_what_a_users_file_raises_ends_the_run_and_comes_out_as_it_is(counter):
    place = Full()
    stream = ps.SoundFileInputStream(place, format="WAV", device=counter, dtype="int16", channels=1)
    stream.start()
    with pytest.raises(FullError, match="no more room"):
        stream.wait(20)
    stream.close()
    place.seek(0)
    got = read(place, "int16")
    assert np.array_equal(got, counted("int16", len(got)))


class Slow(io.BytesIO):
    """A place that keeps its writers waiting."""

    def __init__(self):
        super().__init__()
        self.goes_on = threading.Event()
        self.goes_on.set()

    def write(self, data):
        assert self.goes_on.wait(20)
        return super().write(data)


def test_a_slow_disk_holds_nobody_up_for_ever(monkeypatch, counter):
    monkeypatch.setattr("pastream_ng.files.endpoints._FINISH_S", 0.1)
    place = Slow()
    stream = ps.SoundFileInputStream(
        place, format="WAV", device=counter, dtype="int32", channels=1, frames=5000
    )
    place.goes_on.clear()
    stream.start()
    with pytest.raises(ps.PastreamTimeoutError, match="done in the background"):
        stream.wait(20)
    with pytest.raises(ps.StateError, match="its last frames are still on their way"):
        stream.inp_fh.close()
    for call in (stream.start, lambda: stream.input_ring.read(1)):
        with pytest.raises(ps.StateError, match="is reading here"):
            call()
    place.goes_on.set()
    until(lambda: not stream.inp_fh._is_lent())
    assert stream.input_ring.read(1).shape == (0,)
    stream.close()
    stream.inp_fh.close()
    place.seek(0)
    assert np.array_equal(read(place, "int32"), counted("int32", 5000))


def test_an_open_file_is_recorded_into_and_left_open(counter, path):
    with ps.SoundFile(path, "w", 44100, 1, "PCM_32") as file:
        file.write(np.zeros(10, "int32"))
        with ps.SoundFileInputStream(file, device=counter, dtype="int32") as stream:
            assert (stream.samplerate, stream.channels) == (44100, 1)
            stream.frames = 100
            stream.start()
            stream.wait(20)
        file.write(np.zeros(5, "int32"))
        assert file.frames == 115
    assert np.array_equal(read(path, "int32")[10:110], counted("int32", 100))


def test_a_file_in_use_is_kept_from_others(counter, path):
    device = ps.VirtualDevice(input="counter")
    with ps.SoundFile(path, "w", RATE, 1) as file:
        with ps.SoundFileInputStream(file, device=device) as stream:
            stream.start()
            for call in (file.close, file.flush, lambda: file.write([0.0])):
                with pytest.raises(ps.StateError, match="in use: a stream records into it"):
                    call()
            with pytest.raises(ps.StateError, match=r"sound\.wav.* is reading here"):
                stream.input_ring.read(1)
            second = ps.SoundFileInputStream(file, device=counter)
            with pytest.raises(ps.StateError, match="in use"):
                second.start()
            second.close()
            until(lambda: stream.frame_count > 0)
            stream.stop()
        # The ring is everybody's again.
        assert file.frames > 0


@pytest.mark.parametrize("kind", [ps.SoundFileInputStream, ps.SoundFileOutputStream])
def test_a_file_that_was_closed_cannot_be_used_again(counter, path, kind):
    with ps.SoundFile(path, "w", RATE, 1) as file:
        file.write(np.zeros(10))
        if kind is ps.SoundFileOutputStream:
            file.close()
            file = ps.SoundFile(path)
        with kind(file, device=counter) as stream:
            file.close()
            with pytest.raises(ps.ClosedError, match="this sound file is closed"):
                stream.start()
            assert not stream.active


def test_chunks_can_be_read_after_a_recording(counter, path):
    with ps.SoundFileInputStream(path, device=counter, dtype="int32", channels=1) as stream:
        stream.frames = 1000
        stream.start()
        stream.wait(20)
        stream.set_sink(None)
        got = [chunk.copy() for chunk in stream.chunks(100, frames=300)]
    assert np.array_equal(np.concatenate(got), counted("int32", 300)[:, 0])
    assert len(read(path)) == 1000


# ---- Both ----


def test_a_file_is_played_and_recorded_at_once(loopback, path, tmp_path):
    wanted = make(path, 5000, 2)
    take = tmp_path / "take.wav"
    with ps.SoundFileDuplexStream(
        take, path, device=loopback, channels=2, dtype="int32", pad=1000
    ) as stream:
        stream.start()
        assert stream.wait(20)
        assert stream.inp_fh.frames >= 6000
        assert stream.out_fh.frames == 5000
    got = read(take, "int32")
    begin = np.flatnonzero(got[:, 0])[0] - 1
    assert np.array_equal(got[begin : begin + 5000], wanted)


def test_a_duplex_stream_needs_a_file_and_not_the_same(loopback, path, tmp_path):
    with pytest.raises(ps.ArgumentTypeError, match="inpf and outf are None"):
        ps.SoundFileDuplexStream(device=loopback)
    make(path, 10)
    link = tmp_path / "link.wav"
    link.symlink_to(path)
    hard = tmp_path / "hard.wav"
    os.link(path, hard)
    for other in (path, str(path), link, hard, tmp_path / "." / "sound.wav"):
        with pytest.raises(ps.ArgumentError, match="cannot be played and recorded"):
            ps.SoundFileDuplexStream(other, path, device=loopback)
    assert len(read(path)) == 10


# ---- Sources and sinks ----


def test_sources_and_sinks(loopback, path, tmp_path):
    wanted = make(path, 3000)
    take = tmp_path / "take.wav"
    with (
        ps.DuplexStream(loopback, samplerate=RATE, channels=1, dtype="int32", pad=500) as stream,
        ps.SoundFile(path) as file,
    ):
        stream.set_source(file, buffersize=1000)
        with stream.to_file(take) as out:
            assert (out.subtype, out.samplerate, out.channels) == ("PCM_32", RATE, 1)
            stream.set_sink(out)
            stream.start()
            assert stream.wait(20)
            assert file.tell() == 3000
    got = read(take, "int32")[:, 0]
    begin = np.flatnonzero(got)[0] - 1
    assert np.array_equal(got[begin : begin + 3000], wanted[:, 0])


def test_play_and_record_take_paths(counter, loopback, path, tmp_path):
    with ps.InputStream(counter, samplerate=RATE, channels=1, dtype="int32") as stream:
        for frames in (500, 300):
            stream.record(frames, out=str(path), blocking=True)
            assert np.array_equal(read(path, "int32"), counted("int32", frames))
    with ps.OutputStream(loopback, samplerate=RATE, channels=1) as stream:
        for _ in range(2):
            stream.play(path, blocking=True)
            assert stream.stats.played_frames == 300
        stream.play(path, frames=1000, loop=True, blocking=True)
        assert stream.stats.played_frames == 1000
    with pytest.raises(FileNotFoundError), ps.OutputStream(loopback) as stream:
        stream.play(tmp_path / "missing.wav")


def test_record_into_a_file_without_end(path):
    device = ps.VirtualDevice(input="counter")
    with ps.InputStream(device, channels=1) as stream, stream.to_file(path) as file:
        stream.record(out=file)
        until(lambda: stream.stats.captured_frames > 500)
        stream.stop()
        assert file.frames == stream.stats.captured_frames


def test_streams_from_files(loopback, path):
    make(path, 100, 2)
    with ps.OutputStream.from_file(path, loopback) as stream:
        assert (stream.samplerate, stream.channels) == (RATE, 2)
        stream.play(path, blocking=True)
        assert stream.stats.played_frames == 100
    with ps.OutputStream.from_file(path, loopback, 8000, channels=1) as stream:
        assert (stream.samplerate, stream.channels) == (8000, 1)
    with ps.InputStream.from_file(path, loopback) as stream:
        assert (stream.samplerate, stream.channels) == (RATE, 2)
    with ps.SoundFile(path) as file, ps.DuplexStream.from_file(file, loopback) as stream:
        assert stream.channels[1] == 2


def test_files_that_do_not_fit_are_refused(loopback, path, tmp_path):
    make(path, 10, 2)
    with ps.DuplexStream(loopback, samplerate=8000, channels=1) as stream:
        mono = tmp_path / "mono.wav"
        for place, options, method, error, text in (
            (path, ("w", 31, 1), stream.set_sink, ps.ArgumentError, "a factor of 256 at most"),
            (mono, ("w", 8000, 1), stream.set_source, ps.StateError, "mode 'w', for writing"),
            (mono, (), stream.set_sink, ps.StateError, "mode 'r', for reading"),
            (mono, ("w", 31, 1), stream.set_sink, ps.ArgumentError, "samplerate=31"),
            (mono, (), stream.set_source, ps.ArgumentError, "samplerate=31"),
        ):
            with ps.SoundFile(place, *options) as file, pytest.raises(error, match=text):
                method(file)
        with pytest.raises(ps.ArgumentError, match="mode is 'r'"):
            stream.to_file(mono, "r")
        with pytest.raises(ps.ArgumentTypeError, match="bits is no argument of to_file"):
            stream.to_file(mono, bits=16)
    text = "subtype is 'PCM_16'; the file is open"
    with ps.SoundFile(path) as file, pytest.raises(ps.ArgumentTypeError, match=text):
        ps.SoundFileOutputStream(file, device=loopback, subtype="PCM_16")


@pytest.mark.parametrize("name", ["reader", "writer", "callback"])
def test_only_the_file_moves_the_frames(loopback, path, tmp_path, name):
    make(path, 10)
    take = tmp_path / "take.wav"
    kw = {"device": loopback, name: print}
    text = f"{name} is <built-in function print>; it is the sound file"
    if name != "writer":
        with pytest.raises(ps.ArgumentTypeError, match=text):
            ps.SoundFileInputStream(take, **kw)
    if name != "reader":
        with pytest.raises(ps.ArgumentTypeError, match=text):
            ps.SoundFileOutputStream(path, **kw)
    with pytest.raises(ps.ArgumentTypeError, match=text):
        ps.SoundFileDuplexStream(take, path, **kw)
    assert not take.exists()


def test_bad_arguments_leave_files_and_devices_alone(loopback, path):
    for kw, text in (
        ({"format": "VOC"}, "format is 'VOC'"),
        ({"subtype": "MP3"}, "subtype is 'MP3'"),
        ({"channels": 999}, "channels is 999"),
    ):
        with pytest.raises(ps.ArgumentError, match=text):
            ps.SoundFileInputStream(path, device=loopback, **kw)
        assert not path.exists()
    with pytest.raises(FileNotFoundError):
        ps.SoundFileInputStream(path.parent / "no" / "such.wav", device=loopback)
    with pytest.raises(ps.DeviceNotFoundError):
        ps.SoundFileInputStream(path, device="no such device")
    assert not path.exists()


# ---- Life ----


def test_streams_die_by_reference_count(counter, path):
    stream = ps.SoundFileInputStream(path, device=counter, channels=1, frames=100)
    stream.start()
    stream.wait(20)
    stream.close()
    gc.disable()
    try:
        gone = weakref.ref(stream)
        del stream
        assert gone() is None
    finally:
        gc.enable()


def test_a_dropped_recording_leaves_a_file(path):
    stream = ps.SoundFileInputStream(path, device=ps.VirtualDevice(input="counter"), channels=1)
    stream.start()
    until(lambda recorded=stream.inp_fh: recorded.tell() > 1000)
    with pytest.warns(ResourceWarning, match="unclosed"):
        del stream

    def is_there():
        with ps.SoundFile(path) as file:
            return file.frames > 1000

    until(is_there)


def test_the_end_of_the_program_completes_files(path):
    code = """
import sys, time
import pastream_ng as ps
stream = ps.SoundFileInputStream(sys.argv[1], device=ps.VirtualDevice(input="counter"),
                                 dtype="int32", channels=1)
stream.start()
while stream.stats.captured_frames < 5000:
    time.sleep(0.01)
globals()["kept"] = stream
import warnings
warnings.simplefilter("ignore")
"""
    run_python(code, path)
    got = read(path, "int32")
    assert len(got) >= 5000
    assert np.array_equal(got, counted("int32", len(got)))


def test_a_killed_program_leaves_all_but_the_last_second(tmp_path):
    paths = [tmp_path / f"a.{name}" for name in ("wav", "rf64", "aiff", "caf", "w64", "au")]
    code = """
import sys, time
import pastream_ng as ps
device = ps.VirtualDevice(input="counter")
options = {"device": device, "dtype": "int32", "channels": 1, "samplerate": 48000}
streams = [ps.SoundFileInputStream(path, **options) for path in sys.argv[1:]]
for stream in streams:
    stream.start()
while stream.stats.captured_frames < 72000:
    time.sleep(0.01)
print("now", flush=True)
time.sleep(60)
"""
    command = [sys.executable, "-c", code, *map(str, paths)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "now\n"
        process.send_signal(signal.SIGKILL)
    for path in paths:
        got = read(path, "int32")
        assert len(got) > 72000 - 48000
        assert np.array_equal(got, counted("int32", len(got)))
