# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The examples of pipelines that pyaudiostream's readers know, with only their imports changed."""

import numpy as np

import pastream_ng as ps

PIPELINE = """
import numpy as np
import pastream_ng as ast

# 44.1k -> 48k, which Opus wants
in_fmt = ast.AudioFormat(sample_rate=44100, channels=2, sample_type="f32", planar=True)
out_fmt = ast.AudioFormat(sample_rate=48000, channels=2, sample_type="f32", planar=True)

nodes = [
    ast.make_resample_node(in_fmt, out_fmt, out_chunk_samples=960, pad_final=True),
    ast.make_encoder_node(
        "opus", ast.OpusEncoderConfig(out_fmt, chunk_samples=960, bitrate=96_000)
    ),
]

p = ast.AsyncDynPipeline(nodes)

pcm = np.zeros((2, 4410), dtype=np.float32)  # 100ms@44.1k
p.push(ast.NodeBuffer.pcm(pcm, in_fmt))
p.flush()

packets = []
while True:
    out = p.get()
    if out is None:
        break
    pkt = out.as_packet()
    if pkt is not None:
        packets.append(pkt.data)
"""

RUNNER = """
import numpy as np
import pastream_ng as ast

in_fmt = ast.AudioFormat(sample_rate=48000, channels=1, sample_type="f32", planar=True)

class MySource:
    def __init__(self):
        self.sent = False
    def pull(self):
        if self.sent:
            return None
        self.sent = True
        pcm = np.zeros((1, 960), dtype=np.float32)
        return ast.NodeBuffer.pcm(pcm, in_fmt)

class MySink:
    def __init__(self):
        self.packets = []
    def push(self, buf: ast.NodeBuffer):
        pkt = buf.as_packet()
        if pkt is not None:
            self.packets.append(pkt.data)
    def finalize(self):
        pass

nodes = [
    ast.make_encoder_node("opus", ast.OpusEncoderConfig(in_fmt, chunk_samples=960, bitrate=96_000)),
]

sink = MySink()
r = ast.AsyncDynRunner(MySource(), nodes, sink)
r.run()
print(len(sink.packets))
"""

FILES = """
import pastream_ng as ast

src = ast.AudioFileReader("in.wav", "wav")
out_fmt = ast.AudioFormat(sample_rate=48000, channels=2, sample_type="f32", planar=True)
dst = ast.AudioFileWriter("out.flac", "flac", out_fmt, compression_level=8)

nodes = [
    ast.make_resample_node(
        ast.AudioFormat(44100, 2, "f32", planar=True),
        out_fmt,
    ),
]

r = ast.AsyncDynRunner(src, nodes, dst)
r.run()
dst.finalize()
"""


def test_the_pipeline_example_runs():
    names = {}
    exec(PIPELINE, names)
    # 100 ms are five packets, and a sixth has what the encoder's delay of 312 samples pushed out.
    assert len(names["packets"]) == 6
    assert all(type(packet) is bytes for packet in names["packets"])
    names["p"].close()


def test_the_runner_example_runs(capsys):
    exec(RUNNER, {})
    assert capsys.readouterr().out == "2\n"


def test_the_file_example_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    t = np.arange(44100) / 44100
    wave = 0.5 * np.sin(2 * np.pi * 440 * t)
    ps.write("in.wav", np.stack([wave, -wave], axis=1), 44100)
    names = {}
    exec(FILES, names)
    found, rate = ps.read("out.flac")
    assert (rate, found.shape) == (48000, (48000, 2))
    wanted = 0.5 * np.sin(2 * np.pi * 440 * np.arange(48000) / 48000)
    assert np.abs(found[200:-200, 0] - wanted[200:-200]).max() < 1e-3
    names["src"].close()
