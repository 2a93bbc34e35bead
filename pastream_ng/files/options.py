# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""How a sound file is to be written: bit rate, quality, effort, tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pastream_ng._checks import choice, integer, real, shown, whole
from pastream_ng._native import ffi, lib
from pastream_ng.enums import BitrateMode, Dither, Encoding
from pastream_ng.errors import ArgumentError, ArgumentTypeError
from pastream_ng.files.tags import Tags, native_tags

if TYPE_CHECKING:
    from pastream_ng.files.formats import FileFormat

__all__ = ["DEFAULT_OPTIONS", "WriteOptions", "new_options"]


class NativeOptions(NamedTuple):
    """A ``pst_encoder_options *`` and what lies behind its pointers."""

    pointer: Any
    tags: Any


class WriteOptions(NamedTuple):
    """What `SoundFile` and `write` take beyond the format; see there."""

    bitrate: int = 0
    bitrate_mode: BitrateMode = BitrateMode.DEFAULT
    quality: float = -1.0
    compression: int = -1
    frames: int = -1
    dither: Dither = Dither.NONE
    tags: Tags | None = None

    def to_c(self) -> NativeOptions:
        """Return it for C; the result must live as long as C looks at it."""
        made = ffi.new("pst_encoder_options *")
        lib.pst_encoder_options_init(made)
        made.bitrate_bps = self.bitrate
        made.bitrate_mode = self.bitrate_mode
        made.quality = self.quality
        made.compression = self.compression
        made.n_frames = self.frames
        made.dither = self.dither
        tags = None
        if self.tags:
            tags = native_tags(self.tags)
            made.tags = tags[0]
        return NativeOptions(made, tags)


# The most of FLAC, and what soundfile takes for the worst and the best Opus, for each channel.
_FLAC_EFFORTS = 8
_OPUS_BITRATES = (6000, 256_000)
DEFAULT_OPTIONS = WriteOptions()
_NAMES = {*WriteOptions._fields, "compression_level"}


def _from_level(level: Any, wanted: FileFormat) -> dict[str, Any]:
    """Return what soundfile's ``compression_level`` means for a kind of file."""
    value = real("compression_level", level, 0.0, 1.0, "(0: largest, 1: smallest file)")
    if wanted.encoding == Encoding.FLAC:
        return {"compression": round(value * _FLAC_EFFORTS)}
    if wanted.encoding in (Encoding.MP3, Encoding.VORBIS):
        return {"quality": 1.0 - value}
    if wanted.encoding == Encoding.OPUS:
        low, high = _OPUS_BITRATES
        return {"bitrate": round(high - value * (high - low)) * wanted.channels}
    raise ArgumentError(
        f"compression_level is {shown(level)}; {wanted.container.name} files have no such choice"
    )


def new_options(wanted: FileFormat, **told: Any) -> WriteOptions:
    """Return the options of a new file, from the arguments of the user; None is the default."""
    for name in told:
        if name not in _NAMES:
            raise ArgumentTypeError(
                f"{name} is no argument of a sound file; it knows {', '.join(sorted(_NAMES))}"
            )
    made: dict[str, Any] = {name: value for name, value in told.items() if value is not None}
    if "compression_level" in made:
        for name in ("compression", "quality", "bitrate"):
            if name in made:
                raise ArgumentTypeError(
                    f"compression_level is {shown(made['compression_level'])} and {name} "
                    f"{shown(made[name])}; give one of them"
                )
        made.update(_from_level(made.pop("compression_level"), wanted))
    if "bitrate" in made:
        made["bitrate"] = integer("bitrate", whole(made["bitrate"]), 1, 2**31 - 1, "bits a second")
    if "bitrate_mode" in made:
        made["bitrate_mode"] = choice("bitrate_mode", made["bitrate_mode"], BitrateMode)
    if "quality" in made:
        made["quality"] = real("quality", made["quality"], 0.0, 1.0, "(smallest to best)")
    if "compression" in made:
        made["compression"] = integer("compression", made["compression"], 0, 100)
    if "frames" in made:
        made["frames"] = integer("frames", made["frames"], 0, unit="frames")
    if "dither" in made:
        made["dither"] = choice("dither", made["dither"], Dither)
    if "tags" in made:
        made["tags"] = Tags(made["tags"])
    return WriteOptions(**made)
