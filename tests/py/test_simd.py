# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Which vector instructions there are, and which are taken."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import pastream_ng as ps
from pastream_ng.errors import ArgumentError, ArgumentTypeError

NAMES = ("Scalar", "SSE4.2", "AVX2", "AVX-512", "NEON", "SVE")


@pytest.fixture
def _best_again():
    yield
    ps.use_kernel_level()


def test_the_example_of_the_seed(capsys):
    caps = ps.detect_simd()
    print(f"SIMD: {caps.best_level()}")
    assert capsys.readouterr().out.strip().removeprefix("SIMD: ") in NAMES


def test_it_is_what_the_system_says():
    path = Path("/proc/cpuinfo")
    line = path.exists() and re.search(r"^(?:flags|Features)\s*:(.*)$", path.read_text(), re.M)
    if not line:
        pytest.skip("the system does not tell")
    found, caps = set(line[1].split()), ps.detect_simd()
    assert caps.sse42 == ("sse4_2" in found)
    assert caps.avx2 == ("avx2" in found)
    assert caps.avx512 == ({"avx512f", "avx512bw", "avx512dq", "avx512vl"} <= found)
    assert caps.fma == bool({"fma", "asimd"} & found)
    assert caps.neon == ("asimd" in found)
    assert caps.sve == ("sve" in found)


@pytest.mark.parametrize(
    ("names", "best", "text"),
    [
        ((), "Scalar", "Scalar only"),
        (("fma",), "Scalar", "FMA"),
        (("sse42",), "SSE4.2", "SSE4.2"),
        (("sse42", "avx2", "fma"), "AVX2", "SSE4.2, AVX2, FMA"),
        (("sse42", "avx2", "avx512"), "AVX-512", "SSE4.2, AVX2, AVX-512"),
        (("neon",), "NEON", "NEON"),
        (("neon", "sve"), "SVE", "NEON, SVE"),
    ],
)
def test_levels_of_other_machines(names, best, text):
    caps = ps.SimdCapabilities(**dict.fromkeys(names, True))
    assert caps.best_level() == best
    assert caps.has_simd() == (best != "Scalar")
    assert repr(caps) == f"SimdCapabilities({text})"
    assert all(getattr(caps, name) for name in names)


def test_capabilities_are_a_value():
    caps = ps.detect_simd()
    assert caps == ps.detect_simd()
    assert len({caps, ps.detect_simd()}) == 1
    with pytest.raises(AttributeError):
        caps.avx2 = True


def test_the_best_level_that_is_there_is_taken():
    code = "import pastream_ng as ps; print(ps.kernel_level())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ps.kernel_levels()[-1]
    # The library is compiled for all of them by every compiler that it is tested with.
    assert ps.kernel_levels()[-1] == ps.detect_simd().best_level()


@pytest.mark.usefixtures("_best_again")
def test_levels_can_be_named():
    for level in ps.kernel_levels():
        ps.use_kernel_level(level)
        assert ps.kernel_level() == level
        ps.use_kernel_level(level.lower())
        assert ps.kernel_level() == level
    ps.use_kernel_level("Scalar")
    ps.use_kernel_level(None)
    assert ps.kernel_level() == ps.kernel_levels()[-1]


@pytest.mark.parametrize(
    ("level", "error"), [("MMX", ArgumentError), ("", ArgumentError), (2, ArgumentTypeError)]
)
def test_levels_that_are_not_there_are_refused(level, error):
    before = ps.kernel_level()
    with pytest.raises(
        error,
        match=re.escape(f'level is {level!r}; on this machine it must be None or one of "Scalar"'),
    ):
        ps.use_kernel_level(level)
    assert ps.kernel_level() == before


@pytest.mark.usefixtures("_best_again")
def test_all_levels_compute_the_same():
    form = ps.AudioFormat(48000, 2, "f32")
    rng = np.random.default_rng(3)
    sound = rng.uniform(-1.5, 1.5, (2, 4800)).astype("f4")
    taps = rng.standard_normal(300) / 300
    sos = [[0.2, 0.3, 0.2, 1, -0.5, 0.3], [0.3, -0.2, 0.1, 1, 0.1, 0.5]]
    results = {}
    for level in ps.kernel_levels():
        ps.use_kernel_level(level)
        chain = [
            ps.Processor.fir(taps, form),
            ps.Processor.iir(format=form, sos=sos),
            ps.Processor.compressor(form),
            ps.Processor.limiter(form),
        ]
        made = sound
        for processor in chain:
            made = processor.process(made)
        results[level] = made.tobytes()
    assert len(set(results.values())) == 1, list(results)
