# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Panners that hear as ears do."""

import os

import numpy as np
import pytest

import pastream_ng as ps

RATE = 44100
FRAMES = 2048


def has_head():
    return ps.hrtf_file() is not None and os.access(ps.hrtf_file(), os.R_OK)


needs_head = pytest.mark.skipif(not has_head(), reason="no libmysofa, or no file of it")


@pytest.fixture(scope="module", autouse=True)
def kept():
    """Keep the head, which is read once as long as somebody has it."""
    if has_head():
        context = ps.OfflineAudioContext(channels=2, length=1, sample_rate=RATE)
        yield context.create_panner("HRTF")
    else:
        yield None


def pulse(channels=1):
    sound = np.zeros((FRAMES, channels), np.float32)
    sound[0] = 1
    return sound


def render(sound, move=None, rate=RATE, quantum=128, **options):
    context = ps.OfflineAudioContext(
        channels=2, length=len(sound), sample_rate=rate, quantum=quantum
    )
    source = context.create_buffer_source(ps.AudioBuffer(sound, rate))
    panner = context.create_panner("HRTF", **options)
    source >> panner >> context.destination
    source.start()
    if move is not None:
        move(context, panner)
    return context.render().T.astype(float)


def energy(sound):
    return (sound**2).sum(axis=1)


def arrival(sound):
    """Return when each side hears the pulse, in frames."""
    return [int(np.argmax(np.abs(side) > 0.3 * np.abs(side).max())) for side in sound]


@needs_head
def test_the_near_ear_hears_it_first_and_louder():
    heard = render(pulse(), position_x=2)
    left, right = arrival(heard)
    assert 0.0005 < (left - right) / RATE < 0.0009
    assert energy(heard)[1] > 6 * energy(heard)[0]


@needs_head
def test_sides_are_mirrored():
    places = {"position_y": 0.5, "position_z": -1}
    one = render(pulse(), position_x=1.5, **places)
    other = render(pulse(), position_x=-1.5, **places)
    assert np.abs(one - other[::-1]).max() < 1e-3


@needs_head
def test_front_behind_above_and_below_differ():
    around = [
        render(pulse(), **place)
        for place in (
            {"position_z": -1},
            {"position_z": 1},
            {"position_y": 1},
            {"position_y": -1},
        )
    ]
    for one in around:
        # In the middle, both ears hear the same.
        assert np.abs(one[0] - one[1]).max() < 1e-3
    for i, one in enumerate(around):
        for other in around[:i]:
            assert np.abs(one - other).max() > 0.05


@needs_head
def test_it_is_as_loud_from_the_front_as_an_equal_power_panner():
    assert energy(render(pulse(), position_z=-1)).sum() == pytest.approx(1, abs=0.05)
    # And as much quieter with the distance.
    far = render(pulse(), position_z=-5)
    assert energy(far).sum() == pytest.approx(1 / 25, rel=0.05)


@needs_head
def test_each_ear_hears_its_own_channel():
    sound = pulse(2)
    both = render(sound, position_x=1, position_z=-1)
    assert np.abs(both - render(pulse(), position_x=1, position_z=-1)).max() == 0
    sound[:, 0] = 0
    right = render(sound, position_x=1, position_z=-1)
    assert np.all(right[0] == 0)
    assert np.array_equal(right[1], both[1])


@needs_head
def test_the_listener_turns():
    def turn(context, panner):
        context.listener.forward_x, context.listener.forward_z = 1, 0

    assert np.abs(render(pulse(), turn, position_x=1) - render(pulse(), position_z=-1)).max() < 1e-6


@needs_head
# In 5 ms there are not many frames at low rates.
@pytest.mark.parametrize(("rate", "most"), [(8000, 1.5), (48000, 0.5), (96000, 0.5)])
def test_rates_make_no_difference_to_what_is_heard(rate, most):
    usual, other = (render(pulse(), rate=r, position_x=1, position_z=-1) for r in (RATE, rate))
    hz = np.linspace(200, 2500, 50)

    def spectrum(sound, r):
        return np.abs(sound @ np.exp(-2j * np.pi * np.outer(np.arange(FRAMES), hz / r)))

    db = 20 * np.log10(spectrum(other, rate) / spectrum(usual, RATE))
    assert np.abs(db).max() < most
    delay = np.diff(arrival(usual))[0] / RATE - np.diff(arrival(other))[0] / rate
    assert abs(delay) < 0.0002


@needs_head
@pytest.mark.parametrize("quantum", [32, 500])
def test_quanta_make_no_difference_at_rest(quantum):
    noise = np.random.default_rng(1).uniform(-1, 1, (FRAMES, 1)).astype(np.float32)
    usual = render(noise, position_x=1)
    assert np.abs(render(noise, quantum=quantum, position_x=1) - usual).max() < 1e-6


@needs_head
def test_moving_does_not_click():
    sound = np.sin(2 * np.pi * 200 * np.arange(8000) / RATE).astype(np.float32)[:, None]

    def jump(context, panner):
        for i in range(12):
            panner.position_x.set_value_at_time(2 * (-1) ** i, i * 600 / RATE)

    def slide(context, panner):
        panner.position_x.automate([0, 0.15], [-3, 3])

    for move, most in ((jump, 0.02), (slide, 0.005)):
        heard = render(sound, move, position_z=-0.5)
        bends = np.diff(heard[:, 500:], n=2)
        # Those of the sine itself are up to 0.0009.
        assert np.abs(bends).max() < most


@needs_head
def test_what_was_on_the_way_is_heard_to_its_end():
    sound = np.zeros((300, 1), np.float32)
    sound[-1] = 1
    context = ps.OfflineAudioContext(channels=2, length=FRAMES, sample_rate=RATE)
    source = context.create_buffer_source(ps.AudioBuffer(sound, RATE))
    source >> context.create_panner("HRTF", position_x=1) >> context.destination
    source.start()
    heard = context.render().T.astype(float)
    whole = render(pulse(), position_x=1)
    assert np.abs(heard[:, 299:] - whole[:, : FRAMES - 299]).max() < 1e-6


@needs_head
def test_the_model_can_change_while_it_sounds():
    context = ps.OfflineAudioContext(channels=2, length=4 * 1280, sample_rate=RATE)
    source = context.create_constant_source()
    panner = context.create_panner(position_x=1)
    source >> panner >> context.destination
    source.start()
    models = iter(["HRTF", "HRTF", "equalpower"])
    parts = []
    for part in context.blocks(1280):
        parts.append(part.copy())
        panner.panning_model = next(models, "equalpower")
    equal, first, second, last = (part.T.astype(float) for part in parts)
    assert np.abs(equal - [[0], [1]]).max() < 1e-6
    assert first[0, -1] != 0
    # Set again, it goes on.
    assert np.abs(np.diff(np.concatenate([first[:, 600:], second], axis=1))).max() < 1e-6
    assert np.array_equal(last, equal)


@pytest.mark.skipif(ps.hrtf_file() is None, reason="no libmysofa")
def test_files_that_cannot_be_used_are_told(tmp_path, monkeypatch):
    context = ps.OfflineAudioContext(channels=2, length=128, sample_rate=22050)
    monkeypatch.setenv("PASTREAM_SOFA", str(tmp_path / "none.sofa"))
    assert ps.hrtf_file() == str(tmp_path / "none.sofa")
    with pytest.raises(ps.UnsupportedOptionError, match=r"none\.sofa cannot be read .*libmysofa1"):
        context.create_panner("HRTF")
    broken = tmp_path / "broken.sofa"
    broken.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(range(256)) * 4)
    monkeypatch.setenv("PASTREAM_SOFA", str(broken))
    panner = context.create_panner()
    with pytest.raises(ps.FileFormatError, match=r"broken\.sofa cannot be used"):
        panner.panning_model = "HRTF"
    assert panner.panning_model == "equalpower"


@pytest.mark.skipif(ps.hrtf_file() is not None, reason="this build has libmysofa")
def test_builds_without_the_library_name_it():
    context = ps.OfflineAudioContext(channels=2, length=128, sample_rate=22050)
    with pytest.raises(ps.UnsupportedOptionError, match="libmysofa-dev"):
        context.create_panner("HRTF")
