# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Sound files that grow chunk by chunk."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from pastream_ng._checks import choice, flag, integer, shown, shown_file
from pastream_ng._native.closing import Closing
from pastream_ng._native.places import check_file
from pastream_ng.enums import BitrateMode, Container, Dither, Encoding
from pastream_ng.errors import ArgumentError, ArgumentTypeError, ClosedError, StateError
from pastream_ng.files.kinds import Kind, check_names, kind_of, looked_up
from pastream_ng.files.soundfile import SoundFile
from pastream_ng.packets.audio_format import check_format, turned
from pastream_ng.packets.node_buffer import check_buffer
from pastream_ng.packets.sample_types import native

if TYPE_CHECKING:
    from types import TracebackType

    from pastream_ng._native.arrays import Array
    from pastream_ng.packets.audio_format import AudioFormat
    from pastream_ng.packets.node_buffer import NodeBuffer

__all__ = ["AudioFileWriter"]

# What pyaudiostream calls the samples of WAV files.
_WAV_SAMPLES = {"PCM16LE": "PCM_16", "F32LE": "FLOAT"}
_WAVS = (Container.WAV, Container.WAVEX, Container.RF64)
_MOST_EFFORT = 12  # FFmpeg's for FLAC; libFLAC has 8.
_FLAC_EFFORT = 8


class AudioFileWriter(Closing):
    """A sound file that is written chunk by chunk.

    Its rate and channels are those of `input_format`, or `samplerate` and `channels`; without any
    of these, those of the first buffer that `push` gets.

    Parameters
    ----------
    path : str, bytes, os.PathLike, int or binary file object
        As for `SoundFile`.
    format : str, optional
        ``"wav"``, ``"flac"``, ``"mp3"``, ``"opus"``, ``"ogg"``, ``"aac"``, ``"m4a"`` or any other
        ``format`` of `SoundFile`. None takes it from the extension.
    input_format : AudioFormat, optional
        What `write_pcm` gets. FLAC files then have as many bits as its samples, at most 24.
    bitrate : int, optional
        Bits a second of lossy files, as for `SoundFile`.
    compression_level : int, optional
        Effort, from 0 to the most of the codec: 8 of FLAC, for which 9 to 12 (FFmpeg's) are as 8,
        9 of MP3, 10 of Opus. Unlike that of `SoundFile`; `compression` is another name of it.
    wav_output_format : {"pcm16le", "f32le"}, optional
        What samples WAV files hold: the same as `subtype` ``"PCM_16"`` (the default) and
        ``"FLOAT"``.
    samplerate : int, optional
        Hz; with `channels`, in place of `input_format`.
    channels : int, optional
        Samples per frame.
    overwrite : bool, optional
        Whether a file that is there may be emptied.
    subtype, bitrate_mode, quality, compression, dither, tags : optional
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

    Notes
    -----
    A writer that waits for its first buffer makes the file with that. What is wrong with rates,
    channels and the place is raised then.

    Examples
    --------
    >>> import io, numpy as np, pastream_ng as ps
    >>> place = io.BytesIO()
    >>> with ps.AudioFileWriter(place, "wav", samplerate=48000, channels=2) as writer:
    ...     for _ in range(3):
    ...         writer.write(np.zeros((1024, 2)))
    ...     print(writer.frames)
    3072
    >>> fmt = ps.AudioFormat(48000, 2, "f32", planar=True)
    >>> with ps.AudioFileWriter(io.BytesIO(), "flac", fmt, compression_level=8) as writer:
    ...     writer.write_pcm(np.zeros((2, 480), "float32"))
    ...     writer.push(ps.NodeBuffer.pcm(np.zeros((2, 960), "float32"), fmt))
    ...     print(writer.frames)
    1440
    """

    def __init__(
        self,
        path: Any,
        format: str | None = None,
        input_format: AudioFormat | None = None,
        bitrate: int | None = None,
        compression_level: int | None = None,
        wav_output_format: str | None = None,
        *,
        samplerate: int | None = None,
        channels: int | None = None,
        subtype: str | None = None,
        bitrate_mode: str | BitrateMode | None = None,
        quality: float | None = None,
        compression: int | None = None,
        dither: str | Dither | None = None,
        tags: Any = None,
        overwrite: bool = True,
    ) -> None:
        self._format = None if input_format is None else _format_of(input_format, samplerate)
        if (samplerate is None) != (channels is None):
            raise ArgumentTypeError(
                f"samplerate is {shown(samplerate)} and channels {shown(channels)}; give both, or "
                "none with an input_format, or none at all for those of the first buffer"
            )
        check_file(path, writes=True)
        check_names(subtype, None, format)
        kind = kind_of(path, format)
        self._path, self._kind = path, kind
        self._subtype = _subtype_of(subtype, wav_output_format, kind)
        is_path = not isinstance(path, int) and not hasattr(path, "write")
        self._mode = "w" if flag("overwrite", overwrite) or not is_path else "x"
        self._told = {
            "format": format,
            "bitrate": bitrate,
            "bitrate_mode": _one_of("bitrate_mode", bitrate_mode, BitrateMode),
            "quality": quality,
            "compression": _effort_of(compression, compression_level, kind),
            "dither": _one_of("dither", dither, Dither),
            "tags": tags,
        }
        self._lock = threading.Lock()
        self._is_over = False
        self._file: SoundFile | None = None
        if self._format is not None:
            self._file = self._make(self._format.sample_rate, self._format.channels)
        elif samplerate is not None:
            self._file = self._make(samplerate, channels)

    def _make(self, samplerate: Any, channels: Any) -> SoundFile:
        subtype = self._subtype
        if subtype is None and self._format is not None and _is_flac(self._kind):
            subtype = "PCM_16" if self._format.sample_type in ("u8", "i16") else "PCM_24"
        return SoundFile(self._path, self._mode, samplerate, channels, subtype, **self._told)

    def _known(self) -> SoundFile:
        """Return the file; there is none before the first buffer."""
        if self._file is None:
            if self._is_over:
                raise ClosedError("The writer is closed")
            raise StateError(
                "The writer does not know its rate and channels yet: the first buffer that push() "
                "gets tells them; input_format, or samplerate and channels, tell them before"
            )
        return self._file

    @property
    def samplerate(self) -> int:
        """Hz."""
        return self._known().samplerate

    @property
    def channels(self) -> int:
        """Samples per frame."""
        return self._known().channels

    @property
    def frames(self) -> int:
        """How many frames were written."""
        return 0 if self._file is None else self._file.frames

    @property
    def clipped(self) -> int:
        """How many samples the file could only store as full scale."""
        return 0 if self._file is None else self._file.clipped

    @property
    def closed(self) -> bool:
        """Whether the file is complete."""
        return self._is_over if self._file is None else self._file.closed

    @property
    def input_format(self) -> AudioFormat | None:
        """What `write_pcm` gets: as it was given, or that of the first buffer; else None."""
        return self._format

    def __repr__(self) -> str:
        if self._file is None:
            state = "closed" if self._is_over else "new"
            return f"<AudioFileWriter of {shown_file(self._path)}, {state}>"
        return f"<AudioFileWriter of {self._file!r}>"

    def write(self, data: Any) -> None:
        """Append frames, (frames, channels) or (frames,) for mono; see `SoundFile.write`."""
        self._known().write(data)

    def write_pcm(self, array: Any) -> None:
        """Append sound in the layout of the input format: (channels, samples) if that is planar.

        Parameters
        ----------
        array : array_like
            As for `AudioFormat.array`.

        Raises
        ------
        StateError
            No input format was given, and no buffer has told one.
        ArgumentError, ArgumentTypeError
            Wrong shape, or a dtype that cannot be taken.
        SystemCallError, LimitError, ClosedError
            As for `SoundFile.write`.
        """
        form = self._format
        if form is None:
            self._known()
            raise StateError(
                "The writer has no input format; give input_format=AudioFormat(...), or call "
                "write(), which takes (frames, channels)"
            )
        self._append(form._array("array", array), form)

    def push(self, buf: NodeBuffer) -> None:
        """Append the sound of a buffer, whatever its sample type and layout; its time is not used.

        Parameters
        ----------
        buf : NodeBuffer
            Of the rate and channels of the file; the first one tells them if nothing else did.

        Raises
        ------
        ArgumentError
            It has another rate or other channels, or is a packet.
        SystemCallError, LimitError, ClosedError
            As for `SoundFile.write`.
        """
        form = check_buffer("buf", buf).format
        if form is None:
            raise ArgumentError(
                f"buf is {buf!r}, a packet; a file is written of sound, which it encodes itself"
            )
        with self._lock:
            if self._file is None and not self._is_over:
                self._format = form
                try:
                    self._file = self._make(form.sample_rate, form.channels)
                except BaseException:
                    self._format = None
                    raise
        file = self._known()
        if (form.sample_rate, form.channels) != (file.samplerate, file.channels):
            raise ArgumentError(
                f"buf has {form.channels} channels at {form.sample_rate} Hz; the file has "
                f"{file.channels} at {file.samplerate} Hz"
            )
        assert buf._array is not None
        self._append(buf._array, form)

    def _append(self, array: Array, form: AudioFormat) -> None:
        self._known().write(native(turned(array, form.planar, False))[0])

    def flush(self) -> None:
        """Make what is written so far readable, see `SoundFile.flush`."""
        if self._file is not None:
            self._file.flush()

    def finalize(self) -> None:
        """Complete the file and close it. Idempotent.

        Raises
        ------
        SystemCallError, LimitError
            The first error that the file met with, also if it was raised before.
        StateError
            There is no file: it was to be made with the first buffer, and none came.
        """
        with self._lock:
            self._is_over = True
        if self._file is not None:
            self._file.close()
            return
        raise StateError(
            f"{shown_file(self._path)} was not made: no buffer came to tell its rate and channels; "
            "input_format, or samplerate and channels, make a file without frames"
        )

    def close(self) -> None:
        """Do the same as `finalize`."""
        self.finalize()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is None and error is not None:
            self._is_over = True
        else:
            self.finalize()


# ---- Arguments -----------------------------------------------------------------------------------


def _format_of(input_format: Any, samplerate: Any) -> AudioFormat:
    made = check_format("input_format", input_format)
    if samplerate is not None:
        raise ArgumentTypeError(
            f"input_format is {made!r} and samplerate {shown(samplerate)}; give one of them"
        )
    return made


def _one_of(name: str, value: Any, kind: Any) -> Any:
    return None if value is None else choice(name, value, kind)


def _is_flac(kind: Kind) -> bool:
    return kind.container == Container.FLAC or kind.encoding == Encoding.FLAC


def _subtype_of(subtype: str | None, wav_output_format: Any, kind: Kind) -> str | None:
    if wav_output_format is None:
        return subtype
    found: str = looked_up("wav_output_format", wav_output_format, _WAV_SAMPLES)
    if subtype is not None:
        raise ArgumentTypeError(
            f"wav_output_format is {shown(wav_output_format)} and subtype {shown(subtype)}; give "
            "one of them"
        )
    if kind.container not in _WAVS:
        raise ArgumentError(
            f"wav_output_format is {shown(wav_output_format)}; it is for WAV files, not for "
            f"{kind.container.name}; subtype is for all"
        )
    return found


def _effort_of(compression: Any, level: Any, kind: Kind) -> Any:
    if level is None:
        return compression
    if compression is not None:
        raise ArgumentTypeError(
            f"compression_level is {shown(level)} and compression {shown(compression)}; give one "
            "of them"
        )
    effort = integer("compression_level", level, 0, _MOST_EFFORT)
    return min(effort, _FLAC_EFFORT) if _is_flac(kind) else effort
