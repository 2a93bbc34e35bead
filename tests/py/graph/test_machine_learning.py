# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What frameworks of machine learning get: the same memory, and models that run on live audio."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import pastream_ng as ps

RATE = 8192
EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "onnx_on_live_audio.py"


class Numpy:
    """NumPy, where there is no framework."""

    @staticmethod
    def address(tensor):
        return tensor.ctypes.data

    @staticmethod
    def take(value):
        return np.from_dlpack(value)


class Torch:
    """PyTorch."""

    @staticmethod
    def address(tensor):
        return tensor.data_ptr()

    @staticmethod
    def take(value):
        return pytest.importorskip("torch").from_dlpack(value)


class TensorFlow:
    """TensorFlow: tensors are never written to."""

    @staticmethod
    def address(tensor):
        return np.asarray(memoryview(tensor)).ctypes.data

    @staticmethod
    def take(value):
        tensorflow = pytest.importorskip("tensorflow")
        return tensorflow.experimental.dlpack.from_dlpack(value.__dlpack__())


class Jax:
    """JAX: arrays are never written to. It copies what does not begin at a multiple of 64 bytes."""

    @staticmethod
    def address(tensor):
        return tensor.unsafe_buffer_pointer()

    @staticmethod
    def take(value):
        jax = pytest.importorskip("jax")
        if isinstance(value, np.ndarray) and value.ctypes.data % 64:
            assert np.array_equal(jax.dlpack.from_dlpack(value), value)
            pytest.skip("JAX copies this memory")
        return jax.dlpack.from_dlpack(value)


FRAMEWORKS = pytest.mark.parametrize("framework", [Numpy, Torch])
ALL_FRAMEWORKS = pytest.mark.parametrize("framework", [Numpy, Torch, TensorFlow, Jax])


@ALL_FRAMEWORKS
def test_channels_of_buffers_are_tensors_without_a_copy(framework):
    sound = np.random.default_rng(1).uniform(-1, 1, (100, 2)).astype("float32")
    buffer = ps.AudioBuffer(sound, RATE)
    for i in range(2):
        channel = buffer.get_channel_data(i)
        tensor = framework.take(channel)
        assert framework.address(tensor) == channel.ctypes.data
        assert np.array_equal(np.asarray(tensor), sound[:, i])


@ALL_FRAMEWORKS
def test_buffers_of_one_channel_are_tensors_without_a_copy(framework):
    buffer = ps.AudioBuffer(np.arange(100, dtype="float32")[:, None], RATE)
    tensor = framework.take(buffer)
    assert tuple(tensor.shape) == (100, 1)
    assert framework.address(tensor) == buffer.get_channel_data(0).ctypes.data


@FRAMEWORKS
def test_buffers_are_tensors_without_a_copy(framework):
    sound = np.random.default_rng(1).uniform(-1, 1, (100, 2)).astype("float32")
    buffer = ps.AudioBuffer(sound, RATE)
    tensor = framework.take(buffer)
    assert tuple(tensor.shape) == (100, 2)
    assert np.array_equal(np.asarray(tensor), sound)
    assert framework.address(tensor) == buffer.get_channel_data(0).ctypes.data


@ALL_FRAMEWORKS
def test_chunks_are_tensors_without_a_copy(framework):
    device = ps.VirtualDevice("loopback", clock="free", input="counter")
    for chunk in ps.chunks(64, frames=128, channels=1, samplerate=RATE, device=device):
        tensor = framework.take(chunk)
        assert framework.address(tensor) == chunk.ctypes.data
        assert tuple(tensor.shape) == chunk.shape


@FRAMEWORKS
def test_the_blocks_of_functions_are_tensors_without_a_copy(framework):
    seen = []

    def double(inputs, outputs, params):
        tensor = framework.take(outputs[0])
        seen.append(framework.address(tensor) == outputs[0].ctypes.data)
        tensor[:] = 2

    ctx = ps.OfflineAudioContext(2, 256, RATE)
    ctx.create_function(double, channels=2) >> ctx.destination
    assert (ctx.render() == 2).all()
    assert seen == [True, True]


def test_a_model_runs_on_live_audio():
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    pytest.importorskip("onnx", reason="onnx is not installed")
    done = subprocess.run(
        [sys.executable, EXAMPLE, "0.5"],
        env={**os.environ, "PASTREAM_DEVICE": "loopback"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    peak, ahead, blocks = done.stdout.splitlines()
    assert float(peak.split()[-1]) > 0.1
    assert "look-ahead" in ahead
    assert int(blocks.split()[1]) >= 40
