# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Live contexts: their states, who is told of them, and who waits for their time."""

import asyncio
import gc
import signal
import sys
import threading
import time
import weakref

import numpy as np
import pytest

import pastream_ng as ps

from ..conftest import run_python, until

pytestmark = pytest.mark.sanitize

RATE = 48000
HANG = 60
FREE = ps.VirtualDevice("null", clock="free")
WALL = ps.VirtualDevice("null")


def vanishing(after=2000, away=float("inf")):
    return ps.VirtualDevice("null", faults=[ps.Fault("vanish", after)], away=away)


def make(device=WALL, **more):
    if isinstance(device, ps.VirtualDevice) and device.faults:
        more = {"stall_after": 0.05, "lost_after": 0.1, **more}
    return ps.AudioContext(RATE, device=device, **more)


# ---- States --------------------------------------------------------------------------------------


def test_a_context_is_suspended_until_it_is_started():
    ctx = make()
    assert (ctx.state, ctx.current_time, ctx.closed) == ("suspended", 0, False)
    with ctx as same:
        assert same is ctx
        assert ctx.state == "running"
        ctx.wait(0.01)
        assert ctx.current_time >= 0.01
    assert (ctx.state, ctx.closed) == ("closed", True)


@pytest.mark.parametrize("state", ["suspended", "running", "interrupted", "closed"])
def test_every_method_is_safe_in_every_state(state):
    ctx = make(vanishing() if state == "interrupted" else WALL)
    osc = ctx.create_oscillator()
    if state != "suspended":
        ctx.resume()
    osc.start()
    if state == "interrupted":
        until(lambda: ctx.state == "interrupted")
    if state == "closed":
        ctx.close()
    assert ctx.state == state
    assert state in repr(ctx)
    assert ctx.stats.state == state
    for name in ("base_latency", "output_latency", "output_timestamp", "device", "channels"):
        getattr(ctx, name)
    ctx.reset_latency()
    if state == "closed":
        calls = (ctx.resume, ctx.suspend, ctx.create_gain, ctx.__enter__, osc.stop)
        for call in (*calls, lambda: ctx.wait(1), lambda: ctx.set_device(WALL)):
            with pytest.raises(ps.ClosedError, match="closed"):
                call()
    else:
        try:
            ctx.suspend()
        except ps.DeviceLostError:
            assert state == "interrupted"
        assert ctx.state == "suspended"
        ctx.resume()
        assert ctx.state == "running"
        ctx.resume()
        ctx.suspend()
        ctx.suspend()
    ctx.close()
    ctx.close()
    assert ctx.state == "closed"


def test_time_stands_still_while_suspended():
    with make() as ctx:
        ctx.wait(0.02)
        ctx.suspend()
        before = ctx.current_time
        assert not ctx.wait(0.01, timeout=0.05)
        assert ctx.current_time == before
        ctx.resume()
        assert ctx.wait_until(before + 0.01, timeout=HANG)


def test_what_is_wrong_is_told_before_a_device_is_opened():
    cases = [
        ({"sample_rate": 2999}, ps.ArgumentError, "sample_rate is 2999"),
        ({"channels": 33}, ps.ArgumentError, "channels is 33"),
        ({"quantum": 0}, ps.ArgumentError, "quantum is 0"),
        ({"input_channels": -1}, ps.ArgumentError, "input_channels is -1"),
        ({"device": "no such thing"}, ps.DeviceNotFoundError, "no such thing"),
        ({"latency": "interactive"}, ps.ArgumentError, "latency is 'interactive'"),
        ({"dtype": "int16"}, ps.ArgumentTypeError, "dtype"),
        ({"callback": print}, ps.ArgumentTypeError, "callback"),
        ({"buffersize": 100}, ps.ArgumentError, "input_channels"),
        ({"nonsense": 1}, ps.ArgumentTypeError, "nonsense"),
    ]
    for arguments, error, text in cases:
        with pytest.raises(error, match=text):
            ps.AudioContext(**{"device": "null", **arguments})
    ctx = make()
    other = make()
    for call in (
        lambda: ctx.wait(-1),
        lambda: ctx.wait(float("nan")),
        lambda: ctx.wait_until(-1),
        lambda: ctx.wait(1, timeout=-1),
        lambda: ctx.wait_ended(other.create_oscillator()),
    ):
        with pytest.raises(ps.ArgumentError):
            call()
    for value in (ctx, None, ctx.create_gain()):
        with pytest.raises(ps.ArgumentTypeError, match="node is"):
            ctx.wait_ended(value)
    with pytest.raises(ps.ArgumentTypeError, match="on_state_change"):
        ctx.on_state_change = 3
    with pytest.raises(ps.StateError, match="never started"):
        ctx.wait(1)
    with pytest.raises(ps.StateError, match="was not started"):
        ctx.wait_ended(ctx.create_oscillator())
    ctx.close()
    other.close()


def test_a_device_that_does_not_start_leaves_the_context_suspended():
    ctx = make(ps.VirtualDevice("null", start_error="device-busy"))
    for _ in range(2):
        with pytest.raises(ps.DeviceBusyError):
            ctx.resume()
        assert ctx.state == "suspended"
    ctx.set_device(WALL)
    ctx.resume()
    assert ctx.state == "running"
    ctx.close()


# ---- Events --------------------------------------------------------------------------------------


def test_changes_of_the_state_are_told_in_order():
    states, threads = [], set()
    ctx = make()
    ctx.on_state_change = lambda state: (states.append(state), threads.add(threading.get_ident()))
    ctx.resume()
    ctx.suspend()
    ctx.resume()
    ctx.close()
    assert states == ["running", "suspended", "running", "closed"]
    assert threading.get_ident() not in threads
    assert len(threads) == 1


def test_what_a_function_raises_is_logged(caplog):
    ctx = make()

    def fail(state):
        raise ValueError(f"told {state}")

    assert ctx.on_state_change is None
    ctx.on_state_change = fail
    assert ctx.on_state_change is fail
    ctx.resume()
    until(lambda: "told running" in caplog.text)
    ctx.on_state_change = None
    ctx.close()
    assert "told closed" not in caplog.text


def test_sources_that_end_are_told():
    ended = []
    with make(FREE) as ctx:
        osc = ctx.create_oscillator()
        osc.on_ended = lambda: ended.append(1)
        osc.start()
        osc.stop(ctx.current_time + 0.5)
        until(lambda: ended)
        assert ended == [1]
        assert osc.has_ended


def test_a_function_may_close_the_context_it_is_told_of():
    ctx = make()
    ctx.on_state_change = lambda state: ctx.close()
    ctx.resume()
    until(lambda: ctx.state == "closed")
    ctx.on_state_change = None


# ---- Waiting -------------------------------------------------------------------------------------


def test_the_end_of_a_source_is_waited_for():
    with make(FREE) as ctx:
        sources = [ctx.create_constant_source() for _ in range(3)]
        for number, source in enumerate(sources):
            source.start()
            source.stop(ctx.current_time + 0.3 * number)
        for source in reversed(sources):
            assert ctx.wait_ended(source, timeout=HANG)
            assert source.has_ended
        late = ctx.create_constant_source()
        late.start(ctx.current_time + 1e6)
        assert not ctx.wait_ended(late, timeout=0.01)


def test_a_close_ends_all_waits():
    ctx = make()
    ctx.resume()
    errors = []

    def wait():
        try:
            ctx.wait(1e6)
        except ps.ClosedError as error:
            errors.append(error)

    threads = [threading.Thread(target=wait) for _ in range(4)]
    for thread in threads:
        thread.start()
    ctx.wait(0.01)
    ctx.close()
    for thread in threads:
        thread.join(HANG)
    assert len(errors) == 4


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no such timer here")
@pytest.mark.parametrize("paused", [False, True])
def test_ctrl_c_ends_a_wait(paused):
    def interrupt(number, frame):
        raise KeyboardInterrupt

    with make() as ctx:
        if paused:
            ctx.suspend()
        before = signal.signal(signal.SIGALRM, interrupt)
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            with pytest.raises(KeyboardInterrupt):
                ctx.wait(1e6)
        finally:
            signal.signal(signal.SIGALRM, before)
        ctx.resume()
        assert ctx.wait(0.01, timeout=HANG)


def test_coroutines_wait_side_by_side():
    order = []

    async def note(ctx, number):
        await ctx.sleep_until(0.02 * number)
        assert ctx.current_time >= 0.02 * number
        order.append(number)

    async def main():
        async with make() as ctx:
            osc = ctx.create_oscillator()
            osc.start()
            osc.stop(0.05)
            await asyncio.gather(*(note(ctx, n) for n in (5, 3, 1, 2, 4)), ctx.ended(osc))
            await ctx.sleep(0.01)
            assert ctx.state == "running"
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(ctx.sleep(1e6), 0.01)
        assert ctx.state == "closed"

    asyncio.run(main())
    assert order == [1, 2, 3, 4, 5]


def test_coroutines_hear_of_states():
    async def listen(ctx):
        return [state async for state in ctx.state_changes()]

    async def main():
        ctx = make()
        with pytest.raises(ps.StateError, match="never started"):
            await ctx.sleep(1)
        listeners = [asyncio.ensure_future(listen(ctx)) for _ in range(2)]
        await asyncio.sleep(0)
        ctx.resume()
        sleeper = asyncio.ensure_future(ctx.sleep(1e6))
        await ctx.sleep(0.01)
        ctx.suspend()
        ctx.close()
        for states in await asyncio.gather(*listeners):
            assert states == ["running", "suspended", "closed"]
        with pytest.raises(ps.ClosedError):
            await sleeper

    asyncio.run(main())


# ---- Loss ----------------------------------------------------------------------------------------


def test_a_lost_device_interrupts():
    ctx = make(vanishing())
    states = []
    ctx.on_state_change = states.append
    ctx.resume()
    with pytest.raises(ps.DeviceLostError):
        ctx.wait(1e6)
    assert ctx.state == "interrupted"
    with pytest.raises(ps.StateError, match="interrupted"):
        ctx.wait(1e6)
    before = ctx.current_frame
    # The next one lives as long: it is a new device that vanishes.
    ctx.resume()
    assert ctx.state == "running"
    ctx.wait(0.01)
    assert ctx.current_frame > before
    until(lambda: ctx.state == "interrupted")
    ctx.set_device(WALL)
    assert ctx.state == "running"
    ctx.wait(0.1)
    ctx.close()
    assert states == ["running", "interrupted", "running", "interrupted", "running", "closed"]


def test_coroutines_are_told_of_a_loss():
    async def main():
        ctx = make(vanishing())
        ctx.resume()
        with pytest.raises(ps.DeviceLostError):
            await ctx.sleep(1e6)
        ctx.close()

    asyncio.run(main())


def test_a_loss_that_nobody_was_told_of_is_told_by_the_close():
    ctx = make(vanishing())
    ctx.resume()
    until(lambda: ctx.state == "interrupted")
    with pytest.raises(ps.DeviceLostError):
        ctx.close()
    assert ctx.state == "closed"
    ctx.close()


def test_a_device_that_comes_back_goes_on():
    ctx = make(vanishing(away=0.4), on_lost="reopen")
    states = []
    ctx.on_state_change = states.append
    with ctx:
        until(lambda: "interrupted" in states)
        until(lambda: ctx.state == "running")
        assert ctx.wait(0.05, timeout=HANG)
        until(lambda: states[-1] == "running")
    assert states == ["running", "interrupted", "running", "closed"]


def test_a_bad_device_leaves_the_old_one():
    with make() as ctx:
        old = ctx.stream
        with pytest.raises(ps.DeviceNotFoundError):
            ctx.set_device("no such thing")
        assert ctx.stream is old
        assert ctx.state == "running"
        ctx.set_device("loopback")
        assert ctx.device.name == "loopback"
        assert ctx.state == "running"
        assert ctx.wait(0.01, timeout=HANG)
        assert old.closed


def test_a_host_that_hangs_does_not_hold_the_context(caplog):
    device = ps.VirtualDevice("null", stop_hang=float("inf"))
    ctx = make(device, control_timeout=0.1)
    ctx.resume()
    with pytest.raises(ps.DeviceLostError, match="did not come back"):
        ctx.suspend()
    assert ctx.state == "suspended"
    # It may still call: two devices must not render one graph.
    for call in (ctx.resume, lambda: ctx.set_device(WALL)):
        with pytest.raises(ps.StateError, match="make a new one"):
            call()
    ctx.close()
    with pytest.raises(ps.DeviceLostError), make(device, control_timeout=0.1) as other:
        other.wait(0.01)
    assert other.state == "closed"
    assert "abandoned" in caplog.text


# ---- Life ----------------------------------------------------------------------------------------


def test_who_is_not_referred_to_is_closed():
    ctx = make()
    ctx.resume()
    osc = ctx.create_oscillator()
    osc >> ctx.destination
    osc.start()
    stream, gone = weakref.ref(ctx.stream), weakref.ref(ctx)
    del ctx
    assert gone() is not None  # The oscillator refers to it.
    with pytest.warns(ResourceWarning, match="unclosed <AudioContext"):
        del osc
    assert gone() is None
    until(lambda: stream() is None)


def test_functions_that_refer_to_the_context_do_not_keep_it():
    ctx = make()
    ctx.on_state_change = ctx.__eq__
    ctx.resume()
    ctx.close()
    gone = weakref.ref(ctx)
    del ctx
    gc.collect()
    assert gone() is None


def test_threads_end_with_their_contexts():
    before = threading.active_count()
    for _ in range(3):
        with make() as ctx:
            ctx.wait(0.005)
    assert threading.active_count() == before


def test_what_has_ended_is_freed_while_nobody_changes_the_graph():
    sound = np.zeros((1000, 2), "f4")
    with ps.AudioContext(48000, device="null") as ctx:
        sources = []
        for _ in range(10):
            source = ctx.create_buffer_source(sound, loop=True)
            source >> ctx.destination
            source.start()
            sources.append(source)
        with ctx.batch():
            for source in sources:
                source.stop()
        # From here on nothing is changed any more.
        ctx.wait_ended(source)
        assert len(ctx.graph.nodes) == 11
        del source, sources
        until(lambda: len(ctx.graph.nodes) == 1)


@pytest.mark.skipif(sys.platform == "win32", reason="no fork here")
def test_a_forked_child_is_told():
    code = """
import os
import pastream_ng as ps

ctx = ps.AudioContext(48000, device="null")
osc = ctx.create_oscillator()
osc >> ctx.destination
osc.start()
with ctx:
    ctx.wait(0.05)
    pid = os.fork()
    if pid == 0:
        for call in (ctx.resume, ctx.suspend, ctx.create_gain, lambda: ctx.wait(1)):
            try:
                call()
            except ps.ForkedError as error:
                assert "forked" in str(error)
            else:
                os._exit(1)
        ctx.close()
        del osc, ctx
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    ctx.wait(0.05)
"""
    run_python(code)


def test_a_program_may_end_in_the_middle():
    code = """
import pastream_ng as ps

ctx = ps.AudioContext(48000, device="null")
osc = ctx.create_oscillator()
osc >> ctx.destination
osc.start()
ctx.on_state_change = print
ctx.resume()
ctx.wait(0.02)
"""
    done = run_python(code, check=False)
    assert done.returncode == 0
    assert "unclosed <AudioContext" in done.stderr or done.stderr == ""


def test_many_threads_control_one_context():
    ctx = make()
    errors, never = [], []

    def work(number):
        try:
            for turn in range(12):
                call = (ctx.resume, ctx.suspend, lambda: ctx.wait(0.001, timeout=0.002))
                try:
                    call[(number + turn) % 3]()
                except ps.StateError:
                    never.append(turn)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(HANG)
    assert not errors
    assert len(never) < 48  # What waits before the first start.
    ctx.resume()
    assert ctx.state == "running"
    ctx.close()


def test_the_clock_of_a_context_and_that_of_its_sound():
    with make() as ctx:
        ctx.wait(0.05)
        stamp = ctx.output_timestamp
        assert 0 <= stamp.context_time <= ctx.current_time
        assert stamp.performance_time <= time.monotonic()
        assert ctx.base_latency in (0.0, 128 / RATE)
        stats = ctx.stats
        assert stats.current_time <= ctx.current_time
        assert stats.total_duration > 0
        assert stats.blocks > 0
        assert stats.minimum_latency <= stats.average_latency <= stats.maximum_latency
        assert 0 <= stats.cpu_load <= stats.max_cpu_load or stats.max_cpu_load == 0
    with make(blocksize=256, quantum=128) as ctx:
        assert ctx.base_latency == 0
