# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Another rate for sound on its way to a codec."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pastream_ng.packets.sample_types import SAMPLE_TYPES, native
from pastream_ng.resampling.resampler import Resampler

if TYPE_CHECKING:
    from pastream_ng._native.arrays import Array
    from pastream_ng.enums import Format
    from pastream_ng.packets.audio_format import AudioFormat

__all__ = ["RateChange"]


class RateChange:
    """Changes the rate of sound, and of its times with it.

    Parameters
    ----------
    form : AudioFormat
        Of what is given.
    rate : int
        Hz of what comes out, interleaved.
    """

    def __init__(self, form: AudioFormat, rate: int) -> None:
        self._form = form
        self._code = SAMPLE_TYPES[form.sample_type].code
        dtype = "int32" if form.sample_type == "i64" else form.dtype.name
        self._resampler = Resampler(form.sample_rate, rate, form.channels, dtype=dtype)
        self._rate = rate
        self._given = self._made = 0

    def process(self, array: Array, planar: bool, pts: int | None) -> tuple[Array, int | None]:
        """Return frames and the time of the first one, of frames of whatever sample type."""
        data, code = native(array)
        if code != self._code:
            data, code = native(self._form.replace(planar=planar).array(array))
        frames = np.ascontiguousarray(data.T) if planar else data
        if pts is not None:
            # What comes out first lies earlier than what is given, by what is still inside: when
            # the first frame of all would have been is what is converted.
            before, after = self._form.sample_rate, self._rate
            pts = self._made + (2 * (pts - self._given) * after + before) // (2 * before)
        self._given += len(frames)
        return self._counted(self._resampler.process(frames)), pts

    def flush(self) -> Array:
        """Return the frames that are left."""
        return self._counted(self._resampler.flush())

    def reset(self) -> None:
        """Begin again."""
        self._resampler.reset()
        self._given = self._made = 0

    def _counted(self, frames: Array) -> Array:
        made: Array = frames.reshape(-1, self._form.channels)
        self._made += len(made)
        return made

    @property
    def code(self) -> Format:
        """The format of what comes out."""
        return self._code
