# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Sound files that grow chunk by chunk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pastream_ng._checks import flag
from pastream_ng.files.soundfile import SoundFile

if TYPE_CHECKING:
    from types import TracebackType

    from pastream_ng.enums import BitrateMode, Dither

__all__ = ["AudioFileWriter"]


class AudioFileWriter:
    """A sound file that is written chunk by chunk.

    Parameters
    ----------
    path : str, bytes, os.PathLike, int or binary file object
        As for `SoundFile`.
    format : str, optional
        ``"wav"``, ``"flac"``, ``"mp3"``, ``"opus"``, ``"ogg"``, ``"aac"``, ``"m4a"`` or any other
        ``format`` of `SoundFile`. None takes it from the extension.
    samplerate : int
        Hz.
    channels : int
        Samples per frame.
    overwrite : bool, optional
        Whether a file that is there may be emptied.
    subtype, bitrate, bitrate_mode, quality, compression, dither, tags : optional
        As for `SoundFile`.

    Raises
    ------
    FileExistsError
        There is such a file, and `overwrite` is False.
    OSError
        The file cannot be made.
    CodecMissingError
        The library was built without the codec.
    ArgumentError, ArgumentTypeError
        An argument that is not as described above, or does not fit the kind of file.

    Examples
    --------
    >>> import io, numpy as np, pastream_ng as ps
    >>> place = io.BytesIO()
    >>> with ps.AudioFileWriter(place, "wav", samplerate=48000, channels=2) as writer:
    ...     for _ in range(3):
    ...         writer.write(np.zeros((1024, 2)))
    ...     print(writer.frames)
    3072
    """

    def __init__(
        self,
        path: Any,
        format: str | None = None,
        *,
        samplerate: int,
        channels: int,
        subtype: str | None = None,
        bitrate: int | None = None,
        bitrate_mode: str | BitrateMode | None = None,
        quality: float | None = None,
        compression: int | None = None,
        dither: str | Dither | None = None,
        tags: Any = None,
        overwrite: bool = True,
    ) -> None:
        is_path = not isinstance(path, int) and not hasattr(path, "write")
        self._file = SoundFile(
            path,
            "w" if flag("overwrite", overwrite) or not is_path else "x",
            samplerate,
            channels,
            subtype,
            format=format,
            bitrate=bitrate,
            bitrate_mode=bitrate_mode,
            quality=quality,
            compression=compression,
            dither=dither,
            tags=tags,
        )

    @property
    def samplerate(self) -> int:
        """Hz."""
        return self._file.samplerate

    @property
    def channels(self) -> int:
        """Samples per frame."""
        return self._file.channels

    @property
    def frames(self) -> int:
        """How many frames were written."""
        return self._file.frames

    @property
    def clipped(self) -> int:
        """How many samples the file could only store as full scale."""
        return self._file.clipped

    @property
    def closed(self) -> bool:
        """Whether the file is complete."""
        return self._file.closed

    def __repr__(self) -> str:
        return f"<AudioFileWriter of {self._file!r}>"

    def write(self, data: Any) -> None:
        """Append frames, (frames, channels) or (frames,) for mono; see `SoundFile.write`."""
        self._file.write(data)

    def flush(self) -> None:
        """Make what is written so far readable, see `SoundFile.flush`."""
        self._file.flush()

    def finalize(self) -> None:
        """Complete the file and close it. Idempotent.

        Raises
        ------
        SystemCallError, LimitError
            The first error that the file met with, also if it was raised before.
        """
        self._file.close()

    def close(self) -> None:
        """Do the same as `finalize`."""
        self.finalize()

    def __enter__(self) -> AudioFileWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.finalize()
