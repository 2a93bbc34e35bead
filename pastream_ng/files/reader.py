# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Sound files as a row of chunks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pastream_ng._checks import flag, integer, shown, shown_file
from pastream_ng._native.closing import Closing
from pastream_ng.enums import Container, Encoding
from pastream_ng.errors import FileFormatError
from pastream_ng.files.info import info
from pastream_ng.files.kinds import Kind, named
from pastream_ng.files.soundfile import SoundFile
from pastream_ng.formats import sample_format
from pastream_ng.packets.audio_format import AudioFormat, is_planar, turned
from pastream_ng.packets.node_buffer import NodeBuffer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pastream_ng._native.arrays import Array
    from pastream_ng.files.damage import Damage
    from pastream_ng.files.info import FileInfo
    from pastream_ng.files.tags import Tags
    from pastream_ng.packets.node_buffer import Layout

__all__ = ["AudioFileReader"]

# What is called WAV by everybody.
_WAVS = (Container.WAV, Container.WAVEX, Container.RF64)
# The sample types of buffers, which have no int8 and no int24.
_SAMPLE_TYPES = {
    "float32": "f32",
    "float64": "f64",
    "int32": "i32",
    "int24": "i32",
    "int16": "i16",
    "int8": "i16",
    "uint8": "u8",
}


def _is_of(file: SoundFile, kind: Kind) -> bool:
    """Whether a file is of the kind that it was said to be."""
    container, encoding = Container[file.format], Encoding[file.encoding]
    same = container == kind.container or (container in _WAVS and kind.container == Container.WAV)
    return same and kind.encoding in (Encoding.DEFAULT, encoding)


class AudioFileReader(Closing):
    """A sound file that is read chunk by chunk.

    Parameters
    ----------
    path : str, bytes, os.PathLike, int or binary file object
        As for `SoundFile`.
    format : str, optional
        What the file has to be: ``"wav"``, ``"flac"``, ``"mp3"``, ``"opus"``, ``"ogg"``, ``"aac"``,
        ``"m4a"`` or any other ``format`` of `SoundFile`, but for ``"raw"``. None takes whatever it
        is.
    chunk_samples : int, optional
        Frames of a chunk.
    dtype : str or numpy.dtype, optional
        As for streams; integers are scaled to full scale.
    always_2d : bool, optional
        Whether chunks of mono are (frames, 1), too.

    Raises
    ------
    FileFormatError
        It is not a sound file of a known kind, or not of the one that `format` says.
    OSError
        It cannot be opened.
    ArgumentError, ArgumentTypeError
        An argument that is not as described above.

    Examples
    --------
    >>> import io, numpy as np, pastream_ng as ps
    >>> place = io.BytesIO()
    >>> ps.write(place, np.zeros((2500, 2)), 48000, format="WAV")
    >>> n = place.seek(0)
    >>> with ps.AudioFileReader(place, "wav") as reader:
    ...     print(len(reader), [chunk.shape for chunk in reader])
    ...     n = reader.seek(0)
    ...     print(reader.next_frame().shape, reader.pull().pts)
    2500 [(1024, 2), (1024, 2), (452, 2)]
    (2, 1024) 1024
    """

    def __init__(
        self,
        path: Any,
        format: str | None = None,
        chunk_samples: int | None = 1024,
        *,
        dtype: Any = "float32",
        always_2d: bool = False,
    ) -> None:
        kind = None if format is None else named(format)
        if kind is not None and kind.container == Container.RAW:
            raise FileFormatError(
                f"format is {shown(format)}; files without a header are for SoundFile, which can "
                "be told their rate, channels and subtype"
            )
        self._chunk = integer(
            "chunk_samples", 1024 if chunk_samples is None else chunk_samples, 1, unit="frames"
        )
        self._dtype = sample_format(dtype).name
        self._always_2d = flag("always_2d", always_2d)
        file = SoundFile(path, format="WAV" if kind is not None else None)
        if kind is not None and not _is_of(file, kind):
            found = f"{file.format} with {file.encoding}"
            file.close()
            raise FileFormatError(
                f"{shown_file(file.name)} is {found}; format is {shown(format)}, but "
                "may be None for whatever it is"
            )
        self._file = file

    # ---- What it is -----------------------------------------------------------------------------

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
        """How many frames the file holds; -1 where only reading to the end can tell."""
        return self._file.frames

    @property
    def chunk_samples(self) -> int:
        """Frames of a chunk."""
        return self._chunk

    @property
    def info(self) -> FileInfo:
        """All that there is to know, see `pastream_ng.info`."""
        return info(self._file)

    @property
    def tags(self) -> Tags:
        """What the file says about itself."""
        return self._file.tags

    @property
    def damage(self) -> Damage:
        """What was found to be wrong so far."""
        return self._file.damage

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._file.closed

    def __len__(self) -> int:
        return len(self._file)

    def __bool__(self) -> bool:
        return True  # Not the length: an empty file is a file.

    def __repr__(self) -> str:
        return f"<AudioFileReader of {self._file!r}>"

    # ---- Reading --------------------------------------------------------------------------------

    def read(self, frames: int = -1) -> Array:
        """Read frames from where the file stands, -1: up to the end; see `SoundFile.read`."""
        return self._file.read(frames, self._dtype, self._always_2d)

    def __iter__(self) -> Iterator[Array]:
        """Iterate over chunks from where the file stands; only the last may be shorter."""
        return self._file.blocks(self._chunk, dtype=self._dtype, always_2d=self._always_2d)

    def output_format(self) -> AudioFormat:
        """Return what `pull` gives: planar, of the sample type that holds those of `dtype`."""
        return AudioFormat(
            self._file.samplerate, self._file.channels, _SAMPLE_TYPES[self._dtype], planar=True
        )

    def next_frame(self, layout: Layout = "planar") -> Array | None:
        """Read the next chunk.

        Parameters
        ----------
        layout : {"planar", "interleaved"}
            (channels, samples) or (samples, channels).

        Returns
        -------
        numpy.ndarray or None
            Always 2-D, of `dtype`; only the last one may be shorter than `chunk_samples`. None: the
            file has ended.

        Raises
        ------
        SystemCallError, FileFormatError, StateError
            As for `SoundFile.read`.
        """
        wants_planar = is_planar(layout)
        frames = self._file.read(self._chunk, self._dtype, always_2d=True)
        return turned(frames, False, wants_planar) if len(frames) else None

    def pull(self) -> NodeBuffer | None:
        """Read the next chunk as a buffer of `output_format`; None at the end.

        Its time is the frame of the file that it begins with, in units of 1/samplerate.

        Raises
        ------
        SystemCallError, FileFormatError, StateError
            As for `SoundFile.read`.
        """
        form, start = self.output_format(), self._file.tell()
        frames = self._file.read(self._chunk, form.dtype, always_2d=True)
        if not len(frames):
            return None
        planes = turned(frames, False, True)
        return NodeBuffer._of_pcm(planes, form, start, (1, form.sample_rate))

    def seek(self, frame: int, whence: int = 0) -> int:
        """Go to a frame, see `SoundFile.seek`."""
        return self._file.seek(frame, whence)

    def tell(self) -> int:
        """Return the frame that is read next."""
        return self._file.tell()

    # ---- The end --------------------------------------------------------------------------------

    def close(self) -> None:
        """Close the file. Idempotent."""
        self._file.close()
