# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Graphs become descriptions, and descriptions graphs."""

import contextlib
import copy
import json
import math

import golden
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pastream_ng as ps
from pastream_ng.graph.kinds import kinds

RATE = 8192
SIGNALS = golden.FOLDER / "signals"
NAMES = [
    name
    for name in golden.index()
    if {node["type"] for node in golden.description(name)["nodes"]} <= set(kinds())
]


def same(a, b):
    """Whether two graphs render the same bits."""
    return a.render().tobytes() == b.render().tobytes() and all(
        a.captures[name].tobytes() == b.captures[name].tobytes() for name in a.captures
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_graph_survives(name, tmp_path):
    desc = golden.description(name)
    graph = ps.graph_from_dict(desc, SIGNALS)
    saved = json.loads(json.dumps(graph.to_dict(tmp_path)))
    again = ps.graph_from_dict(saved, tmp_path)
    assert again.to_dict(tmp_path) == saved
    for key in ("id", "title", "actions", "final"):
        assert saved.get(key) == desc.get(key)
    assert len(saved["connections"]) == len(desc["connections"])
    assert same(graph, again)


def build(ctx):
    wave = ctx.create_periodic_wave([0, 0.5, 0.25], normalize=False)
    osc = ctx.create_oscillator(periodic_wave=wave, frequency=100)
    osc.type = "square"
    loop = ctx.create_buffer_source(np.linspace(-1, 1, 50, dtype="f4"), loop=True, loop_end=0.004)
    bus = (osc + loop) >> ctx.create_delay(0.01, max_delay_time=2)
    bus.channel_count = 1
    bus.channel_count_mode = "explicit"
    bus.channel_interpretation = "discrete"
    bus >> ctx.create_gain(0.5) >> bus
    bus.delay_time.automation_rate = "k-rate"
    bus.delay_time.automate([0, 0.05, 0.1], [0.01, 0.1, 0.02], "exponential")
    bus >> ctx.destination
    osc >> loop.detune
    ctx.destination.channel_interpretation = "discrete"
    ctx.listener.position_x = 3
    osc.start(1 / 3)
    loop.start(0.1, 0.001, 0.05)
    osc.stop(0.4)


def test_what_a_program_has_built_can_be_saved(tmp_path):
    one, two, three = (ps.OfflineAudioContext(2, 4096, RATE, quantum=100) for _ in range(3))
    for ctx in (one, two, three):
        build(ctx)
    inside = json.loads(json.dumps(one.to_dict()))
    assert inside["quantum"] == 100
    assert len(inside["buffers"]["buffer_1"]["data"][0]) == 50
    again = ps.graph_from_dict(inside)
    assert again.to_dict() == inside
    assert again.render_quantum_size == 100
    assert same(one, again)
    outside = two.to_dict(tmp_path)
    assert "data" not in outside["buffers"]["buffer_1"]
    assert same(three, ps.graph_from_dict(outside, tmp_path))


CALLS = st.one_of(
    st.tuples(st.just("set"), st.floats(-2, 2), st.floats(0, 1)),
    st.tuples(st.just("ramp"), st.floats(-2, 2), st.floats(0, 1)),
    st.tuples(st.just("ramp"), st.floats(0.1, 2), st.floats(0, 1), st.just("exponential")),
    st.tuples(st.just("set_target_at_time"), st.floats(-2, 2), st.floats(0, 1), st.floats(0, 0.3)),
    st.tuples(
        st.just("curve"),
        st.lists(st.floats(-2, 2), min_size=2, max_size=5),
        st.floats(0, 1),
        st.floats(0.01, 0.5),
    ),
    st.tuples(st.just("cancel"), st.floats(0, 1)),
    st.tuples(st.just("hold"), st.floats(0, 1)),
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(CALLS, max_size=8))
def test_timelines_survive(calls):
    graph = ps.OfflineAudioContext(1, 1200, 1000 * 8)
    one = graph.create_constant_source()
    one >> graph.destination
    for method, *args in calls:
        with contextlib.suppress(ps.UnsupportedOptionError):  # Inside of a curve.
            getattr(one.offset, method)(*args)
    one.start()
    saved = graph.to_dict()
    again = ps.graph_from_dict(saved)
    assert again.to_dict() == saved
    assert same(graph, again)


def test_it_is_described_before_it_is_rendered():
    ctx = ps.OfflineAudioContext(1, 128, RATE)
    ctx.render()
    with pytest.raises(ps.StateError, match="describe it before"):
        ctx.to_dict()


def test_what_no_description_can_hold(tmp_path):
    ctx = ps.OfflineAudioContext(1, 128, RATE)
    source = ctx.create_buffer_source(np.array([0, math.nan], "f4"))
    source >> ctx.destination
    source.start()
    with pytest.raises(ps.UnsupportedOptionError, match="not finite"):
        ctx.to_dict()
    assert len(ps.graph_from_dict(ctx.to_dict(tmp_path), tmp_path).to_dict(tmp_path)["nodes"]) == 1
    with pytest.raises(NotADirectoryError):
        ctx.to_dict(tmp_path / "no")


# ---- Wrong ones ---------------------------------------------------------------------------------

BASE = {
    "format": "audiograph/1",
    "sample_rate": RATE,
    "length": 256,
    "channels": 1,
    "buffers": {"b": {"data": [[0, 1]], "channels": 1, "frames": 2, "sample_rate": RATE}},
    "waves": {"w": {"real": [0, 1], "imag": [0, 0]}},
    "nodes": [
        {
            "id": "osc",
            "type": "oscillator",
            "options": {"periodic_wave": "w"},
            "params": {"detune": 3, "frequency": {"events": [{"method": "m", "args": [1, 0]}]}},
            "schedule": [{"op": "start", "args": [0]}],
        },
        {"id": "src", "type": "buffer_source", "options": {"buffer": "b"}},
    ],
    "connections": [{"from": "osc", "to": "destination"}],
    "actions": [{"frame": 128, "ops": [{"op": "stop", "node": "osc", "args": [0]}]}],
    "final": [],
}
BASE["nodes"][0]["params"]["frequency"]["events"][0]["method"] = "set_value_at_time"
# Where something else is put, and what the error says.
WRONG = [
    (("format",), "audiograph/9", r"format is 'audiograph/9'"),
    (("length",), 0, r"desc: length is 0"),
    (("length",), "x", r"desc\.length is 'x'"),
    (("length",), None, r"desc has no length"),
    (("channels",), 33, r"desc: channels is 33"),
    (("sample_rate",), 5, r"desc: sample_rate is 5"),
    (("sample_rate",), "x", r"desc: sample_rate is 'x'"),
    (("nodes",), 3, r"desc\.nodes is 3; it must be a list"),
    (("nodes", 0), 3, r"desc\.nodes\[0\] is 3; it must be a dict"),
    (("nodes", 0, "id"), None, r"desc\.nodes\[0\] has no id"),
    (("nodes", 0, "id"), 7, r"nodes\[0\]\.id is 7; it must be a str"),
    (("nodes", 0, "id"), "src", r"nodes\[1\]\.id is 'src', which is taken"),
    (("nodes", 0, "id"), "destination", r"nodes\[0\]\.id is 'destination', which is taken"),
    (("nodes", 0, "parms"), {}, r"nodes\[0\] has 'parms'; it can have id, type"),
    (("nodes", 0, "type"), "theremin", r"nodes\[0\] \(theremin\): kind is 'theremin'"),
    (("nodes", 0, "options"), [], r"."),
    (("nodes", 0, "options", "no"), 1, r"nodes\[0\] \(oscillator\): .* have no 'no'"),
    (("nodes", 0, "options", "periodic_wave"), "x", r"options\.periodic_wave is 'x'"),
    (("nodes", 0, "options", "type"), "x", r"type is 'x'; it must be one of sine"),
    (("nodes", 0, "options", "channel_count"), 0, r"channel_count is 0"),
    (("nodes", 0, "options", "channel_count"), "2", r"channel_count is '2'"),
    (("nodes", 1, "options", "buffer"), 3, r"options\.buffer is 3"),
    (("nodes", 1, "options", "loop"), "yes", r"loop is 'yes'"),
    (("nodes", 1, "options", "loop_end"), "late", r"loop_end is 'late'"),
    (("nodes", 0, "params"), [1], r"nodes\[0\]\.params is \[1\]"),
    (("nodes", 0, "params", "gain"), 1, r"nodes\[0\]\.params\.gain: param is 'gain'"),
    (("nodes", 0, "params", "detune"), "x", r"params\.detune: value is 'x'"),
    (("nodes", 0, "params", "detune"), [1], r"params\.detune: value is \[1\]"),
    (("nodes", 0, "params", "detune"), {"rate": 1}, r"params\.detune has 'rate'"),
    (
        ("nodes", 0, "params", "detune"),
        {"automation_rate": "x"},
        r"params\.detune: automation_rate is 'x'",
    ),
    (
        ("nodes", 0, "params", "frequency", "events", 0, "method"),
        "jump",
        r"frequency\.events\[0\]\.method is 'jump'",
    ),
    (
        ("nodes", 0, "params", "frequency", "events", 0, "args"),
        [1],
        r"frequency\.events\[0\]\.args has 1 items; set_value_at_time takes 2",
    ),
    (
        ("nodes", 0, "params", "frequency", "events", 0, "args"),
        [1, "x"],
        r"frequency\.events\[0\]\.args: time_s is 'x'",
    ),
    (
        ("nodes", 0, "params", "frequency", "events", 0, "args"),
        [1, -1],
        r"frequency\.events\[0\]: time is -1",
    ),
    (("nodes", 0, "schedule", 0, "op"), "pause", r"schedule\[0\]\.op is 'pause'"),
    (("nodes", 0, "schedule", 0, "op"), "stop", r"schedule\[0\]: it was not started"),
    (("nodes", 0, "schedule", 0, "args"), [0, 1], r"schedule\[0\]: .*take no offset"),
    (("nodes", 0, "schedule", 0, "args"), [0, 1, 2, 3], r"args has 4 items"),
    (("nodes", 0, "schedule", 0, "args"), [-1], r"schedule\[0\]: when is -1"),
    (("connections", 0, "from"), "x", r"connections\[0\]\.from is 'x'; nodes are"),
    (("connections", 0, "to"), None, r"connections\[0\] has no to"),
    (("connections", 0, "output"), 1, r"connections\[0\]: output is 1"),
    (("connections", 0, "output"), -1, r"connections\[0\]\.output is -1"),
    (("connections", 0, "input"), 2, r"connections\[0\]: input is 2"),
    (("connections", 0, "input"), 0.5, r"connections\[0\]\.input is 0\.5"),
    (("connections", 0, "param"), "gain", r"connections\[0\]\.param: param is 'gain'"),
    (("buffers",), [1], r"desc\.buffers is \[1\]"),
    (("buffers", "b", "data"), [[0]], r"buffers\.b\.data has shape \(1, 1\)"),
    (("buffers", "b", "data"), "x", r"buffers\.b\.data is 'x'"),
    (("buffers", "b", "data"), None, r"buffers\.b has no signal"),
    (("buffers", "b", "channels"), 40, r"buffers\.b: channels is 40"),
    (("buffers", "b", "frames"), 0, r"buffers\.b: frames is 0"),
    (("buffers", "b", "sample_rate"), 1, r"buffers\.b: sample_rate is 1"),
    (("waves", "w", "real"), [0], r"waves\.w: real has 1 numbers and imag 2"),
    (("waves", "w", "imag"), "x", r"waves\.w: imag is 'x'"),
    (("waves", "w", "disable_normalization"), 1, r"disable_normalization is 1"),
    (("actions", 0, "frame"), -1, r"actions\[0\]\.frame is -1"),
    (("actions", 0, "ops"), 1, r"actions\[0\]\.ops is 1"),
    (("actions", 0, "ops", 0, "op"), "sing", r"actions\[0\]\.ops\[0\]\.op is 'sing'"),
    (("actions", 0, "ops", 0, "node"), "x", r"ops\[0\]\.node is 'x'"),
    (("actions", 0, "ops", 0, "from"), "x", r"ops\[0\] has 'from'; it can have op, node, args"),
    (("final",), [{"op": "capture", "node": "osc", "what": "x", "name": "n"}], r"what is 'x'"),
    (("final",), [{"op": "set_param", "node": "osc", "param": "detune"}], r"has no value"),
]


@pytest.mark.parametrize(("path", "value", "message"), WRONG)
def test_wrong_descriptions_are_told_where(path, value, message):
    desc = copy.deepcopy(BASE)
    at = desc
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    if message == ".":
        ps.graph_from_dict(desc)  # An empty list is as good as nothing.
        return
    with pytest.raises((ps.ArgumentError, ps.ArgumentTypeError, ps.StateError), match=message):
        ps.graph_from_dict(desc)


def test_a_right_one_is_right():
    assert ps.graph_from_dict(BASE).render().shape == (256, 1)
    with pytest.raises(ps.ArgumentTypeError, match="desc is"):
        ps.graph_from_dict([])


@pytest.mark.parametrize("name", ["../b", "", "x/y", "."])
def test_signals_are_files_of_their_folder(tmp_path, name):
    desc = copy.deepcopy(BASE)
    desc["buffers"]["b"] = {"signal": name, "channels": 1, "frames": 2, "sample_rate": RATE}
    with pytest.raises((ps.ArgumentError, OSError)):
        ps.graph_from_dict(desc, tmp_path)


def test_lies_about_signals_take_no_memory(tmp_path):
    desc = copy.deepcopy(BASE)
    np.zeros(4, "<f4").tofile(tmp_path / "s.f32")
    desc["buffers"]["b"] = {"signal": "s", "channels": 2, "frames": 10**12, "sample_rate": RATE}
    with pytest.raises(ps.ArgumentError, match="has 16 bytes"):
        ps.graph_from_dict(desc, tmp_path)
    gen = {"seed": 1, "amplitude": 1}
    desc["buffers"]["b"] = {"gen": gen, "channels": 2, "frames": 10**12, "sample_rate": RATE}
    with pytest.raises(ps.ArgumentError, match="asks for more than"):
        ps.graph_from_dict(desc)


def test_noise_by_formula():
    desc = copy.deepcopy(BASE)
    gen = {"kind": "lcg", "seed": 5, "amplitude": 0.5}
    desc["buffers"]["b"] = {"gen": gen, "channels": 2, "frames": 1000, "sample_rate": RATE}
    planes = np.array(ps.graph_from_dict(desc).to_dict()["buffers"]["buffer_1"]["data"])
    for channel, plane in enumerate(planes):
        state = 5 + 7919 * channel
        for value in plane:
            state = (1664525 * state + 1013904223) % 2**32
            assert value == np.float32(0.5 * (state / 2**31 - 1))


def test_a_fault_on_the_way_is_told():
    desc = copy.deepcopy(BASE)
    undo = {"op": "disconnect", "from": "src", "to": "destination"}
    desc["actions"] = [{"frame": 128, "ops": [undo]}]
    graph = ps.graph_from_dict(desc)
    with pytest.raises(ps.ArgumentError, match=r"actions\[0\]\.ops\[0\]: there is no such conn"):
        graph.render()
    assert graph.state == "closed"
