# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Sound in a notebook, with the browser's player."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

from pastream_ng._checks import flag
from pastream_ng.display.sounds import sound_of

if TYPE_CHECKING:
    from pastream_ng.display.sounds import Sound

__all__ = ["Player", "player"]


class Player:
    """Sound that a notebook shows as a player: ``data`` is a WAV file of 16 bits at its rate."""

    def __init__(self, data: bytes, autoplay: bool, text: str) -> None:
        self.data = data
        self._autoplay = autoplay
        self._text = text

    def _repr_html_(self) -> str:
        source = base64.b64encode(self.data).decode()
        more = " autoplay" if self._autoplay else ""
        return f'<audio controls{more} src="data:audio/wav;base64,{source}"></audio>'

    def __repr__(self) -> str:
        return f"<Player: {self._text}>"


def player(sound: Sound, samplerate: float | None = None, *, autoplay: bool = False) -> Player:
    """Return a player of a sound for a notebook. The sound is within the page.

    Parameters
    ----------
    sound, samplerate
        As for `waveform`. Samples beyond full scale are clipped.
    autoplay : bool, optional
        Whether it begins by itself, where the browser allows that.

    Returns
    -------
    Player

    Examples
    --------
    >>> import numpy as np
    >>> import pastream_ng as ps
    >>> ps.display.player(np.zeros(24000, "float32"), 48000)
    <Player: 0.5 s, 1 channel, 48000 Hz>
    """
    import pastream_ng

    frames, rate = sound_of(sound, samplerate)
    plays = flag("autoplay", autoplay)
    file = io.BytesIO()
    pastream_ng.write(file, frames, round(rate), format="WAV", subtype="PCM_16")
    n_channels = frames.shape[1]
    channels = f"{n_channels} channel{'s' if n_channels > 1 else ''}"
    return Player(file.getvalue(), plays, f"{len(frames) / rate:g} s, {channels}, {rate:g} Hz")
