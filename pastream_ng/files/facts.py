# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What a sound file is: the facts that do not depend on where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pastream_ng._checks import shown_file
from pastream_ng._native import ffi, lib
from pastream_ng.files.damage import damage_of
from pastream_ng.files.lending import LentFile

if TYPE_CHECKING:
    from pastream_ng.files.damage import Damage
    from pastream_ng.files.formats import FileFormat
    from pastream_ng.files.tags import Tags

__all__ = ["FileFacts"]


class FileFacts(LentFile):
    """What one can ask a sound file, closed or not."""

    _mode: str
    _told: FileFormat
    _n_frames: int
    _is_seekable: bool
    _bitrate: int
    _tags: Tags
    _found: Damage

    @property
    def name(self) -> Any:
        """What the file was opened by."""
        return self._name

    @property
    def mode(self) -> str:
        """``"r"``, ``"w"`` or ``"x"``."""
        return self._mode

    @property
    def samplerate(self) -> int:
        """Hz."""
        return self._told.samplerate

    @property
    def channels(self) -> int:
        """Samples per frame."""
        return self._told.channels

    @property
    def format(self) -> str:
        """The kind of file, such as ``"WAV"``."""
        return self._told.container.name

    @property
    def subtype(self) -> str:
        """The samples in the file, such as ``"PCM_16"``."""
        return self._told.subtype_name

    @property
    def encoding(self) -> str:
        """How samples are stored: ``"PCM"``, ``"FLAC"``, ``"MP3"``, ``"OPUS"`` and so on."""
        return self._told.encoding.name

    @property
    def bits(self) -> int | None:
        """Bits of a sample; None where samples are not stored as they are."""
        return self._told.bits

    @property
    def bitrate(self) -> int | None:
        """Bits a second of a lossy file that is read, or those asked for; None: unknown."""
        return self._bitrate or None

    @property
    def tags(self) -> Tags:
        """What the file says about itself: a mapping that cannot be changed."""
        return self._tags

    @property
    def damage(self) -> Damage:
        """What was found to be wrong so far; after a read up to the end, all of it.

        While a stream plays the file, it is what was known before.
        """
        if self._mode == "r":
            with self._lock:
                if not self._is_lent():
                    self._found = damage_of(self._pointer)
        return self._found

    @property
    def endian(self) -> str:
        """``"FILE"`` where the order of bytes is the usual one of the kind of file."""
        name = self._told.endian.name
        return "FILE" if name == "DEFAULT" else name

    @property
    def frames(self) -> int:
        """How many frames the file holds; -1 where only reading to the end can tell."""
        if self._mode == "r":
            return self._n_frames
        return int(lib.pst_encoder_frames(self._pointer))

    def __len__(self) -> int:
        return max(0, self.frames)

    def __bool__(self) -> bool:
        return True  # Not the length: an empty file is a file.

    @property
    def clipped(self) -> int:
        """How many samples were written that the file could only store as full scale."""
        if self._mode == "r":
            return 0
        counts = ffi.new("pst_convert_counts *")
        lib.pst_encoder_get_counts(self._pointer, counts)
        return int(counts.n_clipped)

    def seekable(self) -> bool:
        """Whether `seek` works: in files that are read, and do not come from a pipe."""
        return self._is_seekable

    def __repr__(self) -> str:
        state = ", closed" if self._is_closed else ""
        return (
            f"<{type(self).__name__} {shown_file(self._name)}, mode {self._mode!r}: {self.format} "
            f"{self.subtype}, {self.samplerate} Hz, {self.channels} channels, "
            f"{self.frames} frames{state}>"
        )
