# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The examples of codecs that pyaudiostream's readers know, with only their imports changed."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import pastream_ng as ps

from .streams import STREAMS, can

ENCODER = """
import numpy as np
import pastream_ng as ast

fmt = ast.AudioFormat(sample_rate=48000, channels=2, sample_type="f32", planar=True)
cfg = ast.WavEncoderConfig(fmt, chunk_samples=1024)
enc = ast.Encoder("wav", cfg)

pcm = np.zeros((2, 1024), dtype=np.float32)
enc.put_frame(pcm)

out = enc.get_frame()         # bytes or None
out2 = enc.get_frame(force=True)  # a rest that is no whole chunk, too
"""

DECODER = """
import numpy as np
import pastream_ng as ast

out_fmt = ast.AudioFormat(sample_rate=48000, channels=2, sample_type="f32", planar=False)
cfg = ast.WavDecoderConfig(out_fmt, chunk_samples=1024)
dec = ast.Decoder("wav", cfg)

dec.put_frame(b"...")     # bytes
pcm = dec.get_frame()     # numpy ndarray shape=(channels, samples) or None
pcm_last = dec.get_frame(force=True)
"""

EXTRADATA = """
import pastream_ng as ast

cfg = ast.OpusDecoderConfig(
    chunk_samples=960, packet_time_base_den=48000, extradata=opus_head_bytes
)
dec = ast.Decoder("opus", cfg)
"""


def test_the_encoder_example_runs():
    names = {}
    exec(ENCODER, names)
    assert names["out"][:4] == b"RIFF"
    assert len(names["out"]) > 1024 * 2 * 4
    assert names["out2"] is None


def test_the_decoder_example_runs():
    names = {}
    with pytest.warns(ps.IncompleteChunkWarning):
        exec(DECODER, names)
    assert names["pcm"] is None
    assert names["pcm_last"] is None
    assert names["dec"].damage.flags == ps.DamageFlags.TRUNCATED


def test_the_decoder_example_decodes_what_the_encoder_example_makes():
    names, stream = {}, {}
    exec(ENCODER.replace("np.zeros((2, 1024), dtype=np.float32)", PCM), stream)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # There is a whole chunk.
        exec(DECODER.replace('b"..."', "stream"), names | {"stream": stream["out"]}, names)
    np.testing.assert_array_equal(names["pcm"], stream["pcm"])
    assert names["pcm_last"] is None


PCM = "np.linspace(-1, 1, 2048, dtype=np.float32).reshape(2, 1024)"


@pytest.mark.skipif(not can(STREAMS["opus"]), reason="this build has no Opus")
def test_the_extradata_example_runs():
    form = ps.AudioFormat(48000, 1, "f32")
    encoder = ps.Encoder("opus", ps.OpusEncoderConfig(form, chunk_samples=960, bitrate=96_000))
    names = {"opus_head_bytes": encoder.extradata}
    exec(EXTRADATA, names)
    packets = [*encoder.encode(np.zeros((1, 9600), "float32")), *encoder.flush()]
    blocks = [*names["dec"].decode(packets), *names["dec"].flush()]
    assert blocks[0].shape == (1, 960)
    assert sum(block.shape[1] for block in blocks) == 9600 + encoder.padding
