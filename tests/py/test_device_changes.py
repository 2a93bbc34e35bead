# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Devices that come and go while streams run: the list is read again, streams go on."""

import asyncio
import threading
import time

import numpy as np
import pytest
from servers.scenario import Scenario

import pastream_ng as ps
from pastream_ng.hosts.info import DeviceList
from pastream_ng.hosts.watch import difference

PATIENCE = 30.0

# ---- Row 45: the list is read again while streams run -------------------------------------------


def refresh_often(server, device):
    with Scenario("device.py", "refreshes", env=server.env, device=device, rounds=6) as scenario:
        report = scenario.result()
    print(report)
    assert all(report["refreshed"])
    assert report["before"] == report["after"]
    assert report["device"] == report["still"]
    assert report["device"] in report["after"]
    assert report["second"] == 4800
    files, threads = zip(*report["resources"], strict=True)
    assert files[-1] <= max(files[:2])
    assert threads[-1] <= max(threads[:2])
    return report


def test_row45_refreshing_does_not_disturb_a_jack_stream(jack, jack_counter):
    report = refresh_often(jack, "counter")
    # The ports of our own streams are no devices.
    assert not any("pastream_ng" in uid for uid in report["after"])
    assert report["counter"]["breaks"] == []
    assert report["lost_frames"] == report["dropped_frames"] == 0


def test_row45_refreshing_does_not_disturb_a_pulse_stream(pulse):
    report = refresh_often(pulse, "pst_s16_monitor")
    assert report["lost_frames"] == report["dropped_frames"] == 0
    assert report["captured_frames"] == report["frames"]


@pytest.mark.parametrize("host", ["jack", "pulse"])
def test_row45_refreshing_while_a_stream_of_a_dead_server_is_open(request, host):
    server = request.getfixturevalue(f"mortal_{host}")
    device = "system" if host == "jack" else "pst_s16_monitor"
    with Scenario(
        "device.py", "refresh_without_a_server", env=server.env, device=device
    ) as scenario:
        scenario.wait_for("running")
        server.kill()
        scenario.wait_for("down")
        server.restart()
        scenario.say("back")
        report = scenario.result()
    print(report)
    assert report["lost"] == "DeviceLostError"
    assert all(report["refreshed"])
    assert report["close"] == ""
    assert report["read"] == 4800


# ---- Rows 47, 48: streams that outlive their device ---------------------------------------------


def mortal(*faults, **more):
    return ps.VirtualDevice(input="counter", faults=[ps.Fault(*fault) for fault in faults], **more)


def open_mortal(device, kind=ps.InputStream, **more):
    return kind(device, 48000, 1, "int32", 64, stall_after=0.05, lost_after=0.1, **more)


@pytest.mark.parametrize("fault", ["vanish", "dead"])
def test_row48_a_chunk_loop_goes_on_over_an_outage(fault):
    with open_mortal(mortal((fault, 4800), away=0.1), on_lost="reopen") as stream:
        frames, lost, chunks = [], [], []
        for chunk, info in stream.chunks(100, with_info=True, timeout=PATIENCE):
            frames.append(info.frame)
            lost.append(info.lost)
            chunks.append(chunk)
            if len(chunks) == 96:
                break
        stats = stream.stats
        kinds = [event.kind for event in stream.events()]
    kept = np.concatenate(chunks)
    np.testing.assert_array_equal(kept, np.r_[:4800, :4800])
    away = sum(lost)
    assert away == stats.lost_frames > 0
    assert frames == [100 * k if k < 48 else 100 * k + away for k in range(96)]
    assert kinds == [ps.EventKind.DEVICE_LOST, ps.EventKind.DEVICE_BACK]


def test_row47_a_lost_device_is_told_while_it_is_looked_for():
    with open_mortal(mortal(("dead", 640), away=np.inf), on_lost="reopen") as stream:
        stream.start()
        assert not stream.wait(0.5)
        assert stream.state == ps.StreamState.REOPENING
        assert stream.active
        assert stream.exception is None
        assert [event.kind for event in stream.events()] == [ps.EventKind.DEVICE_LOST]
        assert stream.device.name == "loopback"
        assert "reopening" in repr(stream)
        stream.stop()
        assert stream.state == ps.StreamState.STOPPED


def test_row48_silence_takes_the_place_of_an_outage():
    device = mortal(("vanish", 4800), away=0.05)
    with open_mortal(device, on_lost="reopen", overflow="silence") as stream:
        stream.start()
        kept = stream.input_ring.read(28800, timeout=PATIENCE)
        lost = stream.stats.lost_frames
    n = 4800 + min(lost, 24000)
    np.testing.assert_array_equal(kept[4800:n], 0)
    np.testing.assert_array_equal(kept[n:], np.arange(28800 - n))


def test_row48_a_writer_waits_for_the_device():
    device = ps.VirtualDevice("null", faults=[ps.Fault("dead", at=640)], away=0.05)
    with open_mortal(device, ps.OutputStream, on_lost="default", buffersize=1024) as stream:
        stream.start()
        assert stream.output_ring.write(np.ones(9600, "int32"), timeout=PATIENCE) == 9600
        stream.output_ring.end()
        assert stream.wait(PATIENCE)
        assert stream.finished
        assert stream.stats.played_frames == 9600


def test_row48_a_time_limit_for_coming_back():
    device = mortal(("dead", 640), away=np.inf)
    with open_mortal(device, on_lost="reopen", reopen_timeout=0.2) as stream:
        stream.start()
        with pytest.raises(
            ps.DeviceLostError, match=r"frame 640 .*within 0\.2 s.*script"
        ) as caught:
            stream.wait(PATIENCE)
        assert caught.value.frame == 640
        assert len(stream.input_ring.read()) == 640


def test_row47_by_default_a_lost_device_is_an_error():
    with open_mortal(mortal(("dead", 640))) as stream:
        stream.start()
        with pytest.raises(ps.DeviceLostError):
            stream.wait(PATIENCE)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"on_lost": "retry"}, "on_lost is 'retry'"),
        ({"on_lost": "reopen", "reopen_timeout": 0}, "reopen_timeout is 0"),
        ({"on_lost": "reopen", "reopen_timeout": float("nan")}, "reopen_timeout is nan"),
        ({"reopen_timeout": 1.0}, "reopen_timeout is 1.0; without on_lost"),
    ],
)
def test_row48_wrong_settings_are_named(arguments, text):
    with pytest.raises(ps.ArgumentError, match=text):
        ps.InputStream("null", **arguments)


def test_row48_a_stream_that_is_dropped_while_its_device_is_away_is_closed():
    stream = open_mortal(mortal(("dead", 64), away=np.inf), on_lost="reopen")
    stream.start()
    assert not stream.wait(0.3)
    with pytest.warns(ResourceWarning):
        del stream


def outlive(server, device, rounds, restart):
    with Scenario("device.py", "outlive", env=server.env, device=device, rounds=rounds) as scenario:
        for number in range(rounds):
            scenario.wait_for(f"running {number}")
            server.kill()
            scenario.wait_for(f"away {number}")
            restart()
        report = scenario.result()
    print(report)
    assert [row["state"] for row in report["rounds"]] == ["RUNNING"] * (rounds + 1)
    assert report["captured_frames"] + report["lost_frames"] == report["frames"]
    # Frame numbers keep to the clock; a server may take its time to begin.
    assert abs(report["frames"] / 48000 - report["span"]) < 2.0
    assert all(row["lost"] > 10000 for row in report["rounds"][1:])
    return report


def test_row48_a_recording_outlives_jack_servers(mortal_jack):
    counters = [mortal_jack.counter()]

    def restart():
        # It still waits at a semaphore of its name, and would take its successor's wake-ups.
        counters[-1].stop()
        mortal_jack.restart()
        counters.append(mortal_jack.counter())

    report = outlive(mortal_jack, "counter", 2, restart)
    assert report["kinds"].count("DEVICE_LOST") == report["kinds"].count("DEVICE_BACK") == 2
    # Each life of the counter is there, without a hole that was not told.
    assert len(report["lives"]) == 3
    assert all(life["doubled"] == 0 for life in report["lives"])
    assert sum(life["lost"] for life in report["lives"]) <= report["told"]
    assert all(life["n_frames"] >= 12000 for life in report["lives"])
    files, threads = zip(*(row["resources"] for row in report["rounds"]), strict=True)
    assert threads[-1] <= max(threads[:2])
    assert files[-1] <= max(files[:2])


def test_row48_a_recording_outlives_pulse_servers(mortal_pulse):
    report = outlive(mortal_pulse, "pst_s16_monitor", 2, mortal_pulse.restart)
    assert report["kinds"].count("DEVICE_BACK") >= 2


@pytest.mark.parametrize("host", ["jack", pytest.param("pulse", marks=pytest.mark.soak)])
def test_row48_a_server_that_was_only_stopped(request, host):
    server = request.getfixturevalue(f"mortal_{host}")
    device = "system" if host == "jack" else "pst_s16_monitor"
    with Scenario("device.py", "outlive_a_pause", env=server.env, device=device) as scenario:
        scenario.wait_for("running")
        server.program.pause()
        try:
            scenario.wait_for("away")
        finally:
            server.program.resume()
        report = scenario.result()
    print(report)
    assert report["state"] == "RUNNING"
    assert report["lost_frames"] > 24000
    assert report["captured_frames"] + report["lost_frames"] == report["frames"]
    assert report["close_seconds"] < 10


# ---- D7: other places in the list ---------------------------------------------------------------


def test_D7_a_device_is_found_where_it_has_moved_to(jack, tmp_path):
    sink = jack.sink(tmp_path, "first")
    counter = jack.counter("second")
    try:
        with Scenario("device.py", "open_by_an_old_index", env=jack.env, name="second") as scenario:
            scenario.wait_for("looked up")
            sink.stop()
            scenario.say("moved")
            report = scenario.result()
    finally:
        counter.stop()
    assert report["same"]
    assert report["after"] != report["before"]
    assert report["counter"]["n_frames"] > 0


# ---- Row 46: devices that come and go -----------------------------------------------------------


def test_row46_clients_of_jack_come_and_go(mortal_jack):
    with Scenario("device.py", "watch", env=mortal_jack.env, rounds=4) as scenario:
        scenario.wait_for("watching")
        counter = mortal_jack.counter("here", n_ports=1)
        scenario.wait_for("seen 0")
        counter.stop()
        scenario.wait_for("seen 1")
        mortal_jack.kill()
        scenario.wait_for("seen 2")
        mortal_jack.restart()
        seen = scenario.result()
    print(seen)
    assert [row["added"] for row in seen] == [["here"], [], [], ["system"]]
    assert [row["removed"] for row in seen] == [[], ["here"], ["system"], []]
    assert [row["default"] for row in seen] == [False, False, True, True]


def test_row46_a_pulse_server_begins(mortal_pulse):
    seen = {}
    # What the watch sees first may be a server that has no sinks yet.
    for _turn in range(3):
        mortal_pulse.kill()
        with Scenario("device.py", "watch", env=mortal_pulse.env, rounds=1) as scenario:
            scenario.wait_for("watching")
            mortal_pulse.restart()
            seen = scenario.result()[0]
        if "pst_s16_monitor" in seen["added"]:
            break
    assert "pst_s16_monitor" in seen["added"]
    assert seen["default"]


def test_row46_our_own_streams_are_no_news(jack):
    with Scenario("device.py", "watch_quietly", env=jack.env, device="system") as scenario:
        assert scenario.result() == 0


def test_row46_the_program_ends_with_a_watch_open(no_servers):
    with Scenario("device.py", "leave_a_watch_open", env=no_servers) as scenario:
        left_at = scenario.result()
    assert time.monotonic() - left_at < 10


def devices(*names, default=0):
    template = ps.query_devices("null")
    infos = [ps.DeviceInfo(**{**template, "name": name, "uid": f"X/{name}"}) for name in names]
    return DeviceList(infos, (default, default))


def test_row46_a_change_tells_what_is_new_and_what_is_gone():
    change = difference(devices("a", "b"), devices("b", "c", default=-1))
    assert [info.name for info in change.added] == ["c"]
    assert [info.name for info in change.removed] == ["a"]
    assert len(change.devices) == 2
    assert change.default_changed
    # Devices are the same by their uids, whatever their place.
    assert difference(devices("a", "b"), devices("b", "a", default=1)) is None
    moved = difference(devices("a", "b"), devices("a", "b", default=1))
    assert (moved.added, moved.removed, moved.default_changed) == ((), (), True)


def test_row46_a_watch_has_time_limits_and_an_end():
    watch = ps.DeviceWatch(timeout=0.01)
    assert watch.devices == ps.query_devices()
    assert watch.wait(0.01) is None
    assert ps.refresh()  # The same devices: no change.
    assert watch.wait(0.01) is None
    with pytest.raises(ps.PastreamTimeoutError, match=r"0\.01 s"):
        next(watch)

    async def look():
        async with ps.watch_devices(0.01) as other:
            async for _ in other:
                pass

    with pytest.raises(ps.PastreamTimeoutError):
        asyncio.run(look())
    threading.Timer(0.1, watch.close).start()
    with pytest.raises(ps.ClosedError):
        watch.wait()
    assert watch.closed
    assert list(watch) == []
    with pytest.raises(ps.ClosedError):
        watch.wait(0)
    with pytest.raises(ps.ArgumentError, match="timeout is -1"):
        ps.DeviceWatch(-1)
