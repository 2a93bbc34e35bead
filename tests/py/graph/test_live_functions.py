# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Python functions in graphs that are heard: latency, what is late, what fails, and the end."""

import ctypes
import gc
import threading
import weakref

import numpy as np
import pytest

import pastream_ng as ps

from ..conftest import until

RATE = 48000
BLOCK = 128
STEP = 40 * RATE  # Frames until the ramp is at 1.


def live(**more):
    device = ps.VirtualDevice("loopback")  # With the clock of the wall.
    return ps.AudioContext(
        RATE, 2, device=device, blocksize=BLOCK, input_channels=2, buffersize=1 << 16, **more
    )


def ramp(ctx):
    """Return a source whose frames tell their numbers."""
    source = ctx.create_constant_source(0)
    source.offset.linear_ramp_to_value_at_time(1, 40)
    source.start()
    return source


def heard(ctx, frames, meanwhile=lambda: None):
    """Start a context; return what is heard from its first frame on."""
    take = ctx.stream.recording(frames + BLOCK, always_2d=True)
    ctx.resume()
    meanwhile()
    return take.array(timeout=60)[BLOCK:]


def numbers(sound):
    """Return the frame numbers that values of the ramp tell."""
    return np.rint(sound.astype(float) * STEP).astype(int)


def workers():
    return sum(thread.name == "pastream function" for thread in threading.enumerate())


@pytest.mark.parametrize(
    ("block", "look_ahead", "latency"),
    [(None, 4800, 4800), (1024, 0.25, 12000), (100, 4801, 4801)],
)
def test_what_is_heard_is_as_late_as_told(block, look_ahead, latency):
    ctx = live()
    node = ctx.create_function(lambda x: x * 1, block=block, look_ahead=look_ahead)
    assert node.latency_frames == latency
    split = ctx.create_channel_merger(2)
    source = ramp(ctx)
    source >> split[0]
    source >> node >> split[1]
    split >> ctx.destination
    out = heard(ctx, latency + 9600)
    stats = node.stats
    ctx.close()
    dry, wet = out.T
    # Whatever the machine was doing meanwhile: a frame is right, or it was counted as missing.
    frames = np.arange(len(out))
    assert np.array_equal(numbers(dry), frames)
    assert not wet[:latency].any()
    is_missing = (wet == 0) & (frames > latency)
    assert np.array_equal(wet[~is_missing][latency:], dry[:-latency][~is_missing[latency:]])
    assert is_missing.sum() <= stats.missing_frames
    if stats.underruns == 0:
        assert not is_missing.any()


def test_sound_goes_on_while_python_stands_still():
    ctx = live()
    node = ctx.create_function(np.copy, signature="block", look_ahead=1024, underrun="bypass")
    late = ctx.create_function(np.copy, signature="block", look_ahead=1024)
    merge = ctx.create_channel_merger(2)
    source = ramp(ctx)
    source >> merge[0]
    source >> node >> merge[1]
    source >> late
    late >> ctx.create_gain(0) >> ctx.destination
    merge >> ctx.destination

    def stand_still():
        until(lambda: ctx.current_frame > 4800)
        ctypes.PyDLL(None).usleep(200_000)  # Keeps the GIL.

    dry, wet = heard(ctx, 24000, stand_still).T
    assert node.stats.underruns >= 1
    assert node.stats.missing_frames > 0
    assert late.stats.lost_blocks > 0
    assert ctx.stats.underrun_events == 0
    ctx.close()
    assert np.array_equal(numbers(dry), np.arange(24000))
    # The bypass is as late, so that nothing is to be heard of it.
    assert np.array_equal(wet[1024:], dry[:-1024])


def test_the_default_look_ahead_has_time_for_python():
    with live() as ctx:
        node = ctx.create_function(lambda block: None)
        assert node.latency >= 0.03
        assert ctx.create_function(lambda block: None, block=2048).latency_frames >= 4 * 2048
        with pytest.raises(ps.ArgumentError, match="look_ahead is 100; blocks of 1024 frames"):
            ctx.create_function(lambda block: None, block=1024, look_ahead=100)


def test_an_exception_is_raised_by_wait_and_the_node_is_silent():
    error = KeyError("mine")

    def fail(block):
        raise error

    ctx = live()
    node = ctx.create_function(fail)
    ramp(ctx) >> node >> ctx.destination
    ctx.resume()
    with pytest.raises(KeyError) as raised:
        ctx.wait(30)
    assert raised.value is error
    assert [entry.name for entry in raised.traceback][-1] == "fail"
    ctx.wait_ended(node)
    ctx.wait(0.01)  # Once is enough.
    ctx.close()


def test_an_exception_is_raised_by_close():
    def fail(block):
        raise KeyError("mine")

    ctx = live()
    node = ctx.create_function(fail)
    node >> ctx.destination
    with pytest.raises(KeyError, match="mine"), ctx:
        until(lambda: node.has_ended)
    assert ctx.closed
    ctx.close()


def test_a_handler_takes_the_exception():
    errors = []

    def fail(block):
        raise KeyError("mine")

    with live() as ctx:
        node = ctx.create_function(fail)
        node.on_error = errors.append
        node >> ctx.destination
        ctx.wait_ended(node)
        until(lambda: errors)
    assert isinstance(errors[0], KeyError)


def test_the_seeds_example_plays():
    with ps.AudioContext(device="loopback") as ctx:
        func = ctx.create_function(channels=1)

        def process_audio(channel, buffer):
            samples = np.array(buffer)
            processed = np.sin(samples * np.pi * 2)
            buffer[:] = processed

        func.set_process_function(process_audio)
        func >> ctx.destination
        func.start()
        ctx.wait(0.2)
        assert func.stats.blocks > 10


def test_a_processor_plays():
    class Count(ps.AudioProcessor):
        def process(self, inputs, outputs, params):
            outputs[0][:] = self.current_frame + 1

    with live() as ctx:
        node = ctx.create_processor(Count, inputs=0)
        node >> ctx.destination
        until(lambda: node.stats.blocks > 3)
        assert node.processor.current_frame > 0


def test_threads_end_with_their_nodes_and_contexts():
    until(lambda: workers() == 0)  # Those of other tests.
    with live() as ctx:
        node = ctx.create_function(lambda block: None, inputs=0)
        other = ctx.create_function(lambda block: None)
        other >> ctx.destination
        assert workers() == 2
        del node  # Nobody hears it.
        ctx.create_gain().gain = 1
        ctx.wait(0.02)
        ctx.create_gain()
        until(lambda: workers() == 1)
        ctx.create_function(lambda block: None)
    until(lambda: workers() == 0)


def test_a_close_does_not_wait_for_a_function_for_ever():
    begun, go = threading.Event(), threading.Event()

    def hang(block):
        begun.set()
        go.wait(30)

    ctx = live()
    ctx.create_function(hang) >> ctx.destination
    ctx.resume()
    assert begun.wait(30)
    ctx.close()
    assert not go.is_set()
    go.set()


def test_what_a_function_refers_to_does_not_keep_the_context():
    class Patch:
        def __call__(self, block):
            block *= 2

    function = Patch()
    alive = weakref.ref(function)
    ctx = ps.AudioContext(RATE, 1, device=ps.VirtualDevice("null"))
    ctx.create_function(function) >> ctx.destination
    ctx.resume()
    del function
    gc.collect()
    assert alive() is not None
    context = weakref.ref(ctx)
    with pytest.warns(ResourceWarning, match="unclosed"):
        del ctx
    assert context() is None
    until(lambda: alive() is None)
