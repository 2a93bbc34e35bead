# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Callbacks in machine code: they run on the audio thread, and what is not one is refused."""

import ctypes
import gc
import os
import subprocess
import weakref

import numpy as np
import pytest
from cffi import FFI

import pastream_ng as ps

from .conftest import counted, run_python, until

SOURCE = """
#include <string.h>
#include <pastream/callback.h>

#define ARGUMENTS const void *input, void *output, int64_t n_frames, \\
    const pst_callback_time *time, uint32_t flags, void *user

// Passes one channel of int16 on, and counts in user data: calls, frames, last frame number.
int32_t pass_on(ARGUMENTS) {
    int64_t *seen = user;
    if (input != NULL && output != NULL)
        memcpy(output, input, (size_t)n_frames * 2);
    if (seen != NULL) {
        ++seen[0];
        seen[1] += n_frames;
        seen[2] = time->frame;
    }
    return flags == 77 ? 9 : PST_CALLBACK_CONTINUE;
}

// Plays 1, 2, 3, and so on in int16; returns user[1] in the call in which frame user[0] is reached.
int32_t count_up(ARGUMENTS) {
    const int64_t *end = user;
    int16_t *to = output;
    (void)input;
    (void)flags;
    for (int64_t i = 0; i < n_frames && to != NULL; ++i)
        to[i] = (int16_t)(time->frame + i + 1);
    return time->frame + n_frames >= end[0] ? (int32_t)end[1] : 0;
}

// Doubles what the ring has given, one channel of float32.
int32_t twice(ARGUMENTS) {
    float *at = output;
    (void)input; (void)time; (void)flags; (void)user;
    for (int64_t i = 0; i < n_frames; ++i)
        at[i] *= 2.0f;
    return 0;
}

// Loops until user[0] is set, once frame user[1] is reached.
int32_t run_away(ARGUMENTS) {
    volatile int64_t *free = user;
    (void)input; (void)output; (void)n_frames; (void)flags;
    while (time->frame >= free[1] && free[0] == 0)
        continue;
    return 0;
}

int32_t too_few(const void *input, void *output, int64_t n_frames) {
    return input == output && n_frames > 0;
}
"""
DECLARED = "(const void *, void *, int64_t, const void *, uint32_t, void *)"
TYPES = (
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.c_int64,
    ctypes.c_void_p,
    ctypes.c_uint32,
    ctypes.c_void_p,
)
WALL = ps.VirtualDevice("loopback")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """Return a shared library with callbacks."""
    folder = tmp_path_factory.mktemp("compiled")
    source, library = folder / "callbacks.c", folder / "callbacks.so"
    source.write_text(SOURCE, encoding="utf-8")
    compiler = os.environ.get("CC", "cc").split()
    options = ["-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-I", ps.get_include()]
    subprocess.run([*compiler, *options, "-o", library, source], check=True)
    return library


@pytest.fixture(scope="module")
def ffi():
    made = FFI()
    for name in ("pass_on", "count_up", "twice", "run_away"):
        made.cdef(f"int32_t {name}{DECLARED};")
    made.cdef("int32_t too_few(const void *, void *, int64_t);")
    return made


@pytest.fixture(scope="module")
def lib(ffi, path):
    return ffi.dlopen(str(path))


@pytest.fixture
def dll(path):
    return ctypes.CDLL(path)


def of_ctypes(dll, name):
    function = getattr(dll, name)
    function.argtypes, function.restype = TYPES, ctypes.c_int32
    return function


def of_scipy(dll, name, user=None):
    scipy = pytest.importorskip("scipy")
    data = None if user is None else user.ctypes.data_as(ctypes.c_void_p)
    return scipy.LowLevelCallable(of_ctypes(dll, name), data)


FORMS = {
    "cffi": lambda ffi, lib, dll: lib.pass_on,
    "ctypes": lambda ffi, lib, dll: of_ctypes(dll, "pass_on"),
    "undeclared": lambda ffi, lib, dll: dll.pass_on,
    "prototype": lambda ffi, lib, dll: ctypes.CFUNCTYPE(ctypes.c_int32, *TYPES)(("pass_on", dll)),
    "scipy": lambda ffi, lib, dll: of_scipy(dll, "pass_on"),
    "address": lambda ffi, lib, dll: ps.CompiledCallback(int(ffi.cast("intptr_t", lib.pass_on))),
}


# ---- They run ------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_function_runs(form, ffi, lib, dll):
    seen = np.zeros(3, "int64")
    device = ps.VirtualDevice(clock="free", input="counter")
    with ps.DuplexStream(
        device, 48000, 1, "int16", 64, callback=FORMS[form](ffi, lib, dll), userdata=seen
    ) as stream:
        stream.start()
        until(lambda: seen[0] > 20)
        stream.stop()
        assert stream.exception is None
        assert seen[1] == seen[0] * 64 == stream.stats.frames
        assert seen[2] == seen[1] - 64
        count = seen[0]
    assert seen[0] == count


def test_a_function_of_numba_runs():
    numba = pytest.importorskip("numba")

    @numba.cfunc(
        "int32(CPointer(float32), CPointer(float32), int64, CPointer(float64), uint32, "
        "CPointer(float32))"
    )
    def gain(indata, outdata, frames, time, flags, user):
        for i in range(frames):
            outdata[i] = indata[i] * user[0]
        user[1] = time[3]
        return 0

    user = np.array([4.0, 0.0], "float32")
    device = ps.VirtualDevice("loopback", clock="free", input="counter")
    with ps.DuplexStream(device, 44100, 1, blocksize=64, callback=gain, userdata=user) as stream:
        stream.start()
        until(lambda: user[1] == 44100)


def test_output_is_exact_and_complete_ends_the_run(lib):
    end = np.array([640, 1], "int64")
    device = ps.VirtualDevice("loopback", clock="free")
    with ps.DuplexStream(
        device, 48000, 1, "int16", 64, callback=lib.count_up, userdata=end, buffersize=4096
    ) as stream:
        heard = stream.chunks(64, frames=576)
        blocks = list(heard)
        assert stream.wait(30)
    # The loopback's own delay is one block.
    assert np.array_equal(np.concatenate(blocks)[64:], np.arange(1, 513))


@pytest.mark.parametrize(("result", "state"), [(1, "FINISHED"), (2, "ABORTED"), (5, "ABORTED")])
@pytest.mark.parametrize("kind", [ps.InputStream, ps.OutputStream, ps.DuplexStream])
def test_its_result_ends_the_run(result, state, kind, lib, loopback):
    end = np.array([640, result], "int64")
    with kind(loopback, 48000, 1, "int16", 64, callback=lib.count_up, userdata=end) as stream:
        for _ in range(2):
            stream.start()
            assert stream.wait(30)
            assert stream.state.name == state
            assert stream.stats.frames == 640
            assert stream.exception is None


def test_it_runs_while_python_holds_the_gil(lib):
    seen = np.zeros(3, "int64")
    with ps.OutputStream(
        WALL, 48000, 1, "int16", 64, callback=lib.pass_on, userdata=seen
    ) as stream:
        stream.start()
        until(lambda: seen[0] > 0)
        sleep = ctypes.PyDLL(None).usleep  # Keeps the GIL.
        before = int(seen[0])
        sleep(300_000)
        during = int(seen[0]) - before
    # A function that needed the GIL could run once or twice beside the call.
    assert during > 10


def test_it_can_process_what_is_played(lib):
    device = ps.VirtualDevice("loopback", clock="free")
    data = counted("float32", 512)
    take = ps.playrec(data, 48000, 1, device=device, blocksize=64, callback=lib.twice)
    assert np.array_equal(take[64:], 2 * data[:-64])


# ---- Rings, memory -------------------------------------------------------------------------------


def test_rings_are_there_if_asked_for(lib, loopback):
    with ps.DuplexStream(loopback, 48000, 1, "int16", 64, callback=lib.pass_on) as stream:
        for name in ("input", "output"):
            with pytest.raises(ps.StateError, match=f"the stream has no {name} ring: only its"):
                getattr(stream, f"{name}_ring")
        sound = np.zeros((10, 1), "int16")
        for call in (
            lambda: next(iter(stream.chunks(64))),
            lambda: stream.read(10),
            lambda: stream.record(10),
            lambda: stream.recording(10),
            lambda: stream.reader(),
            lambda: stream.set_sink(sound),
        ):
            with pytest.raises(ps.StateError, match="no input ring"):
                call()
        for call in (
            lambda: stream.write(sound),
            lambda: stream.drain(),
            lambda: stream.play(sound),
            lambda: stream.playrec(sound),
            lambda: stream.set_source(sound),
        ):
            with pytest.raises(ps.StateError, match="no output ring"):
                call()
        assert stream.stats.callbacks == 0
        stream.start()
        stream.stop()
        assert stream.callback_latency == 0
    with ps.DuplexStream(
        loopback, 48000, 1, "int16", 64, buffersize=1024, callback=lib.pass_on
    ) as stream:
        assert len(stream.input_ring) >= 1024
        assert len(stream.output_ring) >= 1024


def test_user_data_lives_as_long_as_the_stream(lib):
    seen = np.zeros(3, "int64")
    reference = weakref.ref(seen)
    stream = ps.OutputStream(WALL, 48000, 1, "int16", 64, callback=lib.pass_on, userdata=seen)
    del seen
    gc.collect()
    stream.start()
    until(lambda: reference()[0] > 5)
    stream.close()
    assert reference() is not None
    dead = weakref.ref(stream)
    del stream
    assert dead() is None
    assert reference() is None


@pytest.mark.filterwarnings("ignore:unclosed")
def test_a_dropped_stream_does_not_call_into_freed_memory(lib):
    seen = np.zeros(3, "int64")
    stream = ps.OutputStream(WALL, 48000, 1, "int16", 64, callback=lib.pass_on, userdata=seen)
    stream.start()
    until(lambda: seen[0] > 5)
    del stream
    count = seen[0]
    assert count == seen[0]  # Dropping has closed it.


@pytest.mark.parametrize("form", ["array", "bytearray", "cffi pointer", "ctypes", "pointer"])
def test_user_data_comes_in_many_forms(form, ffi, lib, loopback):
    memory, numbers = (ctypes.c_int64 * 3)(), np.zeros(3, "int64")
    raw, cdata = bytearray(24), ffi.new("int64_t[3]")
    data, count = {
        "array": (numbers, lambda: numbers[0]),
        "bytearray": (raw, lambda: raw[0]),
        "cffi pointer": (cdata, lambda: cdata[0]),
        "ctypes": (memory, lambda: memory[0]),
        "pointer": (ctypes.pointer(memory), lambda: memory[0]),
    }[form]
    with ps.OutputStream(loopback, 48000, 1, callback=lib.pass_on, userdata=data) as stream:
        stream.start()
        until(lambda: count() > 0)


def test_user_data_of_a_low_level_callable(dll, lib, loopback):
    seen = np.zeros(3, "int64")
    callback = of_scipy(dll, "pass_on", seen)
    with ps.OutputStream(loopback, 48000, 1, callback=callback) as stream:
        stream.start()
        until(lambda: seen[0] > 0)
    with pytest.raises(ps.ArgumentError, match="user data of its own"):
        ps.OutputStream(loopback, callback=callback, userdata=seen)


def test_user_data_as_an_address(ffi, lib, loopback):
    seen = np.zeros(3, "int64")
    address = int(ffi.cast("intptr_t", lib.pass_on))
    callback = ps.CompiledCallback(address, user_data=seen.ctypes.data, keep=seen)
    assert (callback.address, callback.user_address) == (address, seen.ctypes.data)
    with ps.OutputStream(loopback, 48000, 1, callback=callback) as stream:
        stream.start()
        until(lambda: seen[0] > 0)


def test_the_program_may_end_while_it_runs(path):
    code = """
import ctypes, sys, time
import pastream_ng as ps
seen = (ctypes.c_int64 * 3)()
function = ctypes.CDLL(sys.argv[1]).pass_on
stream = ps.DuplexStream("loopback", 48000, 1, "int16", 16, callback=function, userdata=seen)
stream.start()
while seen[0] < 30:
    time.sleep(0.001)
print("end")
"""
    assert run_python(code, path).stdout == "end\n"


def test_it_goes_on_when_the_device_comes_back(lib):
    device = ps.VirtualDevice(faults=[ps.Fault("vanish", 2400)], away=0.1)
    seen = np.zeros(3, "int64")
    options = {"stall_after": 0.05, "lost_after": 0.1, "on_lost": "reopen", "userdata": seen}
    with ps.DuplexStream(device, 48000, 1, "int16", 64, callback=lib.pass_on, **options) as stream:
        stream.start()
        until(lambda: stream.stats.lost_frames > 0)
        count = int(seen[0])
        until(lambda: seen[0] > count + 50)
        assert stream.active
    count = int(seen[0])
    assert seen[0] == count


# ---- What is refused -----------------------------------------------------------------------------


def refused(callback, text, **options):
    with pytest.raises(ps.ArgumentTypeError, match=text):
        ps.DuplexStream("loopback", callback=callback, **options)


def test_functions_that_take_the_gil_are_refused(ffi):
    python = lambda *_: 0  # noqa: E731
    text = "calls Python and so would make the audio thread wait"
    refused(ffi.callback(f"int32_t{DECLARED}", python), text)
    prototype = ctypes.CFUNCTYPE(ctypes.c_int32, *TYPES)
    refused(prototype(python), text)
    refused(ctypes.cast(prototype(python), prototype), text)
    refused(ctypes.pythonapi.Py_IncRef, text)


def test_wrong_signatures_are_refused(ffi, lib, dll):
    text = "callback has the signature .*; on the audio thread it must have int32_t"
    refused(lib.too_few, text)
    wrong = of_ctypes(dll, "pass_on")
    for number, kind in [(0, ctypes.c_int64), (2, ctypes.c_int32), (2, ctypes.c_double)]:
        wrong.argtypes = (*TYPES[:number], kind, *TYPES[number + 1 :])
        refused(wrong, text)
    wrong.argtypes, wrong.restype = TYPES, None
    refused(wrong, text)


def test_wrong_signatures_of_scipy_and_numba_are_refused(dll):
    text = "callback has the signature"
    scipy = pytest.importorskip("scipy")
    wrong = dll.pass_on
    wrong.argtypes, wrong.restype = (ctypes.c_double, ctypes.c_void_p), ctypes.c_double
    refused(scipy.LowLevelCallable(wrong), text)
    numba = pytest.importorskip("numba")
    refused(numba.cfunc("float64(float64)")(lambda x: x), text)


def test_what_is_no_function_is_refused(ffi, lib):
    refused(ffi.new("int[3]"), "ffi.addressof")
    refused(5, "wrap an address in CompiledCallback")
    from pastream_ng._native import lib as api_mode

    refused(api_mode.pst_now_ns, r'give ffi.addressof\(lib, "pst_now_ns"\)')
    null = ffi.cast(f"int32_t(*){DECLARED}", 0)
    with pytest.raises(ps.ArgumentError, match="not NULL"):
        ps.OutputStream("loopback", callback=null)


@pytest.mark.parametrize("data", [5, "text", 1.5, object(), np.zeros((4, 4))[:, ::2]])
def test_wrong_user_data_is_refused(data, lib):
    refused(lib.pass_on, "userdata is", userdata=data)


def test_wrong_combinations_are_refused(lib):
    with pytest.raises(ps.ArgumentError, match="this one runs on the audio thread"):
        ps.OutputStream("loopback", callback=lib.pass_on, callback_latency=64)
    with pytest.raises(ps.ArgumentError, match="it needs a compiled callback"):
        ps.OutputStream("loopback", callback=lambda *_: None, userdata=np.zeros(3))
    with pytest.raises(ps.ArgumentError, match="it needs a compiled callback"):
        ps.OutputStream("loopback", userdata=np.zeros(3))


@pytest.mark.parametrize(
    ("address", "error"),
    [
        (0, ps.ArgumentError),
        (-1, ps.ArgumentError),
        (2**64, ps.ArgumentError),
        (1.0, ps.ArgumentTypeError),
        (None, ps.ArgumentTypeError),
        (True, ps.ArgumentTypeError),
    ],
)
def test_wrong_addresses_are_refused(address, error):
    with pytest.raises(error, match="address"):
        ps.CompiledCallback(address)
    if address != 0 and address is not None:
        with pytest.raises((ps.ArgumentError, ps.ArgumentTypeError), match="user_data"):
            ps.CompiledCallback(1, user_data=address)


# ---- R10: it runs away ---------------------------------------------------------------------------


def test_R10_a_function_that_does_not_return_is_a_lost_stream(lib):
    user = np.array([0, 4800], dtype="int64")
    stream = ps.OutputStream(
        WALL, 48000, 1, callback=lib.run_away, userdata=user, control_timeout=0.3
    )
    try:
        stream.start()
        until(lambda: stream.state == ps.StreamState.LOST)
        with pytest.raises(ps.DeviceLostError):
            stream.close()
        assert stream.closed
        # The rest of the program goes on.
        assert ps.rec(100, device=ps.VirtualDevice(clock="free")).shape == (100, 2)
    finally:
        user[0] = 1
