# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The engine of graphs as Python sees it, and descriptions that cannot be built."""

import gc
import threading

import numpy as np
import pytest

from pastream_ng.enums import AttributeKind, ParamRate
from pastream_ng.errors import (
    ArgumentError,
    ArgumentTypeError,
    StateError,
    UnsupportedOptionError,
)
from pastream_ng.graph.core import CoreGraph
from pastream_ng.graph.core_data import Sound, Wave
from pastream_ng.graph.description.load import graph_from_dict
from pastream_ng.graph.kinds import kinds

RATE = 16384


def render(graph, frames):
    output = np.empty((frames, graph.channels), np.float32)
    graph.render(output)
    return output


def test_kinds_tell_what_nodes_take():
    oscillator = kinds()["oscillator"]
    assert list(oscillator.params) == ["frequency", "detune"]
    assert oscillator.is_source
    choices = oscillator.attributes["type"].choices
    assert choices == ("sine", "square", "sawtooth", "triangle", "custom")
    longest = kinds()["delay"].attributes["max_delay_time"]
    assert longest.kind == AttributeKind.NUMBER
    assert longest.is_fixed
    assert longest.maximum == 180


def test_wrong_names_and_values_are_told():
    graph = CoreGraph(RATE, 1)
    with pytest.raises(ArgumentError, match=r"kind is 'no'; it must be one of .*gain"):
        graph.add("no")
    with pytest.raises(ArgumentError, match="no such nodes to make"):
        graph.add("destination")
    with pytest.raises(ArgumentError, match="nodes of kind gain have no 'gain', but none"):
        graph.add("gain", gain=1)
    with pytest.raises(ArgumentError, match="type is 'noise'; it must be one of sine"):
        graph.add("oscillator", type="noise")
    with pytest.raises(ArgumentError, match="max_delay_time is 200; it must be from"):
        graph.add("delay", max_delay_time=200)
    with pytest.raises(ArgumentTypeError, match="it must be an int"):
        graph.add("channel_splitter", number_of_outputs=2.5)
    with pytest.raises(StateError, match="needs a periodic_wave"):
        graph.add("oscillator", type="custom")
    delay = graph.add("delay")
    with pytest.raises(StateError, match="max_delay_time can only be given when"):
        delay.set("max_delay_time", 2)
    with pytest.raises(ArgumentError, match="nodes of kind delay have delay_time"):
        delay.param("time")
    with pytest.raises(ArgumentError, match="channel_count_mode is 'min'; it must be one of max"):
        delay.set("channel_count_mode", "min")
    with pytest.raises(UnsupportedOptionError):
        graph.destination().set("channel_count", 2)
    with pytest.raises(ArgumentError, match="rate_hz is 100"):
        CoreGraph(100, 1)


def test_sounds_and_waves_are_checked():
    with pytest.raises(ArgumentError, match="n_frames is 0"):
        Sound.of(np.zeros((1, 0)), RATE)
    with pytest.raises(ArgumentError, match="rate_hz is nan"):
        Sound.of(np.zeros((1, 4)), float("nan"))
    with pytest.raises(ArgumentError, match="coefficient 1 is inf"):
        Wave([0, float("inf")], [0, 0])
    with pytest.raises(ArgumentError, match="real has 2 numbers and imag 3"):
        Wave([0, 1], [0, 0, 0])
    with pytest.raises(ArgumentError, match="at least 2"):
        Wave([0], [0])


def test_a_buffer_is_set_once():
    graph = CoreGraph(RATE, 1)
    sound = Sound.of(np.arange(4), RATE)
    node = graph.add("buffer_source")
    node.connect(graph.destination())
    node.start()
    assert not render(graph, 128).any()
    node.set("buffer", sound)
    with pytest.raises(StateError, match="buffer was set before"):
        node.set("buffer", sound)
    assert render(graph, 128)[:5, 0].tolist() == [0, 1, 2, 3, 0]
    assert node.has_ended


def test_attributes_act_while_a_node_plays():
    graph = CoreGraph(RATE, 1)
    node = graph.add("oscillator", type="sine")
    node.param("frequency").value = RATE / 128
    node.connect(graph.destination())
    node.start()
    first = render(graph, 128)[:, 0]
    n = np.arange(128)
    assert np.abs(first - np.sin(2 * np.pi * n / 128)).max() < 1e-5
    node.set("type", "square")  # The phase is kept.
    second = render(graph, 128)[:, 0]
    assert second[1:63].min() > 0.7
    assert second[65:127].max() < -0.7


def test_a_batch_acts_as_a_whole():
    graph = CoreGraph(RATE, 1, sends_at_once=True)
    with graph.batch():
        source = graph.add("constant_source")
        source.connect(graph.destination())
        source.start()
        output = np.empty((128, 1), np.float32)
        assert graph.frame == 0
    graph.render(output)
    assert (output == 1).all()
    assert graph.frame == 128
    source.disconnect()
    assert not render(graph, 128).any()


def test_rates_of_params():
    graph = CoreGraph(RATE, 1)
    gain = graph.add("gain").param("gain")
    assert gain.rate == ParamRate.A
    gain.rate = ParamRate.K
    assert gain.rate == ParamRate.K
    with pytest.raises(UnsupportedOptionError, match="rate of param detune is fixed"):
        graph.add("buffer_source").param("detune").rate = ParamRate.A


def test_automation_takes_its_arguments():
    graph = CoreGraph(RATE, 1)
    gain = graph.add("gain").param("gain")
    with pytest.raises(ArgumentError, match="set_value_at_time takes 2 arguments, not 1"):
        gain.automate("set_value_at_time", 1)
    with pytest.raises(ArgumentError, match="time is -1"):
        gain.automate("set_value_at_time", 1, -1)
    gain.automate("set_value_curve_at_time", np.array([0.0, 1.0]), 1, 1)
    with pytest.raises(UnsupportedOptionError, match="inside of a curve from 1 to 2"):
        gain.automate("linear_ramp_to_value_at_time", 1, 1.5)


def test_graphs_are_rendered_side_by_side():
    def build():
        graph = CoreGraph(RATE, 1)
        node = graph.add("oscillator", type="sawtooth")
        node.connect(graph.destination())
        node.start()
        return graph

    wanted = render(build(), 4096)
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(render(build(), 4096))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    assert all((result == wanted).all() for result in results)


def test_nodes_outlive_the_names_of_their_graph():
    graph = CoreGraph(RATE, 1)
    node = graph.add("gain")
    param = node.param("gain")
    del graph, node
    gc.collect()
    param.value = 3
    assert param.value == 3


def test_descriptions_that_cannot_be_are_refused():
    desc = {
        "format": "audiograph/1",
        "sample_rate": RATE,
        "length": 256,
        "channels": 1,
        "nodes": [],
        "connections": [],
    }
    assert graph_from_dict(desc).render().shape == (256, 1)
    with pytest.raises(ArgumentError, match="format is 'x'; it must be 'audiograph/1'"):
        graph_from_dict({**desc, "format": "x"})
    with pytest.raises(ArgumentError, match="kind is 'theremin'"):
        graph_from_dict({**desc, "nodes": [{"id": "a", "type": "theremin"}]})
    buffers = {"b": {"signal": "s", "channels": 1, "frames": 4, "sample_rate": RATE}}
    with pytest.raises(ArgumentError, match="signals must be the folder"):
        graph_from_dict({**desc, "buffers": buffers})
    late = {"frame": 128, "ops": [{"op": "sing"}]}
    with pytest.raises(ArgumentError, match="op is 'sing'"):
        graph_from_dict({**desc, "actions": [late]}).render()


def test_actions_come_in_between():
    desc = {
        "format": "audiograph/1",
        "sample_rate": RATE,
        "length": 512,
        "channels": 1,
        "nodes": [
            {"id": "one", "type": "constant_source", "schedule": [{"op": "start", "args": [0]}]},
            {"id": "g", "type": "gain", "params": {"gain": {"value": 2, "events": []}}},
        ],
        "connections": [{"from": "one", "to": "g"}, {"from": "g", "to": "destination"}],
        "actions": [
            {"frame": 384, "ops": [{"op": "disconnect", "from": "one", "to": "g"}]},
            {
                "frame": 128,
                "ops": [{"op": "set_param", "node": "g", "param": "gain", "value": 0.5}],
            },
            {"frame": 256, "ops": [{"op": "connect", "from": "one", "to": "g", "param": "gain"}]},
        ],
    }
    output = graph_from_dict(desc).render()[:, 0]
    assert output[::128].tolist() == [2, 0.5, 1.5, 0]
    assert output[127::128].tolist() == [2, 0.5, 1.5, 0]
