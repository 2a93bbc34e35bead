# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Players: what is in the files is heard, to the frame, whatever is done meanwhile."""

import asyncio
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
from pastream_ng import PlayerState as State

from ..conftest import until

RATE = 8000
FREE = ps.VirtualDevice("loopback", clock="free")
LIVE = ps.VirtualDevice("loopback")
BLOCK = 64


def make(path, frames, first=0, rate=RATE, channels=1, subtype="PCM_16", **options):
    """Write a file whose samples are the numbers of their frames, from `first` on."""
    data = np.repeat(np.arange(first, first + frames, dtype="int16")[:, None], channels, axis=1)
    with ps.SoundFile(path, "w", rate, channels, subtype, **options) as file:
        file.write(data)
    return path


@pytest.fixture
def hear(monkeypatch):
    """Let players play on duplex streams, so that what they play comes back as input."""

    def open_stream(device, rate, channels, dtype, **options):
        options.pop("device_samplerate", None)
        size = options.pop("buffersize")
        return ps.DuplexStream(
            device,
            rate,
            channels,
            dtype,
            blocksize=BLOCK,
            buffersize=(1 << 20, size),
            pad=2 * BLOCK,  # Until the last frame has come back.
            **options,
        )

    monkeypatch.setattr("pastream_ng.players.player.OutputStream", open_stream)

    def player(file, device=FREE, **options):
        return ps.Player(file, device=device, **options)

    return player


def heard(player):
    """Return all that was captured, without the block that the device is behind."""
    frames = player.stream.input_ring.read_available
    return player.stream.read(frames, always_2d=True, timeout=10)[BLOCK:]


def as_float(numbers):
    return np.asarray(numbers, "float32") / 32768


def counts(first, end):
    return as_float(np.arange(first, end))[:, None]


def play(player):
    player.start()
    assert player.wait(30)
    return heard(player)


# ---- What is heard -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subtype", "dtype"),
    [
        ("PCM_16", "int16"),
        ("PCM_24", "int32"),
        ("PCM_32", "int32"),
        ("FLOAT", "float32"),
        ("DOUBLE", "float64"),
    ],
)
def test_samples_are_played_as_they_are(hear, tmp_path, subtype, dtype):
    rng = np.random.default_rng(1)
    data = rng.integers(-(2**15), 2**15, (5000, 2)).astype("int16")
    if dtype == "int32":
        data = (data.astype("int64") * 65536 + rng.integers(0, 65536, data.shape)).astype("int32")
    elif dtype.startswith("float"):
        data = rng.uniform(-1, 1, data.shape).astype(dtype)
    path = tmp_path / "a.wav"
    with ps.SoundFile(path, "w", RATE, 2, subtype) as file:
        file.write(data)
    with ps.SoundFile(path) as file:
        wanted = file.read(dtype="float64")
    with hear(path) as player:
        got = play(player)
        got = got / 2.0**31 if got.dtype == "int32" else got
        assert np.array_equal(got[:5000], wanted)
        assert not got[5000:].any()
        stats = player.stats
    assert (stats.played_frames, stats.missing_frames) == (5000, 0)


def test_files_follow_each_other_without_a_gap(hear, tmp_path):
    files = [make(tmp_path / f"{k}.wav", 3001, 3001 * k) for k in range(4)]
    with hear(files) as player:
        assert np.array_equal(play(player)[:12004], counts(0, 12004))
        assert player.state is State.FINISHED
        assert (player.index, player.position) == (3, 3001 / RATE)


@pytest.mark.parametrize("length", [1, 63, 64, 5000])
@pytest.mark.parametrize("loop", [1, 2, 5])
def test_loops_have_no_gap(hear, tmp_path, length, loop):
    with hear(make(tmp_path / "a.wav", length, 100), loop=loop) as player:
        got = play(player)
        assert np.array_equal(got[: loop * length], np.tile(counts(100, 100 + length), (loop, 1)))
        assert not got[loop * length :].any()
        assert player.stats.played_frames == loop * length


def test_a_part_of_a_file_again_and_again(hear, tmp_path):
    with hear(make(tmp_path / "a.wav", 8000), start=0.25, end=0.5, loop=True) as player:
        player.start()
        until(lambda: player.stats.played_frames > 20_000)
        assert player.stats.passes >= 9
        assert 0.25 <= player.position <= 0.5
        player.stop()
        got = heard(player)
        assert player.position == 0.25
    assert np.array_equal(got, np.tile(counts(2000, 4000), (len(got) // 2000 + 1, 1))[: len(got)])


def test_other_rates_and_channels_are_fitted(hear, tmp_path):
    t = np.arange(16000) / 16000
    sine = np.sin(2 * np.pi * 440 * t).astype("float32")
    files = [tmp_path / f"{k}.wav" for k in range(3)]
    for path, rate, channels in zip(files, (8000, 16000, 4000), (1, 2, 1), strict=True):
        with ps.SoundFile(path, "w", rate, channels, "FLOAT") as file:
            file.write(np.repeat(sine[:: 16000 // rate, None], channels, axis=1))
    with hear(files) as player:
        got = play(player)[:, 0]
        assert player.stats.played_frames == 24_000
    wanted = np.tile(np.sin(2 * np.pi * 440 * np.arange(8000) / RATE), 3)
    inner = np.arange(24_000) % 8000
    inner = (inner > 200) & (inner < 7800)
    assert np.abs(got[:24_000] - wanted)[inner].max() < 2e-3


def test_a_stream_of_other_channels(hear, tmp_path):
    with hear(make(tmp_path / "a.wav", 1000), channels=2) as player:
        got = play(player)[:1000]
    assert np.array_equal(got, np.repeat(counts(0, 1000), 2, axis=1))


def test_places_of_all_kinds(hear, tmp_path):
    path = make(tmp_path / "a.wav", 500)
    place = io.BytesIO(path.read_bytes())
    with (
        ps.SoundFile(path) as opened,
        hear([path, str(path), place, opened, os.open(path, os.O_RDONLY)], loop=2) as player,
    ):
        assert np.array_equal(play(player)[:5000], np.tile(counts(0, 500), (10, 1)))
        assert [isinstance(item, ps.SoundFile) for item in player.files] == [True] * 5
        player.close()
        assert not opened.closed
        assert opened.seek(0) == 0  # It is the user's again.


# ---- Control -------------------------------------------------------------------------------------


def live(hear, tmp_path, frames=30_000, **options):
    return hear(make(tmp_path / "a.wav", frames), LIVE, **options)


def test_a_pause_leaves_nothing_out(hear, tmp_path):
    with live(hear, tmp_path) as player:
        player.start()
        until(lambda: player.position > 0.1)
        player.pause()
        time.sleep(0.05)
        where = player.position
        assert player.state is State.PAUSED
        time.sleep(0.05)
        assert player.position == where
        assert not player.wait(0.01)
        player.start()
        assert player.state is State.PLAYING
        until(lambda: player.position > where + 0.1)
        player.stop()
        assert player.state is State.STOPPED
        assert player.stats.missing_frames == 0
        got = heard(player)
    silent = np.flatnonzero(got[1:, 0] == 0) + 1
    assert len(silent) > 400
    assert len(silent) == silent[-1] - silent[0] + 1
    assert silent[0] == round(where * RATE)
    assert np.array_equal(np.delete(got, silent, axis=0), counts(0, len(got) - len(silent)))


def test_seeks_are_exact_and_heard_soon(hear, tmp_path):
    with live(hear, tmp_path) as player:
        player.start()
        for seconds in (2.0, 0.125, 3.5, 1.0):
            until(lambda: player.stream.stats.played_frames > BLOCK)
            player.seek(seconds)
            assert seconds <= player.position < seconds + 0.5
            time.sleep(0.03)
        player.stop()
        stats, got = player.stats, (heard(player)[:, 0] * 32768).astype(int)
    assert stats.missing_frames <= 4 * BLOCK
    got = got[got > 0]
    breaks = np.flatnonzero(np.diff(got) != 1)
    assert [got[k + 1] for k in breaks] == [16000, 1000, 28000, 8000]
    assert max(np.diff(breaks)) < 4 * 0.1 * RATE  # Not what the ring still held.


def test_seeks_before_the_start_in_a_pause_and_after_the_end(hear, tmp_path):
    with live(hear, tmp_path) as player:
        player.seek(3.0)
        assert player.position == 3.0
        player.start()
        until(lambda: player.position > 3.01)
        player.pause()
        player.seek(3.5)
        assert (player.position, player.state) == (3.5, State.PAUSED)
        player.seek(3.7)
        player.resume()
        assert player.wait(30)
        assert player.state is State.FINISHED
        got = (heard(player)[:, 0] * 32768).astype(int)
        got = got[got > 0]
        breaks = np.flatnonzero(np.diff(got) != 1)
        assert got[0] == 24_000
        assert got[breaks + 1].tolist() == [29_600]
        assert got[-1] == 29_999
        player.seek(3.74)
        assert (player.position, player.state) == (3.74, State.STOPPED)
        player.start()
        assert player.wait(30)
        assert (heard(player)[:80, 0] * 32768).astype(int).tolist() == list(range(29_920, 30_000))


def test_a_seek_in_the_last_frames(hear, tmp_path):
    """All of the file is in the ring already: nothing is read any more."""
    with hear(make(tmp_path / "a.wav", 2000), LIVE) as player:
        player.start()
        for _ in range(3):
            until(lambda: player.position > 0.15)
            player.seek(0.01)
            assert player.position < 0.15
        assert player.wait(30)
        got = (heard(player)[:, 0] * 32768).astype(int)
    assert got.max() == 1999
    assert np.count_nonzero(np.diff(got[got > 0]) != 1) == 3


def test_seeks_between_files(hear, tmp_path):
    files = [make(tmp_path / f"{k}.wav", 5000, 5000 * k) for k in range(3)]
    with hear(files, LIVE) as player:
        player.seek(0.5, index=2)
        assert (player.index, player.position, player.duration) == (2, 0.5, 0.625)
        player.start()
        until(lambda: player.position > 0.51)
        player.seek(0.25, index=1)
        assert player.index == 1
        until(lambda: player.position > 0.27)
        assert "file 2 of 3>" in repr(player)
        player.stop()
        got = (heard(player)[:, 0] * 32768).astype(int)
        assert (player.index, player.position) == (0, 0)
    assert {14_000, 7_000} < set(got.tolist())


def test_gain_glides_and_1_is_exact(hear, tmp_path):
    path = tmp_path / "a.wav"
    with ps.SoundFile(path, "w", RATE, 1, "FLOAT") as file:
        file.write(np.full(RATE * 4, 0.5, "float32"))
    with hear(path, LIVE, gain=0.5) as player:
        assert player.gain == 0.5
        player.start()
        for value in (0.0, 1.0):
            time.sleep(0.05)
            player.gain = value
            assert player.gain == value
        time.sleep(0.05)
        player.stop()
        got = heard(player)[:, 0]
    assert got[0] == 0.25
    assert got[-1] == 0.5
    assert np.abs(np.diff(got)).max() <= 0.5 / 80 + 1e-6  # Ten milliseconds from 0 to 1.
    assert np.count_nonzero(got == 0) > 100


def test_nothing_is_missing_while_the_lock_of_python_is_held(hear, tmp_path):
    with live(hear, tmp_path, 6000, buffersize=2000) as player:
        with GilHog(0.2):
            player.start()
            assert player.wait(30)
        assert player.stats.missing_frames == 0
        assert np.array_equal(heard(player)[:6000], counts(0, 6000))


def test_many_threads_at_once(hear, tmp_path):
    with live(hear, tmp_path, loop=True) as player:
        player.start()
        deadline = time.monotonic() + 0.5
        failures = []

        def work(k):
            try:
                while time.monotonic() < deadline:
                    (
                        lambda: player.seek(k / 2),
                        player.pause,
                        player.resume,
                        lambda: player.stats,
                        lambda: setattr(player, "gain", k / 5),
                    )[k % 5]()
                    time.sleep(0.001)
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(k,)) for k in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        player.resume()
        assert failures == []
        player.seek(1.0)
        until(lambda: player.position > 1.01)


# ---- Life ----------------------------------------------------------------------------------------


def test_starts_begin_at_the_begin(hear, tmp_path):
    with hear(make(tmp_path / "a.wav", 1000), start=0.05) as player:
        for _ in range(3):
            got = play(player)
            assert np.array_equal(got[:600], counts(400, 1000))
            assert not got[600:].any()


def test_the_end_can_be_awaited(hear, tmp_path):
    async def run():
        with hear(make(tmp_path / "a.wav", 1000), LIVE) as player:
            player.start()
            early = await player.finished(0.01)
            return early, await player.finished(30), player.state

    assert asyncio.run(run()) == (False, True, State.FINISHED)


def test_a_file_that_breaks_off(hear, tmp_path):
    class Broken(io.BytesIO):
        def readinto(self, target):
            if self.tell() > 3000:
                raise ZeroDivisionError("broken")
            return super().readinto(target)

    data = make(tmp_path / "a.wav", 20_000).read_bytes()
    with hear([Broken(data)]) as player:
        player.start()
        with pytest.raises(ZeroDivisionError):
            player.wait(30)
        assert player.state is State.FAILED
        assert isinstance(player.exception, ZeroDivisionError)
        assert player.stats.error == "broken"


def test_a_file_that_is_in_use(hear, tmp_path):
    with (
        ps.SoundFile(make(tmp_path / "a.wav", 30_000)) as file,
        hear(file, LIVE) as first,
        hear(file, LIVE) as second,
    ):
        first.start()
        with pytest.raises(ps.StateError, match="a player plays it"):
            second.start()
        with pytest.raises(ps.StateError, match="a player plays it"):
            file.read(1)
        first.stop()
        second.start()
        second.stop()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"loop": 0}, "loop is 0; it must be at least 1"),
        ({"loop": "yes"}, "loop is 'yes'"),
        ({"start": -1}, "start is -1; it must be from 0 to 0.125 seconds"),
        ({"start": 0.2}, "start is 0.2; it must be from 0 to 0.125 seconds"),
        ({"end": 0.2}, "end is 0.2; it must be from 0 to 0.125 seconds"),
        ({"start": 0.1, "end": 0.05}, "end is 0.05; it must be from 0.1 to 0.125 seconds"),
        ({"gain": -1}, "gain is -1; it must be from 0 to 1000"),
        ({"gain": float("nan")}, "gain is nan"),
        ({"channels": 0}, "channels is 0"),
        ({"samplerate": 0}, "samplerate is 0"),
        ({"dtype": "int12"}, "int12"),
        ({"callback": print}, "callback is"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_bad_arguments_are_named(tmp_path, options, text):
    path = make(tmp_path / "a.wav", 1000)
    with pytest.raises((ps.ArgumentError, TypeError), match=re.escape(text)):
        ps.Player(path, device="null", **options)


def test_bad_files_and_times(tmp_path):
    path = make(tmp_path / "a.wav", 1000)
    with pytest.raises(ps.ArgumentError, match="empty list"):
        ps.Player([], device="null")
    with pytest.raises(FileNotFoundError):
        ps.Player([path, tmp_path / "none.wav"], device="null")
    with ps.SoundFile(path) as file, pytest.raises(ps.ArgumentError, match="twice"):
        ps.Player([file, file], device="null")
    empty = make(tmp_path / "empty.wav", 0)
    with pytest.raises(ps.ArgumentError, match="no frames"):
        ps.Player(empty, device="null", loop=True)
    with ps.Player(path, device="null") as player:
        with pytest.raises(ps.ArgumentTypeError, match="seconds is None"):
            player.seek(None)
        for value, index, text in (
            (0.2, None, "seconds is 0.2; it must be from 0 to 0.125"),
            (-1, None, "seconds is -1; it must be from 0 to 0.125 seconds"),
            (-1e-9, None, "seconds is -1e-09; it must be from 0"),
            (float("inf"), None, "seconds is inf; it must be from 0 to 0.125"),
            (float("nan"), None, "seconds is nan"),
            (0, 1, "index is 1; it must be from 0 to 0"),
        ):
            with pytest.raises(ps.ArgumentError, match=re.escape(text)):
                player.seek(value, index)
        assert player.position == 0
    for call in (player.start, player.stop, player.pause, lambda: player.seek(0)):
        with pytest.raises(ps.ClosedError):
            call()
    assert player.state is State.CLOSED
    player.close()


def test_an_empty_file_is_over_at_once(hear, tmp_path):
    with hear(make(tmp_path / "a.wav", 0)) as player:
        assert not play(player).any()
        assert player.duration == 0


def test_stats_are_json(hear, tmp_path):
    path = make(tmp_path / "a.wav", 1000)
    with hear(path, loop=2) as player:
        play(player)
        told = json.loads(json.dumps(player.stats.to_dict()))
    assert told == {
        "state": "finished",
        "file": str(path),
        "index": 0,
        "position": 0.125,
        "duration": 0.125,
        "passes": 1,
        "samplerate": RATE,
        "channels": 1,
        "played_frames": 2000,
        "missing_frames": 0,
        "xruns": 0,
        "error": None,
    }


def test_a_player_that_is_dropped_goes_away(tmp_path):
    player = ps.Player(make(tmp_path / "a.wav", 30_000), device="null", loop=True)
    gone = weakref.ref(player)
    player.start()
    gc.disable()
    try:
        with pytest.warns(ResourceWarning, match="unclosed <pastream_ng.Player"):
            del player
        assert gone() is None  # Without a cycle.
    finally:
        gc.enable()


def test_a_device_that_is_lost(tmp_path):
    device = ps.VirtualDevice("null", faults=[ps.Fault("vanish", at=2400)])
    path = make(tmp_path / "a.wav", 30_000)
    with ps.Player(path, device=device, lost_after=0.2, stall_after=0.1) as player:
        player.start()
        with pytest.raises(ps.DeviceLostError):
            player.wait(30)
        assert player.state is State.FAILED


def test_a_device_with_fewer_channels_and_another_rate(tmp_path):
    path = make(tmp_path / "a.wav", 1000, channels=2, rate=44100)
    device = ps.VirtualDevice("null", clock="free")
    with ps.Player(path, device=device, samplerate=48000, channels=1) as player:
        player.start()
        assert player.wait(30)
        assert player.stats.played_frames == round(1000 * 48000 / 44100)
