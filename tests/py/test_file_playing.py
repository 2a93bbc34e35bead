# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Streams that play sound files: every frame once, loops without a gap, pipes that keep silent."""

import io
import os
import threading

import numpy as np
import pytest

import pastream_ng as ps

from .conftest import counted, until
from .test_file_streams import RATE, FullError, make


@pytest.fixture
def path(tmp_path):
    return tmp_path / "sound.wav"


def loop_back(loopback, path, **kw):
    """Play a file over a loopback; return what comes back, the silence before it left out."""
    with ps.SoundFileDuplexStream(
        None, path, device=loopback, dtype="int32", channels=(1, None), overflow="raise", **kw
    ) as stream:
        stream.start()
        assert stream.wait(20)
        got = stream.input_ring.read()
        return got[np.flatnonzero(got)[0] - 1 :] if np.any(got) else got


def test_playing_is_exact(loopback, path):
    wanted = make(path, 20000)[:, 0]
    got = loop_back(loopback, path, pad=2000)
    assert np.array_equal(got[:20000], wanted)
    assert not np.any(got[20000:])


def test_a_file_tells_rate_channels_and_dtype(loopback, tmp_path):
    for subtype, dtype in (("PCM_16", "float32"), ("PCM_32", "int32"), ("DOUBLE", "float64")):
        path = tmp_path / f"{subtype}.wav"
        with ps.SoundFile(path, "w", 22050, 2, subtype) as file:
            file.write(np.zeros((10, 2)))
        with ps.SoundFileOutputStream(path, device=loopback) as stream:
            assert (stream.samplerate, stream.channels, stream.dtype) == (22050, 2, dtype)
            assert stream.out_fh.name == str(path)
            stream.start()
            assert stream.wait(20)
            assert stream.stats.played_frames == 10


def test_a_run_goes_on_where_the_last_one_ended(loopback, path):
    make(path, 5000)
    with ps.SoundFileOutputStream(path, device=loopback) as stream:
        stream.frames = 2000
        for position in (2000, 4000):
            stream.start()
            assert stream.wait(20)
            assert (stream.stats.played_frames, stream.out_fh.tell()) == (2000, position)
        stream.frames = -1
        stream.start()
        assert stream.wait(20)
        assert stream.out_fh.tell() == 5000
        stream.out_fh.seek(4990)
        stream.start()
        assert stream.wait(20)
        assert stream.stats.played_frames == 10


@pytest.mark.parametrize("length", [1, 700, 9000])
def test_a_loop_has_no_gap(loopback, path, length):
    data = np.arange(1, length + 1, dtype="int32") << 8
    with ps.SoundFile(path, "w", RATE, 1, "PCM_32") as file:
        file.write(data)
    with ps.SoundFileDuplexStream(
        None, path, device=loopback, channels=(1, None), dtype="int32", loop=True
    ) as stream:
        stream.frames = 3 * length + 500
        stream.pad = 1000
        stream.start()
        assert stream.wait(20)
        got = stream.input_ring.read()
        assert stream.out_fh.tell() == 500 % length
    begin = np.flatnonzero(got)[0]
    wanted = np.resize(data, 3 * length + 500)
    assert np.array_equal(got[begin : begin + len(wanted)], wanted)


def test_loops_that_cannot_be(loopback, path):
    with ps.SoundFile(path, "w", RATE, 1):
        pass
    with pytest.raises(ps.ArgumentError, match="loop: the sound file has no frames"):
        ps.SoundFileOutputStream(path, device=loopback, loop=True)
    read_end, write_end = os.pipe()
    with ps.SoundFile(write_end, "w", RATE, 1, format="AU") as file:
        file.write(np.zeros(10))
    with pytest.raises(ps.ArgumentError, match="loop: the sound file comes from a pipe"):
        ps.SoundFileOutputStream(read_end, device=loopback, loop=True)


def test_an_empty_file_is_played_at_once(loopback, path):
    with ps.SoundFile(path, "w", RATE, 1):
        pass
    with ps.SoundFileOutputStream(path, device=loopback) as stream:
        stream.start()
        assert stream.wait(20)
        assert stream.stats.played_frames == 0


def test_playing_from_a_pipe(loopback):
    read_end, write_end = os.pipe()
    data = counted("int16", 150000)

    def write():
        with ps.SoundFile(write_end, "w", RATE, 1, format="AU") as file:
            file.write(data)

    writer = threading.Thread(target=write)
    writer.start()
    with ps.SoundFileOutputStream(read_end, device=loopback) as stream:
        stream.start()
        assert stream.wait(20)
        assert stream.stats.played_frames == 150000
    writer.join()


def test_a_pipe_that_is_silent_holds_nobody_up(loopback):
    read_end, write_end = os.pipe()
    kw = {"samplerate": RATE, "channels": 1, "subtype": "PCM_16", "format": "RAW"}
    with ps.SoundFileOutputStream(read_end, device=loopback, **kw) as stream:
        with pytest.raises(ps.PastreamTimeoutError, match="timeout"):
            stream.start(timeout=0.1)
        os.write(write_end, bytes(20000))
        os.close(write_end)


def test_stop_does_not_wait_for_a_pipe(path):
    read_end, write_end = os.pipe()
    os.write(write_end, bytes(40000))
    kw = {"samplerate": RATE, "channels": 1, "subtype": "PCM_16", "format": "RAW"}
    with ps.SoundFileOutputStream(read_end, device="null", **kw) as stream:
        stream.start()
        until(lambda: stream.stats.played_frames > 100)
        stream.stop()
        assert stream.stopped
    os.close(write_end)


def test_raw_files_need_to_be_told(loopback, tmp_path):
    path = tmp_path / "a.raw"
    path.write_bytes(counted("int16", 300, 2).tobytes())
    with ps.SoundFileOutputStream(
        path, device=loopback, samplerate=8000, channels=2, subtype="PCM_16"
    ) as stream:
        stream.start()
        assert stream.wait(20)
        assert stream.stats.played_frames == 300
    for missing in ({"samplerate": 8000}, {"channels": 2}, {}):
        with pytest.raises(ps.ArgumentTypeError, match="is None; RAW files need"):
            ps.SoundFileOutputStream(path, device=loopback, **missing)


def test_a_read_error_ends_the_run_after_what_was_read(loopback, path):
    class Failing(io.BytesIO):
        def readinto(self, memory):
            if self.tell() > 30000:
                raise FullError("unreadable")
            return super().readinto(memory)

    make(path, 50000, dtype="int16")
    stream = ps.SoundFileOutputStream(Failing(path.read_bytes()), device=loopback)
    stream.start()
    with pytest.raises(FullError, match="unreadable"):
        stream.wait(20)
    assert stream.stats.played_frames > 10000
    stream.close()


def test_play_takes_paths_and_open_files(loopback, path):
    with ps.SoundFile(path, "w", 22050, 2) as file:
        file.write(np.zeros((300, 2)))
    voice = ps.play(path, device=loopback, blocking=True)
    assert (voice.mixer.samplerate, voice.mixer.channels, voice.position) == (22050, 2, 300)
    with ps.SoundFile(path) as file:
        file.seek(100)
        assert ps.play(file, 8000, device=loopback, blocking=True).mixer.samplerate == 8000
        assert file.tell() == 300
    with pytest.raises(FileNotFoundError):
        ps.play("no such file.wav", device=loopback)
