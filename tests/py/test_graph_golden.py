# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Graphs sound as the specification says, and browsers where it leaves that to them."""

import golden
import numpy as np
import pytest

from pastream_ng.graph.description.load import graph_from_dict
from pastream_ng.graph.kinds import kinds

# Graphs whose nodes are all there.
NAMES = [
    name
    for name in golden.index()
    if {node["type"] for node in golden.description(name)["nodes"]} <= set(kinds())
]


@pytest.mark.parametrize("name", NAMES)
def test_a_graph_sounds_as_it_should(name):
    graph = graph_from_dict(golden.description(name), golden.FOLDER / "signals")
    output = graph.render()
    assert golden.faults(name, output, graph.captures) == []


@pytest.mark.parametrize("quantum", [1, 100, 256])
def test_larger_quanta_change_nothing(quantum):
    # Where nothing is k-rate, in a cycle, or done on the way.
    for name in ("auto_exp_unaligned", "mix_6_to_2", "delay_ramp", "fm_chain3", "patch_ringmod"):
        if name not in NAMES:
            continue
        desc = golden.description(name)
        usual = graph_from_dict(desc, golden.FOLDER / "signals").render()
        other = graph_from_dict(desc, golden.FOLDER / "signals", quantum=quantum).render()
        assert np.abs(usual - other).max() <= 1e-6
