# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Nodes: what each does with sound and its times, and what it is told."""

import io

import numpy as np
import pytest

import pastream_ng as ps

from .parts import MONO, STEREO, Failing, Gate, Pass, Sink, joined, ramp

NOISE = (np.random.default_rng(3).random((2, 5000)) - 0.5).astype("float32")


def through(node, sound=NOISE, form=STEREO, sizes=(700, 1, 999), pts=1000):
    """Return what comes of sound that is cut in pieces of these sizes."""
    nodes = node if isinstance(node, list) else [node]
    with ps.AsyncDynPipeline(nodes) as pipeline:
        at = k = 0
        while at < sound.shape[1]:
            piece = sound[:, at : at + sizes[k % len(sizes)]]
            pipeline.push(ps.NodeBuffer.pcm(piece, form, pts=pts + at))
            at, k = at + piece.shape[1], k + 1
        pipeline.flush()
        return list(pipeline)


def lfilter(b, a, sound):
    signal = pytest.importorskip("scipy.signal")
    return signal.lfilter(b, a, sound.astype("float64"), axis=1)


DELAYED = np.concatenate([np.zeros((2, 480), "float32"), NOISE], axis=1)
RESULTS = {
    "identity": (lambda: ps.make_identity_node("pcm"), lambda: NOISE),
    "gain": (lambda: ps.make_gain_node(-0.5), lambda: -0.5 * NOISE),
    "delay": (lambda: ps.make_delay_node(10.0), lambda: DELAYED),
    "fir": (lambda: ps.make_fir_node([0.5, 0.25, -1]), lambda: lfilter([0.5, 0.25, -1], 1, NOISE)),
    "iir": (
        lambda: ps.make_iir_node([0.1, 0.2], [1.0, -0.9]),
        lambda: lfilter([0.1, 0.2], [1.0, -0.9], NOISE),
    ),
    "compressor": (
        lambda: ps.make_compressor_node(
            threshold_db=0.0, ratio=1.0, expansion_ratio=1.0, master_gain_db=20 * np.log10(0.5)
        ),
        lambda: 0.5 * NOISE,
    ),
    "limiter": (lambda: ps.make_limiter_node(ceiling_db=0.0), lambda: NOISE),
    "channel-map": (
        lambda: ps.make_channel_map_node([1, -1, 0]),
        lambda: NOISE[[1, 1, 0]] * [[1], [0], [1]],
    ),
    "mono": (lambda: ps.make_channel_map_node(1), lambda: NOISE.mean(axis=0, keepdims=True)),
    "gains": (
        lambda: ps.make_channel_map_node(gains=[[0.5, 2.0]]),
        lambda: np.array([[0.5, 2.0]]) @ NOISE,
    ),
    "fork": (
        lambda: ps.make_async_fork_join_node(
            [[], [ps.make_gain_node(0.5)], [ps.make_delay_node(10.0)]], ps.ReduceSum([1, 2, 3])
        ),
        lambda: 3 * DELAYED + 2 * np.pad(NOISE, ((0, 0), (0, 480))),
    ),
    "tap": (lambda: ps.make_tap_node([]), lambda: NOISE),
    "python": (lambda: ps.make_python_node(Pass(), "pcm", "pcm"), lambda: NOISE),
}


@pytest.mark.parametrize("name", RESULTS)
def test_sound_and_times_through_every_node(name):
    make, wanted = RESULTS[name]
    found = through(make())
    np.testing.assert_allclose(joined(found), wanted(), atol=2e-6)
    ends = [buffer.pts + buffer.samples for buffer in found]
    assert [buffer.pts for buffer in found] == [1000, *ends[:-1]]


@pytest.mark.parametrize("name", RESULTS)
def test_gaps_stay_gaps(name):
    with ps.AsyncDynPipeline([RESULTS[name][0]()]) as pipeline:
        for pts in (100, 1000):
            pipeline.push(ramp(0, 100, STEREO, pts=pts))
        pipeline.flush()
        found = list(pipeline)
    assert found[0].pts == 100
    assert 1000 in [buffer.pts for buffer in found] or found[-1].pts + found[-1].samples >= 1100


def test_a_resampler_keeps_times_and_makes_chunks():
    low = ps.AudioFormat(24000, 2, "f32")
    found = through(ps.make_resample_node(low, ps.AudioFormat(48000, 1, "f64"), 1024), form=low)
    assert [buffer.samples for buffer in found] == [1024] * 10
    assert [buffer.pts for buffer in found] == [2000 + 1024 * k for k in range(10)]
    assert found[0].format == ps.AudioFormat(48000, 1, "f64")
    (*_, last) = through(
        ps.make_resample_node(low, ps.AudioFormat(48000, 1, "f64"), 1024, pad_final=False), form=low
    )
    assert last.samples == 10000 - 9 * 1024


@pytest.mark.parametrize("codec", ["wav", "flac", "mp3", "aac", "opus", "vorbis"])
def test_times_through_codecs(codec):
    try:
        nodes = [ps.make_encoder_node(codec), ps.make_decoder_node(codec)]
    except ps.CodecMissingError as error:
        pytest.skip(str(error))
    sound = 0.4 * np.sin(np.arange(20000) * 0.05).astype("float32")[None]
    found = through(nodes, sound, MONO, sizes=(1000,))
    first, whole = found[0].pts, joined(found)[0]
    if whole.dtype == "int32":
        whole = whole / 2.0**31
    assert [b.pts for b in found[1:]] == [b.pts + b.samples for b in found[:-1]]
    # Whatever comes before and after: the sound is heard when it was.
    offset = 1000 - first
    assert offset >= 0
    assert len(whole) >= offset + 20000 or codec == "wav"
    middle = whole[offset + 5000 : offset + 15000]
    assert np.abs(middle - sound[0, 5000:15000]).max() < 0.1


def test_one_that_is_told_a_format_checks_it():
    form = ps.AudioFormat(48000, 2, "i16")
    (out,) = through(ps.make_gain_node(1.0, form), NOISE[:, :10], sizes=(10,))
    assert out.format.sample_type == "i16"  # Samples of another type are converted.
    for wrong in (form.replace(sample_rate=44100), form.replace(channels=1)):
        for node in (ps.make_gain_node(1.0, wrong), ps.make_resample_node(wrong, STEREO)):
            with pytest.raises(ps.ArgumentError, match=rf"^node 1 \({node.name}\): .*48000"):
                through(node)


def test_a_format_that_changes_on_the_way_is_followed():
    with ps.AsyncDynPipeline([ps.make_gain_node(1.0), ps.make_identity_node("pcm")]) as pipeline:
        buffers = [ramp(0, 10, form, pts=0) for form in (STEREO, MONO, STEREO)]
        for buffer in buffers:
            pipeline.push(buffer)
        pipeline.flush()
        assert list(pipeline) == buffers


def test_a_tap_feeds_every_kind_of_sink(tmp_path):
    heard, sink, place = [], Sink(), io.BytesIO()
    writer = ps.AudioFileWriter(tmp_path / "tap.wav", "wav", samplerate=24000, channels=1)
    nodes = [ps.make_tap_node(each) for each in (heard, sink, place, writer)]
    out = []
    ps.AsyncDynRunner([ramp(0, 4800)], [*nodes, ps.make_gain_node(0.5)], out).run()
    assert heard == sink.got == [ramp(0, 4800, pts=0)]
    assert sink.finalized == 1
    assert place.getvalue() == joined(heard).T.tobytes()
    assert writer.closed
    found, rate = ps.read(tmp_path / "tap.wav")
    assert (rate, found.shape) == (24000, (2400,))  # Fitted to what the file is.


def test_the_error_of_a_tap_is_that_of_its_node():
    error = ZeroDivisionError("tapped")
    nodes = [ps.make_gain_node(1.0), ps.make_tap_node(Sink("push", error))]
    runner = ps.AsyncDynRunner([ramp()], nodes, [])
    with pytest.raises(ZeroDivisionError) as caught:
        runner.run()
    assert caught.value is error


def test_exceptions_come_out_of_branches():
    error = LookupError("in a branch")
    branch = [ps.make_python_node(Failing("push", error), "pcm", "pcm")]
    node = ps.make_async_fork_join_node([[], branch], ps.ReduceMean())
    with pytest.raises(LookupError) as caught:
        through(node)
    assert caught.value is error


@pytest.mark.parametrize(
    ("reducer", "wanted"),
    [
        (ps.ReduceSum(), 3.0),
        (ps.ReduceProduct([2, 1]), 4.0),
        (ps.ReduceMean(), 1.5),
        (ps.ReduceMax(), 2.0),
        (ps.ReduceMin(), 1.0),
    ],
)
def test_reducers(reducer, wanted):
    node = ps.make_async_fork_join_node([[], [ps.make_gain_node(2.0)]], reducer)
    (out,) = through(node, np.ones((1, 5), "float32"), MONO)
    np.testing.assert_array_equal(out.as_pcm(), np.full((1, 5), wanted))


def test_reducers_of_packets():
    for reducer, wanted in ((ps.ReduceConcat(), b"abcabc"), (ps.ReduceXor(), b"\0\0\0")):
        identity = ps.make_identity_node("packet")
        node = ps.make_async_fork_join_node([[identity], []], reducer)
        with ps.AsyncDynPipeline([node]) as pipeline:
            pipeline.push(ps.NodeBuffer.packet(ps.Packet(b"abc", pts=5)))
            pipeline.flush()
            found = pipeline.get().as_packet()
        assert (found.data, found.pts) == (wanted, 5)


def test_configs_can_be_changed_until_the_node_is_made():
    config = ps.GainNodeConfig(gain=3.0)
    config.gain = 2.0
    node = ps.make_processor_node("gain", config)
    config.gain = 5.0
    np.testing.assert_array_equal(joined(through(node)), 2 * NOISE)
    config.gain = "loud"
    with pytest.raises(ps.ArgumentTypeError, match="gain is 'loud'"):
        ps.make_processor_node("gain", config)


def test_defaults_are_those_of_pyaudiostream():
    config = ps.CompressorNodeConfig(STEREO)
    values = (-18, 6, 4, 2, -60, 0.01, 0.1, 0)
    assert config == ps.CompressorNodeConfig(STEREO, None, *values)


def test_nodes_look_like_what_they_are():
    node = ps.make_encoder_node("flac")
    assert (node.name, node.input_kind, node.output_kind) == ("flac encoder", "pcm", "packet")
    assert repr(node) == "<pastream_ng.DynNode flac encoder: pcm -> packet>"
    assert repr(ps.ReduceSum([1, 2])) == "ReduceSum(weight=[1.0, 2.0])"
    assert ps.ReduceMax() == ps.ReduceMax() != ps.ReduceMin()


def fork(*branches, by=None):
    return lambda: ps.make_async_fork_join_node(list(branches), by or ps.ReduceSum())


GAIN, PACKETS = ps.make_gain_node(1.0), ps.make_identity_node("packet")
BAD = [
    (lambda: ps.make_identity_node("pmc"), ps.ArgumentError, "kind is 'pmc'"),
    (lambda: ps.make_identity_node(1), ps.ArgumentTypeError, "kind is 1"),
    (lambda: ps.make_gain_node(np.nan), ps.ArgumentError, "gain is nan"),
    (lambda: ps.make_gain_node("x"), ps.ArgumentTypeError, "gain is 'x'"),
    (lambda: ps.make_gain_node(1, 48000), ps.ArgumentTypeError, "format is 48000"),
    (lambda: ps.make_resample_node(None, STEREO), ps.ArgumentTypeError, "in_format is None"),
    (lambda: ps.make_resample_node(MONO, 5), ps.ArgumentTypeError, "out_format is 5"),
    (lambda: ps.make_resample_node(MONO, MONO, 0), ps.ArgumentError, "out_chunk_samples is 0"),
    (lambda: ps.make_resample_node(MONO, MONO, 1, "y"), ps.ArgumentTypeError, "pad_final is 'y'"),
    (lambda: ps.make_delay_node(-1), ps.ArgumentError, "delay_ms is -1"),
    (lambda: ps.make_fir_node([]), ps.ArgumentError, "taps has shape"),
    (lambda: ps.make_fir_node("abc"), ps.ArgumentTypeError, "taps is 'abc'"),
    (lambda: ps.make_fir_node([np.inf]), ps.ArgumentError, "not finite"),
    (lambda: ps.make_iir_node([1], [0, 1]), ps.ArgumentError, "a begins with 0"),
    (lambda: ps.make_iir_node([1], [1, -2]), ps.ArgumentError, "a"),
    (lambda: ps.make_compressor_node(ratio=0.5), ps.ArgumentError, r"ratio is 0\.5"),
    (
        lambda: ps.make_compressor_node(STEREO, sample_rate=8000),
        ps.ArgumentError,
        "sample_rate is 8000",
    ),
    (lambda: ps.make_limiter_node(ceiling_db=3), ps.ArgumentError, "ceiling_db is 3"),
    (lambda: ps.make_channel_map_node(), ps.ArgumentTypeError, "channels and gains"),
    (lambda: ps.make_channel_map_node([-2]), ps.ArgumentError, "channels is -2"),
    (lambda: ps.make_channel_map_node([]), ps.ArgumentError, "length of channels"),
    (lambda: ps.make_channel_map_node(gains=[1, 2]), ps.ArgumentError, "gains has shape"),
    (lambda: ps.make_processor_node("reverb", None), ps.ArgumentError, "kind is 'reverb'"),
    (lambda: ps.make_processor_node("gain", None), ps.ArgumentTypeError, "GainNodeConfig"),
    (lambda: ps.make_encoder_node("ogg"), ps.ArgumentError, "codec is 'ogg'"),
    (
        lambda: ps.make_encoder_node("wav", ps.FlacEncoderConfig()),
        ps.ArgumentTypeError,
        "WavEncoderConfig",
    ),
    (
        lambda: ps.make_encoder_node("opus", ps.OpusEncoderConfig(ps.AudioFormat(44100, 2, "f32"))),
        ps.ArgumentError,
        "wants 48000 Hz",
    ),
    (lambda: ps.make_decoder_node("opus", conceal=-1), ps.ArgumentError, "conceal is -1"),
    (lambda: ps.make_tap_node(5), ps.ArgumentTypeError, "sink is 5"),
    (lambda: ps.make_tap_node([], "x"), ps.ArgumentError, "kind is 'x'"),
    (lambda: ps.make_async_fork_join_node([], ps.ReduceSum()), ps.ArgumentError, "0 branches"),
    (lambda: ps.make_async_fork_join_node(5, ps.ReduceSum()), ps.ArgumentTypeError, "pipelines is"),
    (lambda: ps.make_async_fork_join_node([[]], sum), ps.ArgumentTypeError, "reduce is"),
    (fork([GAIN], [PACKETS]), ps.ArgumentError, r"pipelines\[1\] takes 'packet'"),
    (
        fork([GAIN], [ps.make_encoder_node("flac")]),
        ps.ArgumentError,
        r"pipelines\[1\] gives 'packet'",
    ),
    (fork([PACKETS]), ps.ArgumentError, "ReduceSum joins 'pcm'"),
    (fork([GAIN], by=ps.ReduceXor()), ps.ArgumentError, "ReduceXor joins 'packet'"),
    (fork([], [], by=ps.ReduceSum([1])), ps.ArgumentError, "1 weights, but there are 2"),
    (fork([GAIN, PACKETS]), ps.ArgumentError, r"pipelines\[0\]: node 1 \(gain\) gives pcm"),
    (lambda: ps.ReduceSum([]), ps.ArgumentError, "weight is empty"),
    (lambda: ps.ReduceSum(3), ps.ArgumentTypeError, "weight is 3"),
    (lambda: ps.ReduceProduct([np.nan]), ps.ArgumentError, "weight is nan"),
]


@pytest.mark.parametrize(("make", "kind", "text"), BAD)
def test_bad_arguments_are_told(make, kind, text):
    with pytest.raises(kind, match=text):
        make()


def test_the_object_of_a_node_in_a_branch_works_once():
    node = ps.make_python_node(Gate(), "pcm", "pcm")
    with pytest.raises(ps.StateError, match="works in another pipeline"):
        ps.AsyncDynPipeline([ps.make_async_fork_join_node([[node], [node]], ps.ReduceSum())])
