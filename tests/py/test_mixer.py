# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Mixers and voices on virtual devices; what they play is heard to the bit through a loopback."""

import asyncio
import gc
import signal
import threading
import time
import weakref

import numpy as np
import pytest

import pastream_ng as ps

from .conftest import run_python

BLOCK = 16
RAMP = np.arange(1, 1001, dtype="float32") / 1024


@pytest.fixture
def mixer(loopback):
    """A mixer whose output comes back as input one block later."""
    with ps.DuplexMixer(loopback, 48000, channels=1, blocksize=BLOCK) as stream:
        yield stream


@pytest.fixture
def live():
    """A mixer that runs in real time."""
    with ps.Mixer(ps.VirtualDevice("null"), 48000, channels=2, blocksize=64) as stream:
        stream.start()
        yield stream


def heard(mixer, frames):
    """Start the mixer and return what is heard from frame 0 on."""
    mixer.start()
    return mixer.read(frames + BLOCK, always_2d=True)[BLOCK:]


# ---- Starts --------------------------------------------------------------------------------------


@pytest.mark.sanitize
@pytest.mark.parametrize("at", [0, 1, 15, 16, 17, 333])
def test_a_start_is_exact_to_the_frame(mixer, at):
    voice = mixer.play(RAMP[:100], at=at)
    wanted = np.zeros(500, "float32")
    wanted[at : at + 100] = RAMP[:100]
    assert np.array_equal(heard(mixer, 500)[:, 0], wanted)
    assert voice.status.started == at
    assert voice.state == ps.VoiceState.FINISHED


def test_voices_are_summed(mixer):
    wanted = np.zeros(300, "float32")
    for number in range(20):
        mixer.play(RAMP[:100] / 32, at=7 * number)
        wanted[7 * number : 7 * number + 100] += RAMP[:100] / 32
    assert len(mixer.voices) == 20
    assert np.array_equal(heard(mixer, 300)[:, 0], wanted)
    assert mixer.voices == []


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "float16", "float32", "float64"])
def test_samples_of_all_kinds_are_kept(mixer, dtype):
    if np.dtype(dtype).kind == "f":
        data = ((np.arange(256) - 128) / 256).astype(dtype)
        wanted = data.astype("float32")
    else:
        info = np.iinfo(dtype)
        data = np.linspace(info.min, info.max, 256).astype(dtype)
        half = (info.max - info.min + 1) / 2
        wanted = ((data.astype("float64") - (half if info.min == 0 else 0)) / half).astype(
            "float32"
        )
    mixer.play(data)
    assert np.array_equal(heard(mixer, 256)[:, 0], wanted)


def test_wide_integers_keep_24_bits(mixer):
    data = np.array([2**31 - 1, -(2**31), 2**30 + 1, 12345 << 8], "int32")
    mixer.play(data)
    assert np.array_equal(heard(mixer, 4)[:, 0], (data / 2.0**31).astype("float32"))


def test_a_start_by_the_clock(loopback):
    with ps.Mixer(ps.VirtualDevice("null"), 48000, channels=1, blocksize=64) as mixer:
        mixer.start()
        first = mixer.play(np.zeros(100), time=mixer.time + 0.05)
        second = mixer.play(np.zeros(100), time=mixer.time + 0.05)
        assert mixer.wait(30)
        started = [first.status.started, second.status.started]
        assert first.status.late_frames == 0
        # Within what the two calls took; the frames are those of 50 ms and the latency.
        assert started[1] - started[0] >= 0
        assert started[0] > 0


def test_late_starts(live):
    live.play(np.zeros(4800)).wait(30)
    late = live.play(np.zeros(10), at=100)
    assert late.wait(30)
    assert late.state == ps.VoiceState.FINISHED
    assert late.status.late_frames >= 4700
    never = live.play(np.zeros(10), at=100, allow_belated=False)
    assert never.wait(30)
    assert never.state == ps.VoiceState.LATE
    assert never.status.played_frames == 0
    assert never.status.started is None


# ---- Gains and channels --------------------------------------------------------------------------


def curve(name, a, b, x):
    if name == "linear":
        return a + (b - a) * x
    if name == "equal-power":
        return np.hypot(a * np.cos(x * np.pi / 2), b * np.sin(x * np.pi / 2))
    return max(a, 1e-5) * (max(b, 1e-5) / max(a, 1e-5)) ** x


@pytest.mark.parametrize("name", ["linear", "equal-power", "exponential"])
def test_fades(mixer, name):
    voice = mixer.play(np.full(600, 0.5), fade_in=100, curve=name, gain=0.75)
    voice.fade(0.25, 150, at=200, curve=name)
    voice.cancel(80, at=450, curve=name)
    x = np.arange(600)
    wanted = np.where(x < 100, curve(name, 0, 1, x / 100), 1.0)
    wanted *= np.where(x < 200, 0.75, 0.25)
    moving = (x >= 200) & (x < 350)
    wanted[moving] = curve(name, 0.75, 0.25, (x[moving] - 200) / 150)
    wanted[450:530] *= curve(name, 1, 0, np.arange(80) / 80)
    wanted[530:] = 0
    np.testing.assert_allclose(heard(mixer, 600)[:, 0], 0.5 * wanted, atol=1e-6)
    assert voice.state == ps.VoiceState.CANCELLED
    assert voice.status.played_frames == 530


def test_seconds_are_as_good_as_frames(mixer):
    voice = mixer.play(np.ones(4800), fade_in=0.01, start=0.02, loop=(0.03, 0.05), repeats=1)
    voice.fade(0.5, 0.001, at=960)
    out = heard(mixer, 6000)[:, 0]
    assert out[240] == 0.5
    assert (out[480:961] == 1).all()
    assert (out[1008:4800] == 0.5).all()
    assert voice.status.played_frames == 4800 - 960 + 960
    assert voice.status.repeats == 1


def test_the_mixers_own_gain(mixer):
    mixer.play(np.ones(400))
    mixer.fade(0.5, 100, at=50)
    wanted = np.interp(np.arange(400), [50, 150], [1, 0.5])
    np.testing.assert_allclose(heard(mixer, 400)[:, 0], wanted, atol=1e-6)
    assert mixer.gain == 0.5


def test_channels_are_mapped(loopback):
    stereo = np.stack([RAMP[:50], -RAMP[:50]], axis=1)
    matrix = [[1, 0], [0, 0.5], [0.25, 0.25]]
    for data, mapping, wanted in (
        (RAMP[:50], None, np.stack([RAMP[:50]] * 3, axis=1)),
        (RAMP[:50], [2], np.stack([0 * RAMP[:50], RAMP[:50], 0 * RAMP[:50]], axis=1)),
        (RAMP[:50], [3, 1], np.stack([RAMP[:50], 0 * RAMP[:50], RAMP[:50]], axis=1)),
        (stereo, [3, 2], np.stack([0 * RAMP[:50], -RAMP[:50], RAMP[:50]], axis=1)),
        (stereo, [1, 1], np.stack([0 * RAMP[:50]] * 3, axis=1)),
        (stereo, matrix, stereo @ np.array(matrix, "float32").T),
        (stereo, np.array(matrix), stereo @ np.array(matrix, "float32").T),
    ):
        with ps.DuplexMixer(loopback, 48000, channels=3, blocksize=BLOCK) as mixer:
            mixer.play(data, mapping=mapping)
            np.testing.assert_allclose(heard(mixer, 50), wanted, atol=1e-7)


# ---- Loops, seek, pause --------------------------------------------------------------------------


def test_loops_and_repeats(mixer):
    voice = mixer.play(RAMP[:30], loop=(10, 20), repeats=2, start=5)
    wanted = np.concatenate([RAMP[5:20], RAMP[10:20], RAMP[10:30]])
    assert np.array_equal(heard(mixer, 60)[:, 0], np.pad(wanted, (0, 60 - len(wanted))))
    assert voice.status.repeats == 2


def test_repeats_without_a_loop_repeat_everything(mixer):
    mixer.play(RAMP[:7], repeats=3)
    assert np.array_equal(heard(mixer, 28)[:, 0], np.tile(RAMP[:7], 4))


def test_a_loop_is_ended(mixer):
    voice = mixer.play(RAMP[:10], loop=True)
    voice.set_loop(False, at=25)
    assert np.array_equal(heard(mixer, 40)[:, 0], np.pad(np.tile(RAMP[:10], 3), (0, 10)))
    assert voice.state == ps.VoiceState.FINISHED


def test_the_crossfade_of_a_loop_is_seamless(mixer):
    """A sine whose loop is cut anywhere has no jump with a crossfade, and has one without."""
    tone = np.sin(np.arange(4000) * 0.05).astype("float32") / 2
    mixer.play(tone, loop=(1000, 1777), crossfade=200)
    out = heard(mixer, 6000)[:, 0]
    steps = np.abs(np.diff(out, 2))
    assert steps.max() < 0.006
    cut = np.concatenate([tone[:1777], tone[1000:1777]])
    assert np.abs(np.diff(cut, 2)).max() > 0.1


def test_seek_and_pause(mixer):
    voice = mixer.play(RAMP[:200])
    voice.seek(100, at=10)
    voice.pause(at=20)
    voice.resume(at=50)
    voice.seek(190, at=60)
    wanted = np.concatenate([RAMP[:10], RAMP[100:110], np.zeros(30), RAMP[110:120], RAMP[190:200]])
    assert np.array_equal(heard(mixer, 100)[:, 0], np.pad(wanted, (0, 100 - len(wanted))))
    assert voice.position == 200


def test_a_paused_voice_is_paused(live):
    voice = live.play(np.zeros(48000), loop=True)
    voice.pause(0.001)
    while voice.state != ps.VoiceState.PAUSED:
        time.sleep(0.001)
    before = voice.position
    time.sleep(0.01)
    assert voice.position == before
    assert voice.active
    voice.resume(0.001)
    while voice.position == before:
        time.sleep(0.001)
    assert voice.state == ps.VoiceState.PLAYING


def test_crossfade_of_two_voices(mixer):
    old = mixer.play(np.full(50, 0.5), loop=True)
    new = mixer.crossfade(old, np.full(300, 0.25), 100, at=75)
    x = np.clip((np.arange(300) - 75) / 100, 0, 1)
    wanted = 0.5 * np.cos(x * np.pi / 2) + 0.25 * np.sin(x * np.pi / 2)
    np.testing.assert_allclose(heard(mixer, 300)[:, 0], wanted, atol=1e-6)
    assert old.state == ps.VoiceState.CANCELLED
    assert new.status.started == 75


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


def test_voices_are_the_handles_that_were_given(live):
    first = live.play(np.zeros(100), loop=True)
    live.play(np.zeros(100), loop=True)
    voices = live.voices
    assert voices[0] is first
    assert len(voices) == 2
    for voice in voices:
        assert voice.mixer is live
        voice.stop()
    assert live.wait(30)
    assert live.voices == []


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


def test_calls_within_calls_of_the_same_thread(live):
    """Finalizers and signal handlers play and stop in the middle of anything."""
    finalized = []

    class Thing:
        def __del__(self):
            finalized.append(live.play(np.zeros(64)))
            live.voices[0].fade(0.5, 10)

    live.play(np.zeros(64), loop=True)
    threshold = gc.get_threshold()
    gc.set_threshold(20)
    try:
        for _ in range(300):
            thing = Thing()
            thing.me = thing
            del thing
            live.play(np.zeros(64))
    finally:
        gc.set_threshold(*threshold)
    gc.collect()
    assert len(finalized) == 300
    live.voices[0].stop()
    assert live.wait(30)


def test_wait_sees_the_end_of_the_mixer(live):
    voice = live.play(np.zeros(100), loop=True)
    assert not voice.wait(0)
    assert not voice.wait(0.01)
    assert not live.wait(0.01)
    threading.Timer(0.05, live.stop).start()
    with pytest.raises(ps.StateError, match="does not run"):
        voice.wait(30)
    with pytest.raises(ps.StateError, match="does not run"):
        live.wait(30)
    live.start()
    threading.Timer(0.05, live.close).start()
    assert voice.wait(30)
    assert voice.state == ps.VoiceState.CANCELLED
    voice.stop()
    with pytest.raises(ps.ClosedError):
        live.play(np.zeros(10))


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


def test_wait_can_be_interrupted(live):
    voice = live.play(np.zeros(100), loop=True)
    timer = threading.Timer(0.05, signal.raise_signal, [signal.SIGINT])
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        voice.wait()
    timer.join()


def test_many_tasks_await_their_voices(live):
    async def main():
        voices = [live.play(np.zeros(480 + 48 * n)) for n in range(20)]
        assert not await voices[-1].finished(0)
        done = await asyncio.gather(*(voice.finished() for voice in voices))
        assert all(done)
        last = live.play(np.zeros(480))
        await live.aio.finished()
        assert not last.active

    asyncio.run(main())


def test_voices_from_many_threads(live):
    errors = []

    def work():
        try:
            for number in range(30):
                voice = live.play(np.zeros(200), loop=number % 2 == 0)
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
    assert live.wait(30)


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
        (lambda m, v: v.seek(101), ps.ArgumentError, "seek_frame is 101"),
        (lambda m, v: v.seek(-1), ps.ArgumentError, "position is -1"),
        (lambda m, v: v.pause(at="x"), ps.ArgumentTypeError, "at is 'x'"),
        (lambda m, v: v.set_loop((0, 200)), ps.ArgumentError, "data has 100 frames"),
        (lambda m, v: v.wait(-1), ps.ArgumentError, "timeout is -1"),
        (lambda m, v: setattr(v, "gain", "loud"), ps.ArgumentTypeError, "to is 'loud'"),
        (
            lambda m, v: ps.Mixer("null", dtype="int16"),
            ps.ArgumentTypeError,
            "dtype is no argument",
        ),
        (lambda m, v: ps.Mixer("null", callback=print), ps.ArgumentTypeError, "callback"),
        (lambda m, v: ps.Mixer("null", colour=1), ps.ArgumentTypeError, "colour is no argument"),
        (
            lambda m, v: ps.DuplexMixer("loopback", dtype=("int16", "int16")),
            ps.ArgumentError,
            "output is float32",
        ),
    ],
)
def test_what_is_refused(live, call, error, words):
    voice = live.play(ZEROS, loop=True)
    with pytest.raises(error, match=words):
        call(live, voice)
    assert live.voices == [voice]


def test_a_voice_of_another_mixer_is_refused(live):
    with ps.Mixer("null", 48000, 2) as other:
        voice = other.play(ZEROS)
        with pytest.raises(ps.ArgumentError, match="another mixer"):
            live.crossfade(voice, ZEROS, 10)
