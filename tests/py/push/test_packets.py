# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Formats, packets and buffers: values that copy, compare, tell themselves and refuse."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import pastream_ng as ps

TYPES = {"u8": "uint8", "i16": "int16", "i32": "int32", "i64": "int64", "f32": "float32"}
TYPES["f64"] = "float64"
STEREO = ps.AudioFormat(48000, 2, "f32")


def test_a_format_is_a_value():
    fmt = ps.AudioFormat(44100, 2, "F32", planar=True)
    assert (fmt.sample_rate, fmt.channels, fmt.sample_type) == (44100, 2, "f32")
    assert fmt.planar is True
    assert fmt.channel_layout_mask == 0
    assert fmt == ps.AudioFormat(44100, 2, "f32") != fmt.replace(planar=False)
    assert len({fmt, ps.AudioFormat(np.int64(44100), 2, "f32"), fmt.replace(channels=1)}) == 2
    assert pickle.loads(pickle.dumps(fmt)) == copy.deepcopy(fmt) == fmt
    assert eval(repr(fmt), {"AudioFormat": ps.AudioFormat}) == fmt
    with pytest.raises(AttributeError):
        fmt.channels = 1


@pytest.mark.parametrize("name", TYPES)
def test_a_format_has_its_dtype(name):
    fmt = ps.AudioFormat(8000, 3, name)
    assert fmt.dtype == np.dtype(TYPES[name])
    assert fmt.shape(7) == (3, 7)
    assert fmt.replace(planar=False).shape(7) == (7, 3)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((0, 2, "f32"), ValueError, "sample_rate is 0"),
        ((48000, 0, "f32"), ValueError, "channels is 0"),
        ((48000, 257, "f32"), ValueError, "channels is 257"),
        ((2**40, 2, "f32"), ValueError, "sample_rate is 1099511627776"),
        ((48000.0, 2, "f32"), TypeError, "sample_rate is 48000.0"),
        ((True, 2, "f32"), TypeError, "sample_rate is True"),
        ((48000, None, "f32"), TypeError, "channels is None"),
        ((48000, 2, "f16"), ValueError, "sample_type is 'f16'"),
        ((48000, 2, None), TypeError, "sample_type is None"),
        ((48000, 2, "f32", "no"), TypeError, "planar is 'no'"),
        ((48000, 2, "f32", True, -1), ValueError, "channel_layout_mask is -1"),
        ((48000, 2, "f32", True, -1), ValueError, "it must be at least 0"),
        ((48000, 2, "f32", True, 2**64), ValueError, f"it must be from 0 to {2**64 - 1}"),
        ((48000, 2, "f32", True, 7), ValueError, "channel_layout_mask is 0x7, which has 3 bits"),
    ],
)
def test_wrong_formats_are_refused(arguments, error, words):
    with pytest.raises(error, match=words) as caught:
        ps.AudioFormat(*arguments)
    assert isinstance(caught.value, ps.PastreamError)


@pytest.mark.parametrize("source", TYPES)
@pytest.mark.parametrize("target", TYPES)
def test_samples_of_another_type_are_scaled(source, target):
    """Full scale stays full scale, silence stays silence."""
    make = {
        "u8": lambda x: np.uint8(128 + x * 128),
        "f32": np.float32,
        "f64": np.float64,
    }
    values = [-1.0, -0.5, 0.0, 0.5]

    def samples(name):
        bits = {"i16": 15, "i32": 31, "i64": 63}.get(name)
        if bits:
            return np.array([[int(x * 2.0**bits) for x in values]], TYPES[name])
        return np.array([[make[name](x) for x in values]], TYPES[name])

    fmt = ps.AudioFormat(8000, 1, target)
    got = fmt.array(samples(source))
    assert got.dtype == fmt.dtype
    np.testing.assert_array_equal(got, samples(target))
    if source != target:
        with pytest.raises(ValueError, match=f"pcm has dtype {TYPES[source]}; it must be"):
            fmt.array(samples(source), strict=True)


def test_int64_is_rounded_to_its_upper_half():
    fmt = ps.AudioFormat(8000, 1, "i32")
    one = 2**32
    given = [
        0,
        one // 2,
        one // 2 + 1,
        one + one // 2,
        -one // 2,
        -one // 2 - 1,
        2**63 - 1,
        -(2**63),
    ]
    wanted = [0, 0, 1, 2, 0, -1, 2**31 - 1, -(2**31)]
    assert fmt.array(np.array(given, "int64"))[0].tolist() == wanted


def test_floats_of_any_width_and_bytes_of_any_order_are_taken():
    for dtype in ("float16", "float64", "longdouble", ">f4", ">i2", "int8"):
        data = np.array([[1, -1, 0], [0, 1, -1]], dtype)
        got = STEREO.array(data)
        assert got.dtype == np.float32
        assert got.flags.c_contiguous
        scale = {"i": 2.0 ** (8 * data.dtype.itemsize - 1)}.get(data.dtype.kind, 1)
        np.testing.assert_array_equal(got, data.astype("float64") / scale)
    assert STEREO.array(np.full((2, 1), 1e300)).max() == np.finfo("float32").max


def test_layouts_of_memory_do_not_matter():
    data = np.arange(12, dtype="float32").reshape(6, 2)
    planar = ps.AudioFormat(8000, 2, "f32")
    np.testing.assert_array_equal(planar.array(data.T), data.T)
    assert planar.array(data.T).flags.c_contiguous
    np.testing.assert_array_equal(planar.array(data[::-2].T), data[::-2].T)
    np.testing.assert_array_equal(planar.array(np.asfortranarray(data.T)), data.T)
    read_only = data.T.copy()
    read_only.setflags(write=False)
    assert planar.array(read_only) is read_only  # Nothing to change: no copy.


def test_one_channel_may_be_flat():
    for planar, shape in ((True, (1, 5)), (False, (5, 1))):
        fmt = ps.AudioFormat(8000, 1, "i16", planar)
        assert fmt.array(np.zeros(5, "int16")).shape == shape
        assert fmt.array(np.zeros(shape, "int16")).shape == shape
        assert fmt.array([1, 2, 3, 4, 5]).shape == shape
        assert fmt.array([]).shape == fmt.shape(0)


@pytest.mark.parametrize(
    ("pcm", "error", "words"),
    [
        (np.zeros(5, "f4"), ValueError, r"pcm has shape \(5,\); it must be \(2, samples\)"),
        (np.zeros((5, 2), "f4"), ValueError, "planar=False is for what was given"),
        (np.zeros((3, 5), "i2"), ValueError, r"pcm has shape \(3, 5\)"),
        (np.zeros((2, 5, 1), "f4"), ValueError, r"pcm has shape \(2, 5, 1\)"),
        (np.float32(0), ValueError, r"pcm has shape \(\)"),
        (np.zeros((2, 5), "u2"), ValueError, "pcm has dtype uint16"),
        (np.zeros((2, 5), "u8"), ValueError, "pcm has dtype uint64"),
        (np.zeros((2, 5), "c8"), TypeError, "with dtype complex64; it must hold numbers"),
        (np.zeros((2, 5), "?"), TypeError, "with dtype bool; it must hold numbers"),
        (np.full((2, 5), None), TypeError, "with dtype object; it must hold numbers"),
        (np.zeros((2, 5), "M8[s]"), TypeError, "with dtype datetime64\\[s\\]; it must hold"),
        ([[1, 2], [3]], ValueError, "pcm cannot become an array"),
        ([[1, 2], [3, 4]], TypeError, "pcm is a list of ints"),
        ("sound", TypeError, "pcm is 'sound' with dtype .*; it must hold numbers"),
        (None, TypeError, "pcm is None with dtype object; it must hold numbers"),
        ({}, TypeError, "pcm is {} "),
    ],
)
def test_what_is_no_such_sound_is_refused(pcm, error, words):
    with pytest.raises(error, match=words) as caught:
        STEREO.array(pcm)
    assert isinstance(caught.value, ps.PastreamError)


def test_lists_of_ints_must_fit():
    fmt = ps.AudioFormat(8000, 1, "i16")
    with pytest.raises(ValueError, match="numbers from 0 to 32768 in it"):
        fmt.array([0, 32768])


def test_a_packet_is_a_value():
    packet = ps.Packet(b"abc", pts=480, duration=960)
    assert (packet.data, packet.time_base, packet.pts, packet.dts) == (
        b"abc",
        (1, 48000),
        480,
        None,
    )
    assert packet == ps.Packet(bytearray(b"abc"), 1, 48000, 480, None, 960, 0)
    assert packet != ps.Packet(b"abc", pts=481, duration=960)
    assert len({packet, ps.Packet(memoryview(b"abc"), pts=480, duration=960)}) == 1
    assert pickle.loads(pickle.dumps(packet)) == copy.copy(packet) == packet
    assert bytes(packet) == b"abc"
    assert len(packet) == 3
    assert packet.time == 0.01
    assert repr(packet) == "<pastream_ng.Packet 3 bytes, pts 480, duration 960, time base 1/48000>"
    assert ps.Packet(b"")
    assert ps.Packet(b"").time is None
    assert ps.Packet(b"", flags=1).is_header
    assert "header" in repr(ps.Packet(b"", flags=1))
    with pytest.raises(AttributeError):
        packet.pts = 1


def test_a_packet_has_its_bytes_for_itself():
    data = bytearray(b"abc")
    packet = ps.Packet(data)
    data[0] = 0
    assert packet.data == b"abc"


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"data": "abc"}, TypeError, "data is 'abc'"),
        ({"data": 3}, TypeError, "data is 3"),
        ({"data": None}, TypeError, "data is None"),
        ({"time_base_num": 0}, ValueError, "time_base_num is 0"),
        ({"time_base_den": 0}, ValueError, "time_base_den is 0"),
        ({"time_base_den": 2**32}, ValueError, "time_base_den is 4294967296"),
        ({"pts": 1.5}, TypeError, "pts is 1.5"),
        ({"pts": 2**63}, ValueError, "pts is 9223372036854775808"),
        ({"dts": "1"}, TypeError, "dts is '1'"),
        ({"duration": -1}, ValueError, "duration is -1"),
        ({"flags": -1}, ValueError, "flags is -1"),
    ],
)
def test_wrong_packets_are_refused(arguments, error, words):
    with pytest.raises(error, match=words):
        ps.Packet(**({"data": b""} | arguments))


def test_a_buffer_gives_its_sound_in_both_layouts():
    data = np.arange(6, dtype="float32").reshape(2, 3)
    for fmt, given in ((STEREO, data), (STEREO.replace(planar=False), data.T)):
        buffer = ps.NodeBuffer.pcm(given, fmt, pts=7)
        assert buffer.kind == "pcm"
        assert buffer.samples == 3
        np.testing.assert_array_equal(buffer.as_pcm(), data)
        np.testing.assert_array_equal(buffer.as_pcm_with_layout("planar"), data)
        np.testing.assert_array_equal(buffer.as_pcm_with_layout("interleaved"), data.T)
        assert buffer.as_packet() is None
        assert buffer.pcm_info() == (fmt, 7, (1, 48000))
    assert ps.NodeBuffer.pcm(data, STEREO).pcm_info() == (STEREO, None, (1, 48000))
    assert ps.NodeBuffer.pcm(data, STEREO, 90, 1, 90).time == 1.0


def test_a_buffer_of_a_packet():
    packet = ps.Packet(b"abc", 1, 1000, 5)
    buffer = ps.NodeBuffer.packet(packet)
    assert buffer.kind == "packet"
    assert buffer.as_packet() is packet
    assert buffer.as_pcm() is None
    assert buffer.pcm_info() is None
    assert buffer.samples is None
    assert buffer.as_pcm_with_layout("interleaved") is None
    assert buffer.format is None
    assert (buffer.pts, buffer.time_base, buffer.time) == (5, (1, 1000), 0.005)


def test_nothing_changes_a_buffer():
    data = np.zeros((2, 3), "float32")
    for fmt, given in ((STEREO, data), (STEREO.replace(planar=False), data.T)):
        buffer = ps.NodeBuffer.pcm(given, fmt)
        data[:] = 1
        buffer.as_pcm()[:] = 2
        buffer.as_pcm_with_layout("interleaved")[:] = 3
        assert not buffer.as_pcm().any()
        data[:] = 0


def test_buffers_compare_by_what_is_in_them():
    data = np.arange(6, dtype="float32").reshape(2, 3)
    buffer = ps.NodeBuffer.pcm(data, STEREO, 1)
    assert buffer == ps.NodeBuffer.pcm(data.copy(), STEREO, 1)
    assert buffer != ps.NodeBuffer.pcm(data + 1, STEREO, 1)
    assert buffer != ps.NodeBuffer.pcm(data, STEREO, 2)
    assert buffer != ps.NodeBuffer.pcm(data, STEREO, 1, 1, 44100)
    assert buffer != ps.NodeBuffer.pcm(data.T, STEREO.replace(planar=False), 1)
    packet = ps.NodeBuffer.packet(ps.Packet(b"a"))
    assert packet == ps.NodeBuffer.packet(ps.Packet(b"a")) != ps.NodeBuffer.packet(ps.Packet(b"b"))
    assert buffer != packet
    assert buffer != 3
    for made in (buffer, packet):
        assert pickle.loads(pickle.dumps(made)) == copy.deepcopy(made) == made
    with pytest.raises(TypeError):
        hash(buffer)
    assert "3 samples, 2 channels, 48000 Hz, f32 planar, pts 1 of 1/48000" in repr(buffer)
    assert "Packet 1 bytes" in repr(packet)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda d: ps.NodeBuffer(), TypeError, "use NodeBuffer.pcm"),
        (lambda d: ps.NodeBuffer.pcm(d, "f32"), TypeError, "format is 'f32'"),
        (lambda d: ps.NodeBuffer.pcm(d.T, STEREO), ValueError, "array has shape"),
        (lambda d: ps.NodeBuffer.pcm(d, STEREO, 1.5), TypeError, "pts is 1.5"),
        (lambda d: ps.NodeBuffer.pcm(d, STEREO, 1, 1), TypeError, "give both or none"),
        (lambda d: ps.NodeBuffer.pcm(d, STEREO, 1, 0, 1), ValueError, "time_base_num is 0"),
        (lambda d: ps.NodeBuffer.packet(b"abc"), TypeError, "packet is b'abc'"),
        (
            lambda d: ps.NodeBuffer.pcm(d, STEREO).as_pcm_with_layout("flat"),
            ValueError,
            "layout is 'flat'",
        ),
        (
            lambda d: ps.NodeBuffer.pcm(d, STEREO).as_pcm_with_layout(0),
            TypeError,
            "layout is 0",
        ),
    ],
)
def test_wrong_buffers_are_refused(call, error, words):
    with pytest.raises(error, match=words) as caught:
        call(np.zeros((2, 3), "float32"))
    assert isinstance(caught.value, ps.PastreamError)
