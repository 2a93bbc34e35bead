# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Functions in machine code, which the renderer calls: the audio thread, where a graph is heard."""

import ctypes
import gc
import os
import subprocess
import weakref

import numpy as np
import pytest
from cffi import FFI

import pastream_ng as ps

RATE = 48000
N = 2400
NOISE = np.random.default_rng(7).uniform(-1, 1, (N, 2)).astype("float32")
SOURCE = """
#include <stddef.h>
#include <pastream/process.h>

#define ARGUMENTS const float *const *inputs, float *const *outputs, \\
    const float *const *params, const pst_process_block *block, void *user

// Multiplies by the first param, and counts in user data: calls, frames, what it was told.
int32_t gain(ARGUMENTS) {
    double *seen = user;
    for (int64_t c = 0; c < block->n_output_channels; ++c)
        for (int64_t i = 0; i < block->n_frames; ++i)
            outputs[c][i] = inputs[c][i] * params[0][i];
    if (seen != NULL) {
        seen[0] += 1;
        seen[1] += (double)block->n_frames;
        seen[2] = block->rate_hz;
        seen[3] = (double)block->frame;
        seen[4] = (double)block->steady;
    }
    return PST_PROCESS_CONTINUE;
}

int32_t fail(ARGUMENTS) {
    (void)inputs; (void)outputs; (void)params; (void)user;
    return block->frame == 0 ? PST_PROCESS_CONTINUE : -1;
}

int32_t too_few(ARGUMENTS, int32_t more) {
    (void)inputs; (void)outputs; (void)params; (void)block; (void)user;
    return more;
}
"""
TYPES = (ctypes.c_void_p,) * 5
PARAMS = {"gain": {"default": 0.5, "min": 0}}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """Return a shared library with functions."""
    folder = tmp_path_factory.mktemp("compiled")
    source, library = folder / "functions.c", folder / "functions.so"
    source.write_text(SOURCE, encoding="utf-8")
    compiler = os.environ.get("CC", "cc").split()
    options = ["-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-I", ps.get_include()]
    subprocess.run([*compiler, *options, "-o", library, source], check=True)
    return library


@pytest.fixture(scope="module")
def lib(path):
    ffi = FFI()
    types = "const float *const *, float *const *, const float *const *, const void *, void *"
    for name in ("gain", "fail"):
        ffi.cdef(f"int32_t {name}({types});")
    ffi.cdef(f"int32_t too_few({types}, int32_t);")
    return ffi.dlopen(str(path))


@pytest.fixture(scope="module")
def dll(path):
    return ctypes.CDLL(path)


def of_ctypes(dll):
    function = dll.gain
    function.argtypes, function.restype = TYPES, ctypes.c_int32
    return function


def of_scipy(dll):
    return pytest.importorskip("scipy").LowLevelCallable(of_ctypes(dll))


FORMS = {
    "cffi": lambda lib, dll: lib.gain,
    "ctypes": lambda lib, dll: of_ctypes(dll),
    "scipy": lambda lib, dll: of_scipy(dll),
    "address": lambda lib, dll: ps.CompiledCallback(
        ctypes.cast(dll.gain, ctypes.c_void_p).value or 0
    ),
}


def build(ctx, function, **options):
    source = ctx.create_buffer_source(ps.AudioBuffer(NOISE, RATE))
    source.start()
    node = ctx.create_function(function, channels=2, params=PARAMS, **options)
    source >> node >> ctx.destination
    return node


def offline():
    return ps.OfflineAudioContext(2, N, RATE)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_function_runs(form, lib, dll):
    seen = np.zeros(5)
    ctx = offline()
    node = build(ctx, FORMS[form](lib, dll), userdata=seen)
    assert node.latency_frames == 0
    node.gain.set_value_at_time(2, 1000 / RATE)
    wanted = NOISE * np.where(np.arange(N) < 1000, 0.5, 2).astype("float32")[:, None]
    assert np.array_equal(ctx.render(), wanted)
    assert seen.tolist() == [19, 19 * 128, RATE, 18 * 128, 1]
    assert node.stats.blocks == 19


@pytest.mark.parametrize(("block", "latency"), [(64, 0), (1000, 992)])
def test_blocks_may_have_another_size(block, latency, lib):
    seen = np.zeros(5)
    ctx = offline()
    node = build(ctx, lib.gain, userdata=seen, block=block)
    assert node.latency_frames == latency
    out = ctx.render()
    assert np.array_equal(out[latency:], NOISE[: N - latency] * np.float32(0.5))
    assert seen[1] == seen[0] * block


def test_a_function_of_numba_runs():
    numba = pytest.importorskip("numba")

    @numba.cfunc(
        "int32(CPointer(CPointer(float32)), CPointer(CPointer(float32)), "
        "CPointer(CPointer(float32)), CPointer(int64), voidptr)"
    )
    def gain(inputs, outputs, params, block, user):
        n = block[2]
        for c in range(block[6]):
            for i in range(n):
                outputs[c][i] = inputs[c][i] * params[0][i]
        return 0

    ctx = offline()
    node = build(ctx, gain)
    node.gain = 3
    assert np.array_equal(ctx.render(), NOISE * np.float32(3))


def test_it_runs_on_the_audio_thread_and_while_python_stands_still(lib):
    seen = np.zeros(5)
    device = ps.VirtualDevice("loopback")
    with ps.AudioContext(
        RATE, 2, device=device, blocksize=128, input_channels=2, buffersize=1 << 16
    ) as ctx:
        ctx.suspend()
        node = build(ctx, lib.gain, userdata=seen)
        assert node.latency_frames == 0
        ctx.resume()
        before = ctx.current_frame
        ctypes.PyDLL(None).usleep(60_000)  # Keeps the GIL.
        assert ctx.current_frame - before >= 1200
        assert seen[1] > 1200
        assert ctx.stats.underrun_events == 0
        assert node.stats.missing_frames == 0


def test_what_a_device_gets_is_what_is_rendered_offline(lib, loopback):
    ctx = ps.AudioContext(
        RATE, 2, device=loopback, blocksize=128, input_channels=2, buffersize=1 << 16
    )
    build(ctx, lib.gain)
    take = ctx.stream.recording(N + 128, always_2d=True)
    ctx.resume()
    out = take.array(timeout=60)[128:]
    ctx.close()
    assert np.array_equal(out, NOISE * np.float32(0.5))


def test_one_that_fails_is_silent(lib):
    ctx = offline()
    ended = []
    node = build(ctx, lib.fail)
    node.on_ended = lambda: ended.append(1)
    assert not ctx.render().any()
    assert node.has_ended
    assert ended == [1]
    assert node.stats.blocks == 2


def test_what_it_needs_lives_as_long_as_it_may_be_called(lib):
    class Array(np.ndarray):
        pass

    seen = np.zeros(5).view(Array)
    alive = weakref.ref(seen)
    ctx = offline()
    build(ctx, lib.gain, userdata=seen)
    del seen
    gc.collect()
    assert alive() is not None
    ctx.render()
    del ctx
    assert alive() is None


def test_what_is_none_is_refused(lib, dll):
    ctx = offline()
    for function, text in [
        (lib.too_few, "function has the signature"),
        (1234, "function is 1234; wrap an address in CompiledCallback"),
        (FFI().NULL, "function is"),
    ]:
        with pytest.raises(ps.PastreamError, match=text):
            ctx.create_function(function)
    for options, text in [
        ({"look_ahead": 100}, "look_ahead is 100; it needs a function in Python"),
        ({"signature": "block"}, "signature is 'block'; it needs"),
        ({"userdata": 3}, "userdata is 3"),
    ]:
        with pytest.raises(ps.PastreamError, match=text):
            ctx.create_function(lib.gain, **options)
    node = ctx.create_function(lib.gain, params=PARAMS)
    with pytest.raises(ps.StateError, match="made with a compiled function"):
        node.set_process_function(np.tanh)
    with pytest.raises(ps.StateError, match="raise nothing"):
        node.on_error = print
    plain = ctx.create_function()
    with pytest.raises(ps.ArgumentTypeError, match="are given when a node is made"):
        plain.set_process_function(lib.gain)
