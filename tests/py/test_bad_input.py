# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Wrong arguments: each the right exception, the argument named, and nothing broken by it."""

import math

import numpy as np
import pytest

import pastream_ng as ps

from .conftest import counted


class Thing:
    """Nothing that any argument is meant to be; its name is the same in every process."""

    def __repr__(self):
        return "a thing"


THING = Thing()

VALUE, TYPE = ps.ArgumentError, ps.ArgumentTypeError
HUGE = 10**30

# What is wrong for every argument that is a count: value -> class.
COUNTS = [
    (-1, VALUE),
    (HUGE, VALUE),
    (-HUGE, VALUE),
    (1.0, TYPE),
    (1.5, TYPE),
    (math.nan, TYPE),
    (math.inf, TYPE),
    (True, TYPE),
    (np.bool_(True), TYPE),
    ("1", TYPE),
    (b"1", TYPE),
    ([1], TYPE),
    (np.array([1, 2]), TYPE),
    (THING, TYPE),
]
# The same for rates and times.
NUMBERS = [
    (-1, VALUE),
    (-1e-9, VALUE),
    (math.nan, VALUE),
    (np.float32("nan"), VALUE),
    (HUGE, VALUE),
    (-math.inf, VALUE),
    (True, TYPE),
    ("48000", TYPE),
    (1j, TYPE),
    ([48000], TYPE),
    (THING, TYPE),
]
DTYPES = [
    ("int64", VALUE),
    ("uint16", VALUE),
    ("complex64", VALUE),
    ("float16", VALUE),
    ("bool", VALUE),
    ("no such thing", VALUE),
    ("", VALUE),
    (">f4", VALUE),
    (np.dtype("int64"), VALUE),
    (object, VALUE),
    (1, TYPE),
]


def cases(argument, table):
    return [
        pytest.param(argument, value, error, id=f"{argument}={value!r:.30}")
        for value, error in table
    ]


STREAM = [
    *cases("samplerate", [*NUMBERS, (0, VALUE), (0.5, VALUE), (1e7, VALUE), (math.inf, VALUE)]),
    *cases("channels", [*COUNTS, (0, VALUE), (257, VALUE), (2**32, VALUE)]),
    *cases("channels", [(65, ps.UnsupportedSettingsError), (256, ps.UnsupportedSettingsError)]),
    *cases("blocksize", [*COUNTS, (65537, VALUE), (2**32, VALUE)]),
    *cases("buffersize", [*COUNTS, (0, VALUE)]),
    *cases("dtype", DTYPES),
    *cases("device_dtype", DTYPES),
    *cases("latency", [c for c in NUMBERS if c[0] != "48000"]),
    *cases("latency", [("lowest", VALUE), ("", VALUE), (11, VALUE), (b"low", TYPE)]),
    *cases("stall_after", [*NUMBERS, (0, VALUE)]),
    *cases("lost_after", [*NUMBERS, (0, VALUE)]),
    *cases("control_timeout", [*NUMBERS, (0, VALUE)]),
    *cases(
        "device",
        [
            (-1, ps.DeviceNotFoundError),
            (1000, ps.DeviceNotFoundError),
            (HUGE, (ps.DeviceNotFoundError, VALUE)),
            ("no such device", ps.DeviceNotFoundError),
            ("", VALUE),
            ("l", VALUE),
            (True, TYPE),
            (1.0, TYPE),
            (math.nan, TYPE),
            (b"loopback", TYPE),
            (THING, TYPE),
        ],
    ),
]
POLICIES = [("no", VALUE), ("", VALUE), (1, TYPE), (None, TYPE), (True, TYPE)]


def says(caught, argument):
    """Check that the text names the argument and is a sentence one can act on."""
    text = str(caught.value)
    assert text.startswith(argument), text
    assert " is " in text or " has " in text, text
    assert "; " in text or "fits several" in text or "no device fits" in text, text


@pytest.mark.parametrize(("argument", "value", "error"), STREAM)
@pytest.mark.parametrize("kind", [ps.InputStream, ps.OutputStream, ps.DuplexStream])
def test_arguments_of_streams(kind, argument, value, error):
    if kind is ps.DuplexStream and isinstance(value, list):
        return  # A list is a pair there.
    options = {"device": "loopback", argument: value}
    with pytest.raises(error) as caught:
        kind(**options)
    says(caught, argument)


@pytest.mark.parametrize(("value", "error"), POLICIES)
def test_policies(value, error):
    for kind, argument in ((ps.InputStream, "overflow"), (ps.OutputStream, "underflow")):
        with pytest.raises(error) as caught:
            kind("loopback", **{argument: value})
        says(caught, argument)


@pytest.mark.parametrize("argument", ["device", "channels", "dtype", "latency", "buffersize"])
def test_pairs_have_two_items(argument):
    for value in ((), (1,), (1, 1, 1)):
        with pytest.raises(VALUE) as caught:
            ps.DuplexStream(**{"device": "loopback", argument: value})
        says(caught, argument)
        assert "two items" in str(caught.value)


def test_both_sides_of_a_duplex_stream_are_one_virtual_device():
    pair = (ps.VirtualDevice(), ps.VirtualDevice(seed=1))
    with pytest.raises(VALUE, match=r"device is .*same virtual device"):
        ps.DuplexStream(pair)
    with ps.DuplexStream((pair[0], pair[0])) as stream:
        assert stream.device[0].name == "loopback"


def test_unknown_arguments_are_refused():
    with pytest.raises(TypeError, match="sample_rate"):
        ps.InputStream("loopback", sample_rate=48000)


# ---- Chunks --------------------------------------------------------------------------------------

CHUNKS = [
    *cases("chunksize", [*COUNTS, (0, VALUE), (10**9, VALUE)]),
    *cases("overlap", [*COUNTS, (64, VALUE), (65, VALUE)]),
    *cases("frames", [(-2, VALUE), (0, VALUE), *COUNTS[1:]]),
    *cases("offset", COUNTS),
    *cases("timeout", [c for c in NUMBERS if c[0] != HUGE]),
    *cases(
        "out",
        [
            (np.zeros(64, "float64"), VALUE),
            (np.zeros(64, "int32"), VALUE),
            (np.zeros(64, ">f4"), VALUE),
            (np.zeros((64, 2), "float32"), VALUE),
            (np.zeros((64, 1, 1), "float32"), VALUE),
            (np.zeros(63, "float32"), VALUE),
            (np.zeros(128, "float32")[::2], VALUE),
            (np.broadcast_to(np.float32(0), (64,)), VALUE),
            (bytes(256), VALUE),
            ([0.0] * 64, TYPE),
            ("out", TYPE),
        ],
    ),
]


@pytest.fixture(scope="module")
def stream():
    """One stream for all wrong calls: it must stay usable."""
    device = ps.VirtualDevice(clock="free", input="counter")
    with ps.InputStream(device, 48000, 1, blocksize=64) as stream:
        yield stream


@pytest.mark.parametrize(("argument", "value", "error"), CHUNKS)
def test_arguments_of_chunks(stream, argument, value, error):
    options = {"chunksize": 64, argument: value}
    with pytest.raises(error) as caught:
        stream.chunks(**options)
    says(caught, argument)
    assert stream.stopped
    (chunk,) = stream.chunks(64, frames=64)
    assert np.array_equal(chunk, counted("float32", 64)[:, 0])


def test_frames_must_go_beyond_the_offset(stream):
    with pytest.raises(VALUE, match="frames is 10; it must be more than the offset, 10 frames"):
        stream.chunks(4, frames=10, offset=10)


@pytest.mark.parametrize("value", ["soon", True, -0.1, math.nan])
def test_timeouts_of_waits(stream, value):
    for call in (stream.wait, lambda t: stream.input_ring.read(1, timeout=t)):
        with pytest.raises((VALUE, TYPE), match="timeout is"):
            call(value)


# ---- Rings ---------------------------------------------------------------------------------------

READ_ONLY = np.zeros(8, "uint8")
READ_ONLY.flags.writeable = False

RINGS = [
    *cases("elementsize", [*COUNTS, (0, VALUE), (65537, VALUE)]),
    *cases("size", [*COUNTS, (0, VALUE)]),
]


@pytest.mark.parametrize(("argument", "value", "error"), RINGS)
def test_arguments_of_rings(argument, value, error):
    with pytest.raises(error) as caught:
        ps.RingBuffer(**{"elementsize": 4, "size": 16, argument: value})
    says(caught, argument)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({}, TYPE, "one of elementsize and dtype"),
        ({"elementsize": 4}, TYPE, "exactly one of size and buffer"),
        ({"elementsize": 1, "size": 8, "buffer": bytearray(8)}, TYPE, "exactly one of"),
        ({"elementsize": 3, "buffer": bytearray(8)}, VALUE, "buffer has 8 bytes; .* 3 bytes"),
        ({"elementsize": 1, "buffer": bytearray()}, VALUE, "buffer has 0 bytes"),
        ({"elementsize": 1, "buffer": b"constant"}, VALUE, "buffer is read-only"),
        ({"elementsize": 1, "buffer": READ_ONLY}, VALUE, "buffer is read-only"),
        ({"elementsize": 1, "buffer": np.zeros(8, "uint8")[::2]}, VALUE, "not C-contiguous"),
        ({"elementsize": 1, "buffer": "text"}, TYPE, "buffer is .* of type str"),
        ({"elementsize": 4, "size": 8, "dtype": "int16"}, VALUE, "elementsize is 4; 1 channels"),
        ({"dtype": "int64", "size": 8}, VALUE, "dtype is"),
        ({"dtype": "int16", "size": 8, "channels": 0}, VALUE, "channels is 0"),
        ({"dtype": "int16", "size": 8, "memory": "flat"}, VALUE, "buffer="),
        ({"dtype": "int16", "size": 8, "memory": "soft"}, VALUE, "memory is 'soft'"),
        ({"elementsize": 65536, "size": 2**50}, ps.OutOfMemoryError, "does not fit into memory"),
    ],
)
def test_combinations_of_arguments_of_rings(options, error, words):
    with pytest.raises(error, match=words):
        ps.RingBuffer(**options)


@pytest.fixture(scope="module")
def ring():
    ring = ps.RingBuffer(size=64, dtype="int16", channels=2)
    ring.write(np.ones((4, 2), "int16"))
    return ring


@pytest.mark.parametrize("method", ["read", "skip", "read_view"])
@pytest.mark.parametrize(("value", "error"), [(-2, VALUE), *COUNTS[3:]])
def test_sizes_of_reads(ring, method, value, error):
    with pytest.raises(error) as caught:
        getattr(ring, method)(value)
    says(caught, "size")
    assert ring.read_available == 4


@pytest.mark.parametrize(
    "method",
    [
        "get_read_buffers",
        "get_write_buffers",
        "advance_read_index",
        "advance_write_index",
        "write_view",
    ],
)
@pytest.mark.parametrize(("value", "error"), COUNTS)
def test_sizes_of_regions(ring, method, value, error):
    with pytest.raises(error) as caught:
        getattr(ring, method)(value)
    says(caught, "size")
    assert (ring.written, ring.read_available) == (4, 4)


@pytest.mark.parametrize("method", ["wait_readable", "wait_writable"])
@pytest.mark.parametrize(("value", "error"), [*COUNTS, (0, VALUE), (10**9, VALUE)])
def test_amounts_of_waits(ring, method, value, error):
    with pytest.raises(error) as caught:
        getattr(ring, method)(value, timeout=0)
    says(caught, "frames")


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        (np.zeros((3, 2)), VALUE, "data has dtype float64; it must be int16"),
        (np.zeros((3, 2), "int32"), VALUE, "data has dtype int32"),
        (np.zeros((3, 2), "uint16"), VALUE, "data has dtype uint16"),
        (np.zeros((3, 2), bool), TYPE, "data is"),
        (np.zeros((3, 2), complex), TYPE, "complex128"),
        (np.zeros((3, 3), "int16"), VALUE, r"data has shape \(3, 3\): 3 channels"),
        (np.zeros(6, "int16"), VALUE, r"data has shape \(6,\)"),
        (np.zeros((3, 2, 1), "int16"), VALUE, r"data has shape \(3, 2, 1\)"),
        (np.int16(5), VALUE, r"data has shape \(\)"),
        ([[1, 2], [3]], VALUE, "data cannot become an array"),
        ([[1, 70_000]], VALUE, "numbers from 1 to 70000"),
        ([[1.5, 2.5]], VALUE, "data has dtype float64"),
        ("text", TYPE, "data is 'text'"),
        (None, TYPE, "data is None"),
        (THING, TYPE, "data is"),
    ],
)
def test_data_of_writes(ring, data, error, words):
    with pytest.raises(error, match=words):
        ring.write(data)
    assert ring.written == 4


@pytest.mark.parametrize(
    ("out", "error", "words"),
    [
        (np.zeros((3, 2)), VALUE, "data has dtype <f8"),
        (np.zeros((3, 3), "int16"), VALUE, "data has shape"),
        (np.zeros((6, 2), "int16")[::2], VALUE, "data is not C-contiguous"),
        (np.broadcast_to(np.int16(0), (3, 2)), VALUE, "data is read-only"),
        (bytearray(12), TYPE, "data is"),
    ],
)
def test_targets_of_reads(ring, out, error, words):
    with pytest.raises(error, match=words):
        ring.readinto(out)
    assert ring.read_available == 4


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        ("text", TYPE, "data is 'text'"),
        (5, TYPE, "data is 5"),
        (b"abc", VALUE, "data has 3 bytes; .* 2 bytes"),
        (memoryview(b"abcdefgh")[::2], VALUE, "data is not C-contiguous"),
    ],
)
def test_bytes_of_writes(data, error, words):
    ring = ps.RingBuffer(2, 16)
    with pytest.raises(error, match=words):
        ring.write(data)
    with pytest.raises(VALUE, match="size is 9"):
        ring.write(b"abcd", 9)
    with pytest.raises(VALUE, match="data is read-only"):
        ring.readinto(b"abcd")
    assert ring.written == 0
