# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Recordings beside all else that a stream does, and at the end of a process."""

import os

import numpy as np
import pytest

import pastream_ng as ps
from pastream_ng import RecordingState as State

from .conftest import run_python, until


def test_beside_a_callback_each_gets_every_frame():
    device, seen = ps.VirtualDevice(clock="free", input="counter"), []

    def callback(indata, frames, times, status):
        seen.append(indata.copy())

    with ps.InputStream(
        device, 48000, 1, "int32", 256, buffersize=4096, callback=callback
    ) as stream:
        take = stream.recording(20_000)
        stream.start()
        data = take.array(30)
        until(lambda: sum(map(len, seen)) >= 20_000)
    np.testing.assert_array_equal(data, np.arange(20_000))
    np.testing.assert_array_equal(np.concatenate(seen)[:20_000, 0], np.arange(20_000))


def test_beside_a_file_that_is_recorded(tmp_path):
    device = ps.VirtualDevice(clock="free", input="counter")
    with ps.InputStream(device, 48000, 1, "int32", 64, buffersize=4096) as stream:
        for run in range(5):
            path = tmp_path / f"{run}.wav"
            take = stream.recording()
            stream.record(20_000, out=path, blocking=True, timeout=30)
            late = stream.recording()  # Takes no reader that the file needs back.
            np.testing.assert_array_equal(take.array(30), np.arange(20_000))
            with ps.SoundFile(path) as file:
                np.testing.assert_array_equal(file.read(dtype="int32"), np.arange(20_000))
            late.cancel()
        stream.start()
        np.testing.assert_array_equal(stream.read(100, timeout=5), np.arange(100))


def test_of_mapped_channels():
    device = ps.VirtualDevice("loopback", clock="free")
    sound = np.arange(2000, dtype="int16").repeat(2).reshape(-1, 2)
    sound[:, 1] *= -1
    with ps.DuplexStream(device, 48000, (1, 2), "int16", 64, mapping=([2], None)) as stream:
        stream.output_ring.write(sound)
        take = stream.recording(1000, at=64)
        stream.start()
        np.testing.assert_array_equal(take.array(30), sound[:1000, 1])


def test_at_a_rate_that_the_device_does_not_have():
    device = ps.VirtualDevice(clock="free", input="sine")
    with ps.InputStream(device, 44100, 1, device_samplerate=48000) as stream:
        whole, part = stream.recording(20_000), stream.recording(5000, at=7000)
        stream.start()
        np.testing.assert_array_equal(whole.array(30)[7000:12_000], part.array(30))


def test_an_outage_is_filled_with_silence_and_counted():
    device = ps.VirtualDevice(input="counter", faults=[ps.Fault("dead", 4800)], away=0.05)
    with ps.InputStream(
        device, 48000, 1, "int32", 64, stall_after=0.05, lost_after=0.1, on_lost="reopen"
    ) as stream:
        take = stream.recording()
        stream.start()
        until(lambda: take.lost > 0 and take.frames >= 4800 + take.lost + 2000)
        stream.stop()
        data, lost = take.array(30), take.lost
    assert lost == stream.stats.lost_frames
    assert len(data) == stream.stats.frames
    np.testing.assert_array_equal(data[:4800], np.arange(4800))
    np.testing.assert_array_equal(data[4800 : 4800 + lost], 0)
    np.testing.assert_array_equal(data[4800 + lost :], np.arange(len(data) - 4800 - lost))


def test_views_and_reads_of_the_own_reader_keep_their_place():
    device = ps.VirtualDevice(clock="free", input="counter")
    with ps.InputStream(device, 48000, 1, "int32", 64, buffersize=4096) as stream:
        take = stream.recording()
        stream.start()
        first = stream.read(100)[0]  # From here on nothing is passed over.
        until(lambda: stream.stats.captured_frames - first >= 4096 - 64)
        np.testing.assert_array_equal(stream.read(200), np.arange(first + 100, first + 300))
        with stream.input_ring.read_view(50, timeout=5) as frames:
            np.testing.assert_array_equal(frames, np.arange(first + 300, first + 350))
        stream.stop()
        assert take.array(30)[-1] == stream.stats.captured_frames - 1


def test_a_process_that_ends_with_a_recording_under_way_ends_well():
    run_python(
        """
import pastream_ng as ps
device = ps.VirtualDevice(input="counter")
stream = ps.InputStream(device, 48000)
take = stream.recording()
stream.start()
while take.frames < 1000:
    take.wait(0.001)
stream.close()
print(take.state)
"""
    )
    done = run_python(
        """
import pastream_ng as ps
with ps.recording(device=ps.VirtualDevice(input="counter")) as take:
    take.wait(0.02)
    raise SystemExit(0)
"""
    )
    assert done.returncode == 0


def test_Ctrl_C_ends_the_wait_and_not_the_recording():
    done = run_python(
        """
import os, signal, threading
import pastream_ng as ps
take = ps.recording(device=ps.VirtualDevice(input="counter"))
threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    take.wait()
except KeyboardInterrupt:
    print(take.state.value)
take.stop()
print(take.state.value, take.frames > 0, take.stream.closed)
"""
    )
    assert done.stdout.split() == ["recording", "done", "True", "True"]


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_is_refused_and_the_parent_goes_on():
    device = ps.VirtualDevice(clock="free", input="counter")
    with ps.InputStream(device, 48000, 1, "int32") as stream:
        take = stream.recording(100_000)
        child = os.fork()
        if child == 0:
            n_refused = 0
            for call in (take.stop, take.wait, lambda: take.frames, stream.recording):
                try:
                    call()
                except ps.ForkedError:
                    n_refused += 1
            os._exit(0 if n_refused == 4 else 1)
        assert os.waitpid(child, 0)[1] == 0
        stream.start()
        np.testing.assert_array_equal(take.array(30), np.arange(100_000))
        assert take.state is State.DONE
