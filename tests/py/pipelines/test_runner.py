# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Runners: from every kind of source into every kind of sink, and all the ways to an end."""

import asyncio
import ctypes
import io
import signal
import socket
import threading
import time
from itertools import pairwise

import numpy as np
import pytest

import pastream_ng as ps

from ..conftest import until
from .parts import MONO, STEREO, Failing, Gate, Pass, Sink, joined, ramp

BUFFERS = [ramp(100 * k, pts=100 * k) for k in range(5)]


class Source:
    """Gives buffers, then the end, or an error."""

    def __init__(self, buffers=BUFFERS, error=None):
        self.left = list(buffers)
        self.error = error

    def pull(self):
        if not self.left and self.error is not None:
            raise self.error
        return self.left.pop(0) if self.left else None


def endless():
    k = 0
    while True:
        yield ramp(k, 10, MONO)
        k += 10


# ---- Sources and sinks ---------------------------------------------------------------------------


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("nodes", [[], [ps.make_gain_node(1.0), ps.make_identity_node("pcm")]])
def test_all_that_the_source_has_arrives(nodes, threads):
    sink = Sink()
    runner = ps.AsyncDynRunner(Source(), nodes, sink, threads=threads)
    assert runner.progress == ("created", 0, 0, 0)
    runner.run()
    assert sink.got == BUFFERS
    assert sink.finalized == 1
    assert runner.progress == ("done", 500, 500, 0)
    assert runner.wait()
    with pytest.raises(ps.StateError, match="make a new one"):
        runner.run()


def test_iterables_are_sources():
    arrays = [buffer.as_pcm() for buffer in BUFFERS]
    packets = [ps.Packet(b"a", pts=1), ps.Packet(b"b", pts=2)]
    for source, nodes, wanted in (
        (BUFFERS, [], BUFFERS),
        (iter(BUFFERS), [], BUFFERS),
        (arrays, [], BUFFERS),
        (packets, [ps.make_identity_node("packet")], [ps.NodeBuffer.packet(p) for p in packets]),
    ):
        found = []
        ps.AsyncDynRunner(source, nodes, found, format=STEREO).run()
        assert found == wanted
    with pytest.raises(ps.ArgumentTypeError, match="told their format"):
        ps.AsyncDynRunner(arrays, [], []).run()


def test_what_takes_buffers_or_bytes_is_a_sink():
    calls, file = [], io.BytesIO()
    ps.AsyncDynRunner(BUFFERS, [], calls.append).run()
    assert calls == BUFFERS
    ps.AsyncDynRunner(BUFFERS, [], file).run()
    assert file.getvalue() == joined(BUFFERS).T.tobytes()
    packets = [ps.Packet(bytes([k]) * k) for k in range(1, 5)]
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        here, there = socket.socketpair(socket.AF_UNIX, kind)
        with here, there:
            ps.AsyncDynRunner(packets, [ps.make_identity_node("packet")], here).run()
            if kind == socket.SOCK_DGRAM:
                assert [there.recv(9) for _ in packets] == [packet.data for packet in packets]
            else:
                assert there.recv(99) == b"".join(packet.data for packet in packets)


def test_files_are_read_and_written_in_c(tmp_path):
    sound = np.random.default_rng(1).integers(-(2**15), 2**15, (30000, 2)).astype("int16")
    ps.write(tmp_path / "in.wav", sound, 48000)
    with (
        ps.SoundFile(tmp_path / "in.wav") as source,
        ps.SoundFile(tmp_path / "out.flac", "w", 48000, 2) as sink,
    ):
        runner = ps.AsyncDynRunner(source, [ps.make_gain_node(1.0)], sink)
        runner.run()
        assert runner.progress == ("done", 30000, 30000, 0)
        sink.write(sound[:10])  # It is the program's again.
    found = ps.read(tmp_path / "out.flac", dtype="int16")[0]
    np.testing.assert_array_equal(found, np.concatenate([sound, sound[:10]]))
    reader = ps.AudioFileReader(tmp_path / "in.wav", "wav")
    writer = ps.AudioFileWriter(tmp_path / "again.wav", "wav", samplerate=48000, channels=2)
    ps.AsyncDynRunner(reader, [], writer).run()
    assert writer.closed
    writer.finalize()
    reader.close()
    np.testing.assert_array_equal(ps.read(tmp_path / "again.wav", dtype="int16")[0], sound)


def test_a_writer_learns_its_format_from_the_first_buffer(tmp_path):
    writer = ps.AudioFileWriter(tmp_path / "out.wav", "wav")
    ps.AsyncDynRunner(BUFFERS, [ps.make_gain_node(1.0)], writer).run()
    assert (writer.closed, writer.frames) == (True, 500)
    assert ps.info(tmp_path / "out.wav").samplerate == 48000


def test_a_file_of_another_rate_is_an_error_that_says_so(tmp_path):
    with ps.SoundFile(tmp_path / "out.wav", "w", 44100, 2) as sink:
        runner = ps.AsyncDynRunner(BUFFERS, [], sink)
        with pytest.raises(ps.ArgumentError, match=r"out\.wav.*44100.*48000"):
            runner.run()
        assert runner.progress.state == "failed"
        sink.write(np.zeros((5, 2)))


def test_file_objects_keep_their_exceptions():
    class Full(io.BytesIO):
        def write(self, data):
            if self.is_full:
                raise MemoryError("my disk")
            return super().write(data)

    sink = Full()
    sink.is_full = False
    writer = ps.AudioFileWriter(sink, "wav", samplerate=48000, channels=2)
    sink.is_full = True
    runner = ps.AsyncDynRunner(BUFFERS * 50, [], writer)
    with pytest.raises(MemoryError, match="my disk"):
        runner.run()


def test_async_iterables_are_sources_of_awaited_runners():
    async def source():
        for buffer in BUFFERS:
            await asyncio.sleep(0)
            yield buffer

    async def broken():
        yield BUFFERS[0]
        raise ValueError("no more")

    async def main():
        found = []
        await ps.AsyncDynRunner(source(), [ps.make_gain_node(1.0)], found)
        assert found == BUFFERS
        with pytest.raises(ValueError, match="no more"):
            await ps.AsyncDynRunner(broken(), [], found)

    asyncio.run(main())
    with pytest.raises(ps.StateError, match="await"):
        ps.AsyncDynRunner(source(), [], []).run()


# ---- Devices -------------------------------------------------------------------------------------


def test_a_microphone_through_an_encoder_to_a_socket():
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    there.settimeout(30)
    device = ps.VirtualDevice(input="sine")
    microphone = ps.InputStream(device, 44100, channels=1)
    high = ps.AudioFormat(48000, 1, "f32")
    nodes = [
        ps.make_resample_node(ps.AudioFormat(44100, 1, "f32"), high),
        ps.make_encoder_node("opus", ps.OpusEncoderConfig(high)),
    ]
    with here, there, microphone, ps.AsyncDynRunner(microphone, nodes, here) as runner:
        runner.start()
        packets = [there.recv(4000) for _ in range(3)]
        assert microphone.active
        runner.close()
        assert not microphone.active
        assert runner.progress.state == "done"
    decoder = ps.Decoder("opus", ps.OpusDecoderConfig(960))
    for packet in packets:
        decoder.put_packet(ps.Packet(packet))
    assert decoder.pending_samples() >= 0


def test_what_a_stream_captures_is_numbered_and_complete(counter):
    with ps.InputStream(counter, 48000, channels=1, dtype="int32", frames=20000) as stream:
        found = []
        ps.AsyncDynRunner(stream, [ps.make_identity_node("pcm")], found).run()
    np.testing.assert_array_equal(joined(found)[0], np.arange(20000))
    assert [b.pts for b in found] == [int(b.as_pcm()[0, 0]) for b in found]
    assert len(found) < 2000  # What lies ready comes at once.


@pytest.mark.parametrize("gaps", [None, "silence"])
def test_what_a_device_loses_is_a_gap_in_the_times(gaps):
    faults = [ps.Fault("stall", 6400, 9000)]
    device = ps.VirtualDevice(clock="free", input="counter", faults=faults)
    with ps.InputStream(device, 48000, 1, "int32", frames=30000) as stream:
        found = []
        runner = ps.AsyncDynRunner(stream, [ps.make_identity_node("pcm")], found, gaps=gaps)
        runner.run()
        assert stream.stats.lost_frames == 9000
    jumps = [b.pts - a.pts - a.samples for a, b in pairwise(found)]
    if gaps == "silence":
        assert runner.progress.fillers == 9000
        assert not any(jumps)
    else:
        assert runner.progress.fillers == 0
        assert [jump for jump in jumps if jump] == [9000]
        for buffer in found:
            wanted = np.arange(buffer.pts, buffer.pts + buffer.samples)
            np.testing.assert_array_equal(buffer.as_pcm()[0], wanted)


def test_a_stream_plays_what_comes():
    device = ps.VirtualDevice("null", clock="free")
    with ps.OutputStream(device, 48000, channels=2) as stream:
        for _ in range(2):  # It can be used again.
            runner = ps.AsyncDynRunner(BUFFERS, [ps.make_gain_node(0.5)], stream)
            runner.run()
            assert stream.stats.played_frames == 500
            assert not stream.active
        stream.write(np.zeros((10, 2)))


def test_a_close_plays_what_has_come():
    device = ps.VirtualDevice("null")
    with ps.OutputStream(device, 48000, channels=2) as stream:
        with ps.AsyncDynRunner(BUFFERS * 2, [], stream) as runner:
            runner.start()
            until(lambda: runner.progress.state == "done")
        assert stream.stats.played_frames == 1000


def test_a_duplex_stream_is_both_ends(loopback):
    with ps.DuplexStream(loopback, 48000, channels=1) as stream:
        runner = ps.AsyncDynRunner(stream, [ps.make_gain_node(0.5)], stream)
        runner.start()
        until(lambda: runner.progress.pushed > 1000)
        runner.close()
        assert not stream.active


# ---- Ends ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("where", ["source", "node", "push", "finalize"])
def test_exceptions_come_out_as_they_are_after_finalize(where, kind, threads):
    error = kind("mine")
    source = Source(error=error if where == "source" else None)
    node = Failing("push", error) if where == "node" else Pass()
    sink = Sink(where, error, after=2)
    nodes = [ps.make_python_node(node, "pcm", "pcm"), ps.make_gain_node(1.0)]
    runner = ps.AsyncDynRunner(source, nodes, sink, threads=threads)
    with pytest.raises(kind) as caught:
        runner.run()
    assert caught.value is error
    assert runner.exception is error
    assert sink.finalized == 1
    assert runner.progress.state == "failed"
    if where == "push":
        assert len(sink.got) == 2


def test_a_sink_that_wants_no_more_ends_it_well():
    sink = Sink("push", EOFError(), after=3)
    runner = ps.AsyncDynRunner(endless(), [ps.make_gain_node(1.0)], sink)
    runner.run()
    assert (len(sink.got), sink.finalized, runner.progress.state) == (3, 1, "done")


def test_a_sink_without_room_is_asked_again():
    class Full(Sink):
        asked = 0

        def push(self, buf):
            self.asked += 1
            if self.asked % 3:
                raise BlockingIOError
            super().push(buf)

    sink = Full()
    ps.AsyncDynRunner(BUFFERS, [], sink).run()
    assert sink.got == BUFFERS


def test_a_slow_sink_holds_the_source_back():
    given = []

    def source():
        for buffer in endless():
            given.append(1)
            yield buffer

    gate = Gate()
    runner = ps.AsyncDynRunner(source(), [ps.make_gain_node(1.0)] * 2, gate, threads=2, capacity=3)
    runner.start()
    gate.reached.wait(30)
    time.sleep(0.05)
    assert len(given) <= 7
    runner.cancel()
    gate.opened.set()
    assert runner.wait(30)
    assert runner.progress.state == "cancelled"
    assert gate.finalized == 1


def test_stop_lets_what_was_given_arrive():
    sink = Sink()
    runner = ps.AsyncDynRunner(endless(), [ps.make_gain_node(1.0)], sink)
    runner.start()
    assert not runner.wait(0)
    until(lambda: runner.progress.pushed > 100)
    runner.stop()
    assert runner.wait(30)
    assert runner.progress.pulled == runner.progress.pushed == 10 * len(sink.got)
    assert runner.progress.state == "done"


def test_a_timeout_lets_it_go_on():
    gate = Gate()
    runner = ps.AsyncDynRunner(gate, [], Sink())
    with pytest.raises(ps.PastreamTimeoutError, match=r"0\.01 s; it goes on"):
        runner.run(timeout=0.01)
    gate.opened.set()
    assert runner.wait(30)


def test_before_the_start():
    runner = ps.AsyncDynRunner(BUFFERS, [], Sink())
    with pytest.raises(ps.StateError, match="was not started"):
        runner.wait()
    runner.stop()
    runner.close()
    runner.cancel()
    with pytest.raises(ps.StateError, match="started or cancelled"):
        runner.run()
    assert runner.progress.state == "cancelled"


def test_an_interrupt_cancels_it_whatever_python_does(monkeypatch):
    monkeypatch.setattr("pastream_ng.pipelines.runner._END_S", 0.1)

    def interrupt():
        gate.reached.wait(30)
        time.sleep(0.02)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    gate, sink = Gate(), Sink()
    thread = threading.Thread(target=interrupt)
    runner = ps.AsyncDynRunner(gate, [], sink)
    thread.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            runner.run()
        thread.join()
    finally:
        gate.opened.set()
    assert runner.wait(30)
    assert runner.progress.state == "cancelled"
    assert sink.finalized == 1


def test_a_task_that_is_cancelled_cancels_it():
    async def main():
        runner = ps.AsyncDynRunner(endless(), [], Sink())
        task = asyncio.ensure_future(runner.run_async())
        while runner.progress.pushed < 10:
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return runner.progress.state

    assert asyncio.run(main()) == "cancelled"


def test_a_task_that_is_closed_cancels_it():
    runner = ps.AsyncDynRunner(endless(), [], Sink())

    async def main():
        waiting = runner.run_async()
        waiting.send(None)
        waiting.close()

    asyncio.run(main())
    assert runner.wait(30)
    assert runner.progress.state == "cancelled"


def test_awaiting_gives_the_error():
    async def main():
        await ps.AsyncDynRunner(Source(error=KeyError("x")), [], [])

    with pytest.raises(KeyError):
        asyncio.run(main())


def test_c_goes_on_while_python_is_held(tmp_path):
    ps.write(tmp_path / "in.wav", np.zeros((48000 * 20, 2), "int16"), 48000)
    with (
        ps.SoundFile(tmp_path / "in.wav") as source,
        ps.SoundFile(tmp_path / "out.flac", "w", 48000, 2) as sink,
    ):
        runner = ps.AsyncDynRunner(source, [ps.make_gain_node(0.5)], sink, threads=2)
        runner.start()
        before = runner.progress.pushed
        ctypes.PyDLL(None).usleep(300_000)  # Keeps the GIL.
        assert runner.progress.pushed > before
        runner.wait()
        assert runner.progress.pushed == 48000 * 20


BAD = [
    (lambda: ps.AsyncDynRunner(5, [], []), ps.ArgumentTypeError, "source is 5"),
    (lambda: ps.AsyncDynRunner(b"abc", [], []), ps.ArgumentTypeError, "source is b'abc'"),
    (lambda: ps.AsyncDynRunner([], 5, []), ps.ArgumentTypeError, "nodes is 5"),
    (lambda: ps.AsyncDynRunner([], [], 5), ps.ArgumentTypeError, "sink is 5"),
    (lambda: ps.AsyncDynRunner([], [], io.StringIO()), ps.ArgumentTypeError, "holds text"),
    (
        lambda: ps.AsyncDynRunner(ps.InputStream("loopback"), [], [], gaps="x"),
        ps.ArgumentError,
        "gaps is 'x'",
    ),
    (lambda: ps.AsyncDynRunner([], [], [], threads=0), ps.ArgumentError, "threads is 0"),
    (lambda: ps.AsyncDynRunner([], [], [], format="x"), ps.ArgumentTypeError, "format is 'x'"),
    (
        lambda: ps.AsyncDynRunner(
            ps.InputStream("loopback"), [ps.make_identity_node("packet")], []
        ),
        ps.ArgumentError,
        r"the input stream gives pcm, node 1 \(identity\) takes packets",
    ),
    (
        lambda: ps.AsyncDynRunner([], [ps.make_encoder_node("flac")], ps.OutputStream("loopback")),
        ps.ArgumentError,
        r"node 1 \(flac encoder\) gives packets, the output stream takes pcm",
    ),
]


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize(("make", "kind", "text"), BAD)
def test_bad_arguments_are_told(make, kind, text):
    with pytest.raises(kind, match=text):
        make()


def test_what_the_source_gives_is_checked():
    with pytest.raises(ps.ArgumentTypeError, match=r"pull\(\) of the source gave 5 of type int"):
        ps.AsyncDynRunner(Source([5]), [], []).run()
