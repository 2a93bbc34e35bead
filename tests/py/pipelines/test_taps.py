# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Taps: what goes on is as it was, and what is beside hears all of it, and the end."""

import io
import threading

import numpy as np
import pytest

import pastream_ng as ps

from .parts import MONO, STEREO, Failing, Sink, joined, ramp


def through(nodes, buffers, **options):
    """Return what comes of buffers."""
    with ps.AsyncDynPipeline(nodes, **options) as pipeline:
        for buffer in buffers:
            pipeline.push(buffer)
        pipeline.flush()
        return list(pipeline)


def facts(buffers):
    """Return what can be compared of buffers of sound."""
    return [(buffer.pts, buffer.as_pcm().tolist()) for buffer in buffers]


@pytest.mark.parametrize("threads", [1, 3])
def test_both_hear_the_same(threads):
    sink = Sink()
    nodes = [ps.make_gain_node(1.0), ps.make_tap_node(sink), ps.make_gain_node(2.0)]
    buffers = [ramp(100 * k, 100 - k, pts=100 * k) for k in range(20)]
    got = through(nodes, buffers, threads=threads)
    assert facts(sink.got) == facts(buffers)
    np.testing.assert_allclose(joined(got), 2 * joined(buffers), rtol=1e-6)
    assert [buffer.pts for buffer in got] == [buffer.pts for buffer in buffers]
    assert sink.finalized == 1


def test_packets_go_by_too():
    heard = []
    packets = [ps.Packet(bytes(k), 1, 1000, pts=k, duration=k, flags=k) for k in range(5)]
    got = through(
        [ps.make_tap_node(heard, "packet")], [ps.NodeBuffer.packet(packet) for packet in packets]
    )
    assert [buffer.as_packet() for buffer in heard] == packets
    assert [buffer.as_packet() for buffer in got] == packets


def test_what_an_encoder_gives_and_what_goes_in():
    before, after = [], []
    nodes = [
        ps.make_tap_node(before),
        ps.make_encoder_node("flac"),
        ps.make_tap_node(after, "packet"),
        ps.make_decoder_node("flac"),
    ]
    form = ps.AudioFormat(48000, 1, "i16")
    x = np.arange(-5000, 5000, dtype="int16")[np.newaxis]
    got = through(nodes, [ps.NodeBuffer.pcm(x, form)])
    assert (joined(before) == x).all()
    assert (joined(got) == x).all()
    stream = io.BytesIO(b"".join(buffer.as_packet().data for buffer in after))
    with ps.SoundFile(stream) as file:
        assert (file.read(dtype="int16") == x[0]).all()


@pytest.mark.parametrize("sample_rate", [48000, 24000])
def test_a_file_gets_what_fits_it(tmp_path, sample_rate):
    path = tmp_path / "beside.wav"
    wave = (0.5 * np.sin(np.arange(9600) / 30)).astype("float32")
    form = ps.AudioFormat(sample_rate, 1, "i16")
    with ps.AudioFileWriter(path, "wav", form) as writer:
        buffers = [
            ps.NodeBuffer.pcm(part[np.newaxis], MONO, pts=1600 * k)
            for k, part in enumerate(np.split(wave, 6))
        ]
        got = through([ps.make_tap_node(writer)], buffers)
        assert facts(got) == facts(buffers)
    with ps.SoundFile(path) as file:
        assert (file.samplerate, file.subtype) == (sample_rate, "PCM_16")
        heard = file.read()
    step = 48000 // sample_rate
    assert len(heard) == 9600 // step
    assert np.abs(heard - wave[::step])[200:-200].max() < 1e-3


def fill(pipeline):
    while True:
        pipeline.push(ramp(400), timeout=0.05)


def test_a_slow_listener_holds_the_line_back():
    passed, gate, reached = [], threading.Event(), threading.Event()

    def listen(buffer):
        reached.set()
        gate.wait(30)
        passed.append(buffer)

    with ps.AsyncDynPipeline([ps.make_tap_node(listen)], capacity=2) as pipeline:
        for k in range(3):
            pipeline.push(ramp(100 * k, pts=100 * k), timeout=20)
        assert reached.wait(20)
        with pytest.raises(ps.PastreamTimeoutError):
            fill(pipeline)
        assert passed == []
        gate.set()
        pipeline.flush()
        assert facts(list(pipeline)) == facts(passed)


def test_a_listener_that_has_enough_is_left_behind():
    class Some(Sink):
        def push(self, buf):
            if len(self.got) == 2:
                raise EOFError
            super().push(buf)

    sink = Some()
    got = through([ps.make_tap_node(sink)], [ramp(100 * k) for k in range(10)])
    assert (len(got), len(sink.got)) == (10, 2)
    assert sink.finalized == 1


@pytest.mark.parametrize("call", ["push", "finalize"])
def test_errors_of_the_listener_come_out_as_they_are(call):
    error = ZeroDivisionError("beside")
    sink = Sink(call, error)
    with pytest.raises(ZeroDivisionError) as told:
        through([ps.make_tap_node(sink)], [ramp()])
    assert told.value is error
    assert sink.finalized == 1


def test_the_listener_learns_of_errors_behind_it():
    sink = Sink()
    bad = ps.make_python_node(Failing("push", KeyError("behind")), "pcm", "pcm")
    with pytest.raises(KeyError, match="behind"):
        through([ps.make_tap_node(sink), bad], [ramp()])
    assert sink.finalized == 1


def test_a_runner_taps_as_a_pipeline_does():
    sink, aside = Sink(), Sink()
    buffers = [ramp(100 * k, pts=100 * k) for k in range(5)]
    ps.AsyncDynRunner(buffers, [ps.make_tap_node(aside)], sink).run(timeout=20)
    assert facts(sink.got) == facts(aside.got) == facts(buffers)
    assert (sink.finalized, aside.finalized) == (1, 1)


@pytest.mark.parametrize(
    ("sink", "kind", "error", "text"),
    [
        (3, "pcm", TypeError, "sink is 3"),
        ([], "sound", ValueError, "kind is 'sound'"),
        ([], 3, TypeError, "kind is 3"),
    ],
)
def test_bad_arguments_are_told(sink, kind, error, text):
    with pytest.raises(error, match=text):
        ps.make_tap_node(sink, kind)


def test_a_file_takes_no_packets(tmp_path):
    with (
        ps.AudioFileWriter(tmp_path / "a.wav", "wav", STEREO) as writer,
        pytest.raises(ValueError, match=r"kind is 'packet'.* takes 'pcm'"),
    ):
        ps.make_tap_node(writer, "packet")
