# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Panners, against the specification's own steps: angles in degrees, in float64."""

import numpy as np
import pytest

import pastream_ng as ps

RATE = 44100
FRAMES = 200
PLACES = ["position_x", "position_y", "position_z"]
FACES = ["orientation_x", "orientation_y", "orientation_z"]
VIEW = ["forward_x", "forward_y", "forward_z", "up_x", "up_y", "up_z"]


def noise(channels, seed=1):
    return np.random.default_rng(seed).uniform(-1, 1, (channels, FRAMES)).astype(np.float32)


def render(kind, sound, params=None, listener=None, **options):
    """Render a node. Params are numbers, or arrays that the param goes through."""
    context = ps.OfflineAudioContext(channels=2, length=FRAMES, sample_rate=RATE)

    def play(planes):
        source = context.create_buffer_source(ps.AudioBuffer(planes.T, RATE))
        source.start()
        return source

    node = getattr(context, f"create_{kind}")(**options)
    play(sound) >> node >> context.destination
    for target, given in ((node, params or {}), (context.listener, listener or {})):
        for name, value in given.items():
            param = getattr(target, name)
            param.value = 0 if np.ndim(value) else float(value)
            if np.ndim(value):
                play(value[None]) >> param
    return context.render().T.astype(float)


def unit(vector):
    length = np.linalg.norm(vector)
    return vector / length if length > 0 else np.zeros(3)


def azimuth_of(source, listener, forward, up):
    way = unit(source - listener)
    right = np.cross(forward, up)
    if not np.any(way) or not np.any(right):
        return 0.0
    right, forward = unit(right), unit(forward)
    above = np.cross(right, forward)
    flat = unit(way - above * np.dot(way, above))
    azimuth = np.degrees(np.arccos(np.clip(np.dot(flat, right), -1, 1)))
    if np.dot(flat, forward) < 0:
        azimuth = 360 - azimuth
    return 90 - azimuth if azimuth <= 270 else 450 - azimuth


def cone_of(source, facing, listener, inner, outer, outer_gain):
    if not np.any(facing) or (inner == 360 and outer == 360):
        return 1.0
    cosine = np.dot(unit(listener - source), unit(facing))
    angle = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    inner, outer = abs(inner) / 2, abs(outer) / 2
    if angle <= inner:
        return 1.0
    if angle >= outer:
        return outer_gain
    share = (angle - inner) / (outer - inner)
    return (1 - share) + outer_gain * share


def fall_of(distance, model, reference, most, rolloff):
    if model == "linear":
        low, high = min(reference, most), max(reference, most)
        rolloff = min(rolloff, 1)
        if low == high:
            return 1 - rolloff
        return 1 - rolloff * (max(min(distance, high), low) - low) / (high - low)
    if reference == 0:
        return 0.0
    if model == "inverse":
        return reference / (reference + rolloff * (max(distance, reference) - reference))
    return (max(distance, reference) / reference) ** -rolloff


def shared(sound, place, x, left_stays):
    """Two channels of one or two; x is how far between the sides."""
    left, right = np.cos(x * np.pi / 2), np.sin(x * np.pi / 2)
    if len(sound) == 1:
        return sound[0] * left, sound[0] * right
    if left_stays:
        return sound[0] + sound[1] * left, sound[1] * right
    return sound[0] * left, sound[1] + sound[0] * right


def panner_model(sound, params, listener, **options):
    given = dict.fromkeys((*PLACES, *FACES), 0.0)
    given |= {"orientation_x": 1.0} | params
    heard = dict.fromkeys(PLACES, 0.0) | dict(zip(VIEW, (0, 0, -1, 0, 1, 0), strict=True))
    heard |= listener
    out = np.zeros((2, FRAMES))
    for i in range(FRAMES):

        def at(table, names, i=i):
            values = [np.broadcast_to(table[name], FRAMES)[i] for name in names]
            return np.array(values, np.float32).astype(float)

        source, facing = at(given, PLACES), at(given, FACES)
        ear, forward, up = at(heard, PLACES), at(heard, VIEW[:3]), at(heard, VIEW[3:])
        azimuth = azimuth_of(source, ear, forward, up)
        if azimuth < -90:
            azimuth = -180 - azimuth
        elif azimuth > 90:
            azimuth = 180 - azimuth
        if len(sound) == 1:
            x = (azimuth + 90) / 180
        else:
            x = (azimuth + 90) / 90 if azimuth <= 0 else azimuth / 90
        gain = fall_of(
            np.linalg.norm(source - ear),
            options.get("distance_model", "inverse"),
            options.get("ref_distance", 1),
            options.get("max_distance", 10000),
            options.get("rolloff_factor", 1),
        ) * cone_of(
            source,
            facing,
            ear,
            options.get("cone_inner_angle", 360),
            options.get("cone_outer_angle", 360),
            options.get("cone_outer_gain", 0),
        )
        now = sound[:, i].astype(float)
        out[:, i] = gain * np.array(shared(now, azimuth, x, azimuth <= 0))
    return out


def wander(rng, names, size=5.0):
    return {name: rng.uniform(-size, size, FRAMES).astype(np.float32) for name in names}


CASES = {
    "linear": {"distance_model": "linear", "max_distance": 6, "rolloff_factor": 0.7},
    "linear, reversed": {"distance_model": "linear", "ref_distance": 5, "max_distance": 2},
    "linear, one distance": {"distance_model": "linear", "ref_distance": 3, "max_distance": 3},
    "linear, steep": {"distance_model": "linear", "max_distance": 6, "rolloff_factor": 7},
    "inverse": {"ref_distance": 2, "rolloff_factor": 1.5},
    "inverse, no reference": {"ref_distance": 0},
    "exponential": {"distance_model": "exponential", "rolloff_factor": 1.8},
    "exponential, no reference": {"distance_model": "exponential", "ref_distance": 0},
    "cone": {"cone_inner_angle": 60, "cone_outer_angle": -200, "cone_outer_gain": 0.2},
    "no way between cones": {"cone_inner_angle": 90, "cone_outer_angle": 90},
    "cones the wrong way round": {"cone_inner_angle": 200, "cone_outer_angle": 90},
}


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("case", CASES)
def test_a_panner_follows_the_formulas_at_each_frame(case, channels):
    rng = np.random.default_rng(3)
    params = wander(rng, PLACES) | wander(rng, FACES)
    listener = wander(rng, PLACES) | wander(rng, VIEW)
    sound = noise(channels)
    got = render("panner", sound, params, listener, **CASES[case])
    wanted = panner_model(sound, params, listener, **CASES[case])
    assert np.abs(got - wanted).max() < 2e-6


def test_one_moving_param_is_enough():
    sound = noise(1)
    way = np.linspace(-4, 4, FRAMES, dtype=np.float32)
    options = {"cone_inner_angle": 30, "cone_outer_angle": 300, "cone_outer_gain": 0.5}
    for moving in (*PLACES, *FACES):
        params = {"position_x": 1, "position_y": 0.5, "position_z": -2} | {moving: way}
        got = render("panner", sound, params, **options)
        assert np.abs(got - panner_model(sound, params, {}, **options)).max() < 2e-6
    for moving in (*PLACES, *VIEW):
        params = {"position_x": 1, "position_y": 0.5, "position_z": -2}
        got = render("panner", sound, params, {moving: way}, **options)
        assert np.abs(got - panner_model(sound, params, {moving: way}, **options)).max() < 2e-6


@pytest.mark.parametrize("channels", [1, 2])
def test_a_resting_panner_follows_them_as_well(channels):
    rng = np.random.default_rng(4)
    sound = noise(channels)
    for _ in range(6):
        params = {name: rng.uniform(-5, 5) for name in (*PLACES, *FACES)}
        listener = {name: rng.uniform(-5, 5) for name in (*PLACES, *VIEW)}
        options = {"cone_inner_angle": 30, "cone_outer_angle": 300, "cone_outer_gain": 0.5}
        got = render("panner", sound, params, listener, **options)
        assert np.abs(got - panner_model(sound, params, listener, **options)).max() < 2e-6


SPECIAL = {
    "at the listener": ({}, {}),
    "at the listener, elsewhere": ({"position_x": 3}, {"position_x": 3}),
    "above": ({"position_y": 4}, {}),
    "below": ({"position_y": -4}, {}),
    "behind": ({"position_z": 4}, {}),
    "left": ({"position_x": -4}, {}),
    "right": ({"position_x": 4}, {}),
    "up is forward": ({"position_x": 4}, {"up_x": 0, "up_y": 0, "up_z": -2}),
    "no up": ({"position_x": 4}, {"up_y": 0}),
    "no orientation": ({"position_x": 4, "orientation_x": 0}, {}),
}


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("case", SPECIAL)
def test_there_are_answers_where_directions_end(case, channels):
    params, listener = SPECIAL[case]
    options = {"cone_inner_angle": 30, "cone_outer_angle": 300, "cone_outer_gain": 0.5}
    sound = noise(channels)
    wanted = panner_model(sound, params, listener, **options)
    got = render("panner", sound, params, listener, **options)
    assert np.abs(got - wanted).max() < 1e-6
    # The same for a source that moves there.
    there = {"position_z": np.zeros(FRAMES, np.float32)}
    if "position_z" not in params:
        got = render("panner", sound, params | there, listener, **options)
        assert np.abs(got - wanted).max() < 1e-6


def test_the_largest_and_smallest_numbers_have_answers():
    sound = noise(1)
    most, least = np.finfo(np.float32).max, np.finfo(np.float32).tiny
    sign = np.where(np.arange(FRAMES) % 3 == 0, 1, -1).astype(np.float32)
    for size in (most, least):
        for model in ("linear", "inverse", "exponential"):
            for rolloff in (0, 1, 1.7e308):
                options = {"distance_model": model, "rolloff_factor": rolloff}
                options |= {"cone_inner_angle": 0, "cone_outer_angle": 1e300}
                params = dict.fromkeys((*PLACES, *FACES), size * sign)
                listener = {"position_x": -size, "up_y": size, "forward_z": -size}
                got = render("panner", sound, params, listener, **options)
                assert np.all(np.isfinite(got))
                assert np.abs(got).max() <= 1.0


def test_numbers_out_of_range_are_told():
    context = ps.OfflineAudioContext(channels=2, length=128, sample_rate=RATE)
    panner = context.create_panner()
    for name, value in (
        ("ref_distance", -1),
        ("max_distance", 0),
        ("max_distance", -1),
        ("rolloff_factor", -0.5),
        ("cone_outer_gain", 1.5),
        ("cone_outer_gain", -0.5),
        ("cone_inner_angle", np.nan),
    ):
        with pytest.raises(ps.ArgumentError, match=f"{name} is "):
            context.create_panner(**{name: value})
        before = getattr(panner, name)
        with pytest.raises(ps.ArgumentError, match=f"{name} is "):
            setattr(panner, name, value)
        assert getattr(panner, name) == before
    with pytest.raises(ps.ArgumentError, match="panning_model is 'stereo'; it must be one of equ"):
        panner.panning_model = "stereo"
    for node in (panner, context.create_stereo_panner()):
        with pytest.raises(ps.UnsupportedOptionError, match="at most 2 channels"):
            node.channel_count = 3
        with pytest.raises(ps.UnsupportedOptionError, match='no mode "max"'):
            node.channel_count_mode = "max"


def test_attributes_act_while_it_sounds():
    context = ps.OfflineAudioContext(channels=2, length=4 * 128, sample_rate=RATE)
    source = context.create_constant_source()
    panner = context.create_panner(position_z=-5)
    source >> panner >> context.destination
    source.start()
    rolloffs = [1, 0, 2, 1]
    for block, rolloff in zip(context.blocks(128), rolloffs, strict=True):
        assert block[5] == pytest.approx(np.sqrt(0.5) / (1 + panner.rolloff_factor * 4), abs=1e-6)
        assert panner.rolloff_factor == rolloff
        panner.rolloff_factor = rolloffs[(rolloffs.index(rolloff) + 1) % 3]


def stereo_model(sound, pan):
    pan = np.clip(pan, -1, 1)
    out = np.zeros((2, FRAMES))
    for i, place in enumerate(pan):
        x = (place + 1) / 2
        if len(sound) == 2:
            x = place + 1 if place <= 0 else place
        out[:, i] = shared(sound[:, i].astype(float), place, x, place <= 0)
    return out


@pytest.mark.parametrize("channels", [1, 2])
def test_a_stereo_panner_follows_the_formulas(channels):
    sound = noise(channels)
    pan = np.linspace(-1.2, 1.2, FRAMES, dtype=np.float32)
    got = render("stereo_panner", sound, {"pan": pan})
    assert np.abs(got - stereo_model(sound, pan.astype(float))).max() < 1e-6
    for place in (-1.0, -0.999, -0.3, 0.0, 0.25, 1.0):
        got = render("stereo_panner", sound, {"pan": place})
        wanted = stereo_model(sound, np.full(FRAMES, np.float32(place), float))
        assert np.abs(got - wanted).max() < 1e-6


def test_the_ends_are_silent_on_the_other_side():
    sound = noise(1)
    for moving in (False, True):
        for place, silent in ((-1.0, 1), (1.0, 0)):
            pan = np.full(FRAMES, place, np.float32) if moving else place
            got = render("stereo_panner", sound, {"pan": pan})
            assert np.all(got[silent] == 0)
            assert np.array_equal(got[1 - silent], sound[0])


@pytest.mark.parametrize("kind", ["stereo_panner", "panner"])
def test_the_power_is_the_same_everywhere(kind):
    sound = np.ones((1, FRAMES), np.float32)
    way = np.linspace(-1, 1, FRAMES, dtype=np.float32)
    if kind == "stereo_panner":
        left, right = render(kind, sound, {"pan": way})
    else:
        params = {"position_x": way, "position_z": -0.01}
        left, right = render(kind, sound, params, rolloff_factor=0)
    assert np.abs(left**2 + right**2 - 1).max() < 1e-6
    assert np.all(np.diff(left) <= 1e-7)
    assert np.all(np.diff(right) >= -1e-7)


def test_k_rate_params_hold_for_a_quantum():
    context = ps.OfflineAudioContext(channels=2, length=1024, sample_rate=RATE)
    source = context.create_constant_source()
    panner = context.create_stereo_panner()
    panner.pan.automation_rate = "k-rate"
    panner.pan.ramp(1, 1024 / RATE)
    source >> panner >> context.destination
    source.start()
    steps = context.render().reshape(8, 128, 2)
    assert np.all(steps == steps[:, :1])
    assert len(np.unique(steps[:, 0, 0])) == 8
