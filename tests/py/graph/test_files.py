# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Graphs and sound files: rendered into them, playing them, recording into them."""

import gc
import io
import os
import time

import numpy as np
import pytest

import pastream_ng as ps

RATE = 48000


def noise(frames, channels=1):
    return np.random.default_rng(1).uniform(-1, 1, (frames, channels)).astype(np.float32)


def context(length=1000, channels=1, rate=RATE, **more):
    return ps.OfflineAudioContext(channels, length, rate, **more)


def busy(ctx):
    """Something in which nothing repeats."""
    osc = ctx.create_oscillator("sawtooth", frequency=301.7)
    osc >> ctx.create_delay(0.0131) >> ctx.create_gain(0.7) >> ctx.destination
    osc.start(0.01)


# ---- Rendered into files -------------------------------------------------------------------------


@pytest.mark.parametrize("length", [1, 1000, 200_001])
def test_a_file_has_the_bits_of_what_is_rendered(tmp_path, length):
    path = tmp_path / "a.wav"
    ctx = context(length, 2)
    parts = []
    ctx.render_to(path, busy, progress=parts.append, subtype="FLOAT", tags={"title": "x"})
    assert ctx.state == "closed"
    assert parts[-1] == 1
    sound, rate = ps.read(path, always_2d=True)
    assert rate == RATE
    assert sound.tobytes() == context(length, 2).render(busy).tobytes()
    assert ps.info(path).tags["title"] == "x"


def test_stops_and_ends_come_in_files_too():
    ctx = context(300)
    one = ctx.create_constant_source(0.25)
    one >> ctx.destination
    one.start()

    @ctx.suspend(128 / RATE)
    def turn(ctx):
        one.offset = 0.5

    place = io.BytesIO()
    ctx.render_to(place, format="FLAC", subtype="PCM_24")
    place.seek(0)
    assert ps.read(place)[0][::128].tolist() == [0.25, 0.5, 0.5]


def test_what_fails_leaves_no_file(tmp_path):
    path = tmp_path / "a.flac"

    def fail(ctx):
        raise ZeroDivisionError

    ctx = context()
    ctx.suspend(256 / RATE, fail)
    with pytest.raises(ZeroDivisionError):
        ctx.render_to(path)
    assert list(tmp_path.iterdir()) == []
    assert ctx.state == "closed"
    with pytest.raises(ps.StateError, match="make a new one"):
        ctx.render_to(path)
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_kept_if_so_wished(tmp_path):
    path = tmp_path / "a.wav"
    context().render_to(path)
    with pytest.raises(FileExistsError):
        context().render_to(path, overwrite=False)
    context(500).render_to(path)
    assert ps.info(path).frames == 500


@pytest.mark.parametrize(
    ("name", "options", "pattern"),
    [
        ("a.xyz", {}, "xyz"),
        ("a.wav", {"subtype": "VORBIS"}, "subtype"),
        ("a.wav", {"quality": 7.0}, "quality"),
        ("a.wav", {"samplerate": 8000}, "samplerate"),
        ("a.wav", {"overwrite": 3}, "overwrite"),
        ("a.wav", {"build": 3}, "build"),
        ("a.wav", {"progress": 3}, "progress"),
        ("a.opus", {"rate": 44100}, "44100"),
        ("a.wav", {"rate": 44100.5}, "44100.5"),
    ],
)
def test_bad_arguments_leave_the_context_as_it_was(tmp_path, name, options, pattern):
    ctx = context(rate=options.pop("rate", RATE))
    with pytest.raises((ps.ArgumentError, ps.ArgumentTypeError), match=pattern):
        ctx.render_to(tmp_path / name, **options)
    assert (ctx.state, list(tmp_path.iterdir())) == ("suspended", [])
    ctx.render()


def test_missing_folders_are_told_before_anything_is_rendered(tmp_path):
    ctx = context()
    with pytest.raises(FileNotFoundError):
        ctx.render_to(tmp_path / "none" / "a.wav")
    assert ctx.state == "suspended"
    ctx.render_to(tmp_path / "a.wav")


# ---- Played from files ---------------------------------------------------------------------------


@pytest.fixture
def path(tmp_path):
    """A file of a ramp, whose every frame tells its number."""
    name = tmp_path / "ramp.wav"
    ramp = np.arange(200_000, dtype=np.float32) / 2**18
    ps.write(name, np.stack([ramp, -ramp], 1), RATE, subtype="FLOAT")
    return name


def played(ctx, path, **more):
    source = ctx.create_file_source(path, **more)
    source >> ctx.destination
    source.start()
    return source


def numbers(sound):
    return np.round(sound[:, 0] * 2**18).astype(int)


@pytest.mark.parametrize("quantum", [128, 1000, 16384])
def test_a_file_through_a_graph_is_the_file(path, quantum):
    ctx = context(250_000, 2, quantum=quantum)
    source = played(ctx, path)
    assert source.duration == pytest.approx(200_000 / RATE)
    assert source.path == os.fspath(path)
    sound = ctx.render()
    assert sound[:200_000].tobytes() == ps.read(path)[0].tobytes()
    assert not sound[200_000:].any()
    assert source.has_ended
    assert source.exception is None
    assert source.lost_frames == 0


def test_files_go_through_graphs_into_files(path, tmp_path):
    ctx = context(200_000, 2)
    played(ctx, path)
    ctx.render_to(tmp_path / "b.wav", subtype="FLOAT")
    assert ps.read(tmp_path / "b.wav")[0].tobytes() == ps.read(path)[0].tobytes()


def test_files_begin_loop_and_stop_when_they_are_told(path):
    ctx = context(500_000, 2)
    source = ctx.create_file_source(path, loop=True, offset=100_000 / RATE)
    source >> ctx.destination
    source.start(1000 / RATE)
    source.stop(400_000 / RATE)
    found = numbers(ctx.render())
    wanted = np.zeros(500_000, int)
    wanted[1000:400_000] = 100_000 + np.arange(399_000) % 100_000
    assert np.array_equal(found, wanted)


def test_other_rates_are_resampled(path):
    ctx = context(100_000, 2, rate=RATE / 2)
    played(ctx, path)
    sound = ctx.render()
    assert np.array_equal(sound, ps.resample(ps.read(path)[0], RATE, RATE // 2))


def test_one_can_go_to_a_frame_at_any_time(path):
    ctx = context(150_000, 2)
    source = ctx.create_file_source(path)
    source >> ctx.destination
    source.seek(50_000 / RATE)
    source.start()
    frame = 128 * 600

    @ctx.suspend(frame / RATE)
    def back(ctx):
        assert source.position == pytest.approx((50_000 + frame) / RATE)
        source.seek(7 / RATE)

    found = numbers(ctx.render())
    assert np.array_equal(found[:frame], 50_000 + np.arange(frame))
    assert np.array_equal(found[frame:], 7 + np.arange(150_000 - frame))


def test_after_the_end_of_a_file_there_is_silence(path):
    ctx = context(1000, 2)
    source = ctx.create_file_source(path)
    source >> ctx.destination
    source.seek(source.duration)
    source.start()
    assert not ctx.render().any()
    assert source.has_ended
    with pytest.raises(ps.StateError):
        source.seek(0)


def test_sources_that_nobody_holds_play_on_and_let_the_file_go(path):
    ctx = context(300_000, 2)
    played(ctx, path)
    blocks = ctx.blocks(100_000)
    gc.collect()
    assert np.array_equal(numbers(next(blocks)), np.arange(100_000))
    assert len(ctx._feeds) == 1
    next(blocks)
    next(blocks)
    assert len(ctx._feeds) == 0


def threads():
    return set(os.listdir("/proc/self/task"))


@pytest.mark.skipif(not os.path.exists("/proc/self/task"), reason="looks for threads as Linux does")
def test_readers_end_with_their_nodes_and_contexts(path):
    before = threads()
    ctx = context(1000)
    unheard = ctx.create_file_source(path)
    played(ctx, path, loop=True)
    readers = threads() - before
    assert len(readers) == 2
    del unheard
    ctx.close()
    deadline = time.monotonic() + 20
    while threads() & readers and time.monotonic() < deadline:
        time.sleep(0.005)
    assert not threads() & readers


def test_what_is_left_of_damaged_files_is_played(tmp_path):
    path = tmp_path / "a.flac"
    ps.write(path, noise(500_000), RATE)
    with open(path, "r+b") as file:
        file.truncate(os.path.getsize(path) // 2)
    wanted = ps.read(path, on_damage="ignore")[0]
    assert 0 < len(wanted) < 300_000
    ctx = context(500_000)
    played(ctx, path)
    sound = ctx.render()[:, 0]
    assert np.array_equal(sound[: len(wanted)], wanted)
    assert not sound[len(wanted) :].any()


def test_what_cannot_be_read_on_is_told(path):
    ctx = context(250_000, 2)
    source = played(ctx, path)
    source._feed._error = lambda: ps.FileFormatError("broken")
    with pytest.raises(ps.FileFormatError, match="broken"):
        ctx.render()
    assert isinstance(source.exception, ps.FileFormatError)


@pytest.mark.parametrize(
    ("arguments", "pattern"),
    [
        ({"path": 3}, "path is 3"),
        ({"loop": 0}, "loop is 0"),
        ({"loop": "yes"}, "loop"),
        ({"offset": -1}, "offset is -1"),
        ({"offset": 100}, "offset is 100"),
    ],
)
def test_bad_sources_are_refused(path, arguments, pattern):
    with pytest.raises((ps.ArgumentError, ps.ArgumentTypeError), match=pattern):
        context().create_file_source(**{"path": path, **arguments})


def test_effects_do_not_read_or_write_files(path):
    for build in (
        lambda ctx: ctx.create_file_source(path),
        lambda ctx: ctx.create_recorder(file=io.BytesIO(), format="WAV"),
    ):
        effect = ps.GraphEffect(build, sample_rate=RATE)
        with pytest.raises(ps.StateError, match="cannot read or write files"):
            effect.begin()


def test_what_is_no_file_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError):
        context().create_file_source(tmp_path / "none.wav")
    bad = tmp_path / "bad.wav"
    bad.write_bytes(b"no sound" * 100)
    with pytest.raises(ps.FileFormatError):
        context().create_file_source(bad)
    ps.write(bad, np.zeros((10, 33)), RATE)
    with pytest.raises(ps.ArgumentError, match="33 channels"):
        context().create_file_source(bad)
    ctx = context()
    ctx.close()
    with pytest.raises(ps.ClosedError):
        ctx.create_file_source(tmp_path / "bad.wav")


def test_a_live_context_plays_a_file(path):
    with ps.AudioContext(RATE, 2, device=ps.VirtualDevice("null")) as ctx:
        source = ctx.create_file_source(path, offset=190_000 / RATE)
        recorder = source >> ctx.create_recorder()
        recorder >> ctx.destination
        recorder.start()
        source.start()
        assert ctx.wait_ended(source, timeout=20)
        found = numbers(recorder.recording)
        assert source.lost_frames == 0
    first = np.argmax(found > 0)
    assert np.array_equal(found[first : first + 10_000], 190_000 + np.arange(10_000))
    assert not found[first + 10_000 :].any()


# ---- Recorded into files -------------------------------------------------------------------------


def test_nodes_are_recorded_into_files(path, tmp_path):
    ctx = context(150_001, 2)
    recorder = ctx.create_recorder(file=tmp_path / "b.wav", subtype="FLOAT")
    played(ctx, path) >> recorder
    recorder.start(1000 / RATE)
    recorder.stop(1001 / RATE)
    recorder.start(70_000 / RATE)
    ctx.render()
    found = numbers(ps.read(tmp_path / "b.wav")[0])
    assert np.array_equal(found[:80_002], [1000, *range(70_000, 150_001)])
    assert recorder.exception is None
    with pytest.raises(ps.StateError, match="into a file"):
        assert recorder.recording is None
    with pytest.raises(ps.StateError, match="into a file"):
        recorder.clear()


def test_a_file_is_complete_when_its_recorder_is_closed(path, tmp_path):
    ctx = context(150_000, 2)
    recorder = ctx.create_recorder(file=tmp_path / "b.wav", subtype="FLOAT")
    played(ctx, path) >> recorder
    recorder.start()
    blocks = ctx.blocks(12_800)
    next(blocks)
    recorder.close()
    recorder.close()
    next(blocks)
    assert np.array_equal(numbers(ps.read(tmp_path / "b.wav")[0]), np.arange(12_800))
    assert not recorder.is_recording
    with pytest.raises(ps.ClosedError, match="make a new recorder"):
        recorder.start()


def test_frames_that_are_missing_are_silence_in_files(tmp_path):
    ctx = context(1024)
    recorder = ctx.create_recorder(channels=1, file=tmp_path / "b.wav", subtype="FLOAT")
    ones = np.ones((100, 1), np.float32)
    recorder._parts = [(10, 450), (500, None)]
    recorder._keep(0, ones)
    recorder._keep(300, ones)
    recorder._keep(600, ones)
    recorder.close()
    wanted = np.zeros(700)
    wanted[:100] = wanted[300:400] = wanted[600:] = 1
    wanted = np.concatenate([wanted[10:450], wanted[500:]])
    assert np.array_equal(ps.read(tmp_path / "b.wav")[0], wanted)


class Full(io.BytesIO):
    def write(self, data):
        if self.tell() > 100_000:
            raise OSError(28, "full")
        return super().write(data)


def test_a_full_disk_ends_rendering(path):
    ctx = context(200_000, 2)
    recorder = ctx.create_recorder(file=Full(), format="WAV")
    played(ctx, path) >> recorder
    recorder.start()
    with pytest.raises(OSError, match="full"):
        ctx.render()
    assert isinstance(recorder.exception, OSError)


def test_bad_files_of_recorders_are_refused(tmp_path):
    with pytest.raises(ps.ArgumentError, match="subtype"):
        context().create_recorder(file=tmp_path / "a.wav", subtype="VORBIS")
    with pytest.raises(FileNotFoundError):
        context().create_recorder(file=tmp_path / "none" / "a.wav")
    with pytest.raises(ps.ArgumentError, match=r"8000\.5"):
        context(rate=8000.5).create_recorder(file=tmp_path / "a.wav")
    assert list(tmp_path.iterdir()) == []


def test_a_live_context_is_recorded_into_a_file(tmp_path):
    ctx = ps.AudioContext(RATE, 1, device=ps.VirtualDevice("null"))
    source = ctx.create_constant_source(0)
    source.offset.linear_ramp_to_value_at_time(1, 40)
    recorder = source >> ctx.create_recorder(channels=1, file=tmp_path / "a.wav", subtype="FLOAT")
    source.start()
    recorder.start(0.01)
    recorder.stop(0.06)
    with ctx:  # Only now does time pass.
        ctx.wait(0.08)
    sound = ps.read(tmp_path / "a.wav")[0]
    assert np.allclose(sound, np.arange(480, 2880) / (40 * RATE), rtol=1e-5)
