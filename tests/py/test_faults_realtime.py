# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Time and scheduling: Python is busy, the machine is busy, clocks jump, readers and writers lag.

Tests are named after the rows of the failure catalogue. Nothing is timed; what is checked is that
every frame is delivered, or told as lost with its place.
"""

import itertools
import time

import numpy as np
import pytest
from servers.programs import compiled
from servers.scenario import Scenario, run

import pastream_ng as ps

RATE = 48000


def soak(*values):
    return pytest.param(*values, marks=pytest.mark.soak)


def assert_complete(report):
    """Nothing was lost, and nothing was said to be."""
    print({key: value for key, value in report.items() if key != "events"})
    assert report["breaks"] == []
    assert report["gaps"] == []
    assert report["lost"] == report["doubled"] == 0
    stats = report["stats"]
    assert stats["lost_frames"] == stats["dropped_frames"] == stats["inserted_frames"] == 0
    assert stats["captured_frames"] == stats["frames"]


# ---- R1, R2, R3: somebody else has the processor -------------------------------------------------


@pytest.mark.parametrize(("seconds", "hold"), [(4, 1.0), soak(60, 10.0)])
def test_R1_virtual_duplex_loses_nothing_while_the_gil_is_held(seconds, hold):
    report = run(
        "realtime.py", "held_by_a_thread", timeout=10 * seconds + 60, seconds=seconds, hold=hold
    )
    print(report)
    assert report["holds"] >= seconds / hold / 2
    assert report["n"] == seconds * RATE
    assert report["is_equal"]
    assert report["lost"] == 0


@pytest.mark.parametrize("objects", [300_000, soak(10_000_000)])
def test_R2_garbage_collections_lose_nothing(objects):
    report = run("realtime.py", "held_by_the_collector", timeout=600, seconds=3, objects=objects)
    assert_complete(report)


def test_R3_busy_cores_lose_nothing_that_a_device_buffers():
    assert_complete(run("realtime.py", "starved", device="virtual", seconds=3))


@pytest.mark.parametrize("seconds", [4, soak(300)])
def test_R3_busy_cores_on_jack_lose_nothing_that_is_not_told(strict_jack, seconds):
    client = strict_jack.counter()
    try:
        report = run(
            "realtime.py",
            "starved",
            env=strict_jack.env,
            timeout=seconds + 60,
            device="counter",
            seconds=seconds,
        )
    finally:
        client.stop()
    assert_told(report, strict_jack)


def assert_told(report, server):
    """What the counter says is missing is what the stream says is lost, to a period."""
    print(report)
    stats = report["stats"]
    told = sum(frames for _, frames in report["gaps"])
    # A counter that comes late itself is missed and comes again.
    missing = report["lost"] - report["doubled"]
    assert abs(told - missing) <= server.period
    assert stats["dropped_frames"] == 0
    assert stats["captured_frames"] + stats["lost_frames"] == stats["frames"]
    losses = sum(frames for kind, _, frames in report["events"] if kind == "DEVICE_LOSS")
    assert losses == stats["lost_frames"]


# ---- R4: the process is stopped ------------------------------------------------------------------


def stop_and_continue(seconds, env=None, **arguments):
    with Scenario(
        "realtime.py", "stopped_and_continued", env=env, patience=20 + seconds, **arguments
    ) as scenario:
        scenario.wait_for("running")
        scenario.program.pause()
        time.sleep(seconds)
        scenario.program.resume()
        report = scenario.result(seconds + 60)
    print(report)
    # The stream went on.
    assert report["state"] == "RUNNING"
    assert report["closed"]
    assert report["ending_seconds"] < 20
    if report["error"] is None:
        assert report["again"]["breaks"] == []
    else:
        # Now and then a JACK server stops answering a client that was stopped: then the stream
        # cannot be stopped either, and says so.
        assert env is not None
        assert report["error"] in ("PastreamTimeoutError", "DeviceLostError", "ClosedError")
    return report


@pytest.mark.parametrize("seconds", [0.1, 1.5, soak(30)])
def test_R4_a_stop_loses_nothing_that_a_device_buffers(seconds):
    report = stop_and_continue(seconds, device="virtual", overflow="raise", seconds_after=0.5)
    assert_complete(report)
    assert report["n"] > (0.5 + seconds) * RATE


@pytest.mark.parametrize("seconds", [0.1, 1.5, soak(30)])
def test_R4_what_a_stop_loses_on_jack_is_the_gap_in_the_clock(strict_jack, seconds):
    client = strict_jack.counter()
    try:
        report = stop_and_continue(
            seconds, strict_jack.env, device="counter", overflow="raise", seconds_after=1
        )
    finally:
        client.stop()
    assert_told(report, strict_jack)
    assert report["lost"] >= (seconds - 0.05) * RATE


def test_R4_a_recording_on_jack_keeps_time_over_a_stop(strict_jack):
    client = strict_jack.counter()
    try:
        report = stop_and_continue(
            1.0, strict_jack.env, device="counter", overflow="silence", seconds_after=1
        )
    finally:
        client.stop()
    print(report)
    stats = report["stats"]
    assert stats["lost_frames"] == stats["inserted_frames"] >= 0.95 * RATE
    assert stats["captured_frames"] == stats["frames"]
    # With the silence put in, later frames lie where they belong: all steps cancel out.
    assert abs(report["lost"] - report["doubled"]) <= strict_jack.period


# ---- R5: clocks ----------------------------------------------------------------------------------


def test_R5_jumps_of_the_calendar_clock_change_nothing():
    shim = compiled("clock_jump.c", library=True)
    report = run(
        "realtime.py", "told_a_wrong_time", env=with_preloaded(shim), timeout=60, seconds=5
    )
    assert report["calendar_jumped"], "the shim did not work"
    assert_complete(report)
    assert report["late"] == 0
    # Times of blocks go on by a block each, give or take what the clock model learns.
    assert 0.5 * 128 / RATE < report["steps"][0] <= report["steps"][1] < 2 * 128 / RATE
    # Not an hour more, and not an hour less.
    assert report["wait"][0] is False
    assert 0.5 <= report["wait"][1] < 20
    assert 0.5 <= report["read"] < 20


def with_preloaded(library):
    import os

    before = os.environ.get("LD_PRELOAD")
    return {**os.environ, "LD_PRELOAD": library if not before else f"{before}:{library}"}


@pytest.mark.sanitize
@pytest.mark.parametrize("seconds", [1, 3600, 86400])
@pytest.mark.parametrize("overflow", ["raise", "drop-oldest", "drop-newest"])
def test_R5_a_device_that_went_on_without_us_is_a_loss_of_that_length(seconds, overflow):
    device = ps.VirtualDevice(
        clock="free", input="counter", faults=[ps.Fault("stall", at=4800, amount=seconds * RATE)]
    )
    with ps.InputStream(device, RATE, 1, "int32", blocksize=160, overflow=overflow) as stream:
        pairs = list(stream.chunks(160, frames=9600 + seconds * RATE, with_info=True))
        stats = stream.stats
    got = np.concatenate([chunk for chunk, _ in pairs])
    before, after = np.arange(4800), np.arange(4800, 9600) + seconds * RATE
    assert np.array_equal(got, np.concatenate([before, after]) & 0x7FFFFFFF)
    assert stats.lost_frames == seconds * RATE
    assert [(i.frame, i.lost) for _, i in pairs if i.lost] == [
        (4800 + seconds * RATE, seconds * RATE)
    ]


# ---- R6: a reader that is too slow ---------------------------------------------------------------


def read_slowly(overflow, seed):
    """Read numbered frames from a small ring with pauses; return chunks, infos and the stats."""
    rng = np.random.default_rng(seed)
    device = ps.VirtualDevice(input="counter")
    chunks, infos = [], []
    with ps.InputStream(
        device, RATE, 1, "int32", blocksize=64, buffersize=2048, overflow=overflow
    ) as stream:
        for chunk, info in stream.chunks(64, with_info=True):
            chunks.append(chunk)
            infos.append(info)
            if len(chunks) > 300:
                break
            if len(chunks) % 50 == 0:
                time.sleep(rng.uniform(0.05, 0.2))
        stats = stream.stats
    return np.concatenate(chunks), infos, stats


@pytest.mark.sanitize
@pytest.mark.parametrize("overflow", ["drop-oldest", "drop-newest"])
def test_R6_what_a_slow_reader_misses_is_told_to_the_frame(overflow):
    got, infos, stats = read_slowly(overflow, seed=1)
    steps = np.diff(got)
    told = {i * 64: info.lost for i, info in enumerate(infos) if info.lost}
    # A gap lies at a chunk's start, or inside of it where blocks and chunks do not meet.
    missing = {int(at) + 1: int(steps[at]) - 1 for at in np.flatnonzero(steps != 1)}
    assert sum(missing.values()) == sum(told.values()) > 0
    assert {at // 64 * 64 for at in missing} == set(told)
    assert stats.dropped_frames >= sum(told.values())
    assert stats.lost_frames == 0
    for i, info in enumerate(infos):
        assert info.frame == got[i * 64] or info.lost


@pytest.mark.sanitize
def test_R6_silence_for_what_a_slow_reader_misses_keeps_the_time():
    got, infos, stats = read_slowly("silence", seed=2)
    at = np.arange(len(got))
    heard = got != 0
    assert np.array_equal(got[heard], at[heard])
    assert np.count_nonzero(~heard) > 1
    assert stats.inserted_frames > 0
    assert [info.frame for info in infos] == list(range(0, len(got), 64))


@pytest.mark.sanitize
def test_R6_a_reader_that_never_comes_ends_the_stream_and_keeps_what_was_there():
    device = ps.VirtualDevice(input="counter")
    with ps.InputStream(device, RATE, 1, "int32", blocksize=64, buffersize=2048) as stream:
        stream.start()
        assert not stream.wait(0)
        with pytest.raises(ps.BufferFull):
            stream.wait(10)
        assert stream.state == ps.StreamState.ABORTED
        got = stream.input_ring.read()
    assert np.array_equal(got, np.arange(len(got)))
    assert len(got) > 2048 - 64


# ---- R7: a writer that is too slow ---------------------------------------------------------------


@pytest.mark.sanitize
def test_R7_a_slow_writer_costs_silence_of_known_length_and_nothing_else():
    device = ps.VirtualDevice("loopback")
    pieces = [np.arange(1 + 1000 * i, 1001 + 1000 * i, dtype="int32") for i in range(6)]
    with ps.DuplexStream(device, RATE, 1, "int32", blocksize=64) as stream:
        stream.start()
        for piece in pieces:
            stream.output_ring.write(piece)
            # Longer than the piece lasts: it runs dry each time.
            time.sleep(0.05)
        stream.output_ring.end()
        deadline = time.monotonic() + 20
        while stream.stats.frames < stream.stats.played_frames + 64:
            assert time.monotonic() < deadline
        assert stream.wait(20)
        stats = stream.stats
        events = stream.events()
        got = stream.input_ring.read()
    # Everything was played, in order, with silence in between and only there.
    heard = got[got != 0]
    assert np.array_equal(heard, np.concatenate(pieces)[: len(heard)])
    assert len(heard) >= 5000
    assert stats.played_frames == 6000
    missing = [event for event in events if event.kind == ps.EventKind.OUTPUT_MISSING]
    assert stats.missing_frames == sum(event.frames for event in missing) > 0
    # Each silence lies where the event says: what was written lies around it.
    at = np.flatnonzero(got)
    gaps = [(int(a) + 1, int(b - a) - 1) for a, b in itertools.pairwise(at) if b - a > 1]
    assert gaps
    merged = []
    for event in missing:
        if merged and merged[-1][0] + merged[-1][1] == event.frame:
            merged[-1][1] += event.frames
        else:
            merged.append([event.frame, event.frames])
    # The loop gives a block back one block later.
    places = {(frame + 64, frames) for frame, frames in merged}
    assert set(gaps) <= places


# ---- R8: blocks of any length --------------------------------------------------------------------


@pytest.mark.sanitize
@pytest.mark.parametrize("seed", range(6))
def test_R8_blocks_of_any_length_in_any_order(seed):
    rng = np.random.default_rng(seed)
    faults = [ps.Fault("block", at=0, amount=0)]
    for at in sorted(rng.integers(1, 40_000, 40)):
        kind = rng.choice(["empty", "block", "xrun"])
        amount = int(rng.choice([0, 1, 7, 64, 1000, 4096, 8192])) if kind == "block" else 0
        faults.append(ps.Fault(str(kind), at=int(at), amount=amount))
    device = ps.VirtualDevice(clock="free", input="counter", seed=seed, faults=faults)
    with ps.InputStream(device, RATE, 2, "int32") as stream:
        pairs = list(stream.chunks(100, frames=60_000, with_info=True))
        stats = stream.stats
    got = np.concatenate([chunk for chunk, _ in pairs])
    assert np.array_equal(got, np.arange(60_000)[:, None].repeat(2, axis=1))
    assert [info.frame for _, info in pairs] == list(range(0, 60_000, 100))
    assert stats.lost_frames == stats.dropped_frames == 0
    assert stats.captured_frames == 60_000


# ---- R12, R13: numbers that are no sound ---------------------------------------------------------


def loop_back(data, **options):
    """Play an array on a loopback of the free clock; return what comes back, and the stats."""
    device = ps.VirtualDevice("loopback", clock="free")
    got = ps.playrec(
        np.concatenate([data, np.zeros(64, data.dtype)]),
        RATE,
        channels=1,
        dtype=data.dtype,
        device=device,
        blocksize=64,
        **options,
    )
    return got[64:, 0], ps.get_stream().stats


DENORMALS = (np.float32(1e-40) * np.arange(-5, 6, dtype="float32")).astype("float32")


@pytest.mark.sanitize
def test_R12_denormals_pass_and_the_threads_of_others_keep_them():
    got, stats = loop_back(DENORMALS)
    assert np.array_equal(got.view("uint32"), DENORMALS.view("uint32"))
    assert stats.nonfinite_samples == stats.clipped_samples == 0
    # Had a thread of ours left its setting behind, this would be 0.
    assert (np.float32(1e-40) * np.float32(0.5)) != 0


@pytest.mark.sanitize
@pytest.mark.parametrize("device_dtype", ["int32", "int24", "int16", "int8", "uint8"])
def test_R12_denormals_are_silence_for_an_integer_device(device_dtype):
    got, stats = loop_back(DENORMALS, device_dtype=device_dtype)
    assert not got.any()
    assert stats.clipped_samples == 0


ODD = np.array([np.nan, np.inf, -np.inf, -np.nan, 0.5, 2.0, -3.0, 3e38, -3e38, 0.25], "float32")


@pytest.mark.sanitize
def test_R13_nan_and_infinity_are_played_as_silence_and_counted():
    got, stats = loop_back(ODD)
    assert np.array_equal(got, np.where(np.isfinite(ODD), ODD, 0))
    assert stats.nonfinite_samples == 4


@pytest.mark.sanitize
@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("device_dtype", ["int32", "int24", "int16", "int8", "uint8"])
def test_R13_nan_is_silence_and_infinity_full_scale_for_an_integer_device(device_dtype, keep):
    got, stats = loop_back(ODD, device_dtype=device_dtype, keep_nonfinite=keep)
    bits = {"int32": 31, "int24": 23, "int16": 15, "int8": 7, "uint8": 7}[device_dtype]
    # Float32 itself has 24 bits: the largest int32 comes back as 1.0.
    top = np.float32(1 - 2.0**-bits)
    wanted = np.array([0, top, -1, 0, 0.5, top, -1, top, -1, 0.25], "float32")
    assert np.array_equal(got, wanted)
    assert stats.clipped_samples == stats.nonfinite_samples == 4


# ---- R15: large numbers --------------------------------------------------------------------------

BOUNDARIES = [2**31, 2**32, 2**33, 2**53, 2**62 - 10_000]


@pytest.mark.sanitize
@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_R15_nothing_happens_where_a_counter_of_the_device_is_full(boundary):
    device = ps.VirtualDevice(
        clock="free",
        input="counter",
        first_frame=boundary - 1000,
        faults=[ps.Fault("stall", at=900, amount=480), ps.Fault("block", at=0, amount=160)],
    )
    with ps.InputStream(device, RATE, 1, "int32") as stream:
        pairs = list(stream.chunks(160, frames=4800, with_info=True))
        stats = stream.stats
    got = np.concatenate([chunk for chunk, _ in pairs]).astype("int64")
    frames = np.arange(4800)
    gap = (frames >= 960) & (frames < 960 + 480)
    wanted = (boundary - 1000 + frames[~gap]) & 0x7FFFFFFF
    assert np.array_equal(got, wanted)
    assert stats.frames == 4800
    assert stats.lost_frames == 480
    assert [info.lost for _, info in pairs if info.lost] == [480]


@pytest.mark.parametrize("frames", [2**25, soak(2**31 + 2**20), soak(2**32 + 2**20)])
def test_R15_a_very_long_recording_counts_every_frame(frames, counter):
    """At 48 kHz the longer ones last for 12 and for 25 hours."""
    size = 65536
    with ps.InputStream(counter, RATE, 1, "int32", blocksize=size) as stream:
        n = 0
        for chunk, info in stream.chunks(size, copy=False, with_info=True, frames=frames):
            assert info.frame == n
            assert chunk[0] == n & 0x7FFFFFFF
            assert chunk[-1] == (n + len(chunk) - 1) & 0x7FFFFFFF
            n += len(chunk)
        stats = stream.stats
    assert n == stats.captured_frames == frames
    assert stats.lost_frames == stats.dropped_frames == 0
