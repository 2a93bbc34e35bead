# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Graphs as effects: of transcodings, recorders and pipelines."""

import gc
import io
import weakref

import numpy as np
import pytest

import pastream_ng as ps

RATE = 48000
SOUND = np.random.default_rng(8).uniform(-0.5, 0.5, (5000, 2)).astype("f4")


def echo(ctx):
    """Filter, and add an echo; so the past counts."""
    heard = ctx.create_device_input()
    tone = ctx.create_biquad_filter("lowpass", frequency=3000)
    delay = ctx.create_delay(delay_time=0.01)
    heard >> tone >> ctx.destination
    tone >> delay >> ctx.create_gain(0.5) >> ctx.destination


def expected(sound, rate=RATE, build=echo, quantum=128):
    ctx = ps.OfflineAudioContext(
        channels=sound.shape[1],
        length=len(sound),
        sample_rate=rate,
        input=sound,
        quantum=quantum,
    )
    return ctx.render(build)


def wav(sound, subtype="FLOAT", rate=RATE):
    file = io.BytesIO()
    ps.write(file, sound, rate, format="WAV", subtype=subtype)
    file.seek(0)
    return file


def decoded(file):
    file.seek(0)
    return ps.read(file, always_2d=True)[0]


@pytest.mark.parametrize("quantum", [128, 100, 4096, 1])
@pytest.mark.parametrize("threads", [1, 3])
def test_a_transcoding_goes_through_a_graph(quantum, threads):
    effect = ps.GraphEffect(echo, sample_rate=RATE, quantum=quantum)
    out = io.BytesIO()
    stats = ps.transcode(wav(SOUND), out, format="WAV", effect=effect, threads=threads)
    assert stats.output_format.subtype == "FLOAT"
    np.testing.assert_array_equal(decoded(out), expected(SOUND, quantum=quantum))


def test_an_effect_serves_many_with_a_graph_for_each():
    effect = ps.GraphEffect(echo, sample_rate=RATE)
    for _ in range(3):
        out = io.BytesIO()
        ps.transcode(wav(SOUND), out, format="WAV", effect=effect)
        np.testing.assert_array_equal(decoded(out), expected(SOUND))


def test_integers_are_computed_as_floats_and_rounded_once():
    out = io.BytesIO()
    effect = ps.GraphEffect(echo, sample_rate=RATE)
    ps.transcode(wav(SOUND, "PCM_16"), out, format="WAV", effect=effect)
    exact = expected(decoded(wav(SOUND, "PCM_16")))
    assert np.abs(decoded(out) - exact).max() <= 0.5001 / 32768


def test_the_output_has_the_rate_and_channels_of_the_effect():
    def loudness(ctx):
        ctx.create_device_input(channels=1) >> ctx.create_gain(0.25) >> ctx.destination

    effect = ps.GraphEffect(loudness, sample_rate=24000, channels=1)
    out, plain = io.BytesIO(), io.BytesIO()
    ps.transcode(wav(SOUND), out, format="WAV", effect=effect)
    ps.transcode(wav(SOUND), plain, format="WAV", sample_rate=24000, channels=1)
    np.testing.assert_array_equal(decoded(out), decoded(plain) / 4)
    with pytest.raises(ps.ArgumentError, match="sample_rate of effect is 24000"):
        ps.transcode(wav(SOUND), io.BytesIO(), format="WAV", effect=effect, sample_rate=8000)
    with pytest.raises(ps.ArgumentError, match="channels of effect is 1"):
        ps.transcode(wav(SOUND), io.BytesIO(), format="WAV", effect=effect, channels=2)


def test_a_recorder_records_what_a_graph_makes_of_it(tmp_path):
    effect = ps.GraphEffect(echo, sample_rate=RATE)
    device = ps.VirtualDevice(clock="free", input="sine")
    options = {"samplerate": RATE, "channels": 2, "device": device, "subtype": "FLOAT"}
    for name, given in (("plain.wav", None), ("effect.wav", effect)):
        with ps.Recorder(tmp_path / name, effect=given, frames=5000, **options) as recorder:
            recorder.start()
            recorder.wait(30)
    plain = ps.read(tmp_path / "plain.wav")[0]
    np.testing.assert_array_equal(ps.read(tmp_path / "effect.wav")[0], expected(plain))


def run(node, sound, cut, form):
    with ps.AsyncDynPipeline([node]) as pipeline:
        for at in range(0, len(sound), cut):
            piece = np.ascontiguousarray(sound[at : at + cut].T)
            pipeline.push(ps.NodeBuffer.pcm(piece, form))
        pipeline.flush()
        return np.concatenate([buffer.as_pcm() for buffer in pipeline], axis=1).T


@pytest.mark.parametrize("cut", [1, 777, 5000])
def test_a_pipeline_has_a_node_of_it(cut):
    form = ps.AudioFormat(RATE, 2, "f32")
    node = ps.make_graph_node(ps.GraphEffect(echo, sample_rate=RATE))
    sound = SOUND[:600] if cut == 1 else SOUND
    np.testing.assert_array_equal(run(node, sound, cut, form), expected(sound))


def test_functions_of_python_work_in_an_effect():
    def bent(ctx):
        function = ctx.create_function(lambda block: np.tanh(3 * block), channels=2)
        ctx.create_device_input() >> function >> ctx.destination

    out = io.BytesIO()
    ps.transcode(wav(SOUND), out, format="WAV", effect=ps.GraphEffect(bent, sample_rate=RATE))
    np.testing.assert_allclose(decoded(out), np.tanh(3 * SOUND), atol=1e-6)


def test_other_sound_than_the_graph_is_for_is_refused():
    node = ps.make_graph_node(ps.GraphEffect(echo, sample_rate=RATE))
    form = ps.AudioFormat(8000, 2, "f32")
    text = "the graph has 2 channels at 48000 Hz; what comes has 2 at 8000 Hz"
    with pytest.raises(ps.PastreamError, match=text):
        run(node, np.zeros((400, 2), "f4"), 400, form)


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"build": 3}, TypeError, "build is 3"),
        ({"sample_rate": 100}, ps.ArgumentError, "sample_rate is 100"),
        ({"channels": 33}, ps.ArgumentError, "channels is 33"),
        ({"quantum": 0}, ps.ArgumentError, "quantum is 0"),
    ],
)
def test_wrong_arguments_are_refused(arguments, error, text):
    given = {"build": echo, "sample_rate": RATE} | arguments
    with pytest.raises(error, match=text):
        ps.GraphEffect(given.pop("build"), **given)


@pytest.mark.parametrize("effect", [echo, 3, "echo"])
def test_what_is_no_effect_is_refused(effect, tmp_path):
    with pytest.raises(TypeError, match="it must be a GraphEffect"):
        ps.transcode(wav(SOUND), io.BytesIO(), format="WAV", effect=effect)
    with pytest.raises(TypeError, match="it must be a GraphEffect"):
        ps.Recorder(tmp_path / "a.wav", effect=effect, device="loopback")
    with pytest.raises(TypeError, match="it must be a GraphEffect"):
        ps.make_graph_node(effect)


def test_what_the_function_raises_comes_out():
    def wrong(ctx):
        raise ValueError("no graph today")

    effect = ps.GraphEffect(wrong, sample_rate=RATE)
    with pytest.raises(ValueError, match="no graph today"):
        ps.transcode(wav(SOUND), io.BytesIO(), format="WAV", effect=effect)


def test_graphs_go_with_what_used_them():
    contexts = []

    def noted(ctx):
        contexts.append(weakref.ref(ctx))
        echo(ctx)

    ps.transcode(
        wav(SOUND), io.BytesIO(), format="WAV", effect=ps.GraphEffect(noted, sample_rate=RATE)
    )
    gc.collect()
    assert [context() for context in contexts] == [None]
