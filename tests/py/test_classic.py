# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The stream class and the device dicts of PyAudio-CFFI."""

import gc
import threading
import warnings

import numpy as np
import pytest

import pastream_ng as ps

from .conftest import counted, until

FREE = ps.VirtualDevice("loopback", clock="free")
COUNTER = ps.VirtualDevice(clock="free", input="counter")


def stream(input_device=FREE, output_device=FREE, **options):
    """Return a stream on devices that wait for nobody."""
    return ps.Stream(48000, 32, input_device, output_device, **options)


def hear(opened, raw=False):
    """Return what the loopback gives back for 80 blocks of silence: it waits for both sides."""
    blocks = []
    for _ in range(80):
        opened.write(np.zeros((32, 2)))
        block = opened.read(32, raw)
        blocks.append(np.frombuffer(block, "float32").reshape(-1, 2) if raw else block)
    return np.concatenate(blocks)


def device(**edits):
    """Return the loopback's dict, edited."""
    (found,) = (item for item in ps.devices() if item["name"] == "loopback")
    return {**found, **edits}


# ---- Devices -------------------------------------------------------------------------------------


def test_devices_are_dicts(monkeypatch):
    assert [item["device_index"] for item in ps.devices()] == list(range(len(ps.query_devices())))
    assert [item["name"] for item in ps.apis()] == [item.name for item in ps.query_hostapis()]
    monkeypatch.setenv("PASTREAM_DEVICE", "loopback")
    assert ps.default_input_device()["name"] == "loopback"
    assert ps.default_output_device()["name"] == "loopback"
    assert ps.default_api()["name"] == "Virtual"
    number, text = ps.pa_version()
    assert f"V{number >> 16}.{number >> 8 & 255}.{number & 255}" in text


def test_an_edited_device_is_opened_as_it_says():
    both = device(input_channels=1, output_channels=3, sample_format="int16", input_latency=0.02)
    with ps.Stream(8000, 64, both, both) as opened:
        assert opened._stream.channels == (1, 3)
        assert opened._stream.dtype == ("int16", "int16")
        assert opened.read(10).shape == (10, 1)
        assert opened.info()["sample_rate"] == 8000


@pytest.mark.parametrize(
    ("number", "dtype"),
    [(1, "float32"), (2, "int32"), (8, "int16"), (16, "int8"), (32, "uint8"), (np.int16, "int16")],
)
def test_formats_have_portaudios_numbers(number, dtype):
    opened = ps.Stream(48000, 64, device(sample_format=number), None)
    assert opened._stream.dtype == dtype
    opened.close()


@pytest.mark.parametrize(
    ("edits", "text"),
    [
        ({"sample_format": 4}, r"input_device\['sample_format'\] is 4; it must be a dtype or"),
        ({"sample_format": "int64"}, r"input_device\['sample_format'\] is"),
        ({"sample_format": None}, r"input_device\['sample_format'\] is None"),
        ({"interleaved_data": False}, "interleaved_data=False"),
        ({"input_channels": 0}, "channels is 0"),
        ({"input_latency": -1}, "latency is -1"),
    ],
)
def test_wrong_edits_are_refused(edits, text):
    with pytest.raises((ps.ArgumentError, ps.ArgumentTypeError), match=text):
        ps.Stream(48000, 64, device(**edits), None)


def test_dicts_that_are_no_devices_are_refused():
    with pytest.raises(ps.ArgumentError, match="no item device_index"):
        ps.Stream(input_device={}, output_device=None)
    with pytest.raises(ps.ArgumentError, match="no item input_channels"):
        ps.Stream(input_device={"device_index": 0}, output_device=None)


# ---- Read and write ------------------------------------------------------------------------------


@pytest.mark.parametrize("raw", [False, True])
def test_reading_gives_frames_in_order(raw):
    edited = device(input_channels=2, sample_format="int32")
    with ps.Stream(48000, 32, COUNTER, None) as opened:
        first = opened.read(100, raw)
        if raw:
            assert isinstance(first, bytes)
            first = np.frombuffer(first, "float32").reshape(-1, 2)
        assert first.shape == (100, 2)
        assert np.array_equal(first, counted("float32", 100, 2))
        assert opened.read().shape == (1024, 2)
    assert edited["sample_format"] == "int32"


def test_what_is_written_is_heard_once_and_in_full():
    with stream() as opened:
        data = counted("float32", 480, 2, first=1)
        opened.write(data)
        heard = hear(opened)
        opened.stop()
        assert opened._stream.stats.missing_frames == 0
        (frames,) = np.nonzero(heard[:, 0])
        assert np.array_equal(heard[frames[0] : frames[0] + 480], data)
        assert frames[-1] == frames[0] + 479


def test_stop_plays_what_was_written():
    opened = stream(input_device=None)
    opened.start()
    opened.write(np.ones(1000))
    opened.stop()
    assert opened._stream.stats.played_frames == 1000
    assert opened.is_stopped()
    opened.start()
    assert opened.is_active()
    opened.write(np.ones((500, 2)), 100)
    opened.stop()
    assert opened._stream.stats.played_frames == 100
    opened.close()


def test_one_channel_is_played_on_all():
    with stream() as opened:
        opened.write(np.ones(100))
        opened.write(np.ones((100, 1)).tolist())
        heard = hear(opened)
        assert np.array_equal(heard[:, 0], heard[:, 1])
        assert heard.sum() == 400


def test_raw_frames_go_back_as_they_came():
    with stream() as opened:
        opened.write(np.full((64, 2), 0.25, "float32").tobytes())
        assert hear(opened, raw=True).sum() == 32


def test_silence_is_played_and_input_discarded_if_nobody_cares():
    wall = ps.VirtualDevice("loopback")
    with ps.Stream(48000, 480, wall, wall) as opened:
        # As long as the ring keeps, and more.
        until(lambda: opened._stream.stats.dropped_frames > 0)
        assert opened.is_active()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            opened.read(480)
            opened.write(np.zeros(10))
        dropped = opened._stream.stats.dropped_frames
        until(lambda: opened._stream.stats.dropped_frames > dropped + 480)
        with pytest.warns(RuntimeWarning, match="input overflow: .* frames were lost"):
            opened.read(480)


def test_output_that_comes_late_is_a_warning():
    wall = ps.VirtualDevice("null")
    with ps.Stream(48000, 64, None, wall) as opened:
        opened.write(np.zeros(64))
        until(lambda: opened._stream.stats.missing_frames > 0)
        with pytest.warns(RuntimeWarning, match="output underflow: .* frames of silence"):
            opened.write(np.zeros(64))


def test_lengths():
    with stream() as opened:
        until(lambda: opened.read_length() > 0)
        assert opened.write_length() > 0
        assert opened.time() > 0
        assert opened.cpu_load() >= 0
        assert set(opened.info()) == {"input_latency", "output_latency", "sample_rate"}


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda s: s.read(0), ps.ArgumentError, "num_frames is 0"),
        (lambda s: s.read(1.5), ps.ArgumentTypeError, "num_frames is 1.5"),
        (lambda s: s.write(np.zeros((4, 3))), ps.ArgumentError, "data has shape"),
        (lambda s: s.write(np.zeros(4), 5), ps.ArgumentError, "num_frames is 5"),
        (lambda s: s.write(np.zeros(4, "int16")), ps.ArgumentError, "data has dtype int16"),
        (lambda s: s.write("text"), ps.ArgumentTypeError, "data is"),
    ],
)
def test_wrong_frames_are_refused(call, error, text):
    with stream() as opened, pytest.raises(error, match=text):
        call(opened)


def test_what_is_not_there_is_refused():
    half = stream(output_device=None)
    with pytest.raises(ps.StateError, match="the stream has no output"):
        half.write(np.zeros(4))
    half.close()
    half = stream(input_device=None)
    with pytest.raises(ps.StateError, match="the stream has no input"):
        half.read(4)
    with pytest.raises(ps.StateError, match="call start"):
        half.write(np.zeros(4))
    half.close()


# ---- Callbacks -----------------------------------------------------------------------------------


def test_a_callback_gets_and_gives_blocks():
    seen = []

    def callback(in_data, frame_count, time_info, status):
        seen.append((in_data.copy(), frame_count, set(time_info), status))
        in_data += 0.5  # It may be changed in place.
        return in_data, ps.complete_flag if len(seen) == 60 else ps.continue_flag

    opened = stream(COUNTER, COUNTER, callback=callback)
    opened.start()
    until(opened.is_stopped)
    blocks, counts, names, flags = zip(*seen, strict=True)
    assert np.array_equal(np.concatenate(blocks), counted("float32", 60 * 32, 2))
    assert set(counts) == {32}
    assert names[0] == {"input_adc_time", "current_time", "output_dac_time"}
    assert all(status == 0 for status in flags)
    opened.close()


@pytest.mark.parametrize("sides", [(None, FREE), (FREE, None)])
def test_half_duplex_callbacks(sides):
    calls = []

    def callback(in_data, frame_count, time_info, status):
        calls.append(in_data is None)
        flag = ps.complete_flag if len(calls) == 20 else ps.continue_flag
        return (np.ones(frame_count), flag) if in_data is None else flag

    opened = stream(*sides, callback=callback)
    opened.start()
    until(opened.is_stopped)
    assert calls == [sides[0] is None] * 20
    if sides[1] is not None:
        assert opened._stream.stats.played_frames == 20 * 32
    opened.close()


def test_the_last_block_may_be_short():
    def callback(in_data, frame_count, time_info, status):
        return np.ones((5, 2)), ps.complete_flag

    opened = stream(callback=callback)
    opened.start()
    until(opened.is_stopped)
    assert opened._stream.exception is None
    opened.close()


@pytest.mark.parametrize(
    ("result", "error", "text"),
    [
        ((None, 0), ps.ArgumentTypeError, r"returned no output; it must return 32 frames"),
        (None, ps.ArgumentTypeError, r"it must return \(out_data, flag\)"),
        (0, ps.ArgumentTypeError, r"it must return \(out_data, flag\)"),
        ((np.zeros(32), 3), ps.ArgumentError, "returned the flag 3"),
        ((np.zeros(31), 0), ps.ArgumentError, "returned 31 frames; it must be 32"),
        ((np.zeros(33), 1), ps.ArgumentError, "returned 33 frames; it must be 32"),
        ((np.zeros((32, 5)), 0), ps.ArgumentError, "out_data has shape"),
    ],
)
def test_wrong_results_reach_the_owner(result, error, text):
    opened = stream(callback=lambda in_data, frame_count, time_info, status: result)
    opened.start()
    until(opened.is_stopped)
    with pytest.raises(error, match=text):
        opened.stop()
    opened.close()


def test_abort_needs_no_output():
    opened = stream(callback=lambda in_data, frame_count, time_info, status: (None, ps.abort_flag))
    opened.start()
    until(opened.is_stopped)
    opened.close()


def test_nothing_is_read_or_written_beside_a_callback():
    opened = stream(callback=lambda in_data, frame_count, time_info, status: (in_data, 0))
    opened.start()
    with pytest.raises(ps.StateError, match="the stream's callback is reading here"):
        opened.read(10)
    with pytest.raises(ps.StateError, match="the stream's callback is writing here"):
        opened.write(np.zeros(10))
    opened.abort()
    opened.close()


def test_the_end_of_a_run_is_told():
    ends = []
    opened = stream(finished_callback=lambda: ends.append(threading.current_thread()))
    for count in (1, 2):
        opened.start()
        opened.stop()
        until(lambda count=count: len(ends) == count)
    opened.close()


# ---- The rest ------------------------------------------------------------------------------------


def test_flags_are_known_or_refused():
    names = ["no_clipping", "no_dithering", "never_drop_input"]
    opened = stream(**dict.fromkeys(names, True), prime_output_buffers_using_callback=False)
    assert opened._stream._overflow == ps.Overflow.RAISE
    opened.close()
    with pytest.raises(ps.ArgumentTypeError, match=r"samplerate is no flag .* DuplexStream"):
        ps.Stream(samplerate=48000)
    with pytest.raises(ps.ArgumentTypeError, match="no_clipping is 1; it must be a bool"):
        ps.Stream(no_clipping=1)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"sample_rate": 0}, "sample_rate is 0"),
        ({"block_length": -1}, "block_length is -1"),
        ({"input_device": None, "output_device": False}, "both off"),
        ({"callback": 5}, "callback is 5"),
        ({"callback": lambda: None}, "it is called with"),
        ({"finished_callback": 5}, "finished_callback is 5"),
    ],
)
def test_wrong_arguments_are_refused(options, text):
    options = {"input_device": FREE, "output_device": FREE, **options}
    with pytest.raises((ps.ArgumentError, ps.ArgumentTypeError), match=text):
        ps.Stream(**options)


def test_it_closes_itself_without_a_word():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        opened = stream()
        opened.start()
        inner = opened._stream
        del opened
        assert inner.closed
        inner = None
        gc.collect()
    assert not caught
