# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Wrong options of the calls that play, record and mix: the argument is named as it was given."""

import math

import numpy as np
import pytest

import pastream_ng as ps

VALUE, TYPE = ps.ArgumentError, ps.ArgumentTypeError
# What Python itself would take for true or false, or would not know what to take for.
NO_FLAGS = [None, "", "no", 2, -1, 1.0, math.nan, [], [1], {}, np.zeros(0), np.zeros(2), object()]
FREE = ps.VirtualDevice(clock="free")


def short(value):
    """Return a name for a case that is the same in every process."""
    return f"{value!r:.12}"


@pytest.fixture(scope="module")
def stream():
    with ps.DuplexStream(FREE, 48000, channels=1) as stream:
        yield stream


@pytest.fixture(scope="module")
def mixer():
    with ps.Mixer("loopback", 48000, channels=1) as mixer:
        yield mixer


def refused(call, argument, value, error=(VALUE, TYPE)):
    with pytest.raises(error) as caught:
        call(value)
    assert str(caught.value).startswith(f"{argument} is "), str(caught.value)


@pytest.mark.parametrize("value", NO_FLAGS, ids=short)
def test_flags_are_true_or_false(stream, mixer, value):
    tone = np.zeros(10, "float32")

    def one_of(call, **given):
        for argument in given:
            refused(lambda v, a=argument: call(**{**given, a: v}), argument, value, TYPE)

    one_of(lambda **kw: stream.play(tone, **kw), loop=False, blocking=False)
    one_of(lambda **kw: stream.record(10, **kw), always_2d=False, atleast_2d=False, blocking=False)
    one_of(lambda **kw: stream.playrec(tone, **kw), always_2d=False, loop=False, blocking=False)
    one_of(lambda **kw: stream.chunks(8, **kw), always_2d=False, copy=True, with_info=False)
    one_of(lambda **kw: stream.set_source(tone, **kw), loop=False)
    one_of(lambda **kw: stream.recording(10, **kw), always_2d=False, retrigger=False)
    one_of(lambda **kw: mixer.play(tone, **kw), allow_belated=True)
    one_of(lambda **kw: mixer.fade(1, 1, **kw), allow_belated=True)
    one_of(lambda **kw: ps.play(tone, device=FREE, **kw), blocking=False)
    one_of(lambda **kw: ps.rec(10, device=FREE, **kw), blocking=False)
    one_of(lambda **kw: ps.chunks(8, device=FREE, **kw), always_2d=False, atleast_2d=False, copy=1)
    one_of(lambda **kw: ps.OutputStream("loopback", **kw), keep_nonfinite=False)
    assert stream.stopped
    assert not mixer.voices


@pytest.mark.parametrize("value", [0, 1, True, np.True_])
def test_zero_and_one_are_flags_too(stream, value):
    taken = stream.record(4, always_2d=value, blocking=1)
    assert taken.shape == ((4, 1) if value else (4,))


@pytest.mark.parametrize("value", [10**400, -(10**400)], ids=["huge", "-huge"])
def test_numbers_beyond_floats(stream, value):
    if value > 0:
        assert stream.wait(timeout=value)
    else:
        refused(lambda v: stream.wait(timeout=v), "timeout", value, VALUE)
    refused(lambda v: stream.recording(trigger=v), "trigger", value, VALUE)


@pytest.mark.parametrize("value", [None, 1j, object(), {"a": 1}], ids=short)
def test_what_is_played_and_recorded_has_the_name_of_its_argument(stream, value):
    refused(stream.set_source, "source", value) if value is not None else None
    refused(stream.play, "playback", value)
    refused(stream.playrec, "playback", value)
    if value is not None:
        refused(lambda v: stream.record(out=v), "out", value)
        refused(stream.set_sink, "sink", value)
        refused(lambda v: ps.chunks(8, playback=v, device=FREE), "playback", value)


@pytest.mark.parametrize("value", [0, "", {}, np.zeros(0), np.zeros(2), object()], ids=short)
def test_arguments_of_functions(stream, value):
    for target in (lambda s, r: None, np.zeros(10, "float32")):
        for call in (stream.set_source, stream.set_sink):
            refused(lambda v, c=call, t=target: c(t, args=v), "args", value, TYPE)
            if not isinstance(value, dict):
                refused(lambda v, c=call, t=target: c(t, kwargs=v), "kwargs", value, TYPE)


@pytest.mark.parametrize("value", [math.nan, -1, "long", None, True, 2**63, np.zeros(2)], ids=short)
def test_lengths_and_gains_of_the_mixer(mixer, value):
    tone = np.zeros(10, "float32")
    voice = mixer.play(tone, loop=True)
    refused(lambda v: mixer.crossfade(voice, tone, v), "duration", value)
    refused(lambda v: mixer.crossfade(voice, tone, 1, loop_crossfade=v), "loop_crossfade", value)
    refused(lambda v: setattr(mixer, "gain", v), "gain", value)
    refused(lambda v: setattr(voice, "gain", v), "gain", value)
    refused(voice.seek, "position", value)
    voice.stop()


def test_a_place_outside_the_data_is_told_in_the_unit_that_was_given(mixer):
    voice = mixer.play(np.zeros(10, "float32"))
    with pytest.raises(VALUE, match=r"position is 1\.5, that is frame 72000; data has 10 frames"):
        voice.seek(1.5)
    voice.stop()


@pytest.mark.parametrize("value", [np.zeros(0), np.array(["low", "high"])], ids=short)
def test_arrays_are_no_words(value):
    refused(lambda v: ps.InputStream("loopback", latency=v), "latency", value, TYPE)
    refused(
        lambda v: ps.InputStream("loopback", device_samplerate=v), "device_samplerate", value, TYPE
    )
    refused(lambda v: setattr(ps.default, "latency", v), "default.latency", value, TYPE)
    refused(lambda v: ps.VirtualDevice(kind=v), "kind", value)
    refused(lambda v: ps.CoreAudioSettings(conversion_quality=v), "conversion_quality", value)
    with ps.InputStream("loopback") as stream:
        refused(lambda v: stream.recording(gaps=v), "gaps", value)


@pytest.mark.parametrize("value", [None, 1, math.nan, object()], ids=short)
def test_faults_are_a_sequence(value):
    refused(lambda v: ps.VirtualDevice(faults=v), "faults", value, TYPE)


@pytest.mark.parametrize("value", [None, 1.5, -1, 2**40, "x", []], ids=short)
def test_flags_of_callbacks(value):
    refused(ps.CallbackFlags, "flags", value)
    if value != 2**40:
        refused(lambda v: ps.CallbackFlags(lost_frames=v), "lost_frames", value)
        refused(lambda v: ps.CallbackFlags(missing_frames=v), "missing_frames", value)


def test_pairs_of_defaults_are_named():
    for name in ("device", "channels", "dtype", "latency", "extra_settings"):
        refused(lambda v, n=name: setattr(ps.default, n, v), f"default.{name}", (1, 2, 3), VALUE)


@pytest.mark.parametrize("value", [[], {}, np.zeros(0), np.zeros(2), "both", 1], ids=short)
def test_words_of_files_and_clocks(stream, tmp_path, value):
    path = tmp_path / "a.wav"
    refused(lambda v: ps.SoundFile(path, v), "mode", value)
    refused(lambda v: stream.to_file(path, v), "mode", value)
    with ps.InputStream(FREE, channels=1) as source:
        source.start()
        source.read(8, timeout=5)
        refused(lambda v: source.clock.time_of(0, v), "side", value)
        refused(lambda v: source.clock.frame_at(0, v), "side", value)


@pytest.mark.parametrize("value", [-1, 2**31, 2**64, -(2**40)])
def test_numbers_that_are_no_file_descriptors(value):
    refused(ps.OutputStream.from_file, "file", value, VALUE)


@pytest.mark.parametrize("value", ["yes", None, np.zeros(2)], ids=short)
def test_loops_of_file_streams(tmp_path, value):
    path = tmp_path / "a.wav"
    with ps.SoundFile(path, "w", 48000, 1) as file:
        file.write(np.zeros(10, "float32"))
    refused(lambda v: ps.SoundFileOutputStream(path, device=FREE, loop=v), "loop", value, TYPE)
    refused(
        lambda v: ps.SoundFileDuplexStream(None, path, device=FREE, loop=v), "loop", value, TYPE
    )


def test_bytes_that_are_no_whole_frames_in_the_classic_stream(monkeypatch):
    monkeypatch.setenv("PASTREAM_DEVICE", "loopback")
    stream = ps.Stream(48000, 64)
    try:
        with pytest.raises(VALUE, match=r"data has 2 bytes; it must be a multiple of a frame's"):
            stream.write(b"ab")
        refused(lambda v: stream.read(1, raw=v), "raw", "yes", TYPE)
    finally:
        stream.close()


def held():
    """Return arrays with references to Python objects in their memory."""
    return [
        np.array([None] * 4, dtype=object),
        np.zeros(2, [("a", "f8"), ("b", object)]),
        memoryview(np.array([None] * 4, dtype=object)),
    ]


@pytest.mark.parametrize("memory", held(), ids=["object", "field", "view"])
def test_references_to_objects_are_never_overwritten_or_copied(stream, memory):
    ring = ps.RingBuffer(8, 64)
    ring.write(bytes(range(64)))
    calls = [
        ("buffer", lambda: ps.RingBuffer(8, buffer=memory)),
        ("data", lambda: ring.readinto(memory)),
        ("data", lambda: ring.write(memory)),
        ("data", lambda: stream.readinto(memory)),
    ]
    if isinstance(memory, memoryview):
        calls.append(("data", lambda: stream.write(memory)))
        calls.append(("out", lambda: stream.record(out=memory)))
        calls.append(("playback", lambda: stream.play(memory)))
    for name, call in calls:
        with pytest.raises(TYPE, match=f"{name} holds Python objects"):
            call()
    assert np.asarray(memory).tolist() in ([None] * 4, [(0.0, 0)] * 2)


def test_names_of_fields_are_not_taken_for_objects():
    ring = ps.RingBuffer(16, 64)
    assert ring.write(np.zeros(2, [("O", "f8"), ("FOO", "f8")])) == 2


def test_memory_that_has_no_format_is_refused():
    ring = ps.RingBuffer(8, 64)
    refused(ring.write, "data", np.zeros(2, "M8[s]"), TYPE)


@pytest.mark.parametrize("value", [1.0, 1e6], ids=["slow", "fast"])
def test_rates_that_are_too_far_apart(value):
    refused(
        lambda v: ps.InputStream("loopback", 2000 if v > 1 else 48000, device_samplerate=v),
        "device_samplerate",
        value,
        VALUE,
    )


def test_what_play_refuses_is_told_in_its_own_words():
    with pytest.raises(TYPE, match=r"^callback is no argument of Mixer: "):
        ps.play(np.zeros(10), 48000, device=FREE, callback=print)
