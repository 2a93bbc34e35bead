# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Devices and servers that die, hang, come back, refuse, or were never there.

Tests are named after the rows of the failure catalogue. No test asserts how fast something is, only
that it ends at all.
"""

import contextlib
import itertools
import signal
import time

import pytest
from servers.programs import wait_until
from servers.scenario import Scenario, run

import pastream_ng as ps

# Whatever a host does, nothing takes longer than this.
BOUND = 10.0


def assert_left(report):
    """The process ended soon after its scenario."""
    assert time.monotonic() - report["left_at"] < BOUND


# ---- D1: the device is gone ----------------------------------------------------------------------


def assert_lost(report):
    """The loss was told once, with its place, and cost none of what had been captured."""
    print(report)
    assert report["error"] == "DeviceLostError"
    assert report["frame"] == report["frames"] > 0
    assert str(report["frame"]) in report["text"]
    assert report["delivered"] == report["captured_frames"]
    lost = report["dropped_frames"] + report["lost_frames"]
    assert report["captured_frames"] + lost == report["frames"]
    assert report["again"] == report["close_error"] == ""
    assert report["close_seconds"] < BOUND
    assert report["closed"]
    assert_left(report)


def lose(server, function, number, **arguments):
    with Scenario("device.py", function, env=server.env, **arguments) as scenario:
        scenario.wait_for("running")
        server.program.send(number)
        report = scenario.result()
        # Whatever the host had to say about it, it did not say it here.
        assert scenario.output == "told: running\n"
    return report


SIGNALS = [signal.SIGKILL, signal.SIGTERM]


@pytest.mark.parametrize("number", SIGNALS)
def test_D1_a_jack_server_ends_under_a_chunk_loop(mortal_jack, number):
    report = lose(mortal_jack, "loop_until_lost", number, device="system", told_after=24000)
    assert_lost(report)


def test_D1_a_jack_server_is_killed_while_nobody_looks(mortal_jack):
    report = lose(mortal_jack, "wait_until_lost", signal.SIGKILL, device="system", told_after=24000)
    assert_lost(report)
    assert report["state"] == "LOST"


@pytest.mark.parametrize("call", ["stop", "abort", "close"])
def test_D1_a_stream_ends_before_the_news_of_a_dead_jack_server(mortal_jack, call):
    pid = mortal_jack.program.pid
    report = run(
        "device.py", "end_before_the_news", env=mortal_jack.env, device="system", pid=pid, call=call
    )
    print(report)
    assert report["closed"]
    assert report["call"][0] < BOUND
    assert report["close"] == [report["close"][0], ""]
    assert_left(report)


@pytest.mark.parametrize("number", SIGNALS)
def test_D1_a_pulse_server_ends_under_a_chunk_loop(mortal_pulse, number):
    report = lose(
        mortal_pulse, "loop_until_lost", number, device="pst_s16_monitor", told_after=24000
    )
    assert_lost(report)


def test_D1_a_pulse_server_is_killed_while_it_starts(mortal_pulse):
    report = lose(mortal_pulse, "wait_until_lost", signal.SIGKILL, device="pst_s16_monitor")
    assert_lost(report)
    assert report["state"] == "LOST"


@pytest.mark.parametrize("fault", ["vanish", "dead"])
@pytest.mark.parametrize("function", ["loop_until_lost", "wait_until_lost"])
def test_D1_a_virtual_device_goes_away(function, fault):
    report = run("device.py", function, device=None, fault=fault)
    assert_lost(report)
    assert report["state"] == ("LOST" if function == "wait_until_lost" else "ABORTED")


# ---- D2: the server is stopped, and comes back ---------------------------------------------------


def hold_up(server, **arguments):
    with Scenario("device.py", "stall", env=server.env, **arguments) as scenario:
        scenario.wait_for("running")
        server.program.pause()
        try:
            scenario.wait_for("stalled")
            time.sleep(0.4)
        finally:
            server.program.resume()
        report = scenario.result()
    print(report)
    assert report["read"] == report["captured_frames"]
    lost = report["dropped_frames"] + report["lost_frames"]
    assert report["captured_frames"] + lost == report["frames"]
    return report


def test_D2_a_jack_server_that_is_stopped_and_continued(mortal_jack):
    counter = mortal_jack.counter()
    try:
        report = hold_up(mortal_jack, device="counter", is_counter=True)
    finally:
        counter.stop()
    found = report["counter"]
    assert report["lost_frames"] == found["lost"] - found["doubled"]


def test_D2_a_pulse_server_that_is_stopped_and_continued(mortal_pulse):
    hold_up(mortal_pulse, device="pst_s16_monitor", is_counter=False)


# ---- D3: the server restarts ---------------------------------------------------------------------

ROUNDS = pytest.mark.parametrize("rounds", [2, pytest.param(100, marks=pytest.mark.soak)])


def restart(server, device, rounds):
    with Scenario(
        "device.py", "restarts", env=server.env, device=device, rounds=rounds
    ) as scenario:
        for number in range(rounds + 1):
            scenario.wait_for(f"running {number}")
            server.kill()
            scenario.wait_for(f"down {number}")
            server.restart()
            scenario.say("back")
        rows = scenario.result()
    for row in rows:
        print(row)
        assert row["refreshed"]
        assert row["read"] == 4000
        assert row["lost"] == "DeviceLostError"
        assert max(row["close_seconds"], row["refused_seconds"]) < BOUND
    files, threads = zip(*(row["resources"] for row in rows), strict=True)
    # A thread of a server that has just gone may take its time.
    assert files[-1] <= max(files[:2])
    assert threads[-1] <= max(threads[:2])
    return rows


@ROUNDS
def test_D3_a_jack_server_restarts(mortal_jack, rounds):
    for row in restart(mortal_jack, "system", rounds):
        assert row["refused"] == "DeviceLostError"


@ROUNDS
def test_D3_a_pulse_server_restarts(mortal_pulse, rounds):
    for row in restart(mortal_pulse, "pst_s16_monitor", rounds):
        assert row["refused"] == "DeviceLostError"


# ---- D4: a stop that never returns ---------------------------------------------------------------


def assert_given_up(report):
    print(report)
    assert report["stop"][1] == "DeviceLostError"
    assert report["stop"][0] < BOUND
    assert "did not come back" in report["text"]
    assert report["state"] == "CLOSED"
    assert report["closed"]
    assert report["refused"] == ["ClosedError"] * 4
    assert report["close"][1] == ""
    assert report["close"][0] < BOUND
    assert report["other"]
    assert report["other_lost"] == 0
    assert report["new"] == 480
    assert_left(report)


def test_D4_a_virtual_device_never_comes_back():
    with Scenario("device.py", "hang", device="virtual") as scenario:
        scenario.wait_for("running")
        scenario.say("go on")
        scenario.wait_for("given up")
        scenario.say("it stays away")
        report = scenario.result()
    assert_given_up(report)
    assert report["refreshed"]


def hang_up(server, device, comes_back):
    """Stop a stream while its server is stopped; the server may come back, too late."""
    with Scenario("device.py", "hang", env=server.env, device=device) as scenario:
        scenario.wait_for("running")
        server.program.pause()
        try:
            scenario.say("go on")
            scenario.wait_for("given up")
        finally:
            if comes_back:
                server.program.resume()
            else:
                server.kill()
        scenario.say("it is back" if comes_back else "it stays away")
        report = scenario.result()
    assert_given_up(report)
    return report


@pytest.mark.parametrize("comes_back", [True, False])
def test_D4_a_pulse_server_does_not_answer(mortal_pulse, comes_back):
    report = hang_up(mortal_pulse, "pst_s16_play", comes_back)
    assert report["refreshed"]


@pytest.mark.parametrize("comes_back", [True, False])
def test_D4_a_jack_server_does_not_answer(mortal_jack, comes_back):
    report = hang_up(mortal_jack, "system", comes_back)
    assert report["refreshed"]


@pytest.mark.parametrize("number", SIGNALS)
def test_D4_a_pulse_server_ends_while_a_stream_plays(mortal_pulse, number):
    # PortAudio's own stop does not return then.
    report = lose(mortal_pulse, "play_until_lost", number, device="pst_s16_play")
    assert report["error"] == "DeviceLostError"
    assert report["closed"]
    assert report["close_seconds"] < BOUND
    assert_left(report)


# ---- D5: no server, no device --------------------------------------------------------------------


def assert_no_sound(report):
    assert report["devices"] == ["Virtual/loopback", "Virtual/null"]
    assert sorted(report["errors"]) == report["calls"]
    for text in report["errors"].values():
        assert 'device="loopback"' in text
        assert "for input" in text or "for output" in text
    assert report["refreshed"]
    assert report["recorded"] == 480


def silent(env):
    """Run where there is no sound; nothing may be printed."""
    with Scenario("device.py", "without_sound", env=env) as scenario:
        report = scenario.result()
        assert scenario.output == ""
    return report


def test_D5_no_server_and_no_device(no_servers):
    report = silent(no_servers)
    assert_no_sound(report)
    # What the host APIs had to say about it is not on the terminal, but can be had.
    assert {name for name, _, _ in report["log"]} == {"pastream_ng.host"}
    assert any("jack" in line.lower() for _, _, line in report["log"])


def test_D5_an_alsa_without_any_configuration(no_servers, tmp_path):
    assert_no_sound(silent(no_servers | {"ALSA_CONFIG_PATH": str(tmp_path / "nowhere")}))


def test_D5_an_alsa_with_an_empty_configuration(no_servers, tmp_path):
    (tmp_path / "empty.conf").write_text("")
    assert_no_sound(silent(no_servers | {"ALSA_CONFIG_PATH": str(tmp_path / "empty.conf")}))


def test_D5_an_alsa_with_a_broken_configuration(no_servers, tmp_path):
    (tmp_path / "broken.conf").write_text("pcm.default { type")
    assert_no_sound(silent(no_servers | {"ALSA_CONFIG_PATH": str(tmp_path / "broken.conf")}))


# ---- D6: refused ---------------------------------------------------------------------------------


def refuse(server, cases):
    attempts = [attempt for attempt, _, _ in cases]
    outcomes = run("device.py", "refusals", env=server.env, attempts=attempts)
    for (attempt, wanted, words), (error, text) in zip(cases, outcomes, strict=True):
        assert error == wanted, (attempt, error, text)
        for word in words:
            assert word in text, (attempt, text)


UNSUPPORTED = "UnsupportedSettingsError"


def test_D6_what_jack_cannot_do(strict_jack):
    system = {"kind": "InputStream", "device": "system"}
    play = {"kind": "OutputStream", "device": "system"}
    duplex = {"kind": "DuplexStream", "device": "system"}
    cases = [
        (system | {"samplerate": 44100}, UNSUPPORTED, ["system", "44100", "48000"]),
        (play | {"samplerate": 44100}, UNSUPPORTED, ["system", "44100", "48000"]),
        (duplex | {"samplerate": 96000}, UNSUPPORTED, ["system", "96000", "48000"]),
        (system | {"channels": 3}, UNSUPPORTED, ["system", "3", "1 to 2 input channels"]),
        (play | {"channels": 3}, UNSUPPORTED, ["system", "3", "1 to 2 output channels"]),
        (system | {"device_dtype": "float64"}, UNSUPPORTED, ["system", "float64", "float32"]),
        (
            duplex | {"device": ["system", "loopback"]},
            UNSUPPORTED,
            ["system", "loopback", "a stream for each"],
        ),
        (system | {"device": "trumpet"}, "DeviceNotFoundError", ["trumpet", "system", "loopback"]),
        (system | {"device": 99}, "DeviceNotFoundError", ["99", "system", "loopback"]),
        (system | {"samplerate": -1}, "ArgumentError", ["samplerate", "-1"]),
        (system | {"samplerate": 48000, "channels": 2}, "", []),
    ]
    refuse(strict_jack, cases)


def test_D6_what_pulse_cannot_do(pulse):
    source = {"kind": "InputStream", "device": "pst_s16_monitor"}
    sink = {"kind": "OutputStream", "device": "pst_s16_play"}
    cases = [
        (source | {"samplerate": 3}, UNSUPPORTED, ["pst_s16_monitor", "is 3", "44100", "48000"]),
        (source | {"channels": 33}, UNSUPPORTED, ["pst_s16_monitor", "33", "1 to 32 input"]),
        (sink | {"channels": 33}, UNSUPPORTED, ["pst_s16_play", "33", "1 to 32 output"]),
        (source | {"device_dtype": "float64"}, UNSUPPORTED, ["pst_s16_monitor", "float32"]),
        (source | {"samplerate": 44100, "channels": 2}, "", []),
    ]
    refuse(pulse, cases)


@pytest.mark.sanitize
@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("device-busy", ps.DeviceBusyError),
        ("unsupported", ps.UnsupportedSettingsError),
        ("no-device", ps.DeviceNotFoundError),
        ("device-lost", ps.DeviceLostError),
        ("host-error", ps.HostError),
    ],
)
def test_D6_a_device_that_refuses_is_named(status, error):
    with pytest.raises(error, match="loopback"):
        ps.InputStream(ps.VirtualDevice(open_error=status))
    stream = ps.InputStream(ps.VirtualDevice(start_error=status))
    with pytest.raises(error, match="loopback"):
        stream.start()
    assert stream.state == ps.StreamState.STOPPED
    stream.close()


# ---- D10: many streams on one device -------------------------------------------------------------

CROWDS = pytest.mark.parametrize("turns", [100, pytest.param(1000, marks=pytest.mark.soak)])


def assert_nothing_left(report):
    print(report)
    assert report["errors"] == []
    assert report["after"][0] <= report["before"][0]
    assert report["after"][1] <= report["before"][1]


def test_D10_two_streams_record_from_one_jack_client(jack, jack_counter):
    report = run("device.py", "two_on_one", env=jack.env, device="counter")
    print(report)
    for name in ("early", "late"):
        assert report[name]["breaks"] == []
        assert report[name]["n_frames"] > 0
    assert report["lost"] == 0


@CROWDS
def test_D10_many_threads_open_and_close_a_jack_device(strict_jack, turns):
    report = run(
        "device.py",
        "crowd",
        env=strict_jack.env,
        timeout=60 + turns,
        device="system",
        turns=turns,
        n_threads=4,
    )
    assert_nothing_left(report)


@CROWDS
def test_D10_many_threads_open_and_close_a_pulse_device(pulse, turns):
    report = run(
        "device.py",
        "crowd",
        env=pulse.env,
        timeout=60 + 5 * turns,
        device="pst_s16_monitor",
        turns=turns,
        n_threads=4,
    )
    assert_nothing_left(report)


# ---- D12: every call in every state --------------------------------------------------------------

STOPPED, RUNNING, FINISHED = "STOPPED", "RUNNING", "FINISHED"
ABORTED, LOST, CLOSED = "ABORTED", "LOST", "CLOSED"
REFUSED = ps.ClosedError

# For each state and call: the state after it, or the error that it raises without changing any.
TABLE = {
    STOPPED: {
        "start": RUNNING,
        "stop": STOPPED,
        "abort": STOPPED,
        "close": CLOSED,
        "wait": STOPPED,
        "run": FINISHED,
        "state": STOPPED,
    },
    RUNNING: {
        "start": RUNNING,
        "stop": STOPPED,
        "abort": ABORTED,
        "close": CLOSED,
        "wait": RUNNING,
        "run": STOPPED,
        "state": RUNNING,
    },
    FINISHED: {
        "start": RUNNING,
        "stop": FINISHED,
        "abort": FINISHED,
        "close": CLOSED,
        "wait": FINISHED,
        "run": FINISHED,
        "state": FINISHED,
    },
    ABORTED: {
        "start": RUNNING,
        "stop": ABORTED,
        "abort": ABORTED,
        "close": CLOSED,
        "wait": ABORTED,
        "run": FINISHED,
        "state": ABORTED,
    },
    CLOSED: {
        "start": REFUSED,
        "stop": REFUSED,
        "abort": REFUSED,
        "close": CLOSED,
        "wait": REFUSED,
        "run": REFUSED,
        "state": CLOSED,
    },
}


def call(stream, name):
    if name == "wait":
        assert stream.wait(0.001) == (stream.state != ps.StreamState.RUNNING)
    elif name == "run":
        # A recording; on a stream that runs it takes its share, and then stops the stream.
        assert [len(chunk) for chunk in stream.chunks(50, frames=100)] == [50, 50]
    elif name == "state":
        numbers = stream.stats
        # While it runs, the counters are not of one moment.
        if stream.state != ps.StreamState.RUNNING:
            assert 0 <= numbers.captured_frames <= numbers.frames
        assert stream.events() is not None
        assert stream.state.name.lower() in repr(stream)
    else:
        getattr(stream, name)()


def walk(stream, names, table=TABLE, state=STOPPED):
    """Make the calls and compare each with the table."""
    for number, name in enumerate(names, 1):
        expected = table[state][name]
        if isinstance(expected, str):
            call(stream, name)
            state = expected
        else:
            with pytest.raises(expected, match="closed"):
                call(stream, name)
        assert stream.state.name == state, (names, number)
        assert stream.closed == (state == CLOSED)
        assert stream.active == (state == RUNNING)
        assert stream.exception is None


CALLS = list(TABLE[STOPPED])


@pytest.mark.sanitize
@pytest.mark.parametrize("first", CALLS)
def test_D12_every_pair_of_calls_in_every_state(counter, first):
    # After one call the stream may be in any state but one, so these are all pairs from all states.
    for names in itertools.product([first], CALLS, CALLS):
        with ps.InputStream(counter, 48000, 1, "int32", 64, buffersize=4096) as stream:
            assert stream.state == ps.StreamState.STOPPED
            walk(stream, names)


@pytest.mark.sanitize
@pytest.mark.parametrize("first", ["start abort", "run abort", "start start"])
def test_D12_every_pair_of_calls_after_an_abort(counter, first):
    for names in itertools.product(CALLS, CALLS):
        with ps.DuplexStream(counter, 48000, 1, "int32", 64, buffersize=4096) as stream:
            walk(stream, [*first.split(), *names])


@pytest.mark.sanitize
def test_D12_every_pair_of_calls_of_an_output(loopback):
    names_of_all = [name for name in CALLS if name not in ("run", "state")]
    for names in itertools.product(names_of_all, repeat=3):
        with ps.OutputStream(loopback, 48000, 1, "int32", 64, buffersize=4096) as stream:
            walk(stream, names)


def after_a_loss(state, is_pending, name):
    """Return what a call makes of a stream that has lost its device: state, pending, raised."""
    if state == CLOSED:
        expected = TABLE[CLOSED][name]
        return CLOSED, False, None if expected == CLOSED else expected
    if name == "start":
        return LOST, True, None  # It runs, and is lost again.
    if name == "run":
        return FINISHED, False, None  # A run that is over before the device goes away.
    raises = is_pending and name in ("stop", "abort", "close", "wait")
    if name == "close":
        state = CLOSED
    elif name in ("stop", "abort") and state == LOST:
        state = ABORTED
    return state, is_pending and not raises, ps.DeviceLostError if raises else None


@pytest.mark.sanitize
@pytest.mark.parametrize("first", CALLS)
def test_D12_every_pair_of_calls_on_a_lost_device(first):
    device = ps.VirtualDevice(clock="free", input="counter", faults=[ps.Fault("dead", at=640)])
    for names in itertools.product(["start"], [first], CALLS, CALLS):
        stream = ps.InputStream(device, 48000, 1, "int32", 64)
        state, is_pending = STOPPED, False
        for name in names:
            state, is_pending, raised = after_a_loss(state, is_pending, name)
            with pytest.raises(raised) if raised else contextlib.nullcontext():
                call(stream, name)
            assert wait_until(lambda s=stream, wanted=state: s.state.name == wanted, 30), names
            assert stream.closed == (state == CLOSED)
            assert not stream.active
            if state in (LOST, ABORTED):
                assert stream.exception.frame == 640
        with contextlib.suppress(ps.DeviceLostError):
            stream.close()
