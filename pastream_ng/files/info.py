# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What there is to know about a sound file, without reading its sound."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from pastream_ng._checks import flag
from pastream_ng.files.damage import Damage
from pastream_ng.files.soundfile import SoundFile
from pastream_ng.files.tags import Tags

__all__ = ["FileInfo", "info"]

_SCAN_FRAMES = 65536


@dataclass(frozen=True)
class FileInfo:
    """What `info` tells of a sound file.

    Attributes
    ----------
    name : str or None
        Its path; None if it was not given by one.
    samplerate : int
        Hz.
    channels : int
        Samples per frame.
    frames : int
        -1 where only reading to the end can tell.
    seconds : float or None
        `frames` as a time, if they are known.
    format : str
        The kind of file, such as ``"FLAC"``.
    subtype : str
        The samples in it, such as ``"PCM_24"`` or ``"OPUS"``.
    codec : str
        How they are stored: ``"PCM"``, ``"FLAC"``, ``"MP3"`` and so on.
    bits : int or None
        Of a sample; None where samples are not stored as they are.
    bitrate : int or None
        Bits a second, of lossy files whose rate is known.
    seekable : bool
        Whether a reader can go to any frame.
    tags : Tags
        What the file says about itself.
    damage : Damage
        What was found to be wrong with it; with ``scan=True`` all of it.
    """

    name: str | None
    samplerate: int
    channels: int
    frames: int
    seconds: float | None
    format: str
    subtype: str
    codec: str
    bits: int | None
    bitrate: int | None
    seekable: bool
    tags: Tags
    damage: Damage

    @property
    def duration(self) -> float | None:
        """The same as `seconds`, which soundfile calls so."""
        return self.seconds

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        told = {name: getattr(self, name) for name in self.__dataclass_fields__}
        told["tags"] = self.tags.to_dict()
        told["damage"] = self.damage.to_dict()
        return told

    def __str__(self) -> str:
        """Return it for people, a line for each fact."""
        length = (
            "unknown" if self.seconds is None else f"{self.seconds:.3f} s ({self.frames} frames)"
        )
        rows = {
            "samplerate": f"{self.samplerate} Hz",
            "channels": str(self.channels),
            "length": length,
            "format": f"{self.format}, {self.subtype}",
        }
        if self.bits is not None and not self.subtype.startswith("PCM"):
            rows["bits"] = str(self.bits)
        if self.bitrate is not None:
            rows["bitrate"] = f"{self.bitrate / 1000:g} kbit/s"
        rows.update({key: ", ".join(self.tags.all(key)) for key in self.tags})
        if self.damage:
            rows["damage"] = str(self.damage)
        lines = [] if self.name is None else [self.name]
        return "\n".join([*lines, *(f"{name}: {text}" for name, text in rows.items())])


def info(file: Any, *, scan: bool = False, closefd: bool = True) -> FileInfo:
    """Return what there is to know about a sound file.

    Parameters
    ----------
    file : str, bytes, os.PathLike, int, binary file object or SoundFile
        As for `SoundFile`.
    scan : bool, optional
        Read all of it, which finds all damage, and the length of what does not tell it.
    closefd : bool, optional
        Whether a descriptor is closed.

    Raises
    ------
    FileFormatError
        It is not a sound file of a known kind; with `scan`, also: it makes no sense from some point
        on.
    OSError
        It cannot be opened or read.

    Examples
    --------
    >>> import io, numpy as np, pastream_ng as ps
    >>> place = io.BytesIO()
    >>> ps.write(place, np.zeros((24000, 2)), 48000, format="WAV")
    >>> n = place.seek(0)
    >>> found = ps.info(place)
    >>> found.seconds, found.channels, found.codec, found.bits
    (0.5, 2, 'PCM', 16)
    """
    scan = flag("scan", scan)
    if isinstance(file, SoundFile):
        return _info_of(file)
    with SoundFile(file, closefd=closefd) as opened:
        if scan:
            memory = np.empty((_SCAN_FRAMES, opened.channels), "float32")
            while len(opened.read(out=memory)) == _SCAN_FRAMES:
                pass
        return _info_of(opened, opened.tell() if scan else None)


def _info_of(file: SoundFile, counted: int | None = None) -> FileInfo:
    name = file.name
    is_path = isinstance(name, (str, bytes, os.PathLike))
    frames = file.frames if counted is None else counted
    return FileInfo(
        os.fsdecode(name) if is_path else None,
        file.samplerate,
        file.channels,
        frames,
        frames / file.samplerate if frames >= 0 else None,
        file.format,
        file.subtype,
        file.encoding,
        file.bits,
        file.bitrate,
        file.seekable(),
        file.tags,
        file.damage,
    )
