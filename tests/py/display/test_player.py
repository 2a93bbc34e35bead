# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Players for notebooks."""

import base64
import io
import re

import numpy as np
import soundfile

import pastream_ng as ps

SOUND = np.random.default_rng(1).uniform(-1, 1, (2400, 2)).astype("f4")


def test_the_page_has_the_sound():
    html = ps.display.player(SOUND, 24000)._repr_html_()
    found = re.fullmatch(r'<audio controls src="data:audio/wav;base64,([^"]*)"></audio>', html)
    data, rate = soundfile.read(io.BytesIO(base64.b64decode(found[1])))
    assert rate == 24000
    np.testing.assert_allclose(data, SOUND, atol=1.01 / 32768)


def test_a_player_may_begin_by_itself():
    assert (
        "<audio controls autoplay src"
        in ps.display.player(SOUND, 8000, autoplay=True)._repr_html_()
    )


def test_a_buffer_is_heard_in_a_notebook():
    buffer = ps.AudioBuffer(SOUND, 24000)
    assert buffer._repr_html_() == ps.display.player(buffer)._repr_html_()
    assert repr(ps.display.player(buffer)) == "<Player: 0.1 s, 2 channels, 24000 Hz>"
