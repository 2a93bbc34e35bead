# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""``pastream bench``."""

from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result

import pastream_ng as ps


def test_every_codec_has_its_figures(invoke_json: Callable[..., Any]) -> None:
    document = invoke_json("bench", "-d", "0.2")
    told = {row["what"]: row["speed"] for row in document["figures"]}
    for codec in ps.available_codecs():
        if codec.encodes and codec.decodes and codec.encoding in ("FLAC", "MP3", "OPUS"):
            assert f"encode {codec.encoding.lower()}" in told
            assert f"decode {codec.encoding.lower()}" in told
    assert {"encode pcm", "resample best", "resample hold"} <= set(told)
    assert min(told.values()) > 0
    assert document["kernels"] == ps.kernel_level()


def test_figures_are_a_table(invoke: Callable[..., Result]) -> None:
    result = invoke("bench", "-d", "100ms", "-q")
    assert result.exit_code == 0
    assert not result.stderr
    *rows, last = result.stdout.splitlines()
    assert all(row.endswith("x") for row in rows)
    assert last.split() == ["kernels", ps.kernel_level()]


@pytest.mark.parametrize("duration", ["0", "9:00:00"])
def test_lengths_that_make_no_sense(duration: str, invoke: Callable[..., Result]) -> None:
    result = invoke("bench", "-d", duration)
    assert result.exit_code == 2
    assert "--duration is to be from" in result.stderr
