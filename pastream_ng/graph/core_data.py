# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What nodes play, as C has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pastream_ng._native import ffi, lib
from pastream_ng._native.errors import new_error
from pastream_ng._native.handle import owner
from pastream_ng.errors import ArgumentError
from pastream_ng.graph.failures import check

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Sound", "Wave"]


class Owned:
    """What is shared with C by counting references."""

    _owned: Any

    @property
    def pointer(self) -> Any:
        """Where it is: a ``pst_sound *``, say."""
        return self._owned[0]

    @property
    def id(self) -> int:
        """The same for all that own it."""
        return int(ffi.cast("uintptr_t", self.pointer))


class Sound(Owned):
    """Sound in C's memory: planes of float32."""

    def __init__(self, owned: Any) -> None:
        shape = ffi.new("pst_sound_shape *")
        lib.pst_sound_get_shape(owned[0], shape)
        self._owned = owned
        self._stride = int(shape.stride_floats)
        self.channels = int(shape.n_channels)
        self.frames = int(shape.n_frames)
        self.rate = float(shape.rate_hz)

    @classmethod
    def silent(cls, channels: int, frames: int, rate: float) -> Sound:
        """Return silence, to be written to."""
        owned, err = owner("pst_sound *", lib.pst_sound_release), new_error()
        check(lib.pst_sound_create(owned, ffi.NULL, channels, frames, float(rate), err), err)
        return cls(owned)

    @classmethod
    def of(cls, planes: np.ndarray[Any, Any], rate: float) -> Sound:
        """Return a copy of an array of shape (channels, frames), or of one channel."""
        planes = np.atleast_2d(planes)
        sound = cls.silent(planes.shape[0], planes.shape[1], rate)
        sound.planes()[:] = planes
        sound.seal()
        return sound

    @classmethod
    def from_pointer(cls, pointer: Any) -> Sound | None:
        """Take the reference that C has given, or NULL."""
        owned = owner("pst_sound *", lib.pst_sound_release)
        owned[0] = pointer
        return cls(owned) if pointer else None

    def planes(self) -> NDArray[np.float32]:
        """Return its memory, (channels, frames)."""
        n_bytes = 4 * ((self.channels - 1) * self._stride + self.frames)
        # The memory keeps what owns it: the array may be all that is left.
        memory = ffi.gc(
            ffi.cast("char *", lib.pst_sound_samples(self.pointer)), lambda _, keep=self: None
        )
        flat = np.frombuffer(ffi.buffer(memory, n_bytes), dtype=np.float32)
        return np.lib.stride_tricks.as_strided(
            flat, (self.channels, self.frames), (4 * self._stride, 4), writeable=True
        )

    def seal(self) -> None:
        """Note that nobody writes any more, before a node gets it."""
        lib.pst_sound_seal(self.pointer)


class Wave(Owned):
    """One period of a wave, as cosines and sines."""

    def __init__(
        self, real: Sequence[float], imag: Sequence[float], *, normalize: bool = True
    ) -> None:
        if len(real) != len(imag):
            raise ArgumentError(
                f"real has {len(real)} numbers and imag {len(imag)}; there must be as many"
            )
        self._owned, err = owner("pst_wave *", lib.pst_wave_release), new_error()
        check(
            lib.pst_wave_create(
                self._owned,
                ffi.new("double[]", [float(x) for x in real]),
                ffi.new("double[]", [float(x) for x in imag]),
                len(real),
                normalize,
                err,
            ),
            err,
        )

    @classmethod
    def from_pointer(cls, pointer: Any) -> Wave | None:
        """Take the reference that C has given, or NULL."""
        if not pointer:
            return None
        wave = cls.__new__(cls)
        wave._owned = owner("pst_wave *", lib.pst_wave_release)
        wave._owned[0] = pointer
        return wave

    def series(self) -> tuple[list[float], list[float], bool]:
        """Return cosines, sines, and whether it was scaled."""
        normalize = ffi.new("bool *")
        n = lib.pst_wave_get_series(self.pointer, ffi.NULL, ffi.NULL, 0, normalize)
        real, imag = ffi.new("double[]", n), ffi.new("double[]", n)
        lib.pst_wave_get_series(self.pointer, real, imag, n, normalize)
        return list(real), list(imag), bool(normalize[0])
