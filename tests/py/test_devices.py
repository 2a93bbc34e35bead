# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The list of devices, how to name one, and what it can do."""

import dataclasses
import math

import numpy as np
import pytest

import pastream_ng as ps
from pastream_ng.enums import Direction
from pastream_ng.hosts import select
from pastream_ng.hosts.info import DeviceInfo, DeviceList


def device(index, name, hostapi="ALSA", inputs=2, outputs=2, uid=None):
    """Return a made-up device."""
    uid = uid or f"{hostapi}/{name}"
    return DeviceInfo(
        index, name, uid, hostapi, 0, inputs, outputs, 48000.0, 0.01, 0.01, 0.1, 0.1, False, False
    )


LIST = DeviceList(
    [
        device(0, "HDA Intel: ALC (hw:0,0)"),
        device(1, "HDA Intel: HDMI (hw:0,3)", inputs=0),
        device(2, "USB Mic", inputs=1, outputs=0),
        device(3, "default"),
        device(4, "USB Mic", "JACK", inputs=1, outputs=0),
        device(5, "Loopback: PCM (hw:1,0)"),
        device(6, "loopback", "Virtual"),
    ],
    (3, 1),
)


@pytest.fixture
def many(monkeypatch):
    """A longer list than this machine has."""
    monkeypatch.setattr(select, "all_devices", lambda: LIST)


# ---- The list ------------------------------------------------------------------------------------


def test_the_virtual_devices_are_always_there():
    devices = ps.query_devices()
    assert isinstance(devices, tuple)
    assert [info.index for info in devices] == list(range(len(devices)))
    assert [info.name for info in devices[-2:]] == ["loopback", "null"]
    assert all(info.is_virtual for info in devices[-2:])
    assert len({info.uid for info in devices}) == len(devices)


def test_a_device_says_what_it_is():
    info = ps.query_devices("loopback")
    assert info.hostapi == ps.query_hostapis(info.hostapi_index).name
    assert info.max_input_channels >= 2
    assert info.max_output_channels >= 2
    assert info.default_samplerate > 0
    assert info.is_loopback
    assert not ps.query_devices("null").is_loopback
    for name in ("low_input", "low_output", "high_input", "high_output"):
        assert 0 <= info[f"default_{name}_latency"] <= 10
    assert dict(info) == dataclasses.asdict(info)
    with pytest.raises(KeyError):
        info["nothing"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        info.name = "other"


def test_host_apis_know_their_devices():
    apis = ps.query_hostapis()
    devices = ps.query_devices()
    assert [api.index for api in apis] == list(range(len(apis)))
    assert sorted(index for api in apis for index in api.devices) == list(range(len(devices)))
    for api in apis:
        assert all(devices[index].hostapi == api.name for index in api.devices)
        for default in (api.default_input_device, api["default_output_device"]):
            assert default == -1 or default in api.devices
    with pytest.raises(ps.ArgumentError, match="index is 99"):
        ps.query_hostapis(99)


def test_the_list_prints_as_a_table():
    lines = repr(LIST).splitlines()
    assert lines[0] == "  0 HDA Intel: ALC (hw:0,0), ALSA (2 in, 2 out)"
    assert lines[1].startswith("< 1 ")
    assert lines[3].startswith("> 3 ")
    assert repr(DeviceList([LIST[0]], (0, 0))).startswith("* 0 ")
    assert repr(DeviceList([], (-1, -1))) == "no devices"
    assert str(ps.query_devices()) == repr(ps.query_devices())


def test_refresh_keeps_the_list_of_a_quiet_machine():
    before = ps.query_devices()
    assert ps.refresh()
    assert ps.query_devices() == before


def test_refresh_leaves_virtual_streams_alone(counter):
    with ps.InputStream(counter, channels=1, dtype="int32") as stream:
        stream.start()
        assert ps.refresh()
        assert stream.active
        assert stream.input_ring.read(3, timeout=30).tolist() == [0, 1, 2]


# ---- Selection -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("named", "direction", "index"),
    [
        (5, None, 5),
        (np.int64(2), None, 2),
        ("ALSA/USB Mic", None, 2),
        ("JACK/USB Mic", None, 4),
        ("USB Mic, JACK", None, 4),
        ("usb jack", None, 4),
        ("loopback", None, 6),
        ("Loopback: PCM", None, 5),
        ("loopback alsa", None, 5),
        ("hda", Direction.INPUT, 0),
        ("hdmi", Direction.OUTPUT, 1),
        ("HDMI", None, 1),
        ("alc", Direction.DUPLEX, 0),
        ("intel hw:0,3", None, 1),
        (LIST[4], None, 4),
        (dataclasses.replace(LIST[4], index=0), None, 4),
    ],
)
def test_what_names_a_device(many, named, direction, index):
    assert select.select_device(named, direction).index == index


@pytest.mark.parametrize(
    ("named", "direction", "error", "words"),
    [
        (7, None, ps.DeviceNotFoundError, "device is 7; there is no such index.*6 loopback"),
        (-1, None, ps.DeviceNotFoundError, "device is -1"),
        (True, None, ps.ArgumentTypeError, "device is True.*not a bool"),
        (1.0, None, ps.ArgumentTypeError, "device is 1.0"),
        ("usb", None, ps.ArgumentError, "'usb'.*several devices.*ALSA/USB Mic.*JACK/USB Mic"),
        ("USB Mic", None, ps.ArgumentError, "several"),
        ("nothing", None, ps.DeviceNotFoundError, "'nothing'; no device fits.*3 default"),
        ("mic usb", None, ps.DeviceNotFoundError, "no device fits"),
        ("mic", Direction.OUTPUT, ps.DeviceNotFoundError, "devices for output are"),
        (2, Direction.OUTPUT, ps.ArgumentError, '"USB Mic", which has no output'),
        ("ALSA/USB Mic", Direction.DUPLEX, ps.ArgumentError, "has no duplex"),
        (" ", None, ps.ArgumentError, "empty text"),
        (device(0, "gone"), None, ps.DeviceNotFoundError, "ALSA/gone.*not there any more"),
        (["hda"], None, ps.ArgumentTypeError, "device is"),
        (b"hda", None, ps.ArgumentTypeError, "device is"),
    ],
)
def test_what_does_not_name_a_device(many, named, direction, error, words):
    with pytest.raises(error, match=f"(?s){words}"):
        select.select_device(named, direction)


def test_the_environment_names_the_default(monkeypatch):
    monkeypatch.setenv("PASTREAM_DEVICE", "null")
    with ps.InputStream() as stream:
        assert stream.device.name == "null"
    with ps.DuplexStream() as stream:
        assert [info.name for info in stream.device] == ["null", "null"]
    monkeypatch.setenv("PASTREAM_DEVICE", str(ps.query_devices("loopback").index))
    with ps.OutputStream() as stream:
        assert stream.device.name == "loopback"
    monkeypatch.setenv("PASTREAM_DEVICE", "nothing of that name")
    with pytest.raises(ps.DeviceNotFoundError, match="PASTREAM_DEVICE is 'nothing"):
        ps.InputStream()


def test_without_a_sound_card_the_error_says_what_to_do():
    for kind, default in zip(("input", "output"), ps.query_devices().defaults, strict=True):
        if default >= 0:
            assert ps.default_device(kind).index == default
            assert ps.query_devices(kind=kind).index == default
            continue
        with pytest.raises(ps.DeviceNotFoundError, match=r'no sound device.*device="loopback"'):
            ps.default_device(kind)
        with pytest.raises(ps.DeviceNotFoundError, match='device="loopback"'):
            ps.query_devices(kind=kind)


def test_kinds_are_checked():
    with pytest.raises(ps.ArgumentError, match="kind is 'side'"):
        ps.query_devices("null", "side")
    with pytest.raises(ps.ArgumentError, match="kind is"):
        ps.default_device("duplex")
    for call in (lambda kind: ps.supported_samplerates("null", kind), ps.default_device):
        with pytest.raises(ps.ArgumentTypeError, match="kind is None"):
            call(None)
        with pytest.raises(ps.ArgumentError, match='it must be "input" or "output"'):
            call("duplex")


# ---- Settings ------------------------------------------------------------------------------------


def test_settings_are_checked_without_opening():
    ps.check_input_settings("loopback")
    ps.check_output_settings("null", channels=1, dtype="uint8", samplerate=8000)
    with pytest.raises(ps.UnsupportedSettingsError):
        ps.check_input_settings("loopback", channels=256)
    with pytest.raises(ps.ArgumentError, match="samplerate is nan"):
        ps.check_output_settings("loopback", samplerate=math.nan)
    with pytest.raises(ps.ArgumentError, match="dtype is 'int99'"):
        ps.check_output_settings("loopback", dtype="int99")


def test_rates():
    rates = ps.supported_samplerates("loopback", "output", channels=2, dtype="int16")
    assert {44100, 48000, 96000} <= set(rates)
    assert ps.supported_samplerates("loopback", channels=256) == ()


def test_portaudio_describes_itself():
    assert "PortAudio" in ps.portaudio_version()


# ---- Virtual devices -----------------------------------------------------------------------------


def test_virtual_devices_are_values():
    fault = ps.Fault("xrun", 5)
    one = ps.VirtualDevice(faults=[ps.Fault("stall", 9, 3), fault])
    assert one.faults[0] is fault
    assert one == ps.VirtualDevice(faults=one.faults)
    assert hash(one) == hash(dataclasses.replace(one))
    assert ps.query_devices(one).name == "loopback"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: ps.VirtualDevice("card"), "kind is 'card'"),
        (lambda: ps.VirtualDevice(clock="slow"), 'clock is \'slow\'.*"wall", "free"'),
        (lambda: ps.VirtualDevice(input="noise"), "input is 'noise'"),
        (lambda: ps.VirtualDevice(latency=-1), "latency is -1"),
        (lambda: ps.VirtualDevice(open_error="bad luck"), "open_error is 'bad luck'"),
        (lambda: ps.VirtualDevice(open_error="ok"), "open_error is 'ok'.*failure"),
        (lambda: ps.VirtualDevice(stop_hang=-1), "stop_hang is -1"),
        (lambda: ps.VirtualDevice(faults=[1]), "faults has 1"),
        (lambda: ps.VirtualDevice(faults=[ps.Fault("xrun", 0)] * 65), "faults has 65"),
        (lambda: ps.Fault("odd", 0), "kind is 'odd'"),
        (lambda: ps.Fault("stall", -1, 3), "at is -1"),
        (lambda: ps.Fault("stall", 0, 1.5), "amount is 1.5"),
        (lambda: ps.Fault("late", 0, math.nan), "amount is nan"),
    ],
)
def test_virtual_devices_check_their_arguments(make, words):
    with pytest.raises((ps.ArgumentError, ps.ArgumentTypeError), match=words):
        make()


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("device-busy", ps.DeviceBusyError),
        ("unsupported", ps.UnsupportedSettingsError),
        ("host-error", ps.HostError),
        ("no-memory", ps.OutOfMemoryError),
    ],
)
def test_opening_can_fail(status, error):
    with pytest.raises(error):
        ps.InputStream(ps.VirtualDevice(open_error=status))


def test_starting_can_fail_and_work_afterwards():
    with ps.InputStream(ps.VirtualDevice(start_error="device-busy")) as stream:
        for _ in range(2):
            with pytest.raises(ps.DeviceBusyError):
                stream.start()
            assert not stream.active
