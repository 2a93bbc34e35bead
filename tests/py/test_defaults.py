# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What is used where an argument is None."""

import numpy as np
import pytest

import pastream_ng as ps

FREE = ps.VirtualDevice("loopback", clock="free")
NAMES = ("device", "channels", "dtype", "latency", "extra_settings")


@pytest.fixture(autouse=True)
def reset():
    yield
    ps.default.reset()


def test_nothing_is_set_at_first():
    assert all(getattr(ps.default, name) == (None, None) for name in NAMES)
    assert ps.default.samplerate is None
    assert ps.default.blocksize is None


@pytest.mark.parametrize("kind", [ps.InputStream, ps.OutputStream])
def test_streams_of_one_side_use_them(kind):
    ps.default.device = FREE
    ps.default.samplerate = 32000
    ps.default.channels = 3, 4
    ps.default.dtype = "int16", "uint8"
    ps.default.blocksize = 80
    with kind() as stream:
        is_input = kind is ps.InputStream
        assert stream.samplerate == 32000
        assert stream.channels == (3 if is_input else 4)
        assert stream.dtype == ("int16" if is_input else "uint8")
        assert stream.blocksize == 80
    with kind(samplerate=8000, channels=1, dtype="float32", blocksize=16) as stream:
        assert (stream.samplerate, stream.channels, stream.blocksize) == (8000, 1, 16)
        assert stream.dtype == "float32"


def test_each_side_of_a_pair_is_filled_by_itself():
    ps.default.device = FREE
    ps.default.channels = 3, 4
    ps.default.dtype["output"] = "int16"
    with ps.DuplexStream() as stream:
        assert stream.channels == (3, 4)
        assert stream.dtype == ("float32", "int16")
    with ps.DuplexStream(channels=(None, 1), dtype=("int8", None)) as stream:
        assert stream.channels == (3, 1)
        assert stream.dtype == ("int8", "int16")
    with ps.DuplexStream(channels=2, dtype="int32") as stream:
        assert stream.channels == (2, 2)
        assert stream.dtype == ("int32", "int32")


def test_one_liners_use_them():
    ps.default.device = ps.VirtualDevice(clock="free", input="counter")
    ps.default.channels = 1, None
    ps.default.dtype = "int32", None
    assert ps.rec(4).tolist() == [[0], [1], [2], [3]]
    ps.default.samplerate = 22050
    ps.play(np.zeros(10), blocking=True)
    assert ps.playrec(np.zeros(10)).shape == (10, 1)


def test_a_sound_is_played_by_the_settings_of_its_time():
    ps.default.device = ps.VirtualDevice("null", clock="free")
    rates = []
    for rate in (8000, 16000):
        ps.default.samplerate = rate
        ps.play(np.zeros(10), blocking=True)
        rates.append(ps.get_stream().samplerate)
    assert rates == [8000, 16000]


def test_a_default_device_goes_before_the_environment(monkeypatch):
    monkeypatch.setenv("PASTREAM_DEVICE", "null")
    with ps.OutputStream() as stream:
        assert stream.device.name == "null"
    ps.default.device = None, "loopback"
    with ps.OutputStream() as stream:
        assert stream.device.name == "loopback"
    assert ps.default_output_device()["name"] == "loopback"
    with ps.OutputStream("null") as stream:
        assert stream.device.name == "null"


def test_sides_have_names_and_numbers():
    pair = ps.default.channels
    ps.default.channels = 5
    assert pair == (5, 5)
    assert pair != (5, 6)
    pair["input"] = 6
    pair[1] = 7
    assert (pair[0], pair["output"], pair[-1]) == (6, 7, 7)
    assert list(pair) == [6, 7]
    assert len(pair) == 2
    assert repr(pair) == "[input: 6, output: 7]"
    ps.default.latency = "low", 0.5
    ps.default.channels = ps.default.channels
    assert "latency [input: 'low', output: 0.5]" in repr(ps.default)
    for side in (2, "both", None, True):
        with pytest.raises(ps.ArgumentError, match="is no side"):
            pair[side]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("device", -1),
        ("device", 1.5),
        ("device", True),
        ("device", (1, 2, 3)),
        ("channels", 0),
        ("channels", (2, 257)),
        ("dtype", "int64"),
        ("dtype", ("int16", 5)),
        ("latency", "medium"),
        ("latency", -1),
        ("latency", float("nan")),
        ("extra_settings", {}),
        ("samplerate", 0),
        ("samplerate", "48000"),
        ("samplerate", float("inf")),
        ("blocksize", -1),
        ("blocksize", 1.5),
    ],
)
def test_wrong_values_are_refused_and_change_nothing(name, value):
    before = repr(ps.default)
    with pytest.raises((ps.ArgumentError, ps.ArgumentTypeError), match="default"):
        setattr(ps.default, name, value)
    assert repr(ps.default) == before


def test_unknown_names_are_refused():
    with pytest.raises(AttributeError):
        ps.default.samplerates = 48000


def test_the_default_host_api_is_that_of_the_default_devices(monkeypatch):
    monkeypatch.setenv("PASTREAM_DEVICE", "loopback")
    apis = ps.query_hostapis()
    assert apis[ps.default.hostapi].name == "Virtual"
    monkeypatch.delenv("PASTREAM_DEVICE")
    ps.default.device = FREE
    assert apis[ps.default.hostapi].name == "Virtual"
    ps.default.device = "no such device"
    assert ps.default.hostapi == -1
    with pytest.raises(AttributeError):
        ps.default.hostapi = 0
