# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""How far a transcoding has come, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pastream_ng.files.damage import Damage

__all__ = ["FormatInfo", "Progress", "TranscodeStats"]


@dataclass(frozen=True)
class Progress:
    """How far a transcoding has come: all of it counted, nothing guessed but `eta`.

    Attributes
    ----------
    percent : float or None
        Of the part of the input that is wanted, 0 to 100; None while its length is not known. It is
        100 once the output is complete, and only then.
    frames : int
        Frames of the input that were decoded, of the part that is wanted.
    seconds : float
        The same as a time.
    duration : float or None
        Seconds that there will be; None: not known.
    speed : float
        Seconds of sound in a second, since the start; 0 before anything is done.
    eta : float or None
        Seconds that the rest takes if it goes on so; None: not known.
    size : int
        Bytes of the output that were written.
    bitrate : int
        Bits a second of the output so far.
    elapsed : float
        Seconds since the start.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ps.Progress(percent=25.0, frames=48000, speed=12.5, eta=0.24, size=8000, bitrate=64000)
    Progress(percent=25.0%, frames=48000, speed=12.5x, eta=0.2s, bitrate=64kbps)
    """

    percent: float | None = None
    frames: int = 0
    seconds: float = 0.0
    duration: float | None = None
    speed: float = 0.0
    eta: float | None = None
    size: int = 0
    bitrate: int = 0
    elapsed: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    def __repr__(self) -> str:
        percent = "N/A" if self.percent is None else f"{self.percent:.1f}%"
        eta = "N/A" if self.eta is None else f"{self.eta:.1f}s"
        return (
            f"Progress(percent={percent}, frames={self.frames}, speed={self.speed:.1f}x, "
            f"eta={eta}, bitrate={self.bitrate // 1000}kbps)"
        )


@dataclass(frozen=True)
class FormatInfo:
    """What kind of file the input or the output of a transcoding is.

    Attributes
    ----------
    format : str
        The kind of file, such as ``"FLAC"``.
    subtype : str
        The samples in it, such as ``"PCM_24"`` or ``"OPUS"``.
    codec : str
        How they are stored: ``"PCM"``, ``"FLAC"``, ``"MP3"`` and so on.
    samplerate : int
        Hz.
    channels : int
        Samples per frame.
    bits : int or None
        Of a sample; None where samples are not stored as they are.
    bitrate : int or None
        Bits a second, of codecs with loss; None: not known.
    """

    format: str
    subtype: str
    codec: str
    samplerate: int
    channels: int
    bits: int | None
    bitrate: int | None

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    def __str__(self) -> str:
        """Return it for people."""
        kind = self.format if self.format == self.subtype else f"{self.format} {self.subtype}"
        count = "1 channel" if self.channels == 1 else f"{self.channels} channels"
        return f"{kind}, {self.samplerate} Hz, {count}"


@dataclass(frozen=True)
class TranscodeStats:
    """What came of a transcoding.

    Attributes
    ----------
    packets_processed : int
        Packets of the codec that were written; 0 of samples that are stored as they are.
    frames_decoded : int
        Frames of the input, of the part that was wanted.
    frames_encoded : int
        Frames of the output.
    input_size : int
        Bytes of the input; of a pipe, those that came.
    output_size : int
        Bytes of the output.
    compression_ratio : float
        `input_size` by `output_size`.
    seconds : float
        `frames_decoded` as a time.
    duration : float
        `frames_encoded` as a time.
    elapsed : float
        Seconds that it took.
    speed : float
        Seconds of sound in a second.
    peak : float
        The largest absolute sample that was to be stored, of full scale: more than 1 where samples
        of integers were clipped.
    clipped_samples : int
        How many samples the output holds as full scale because they were beyond it.
    input_format, output_format : FormatInfo
        What kinds of files they are.
    damage : Damage
        What was wrong with the input. It counts as false if nothing was.
    """

    packets_processed: int
    frames_decoded: int
    frames_encoded: int
    input_size: int
    output_size: int
    compression_ratio: float
    seconds: float
    duration: float
    elapsed: float
    speed: float
    peak: float
    clipped_samples: int
    input_format: FormatInfo
    output_format: FormatInfo
    damage: Damage = field(default_factory=Damage)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        told = {name: getattr(self, name) for name in self.__dataclass_fields__}
        told["input_format"] = self.input_format.to_dict()
        told["output_format"] = self.output_format.to_dict()
        told["damage"] = self.damage.to_dict()
        return told

    def __repr__(self) -> str:
        return (
            f"TranscodeStats(packets={self.packets_processed}, "
            f"frames_decoded={self.frames_decoded}, frames_encoded={self.frames_encoded}, "
            f"compression={self.compression_ratio:.2f}x)"
        )
