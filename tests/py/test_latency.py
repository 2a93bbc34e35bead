# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The round trip is measured with sound, and taken out of recordings."""

import numpy as np
import pytest

import pastream_ng as ps
from pastream_ng.measuring import latency as measuring
from pastream_ng.measuring.correlation import make_bursts

RATE = 48000


@pytest.fixture(autouse=True)
def nothing_is_known(monkeypatch):
    """No measurement of another test."""
    monkeypatch.setattr(measuring, "_known", {})


def loop(latency, blocksize=64, **options):
    """Return a loopback device without a clock of its own, and the latency that it has in all.

    What is played comes back a block later, besides the device's own latency.
    """
    own = latency - blocksize
    return ps.VirtualDevice("loopback", clock="free", latency=own, **options)


# ---- The judge -----------------------------------------------------------------------------------


def judged(signal, repeats=3, most=4800, **changes):
    """Return where bursts are found after a loop has done `signal` to them."""
    bursts = make_bursts(repeats, 4096, 1024, 0.25)
    played = np.concatenate((bursts.signal, np.zeros(most, "float32")))
    return bursts.find(signal(played), most)


@pytest.mark.parametrize("delay", [0, 1, 777, 4800])
@pytest.mark.parametrize("gain", [1.0, -0.01])
def test_bursts_are_found_to_the_frame(delay, gain):
    found = judged(lambda x: np.concatenate((np.zeros(delay), gain * x))[: len(x)])
    assert [each.delay for each in found] == [delay] * 3
    assert min(each.snr_db for each in found) > 25


def test_bursts_are_found_in_noise_with_hum_and_echo():
    random = np.random.default_rng(5)

    def room(x):
        y = np.convolve(x, 0.1 * np.exp(-np.arange(200) / 40) * random.uniform(-1, 1, 200))
        y = np.concatenate((np.zeros(1000), 0.1 * x + y[: len(x)]))[: len(x)]
        hum = 0.05 * np.sin(np.arange(len(y)) * 2 * np.pi * 50 / RATE) + 0.2
        return y + hum + random.normal(0, 0.02, len(y))

    found = judged(room)
    assert all(abs(each.delay - 1000) <= 1 for each in found)
    assert max(each.snr_db for each in found) < 45


def test_bursts_are_not_found_where_there_are_none():
    random = np.random.default_rng(6)
    inputs = {
        "silence": lambda x: 0 * x,
        "constant": lambda x: 0 * x + 0.5,
        "noise": lambda x: random.normal(0, 0.3, len(x)),
        "tone": lambda x: np.sin(np.arange(len(x)) * 0.05),
        "too late": lambda x: np.concatenate((np.zeros(9000), x))[: len(x)],
    }
    for name, signal in inputs.items():
        assert judged(signal) == [None] * 3, name


# ---- Streams -------------------------------------------------------------------------------------


@pytest.mark.sanitize
@pytest.mark.parametrize("latency", [128, 1000, 20_000])
def test_the_latency_of_the_loopback_is_measured_exactly(latency):
    found = ps.measure_latency(loop(latency), RATE, blocksize=64, repeats=3, longest=0.5)
    assert found.frames == latency
    assert found.seconds == latency / RATE
    assert found.spread == 0
    assert found.delays == (latency,) * 3
    assert found.snr_db > 25
    assert found.xruns == 0
    assert found.samplerate == RATE


def test_the_latency_is_measured_against_a_wall_clock():
    device = ps.VirtualDevice("loopback", latency=480)
    found = ps.measure_latency(device, RATE, blocksize=480, repeats=2, longest=0.05)
    assert found.frames == 960
    assert found.reported > 0


def test_what_the_host_reports_plays_no_part():
    lying = ps.Fault("latency", at=0, amount=5.0)
    found = ps.measure_latency(loop(500, faults=[lying]), RATE, blocksize=64, repeats=2)
    assert found.frames == 500


def test_channels_are_chosen():
    found = ps.measure_latency(loop(300), RATE, blocksize=64, input_channel=2, output_channel=2)
    assert found.frames == 300
    # The loopback keeps channels apart: nothing of the second arrives on the first.
    with pytest.raises(ps.MeasurementError, match=r"0 of 5 bursts .* digital silence"):
        ps.measure_latency(loop(300), RATE, blocksize=64, input_channel=1, output_channel=2)


def test_no_loop_is_an_error_that_says_so():
    for device, words in (
        (ps.VirtualDevice("null", clock="free"), "digital silence"),
        (ps.VirtualDevice("null", clock="free", input="sine"), "-6 dBFS at most"),
        (loop(30_000), "within 0.5 s"),
    ):
        with pytest.raises(ps.MeasurementError, match=words):
            ps.measure_latency(device, RATE, repeats=2, longest=0.5)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"input_channel": 0}, ps.ArgumentError, "input_channel is 0"),
        ({"output_channel": 1.5}, ps.ArgumentTypeError, "output_channel is 1"),
        ({"repeats": 0}, ps.ArgumentError, "repeats is 0"),
        ({"level": 0}, ps.ArgumentError, "level is 0"),
        ({"level": 1.1}, ps.ArgumentError, r"level is 1\.1"),
        ({"longest": float("nan")}, ps.ArgumentError, "longest is nan"),
        ({"timeout": -1}, ps.ArgumentError, "timeout is -1"),
        ({"channels": 2}, ps.ArgumentTypeError, "channels is no argument"),
        ({"dtype": "int16"}, ps.ArgumentTypeError, "dtype is no argument"),
        ({"colour": 1}, ps.ArgumentTypeError, "colour is no argument"),
    ],
)
def test_what_is_refused(arguments, error, words):
    with pytest.raises(error, match=words):
        ps.measure_latency(loop(100), RATE, **arguments)


def test_the_time_limit_holds():
    with pytest.raises(ps.PastreamTimeoutError, match=r"timeout: .* 0\.05 s"):
        ps.measure_latency(ps.VirtualDevice("loopback"), RATE, timeout=0.05)


# ---- Aligned recordings --------------------------------------------------------------------------


def ramp(frames=3000):
    """Return a signal none of whose samples is like another."""
    return np.arange(1, frames + 1, dtype="int16")


@pytest.mark.sanitize
def test_a_recording_is_aligned_by_a_number_of_frames():
    data = ramp()
    for latency in (64, 1000, 5000):
        got = ps.playrec(data, RATE, 1, device=loop(latency), blocksize=64, align=latency)
        assert np.array_equal(got[:, 0], data)
        assert ps.get_stream().stats.skipped_frames == latency
    assert np.array_equal(
        ps.playrec(data, RATE, 1, device=loop(1000), blocksize=64, align=np.int64(900))[:, 0],
        np.concatenate((np.zeros(100), data[:-100])),
    )


@pytest.mark.sanitize
def test_a_recording_is_aligned_by_a_measurement():
    data = ramp()
    device = loop(1234)
    found = ps.measure_latency(device, RATE, blocksize=64, repeats=2)
    got = ps.playrec(data, RATE, 1, device=device, blocksize=64, align=found)
    assert np.array_equal(got[:, 0], data)


@pytest.mark.sanitize
def test_a_recording_measures_by_itself_once_for_the_same_settings(monkeypatch):
    calls = []
    measure = measuring._measure
    monkeypatch.setattr(
        measuring, "_measure", lambda *args, **kw: calls.append(1) or measure(*args, **kw)
    )
    data = ramp()
    out = np.zeros((3000, 1), "int16")
    for _ in range(2):
        got = ps.playrec(data, RATE, device=loop(777), blocksize=64, align=True, out=out)
        assert got is out
        assert np.array_equal(got[:, 0], data)
    assert len(calls) == 1
    got = ps.playrec(data, RATE, 1, device=loop(778), blocksize=64, align=True)
    assert np.array_equal(got[:, 0], data)
    assert len(calls) == 2
    # A measurement of the user's own is as good.
    ps.measure_latency(loop(779), RATE, blocksize=64)
    assert len(calls) == 3
    ps.playrec(data, RATE, 1, device=loop(779), blocksize=64, align=True)
    assert len(calls) == 3


def test_a_recording_finds_the_loop_among_mapped_channels():
    data = np.stack((ramp(), -ramp()), axis=1)
    mapping = {"input_mapping": [5, 3], "output_mapping": [2, 3]}
    got = ps.playrec(data, RATE, 2, device=loop(500), blocksize=64, align=True, **mapping)
    assert not got[:, 0].any()  # Nothing is played on channel 5.
    assert np.array_equal(got[:, 1], data[:, 1])


def test_a_mapped_loop_is_measured():
    found = ps.measure_latency(loop(500), RATE, blocksize=64, mapping=([7], [7]), repeats=2)
    assert found.frames == 500
    with pytest.raises(ps.MeasurementError):
        ps.measure_latency(loop(500), RATE, blocksize=64, mapping=([7], [8]), repeats=2)


@pytest.mark.parametrize("rate", [8000, 44100])
def test_a_loop_at_another_rate_is_measured(rate):
    found = ps.measure_latency(
        loop(500), RATE, blocksize=64, device_samplerate=rate, repeats=2, longest=0.2
    )
    assert found.spread == 0
    # The host's times and the library's own delays, put together, are right.
    assert found.frames == pytest.approx(found.reported * RATE, abs=8)


def test_a_recording_in_the_background_is_aligned_too():
    data = ramp()
    got = ps.playrec(data, RATE, 1, device=loop(100), blocksize=64, align=True, blocking=False)
    assert ps.wait(30)
    assert np.array_equal(got[:, 0], data)


def test_an_alignment_that_cannot_be_is_refused_before_anything_stops():
    ps.play(np.zeros(RATE), RATE, device=ps.VirtualDevice("null"))
    for align, error in ((-1, ps.ArgumentError), (1.5, ps.ArgumentTypeError), ("yes", TypeError)):
        with pytest.raises(error, match="align is"):
            ps.playrec(ramp(), RATE, 1, device=loop(64), align=align)
    assert ps.get_stream().active
    with pytest.raises(ps.MeasurementError):
        ps.playrec(ramp(), RATE, 1, device=ps.VirtualDevice("null", clock="free"), align=True)
