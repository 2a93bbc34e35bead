# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""JavaScript and Python of the guide for users of Web Audio sound the same."""

import base64
import json
import re
import textwrap
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from servers.browser import run_in_chromium
from servers.programs import MissingProgram

import pastream_ng as ps

PAGE = Path(__file__).resolve().parents[3] / "docs" / "howto" / "from_web_audio.rst"
PAIR = re.compile(
    r"^\.\. code-block:: javascript\n\n((?:   .*\n|\n)+)"
    r"\.\. code-block:: python\n\n((?:   .*\n|\n)+)",
    re.M,
)
TEXT = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
PAIRS = [tuple(map(textwrap.dedent, match)) for match in PAIR.findall(TEXT)]
LENGTH, RATE = 24000, 48000

RUNNER = """\
async function render(build) {
    const ctx = new OfflineAudioContext(2, LENGTH, RATE);
    await build(ctx);
    const buffer = await ctx.startRendering();
    const samples = new Float32Array(2 * LENGTH);
    for (let c = 0; c < 2; ++c) samples.set(buffer.getChannelData(c), c * LENGTH);
    let text = "";
    for (const byte of new Uint8Array(samples.buffer)) text += String.fromCharCode(byte);
    return btoa(text);
}
(async () => {
    const results = [];
    for (const build of BUILDS) {
        try {
            results.push(await render(build));
        } catch (error) {
            results.push({ error: String(error) });
        }
    }
    await fetch("/results", { method: "POST", body: JSON.stringify(results) });
})();
"""


@cache
def _in_browser():
    """Return what each JavaScript makes: (frames, channels)."""
    builds = "".join(f"async (ctx) => {{\n{script}\n}},\n" for script, _ in PAIRS)
    script = f"const LENGTH = {LENGTH}, RATE = {RATE};\nconst BUILDS = [\n{builds}];\n{RUNNER}"
    page = f"<!doctype html><script>{script}</script>"
    found = run_in_chromium({"/": ("text/html", page.encode())}, timeout=90)
    return [
        result
        if isinstance(result, dict)
        else np.frombuffer(base64.b64decode(result), "<f4").reshape(2, LENGTH).T
        for result in found
    ]


def _in_python(code):
    ctx = ps.OfflineAudioContext(channels=2, length=LENGTH, sample_rate=RATE)
    exec(code, {"ctx": ctx, "ps": ps, "np": np})
    return ctx.render()


def test_there_are_pairs():
    assert len(PAIRS) == TEXT.count("code-block:: javascript") > 10


@pytest.mark.parametrize("number", range(len(PAIRS)))
def test_both_sound_the_same(number):
    script, code = PAIRS[number]
    try:
        expected = _in_browser()[number]
    except MissingProgram as missing:
        pytest.skip(str(missing))
    assert not isinstance(expected, dict), json.dumps(expected)
    got = _in_python(code)
    assert np.abs(expected).max() > 0.05, script
    # Browsers read waves of many partials from coarser tables.
    coarse = "sawtooth" in script or "square" in script
    error = np.sqrt(np.mean((got - expected) ** 2))
    assert error < (0.02 if coarse else 1e-3), f"pair {number + 1} differs by {error}\n{code}"
