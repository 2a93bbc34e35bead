# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The reference of nodes says what C's tables say."""

import importlib.util
import re
from pathlib import Path

import pytest

import pastream_ng as ps
from pastream_ng.graph.kinds import kinds
from pastream_ng.graph.nodes.node import classes_of_kinds

ROOT = Path(__file__).resolve().parents[3]
TOOL = ROOT / "tools" / "node_reference.py"
PAGE = ROOT / "docs" / "reference" / "python" / "graph_nodes.rst"

pytestmark = pytest.mark.skipif(not TOOL.exists(), reason="only in a checkout")


@pytest.fixture(scope="module")
def reference():
    spec = importlib.util.spec_from_file_location("node_reference", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _rows(lines):
    text = "\n".join(lines)
    cells = re.split(r"^ {3}\* - ", text, flags=re.MULTILINE)[1:]
    return [
        [cell.strip() for cell in re.split(r"^ {5}- ", row, flags=re.MULTILINE)] for row in cells
    ]


@pytest.mark.parametrize("name", sorted(kinds()))
def test_each_kind_has_a_table_of_all_that_it_takes(reference, name):
    kind = kinds()[name]
    lines = list(reference.lines_of(kind))
    names = {row[0].strip("`") for row in _rows(lines)} - {"param", "attribute"}
    assert names == set(kind.params) | set(kind.attributes)
    assert f"Kind ``{name}``: {kind.n_inputs} in, {kind.n_outputs} out." in lines[1]


def test_a_table_says_limits_rates_and_choices(reference):
    rows = _rows(reference.lines_of(kinds()["biquad_filter"]))
    assert rows[1] == ["``frequency``", "350", "0 to half the rate", "a-rate"]
    assert rows[4][:3] == ["``gain``", "0", "up to 1541"]
    assert rows[6][1:3] == [
        '"lowpass"',
        '"lowpass", "highpass", "bandpass", "lowshelf", "highshelf", "peaking", "notch", "allpass"',
    ]
    rows = _rows(reference.lines_of(kinds()["oscillator"]))
    assert rows[1] == ["``frequency``", "440", "± half the rate", "a-rate"]


def test_each_kind_has_a_class_on_the_page():
    page = PAGE.read_text(encoding="utf-8")
    missing = [
        kind.__name__ for kind in classes_of_kinds().values() if f":: {kind.__name__}\n" not in page
    ]
    assert missing == []
    assert set(kinds()) - set(classes_of_kinds()) <= {"listener"}


def test_frequencies_of_filters_are_not_negative():
    ctx = ps.OfflineAudioContext(channels=1, length=1, sample_rate=8000)
    frequency = ctx.create_biquad_filter().frequency
    assert (frequency.min_value, frequency.max_value) == (0, 4000)
    frequency = ctx.create_oscillator().frequency
    assert (frequency.min_value, frequency.max_value) == (-4000, 4000)
