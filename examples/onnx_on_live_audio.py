# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Run a small ONNX model on live audio, in a function node. Takes the seconds as an argument.

The model is made here: one layer of convolution and a soft limit, as amplifier models have many of.
It keeps the end of each block for the next one, so blocks join without a seam.
"""

import sys

import numpy as np

import pastream_ng as ps

try:
    import onnx
    import onnxruntime
except ImportError as error:
    print(f"onnx and onnxruntime are needed: {error}")
    sys.exit(0)

seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
samplerate = 48000
block = 512
n_taps = 64


def make_model():
    """Return a model: sound of (1, 1, block + taps - 1) becomes sound of (1, 1, block)."""
    taps = np.sinc((np.arange(n_taps) - n_taps / 2) / 12) * np.hanning(n_taps) / 12
    number = onnx.TensorProto.FLOAT
    nodes = [
        onnx.helper.make_node("Conv", ["sound", "taps"], ["filtered"]),
        onnx.helper.make_node("Mul", ["filtered", "drive"], ["driven"]),
        onnx.helper.make_node("Tanh", ["driven"], ["bent"]),
    ]
    graph = onnx.helper.make_graph(
        nodes,
        "amplifier",
        [
            onnx.helper.make_tensor_value_info("sound", number, [1, 1, block + n_taps - 1]),
            onnx.helper.make_tensor_value_info("drive", number, [1]),
        ],
        [onnx.helper.make_tensor_value_info("bent", number, [1, 1, block])],
        [onnx.numpy_helper.from_array(taps[None, None].astype("float32"), "taps")],
    )
    opset = [onnx.helper.make_opsetid("", 17)]
    return onnx.helper.make_model(graph, opset_imports=opset, ir_version=8)


class Amplifier:
    """Gives each block to the model."""

    parameter_descriptors = ({"name": "drive", "default": 4, "min": 0, "rate": "k-rate"},)

    def __init__(self):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # More would wait for each other longer than they work.
        self.session = onnxruntime.InferenceSession(
            make_model().SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        self.sound = np.zeros((1, 1, block + n_taps - 1), "float32")

    def process(self, inputs, outputs, params):
        self.sound[..., : n_taps - 1] = self.sound[..., -(n_taps - 1) :]
        self.sound[0, :, n_taps - 1 :] = inputs[0]
        (bent,) = self.session.run(None, {"sound": self.sound, "drive": params["drive"]})
        outputs[0][:] = bent[0]


def build(ctx):
    """Play a chord through the model; return its node."""
    model = ctx.create_processor(Amplifier, channels=1, block=block)
    for name in ("A2", "E3", "C4"):
        string = ctx.create_oscillator(type="sawtooth", frequency=ps.note(name))
        string >> ctx.create_gain(0.2) >> model
        string.start()
    model >> ctx.create_gain(0.3) >> ctx.destination
    return model


# Offline, the same in line and as fast as it goes.
offline = ps.OfflineAudioContext(channels=1, length=samplerate, sample_rate=samplerate)
sound = offline.render(build)
print(f"offline: peak {np.abs(sound).max():.2f}")

with ps.AudioContext(samplerate) as ctx:
    model = build(ctx)
    print(f"live: look-ahead {model.latency * 1000:.0f} ms")
    model.drive.linear_ramp_to_value_at_time(20, ctx.current_time + seconds)
    ctx.wait(seconds)
    print(f"live: {model.stats.blocks} blocks, {model.stats.underruns} too late")
