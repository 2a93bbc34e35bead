# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Channel maps and matrices: which channels of a device are which of a stream."""

import math
import threading
from typing import NamedTuple

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies

import pastream_ng as ps
from pastream_ng.streams.base import Limits
from pastream_ng.streams.mapping import channel_map

from .test_streams import DTYPES, noise, silence

pytestmark = pytest.mark.sanitize

RATE = 48000
BLOCK = 64


class Told(NamedTuple):
    """What a stream said about itself before it was closed."""

    channels: tuple
    stats: ps.StreamStats
    rxmapping: list
    output_matrix: np.ndarray


def through(device, data, dtype, mapping, channels=None, prepare=None):
    """Play data through a loop with maps on both sides; return what came back."""
    frames = len(data)
    width = (channels, data.shape[1])
    options = {"buffersize": 8192, "mapping": mapping}
    with ps.DuplexStream(device, RATE, width, dtype, BLOCK, **options) as stream:
        if prepare is not None:
            prepare(stream)
        stream.output_ring.write(data)
        stream.output_ring.end()
        stream._start(Limits(0, frames + BLOCK, frames, -1))
        assert stream.wait(60)
        back = stream.input_ring.read().reshape(-1, stream.channels[0])[BLOCK:]
        stats = stream.stats
        assert stats.lost_frames == stats.missing_frames == 0
        told = Told(stream.channels, stats, stream.rxmapping, stream.output_matrix)
    return back, told


def product(data, gains):
    """Return the NumPy matrix product that a matrix of gains stands for."""
    return data.astype("float64") @ np.asarray(gains, "float64").T


# ---- Choosing ------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
def test_pain_17_chosen_channels_are_played_bit_for_bit(loopback, dtype):
    data = noise(dtype, 1000, 3)
    back, told = through(loopback, data, dtype, (None, [4, 1, 3]), 4)
    assert np.array_equal(back[:, [3, 0, 2]], data)
    assert np.array_equal(back[:, [1]], silence(dtype, 1000, 1))
    assert told.channels == (4, 3)
    assert told.stats.clipped_samples == 0


@pytest.mark.parametrize("dtype", DTYPES)
def test_pain_17_chosen_channels_are_captured_bit_for_bit(loopback, dtype):
    data = noise(dtype, 1000, 4)
    back, told = through(loopback, data, dtype, ([3, 0, 1, 3, 4], None))
    assert np.array_equal(back[:, [0, 2, 3, 4]], data[:, [2, 0, 2, 3]])
    assert np.array_equal(back[:, [1]], silence(dtype, 1000, 1))
    assert told.channels == (5, 4)
    assert told.rxmapping == [3, 0, 1, 3, 4]


@pytest.mark.parametrize("dtype", DTYPES)
def test_pain_17_one_channel_goes_to_several(loopback, dtype):
    data = noise(dtype, 500, 1)
    back, _ = through(loopback, data, dtype, (None, [2, 3]), 3)
    assert np.array_equal(back, np.hstack((silence(dtype, 500, 1), data, data)))


def test_pain_17_several_channels_are_mixed_into_one_and_clipping_is_counted(loopback):
    data = np.array([[1, 2], [-3, -4], [32767, 1], [-32768, -1], [5, -5]], "int16")
    back, told = through(loopback, data, "int16", (None, [1, 1]), 1)
    assert back[:, 0].tolist() == [3, -7, 32767, -32768, 0]
    assert told.stats.clipped_samples == 2


def test_two_maps_of_one_stream_undo_each_other(loopback):
    data = noise("int32", 1000, 6)
    order = [5, 2, 6, 1, 3, 4]
    back, _ = through(loopback, data, "int32", (order, order))
    assert np.array_equal(back, data)


@pytest.mark.parametrize(
    ("mapping", "sources"),
    [
        ({1: 3, 2: 1}, [2, 0, 1]),
        ({1: [1, 3], 2: 4}, [1, 0, 1, 2]),
        ({2: 1, 1: 0}, [2]),
        ({1: 1, 0: 3, 2: 2}, [1, 2, 0]),
    ],
)
def test_dicts_name_source_and_destination(loopback, mapping, sources):
    data = noise("int16", 100, 2)
    back, told = through(loopback, data, "int16", (None, mapping), 4)
    wanted = np.hstack((silence("int16", 100, 1), data, silence("int16", 100, 1)))
    assert np.array_equal(back[:, : len(sources)], wanted[:, sources])
    assert not back[:, len(sources) :].any()
    assert told.output_matrix.shape == (len(sources), 2)


def test_a_dict_of_an_input_begins_with_the_device(loopback):
    data = noise("int16", 100, 4)
    back, _ = through(loopback, data, "int16", ({4: 1, 1: [2, 3]}, None))
    assert np.array_equal(back, data[:, [3, 0, 0]])


# ---- Gains ---------------------------------------------------------------------------------------


@hypothesis.settings(max_examples=25)
@hypothesis.given(
    dtype=strategies.sampled_from(DTYPES),
    sources=strategies.integers(1, 6),
    destinations=strategies.integers(1, 6),
    seed=strategies.integers(0, 2**32 - 1),
)
def test_gains_are_a_matrix_product(dtype, sources, destinations, seed):
    loopback = ps.VirtualDevice("loopback", clock="free")
    gains = np.random.default_rng(seed).uniform(-1, 1, (destinations, sources)).astype("float32")
    gains /= sources  # Nothing clips.
    data = noise(dtype, 200, sources, seed)
    back, told = through(loopback, data, dtype, (None, gains), destinations)
    if dtype.startswith("float"):
        assert np.allclose(back, product(data, gains), rtol=0, atol=2e-7)
    else:
        middle = 128 if dtype == "uint8" else 0
        wanted = product(data.astype("int64") - middle, gains) + middle
        step = 256 if dtype == "int24" else 1
        # float32 has no more than 24 bits, and at the middle between two steps either is right.
        assert np.abs(back - wanted).max() <= step * 0.501
    assert told.stats.clipped_samples == 0
    assert np.array_equal(told.output_matrix, gains)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int16", "int32"])
def test_inputs_are_mixed_too(loopback, dtype):
    data = noise(dtype, 500, 4)
    gains = np.array([[0.25, 0.25, 0.25, 0.25], [0.5, 0, 0, -0.5]])
    back, told = through(loopback, data, dtype, (gains, None))
    tolerance = 1e-7 if dtype.startswith("float") else 0.5
    assert np.abs(back - product(data, gains)).max() <= tolerance
    assert told.rxmapping is None


def test_256_channels_can_be_mixed():
    gains = np.full((1, 256), 1 / 256, "float32")
    plan = channel_map("mapping", gains, None, ps.enums.Direction.INPUT)
    assert plan.channels == 1
    assert plan.device_channels == 256


# ---- While the stream is open --------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
def test_txmapping_and_rxmapping_name_the_source_of_each_destination(loopback, dtype):
    data = noise(dtype, 300, 5)
    order = [4, 1, 5, 0, 2]
    chosen = np.where(
        np.array(order) > 0, data[:, np.array(order) - 1], silence(dtype, 300, 1)
    ).astype(data.dtype)

    def transmit(stream):
        stream.txmapping = order
        assert stream.txmapping == order

    def receive(stream):
        stream.rxmapping = order
        assert stream.rxmapping == order

    assert np.array_equal(through(loopback, data, dtype, None, 5, transmit)[0], chosen)
    assert np.array_equal(through(loopback, data, dtype, None, 5, receive)[0], chosen)


def test_matrices_can_be_read_set_and_reset(loopback):
    with ps.DuplexStream(loopback, RATE, (2, 3), mapping=([2, 4], None)) as stream:
        assert stream.input_matrix.tolist() == [[0, 1, 0, 0], [0, 0, 0, 1]]
        assert stream.output_matrix.tolist() == np.eye(3).tolist()
        stream.input_matrix[:] = 7  # A copy.
        stream.input_matrix = [[0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5]]
        assert stream.input_matrix.tolist() == [[0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5]]
        assert stream.rxmapping is None
        stream.rxmapping = {3: 1, 1: 2}
        assert stream.rxmapping == [3, 1]
        stream.rxmapping = None
        assert stream.rxmapping == [1, 2]
        stream.txmapping = (0, 0, 1)
        assert stream.txmapping == [0, 0, 1]
        stream.output_matrix = None
        assert stream.txmapping == [1, 2, 3]
    with pytest.raises(ps.ClosedError):
        stream.txmapping = None
    with pytest.raises(ps.ClosedError):
        stream.input_matrix  # noqa: B018


def test_a_matrix_changes_during_a_run(counter):
    with ps.InputStream(counter, RATE, 1, "int32", BLOCK, buffersize=1024) as stream:
        stream.start()
        frame = 0
        for gain in (2, 1, 0, 3):
            stream.input_matrix = [[gain]]
            for _ in range(100):  # What the ring holds was captured before.
                chunk = stream.read(BLOCK, 60)
                frames = np.arange(frame, frame + BLOCK)
                factor = chunk[1] // (frame + 1)
                assert np.array_equal(chunk, factor * frames)  # No block is torn.
                frame += BLOCK
                if factor == gain:
                    break
            assert factor == gain


def test_many_threads_may_set_and_read_matrices(loopback):
    with ps.OutputStream(loopback, RATE, 2) as stream:
        failures = []

        def change(order):
            try:
                for _ in range(200):
                    stream.txmapping = order
                    assert stream.txmapping in ([1, 2], [2, 1], [1, 1])
            except BaseException as error:
                failures.append(error)

        orders = ([1, 2], [2, 1], [1, 1])
        threads = [threading.Thread(target=change, args=(order,)) for order in orders]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []


# ---- With the rest -------------------------------------------------------------------------------


def test_play_and_rec_take_mappings(counter):
    take = ps.rec(200, RATE, dtype="int16", mapping=[3, 1, 0], device=counter)
    assert take.shape == (200, 3)
    assert take[:5].tolist() == [[k, k, 0] for k in range(5)]
    assert ps.rec(10, RATE, mapping=5, device=counter).shape == (10, 1)
    out = np.empty((10, 2), "int32")
    assert ps.rec(out=out, mapping=[2, 2], device=counter) is out
    ps.play(np.zeros(100), RATE, [1, 4], device=counter)
    assert ps.get_stream()._output.device_channels == 4
    assert ps.wait(60)


def test_playrec_takes_mappings(loopback):
    data = noise("int16", 300, 2)
    take = ps.playrec(
        data, RATE, input_mapping=[3, 2], output_mapping=[2, 3], device=loopback, blocksize=BLOCK
    )
    assert np.array_equal(take[BLOCK:], data[:-BLOCK, ::-1])
    take = ps.playrec(
        data[:, 0], RATE, input_mapping=3, output_mapping=3, device=loopback, blocksize=BLOCK
    )
    assert np.array_equal(take[BLOCK:, 0], data[:-BLOCK, 0])


def test_chunks_take_mappings(loopback):
    data = noise("int16", 256, 1)
    chunks = ps.chunks(
        256,
        playback=data,
        channels=2,
        dtype="int16",
        device=loopback,
        samplerate=RATE,
        blocksize=BLOCK,
        mapping=([2, 1], [2]),
    )
    (chunk,) = chunks
    assert np.array_equal(chunk[BLOCK:, 0], data[:-BLOCK, 0])
    assert not chunk[:, 1].any()


def test_a_mapped_stream_may_change_the_rate(loopback):
    tone = np.sin(np.arange(4410) * 0.05).astype("float32")[:, None]
    with ps.DuplexStream(
        loopback, 44100, (2, 1), blocksize=BLOCK, device_samplerate=RATE, mapping=([3, 2], [3])
    ) as stream:
        stream.output_ring.write(tone)
        stream.output_ring.end()
        stream._start(Limits(0, len(tone), len(tone), -1))
        assert stream.wait(60)
        back = stream.input_ring.read()
    assert np.abs(back[1000:, 0]).max() > 0.9
    assert not back[:, 1].any()


def test_meters_see_the_streams_channels(loopback):
    data = np.full((1000, 2), [0.5, 0.25], "float32")
    maps = ([2, 3, 2], [2, 3])
    with ps.DuplexStream(loopback, RATE, (None, 2), blocksize=BLOCK, mapping=maps) as stream:
        stream.enable_meters()
        stream.output_ring.write(data)
        stream.output_ring.end()
        stream._start(Limits(0, 1000, 1000, -1))
        assert stream.wait(60)
        assert stream.input_meters.max_peak.tolist() == [0.5, 0.25, 0.5]
        assert stream.output_meters.max_peak.tolist() == [0.5, 0.25]


def test_callbacks_see_the_streams_channels(loopback):
    heard = []

    def double(indata, outdata, frames, time, status):
        heard.append(indata.copy())
        outdata[:, 0] = 7
        if len(heard) == 200:
            raise ps.CallbackStop

    maps = ([3, 1, 2], [3])
    with ps.DuplexStream(
        loopback, RATE, dtype="int16", blocksize=BLOCK, mapping=maps, callback=double
    ) as stream:
        assert stream.channels == (3, 1)
        stream.start()
        assert stream.wait(60)
    frames = np.concatenate(heard)
    assert frames.shape[1] == 3
    assert set(frames[:, 0].tolist()) == {0, 7}
    assert not frames[:, 1:].any()


def test_settings_are_asked_with_the_devices_channels(loopback):
    with ps.InputStream(
        loopback, 44100, mapping=[8], device_samplerate="auto", blocksize=BLOCK
    ) as stream:
        assert stream.channels == 1


# ---- What is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mapping", "error", "words"),
    [
        ([], ps.ArgumentError, r"mapping is \[\]"),
        ({}, ps.ArgumentError, r"mapping is {}"),
        ("12", ps.ArgumentTypeError, "mapping is '12'"),
        ([1.0, 2.0], ps.ArgumentTypeError, r"mapping\[0\]"),
        ([True, False], ps.ArgumentTypeError, "mapping is"),
        ([1, -1], ps.ArgumentError, r"mapping\[1\] is -1"),
        ([1, 257], ps.ArgumentError, r"mapping\[1\] is 257"),
        ([1] * 257, ps.ArgumentError, "mapping has 257 channels"),
        ([[1], [1, 2]], ps.ArgumentError, "mapping cannot become an array"),
        ([[[1]]], ps.ArgumentTypeError, "mapping is"),
        ([[math.nan]], ps.ArgumentError, r"mapping\[0\]\[0\] is nan"),
        ([[1.0], [1e39]], ps.ArgumentError, r"mapping\[1\]\[0\] is 1e\+39"),
        (np.ones((1, 257)), ps.ArgumentError, r"mapping has shape \(1, 257\)"),
        ({"1": 2}, ps.ArgumentTypeError, "a channel in mapping is '1'"),
        ({1: 2.0}, ps.ArgumentTypeError, r"mapping\[1\] is 2.0"),
        ([65], ps.UnsupportedSettingsError, "mapping needs channel 65"),
    ],
)
@pytest.mark.parametrize("kind", [ps.InputStream, ps.OutputStream])
def test_bad_mappings_are_refused(kind, mapping, error, words):
    with pytest.raises(error, match=words):
        kind("null", RATE, mapping=mapping)


def test_mappings_must_agree_with_channels():
    with pytest.raises(ps.ArgumentError, match="mapping has 2 channels; it must have 3"):
        ps.InputStream("null", channels=3, mapping=[1, 2])
    with pytest.raises(ps.ArgumentError, match="mapping has 2 channels; it must have 1"):
        ps.InputStream("null", channels=1, mapping=[1, 2])
    with pytest.raises(ps.ArgumentError, match="mapping has 2 channels; it must have 3"):
        ps.OutputStream("null", channels=3, mapping=[1, 2])
    with pytest.raises(ps.ArgumentError, match=r"mapping has shape \(2, 1\)"):
        ps.OutputStream("null", channels=2, mapping=[[1], [1]])
    with pytest.raises(ps.ArgumentError, match="mapping names channel 3"):
        ps.OutputStream("null", channels=2, mapping={3: 1})
    with pytest.raises(ps.ArgumentError, match="output_mapping has 2 channels"):
        ps.playrec(np.zeros((10, 3)), RATE, output_mapping=[1, 2], device="null")
    with pytest.raises(ps.ArgumentError, match="input_mapping has 2 channels"):
        ps.playrec(np.zeros(10), RATE, 3, input_mapping=[1, 2], device="null")
    with pytest.raises(ps.ArgumentError, match="mapping has 2 channels; it must have 3"):
        ps.play(np.zeros((10, 3)), RATE, [1, 2], device="null")


@pytest.mark.parametrize("mapping", [[1, 2], 1, "12", ([1], [1], [1]), {1: 1}, ([1], "1")])
def test_duplex_streams_need_a_pair(mapping):
    with pytest.raises((ps.ArgumentTypeError, ps.ArgumentError), match="mapping is"):
        ps.DuplexStream("null", mapping=mapping)


@pytest.mark.parametrize(
    ("value", "error", "words"),
    [
        ([1], ps.ArgumentError, r"txmapping is \[1\]; it must name a source for each of 2"),
        ([1, 3], ps.ArgumentError, "txmapping names channel 3; the channels sources are 1 to 2"),
        ({1: 3}, ps.ArgumentError, "txmapping names channel 3; the channels destinations"),
        ([[1, 0]], ps.ArgumentError, r"txmapping has shape \(1, 2\); it must be \(2, 2\)"),
        ([[1, 0], [0, math.inf]], ps.ArgumentError, r"txmapping\[1\]\[1\] is inf"),
        ("no", ps.ArgumentTypeError, "txmapping is 'no'"),
    ],
)
def test_bad_values_change_nothing(value, error, words):
    with ps.OutputStream("null", RATE, 2) as stream:
        stream.txmapping = [2, 1]
        with pytest.raises(error, match=words):
            stream.txmapping = value
        assert stream.txmapping == [2, 1]
