# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Graphs are shown: as text, for Graphviz, and as pictures."""

import gc
import re
import shutil
import subprocess
import weakref
from xml.etree import ElementTree

import pytest

import pastream_ng as ps

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def ctx():
    return ps.OfflineAudioContext(channels=2, length=128, sample_rate=8000)


def build(ctx):
    """A graph with all that can be in one: params, ports, a cycle, a node that leads to itself."""
    osc, gain, delay = ctx.create_oscillator(), ctx.create_gain(0.5), ctx.create_delay(0.1)
    merger = ctx.create_channel_merger(2)
    osc >> delay >> gain >> delay
    gain >> gain
    osc >> gain.gain
    delay >> merger[1] >> ctx.destination
    return osc, gain, delay, merger


def test_text(ctx):
    nodes = build(ctx)
    assert repr(ctx.graph).splitlines() == [
        "destination: <AudioDestinationNode: 2 channels>",
        "oscillator_1: <OscillatorNode: type='sine', frequency=440, detune=0>"
        " >> gain_1.gain, delay_1",
        "gain_1: <GainNode: gain=0.5> >> gain_1, delay_1",
        "delay_1: <DelayNode: delay_time=0.1> >> gain_1, channel_merger_1[1]",
        "channel_merger_1: <ChannelMergerNode: no params> >> destination",
    ]
    first, *rest = repr(ctx).splitlines()
    assert first == "<OfflineAudioContext: 128 frames, 2 channels, 8000 Hz, suspended>"
    assert rest == ["  " + line for line in repr(ctx.graph).splitlines()]
    assert len(nodes) == 4


def test_nodes_and_connections(ctx):
    osc, gain, delay, merger = build(ctx)
    graph = ctx.graph
    assert list(graph) == [
        *("destination", "oscillator_1", "gain_1", "delay_1", "channel_merger_1"),
    ]
    assert (graph["gain_1"], graph["oscillator_1"]) == (gain, osc)
    assert (graph["delay_1"], graph["channel_merger_1"]) == (delay, merger)
    assert graph["destination"] is ctx.destination
    assert len(graph) == 5
    made = ps.GraphConnection("delay_1", "channel_merger_1", 0, 1, None)
    assert made in graph.connections
    assert ps.GraphConnection("oscillator_1", "gain_1", 0, None, "gain") in graph.connections
    assert len(graph.connections) == 7
    with pytest.raises(ps.ArgumentError, match="name is 'gain'; nodes are"):
        graph["gain"]


def test_the_listener_is_shown_if_something_moves_it(ctx):
    assert "listener" not in ctx.graph
    one = ctx.create_constant_source()
    one >> ctx.listener.position_x
    assert repr(ctx.graph["listener"]) == "<AudioListener at 0, 0, 0>"
    assert repr(ctx.graph).endswith(">> listener.position_x")


def test_names_are_those_of_the_description():
    desc = {
        "format": "audiograph/1",
        "sample_rate": 8000,
        "length": 1,
        "channels": 1,
        "nodes": [{"id": "gain_1", "type": "delay"}, {"id": "my gain", "type": "gain"}],
        "connections": [{"from": "my gain", "to": "gain_1"}],
    }
    ctx = ps.graph_from_dict(desc)
    more = ctx.create_gain()
    assert list(ctx.graph) == ["destination", "gain_1", "my gain", "gain_2"]
    assert ctx.graph["gain_2"] is more
    assert isinstance(ctx.graph["my gain"], ps.GainNode)
    assert ctx.graph["my gain"].gain.value == 1


def test_nodes_that_python_has_let_go_of(ctx):
    osc = ctx.create_oscillator(frequency=220)
    ctx.create_gain(0.25)  # Nobody can hear this one.
    osc >> ctx.create_gain(0.5) >> ctx.destination
    osc.start()
    del osc
    gc.collect()
    graph = ctx.graph
    assert list(graph) == ["destination", "oscillator_1", "gain_1"]
    assert graph["gain_1"].gain.value == 0.5
    assert graph["oscillator_1"].frequency.value == 220
    assert graph["oscillator_1"].is_playing


def test_a_view_keeps_its_nodes_and_no_more(ctx):
    gain = ctx.create_gain()
    graph, seen = ctx.graph, weakref.ref(gain)
    del gain
    assert seen() is graph["gain_1"]
    del graph
    assert seen() is None


def test_dot(ctx):
    nodes = build(ctx)
    text = ctx.graph.to_dot()
    assert '"oscillator_1" -> "gain_1" [label="gain", style=dashed];' in text
    assert '"delay_1" -> "channel_merger_1" [headlabel="1"];' in text
    assert text.count("->") == 7
    if shutil.which("dot"):
        done = subprocess.run(["dot", "-Tplain"], input=text, capture_output=True, text=True)
        assert done.returncode == 0
    assert nodes


def test_odd_names_are_escaped():
    name = 'a"\\<&'
    desc = {
        "format": "audiograph/1",
        "sample_rate": 8000,
        "length": 1,
        "channels": 1,
        "nodes": [{"id": name, "type": "gain"}],
    }
    graph = ps.graph_from_dict(desc).graph
    assert r'"a\"\\<&" [label="a\"\\<&\nGainNode: gain=1"];' in graph.to_dot()
    assert name in [text.text for text in ElementTree.fromstring(graph.to_svg()).iter(f"{SVG}text")]


def boxes(svg):
    """Return name and rectangle of each box."""
    tree = ElementTree.fromstring(svg)
    names = [text.text for text in tree.iter(f"{SVG}text") if text.get("font-weight")]
    rects = [
        tuple(float(rect.get(key)) for key in ("x", "y", "width", "height"))
        for rect in tree.iter(f"{SVG}rect")
    ]
    return dict(zip(names, rects, strict=True))


def test_svg(ctx):
    nodes = build(ctx)
    svg = ctx.graph.to_svg()
    assert svg == ctx.graph._repr_svg_()
    found = boxes(svg)
    assert set(found) == set(ctx.graph)
    # Sound goes to the right.
    assert found["oscillator_1"][0] < found["delay_1"][0] < found["channel_merger_1"][0]
    assert found["channel_merger_1"][0] < found["destination"][0]
    # No box lies on another, and all lie in the picture.
    size = [float(x) for x in re.search(r'viewBox="0 0 (\d+) (\d+)"', svg).groups()]
    rects = list(found.values())
    for i, (x, y, w, h) in enumerate(rects):
        assert x >= 0
        assert y >= 0
        assert x + w <= size[0]
        assert y + h <= size[1]
        for x2, y2, w2, h2 in rects[:i]:
            assert x + w <= x2 or x2 + w2 <= x or y + h <= y2 or y2 + h2 <= y
    # Heads of arrows, but for the one that defines them.
    assert svg.count("marker-end") == 7
    assert svg.count("stroke-dasharray") == 1
    assert nodes


def test_an_empty_graph_and_a_large_one(ctx):
    assert "destination" in boxes(ctx.graph.to_svg())
    nodes = [ctx.create_gain() for _ in range(300)]
    for i, node in enumerate(nodes[1:], 1):
        nodes[i // 2] >> node
        node >> nodes[(i * 7) % 300]
    assert len(boxes(ctx.graph.to_svg())) == 301
    lines = repr(ctx.graph).splitlines()
    assert len(lines) == 24
    assert lines[-1] == "... and 278 more"


def test_contexts_are_shown_when_they_are_over(ctx):
    nodes = build(ctx)
    ctx.render()
    assert "closed" in repr(ctx)
    ctx.close()
    assert len(ctx.graph) == 5
    assert nodes
