# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Branches that are joined: what comes out, how long it is, when, and what is refused."""

import numpy as np
import pytest

import pastream_ng as ps

from .parts import MONO, STEREO, Failing, Pass, joined, ramp

TYPES = {"u8": "uint8", "i16": "int16", "i32": "int32", "f32": "float32", "f64": "float64"}
REDUCERS = [
    ps.ReduceSum(),
    ps.ReduceSum([1.0, -2.0, 0.5]),
    ps.ReduceProduct(),
    ps.ReduceProduct([1.0, -2.0, 0.5]),
    ps.ReduceMean(),
    ps.ReduceMax(),
    ps.ReduceMin(),
]


def through(nodes, buffers, **options):
    """Return what comes of buffers."""
    with ps.AsyncDynPipeline(nodes, **options) as pipeline:
        for buffer in buffers:
            pipeline.push(buffer)
        pipeline.flush()
        return list(pipeline)


def fork(branches, reduce, **options):
    return ps.make_async_fork_join_node(branches, reduce, **options)


def noise(sample_type, samples=1000, channels=2):
    """Return full-scale noise of a type, (channels, samples)."""
    rng = np.random.default_rng(7)
    if sample_type.startswith("f"):
        return rng.uniform(-1, 1, (channels, samples)).astype(TYPES[sample_type])
    info = np.iinfo(TYPES[sample_type])
    return rng.integers(info.min, info.max, (channels, samples), info.dtype, endpoint=True)


def to_float(x):
    """Return samples with full scale at 1."""
    if x.dtype.kind == "f":
        return x.astype("float64")
    half = 2.0 ** (8 * x.dtype.itemsize - 1)
    return (x.astype("float64") - (half if x.dtype == np.uint8 else 0)) / half


def from_float(x, like):
    """Return the samples of a type, rounded and clipped where that is one of integers."""
    if like.kind == "f":
        return x.astype(like)
    half, info = 2.0 ** (8 * like.itemsize - 1), np.iinfo(like)
    values = np.rint(x * half) + (half if like == np.uint8 else 0)
    return np.clip(values, info.min, info.max).astype(like)


def reduced(reduce, rows):
    """Return what numpy makes of branches in float64."""
    weights = getattr(reduce, "weight", None) or [1.0] * len(rows)
    weighted = [w * row for w, row in zip(weights, rows, strict=True)]
    if isinstance(reduce, ps.ReduceProduct):
        return np.prod(weighted, axis=0)
    if isinstance(reduce, ps.ReduceSum):
        return np.sum(weighted, axis=0)
    kinds = {ps.ReduceMean: np.mean, ps.ReduceMax: np.max, ps.ReduceMin: np.min}
    return kinds[type(reduce)](rows, axis=0)


@pytest.mark.parametrize("sample_type", TYPES)
@pytest.mark.parametrize("reduce", REDUCERS, ids=repr)
def test_samples_are_reduced_as_numpy_does(reduce, sample_type):
    x = noise(sample_type)
    form = ps.AudioFormat(48000, 2, sample_type)
    branches = [[], [ps.make_gain_node(0.5)], [ps.make_gain_node(-0.25)]]
    rows = [to_float(x)]
    for gain in (0.5, -0.25):  # As the node rounds it.
        rows.append(to_float(joined(through([ps.make_gain_node(gain)], [pcm(x, form)]))))
    got = through([fork(branches, reduce)], [pcm(x[:, :400], form), pcm(x[:, 400:], form)])
    assert [buffer.samples for buffer in got] == [400, 600]
    assert got[0].format.sample_type == sample_type
    wanted = from_float(reduced(reduce, np.array(rows)), x.dtype)
    if x.dtype.kind == "f":
        np.testing.assert_allclose(joined(got), wanted, rtol=1e-6, atol=1e-7)
    else:
        np.testing.assert_array_equal(joined(got), wanted)


def pcm(x, form, **times):
    return ps.NodeBuffer.pcm(x, form, **times)


@pytest.mark.parametrize("threads", [1, 2])
def test_buffers_keep_borders_and_times(threads):
    node = fork([[], [ps.make_gain_node(2.0)]], ps.ReduceSum())
    buffers = [ramp(k * 100, 100 - k, pts=k * 100) for k in range(30)]
    nodes = [ps.make_gain_node(1.0), node, ps.make_gain_node(1.0)]
    got = through(nodes, buffers, threads=threads)
    assert [(buffer.pts, buffer.samples) for buffer in got] == [
        (k * 100, 100 - k) for k in range(30)
    ]
    np.testing.assert_allclose(joined(got), 3 * joined(buffers), rtol=1e-6)


def test_a_gap_is_one_behind_the_fork_too():
    node = fork([[], []], ps.ReduceMean())
    got = through([node], [ramp(0, 100, pts=0), ramp(100, 100, pts=5000)])
    assert [buffer.pts for buffer in got] == [0, 5000]


def test_an_echo_fades_behind_the_end():
    echo = [ps.make_delay_node(1000 * 30 / 48000), ps.make_gain_node(0.5)]
    x = ramp(1, 1000)
    got = joined(through([fork([[], echo], ps.ReduceSum())], [x]))
    wanted = np.zeros((2, 1030), "float32")
    wanted[:, :1000] = x.as_pcm()
    wanted[:, 30:] += 0.5 * x.as_pcm()
    np.testing.assert_allclose(got, wanted, rtol=1e-6)


def test_branches_that_look_ahead_lose_nothing():
    # There and back again: as many samples, but later.
    there, back = ps.AudioFormat(44100, 2, "f32"), STEREO
    branch = [ps.make_resample_node(STEREO, there), ps.make_resample_node(there, back)]
    wave = np.sin(np.arange(9600) / 20).astype("float32")
    buffers = [pcm(np.stack([part, part]), STEREO) for part in np.split(wave, 10)]
    got = joined(through([fork([[], branch], ps.ReduceSum([1.0, -1.0]))], buffers))
    assert got.shape == (2, 9600)
    assert np.abs(got[:, 500:-500]).max() < 1e-4


def test_python_works_in_branches():
    class Square(Pass):
        def push(self, buf):
            if buf is not None:
                super().push(pcm(buf.as_pcm() ** 2, buf.format, pts=buf.pts))

    square = ps.make_python_node(Square(), "pcm", "pcm")
    got = through([fork([[], [square]], ps.ReduceSum())], [ramp(0, 50), ramp(50, 7)])
    x = joined([ramp(0, 57)])
    np.testing.assert_allclose(joined(got), x + x**2, rtol=1e-6)
    assert [buffer.samples for buffer in got] == [50, 7]


def test_forks_within_forks():
    inner = fork([[], [ps.make_gain_node(3.0)]], ps.ReduceSum())
    outer = fork([[inner, ps.make_gain_node(0.5)], []], ps.ReduceMax(), name="outer")
    x = joined([ramp(1, 100, MONO)])
    np.testing.assert_allclose(joined(through([outer], [ramp(1, 100, MONO)])), 2 * x, rtol=1e-6)


def test_one_node_can_be_in_several_branches():
    gain = ps.make_gain_node(2.0)
    got = through([fork([[gain], [gain], [gain, gain]], ps.ReduceSum())], [ramp(0, 10, MONO)])
    np.testing.assert_allclose(joined(got), 8 * joined([ramp(0, 10, MONO)]))


# ---- One after another, and packets --------------------------------------------------------------


def test_sound_one_branch_after_another():
    node = fork([[], [ps.make_gain_node(-1.0)]], ps.ReduceConcat())
    got = through([node], [ramp(0, 3, MONO, pts=10), ramp(3, 2, MONO, pts=13)])
    wanted = [[0, 1, 2, 0, -1, -2], [3, 4, -3, -4]]
    assert [(buffer.as_pcm()[0] * 2**20).tolist() for buffer in got] == wanted
    assert [buffer.pts for buffer in got] == [10, 13]


def packets(*texts):
    return [
        ps.NodeBuffer.packet(ps.Packet(text, 1, 1000, pts=10 * k, duration=10, flags=k))
        for k, text in enumerate(texts)
    ]


class Change(Pass):
    """Gives packets with other bytes."""

    def __init__(self, change):
        super().__init__()
        self.change = change

    def push(self, buf):
        if buf is None:
            return
        packet = buf.as_packet()
        for data in self.change(packet.data):
            super().push(ps.NodeBuffer.packet(ps.Packet(data, 1, 1000, pts=99)))


def changing(change):
    return [ps.make_python_node(Change(change), "packet", "packet")]


def test_bytes_one_branch_after_another():
    node = fork([[], changing(lambda data: [data[::-1]])], ps.ReduceConcat())
    got = [buffer.as_packet() for buffer in through([node], packets(b"abc", b"", b"xy"))]
    assert [packet.data for packet in got] == [b"abccba", b"", b"xyyx"]
    assert [(packet.pts, packet.flags, packet.duration) for packet in got] == [
        (0, 0, 10),
        (10, 1, 10),
        (20, 2, 10),
    ]


def test_bytes_by_exclusive_or():
    node = fork([[], changing(lambda data: [bytes(len(data) * [0x20])])], ps.ReduceXor())
    got = through([node], packets(b"Abc", b"Z"))
    assert [buffer.as_packet().data for buffer in got] == [b"aBC", b"z"]


def test_encoders_in_branches():
    # Two streams of packets of one sound, each packet behind the other.
    pcm_node = ps.make_encoder_node("pcm", ps.PcmEncoderConfig(chunk_samples=100))
    got = through([fork([[pcm_node], [pcm_node]], ps.ReduceXor())], [ramp(0, 1000)])
    assert len(got) == 10
    assert not any(any(buffer.as_packet().data) for buffer in got)


# ---- What goes wrong ---------------------------------------------------------------------------


def failing(branches, reduce, buffers):
    """Return the error that comes of buffers."""
    with pytest.raises(ps.PastreamError) as told:
        through([ps.make_gain_node(1.0), fork(branches, reduce, name="both")], buffers)
    return str(told.value)


def test_branches_of_other_rates_are_told_at_once():
    resample = ps.make_resample_node(STEREO, ps.AudioFormat(8000, 2, "f32"))
    with ps.AsyncDynPipeline([fork([[], [resample]], ps.ReduceSum())]) as pipeline:
        pipeline.push(ramp(0, 48000))
        with pytest.raises(ps.PastreamError, match=r"branch 1 .* 8000 Hz, branch 0 .* 48000 Hz"):
            pipeline.get(timeout=20)  # Before the end.


def test_branches_of_other_channels_are_told():
    mono = ps.make_channel_map_node(1)
    text = failing([[], [mono]], ps.ReduceMean(), [ramp(0, 100)])
    assert "node 2 (both)" in text
    assert "branch 1 gives 1 channel of float32" in text
    assert "branch 0 2 channels of float32" in text


class Shorten(Pass):
    """Loses the first samples."""

    def push(self, buf):
        if buf is not None:
            super().push(pcm(buf.as_pcm()[:, 10:], buf.format, pts=buf.pts))


def test_a_branch_that_loses_sound_is_told():
    short = ps.make_python_node(Shorten(), "pcm", "pcm")
    text = failing([[short], []], ps.ReduceSum(), [ramp(0, 100)])
    assert "branch 0 gave 90 frames and branch 1 100" in text


def test_packets_that_differ_are_told():
    for change, reduce, wanted in [
        (lambda data: [data + b"!"], ps.ReduceXor(), "branch 1 has 4 bytes, that of branch 0 3"),
        (lambda data: [], ps.ReduceConcat(), "branch 1 gave 0 packets and branch 0 1"),
        (lambda data: [data] * 2, ps.ReduceXor(), "branch 0 gave 1 packets and branch 1 2"),
    ]:
        with pytest.raises(ps.PastreamError, match=wanted):
            through([fork([[], changing(change)], reduce)], packets(b"abc"))


@pytest.mark.parametrize("call", ["push", "pull", "flush"])
def test_exceptions_in_branches_come_out_as_they_are(call):
    error = ZeroDivisionError("in a branch")
    node = ps.make_python_node(Failing(call, error), "pcm", "pcm")
    both = fork([[], [ps.make_gain_node(1.0), node]], ps.ReduceSum())
    with pytest.raises(ZeroDivisionError) as told:
        through([both], [ramp()])
    assert told.value is error


def test_a_reset_forgets_what_is_in_branches():
    delay = ps.make_delay_node(1.0)
    with ps.AsyncDynPipeline([fork([[], [delay]], ps.ReduceSum())]) as pipeline:
        for _ in range(3):
            pipeline.push(ramp(5000, 100))
            pipeline.reset(force=True)
            pipeline.push(ramp(0, 100))
            pipeline.flush()
            x, got = joined([ramp(0, 100)]), joined(list(pipeline))
            assert got.shape == (2, 148)
            np.testing.assert_array_equal(got[:, :48], x[:, :48])
            pipeline.reset()


GAIN, PACK = ps.make_gain_node(1.0), ps.make_encoder_node("pcm")


@pytest.mark.parametrize(
    ("branches", "reduce", "kind", "text"),
    [
        ([], ps.ReduceSum(), ValueError, "pipelines has 0 branches; it must have 1 to 64"),
        ([[]] * 65, ps.ReduceSum(), ValueError, "65 branches"),
        (GAIN, ps.ReduceSum(), TypeError, "pipelines is .*; it must be a list of lists"),
        ([[GAIN], [3]], ps.ReduceSum(), TypeError, r"pipelines\[1\]\[0\] is 3 of type int"),
        ([[GAIN] * 17], ps.ReduceSum(), ValueError, "17 nodes; it must have at most 16"),
        ([[GAIN]], "sum", TypeError, "reduce is 'sum'; it must be a reducer"),
        ([[GAIN]], ps.ReduceSum([1, 2]), ValueError, "2 weights, but there are 1 branches"),
        ([[PACK]], ps.ReduceSum(), ValueError, r"gives 'packet'; ReduceSum joins 'pcm'"),
        ([[GAIN]], ps.ReduceXor(), ValueError, r"gives 'pcm'; ReduceXor joins 'packet'"),
        ([[PACK], []], ps.ReduceConcat(), ValueError, r"pipelines\[1\] gives 'pcm'"),
        ([[PACK, GAIN]], ps.ReduceSum(), ValueError, "gives packets, node 2 .* takes pcm"),
    ],
)
def test_bad_arguments_are_told(branches, reduce, kind, text):
    with pytest.raises(kind, match=text):
        fork(branches, reduce)


@pytest.mark.parametrize(
    ("weight", "kind"),
    [([1.0, float("nan")], ValueError), ("ab", TypeError), ([None], TypeError), ([], ValueError)],
)
@pytest.mark.parametrize("reduce", [ps.ReduceSum, ps.ReduceProduct])
def test_bad_weights_are_told(reduce, weight, kind):
    with pytest.raises(kind, match="weight"):
        reduce(weight)


def test_reducers_are_values():
    assert ps.ReduceSum([1, 2]) == ps.ReduceSum((1.0, 2.0))
    assert ps.ReduceSum() != ps.ReduceProduct()
    assert ps.ReduceMean() == ps.ReduceMean()
    assert len({ps.ReduceSum(), ps.ReduceSum(), ps.ReduceMax()}) == 2
    assert "ReduceSum" in repr(ps.ReduceSum([1, 2]))
