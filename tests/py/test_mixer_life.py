# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The life of mixers and voices: waits, threads, tasks, errors, and what is refused."""

import asyncio
import gc
import signal
import threading
import weakref

import numpy as np
import pytest

import pastream_ng as ps

from .conftest import heard, run_python

BLOCK = 16
RAMP = np.arange(1, 1001, dtype="float32") / 1024


# ---- Life ----------------------------------------------------------------------------------------


def test_dropped_handles_play_on_and_data_lives_as_long(mixer):
    data = RAMP[:500].copy()
    reference = weakref.ref(data)
    mixer.play(data, at=100)
    del data
    gc.collect()
    assert reference() is not None
    assert np.array_equal(heard(mixer, 600)[100:, 0], RAMP[:500])
    assert mixer.voices == []
    assert reference() is None


def test_voices_are_the_handles_that_were_given(live_mixer):
    first = live_mixer.play(np.zeros(100), loop=True)
    live_mixer.play(np.zeros(100), loop=True)
    voices = live_mixer.voices
    assert voices[0] is first
    assert len(voices) == 2
    for voice in voices:
        assert voice.mixer is live_mixer
        voice.stop()
    assert live_mixer.wait(30)
    assert live_mixer.voices == []


def test_a_new_run_goes_on(loopback):
    long = np.arange(1, 8193, dtype="float32") / 8192
    with ps.DuplexMixer(loopback, 48000, 1, blocksize=BLOCK, buffersize=64) as mixer:
        voice = mixer.play(long, at=4)
        later = mixer.play(np.ones(10), at=6000)
        mixer.start()
        assert np.array_equal(mixer.read(100)[BLOCK + 4 :], long[: 100 - BLOCK - 4])
        mixer.stop()
        position = voice.position
        assert 80 <= position < 6000
        wanted = np.zeros(8192, "float32")
        wanted[: 8192 - position] = long[position:]
        wanted[6000:6010] += 1
        assert np.array_equal(heard(mixer, 8192)[:, 0], wanted)
        assert later.status.started == 6000


def test_calls_within_calls_of_the_same_thread(live_mixer):
    """Finalizers and signal handlers play and stop in the middle of anything."""
    finalized = []

    class Thing:
        def __del__(self):
            finalized.append(live_mixer.play(np.zeros(64)))
            live_mixer.voices[0].fade(0.5, 10)

    live_mixer.play(np.zeros(64), loop=True)
    threshold = gc.get_threshold()
    gc.set_threshold(20)
    try:
        for _ in range(300):
            thing = Thing()
            thing.me = thing
            del thing
            live_mixer.play(np.zeros(64))
    finally:
        gc.set_threshold(*threshold)
    gc.collect()
    assert len(finalized) == 300
    live_mixer.voices[0].stop()
    assert live_mixer.wait(30)


@pytest.mark.parametrize(("frames", "pad"), [(960, 0), (640, 320), (960, -1)])
def test_a_run_of_a_given_length(frames, pad):
    with ps.Mixer("null", 48000, 1, 64) as mixer:
        mixer.frames, mixer.pad = frames, pad
        voice = mixer.play(np.zeros(48000))
        mixer.start()
        with pytest.raises(ps.StateError, match="does not run"):
            mixer.wait(30)
        assert mixer.finished
        assert mixer.frame_count == voice.position == 960


def test_a_recording_hears_the_voices(loopback):
    with ps.DuplexMixer(loopback, 48000, 1, blocksize=BLOCK) as mixer:
        mixer.play(RAMP[:200], at=10)
        take = mixer.record(300, blocking=True)
    assert np.array_equal(take[BLOCK + 10 : BLOCK + 210], RAMP[:200])


def test_the_event_loop_is_told_what_a_mixer_has_not(live_mixer):
    async def write():
        await live_mixer.aio.write([0.0])

    with pytest.raises(AttributeError, match="none that plays what is written"):
        asyncio.run(write())


def test_wait_sees_the_end_of_the_mixer(live_mixer):
    voice = live_mixer.play(np.zeros(100), loop=True)
    assert not voice.wait(0)
    assert not voice.wait(0.01)
    assert not live_mixer.wait(0.01)
    threading.Timer(0.05, live_mixer.stop).start()
    with pytest.raises(ps.StateError, match="does not run"):
        voice.wait(30)
    with pytest.raises(ps.StateError, match="does not run"):
        live_mixer.wait(30)
    live_mixer.start()
    threading.Timer(0.05, live_mixer.close).start()
    assert voice.wait(30)
    assert voice.state == ps.VoiceState.CANCELLED
    voice.stop()
    with pytest.raises(ps.ClosedError):
        live_mixer.play(np.zeros(10))


def test_wait_sees_a_lost_device():
    device = ps.VirtualDevice("null", faults=[ps.Fault("vanish", 960)])
    with ps.Mixer(device, 48000, 1, 96, stall_after=0.05, lost_after=0.1) as mixer:
        voice = mixer.play(np.zeros(48000))
        mixer.start()
        with pytest.raises(ps.DeviceLostError):
            voice.wait(30)
        with pytest.raises(ps.StateError, match="does not run"):
            mixer.wait(30)


def test_voices_outlive_an_outage_of_the_device():
    device = ps.VirtualDevice("null", faults=[ps.Fault("dead", at=640)], away=0.05)
    options = {"on_lost": "reopen", "stall_after": 0.05, "lost_after": 0.1}
    with ps.Mixer(device, 48000, 1, 64, **options) as mixer:
        voice = mixer.play(np.zeros(4800))
        later = mixer.play(np.zeros(100), at=1000)
        mixer.start()
        assert mixer.wait(30)
        assert voice.state == later.state == ps.VoiceState.FINISHED
        assert voice.status.played_frames == 4800
        # Frames go on over the outage, so what was to start within it is late.
        assert later.status.started == 1000 + later.status.late_frames
        assert mixer.stats.lost_frames > 0


def test_a_sound_that_could_not_start_is_not_heard_later(monkeypatch):
    first = ps.play(np.zeros(10), 48000, device="null", blocking=True)

    def fail(self):
        raise ps.DeviceBusyError("somebody else has it")

    with monkeypatch.context() as patch:
        patch.setattr(type(first.mixer), "start", fail)
        with pytest.raises(ps.DeviceBusyError):
            ps.play(np.zeros(4800), 48000, device="null", loop=True)
    left = first.mixer.voices
    ps.play(np.zeros(10), 48000, device="null", blocking=True)
    assert [voice.status.played_frames for voice in left] == [0] * len(left)
    assert not any(voice.active for voice in left)


def test_wait_can_be_interrupted(live_mixer):
    voice = live_mixer.play(np.zeros(100), loop=True)
    timer = threading.Timer(0.05, signal.raise_signal, [signal.SIGINT])
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        voice.wait()
    timer.join()


def test_many_tasks_await_their_voices(live_mixer):
    async def main():
        voices = [live_mixer.play(np.zeros(480 + 48 * n)) for n in range(20)]
        assert not await voices[-1].finished(0)
        done = await asyncio.gather(*(voice.finished() for voice in voices))
        assert all(done)
        last = live_mixer.play(np.zeros(480))
        await live_mixer.aio.finished()
        assert not last.active

    asyncio.run(main())


def test_voices_from_many_threads(live_mixer):
    errors = []

    def work():
        try:
            for number in range(30):
                voice = live_mixer.play(np.zeros(200), loop=number % 2 == 0)
                voice.fade(0.5, 10)
                voice.stop(20)
                assert voice.wait(30)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert live_mixer.wait(30)


def test_a_mixer_dies_with_its_last_reference():
    mixer = ps.Mixer(ps.VirtualDevice("null"), 48000, channels=1)
    voice = mixer.play(np.zeros(100), loop=True)
    mixer.start()
    reference = weakref.ref(mixer)
    gc.disable()
    try:
        with pytest.warns(ResourceWarning, match="unclosed"):
            del mixer, voice
        assert reference() is None
    finally:
        gc.enable()


def test_a_forked_child_is_told():
    code = """
import os, pastream_ng as ps
mixer = ps.Mixer(ps.VirtualDevice("null"), 48000, channels=1)
voice = mixer.play([0.0] * 100, loop=True)
mixer.start()
pid = os.fork()
if pid == 0:
    refused = 0
    for call in (lambda: mixer.play([0.0]), lambda: voice.stop(), lambda: voice.wait(0.1)):
        try:
            call()
        except ps.ForkedError:
            refused += 1
    del mixer, voice
    os._exit(refused)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 3
voice.stop()
assert voice.wait(30)
mixer.close()
"""
    run_python(
        code.replace(
            "import os",
            "import warnings; warnings.simplefilter('ignore', DeprecationWarning)\nimport os",
            1,
        )
    )


def test_an_exit_with_playing_voices_is_clean():
    run_python(
        "import pastream_ng as ps; ps.play([0.0] * 1000, loop=True, device='null'); "
        "m = ps.Mixer('null', 48000, 1); m.play([0.0] * 9, loop=True); m.start(); m._warns = False"
    )


# ---- What is refused -----------------------------------------------------------------------------

ZEROS = np.zeros(100)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda m, v: m.play(np.zeros((5, 3))), ps.ArgumentError, "data has 3 channels; .* have 2"),
        (lambda m, v: m.play([]), ps.ArgumentError, "nothing to play"),
        (lambda m, v: m.play(ZEROS, at=-1), ps.ArgumentError, "at is -1"),
        (lambda m, v: m.play(ZEROS, at=1.5), ps.ArgumentTypeError, "at is 1.5"),
        (lambda m, v: m.play(ZEROS, time="now"), ps.ArgumentTypeError, "time is 'now'"),
        (lambda m, v: m.play(ZEROS, at=1, time=1.0), ps.ArgumentError, "at is 1 and time is 1.0"),
        (lambda m, v: m.play(ZEROS, gain=-1), ps.ArgumentError, "gain is -1"),
        (lambda m, v: m.play(ZEROS, gain=float("nan")), ps.ArgumentError, "gain is nan"),
        (lambda m, v: m.play(ZEROS, fade_in=-1), ps.ArgumentError, "fade_in is -1"),
        (lambda m, v: m.play(ZEROS, fade_in=-1.0), ps.ArgumentError, "fade_in is -1.0"),
        (lambda m, v: m.play(ZEROS, fade_in="x"), ps.ArgumentTypeError, "fade_in is 'x'"),
        (lambda m, v: m.play(ZEROS, curve="round"), ps.ArgumentError, "curve is 'round'.*linear"),
        (lambda m, v: m.play(ZEROS, loop=5), ps.ArgumentTypeError, "loop is 5"),
        (lambda m, v: m.play(ZEROS, loop=(1, 2, 3)), ps.ArgumentError, "loop is"),
        (lambda m, v: m.play(ZEROS, loop=(5, 5)), ps.ArgumentError, "behind its start"),
        (lambda m, v: m.play(ZEROS, loop=(0, 101)), ps.ArgumentError, "data has 100 frames"),
        (lambda m, v: m.play(ZEROS, loop=(100, None)), ps.ArgumentError, "loop is"),
        (lambda m, v: m.play(ZEROS, repeats=-1), ps.ArgumentError, "repeats is -1"),
        (
            lambda m, v: m.play(ZEROS, loop=True, crossfade=51),
            ps.ArgumentError,
            "crossfade is 51.*50 at most",
        ),
        (lambda m, v: m.play(ZEROS, start=100), ps.ArgumentError, "start is 100 frames"),
        (lambda m, v: m.play(ZEROS, mapping=[3]), ps.ArgumentError, "mapping needs channel 3"),
        (lambda m, v: m.play(ZEROS, mapping=[]), ps.ArgumentError, "mapping is"),
        (
            lambda m, v: m.play(ZEROS, mapping=[[1]]),
            ps.ArgumentError,
            r"mapping has shape \(1, 1\)",
        ),
        (
            lambda m, v: m.play(ZEROS, mapping=[[1], [np.inf]]),
            ps.ArgumentError,
            r"mapping\[1\]\[0\] is inf",
        ),
        (lambda m, v: m.play(ZEROS, mapping=[["a"], ["b"]]), ps.ArgumentTypeError, "mapping"),
        (lambda m, v: m.crossfade(None, ZEROS, 5), ps.ArgumentTypeError, "old is of type NoneType"),
        (lambda m, v: v.fade(-1, 5), ps.ArgumentError, "to is -1"),
        (lambda m, v: v.fade(1, None), ps.ArgumentTypeError, "duration is None"),
        (lambda m, v: v.seek(101), ps.ArgumentError, "position is 101"),
        (lambda m, v: v.seek(-1), ps.ArgumentError, "position is -1"),
        (lambda m, v: v.pause(at="x"), ps.ArgumentTypeError, "at is 'x'"),
        (lambda m, v: v.set_loop((0, 200)), ps.ArgumentError, "data has 100 frames"),
        (lambda m, v: v.wait(-1), ps.ArgumentError, "timeout is -1"),
        (lambda m, v: setattr(v, "gain", "loud"), ps.ArgumentTypeError, "gain is .loud."),
        (
            lambda m, v: ps.Mixer("null", dtype="int16"),
            ps.ArgumentTypeError,
            "dtype is no argument",
        ),
        (lambda m, v: ps.Mixer("null", callback=print), ps.ArgumentTypeError, "callback"),
        (lambda m, v: ps.Mixer("null", writer=print), ps.ArgumentTypeError, "writer"),
        (lambda m, v: ps.Mixer("null", colour=1), ps.ArgumentTypeError, "colour is no argument"),
        (
            lambda m, v: ps.DuplexMixer("loopback", dtype=("int16", "int16")),
            ps.ArgumentError,
            "output is float32",
        ),
    ],
)
def test_what_is_refused(live_mixer, call, error, words):
    voice = live_mixer.play(ZEROS, loop=True)
    with pytest.raises(error, match=words):
        call(live_mixer, voice)
    assert live_mixer.voices == [voice]


def test_a_voice_of_another_mixer_is_refused(live_mixer):
    with ps.Mixer("null", 48000, 2) as other:
        voice = other.play(ZEROS)
        with pytest.raises(ps.ArgumentError, match="another mixer"):
            live_mixer.crossfade(voice, ZEROS, 10)
