# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What users of other audio libraries ran into, once each: 25 complaints that end here.

Each test is named after the complaint. Most have more tests of their own elsewhere.
"""

import asyncio
import ctypes
import importlib.metadata
import json
import logging
import re
import subprocess
import sys
import threading
import time
import weakref
from pathlib import Path

import numpy as np
import pytest

import pastream_ng as ps

from .conftest import run_python

RATE = 48000


def free(**options):
    return ps.VirtualDevice(clock="free", **{"input": "counter", **options})


def wall(**options):
    return ps.VirtualDevice(**{"input": "counter", **options})


def hold_the_gil(seconds):
    """Keep every Python thread from running, as a badly behaved extension does."""
    ctypes.PyDLL(None).usleep(int(seconds * 1e6))


def hold_often(count, seconds):
    for _ in range(count):
        hold_the_gil(seconds)


def numbers(samples):
    """Return the frame numbers that a counter device has put into float32 samples."""
    return np.round(np.asarray(samples).reshape(-1) * 2**24).astype(int)


def assert_unbroken(samples):
    assert len(samples)
    assert set(np.diff(numbers(samples))) == {1}


# ---- 1-3: starving, xruns, empty rings -----------------------------------------------------------


def read_in_pieces(stream):
    stream.start()
    return np.concatenate([stream.read(1000, timeout=20) for _ in range(24)])


def chunk_loop(stream):
    return np.concatenate(list(stream.chunks(1000, frames=24000, timeout=20)))


def async_loop(stream):
    async def collect():
        return [chunk async for chunk in stream.chunks(1000, frames=24000, timeout=20)]

    return np.concatenate(asyncio.run(collect()))


@pytest.mark.parametrize("capture", [read_in_pieces, chunk_loop, async_loop])
def test_pain_01_python_that_is_busy_loses_frames(capture):
    hog = threading.Thread(target=hold_often, args=(3, 0.3))
    with ps.InputStream(wall(), RATE, 1, blocksize=64) as stream:
        hog.start()
        samples = capture(stream)
        hog.join()
        stats = stream.stats
    assert_unbroken(samples)
    assert stats.lost_frames == stats.dropped_frames == 0


def test_pain_02_an_overflow_is_a_riddle():
    with ps.InputStream(free(), RATE, 1, blocksize=64, buffersize=256) as stream:
        # The free clock waits for readers; a second one that never reads is what fills the ring.
        stream.start()
        assert stream.stats.dropped_frames == 0
    device = wall()
    with ps.InputStream(device, RATE, 1, blocksize=64, buffersize=256) as stream:
        stream.start()
        with pytest.raises(ps.BufferFull, match=r"not read in time; .*buffersize") as caught:
            stream.wait(20)
        assert caught.value.frame > 0
        assert stream.stats.dropped_frames > 0
        dropped = [event for event in stream.events() if event.kind == ps.EventKind.INPUT_DROPPED]
        assert sum(event.frames for event in dropped) == stream.stats.dropped_frames
    policies = ("drop-oldest", "drop-newest", "silence")
    for policy in policies:
        with ps.InputStream(device, RATE, 1, buffersize=256, overflow=policy) as stream:
            stream.start()
            assert not stream.wait(0.1)
            assert stream.stats.dropped_frames > 0


def test_pain_03_an_empty_ring_ends_playback():
    with ps.DuplexStream(wall(input="device"), RATE, 1, blocksize=64) as stream:
        stream.start()
        stream.write(np.full(100, 0.25))
        while stream.stats.missing_frames < 1000:
            time.sleep(0.005)
        assert stream.active
        stream.write(np.full(100, 0.5))
        stream.write(np.zeros(128))  # The loop is a block long.
        stream.drain(20)
        assert stream.stats.played_frames == 328
        heard = stream.read(stream.read_available)
    assert np.count_nonzero(heard == 0.25) == 100
    assert np.count_nonzero(heard == 0.5) == 100


# ---- 4-6: devices and installation ---------------------------------------------------------------


def test_pain_04_the_list_of_devices_is_frozen():
    with ps.InputStream(wall(), RATE, 1) as stream:
        stream.start()
        assert ps.refresh()
        assert stream.active
        assert len(stream.read(1000, timeout=20)) == 1000


def test_pain_05_a_device_that_is_unplugged_hangs_the_program():
    device = wall(faults=[ps.Fault("vanish", at=2400)])
    with ps.InputStream(device, RATE, 1, blocksize=64) as stream:
        stream.start()
        captured = len(stream.read(2000, timeout=20))
        captured += len(stream.read(2000, timeout=20))
        with pytest.raises(ps.DeviceLostError) as caught:
            stream.read(2000, timeout=20)
    assert caught.value.frame == captured
    assert 2400 - 64 <= captured <= 2400 + 64


def test_pain_06_a_missing_library_is_a_riddle(tmp_path):
    package = Path(ps.__file__).parent
    for path in package.rglob("*.py"):
        target = tmp_path / "pastream_ng" / path.relative_to(package)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(path.read_text())
    code = f"""
import sys
sys.path.insert(0, {str(tmp_path)!r})
sys.meta_path[:] = [f for f in sys.meta_path if getattr(f, "__name__", "") != "BuiltPackage"]
import pastream_ng
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert re.search(r"ImportError: .*run './dev build', or 'pip install \.'", done.stderr)
    done = subprocess.run(
        [sys.executable, "-m", "pastream_ng.cli", "doctor", "--json"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    report = json.loads(done.stdout)
    assert report["portaudio"].startswith("PortAudio")


# ---- 7-10: one sound at a time, and ends ---------------------------------------------------------


def test_pain_07_only_one_sound_at_a_time():
    device = ps.VirtualDevice("loopback", clock="free")
    with ps.DuplexMixer(device, RATE, channels=1, blocksize=8) as mixer:
        mixer.play(np.full(100, 0.25))
        mixer.play(np.full(50, 0.5), at=20)
        heard = np.concatenate(list(mixer.chunks(64, frames=128)))
    wanted = np.zeros(120, "float32")
    wanted[:100] += 0.25
    wanted[20:70] += 0.5
    assert heard[8:].tolist() == wanted.tolist()
    first, second = (ps.play(np.zeros(100), RATE, device=device) for _ in range(2))
    assert ps.wait(20)
    assert not first.active
    assert not second.active


def test_pain_08_stopping_hangs():
    device = wall(stop_hang=30.0)
    stream = ps.InputStream(device, RATE, 1, control_timeout=0.2)
    stream.start()
    with pytest.raises((ps.DeviceLostError, ps.PastreamTimeoutError)):
        stream.stop()
    stream.close()
    stream.close()
    assert stream.closed


def test_pain_09_a_running_stream_that_is_dropped_crashes():
    stream = ps.InputStream(wall(), RATE, 1, blocksize=16)
    stream.start()
    gone = weakref.ref(stream)
    with pytest.warns(ResourceWarning, match="unclosed"):
        del stream
    assert gone() is None
    ps.rec(1000, RATE, 1, device=free())


def test_pain_10_exceptions_in_callbacks_vanish():
    class OwnError(Exception):
        def __init__(self, place, reason):
            super().__init__(place, reason)

    error = OwnError("here", "because")

    def callback(indata, frames, time, status):
        raise error

    stream = ps.InputStream(free(), RATE, 1, callback=callback)
    stream.start()
    with pytest.raises(OwnError) as caught:
        stream.wait(20)
    stream.close()
    assert caught.value is error
    assert stream.exception is error
    assert any(frame.name == "callback" for frame in caught.traceback)


# ---- 11-17 -----------------------------------------------------------------------------------


def test_pain_11_the_sound_of_the_system_cannot_be_recorded():
    assert ps.query_devices("loopback").is_loopback
    # Monitors of sinks are flagged as such; test_pulse records one.
    assert hasattr(ps.query_devices()[0], "is_loopback")


def test_pain_12_asyncio_needs_a_thread():
    async def work():
        device = free(input="device", kind="loopback")
        async with ps.DuplexStream(device, RATE, 1, blocksize=64) as stream:
            await stream.write(np.full(1000, 0.5))
            await stream.start()
            before = threading.active_count()
            heard = await stream.read(500, timeout=20)
            assert threading.active_count() == before
            return heard

    heard = asyncio.run(work())
    assert heard[64:].tolist() == [0.5] * 436


def test_pain_13_recordings_need_a_length():
    with ps.recording(device=wall(), samplerate=RATE, channels=1) as take:
        while take.frames < 3000:
            time.sleep(0.005)
    assert take.lost == 0
    assert len(take.data) >= 3000
    assert_unbroken(take.data)


def test_pain_14_a_rate_that_the_device_does_not_have():
    refused = ps.VirtualDevice(clock="free", open_error="unsupported")
    with pytest.raises(ps.UnsupportedSettingsError):
        ps.InputStream(refused, 44100, 1)
    assert 48000 in ps.supported_samplerates("loopback")
    with ps.InputStream(free(input="sine"), 44100, 1, device_samplerate=48000) as stream:
        assert len(np.concatenate(list(stream.chunks(441, frames=4410)))) == 4410


def test_pain_15_times_are_not_to_be_relied_on():
    with ps.InputStream(wall(), RATE, 1, blocksize=64) as stream:
        before = time.monotonic()
        infos = [info for _, info in stream.chunks(480, frames=9600, with_info=True)]
        after = time.monotonic()
    assert [info.frame for info in infos] == list(range(0, 9600, 480))
    times = [info.adc_time for info in infos]
    assert before - 1 < times[0] < times[-1] < after
    assert np.allclose(np.diff(times), 0.01, atol=0.005)


def test_pain_16_latency_has_to_be_guessed():
    device = ps.VirtualDevice("loopback", clock="free", latency=333)
    measured = ps.measure_latency(device, RATE, blocksize=64)
    data = np.random.default_rng(5).uniform(-0.5, 0.5, 4800).astype("float32")
    take = ps.playrec(data, RATE, channels=1, device=device, blocksize=64, align=measured.frames)
    assert np.array_equal(take[:, 0], data)


def test_pain_17_channels_cannot_be_chosen():
    device = ps.VirtualDevice("loopback", clock="free")
    data = np.stack([np.full(200, 0.25), np.full(200, 0.5)], axis=1)
    with ps.DuplexStream(device, RATE, channels=2, blocksize=8, mapping=([4, 3], [3, 4])) as stream:
        stream.write(data)
        stream.end()
        heard = np.concatenate(list(stream.chunks(50, frames=208)))
    assert heard[8:].tolist() == data[:, ::-1].tolist()


def test_pain_18_there_is_no_pause_and_no_volume():
    device = ps.VirtualDevice("loopback", clock="free")
    ramp = np.arange(1, 101, dtype="float32") / 128
    with ps.DuplexMixer(device, RATE, channels=1, blocksize=8) as mixer:
        voice = mixer.play(ramp, gain=0.5)
        voice.pause(at=16)
        voice.resume(at=32)
        voice.seek(90, at=40)
        heard = np.concatenate(list(mixer.chunks(64, frames=64)))[8:]
    assert np.array_equal(heard[:16], ramp[:16] / 2)
    assert not heard[16:32].any()
    assert np.array_equal(heard[32:40], ramp[16:24] / 2)
    assert np.array_equal(heard[40:50], ramp[90:100] / 2)
    assert voice.state == ps.VoiceState.FINISHED
    assert voice.position == 100


# ---- 19-25 -----------------------------------------------------------------------------------


def test_pain_19_24_bits_do_not_fit_numpy():
    device = ps.VirtualDevice("loopback", clock="free")
    data = (np.arange(-500, 500, dtype="int32") * 8191) << 8
    back = ps.playrec(data, RATE, channels=1, dtype="int24", device=device, blocksize=8)
    with ps.DuplexStream(device, RATE, 1, "int24", 8) as stream:
        stream.write(data)
        stream.end()
        exact = np.concatenate(list(stream.chunks(100, frames=1008)))
    assert exact.dtype == np.int32
    assert np.array_equal(exact[8:], data)
    assert back.dtype == np.int32


def test_pain_20_import_has_side_effects_and_fork_breaks():
    run_python(
        """
import os, sys, threading
before = set(os.listdir("/proc/self/fd"))
import pastream_ng as ps
assert set(os.listdir("/proc/self/fd")) == before
assert threading.active_count() == 1
with ps.InputStream(ps.VirtualDevice(input="counter"), 48000, 1) as stream:
    stream.start()
    child = os.fork()
    if child == 0:
        try:
            stream.read(10)
        except ps.ForkedError:
            os._exit(7)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert len(stream.read(1000, timeout=20)) == 1000
"""
    )


def test_pain_21_devices_have_no_identity():
    info = ps.query_devices("loopback")
    assert ps.query_devices(info.uid) == info
    with ps.InputStream(info.uid, RATE, 1) as stream:
        assert stream.device.uid == info.uid
    assert callable(ps.set_application_name)


def test_pain_22_nothing_works_without_a_sound_card():
    run_python(
        """
import numpy as np
import pastream_ng as ps
tone = np.linspace(-0.5, 0.5, 480, dtype="float32")
assert ps.playrec(tone, 48000, 1).shape == (480, 1)
""",
        env={"PASTREAM_DEVICE": "loopback", "JACK_NO_START_SERVER": "1"},
    )


def test_pain_23_types_are_unknown():
    assert (Path(ps.__file__).parent / "py.typed").exists()
    assert importlib.metadata.version("numpy")


def test_pain_24_rings_without_a_memory_model():
    ring = ps.RingBuffer(size=1000, dtype="int64" if False else "int32")
    n = 100_000
    got = []

    def read():
        while len(got) < n:
            got.extend(ring.read(777, timeout=None).tolist())

    reader = threading.Thread(target=read)
    reader.start()
    ring.write(np.arange(n, dtype="int32"), timeout=30)
    reader.join(30)
    assert got == list(range(n))


def test_pain_25_ctrl_c_is_ignored_and_hosts_print(capfd, caplog):
    run_python(
        """
import signal
import pastream_ng as ps
signal.signal(signal.SIGALRM, signal.default_int_handler)
with ps.InputStream(ps.VirtualDevice(input="counter"), 48000, 1) as stream:
    stream.start()
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        stream.read(48000 * 50)
    except KeyboardInterrupt:
        pass
    else:
        raise AssertionError
"""
    )
    with caplog.at_level(logging.INFO, "pastream_ng.host"):
        ps.query_devices()
    assert capfd.readouterr() == ("", "")
